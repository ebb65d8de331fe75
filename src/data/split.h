/* Training, validation and test images out of one list. */
#ifndef ALX_DATA_SPLIT_H
#define ALX_DATA_SPLIT_H

#include "data/source.h"

/* The section data.split. */
typedef struct alx_split_config {
    double validation, test; /* shares; validation ALX_SPLIT_AUTO: not given */
    int64_t random_state;    /* of scikit-learn; ALX_SPLIT_NONE: our own draw */
    int64_t seed;            /* ALX_SPLIT_TRAIN_SEED: train.seed */
    int stratify;            /* alx_stratify */
    const char *group;       /* a column; "": none */
    int64_t folds, fold;     /* fold of 1..folds validates; folds 0: shares */
} alx_split_config;
enum { ALX_SPLIT_AUTO = -1, ALX_SPLIT_NONE = -1, ALX_SPLIT_TRAIN_SEED = -1 };
typedef enum alx_stratify { ALX_STRATIFY_AUTO, ALX_STRATIFY_YES, ALX_STRATIFY_NO } alx_stratify;
extern const alx_option alx_split_options[];

/* Moves what the config takes (validation and seed resolved, both shares from 0 up) out of `list` into the two others,
 * which are made anew and may stay empty.  All keep the order.
 *
 * Our draw: each class is permuted by the seed; validation takes its share from the front, test from the end, rounded,
 * and of a class of two or more neither side stays empty.  With folds the rest is dealt out to them in turn.  With
 * groups whole groups go, in an order drawn from the seed, each to the part that lacks most images of its classes.
 * random_state: scikit-learn's train_test_split for test, and on what remains for validation (data/sklearn_split.h). */
alx_status alx_split(alx_sample_list *list, alx_sample_list *validation, alx_sample_list *test,
                     const alx_split_config *config, alx_error *err);

#endif

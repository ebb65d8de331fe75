/* A data set as callers see it: samples, classes, and how images are prepared. */
#ifndef ALX_DATA_DATASET_H
#define ALX_DATA_DATASET_H

#include "data/augment.h"
#include "data/source.h"

struct alx_dataset {
    alx_sample_list list;      /* owned */
    alx_preprocess preprocess; /* what the network will be given */
    alx_augment_list augment;  /* of the recipe, in the list's arena; empty for a model's */
    uint64_t seed;             /* the recipe's */
};

/* Takes the list over: it is empty afterwards, also on failure. */
alx_status alx_dataset_create(alx_dataset **dataset, alx_sample_list *list, const alx_preprocess *preprocess,
                              alx_error *err);
/* What alx_dataset_augmented draws: a copy of the list is kept. */
alx_status alx_dataset_augment(alx_dataset *dataset, const alx_augment_list *augment, uint64_t seed, alx_error *err);
/* place[i]: where class i of the data set stands among `names`, another order of the same classes such as a model's
 * outputs; room for `count`.  Where the classes differ the message names the first that is on one side only; folder and
 * owner ("the model") name the sides. */
alx_status alx_dataset_place_classes(int *place, const alx_dataset *dataset, const char *folder, const char *owner,
                                     const char *const *names, int count, alx_error *err);
/* Renumber the labels to that order. */
alx_status alx_dataset_match_classes(alx_dataset *dataset, const char *folder, const char *owner,
                                     const char *const *names, int count, alx_error *err);

#endif

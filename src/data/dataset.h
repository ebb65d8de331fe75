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

#endif

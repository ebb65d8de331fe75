/* A data set as callers see it: samples, classes, and how images are prepared. */
#ifndef ALX_DATA_DATASET_H
#define ALX_DATA_DATASET_H

#include "data/preprocess.h"
#include "data/source.h"

struct alx_dataset {
    alx_sample_list list;      /* owned */
    alx_preprocess preprocess; /* what the network will be given */
};

/* Takes the list over: it is empty afterwards, also on failure. */
alx_status alx_dataset_create(alx_dataset **dataset, alx_sample_list *list, const alx_preprocess *preprocess,
                              alx_error *err);

#endif

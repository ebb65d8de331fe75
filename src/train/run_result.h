/* What a run has reached, read from its folder. */
#ifndef ALX_TRAIN_RUN_RESULT_H
#define ALX_TRAIN_RUN_RESULT_H

#include <stdbool.h>

#include "train/metrics.h"

typedef struct alx_run_result {
    int64_t epochs;        /* complete ones */
    bool complete;         /* nothing is left to train */
    int64_t best_epoch;    /* from 1; 0: none */
    alx_epoch_result best; /* of that epoch; NaN where there is none */
    double seconds;        /* of all epochs; NaN where metrics.csv is lost */
} alx_run_result;

/* Before anything was saved. */
alx_run_result alx_run_result_none(void);
/* From its checkpoint, the older one where the newer is damaged, and metrics.csv. */
alx_status alx_run_result_read(alx_run_result *result, const char *folder, alx_error *err);

#endif

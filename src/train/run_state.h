/* Where a run stands: counters, running sums and the results of its epochs. */
#ifndef ALX_TRAIN_RUN_STATE_H
#define ALX_TRAIN_RUN_STATE_H

#include "train/metrics.h"

enum { ALX_MAX_EPOCHS = 100000 };

/* Where a run stands. */
typedef struct alx_run_state {
    int64_t epoch;          /* complete ones */
    int64_t step;           /* training steps done of the epoch that follows */
    int64_t val_step;       /* validation steps done of it */
    int64_t global_step;    /* training steps since the run began: what dropout draws from */
    int64_t optimizer_step; /* since the optimizer's state began: its t */
    alx_sums train, validation;
    double best_loss;          /* smallest so far; infinity before the first epoch's end */
    int64_t best_epoch;        /* 0: none */
    alx_epoch_result *history; /* (epoch), owned */
    int64_t history_capacity;
} alx_run_state;

void alx_run_state_init(alx_run_state *run);
void alx_run_state_finish(alx_run_state *run);
/* Room for that many epochs. */
alx_status alx_run_state_reserve(alx_run_state *run, int64_t epochs, alx_error *err);

/* As JSON: the same text for the same state. */
void alx_run_state_write(alx_text *json, const alx_run_state *run);
/* Checks everything; run may be finished also on failure. */
alx_status alx_run_state_read(alx_run_state *run, const char *text, alx_error *err);
/* Exactly 16 hex digits; false for anything else, NULL included. */
bool alx_parse_hex64(uint64_t *value, const char *s);

#endif

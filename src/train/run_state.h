/* Where a run stands: counters, running sums and the results of its epochs. */
#ifndef ALX_TRAIN_RUN_STATE_H
#define ALX_TRAIN_RUN_STATE_H

#include "train/metrics.h"

enum { ALX_MAX_EPOCHS = 100000 };

/* What the epochs' results have come to (train/monitor.h).  Scores are losses, or accuracies with a minus: less is
 * better; infinity before the first epoch's end. */
typedef struct alx_standing {
    double best;           /* score of best_epoch */
    int64_t best_epoch;    /* the first of the best; 0: none */
    double reference;      /* score of the last improvement by more than min_delta */
    int64_t wait;          /* epochs since then */
    int64_t plateau_wait;  /* epochs since then, or since the rate dropped */
    int64_t plateau_drops; /* of the learning rate */
} alx_standing;

/* Where a run stands. */
typedef struct alx_run_state {
    int64_t epoch;          /* complete ones */
    int64_t step;           /* training steps (updates of the weights) done of the epoch that follows */
    int64_t val_step;       /* validation steps done of it */
    int64_t global_step;    /* training steps since the run began: what dropout draws from, and schedules */
    int64_t optimizer_step; /* since the optimizer's state began: its t */
    alx_sums train, validation;
    alx_standing standing;
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

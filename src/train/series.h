/* A series of runs, inside: series.c runs it, series_files.c keeps its files. */
#ifndef ALX_TRAIN_SERIES_H
#define ALX_TRAIN_SERIES_H

#include <stdatomic.h>

#include "train/run_folder.h"
#include "train/run_result.h"
#include "train/sweep.h"

typedef struct alx_series_kind {
    const char *name, *question, *results; /* for messages; the two files */
    const char *prefix;                    /* of the trials' names */
    int digits;                            /* at least so many behind it */
    bool show_keys;                        /* results has the keys' values */
    bool alike;                            /* what one trial fails of, all would */
} alx_series_kind;

typedef struct alx_series_row {
    const char *name; /* "001", in the plan's arena */
    char *path;       /* "runs/1/001" */
    alx_trial_state state;
    alx_run_result result;
} alx_series_row;

struct alx_series {
    const alx_series_kind *kind;
    struct alx_recipe *recipe; /* a copy */
    alx_sweep plan;
    alx_run_folder folder;
    alx_event_fn on_event;
    void *user;
    int autotune;
    char *cache_dir;        /* see alx_run_config; NULL: none */
    alx_series_row *trials; /* (plan.trial_count) */
    alx_trainer *running;   /* the thread's that runs the series; NULL between trials */
    atomic_int stop;
};

/* ---- series_files.c ---- */

/* Writes the question and empty results; or, where the folder holds the same question already, takes up what came of
 * it.  Refuses another question and other runs in the trials' places, unless overwrite. */
alx_status alx_series_begin(alx_series *s, bool overwrite, alx_error *err);
/* A trial's result from its folder. */
void alx_series_collect(alx_series *s, int index);
alx_status alx_series_write_results(const alx_series *s, alx_error *err);

#endif

/* The forms of `alexnet train`: a run, and what stands beside it. */
#ifndef ALX_CLI_TRAIN_H
#define ALX_CLI_TRAIN_H

#include "cli/commands.h"
#include "cli/report.h"
#include "report/progress.h"
#include "report/tensorboard.h"

/* train's own options. */
typedef struct cli_train_config {
    const char *out, *resume, *sweep, *tensorboard;
    int overwrite, find_lr, overfit_batch, no_autotune, report;
    long long trials, sweep_seed, folds; /* 0: not given */
} cli_train_config;

/* Who hears of events. */
typedef struct cli_train_listener {
    alx_progress progress;
    alx_tensorboard tensorboard; /* zeros: not asked for */
    bool reports;                /* after each epoch */
    cli_report report;
    cli_report_path folder; /* the run's, for the report */
} cli_train_listener;

/* What each form is given beside the recipe. */
typedef struct cli_train_job {
    const cli_call *call;
    const cli_train_config *config;
    const alx_run_config *run; /* its user is the listener */
    cli_train_listener *listener;
} cli_train_job;

/* Each returns the exit code. */
int cli_train_find_rate(alx_recipe *recipe, const cli_train_job *job);
int cli_train_overfit(alx_recipe *recipe, const cli_train_job *job);
int cli_train_sweep(alx_recipe *recipe, const cli_train_job *job);
int cli_train_folds(alx_recipe *recipe, const cli_train_job *job);

/* ---- train_run.c ---- */

void cli_train_catch_signals(void);
/* From begin to end the first signal makes the next event call stop(what), and the second ends the process; else any
 * signal does. */
void cli_train_begin(void (*stop)(void *what), void *what);
void cli_train_end(void);
/* For alx_run_config: tells the listener (user), and passes a signal on. */
void cli_train_event(const alx_event *event, void *user);
/* A trainer to its end: prints its folder, or how to go on. */
int cli_train_run(alx_trainer *trainer, cli_train_listener *listener, alx_error *err);

#endif

/* metrics.csv of a run: what its epochs gave. */
#ifndef ALX_CLI_HISTORY_H
#define ALX_CLI_HISTORY_H

#include <stdbool.h>

#include "alexnet.h"

typedef enum cli_metric {
    CLI_EPOCH,
    CLI_LOSS,
    CLI_ACCURACY,
    CLI_VAL_LOSS,
    CLI_VAL_ACCURACY,
    CLI_LEARNING_RATE,
    CLI_SECONDS,
    CLI_METRICS
} cli_metric;

typedef struct cli_history {
    int epochs;                  /* rows */
    double *values[CLI_METRICS]; /* (epochs) each; NaN: an empty field, or no such column */
} cli_history;

/* Columns are found by their names in the first line; others may stand among them.  text ends in a NUL byte; file
 * names it in messages. */
alx_status cli_history_parse(cli_history *history, const char *text, const char *file, alx_error *err);
/* The file may be missing: no epochs then. */
alx_status cli_history_read(cli_history *history, const char *file, alx_error *err);
void cli_history_finish(cli_history *history);

/* The row of the epoch whose weights are the best ones: the first with the smallest validation loss, or with the
 * largest validation accuracy (by_accuracy: train.monitor is val_accuracy); of the training images where nothing was
 * validated. -1: none. */
int cli_history_best(const cli_history *history, bool by_accuracy);
/* Of all epochs; NaN where one has no time, as after a resume that had lost the file. */
double cli_history_seconds(const cli_history *history);

#endif

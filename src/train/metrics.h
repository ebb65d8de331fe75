/* Metrics: running sums over an epoch, its result, and metrics.csv. */
#ifndef ALX_TRAIN_METRICS_H
#define ALX_TRAIN_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* Sums over the images seen so far, in double and in index order: the same bits wherever a run was cut. */
typedef struct alx_sums {
    double loss;
    int64_t correct, count;
    int64_t first_class; /* predicted for the first image; -1 before it */
    bool one_class;      /* every image was given first_class */
} alx_sums;

void alx_sums_clear(alx_sums *sums);
/* losses (count), probabilities (count, classes), labels (count).  The predicted class is the first of the
 * largest probabilities. */
void alx_sums_add(alx_sums *sums, int64_t count, int classes, const float *losses, const float *probabilities,
                  const int32_t *labels);
/* NaN while nothing was seen. */
double alx_sums_loss(const alx_sums *sums);
double alx_sums_accuracy(const alx_sums *sums);

/* One epoch.  Validation values are NaN where there is no validation set. */
typedef struct alx_epoch_result {
    double loss, accuracy, val_loss, val_accuracy, learning_rate;
    bool one_class; /* every validation image was given one class */
} alx_epoch_result;

extern const char alx_metrics_header[]; /* with its newline */
/* epoch from 1 */
void alx_metrics_add_row(alx_text *csv, int64_t epoch, const alx_epoch_result *result, double seconds);
/* Append the rows of epochs 1..count of an older metrics.csv to csv; rows behind them are dropped.  False, and csv
 * is as it was, when old does not begin with them. */
bool alx_metrics_keep_rows(alx_text *csv, const char *old, int64_t count);
/* The sum of the last field of all rows; NaN where one is empty or no number. */
double alx_metrics_seconds(const char *csv);

#endif

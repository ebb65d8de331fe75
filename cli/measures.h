/* Measures of a model's probabilities: numbers alone. */
#ifndef ALX_CLI_MEASURES_H
#define ALX_CLI_MEASURES_H

#include <stdbool.h>
#include <stdint.h>

enum { CLI_BINS = 10, CLI_THRESHOLDS = 101 };

/* Reliability in ten bins of equal width (Guo et al. 2017, "On calibration of modern neural networks"); zeroed, then
 * an answer after the other. */
typedef struct cli_calibration {
    double count[CLI_BINS];
    double confidence[CLI_BINS], accuracy[CLI_BINS]; /* sums; behind the end means, NaN where a bin is empty */
    double error; /* behind the end: the expected calibration error, the mean distance of both, weighed by images */
} cli_calibration;
void cli_calibration_take(cli_calibration *calibration, double confidence, bool right);
void cli_calibration_end(cli_calibration *calibration);

typedef struct cli_scored {
    double score; /* probability of the class in question */
    int positive; /* 1: it is of that class */
} cli_scored;
/* The largest score first. */
void cli_scored_sort(cli_scored *scored, int64_t count);
/* The area under the ROC curve of sorted ones: how often a positive has a larger score than a negative, ties by half.
 * NaN where there are none of either. */
double cli_scored_area(const cli_scored *scored, int64_t count);
/* Of sorted ones, when everything from thresholds[k] = k / 100 on counts as positive; NaN: 0 / 0. */
typedef struct cli_sweep {
    double thresholds[CLI_THRESHOLDS], accuracy[CLI_THRESHOLDS], precision[CLI_THRESHOLDS], recall[CLI_THRESHOLDS];
} cli_sweep;
void cli_scored_sweep(cli_sweep *sweep, const cli_scored *scored, int64_t count);

#endif

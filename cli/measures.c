#include "cli/measures.h"

#include <math.h>
#include <stdlib.h>

void cli_calibration_take(cli_calibration *c, double confidence, bool right)
{
    const int place = (int)(confidence * CLI_BINS);
    const int bin = place >= CLI_BINS ? CLI_BINS - 1 : place < 0 ? 0 : place;
    c->count[bin]++;
    c->confidence[bin] += confidence;
    c->accuracy[bin] += right;
}

void cli_calibration_end(cli_calibration *c)
{
    double count = 0;
    for (int bin = 0; bin < CLI_BINS; bin++) {
        count += c->count[bin];
        c->error += fabs(c->confidence[bin] - c->accuracy[bin]);
        c->confidence[bin] /= c->count[bin]; /* 0 / 0 is NaN */
        c->accuracy[bin] /= c->count[bin];
    }
    c->error /= count;
}

static int by_score(const void *x, const void *y)
{
    const double a = ((const cli_scored *)x)->score, b = ((const cli_scored *)y)->score;
    return (a < b) - (a > b);
}

void cli_scored_sort(cli_scored *scored, int64_t count)
{
    qsort(scored, (size_t)count, sizeof *scored, by_score);
}

double cli_scored_area(const cli_scored *s, int64_t count)
{
    double sum = 0, positives = 0, negatives = 0;
    for (int64_t i = 0; i < count;) {
        double tied[2] = {0};
        int64_t k = i;
        for (; k < count && s[k].score == s[i].score; k++) tied[s[k].positive]++;
        sum += tied[0] * (positives + tied[1] / 2);
        positives += tied[1];
        negatives += tied[0];
        i = k;
    }
    return sum / (positives * negatives);
}

void cli_scored_sweep(cli_sweep *sweep, const cli_scored *s, int64_t count)
{
    double positives = 0, hits = 0;
    for (int64_t i = 0; i < count; i++) positives += s[i].positive;
    int64_t at = 0;
    for (int k = CLI_THRESHOLDS - 1; k >= 0; k--) { /* scores fall */
        const double threshold = (double)k / (CLI_THRESHOLDS - 1);
        for (; at < count && s[at].score >= threshold; at++) hits += s[at].positive;
        const double taken = (double)at, negatives = (double)count - positives;
        sweep->thresholds[k] = threshold;
        sweep->accuracy[k] = (hits + negatives - (taken - hits)) / (double)count;
        sweep->precision[k] = hits / taken;
        sweep->recall[k] = hits / positives;
    }
}

#include "train/metrics.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void alx_sums_clear(alx_sums *sums)
{
    *sums = (alx_sums){.first_class = -1, .one_class = true};
}

static int64_t largest(const float *probabilities, int classes)
{
    int best = 0;
    for (int k = 1; k < classes; k++)
        if (probabilities[k] > probabilities[best]) best = k;
    return best;
}

void alx_sums_add(alx_sums *sums, int64_t count, int classes, const float *losses, const float *probabilities,
                  const int32_t *labels)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t predicted = largest(probabilities + i * classes, classes);
        sums->loss += (double)losses[i];
        sums->correct += predicted == labels[i];
        if (sums->first_class < 0) sums->first_class = predicted;
        if (predicted != sums->first_class) sums->one_class = false;
    }
    sums->count += count;
}

double alx_sums_loss(const alx_sums *sums)
{
    return sums->count ? sums->loss / (double)sums->count : NAN;
}

double alx_sums_accuracy(const alx_sums *sums)
{
    return sums->count ? (double)sums->correct / (double)sums->count : NAN;
}

/* ---- metrics.csv ---- */

const char alx_metrics_header[] = "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds\n";

/* An empty field stands for what there is not. */
static void add_field(alx_text *csv, double value)
{
    char number[32];
    alx_text_add(csv, ",");
    if (!isnan(value)) alx_text_add(csv, alx_text_number(value, number));
}

void alx_metrics_add_row(alx_text *csv, int64_t epoch, const alx_epoch_result *result, double seconds)
{
    const double fields[] = {result->loss,         result->accuracy,      result->val_loss,
                             result->val_accuracy, result->learning_rate, round(seconds * 1000.0) / 1000.0};
    alx_text_printf(csv, "%" PRId64, epoch);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) add_field(csv, fields[i]);
    alx_text_add(csv, "\n");
}

bool alx_metrics_keep_rows(alx_text *csv, const char *old, int64_t count)
{
    const size_t header = strlen(alx_metrics_header);
    if (strncmp(old, alx_metrics_header, header) != 0) return false;
    const char *at = old + header;
    for (int64_t epoch = 1; epoch <= count; epoch++) {
        char *end;
        const char *newline = strchr(at, '\n');
        if (strtoll(at, &end, 10) != epoch || *end != ',' || !newline) return false;
        at = newline + 1;
    }
    alx_text_add_bytes(csv, old + header, (size_t)(at - old) - header);
    return true;
}

double alx_metrics_seconds(const char *csv)
{
    double sum = 0;
    for (const char *row = strchr(csv, '\n'); row && row[1];) {
        const char *end = strchr(row + 1, '\n');
        if (!end) return NAN;
        const char *comma = end;
        while (*comma != ',' && comma > row) comma--;
        char field[32];
        const size_t length = (size_t)(end - comma) - 1;
        double seconds;
        if (length >= sizeof field) return NAN;
        memcpy(field, comma + 1, length);
        field[length] = '\0';
        if (!alx_text_parse_number(&seconds, field)) return NAN;
        sum += seconds;
        row = end;
    }
    return round(sum * 1000) / 1000; /* the rows' milliseconds, without the digits of their sum */
}

/* What a run's model says of its images: one pass gives answers and features. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/report.h"
#include "report/embedding.h"
#include "report/progress.h"

enum {
    BATCH = 32,
    FEATURES_MOST = 1500, /* images whose features are kept: a map of them takes seconds */
    NEARBY_MOST = 500     /* training images among which neighbours are looked for */
};

static alx_status no_memory(alx_error *err)
{
    return cli_fail(err, ALX_NO_MEMORY, "out of memory for a report");
}

void cli_answers_finish(cli_answers *a)
{
    free(a->truth);
    free(a->predicted);
    free(a->probabilities);
    free(a->confusion);
    free(a->order);
    free(a->sample);
    free(a->features);
    *a = (cli_answers){0};
}

static alx_status open_features(alx_features **features, const alx_model *model, alx_error *err)
{
    alx_features_config config;
    alx_features_config_init(&config);
    config.batch_size = BATCH;
    config.precision = ALX_PRECISION_F32;
    return alx_features_create(features, model, &config, err);
}

/* output[i]: the model's number of class i of the data set. */
static alx_status match_classes(int *output, const alx_dataset *dataset, const alx_model *model, alx_error *err)
{
    const int classes = alx_model_class_count(model);
    for (int i = 0; i < alx_dataset_class_count(dataset); i++) {
        const char *name = alx_dataset_class_name(dataset, i);
        output[i] = 0;
        while (output[i] < classes && strcmp(alx_model_class_name(model, output[i]), name) != 0) output[i]++;
        if (output[i] == classes) {
            cli_name_text shown;
            return cli_fail(err, ALX_BAD_DATA, "the data has the class %s, which the model does not know",
                            cli_name(name, shown));
        }
    }
    return classes == alx_dataset_class_count(dataset)
               ? ALX_OK
               : cli_fail(err, ALX_BAD_DATA, "the data has %d classes and the model %d",
                          alx_dataset_class_count(dataset), classes);
}

static int ascending(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* ---- The pass ---- */

typedef struct pass {
    cli_answers *answers;
    const alx_dataset *dataset;
    alx_features *features;
    float *values, *probabilities; /* of a batch */
    int *output;
    int kept; /* of the sample */
} pass;

static void take_image(pass *p, int64_t index, int at, alx_status status)
{
    cli_answers *a = p->answers;
    a->truth[index] = alx_dataset_label(p->dataset, index);
    a->predicted[index] = -1;
    const bool sampled = p->kept < a->sample_count && a->sample[p->kept] == index;
    if (status) {
        a->skipped++;
        if (sampled)
            memmove(a->sample + p->kept, a->sample + p->kept + 1,
                    (size_t)(--a->sample_count - p->kept) * sizeof *a->sample);
        return;
    }
    float *to = a->probabilities + index * a->classes;
    int best = 0;
    for (int c = 0; c < a->classes; c++) {
        to[c] = p->probabilities[(int64_t)at * a->classes + p->output[c]];
        if (to[c] > to[best]) best = c;
    }
    a->predicted[index] = best;
    a->order[a->count++] = index;
    a->confusion[(int64_t)a->truth[index] * a->classes + best]++;
    a->loss -= log(fmax(to[a->truth[index]], 1e-30));
    a->accuracy += best == a->truth[index];
    if (!sampled) return;
    memcpy(a->features + p->kept * a->feature_size, p->values + at * a->feature_size,
           (size_t)a->feature_size * sizeof *a->features);
    p->kept++;
}

static alx_status run_pass(pass *p, alx_error *err)
{
    alx_progress progress;
    alx_progress_init(&progress, stderr);
    progress.label = "Evaluating";
    alx_status status = ALX_OK, each[BATCH];
    for (int64_t first = 0; first < p->answers->images && !status; first += BATCH) {
        int64_t indices[BATCH];
        const int64_t left = p->answers->images - first;
        const int size = left < BATCH ? (int)left : BATCH;
        for (int i = 0; i < size; i++) indices[i] = first + i;
        status =
            alx_features_images(p->features, p->dataset, indices, size, p->values, p->probabilities, each, NULL, err);
        for (int i = 0; i < size && !status; i++) take_image(p, first + i, i, each[i]);
        alx_progress_count(first + size, p->answers->images, &progress);
    }
    alx_progress_finish(&progress);
    if (!status && !p->answers->count)
        status = cli_fail(err, ALX_BAD_DATA, "none of the %lld images can be read", (long long)p->answers->images);
    return status;
}

static alx_status reserve(cli_answers *a, pass *p, alx_error *err)
{
    const size_t images = (size_t)a->images, classes = (size_t)a->classes;
    a->feature_size = alx_features_size(p->features);
    a->truth = calloc(images + 1, sizeof *a->truth);
    a->predicted = calloc(images + 1, sizeof *a->predicted);
    a->probabilities = calloc(images + 1, classes * sizeof *a->probabilities);
    a->order = calloc(images + 1, sizeof *a->order);
    a->confusion = calloc(classes, classes * sizeof *a->confusion);
    a->sample = calloc(FEATURES_MOST, sizeof *a->sample);
    a->features = calloc(FEATURES_MOST, (size_t)a->feature_size * sizeof *a->features);
    p->values = calloc(BATCH, (size_t)a->feature_size * sizeof *p->values);
    p->probabilities = calloc(BATCH, classes * sizeof *p->probabilities);
    return a->truth && a->predicted && a->probabilities && a->order && a->confusion && a->sample && a->features &&
                   p->values && p->probabilities
               ? ALX_OK
               : no_memory(err);
}

/* ---- By loss ---- */

typedef struct ranked {
    double probability; /* of the truth */
    int64_t image;
} ranked;

/* The least probable truth first; the data set's order on a tie. */
static int by_loss(const void *x, const void *y)
{
    const ranked *a = x, *b = y;
    if (a->probability != b->probability) return (a->probability > b->probability) - (a->probability < b->probability);
    return (a->image > b->image) - (a->image < b->image);
}

static alx_status summarize(cli_answers *a, alx_error *err)
{
    alx_accuracy_interval((int64_t)a->accuracy, a->count, a->interval);
    a->loss /= (double)a->count;
    a->accuracy /= (double)a->count;
    ranked *rows = calloc((size_t)a->count, sizeof *rows);
    if (!rows) return no_memory(err);
    for (int64_t i = 0; i < a->count; i++) {
        const int64_t image = a->order[i];
        rows[i] = (ranked){a->probabilities[image * a->classes + a->truth[image]], image};
    }
    qsort(rows, (size_t)a->count, sizeof *rows, by_loss);
    for (int64_t i = 0; i < a->count; i++) a->order[i] = rows[i].image;
    free(rows);
    return ALX_OK;
}

alx_status cli_load_answers(cli_report *r, alx_error *err)
{
    cli_answers *a = &r->answers;
    alx_status status = cli_report_need(r, CLI_PART_MODEL, err);
    if (!status) status = cli_report_need(r, CLI_PART_IMAGES, err);
    if (status) return status;
    a->classes = alx_dataset_class_count(r->images);
    a->images = alx_dataset_count(r->images);
    pass p = {.answers = a, .dataset = r->images, .output = calloc((size_t)a->classes + 1, sizeof *p.output)};
    status = p.output ? match_classes(p.output, r->images, r->model, err) : no_memory(err);
    if (!status) status = open_features(&p.features, r->model, err);
    if (!status) status = reserve(a, &p, err);
    if (!status) {
        a->sample_count = alx_dataset_sample(r->images, 0, FEATURES_MOST, a->sample);
        qsort(a->sample, (size_t)a->sample_count, sizeof *a->sample, ascending);
        status = run_pass(&p, err);
    }
    if (!status) status = summarize(a, err);
    alx_features_destroy(p.features);
    free(p.probabilities);
    free(p.values);
    free(p.output);
    return status;
}

alx_status cli_load_nearby(cli_report *r, alx_error *err)
{
    cli_nearby *n = &r->nearby;
    alx_features *features = NULL;
    alx_status status = cli_report_need(r, CLI_PART_MODEL, err);
    if (!status) status = cli_report_need(r, CLI_PART_TRAIN, err);
    if (!status) status = open_features(&features, r->model, err);
    if (status) return status;
    const int64_t size = alx_features_size(features);
    alx_status *each = calloc(NEARBY_MOST, sizeof *each);
    n->sample = calloc(NEARBY_MOST, sizeof *n->sample);
    n->features = calloc(NEARBY_MOST, (size_t)size * sizeof *n->features);
    if (!each || !n->sample || !n->features) {
        status = no_memory(err);
    } else {
        const int drawn = alx_dataset_sample(r->train, 0, NEARBY_MOST, n->sample);
        status = alx_features_images(features, r->train, n->sample, drawn, n->features, NULL, each, NULL, err);
        for (int i = 0; i < drawn && !status; i++) {
            if (each[i]) continue;
            n->sample[n->count] = n->sample[i];
            memmove(n->features + n->count++ * size, n->features + i * size, (size_t)size * sizeof *n->features);
        }
    }
    free(each);
    alx_features_destroy(features);
    return status;
}

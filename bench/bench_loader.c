/* bench_loader FOLDER SIDE [BATCH [AUGMENT [KEY=VALUE ...]]]: what the loader costs, as one line of JSON.
 *
 * FOLDER has a sub-folder a class; the network's input is SIDE x SIDE; BATCH is 32.  AUGMENT is a recipe's list, such
 * as
 * "[flip, rotate: 10, color_jitter]" ("[]").  The other keys are of a recipe's data section (resize=cover,
 * image_size=256), and threads=N, images=N (how many are taken), seconds=S (that each figure is measured for).
 *
 * images_per_second is of the first epoch, in which each file is read, decoded and resized once; *_cached are of filled
 * batches of floats when all is in memory: medians. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "data/loader.h"

typedef struct settings {
    const char *folder, *augment;
    int side, batch, threads;
    int64_t images; /* 0: all */
    double seconds;
    alx_data_config data;
} settings;

static int failed(const alx_error *err)
{
    fprintf(stderr, "bench_loader: %s\n", err->message);
    return 1;
}

static alx_status read_key(settings *s, const char *text, alx_arena *arena, alx_error *err)
{
    char key[64];
    const char *value = strchr(text, '=');
    if (!value || (size_t)(value - text) >= sizeof key) return alx_fail(err, ALX_USAGE, "%s: give KEY=VALUE", text);
    snprintf(key, sizeof key, "%.*s", (int)(value - text), text);
    value++;
    if (strcmp(key, "threads") == 0) return s->threads = atoi(value), ALX_OK;
    if (strcmp(key, "images") == 0) return s->images = atoll(value), ALX_OK;
    if (strcmp(key, "seconds") == 0) return s->seconds = atof(value), ALX_OK;
    return alx_options_set(alx_data_options, &s->data, key, value, arena, err);
}

static alx_status read_augment(alx_augment_list *list, const char *text, alx_arena *arena, alx_error *err)
{
    alx_yaml *node;
    ALX_TRY(alx_yaml_parse(&node, arena, text, strlen(text), NULL, err));
    return alx_augment_read(list, node, arena, err);
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median seconds of a batch, over whole epochs in the order of a run. */
static alx_status measure(double *median, alx_loader *loader, const settings *s, int64_t count, float *x,
                          alx_error *err)
{
    enum { MOST = 100000 };
    int64_t *order = alx_calloc((size_t)count, sizeof *order, err);
    double *times = alx_calloc(MOST, sizeof *times, err);
    int32_t *labels = alx_calloc((size_t)s->batch, sizeof *labels, err);
    alx_status status = order && times && labels ? ALX_OK : ALX_NO_MEMORY;
    const double end = alx_clock() + s->seconds;
    int taken = 0;
    for (uint32_t epoch = 0; !status && taken < MOST && (taken < 3 || alx_clock() < end); epoch++) {
        alx_rng_permute(order, count, 0, ALX_RNG_ORDER, epoch, 0);
        for (int64_t at = 0; !status && at + s->batch <= count && taken < MOST; at += s->batch) {
            const double start = alx_clock();
            status = alx_loader_fill(loader, order + at, s->batch, 1, 0, epoch, x, labels, err);
            times[taken++] = alx_clock() - start;
            if (taken > 3 && alx_clock() > end) break;
        }
    }
    if (!status) {
        qsort(times, (size_t)taken, sizeof *times, by_size);
        *median = times[taken / 2];
    }
    free(order);
    free(times);
    free(labels);
    return status;
}

static alx_status run(const settings *s, alx_sample_list *list, alx_arena *arena, alx_error *err)
{
    alx_augment_list augment;
    alx_loader_config config = {.augment = &augment,
                                .cache_bytes = (uint64_t)(s->data.cache * 0x1p30),
                                .skip_bad = s->data.skip_bad,
                                .threads = s->threads};
    ALX_TRY(alx_data_preprocess(&s->data, (int[]){s->side, s->side, 3}, &config.preprocess, err));
    ALX_TRY(read_augment(&augment, s->augment, arena, err));
    ALX_TRY(alx_source_folder(list, s->folder, err));
    /* Taken from all classes alike. */
    const int64_t step = s->images > 0 && s->images < list->count ? list->count / s->images : 1;
    int64_t kept = 0;
    for (int64_t i = 0; i < list->count && (!s->images || kept < s->images); i += step)
        list->samples[kept++] = list->samples[i];
    list->count = kept;
    if (kept < s->batch) return alx_fail(err, ALX_USAGE, "%lld images are no batch of %d", (long long)kept, s->batch);

    alx_loader *loader;
    alx_loader_report report;
    const double start = alx_clock();
    ALX_TRY(alx_loader_create(&loader, list, &config, &report, NULL, NULL, err));
    const double first = alx_clock() - start;
    double batch = 0;
    float *x = alx_calloc((size_t)s->batch * 3 * (size_t)s->side * (size_t)s->side, sizeof *x, err);
    const alx_status status = x ? measure(&batch, loader, s, list->count, x, err) : ALX_NO_MEMORY;
    free(x);
    alx_loader_destroy(loader);
    if (status) return status;
    alx_text line = {0};
    alx_preprocess_describe(&line, &config.preprocess);
    alx_text augmentations = {0};
    alx_augment_write(&augmentations, &augment);
    printf("{\"images\": %lld, \"bad\": %lld, \"preprocessing\": \"%s\", \"augment\": \"%s\", \"batch\": %d, "
           "\"threads\": %d, \"cached_share\": %.3f, \"images_per_second\": %.0f, \"ms_per_batch\": %.4f, "
           "\"images_per_second_cached\": %.0f}\n",
           (long long)kept, (long long)report.bad, line.data, augmentations.data, s->batch, s->threads,
           (double)report.cached_bytes / (double)list->count /
               (3.0 * config.preprocess.image_height * config.preprocess.image_width),
           (double)kept / first, 1e3 * batch, s->batch / batch);
    alx_text_finish(&line);
    alx_text_finish(&augmentations);
    return ALX_OK;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: bench_loader FOLDER SIDE [BATCH [AUGMENT [KEY=VALUE ...]]]\n");
        return 2;
    }
    settings s = {.folder = argv[1],
                  .side = atoi(argv[2]),
                  .batch = argc > 3 ? atoi(argv[3]) : 32,
                  .augment = argc > 4 ? argv[4] : "[]",
                  .threads = omp_get_max_threads(),
                  .seconds = 1};
    alx_error err = {0};
    alx_arena arena = {0};
    alx_sample_list list = {0};
    alx_status status = alx_options_default(alx_data_options, &s.data, &arena, &err);
    if (!status && (s.side < 1 || s.batch < 1 || s.threads < 1))
        status = alx_fail(&err, ALX_USAGE, "SIDE and BATCH must be above 0");
    for (int i = 5; !status && i < argc; i++) status = read_key(&s, argv[i], &arena, &err);
    if (!status) status = run(&s, &list, &arena, &err);
    alx_sample_list_finish(&list);
    alx_arena_finish(&arena);
    return status ? failed(&err) : 0;
}

#include "data/loader.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/file.h"

/* What one thread needs; kept from batch to batch. */
typedef struct worker {
    alx_image image; /* as decoded */
    alx_resampler scratch;
    uint8_t *resized;             /* (image_height, image_width, 3) of an image that is not cached */
    alx_augment_scratch *augment; /* NULL where nothing is augmented */
    uint8_t *mixed;               /* (height, width, 3), of an image that is mixed; NULL where none is */
    uint64_t sums[3], squares[3]; /* of the bytes that were read first, by channel of the network */
} worker;

struct alx_loader {
    const alx_sample_list *list;
    alx_loader_config config;
    alx_preprocess after_cut; /* config.preprocess for images that are the input's size already */
    alx_scaling scaling;      /* of config.preprocess */
    size_t image_bytes;       /* of one resized image */
    worker *workers;          /* (config.threads) */
    uint8_t *cache;           /* one allocation for all that is kept */
    uint8_t **pixels;         /* (list->count) into the cache; NULL: decoded each time */
};

/* The failure of a parallel loop: the lowest index wins, whatever thread was first. */
typedef struct first_failure {
    int64_t index; /* INT64_MAX: none */
    alx_status status;
    alx_error error;
} first_failure;

static void note_failure(first_failure *first, int64_t index, alx_status status, const alx_error *error)
{
#pragma omp critical(alx_loader_failure)
    if (index < first->index) {
        first->index = index;
        first->status = status;
        first->error = *error;
    }
}

/* Reads, decodes and resizes the sample at `place` of the list to out; *hash (may be NULL) is that of the file. */
static alx_status load_image(const alx_loader *loader, worker *w, int64_t place, uint8_t *out, uint64_t *hash,
                             alx_error *err)
{
    const alx_preprocess *p = &loader->config.preprocess;
    alx_image_need need;
    ALX_TRY(alx_sample_read(&w->image, hash, loader->list, place, alx_preprocess_need(p, &need), err));
    const alx_status status = alx_preprocess_resize_image(p, &w->scratch, &w->image, out, err);
    alx_printable name;
    return status ? alx_where(err, status, "%s", alx_text_printable(loader->list->samples[place].path, name)) : ALX_OK;
}

/* ---- Creation: every image once ---- */

/* What the first reading finds out, an element for each sample of the list. */
typedef struct first_reading {
    char *bad;
    struct fingerprint {
        uint64_t label, content;
    } * prints;
} first_reading;

/* Damaged files are skipped; memory that runs out is not the file's fault. */
static int is_bad_file(alx_status status)
{
    return status == ALX_BAD_DATA || status == ALX_IO;
}

/* Whole numbers, so that the order of images does not matter. */
static void add_bytes(worker *w, const alx_preprocess *p, const uint8_t *resized)
{
    alx_augment_view view;
    alx_augment_view_centre(p, &view);
    for (int y = 0; y < p->height; y++) {
        const uint8_t *row = resized + ((size_t)(view.top + y) * (size_t)p->image_width + (size_t)view.left) * 3;
        for (int x = 0; x < p->width; x++)
            for (int c = 0; c < p->channels; c++) {
                const uint64_t byte = p->channels == 1 ? alx_luma(row + 3 * x) : row[3 * x + c];
                w->sums[c] += byte;
                w->squares[c] += byte * byte;
            }
    }
}

static void report_bytes(const alx_loader *loader, int64_t images, alx_loader_report *report)
{
    const alx_preprocess *p = &loader->config.preprocess;
    const double count = (double)images * p->height * p->width;
    for (int c = 0; c < p->channels && images; c++) {
        uint64_t sum = 0, squares = 0;
        for (int t = 0; t < loader->config.threads; t++) {
            sum += loader->workers[t].sums[c];
            squares += loader->workers[t].squares[c];
        }
        report->mean[c] = (double)sum / count;
        report->std[c] = sqrt(fmax(0, (double)squares / count - report->mean[c] * report->mean[c]));
    }
}

/* Files that the system is asked for before they are needed: several times as many images a second from a disk, for the
 * price of some microseconds each. */
enum { AHEAD = 64 };

static void ask_for_file(const alx_sample *sample)
{
    if (!sample->pixels) alx_file_read_ahead(sample->path);
}

/* *first_bad tells the first bad file, *fatal what ends the run. */
static void read_all(alx_loader *loader, first_reading *found, first_failure *first_bad, first_failure *fatal,
                     alx_progress_fn progress, void *user)
{
    const alx_sample_list *list = loader->list;
    int64_t done = 0;
#pragma omp parallel for schedule(dynamic, 1) num_threads(loader->config.threads)
    for (int64_t i = 0; i < list->count; i++) {
        worker *w = &loader->workers[omp_get_thread_num()];
        alx_error error;
        uint8_t *out = loader->pixels[i] ? loader->pixels[i] : w->resized;
        if (i + AHEAD < list->count) ask_for_file(&list->samples[i + AHEAD]);
        alx_status status = load_image(loader, w, i, out, &found->prints[i].content, &error);
        found->prints[i].label = (uint64_t)list->samples[i].label;
        found->bad[i] = status != ALX_OK;
        if (!status && loader->config.measure) add_bytes(w, &loader->config.preprocess, out);
        if (status) note_failure(is_bad_file(status) ? first_bad : fatal, i, status, &error);
        int64_t so_far;
#pragma omp atomic capture
        so_far = ++done;
        /* On the calling thread alone: callers expect no other. */
        if (progress && omp_get_thread_num() == 0 && so_far < list->count) progress(so_far, list->count, user);
    }
    if (progress && list->count) progress(list->count, list->count, user);
}

/* Closes the gaps that bad images leave in the list and beside it. */
static void drop_bad(alx_loader *loader, alx_sample_list *list, first_reading *found, alx_loader_report *report)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < list->count; i++) {
        if (found->bad[i]) continue;
        list->samples[kept] = list->samples[i];
        loader->pixels[kept] = loader->pixels[i];
        found->prints[kept] = found->prints[i];
        if (loader->pixels[kept]) report->cached_bytes += loader->image_bytes;
        kept++;
    }
    report->bad = list->count - kept;
    list->count = kept;
    report->content_hash = XXH3_64bits(found->prints, (size_t)kept * sizeof *found->prints);
}

/* A class all of whose images are bad. The list is still whole. */
static alx_status check_classes(const alx_sample_list *list, const first_reading *found, const first_failure *first_bad,
                                alx_error *err)
{
    int64_t *good = alx_calloc((size_t)list->class_count, sizeof *good, err);
    if (!good) return ALX_NO_MEMORY;
    for (int64_t i = 0; i < list->count; i++)
        if (!found->bad[i]) good[list->samples[i].label]++;
    alx_status status = ALX_OK;
    alx_printable name;
    for (int64_t i = 0; !status && i < list->count; i++) {
        int label = list->samples[i].label;
        if (good[label]) continue;
        status = alx_fail(err, ALX_BAD_DATA, "class %s: none of its images can be read; repair or replace them: %s",
                          alx_text_printable(list->class_names[label], name), first_bad->error.message);
    }
    free(good);
    return status;
}

static alx_status check_bad(const alx_sample_list *list, const first_reading *found, const first_failure *first_bad,
                            double skip_bad, alx_error *err)
{
    int64_t bad = 0;
    for (int64_t i = 0; i < list->count; i++) bad += found->bad[i];
    if (bad == 0) return ALX_OK;
    if ((double)bad * 100.0 > skip_bad * (double)list->count)
        return alx_fail(
            err, ALX_BAD_DATA,
            "%lld of %lld images cannot be read, more than the %g %% of skip_bad; repair or remove them, or "
            "raise skip_bad; the first is %s",
            (long long)bad, (long long)list->count, skip_bad, first_bad->error.message);
    return check_classes(list, found, first_bad, err);
}

static alx_status first_pass(alx_loader *loader, alx_sample_list *list, alx_loader_report *report,
                             alx_progress_fn progress, void *user, alx_error *err)
{
    first_failure first_bad = {.index = INT64_MAX}, fatal = {.index = INT64_MAX};
    size_t count = (size_t)list->count;
    first_reading found = {
        .bad = alx_calloc(count, 1, err),
        .prints = alx_calloc(count, sizeof *found.prints, err),
    };
    alx_status status = found.bad && found.prints ? ALX_OK : ALX_NO_MEMORY;
    if (status) goto done;
    read_all(loader, &found, &first_bad, &fatal, progress, user);
    status = fatal.status;
    if (status) {
        alx_fail(err, status, "%s", fatal.error.message);
        goto done;
    }
    if (first_bad.status) memcpy(report->first_bad, first_bad.error.message, sizeof report->first_bad);
    status = check_bad(list, &found, &first_bad, loader->config.skip_bad, err);
    if (!status) drop_bad(loader, list, &found, report);
    if (!status) report_bytes(loader, list->count, report);
done:
    free(found.bad);
    free(found.prints);
    return status;
}

/* The first images, as many as the budget holds, get a place in the cache. */
static alx_status make_room(alx_loader *loader, alx_error *err)
{
    const alx_preprocess *p = &loader->config.preprocess;
    loader->image_bytes = (size_t)p->image_height * (size_t)p->image_width * 3;
    uint64_t cached = loader->config.cache_bytes / loader->image_bytes;
    if (cached > (uint64_t)loader->list->count) cached = (uint64_t)loader->list->count;
    loader->pixels = alx_calloc((size_t)loader->list->count, sizeof *loader->pixels, err);
    loader->workers = alx_calloc((size_t)loader->config.threads, sizeof *loader->workers, err);
    if (!loader->pixels || !loader->workers) return ALX_NO_MEMORY;
    loader->cache = alx_realloc(NULL, (size_t)cached, loader->image_bytes, NULL);
    if (!loader->cache)
        return alx_fail(err, ALX_NO_MEMORY, "no memory for a cache of %.1f GiB of decoded images; set data.cache lower",
                        (double)cached * (double)loader->image_bytes * 0x1p-30);
    for (size_t i = 0; i < cached; i++) loader->pixels[i] = loader->cache + i * loader->image_bytes;
    for (int t = 0; t < loader->config.threads; t++)
        if (!(loader->workers[t].resized = alx_calloc(loader->image_bytes, 1, err))) return ALX_NO_MEMORY;
    loader->after_cut = *p;
    loader->after_cut.image_height = p->height;
    loader->after_cut.image_width = p->width;
    alx_scaling_fill(&loader->scaling, p);
    for (int t = 0; loader->config.augment && t < loader->config.threads; t++)
        ALX_TRY(alx_augment_scratch_create(&loader->workers[t].augment, loader->config.augment, p, err));
    const bool mixes = loader->config.augment && alx_augment_mixes(loader->config.augment);
    const size_t bytes = (size_t)p->height * (size_t)p->width * 3;
    for (int t = 0; mixes && t < loader->config.threads; t++)
        if (!(loader->workers[t].mixed = alx_calloc(bytes, 1, err))) return ALX_NO_MEMORY;
    return ALX_OK;
}

alx_status alx_loader_create(alx_loader **loader, alx_sample_list *list, const alx_loader_config *config,
                             alx_loader_report *report, alx_progress_fn progress, void *user, alx_error *err)
{
    *loader = NULL;
    *report = (alx_loader_report){0};
    if (config->augment) ALX_TRY(alx_augment_check(config->augment, &config->preprocess, err));
    alx_loader *made = alx_calloc(1, sizeof *made, err);
    if (!made) return ALX_NO_MEMORY;
    made->list = list;
    made->config = *config;
    if (made->config.threads < 1) made->config.threads = 1;
    alx_status status = make_room(made, err);
    if (!status) status = first_pass(made, list, report, progress, user, err);
    if (status) {
        alx_loader_destroy(made);
        return status;
    }
    *loader = made;
    return ALX_OK;
}

void alx_loader_destroy(alx_loader *loader)
{
    if (!loader) return;
    for (int t = 0; loader->workers && t < loader->config.threads; t++) {
        alx_image_finish(&loader->workers[t].image);
        alx_resampler_finish(&loader->workers[t].scratch);
        alx_augment_scratch_destroy(loader->workers[t].augment);
        free(loader->workers[t].resized);
        free(loader->workers[t].mixed);
    }
    free(loader->workers);
    free(loader->pixels);
    free(loader->cache);
    free(loader);
}

void alx_loader_normalize(alx_loader *loader, const double mean[3], const double std[3])
{
    alx_preprocess *const both[] = {&loader->config.preprocess, &loader->after_cut};
    for (int i = 0; i < 2; i++) {
        memcpy(both[i]->mean, mean, sizeof both[i]->mean);
        memcpy(both[i]->std, std, sizeof both[i]->std);
    }
    alx_scaling_fill(&loader->scaling, &loader->config.preprocess);
}

/* ---- Batches ---- */

/* (image_height, image_width, 3), until the worker's next. */
static alx_status find_pixels(const uint8_t **resized, const alx_loader *loader, worker *w, int64_t place,
                              alx_error *err)
{
    *resized = loader->pixels[place];
    if (*resized) return ALX_OK;
    *resized = w->resized;
    return load_image(loader, w, place, w->resized, NULL, err);
}

/* (height, width, 3), until the worker's next. */
static alx_status augment_one(const uint8_t **rgb, const alx_loader *loader, worker *w, const alx_augment_key *key,
                              alx_error *err)
{
    const uint8_t *resized;
    ALX_TRY(find_pixels(&resized, loader, w, key->sample, err));
    *rgb = alx_augment_sample(loader->config.augment, &loader->config.preprocess, w->augment, resized, key);
    return ALX_OK;
}

/* The partner comes as it is itself augmented in this epoch. */
static alx_status mix_one(const uint8_t **rgb, const alx_loader *loader, worker *w, const alx_augment_key *key,
                          const alx_mix *mix, alx_error *err)
{
    const alx_preprocess *p = &loader->config.preprocess;
    const alx_augment_key partner = {key->seed, key->epoch, (uint32_t)mix->partner};
    const uint8_t *other;
    memcpy(w->mixed, *rgb, (size_t)p->height * (size_t)p->width * 3);
    ALX_TRY(augment_one(&other, loader, w, &partner, err));
    alx_mix_pixels(mix, p, other, w->mixed);
    *rgb = w->mixed;
    return ALX_OK;
}

static alx_status fill_augmented(const alx_loader *loader, worker *w, const alx_augment_key *key, float *x,
                                 alx_error *err)
{
    const alx_loader_config *config = &loader->config;
    const uint8_t *rgb;
    alx_mix mix;
    ALX_TRY(augment_one(&rgb, loader, w, key, err));
    if (alx_augment_mix(&mix, config->augment, &config->preprocess, loader->list->count, key))
        ALX_TRY(mix_one(&rgb, loader, w, key, &mix, err));
    alx_preprocess_emit_scaled(&loader->after_cut, &loader->scaling, rgb, 0, 0, 0, x);
    return ALX_OK;
}

/* The sample at `place` of the list becomes x: (channels, height, width). */
static alx_status fill_one(const alx_loader *loader, worker *w, int64_t place, bool augment, uint64_t seed,
                           uint32_t epoch, float *x, alx_error *err)
{
    if (augment) {
        const alx_augment_key key = {seed, epoch, (uint32_t)place};
        return fill_augmented(loader, w, &key, x, err);
    }
    const alx_preprocess *p = &loader->config.preprocess;
    const uint8_t *resized;
    ALX_TRY(find_pixels(&resized, loader, w, place, err));
    alx_augment_view view;
    alx_augment_view_centre(p, &view);
    alx_preprocess_emit_scaled(p, &loader->scaling, resized, view.top, view.left, 0, x);
    return ALX_OK;
}

alx_status alx_loader_fill(alx_loader *loader, const int64_t *index, int count, int augment, uint64_t seed,
                           uint32_t epoch, float *x, int32_t *labels, alx_error *err)
{
    const alx_preprocess *p = &loader->config.preprocess;
    const bool drawn = augment && loader->config.augment;
    size_t sample = (size_t)p->channels * (size_t)p->height * (size_t)p->width;
    first_failure failure = {.index = INT64_MAX};
#pragma omp parallel for schedule(dynamic, 1) num_threads(loader->config.threads)
    for (int i = 0; i < count; i++) {
        worker *w = &loader->workers[omp_get_thread_num()];
        alx_error error;
        labels[i] = loader->list->samples[index[i]].label;
        alx_status status = fill_one(loader, w, index[i], drawn, seed, epoch, x + (size_t)i * sample, &error);
        if (status) note_failure(&failure, i, status, &error);
    }
    return failure.status ? alx_fail(err, failure.status, "%s", failure.error.message) : ALX_OK;
}

void alx_loader_read_ahead(const alx_loader *loader, const int64_t *index, int count)
{
    for (int i = 0; i < count; i++)
        if (!loader->pixels[index[i]]) ask_for_file(&loader->list->samples[index[i]]);
}

void alx_loader_mix_labels(const alx_loader *loader, const int64_t *index, int count, int augment, uint64_t seed,
                           uint32_t epoch, int32_t *labels, int32_t *others, float *shares)
{
    const alx_preprocess *p = &loader->config.preprocess;
    const alx_augment_list *list = augment ? loader->config.augment : NULL;
    const alx_sample *samples = loader->list->samples;
    for (int i = 0; i < count; i++) {
        const alx_augment_key key = {seed, epoch, (uint32_t)index[i]};
        const int32_t own = samples[index[i]].label;
        alx_mix mix;
        labels[i] = others[i] = own;
        shares[i] = 1.0f;
        if (!list || !alx_augment_mix(&mix, list, p, loader->list->count, &key)) continue;
        const int32_t other = samples[mix.partner].label;
        const bool larger = mix.share >= 0.5f;
        labels[i] = larger ? own : other;
        others[i] = larger ? other : own;
        shares[i] = larger ? mix.share : 1.0f - mix.share;
    }
}

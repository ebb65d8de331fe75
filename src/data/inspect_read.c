#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "data/inspect.h"

/* What one thread needs, kept from image to image. */
typedef struct worker {
    alx_image image;
    alx_resampler scratch;
} worker;

static bool is_grey(const alx_image *image)
{
    const uint8_t *rgb = image->rgb;
    for (size_t n = (size_t)image->width * (size_t)image->height; n > 0; n--, rgb += 3)
        if (rgb[0] != rgb[1] || rgb[0] != rgb[2]) return false;
    return true;
}

static bool is_constant(const alx_image *image)
{
    size_t bytes = (size_t)image->width * (size_t)image->height * 3;
    return memcmp(image->rgb, image->rgb + 3, bytes - 3) == 0;
}

static alx_status look(alx_image_record *r, alx_thumb *thumb, const alx_phash_table *table, worker *w, alx_error *err)
{
    const alx_image *image = &w->image;
    r->width = image->width;
    r->height = image->height;
    r->traits = image->traits;
    r->grey = is_grey(image);
    r->constant = is_constant(image);
    size_t bytes = (size_t)image->width * (size_t)image->height * 3;
    /* The shape is the seed: the same bytes in other rows are another picture. */
    XXH128_hash_t hash =
        XXH3_128bits_withSeed(image->rgb, bytes, (uint64_t)image->width << 32 | (uint64_t)image->height);
    r->pixels = (alx_digest){hash.high64, hash.low64};
    if (!thumb) return ALX_OK;
    ALX_TRY(alx_phash_compute(&r->phash, thumb, table, &w->scratch, image->rgb, image->width, image->height, err));
    r->content = alx_thumb_has_content(thumb);
    return ALX_OK;
}

/* The message without the path, which the record has. */
static const char *reason(const char *message, const char *path)
{
    alx_printable name;
    size_t length = strlen(alx_text_printable(path, name));
    return strncmp(message, name, length) == 0 && strncmp(message + length, ": ", 2) == 0 ? message + length + 2
                                                                                          : message;
}

/* An image that cannot be read is a finding; anything else ends the inspection. */
static alx_status note_trouble(alx_image_record *r, alx_status status, alx_error *err)
{
    if (status != ALX_BAD_DATA && status != ALX_IO) return status;
    r->fault = r->fault || status == ALX_IO ? r->fault : ALX_FAULT_DAMAGED; /* a file too large to be read */
    r->trouble = alx_strdup(reason(err->message, r->path), err);
    return r->trouble ? ALX_OK : ALX_NO_MEMORY;
}

static alx_status read_one(alx_image_record *r, const alx_sample_list *list, alx_thumb *thumb,
                           const alx_phash_table *table, worker *w, alx_error *err)
{
    alx_image *image = &w->image;
    image->bytes = 0; /* where the file cannot even be read, what is said of the image before must not stay */
    image->kind = NULL;
    image->fault = ALX_FAULT_NONE;
    alx_status status = alx_sample_read(image, &r->file, list, r->sample, NULL, err);
    r->bytes = (int64_t)image->bytes;
    r->kind = image->kind;
    r->fault = image->fault;
    return status ? note_trouble(r, status, err) : look(r, thumb, table, w, err);
}

static void start_records(alx_inspection *i)
{
    alx_image_record *r = i->records;
    for (int s = 0; s < ALX_SPLITS; s++)
        for (int64_t k = 0; k < i->lists[s].count; k++, r++) {
            r->path = i->lists[s].samples[k].path;
            r->label = i->lists[s].samples[k].label;
            r->sample = k;
            r->split = s;
        }
}

alx_status alx_inspect_read(alx_inspection *i, const alx_inspect_input *input, alx_error *err)
{
    worker *workers = alx_calloc((size_t)input->threads, sizeof *workers, err);
    if (!workers) return ALX_NO_MEMORY;
    start_records(i);
    alx_phash_table table;
    alx_phash_table_init(&table);
    alx_status failed = ALX_OK;
    int64_t done = 0;
#pragma omp parallel for schedule(dynamic, 1) num_threads(input->threads)
    for (int64_t k = 0; k < i->count; k++) {
        int thread = omp_get_thread_num();
        alx_error error;
        alx_image_record *r = &i->records[k];
        alx_status status =
            read_one(r, &i->lists[r->split], i->thumbs ? &i->thumbs[k] : NULL, &table, &workers[thread], &error);
        /* Memory that ran out: whichever thread saw it, the message is the same. */
        if (status) {
#pragma omp critical(alx_inspect_failure)
            {
                failed = status;
                alx_fail(err, status, "%s", error.message);
            }
        }
        int64_t so_far;
#pragma omp atomic capture
        so_far = ++done;
        /* On the calling thread alone: callers expect no other. */
        if (input->progress && thread == 0 && so_far < i->count) input->progress(so_far, i->count, input->user);
    }
    if (input->progress && i->count) input->progress(i->count, i->count, input->user);
    for (int t = 0; t < input->threads; t++) {
        alx_image_finish(&workers[t].image);
        alx_resampler_finish(&workers[t].scratch);
    }
    free(workers);
    return failed;
}

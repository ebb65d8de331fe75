/* Batches: decode on the calling (compute) team, keep decoded pixels, augment, scale. */
#ifndef ALX_DATA_LOADER_H
#define ALX_DATA_LOADER_H

#include "data/augment.h"
#include "data/source.h"
#include "data/split.h"

typedef struct alx_loader alx_loader;

typedef struct alx_loader_report {
    int64_t bad;           /* images that could not be read */
    char first_bad[1024];  /* the first one and why: "photos/a/x.jpg: ..." */
    uint64_t content_hash; /* XXH3 over labels and file contents, in order */
    uint64_t cached_bytes; /* decoded pixels kept */
    double mean[3],
        std[3]; /* where measured: of the bytes of all images, as evaluation sees them, by channel of the network */
} alx_loader_report;

typedef struct alx_loader_config {
    alx_preprocess preprocess;
    const alx_augment_list *augment; /* may be NULL; must outlive the loader */
    uint64_t cache_bytes;            /* most memory for decoded pixels */
    double skip_bad;                 /* percent of unreadable images that is tolerated */
    bool measure;                    /* the report's mean and std are asked for */
    int threads;
} alx_loader_config;

/* Reads and decodes every image once, in parallel: fills the cache, drops the
 * unreadable from list (in place; it must outlive the loader) and reports them; more than skip_bad percent of
 * them is an error, so is a class that loses its last image.  progress may be NULL. */
alx_status alx_loader_create(alx_loader **loader, alx_sample_list *list, const alx_loader_config *config,
                             alx_loader_report *report, alx_progress_fn progress, void *user, alx_error *err);
void alx_loader_destroy(alx_loader *loader);

/* x is (count, channels, height, width) f32, labels (count).  index[i] is a place
 * in the list.  augment: draw views for `epoch`, else centre crops. No allocation
 * when every image is cached. */
alx_status alx_loader_fill(alx_loader *loader, const int64_t *index, int count, int augment, uint64_t seed,
                           uint32_t epoch, float *x, int32_t *labels, alx_error *err);

/* Tells the system which files the next fill will decode, so that they are read while something else is computed. */
void alx_loader_read_ahead(const alx_loader *loader, const int64_t *index, int count);

/* The labels of the same images where augmentations mix them: of each the label that has the larger share, the other,
 * and the first one's share; 1 and the same label twice where an image is whole. */
void alx_loader_mix_labels(const alx_loader *loader, const int64_t *index, int count, int augment, uint64_t seed,
                           uint32_t epoch, int32_t *labels, int32_t *others, float *shares);

/* mean and std, of which scaling then makes others; the images stay as they are. */
void alx_loader_normalize(alx_loader *loader, const double mean[3], const double std[3]);

/* The choice of data.mean and data.std that takes them from the training images; until they are known 0 and 1 stand for
 * it. */
enum { ALX_NORMALIZE_TRAIN = 1 };

/* The data section of a recipe. */
typedef struct alx_data_config {
    const char *train, *validation, *test; /* sources; "" when not given */
    const char *csv;                       /* a table that stands for train; "" when not given */
    alx_source_config source;
    alx_split_config split;
    int decode;            /* alx_decode */
    int resize;            /* alx_resize */
    int filter;            /* alx_filter */
    int64_t image_size[2]; /* height, width before cropping; 0: the network's input */
    double rescale;
    alx_numbers mean, std; /* one or one per channel; empty: 0 and 1; or ALX_NORMALIZE_TRAIN */
    double cache;          /* GiB */
    double skip_bad;       /* percent */
} alx_data_config;
extern const alx_option alx_data_options[];
/* Checks against the network's input (height, width, channels) and fills p. */
alx_status alx_data_preprocess(const alx_data_config *config, const int input[3], alx_preprocess *p, alx_error *err);

#endif

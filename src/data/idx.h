/* IDX: the files of MNIST, plain or compressed with gzip. */
#ifndef ALX_DATA_IDX_H
#define ALX_DATA_IDX_H

#include "data/source.h"

/* The images of a file, shared by the lists that its samples went into. */
typedef struct alx_idx {
    int lists;     /* that hold it */
    int64_t count; /* images */
    int height, width;
    uint8_t *pixels; /* (count, height, width), grey */
} alx_idx;

/* One list more; NULL is fine.  Lists are split and released on one thread. */
alx_idx *alx_idx_share(alx_idx *idx);
/* One list less; the last one releases the pixels.  NULL is fine. */
void alx_idx_release(alx_idx *idx);

/* True when a file begins as IDX does, or as gzip. */
bool alx_idx_is(const char *path);
/* The images of `path` and the labels of the file beside it, which is called "labels-idx1" where this one is called
 * "images-idx3".  Classes are "0", "1" ... or config->classes.  The sizes that the headers claim are compared with
 * what the files really hold before memory is taken. */
alx_status alx_source_idx(alx_sample_list *list, const char *path, const alx_source_config *config, alx_error *err);

#endif

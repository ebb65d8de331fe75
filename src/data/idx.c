/* The format (LeCun, Cortes, Burges: "The MNIST database"): two zero bytes, a type (8: unsigned bytes), the number of
 * dimensions, each dimension in 32 bits, big end first, then the bytes. */
#include "data/idx.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"
#include "base/memory.h"

enum { MAX_DIMENSIONS = 3, CHUNK = 1 << 18 };
static const uint64_t max_bytes = (uint64_t)1 << 34; /* of pixels */

alx_idx *alx_idx_share(alx_idx *idx)
{
    if (idx) idx->lists++;
    return idx;
}

void alx_idx_release(alx_idx *idx)
{
    if (!idx || --idx->lists > 0) return;
    free(idx->pixels);
    free(idx);
}

/* ---- Files, compressed or not ---- */

/* zlib reads plain files as they are. */
static alx_status open_stream(gzFile *stream, uint64_t *size, const char *path, alx_error *err)
{
    int fd;
    ALX_TRY(alx_file_open(&fd, size, path, err));
    *stream = gzdopen(fd, "rb");
    if (*stream) return ALX_OK;
    close(fd);
    return alx_fail(err, ALX_NO_MEMORY, "out of memory while opening a file");
}

/* Up to count bytes; fewer at the end of the file. */
static alx_status read_stream(uint64_t *got, gzFile stream, uint8_t *bytes, uint64_t count, const char *path,
                              alx_error *err)
{
    alx_printable name;
    for (*got = 0; *got < count;) {
        const uint64_t left = count - *got;
        const int n = gzread(stream, bytes + *got, (unsigned)(left < CHUNK ? left : CHUNK));
        if (n == 0) break;
        if (n < 0) {
            int code;
            const char *why = gzerror(stream, &code);
            return alx_fail(err,
                            code == Z_ERRNO       ? ALX_IO
                            : code == Z_MEM_ERROR ? ALX_NO_MEMORY
                                                  : ALX_BAD_DATA,
                            "%s: cannot be read: %s; fetch the file again", alx_text_printable(path, name), why);
        }
        *got += (uint64_t)n;
    }
    int code;
    const char *why = gzerror(stream, &code); /* a stream that breaks off ends with a short read first */
    if (*got < count && code != Z_OK && code != Z_STREAM_END)
        return alx_fail(err, ALX_BAD_DATA, "%s: breaks off: %s; fetch the file again", alx_text_printable(path, name),
                        why);
    return ALX_OK;
}

bool alx_idx_is(const char *path)
{
    int fd;
    uint64_t size;
    uint8_t start[3];
    if (alx_file_open(&fd, &size, path, NULL)) return false;
    const bool read = size >= sizeof start && !alx_file_read_at(fd, start, sizeof start, 0, path, NULL);
    close(fd);
    return read && ((start[0] == 0x1f && start[1] == 0x8b) || (start[0] == 0 && start[1] == 0 && start[2] == 8));
}

/* ---- One file ---- */

typedef struct idx_file {
    const char *path;
    uint32_t dims[MAX_DIMENSIONS];
    uint64_t bytes; /* their product */
} idx_file;

static uint32_t big_endian(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static alx_status read_header(idx_file *file, gzFile stream, int dimensions, alx_error *err)
{
    uint8_t header[4 + 4 * MAX_DIMENSIONS];
    const uint64_t size = 4 + 4 * (uint64_t)dimensions;
    uint64_t got;
    alx_printable name;
    alx_text_printable(file->path, name);
    ALX_TRY(read_stream(&got, stream, header, size, file->path, err));
    if (got < 4 || header[0] || header[1])
        return alx_fail(err, ALX_BAD_DATA,
                        "%s: not an IDX file; a folder of images, a .csv table or a list of `path label` lines is "
                        "read too",
                        name);
    if (header[2] != 8 || header[3] != dimensions)
        return alx_fail(err, ALX_BAD_DATA,
                        "%s: an IDX file of type 0x%02x in %d dimensions; %s are unsigned bytes (0x08) in %d", name,
                        header[2], header[3], dimensions == 3 ? "grey images" : "labels", dimensions);
    if (got < size) return alx_fail(err, ALX_BAD_DATA, "%s: breaks off in its header; fetch the file again", name);
    file->bytes = 1;
    for (int i = 0; i < dimensions; i++) {
        file->dims[i] = big_endian(header + 4 + 4 * i);
        if (file->dims[i] == 0 || file->bytes > max_bytes / file->dims[i])
            return alx_fail(err, ALX_BAD_DATA, "%s: its header claims %s bytes of data; from 1 to 16 GiB are read",
                            name, file->dims[i] ? "too many" : "no");
        file->bytes *= file->dims[i];
    }
    return ALX_OK;
}

/* Before anything is unpacked or taken: deflate makes at most 1032 bytes of one. */
static alx_status check_claim(const idx_file *file, uint64_t size, alx_error *err)
{
    enum { DEFLATE = 1032 };
    alx_printable name;
    alx_text_printable(file->path, name);
    if (file->bytes / DEFLATE > size)
        return alx_fail(err, ALX_BAD_DATA,
                        "%s: its header claims %" PRIu64 " bytes of data, more than its %" PRIu64
                        " bytes can hold; fetch the file again",
                        name, file->bytes, size);
    const uint64_t available = alx_memory_available();
    if (file->bytes <= available) return ALX_OK;
    return alx_fail(err, ALX_NO_MEMORY,
                    "%s: its data take %" PRIu64 " MiB of memory and %" PRIu64 " MiB are free; use fewer images", name,
                    file->bytes >> 20, available >> 20);
}

/* Streams through the data behind the header: nothing is kept, and no more is unpacked than there should be. */
static alx_status check_length(const idx_file *file, gzFile stream, alx_error *err)
{
    uint8_t *chunk = alx_calloc(CHUNK, 1, err);
    if (!chunk) return ALX_NO_MEMORY;
    uint64_t total = 0, got = CHUNK;
    alx_status status = ALX_OK;
    while (!status && got == CHUNK && total <= file->bytes) {
        status = read_stream(&got, stream, chunk, CHUNK, file->path, err);
        total += got;
    }
    free(chunk);
    alx_printable name;
    if (status || total == file->bytes) return status;
    return alx_fail(err, ALX_BAD_DATA,
                    "%s: its header claims %" PRIu64 " bytes of data and %s%" PRIu64 " are there; fetch the file again",
                    alx_text_printable(file->path, name), file->bytes, total > file->bytes ? "at least " : "", total);
}

/* *bytes: (file->bytes), released with free. */
static alx_status read_idx(uint8_t **bytes, idx_file *file, const char *path, int dimensions, alx_error *err)
{
    *bytes = NULL;
    *file = (idx_file){.path = path};
    gzFile stream;
    uint64_t size;
    ALX_TRY(open_stream(&stream, &size, path, err));
    alx_status status = read_header(file, stream, dimensions, err);
    if (!status) status = check_claim(file, size, err);
    if (!status) status = check_length(file, stream, err);
    uint64_t got = 0;
    if (!status && !(*bytes = alx_realloc(NULL, (size_t)file->bytes, 1, err))) status = ALX_NO_MEMORY;
    alx_printable name;
    if (!status && gzseek(stream, 4 + 4 * dimensions, SEEK_SET) < 0)
        status = alx_fail(err, ALX_IO, "%s: cannot be read twice", alx_text_printable(path, name));
    if (!status) status = read_stream(&got, stream, *bytes, file->bytes, path, err);
    if (!status && got < file->bytes)
        status = alx_fail(err, ALX_IO, "%s: was changed while it was read", alx_text_printable(path, name));
    gzclose(stream);
    if (!status) return ALX_OK;
    free(*bytes);
    *bytes = NULL;
    return status;
}

/* ---- Images and labels ---- */

/* "x/train-images-idx3-ubyte.gz" to "x/train-labels-idx1-ubyte.gz"; NULL without a message: not called so. */
static char *labels_name(const char *path, alx_error *err)
{
    const char *images = NULL, *name = alx_file_name(path);
    for (const char *at = name; (at = strstr(at, "images")); at++) images = at;
    const char *idx3 = images ? strstr(images, "idx3") : NULL;
    if (!idx3) return NULL;
    const size_t size = strlen(path) + 1; /* the words are as long as those that they replace */
    char *made = alx_calloc(size, 1, err);
    if (made)
        snprintf(made, size, "%.*slabels%.*sidx1%s", (int)(images - path), path, (int)(idx3 - images) - 6, images + 6,
                 idx3 + 4);
    return made;
}

/* The labels' file: of that name, else compressed where the images are not, or the other way round. */
static alx_status find_labels(char **found, const char *path, alx_error *err)
{
    alx_printable name, sought;
    alx_text_printable(path, name);
    alx_error failure = {0};
    char *labels = *found = labels_name(path, &failure);
    if (failure.status) return alx_fail(err, failure.status, "%s", failure.message);
    if (!labels)
        return alx_fail(err, ALX_BAD_DATA,
                        "%s: the file of its labels cannot be told; call the two ...images-idx3... and "
                        "...labels-idx1...",
                        name);
    if (alx_file_exists(labels)) return ALX_OK;
    const size_t length = strlen(labels);
    const bool packed = length > 3 && strcmp(labels + length - 3, ".gz") == 0;
    char *other = alx_calloc(length + 4, 1, err);
    if (other) snprintf(other, length + 4, "%.*s%s", (int)(packed ? length - 3 : length), labels, packed ? "" : ".gz");
    alx_status status = other ? ALX_OK : ALX_NO_MEMORY;
    if (other && alx_file_exists(other)) {
        *found = other;
        free(labels);
        return ALX_OK;
    }
    if (other)
        status = alx_fail(err, ALX_BAD_DATA, "%s: no file of its labels: looked for %s, with and without .gz", name,
                          alx_text_printable(packed ? other : labels, sought));
    free(other);
    free(labels);
    *found = NULL;
    return status;
}

static alx_status name_classes(alx_sample_list *list, int classes, const alx_texts *names, alx_error *err)
{
    if (names->count) classes = names->count;
    list->class_names = alx_arena_alloc(&list->arena, (size_t)classes, sizeof *list->class_names, err);
    if (!list->class_names) return ALX_NO_MEMORY;
    for (int i = 0; i < classes; i++) {
        const char *name = names->count ? alx_arena_strdup(&list->arena, names->values[i], err)
                                        : alx_arena_printf(&list->arena, err, "%d", i);
        if (!name) return ALX_NO_MEMORY;
        list->class_names[list->class_count++] = name;
    }
    return ALX_OK;
}

static alx_status add_samples(alx_sample_list *list, const char *path, const char *labels_path, const uint8_t *labels,
                              const alx_texts *names, alx_error *err)
{
    const alx_idx *idx = list->idx;
    int most = 0;
    for (int64_t i = 0; i < idx->count; i++) {
        if (labels[i] > most) most = labels[i];
        alx_printable name;
        if (names->count && labels[i] >= names->count)
            return alx_fail(err, ALX_BAD_DATA,
                            "%s: label %d of image %" PRId64 " is none of the %d of data.classes; name all in order",
                            alx_text_printable(labels_path, name), labels[i], i, names->count);
    }
    alx_printable shown;
    if (most == 0 && !names->count)
        return alx_fail(err, ALX_BAD_DATA, "%s: one class alone (0); a classifier tells two or more apart",
                        alx_text_printable(labels_path, shown));
    ALX_TRY(name_classes(list, most + 1, names, err));
    list->samples = alx_arena_alloc(&list->arena, (size_t)idx->count, sizeof *list->samples, err);
    if (!list->samples) return ALX_NO_MEMORY;
    const size_t size = (size_t)idx->height * (size_t)idx->width;
    for (int64_t i = 0; i < idx->count; i++) {
        const char *name = alx_arena_printf(&list->arena, err, "%s#%" PRId64, path, i);
        if (!name) return ALX_NO_MEMORY;
        list->samples[list->count++] =
            (alx_sample){.path = name, .label = labels[i], .pixels = idx->pixels + (size_t)i * size};
    }
    return ALX_OK;
}

/* Takes pixels over. */
static alx_status hold_pixels(alx_sample_list *list, uint8_t *pixels, const idx_file *file, alx_error *err)
{
    alx_printable name;
    alx_text_printable(file->path, name);
    alx_status status = ALX_OK;
    if (file->dims[1] > ALX_IMAGE_MAX_SIDE || file->dims[2] > ALX_IMAGE_MAX_SIDE)
        status = alx_fail(err, ALX_BAD_DATA, "%s: images of %" PRIu32 "x%" PRIu32 " pixels; at most %d a side", name,
                          file->dims[1], file->dims[2], ALX_IMAGE_MAX_SIDE);
    if (!status && !(list->idx = alx_calloc(1, sizeof *list->idx, err))) status = ALX_NO_MEMORY;
    if (status) {
        free(pixels);
        return status;
    }
    *list->idx = (alx_idx){1, file->dims[0], (int)file->dims[1], (int)file->dims[2], pixels};
    return ALX_OK;
}

alx_status alx_source_idx(alx_sample_list *list, const char *path, const alx_source_config *config, alx_error *err)
{
    *list = (alx_sample_list){0};
    char *labels_path = NULL;
    uint8_t *pixels = NULL, *labels = NULL;
    idx_file images, truth;
    alx_printable a, b;
    alx_status status = read_idx(&pixels, &images, path, 3, err);
    if (!status) status = hold_pixels(list, pixels, &images, err);
    if (!status) status = find_labels(&labels_path, path, err);
    if (!status) status = read_idx(&labels, &truth, labels_path, 1, err);
    if (!status && truth.dims[0] != images.dims[0])
        status =
            alx_fail(err, ALX_BAD_DATA, "%s: %" PRIu32 " labels for the %" PRIu32 " images of %s",
                     alx_text_printable(labels_path, a), truth.dims[0], images.dims[0], alx_text_printable(path, b));
    if (!status) status = add_samples(list, path, labels_path, labels, &config->classes, err);
    free(labels);
    free(labels_path);
    if (status) alx_sample_list_finish(list);
    return status;
}

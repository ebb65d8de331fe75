/* The safetensors container: named tensors and string metadata.  Knows no model.
 *
 * u64 little-endian header length, a JSON header padded with spaces to a multiple
 * of 64, then the data.  Format: github.com/huggingface/safetensors.  Read strictly:
 * overlaps, holes, overflow, trailing bytes, wrong sizes and duplicate keys are
 * refused, and every claim of the header is checked against the file's size before
 * anything is allocated.
 *
 * Files that we write begin with {"__metadata__":{"hash":"xxh3","xxh3":"DIGITS": 16 hex
 * digits of XXH3-64 over the whole file with these digits as zeros.  alx_safetensors_verify
 * checks them.  A file with neither key (another tool's) passes; one key without the
 * other is damage. */
#ifndef ALX_FORMATS_SAFETENSORS_H
#define ALX_FORMATS_SAFETENSORS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum { ALX_SAFETENSORS_MAX_HEADER = 16 << 20, ALX_SAFETENSORS_MAX_RANK = 8, ALX_SAFETENSORS_MAX_TENSORS = 65536 };

typedef enum alx_st_type {
    ALX_ST_F32,
    ALX_ST_BF16,
    ALX_ST_F16,
    ALX_ST_F64,
    ALX_ST_I64,
    ALX_ST_I32,
    ALX_ST_U8,
    ALX_ST_OTHER
} alx_st_type;

typedef struct alx_st_tensor {
    const char *name;
    alx_st_type type;
    int rank;
    int64_t dims[ALX_SAFETENSORS_MAX_RANK];
    uint64_t offset, size; /* bytes, from the start of the data */
} alx_st_tensor;

/* "F32" and 4; NULL and 0 for ALX_ST_OTHER. */
const char *alx_st_type_name(alx_st_type type);
size_t alx_st_type_size(alx_st_type type);
/* Bytes of a tensor of items of the given size; false when a dimension is negative or the product passes 2^63 - 1. */
bool alx_st_tensor_bytes(uint64_t *bytes, size_t item_size, int rank, const int64_t *dims);

/* "(96, 3, 11, 11)" */
void alx_st_add_dims(alx_text *text, int rank, const int64_t *dims);

/* An open file.  Opaque; one thread at a time. */
typedef struct alx_safetensors alx_safetensors;

alx_status alx_safetensors_open(alx_safetensors **file, const char *path, alx_error *err);
void alx_safetensors_close(alx_safetensors *file);
int alx_safetensors_count(const alx_safetensors *file);
const alx_st_tensor *alx_safetensors_tensor(const alx_safetensors *file, int index);
const alx_st_tensor *alx_safetensors_find(const alx_safetensors *file, const char *name);
/* A metadata value, or NULL. */
const char *alx_safetensors_metadata(const alx_safetensors *file, const char *key);
/* The tensor's bytes as they are in the file: size of them. */
alx_status alx_safetensors_read(const alx_safetensors *file, const alx_st_tensor *tensor, void *bytes, alx_error *err);
/* The tensor as floats from F32, BF16, F16 or F64. */
alx_status alx_safetensors_read_f32(const alx_safetensors *file, const alx_st_tensor *tensor, float *values,
                                    alx_error *err);
/* Reads everything once and compares with the stored hash. */
alx_status alx_safetensors_verify(const alx_safetensors *file, alx_error *err);

/* Who is given the tensors, and which.  take is called by all threads of the team, for different pieces at once. */
typedef struct alx_st_taker {
    /* How many items of tensor `index` must come together: each piece has a multiple of so many, the last one what is
     * left.  0: nobody wants it. */
    int64_t (*unit)(void *user, int index);
    /* Items first..first + count, from F32, BF16, F16 or F64. */
    void (*take)(void *user, int index, int64_t first, int64_t count, const float *values);
    void *user;
} alx_st_taker;
/* Reads what is wanted once, on the team, in pieces.  verify: reads everything once, and compares with the stored hash
 * on the way: what was taken is void when that fails. */
alx_status alx_safetensors_stream(const alx_safetensors *file, const alx_st_taker *taker, bool verify, alx_error *err);
/* The same over bytes in memory, which must outlive the file (for tests and fuzzing). */
alx_status alx_safetensors_open_bytes(alx_safetensors **file, const uint8_t *bytes, size_t count, alx_error *err);

/* Writing: declare everything, then give the data in the order declared. The file
 * appears whole at finish, or not at all. Bytes depend on nothing but the content. */
typedef struct alx_safetensors_writer alx_safetensors_writer;

alx_status alx_safetensors_create(alx_safetensors_writer **writer, const char *path, alx_error *err);
alx_status alx_safetensors_put_metadata(alx_safetensors_writer *writer, const char *key, const char *value,
                                        alx_error *err);
alx_status alx_safetensors_declare(alx_safetensors_writer *writer, const char *name, alx_st_type type, int rank,
                                   const int64_t *dims, alx_error *err);
/* The next bytes of the data, in the order of declaration: a whole tensor or, one after another, its parts.  The header
 * is written before the first. */
alx_status alx_safetensors_write(alx_safetensors_writer *writer, const void *bytes, size_t size, alx_error *err);
/* The file that is replaced stays, under another name (alx_atomic_keep_old). */
alx_status alx_safetensors_keep_old(alx_safetensors_writer *writer, const char *previous, alx_error *err);
/* Commits the file.  The writer must be destroyed in any case; destroying it unfinished leaves the old file. */
alx_status alx_safetensors_finish(alx_safetensors_writer *writer, alx_error *err);
void alx_safetensors_writer_destroy(alx_safetensors_writer *writer);

#endif

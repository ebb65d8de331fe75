/* Where the parts of safetensors agree: the place of the hash, and what an open file is. */
#ifndef ALX_FORMATS_SAFETENSORS_INNER_H
#define ALX_FORMATS_SAFETENSORS_INNER_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "formats/safetensors.h"

#define ALX_ST_HASH_PREFIX "{\"__metadata__\":{\"hash\":\"xxh3\",\"xxh3\":\""

enum {
    ALX_ST_HASH_DIGITS = 16,
    ALX_ST_HASH_OFFSET = 8 + sizeof ALX_ST_HASH_PREFIX - 1 /* in the file */
};

static inline void alx_st_hash_digits(char digits[ALX_ST_HASH_DIGITS + 1], uint64_t hash)
{
    snprintf(digits, ALX_ST_HASH_DIGITS + 1, "%016llx", (unsigned long long)hash);
}

struct alx_safetensors {
    int fd;               /* -1: bytes are in memory */
    const uint8_t *bytes; /* NULL: in a file */
    char *path;
    uint64_t size, data_offset; /* of the whole; of the data in it */
    alx_arena arena;
    json_t *metadata; /* NULL: none */
    int count;
    alx_st_tensor *tensors;        /* in the order of their data */
    const alx_st_tensor **by_name; /* sorted */
    bool hash_in_place;            /* the header begins with ALX_ST_HASH_PREFIX and 16 digits */
};

/* safetensors.c: count bytes of the whole file from offset. */
alx_status alx_st_read_at(const alx_safetensors *file, void *bytes, size_t count, uint64_t offset, alx_error *err);
/* safetensors.c: "PATH: not a sound safetensors file: NAME: WHAT"; name may be NULL. */
alx_status alx_st_fail(const alx_safetensors *file, alx_error *err, const char *what, const char *name);

#endif

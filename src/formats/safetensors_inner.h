/* Where reader and writer of safetensors agree: the place of the hash. */
#ifndef ALX_FORMATS_SAFETENSORS_INNER_H
#define ALX_FORMATS_SAFETENSORS_INNER_H

#include <stdint.h>
#include <stdio.h>

#define ALX_ST_HASH_PREFIX "{\"__metadata__\":{\"hash\":\"xxh3\",\"xxh3\":\""

enum {
    ALX_ST_HASH_DIGITS = 16,
    ALX_ST_HASH_OFFSET = 8 + sizeof ALX_ST_HASH_PREFIX - 1 /* in the file */
};

static inline void alx_st_hash_digits(char digits[ALX_ST_HASH_DIGITS + 1], uint64_t hash)
{
    snprintf(digits, ALX_ST_HASH_DIGITS + 1, "%016llx", (unsigned long long)hash);
}

#endif

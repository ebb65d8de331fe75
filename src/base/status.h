/* Errors: every fallible function returns alx_status and takes alx_error * last. */
#ifndef ALX_BASE_STATUS_H
#define ALX_BASE_STATUS_H

#include <stddef.h>

#include "alexnet.h"

void alx_error_set(alx_error *err, alx_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));
void alx_error_prefix(alx_error *err, alx_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

static inline alx_status alx_status_given(alx_status status)
{
    return status;
}

/* Fill err (may be NULL) and give status: return alx_fail(err, ALX_BAD_DATA, "%s: ...", path, ...);
 * A macro, so that compilers and analysers see which status comes back. */
#define alx_fail(err, status, ...) (alx_error_set(err, status, __VA_ARGS__), alx_status_given(status))

/* Put "where: " before the message that err already holds; gives status.  Each
 * caller adds the place that it knows. */
#define alx_where(err, status, ...) (alx_error_prefix(err, status, __VA_ARGS__), alx_status_given(status))

/* Return from the caller when a call fails.  Only where nothing needs freeing. */
#define ALX_TRY(call)                                                                                                  \
    do {                                                                                                               \
        alx_status alx_try_status = (call);                                                                            \
        if (alx_try_status) return alx_try_status;                                                                     \
    } while (0)

/* calloc and realloc that check the product and fill err.  Return NULL on failure;
 * a size of zero gives a pointer that may be freed. */
void *alx_calloc(size_t count, size_t size, alx_error *err);
void *alx_realloc(void *old, size_t count, size_t size, alx_error *err);
char *alx_strdup(const char *text, alx_error *err);

#endif

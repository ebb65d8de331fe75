/* Errors: every fallible function returns alx_status and takes alx_error * last. */
#ifndef ALX_BASE_STATUS_H
#define ALX_BASE_STATUS_H

#include <stddef.h>

#include "alexnet.h"

/* Fill err (may be NULL) and return status: return alx_fail(err, ALX_BAD_DATA, "%s: ...", path, ...); */
alx_status alx_fail(alx_error *err, alx_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Put "where: " before the message that err already holds; returns its status.
 * Each caller adds the place that it knows. */
alx_status alx_where(alx_error *err, alx_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

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

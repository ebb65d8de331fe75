/* Large memory: straight from the system, on huge pages where it has them. */
#ifndef ALX_BASE_MEMORY_H
#define ALX_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed; touched by `threads` threads, or 0: by whoever comes first.  NULL when there is none. */
void *alx_memory_reserve(size_t bytes, int threads);
/* NULL is fine. */
void alx_memory_release(void *memory, size_t bytes);
/* Bytes that this process may still take: of the machine, or of its control group. */
uint64_t alx_memory_available(void);

#endif

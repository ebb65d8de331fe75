/* A growing region for many small objects of one lifetime: nodes, names, tables. */
#ifndef ALX_BASE_ARENA_H
#define ALX_BASE_ARENA_H

#include "base/status.h"

typedef struct alx_arena {
    struct alx_arena_chunk *chunks;
} alx_arena;

/* A zeroed alx_arena is empty and ready. */
void alx_arena_finish(alx_arena *arena);
/* Zeroed, aligned to 16; NULL and err when memory runs out. */
void *alx_arena_alloc(alx_arena *arena, size_t count, size_t size, alx_error *err);
char *alx_arena_strdup(alx_arena *arena, const char *text, alx_error *err);
char *alx_arena_printf(alx_arena *arena, alx_error *err, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif

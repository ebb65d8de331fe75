#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_SIZE = 16 * 1024, ALIGNMENT = 16 };

struct alx_arena_chunk {
    struct alx_arena_chunk *next;
    size_t used, size;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

void alx_arena_finish(alx_arena *arena)
{
    for (struct alx_arena_chunk *chunk = arena->chunks; chunk;) {
        struct alx_arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    arena->chunks = NULL;
}

void *alx_arena_alloc(alx_arena *arena, size_t count, size_t size, alx_error *err)
{
    if (size != 0 && count > (SIZE_MAX / 2) / size) {
        alx_fail(err, ALX_NO_MEMORY, "out of memory: %zu x %zu bytes", count, size);
        return NULL;
    }
    size_t bytes = (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct alx_arena_chunk *chunk = arena->chunks;
    if (!chunk || chunk->size - chunk->used < bytes) {
        size_t room = bytes > CHUNK_SIZE ? bytes : CHUNK_SIZE;
        chunk = alx_calloc(1, sizeof *chunk + room, err);
        if (!chunk) return NULL;
        chunk->size = room;
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }
    void *memory = chunk->bytes + chunk->used;
    chunk->used += bytes;
    return memory;
}

char *alx_arena_strdup(alx_arena *arena, const char *text, alx_error *err)
{
    size_t size = strlen(text) + 1;
    char *copy = alx_arena_alloc(arena, size, 1, err);
    if (copy) memcpy(copy, text, size);
    return copy;
}

char *alx_arena_printf(alx_arena *arena, alx_error *err, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = length < 0 ? NULL : alx_arena_alloc(arena, (size_t)length + 1, 1, err);
    if (text) vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

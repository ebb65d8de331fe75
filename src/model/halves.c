#include "model/halves.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/bf16.h"
#include "base/clones.h"
#include "base/memory.h"
#include "model/tile.h"

static_assert(ALX_HALVES_BLOCK % (2 * ALX_TILE_OUT) == 0 && ALX_TILE % ALX_HALVES_BLOCK == 0,
              "pairs of inputs stay together");

static int64_t tiled_values(const alx_params *params)
{
    int64_t count = 0;
    for (int i = 0; i < params->count; i++) count += params->list[i].tiled ? params->list[i].count : 0;
    return count;
}

size_t alx_halves_bytes(const alx_params *params)
{
    return (size_t)tiled_values(params) * sizeof(uint16_t);
}

static int by_place(const void *a, const void *b)
{
    const alx_half_tensor *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

alx_status alx_halves_create(alx_halves **out, const alx_params *params, int threads, alx_error *err)
{
    *out = NULL;
    alx_halves *halves = alx_calloc(1, sizeof *halves, err);
    if (!halves) return ALX_NO_MEMORY;
    halves->bytes = alx_halves_bytes(params);
    halves->list = alx_calloc((size_t)params->count, sizeof *halves->list, err);
    halves->memory = halves->list ? alx_memory_reserve(halves->bytes, threads) : NULL;
    if (!halves->memory) {
        alx_status status =
            halves->list ? alx_fail(err, ALX_NO_MEMORY, "out of memory: %zu bytes of bf16 weights", halves->bytes)
                         : ALX_NO_MEMORY;
        alx_halves_destroy(halves);
        return status;
    }
    for (int i = 0; i < params->count; i++)
        if (params->list[i].tiled)
            halves->list[halves->count++] =
                (alx_half_tensor){.param = i, .first = params->list[i].offset, .count = params->list[i].count};
    qsort(halves->list, (size_t)halves->count, sizeof *halves->list, by_place);
    uint16_t *at = halves->memory;
    for (int i = 0; i < halves->count; at += halves->list[i++].count) halves->list[i].values = at;
    *out = halves;
    return ALX_OK;
}

void alx_halves_destroy(alx_halves *halves)
{
    if (!halves) return;
    alx_memory_release(halves->memory, halves->bytes);
    free(halves->list);
    free(halves);
}

uint16_t *alx_halves_of(const alx_halves *halves, int param)
{
    int i = 0;
    while (halves->list[i].param != param) i++;
    return halves->list[i].values;
}

/* Two inputs of 64 outputs: the first one's value is the lower half of a word (as x86 lays words out). */
ALX_CLONES("arch=x86-64-v4", "avx2", "default")
static void pack(uint16_t *restrict to, const float *restrict from)
{
    uint32_t words[ALX_HALVES_BLOCK / 2];
    for (int pair = 0; pair < ALX_HALVES_BLOCK / 2; pair += ALX_TILE_OUT)
        for (int o = 0; o < ALX_TILE_OUT; o++) {
            const uint32_t low = alx_bf16_from_float(from[2 * pair + o]);
            const uint32_t high = alx_bf16_from_float(from[2 * pair + ALX_TILE_OUT + o]);
            words[pair + o] = high << 16 | low;
        }
    memcpy(to, words, sizeof words);
}

/* A function with clones would be seen outside of the library. */
void alx_halves_pack(uint16_t *restrict to, const float *restrict from)
{
    pack(to, from);
}

void alx_halves_refresh(alx_halves *halves, const alx_params *params, int threads)
{
    if (halves->made_from == alx_params_stamp(params)) return;
    for (int i = 0; i < halves->count; i++) {
        const alx_half_tensor *h = &halves->list[i];
        const float *values = params->data + h->first;
#pragma omp parallel for num_threads(threads) schedule(static)
        for (int64_t k = 0; k < h->count; k += ALX_HALVES_BLOCK) pack(h->values + k, values + k);
    }
    halves->made_from = alx_params_stamp(params);
}

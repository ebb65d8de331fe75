#include "model/params.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "model/tile.h"

enum { ALIGN_FLOATS = 16, BIG_KERNEL = 1 << 16 };

bool alx_params_prefer_tiles(void)
{
    return alx_dnn_cpu().channel_block == 16;
}

/* Large dense kernels: their products run fastest on tiles (AlexNet at batch 32: 8.6 ms a forward pass against 35). */
static bool wants_tiles(const alx_shape *shape)
{
    const int64_t *d = shape->dims;
    return shape->rank == 2 && d[0] % ALX_TILE_OUT == 0 && d[1] % ALX_TILE_IN == 0 && d[0] >= BIG_KERNEL / d[1];
}

/* Gives every tensor that is (or is not) trainable its place, the last layer's first; a layer's own in order. */
static int64_t place(alx_params *params, bool trainable, int64_t offset)
{
    const alx_graph *graph = params->graph;
    for (int layer = graph->spec.layer_count - 1; layer >= 0; layer--)
        for (int i = 0; i < graph->layers[layer].param_count; i++) {
            alx_param *p = &params->list[graph->layers[layer].first_param + i];
            if (p->trainable != trainable) continue;
            p->offset = offset;
            offset += (p->count + ALIGN_FLOATS - 1) / ALIGN_FLOATS * ALIGN_FLOATS;
        }
    return offset;
}

static alx_status map_span(alx_params *params, alx_error *err)
{
    uint64_t bytes = (uint64_t)params->span * sizeof(float);
    uint64_t machine = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    if (bytes > machine)
        return alx_fail(err, ALX_NO_MEMORY,
                        "the network's %" PRId64 " parameters take %.1f GiB and this machine has %.1f; make it smaller",
                        params->graph->parameters, (double)bytes * 0x1p-30, (double)machine * 0x1p-30);
    void *data = alx_memory_reserve((size_t)bytes, 0);
    if (!data) return alx_fail(err, ALX_NO_MEMORY, "out of memory: %.1f MiB of parameters", (double)bytes * 0x1p-20);
    params->data = data;
    return ALX_OK;
}

alx_status alx_params_lay_out(alx_params **out, const alx_graph *graph, bool tiled, alx_error *err)
{
    *out = NULL;
    alx_params *params = alx_calloc(1, sizeof *params, err);
    if (!params) return ALX_NO_MEMORY;
    params->graph = graph;
    params->count = graph->param_count;
    params->version = 1;
    params->list = alx_calloc((size_t)params->count, sizeof *params->list, err);
    if (!params->list) {
        alx_params_destroy(params);
        return ALX_NO_MEMORY;
    }
    for (int i = 0; i < params->count; i++) {
        const alx_graph_param *from = &graph->params[i];
        params->list[i] = (alx_param){.name = from->name,
                                      .shape = from->decl.shape,
                                      .count = alx_shape_elements(&from->decl.shape),
                                      .trainable = from->decl.trainable,
                                      .tiled = tiled && wants_tiles(&from->decl.shape)};
    }
    params->trainable_span = place(params, true, 0);
    params->span = place(params, false, params->trainable_span);
    if (params->span == 0) params->span = ALIGN_FLOATS; /* a network without weights still has a store */
    *out = params;
    return ALX_OK;
}

alx_status alx_params_create(alx_params **out, const alx_graph *graph, bool tiled, alx_error *err)
{
    ALX_TRY(alx_params_lay_out(out, graph, tiled, err));
    alx_status status = map_span(*out, err);
    if (status) {
        alx_params_destroy(*out);
        *out = NULL;
    }
    return status;
}

void alx_params_destroy(alx_params *params)
{
    if (!params) return;
    alx_memory_release(params->data, (size_t)params->span * sizeof(float));
    free(params->list);
    free(params);
}

/* ---- Canonical order and tiles ---- */

/* Tile by tile, some outputs at a time: their rows of a tile's inputs are a cache line each, and so are the tile's
 * lines, so that every line is fetched once. */
enum { LINE = 16 };

/* Both ways: rows of outputs, `ins` apart, and their lines of a tile. */
static void rows_to_tile(float *tile, const float *rows, int64_t ins)
{
    for (int64_t o = 0; o < LINE; o++)
        for (int64_t i = 0; i < ALX_TILE_IN; i++) tile[i * ALX_TILE_OUT + o] = rows[o * ins + i];
}

static void tile_to_rows(float *rows, const float *tile, int64_t ins)
{
    for (int64_t o = 0; o < LINE; o++)
        for (int64_t i = 0; i < ALX_TILE_IN; i++) rows[o * ins + i] = tile[i * ALX_TILE_OUT + o];
}

static int64_t width_of(const alx_param *p)
{
    return p->count / p->shape.dims[0];
}

void alx_params_export_rows(const alx_params *params, int index, const float *span, int64_t first, int64_t count,
                            float *canonical)
{
    const alx_param *p = &params->list[index];
    const int64_t width = width_of(p), last = first + count;
    const float *values = span + p->offset;
    if (!p->tiled) {
        memcpy(canonical, values + first * width, (size_t)(count * width) * sizeof *values);
        return;
    }
#pragma omp parallel for schedule(static)
    for (int64_t o = first; o < last; o += LINE)
        for (int64_t i = 0; i < width; i += ALX_TILE_IN)
            tile_to_rows(canonical + (o - first) * width + i, values + alx_tile_index(width, o, i), width);
}

void alx_params_export(const alx_params *params, int index, const float *span, float *canonical)
{
    alx_params_export_rows(params, index, span, 0, params->list[index].shape.dims[0], canonical);
}

void alx_params_import_rows(const alx_params *params, int index, const float *canonical, int64_t first, int64_t count,
                            float *span)
{
    const alx_param *p = &params->list[index];
    const int64_t width = width_of(p), last = first + count;
    float *values = span + p->offset;
    if (!p->tiled) {
        memcpy(values + first * width, canonical, (size_t)(count * width) * sizeof *values);
        return;
    }
    for (int64_t o = first; o < last; o += LINE)
        for (int64_t i = 0; i < width; i += ALX_TILE_IN)
            rows_to_tile(values + alx_tile_index(width, o, i), canonical + (o - first) * width + i, width);
}

void alx_params_import(const alx_params *params, int index, const float *canonical, float *span)
{
    const alx_param *p = &params->list[index];
    const int64_t rows = p->shape.dims[0], group = p->tiled ? ALX_TILE_OUT : rows;
#pragma omp parallel for schedule(static) if (group < rows)
    for (int64_t o = 0; o < rows; o += group)
        alx_params_import_rows(params, index, canonical + o * width_of(p), o, group, span);
}

#include "ops/winograd.h"

#include <assert.h>
#include <omp.h>
#include <string.h>

#include "tensor/dnn.h"

enum { LINE = 64 /* of a cache, bytes */, MAX_LANES = 16 };

static const struct {
    int tile, kernel;
} sizes[ALX_WINOGRAD_SIZES] = {
    [ALX_WINOGRAD_2X3] = {2, 3}, [ALX_WINOGRAD_4X3] = {4, 3}, [ALX_WINOGRAD_5X3] = {5, 3},
    [ALX_WINOGRAD_2X5] = {2, 5}, [ALX_WINOGRAD_3X5] = {3, 5},
};

int alx_winograd_kernel(alx_winograd_size size)
{
    return sizes[size].kernel;
}

static int64_t up(int64_t value, int64_t multiple)
{
    return (value + multiple - 1) / multiple * multiple;
}

/* ---- Sizes ---- */

static size_t element(const alx_winograd *wino)
{
    return wino->bf16 ? sizeof(uint16_t) : sizeof(float);
}

/* Elements between frequencies.  An odd number of cache lines: with a multiple of 4 KiB the n n values of a tile would
 * fall into one set of the cache (measured: transforms take three times as long). */
static int64_t apart(int64_t elements, size_t bytes)
{
    const int64_t lines = (elements * (int64_t)bytes + LINE - 1) / LINE;
    return (lines | 1) * LINE / (int64_t)bytes;
}

static int64_t inputs_plane(const alx_winograd *wino)
{
    return apart(wino->chunk_tiles * wino->depth, element(wino));
}

/* Of sums, or of factors. */
static int64_t outputs_plane(const alx_winograd *wino, size_t bytes)
{
    return apart(wino->chunk_tiles * wino->columns, bytes);
}

static int64_t weights_plane(const alx_winograd *wino)
{
    return apart(wino->depth * up(wino->columns, 2 * wino->lanes), element(wino));
}

static int64_t sums_plane(const alx_winograd *wino)
{
    return apart(wino->depth * wino->columns, sizeof(float));
}

static size_t aligned(size_t bytes)
{
    return (bytes + LINE - 1) / LINE * LINE;
}

static size_t inputs_bytes(const alx_winograd *wino)
{
    return aligned((size_t)(wino->n * wino->n * inputs_plane(wino)) * element(wino));
}

/* f32 sums in a forward pass, factors in that of the weights' gradient. */
static size_t outputs_bytes(const alx_winograd *wino, size_t bytes)
{
    return aligned((size_t)(wino->n * wino->n * outputs_plane(wino, bytes)) * bytes);
}

/* Tiles whose inputs and outputs fit the bytes, as whole rows; at least one row. */
static void cut(alx_winograd *wino, size_t bytes, int64_t multiple)
{
    const int64_t tile_bytes = wino->n * wino->n * (wino->depth * (int64_t)element(wino) + wino->columns * 4);
    int64_t rows = (int64_t)bytes / (tile_bytes * wino->row_tiles);
    if (rows < 1) rows = 1;
    wino->chunks = (wino->rows + rows - 1) / rows;
    wino->chunks = up(wino->chunks, multiple);
    if (wino->chunks > wino->rows) wino->chunks = wino->rows;
    rows = (wino->rows + wino->chunks - 1) / wino->chunks;
    wino->chunk_tiles = up(rows * wino->row_tiles, 2);
}

/* Chunks that are worked on at the same time, each in scratch of its own. */
static int64_t at_once(const alx_winograd *wino)
{
    return wino->chunks < wino->threads ? wino->chunks : wino->threads;
}

/* Each chunk belongs to one thread, through whose cache all weights pass with it: the more of them, the larger the
 * chunk should be, up to what the last cache holds.  (Measured on two cores of Zen 5 with 1 MiB each and 32 together:
 * AlexNet's layers are within 5 % of their best.) */
static void plan_forward(alx_winograd *wino)
{
    const size_t least = 2u << 20, most = 24u << 20, weights = wino->weights_bytes;
    cut(wino, weights < least ? least : weights > most ? most : weights, wino->threads);
    wino->scratch_bytes = (size_t)at_once(wino) * (inputs_bytes(wino) + outputs_bytes(wino, sizeof(float)));
}

static size_t gradient_sums(const alx_winograd *wino)
{
    return aligned((size_t)(wino->n * wino->n * sums_plane(wino)) * sizeof(float));
}

static size_t row_sums(const alx_winograd *wino)
{
    return aligned((size_t)(wino->rows * wino->columns) * sizeof(float));
}

/* A copy of both factors of a product, in pairs. */
static size_t pairs_bytes(const alx_winograd *wino)
{
    return wino->bf16 ? aligned((size_t)(wino->chunk_tiles * (wino->depth + wino->columns)) * sizeof(uint16_t)) : 0;
}

/* All threads work on one chunk, frequency by frequency; it should stay in the last cache. */
static void plan_backward_weights(alx_winograd *wino)
{
    cut(wino, 12u << 20, 1);
    wino->scratch_bytes = inputs_bytes(wino) + outputs_bytes(wino, element(wino)) + gradient_sums(wino) +
                          row_sums(wino) + (size_t)wino->threads * pairs_bytes(wino);
}

bool alx_winograd_init(alx_winograd *wino, const alx_winograd_geometry *g, alx_winograd_size size,
                       alx_winograd_pass pass, bool bf16, int lanes, int threads)
{
    const alx_kernels *all = alx_kernels_for(lanes);
    const alx_winograd_kernels *kernels = all ? all->winograd : NULL;
    if (!kernels || (bf16 && (!kernels->product_bf16 || !alx_dnn_cpu().bf16))) return false;
    const int m = sizes[size].tile, r = sizes[size].kernel;
    *wino = (alx_winograd){
        .geometry = *g, .size = size, .kernels = kernels, .lanes = lanes, .bf16 = bf16, .threads = threads};
    wino->tile = m;
    wino->kernel = r;
    wino->n = m + r - 1;
    wino->depth = up(g->inputs, lanes);
    wino->columns = up(g->outputs, lanes);
    wino->rows = g->batch * ((g->out_height + m - 1) / m);
    wino->row_tiles = (g->out_width + m - 1) / m;
    wino->weights_bytes = (size_t)(wino->n * wino->n * weights_plane(wino)) * element(wino);
    if (pass == ALX_WINOGRAD_FORWARD)
        plan_forward(wino);
    else
        plan_backward_weights(wino);
    return true;
}

/* ---- Weights ---- */

void alx_winograd_transform_weights(const alx_winograd *wino, const float *w, bool turned, void *u)
{
    const alx_winograd_geometry *g = &wino->geometry;
    const int64_t lanes = wino->lanes, area = wino->kernel * wino->kernel;
    const int64_t panel = 2 * lanes * wino->depth, plane = weights_plane(wino);
    const size_t bytes = element(wino);
#pragma omp parallel for collapse(2) schedule(static) num_threads(wino->threads)
    for (int64_t column = 0; column < wino->columns; column += lanes)
        for (int64_t k = 0; k < wino->depth; k += lanes) {
            const int64_t of_output = turned ? area : g->inputs * area, of_input = turned ? g->outputs * area : area;
            const int64_t left = g->outputs - column < lanes ? g->outputs - column : lanes;
            const alx_winograd_weights block = {.data = (float *)w + column * of_output + k * of_input,
                                                .lane_count = left,
                                                .lanes_apart = of_output,
                                                .input_count = g->inputs - k,
                                                .inputs_apart = of_input,
                                                .turned = turned};
            /* Inputs in rows of a panel: pairs of them, for bf16, side by side. */
            const int64_t at =
                column / (2 * lanes) * panel + k * 2 * lanes + (column % (2 * lanes)) * (wino->bf16 ? 2 : 1);
            wino->kernels->kernel(wino->size, (char *)u + (size_t)at * bytes, wino->bf16, plane, 2 * lanes, &block);
        }
}

/* ---- Planes and rows ---- */

static alx_winograd_plane plane_of(const void *data, bool bf16, int64_t channels, int64_t lanes, int64_t height,
                                   int64_t width, int64_t image, int64_t channel)
{
    const size_t bytes = bf16 ? sizeof(uint16_t) : sizeof(float);
    const int64_t at = (image * (channels / lanes) + channel / lanes) * height * width * lanes;
    return (alx_winograd_plane){(char *)data + (size_t)at * bytes, bf16, height, width};
}

/* A row of tiles: of which image, and where in it. */
typedef struct tile_row {
    int64_t image, top; /* the first of its outputs' rows */
} tile_row;

static tile_row row_at(const alx_winograd *wino, int64_t row)
{
    const int64_t each = wino->rows / wino->geometry.batch;
    return (tile_row){row / each, row % each * wino->tile};
}

static int64_t chunk_begin(const alx_winograd *wino, int64_t chunk)
{
    return wino->rows * chunk / wino->chunks;
}

/* The transformed inputs of one row of tiles and one block of channels. */
static void transform_input(const alx_winograd *wino, const void *x, int64_t row, int64_t channel,
                            const alx_winograd_row *to)
{
    const alx_winograd_geometry *g = &wino->geometry;
    const tile_row at = row_at(wino, row);
    const alx_winograd_plane plane =
        plane_of(x, g->bf16_images, wino->depth, wino->lanes, g->height, g->width, at.image, channel);
    wino->kernels->input(wino->size, to, &plane, at.top - g->pad[0], -g->pad[1]);
}

/* ---- Forward ---- */

static void run_chunk(const alx_winograd *wino, int64_t chunk, const void *x, const void *u,
                      const alx_winograd_finish *finish, void *y, char *scratch)
{
    const alx_winograd_geometry *g = &wino->geometry;
    const alx_winograd_kernels *kernels = wino->kernels;
    const int64_t first = chunk_begin(wino, chunk), last = chunk_begin(wino, chunk + 1), lanes = wino->lanes;
    const size_t bytes = element(wino);
    char *const v = scratch;
    float *const m = (void *)(scratch + inputs_bytes(wino));
    for (int64_t row = first; row < last; row++)
        for (int64_t channel = 0; channel < wino->depth; channel += lanes) {
            const int64_t at = (row - first) * wino->row_tiles * wino->depth + channel;
            const alx_winograd_row to = {v + (size_t)at * bytes, wino->bf16, inputs_plane(wino), wino->depth,
                                         wino->row_tiles};
            transform_input(wino, x, row, channel, &to);
        }
    for (int64_t f = 0; f < wino->n * wino->n; f++) {
        const alx_winograd_product product = {.a = v + (size_t)(f * inputs_plane(wino)) * bytes,
                                              .b = (const char *)u + (size_t)(f * weights_plane(wino)) * bytes,
                                              .c = m + f * outputs_plane(wino, sizeof(float)),
                                              .rows = (last - first) * wino->row_tiles,
                                              .depth = wino->depth,
                                              .columns = wino->columns,
                                              .c_step = wino->columns};
        (wino->bf16 ? kernels->product_bf16 : kernels->product)(&product);
    }
    for (int64_t row = first; row < last; row++)
        for (int64_t channel = 0; channel < wino->columns; channel += lanes) {
            const tile_row at = row_at(wino, row);
            const alx_winograd_row from = {m + (row - first) * wino->row_tiles * wino->columns + channel, false,
                                           outputs_plane(wino, sizeof(float)), wino->columns, wino->row_tiles};
            const alx_winograd_plane plane =
                plane_of(y, g->bf16_images, wino->columns, lanes, g->out_height, g->out_width, at.image, channel);
            float padded[MAX_LANES] = {0};
            alx_winograd_finish block = *finish;
            if (block.bias) block.bias += channel;
            if (block.bias && channel + lanes > g->outputs)
                block.bias = memcpy(padded, block.bias, (size_t)(g->outputs - channel) * sizeof *padded);
            kernels->output(wino->size, &from, &plane, at.top, &block);
        }
}

void alx_winograd_forward(const alx_winograd *wino, const void *x, const void *u, const alx_winograd_finish *finish,
                          void *y, void *scratch)
{
    const size_t each = wino->scratch_bytes / (size_t)at_once(wino);
#pragma omp parallel for schedule(dynamic) num_threads(wino->threads)
    for (int64_t chunk = 0; chunk < wino->chunks; chunk++) {
        const int64_t place = wino->chunks < wino->threads ? chunk : omp_get_thread_num();
        run_chunk(wino, chunk, x, u, finish, y, (char *)scratch + (size_t)place * each);
    }
}

/* ---- The weights' gradient ---- */

typedef struct gradient_scratch {
    char *v, *d;     /* (n n, channels / lanes, chunk_tiles, lanes) */
    float *du;       /* (n n, inputs, outputs) */
    float *row_sums; /* (rows, outputs) of dy */
    char *pairs;     /* by thread */
} gradient_scratch;

static gradient_scratch share(const alx_winograd *wino, char *scratch)
{
    gradient_scratch s = {.v = scratch};
    s.d = s.v + inputs_bytes(wino);
    s.du = (void *)(s.d + outputs_bytes(wino, element(wino)));
    s.row_sums = (void *)((char *)s.du + gradient_sums(wino));
    s.pairs = (char *)s.row_sums + row_sums(wino);
    return s;
}

/* Block number `block` of the inputs' and then the outputs' channels. */
static void transform_block(const alx_winograd *wino, const gradient_scratch *s, const void *x, const void *dy,
                            int64_t row, int64_t first, int64_t block)
{
    const alx_winograd_geometry *g = &wino->geometry;
    const int64_t lanes = wino->lanes, inputs = wino->depth / lanes;
    const bool of_input = block < inputs;
    const int64_t number = of_input ? block : block - inputs;
    const int64_t at = (number * wino->chunk_tiles + (row - first) * wino->row_tiles) * lanes;
    const alx_winograd_row to = {(of_input ? s->v : s->d) + (size_t)at * element(wino), wino->bf16,
                                 of_input ? inputs_plane(wino) : outputs_plane(wino, element(wino)), lanes,
                                 wino->row_tiles};
    if (of_input) {
        transform_input(wino, x, row, number * lanes, &to);
        return;
    }
    const tile_row place = row_at(wino, row);
    const alx_winograd_plane plane =
        plane_of(dy, g->bf16_images, wino->columns, lanes, g->out_height, g->out_width, place.image, number * lanes);
    wino->kernels->gradient(wino->size, &to, &plane, place.top, s->row_sums + row * wino->columns + number * lanes);
}

/* bf16 multiplies pairs of tiles: behind an odd number stands one of zeros. */
static void clear_last_tile(const alx_winograd *wino, const gradient_scratch *s, int64_t tiles)
{
    const int64_t lanes = wino->lanes;
    for (int64_t f = 0; f < wino->n * wino->n; f++)
        for (int64_t block = 0; block < (wino->depth + wino->columns) / lanes; block++) {
            const bool of_input = block < wino->depth / lanes;
            const int64_t number = of_input ? block : block - wino->depth / lanes;
            const int64_t plane = of_input ? inputs_plane(wino) : outputs_plane(wino, element(wino));
            const int64_t at = f * plane + (number * wino->chunk_tiles + tiles) * lanes;
            memset((of_input ? s->v : s->d) + (size_t)at * element(wino), 0, (size_t)lanes * element(wino));
        }
}

static void multiply(const alx_winograd *wino, const gradient_scratch *s, int64_t f, int64_t tiles)
{
    const size_t bytes = element(wino);
    const alx_winograd_product product = {
        .a = s->v + (size_t)(f * inputs_plane(wino)) * bytes,
        .b = s->d + (size_t)(f * outputs_plane(wino, bytes)) * bytes,
        .c = s->du + f * sums_plane(wino),
        .rows = wino->depth,
        .depth = tiles,
        .columns = wino->columns,
        .c_step = wino->columns,
        .block_step = wino->chunk_tiles * wino->lanes,
        .scratch = s->pairs + (size_t)omp_get_thread_num() * pairs_bytes(wino),
    };
    (wino->bf16 ? wino->kernels->product_transposed_bf16 : wino->kernels->product_transposed)(&product);
}

static void sum_rows(const alx_winograd *wino, const float *sums, float *db)
{
    const int64_t outputs = wino->geometry.outputs;
#pragma omp parallel for schedule(static) num_threads(wino->threads)
    for (int64_t from = 0; from < outputs; from += MAX_LANES) {
        const int64_t count = outputs - from < MAX_LANES ? outputs - from : MAX_LANES;
        float total[MAX_LANES] = {0};
        for (int64_t row = 0; row < wino->rows; row++)
            for (int64_t i = 0; i < count; i++) total[i] += sums[row * wino->columns + from + i];
        memcpy(db + from, total, (size_t)count * sizeof *db);
    }
}

void alx_winograd_backward_weights(const alx_winograd *wino, const void *x, const void *dy, float *dw, float *db,
                                   void *scratch)
{
    const alx_winograd_geometry *g = &wino->geometry;
    const int64_t lanes = wino->lanes, blocks = (wino->depth + wino->columns) / lanes;
    const int64_t frequencies = wino->n * wino->n, area = wino->kernel * wino->kernel;
    const gradient_scratch s = share(wino, scratch);
#pragma omp parallel num_threads(wino->threads)
    for (int64_t chunk = 0; chunk < wino->chunks; chunk++) {
        const int64_t first = chunk_begin(wino, chunk), last = chunk_begin(wino, chunk + 1);
        const int64_t tiles = (last - first) * wino->row_tiles;
#pragma omp for collapse(2) schedule(dynamic)
        for (int64_t row = first; row < last; row++)
            for (int64_t block = 0; block < blocks; block++) transform_block(wino, &s, x, dy, row, first, block);
        if (wino->bf16 && tiles % 2) {
#pragma omp single
            clear_last_tile(wino, &s, tiles);
        }
#pragma omp for schedule(dynamic)
        for (int64_t f = 0; f < frequencies; f++) {
            if (chunk == 0)
                memset(s.du + f * sums_plane(wino), 0, (size_t)(wino->depth * wino->columns) * sizeof(float));
            multiply(wino, &s, f, wino->bf16 ? up(tiles, 2) : tiles);
        }
    }
#pragma omp parallel for collapse(2) schedule(static) num_threads(wino->threads)
    for (int64_t column = 0; column < wino->columns; column += lanes)
        for (int64_t k = 0; k < wino->depth; k += lanes) {
            const alx_winograd_weights to = {
                .data = dw + column * g->inputs * area + k * area,
                .lane_count = g->outputs - column < lanes ? g->outputs - column : lanes,
                .lanes_apart = g->inputs * area,
                .input_count = g->inputs - k,
                .inputs_apart = area,
            };
            wino->kernels->kernel_gradient(wino->size, s.du + k * wino->columns + column, sums_plane(wino),
                                           wino->columns, &to);
        }
    if (db) sum_rows(wino, s.row_sums, db);
}

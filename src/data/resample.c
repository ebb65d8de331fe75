#include "data/resample.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"

/* The instruction sets that have a 32-bit multiply. */
#define CLONES ALX_CLONES("arch=x86-64-v4", "avx2", "default")

/* Pillow (src/libImaging/Resample.c) weighs in integers of 22 fractional bits: 8 bits
 * of pixel and 2 bits for the overshoot of bicubic and Lanczos fill the 32.  It
 * resizes across first, rounds to 8 bits, and then resizes down. */
enum { FRACTION_BITS = 32 - 8 - 2, HALF = 1 << (FRACTION_BITS - 1), COLUMNS = 64 };

static double triangle(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

/* Keys 1981 with a = -0.5.  The order of operations is Pillow's: it decides the last bit. */
static double cubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
    if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
    return 0.0;
}

static double sinc(double x)
{
    if (x == 0.0) return 1.0;
    x *= M_PI;
    return sin(x) / x;
}

static double lanczos(double x)
{
    return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0;
}

static const struct {
    double (*weight)(double x);
    double support; /* the weight is zero beyond */
} kernels[] = {
    [ALX_FILTER_NEAREST] = {NULL, 0.0},
    [ALX_FILTER_BILINEAR] = {triangle, 1.0},
    [ALX_FILTER_BICUBIC] = {cubic, 2.0},
    [ALX_FILTER_LANCZOS] = {lanczos, 3.0},
};

/* One direction: which source pixels make output i, and how much of each. */
typedef struct axis {
    int src;          /* size before */
    double origin;    /* the place in it that stands for the left edge of output 0 */
    int from, count;  /* the outputs that are computed: from .. from + count - 1 */
    double scale;     /* source pixels an output pixel */
    double stretch;   /* of the kernel: max(scale, 1) */
    double support;   /* of the stretched kernel, in source pixels */
    int taps;         /* room for weights an output */
    int32_t *first;   /* (count) the first source pixel */
    int32_t *used;    /* (count) how many */
    int32_t *weights; /* (count, taps) */
} axis;

static axis axis_plan(int src, alx_extent box, int full, int from, int count, alx_filter filter)
{
    axis a = {.src = src, .origin = box.start, .from = from, .count = count, .scale = box.length / full};
    a.stretch = a.scale < 1.0 ? 1.0 : a.scale;
    a.support = kernels[filter].support * a.stretch;
    a.taps = (int)ceil(a.support) * 2 + 1;
    return a;
}

static size_t axis_room(const axis *a)
{
    return (size_t)a->count * ((size_t)a->taps + 2);
}

static int32_t to_fixed(double weight)
{
    double scaled = weight * (1 << FRACTION_BITS);
    return (int32_t)(weight < 0.0 ? scaled - 0.5 : scaled + 0.5);
}

static void axis_fill(axis *a, int32_t *room, alx_filter filter)
{
    a->first = room;
    a->used = room + a->count;
    a->weights = room + 2 * (size_t)a->count;
    double (*weight)(double) = kernels[filter].weight;
    double narrow = 1.0 / a->stretch;
    for (int i = 0; i < a->count; i++) {
        double centre = a->origin + (a->from + i + 0.5) * a->scale;
        int low = (int)(centre - a->support + 0.5), high = (int)(centre + a->support + 0.5);
        if (low < 0) low = 0;
        if (high > a->src) high = a->src;
        double sum = 0.0;
        for (int x = low; x < high; x++) sum += weight((x - centre + 0.5) * narrow);
        int32_t *w = a->weights + (size_t)i * (size_t)a->taps;
        for (int x = low; x < high; x++) {
            double share = weight((x - centre + 0.5) * narrow);
            w[x - low] = to_fixed(sum != 0.0 ? share / sum : share);
        }
        a->first[i] = low;
        a->used[i] = high - low;
    }
}

static inline uint8_t to_byte(int32_t sum)
{
    sum >>= FRACTION_BITS;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

/* The sums of one output pixel; the fourth lane is waste that makes the load one word. */
typedef int32_t lanes __attribute__((vector_size(16)));
typedef uint8_t four_bytes __attribute__((vector_size(4)));

static inline lanes load_pixel(const uint8_t *p, size_t bytes)
{
    four_bytes pixel = {0};
    memcpy(&pixel, p, bytes);
    return __builtin_convertvector(pixel, lanes);
}

static void resize_row(uint8_t *out, const uint8_t *in, const axis *a)
{
    for (int i = 0; i < a->count; i++) {
        const uint8_t *p = in + (size_t)a->first[i] * 3;
        const int32_t *w = a->weights + (size_t)i * (size_t)a->taps;
        int last = a->used[i] - 1; /* may be the last pixel of all: no byte follows it */
        lanes sum = {HALF, HALF, HALF, HALF};
        for (int k = 0; k < last; k++, p += 3) sum += load_pixel(p, 4) * w[k];
        sum += load_pixel(p, 3) * w[last];
        *out++ = to_byte(sum[0]);
        *out++ = to_byte(sum[1]);
        *out++ = to_byte(sum[2]);
    }
}

/* The same of eight rows at once: a lane holds one row's pixel, red in its lowest byte.  Another row must follow them,
 * for the fourth byte of a load may be its first. */
enum { ROWS = 8 };
typedef int32_t row_lanes __attribute__((vector_size(ROWS * sizeof(int32_t))));

static inline int32_t load_word(const uint8_t *p)
{
    int32_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

CLONES
static void resize_rows(uint8_t *out, size_t out_stride, const uint8_t *in, size_t in_stride, const axis *a)
{
    for (int i = 0; i < a->count; i++) {
        const uint8_t *p = in + (size_t)a->first[i] * 3;
        const int32_t *w = a->weights + (size_t)i * (size_t)a->taps;
        row_lanes red = (row_lanes){0} + HALF, green = red, blue = red;
        for (int k = 0; k < a->used[i]; k++, p += 3) {
            const uint8_t *half = p + 4 * in_stride;
            const row_lanes pixel = {load_word(p),
                                     load_word(p + in_stride),
                                     load_word(p + 2 * in_stride),
                                     load_word(p + 3 * in_stride),
                                     load_word(half),
                                     load_word(half + in_stride),
                                     load_word(half + 2 * in_stride),
                                     load_word(half + 3 * in_stride)};
            red += (pixel & 255) * w[k];
            green += (pixel >> 8 & 255) * w[k];
            blue += (pixel >> 16 & 255) * w[k];
        }
        /* Bounded as vectors, as to_byte does: no bits below 0 or above 255. */
        row_lanes pixels = {0};
        row_lanes *const channels[] = {&blue, &green, &red};
        for (int c = 0; c < 3; c++) {
            row_lanes sum = *channels[c] >> FRACTION_BITS;
            sum &= sum > 0;
            pixels = pixels << 8 | ((sum | (sum > 255)) & 255);
        }
        uint32_t words[ROWS];
        memcpy(words, &pixels, sizeof words);
        for (size_t r = 0; r < ROWS; r++) memcpy(out + r * out_stride + (size_t)i * 3, &words[r], 3);
    }
}

/* out: rows x a->count x 3; in: rows of in_stride bytes. */
CLONES
static void resize_across(uint8_t *out, size_t out_stride, const uint8_t *in, size_t in_stride, int rows, const axis *a)
{
    int y = 0;
    for (; y + ROWS < rows; y += ROWS)
        resize_rows(out + (size_t)y * out_stride, out_stride, in + (size_t)y * in_stride, in_stride, a);
    for (; y < rows; y++) resize_row(out + (size_t)y * out_stride, in + (size_t)y * in_stride, a);
}

/* Adds n columns up; n is a constant where it matters, which lets the compiler vectorise. */
static inline __attribute__((always_inline)) void sum_columns(uint8_t *out, const uint8_t *in, size_t in_stride,
                                                              const int32_t *weights, int used, int n)
{
    int32_t sums[COLUMNS];
    for (int x = 0; x < n; x++) sums[x] = HALF;
    for (int k = 0; k < used; k++, in += in_stride)
        for (int x = 0; x < n; x++) sums[x] += in[x] * weights[k];
    for (int x = 0; x < n; x++) out[x] = to_byte(sums[x]);
}

/* out: a->count rows of `bytes` bytes; in: row 0 is source row `in_first`. */
CLONES
static void resize_down(uint8_t *out, size_t out_stride, const uint8_t *in, size_t in_stride, int in_first,
                        size_t bytes, const axis *a)
{
    for (int i = 0; i < a->count; i++) {
        const uint8_t *top = in + (size_t)(a->first[i] - in_first) * in_stride;
        const int32_t *w = a->weights + (size_t)i * (size_t)a->taps;
        uint8_t *o = out + (size_t)i * out_stride;
        size_t x = 0;
        for (; x + COLUMNS <= bytes; x += COLUMNS) sum_columns(o + x, top + x, in_stride, w, a->used[i], COLUMNS);
        sum_columns(o + x, top + x, in_stride, w, a->used[i], (int)(bytes - x));
    }
}

static void copy_rows(uint8_t *out, size_t out_stride, const uint8_t *in, size_t in_stride, int rows, size_t bytes)
{
    for (int y = 0; y < rows; y++) memcpy(out + (size_t)y * out_stride, in + (size_t)y * in_stride, bytes);
}

/* Source index of each output, as Pillow's affine transform finds it: by adding the
 * step up, not by multiplying, which differs in the last bit. */
static void nearest_places(int32_t *places, int src, alx_extent box, int full, int from, int count)
{
    double step = box.length / full, at = box.start + step * 0.5;
    for (int i = 0; i < from + count; i++, at += step)
        if (i >= from) places[i - from] = (int)at < src ? (int)at : src - 1;
}

static alx_status table_room(alx_resampler *scratch, size_t count, alx_error *err)
{
    if (count <= scratch->tables_capacity) return ALX_OK;
    int32_t *tables = alx_realloc(scratch->tables, count, sizeof *tables, err);
    if (!tables) return ALX_NO_MEMORY;
    scratch->tables = tables;
    scratch->tables_capacity = count;
    return ALX_OK;
}

static alx_status row_room(alx_resampler *scratch, size_t rows, size_t bytes, alx_error *err)
{
    if (rows * bytes <= scratch->rows_capacity) return ALX_OK;
    uint8_t *memory = alx_realloc(scratch->rows, rows, bytes, err);
    if (!memory) return ALX_NO_MEMORY;
    scratch->rows = memory;
    scratch->rows_capacity = rows * bytes;
    return ALX_OK;
}

/* What an axis of the source shows. */
static alx_extent shown(alx_extent box, int src)
{
    return box.length > 0 ? box : (alx_extent){0, src};
}

static alx_status resize_nearest(alx_resampler *scratch, const alx_resample_part *p, alx_error *err)
{
    ALX_TRY(table_room(scratch, (size_t)p->width + (size_t)p->height, err));
    int32_t *xs = scratch->tables, *ys = xs + p->width;
    nearest_places(xs, p->src_width, shown(p->across, p->src_width), p->full_width, p->left, p->width);
    nearest_places(ys, p->src_height, shown(p->down, p->src_height), p->full_height, p->top, p->height);
    for (int y = 0; y < p->height; y++) {
        const uint8_t *row = p->src + (size_t)ys[y] * (size_t)p->src_width * 3;
        uint8_t *o = p->dst + (size_t)y * p->dst_stride;
        for (int x = 0; x < p->width; x++, o += 3) memcpy(o, row + (size_t)xs[x] * 3, 3);
    }
    return ALX_OK;
}

/* Pixels that stay as they are need no arithmetic. */
static bool changes(alx_extent box, int src, int full)
{
    return full != src || box.start != 0 || box.length != src;
}

alx_status alx_resample_cut(alx_resampler *scratch, const alx_resample_part *p, alx_error *err)
{
    assert(p->src_width > 0 && p->src_height > 0 && p->width > 0 && p->height > 0);
    assert(p->left >= 0 && p->width <= p->full_width - p->left && p->top >= 0 && p->height <= p->full_height - p->top);
    if (p->filter == ALX_FILTER_NEAREST) return resize_nearest(scratch, p, err);

    size_t in_stride = (size_t)p->src_width * 3, bytes = (size_t)p->width * 3;
    const alx_extent box_across = shown(p->across, p->src_width), box_down = shown(p->down, p->src_height);
    const bool across = changes(box_across, p->src_width, p->full_width);
    const bool down = changes(box_down, p->src_height, p->full_height);
    axis h = axis_plan(p->src_width, box_across, p->full_width, p->left, p->width, p->filter);
    axis v = axis_plan(p->src_height, box_down, p->full_height, p->top, p->height, p->filter);
    ALX_TRY(table_room(scratch, axis_room(&h) + axis_room(&v), err));
    if (across) axis_fill(&h, scratch->tables, p->filter);
    if (down) axis_fill(&v, scratch->tables + axis_room(&h), p->filter);

    if (!down) {
        const uint8_t *in = p->src + (size_t)p->top * in_stride;
        if (across)
            resize_across(p->dst, p->dst_stride, in, in_stride, p->height, &h);
        else
            copy_rows(p->dst, p->dst_stride, in + (size_t)p->left * 3, in_stride, p->height, bytes);
        return ALX_OK;
    }
    /* Only the rows that the second pass reads. */
    int first = v.first[0], rows = v.first[v.count - 1] + v.used[v.count - 1] - first;
    const uint8_t *in = p->src + (size_t)first * in_stride;
    if (!across) {
        resize_down(p->dst, p->dst_stride, in + (size_t)p->left * 3, in_stride, first, bytes, &v);
        return ALX_OK;
    }
    ALX_TRY(row_room(scratch, (size_t)rows, bytes, err));
    resize_across(scratch->rows, bytes, in, in_stride, rows, &h);
    resize_down(p->dst, p->dst_stride, scratch->rows, bytes, first, bytes, &v);
    return ALX_OK;
}

alx_status alx_resample(alx_resampler *scratch, uint8_t *dst, int dst_width, int dst_height, const uint8_t *src,
                        int src_width, int src_height, alx_filter filter, alx_error *err)
{
    alx_resample_part whole = {
        .src = src,
        .src_width = src_width,
        .src_height = src_height,
        .full_width = dst_width,
        .full_height = dst_height,
        .width = dst_width,
        .height = dst_height,
        .dst = dst,
        .dst_stride = (size_t)dst_width * 3,
        .filter = filter,
    };
    return alx_resample_cut(scratch, &whole, err);
}

void alx_resampler_finish(alx_resampler *scratch)
{
    free(scratch->rows);
    free(scratch->tables);
    *scratch = (alx_resampler){0};
}

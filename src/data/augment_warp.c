#include "data/augment_warp.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/clones.h"

/* In the loops below, omp simd is what makes gcc -O2 vectorise where the count is no constant. */
#define CLONES ALX_CLONES("arch=x86-64-v4", "avx2", "default")

/* Places in the source have 8 fractional bits. */
enum { FRACTION = 8, ONE = 1 << FRACTION, SAMPLES_MOST = 8, BLOCK = 64 };

const alx_choice alx_fill_choices[] = {{"edge", ALX_FILL_EDGE},   {"reflect", ALX_FILL_REFLECT},
                                       {"black", ALX_FILL_BLACK}, {"white", ALX_FILL_WHITE},
                                       {"mean", ALX_FILL_MEAN},   {NULL, 0}};

void alx_mean_colour(uint8_t mean[3], const uint8_t *rgb, size_t pixels)
{
    assert(pixels);
    uint64_t sums[3] = {0};
    for (size_t i = 0; i < pixels; i++)
        for (int c = 0; c < 3; c++) sums[c] += rgb[3 * i + (size_t)c];
    for (int c = 0; c < 3; c++) mean[c] = (uint8_t)((sums[c] + pixels / 2) / pixels);
}

/* ---- The source, as words, with a border of one pixel of the fill's colour ---- */

/* With a row and a word more: what lies beyond the far end of the border is read and weighs 0. */
size_t alx_warp_words(int src_height, int src_width)
{
    return ((size_t)src_height + 3) * ((size_t)src_width + 2) + 1;
}

CLONES
static void widen(uint32_t *restrict out, const uint8_t *restrict rgb, int count)
{
#pragma omp simd
    for (int i = 0; i < count; i++)
        out[i] = rgb[3 * i] | (uint32_t)rgb[3 * i + 1] << 8 | (uint32_t)rgb[3 * i + 2] << 16;
}

static void fill_words(const alx_warp *w)
{
    uint8_t colour[3];
    memset(colour, w->fill == ALX_FILL_WHITE ? 255 : 0, 3);
    if (w->fill == ALX_FILL_MEAN) alx_mean_colour(colour, w->src, (size_t)w->src_width * (size_t)w->src_height);
    const uint32_t border = colour[0] | (uint32_t)colour[1] << 8 | (uint32_t)colour[2] << 16;
    const size_t stride = (size_t)w->src_width + 2;
    for (int y = -1; y <= w->src_height; y++) {
        uint32_t *row = w->words + (size_t)(y + 1) * stride;
        bool inside = y >= 0 && y < w->src_height;
        for (size_t x = 0; !inside && x < stride; x++) row[x] = border;
        row[0] = row[stride - 1] = border;
        if (inside) widen(row + 1, w->src + (size_t)y * (size_t)w->src_width * 3, w->src_width);
    }
}

/* ---- Places ---- */

/* (i + shift_x[i], shift_y[i]) through one row of the map. */
CLONES
static void find_places(float *restrict out, int count, float across, float down, float first,
                        const float *restrict shift_x, const float *restrict shift_y)
{
#pragma omp simd
    for (int i = 0; i < count; i++) out[i] = across * ((float)i + shift_x[i]) + down * shift_y[i] + first;
}

/* Back and forth between the outer edges of an image of that size: -0.5 and size - 0.5. */
static void reflect_places(float *places, int count, int size)
{
    const float period = 2 * (float)size;
    for (int i = 0; i < count; i++) {
        float at = places[i] + 0.5f;
        at -= period * floorf(at / period);
        places[i] = (at > (float)size ? period - at : at) - 0.5f;
    }
}

/* In fixed point, and no farther than low and high. */
CLONES
static void round_places(int32_t *restrict out, const float *restrict places, int count, float low, float high)
{
#pragma omp simd
    for (int i = 0; i < count; i++) {
        float place = places[i] > low ? places[i] : low; /* NaN, of an infinite map, becomes low */
        place = place > high ? high : place;
        out[i] = (int32_t)((place + 1) * ONE + 0.5f) - ONE;
    }
}

static void find_row(const alx_warp *w, int32_t *out, int size, double across, double down, double first)
{
    const float *shift_x = w->shifts, *shift_y = shift_x + w->width;
    const bool border = w->fill != ALX_FILL_EDGE && w->fill != ALX_FILL_REFLECT;
    find_places(w->found, w->width, (float)across, (float)down, (float)first, shift_x, shift_y);
    if (w->fill == ALX_FILL_REFLECT) reflect_places(w->found, w->width, size);
    round_places(out, w->found, w->width, border ? -1 : 0, (float)(border ? size : size - 1));
}

/* The displacement of row j: down between two rows of nodes, then across between nodes. */
static void find_shifts(const alx_warp *w, int j, const float *field, float *nodes, float *out)
{
    const alx_augment_field *f = w->field;
    const float *above = field + (size_t)(j / f->spacing) * (size_t)f->columns, *below = above + f->columns;
    const float t = (float)(j % f->spacing) / (float)f->spacing;
    for (int k = 0; k < f->columns; k++) nodes[k] = above[k] + t * (below[k] - above[k]);
    for (int i = 0, k = 0; i < w->width; k++)
        for (int inner = 0; inner < f->spacing && i < w->width; inner++, i++)
            out[i] = nodes[k] + (float)inner / (float)f->spacing * (nodes[k + 1] - nodes[k]);
}

/* ---- Pixels ---- */

static inline uint32_t mix(uint32_t above, uint32_t below, uint32_t fy)
{
    return (above * (ONE - fy) + below * fy + (1u << 15)) >> 16;
}

/* Two words side by side, across: red and blue in the halves of a word, and green. */
static inline void mix_pair(uint32_t *red_blue, uint32_t *green, uint64_t pair, uint32_t fx)
{
    const uint32_t left = (uint32_t)pair, right = (uint32_t)(pair >> 32);
    *red_blue = (left & 0xff00ff) * (ONE - fx) + (right & 0xff00ff) * fx;
    *green = (left >> 8 & 255) * (ONE - fx) + (right >> 8 & 255) * fx;
}

/* Bilinear samples, added to planes of sums: (3, count).  words points at the pixel of place (0, 0).  Pixels are
 * fetched one by one, two at a time: gathering instructions are slower. */
CLONES
static void sample_row(uint32_t *restrict sums, const uint32_t *restrict words, int stride, const int32_t *restrict px,
                       const int32_t *restrict py, int count)
{
    uint32_t *restrict red = sums, *restrict green = sums + count, *restrict blue = green + count;
    int32_t at[BLOCK];
    uint64_t above[BLOCK], below[BLOCK];
    for (int first = 0; first < count; first += BLOCK) {
        const int n = count - first < BLOCK ? count - first : BLOCK;
#pragma omp simd
        for (int k = 0; k < n; k++) at[k] = (py[first + k] >> FRACTION) * stride + (px[first + k] >> FRACTION);
        for (int k = 0; k < n; k++) {
            memcpy(&above[k], words + at[k], sizeof above[k]);
            memcpy(&below[k], words + at[k] + stride, sizeof below[k]);
        }
#pragma omp simd
        for (int k = 0; k < n; k++) {
            const int i = first + k;
            const uint32_t fx = (uint32_t)px[i] & (ONE - 1), fy = (uint32_t)py[i] & (ONE - 1);
            uint32_t above_rb, above_g, below_rb, below_g;
            mix_pair(&above_rb, &above_g, above[k], fx);
            mix_pair(&below_rb, &below_g, below[k], fx);
            red[i] += mix(above_rb & 0xffff, below_rb & 0xffff, fy);
            green[i] += mix(above_g, below_g, fy);
            blue[i] += mix(above_rb >> 16, below_rb >> 16, fy);
        }
    }
}

CLONES
static void write_row(uint8_t *restrict out, const uint32_t *restrict sums, int count, uint32_t samples)
{
    const uint32_t *green = sums + count, *blue = green + count;
    /* x / samples for x below 2^14, exactly: samples is at most 64. */
    const uint32_t reciprocal = ((1u << 20) + samples - 1) / samples, half = samples / 2;
#pragma omp simd
    for (int i = 0; i < count; i++) {
        out[3 * i] = (uint8_t)((sums[i] + half) * reciprocal >> 20);
        out[3 * i + 1] = (uint8_t)((green[i] + half) * reciprocal >> 20);
        out[3 * i + 2] = (uint8_t)((blue[i] + half) * reciprocal >> 20);
    }
}

/* ---- The whole ---- */

/* How many samples make a pixel along one axis of the result, whose step in the source is (x, y). */
static int samples_for(double x, double y)
{
    double step = hypot(x, y);
    if (!(step > 1.5)) return 1;
    return step > SAMPLES_MOST ? SAMPLES_MOST : (int)ceil(step);
}

/* A row of pixels, mirrored.  Four bytes at a time: the last one is the next pixel's, which then writes it. */
static void copy_mirrored(uint8_t *to, const uint8_t *from, int width)
{
    const uint8_t *last = from + 3 * (width - 1);
    if (width > 1) memcpy(to, last, 3);
    for (int i = 1; i < width - 1; i++) memcpy(to + 3 * i, last - 3 * i, 4);
    memcpy(to + 3 * (width - 1), from, 3);
}

/* True, and done, where the map only moves and mirrors whole pixels that are all there. */
static bool copy(const alx_warp *w)
{
    const alx_augment_map *m = &w->map;
    bool plain = !w->field && fabs(m->xx) == 1.0 && m->xy == 0.0 && m->yx == 0.0 && m->yy == 1.0;
    double last = m->x0 + m->xx * (w->width - 1), left = m->x0 < last ? m->x0 : last;
    if (!plain || left != floor(left) || m->y0 != floor(m->y0) || left < 0 || m->y0 < 0 ||
        left + w->width > w->src_width || m->y0 + w->height > w->src_height)
        return false;
    size_t row = (size_t)w->width * 3;
    for (int j = 0; j < w->height; j++) {
        const uint8_t *from = w->src + ((size_t)(m->y0 + j) * (size_t)w->src_width + (size_t)left) * 3;
        uint8_t *to = w->dst + (size_t)j * row;
        if (m->xx > 0)
            memcpy(to, from, row);
        else
            copy_mirrored(to, from, w->width);
    }
    return true;
}

void alx_warp_run(const alx_warp *w)
{
    if (copy(w)) return;
    const alx_augment_map *m = &w->map;
    const int nx = samples_for(m->xx, m->yx), ny = samples_for(m->xy, m->yy), stride = w->src_width + 2;
    float *shift_x = w->shifts, *shift_y = shift_x + w->width, *nodes = shift_y + w->width;
    int32_t *px = w->places, *py = px + w->width;
    fill_words(w);
    memset(shift_x, 0, 2 * (size_t)w->width * sizeof *shift_x);
    for (int j = 0; j < w->height; j++) {
        if (w->field) {
            find_shifts(w, j, w->field->dx, nodes, shift_x);
            find_shifts(w, j, w->field->dy, nodes, shift_y);
        }
        memset(w->sums, 0, 3 * (size_t)w->width * sizeof *w->sums);
        for (int s = 0; s < nx * ny; s++) {
            double u = (s % nx + 0.5) / nx - 0.5, v = j + (s / nx + 0.5) / ny - 0.5;
            find_row(w, px, w->src_width, m->xx, m->xy, m->xx * u + m->xy * v + m->x0);
            find_row(w, py, w->src_height, m->yx, m->yy, m->yx * u + m->yy * v + m->y0);
            sample_row(w->sums, w->words + stride + 1, stride, px, py, w->width);
        }
        write_row(w->dst + (size_t)j * (size_t)w->width * 3, w->sums, w->width, (uint32_t)(nx * ny));
    }
}

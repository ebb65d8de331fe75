/* stroke_width: what is written becomes bolder or finer. */
#include <math.h>
#include <string.h>

#include "base/clones.h"
#include "data/augment_class.h"

typedef enum ink { INK_DARK, INK_LIGHT } ink;

typedef struct stroke_config {
    alx_augment_chance chance;
    alx_numbers radius;
    int ink;
} stroke_config;

enum { RADIUS_MOST = 16 };

static const alx_choice ink_choices[] = {{"dark", INK_DARK}, {"light", INK_LIGHT}, {NULL, 0}};

/* clang-format off */
static const alx_option stroke_options[] = {
    {"radius", ALX_OPTION_NUMBERS, offsetof(stroke_config, radius), "1", -RADIUS_MOST, RADIUS_MOST, NULL, "width size kernel_size",
     {"pixels that each edge of a stroke moves outwards: [low, high], below 0 for finer strokes, or one number r for -r to r",
      "笔画每侧边缘外移的像素数：[下限, 上限]，负数使笔画变细，或一个数 r 表示 -r 到 r"}},
    {"ink", ALX_OPTION_CHOICE, offsetof(stroke_config, ink), "dark", 0, 0, ink_choices, "foreground polarity",
     {"whether strokes are darker or lighter than the ground", "笔画比背景暗（dark）还是亮（light）"}},
    ALX_PROBABILITY_ROW(stroke_config, "1"),
    {0},
};
/* clang-format on */

/* least[i] = min(least[i], from[i] ^ invert) */
ALX_CLONES("avx2", "default")
static void take_least(uint8_t *restrict least, const uint8_t *restrict from, size_t count, uint8_t invert)
{
#pragma omp simd
    for (size_t i = 0; i < count; i++) {
        uint8_t value = from[i] ^ invert;
        least[i] = value < least[i] ? value : least[i];
    }
}

/* The least value within a disc of radius + 1/2 around each pixel of row y; what lies outside the image is left out. */
static void least_around(uint8_t *least, const alx_augment_pixels *p, int y, int radius, uint8_t invert)
{
    memset(least, 255, (size_t)p->width * 3);
    for (int dy = -radius; dy <= radius; dy++) {
        if (y + dy < 0 || y + dy >= p->height) continue;
        const uint8_t *row = p->rgb + (size_t)(y + dy) * (size_t)p->width * 3;
        for (int dx = -radius; dx <= radius; dx++) {
            if (dx * dx + dy * dy > radius * (radius + 1) || dx >= p->width || -dx >= p->width) continue;
            size_t to = dx < 0 ? (size_t)-dx * 3 : 0, from = dx > 0 ? (size_t)dx * 3 : 0;
            take_least(least + to, row + from, (size_t)p->width * 3 - to - from, invert);
        }
    }
}

/* between = a + share (b - a) in 8 bits, inverted back. */
static void mix_rows(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t count, int share, uint8_t invert)
{
    for (size_t i = 0; i < count; i++) out[i] = (uint8_t)((a[i] * (256 - share) + b[i] * share + 128) >> 8) ^ invert;
}

/* Dark strokes grow where each pixel takes the least value around it, and shrink where it takes the greatest, which is
 * the least of the inverted image.  A radius between two whole ones mixes their results. */
static void stroke_change(const void *config, alx_augment_draw *draw, alx_augment_pixels *pixels)
{
    const stroke_config *c = config;
    const double radius = alx_range_draw(alx_range_around(&c->radius, 0), draw);
    const uint8_t invert = (radius < 0) == (c->ink == INK_DARK) ? 255 : 0;
    const int whole = (int)fabs(radius), share = (int)lrint(256 * (fabs(radius) - whole));
    const size_t row = (size_t)pixels->width * 3;
    uint8_t *inner = (uint8_t *)pixels->row, *outer = inner + row;
    for (int y = 0; y < pixels->height; y++) {
        least_around(inner, pixels, y, whole, invert);
        if (share) least_around(outer, pixels, y, whole + 1, invert);
        mix_rows(pixels->spare + (size_t)y * row, inner, share ? outer : inner, row, share, invert);
    }
    uint8_t *changed = pixels->spare;
    pixels->spare = pixels->rgb;
    pixels->rgb = changed;
}

const alx_augment_class alx_augment_stroke_width = {
    .name = "stroke_width",
    .also = "stroke dilate erode dilation erosion morphology bold thickness",
    .help = {"make strokes bolder or finer, for writing and line drawings", "使笔画变粗或变细，适用于文字和线条图"},
    .options = stroke_options,
    .config_size = sizeof(stroke_config),
    .may_happen = true,
    .change = stroke_change,
};

#include "data/mix.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/rng.h"

#define AT(field) offsetof(alx_mix_config, field)

/* clang-format off */
#define MIX_OPTIONS(usual)                                                                                              \
    {"alpha", ALX_OPTION_NUMBER, AT(alpha), usual, 0.01, 100, NULL, "a beta",                                           \
     {"shares come from Beta(alpha, alpha): small, and most images stay nearly whole; 1: any share alike",             \
      "混合比例取自 Beta(alpha, alpha)：越小，多数图像越接近原样；1 表示各种比例机会均等"}},                           \
    {"probability", ALX_OPTION_NUMBER, AT(probability), "1", 0, 1, NULL, "p prob rate",                                 \
     {"share of images that are mixed", "被混合的图像所占的比例"}},                                                     \
    {0}
/* clang-format on */

const alx_option alx_mixup_options[] = {MIX_OPTIONS("0.2")};
const alx_option alx_cutmix_options[] = {MIX_OPTIONS("1")};

/* ---- Beta(alpha, alpha) ---- */

/* Where a draw's words come from: element after element of one (seed, epoch, sample, place). */
typedef struct stream {
    uint64_t seed;
    uint32_t epoch, sample, element;
} stream;

enum { ELEMENTS = 1024 /* of a place in the list: more than any draw takes */ };

static alx_rng4 next_words(stream *s)
{
    return alx_rng_draw(s->seed, ALX_RNG_MIX, s->epoch, s->sample, s->element++);
}

static double open_unit(uint32_t word)
{
    return ((double)word + 0.5) * 0x1p-32;
}

/* Marsaglia and Tsang, "A simple method for generating gamma variables", 2000; for shapes below 1 the power of sec. 6.
 * One draw in twenty is rejected: a hundred in a row do not happen. */
static double draw_gamma(stream *s, double shape)
{
    const double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3, c = 1 / sqrt(9 * d);
    double v = 1;
    for (int attempt = 0; attempt < 100; attempt++) {
        const alx_rng4 words = next_words(s);
        float normal[2];
        alx_rng_normal(words.v[0], words.v[1], normal);
        const double x = (double)normal[0], root = 1 + c * x;
        v = root * root * root;
        if (root > 0 && log(open_unit(words.v[2])) < 0.5 * x * x + d - d * v + d * log(v)) break;
    }
    if (shape >= 1) return d * v;
    return d * v * pow(open_unit(next_words(s).v[0]), 1 / shape);
}

/* 0..1; two gammas that are both too small to be told from 0 share alike. */
static double draw_beta(stream *s, double alpha)
{
    const double a = draw_gamma(s, alpha), b = draw_gamma(s, alpha);
    return a + b > 0 ? a / (a + b) : 0.5;
}

/* ---- Drawing ---- */

static int below(uint32_t word, int64_t bound)
{
    return (int)(((uint64_t)word * (uint64_t)bound) >> 32);
}

/* A box of 1 - share of the area and the image's own aspect, around any point; what hangs over the edge is cut off, and
 * the share follows (Yun et al. 2019, eq. 2 and their code). */
static void draw_box(alx_mix *mix, const alx_preprocess *p, const uint32_t words[2])
{
    const double side = sqrt(1 - (double)mix->share);
    const int height = (int)((double)p->height * side), width = (int)((double)p->width * side);
    const int y = below(words[0], p->height), x = below(words[1], p->width);
    const int top = y - height / 2, left = x - width / 2, bottom = top + height, right = left + width;
    mix->top = top > 0 ? top : 0;
    mix->left = left > 0 ? left : 0;
    mix->height = (bottom < p->height ? bottom : p->height) - mix->top;
    mix->width = (right < p->width ? right : p->width) - mix->left;
    mix->share = 1.0f - (float)mix->height * (float)mix->width / ((float)p->height * (float)p->width);
}

void alx_mix_draw(alx_mix *mix, alx_mix_kind kind, const alx_mix_config *config, const alx_preprocess *p, int64_t count,
                  uint64_t seed, uint32_t epoch, uint32_t sample, uint32_t place)
{
    stream s = {seed, epoch, sample, place * ELEMENTS};
    const alx_rng4 first = next_words(&s);
    *mix = (alx_mix){.partner = -1, .share = 1, .kind = kind};
    if ((double)alx_rng_unit(first.v[0]) >= config->probability) return;
    mix->partner = below(first.v[1], count);
    mix->share = (float)draw_beta(&s, config->alpha);
    /* A share of 0.3 with this partner is one of 0.7 seen from there: each image stays the larger part of its mixture,
     * and mixtures are as likely as before. */
    if (kind == ALX_MIXUP && mix->share < 0.5f) mix->share = 1 - mix->share;
    if (kind == ALX_CUTMIX) draw_box(mix, p, first.v + 2);
}

void alx_mix_blend(const alx_mix *mix, const alx_preprocess *p, const float *partner, float *x)
{
    const size_t row = (size_t)p->width, plane = row * (size_t)p->height, all = plane * (size_t)p->channels;
    if (mix->kind == ALX_MIXUP) {
        const float own = mix->share, other = 1 - own;
        for (size_t i = 0; i < all; i++) x[i] = own * x[i] + other * partner[i];
        return;
    }
    for (int c = 0; c < p->channels; c++)
        for (int y = mix->top; y < mix->top + mix->height; y++) {
            const size_t at = (size_t)c * plane + (size_t)y * row + (size_t)mix->left;
            memcpy(x + at, partner + at, (size_t)mix->width * sizeof *x);
        }
}

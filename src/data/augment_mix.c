/* mixup (Zhang et al. 2018) and cutmix (Yun et al. 2019): two images as one, with both labels by their shares.
 *
 * The partner is any image of the set, drawn for this image and epoch, not one of its batch: how the set is cut into
 * batches changes nothing. */
#include <math.h>
#include <string.h>

#include "base/clones.h"
#include "data/augment_class.h"

typedef struct mix_config {
    alx_augment_chance chance;
    double alpha; /* of the Beta(alpha, alpha) that the share is drawn from */
} mix_config;

/* clang-format off */
#define MIX_ROWS(usual)                                                                                                \
    {"alpha", ALX_OPTION_NUMBER, offsetof(mix_config, alpha), usual, 0.01, 100, NULL, "a beta",                        \
     {"shares come from Beta(alpha, alpha): small, and most images stay nearly whole; 1: any share alike",            \
      "混合比例取自 Beta(alpha, alpha)：越小，多数图像越接近原样；1 表示各种比例机会均等"}},                          \
    ALX_PROBABILITY_ROW(mix_config, "1"),                                                                              \
    {0}
/* clang-format on */

static const alx_option mixup_options[] = {MIX_ROWS("0.2")};
static const alx_option cutmix_options[] = {MIX_ROWS("1")};

/* ---- Beta(alpha, alpha) ---- */

static double open_unit(uint32_t word)
{
    return ((double)word + 0.5) * 0x1p-32;
}

/* Marsaglia and Tsang, "A simple method for generating gamma variables", 2000; for shapes below 1 the power of sec. 6.
 * One draw in twenty is rejected: a hundred in a row do not happen. */
static double draw_gamma(alx_augment_draw *draw, double shape)
{
    const double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3, c = 1 / sqrt(9 * d);
    double v = 1;
    for (int attempt = 0; attempt < 100; attempt++) {
        const uint32_t a = alx_augment_word(draw), b = alx_augment_word(draw);
        float normal[2];
        alx_rng_normal(a, b, normal);
        const double x = (double)normal[0], root = 1 + c * x;
        v = root * root * root;
        if (root > 0 && log(open_unit(alx_augment_word(draw))) < 0.5 * x * x + d - d * v + d * log(v)) break;
    }
    if (shape >= 1) return d * v;
    return d * v * pow(open_unit(alx_augment_word(draw)), 1 / shape);
}

/* 0..1; two gammas that are both too small to be told from 0 share alike. */
static double draw_beta(alx_augment_draw *draw, double alpha)
{
    const double a = draw_gamma(draw, alpha), b = draw_gamma(draw, alpha);
    return a + b > 0 ? a / (a + b) : 0.5;
}

/* ---- Drawing ---- */

static int64_t below(uint32_t word, int64_t bound)
{
    return (int64_t)(((uint64_t)word * (uint64_t)bound) >> 32);
}

static void draw_partner(const mix_config *config, int64_t count, alx_augment_draw *draw, alx_mix *mix)
{
    mix->partner = below(alx_augment_word(draw), count);
    mix->share = (float)draw_beta(draw, config->alpha);
}

/* A share of 0.3 with this partner is one of 0.7 seen from there: each image stays the larger part of its mixture, and
 * mixtures are as likely as before. */
static void mixup(const void *config, const alx_preprocess *p, int64_t count, alx_augment_draw *draw, alx_mix *mix)
{
    (void)p;
    draw_partner(config, count, draw, mix);
    mix->boxed = false;
    if (mix->share < 0.5f) mix->share = 1 - mix->share;
}

/* A box of 1 - share of the area and the image's own aspect, around any point; what hangs over the edge is cut off, and
 * the share follows (Yun et al. 2019, eq. 2 and their code). */
static void cutmix(const void *config, const alx_preprocess *p, int64_t count, alx_augment_draw *draw, alx_mix *mix)
{
    draw_partner(config, count, draw, mix);
    const double side = sqrt(1 - (double)mix->share);
    const int height = (int)((double)p->height * side), width = (int)((double)p->width * side);
    const int top = (int)below(alx_augment_word(draw), p->height) - height / 2, bottom = top + height;
    const int left = (int)below(alx_augment_word(draw), p->width) - width / 2, right = left + width;
    mix->boxed = true;
    mix->top = top > 0 ? top : 0;
    mix->left = left > 0 ? left : 0;
    mix->height = (bottom < p->height ? bottom : p->height) - mix->top;
    mix->width = (right < p->width ? right : p->width) - mix->left;
    mix->share = 1.0f - (float)mix->height * (float)mix->width / ((float)p->height * (float)p->width);
}

bool alx_augment_mixes(const alx_augment_list *list)
{
    for (int i = 0; i < list->count; i++)
        if (list->items[i].cls->mix) return true;
    return false;
}

bool alx_augment_mix(alx_mix *mix, const alx_augment_list *list, const alx_preprocess *p, int64_t count,
                     const alx_augment_key *key)
{
    for (int i = 0; i < list->count; i++) {
        const alx_augment_class *cls = list->items[i].cls;
        if (!cls->mix) continue;
        alx_augment_draw draw = {.key = *key, .place = (uint32_t)i};
        const alx_augment_chance *chance = list->items[i].config;
        if ((double)alx_rng_unit(alx_augment_word(&draw)) >= chance->probability) continue;
        cls->mix(list->items[i].config, p, count, &draw, mix);
        return true;
    }
    return false;
}

/* ---- Pixels ---- */

ALX_CLONES("avx512f", "avx2", "default")
static void blend(uint8_t *own, const uint8_t *other, size_t count, uint32_t weight)
{
    for (size_t i = 0; i < count; i++)
        own[i] = (uint8_t)((own[i] * weight + other[i] * (65536u - weight) + 32768u) >> 16);
}

void alx_mix_pixels(const alx_mix *mix, const alx_preprocess *p, const uint8_t *partner, uint8_t *rgb)
{
    const size_t row = (size_t)p->width * 3;
    if (!mix->boxed) {
        blend(rgb, partner, row * (size_t)p->height, (uint32_t)lrintf(mix->share * 65536.0f));
        return;
    }
    for (int y = mix->top; y < mix->top + mix->height; y++) {
        const size_t at = (size_t)y * row + (size_t)mix->left * 3;
        memcpy(rgb + at, partner + at, (size_t)mix->width * 3);
    }
}

/* ---- Classes ---- */

const alx_augment_class alx_augment_mixup = {
    .name = "mixup",
    .help = {"a weighted mean of two images, with both labels by their shares",
             "两幅图像的加权平均，两个标签按同样的比例计算损失"},
    .also = "mix_up MixUp RandomMixup",
    .options = mixup_options,
    .config_size = sizeof(mix_config),
    .may_happen = true,
    .mix = mixup,
};

const alx_augment_class alx_augment_cutmix = {
    .name = "cutmix",
    .help = {"a box of another image in place of its own, with both labels by their areas",
             "用另一幅图像的一块替换相应区域，两个标签按面积计算损失"},
    .also = "cut_mix CutMix RandomCutmix",
    .options = cutmix_options,
    .config_size = sizeof(mix_config),
    .may_happen = true,
    .mix = cutmix,
};

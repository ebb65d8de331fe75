/* Augmentations of pixels: blur, noise, and parts that are erased. */
#include <math.h>
#include <string.h>

#include "base/clones.h"
#include "data/augment_class.h"

/* ---- gaussian_blur ---- */

typedef struct blur_config {
    alx_augment_chance chance;
    alx_numbers sigma;
} blur_config;

enum { SIGMA_MOST = 32, TAPS_MOST = 3 * SIGMA_MOST, BITS = 16 };

/* clang-format off */
static const alx_option blur_options[] = {
    {"sigma", ALX_OPTION_NUMBERS, offsetof(blur_config, sigma), "[0.1, 2]", 0, SIGMA_MOST, NULL, "radius std blur_limit",
     {"standard deviation in pixels: [low, high], or one number", "标准差（像素）：[下限, 上限]，或一个固定的数"}},
    ALX_PROBABILITY_ROW(blur_config, "1"),
    {0},
};
/* clang-format on */

/* sums[i] += weight (a[i] + b[i]) */
ALX_CLONES("avx512f", "avx2", "default")
static void add_pair(uint32_t *restrict sums, const uint8_t *restrict a, const uint8_t *restrict b, size_t count,
                     uint32_t weight)
{
#pragma omp simd
    for (size_t i = 0; i < count; i++) sums[i] += weight * ((uint32_t)a[i] + b[i]);
}

ALX_CLONES("avx512f", "avx2", "default")
static void finish_row(uint8_t *restrict out, const uint32_t *restrict sums, size_t count)
{
#pragma omp simd
    for (size_t i = 0; i < count; i++) out[i] = (uint8_t)((sums[i] + (1u << (BITS - 1))) >> BITS);
}

/* Whole weights of a Gaussian whose sum is 2^16: weights[0] the middle, then each side.  Returns the radius. */
static int gaussian(uint32_t weights[TAPS_MOST + 1], double sigma)
{
    int radius = (int)ceil(3 * sigma);
    double sum = 1;
    for (int k = 1; k <= radius; k++) sum += 2 * exp(-0.5 * k * k / (sigma * sigma));
    weights[0] = 1u << BITS;
    for (int k = 1; k <= radius; k++) {
        weights[k] = (uint32_t)lrint((1 << BITS) * exp(-0.5 * k * k / (sigma * sigma)) / sum);
        weights[0] -= 2 * weights[k];
    }
    return radius;
}

static int clamp(int at, int size)
{
    return at < 0 ? 0 : at >= size ? size - 1 : at;
}

/* One row across; its first and last `radius` pixels take the edge for what lies beyond. */
static void blur_row(uint8_t *out, const uint8_t *in, int width, const uint32_t *weights, int radius, uint32_t *sums)
{
    int rim = radius < width / 2 ? radius : width; /* no middle: all are rim */
    for (int x = 0; x < width; x++) {
        if (x == rim && rim < width) x = width - rim;
        for (int c = 0; c < 3; c++) {
            uint32_t sum = weights[0] * in[3 * x + c];
            for (int k = 1; k <= radius; k++)
                sum += weights[k] * ((uint32_t)in[3 * clamp(x - k, width) + c] + in[3 * clamp(x + k, width) + c]);
            out[3 * x + c] = (uint8_t)((sum + (1u << (BITS - 1))) >> BITS);
        }
    }
    if (rim == width) return;
    size_t count = (size_t)(width - 2 * rim) * 3;
    const uint8_t *middle = in + 3 * rim;
    for (size_t i = 0; i < count; i++) sums[i] = weights[0] * middle[i];
    for (int k = 1; k <= radius; k++) add_pair(sums, middle - 3 * k, middle + 3 * k, count, weights[k]);
    finish_row(out + 3 * rim, sums, count);
}

/* Across into spare, then down; rounded to bytes between, as Pillow's passes are. */
static void blur_change(const void *config, alx_augment_draw *draw, alx_augment_pixels *p)
{
    const blur_config *c = config;
    const double sigma = alx_range_draw(alx_range_of(&c->sigma), draw);
    uint32_t weights[TAPS_MOST + 1];
    if (sigma < 0.05) return; /* the neighbours' weights would be below 2^-16 */
    const int radius = gaussian(weights, sigma);
    const size_t row = (size_t)p->width * 3;
    for (int y = 0; y < p->height; y++)
        blur_row(p->spare + (size_t)y * row, p->rgb + (size_t)y * row, p->width, weights, radius, p->row);
    for (int y = 0; y < p->height; y++) {
        const uint8_t *in = p->spare + (size_t)y * row;
        for (size_t i = 0; i < row; i++) p->row[i] = weights[0] * in[i];
        for (int k = 1; k <= radius; k++)
            add_pair(p->row, p->spare + (size_t)clamp(y - k, p->height) * row,
                     p->spare + (size_t)clamp(y + k, p->height) * row, row, weights[k]);
        finish_row(p->rgb + (size_t)y * row, p->row, row);
    }
}

const alx_augment_class alx_augment_gaussian_blur = {
    .name = "gaussian_blur",
    .also = "gaussianblur blur randomgaussianblur random_gaussian_blur",
    .help = {"make the image softer", "高斯模糊"},
    .options = blur_options,
    .config_size = sizeof(blur_config),
    .may_happen = true,
    .change = blur_change,
};

/* ---- noise ---- */

typedef struct noise_config {
    alx_augment_chance chance;
    alx_numbers stddev;
} noise_config;

/* clang-format off */
static const alx_option noise_options[] = {
    {"stddev", ALX_OPTION_NUMBERS, offsetof(noise_config, stddev), "[0, 0.05]", 0, 1, NULL, "std sigma sd var",
     {"standard deviation, where white is 1: [low, high], or one number", "标准差（白色为 1）：[下限, 上限]，或一个固定的数"}},
    ALX_PROBABILITY_ROW(noise_config, "1"),
    {0},
};
/* clang-format on */

/* value + normal x scale, rounded; normals are times 4096, scale times 256. */
static inline uint8_t add_noise(uint8_t value, int normal, int scale)
{
    int sum = value + ((normal * scale + (1 << 19)) >> 20);
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

/* Normals are looked up by 12 of a word's bits: many times faster than computing them, and as good in bytes. */
static void noise_change(const void *config, alx_augment_draw *draw, alx_augment_pixels *p)
{
    const noise_config *c = config;
    const int scale = (int)lrint(255 * 256 * alx_range_draw(alx_range_of(&c->stddev), draw));
    const size_t each = p->grey ? 3 : 1, count = (size_t)p->height * (size_t)p->width * 3 / each;
    uint32_t words[4][ALX_RNG_MANY];
    uint8_t *out = p->rgb;
    uint32_t first = 0;
    for (size_t done = 0; done < count; first += ALX_RNG_MANY) {
        alx_augment_draw_many(draw, words, first);
        for (size_t i = 0; i < (size_t)8 * ALX_RNG_MANY && done < count; i++, done++) {
            uint32_t word = words[i / 2 / ALX_RNG_MANY][i / 2 % ALX_RNG_MANY];
            int normal = p->normals[(i % 2 ? word >> 20 : word) % ALX_NORMALS];
            for (size_t k = 0; k < each; k++, out++) *out = add_noise(*out, normal, scale);
        }
    }
}

const alx_augment_class alx_augment_noise = {
    .name = "noise",
    .also = "gaussiannoise gaussian_noise gauss_noise gaussnoise randomnoise",
    .help = {"add Gaussian noise", "加入高斯噪声"},
    .options = noise_options,
    .config_size = sizeof(noise_config),
    .may_happen = true,
    .change = noise_change,
};

/* ---- erase (Zhong et al. 2020, "Random erasing data augmentation") ---- */

typedef enum erase_fill { ERASE_MEAN, ERASE_RANDOM, ERASE_BLACK, ERASE_WHITE } erase_fill;

typedef struct erase_config {
    alx_augment_chance chance;
    alx_numbers scale, ratio;
    int fill;
} erase_config;

static const alx_choice erase_fills[] = {
    {"mean", ERASE_MEAN}, {"random", ERASE_RANDOM}, {"black", ERASE_BLACK}, {"white", ERASE_WHITE}, {NULL, 0}};

/* clang-format off */
static const alx_option erase_options[] = {
    ALX_PROBABILITY_ROW(erase_config, "0.5"),
    {"scale", ALX_OPTION_NUMBERS, offsetof(erase_config, scale), "[0.02, 0.33]", 1e-300, 1, NULL, "area size",
     {"area of the part, as a share of the image's", "擦除区域占图像面积的比例"}},
    {"ratio", ALX_OPTION_NUMBERS, offsetof(erase_config, ratio), "[0.3, 3.3]", 1e-300, 1e18, NULL, "aspect",
     {"its width divided by its height", "擦除区域的宽高比"}},
    {"fill", ALX_OPTION_CHOICE, offsetof(erase_config, fill), "mean", 0, 0, erase_fills, "value fill_value",
     {"mean: the image's own; random: noise", "mean 为该图像自身的平均色，random 为随机噪声"}},
    {0},
};
/* clang-format on */

static void erase_part(const erase_config *c, const alx_augment_draw *draw, alx_augment_pixels *p, int top, int left,
                       int height, int width)
{
    uint8_t colour[3];
    memset(colour, c->fill == ERASE_WHITE ? 255 : 0, 3);
    if (c->fill == ERASE_MEAN) alx_mean_colour(colour, p->rgb, (size_t)p->height * (size_t)p->width);
    uint32_t words[4][ALX_RNG_MANY];
    size_t used = 0;
    for (int y = top; y < top + height; y++) {
        uint8_t *out = p->rgb + ((size_t)y * (size_t)p->width + (size_t)left) * 3;
        for (int x = 0; x < width; x++, out += 3, used++) {
            size_t place = used % ((size_t)4 * ALX_RNG_MANY);
            if (c->fill == ERASE_RANDOM && place == 0) alx_augment_draw_many(draw, words, (uint32_t)(used / 4));
            uint32_t word = c->fill == ERASE_RANDOM ? words[place / ALX_RNG_MANY][place % ALX_RNG_MANY] : 0;
            for (int k = 0; k < 3; k++)
                out[k] = (uint8_t)(c->fill == ERASE_RANDOM ? word >> (p->grey ? 0 : 8 * k) : colour[k]);
        }
    }
}

/* As torchvision: ten attempts to find a part that fits. */
static void erase_change(const void *config, alx_augment_draw *draw, alx_augment_pixels *p)
{
    const erase_config *c = config;
    const alx_range scale = alx_range_of(&c->scale), ratio = alx_range_of(&c->ratio);
    for (int attempt = 0; attempt < 10; attempt++) {
        double area = alx_range_draw(scale, draw) * p->height * p->width;
        double aspect = exp(alx_augment_uniform(draw, log(ratio.low), log(ratio.high)));
        double height = rint(sqrt(area / aspect)), width = rint(sqrt(area * aspect));
        if (height > p->height || width > p->width) continue;
        int top = (int)alx_augment_uniform(draw, 0, p->height - height + 1);
        int left = (int)alx_augment_uniform(draw, 0, p->width - width + 1);
        erase_part(c, draw, p, top, left, (int)height, (int)width);
        return;
    }
}

const alx_augment_class alx_augment_erase = {
    .name = "erase",
    .also = "randomerasing random_erasing randomerase cutout coarsedropout coarse_dropout hide",
    .help = {"replace a rectangle, so that no single part decides", "抹去一个矩形，使判断不依赖某一局部"},
    .options = erase_options,
    .config_size = sizeof(erase_config),
    .may_happen = true,
    .change = erase_change,
};

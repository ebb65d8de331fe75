/* Augmentations of colour: the same change of every pixel. */
#include <assert.h>
#include <math.h>

#include "base/clones.h"
#include "data/augment_class.h"

#define CLONES ALX_CLONES("arch=x86-64-v4", "avx2", "default")

enum { RUN = 256 }; /* pixels of a part that stays in the first cache between two passes over it */

/* Cut off towards 0; bounded as a whole number, which takes half as many instructions as bounding the float. */
static inline uint8_t to_byte(float value)
{
    const int whole = (int)value;
    return (uint8_t)(whole < 0 ? 0 : whole > 255 ? 255 : whole);
}

static inline size_t run_at(size_t first, size_t pixels)
{
    return pixels - first < RUN ? pixels - first : RUN;
}

/* ---- color_jitter ---- */

typedef struct jitter_config {
    alx_augment_chance chance;
    alx_numbers brightness, contrast, saturation, hue;
} jitter_config;

/* clang-format off */
static const alx_option jitter_options[] = {
    {"brightness", ALX_OPTION_NUMBERS, offsetof(jitter_config, brightness), "0.2", 0, 100, NULL, "brightness_range",
     {"factor of the brightness: [low, high], or one number s for 1 - s to 1 + s",
      "亮度倍数：[下限, 上限]，或一个数 s 表示 1 - s 到 1 + s"}},
    {"contrast", ALX_OPTION_NUMBERS, offsetof(jitter_config, contrast), "0.2", 0, 100, NULL, "contrast_range",
     {"the same for the contrast: distances from the mean luma", "对比度倍数：各值到平均亮度的距离"}},
    {"saturation", ALX_OPTION_NUMBERS, offsetof(jitter_config, saturation), "0.2", 0, 100, NULL, "color colour",
     {"the same for the colours: distances from the pixel's luma", "饱和度倍数：各值到该像素亮度的距离"}},
    {"hue", ALX_OPTION_NUMBERS, offsetof(jitter_config, hue), "0", -0.5, 0.5, NULL, NULL,
     {"turns of the colour circle: [low, high], or one number h for -h to h", "色相旋转的圈数：[下限, 上限]，或一个数 h 表示 -h 到 h"}},
    ALX_PROBABILITY_ROW(jitter_config, "1"),
    {0},
};
/* clang-format on */

/* value + factor (x - value), as Pillow's Image.blend computes it: in single precision, cut off towards 0. */
CLONES
static void blend_with(uint8_t *rgb, size_t count, int value, float factor)
{
#pragma omp simd
    for (size_t i = 0; i < count; i++) rgb[i] = to_byte((float)value + factor * (float)(rgb[i] - value));
}

/* Luma by itself first, then three bytes of it for each pixel, so that the arithmetic runs over bytes in a row. */
CLONES
static void blend_with_luma(uint8_t *rgb, size_t pixels, float factor)
{
    uint8_t one[RUN], luma[3 * RUN];
    for (size_t first = 0; first < pixels; first += RUN) {
        const size_t count = run_at(first, pixels);
        uint8_t *part = rgb + 3 * first;
#pragma omp simd
        for (size_t i = 0; i < count; i++) one[i] = alx_luma(part + 3 * i);
#pragma omp simd
        for (size_t i = 0; i < count; i++) luma[3 * i] = luma[3 * i + 1] = luma[3 * i + 2] = one[i];
#pragma omp simd
        for (size_t i = 0; i < 3 * count; i++) part[i] = to_byte((float)luma[i] + factor * (float)(part[i] - luma[i]));
    }
}

CLONES
static int mean_luma(const uint8_t *rgb, size_t pixels)
{
    assert(pixels);
    uint64_t sum = 0;
    for (size_t first = 0; first < pixels; first += RUN) {
        const size_t count = run_at(first, pixels);
        uint32_t part = 0; /* whole numbers: any order gives the same */
#pragma omp simd reduction(+ : part)
        for (size_t i = first; i < first + count; i++) part += alx_luma(rgb + 3 * i);
        sum += part;
    }
    return (int)((2 * sum + pixels) / (2 * pixels));
}

/* Hue, in sixths of a turn, of a pixel with maximum m and chroma c above 0 (Smith 1978, "Color gamut transform pairs").
 */
static inline float hue_of(float r, float g, float b, float most, float chroma)
{
    float hue = most == r ? (g - b) / chroma : most == g ? 2 + (b - r) / chroma : 4 + (r - g) / chroma;
    return hue < 0 ? hue + 6 : hue;
}

/* A channel from hue, maximum and chroma: most - chroma max(0, min(k, 4 - k, 1)), k = (n + hue) mod 6. */
static inline uint8_t channel(float n, float hue, float most, float chroma)
{
    float k = n + hue >= 6 ? n + hue - 6 : n + hue;
    float share = k < 4 - k ? k : 4 - k;
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    return (uint8_t)(most - chroma * share + 0.5f);
}

/* turn: 0 to 6 sixths.  Grey pixels have chroma 0 and stay. */
CLONES
static void turn_hue(uint8_t *rgb, size_t pixels, float turn)
{
#pragma omp simd
    for (size_t i = 0; i < pixels; i++) {
        float r = rgb[3 * i], g = rgb[3 * i + 1], b = rgb[3 * i + 2];
        float most = r > g ? r : g, least = r < g ? r : g;
        most = b > most ? b : most;
        least = b < least ? b : least;
        float chroma = most - least, hue = hue_of(r, g, b, most, chroma > 0 ? chroma : 1) + turn;
        hue = hue >= 6 ? hue - 6 : hue;
        rgb[3 * i] = channel(5, hue, most, chroma);
        rgb[3 * i + 1] = channel(3, hue, most, chroma);
        rgb[3 * i + 2] = channel(1, hue, most, chroma);
    }
}

/* The four changes in a random order, as torchvision's ColorJitter. */
static void jitter_change(const void *config, alx_augment_draw *draw, alx_augment_pixels *pixels)
{
    const jitter_config *c = config;
    const size_t count = (size_t)pixels->height * (size_t)pixels->width;
    int order[4] = {0, 1, 2, 3};
    for (int i = 3; i > 0; i--) {
        int j = (int)(((uint64_t)alx_augment_word(draw) * (uint32_t)(i + 1)) >> 32), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    const float brightness = (float)fmax(0, alx_range_draw(alx_range_around(&c->brightness, 1), draw));
    const float contrast = (float)fmax(0, alx_range_draw(alx_range_around(&c->contrast, 1), draw));
    const float saturation = (float)fmax(0, alx_range_draw(alx_range_around(&c->saturation, 1), draw));
    const double hue = alx_range_draw(alx_range_around(&c->hue, 0), draw);
    for (int i = 0; i < 4; i++) {
        if (order[i] == 0 && brightness != 1) blend_with(pixels->rgb, 3 * count, 0, brightness);
        if (order[i] == 1 && contrast != 1) blend_with(pixels->rgb, 3 * count, mean_luma(pixels->rgb, count), contrast);
        if (order[i] == 2 && saturation != 1) blend_with_luma(pixels->rgb, count, saturation);
        if (order[i] == 3 && hue != 0) turn_hue(pixels->rgb, count, (float)(hue < 0 ? 6 * hue + 6 : 6 * hue));
    }
}

const alx_augment_class alx_augment_color_jitter = {
    .name = "color_jitter",
    .also = "colorjitter colour_jitter colourjitter randombrightness randomcontrast brightness contrast hue saturation",
    .help = {"change brightness, contrast, saturation and hue", "随机改变亮度、对比度、饱和度和色相"},
    .options = jitter_options,
    .config_size = sizeof(jitter_config),
    .may_happen = true,
    .change = jitter_change,
};

/* ---- grayscale ---- */

typedef struct grayscale_config {
    alx_augment_chance chance;
} grayscale_config;

static const alx_option grayscale_options[] = {ALX_PROBABILITY_ROW(grayscale_config, "0.1"), {0}};

static void grayscale_change(const void *config, alx_augment_draw *draw, alx_augment_pixels *pixels)
{
    (void)config, (void)draw;
    blend_with_luma(pixels->rgb, (size_t)pixels->height * (size_t)pixels->width, 0);
}

const alx_augment_class alx_augment_grayscale = {
    .name = "grayscale",
    .also = "randomgrayscale random_grayscale greyscale randomgray togray",
    .help = {"take the colour away", "去掉颜色，变为灰度"},
    .options = grayscale_options,
    .config_size = sizeof(grayscale_config),
    .may_happen = true,
    .change = grayscale_change,
};

/* ---- pca_lighting (Krizhevsky 2012, sec. 4.1) ---- */

typedef struct lighting_config {
    alx_augment_chance chance;
    double stddev;
} lighting_config;

/* clang-format off */
static const alx_option lighting_options[] = {
    {"stddev", ALX_OPTION_NUMBER, offsetof(lighting_config, stddev), "0.1", 0, 100, NULL, "alphastd std sigma alpha",
     {"standard deviation of the three random factors", "三个随机系数的标准差"}},
    ALX_PROBABILITY_ROW(lighting_config, "1"),
    {0},
};
/* clang-format on */

/* Of the covariance of ImageNet's RGB values from 0 to 1: eigenvalues, and eigenvectors as columns.
 * The figures that circulate with implementations of the paper (fb.resnet.torch and others); it prints none. */
static const double lighting_values[3] = {0.2175, 0.0188, 0.0045};
static const double lighting_vectors[3][3] = {
    {-0.5675, 0.7192, 0.4009}, {-0.5808, -0.0045, -0.8140}, {-0.5836, -0.6948, 0.4203}};

/* Each channel gets the same sum everywhere; added to whole numbers, rounding first is rounding last. */
static void lighting_change(const void *config, alx_augment_draw *draw, alx_augment_pixels *pixels)
{
    const lighting_config *c = config;
    const size_t count = (size_t)pixels->height * (size_t)pixels->width;
    uint32_t words[4];
    float normals[4];
    for (int i = 0; i < 4; i++) words[i] = alx_augment_word(draw);
    alx_rng_normal(words[0], words[1], normals);
    alx_rng_normal(words[2], words[3], normals + 2);
    uint8_t table[3][256];
    for (int channel = 0; channel < 3; channel++) {
        double shift = 0;
        for (int k = 0; k < 3; k++)
            shift += lighting_vectors[channel][k] * lighting_values[k] * c->stddev * (double)normals[k];
        int whole = (int)rint(255 * shift);
        for (int v = 0; v < 256; v++)
            table[channel][v] = (uint8_t)(v + whole < 0 ? 0 : v + whole > 255 ? 255 : v + whole);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < 3; k++) pixels->rgb[3 * i + k] = table[k][pixels->rgb[3 * i + k]];
}

const alx_augment_class alx_augment_pca_lighting = {
    .name = "pca_lighting",
    .also = "lighting pca pca_color_augmentation fancypca fancy_pca alexnet_lighting",
    .help = {"shift the colours along the principal components of ImageNet's, as the paper does",
             "沿 ImageNet 颜色的主成分平移，即论文的做法"},
    .options = lighting_options,
    .config_size = sizeof(lighting_config),
    .may_happen = true,
    .change = lighting_change,
};

/* elastic: a smooth random displacement (Simard, Steinkraus & Platt 2003, "Best practices for convolutional neural
 * networks applied to visual document analysis"). */
#include <math.h>

#include "base/clones.h"
#include "data/augment_class.h"

typedef struct elastic_config {
    alx_augment_chance chance;
    double alpha, sigma;
} elastic_config;

/* clang-format off */
static const alx_option elastic_options[] = {
    {"alpha", ALX_OPTION_NUMBER, offsetof(elastic_config, alpha), "100", 0, 1e6, NULL, "strength magnitude",
     {"a uniform displacement of -alpha to alpha pixels is smoothed", "平滑之前，位移在 -alpha 到 alpha 像素间均匀分布"}},
    {"sigma", ALX_OPTION_NUMBER, offsetof(elastic_config, sigma), "8", 0.5, 1000, NULL, "smoothness std",
     {"standard deviation of the smoothing Gaussian, in pixels", "平滑所用高斯核的标准差（像素）"}},
    ALX_FILL_ROW(elastic_config),
    ALX_PROBABILITY_ROW(elastic_config, "1"),
    {0},
};
/* clang-format on */

/* Nodes lie half a sigma apart, so that sigma is 2 to 4 of them (less where a pixel is more), and the Gaussian ends
 * after three. */
enum { RADIUS_MOST = 12 };

static int spacing_for(double sigma)
{
    return sigma < 4 ? 1 : (int)(sigma / 2);
}

static size_t nodes_for(int pixels, int spacing)
{
    return (size_t)((pixels - 1) / spacing) + 2;
}

size_t alx_elastic_floats(const alx_preprocess *p)
{
    size_t columns = nodes_for(p->width, 1), rows = nodes_for(p->height, 1), margin = 2 * RADIUS_MOST;
    /* Two fields, the noise with its margin, and that smoothed across. */
    return 2 * rows * columns + (rows + margin) * (columns + margin) + (rows + margin) * columns;
}

static void draw_noise(const alx_augment_draw *draw, uint32_t first, float *noise, size_t count, float amplitude)
{
    uint32_t words[4][ALX_RNG_MANY];
    for (size_t done = 0; done < count;) {
        alx_augment_draw_many(draw, words, first);
        first += ALX_RNG_MANY;
        for (size_t i = 0; i < (size_t)4 * ALX_RNG_MANY && done < count; i++, done++)
            noise[done] = amplitude * (2 * alx_rng_unit(words[i / ALX_RNG_MANY][i % ALX_RNG_MANY]) - 1);
    }
}

/* out (rows, columns): each the weighted sum of 2 radius + 1 values of in, `step` apart; rows of in are `stride` apart.
 */
ALX_CLONES("avx512f", "avx2", "default")
static void smooth(float *restrict out, const float *restrict in, int rows, int columns, size_t stride, size_t step,
                   const float *weights, int radius)
{
    for (int y = 0; y < rows; y++) {
        float *row = out + (size_t)y * (size_t)columns;
        const float *from = in + (size_t)y * stride;
        for (int x = 0; x < columns; x++) row[x] = 0;
        for (int k = 0; k <= 2 * radius; k++, from += step)
#pragma omp simd
            for (int x = 0; x < columns; x++) row[x] += weights[k] * from[x];
    }
}

/* White noise of amplitude alpha on pixels and one of alpha / spacing on nodes look the same to a Gaussian that is
 * wider than both: its sum of squares falls with the square of the spacing.  The noise has a margin, so that the field
 * is as strong at the border as inside. */
static void elastic_bend(const void *config, const alx_preprocess *p, const alx_augment_draw *draw,
                         alx_augment_field *field)
{
    const elastic_config *c = config;
    field->spacing = spacing_for(c->sigma);
    field->columns = (int)nodes_for(p->width, field->spacing);
    field->rows = (int)nodes_for(p->height, field->spacing);
    const double sigma = c->sigma / field->spacing;
    const int radius = (int)ceil(3 * sigma);
    const int wide = field->columns + 2 * radius, high = field->rows + 2 * radius;
    const size_t nodes = (size_t)field->rows * (size_t)field->columns;
    float weights[2 * RADIUS_MOST + 1] = {0};
    double sum = 0;
    for (int k = -radius; k <= radius; k++) sum += exp(-0.5 * k * k / (sigma * sigma));
    for (int k = -radius; k <= radius; k++) weights[k + radius] = (float)(exp(-0.5 * k * k / (sigma * sigma)) / sum);
    field->dx = field->memory;
    field->dy = field->dx + nodes;
    float *noise = field->dy + nodes, *across = noise + (size_t)wide * (size_t)high;
    for (int axis = 0; axis < 2; axis++) {
        draw_noise(draw, (uint32_t)axis << 27, noise, (size_t)wide * (size_t)high, (float)(c->alpha / field->spacing));
        smooth(across, noise, high, field->columns, (size_t)wide, 1, weights, radius);
        smooth(axis ? field->dy : field->dx, across, field->rows, field->columns, (size_t)field->columns,
               (size_t)field->columns, weights, radius);
    }
}

const alx_augment_class alx_augment_elastic = {
    .name = "elastic",
    .also = "elastictransform elastic_transform elastic_deformation elasticdeformation distort",
    .help = {"bend the image softly, as handwriting varies", "柔和地弯曲图像，如同手写的变化"},
    .options = elastic_options,
    .config_size = sizeof(elastic_config),
    .may_happen = true,
    .fills = true,
    .bend = elastic_bend,
};

/* Winograd's convolutions against sums written out in double: every size, instruction set and pass, odd shapes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ops/winograd.h"
#include "ops/winograd_matrices.h"
#include "tensor/dnn.h"

enum { THREADS = 2 };

/* ---- The matrices ---- */

/* y = A^T ((G g) (B^T d)) is the correlation of d and g. */
static void check_matrices(const float *input, const float *kernel, const float *output, int m, int r)
{
    const int n = m + r - 1;
    for (int at = 0; at < n; at++)
        for (int tap = 0; tap < r; tap++)
            for (int o = 0; o < m; o++) { /* d and g are ones at one place, zeros elsewhere: the map is bilinear */
                double y = 0.0;
                for (int f = 0; f < n; f++)
                    y += (double)output[o * n + f] * (double)kernel[f * r + tap] * (double)input[f * n + at];
                if (fabs(y - (at == o + tap)) > 2e-6) fail_msg("F(%d, %d): %d %d %d: %g", m, r, at, tap, o, y);
            }
}

static void matrices_compute_correlations(void **state)
{
    (void)state;
#define CHECK(m, r, n)                                                                                                 \
    check_matrices(winograd_input_##n[0], winograd_kernel_##m##x##r[0], winograd_output_##m##x##r[0], m, r);
    CHECK(2, 3, 4)
    CHECK(4, 3, 6)
    CHECK(5, 3, 7)
    CHECK(2, 5, 6)
    CHECK(3, 5, 7)
#undef CHECK
}

/* ---- A convolution ---- */

typedef struct conv {
    int64_t batch, inputs, outputs, height, width, pad[2];
    int64_t side; /* of the kernel */
} conv;

typedef struct image {
    float *data; /* (N, C, H, W), as bf16 holds it where that is asked */
    void *blocked;
    int64_t batch, channels, height, width, lanes;
    bool bf16;
} image;

static uint16_t bf16_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

static float of_bf16(uint16_t half)
{
    const uint32_t bits = (uint32_t)half << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static float noise(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (float)(*seed >> 8) * 0x1p-24f - 0.4f;
}

static int64_t blocks_of(const image *x)
{
    return (x->channels + x->lanes - 1) / x->lanes;
}

static int64_t place(const image *x, int64_t n, int64_t c, int64_t i)
{
    return ((n * blocks_of(x) + c / x->lanes) * x->height * x->width + i) * x->lanes + c % x->lanes;
}

static image make_image(int64_t batch, int64_t channels, int64_t height, int64_t width, int64_t lanes, bool bf16,
                        uint32_t seed)
{
    image x = {NULL, NULL, batch, channels, height, width, lanes, bf16};
    const size_t count = (size_t)(batch * channels * height * width);
    const size_t room = (size_t)(batch * blocks_of(&x) * lanes * height * width);
    x.data = calloc(count, sizeof(float));
    x.blocked = calloc(room, bf16 ? 2 : 4);
    assert_true(x.data && x.blocked);
    for (int64_t n = 0; seed && n < batch; n++)
        for (int64_t c = 0; c < channels; c++)
            for (int64_t i = 0; i < height * width; i++) {
                float value = noise(&seed);
                if (bf16) value = of_bf16(bf16_of(value));
                x.data[(n * channels + c) * height * width + i] = value;
                if (bf16)
                    ((uint16_t *)x.blocked)[place(&x, n, c, i)] = bf16_of(value);
                else
                    ((float *)x.blocked)[place(&x, n, c, i)] = value;
            }
    return x;
}

static double value_of(const image *x, int64_t at)
{
    return x->bf16 ? (double)of_bf16(((uint16_t *)x->blocked)[at]) : (double)((float *)x->blocked)[at];
}

static void free_image(image *x)
{
    free(x->data);
    free(x->blocked);
}

/* |a - b| / |b| of what was computed (blocked) and what should be (data); lanes that pad must be zero. */
static double error_of(const image *x, const double *truth)
{
    double difference = 0.0, norm = 0.0;
    for (int64_t n = 0; n < x->batch; n++)
        for (int64_t c = 0; c < blocks_of(x) * x->lanes; c++)
            for (int64_t i = 0; i < x->height * x->width; i++) {
                const double got = value_of(x, place(x, n, c, i));
                if (c >= x->channels) {
                    assert_true(got == 0.0);
                    continue;
                }
                const double want = truth[(n * x->channels + c) * x->height * x->width + i];
                difference += (got - want) * (got - want);
                norm += want * want;
            }
    return sqrt(difference / norm);
}

/* Runs over every product of an image's and an output's value with a weight. */
typedef void visit_fn(void *user, int64_t x, int64_t w, int64_t y);

static void each_product(const conv *c, int64_t out_height, int64_t out_width, visit_fn *visit, void *user)
{
    for (int64_t n = 0; n < c->batch; n++)
        for (int64_t o = 0; o < c->outputs; o++)
            for (int64_t k = 0; k < c->inputs; k++)
                for (int64_t i = 0; i < out_height; i++)
                    for (int64_t j = 0; j < out_width; j++)
                        for (int64_t u = 0; u < c->side; u++)
                            for (int64_t v = 0; v < c->side; v++) {
                                const int64_t row = i + u - c->pad[0], column = j + v - c->pad[1];
                                if (row < 0 || row >= c->height || column < 0 || column >= c->width) continue;
                                visit(user, ((n * c->inputs + k) * c->height + row) * c->width + column,
                                      ((o * c->inputs + k) * c->side + u) * c->side + v,
                                      ((n * c->outputs + o) * out_height + i) * out_width + j);
                            }
}

typedef struct sums {
    const float *x, *w, *dy;
    double *y, *dx, *dw;
} sums;

static void add_product(void *user, int64_t x, int64_t w, int64_t y)
{
    sums *s = user;
    s->y[y] += (double)s->x[x] * (double)s->w[w];
    s->dx[x] += (double)s->dy[y] * (double)s->w[w];
    s->dw[w] += (double)s->dy[y] * (double)s->x[x];
}

/* ---- The three passes ---- */

typedef struct variant {
    const char *name;
    const alx_kernels *kernels;
    bool bf16_images, bf16; /* products */
    double tolerance[ALX_WINOGRAD_SIZES];
} variant;

static void *room(size_t bytes)
{
    void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
    assert_non_null(memory);
    memset(memory, 0x7f, bytes); /* nothing may be taken for zero */
    return memory;
}

static void run_images(const alx_winograd *wino, const image *x, const float *w, bool turned,
                       const alx_winograd_finish *finish, image *y)
{
    void *u = room(wino->weights_bytes), *scratch = room(wino->scratch_bytes);
    alx_winograd_transform_weights(wino, w, turned, u);
    alx_winograd_forward(wino, x->blocked, u, finish, y->blocked, scratch);
    free(u);
    free(scratch);
}

static void init(alx_winograd *wino, const alx_winograd_geometry *g, alx_winograd_size size, alx_winograd_pass pass,
                 const variant *v)
{
    assert_true(alx_winograd_init(wino, g, size, pass, v->bf16, v->kernels->lanes, THREADS));
    wino->kernels = v->kernels->winograd;
}

static void check(const conv *c, alx_winograd_size size, const variant *v)
{
    const int64_t lanes = v->kernels->lanes;
    const int64_t out_height = c->height + 2 * c->pad[0] - c->side + 1;
    const int64_t out_width = c->width + 2 * c->pad[1] - c->side + 1;
    image x = make_image(c->batch, c->inputs, c->height, c->width, lanes, v->bf16_images, 1);
    image dy = make_image(c->batch, c->outputs, out_height, out_width, lanes, v->bf16_images, 2);
    image y = make_image(c->batch, c->outputs, out_height, out_width, lanes, v->bf16_images, 0);
    image dx = make_image(c->batch, c->inputs, c->height, c->width, lanes, v->bf16_images, 0);
    const size_t weights = (size_t)(c->outputs * c->inputs * c->side * c->side);
    const size_t x_count = (size_t)(c->batch * c->inputs * c->height * c->width);
    const size_t y_count = (size_t)(c->batch * c->outputs * out_height * out_width);
    float *w = room(weights * sizeof *w), *dw = room(weights * sizeof *dw);
    float *bias = room((size_t)c->outputs * sizeof *bias), *db = room((size_t)c->outputs * sizeof *db);
    sums s = {x.data, w, dy.data, NULL, NULL, NULL};
    s.y = calloc(y_count, sizeof(double));
    s.dx = calloc(x_count, sizeof(double));
    s.dw = calloc(weights, sizeof(double));
    uint32_t seed = 3;
    for (size_t i = 0; i < weights; i++) w[i] = noise(&seed);
    for (int64_t i = 0; i < c->outputs; i++) bias[i] = noise(&seed);
    each_product(c, out_height, out_width, add_product, &s);
    for (size_t i = 0; i < y_count; i++) {
        s.y[i] += (double)bias[i / (size_t)(out_height * out_width) % (size_t)c->outputs];
        if (s.y[i] < 0.0) s.y[i] = 0.0;
    }

    alx_winograd_geometry g = {c->batch,      c->inputs,  c->outputs, c->height,
                               c->width,      out_height, out_width,  {c->pad[0], c->pad[1]},
                               v->bf16_images};
    alx_winograd_geometry back = {
        c->batch,      c->outputs, c->inputs, out_height,
        out_width,     c->height,  c->width,  {c->side - 1 - c->pad[0], c->side - 1 - c->pad[1]},
        v->bf16_images};
    alx_winograd wino;
    init(&wino, &g, size, ALX_WINOGRAD_FORWARD, v);
    run_images(&wino, &x, w, false, &(alx_winograd_finish){.bias = bias, .relu = true}, &y);
    const double forward = error_of(&y, s.y);
    init(&wino, &back, size, ALX_WINOGRAD_FORWARD, v);
    run_images(&wino, &dy, w, true, &(alx_winograd_finish){0}, &dx);
    const double backward = error_of(&dx, s.dx);
    init(&wino, &g, size, ALX_WINOGRAD_BACKWARD_WEIGHTS, v);
    void *scratch = room(wino.scratch_bytes);
    alx_winograd_backward_weights(&wino, x.blocked, dy.blocked, dw, db, scratch);
    double difference = 0.0, norm = 0.0;
    for (size_t i = 0; i < weights; i++) {
        difference += ((double)dw[i] - s.dw[i]) * ((double)dw[i] - s.dw[i]);
        norm += s.dw[i] * s.dw[i];
    }
    const double of_weights = sqrt(difference / norm), limit = v->tolerance[size];
    if (!(forward <= limit && backward <= limit && of_weights <= limit))
        fail_msg("%s, F(%d, %d), %dx%d: forward %.1e, backward data %.1e, weights %.1e; at most %.1e", v->name,
                 (int)wino.tile, (int)wino.kernel, (int)c->inputs, (int)c->outputs, forward, backward, of_weights,
                 limit);
    for (int64_t o = 0; o < c->outputs; o++) {
        double sum = 0.0;
        for (int64_t n = 0; n < c->batch; n++)
            for (int64_t i = 0; i < out_height * out_width; i++)
                sum += (double)dy.data[(n * c->outputs + o) * out_height * out_width + i];
        assert_true(fabs(sum - (double)db[o]) <= 1e-3);
    }
    free(scratch), free(w), free(dw), free(bias), free(db), free(s.y), free(s.dx), free(s.dw);
    free_image(&x), free_image(&dy), free_image(&y), free_image(&dx);
}

static void check_variant(const variant *v)
{
    static const conv cases[] = {
        {3, 32, 48, 13, 13, {1, 1}, 3}, {2, 17, 10, 9, 14, {0, 2}, 3}, {1, 5, 7, 3, 3, {1, 0}, 3},
        {1, 6, 33, 1, 50, {1, 1}, 3},   {5, 16, 16, 7, 7, {2, 2}, 3},  {2, 16, 32, 14, 11, {2, 2}, 5},
        {1, 9, 20, 5, 43, {0, 4}, 5},   {3, 40, 6, 6, 6, {1, 3}, 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (alx_winograd_size size = 0; size < ALX_WINOGRAD_SIZES; size++)
            if (alx_winograd_kernel(size) == cases[i].side) check(&cases[i], size, v);
}

/* What README and docs/speed.md say of rounding: 2x3, 4x3, 5x3, 2x5, 3x5. */
#define F32_ERRORS                                                                                                     \
    {                                                                                                                  \
        1e-6, 6e-6, 1.2e-5, 6e-6, 1.2e-5                                                                               \
    }
#define BF16_IMAGES_ERRORS                                                                                             \
    {                                                                                                                  \
        4e-3, 4e-3, 4e-3, 4e-3, 4e-3                                                                                   \
    }
#define BF16_PRODUCT_ERRORS                                                                                            \
    {                                                                                                                  \
        8e-3, 3e-2, 6e-2, 3e-2, 6e-2                                                                                   \
    }

static void equals_sums_in_double(void **state)
{
    (void)state;
    const alx_kernels *wide = alx_kernels_for(16), *narrow = alx_kernels_for(8);
    const bool avx512 = alx_dnn_cpu().channel_block == 16;
    const variant variants[] = {
        {"avx512", avx512 ? wide : NULL, false, false, F32_ERRORS},
        {"avx512, images of bf16", avx512 ? wide : NULL, true, false, BF16_IMAGES_ERRORS},
        {"avx512, products of bf16", avx512 && alx_dnn_cpu().bf16 ? wide : NULL, true, true, BF16_PRODUCT_ERRORS},
        {"avx2", narrow, false, false, F32_ERRORS},
        {"plain", &alx_kernels_plain, false, false, F32_ERRORS},
        {"plain, images of bf16", &alx_kernels_plain, true, false, BF16_IMAGES_ERRORS},
    };
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
        if (variants[i].kernels) check_variant(&variants[i]);
}

/* A network that has diverged must be seen: NaN stays NaN, through ReLU and bf16 too. */
static void nan_stays_nan(void **state)
{
    (void)state;
    const variant v = {"any", alx_kernels_for(8), true, false, {0}};
    image x = make_image(1, 8, 6, 6, 8, true, 1), y = make_image(1, 8, 6, 6, 8, true, 0);
    float w[8 * 8 * 9];
    for (size_t i = 0; i < sizeof w / sizeof *w; i++) w[i] = 0.1f;
    ((uint16_t *)x.blocked)[place(&x, 0, 3, 14)] = 0x7fc0;
    const alx_winograd_geometry g = {1, 8, 8, 6, 6, 6, 6, {1, 1}, true};
    alx_winograd wino;
    init(&wino, &g, ALX_WINOGRAD_4X3, ALX_WINOGRAD_FORWARD, &v);
    run_images(&wino, &x, w, false, &(alx_winograd_finish){.relu = true}, &y);
    for (int64_t c = 0; c < 8; c++) assert_true(isnan(value_of(&y, place(&y, 0, c, 14))));
    free_image(&x), free_image(&y);
}

/* A chunk more or less, a thread more or less: the same bits. */
static void bits_do_not_depend_on_threads(void **state)
{
    (void)state;
    const variant v = {"any", alx_kernels_for(8), false, false, {0}};
    enum { COUNT = 24 * 24 * 9 };
    static float dw[2][COUNT], db[2][24];
    image x = make_image(4, 24, 13, 13, 8, false, 1), dy = make_image(4, 24, 13, 13, 8, false, 2);
    const alx_winograd_geometry g = {4, 24, 24, 13, 13, 13, 13, {1, 1}, false};
    for (int i = 0; i < 2; i++) {
        alx_winograd wino;
        assert_true(alx_winograd_init(&wino, &g, ALX_WINOGRAD_5X3, ALX_WINOGRAD_BACKWARD_WEIGHTS, false,
                                      v.kernels->lanes, i ? 3 : 1));
        void *scratch = room(wino.scratch_bytes);
        alx_winograd_backward_weights(&wino, x.blocked, dy.blocked, dw[i], db[i], scratch);
        free(scratch);
    }
    assert_memory_equal(dw[0], dw[1], sizeof dw[0]);
    assert_memory_equal(db[0], db[1], sizeof db[0]);
    free_image(&x), free_image(&dy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matrices_compute_correlations),
        cmocka_unit_test(equals_sums_in_double),
        cmocka_unit_test(nan_stays_nan),
        cmocka_unit_test(bits_do_not_depend_on_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

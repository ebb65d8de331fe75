#include "train/optimizer.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/clones.h"
#include "base/memory.h"
#include "model/halves.h"

#define CLONES ALX_CLONES("avx512f", "avx2", "default")

/* A constant trip count is what gcc -O2 asks for before it vectorises; four arrays of it are 4 KiB. */
enum { BLOCK = ALX_HALVES_BLOCK };
/* Blocks that take longer than to wake another thread for them. */
enum { WORTH_A_TEAM = 32 };

/* The numbers of one step, computed in double and rounded once. */
typedef struct coefficients {
    float decay;                   /* weight_decay */
    float keep;                    /* adamw: 1 - learning_rate * weight_decay */
    float b1, one_b1, b2, one_b2;  /* beta_1, 1 - beta_1, ... */
    float rate, root, epsilon;     /* adam: w -= rate * m / (sqrt(v) * root + epsilon) */
    float momentum, learning_rate; /* sgd */
} coefficients;

int alx_optimizer_state_count(const alx_optimizer_config *config)
{
    if (config->kind != ALX_SGD) return 2;
    return config->momentum > 0.0 ? 1 : 0;
}

alx_status alx_optimizer_check_memory(uint64_t *limit, uint64_t bytes, const char *what, alx_error *err)
{
    const uint64_t available = alx_memory_available();
    *limit = 0;
    if (bytes == 0) return ALX_OK;
    if (bytes >= available)
        return alx_fail(
            err, ALX_NO_MEMORY,
            "%s needs %.0f MiB and %.0f MiB are free; use a smaller network, or optimizer: sgd, which keeps less", what,
            (double)bytes * 0x1p-20, (double)available * 0x1p-20);
    *limit = available - bytes;
    return ALX_OK;
}

const char *alx_optimizer_state_name(const alx_optimizer_config *config, int index)
{
    assert(index >= 0 && index < alx_optimizer_state_count(config));
    if (config->kind == ALX_SGD) return "momentum";
    return index == 0 ? "m" : "v";
}

/* Both forms of Adam are w -= rate * m / (sqrt(v) * root + epsilon); only where epsilon sits differs:
 * Keras' is beside the uncorrected sqrt(v), Kingma and Ba's (and PyTorch's) beside the corrected one. */
static coefficients coefficients_of(const alx_optimizer_config *config, int64_t t)
{
    double correct_1 = 1.0 - pow(config->beta_1, (double)t);
    double correct_2 = 1.0 - pow(config->beta_2, (double)t);
    bool keras = config->epsilon_form == ALX_EPSILON_KERAS;
    double rate = config->learning_rate / correct_1 * (keras ? sqrt(correct_2) : 1.0);
    return (coefficients){.decay = (float)config->weight_decay,
                          .keep = (float)(1.0 - config->learning_rate * config->weight_decay),
                          .b1 = (float)config->beta_1,
                          .one_b1 = (float)(1.0 - config->beta_1),
                          .b2 = (float)config->beta_2,
                          .one_b2 = (float)(1.0 - config->beta_2),
                          .rate = (float)rate,
                          .root = keras ? 1.0f : (float)(1.0 / sqrt(correct_2)),
                          .epsilon = (float)config->epsilon,
                          .momentum = (float)config->momentum,
                          .learning_rate = (float)config->learning_rate};
}

/* One block of one kind of update: w -= ..., with the state that it keeps. */
typedef void update_fn(const coefficients *coeffs, float *restrict w, const float *restrict g, float *restrict s0,
                       float *restrict s1);

CLONES static void adam(const coefficients *coeffs, float *restrict w, const float *restrict g, float *restrict m,
                        float *restrict v)
{
    assert(m && v);
    const coefficients c = *coeffs;
    for (int j = 0; j < BLOCK; j++) {
        float grad = g[j] + c.decay * w[j];
        float mean = c.b1 * m[j] + c.one_b1 * grad;
        float square = c.b2 * v[j] + c.one_b2 * (grad * grad);
        m[j] = mean;
        v[j] = square;
        w[j] -= c.rate * mean / (sqrtf(square) * c.root + c.epsilon);
    }
}

/* Adam whose decay stands beside its step: large gradients do not make it smaller. */
CLONES static void adamw(const coefficients *coeffs, float *restrict w, const float *restrict g, float *restrict m,
                         float *restrict v)
{
    assert(m && v);
    const coefficients c = *coeffs;
    for (int j = 0; j < BLOCK; j++) {
        float mean = c.b1 * m[j] + c.one_b1 * g[j];
        float square = c.b2 * v[j] + c.one_b2 * (g[j] * g[j]);
        m[j] = mean;
        v[j] = square;
        w[j] = w[j] * c.keep - c.rate * mean / (sqrtf(square) * c.root + c.epsilon);
    }
}

/* Sutskever et al. 2013 as PyTorch writes it: v = mu v + g, w -= lr v.  Keras keeps lr inside its velocity
 * (v' = mu v' - lr g, w += v'); at a constant learning rate v' = -lr v and the weights are the same.  When lr
 * changes PyTorch's takes effect at once, Keras' with the next gradients. */
CLONES static void momentum(const coefficients *coeffs, float *restrict w, const float *restrict g, float *restrict v,
                            float *restrict unused)
{
    assert(v);
    const coefficients c = *coeffs;
    (void)unused;
    for (int j = 0; j < BLOCK; j++) {
        float velocity = c.momentum * v[j] + (g[j] + c.decay * w[j]);
        v[j] = velocity;
        w[j] -= c.learning_rate * velocity;
    }
}

/* Nesterov: the step looks ahead along the new velocity, w -= lr (g + mu v). */
CLONES static void nesterov(const coefficients *coeffs, float *restrict w, const float *restrict g, float *restrict v,
                            float *restrict unused)
{
    assert(v);
    const coefficients c = *coeffs;
    (void)unused;
    for (int j = 0; j < BLOCK; j++) {
        float grad = g[j] + c.decay * w[j];
        float velocity = c.momentum * v[j] + grad;
        v[j] = velocity;
        w[j] -= c.learning_rate * (grad + c.momentum * velocity);
    }
}

CLONES static void sgd(const coefficients *coeffs, float *restrict w, const float *restrict g, float *restrict unused,
                       float *restrict unused_too)
{
    const coefficients c = *coeffs;
    (void)unused, (void)unused_too;
    for (int j = 0; j < BLOCK; j++) w[j] -= c.learning_rate * (g[j] + c.decay * w[j]);
}

static update_fn *choose_update(const alx_optimizer_config *config)
{
    if (config->kind == ALX_ADAM) return adam;
    if (config->kind == ALX_ADAMW) return adamw;
    if (alx_optimizer_state_count(config) == 0) return sgd;
    return config->nesterov ? nesterov : momentum;
}

/* Fewer than BLOCK elements: through a copy, so that each formula stands once. */
static void update_rest(update_fn *update, const coefficients *c, float *w, const float *g, float *s0, float *s1,
                        size_t count)
{
    _Alignas(64) float copy[4][BLOCK] = {{0}};
    const size_t bytes = count * sizeof(float);
    memcpy(copy[0], w, bytes);
    memcpy(copy[1], g, bytes);
    if (s0) memcpy(copy[2], s0, bytes);
    if (s1) memcpy(copy[3], s1, bytes);
    update(c, copy[0], copy[1], copy[2], copy[3]);
    memcpy(w, copy[0], bytes);
    if (s0) memcpy(s0, copy[2], bytes);
    if (s1) memcpy(s1, copy[3], bytes);
}

void alx_optimizer_step(const alx_optimizer_config *config, int64_t t, float *values, const float *gradient,
                        float *const *state, uint16_t *half, int64_t count, int threads)
{
    assert(t >= 1 && count >= 0 && threads >= 1);
    const coefficients c = coefficients_of(config, t);
    update_fn *const update = choose_update(config);
    const int states = alx_optimizer_state_count(config);
    float *const first = states > 0 ? state[0] : NULL, *const second = states > 1 ? state[1] : NULL;
    const int64_t blocks = count / BLOCK, rest = blocks * BLOCK;
#pragma omp parallel for num_threads(threads) schedule(static) if (blocks >= WORTH_A_TEAM)
    for (int64_t k = 0; k < blocks; k++) {
        int64_t at = k * BLOCK;
        update(&c, values + at, gradient + at, first ? first + at : NULL, second ? second + at : NULL);
        if (half) alx_halves_pack(half + at, values + at); /* they are in the cache still */
    }
    if (rest < count)
        update_rest(update, &c, values + rest, gradient + rest, first ? first + rest : NULL,
                    second ? second + rest : NULL, (size_t)(count - rest));
}

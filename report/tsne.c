#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/clones.h"
#include "report/embedding.h"
#include "report/fail.h"

enum {
    LANES = 8,
    COMPONENTS = 50, /* of the points, that are looked at */
    EARLY = 250,     /* iterations with exaggeration */
    SEARCH = 100     /* steps of the search for a bandwidth */
};
#define EXAGGERATION 12.0
#define FAR          1e15f /* where lanes stand that have no point: no force reaches so far */

typedef float vec __attribute__((vector_size(4 * LANES)));

typedef struct tsne {
    int64_t count, stride; /* stride: count, rounded up to whole lanes */
    double *points;        /* (count, COMPONENTS) */
    float *p;              /* (count, stride): how much point i wants j near; sums to 1 */
    float *y[2];           /* (stride): the map, as the forces see it */
    double *at;            /* (count, 2): the map */
    double *step, *gain;   /* (count, 2) */
    double *force;         /* (count, 5): attraction, repulsion, and the row's part of the sum of q */
} tsne;

void alx_tsne_config_init(alx_tsne_config *config)
{
    *config = (alx_tsne_config){.struct_size = sizeof *config, .iterations = 1000};
}

/* ---- How near points should be ---- */

static double squared_distance(const double *a, const double *b)
{
    double sum = 0;
    for (int k = 0; k < COMPONENTS; k++) sum += (a[k] - b[k]) * (a[k] - b[k]);
    return sum;
}

/* weights = exp(-beta distances), whose sum is returned; *entropy is that of the distribution, in nats.  distances are
 * from the nearest. */
static double weigh(double *weights, double *entropy, const double *distances, int64_t count, double beta)
{
    double sum = 0, mean = 0;
    for (int64_t j = 0; j < count; j++) {
        weights[j] = exp(-beta * distances[j]);
        sum += weights[j];
        mean += weights[j] * distances[j];
    }
    // cppcheck-suppress invalidFunctionArg; the nearest weighs 1
    *entropy = log(sum) + beta * mean / sum;
    return sum;
}

/* Row i: the Gaussian around it whose entropy is that of `perplexity` equal neighbours.  scratch: (2, count). */
static void find_neighbours(tsne *t, int64_t i, double perplexity, double *scratch)
{
    const double *const points = t->points, target = log(perplexity);
    double *distances = scratch, *weights = scratch + t->count, nearest = INFINITY;
    int64_t others = 0;
    for (int64_t j = 0; j < t->count; j++) {
        if (j == i) continue;
        distances[others] = squared_distance(points + i * COMPONENTS, points + j * COMPONENTS);
        if (distances[others] < nearest) nearest = distances[others];
        others++;
    }
    for (int64_t j = 0; j < others; j++) distances[j] -= nearest;
    double beta = 1, low = 0, high = INFINITY, entropy, sum = 0;
    for (int k = 0; k < SEARCH; k++) {
        sum = weigh(weights, &entropy, distances, others, beta);
        if (fabs(entropy - target) < 1e-5) break;
        if (entropy > target)
            low = beta;
        else
            high = beta;
        beta = isinf(high) ? 2 * beta : (low + high) / 2;
    }
    for (int64_t j = 0; j < others; j++) t->p[i * t->stride + j + (j >= i)] = (float)(weights[j] / sum);
}

static alx_status find_affinities(tsne *t, double perplexity, alx_error *err)
{
    double *scratch = malloc(2 * (size_t)t->count * sizeof *scratch);
    if (!scratch) return alx_report_fail(err, ALX_NO_MEMORY, "out of memory for %" PRId64 " distances", t->count);
    for (int64_t i = 0; i < t->count; i++) find_neighbours(t, i, perplexity, scratch);
    free(scratch);
    const float part = 1.0f / (2.0f * (float)t->count);
    for (int64_t i = 0; i < t->count; i++) {
        for (int64_t j = 0; j < i; j++) {
            float *a = &t->p[i * t->stride + j], *b = &t->p[j * t->stride + i];
            *a = *b = (*a + *b) * part;
        }
    }
    return ALX_OK;
}

/* ---- Moving them ---- */

static inline double sum_lanes(const vec *v)
{
    double sum = 0;
    for (int k = 0; k < LANES; k++) sum += (double)(*v)[k];
    return sum;
}

/* What the others do to point i.  q = 1 / (1 + distance^2); attraction sums p q (y_i - y_j), repulsion
 * q^2 (y_i - y_j).  Lanes are summed in their order. */
ALX_REPORT_CLONES
static void find_force(double force[5], const tsne *t, int64_t i)
{
    const float *p = t->p + i * t->stride, x = t->y[0][i], y = t->y[1][i];
    vec pull_x = {0}, pull_y = {0}, push_x = {0}, push_y = {0}, sum = {0};
    for (int64_t j = 0; j < t->stride; j += LANES) {
        const vec dx = x - *(const vec *)(t->y[0] + j), dy = y - *(const vec *)(t->y[1] + j);
        const vec q = 1.0f / (1.0f + dx * dx + dy * dy), pull = *(const vec *)(p + j) * q, push = q * q;
        pull_x += pull * dx;
        pull_y += pull * dy;
        push_x += push * dx;
        push_y += push * dy;
        sum += q;
    }
    force[0] = sum_lanes(&pull_x);
    force[1] = sum_lanes(&pull_y);
    force[2] = sum_lanes(&push_x);
    force[3] = sum_lanes(&push_y);
    force[4] = sum_lanes(&sum) - 1; /* itself */
}

static void find_forces(tsne *t)
{
    for (int64_t i = 0; i < t->count; i++)
        for (int k = 0; k < 2; k++) t->y[k][i] = (float)t->at[2 * i + k];
    for (int64_t i = 0; i < t->count; i++) find_force(t->force + 5 * i, t, i);
}

/* Gradient descent with momentum; a gain grows where steps keep their direction (Jacobs 1988). */
static void move(tsne *t, double exaggeration, double momentum, double rate)
{
    double sum = 0;
    for (int64_t i = 0; i < t->count; i++) sum += t->force[5 * i + 4];
    for (int64_t i = 0; i < t->count; i++) {
        const double *force = t->force + 5 * i;
        for (int k = 0; k < 2; k++) {
            const int64_t at = 2 * i + k;
            const double gradient = 4 * (exaggeration * force[k] - force[2 + k] / sum);
            t->gain[at] = t->step[at] * gradient < 0 ? t->gain[at] + 0.2 : fmax(t->gain[at] * 0.8, 0.01);
            t->step[at] = momentum * t->step[at] - rate * t->gain[at] * gradient;
            t->at[at] += t->step[at];
        }
    }
}

static void run(tsne *t, const alx_tsne_config *config)
{
    double rate = config->learning_rate;
    if (rate == 0) rate = fmax((double)t->count / EXAGGERATION / 4, 50);
    for (int k = 0; k < config->iterations; k++) {
        find_forces(t);
        move(t, k < EARLY ? EXAGGERATION : 1, k < EARLY ? 0.5 : 0.8, rate);
    }
}

/* ---- From points to a map ---- */

/* Scaled to a mean square distance from the middle of 1: what is near is found by ratios of distances alone, and no
 * square leaves the range of floats.  The map begins with the first two components. */
static void begin(tsne *t)
{
    double all = 0, first = 0;
    for (int64_t i = 0; i < t->count * COMPONENTS; i++) all += t->points[i] * t->points[i];
    for (int64_t i = 0; i < t->count; i++) first += t->points[i * COMPONENTS] * t->points[i * COMPONENTS];
    const double size = all > 0 ? sqrt(all / (double)t->count) : 1;
    const double spread = first > 0 ? sqrt(first / (double)t->count) : 1;
    for (int64_t i = 0; i < t->count; i++)
        for (int k = 0; k < 2; k++) t->at[2 * i + k] = t->points[i * COMPONENTS + k] / spread * 1e-4;
    for (int64_t i = 0; i < t->count * COMPONENTS; i++) t->points[i] /= size;
    for (int64_t i = 0; i < t->count * 2; i++) t->gain[i] = 1;
    for (int k = 0; k < 2; k++)
        for (int64_t i = t->count; i < t->stride; i++) t->y[k][i] = FAR;
}

static void finish_map(double *map, const tsne *t)
{
    for (int k = 0; k < 2; k++) {
        double mean = 0;
        for (int64_t i = 0; i < t->count; i++) mean += t->at[2 * i + k];
        mean /= (double)t->count;
        for (int64_t i = 0; i < t->count; i++) map[2 * i + k] = t->at[2 * i + k] - mean;
    }
}

/* Zeros, aligned to lanes. */
static void *zeros(int64_t count, size_t size)
{
    const size_t bytes = ((size_t)count * size + 63) / 64 * 64;
    void *memory = aligned_alloc(64, bytes);
    if (memory) memset(memory, 0, bytes);
    return memory;
}

static void tsne_finish(tsne *t)
{
    void *const all[] = {t->points, t->p, t->y[0], t->y[1], t->at, t->step, t->gain, t->force};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static alx_status tsne_init(tsne *t, int64_t count, alx_error *err)
{
    *t = (tsne){.count = count, .stride = (count + LANES - 1) / LANES * LANES};
    t->points = zeros(count * COMPONENTS, sizeof *t->points);
    t->p = zeros(count * t->stride, sizeof *t->p);
    t->y[0] = zeros(t->stride, sizeof *t->y[0]);
    t->y[1] = zeros(t->stride, sizeof *t->y[1]);
    t->at = zeros(count * 2, sizeof *t->at);
    t->step = zeros(count * 2, sizeof *t->step);
    t->gain = zeros(count * 2, sizeof *t->gain);
    t->force = zeros(count * 5, sizeof *t->force);
    if (t->points && t->p && t->y[0] && t->y[1] && t->at && t->step && t->gain && t->force) return ALX_OK;
    return alx_report_fail(err, ALX_NO_MEMORY, "out of memory for a map of %" PRId64 " points", count);
}

/* *perplexity: the one that is taken. */
static alx_status check(double *perplexity, int64_t count, const alx_tsne_config *config, alx_error *err)
{
    if (count < ALX_TSNE_LEAST || count > ALX_TSNE_MOST)
        return alx_report_fail(err, ALX_BAD_DATA, "t-SNE of %" PRId64 " points; it takes %d to %d", count,
                               ALX_TSNE_LEAST, ALX_TSNE_MOST);
    *perplexity = config->perplexity;
    if (*perplexity == 0) *perplexity = fmin(30, (double)(count - 1) / 3);
    if (!(*perplexity >= 1 && *perplexity <= (double)(count - 1)))
        return alx_report_fail(err, ALX_USAGE,
                               "a perplexity of %g for %" PRId64 " points; 1 to %" PRId64 " is possible", *perplexity,
                               count, count - 1);
    if (config->iterations < 1)
        return alx_report_fail(err, ALX_USAGE, "%d iterations of t-SNE; at least 1", config->iterations);
    if (!(config->learning_rate >= 0 && isfinite(config->learning_rate)))
        return alx_report_fail(err, ALX_USAGE, "a learning rate of %g for t-SNE; a positive number, or 0: by itself",
                               config->learning_rate);
    return ALX_OK;
}

alx_status alx_tsne(double *map, const float *x, int64_t count, int64_t size, const alx_tsne_config *config,
                    alx_error *err)
{
    double perplexity = 0;
    alx_status status = check(&perplexity, count, config, err);
    if (status) return status;
    tsne t;
    status = tsne_init(&t, count, err);
    if (!status) status = alx_pca(t.points, NULL, x, count, size, COMPONENTS, err);
    if (!status) {
        begin(&t);
        status = find_affinities(&t, perplexity, err);
    }
    if (!status) {
        run(&t, config);
        finish_map(map, &t);
    }
    tsne_finish(&t);
    return status;
}

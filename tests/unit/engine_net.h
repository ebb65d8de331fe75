/* For the tests of the engine: networks with every op, and what a run leaves. */
#ifndef TESTS_ENGINE_NET_H
#define TESTS_ENGINE_NET_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan/engine.h"

enum { CLASSES = 4, SIDE = 24, BATCH = 8 };

/* ---- Networks ---- */

#define NET(...)                                                                                                       \
    "classes: 4\ninput: [24, 24, 3]\nlayers:\n" __VA_ARGS__ "- dense: {units: classes, activation: softmax}\n"
#define STEM "- conv2d: {name: stem, filters: 20, kernel_size: 5, strides: 2, activation: relu}\n"
#define BODY                                                                                                           \
    "- max_pooling2d: {name: p, pool_size: 3, strides: 2, padding: same}\n"                                            \
    "- conv2d: {name: a, from: p, filters: 10, kernel_size: 3, padding: same}\n"                                       \
    "- lrn: {name: n}\n"                                                                                               \
    "- add: {name: s, from: [p, n, p]}\n"                                                                              \
    "- concatenate: {from: [s, a]}\n"                                                                                  \
    "- conv2d: {filters: 32, kernel_size: 3, padding: same, groups: 2, activation: tanh}\n"                            \
    "- average_pooling2d\n- flatten\n"
#define DROP   "- dropout: {rate: 0.25}\n"
#define SECOND "- conv2d: {filters: 10, kernel_size: 3, padding: same, activation: tanh}\n"
#define DENSE  "- dense: {units: 64, activation: relu}\n"

/* Every op between them; `plain` has neither dropout nor batch normalisation, so that training computes what
 * inference does. */
static const char plain[] __attribute__((unused)) = NET(STEM SECOND BODY DENSE);
static const char dropped[] __attribute__((unused)) = NET(STEM DROP SECOND BODY DENSE "- dropout: {rate: 0.5}\n");
static const char whole[] __attribute__((unused)) =
    NET(STEM "- batch_normalization\n- activation: {activation: gelu}\n" DROP SECOND BODY DENSE
             "- dropout: {rate: 0.5}\n- batch_normalization\n- activation: {activation: softmax}\n");

typedef struct net {
    alx_graph *graph;
    alx_params *params;
    alx_engine *engine;
} net;

static inline void must(alx_status status, const alx_error *err)
{
    if (status) fail_msg("%s", err->message);
}

static inline alx_engine_config config_of(int threads)
{
    return (alx_engine_config){.threads = threads, .max_batch = BATCH, .training = true};
}

static inline net open_params(const char *yaml)
{
    net n = {0};
    alx_error err;
    alx_spec spec = {0};
    must(alx_spec_parse(&spec, yaml, strlen(yaml), NULL, 0, &err), &err);
    must(alx_graph_create(&n.graph, &spec, &err), &err);
    must(alx_params_create(&n.params, n.graph, true, &err), &err);
    alx_params_init(n.params, 1);
    return n;
}

enum { PIXELS = SIDE * SIDE * 3 };

/* Image i of the set, at a place of the batch: the same wherever it lies. */
static inline void set_images_at(alx_engine *engine, int place, int image)
{
    float *pixels = alx_engine_images(engine) + place * PIXELS; /* (3, SIDE, SIDE) */
    uint32_t noise = 1 + (uint32_t)image * 7919u;
    for (int i = 0; i < PIXELS; i++) {
        noise = noise * 1664525u + 1013904223u; /* Numerical Recipes */
        pixels[i] = (float)(noise >> 8) * 0x1p-24f;
    }
    alx_engine_labels(engine)[place] = image % CLASSES;
}

static inline void set_images(alx_engine *engine, int first, int count)
{
    for (int n = 0; n < count; n++) set_images_at(engine, n, first + n);
}

static inline net open_net_as(const char *yaml, int threads, alx_dtype type)
{
    net n = open_params(yaml);
    alx_error err;
    alx_engine_config config = config_of(threads);
    config.type = type;
    must(alx_engine_create(&n.engine, n.params, &config, &err), &err);
    set_images(n.engine, 0, BATCH);
    return n;
}

static inline net open_net(const char *yaml, int threads)
{
    return open_net_as(yaml, threads, ALX_F32);
}

static inline alx_dtype last_type(void)
{
    alx_dtype type;
    return alx_engine_resolve_precision(&type, ALX_PRECISION_BF16, NULL) ? ALX_F32 : ALX_BF16;
}

static inline void close_net(net *n)
{
    alx_engine_destroy(n->engine);
    alx_params_destroy(n->params);
    alx_graph_destroy(n->graph);
}

static inline void run(const net *n, alx_mode mode, int batch, uint32_t first_slot)
{
    alx_error err;
    alx_step_key key = {.seed = 3, .step = 12, .first_slot = first_slot};
    must(alx_engine_run(n->engine, mode, batch, &key, &err), &err);
}

/* Copies of what a run left. */
typedef struct results {
    float losses[BATCH], probabilities[BATCH * CLASSES]; /* zero behind the batch */
    float *gradients;                                    /* (trainable_span) */
    float *moving;                                       /* the rest of the span */
    size_t gradients_bytes, moving_bytes;
} results;

static inline results copy_results(const net *n, int batch)
{
    results r = {.gradients_bytes = (size_t)n->params->trainable_span * sizeof(float)};
    r.moving_bytes = (size_t)n->params->span * sizeof(float) - r.gradients_bytes;
    r.gradients = malloc(r.gradients_bytes);
    r.moving = malloc(r.moving_bytes + 1);
    assert_true(r.gradients && r.moving);
    memcpy(r.losses, alx_engine_losses(n->engine), (size_t)batch * sizeof(float));
    memcpy(r.probabilities, alx_engine_probabilities(n->engine), (size_t)batch * CLASSES * sizeof(float));
    memcpy(r.gradients, alx_engine_gradients(n->engine), r.gradients_bytes);
    memcpy(r.moving, n->params->data + n->params->trainable_span, r.moving_bytes);
    return r;
}

static inline void free_results(results *r)
{
    free(r->gradients);
    free(r->moving);
}

static inline void assert_same_bits(const results *a, const results *b)
{
    for (int i = 0; i < BATCH; i++) assert_true(isfinite(a->losses[i]));
    assert_memory_equal(a->losses, b->losses, sizeof a->losses);
    assert_memory_equal(a->probabilities, b->probabilities, sizeof a->probabilities);
    assert_memory_equal(a->gradients, b->gradients, a->gradients_bytes);
    assert_memory_equal(a->moving, b->moving, a->moving_bytes);
}

static inline void assert_near(const float *a, const float *b, int count, float tolerance)
{
    for (int i = 0; i < count; i++)
        if (!(fabsf(a[i] - b[i]) <= tolerance)) fail_msg("[%d]: %.9g against %.9g", i, (double)a[i], (double)b[i]);
}

#endif

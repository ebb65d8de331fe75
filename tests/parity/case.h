/* Cases that tests/fixtures/make_layers.py and make_full_step.py write: a network, a batch and what PyTorch computes
 * for them, sampled.  Weights and images are not stored: both sides make them from one hash. */
#ifndef PARITY_CASE_H
#define PARITY_CASE_H

#include "plan/engine.h"

enum { CASE_PROJECTIONS = 8, CASE_SAMPLES = 16, CASE_MAX_PARAMS = 64, CASE_INPUT_TENSOR = 0xFFFF };

/* Numbers of a line, in the arena. */
typedef struct case_numbers {
    int count;
    double *values;
} case_numbers;

typedef struct case_param {
    const char *name;
    int64_t count;
    double offset, scale; /* values are offset + scale * u, u in [-1, 1) from the hash */
    double norm;          /* of the gradient; below 0: it has none */
    case_numbers projections;
    int sample_count;
    int64_t places[CASE_SAMPLES];
    double samples[CASE_SAMPLES];
    case_numbers moving; /* moving statistics after the step */
} case_param;

typedef struct test_case {
    const char *name, *yaml;
    uint32_t seed;
    int batch;
    alx_step_key key;
    double smoothing, loss, evaluate; /* evaluate: the loss in inference, before the step */
    double bf16_cosine;               /* what gradients in bf16 must reach; 0: the usual */
    case_numbers labels, class_weights, losses, probabilities;
    int param_count;
    case_param params[CASE_MAX_PARAMS];
} test_case;

typedef struct case_list {
    int count;
    test_case *cases;
} case_list;

/* Every case of a file; all of it lives in arena. */
alx_status case_list_read(case_list *list, alx_arena *arena, const char *path, alx_error *err);

/* How a case is run. */
typedef struct case_mode {
    alx_dtype type;
    bool exact, tiled;
    int threads;
} case_mode;

/* A case with its network, weights, images and labels in place. */
typedef struct case_run {
    const test_case *test;
    alx_graph *graph;
    alx_params *params;
    alx_engine *engine;
} case_run;

alx_status case_run_open(case_run *run, const test_case *test, const case_mode *mode, alx_error *err);
void case_run_close(case_run *run);
/* One training step with the case's key. */
alx_status case_run_step(case_run *run, alx_error *err);
/* The mean of the losses of the last run. */
double case_run_loss(const case_run *run);
/* A gradient in canonical order; release with free. */
float *case_run_gradient(const case_run *run, int param, alx_error *err);

/* How a gradient differs from the reference, as far as the fixture tells. */
typedef struct case_difference {
    double norm;     /* of ours */
    double distance; /* |ours - reference|, estimated from random projections (Johnson and Lindenstrauss 1984) */
    double sample;   /* the largest difference of a sampled entry */
    double cosine;   /* between the two, from the norms and the distance */
} case_difference;

case_difference case_compare(const test_case *test, int param, const float *gradient);

/* count values of a tensor from the hash, the same as tensor_values() of reference.py. */
void case_values(float *values, uint32_t seed, uint32_t tensor, int64_t count, double offset, double scale);

#endif

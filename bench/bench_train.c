/* bench_train NETWORK BATCH f32|bf16 [exact]: training steps of a network on random images, as one side of
 * `./run bench` (bench/sides.py has the protocol).  A step is forward, backward and Adam; its line has the
 * milliseconds of all and of Adam alone.  With DESCRIBE in the environment the plan goes to stderr at the end. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "plan/engine.h"
#include "train/param_groups.h"

typedef struct training {
    alx_graph *graph;
    alx_params *params;
    alx_tuner tuner;
    alx_engine *engine;
    alx_param_groups groups;
    float *state[2]; /* (trainable_span) each: Adam's */
    size_t state_bytes;
    alx_step_key key;
    double adam; /* seconds of the step so far */
    int batch, threads;
} training;

static const alx_optimizer_config optimizer = {
    .kind = ALX_ADAM, .learning_rate = 1e-4, .beta_1 = 0.9, .beta_2 = 0.999, .epsilon = 1e-7};

static void fill(const training *t)
{
    float *images = alx_engine_images(t->engine);
    const int64_t count = t->batch * alx_shape_elements(alx_graph_shape(t->graph, -1));
    uint32_t word = 1;
    for (int64_t i = 0; i < count; i++) images[i] = (float)((word = word * 1664525u + 1013904223u) >> 8) * 0x1p-24f;
    for (int i = 0; i < t->batch; i++) alx_engine_labels(t->engine)[i] = i % t->graph->spec.classes;
}

static alx_status prepare(training *t, const char *network, alx_dtype type, bool exact, alx_error *err)
{
    const alx_map none = {0}, *wrong;
    char *complaint;
    /* Choices are measured, as `alexnet train` does it, and not remembered. */
    ALX_TRY(alx_tuner_begin(&t->tuner, &complaint, NULL, err));
    const alx_engine_config config = {.threads = t->threads,
                                      .max_batch = t->batch,
                                      .training = true,
                                      .fleeting = true,
                                      .exact = exact,
                                      .type = type,
                                      .chooser = alx_tuner_chooser(&t->tuner)};
    ALX_TRY(alx_graph_open(&t->graph, network, 0, err));
    ALX_TRY(alx_params_create(&t->params, t->graph, alx_params_prefer_tiles(), err));
    ALX_TRY(alx_param_groups_create(&t->groups, &wrong, t->params, &none, &none, err));
    ALX_TRY(alx_engine_create(&t->engine, t->params, &config, err));
    alx_params_init(t->params, 0);
    /* As the trainer reserves it: huge pages, touched. */
    t->state_bytes = (size_t)t->params->trainable_span * sizeof(float);
    for (int i = 0; i < 2; i++) {
        t->state[i] = alx_memory_reserve(t->state_bytes, t->threads);
        if (!t->state[i]) return alx_fail(err, ALX_NO_MEMORY, "no memory for Adam's state");
    }
    fill(t);
    return alx_engine_prepare(t->engine, ALX_MODE_TRAIN, t->batch, err);
}

/* alx_watch.take, as the trainer does it */
static void take(void *user, int param, float *gradient)
{
    training *t = user;
    const double begin = alx_clock();
    alx_param_groups_step_tensor(&t->groups, &optimizer, t->key.step, t->params, param, gradient, t->state,
                                 alx_engine_halves(t->engine), t->threads);
    t->adam += alx_clock() - begin;
}

static alx_status step(training *t, alx_error *err)
{
    const double begin = alx_clock();
    t->key.step++;
    t->adam = 0.0;
    const alx_watch watch = {.take = take, .user = t};
    ALX_TRY(alx_engine_run_watched(t->engine, ALX_MODE_TRAIN, t->batch, &t->key, &watch, err));
    printf("%.4f %.4f\n", (alx_clock() - begin) * 1e3, t->adam * 1e3);
    return ALX_OK;
}

static void finish(training *t)
{
    for (int i = 0; i < 2; i++) alx_memory_release(t->state[i], t->state_bytes);
    alx_engine_destroy(t->engine);
    alx_param_groups_finish(&t->groups);
    alx_tuner_finish(&t->tuner);
    alx_params_destroy(t->params);
    alx_graph_destroy(t->graph);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: bench_train NETWORK BATCH f32|bf16 [exact]\n");
        return 2;
    }
    alx_error err = {0};
    training t = {.batch = atoi(argv[2]), .threads = omp_get_max_threads()};
    const alx_dtype type = strcmp(argv[3], "bf16") == 0 ? ALX_BF16 : ALX_F32;
    alx_status status = prepare(&t, argv[1], type, argc > 4 && strcmp(argv[4], "exact") == 0, &err);
    if (!status) printf("{\"threads\": %d}\n", t.threads);
    fflush(stdout);
    char line[32];
    while (!status && fgets(line, sizeof line, stdin)) {
        for (int i = atoi(line); !status && i > 0; i--) status = step(&t, &err);
        fflush(stdout);
    }
    if (!status && getenv("DESCRIBE")) {
        alx_text text = {0};
        alx_engine_describe(&text, t.engine, ALX_MODE_TRAIN, t.batch);
        fputs(text.data ? text.data : "", stderr);
        alx_text_finish(&text);
    }
    if (status) fprintf(stderr, "bench_train: %s\n", err.message);
    finish(&t);
    return status ? 1 : 0;
}

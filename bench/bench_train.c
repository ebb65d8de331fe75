/* One side of `./run bench train`: training steps of a network on random images.
 *
 * usage: bench_train NETWORK BATCH f32|bf16 [exact]
 * Prints "ready", then for each line on standard input runs one step (forward,
 * backward, Adam) and prints its milliseconds; at the end the peak memory. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/memory.h"
#include "plan/engine.h"
#include "train/param_groups.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int failed(const alx_error *err)
{
    fprintf(stderr, "bench_train: %s\n", err->message);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: bench_train NETWORK BATCH f32|bf16 [exact]\n");
        return 2;
    }
    alx_error err = {0};
    alx_graph *graph;
    alx_params *params;
    alx_engine *engine;
    int batch = atoi(argv[2]), threads = omp_get_max_threads();
    bool exact = argc > 4 && strcmp(argv[4], "exact") == 0;
    alx_engine_config config = {.threads = threads, .max_batch = batch, .training = true, .exact = exact};
    config.type = strcmp(argv[3], "bf16") == 0 ? ALX_BF16 : ALX_F32;
    alx_optimizer_config optimizer = {
        .kind = ALX_ADAM, .learning_rate = 1e-4, .beta_1 = 0.9, .beta_2 = 0.999, .epsilon = 1e-7};
    if (alx_graph_open(&graph, argv[1], 0, &err) ||
        alx_params_create(&params, graph, alx_params_prefer_tiles(), &err) ||
        alx_engine_create(&engine, params, &config, &err))
        return failed(&err);
    alx_params_init(params, 0);
    size_t span = (size_t)params->trainable_span;
    /* As the trainer reserves it: huge pages, touched. */
    float *state[2] = {alx_memory_reserve(span * sizeof(float), threads),
                       alx_memory_reserve(span * sizeof(float), threads)};
    if (!state[0] || !state[1]) return 1;

    float *images = alx_engine_images(engine);
    const alx_shape *shape = alx_graph_shape(graph, -1);
    int64_t count = batch * alx_shape_elements(shape);
    uint32_t word = 1;
    for (int64_t i = 0; i < count; i++) images[i] = (float)((word = word * 1664525u + 1013904223u) >> 8) * 0x1p-24f;
    for (int i = 0; i < batch; i++) alx_engine_labels(engine)[i] = i % graph->spec.classes;

    alx_step_key key = {0};
    alx_param_groups groups;
    const alx_map none = {0}, *wrong;
    if (alx_param_groups_create(&groups, &wrong, params, &none, &none, &err)) return failed(&err);
    if (alx_engine_prepare(engine, ALX_MODE_TRAIN, batch, &err)) return failed(&err);
    printf("ready\n");
    fflush(stdout);
    char line[16];
    while (fgets(line, sizeof line, stdin) && line[0] != 'q') {
        double begin = now();
        if (alx_engine_run(engine, ALX_MODE_TRAIN, batch, &key, &err)) return failed(&err);
        double middle = now();
        alx_param_groups_step(&groups, &optimizer, ++key.step, params, alx_engine_gradients(engine), state,
                              alx_engine_halves(engine), threads);
        double end = now();
        printf("%.3f %.3f\n", (end - begin) * 1e3, (end - middle) * 1e3);
        fflush(stdout);
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("peak %.0f MiB\n", (double)usage.ru_maxrss / 1024.0);
    if (getenv("DESCRIBE")) {
        alx_text text = {0};
        alx_engine_describe(&text, engine, ALX_MODE_TRAIN, batch);
        fputs(text.data ? text.data : "", stderr);
        alx_text_finish(&text);
    }
    for (int i = 0; i < 2; i++) alx_memory_release(state[i], span * sizeof(float));
    alx_param_groups_finish(&groups);
    alx_engine_destroy(engine);
    alx_params_destroy(params);
    alx_graph_destroy(graph);
    return 0;
}

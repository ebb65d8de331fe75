/* Optimizers against PyTorch's and Keras' figures, and their promises about threads and tails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/optimizer.h"

enum { COUNT = 7 };

/* As in make_optimizer.py. */
static float start_value(int64_t i)
{
    return (float)sin(1.0 + (double)i);
}

static float gradient_value(int64_t i, int64_t t)
{
    return (float)(0.5 * cos(0.7 * (double)i + 0.3 * (double)t) + 0.05 * (double)i);
}

static const struct {
    const char *name;
    alx_optimizer_config config;
} known[] = {
#define ADAM .kind = ALX_ADAM, .learning_rate = 0.01, .beta_1 = 0.9, .beta_2 = 0.999
    {"adam-pytorch", {ADAM, .epsilon = 1e-3, .epsilon_form = ALX_EPSILON_PYTORCH}},
    {"adam-pytorch-decay", {ADAM, .epsilon = 1e-8, .epsilon_form = ALX_EPSILON_PYTORCH, .weight_decay = 0.1}},
    {"adamw",
     {.kind = ALX_ADAMW,
      .learning_rate = 0.01,
      .beta_1 = 0.9,
      .beta_2 = 0.999,
      .epsilon = 1e-8,
      .epsilon_form = ALX_EPSILON_PYTORCH,
      .weight_decay = 0.1}},
    {"adam-keras", {ADAM, .epsilon = 1e-3, .epsilon_form = ALX_EPSILON_KERAS}},
    {"sgd", {.kind = ALX_SGD, .learning_rate = 0.1}},
    {"sgd-decay", {.kind = ALX_SGD, .learning_rate = 0.1, .weight_decay = 0.1}},
    {"sgd-momentum", {.kind = ALX_SGD, .learning_rate = 0.1, .momentum = 0.9}},
    {"sgd-nesterov", {.kind = ALX_SGD, .learning_rate = 0.1, .momentum = 0.9, .nesterov = true, .weight_decay = 0.01}},
};

typedef struct arrays {
    float *w, *g, *state[2];
    int64_t count;
} arrays;

static float *floats(int64_t count)
{
    size_t bytes = ((size_t)count * sizeof(float) + 63) / 64 * 64;
    float *memory = aligned_alloc(64, bytes);
    assert_non_null(memory);
    memset(memory, 0, bytes);
    return memory;
}

static arrays arrays_make(int64_t count)
{
    arrays a = {floats(count), floats(count), {floats(count), floats(count)}, count};
    for (int64_t i = 0; i < count; i++) a.w[i] = start_value(i);
    return a;
}

static void arrays_finish(arrays *a)
{
    free(a->w);
    free(a->g);
    free(a->state[0]);
    free(a->state[1]);
}

static void advance(arrays *a, const alx_optimizer_config *config, int64_t from, int64_t to, int threads)
{
    for (int64_t t = from; t <= to; t++) {
        for (int64_t i = 0; i < a->count; i++) a->g[i] = gradient_value(i, t);
        alx_optimizer_step(config, t, a->w, a->g, a->state, NULL, a->count, threads);
    }
}

static const alx_optimizer_config *find(const char *name)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].name, name) == 0) return &known[i].config;
    fail_msg("no configuration %s", name);
    return NULL;
}

static void updates_match_pytorch_and_keras(void **unused)
{
    (void)unused;
    FILE *file = fopen(FIXTURES "/optimizer.txt", "r");
    assert_non_null(file);
    char name[64];
    int t, rows = 0;
    while (fscanf(file, "%63s %d", name, &t) == 2) {
        arrays a = arrays_make(COUNT);
        advance(&a, find(name), 1, t, 1);
        for (int i = 0; i < COUNT; i++) {
            double wanted;
            assert_int_equal(fscanf(file, "%lf", &wanted), 1);
            if (fabs(a.w[i] - wanted) > 2e-6)
                fail_msg("%s, step %d, weight %d: %.9g, not %.9g", name, t, i, (double)a.w[i], wanted);
        }
        arrays_finish(&a);
        rows++;
    }
    fclose(file);
    assert_int_equal(rows, 32);
}

/* The same element gets the same bits wherever it lies: in a block, in the tail, with any number of threads. */
static void bits_do_not_depend_on_threads_or_place(void **unused)
{
    (void)unused;
    const int64_t counts[] = {1, 15, 255, 256, 257, 5000};
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        arrays whole = arrays_make(5000);
        advance(&whole, &known[k].config, 1, 4, 1);
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
            for (int threads = 1; threads <= 3; threads++) {
                arrays part = arrays_make(counts[c]);
                advance(&part, &known[k].config, 1, 4, threads);
                assert_memory_equal(part.w, whole.w, (size_t)counts[c] * sizeof(float));
                assert_memory_equal(part.state[0], whole.state[0], (size_t)counts[c] * sizeof(float));
                assert_memory_equal(part.state[1], whole.state[1], (size_t)counts[c] * sizeof(float));
                arrays_finish(&part);
            }
        arrays_finish(&whole);
    }
}

static void padding_stays_zero(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        arrays a = arrays_make(300);
        memset(a.w, 0, 300 * sizeof(float));
        for (int t = 1; t <= 3; t++) alx_optimizer_step(&known[k].config, t, a.w, a.g, a.state, NULL, 300, 2);
        for (int i = 0; i < 300; i++) assert_true(a.w[i] == 0.0f);
        arrays_finish(&a);
    }
}

static void state_is_named(void **unused)
{
    (void)unused;
    assert_int_equal(alx_optimizer_state_count(find("adam-keras")), 2);
    assert_string_equal(alx_optimizer_state_name(find("adam-keras"), 0), "m");
    assert_string_equal(alx_optimizer_state_name(find("adam-keras"), 1), "v");
    assert_int_equal(alx_optimizer_state_count(find("adamw")), 2);
    assert_string_equal(alx_optimizer_state_name(find("adamw"), 0), "m");
    assert_int_equal(alx_optimizer_state_count(find("sgd")), 0);
    assert_int_equal(alx_optimizer_state_count(find("sgd-nesterov")), 1);
    assert_string_equal(alx_optimizer_state_name(find("sgd-nesterov"), 0), "momentum");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates_match_pytorch_and_keras),
        cmocka_unit_test(bits_do_not_depend_on_threads_or_place),
        cmocka_unit_test(padding_stays_zero),
        cmocka_unit_test(state_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

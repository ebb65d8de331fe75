/* Loops over spans against plain ones: sums, norms, clipping, averages; and groups of parameters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/param_groups.h"
#include "train/span.h"

enum { MOST = 40000 }; /* several pieces, and a last one that is smaller */

static const int64_t counts[] = {0, 16, 4096, 4112, MOST};
enum { COUNTS = sizeof counts / sizeof counts[0] };

static float *floats(int64_t count, double phase)
{
    float *x = aligned_alloc(64, (size_t)(count ? count : 16) * sizeof *x);
    assert_non_null(x);
    for (int64_t i = 0; i < count; i++) x[i] = (float)sin(phase + 0.37 * (double)i);
    return x;
}

/* The loops, one after another, on the same numbers. */
static void work(float *a, float *b, int64_t count, int threads)
{
    alx_span_scale(b, 1.7, count, threads);
    alx_span_clamp(b, 1.2, count, threads);
    alx_span_average(a, b, 0.9, count, threads);
    alx_span_swap(a, b, count, threads);
}

static void spans_compute_what_they_say(void **unused)
{
    (void)unused;
    for (int c = 0; c < COUNTS; c++)
        for (int threads = 1; threads <= 3; threads++) {
            const int64_t count = counts[c];
            float *a = floats(count, 1), *b = floats(count, 2), *x = floats(count, 1), *y = floats(count, 2);
            work(a, b, count, threads);
            for (int64_t i = 0; i < count; i++) {
                float clamped = y[i] * 1.7f;
                clamped = clamped < -1.2f ? -1.2f : clamped > 1.2f ? 1.2f : clamped;
                float mean = x[i] + (float)(1.0 - 0.9) * (clamped - x[i]);
                assert_true(a[i] == clamped && b[i] == mean);
            }
            free(a), free(b), free(x), free(y);
        }
}

static void a_norm_has_the_same_bits_with_any_number_of_threads(void **unused)
{
    (void)unused;
    for (int c = 0; c < COUNTS; c++) {
        float *x = floats(counts[c], 3);
        double sum = 0;
        for (int64_t i = 0; i < counts[c]; i++) sum += (double)x[i] * (double)x[i];
        const double one = alx_span_norm(x, counts[c], 1);
        assert_true(fabs(one - sqrt(sum)) <= 1e-13 * one);
        for (int threads = 2; threads <= 5; threads++) assert_true(alx_span_norm(x, counts[c], threads) == one);
        free(x);
    }
    float *x = floats(64, 3);
    x[40] = NAN;
    assert_true(isnan(alx_span_norm(x, 64, 2)));
    alx_span_clamp(x, 0.5, 64, 1);
    assert_true(isnan(x[40])); /* not hidden */
    free(x);
}

/* ---- Groups ---- */

static const char network[] = "classes: 3\ninput: [8, 8, 3]\nlayers:\n"
                              "  - conv2d: {filters: 4, kernel_size: 3}\n  - batch_normalization\n  - flatten\n"
                              "  - dense: {units: 20}\n  - dense: {units: classes, activation: softmax}\n";

typedef struct net {
    alx_graph *graph;
    alx_params *params;
} net;

static net open_net(void)
{
    net n;
    alx_spec spec = {0};
    alx_error err;
    if (alx_spec_parse(&spec, network, strlen(network), NULL, 0, &err) || alx_graph_create(&n.graph, &spec, &err) ||
        alx_params_create(&n.params, n.graph, false, &err))
        fail_msg("%s", err.message);
    alx_params_init(n.params, 1);
    return n;
}

static void close_net(net *n)
{
    alx_params_destroy(n->params);
    alx_graph_destroy(n->graph);
}

static alx_map_entry doubled[] = {{.name = "dense_1.bias", .number = 3}, {.name = "*.bias", .number = 2}};
static alx_map_entry undecayed[] = {{.name = "batch_normalization_?.*", .number = 0}};
static const alx_map none = {0}, rates = {2, doubled}, decays = {1, undecayed};

static const alx_param_group *group_at(const alx_param_groups *groups, int64_t offset)
{
    for (int i = 0; i < groups->count; i++)
        if (offset >= groups->list[i].first && offset < groups->list[i].first + groups->list[i].count)
            return &groups->list[i];
    fail_msg("no group has float %lld", (long long)offset);
    return NULL;
}

static void patterns_make_groups(void **unused)
{
    (void)unused;
    net n = open_net();
    alx_param_groups groups;
    const alx_map *wrong;
    alx_error err;
    assert_int_equal(alx_param_groups_create(&groups, &wrong, n.params, &none, &none, &err), ALX_OK);
    assert_int_equal(groups.count, 1);
    assert_int_equal(groups.list[0].first, 0);
    assert_int_equal(groups.list[0].count, n.params->trainable_span);
    alx_param_groups_finish(&groups);
    assert_int_equal(alx_param_groups_create(&groups, &wrong, n.params, &rates, &decays, &err), ALX_OK);
    int64_t end = 0;
    for (int i = 0; i < groups.count; i++, end += groups.list[i - 1].count) {
        assert_int_equal(groups.list[i].first, end);
        assert_int_equal(groups.list[i].first % 16, 0);
    }
    assert_int_equal(end, n.params->trainable_span);
    for (int i = 0; i < n.params->count; i++) {
        const alx_param *p = &n.params->list[i];
        if (!p->trainable) continue;
        const char *dot = strrchr(p->name, '.');
        const double rate = strcmp(p->name, "dense_1.bias") == 0 ? 3 : strcmp(dot, ".bias") == 0 ? 2 : 1;
        const double decay = strncmp(p->name, "batch_norm", 10) == 0 ? 0 : 1;
        assert_true(group_at(&groups, p->offset)->rate == rate);
        assert_true(group_at(&groups, p->offset + p->count - 1)->decay == decay);
    }
    alx_param_groups_finish(&groups);
    alx_map_entry typo[] = {{.name = "*.biass", .number = 2}};
    const alx_map bad = {1, typo};
    assert_int_equal(alx_param_groups_create(&groups, &wrong, n.params, &none, &bad, &err), ALX_USAGE);
    assert_ptr_equal(wrong, &bad);
    assert_non_null(strstr(err.message, "no trained tensor is called like *.biass; there are conv2d_1.kernel, conv2d"));
    assert_null(strstr(err.message, "moving"));
    alx_param_groups_finish(&groups);
    close_net(&n);
}

/* A group's weights move as if the whole network had its rate and decay. */
static void groups_step_at_their_own_rate(void **unused)
{
    (void)unused;
    net n = open_net();
    const alx_optimizer_config config = {
        .kind = ALX_ADAMW, .learning_rate = 0.01, .beta_1 = 0.9, .beta_2 = 0.99, .epsilon = 1e-7, .weight_decay = 0.5};
    const int64_t span = n.params->trainable_span;
    alx_param_groups groups;
    const alx_map *wrong;
    alx_error err;
    assert_int_equal(alx_param_groups_create(&groups, &wrong, n.params, &rates, &decays, &err), ALX_OK);
    assert_true(groups.count > 3);
    float *g = floats(span, 4), *start = floats(span, 5), *m = floats(span, 0), *v = floats(span, 0);
    float *w = n.params->data;
    memcpy(w, start, (size_t)span * sizeof *w);
    memset(m, 0, (size_t)span * sizeof *m);
    memset(v, 0, (size_t)span * sizeof *v);
    float *const state[] = {m, v};
    for (int t = 1; t <= 3; t++) alx_param_groups_step(&groups, &config, t, n.params, g, state, NULL, 2);
    for (int i = 0; i < groups.count; i++) {
        alx_optimizer_config own = config;
        own.learning_rate *= groups.list[i].rate;
        own.weight_decay *= groups.list[i].decay;
        float *w2 = floats(span, 5), *m2 = floats(span, 0), *v2 = floats(span, 0);
        memset(m2, 0, (size_t)span * sizeof *m2);
        memset(v2, 0, (size_t)span * sizeof *v2);
        float *const state2[] = {m2, v2};
        for (int t = 1; t <= 3; t++) alx_optimizer_step(&own, t, w2, g, state2, NULL, span, 1);
        const int64_t first = groups.list[i].first, bytes = groups.list[i].count * (int64_t)sizeof *w;
        assert_memory_equal(w + first, w2 + first, (size_t)bytes);
        assert_memory_equal(v + first, v2 + first, (size_t)bytes);
        free(w2), free(m2), free(v2);
    }
    free(g), free(start), free(m), free(v);
    alx_param_groups_finish(&groups);
    close_net(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_compute_what_they_say),
        cmocka_unit_test(a_norm_has_the_same_bits_with_any_number_of_threads),
        cmocka_unit_test(patterns_make_groups),
        cmocka_unit_test(groups_step_at_their_own_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

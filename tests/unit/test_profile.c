/* The profile of a training step: which rows there are, and what they count.  How long anything takes decides no test.
 * What it stands on is the matter of test_plan_steps.c. */
#include "engine_net.h"

#include <omp.h>

#include "model/network.h"
#include "plan/plan.h"

/* ---- Rows ---- */

enum { STEPS = 3, MOST = 128 };

typedef struct profiled {
    alx_network *network;
    alx_profile *profile;
    int count;
    alx_profile_row rows[MOST];
} profiled;

static alx_profile_config short_config(alx_precision precision)
{
    alx_profile_config config;
    alx_profile_config_init(&config);
    config.batch_size = BATCH;
    config.steps = STEPS;
    config.precision = precision;
    config.threads = 2;
    return config;
}

static alx_network *network_of(const char *yaml)
{
    alx_error err;
    alx_spec spec = {0};
    alx_graph *graph;
    alx_network *network;
    must(alx_spec_parse(&spec, yaml, strlen(yaml), NULL, 0, &err), &err);
    must(alx_graph_create(&graph, &spec, &err), &err);
    must(alx_network_wrap(&network, graph, NULL, &err), &err);
    return network;
}

static profiled profile_of(const char *yaml, alx_precision precision)
{
    profiled p = {.network = network_of(yaml)};
    const alx_profile_config config = short_config(precision);
    alx_error err;
    must(alx_profile_create(&p.profile, p.network, &config, &err), &err);
    while (p.count < MOST && alx_profile_row_get(p.profile, p.count, &p.rows[p.count])) p.count++;
    assert_in_range(p.count, 1, MOST - 1);
    assert_int_equal(alx_profile_row_get(p.profile, -1, &p.rows[p.count]), 0);
    return p;
}

static void finish(profiled *p)
{
    alx_profile_destroy(p->profile);
    alx_network_destroy(p->network);
}

/* NULL when there is none. */
static const alx_profile_row *find(const profiled *p, const char *name, int backward)
{
    for (int i = 0; i < p->count; i++)
        if (!strcmp(p->rows[i].name, name) && p->rows[i].backward == backward) return &p->rows[i];
    return NULL;
}

/* In the order of a step: every layer forward, the loss, every layer that learns backward, the optimizer. */
static void assert_rows(const profiled *p)
{
    const int layers = alx_network_layer_count(p->network);
    alx_layer_info info;
    alx_explanation *explanation; /* which counts multiply-adds on its own, for one image */
    alx_layer_account account;
    must(alx_explanation_create(&explanation, p->network, NULL, NULL), NULL);
    for (int i = 0; i < layers; i++) {
        alx_network_layer(p->network, i, &info);
        assert_int_equal(p->rows[i].layer, i);
        assert_int_equal(p->rows[i].backward, 0);
        assert_string_equal(p->rows[i].name, info.name);
        if (info.trainable) assert_non_null(find(p, info.name, 1));
        alx_explanation_layer(explanation, i, &account);
        assert_int_equal(p->rows[i].multiply_adds, BATCH * account.multiply_adds);
    }
    alx_explanation_destroy(explanation);
    for (int i = layers; i < layers + 2; i++) {
        assert_string_equal(p->rows[i].name, "loss");
        assert_int_equal(p->rows[i].layer, -1);
        assert_int_equal(p->rows[i].backward, i - layers);
        assert_string_equal(p->rows[i].algorithm, "own");
    }
    for (int i = layers + 2, last = layers; i < p->count - 1; last = p->rows[i++].layer) {
        assert_int_equal(p->rows[i].backward, 1);
        assert_in_range(p->rows[i].layer, 0, last - 1);
        alx_network_layer(p->network, p->rows[i].layer, &info);
        assert_string_equal(p->rows[i].name, info.name);
    }
    assert_string_equal(p->rows[p->count - 1].name, "optimizer");
    assert_int_equal(p->rows[p->count - 1].layer, -1);
    assert_string_equal(p->rows[p->count - 1].algorithm, "own");
}

/* Bounds that hold on any machine, busy or not. */
static void assert_sane_times(const profiled *p)
{
    const double step = alx_profile_step_seconds(p->profile);
    double sum = 0;
    assert_true(step > 0 && isfinite(step));
    assert_true(alx_profile_peak(p->profile) > 0 && isfinite(alx_profile_peak(p->profile)));
    for (int i = 0; i < p->count; i++) {
        const alx_profile_row *row = &p->rows[i];
        assert_true(row->seconds >= 0 && row->conversions >= 0);
        assert_true(row->conversions <= row->seconds * (1 + 1e-9));
        assert_int_equal(row->seconds > 0, *row->algorithm != 0);
        sum += row->seconds;
    }
    assert_true(sum > 0 && sum < 100 * step);
}

static void test_rows(void **state)
{
    (void)state;
    for (int precision = ALX_PRECISION_F32; precision <= (last_type() ? ALX_PRECISION_BF16 : ALX_PRECISION_F32);
         precision++) {
        profiled p = profile_of(whole, (alx_precision)precision);
        assert_rows(&p);
        assert_sane_times(&p);
        assert_int_equal(alx_profile_precision(p.profile), precision);
        assert_int_equal(alx_profile_threads(p.profile), 2);
        /* Joins run; what an `add` hands back is its own gradient: the sum is made where it is wanted, at p. */
        assert_true(find(&p, "s", 0)->seconds > 0);
        assert_null(find(&p, "s", 1));
        assert_true(find(&p, "concatenate_1", 0)->seconds > 0);
        assert_true(find(&p, "concatenate_1", 1)->seconds > 0);
        assert_string_equal(find(&p, "dropout_1", 0)->algorithm, "own");
        finish(&p);
    }
}

/* The first convolution has nobody to hand a gradient to; groups see a part of the channels. */
static const char counted[] = "classes: 5\ninput: [9, 9, 3]\nlayers:\n"
                              "- conv2d: {name: first, filters: 9, kernel_size: 3, strides: 2, groups: 3}\n"
                              "- conv2d: {name: second, filters: 6, kernel_size: [3, 1], padding: same, groups: 3}\n"
                              "- activation: {name: fused, activation: relu}\n"
                              "- max_pooling2d: {name: pool, pool_size: 2}\n"
                              "- flatten: {name: flat}\n"
                              "- dense: {name: hidden, units: 7, use_bias: false}\n"
                              "- dense: {name: last, units: classes, activation: softmax}\n";

static void test_multiply_adds(void **state)
{
    (void)state;
    profiled p = profile_of(counted, ALX_PRECISION_F32);
    const int64_t first = BATCH * (4 * 4 * 9) * (3 * 3 * 1);  /* 9x9 in steps of 2: 4x4; 3 channels in 3 groups */
    const int64_t second = BATCH * (4 * 4 * 6) * (3 * 1 * 3); /* 9 channels in 3 groups */
    const int64_t hidden = BATCH * 7 * (2 * 2 * 6), last = BATCH * 5 * 7;
    assert_rows(&p);
    assert_int_equal(find(&p, "first", 0)->multiply_adds, first);
    assert_int_equal(find(&p, "first", 1)->multiply_adds, first);
    assert_int_equal(find(&p, "second", 0)->multiply_adds, second);
    assert_int_equal(find(&p, "second", 1)->multiply_adds, 2 * second);
    assert_int_equal(find(&p, "hidden", 0)->multiply_adds, hidden);
    assert_int_equal(find(&p, "hidden", 1)->multiply_adds, 2 * hidden);
    assert_int_equal(find(&p, "last", 0)->multiply_adds, last);
    assert_int_equal(find(&p, "last", 1)->multiply_adds, 2 * last);
    int64_t all = 0;
    for (int i = 0; i < p.count; i++) all += p.rows[i].multiply_adds;
    assert_int_equal(all, 2 * first + 3 * (second + hidden + last)); /* and no other row has any */
    /* Its ReLU runs inside of the convolution, both ways. */
    const alx_profile_row *fused = find(&p, "fused", 0);
    assert_true(fused->seconds == 0);
    assert_string_equal(fused->algorithm, "");
    assert_string_equal(fused->layout, "");
    assert_null(find(&p, "fused", 1));
    finish(&p);
}

/* ---- Algorithms ---- */

/* Whether some step of the plan that computes for the row, converting nothing, has its algorithm. */
static bool plan_has(const alx_plan *plan, const alx_profile_row *row, bool *computes)
{
    bool found = false;
    for (int i = 0; i < plan->build.step_count; i++) {
        const alx_step *step = &plan->build.steps[i];
        if (!step->op || step->layer != row->layer || step->backward != row->backward) continue;
        *computes = true;
        found |= !strcmp(row->algorithm, alx_step_algorithm(step));
    }
    return found;
}

/* They are those of an engine that is asked for the same, and conversions do not give their name to what they serve. */
static void test_algorithms(void **state)
{
    (void)state;
    enum { LARGE = 32 }; /* from where oneDNN 2.x takes Winograd, unless exact */
    static const char yaml[] = NET("- conv2d: {filters: 64, kernel_size: 3, padding: same}\n"
                                   "- conv2d: {filters: 64, kernel_size: 3, padding: same, activation: relu}\n"
                                   "- dropout: {rate: 0.5}\n- flatten\n");
    alx_network *network = network_of(yaml);
    for (int exact = 0; exact < 2; exact++) {
        net n = open_params(yaml);
        alx_engine_config wanted = config_of(2);
        alx_profile_config config = short_config(ALX_PRECISION_F32);
        alx_profile *profile;
        alx_profile_row row;
        alx_error err;
        int checked = 0;
        config.batch_size = LARGE;
        wanted.max_batch = LARGE;
        config.exact = exact;
        wanted.exact = exact != 0;
        must(alx_engine_create(&n.engine, n.params, &wanted, &err), &err);
        must(alx_profile_create(&profile, network, &config, &err), &err);
        const alx_plan *plan = alx_engine_plan(n.engine, ALX_MODE_TRAIN, LARGE);
        for (int i = 0; alx_profile_row_get(profile, i, &row); i++) {
            bool computes = false;
            const bool found = plan_has(plan, &row, &computes);
            if (!computes || !strcmp(row.name, "optimizer")) continue;
            if (!found) fail_msg("%s: %s", row.name, row.algorithm);
            checked++;
        }
        assert_int_equal(checked, 10); /* three that learn, dropout and the loss, both ways */
        alx_profile_destroy(profile);
        close_net(&n);
    }
    alx_network_destroy(network);
}

/* ---- Layouts ---- */

static void test_layouts(void **state)
{
    (void)state;
    const int block = alx_dnn_cpu().channel_block;
    const char *blocked = block == 16 ? "nChw16c" : block == 8 ? "nChw8c" : NULL;
    static const char image[] = "classes: 2\ninput: [9, 9, 3]\nlayers:\n"
                                "- conv2d: {name: first, filters: 16, kernel_size: 3}\n"
                                "- conv2d: {name: second, filters: 10, kernel_size: 3, padding: same}\n"
                                "- max_pooling2d: {name: pool, pool_size: 2}\n- flatten: {name: flat}\n"
                                "- dense: {units: classes, activation: softmax}\n";
    profiled p = profile_of(image, ALX_PRECISION_F32);
    if (blocked) {
        assert_string_equal(find(&p, "second", 0)->layout, blocked);
        assert_string_equal(find(&p, "second", 1)->layout, blocked);
        assert_string_equal(find(&p, "pool", 1)->layout, blocked);
        /* Flatten only converts, and its way back converts nothing. */
        assert_true(find(&p, "flat", 0)->seconds > 0);
        assert_true(find(&p, "flat", 0)->conversions == find(&p, "flat", 0)->seconds);
    }
    assert_string_equal(find(&p, "flat", 0)->layout, "nc");
    assert_string_equal(find(&p, "flat", 1)->layout, "nchw");
    assert_string_equal(find(&p, "flat", 1)->algorithm, "");
    assert_string_equal(find(&p, "first", 1)->layout, "oihw"); /* its weights': there is no other result */
    finish(&p);

    static const char wide[] = "classes: 2\ninput: [16, 16, 3]\nlayers:\n- flatten\n- dense: {name: d, units: 128}\n"
                               "- dense: {units: classes, activation: softmax}\n";
    p = profile_of(wide, ALX_PRECISION_F32);
    assert_string_equal(find(&p, "d", 0)->layout, "nc");
    assert_string_equal(find(&p, "d", 1)->layout, block == 16 ? "tiles" : "oi");
    finish(&p);
    p = profile_of(counted, ALX_PRECISION_F32);
    assert_string_equal(find(&p, "first", 1)->layout, "goihw");
    finish(&p);
}

/* ---- Configuration ---- */

static void test_defaults(void **state)
{
    (void)state;
    alx_profile_config config;
    memset(&config, 0xff, sizeof config);
    alx_profile_config_init(&config);
    assert_int_equal(config.struct_size, sizeof config);
    assert_int_equal(config.batch_size, 32);
    assert_int_equal(config.steps, 10);
    assert_int_equal(config.precision, ALX_PRECISION_AUTO);
    assert_int_equal(config.threads, 0);
    assert_int_equal(config.exact, 0);
    assert_int_equal(config.optimizer_states, 2);
    alx_profile_destroy(NULL);
}

static void assert_refused(const alx_network *network, const alx_profile_config *config, alx_status want,
                           const char *message)
{
    alx_error err = {0};
    alx_profile *profile = (alx_profile *)(void *)&err;
    assert_int_equal(alx_profile_create(&profile, network, config, &err), want);
    assert_null(profile);
    if (!strstr(err.message, message)) fail_msg("\"%s\" lacks \"%s\"", err.message, message);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    alx_network *network = network_of(counted);
    const alx_profile_config good = short_config(ALX_PRECISION_F32);
    static const struct {
        size_t offset;
        int value;
        const char *message;
    } rows[] = {
        {offsetof(alx_profile_config, batch_size), 0, "batch_size is 0; give 1 to 65536"},
        {offsetof(alx_profile_config, batch_size), 65537, "batch_size is 65537"},
        {offsetof(alx_profile_config, steps), 0, "steps is 0; give 1 to 10000"},
        {offsetof(alx_profile_config, threads), -1, "threads is -1"},
        {offsetof(alx_profile_config, threads), 1025, "threads is 1025"},
        {offsetof(alx_profile_config, optimizer_states), 3, "optimizer_states is 3; give 0 to 2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        alx_profile_config config = good;
        *(int *)(void *)((char *)&config + rows[i].offset) = rows[i].value;
        assert_refused(network, &config, ALX_USAGE, rows[i].message);
    }
    alx_profile_config config = good;
    config.struct_size = sizeof config + 1;
    assert_refused(network, &config, ALX_USAGE, "struct_size");
    config.struct_size = 0;
    assert_refused(network, &config, ALX_USAGE, "struct_size");
    if (!alx_dnn_cpu().bf16_emulated) {
        config = short_config(ALX_PRECISION_BF16);
        assert_refused(network, &config, ALX_UNSUPPORTED, "use precision f32");
    }
    alx_network_destroy(network);

    must(alx_network_create(&network, "x", 8, 8, 3, 2, NULL), NULL);
    assert_refused(network, &good, ALX_BAD_MODEL, "");
    must(alx_network_add(network, "flatten", NULL, NULL), NULL);
    assert_refused(network, &good, ALX_BAD_MODEL, "");
    alx_network_destroy(network);
}

/* What a shorter, older struct does not have keeps its default; every kind of optimizer runs; threads are put back. */
static void test_other_configurations(void **state)
{
    (void)state;
    alx_network *network = network_of(counted);
    const int before = omp_get_max_threads();
    omp_set_num_threads(5);
    for (int states = 0; states < 3; states++) {
        alx_profile_config config = short_config(ALX_PRECISION_AUTO);
        alx_profile *profile;
        alx_error err;
        config.steps = 1;
        config.optimizer_states = states;
        config.exact = states == 1;
        if (states == 2) { /* up to precision */
            config.struct_size = offsetof(alx_profile_config, threads);
            config.threads = -7;
        }
        must(alx_profile_create(&profile, network, &config, &err), &err);
        assert_int_equal(alx_profile_threads(profile), states == 2 ? omp_get_num_procs() : 2);
        alx_precision want = alx_dnn_cpu().bf16 ? ALX_PRECISION_BF16 : ALX_PRECISION_F32;
        assert_int_equal(alx_profile_precision(profile), want);
        assert_int_equal(omp_get_max_threads(), 5);
        alx_profile_destroy(profile);
    }
    omp_set_num_threads(before);
    alx_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_multiply_adds),
        cmocka_unit_test(test_algorithms),
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_other_configurations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The parameter store: its layout, tiles, and the values that it starts with. */
#include "network_text.h"

#include <math.h>
#include <omp.h>

#include "model/params.h"
#include "model/tile.h"
#include "tensor/dnn.h"

static alx_params *store(const alx_graph *graph, bool tiled)
{
    alx_params *params;
    alx_error err = {0};
    if (alx_params_create(&params, graph, tiled, &err)) fail_msg("%s", err.message);
    return params;
}

static int find_param(const alx_params *params, const char *name)
{
    for (int i = 0; i < params->count; i++)
        if (strcmp(params->list[i].name, name) == 0) return i;
    fail_msg("no parameter %s", name);
    return -1;
}

/* ---- Layout ---- */

static const char small[] = HEAD "  - conv2d: {filters: 5, kernel_size: 3}\n  - batch_normalization\n" TAIL;

static void the_last_layer_comes_first_and_statistics_last(void **state)
{
    (void)state;
    alx_graph *graph = good_graph(small);
    alx_params *params = store(graph, true);
    static const struct {
        const char *name;
        int64_t offset, count;
    } rows[] = {
        {"dense_1.kernel", 0, 9000},
        {"dense_1.bias", 9008, 2},
        {"batch_normalization_1.gamma", 9024, 5},
        {"batch_normalization_1.beta", 9040, 5},
        {"conv2d_1.kernel", 9056, 135},
        {"conv2d_1.bias", 9200, 5},
        {"batch_normalization_1.moving_mean", 9216, 5},
        {"batch_normalization_1.moving_variance", 9232, 5},
    };
    assert_int_equal(params->count, 8);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const alx_param *p = &params->list[find_param(params, rows[i].name)];
        assert_int_equal(p->offset, rows[i].offset);
        assert_int_equal(p->count, rows[i].count);
        assert_int_equal(p->trainable, p->offset < 9216);
        assert_false(p->tiled);
    }
    assert_int_equal(params->trainable_span, 9216);
    assert_int_equal(params->span, 9248);
    assert_string_equal(params->list[0].name, "conv2d_1.kernel"); /* the order of the graph */
    assert_int_equal((uintptr_t)params->data % 64, 0);
    for (int64_t i = 0; i < params->span; i++) assert_true(params->data[i] == 0);
    alx_params_destroy(params);
    alx_params_destroy(NULL);
    alx_graph_destroy(graph);
}

static void padding_stays_zero(void **state)
{
    (void)state;
    alx_graph *graph = good_graph(small);
    alx_params *params = store(graph, true);
    alx_params_init(params, 1);
    int64_t zeros = 0;
    for (int64_t i = 9000; i < params->span; i++) zeros += params->data[i] == 0;
    /* 248 floats of which 8 + 14 + 11 + 11 + 9 + 11 + 11 + 11 are padding; zero by value: bias, beta, mean. */
    assert_int_equal(zeros, 86 + 2 + 5 + 5 + 5);
    alx_params_destroy(params);
    alx_graph_destroy(graph);
}

static void a_network_too_large_for_the_machine_is_refused(void **state)
{
    (void)state;
    alx_graph *graph =
        good_graph("classes: 2\ninput: [4096, 4096, 3]\nlayers:\n  - flatten\n  - dense: {units: 20000}\n"
                   "  - dense: {units: classes, activation: softmax}\n");
    alx_params *params;
    alx_error err = {0};
    assert_int_equal(alx_params_create(&params, graph, true, &err), ALX_NO_MEMORY);
    assert_null(params);
    assert_non_null(strstr(err.message, "GiB"));
    alx_graph_destroy(graph);
}

/* ---- Tiles ---- */

/* AB16b64a written out: for (A) for (B) for (b < 16) for (a < 64). */
static void tiles_are_AB16b64a(void **state)
{
    (void)state;
    int64_t outs = 128, ins = 48, place = 0;
    for (int64_t A = 0; A < outs / 64; A++)
        for (int64_t B = 0; B < ins / 16; B++)
            for (int64_t b = 0; b < 16; b++)
                for (int64_t a = 0; a < 64; a++, place++)
                    assert_int_equal(alx_tile_index(ins, 64 * A + a, 16 * B + b), place);
    assert_int_equal(place, outs * ins);
}

/* oneDNN itself puts every weight where alx_tile_index says. */
static void tiles_are_onednns(void **state)
{
    (void)state;
    enum { OUTS = 128, INS = 48, COUNT = OUTS * INS };
    static float plain[COUNT], tiled[COUNT];
    for (int i = 0; i < COUNT; i++) plain[i] = (float)i;
    alx_dnn *dnn;
    const alx_md *from, *to;
    alx_prim *prim;
    alx_call *call;
    alx_shape shape = ALX_SHAPE(OUTS, INS);
    assert_int_equal(alx_dnn_create(&dnn, NULL), ALX_OK);
    assert_int_equal(alx_md_create(&from, dnn, &shape, ALX_F32, ALX_ORDER_PLAIN, NULL), ALX_OK);
    assert_int_equal(alx_md_create(&to, dnn, &shape, ALX_F32, ALX_ORDER_DENSE_BLOCKED, NULL), ALX_OK);
    assert_int_equal(alx_dnn_reorder(&prim, dnn, from, to, NULL), ALX_OK);
    const alx_md *scratch = alx_prim_md(prim, ALX_ARG_SCRATCHPAD);
    void *room = malloc(scratch ? alx_md_bytes(scratch) + 1 : 1);
    const alx_call_arg args[] = {
        {ALX_ARG_FROM, from, plain}, {ALX_ARG_TO, to, tiled}, {ALX_ARG_SCRATCHPAD, NULL, room}};
    assert_int_equal(alx_call_create(&call, dnn, prim, scratch ? 3 : 2, args, NULL), ALX_OK);
    assert_int_equal(alx_call_run(call, NULL), ALX_OK);
    for (int o = 0; o < OUTS; o++)
        for (int i = 0; i < INS; i++) assert_true(tiled[alx_tile_index(INS, o, i)] == plain[o * INS + i]);
    free(room);
    alx_dnn_destroy(dnn);
}

#define TILED HEAD "  - flatten\n  - dense: {units: 128}\n  - dense: {units: classes, activation: softmax}\n"

static void only_large_dense_kernels_are_tiled(void **state)
{
    (void)state;
    alx_graph *graph = builtin_graph("alexnet", 0);
    alx_params *params = store(graph, true), *plain = store(graph, false);
    for (int i = 0; i < params->count; i++) {
        const char *name = params->list[i].name;
        bool tiled = strcmp(name, "dense_1.kernel") == 0 || strcmp(name, "dense_2.kernel") == 0;
        assert_int_equal(params->list[i].tiled, tiled);
        assert_false(plain->list[i].tiled);
        assert_int_equal(params->list[i].offset, plain->list[i].offset);
    }
    assert_int_equal(params->trainable_span, params->span);
    alx_params_destroy(params);
    alx_params_destroy(plain);
    alx_graph_destroy(graph);
}

static void export_and_import_are_inverse(void **state)
{
    (void)state;
    alx_graph *graph = good_graph(TILED);
    alx_params *params = store(graph, true);
    int kernel = find_param(params, "dense_1.kernel");
    const alx_param *p = &params->list[kernel];
    assert_true(p->tiled);
    float *canonical = malloc((size_t)p->count * sizeof(float)), *back = malloc((size_t)p->count * sizeof(float));
    for (int64_t i = 0; i < p->count; i++) canonical[i] = (float)i;
    alx_params_import(params, kernel, canonical, params->data);
    assert_true(params->data[p->offset + 1] == 3072); /* output 1, input 0 */
    assert_true(params->data[p->offset + 64] == 1);   /* output 0, input 1 */
    assert_true(params->data[p->offset + 1024] == 16);
    alx_params_export(params, kernel, params->data, back);
    assert_memory_equal(canonical, back, (size_t)p->count * sizeof(float));
    int64_t width = p->shape.dims[1], rows = p->shape.dims[0] - 64;
    memset(back, 0, (size_t)p->count * sizeof(float));
    alx_params_export_rows(params, kernel, params->data, 64, rows, back);
    assert_memory_equal(canonical + 64 * width, back, (size_t)(rows * width) * sizeof(float));
    int bias = find_param(params, "dense_2.bias");
    alx_params_import(params, bias, (const float[]){1, 2}, params->data);
    alx_params_export(params, bias, params->data, back);
    assert_true(back[0] == 1 && back[1] == 2);
    free(canonical);
    free(back);
    alx_params_destroy(params);
    alx_graph_destroy(graph);
}

/* ---- Initial values ---- */

static float *initial(const alx_graph *graph, const char *name, bool tiled, uint64_t seed, int64_t *count)
{
    alx_params *params = store(graph, tiled);
    uint64_t version = params->version;
    alx_params_init(params, seed);
    assert_true(params->version != version);
    int index = find_param(params, name);
    *count = params->list[index].count;
    float *values = malloc((size_t)*count * sizeof(float));
    alx_params_export(params, index, params->data, values);
    alx_params_destroy(params);
    return values;
}

static void values_depend_on_seed_and_parameter_alone(void **state)
{
    (void)state;
    alx_graph *graph = good_graph(TILED);
    int64_t count;
    int threads = omp_get_max_threads();
    float *tiled = initial(graph, "dense_1.kernel", true, 7, &count);
    float *plain = initial(graph, "dense_1.kernel", false, 7, &count);
    assert_memory_equal(tiled, plain, (size_t)count * sizeof(float));
    omp_set_num_threads(3);
    float *three = initial(graph, "dense_1.kernel", true, 7, &count);
    omp_set_num_threads(threads);
    assert_memory_equal(tiled, three, (size_t)count * sizeof(float));
    float *other = initial(graph, "dense_1.kernel", true, 8, &count);
    int64_t equal = 0;
    for (int64_t i = 0; i < count; i++) equal += tiled[i] == other[i];
    assert_true(equal < count / 1000);
    float *second = initial(graph, "dense_2.kernel", true, 7, &count);
    assert_true(second[0] / plain[0] != 1 && second[1] / second[0] != plain[1] / plain[0]);
    free(tiled), free(plain), free(three), free(other), free(second);
    alx_graph_destroy(graph);
}

typedef struct moments {
    double mean, sd, low, high, kurtosis;
} moments;

static moments measure(const float *x, int64_t count)
{
    moments m = {.low = x[0], .high = x[0]};
    for (int64_t i = 0; i < count; i++) m.mean += x[i] / (double)count;
    double second = 0, fourth = 0;
    for (int64_t i = 0; i < count; i++) {
        double d = x[i] - m.mean;
        second += d * d / (double)count;
        fourth += d * d * d * d / (double)count;
        m.low = fmin(m.low, x[i]);
        m.high = fmax(m.high, x[i]);
    }
    m.sd = sqrt(second);
    m.kurtosis = fourth / (second * second);
    return m;
}

/* dense 3072 -> 128: 393,216 values, so that a mean strays by sd / 627 and a spread by 0.1 %. */
static moments of_initializer(const char *initializer)
{
    alx_text yaml = {0};
    alx_text_printf(&yaml,
                    "%s  - flatten\n  - dense: {units: 128, %s}\n  - dense: {units: classes, activation: softmax}\n",
                    HEAD, initializer);
    alx_graph *graph = good_graph(yaml.data);
    int64_t count;
    float *values = initial(graph, "dense_1.kernel", true, 3, &count);
    moments m = measure(values, count);
    free(values);
    alx_graph_destroy(graph);
    alx_text_finish(&yaml);
    return m;
}

#define assert_near(value, wanted, tolerance)                                                                          \
    do {                                                                                                               \
        double near_value = (value), near_wanted = (wanted);                                                           \
        if (!(fabs(near_value - near_wanted) <= (tolerance)))                                                          \
            fail_msg("line %d: %g, not %g", __LINE__, near_value, near_wanted);                                        \
    } while (0)

static void initial_values_have_their_distribution(void **state)
{
    (void)state;
    double half = sqrt(6.0 / (3072 + 128));
    moments m = of_initializer("kernel_initializer: glorot_uniform");
    assert_near(m.mean, 0, half / 300);
    assert_near(m.sd, half / sqrt(3), 0.004 * half);
    assert_near(m.kurtosis, 1.8, 0.02);
    assert_true(m.low >= -half && m.low < -0.999 * half && m.high <= half && m.high > 0.999 * half);

    double sd = sqrt(2.0 / 3072);
    m = of_initializer("kernel_initializer: he_normal");
    assert_near(m.mean, 0, sd / 100);
    assert_near(m.sd, sd, 0.005 * sd); /* after the cut: that is what the factor 0.8796 is for */
    double cut = 2 * sd / 0.87962566103423978;
    assert_true(m.high <= cut * 1.000001 && m.high > 0.99 * cut && m.low >= -cut * 1.000001 && m.low < -0.99 * cut);
    assert_near(m.kurtosis, 2.37, 0.03); /* 3 without the cut */

    m = of_initializer("kernel_initializer: normal, initializer_value: 0.01");
    assert_near(m.mean, 0, 0.0001);
    assert_near(m.sd, 0.01, 0.00005);
    assert_near(m.kurtosis, 3, 0.05);
    assert_true(m.high > 0.04);

    m = of_initializer("kernel_initializer: constant, initializer_value: 0.25");
    assert_true(m.low == 0.25 && m.high == 0.25);
}

static void a_kernel_whose_size_is_no_multiple_of_four_is_filled(void **state)
{
    (void)state;
    alx_graph *graph = good_graph(HEAD "  - conv2d: {filters: 5, kernel_size: 3, bias_value: 1}\n" TAIL);
    int64_t count;
    float *values = initial(graph, "conv2d_1.kernel", true, 0, &count);
    assert_int_equal(count, 135);
    for (int i = 0; i < count; i++) assert_true(values[i] != 0);
    free(values);
    values = initial(graph, "conv2d_1.bias", true, 0, &count);
    for (int i = 0; i < count; i++) assert_true(values[i] == 1);
    free(values);
    alx_graph_destroy(graph);
}

/* Fixed for good: a change here breaks every recorded run. */
static void the_first_values_of_seed_0_are_known(void **state)
{
    (void)state;
    alx_graph *graph = builtin_graph("gender-course", 0);
    int64_t count;
    float *values = initial(graph, "conv2d_1.kernel", false, 0, &count);
    /* Philox4x32-10 of counter (0, 0, parameter 4, INIT), key 0, by another program; U(-a, a), a = sqrt(6 / 52). */
    static const float known[4] = {0.157608181f, -0.102462634f, -0.125206143f, -0.123729922f};
    for (int i = 0; i < 4; i++) assert_true(fabsf(values[i] - known[i]) < 1e-8f);
    free(values);
    alx_graph_destroy(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_layer_comes_first_and_statistics_last),
        cmocka_unit_test(padding_stays_zero),
        cmocka_unit_test(a_network_too_large_for_the_machine_is_refused),
        cmocka_unit_test(tiles_are_AB16b64a),
        cmocka_unit_test(tiles_are_onednns),
        cmocka_unit_test(only_large_dense_kernels_are_tiled),
        cmocka_unit_test(export_and_import_are_inverse),
        cmocka_unit_test(values_depend_on_seed_and_parameter_alone),
        cmocka_unit_test(initial_values_have_their_distribution),
        cmocka_unit_test(a_kernel_whose_size_is_no_multiple_of_four_is_filled),
        cmocka_unit_test(the_first_values_of_seed_0_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

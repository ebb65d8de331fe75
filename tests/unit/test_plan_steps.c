/* Steps of a plan, as a profile sees them: they know whose they are, timing them changes no bit, and their layouts and
 * multiply-adds can be named. */
#include "engine_net.h"

#include "ops/op.h"
#include "plan/plan.h"

/* Layers come one after another, forward and back, and conversions belong to the op that they are made for. */
static void test_steps_know_their_layer(void **state)
{
    (void)state;
    for (alx_dtype type = ALX_F32; type <= last_type(); type++) {
        net n = open_net_as(whole, 2, type);
        const alx_plan *plan = alx_engine_plan(n.engine, ALX_MODE_TRAIN, BATCH);
        assert_non_null(plan);
        assert_null(alx_engine_plan(n.engine, ALX_MODE_TRAIN, BATCH - 1));
        const int layers = n.graph->spec.layer_count;
        int conversions = 0, losses = 0;
        for (int i = 0, last = 0; i < plan->build.step_count; i++) {
            const alx_step *step = &plan->build.steps[i];
            assert_in_range(step->layer + 1, 0, layers);
            int place = step->layer < 0 ? layers + step->backward : step->layer;
            if (step->layer >= 0 && step->backward) place = 2 * layers + 1 - step->layer;
            assert_true(place >= last);
            last = place;
            conversions += !step->op;
            losses += step->layer < 0;
            if (step->op) assert_int_equal(step->layer, step->op->layer);
        }
        assert_true(conversions > 0);
        assert_int_equal(losses, 2);
        close_net(&n);
    }
}

/* Nothing of inference runs backward. */
static void test_inference_runs_forward(void **state)
{
    (void)state;
    net n = open_net(plain, 2);
    must(alx_engine_prepare(n.engine, ALX_MODE_PREDICT, BATCH, NULL), NULL);
    const alx_plan *plan = alx_engine_plan(n.engine, ALX_MODE_PREDICT, BATCH);
    assert_non_null(plan);
    assert_true(plan->build.step_count > 0);
    for (int i = 0; i < plan->build.step_count; i++) assert_false(plan->build.steps[i].backward);
    close_net(&n);
}

static void test_timing_changes_no_bit(void **state)
{
    (void)state;
    for (alx_dtype type = ALX_F32; type <= last_type(); type++) {
        net n = open_net_as(whole, 2, type), timed = open_net_as(whole, 2, type);
        const int count = alx_engine_plan(timed.engine, ALX_MODE_TRAIN, BATCH)->build.step_count;
        double *seconds = calloc((size_t)count, sizeof *seconds), sum = 0;
        const alx_step_key key = {.seed = 3, .step = 12};
        assert_non_null(seconds);
        for (int i = 0; i < count; i++) seconds[i] = -1;
        run(&n, ALX_MODE_TRAIN, BATCH, 0);
        must(alx_engine_run_watched(timed.engine, ALX_MODE_TRAIN, BATCH, &key, &(alx_watch){.seconds = seconds}, NULL),
             NULL);
        results a = copy_results(&n, BATCH), b = copy_results(&timed, BATCH);
        assert_same_bits(&a, &b);
        for (int i = 0; i < count; i++) {
            assert_true(seconds[i] >= 0);
            sum += seconds[i];
        }
        assert_true(sum > 0);
        free(seconds);
        free_results(&a);
        free_results(&b);
        close_net(&n);
        close_net(&timed);
    }
}

/* Weights that have not changed are not packed again: such steps take no time at all. */
static void test_steps_that_are_left_out(void **state)
{
    (void)state;
    net n = open_net(plain, 2);
    alx_engine_prepare(n.engine, ALX_MODE_PREDICT, BATCH, NULL);
    const alx_plan *plan = alx_engine_plan(n.engine, ALX_MODE_PREDICT, BATCH);
    double *seconds = calloc((size_t)plan->build.step_count, sizeof *seconds);
    assert_non_null(seconds);
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < plan->build.step_count; i++) seconds[i] = -1;
        must(alx_engine_run_watched(n.engine, ALX_MODE_PREDICT, BATCH, NULL, &(alx_watch){.seconds = seconds}, NULL),
             NULL);
        for (int i = 0; i < plan->build.step_count; i++)
            if (turn && plan->build.steps[i].pack)
                assert_true(seconds[i] == 0);
            else
                assert_true(seconds[i] >= 0);
    }
    free(seconds);
    close_net(&n);
}

/* ---- What they compute ---- */

/* Of a convolution whose window covers 2^20 x 2^20 pixels around each of as many: 2^80. */
static void test_multiply_adds_do_not_wrap(void **state)
{
    (void)state;
    const int64_t side = (int64_t)1 << 20;
    alx_program program;
    alx_program_init(&program, ALX_MODE_TRAIN, ALX_F32, false, 1);
    alx_value x, w, y;
    alx_value_info image = {.kind = ALX_VALUE_INPUT, .shape = ALX_SHAPE(1, 1, side, side), .type = ALX_F32};
    alx_value_info kernel = {.kind = ALX_VALUE_PARAM, .shape = ALX_SHAPE(1, 1, side, side), .type = ALX_F32};
    const alx_conv_attr attr = {{1, 1}, {side / 2, side / 2}, {side / 2 - 1, side / 2 - 1}, 1};
    must(alx_program_add_value(&x, &program, &image, NULL), NULL);
    must(alx_program_add_value(&w, &program, &kernel, NULL), NULL);
    must(alx_op_conv(&y, &program, x, w, ALX_NO_VALUE, &attr, NULL), NULL);
    assert_int_equal(alx_value_shape(&program, y)->dims[2], side);
    assert_true(alx_op_multiply_adds(&program, program.ops[0]) == INT64_MAX);
    alx_program_finish(&program);
}

static void test_layout_names(void **state)
{
    (void)state;
    static const struct {
        alx_shape shape;
        alx_order order;
        bool weights;
        const char *name;
    } rows[] = {
        {{1, {3}}, ALX_ORDER_PLAIN, false, "n"},
        {{2, {3, 5}}, ALX_ORDER_PLAIN, false, "nc"},
        {{4, {3, 5, 7, 9}}, ALX_ORDER_PLAIN, false, "nchw"},
        {{4, {1, 1, 1, 1}}, ALX_ORDER_PLAIN, false, "nchw"},
        {{1, {3}}, ALX_ORDER_PLAIN, true, "o"},
        {{4, {3, 5, 7, 9}}, ALX_ORDER_PLAIN, true, "oihw"},
        {{5, {2, 3, 5, 7, 9}}, ALX_ORDER_PLAIN, true, "goihw"},
        {{2, {64, 32}}, ALX_ORDER_PLAIN, true, "oi"},
        {{2, {64, 32}}, ALX_ORDER_DENSE_BLOCKED, true, "tiles"},
    };
    alx_dnn *dnn;
    must(alx_dnn_create(&dnn, NULL), NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const alx_md *md;
        alx_md_text text;
        must(alx_md_create(&md, dnn, &rows[i].shape, ALX_F32, rows[i].order, NULL), NULL);
        assert_string_equal(alx_md_name(md, rows[i].weights, text), rows[i].name);
    }
    alx_dnn_destroy(dnn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_know_their_layer),    cmocka_unit_test(test_inference_runs_forward),
        cmocka_unit_test(test_timing_changes_no_bit),     cmocka_unit_test(test_steps_that_are_left_out),
        cmocka_unit_test(test_multiply_adds_do_not_wrap), cmocka_unit_test(test_layout_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

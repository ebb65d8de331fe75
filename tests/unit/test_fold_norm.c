/* Batch normalisation folded into weights: inference computes what the network as written does, with the weights and
 * statistics of the moment. */
#include "engine_net.h"

#include "ops/op.h"
#include "plan/plan.h"

#define NORM "- batch_normalization\n"
#define RELU "- activation: {activation: relu}\n"

typedef struct norm_case {
    const char *name, *yaml;
    int written, left; /* batch normalisations; those that inference still runs */
} norm_case;

static const norm_case cases[] = {
    {"a block", NET("- conv2d: {filters: 10, kernel_size: 3, use_bias: false}\n" NORM RELU "- flatten\n"), 1, 0},
    {"biases", NET("- conv2d: {filters: 17, kernel_size: 3, strides: 2}\n" NORM "- flatten\n"), 1, 0},
    {"folded strides", NET("- conv2d: {filters: 10, kernel_size: 7, strides: 4}\n" NORM RELU "- flatten\n"), 1, 0},
    {"groups",
     NET("- conv2d: {filters: 16, kernel_size: 3}\n" RELU
         "- conv2d: {filters: 32, kernel_size: 3, groups: 2}\n" NORM RELU "- flatten\n"),
     1, 0},
    {"dense", NET("- flatten\n- dense: {units: 20}\n" NORM RELU), 1, 0},
    {"dense in tiles", NET("- flatten\n- dense: {units: 64}\n" NORM RELU), 1, 1},
    {"ReLU between", NET("- conv2d: {filters: 10, kernel_size: 3, activation: relu}\n" NORM "- flatten\n"), 1, 1},
    {"two in a row", NET("- conv2d: {filters: 10, kernel_size: 3}\n" NORM NORM "- flatten\n"), 2, 0},
    {"another reader",
     NET("- conv2d: {name: c, filters: 10, kernel_size: 3}\n- batch_normalization: {name: n}\n"
         "- concatenate: {from: [c, n]}\n- flatten\n"),
     1, 1},
    {"in front", NET(NORM "- conv2d: {filters: 10, kernel_size: 3}\n" NORM RELU "- flatten\n"), 2, 1},
};

/* Statistics as after training; variances beside 0 too. */
static void train(const net *n)
{
    uint32_t noise = 5;
    for (int i = 0; i < n->params->count; i++) {
        const alx_param *p = &n->params->list[i];
        if (!strstr(p->name, "batch_normalization") && !strstr(p->name, "n.")) continue;
        for (int64_t k = 0; k < p->count; k++) {
            noise = noise * 1664525u + 1013904223u;
            float value = (float)(noise >> 8) * 0x1p-24f;
            if (!strstr(p->name, "variance")) value = value * 2 - 0.7f;
            n->params->data[p->offset + k] = value;
        }
    }
    n->params->version++;
}

static net open_case(const norm_case *c, alx_dtype type, bool exact)
{
    net n = open_params(c->yaml);
    alx_error err;
    alx_engine_config config = config_of(2);
    config.type = type;
    config.exact = exact;
    must(alx_engine_create(&n.engine, n.params, &config, &err), &err);
    set_images(n.engine, 0, BATCH);
    train(&n);
    return n;
}

static int norms(const net *n, alx_mode mode)
{
    const alx_plan *plan = alx_engine_plan(n->engine, mode, BATCH);
    int count = 0;
    assert_non_null(plan);
    for (int i = 0; i < plan->program.op_count; i++) count += plan->program.ops[i]->cls == &alx_op_class_batch_norm;
    return count;
}

static void compare(const net *folded, const net *exact, alx_mode mode, float tolerance)
{
    run(folded, mode, BATCH, 0);
    run(exact, mode, BATCH, 0);
    assert_near(alx_engine_probabilities(folded->engine), alx_engine_probabilities(exact->engine), BATCH * CLASSES,
                tolerance);
}

static void check_case(const norm_case *c, alx_dtype type)
{
    net folded = open_case(c, type, false), exact = open_case(c, type, true);
    const float tolerance = type == ALX_F32 ? 1e-5f : 3e-2f; /* bf16 rounds other weights */
    compare(&folded, &exact, ALX_MODE_PREDICT, tolerance);
    compare(&folded, &exact, ALX_MODE_EVALUATE, tolerance);
    assert_near(alx_engine_losses(folded.engine), alx_engine_losses(exact.engine), BATCH, 10 * tolerance);
    for (int exactly = 0; exactly < 2; exactly++) {
        const int found = norms(exactly ? &exact : &folded, ALX_MODE_PREDICT);
        if (found != (exactly ? c->written : c->left)) fail_msg("%s: %d normalisations are run", c->name, found);
    }
    /* A training step moves statistics, as an optimizer moves weights: the next evaluation is of the new ones. */
    float before[BATCH * CLASSES];
    memcpy(before, alx_engine_probabilities(folded.engine), sizeof before);
    for (int step = 0; step < 3; step++) run(&folded, ALX_MODE_TRAIN, BATCH, 0);
    assert_int_equal(norms(&folded, ALX_MODE_TRAIN), c->written);
    for (int64_t i = 0; i < folded.params->trainable_span; i++) folded.params->data[i] *= 1.25f;
    folded.params->version++;
    memcpy(exact.params->data, folded.params->data, (size_t)folded.params->span * sizeof(float));
    exact.params->version++;
    compare(&folded, &exact, ALX_MODE_EVALUATE, 4 * tolerance);
    assert_memory_not_equal(before, alx_engine_probabilities(folded.engine), sizeof before);
    close_net(&folded);
    close_net(&exact);
}

/* What is made of weights alone is made once, not in every run. */
static void test_folded_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        net n = open_case(&cases[i], ALX_F32, false);
        run(&n, ALX_MODE_PREDICT, BATCH, 0);
        const alx_plan *plan = alx_engine_plan(n.engine, ALX_MODE_PREDICT, BATCH);
        for (int k = 0; k < plan->build.step_count; k++) {
            const alx_step *step = &plan->build.steps[k];
            if (step->of_weights && !step->pack) fail_msg("%s: %s in every run", cases[i].name, step->op->cls->name);
        }
        close_net(&n);
    }
}

static void test_folded_equals_written(void **state)
{
    (void)state;
    for (alx_dtype type = ALX_F32; type <= last_type(); type++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_case(&cases[i], type);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_folded_once),
                                       cmocka_unit_test(test_folded_equals_written)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A sum taken in by the convolution before it: inference computes what the network as written does, and where the
 * memory of the other part is still wanted nothing is written over it. */
#include "engine_net.h"

#include "ops/op.h"
#include "plan/plan.h"

#define CONV(name, from) "- conv2d: {name: " name ", from: " from ", filters: 18, kernel_size: 3, padding: same}\n"
#define OPEN             "- conv2d: {name: s, filters: 18, kernel_size: 3, strides: 2, activation: relu}\n"
#define RELU             "- activation: {activation: relu}\n"

typedef struct add_case {
    const char *name, *yaml;
    int left; /* sums that inference still runs */
} add_case;

static const add_case cases[] = {
    {"a block", NET(OPEN CONV("a", "s") RELU CONV("b", "activation_1") "- add: {from: [b, s]}\n" RELU "- flatten\n"),
     0},
    {"the other way round",
     NET(OPEN CONV("a", "s") RELU CONV("b", "activation_1") "- add: {from: [s, b]}\n" RELU "- flatten\n"), 0},
    {"normalised",
     NET(OPEN CONV("a", "s") RELU CONV("b", "activation_1") "- batch_normalization: {name: n}\n- add: {from: [n, s]}\n"
                                                            "- activation: {activation: gelu}\n- flatten\n"),
     0},
    {"two convolutions",
     NET(OPEN CONV("a", "s") CONV("b", "s") "- add: {from: [a, b]}\n" RELU CONV("c", "activation_1") "- flatten\n"), 0},
    {"blocks in a row",
     NET(OPEN CONV("a", "s") RELU CONV("b", "activation_1") "- add: {name: t, from: [b, s]}\n" CONV("c", "t")
             RELU CONV("d", "activation_2") "- add: {from: [d, t]}\n- flatten\n"),
     0},
    {"its own input", NET(OPEN CONV("a", "s") "- add: {from: [a, s]}\n- flatten\n"), 1},
    {"read later",
     NET(OPEN CONV("a", "s") RELU CONV("b", "activation_1") "- add: {name: t, from: [b, s]}\n"
                                                            "- concatenate: {from: [t, s]}\n- flatten\n"),
     1},
    {"conv read later",
     NET(OPEN CONV("a", "s") RELU CONV("b", "activation_1") "- add: {name: t, from: [b, s]}\n"
                                                            "- concatenate: {from: [t, b]}\n"
                                                            "- flatten\n"),
     1},
    {"ReLU before",
     NET(OPEN CONV("a", "s") RELU "- conv2d: {name: b, filters: 18, kernel_size: 3, padding: same, "
                                  "activation: relu}\n- add: {from: [b, s]}\n- flatten\n"),
     1},
    {"twice the same", NET(OPEN CONV("a", "s") "- add: {from: [a, a]}\n- flatten\n"), 1},
    {"three", NET(OPEN CONV("a", "s") CONV("b", "s") "- add: {from: [a, b, s]}\n- flatten\n"), 1},
    {"read under another shape", /* few channels stay plain, and flattening them makes no copy */
     NET("- conv2d: {name: s, filters: 3, kernel_size: 3, strides: 2, activation: relu}\n- flatten: {name: f}\n"
         "- conv2d: {name: a, from: s, filters: 3, kernel_size: 3, padding: same, activation: tanh}\n"
         "- conv2d: {name: b, filters: 3, kernel_size: 3, padding: same}\n- add: {from: [b, s]}\n"
         "- flatten: {name: g}\n- dense: {name: d, from: f, units: 9}\n- dense: {name: e, from: g, units: 9}\n"
         "- add: {from: [d, e]}\n"),
     2},
    {"the images",
     NET("- conv2d: {name: a, filters: 18, kernel_size: 3, padding: same}\n"
         "- conv2d: {name: b, filters: 3, kernel_size: 3, padding: same}\n"
         "- add: {from: [input, b]}\n- flatten\n"),
     1},
};

static int sums(const net *n, alx_mode mode)
{
    const alx_plan *plan = alx_engine_plan(n->engine, mode, BATCH);
    int count = 0;
    assert_non_null(plan);
    for (int i = 0; i < plan->program.forward_count; i++) count += plan->program.ops[i]->cls == &alx_op_class_sum;
    return count;
}

static net open_case(const add_case *c, alx_dtype type, bool exact)
{
    net n = open_params(c->yaml);
    alx_error err;
    alx_engine_config config = config_of(2);
    config.type = type;
    config.exact = exact;
    must(alx_engine_create(&n.engine, n.params, &config, &err), &err);
    set_images(n.engine, 0, BATCH);
    return n;
}

static void check_case(const add_case *c, alx_dtype type)
{
    static const alx_mode modes[] = {ALX_MODE_PREDICT, ALX_MODE_EVALUATE, ALX_MODE_PREDICT};
    net fused = open_case(c, type, false), exact = open_case(c, type, true);
    for (int m = 0; m < 3; m++) {
        run(&fused, modes[m], BATCH, 0);
        run(&exact, modes[m], BATCH, 0);
        if (sums(&fused, modes[m]) != c->left) fail_msg("%s: %d sums are run", c->name, sums(&fused, modes[m]));
        assert_int_not_equal(sums(&exact, modes[m]), 0);
        assert_near(alx_engine_probabilities(fused.engine), alx_engine_probabilities(exact.engine), BATCH * CLASSES,
                    type == ALX_F32 ? 1e-5f : 3e-2f);
    }
    run(&fused, ALX_MODE_TRAIN, BATCH, 0);
    assert_int_not_equal(sums(&fused, ALX_MODE_TRAIN), 0);
    close_net(&fused);
    close_net(&exact);
}

static void test_fused_equals_written(void **state)
{
    (void)state;
    for (alx_dtype type = ALX_F32; type <= last_type(); type++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_case(&cases[i], type);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fused_equals_written)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

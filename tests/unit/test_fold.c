/* Folding strides: the rewritten first convolution computes what the convolution as written does. */
#include "engine_net.h"

#include "ops/op.h"
#include "plan/plan.h"

typedef struct fold_case {
    const char *name;
    int height, width, channels;
    const char *options; /* of the first convolution */
    bool folds;
} fold_case;

static const fold_case cases[] = {
    {"AlexNet's", 67, 67, 3, "kernel_size: 11, strides: 4, activation: relu", true},
    {"torchvision's", 64, 64, 3, "kernel_size: 11, strides: 4, padding: 2", true},
    {"same", 50, 39, 3, "kernel_size: 7, strides: 4, padding: same, activation: tanh", true},
    {"a row over the edge", 23, 61, 1, "kernel_size: 5, strides: 4, padding: [3, 1], use_bias: false", true},
    {"8x8", 32, 41, 3, "kernel_size: 8, strides: 4", true},
    {"padding as wide as the window", 17, 17, 3, "kernel_size: 9, strides: 4, padding: 9", true},
    {"a window of the step", 32, 32, 3, "kernel_size: 4, strides: 4", false},
    {"another step", 32, 32, 3, "kernel_size: 11, strides: 2", false},
    {"two steps", 32, 32, 3, "kernel_size: 11, strides: [4, 2]", false},
    {"groups", 32, 32, 3, "kernel_size: 11, strides: 4, groups: 3", false},
};

enum { IMAGES = 3 };

static net open_case(const fold_case *c, alx_dtype type, bool exact)
{
    char yaml[512];
    snprintf(yaml, sizeof yaml,
             "classes: 4\ninput: [%d, %d, %d]\nlayers:\n- conv2d: {filters: 18, %s}\n- flatten\n"
             "- dense: {units: classes, activation: softmax}\n",
             c->height, c->width, c->channels, c->options);
    net n = open_params(yaml);
    alx_error err;
    alx_engine_config config = {.threads = 2, .max_batch = IMAGES, .training = true, .type = type, .exact = exact};
    must(alx_engine_create(&n.engine, n.params, &config, &err), &err);
    float *pixels = alx_engine_images(n.engine);
    uint32_t noise = 7;
    for (int i = 0; i < IMAGES * c->height * c->width * c->channels; i++) {
        noise = noise * 1664525u + 1013904223u;
        pixels[i] = (float)(noise >> 8) * 0x1p-24f - 0.25f;
    }
    for (int i = 0; i < IMAGES; i++) alx_engine_labels(n.engine)[i] = i;
    return n;
}

static int folded_ops(const net *n, alx_mode mode)
{
    const alx_plan *plan = alx_engine_plan(n->engine, mode, IMAGES);
    int count = 0;
    assert_non_null(plan);
    for (int i = 0; i < plan->program.op_count; i++)
        count += strcmp(plan->program.ops[i]->cls->name, "space_to_depth") == 0;
    return count;
}

/* |a - b| / |b| of tensor `index`. */
static double distance(const net *a, const net *b, int index)
{
    const alx_param *p = &a->params->list[index];
    const float *x = alx_engine_gradients(a->engine) + p->offset, *y = alx_engine_gradients(b->engine) + p->offset;
    double difference = 0, norm = 0;
    for (int64_t i = 0; i < p->count; i++) {
        difference += (double)(x[i] - y[i]) * (double)(x[i] - y[i]);
        norm += (double)y[i] * (double)y[i];
    }
    return sqrt(difference / norm);
}

/* Folded weights are kept in inference, and made anew when the weights have changed. */
static void check_new_weights(const net *folded, const net *exact, float tolerance)
{
    const net *const nets[] = {folded, exact};
    const alx_plan *plan = alx_engine_plan(folded->engine, ALX_MODE_PREDICT, IMAGES);
    for (int i = 0; i < plan->build.step_count; i++) {
        const alx_step *step = &plan->build.steps[i];
        if (step->op && strcmp(step->op->cls->name, "fold_kernel") == 0) assert_true(step->pack);
    }
    float before[IMAGES * CLASSES];
    run(folded, ALX_MODE_PREDICT, IMAGES, 0);
    memcpy(before, alx_engine_probabilities(folded->engine), sizeof before);
    for (int i = 0; i < 2; i++) {
        const alx_param *kernel = &nets[i]->params->list[0];
        for (int64_t k = 0; k < kernel->count; k++) nets[i]->params->data[kernel->offset + k] *= k % 3 ? 1.5f : -1;
        nets[i]->params->version++;
        run(nets[i], ALX_MODE_PREDICT, IMAGES, 0);
    }
    assert_near(alx_engine_probabilities(folded->engine), alx_engine_probabilities(exact->engine), IMAGES * CLASSES,
                tolerance);
    assert_memory_not_equal(before, alx_engine_probabilities(folded->engine), sizeof before);
}

static void check_case(const fold_case *c, alx_dtype type)
{
    net folded = open_case(c, type, false), exact = open_case(c, type, true);
    const double tolerance = type == ALX_F32 ? 2e-5 : 2e-2; /* bf16 rounds 8 bits at other places */
    static const alx_mode modes[] = {ALX_MODE_PREDICT, ALX_MODE_EVALUATE, ALX_MODE_TRAIN};
    for (int m = 0; m < 3; m++) {
        run(&folded, modes[m], IMAGES, 0);
        run(&exact, modes[m], IMAGES, 0);
        const bool pays = alx_dnn_cpu().channel_block > 0;
        const int times = modes[m] == ALX_MODE_TRAIN ? 2 : 1; /* again for the backward pass */
        assert_int_equal(folded_ops(&folded, modes[m]), c->folds && pays ? times : 0);
        assert_int_equal(folded_ops(&exact, modes[m]), 0);
        assert_near(alx_engine_probabilities(folded.engine), alx_engine_probabilities(exact.engine), IMAGES * CLASSES,
                    (float)tolerance);
    }
    for (int i = 0; i < folded.params->count; i++) {
        double d = distance(&folded, &exact, i);
        if (!(d <= tolerance)) fail_msg("%s: %s is off by %g", c->name, folded.params->list[i].name, d);
    }
    check_new_weights(&folded, &exact, (float)tolerance);
    close_net(&folded);
    close_net(&exact);
}

static void folded_equals_written(void **state)
{
    (void)state;
    for (alx_dtype type = ALX_F32; type <= last_type(); type++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_case(&cases[i], type);
}

/* The zeros that folding adds are no work of the layer's. */
static void multiply_adds_are_the_layers(void **state)
{
    (void)state;
    net n = open_case(&cases[0], ALX_F32, false);
    const alx_plan *plan = alx_engine_plan(n.engine, ALX_MODE_TRAIN, IMAGES);
    int64_t forward = 0, backward = 0;
    for (int i = 0; i < plan->program.op_count; i++) {
        const alx_op *op = plan->program.ops[i];
        if (op->layer != 0) continue;
        *(op->forward ? &backward : &forward) += alx_op_multiply_adds(&plan->program, op);
    }
    assert_int_equal(forward, (int64_t)IMAGES * 15 * 15 * 18 * 11 * 11 * 3);
    assert_int_equal(backward, forward); /* the weights alone */
    close_net(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folded_equals_written),
        cmocka_unit_test(multiply_adds_are_the_layers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

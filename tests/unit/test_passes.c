/* Rewrites of training: dropout that takes over its ReLU's backward pass; images that are folded again. */
#include "engine_net.h"

#include "ops/op.h"
#include "plan/plan.h"

static int count_ops(const net *n, const char *name)
{
    const alx_plan *plan = alx_engine_plan(n->engine, ALX_MODE_TRAIN, BATCH);
    int count = 0;
    for (int i = 0; i < plan->program.op_count; i++) count += strcmp(plan->program.ops[i]->cls->name, name) == 0;
    return count;
}

/* ---- Dropout behind ReLU ---- */

/* leaky_relu of slope 0 is ReLU, but no pass knows it. */
#define ACTIVATED(relu)                                                                                                \
    "- conv2d: {filters: 20, kernel_size: 5, strides: 2, use_bias: false}\n" relu DROP                                 \
    "- conv2d: {filters: 17, kernel_size: 3}\n" relu "- dropout: {rate: 0.4}\n- flatten\n- dense: {units: 70}\n" relu  \
    "- dropout: {rate: 0.5}\n"
#define RELU  "- activation: {activation: relu}\n"
#define LEAKY "- activation: {activation: leaky_relu, negative_slope: 0}\n"

static void dropout_masks_for_its_relu(void **state)
{
    (void)state;
    static const char rewritten[] = NET(ACTIVATED(RELU)), written[] = NET(ACTIVATED(LEAKY));
    for (alx_dtype type = ALX_F32; type <= last_type(); type++) {
        net a = open_net_as(rewritten, 2, type), b = open_net_as(written, 1, type);
        run(&a, ALX_MODE_TRAIN, BATCH, 0);
        run(&b, ALX_MODE_TRAIN, BATCH, 0);
        assert_int_equal(count_ops(&a, "dropout"), 3);
        assert_int_equal(count_ops(&a, "dropout_relu_backward"), 3);
        assert_int_equal(count_ops(&a, "eltwise_backward"), 0);
        assert_int_equal(count_ops(&b, "dropout"), 6);
        assert_int_equal(count_ops(&b, "eltwise_backward"), 3);
        const float *x = alx_engine_gradients(a.engine), *y = alx_engine_gradients(b.engine);
        double norm = 0, difference = 0;
        for (int64_t i = 0; i < a.params->trainable_span; i++) {
            norm += (double)y[i] * (double)y[i];
            difference += (double)(x[i] - y[i]) * (double)(x[i] - y[i]);
        }
        assert_true(norm > 0);
        /* The weights' gradients depend on threads; a wrong mask would be a tenth of it. */
        assert_true(sqrt(difference / norm) < (type == ALX_F32 ? 1e-6 : 1e-2));
        assert_memory_equal(alx_engine_losses(a.engine), alx_engine_losses(b.engine), BATCH * sizeof(float));
        close_net(&a);
        close_net(&b);
    }
}

/* ---- Normalised images ---- */

static double difference_of(const net *a, const net *b)
{
    const float *x = alx_engine_gradients(a->engine), *y = alx_engine_gradients(b->engine);
    double norm = 0, difference = 0;
    for (int64_t i = 0; i < a->params->trainable_span; i++) {
        norm += (double)y[i] * (double)y[i];
        difference += (double)(x[i] - y[i]) * (double)(x[i] - y[i]);
    }
    assert_true(norm > 0);
    return sqrt(difference / norm);
}

/* Weights that are not what they begin as: scales of 1 and shifts of 0 hide mistakes. */
static void shake(const net *n)
{
    for (int i = 0; i < n->params->count; i++) {
        const alx_param *p = &n->params->list[i];
        for (int64_t k = 0; p->trainable && k < p->count; k++)
            n->params->data[p->offset + k] += (float)((k * 37 + i * 11) % 23 - 11) * 0.02f;
    }
    n->params->version++;
}

static void check_affine(const char *yaml, bool folds)
{
    for (alx_dtype type = ALX_F32; type <= last_type(); type++) {
        net nets[2];
        for (int exact = 0; exact < 2; exact++) { /* exact: as it is written */
            alx_error err;
            nets[exact] = open_params(yaml);
            alx_engine_config config = config_of(2);
            config.type = type;
            config.exact = exact;
            must(alx_engine_create(&nets[exact].engine, nets[exact].params, &config, &err), &err);
            shake(&nets[exact]);
            set_images(nets[exact].engine, 0, BATCH);
            run(&nets[exact], ALX_MODE_TRAIN, BATCH, 0);
            assert_int_equal(count_ops(&nets[exact], "fold_affine"), folds && !exact);
            assert_int_equal(count_ops(&nets[exact], "unfold_affine"), folds && !exact);
        }
        assert_true(difference_of(&nets[0], &nets[1]) < (type == ALX_F32 ? 1e-4 : 5e-2));
        assert_near(alx_engine_losses(nets[0].engine), alx_engine_losses(nets[1].engine), BATCH,
                    type == ALX_F32 ? 1e-4f : 5e-2f);
        for (int i = 0; i < 2; i++) close_net(&nets[i]);
    }
}

static void normalised_images(void **state)
{
    (void)state;
    check_affine(NET("- batch_normalization\n- conv2d: {filters: 10, kernel_size: 2, activation: relu}\n- flatten\n"),
                 true);
    check_affine(NET("- batch_normalization\n- conv2d: {filters: 18, kernel_size: [5, 3], strides: 2, "
                     "use_bias: false}\n- batch_normalization\n- flatten\n"),
                 true);
    check_affine(NET("- batch_normalization\n- conv2d: {filters: 10, kernel_size: 3, padding: same}\n- flatten\n"),
                 false);
    check_affine(NET("- batch_normalization: {name: n}\n- conv2d: {filters: 3, kernel_size: 1}\n"
                     "- add: {from: [n, conv2d_1]}\n- flatten\n"),
                 false);
}

/* ---- Maximum pooling behind ReLU ---- */

#define POOLED(relu)                                                                                                   \
    "- conv2d: {filters: 20, kernel_size: 5}\n" relu "- max_pooling2d: {pool_size: 3, strides: 2}\n"                   \
    "- conv2d: {filters: 17, kernel_size: 3}\n" relu "- max_pooling2d: {pool_size: 2, padding: same}\n"                \
    "- batch_normalization\n" relu "- max_pooling2d: {pool_size: [3, 2], strides: 1, padding: same}\n- flatten\n"

static void pooling_masks_for_its_relu(void **state)
{
    (void)state;
    static const char rewritten[] = NET(POOLED(RELU)), written[] = NET(POOLED(LEAKY));
    const bool ours = alx_dnn_cpu().channel_block > 0;
    for (alx_dtype type = ALX_F32; type <= last_type(); type++) {
        net a = open_net_as(rewritten, 2, type), b = open_net_as(written, 2, type);
        run(&a, ALX_MODE_TRAIN, BATCH, 0);
        run(&b, ALX_MODE_TRAIN, BATCH, 0);
        assert_int_equal(count_ops(&a, "eltwise_backward"), ours ? 0 : 3);
        assert_int_equal(count_ops(&b, "eltwise_backward"), 3);
        /* Nothing is rounded otherwise: the same bits. */
        assert_memory_equal(alx_engine_gradients(a.engine), alx_engine_gradients(b.engine),
                            (size_t)a.params->trainable_span * sizeof(float));
        assert_memory_equal(alx_engine_losses(a.engine), alx_engine_losses(b.engine), BATCH * sizeof(float));
        close_net(&a);
        close_net(&b);
    }
}

/* Where others read the ReLU too, or it is another function, dropout and pooling keep to themselves. */
static void others_are_left_alone(void **state)
{
    (void)state;
    static const char shared[] = NET("- conv2d: {name: a, filters: 16, kernel_size: 3, activation: relu}\n"
                                     "- dropout: {name: d, rate: 0.5}\n- add: {from: [a, d]}\n- flatten\n");
    static const char other[] =
        NET("- conv2d: {filters: 16, kernel_size: 3, activation: tanh}\n- dropout: {rate: 0.5}\n- flatten\n");
    static const char pooled[] = NET("- conv2d: {name: a, filters: 16, kernel_size: 3, activation: relu}\n"
                                     "- max_pooling2d: {name: p, pool_size: 3, strides: 1, padding: same}\n"
                                     "- add: {from: [a, p]}\n- dropout: {rate: 0.5}\n- flatten\n");
    const char *const all[] = {shared, other, pooled};
    for (int i = 0; i < 3; i++) {
        net n = open_net(all[i], 1);
        run(&n, ALX_MODE_TRAIN, BATCH, 0);
        assert_int_equal(count_ops(&n, "dropout_relu_backward"), 0);
        assert_int_equal(count_ops(&n, "dropout"), 2);
        close_net(&n);
    }
}

/* ---- Computing again ---- */

/* The folded images are not kept: what the forward pass made is gone before the backward pass begins. */
static void folded_images_are_made_again(void **state)
{
    (void)state;
    if (!alx_dnn_cpu().channel_block) skip();
    static const char strided[] =
        NET("- conv2d: {filters: 18, kernel_size: 7, strides: 4, activation: relu}\n- flatten\n");
    net n = open_net(strided, 2);
    run(&n, ALX_MODE_TRAIN, BATCH, 0);
    const alx_plan *plan = alx_engine_plan(n.engine, ALX_MODE_TRAIN, BATCH);
    assert_int_equal(count_ops(&n, "space_to_depth"), 2);
    for (int i = 0; i < plan->build.step_count; i++) {
        const alx_step *step = &plan->build.steps[i];
        if (!step->op || strcmp(step->op->cls->name, "space_to_depth") != 0) continue;
        const alx_slot *made = &plan->build.slots[step->args[1].slot];
        assert_int_equal(made->first, i);
        assert_true(plan->build.steps[made->last].backward == step->backward);
    }
    close_net(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dropout_masks_for_its_relu),   cmocka_unit_test(normalised_images),
        cmocka_unit_test(pooling_masks_for_its_relu),   cmocka_unit_test(others_are_left_alone),
        cmocka_unit_test(folded_images_are_made_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

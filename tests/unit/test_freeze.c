/* Frozen layers: no gradient, no work below the lowest that learns, and batch normalisation as in prediction. */
#include "engine_net.h"

#include "ops/op.h"
#include "plan/plan.h"

#define CONV "filters: 10, kernel_size: 3, padding: same"
/* No dropout: training computes what inference does where batch normalisation is frozen. */
static const char branches[] =
    NET("- conv2d: {name: a, " CONV ", use_bias: false}\n- batch_normalization: {name: an}\n- activation: {activation: "
        "tanh}\n- conv2d: {name: b, " CONV ", activation: relu}\n- batch_normalization: {name: bn}\n"
        "- conv2d: {name: c, " CONV ", activation: tanh}\n- add: {from: [bn, c]}\n- flatten\n"
        "- dense: {name: d, units: 64, activation: relu}\n");

static net open_frozen(const char *yaml, alx_dtype type, int count, const char *const *patterns)
{
    net n = {0};
    alx_error err;
    must(alx_graph_parse(&n.graph, yaml, NULL, 0, &err), &err);
    must(alx_graph_freeze(n.graph, count, patterns, &err), &err);
    must(alx_params_create(&n.params, n.graph, true, &err), &err);
    alx_params_init(n.params, 1);
    for (int i = 0; i < n.params->count; i++) { /* statistics and scales unlike their initial ones */
        const alx_param *p = &n.params->list[i];
        const bool small = p->shape.rank == 1;
        for (int64_t k = 0; small && k < p->count; k++)
            n.params->data[p->offset + k] += 0.25f + 0.0625f * (float)(k % 7);
    }
    alx_engine_config config = config_of(2);
    config.type = type;
    must(alx_engine_create(&n.engine, n.params, &config, &err), &err);
    set_images(n.engine, 0, BATCH);
    return n;
}
#define FROZEN(yaml, type, ...)                                                                                        \
    open_frozen(yaml, type, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[]){__VA_ARGS__})

static const alx_param *param_of(const net *n, const char *name)
{
    for (int i = 0; i < n->params->count; i++)
        if (strcmp(n->params->list[i].name, name) == 0) return &n->params->list[i];
    fail_msg("no %s", name);
    return NULL;
}

/* ---- What runs ---- */

static int backward_ops(const net *n, int *lowest)
{
    const alx_program *program = &alx_engine_plan(n->engine, ALX_MODE_TRAIN, BATCH)->program;
    *lowest = 1000;
    for (int i = program->forward_count; i < program->op_count; i++)
        if (program->ops[i]->layer >= 0 && program->ops[i]->layer < *lowest) *lowest = program->ops[i]->layer;
    return program->op_count - program->forward_count;
}

static void nothing_runs_below_the_lowest_that_learns(void **state)
{
    (void)state;
    int lowest;
    net all = FROZEN(plain, ALX_F32, "stem"), head = FROZEN(plain, ALX_F32, "conv2d_*", "stem", "a", "dense_1");
    must(alx_engine_prepare(all.engine, ALX_MODE_TRAIN, BATCH, NULL), NULL);
    must(alx_engine_prepare(head.engine, ALX_MODE_TRAIN, BATCH, NULL), NULL);
    assert_true(backward_ops(&all, &lowest) > 12);
    assert_int_equal(lowest, 1); /* the stem is layer 0: its weights' gradient is not asked for, nor the image's */
    assert_int_equal(backward_ops(&head, &lowest), 2); /* of the loss, and of the last dense layer's weights */
    assert_int_equal(lowest, head.graph->spec.layer_count - 1);
    assert_int_equal(head.params->trainable_span, 4 * 64 + 16);
    assert_int_equal(head.graph->trainable, 4 * 64 + 4);
    close_net(&all);
    close_net(&head);
}

/* ---- Gradients ---- */

/* Without batch normalisation freezing takes gradients away and changes no bit of the others. */
static void the_gradients_of_the_others_are_the_same_bits(void **state)
{
    (void)state;
    for (alx_dtype type = ALX_F32; type <= last_type(); type++) {
        net whole_net = open_frozen(plain, type, 0, NULL), part = FROZEN(plain, type, "a", "dense_1");
        run(&whole_net, ALX_MODE_TRAIN, BATCH, 0);
        run(&part, ALX_MODE_TRAIN, BATCH, 0);
        int compared = 0;
        for (int i = 0; i < part.params->count; i++) {
            const alx_param *a = &whole_net.params->list[i], *b = &part.params->list[i];
            if (!b->trainable) continue;
            assert_memory_equal(alx_engine_gradients(whole_net.engine) + a->offset,
                                alx_engine_gradients(part.engine) + b->offset, (size_t)a->count * sizeof(float));
            compared++;
        }
        assert_int_equal(compared, part.params->count - 4);
        close_net(&whole_net);
        close_net(&part);
    }
}

static double mean_loss(const net *n, alx_mode mode)
{
    double sum = 0;
    n->params->version++;
    run(n, mode, BATCH, 0);
    for (int i = 0; i < BATCH; i++) sum += (double)alx_engine_losses(n->engine)[i];
    return sum / BATCH;
}

/* A frozen one computes in training what it does in prediction, changes none of its four tensors, and passes gradients
 * on: those of the convolution below against central differences. */
static void frozen_batch_normalization_is_as_in_prediction(void **state)
{
    (void)state;
    for (alx_dtype type = ALX_F32; type <= last_type(); type++) {
        net n = FROZEN(branches, type, "?n");
        const size_t bytes = (size_t)n.params->span * sizeof(float);
        float *before = malloc(bytes);
        assert_non_null(before);
        memcpy(before, n.params->data, bytes);
        const double train = mean_loss(&n, ALX_MODE_TRAIN), evaluate = mean_loss(&n, ALX_MODE_EVALUATE);
        assert_memory_equal(before, n.params->data, bytes);
        assert_true(fabs(train - evaluate) < (type == ALX_F32 ? 1e-5 : 1e-2));
        assert_int_equal(param_of(&n, "an.gamma")->offset >= n.params->trainable_span, 1);

        static const char *const below[] = {"a.kernel", "b.kernel", "b.bias"};
        for (size_t i = 0; i < sizeof below / sizeof below[0] && type == ALX_F32; i++) {
            const alx_param *p = param_of(&n, below[i]);
            mean_loss(&n, ALX_MODE_TRAIN);
            int64_t most = 0;
            const float *g = alx_engine_gradients(n.engine) + p->offset;
            for (int64_t k = 0; k < p->count; k++)
                if (fabsf(g[k]) > fabsf(g[most])) most = k;
            const double analytic = (double)g[most], step = 0x1p-8;
            float *weight = n.params->data + p->offset + most;
            const float was = *weight;
            *weight = was + (float)step;
            const double up = mean_loss(&n, ALX_MODE_EVALUATE);
            *weight = was - (float)step;
            const double down = mean_loss(&n, ALX_MODE_EVALUATE);
            *weight = was;
            const double numeric = (up - down) / (2 * step);
            if (!(fabs(numeric - analytic) < 0.02 * fabs(numeric)))
                fail_msg("%s: %g, and by differences %g", below[i], analytic, numeric);
        }
        free(before);
        close_net(&n);
    }
}

/* One that is not frozen beside one that is keeps moving. */
static void the_others_keep_their_statistics_moving(void **state)
{
    (void)state;
    net n = FROZEN(branches, ALX_F32, "an");
    const alx_param *an = param_of(&n, "an.moving_mean"), *bn = param_of(&n, "bn.moving_mean");
    float was[2][10];
    memcpy(was[0], n.params->data + an->offset, sizeof was[0]);
    memcpy(was[1], n.params->data + bn->offset, sizeof was[1]);
    run(&n, ALX_MODE_TRAIN, BATCH, 0);
    assert_memory_equal(was[0], n.params->data + an->offset, sizeof was[0]);
    assert_memory_not_equal(was[1], n.params->data + bn->offset, sizeof was[1]);
    close_net(&n);
}

/* ---- Mistakes ---- */

static void refused(const char *pattern, const char *words)
{
    alx_graph *graph;
    alx_error err = {0};
    must(alx_graph_parse(&graph, plain, NULL, 0, NULL), NULL);
    assert_int_equal(alx_graph_freeze(graph, 1, &pattern, &err), ALX_USAGE);
    if (!strstr(err.message, words)) fail_msg("no \"%s\" in: %s", words, err.message);
    alx_graph_destroy(graph);
}

static void patterns_must_name_layers_with_parameters(void **state)
{
    (void)state;
    refused("stm", "no layer with parameters is called stm; did you mean stem? they are: stem, conv2d_1, a, ");
    refused("flatten_1", "no layer with parameters is called flatten_1");
    refused("", "no layer with parameters");
    refused("*", "every layer with parameters is frozen");
    const char *const twice[] = {"stem", "s*"}; /* counted once */
    alx_graph *graph;
    must(alx_graph_parse(&graph, plain, NULL, 0, NULL), NULL);
    const int64_t stem = graph->layers[0].parameters, all = graph->trainable;
    must(alx_graph_freeze(graph, 2, twice, NULL), NULL);
    assert_int_equal(graph->trainable, all - stem);
    assert_int_equal(graph->parameters, all);
    assert_true(graph->layers[0].frozen && !graph->layers[1].frozen);
    alx_graph_destroy(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_runs_below_the_lowest_that_learns),
        cmocka_unit_test(the_gradients_of_the_others_are_the_same_bits),
        cmocka_unit_test(frozen_batch_normalization_is_as_in_prediction),
        cmocka_unit_test(the_others_keep_their_statistics_moving),
        cmocka_unit_test(patterns_must_name_layers_with_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

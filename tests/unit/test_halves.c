/* The bf16 copies of tiled weights: oneDNN's order, oneDNN's rounding, never stale; and frozen weights, which are
 * packed once. */
#include "engine_net.h"

#include "ops/op.h"
#include "plan/plan.h"
#include "train/param_groups.h"

/* 1,728 features and 256 units are large enough for tiles. */
static const char dense[] = NET("- flatten\n- dense: {name: large, units: 256, activation: relu}\n"
                                "- dense: {name: small, units: 32, activation: tanh}\n");

static net open_bf16(const char *yaml, int threads)
{
    return open_net_as(yaml, threads, ALX_BF16);
}

static void have_bf16(void)
{
    if (last_type() != ALX_BF16 || !alx_params_prefer_tiles()) skip();
}

/* ---- Order and rounding ---- */

static const alx_half_tensor *only_tensor(const alx_halves *halves)
{
    assert_int_equal(halves->count, 1);
    return &halves->list[0];
}

static void copies_are_onednns(void **state)
{
    (void)state;
    have_bf16();
    net n = open_params(dense);
    alx_error err;
    alx_halves *halves;
    must(alx_halves_create(&halves, n.params, 2, &err), &err);
    const alx_half_tensor *h = only_tensor(halves);
    float *values = n.params->data + h->first;
    const uint32_t special[] = {0x00000001, 0x80000000, 0x7f800000, 0xff7fffff, 0x3f808000, 0x3f818000, 0x33d6bf95};
    memcpy(values + 100, special, sizeof special);
    n.params->version++;
    alx_halves_refresh(halves, n.params, 2);

    alx_dnn *dnn;
    alx_prim *prim = NULL;
    alx_call *call;
    const alx_md *from, *to;
    const alx_shape *shape = &n.params->list[h->param].shape;
    uint16_t *theirs = calloc((size_t)h->count, sizeof *theirs);
    must(alx_dnn_create(&dnn, &err), &err);
    must(alx_md_create(&from, dnn, shape, ALX_F32, ALX_ORDER_DENSE_BLOCKED, &err), &err);
    must(alx_md_create(&to, dnn, shape, ALX_BF16, ALX_ORDER_DENSE_PAIRS, &err), &err);
    assert_int_equal(alx_md_bytes(to), (size_t)h->count * sizeof *theirs);
    must(alx_dnn_reorder(&prim, dnn, from, to, &err), &err);
    const alx_call_arg args[] = {{ALX_ARG_FROM, from, values}, {ALX_ARG_TO, to, theirs}};
    must(alx_call_create(&call, dnn, prim, 2, args, &err), &err);
    must(alx_call_run(call, &err), &err);
    assert_memory_equal(h->values, theirs, (size_t)h->count * sizeof *theirs);
    alx_dnn_destroy(dnn);
    alx_halves_destroy(halves);
    free(theirs);
    close_net(&n);
}

/* ---- In training ---- */

typedef struct optimizer {
    alx_param_groups groups;
    alx_optimizer_config config;
    float *state[2];
} optimizer;

static optimizer make_optimizer(const net *n, alx_optimizer_kind kind)
{
    optimizer o = {.config = {.kind = kind, .learning_rate = 0.01, .beta_1 = 0.9, .beta_2 = 0.99, .epsilon = 1e-7}};
    const alx_map none = {0}, *wrong;
    alx_error err;
    must(alx_param_groups_create(&o.groups, &wrong, n->params, &none, &none, &err), &err);
    for (int i = 0; i < 2; i++)
        o.state[i] = aligned_alloc(64, ((size_t)n->params->trainable_span * sizeof(float) + 63) / 64 * 64);
    for (int i = 0; i < 2; i++) memset(o.state[i], 0, (size_t)n->params->trainable_span * sizeof(float));
    return o;
}

static void finish_optimizer(optimizer *o)
{
    alx_param_groups_finish(&o->groups);
    for (int i = 0; i < 2; i++) free(o->state[i]);
}

static void update(optimizer *o, net *n, int t, int threads)
{
    alx_param_groups_step(&o->groups, &o->config, t, n->params, alx_engine_gradients(n->engine), o->state,
                          alx_engine_halves(n->engine), threads);
}

/* The copies that the optimizer leaves are those of its weights, and the next step takes them as they are; a run whose
 * copies are made anew each time has the same bits. */
static void the_optimizer_writes_them_along(void **state)
{
    (void)state;
    have_bf16();
    for (int kind = ALX_ADAM; kind <= ALX_SGD; kind++) {
        net n = open_bf16(dense, 2), anew = open_bf16(dense, 1);
        optimizer a = make_optimizer(&n, kind), b = make_optimizer(&anew, kind);
        for (int t = 1; t <= 4; t++) {
            run(&n, ALX_MODE_TRAIN, BATCH, 0);
            run(&anew, ALX_MODE_TRAIN, BATCH, 0);
            assert_memory_equal(alx_engine_losses(n.engine), alx_engine_losses(anew.engine), BATCH * sizeof(float));
            update(&a, &n, t, 2);
            update(&b, &anew, t, 1);
            alx_halves *halves = alx_engine_halves(n.engine);
            assert_non_null(halves);
            assert_true(halves->made_from == alx_params_stamp(n.params));
            const alx_half_tensor *h = only_tensor(halves);
            uint16_t *left = malloc((size_t)h->count * sizeof *left);
            memcpy(left, h->values, (size_t)h->count * sizeof *left);
            halves->made_from = 0;
            alx_halves_refresh(halves, n.params, 2);
            assert_memory_equal(left, h->values, (size_t)h->count * sizeof *left);
            free(left);
            alx_engine_halves(anew.engine)->made_from = 0;
        }
        finish_optimizer(&a);
        finish_optimizer(&b);
        close_net(&n);
        close_net(&anew);
    }
}

/* Weights that others set are copied before they are used, in training and in validation. */
static void copies_are_never_stale(void **state)
{
    (void)state;
    have_bf16();
    net n = open_bf16(dense, 2);
    static const alx_mode modes[] = {ALX_MODE_TRAIN, ALX_MODE_EVALUATE};
    for (int m = 0; m < 2; m++) {
        run(&n, modes[m], BATCH, 0);
        const alx_half_tensor *h = only_tensor(alx_engine_halves(n.engine));
        for (int64_t i = 0; i < h->count; i++) n.params->data[h->first + i] *= i % 3 ? -1.5f : 0.5f;
        n.params->version++;
        net fresh = open_bf16(dense, 2);
        memcpy(fresh.params->data, n.params->data, (size_t)n.params->span * sizeof(float));
        fresh.params->version++;
        run(&n, modes[m], BATCH, 0);
        run(&fresh, modes[m], BATCH, 0);
        assert_memory_equal(alx_engine_losses(n.engine), alx_engine_losses(fresh.engine), BATCH * sizeof(float));
        close_net(&fresh);
    }
    close_net(&n);
}

/* No plan of a training engine converts the tiled weights, nor keeps a copy of its own. */
static void nobody_else_packs_them(void **state)
{
    (void)state;
    have_bf16();
    net n = open_bf16(dense, 2);
    must(alx_engine_prepare(n.engine, ALX_MODE_EVALUATE, BATCH, NULL), NULL);
    static const alx_mode modes[] = {ALX_MODE_TRAIN, ALX_MODE_EVALUATE};
    const int large = only_tensor(alx_engine_halves(n.engine))->param;
    for (int m = 0; m < 2; m++) {
        const alx_plan *plan = alx_engine_plan(n.engine, modes[m], BATCH);
        int read = 0;
        for (int i = 0; i < plan->build.step_count; i++) {
            const alx_step *step = &plan->build.steps[i];
            for (int k = 0; k < step->arg_count; k++) {
                const alx_slot *slot = &plan->build.slots[step->args[k].slot];
                read += slot->kind == ALX_SLOT_HALF;
                if (slot->kind == ALX_SLOT_PARAM) assert_int_not_equal(slot->param, large);
            }
        }
        assert_int_equal(read, 1); /* no gradient flows to the images */
        assert_true(plan->packed_bytes < alx_halves_bytes(n.params));
    }
    close_net(&n);
}

/* ---- Frozen weights ---- */

static net open_frozen(alx_dtype type)
{
    static const char yaml[] =
        NET("- conv2d: {name: first, filters: 32, kernel_size: 11, strides: 4, activation: relu}\n"
            "- conv2d: {name: second, filters: 32, kernel_size: 3, padding: same, activation: relu}\n- flatten\n");
    static const char *const patterns[] = {"first", "second"};
    net n = {0};
    alx_error err;
    must(alx_graph_parse(&n.graph, yaml, NULL, 0, &err), &err);
    must(alx_graph_freeze(n.graph, 2, patterns, &err), &err);
    must(alx_params_create(&n.params, n.graph, true, &err), &err);
    alx_params_init(n.params, 1);
    alx_engine_config config = config_of(2);
    config.type = type;
    must(alx_engine_create(&n.engine, n.params, &config, &err), &err);
    set_images(n.engine, 0, BATCH);
    return n;
}

/* Seconds that steps which pack took in a run; *count: how many there are. */
static double packing(const net *n, int *count)
{
    const alx_plan *plan = alx_engine_plan(n->engine, ALX_MODE_TRAIN, BATCH);
    const alx_step_key key = {.seed = 3, .step = 12};
    double *seconds = calloc((size_t)plan->build.step_count, sizeof *seconds), sum = 0;
    must(alx_engine_run_watched(n->engine, ALX_MODE_TRAIN, BATCH, &key, &(alx_watch){.seconds = seconds}, NULL), NULL);
    *count = 0;
    for (int i = 0; i < plan->build.step_count; i++) {
        if (!plan->build.steps[i].pack) continue;
        sum += seconds[i];
        ++*count;
    }
    free(seconds);
    return sum;
}

static void frozen_weights_are_packed_once(void **state)
{
    (void)state;
    for (alx_dtype type = ALX_F32; type <= last_type(); type++) {
        net n = open_frozen(type);
        int count;
        must(alx_engine_prepare(n.engine, ALX_MODE_TRAIN, BATCH, NULL), NULL);
        const double first = packing(&n, &count);
        if (alx_dnn_cpu().channel_block) assert_true(count >= 2 && first > 0);
        n.params->updates++; /* a step of training */
        assert_true(packing(&n, &count) == 0);
        /* Set by somebody, they are packed again, and count. */
        for (int i = 0; i < n.params->count; i++)
            for (int64_t k = 0; k < n.params->list[i].count; k++) n.params->data[n.params->list[i].offset + k] *= -0.5f;
        n.params->version++;
        net fresh = open_frozen(type);
        memcpy(fresh.params->data, n.params->data, (size_t)n.params->span * sizeof(float));
        fresh.params->version++;
        run(&n, ALX_MODE_TRAIN, BATCH, 0);
        run(&fresh, ALX_MODE_TRAIN, BATCH, 0);
        results a = copy_results(&n, BATCH), b = copy_results(&fresh, BATCH);
        assert_same_bits(&a, &b);
        free_results(&a);
        free_results(&b);
        close_net(&fresh);
        close_net(&n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_onednns),
        cmocka_unit_test(the_optimizer_writes_them_along),
        cmocka_unit_test(copies_are_never_stale),
        cmocka_unit_test(nobody_else_packs_them),
        cmocka_unit_test(frozen_weights_are_packed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

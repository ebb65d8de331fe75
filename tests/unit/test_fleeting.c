/* Gradients that are taken while the backward pass runs: the same bits as from a span, in less memory. */
#include "engine_net.h"

#include "base/memory.h"
#include "plan/plan.h"
#include "plan/probe.h"
#include "train/param_groups.h"

/* A network of every op, and dense kernels that are stored in tiles. */
static const char tiled[] =
    NET(STEM "- batch_normalization\n- flatten\n- dense: {units: 128, activation: relu}\n- dropout: {rate: 0.5}\n"
             "- dense: {units: 64, activation: relu}\n");
static const char *const networks[] = {plain, dropped, whole, tiled};

typedef struct training {
    net n;
    alx_param_groups groups;
    alx_optimizer_config optimizer;
    float *state[2];
    size_t state_bytes;
    int64_t step;
    int *taken; /* by parameter */
} training;

static training begin(const char *yaml, alx_dtype type, int threads, bool fleeting)
{
    training t = {
        .n = open_params(yaml),
        .optimizer = {.kind = ALX_ADAM, .learning_rate = 0.01, .beta_1 = 0.9, .beta_2 = 0.99, .epsilon = 1e-7}};
    alx_error err;
    const alx_map rates = {.count = 1, .entries = &(alx_map_entry){.name = "*.bias", .number = 2.0}}, none = {0};
    const alx_map *wrong;
    alx_engine_config config = config_of(threads);
    config.type = type;
    config.fleeting = fleeting;
    must(alx_engine_create(&t.n.engine, t.n.params, &config, &err), &err);
    must(alx_param_groups_create(&t.groups, &wrong, t.n.params, &rates, &none, &err), &err);
    set_images(t.n.engine, 0, BATCH);
    t.state_bytes = (size_t)t.n.params->trainable_span * sizeof(float);
    for (int i = 0; i < 2; i++) t.state[i] = alx_memory_reserve(t.state_bytes, 1);
    t.taken = calloc((size_t)t.n.params->count, sizeof *t.taken);
    assert_true(t.state[0] && t.state[1] && t.taken);
    return t;
}

static void end(training *t)
{
    for (int i = 0; i < 2; i++) alx_memory_release(t->state[i], t->state_bytes);
    alx_param_groups_finish(&t->groups);
    free(t->taken);
    close_net(&t->n);
}

static void take(void *user, int param, float *gradient)
{
    training *t = user;
    t->taken[param]++;
    alx_param_groups_step_tensor(&t->groups, &t->optimizer, t->step, t->n.params, param, gradient, t->state,
                                 alx_engine_halves(t->n.engine), alx_engine_threads(t->n.engine));
    /* Whoever needs it still would notice. */
    for (int64_t i = 0; i < t->n.params->list[param].count; i++) gradient[i] = NAN;
}

static void learn(training *t)
{
    alx_error err;
    t->step++;
    const alx_step_key key = {.seed = 3, .step = (uint32_t)t->step};
    const alx_watch watch = {.take = take, .user = t};
    must(alx_engine_run_watched(t->n.engine, ALX_MODE_TRAIN, BATCH, &key, &watch, &err), &err);
    const float *gradients = alx_engine_gradients(t->n.engine);
    if (gradients)
        alx_param_groups_step(&t->groups, &t->optimizer, t->step, t->n.params, gradients, t->state,
                              alx_engine_halves(t->n.engine), alx_engine_threads(t->n.engine));
}

static void steps_are_the_same_bits(void **state)
{
    (void)state;
    enum { STEPS = 4 };
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
        for (alx_dtype type = ALX_F32; type <= last_type(); type++) {
            training a = begin(networks[i], type, 2, false), b = begin(networks[i], type, 2, true);
            assert_non_null(alx_engine_gradients(a.n.engine));
            assert_null(alx_engine_gradients(b.n.engine));
            for (int k = 0; k < STEPS; k++) {
                learn(&a);
                learn(&b);
                assert_memory_equal(alx_engine_losses(a.n.engine), alx_engine_losses(b.n.engine),
                                    BATCH * sizeof(float));
                assert_memory_equal(a.n.params->data, b.n.params->data, (size_t)a.n.params->span * sizeof(float));
                for (int s = 0; s < 2; s++) assert_memory_equal(a.state[s], b.state[s], a.state_bytes);
            }
            for (int p = 0; p < b.n.params->count; p++) {
                assert_int_equal(a.taken[p], 0);
                assert_int_equal(b.taken[p], b.n.params->list[p].trainable ? STEPS : 0);
            }
            const alx_halves *halves = alx_engine_halves(b.n.engine);
            if (halves) assert_true(halves->made_from == alx_params_stamp(b.n.params));
            end(&a);
            end(&b);
        }
}

/* No parameter is taken before its last reader, and gradients take no span. */
static void memory_is_saved(void **state)
{
    (void)state;
    training a = begin(tiled, ALX_F32, 2, false), b = begin(tiled, ALX_F32, 2, true);
    learn(&a);
    learn(&b);
    const alx_plan *plan = alx_engine_plan(b.n.engine, ALX_MODE_TRAIN, BATCH);
    const alx_build *build = &plan->build;
    for (int i = 0; i < build->taking_count; i++)
        for (int step = build->takings[i].step + 1; step < build->step_count; step++)
            for (int k = 0; k < build->steps[step].arg_count; k++) {
                const alx_slot *slot = &build->slots[build->steps[step].args[k].slot];
                assert_false((slot->kind == ALX_SLOT_PARAM || slot->kind == ALX_SLOT_HALF) &&
                             slot->param == build->takings[i].param);
            }
    const alx_plan_key keys[] = {{ALX_MODE_TRAIN, BATCH}};
    alx_engine_config config = config_of(2);
    alx_engine_need span, fleeting;
    alx_error err;
    must(alx_engine_measure(&span, a.n.params, &config, 1, keys, &err), &err);
    config.fleeting = true;
    must(alx_engine_measure(&fleeting, a.n.params, &config, 1, keys, &err), &err);
    assert_int_equal(span.gradients, a.state_bytes);
    assert_int_equal(fleeting.gradients, 0);
    assert_int_equal(span.total, alx_engine_memory(a.n.engine));
    assert_int_equal(fleeting.total, alx_engine_memory(b.n.engine));
    assert_true(fleeting.total < span.total);
    end(&a);
    end(&b);
}

/* Sums of parts have to stay. */
static void parts_have_a_span(void **state)
{
    (void)state;
    net n = open_params(plain);
    alx_error err;
    alx_engine_config config = config_of(2);
    config.fleeting = config.accumulate = true;
    must(alx_engine_create(&n.engine, n.params, &config, &err), &err);
    assert_non_null(alx_engine_gradients(n.engine));
    close_net(&n);
}

typedef struct norms {
    const training *t;
    double *norms; /* by parameter */
} norms;

static void measure(void *user, int param, float *gradient)
{
    const norms *n = user;
    for (int64_t i = 0; i < n->t->n.params->list[param].count; i++)
        n->norms[param] += (double)gradient[i] * (double)gradient[i];
}

/* A probe sees them pass, and so do the eyes that look through it. */
static void a_probe_sees_them(void **state)
{
    (void)state;
    training a = begin(whole, ALX_F32, 2, false), b = begin(whole, ALX_F32, 2, true);
    const alx_step_key key = {.seed = 3, .step = 1};
    alx_probe *of_a, *of_b;
    alx_error err;
    norms n = {&b, calloc((size_t)b.n.params->count, sizeof(double))};
    assert_non_null(n.norms);
    const alx_watch eyes = {.take = measure, .user = &n};
    must(alx_probe_create(&of_a, a.n.graph, &err), &err);
    must(alx_probe_create(&of_b, b.n.graph, &err), &err);
    must(alx_probe_run(of_a, a.n.engine, a.n.params, BATCH, &key, NULL, &err), &err);
    must(alx_probe_run(of_b, b.n.engine, b.n.params, BATCH, &key, &eyes, &err), &err);
    for (int i = 0; i < of_a->param_count; i++) {
        assert_memory_equal(&of_a->params[i], &of_b->params[i], sizeof of_a->params[i]);
        assert_true(fabs(sqrt(n.norms[i]) - of_b->params[i].gradient_norm) <= 1e-6 * of_b->params[i].gradient_norm);
    }
    alx_probe_destroy(of_a);
    alx_probe_destroy(of_b);
    free(n.norms);
    end(&a);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_the_same_bits),
        cmocka_unit_test(memory_is_saved),
        cmocka_unit_test(parts_have_a_span),
        cmocka_unit_test(a_probe_sees_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

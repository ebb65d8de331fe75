/* The probe: its figures are those of the tensors, it sees what is planted, and training does not notice it. */
#include "engine_net.h"

#include "plan/probe.h"

static alx_probe *look(const net *n)
{
    alx_probe *probe;
    alx_error err;
    const alx_step_key key = {.seed = 3, .step = 12};
    must(alx_probe_create(&probe, n->graph, &err), &err);
    must(alx_probe_run(probe, n->engine, n->params, BATCH, &key, NULL, &err), &err);
    return probe;
}

static int layer_called(const net *n, const char *name)
{
    for (int i = 0; i < n->graph->spec.layer_count; i++)
        if (strcmp(n->graph->spec.layers[i].name, name) == 0) return i;
    fail_msg("no layer %s", name);
    return -1;
}

static float *param_of(const net *n, const char *name, int64_t *count)
{
    for (int i = 0; i < n->params->count; i++)
        if (strcmp(n->params->list[i].name, name) == 0) {
            *count = n->params->list[i].count;
            return n->params->data + n->params->list[i].offset;
        }
    fail_msg("no parameter %s", name);
    return NULL;
}

/* ---- Figures ---- */

static void assert_close(double a, double b, const char *what, int layer)
{
    if (!(fabs(a - b) <= 1e-5 * (fabs(a) + fabs(b)) + 1e-9)) fail_msg("layer %d: %s %g against %g", layer, what, a, b);
}

/* From the definitions, in two passes.  values: (BATCH, units, places) */
static void assert_figures(const alx_layer_statistics *s, const float *values, int64_t units, int64_t places, int layer)
{
    const int64_t count = BATCH * units * places;
    double sum = 0, square = 0, variance = 0, within = 0;
    int64_t zeros = 0, dead = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += (double)values[i];
        zeros += values[i] == 0;
    }
    for (int64_t i = 0; i < count; i++) {
        square += (double)values[i] * (double)values[i];
        variance += pow((double)values[i] - sum / (double)count, 2);
    }
    for (int64_t u = 0; u < units; u++) {
        double mean = 0, part = 0;
        bool alive = false;
        for (int n = 0; n < BATCH; n++)
            for (int64_t p = 0; p < places; p++) {
                mean += (double)values[(n * units + u) * places + p] / (double)(BATCH * places);
                alive |= values[(n * units + u) * places + p] != 0;
            }
        for (int n = 0; n < BATCH; n++)
            for (int64_t p = 0; p < places; p++)
                part += pow((double)values[(n * units + u) * places + p] - mean, 2) / (double)(BATCH * places);
        within += part / (double)units;
        dead += !alive;
    }
    assert_int_equal(s->count, count);
    assert_int_equal(s->zeros, zeros);
    assert_int_equal(s->units, units);
    assert_int_equal(s->dead, dead);
    assert_int_equal(s->bad, 0);
    assert_close(s->mean, sum / (double)count, "mean", layer);
    assert_close(s->sd, sqrt(variance / (double)count), "sd", layer);
    assert_close(s->size, sqrt(square / (double)count), "size", layer);
    assert_close(s->spread, sqrt(within), "spread", layer);
}

/* `plain` computes in training what it computes in inference, so that each output can be had by itself. */
static void figures_are_those_of_the_outputs(void **state)
{
    (void)state;
    for (alx_dtype type = ALX_F32; type <= last_type(); type++) {
        net n = open_net_as(plain, 2, type);
        alx_error err;
        must(alx_engine_prepare(n.engine, ALX_MODE_EVALUATE, BATCH, &err), &err);
        alx_probe *probe = look(&n);
        assert_figures(&probe->input, alx_engine_images(n.engine), 3, SIDE * SIDE, -1);
        for (int i = 0; i < n.graph->spec.layer_count; i++) {
            const alx_shape *shape = &n.graph->layers[i].out;
            const int64_t size = alx_shape_elements(shape);
            float *out = calloc((size_t)(BATCH * size), sizeof *out);
            assert_non_null(out);
            must(alx_probe_output(out, n.engine, i, BATCH, &err), &err);
            if (strcmp(n.graph->spec.layers[i].cls->name, "flatten") == 0)
                assert_int_equal(probe->layers[i].count, BATCH * size); /* its units may be the channels it read */
            else if (type == ALX_F32)
                assert_figures(&probe->layers[i], out, shape->dims[0], size / shape->dims[0], i);
            else
                assert_int_equal(probe->layers[i].count, BATCH * size);
            if (i == n.graph->spec.layer_count - 1) /* the logits: their softmax is what the engine says */
                for (int k = 0; k < BATCH; k++) {
                    double sum = 0;
                    for (int c = 0; c < CLASSES; c++) sum += exp((double)out[k * CLASSES + c]);
                    assert_close(exp((double)out[k * CLASSES]) / sum,
                                 (double)alx_engine_probabilities(n.engine)[k * CLASSES], "probability", i);
                }
            free(out);
        }
        assert_true(probe->layers[layer_called(&n, "stem")].rectified);
        assert_false(probe->layers[layer_called(&n, "a")].rectified);
        alx_probe_destroy(probe);
        close_net(&n);
    }
}

/* An output of more than 16 MiB is read a few images at a time; its means are those that pooling finds. */
static void large_outputs_are_read_in_slices(void **state)
{
    (void)state;
    enum { FILTERS = 1040, PLACES = SIDE * SIDE };
    for (alx_dtype type = ALX_F32; type <= last_type(); type++) {
        net n = open_net_as(NET("- conv2d: {filters: 1040, kernel_size: 3, padding: same, activation: relu}\n"
                                "- average_pooling2d: {pool_size: 24}\n- flatten\n"),
                            2, type);
        alx_error err;
        float *out = malloc(sizeof *out * BATCH * FILTERS * PLACES), *means = malloc(sizeof *means * BATCH * FILTERS);
        assert_true(out && means);
        must(alx_engine_prepare(n.engine, ALX_MODE_EVALUATE, BATCH, &err), &err);
        must(alx_probe_output(out, n.engine, 0, BATCH, &err), &err);
        must(alx_probe_output(means, n.engine, 1, BATCH, &err), &err);
        double sum = 0;
        for (int i = 0; i < BATCH * FILTERS; i++) {
            double mean = 0;
            for (int k = 0; k < PLACES; k++) mean += (double)out[i * PLACES + k] / PLACES;
            assert_true(fabs(mean - (double)means[i]) <= (type == ALX_BF16 ? 0.01 : 1e-5) * (mean + 0.1));
            sum += mean / (BATCH * FILTERS);
        }
        alx_probe *probe = look(&n);
        assert_int_equal(probe->layers[0].count, BATCH * FILTERS * PLACES);
        assert_close(probe->layers[0].mean, sum, "mean", 0);
        alx_probe_destroy(probe);
        free(out);
        free(means);
        close_net(&n);
    }
}

static void parameters_and_gradients_have_their_lengths(void **state)
{
    (void)state;
    net n = open_net(whole, 2);
    alx_probe *probe = look(&n);
    for (int i = 0; i < n.params->count; i++) {
        const alx_param *p = &n.params->list[i];
        const float *values = n.params->data + p->offset, *gradients = alx_engine_gradients(n.engine) + p->offset;
        double value = 0, gradient = 0;
        for (int64_t k = 0; k < p->count; k++) {
            value += (double)values[k] * (double)values[k];
            if (p->trainable) gradient += (double)gradients[k] * (double)gradients[k];
        }
        assert_close(probe->params[i].norm, sqrt(value), p->name, i);
        assert_close(probe->params[i].gradient_norm, sqrt(gradient), p->name, i);
        assert_int_equal(probe->params[i].count, p->count);
    }
    alx_probe_destroy(probe);
    close_net(&n);
}

/* ---- What is planted ---- */

static void dead_units_are_counted(void **state)
{
    (void)state;
    for (alx_dtype type = ALX_F32; type <= last_type(); type++) {
        net n = open_net_as(plain, 2, type);
        int64_t count;
        float *bias = param_of(&n, "stem.bias", &count);
        const int stem = layer_called(&n, "stem");
        assert_int_equal(count, 20);
        for (int64_t dead = 0; dead <= count; dead += 10) {
            for (int64_t i = 0; i < dead; i++) bias[i] = -100;
            n.params->version++;
            alx_probe *probe = look(&n);
            assert_int_equal(probe->layers[stem].units, count);
            assert_int_equal(probe->layers[stem].dead, dead);
            alx_probe_destroy(probe);
        }
        close_net(&n);
    }
}

static void what_is_not_finite_is_found_where_it_begins(void **state)
{
    (void)state;
    for (alx_dtype type = ALX_F32; type <= last_type(); type++) {
        net n = open_net_as(plain, 2, type);
        int64_t count;
        param_of(&n, "a.kernel", &count)[3] = NAN;
        n.params->version++;
        alx_probe *probe = look(&n);
        const int a = layer_called(&n, "a");
        for (int i = 0; i < a; i++) assert_int_equal(probe->layers[i].bad, 0);
        assert_true(probe->layers[a].bad > 0);
        /* the loss may still be finite: a ReLU behind it makes 0 of NaN */
        for (int i = 0; i < n.params->count; i++)
            assert_int_equal(probe->params[i].bad, strcmp(n.params->list[i].name, "a.kernel") == 0);
        alx_probe_destroy(probe);
        close_net(&n);
    }
}

/* ---- Nothing changes ---- */

static void training_does_not_notice(void **state)
{
    (void)state;
    for (alx_dtype type = ALX_F32; type <= last_type(); type++) {
        net n = open_net_as(whole, 2, type), probed = open_net_as(whole, 2, type);
        for (int step = 0; step < 3; step++) {
            alx_probe_destroy(look(&probed));
            set_images(n.engine, step, BATCH);
            set_images(probed.engine, step, BATCH);
            run(&n, ALX_MODE_TRAIN, BATCH, 0);
            run(&probed, ALX_MODE_TRAIN, BATCH, 0);
            results a = copy_results(&n, BATCH), b = copy_results(&probed, BATCH);
            assert_same_bits(&a, &b);
            free_results(&a);
            free_results(&b);
        }
        /* nor does inference, whose packed weights and moving statistics are those of the run */
        alx_probe_destroy(look(&probed));
        set_images(probed.engine, 2, BATCH);
        run(&n, ALX_MODE_EVALUATE, BATCH, 0);
        run(&probed, ALX_MODE_EVALUATE, BATCH, 0);
        assert_memory_equal(alx_engine_losses(n.engine), alx_engine_losses(probed.engine), BATCH * sizeof(float));
        close_net(&n);
        close_net(&probed);
    }
}

static void threads_change_no_figure(void **state)
{
    (void)state;
    net one = open_net(plain, 1), three = open_net(plain, 3);
    alx_probe *a = look(&one), *b = look(&three);
    assert_memory_equal(&a->input, &b->input, sizeof a->input);
    for (int i = 0; i < a->param_count; i++) assert_true(a->params[i].norm == b->params[i].norm);
    alx_probe_destroy(a);
    alx_probe_destroy(b);
    close_net(&one);
    close_net(&three);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_the_outputs),
        cmocka_unit_test(large_outputs_are_read_in_slices),
        cmocka_unit_test(parameters_and_gradients_have_their_lengths),
        cmocka_unit_test(dead_units_are_counted),
        cmocka_unit_test(what_is_not_finite_is_found_where_it_begins),
        cmocka_unit_test(training_does_not_notice),
        cmocka_unit_test(threads_change_no_figure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

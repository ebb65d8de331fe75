/* Every layer's gradient against central differences, and every layer's refusal of what does not fit.
 *
 * The list of layers is walked: a layer without a case fails the test. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parity/case.h"

enum { BATCH = 3, DIRECTIONS = 4, SEED = 11 };

#define IMAGE(...)     "classes: 3\ninput: [7, 7, 3]\nlayers:\n" __VA_ARGS__ "- flatten\n" END
#define END            "- dense: {units: classes, activation: softmax}\n"
#define CONV(channels) "- conv2d: {filters: " #channels ", kernel_size: 3, activation: tanh}\n"
#define BRANCH(name, from, channels)                                                                                   \
    "- conv2d: {name: " name ", from: " from ", filters: " #channels                                                   \
    ", kernel_size: 3, padding: same, activation: tanh}\n"

/* How far to step, as the change of the loss, and what the derivative may then be off, relative to |gradient|.  The
 * loss has seven digits: a change of 0.01 leaves five of them.  Where the layer has a kink (ReLU, maximum) a step may
 * cross it for some units, so it is shorter. */
typedef struct accuracy {
    double change, tolerance;
} accuracy;
static const accuracy SMOOTH = {1e-2, 1e-3}, KINK = {2e-4, 2e-2};

/* Networks that go through the layer under test; their other parts are smooth. */
static const struct {
    const char *layer, *yaml;
    const accuracy *accuracy;
} cases[] = {
    {"conv2d", IMAGE(CONV(10) "- conv2d: {filters: 17, kernel_size: 3, activation: sigmoid}\n"), &SMOOTH},
    {"conv2d", IMAGE(CONV(17) "- conv2d: {filters: 10, kernel_size: 3, padding: same, strides: 2}\n"), &SMOOTH},
    {"conv2d", IMAGE(CONV(16) "- conv2d: {filters: 32, kernel_size: [2, 3], groups: 2, padding: 1}\n"), &SMOOTH},
    {"conv2d", IMAGE(CONV(16) "- conv2d: {filters: 16, kernel_size: 3, activation: relu}\n"), &KINK},
    {"max_pooling2d", IMAGE(CONV(10) "- max_pooling2d: {pool_size: 3, strides: 2, padding: same}\n"), &KINK},
    {"average_pooling2d", IMAGE(CONV(17) "- average_pooling2d: {pool_size: 3, strides: 2, padding: same}\n"), &SMOOTH},
    {"global_average_pooling2d", "classes: 3\ninput: [7, 7, 3]\nlayers:\n" CONV(10) "- global_average_pooling2d\n" END,
     &SMOOTH},
    {"flatten", IMAGE(CONV(17)), &SMOOTH},
    {"dense", IMAGE("- flatten\n- dense: {units: 17, activation: gelu}\n- dense: {units: 10, activation: tanh}\n"),
     &SMOOTH},
    {"dense", IMAGE("- flatten\n- dense: {units: 10, activation: relu}\n"), &KINK},
    {"activation", IMAGE(CONV(10) "- activation: {activation: tanh}\n"), &SMOOTH},
    {"activation", IMAGE(CONV(17) "- activation: {activation: sigmoid}\n"), &SMOOTH},
    {"activation", IMAGE(CONV(10) "- activation: {activation: gelu}\n"), &SMOOTH},
    {"activation", IMAGE(CONV(17) "- activation: {activation: softmax}\n"), &SMOOTH},
    {"activation", IMAGE(CONV(10) "- activation: {activation: relu}\n"), &KINK},
    {"activation", IMAGE(CONV(10) "- activation: {activation: leaky_relu}\n"), &KINK},
    {"batch_normalization", IMAGE(CONV(10) "- batch_normalization\n"), &SMOOTH},
    {"batch_normalization",
     IMAGE("- flatten\n- dense: {units: 17, use_bias: no}\n- batch_normalization: {epsilon: 0.1}\n"), &SMOOTH},
    {"lrn", IMAGE(CONV(10) "- lrn: {size: 3, alpha: 0.5, k: 1}\n"), &SMOOTH},
    {"lrn", IMAGE(CONV(32) "- lrn: {size: 5, alpha: 0.3, beta: 0.5}\n"), &SMOOTH},
    {"dropout", IMAGE(CONV(10) "- dropout: {rate: 0.4}\n" CONV(17)), &SMOOTH},
    {"dropout", IMAGE("- flatten\n- dense: {units: 17, activation: tanh}\n- dropout: {rate: 0.5}\n"), &SMOOTH},
    {"add", IMAGE(BRANCH("a", "input", 10) BRANCH("b", "a", 10) "- add: {from: [a, b, a]}\n"), &SMOOTH},
    {"concatenate", IMAGE(BRANCH("a", "input", 10) BRANCH("b", "a", 17) "- concatenate: {from: [b, a]}\n"), &SMOOTH},
};

/* What does not fit, and the words of the remedy that the message must hold. */
static const struct {
    const char *layer, *yaml, *remedy;
} refusals[] = {
    {"conv2d", IMAGE("- conv2d: {filters: 8, kernel_size: 11}\n"), "use a smaller kernel or padding: same"},
    {"conv2d", IMAGE("- conv2d: {filters: 8, kernel_size: 3, groups: 2}\n"), "change groups or filters"},
    {"conv2d", IMAGE("- flatten\n- conv2d: {filters: 8, kernel_size: 1}\n"), "put it before flatten and dense"},
    {"max_pooling2d", IMAGE("- max_pooling2d: {pool_size: 9}\n"), "use a smaller window or padding: same"},
    {"max_pooling2d", IMAGE("- max_pooling2d: {pool_size: 2, padding: 2}\n"), "use padding: same"},
    {"average_pooling2d", IMAGE("- average_pooling2d: {pool_size: 8}\n"), "use a smaller window or padding: same"},
    {"global_average_pooling2d", IMAGE("- flatten\n- global_average_pooling2d\n"), "put it before flatten and dense"},
    {"flatten", IMAGE("- flatten: {name: a}\n- flatten: {from: [a, a]}\n"), "join them first with add or concatenate"},
    {"dense", IMAGE("- dense: {units: 10}\n"), "add a flatten layer before it"},
    {"activation", IMAGE("- activation: {activation: rleu}\n"), "relu"},
    {"batch_normalization", IMAGE("- batch_normalization: {epsilon: 0}\n"), "use more than 0"},
    {"lrn", IMAGE(CONV(10) "- lrn: {size: 4}\n"), "use an odd window such as 5"},
    {"dropout", IMAGE("- dropout: {rate: 1}\n"), "less than 1"},
    {"add", IMAGE(BRANCH("a", "input", 10) BRANCH("b", "a", 17) "- add: {from: [a, b]}\n"),
     "concatenate joins channels"},
    {"add", IMAGE(CONV(10) "- add\n"), "from: [a, b]"},
    {"concatenate",
     IMAGE(BRANCH("a", "input", 10) "- conv2d: {name: b, filters: 10, kernel_size: 3}\n"
                                    "- concatenate: {from: [a, b]}\n"),
     "height and width must agree"},
};

enum { CASE_COUNT = sizeof cases / sizeof cases[0], REFUSAL_COUNT = sizeof refusals / sizeof refusals[0] };

/* ---- A network and its loss ---- */

typedef struct net {
    alx_graph *graph;
    alx_params *params;
    alx_engine *engine;
} net;

static alx_status open_graph(alx_graph **graph, const char *yaml, alx_error *err)
{
    alx_spec spec = {0};
    alx_status status = alx_spec_parse(&spec, yaml, strlen(yaml), "net.yaml", 0, err);
    return status ? status : alx_graph_create(graph, &spec, err);
}

static bool has_layer(const alx_graph *graph, const char *layer)
{
    for (int i = 0; i < graph->spec.layer_count; i++)
        if (strcmp(graph->spec.layers[i].cls->name, layer) == 0) return true;
    return false;
}

static net open_net(const char *yaml)
{
    net n = {0};
    alx_error err;
    if (open_graph(&n.graph, yaml, &err) || alx_params_create(&n.params, n.graph, false, &err))
        fail_msg("%s", err.message);
    alx_params_init(n.params, SEED);
    for (int i = 0; i < n.params->count; i++) { /* biases and gamma off their special values */
        const alx_param *p = &n.params->list[i];
        if (p->shape.rank > 1 || !p->trainable) continue;
        float *values = n.params->data + p->offset, first = values[0];
        case_values(values, SEED, (uint32_t)i, p->count, (double)first, 0.25);
    }
    alx_engine_config config = {.threads = 1, .exact = true, .max_batch = BATCH, .training = true};
    if (alx_engine_create(&n.engine, n.params, &config, &err)) fail_msg("%s", err.message);
    int64_t pixels = BATCH * alx_shape_elements(alx_graph_shape(n.graph, -1));
    case_values(alx_engine_images(n.engine), SEED, CASE_INPUT_TENSOR, pixels, 0, 1);
    for (int i = 0; i < BATCH; i++) alx_engine_labels(n.engine)[i] = i % 3;
    return n;
}

static void close_net(net *n)
{
    alx_engine_destroy(n->engine);
    alx_params_destroy(n->params);
    alx_graph_destroy(n->graph);
}

/* The same key each time: the same dropout masks. */
static double loss_of(const net *n)
{
    alx_error err;
    alx_step_key key = {.seed = 5, .step = 1};
    n->params->version++;
    if (alx_engine_run(n->engine, ALX_MODE_TRAIN, BATCH, &key, &err)) fail_msg("%s", err.message);
    double sum = 0;
    for (int i = 0; i < BATCH; i++) sum += (double)alx_engine_losses(n->engine)[i];
    return sum / BATCH;
}

/* ---- Differences ---- */

typedef struct direction {
    int64_t count;
    const float *start, *gradient;
    float *way; /* entries about 1 in size */
} direction;

/* (loss(w + h way) - loss(w - h way)) less what the gradient says, over 2 h.  The steps that f32 really takes count. */
static double off_by(const net *n, float *w, const direction *d, double h)
{
    double loss[2], expected = 0;
    for (int64_t i = 0; i < d->count; i++) {
        double plus = (double)(float)((double)d->start[i] + h * (double)d->way[i]);
        double minus = (double)(float)((double)d->start[i] - h * (double)d->way[i]);
        expected += (double)d->gradient[i] * (plus - minus);
    }
    for (int side = 0; side < 2; side++) {
        double step = side ? -h : h;
        for (int64_t i = 0; i < d->count; i++) w[i] = (float)((double)d->start[i] + step * (double)d->way[i]);
        loss[side] = loss_of(n);
    }
    memcpy(w, d->start, (size_t)d->count * sizeof *w);
    return (loss[0] - loss[1] - expected) / (2 * h);
}

/* The error of a central difference is c h^2: two of them cancel it (Richardson 1911). */
static double extrapolated(const net *n, float *w, const direction *d, double h)
{
    return (4 * off_by(n, w, d, h / 2) - off_by(n, w, d, h)) / 3;
}

static double norm_of(const float *values, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (double)values[i] * (double)values[i];
    return sqrt(sum);
}

/* Random signs, but the first way follows the gradient, which is where a wrong scale shows best. */
static void choose_way(direction *d, int index, double norm)
{
    case_values(d->way, SEED + 1, (uint32_t)index, d->count, 0, 1);
    for (int64_t i = 0; i < d->count; i++)
        d->way[i] = index == 0 ? (float)((double)d->gradient[i] / norm) : d->way[i] < 0 ? -1.0f : 1.0f;
}

/* The largest error of the directional derivatives of one tensor, relative to its gradient's length. */
static double check_tensor(const net *n, int param, double change)
{
    const alx_param *p = &n->params->list[param];
    float *w = n->params->data + p->offset, *copy = calloc((size_t)p->count * 3, sizeof *copy);
    assert_non_null(copy);
    float *gradient = copy + p->count;
    memcpy(copy, w, (size_t)p->count * sizeof *w);
    memcpy(gradient, alx_engine_gradients(n->engine) + p->offset, (size_t)p->count * sizeof *w);
    direction d = {p->count, copy, gradient, copy + 2 * p->count};
    double norm = norm_of(gradient, p->count), worst = 0;
    assert_true(norm > 1e-6);
    for (int i = 0; i < DIRECTIONS; i++) {
        choose_way(&d, i, norm);
        double h = fmin(change / 2 / norm, 0.1 / sqrt((double)(i ? p->count : 1)));
        double off = fabs(extrapolated(n, w, &d, h)) / norm;
        if (!(off <= worst)) worst = off;
    }
    free(copy);
    return worst;
}

static void check_case(const char *layer, const char *yaml, const accuracy *demand)
{
    net n = open_net(yaml);
    assert_true(has_layer(n.graph, layer));
    for (int i = 0; i < n.params->count; i++) {
        if (!n.params->list[i].trainable) continue;
        loss_of(&n);
        double off = check_tensor(&n, i, demand->change);
        if (getenv("GRADIENT_VERBOSE")) print_message("%-26s %-30s %.1e\n", layer, n.params->list[i].name, off);
        if (!(off <= demand->tolerance))
            fail_msg("gradient of %s in\n%s\nis off by %.1e of its length, %.1e allowed", n.params->list[i].name, yaml,
                     off, demand->tolerance);
    }
    close_net(&n);
}

static void test_gradients(void **state)
{
    (void)state;
    for (const alx_layer_class *const *c = alx_layer_classes; *c; c++) {
        int found = 0;
        for (int i = 0; i < CASE_COUNT; i++) {
            if (strcmp(cases[i].layer, (*c)->name) != 0) continue;
            check_case(cases[i].layer, cases[i].yaml, cases[i].accuracy);
            found++;
        }
        if (!found) fail_msg("no gradient case for layer %s; add one to cases[]", (*c)->name);
    }
}

/* ---- Refusals ---- */

static void check_refusal(const char *yaml, const char *remedy)
{
    alx_graph *graph = NULL;
    alx_error err = {0};
    if (!open_graph(&graph, yaml, &err)) fail_msg("accepted:\n%s", yaml);
    assert_null(graph);
    /* A place in front, a remedy behind. */
    if (strncmp(err.message, "net.yaml:", 9) != 0 || !strstr(err.message, remedy))
        fail_msg("\"%s\" names no place or not the remedy \"%s\"", err.message, remedy);
}

static void test_refusals(void **state)
{
    (void)state;
    for (const alx_layer_class *const *c = alx_layer_classes; *c; c++) {
        int found = 0;
        for (int i = 0; i < REFUSAL_COUNT; i++) {
            if (strcmp(refusals[i].layer, (*c)->name) != 0) continue;
            check_refusal(refusals[i].yaml, refusals[i].remedy);
            found++;
        }
        if (!found) fail_msg("no refusal for layer %s; add one to refusals[]", (*c)->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

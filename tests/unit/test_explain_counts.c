/* What is derived in words equals the parameter store, the engine and published counts. */
#include "explain_fixture.h"

#include <math.h>

#include "plan/plan.h"

/* ---- The arithmetic in the words ---- */

/* sum := product {(+|-) product}, product := value {(*|/) value}; spaces and thousands separators are skipped. */
static double sum(const char **at);

static double value(const char **at)
{
    while (**at == ' ') ++*at;
    if (**at == '(') {
        ++*at;
        double inside = sum(at);
        assert_int_equal(**at, ')');
        ++*at;
        return inside;
    }
    double number = 0;
    assert_true(**at >= '0' && **at <= '9');
    for (; (**at >= '0' && **at <= '9') || **at == ','; ++*at)
        if (**at != ',') number = 10 * number + (**at - '0');
    return number;
}

static double product(const char **at)
{
    double result = value(at);
    for (;;) {
        while (**at == ' ') ++*at;
        if (**at == '*')
            ++*at, result *= value(at);
        else if (**at == '/')
            ++*at, result /= value(at);
        else
            return result;
    }
}

static double sum(const char **at)
{
    double result = product(at);
    for (;;) {
        while (**at == ' ') ++*at;
        if (**at == '+')
            ++*at, result += product(at);
        else if (**at == '-')
            ++*at, result -= product(at);
        else
            return result;
    }
}

static double evaluate(const char *text)
{
    return sum(&text);
}

static void the_evaluator_evaluates(void **state)
{
    (void)state;
    assert_true(evaluate("(11*11*3 + 1) * 96 = 1") == 34944);
    assert_true(evaluate("(227 - 11) / 4 + 1") == 55);
    assert_true(evaluate("1,000 - 2 - 3") == 995);
}

/* ---- Derived = store = engine ---- */

static int64_t stored(const alx_params *params, int layer)
{
    int64_t count = 0;
    for (int i = 0; i < params->graph->layers[layer].param_count; i++)
        count += params->list[params->graph->layers[layer].first_param + i].count;
    return count;
}

/* What the program of a real plan holds for each layer's parameters. */
static int64_t in_program(const alx_program *program, const alx_graph *graph, int layer)
{
    int64_t count = 0;
    for (int v = 0; v < program->value_count; v++) {
        const alx_value_info *info = &program->values[v];
        if (info->kind == ALX_VALUE_PARAM && graph->params[info->param].layer == layer)
            count += alx_shape_elements(&info->shape);
    }
    return count;
}

/* The elements of the last value that an op of this layer made; 0: the layer has no op of its own. */
static int64_t made_by(const alx_program *program, int layer)
{
    int64_t count = 0;
    for (int i = 0; i < program->op_count; i++)
        if (program->ops[i]->layer == layer)
            count = alx_shape_elements(alx_value_shape(program, program->ops[i]->outputs[0]));
    return count;
}

/* Multiply-adds of a layer's products, from the shapes that the engine was given: outputs times inputs of each. */
static int64_t products_of(const alx_program *program, int layer)
{
    int64_t count = 0;
    for (int i = 0; i < program->op_count; i++) {
        const alx_op *op = program->ops[i];
        if (op->layer == layer) count += alx_op_multiply_adds(program, op);
    }
    return count;
}

static void check_layer(const alx_explained_layer *e, const alx_params *params, const alx_program *program, int index)
{
    const alx_graph *graph = params->graph;
    const alx_graph_layer *layer = &graph->layers[index];
    const char *name = graph->spec.layers[index].name;
    double derived = e->formula.length ? evaluate(e->formula.data) : 0;
    if (derived != (double)layer->parameters || stored(params, index) != layer->parameters ||
        in_program(program, graph, index) != layer->parameters)
        fail_msg("%s: derived %.0f, stored %lld, in the plan %lld", name, derived, (long long)stored(params, index),
                 (long long)in_program(program, graph, index));
    int64_t made = made_by(program, index);
    if (made && made != e->account.values * program->batch)
        fail_msg("%s: %lld values, the engine makes %lld", name, (long long)e->account.values, (long long)made);
    assert_int_equal(e->account.multiply_adds * program->batch, products_of(program, index));
    if (e->side.length) /* of the height, where both sides are alike */
        assert_int_equal((int64_t)floor(evaluate(e->side.data)), layer->out.dims[1]);
    assert_int_equal(e->account.weight_bytes, 4 * layer->parameters);
    assert_true(e->account.padded >= 0 && e->account.padded <= e->account.connections);
    for (int t = ALX_TOPIC_OUTPUT; t <= ALX_TOPIC_PURPOSE; t++) assert_true(e->texts[t].length > 0);
}

static void check_network(const alx_graph *graph)
{
    alx_error err = {0};
    alx_params *params;
    alx_plan *plan;
    const alx_plan_config config = {.mode = ALX_MODE_PREDICT, .batch = 2, .type = ALX_F32};
    alx_explained_layer *layers = explain(graph);
    if (alx_params_lay_out(&params, graph, true, &err)) fail_msg("%s", err.message);
    assert_null(params->data);
    if (alx_plan_create(&plan, params, &config, &err)) fail_msg("%s", err.message);
    for (int i = 0; i < graph->spec.layer_count; i++) check_layer(&layers[i], params, &plan->program, i);
    alx_plan_destroy(plan);
    alx_params_destroy(params);
    alx_explained_destroy(layers, graph);
}

/* ---- Random networks ---- */

static uint32_t word;

static int draw(int below)
{
    word = word * 1664525u + 1013904223u;
    return (int)((word >> 8) % (uint32_t)below);
}

static void add_random_layer(alx_text *yaml, int *channels, int number)
{
    static const char *const paddings[] = {"valid", "same", "1", "[0, 2]"};
    static const char *const activations[] = {"relu", "tanh", "linear", "gelu"};
    const char *padding = paddings[draw(4)];
    switch (draw(9)) {
    case 0:
    case 1:
    case 2: {
        int groups = 1 + draw(2), filters = groups * (1 + draw(12));
        if (*channels % groups) groups = 1;
        alx_text_printf(yaml,
                        "  - conv2d: {filters: %d, kernel_size: [%d, %d], strides: [%d, %d], padding: %s, groups: %d, "
                        "use_bias: %s, activation: %s}\n",
                        filters, 1 + draw(5), 1 + draw(5), 1 + draw(2), 1 + draw(2), padding, groups,
                        draw(2) ? "true" : "false", activations[draw(4)]);
        *channels = filters;
        break;
    }
    case 3: alx_text_printf(yaml, "  - max_pooling2d: {pool_size: %d, strides: %d}\n", 2 + draw(2), 1 + draw(3)); break;
    case 4: alx_text_printf(yaml, "  - average_pooling2d: {pool_size: 3, strides: 2, padding: same}\n"); break;
    case 5: alx_text_printf(yaml, "  - batch_normalization\n"); break;
    case 6: alx_text_printf(yaml, "  - dropout: {rate: 0.%d}\n", 1 + draw(8)); break;
    case 7: alx_text_printf(yaml, "  - lrn\n  - activation: {activation: %s}\n", activations[draw(2)]); break;
    default: /* two branches that meet again */
        alx_text_printf(yaml,
                        "  - conv2d: {name: a%d, filters: %d, kernel_size: 1}\n"
                        "  - conv2d: {name: b%d, filters: %d, kernel_size: 3, padding: same}\n"
                        "  - %s: {from: [a%d, b%d]}\n",
                        number, 6, number, 6, draw(2) ? "add" : "concatenate", number, number);
        *channels = strstr(yaml->data + yaml->length - 40, "concat") ? 12 : 6;
    }
}

/* One that may or may not be valid. */
static void random_yaml(alx_text *yaml, uint32_t seed)
{
    word = seed * 2654435761u + 1;
    int channels = draw(2) ? 1 : 3, layers = 1 + draw(7);
    alx_text_printf(yaml, "name: r\nclasses: %d\ninput: [%d, %d, %d]\nlayers:\n", 2 + draw(9), 8 + draw(40),
                    8 + draw(40), channels);
    for (int i = 0; i < layers; i++) add_random_layer(yaml, &channels, i);
    alx_text_add(yaml, draw(2) ? "  - flatten\n" : "  - global_average_pooling2d\n");
    if (draw(2)) alx_text_printf(yaml, "  - dense: {units: %d, activation: relu}\n", 1 + draw(300));
    alx_text_add(yaml, "  - dense: {units: classes, activation: softmax}\n");
}

enum { RANDOM_NETWORKS = 200 };

static void random_networks_hold(void **state)
{
    (void)state;
    int valid = 0;
    for (uint32_t seed = 0; valid < RANDOM_NETWORKS; seed++) {
        alx_text yaml = {0};
        alx_graph *graph;
        assert_true(seed < 20 * RANDOM_NETWORKS);
        random_yaml(&yaml, seed);
        if (!graph_of(&graph, yaml.data, NULL)) {
            check_network(graph);
            alx_graph_destroy(graph);
            valid++;
        }
        alx_text_finish(&yaml);
    }
}

/* ---- Published networks ---- */

static const struct {
    const char *source;
    int64_t parameters, trainable;
    double giga; /* multiply-adds as torchvision's documentation rounds them; 0: none published */
} published[] = {
    {"alexnet", 58289538, 58289538, 0},                /* the course, Keras */
    {"gender-course", 21924, 21918, 0},                /* the course, Keras */
    {"alexnet-2012", 60965224, 60965224, 0},           /* Caffe's reference model */
    {"alexnet-torchvision", 61100840, 61100840, 0.71}, /* torchvision */
    {"starter", 798306, 796834, 0},                    /* ours, and the next six */
    {"vgg-small", 847202, 845538, 0},
    {"residual-small", 697826, 695586, 0},
    {"inception-small", 472802, 470306, 0},
    {"starter-32", 1648362, 1646122, 0},
    {"gender-own", 597986, 596386, 0},
    {"chinese-style-own", 341882, 340682, 0},
    {"networks/resnet18.yaml", 11699112, 11689512, 1.81}, /* torchvision; it counts no moving statistics */
    {"networks/squeezenet.yaml", 1248424, 1248424, 0.82}, /* torchvision */
    {"networks/googlenet.yaml", 6639464, 6624904, 1.50},  /* torchvision */
};

static void published_counts_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", FIXTURES, published[i].source);
        alx_graph *graph = builtin_graph(strchr(published[i].source, '/') ? path : published[i].source, 0);
        alx_explained_layer *layers = explain(graph);
        int64_t parameters = 0, multiply_adds = 0;
        for (int k = 0; k < graph->spec.layer_count; k++) {
            parameters += layers[k].formula.length ? (int64_t)evaluate(layers[k].formula.data) : 0;
            multiply_adds += layers[k].account.multiply_adds;
        }
        assert_int_equal(parameters, published[i].parameters);
        assert_int_equal(graph->trainable, published[i].trainable);
        if (published[i].giga > 0)
            assert_int_equal(lround((double)multiply_adds / 1e7), lround(published[i].giga * 100));
        alx_explained_destroy(layers, graph);
        check_network(graph);
        alx_graph_destroy(graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_evaluator_evaluates),
        cmocka_unit_test(random_networks_hold),
        cmocka_unit_test(published_counts_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Explanations: what is derived in words equals the parameter store, the engine and published counts. */
#include "network_text.h"

#include <math.h>
#include <time.h>

#include "layers/explain.h"
#include "model/explain.h"
#include "model/network.h"
#include "plan/engine.h"
#include "plan/plan.h"

static const alx_explain_setting plain_setting = {.language = ALX_ENGLISH, .batch = 32, .type = ALX_F32, .states = 2};

static alx_explained_layer *explain(const alx_graph *graph)
{
    alx_explained_layer *layers;
    alx_error err = {0};
    if (alx_graph_explain(&layers, graph, &plain_setting, &err)) fail_msg("%s", err.message);
    return layers;
}

/* ---- Phrases ---- */

/* The names between braces, in any order: each with its count in `names`. */
static int placeholders(const char *phrase, char names[16][24])
{
    int count = 0;
    for (const char *open = phrase; (open = strchr(open, '{')); open++) {
        char name[24];
        size_t length = strcspn(open + 1, ":}");
        assert_true(length > 0 && length < sizeof name && count < 16);
        snprintf(name, sizeof name, "%.*s", (int)length, open + 1);
        int i = 0;
        while (i < count && strcmp(names[i], name) != 0) i++;
        if (i == count) snprintf(names[count++], 24, "%s", name);
    }
    return count;
}

/* Same names, some of which may be left out where a sentence has no room for them in one language. */
static void both_languages_say_the_same(void **state)
{
    (void)state;
    for (int p = 0; p < ALX_PHRASE_COUNT; p++) {
        const char *english = alx_phrase_text((alx_phrase)p, ALX_ENGLISH),
                   *chinese = alx_phrase_text((alx_phrase)p, ALX_CHINESE);
        char a[16][24], b[16][24];
        assert_true(english[0] && chinese[0]);
        int count = placeholders(english, a), others = placeholders(chinese, b);
        if (count != others) fail_msg("phrase %d: %s / %s", p, english, chinese);
        for (int i = 0; i < count; i++) {
            int k = 0;
            while (k < others && strcmp(a[i], b[k]) != 0) k++;
            if (k == others) fail_msg("phrase %d: no {%s} in: %s", p, a[i], chinese);
        }
    }
}

static void a_phrase_takes_its_words(void **state)
{
    (void)state;
    alx_text text = {0};
    alx_say(&text, FILTERS_MAKE, ALX_ENGLISH, ALX_COUNT("filters", 1), ALX_WORD("shape", "4x4x1"));
    alx_say(&text, FILTERS_MAKE, ALX_ENGLISH, ALX_COUNT("filters", 1200), ALX_WORD("shape", "4x4x1200"));
    assert_string_equal(text.data, "; 1 filter makes 1 channel: 4x4x1"
                                   "; 1,200 filters make 1,200 channels: 4x4x1200");
    alx_text broken = {.failed = true};
    assert_false(text.failed);
    alx_say(&text, FILTERS_MAKE, ALX_ENGLISH, ALX_COUNT("filters", 1), ALX_TEXT("shape", broken));
    assert_true(text.failed); /* memory that ran out is not forgotten */
    alx_text_finish(&text);
}

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
    {"alexnet", 58289538, 58289538, 0},                   /* the course, Keras */
    {"gender-course", 21924, 21918, 0},                   /* the course, Keras */
    {"alexnet-2012", 60965224, 60965224, 0},              /* Caffe's reference model */
    {"alexnet-torchvision", 61100840, 61100840, 0.71},    /* torchvision */
    {"starter", 798306, 796834, 0},                       /* ours */
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

static alx_explanation *open_explanation(alx_network **network, const char *name, int classes)
{
    alx_explanation *explanation = NULL;
    alx_error err = {0};
    alx_explain_config config;
    alx_explain_config_init(&config);
    config.precision = ALX_PRECISION_F32;
    if (alx_network_open(network, name, classes, &err) || alx_explanation_create(&explanation, *network, &config, &err))
        fail_msg("%s", err.message);
    return explanation;
}

/* The numbers that the notes about AlexNet state are those that the built-in networks count. */
static void notes_state_what_is_counted(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int classes;
        int64_t parameters, neurons, connections;
        const char *in_note[3];
    } rows[] = {
        {"alexnet-2012", 1000, 60965224, 659272, 724406816, {"60,965,224", "659,272", "724,406,816"}},
        {"alexnet", 1000, 62378344, 659272, 1135256096, {"62,378,344", "659,272", "1,135,256,096"}},
        {"alexnet", 2, 58289538, 658274, 1131168288, {"58,289,538", "658,274", "1,131,168,288"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        alx_network *network;
        alx_layer_account total;
        alx_explanation *e = open_explanation(&network, rows[i].name, rows[i].classes);
        alx_explanation_total(e, &total);
        assert_int_equal(network->graph->parameters, rows[i].parameters);
        assert_int_equal(total.neurons, rows[i].neurons);
        assert_int_equal(total.connections, rows[i].connections);
        for (int n = 0; n < 3; n++) assert_non_null(strstr(alx_explanation_note(e, n), rows[i].in_note[n]));
        alx_explanation_destroy(e);
        alx_network_destroy(network);
    }
}

/* What is said of training's memory is what the trainer's parts take, to the byte. */
static void check_memory(const char *source, alx_precision precision, int batch, int states)
{
    alx_network *network;
    alx_explanation *explanation = NULL;
    alx_error err = {0};
    alx_explain_config config;
    alx_training_memory said;
    alx_explain_config_init(&config);
    config.precision = precision;
    config.batch_size = batch;
    config.optimizer_states = states;
    if (alx_network_open(&network, source, 0, &err) || alx_explanation_create(&explanation, network, &config, &err))
        fail_msg("%s", err.message);
    alx_explanation_memory(explanation, &said);

    alx_params *params = NULL;
    alx_engine *engine = NULL;
    alx_engine_config how = {.threads = 2, .max_batch = batch, .training = true};
    if (alx_engine_resolve_precision(&how.type, alx_explanation_precision(explanation), &err) ||
        alx_params_create(&params, network->graph, true, &err) || alx_engine_create(&engine, params, &how, &err) ||
        alx_engine_prepare(engine, ALX_MODE_TRAIN, batch, &err) ||
        alx_engine_prepare(engine, ALX_MODE_EVALUATE, batch, &err))
        fail_msg("%s", err.message);
    uint64_t taken = alx_engine_memory(engine) + (uint64_t)params->span * sizeof(float) +
                     (uint64_t)(states * params->trainable_span) * sizeof(float);
    assert_int_equal(said.total, taken);
    assert_int_equal(said.total, said.weights + said.gradients + said.state + said.images + said.arena + said.packed);
    alx_engine_destroy(engine);
    alx_params_destroy(params);
    alx_explanation_destroy(explanation);
    alx_network_destroy(network);
}

static void memory_is_what_training_takes(void **state)
{
    (void)state;
    alx_dtype type;
    const bool bf16 = alx_engine_resolve_precision(&type, ALX_PRECISION_BF16, NULL) == ALX_OK;
    for (int i = 0; i <= bf16; i++) {
        const alx_precision precision = i ? ALX_PRECISION_BF16 : ALX_PRECISION_F32;
        check_memory("gender-course", precision, 20, 2);
        check_memory("starter", precision, 9, 1);
        check_memory("alexnet", precision, 3, 0);
        check_memory(FIXTURES "/networks/squeezenet.yaml", precision, 2, 2);
    }
}

static void assert_config_refused(const alx_explain_config *config, const char *text)
{
    alx_network *network;
    alx_explanation *explanation;
    alx_error err = {0};
    assert_int_equal(alx_network_open(&network, "gender-course", 0, NULL), ALX_OK);
    assert_int_equal(alx_explanation_create(&explanation, network, config, &err), ALX_USAGE);
    assert_null(explanation);
    assert_non_null(strstr(err.message, text));
    alx_network_destroy(network);
}

static void wrong_configs_are_refused(void **state)
{
    (void)state;
    alx_explain_config config;
    alx_explain_config_init(&config);
    config.batch_size = 0;
    assert_config_refused(&config, "batch_size is 0");
    alx_explain_config_init(&config);
    config.optimizer_states = 3;
    assert_config_refused(&config, "optimizer_states is 3");
    alx_explain_config_init(&config);
    config.struct_size = sizeof config + 1;
    assert_config_refused(&config, "call alx_explain_config_init");
}

static void only_alexnets_have_a_history(void **state)
{
    (void)state;
    alx_network *network;
    alx_explanation *e = open_explanation(&network, "starter", 0);
    assert_null(alx_explanation_note(e, 0));
    for (int i = 0; i < alx_network_layer_count(network); i++)
        assert_null(alx_explanation_text(e, i, ALX_TOPIC_HISTORY));
    alx_explanation_destroy(e);
    alx_network_destroy(network);
}

/* ---- Receptive fields and padding ---- */

static void alexnet_sees(void **state)
{
    (void)state;
    static const int fields[] = {11, 19, 51, 67, 99, 131, 163, 195}, steps[] = {4, 8, 8, 16, 16, 16, 16, 32};
    alx_graph *graph = builtin_graph("alexnet", 0);
    alx_explained_layer *layers = explain(graph);
    for (int i = 0; i < 8; i++)
        for (int side = 0; side < 2; side++) {
            assert_int_equal(layers[i].account.field[side], fields[i]);
            assert_int_equal(layers[i].account.step[side], steps[i]);
        }
    assert_int_equal(layers[9].account.field[0], 227); /* a dense neuron sees everything */
    assert_int_equal(layers[9].account.step[0], 0);
    alx_explained_destroy(layers, graph);
    alx_graph_destroy(graph);
}

static void the_widest_branch_counts(void **state)
{
    (void)state;
    alx_graph *graph = good_graph(HEAD "  - conv2d: {name: a, filters: 4, kernel_size: 3, padding: same}\n"
                                       "  - conv2d: {name: b, filters: 4, kernel_size: 5, padding: same, from: a}\n"
                                       "  - add: {from: [a, b]}\n" TAIL);
    alx_explained_layer *layers = explain(graph);
    assert_int_equal(layers[2].account.field[0], 7);
    alx_explained_destroy(layers, graph);
    alx_graph_destroy(graph);
}

/* Every pair of an output and a place of its window, looked at one by one. */
static int64_t count_padded(int in_h, int in_w, int kernel, int stride, int begin, int end, int channels, int filters)
{
    int64_t padded = 0;
    for (int y = -begin; y + kernel <= in_h + end; y += stride)
        for (int x = -begin; x + kernel <= in_w + end; x += stride)
            for (int i = 0; i < kernel * kernel; i++) {
                int row = y + i / kernel, column = x + i % kernel;
                padded += row < 0 || row >= in_h || column < 0 || column >= in_w;
            }
    return padded * channels * filters;
}

static void zeros_of_the_padding_are_counted(void **state)
{
    (void)state;
    static const struct {
        int kernel, stride, padding;
    } cases[] = {{3, 1, 1}, {5, 2, 2}, {5, 3, 4}, {2, 1, 0}, {7, 4, 3}, {1, 2, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char yaml[400];
        snprintf(
            yaml, sizeof yaml,
            "name: t\nclasses: 2\ninput: [13, 9, 1]\nlayers:\n  - conv2d: {filters: 6, kernel_size: %d, strides: %d, "
            "padding: %d}\n" TAIL,
            cases[i].kernel, cases[i].stride, cases[i].padding);
        alx_graph *graph = good_graph(yaml);
        alx_explained_layer *layers = explain(graph);
        assert_int_equal(layers[0].account.padded, count_padded(13, 9, cases[i].kernel, cases[i].stride,
                                                                cases[i].padding, cases[i].padding, 1, 6));
        alx_explained_destroy(layers, graph);
        alx_graph_destroy(graph);
    }
}

/* ---- Sentences ---- */

static void assert_says(const char *layer, alx_language language, alx_topic topic, const char *text)
{
    char yaml[1024];
    snprintf(yaml, sizeof yaml, "name: t\nclasses: 2\ninput: [32, 20, 3]\nlayers:\n%s" TAIL, layer);
    alx_graph *graph = good_graph(yaml);
    alx_explain_setting setting = plain_setting;
    alx_explained_layer *layers;
    setting.language = language;
    assert_int_equal(alx_graph_explain(&layers, graph, &setting, NULL), ALX_OK);
    assert_string_equal(layers[0].texts[topic].data, text);
    alx_explained_destroy(layers, graph);
    alx_graph_destroy(graph);
}

static void sentences_are_right(void **state)
{
    (void)state;
    assert_says("  - conv2d: {filters: 8, kernel_size: 5, strides: 4, padding: 1}\n", ALX_ENGLISH, ALX_TOPIC_OUTPUT,
                "height (32 + 1 + 1 - 5) / 4 + 1 = 8.25, rounded down: 8 (only padding is left over); "
                "width (20 + 1 + 1 - 5) / 4 + 1 = 5.25, rounded down: 5 (only padding is left over); "
                "8 filters make 8 channels: 8x5x8");
    assert_says("  - conv2d: {filters: 1, kernel_size: 5, strides: 3, padding: same}\n", ALX_ENGLISH, ALX_TOPIC_OUTPUT,
                "height (32 + 1 + 2 - 5) / 3 + 1 = 11; width (20 + 1 + 2 - 5) / 3 + 1 = 7; "
                "'same' adds 1 zero above and 2 below, left and right alike; 1 filter makes 1 channel: 11x7x1");
    assert_says("  - conv2d: {filters: 1, kernel_size: 11, strides: 4}\n", ALX_CHINESE, ALX_TOPIC_OUTPUT,
                "高 (32 - 11) / 4 + 1 = 6.25，向下取整：6（最后 1 个像素看不到）；宽 (20 - 11) / 4 + 1 = 3.25，"
                "向下取整：3（最后 1 个像素看不到）；1 个卷积核得到 1 个通道：6x3x1");
    assert_says("  - conv2d: {filters: 96, kernel_size: 11, strides: 4}\n", ALX_ENGLISH, ALX_TOPIC_PARAMETERS,
                "one filter sees 11 x 11 x 3 = 363 values and adds 1 bias: 364; 96 filters: 364 x 96 = 34,944. "
                "All 6 x 3 = 18 places share them; a set for each place would be 628,992");
    assert_says("  - conv2d: {filters: 6, kernel_size: 2, groups: 3, use_bias: false}\n", ALX_ENGLISH,
                ALX_TOPIC_PARAMETERS,
                "3 groups: a filter sees only the 3 / 3 = 1 channel of its group, 2 x 2 x 1 = 4 values, without a "
                "bias; 6 filters: 4 x 6 = 24 (without groups 72). All 31 x 19 = 589 places share them; a set for each "
                "place would be 14,136");
    assert_says("  - batch_normalization\n", ALX_CHINESE, ALX_TOPIC_PARAMETERS,
                "3 个通道各有 gamma（缩放）和 beta（平移），参与训练；还有滑动均值和滑动方差，不参与训练：4 x 3 = 12，"
                "其中 6 个参与训练");
    assert_says(
        "  - max_pooling2d: {pool_size: 3, strides: 2, padding: same}\n", ALX_ENGLISH, ALX_TOPIC_OUTPUT,
        "height (32 + 1 - 3) / 2 + 1 = 16; width (20 + 1 - 3) / 2 + 1 = 10; 'same' lets windows reach 0 over the "
        "upper edge and 1 over the lower, left and right alike; the 3 channels stay: 16x10x3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_languages_say_the_same),   cmocka_unit_test(a_phrase_takes_its_words),
        cmocka_unit_test(the_evaluator_evaluates),       cmocka_unit_test(random_networks_hold),
        cmocka_unit_test(published_counts_hold),         cmocka_unit_test(notes_state_what_is_counted),
        cmocka_unit_test(memory_is_what_training_takes), cmocka_unit_test(wrong_configs_are_refused),
        cmocka_unit_test(only_alexnets_have_a_history),  cmocka_unit_test(alexnet_sees),
        cmocka_unit_test(the_widest_branch_counts),      cmocka_unit_test(zeros_of_the_padding_are_counted),
        cmocka_unit_test(sentences_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Explanations: sentences in both languages, receptive fields, memory, AlexNet's notes. */
#include "explain_fixture.h"

#include "layers/explain.h"
#include "model/network.h"
#include "plan/engine.h"

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

/* By its first word annotate.c knows a comment of its own again. */
static void comments_begin_with_a_word(void **state)
{
    (void)state;
    for (int p = ALX_PHRASE_START_NORMAL; p <= ALX_PHRASE_COMMENT_LAYERS_FROM; p++)
        for (int language = ALX_ENGLISH; language <= ALX_CHINESE; language++)
            assert_true(alx_phrase_text((alx_phrase)p, (alx_language)language)[0] != '{');
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

static alx_explanation *open_explanation(alx_network **network, const char *name, int classes, alx_language language)
{
    alx_explanation *explanation = NULL;
    alx_error err = {0};
    alx_explain_config config;
    alx_explain_config_init(&config);
    config.precision = ALX_PRECISION_F32;
    config.language = language;
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
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        alx_network *network;
        alx_layer_account total;
        const size_t r = i / 2;
        alx_explanation *e =
            open_explanation(&network, rows[r].name, rows[r].classes, i % 2 ? ALX_CHINESE : ALX_ENGLISH);
        alx_explanation_total(e, &total);
        assert_int_equal(network->graph->parameters, rows[r].parameters);
        assert_int_equal(total.neurons, rows[r].neurons);
        assert_int_equal(total.connections, rows[r].connections);
        /* What is here, and what is written into the sentence: the same number twice, for the network that has it. */
        for (int n = 0; n < 3; n++) {
            const char *first = strstr(alx_explanation_note(e, n), rows[r].in_note[n]);
            assert_non_null(first);
            if (n != 1 && !(r == 2 && n == 2)) assert_non_null(strstr(first + 1, rows[r].in_note[n]));
        }
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
    alx_engine_config how = {.threads = 2, .max_batch = batch, .training = true, .fleeting = true};
    if (alx_engine_resolve_precision(&how.type, alx_explanation_precision(explanation), &err) ||
        alx_params_create(&params, network->graph, alx_params_prefer_tiles(), &err) ||
        alx_engine_create(&engine, params, &how, &err) || alx_engine_prepare(engine, ALX_MODE_TRAIN, batch, &err) ||
        alx_engine_prepare(engine, ALX_MODE_EVALUATE, batch, &err))
        fail_msg("%s", err.message);
    uint64_t taken = alx_engine_memory(engine) + (uint64_t)params->span * sizeof(float) +
                     (uint64_t)(states * params->trainable_span) * sizeof(float);
    assert_int_equal(said.total, taken);
    assert_int_equal(said.total, said.weights + said.gradients + said.state + said.images + said.arena + said.packed);
    assert_int_equal(said.at_once, batch);
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
    alx_explanation *e = open_explanation(&network, "starter", 0, ALX_ENGLISH);
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
        cmocka_unit_test(both_languages_say_the_same),   cmocka_unit_test(comments_begin_with_a_word),
        cmocka_unit_test(a_phrase_takes_its_words),      cmocka_unit_test(notes_state_what_is_counted),
        cmocka_unit_test(memory_is_what_training_takes), cmocka_unit_test(wrong_configs_are_refused),
        cmocka_unit_test(only_alexnets_have_a_history),  cmocka_unit_test(alexnet_sees),
        cmocka_unit_test(the_widest_branch_counts),      cmocka_unit_test(zeros_of_the_padding_are_counted),
        cmocka_unit_test(sentences_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

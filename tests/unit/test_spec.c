/* Networks as text: what is read, what is refused and where the message points. */
#include "network_text.h"

#include "alexnet.h"

static alx_spec parsed(const char *yaml)
{
    alx_spec spec;
    alx_error err = {0};
    if (alx_spec_parse(&spec, yaml, strlen(yaml), "net.yaml", 0, &err)) fail_msg("%s", err.message);
    return spec;
}

static void reads_the_three_forms_of_a_layer(void **state)
{
    (void)state;
    alx_spec spec = parsed(HEAD "  - conv2d: {filters: 8, kernel_size: [3, 5]}\n  - flatten\n  - flatten:\n"
                                "  - dense:\n      units: classes\n      activation: softmax\n");
    assert_int_equal(spec.layer_count, 4);
    assert_string_equal(spec.layers[0].name, "conv2d_1");
    assert_string_equal(spec.layers[0].options, "filters: 8, kernel_size: [3, 5]");
    assert_string_equal(spec.layers[1].name, "flatten_1");
    assert_string_equal(spec.layers[2].name, "flatten_2");
    assert_string_equal(spec.layers[2].options, "");
    assert_string_equal(spec.layers[3].options, "units: classes, activation: softmax");
    assert_int_equal(spec.layers[3].inputs[0], 2);
    assert_int_equal(spec.layers[0].inputs[0], -1);
    alx_spec_finish(&spec);
}

static void names_skip_those_that_are_taken(void **state)
{
    (void)state;
    alx_spec spec = parsed(HEAD "  - dropout: {rate: 0}\n  - flatten: {name: dropout_2}\n  - dropout: {rate: 0}\n"
                                "  - dropout: {rate: 0}\n  - flatten: {name: 展平}\n");
    assert_string_equal(spec.layers[0].name, "dropout_1");
    assert_string_equal(spec.layers[2].name, "dropout_3");
    assert_string_equal(spec.layers[3].name, "dropout_4");
    assert_string_equal(spec.layers[4].name, "展平");
    alx_spec_finish(&spec);
}

static void reads_from(void **state)
{
    (void)state;
    alx_spec spec =
        parsed(HEAD "  - activation: {name: a, activation: relu}\n  - activation: {activation: tanh, from: input}\n"
                    "  - add: {from: [a, activation_1, a, input]}\n" TAIL);
    assert_int_equal(spec.layers[1].inputs[0], -1);
    assert_int_equal(spec.layers[2].input_count, 4);
    assert_int_equal(spec.layers[2].inputs[0], 0);
    assert_int_equal(spec.layers[2].inputs[1], 1);
    assert_int_equal(spec.layers[2].inputs[2], 0);
    assert_int_equal(spec.layers[2].inputs[3], -1);
    alx_spec_finish(&spec);
}

static void sixteen_inputs_are_taken(void **state)
{
    (void)state;
    alx_text text = {0};
    alx_text_add(&text, HEAD "  - concatenate: {from: [input");
    for (int i = 1; i < ALX_MAX_INPUTS; i++) alx_text_add(&text, ", input");
    alx_text_add(&text, "]}\n" TAIL);
    alx_graph *graph = good_graph(text.data);
    assert_int_equal(graph->spec.layers[0].input_count, 16);
    assert_int_equal(alx_graph_shape(graph, 0)->dims[0], 48);
    alx_graph_destroy(graph);
    alx_text_finish(&text);
}

static void the_head_has_defaults(void **state)
{
    (void)state;
    alx_spec spec = parsed("classes: 3\ninput: [8, 9, 1]\nlayers: [flatten]\n");
    assert_string_equal(spec.name, "net");
    assert_int_equal(spec.classes, 3);
    assert_int_equal(spec.input[0], 8);
    assert_int_equal(spec.input[1], 9);
    assert_int_equal(spec.input[2], 1);
    alx_spec_finish(&spec);
    const char *without = "input: [8, 9, 1]\nlayers: [flatten]\n";
    assert_int_equal(alx_spec_parse(&spec, without, strlen(without), NULL, 7, NULL), ALX_OK);
    assert_int_equal(spec.classes, 7);
    assert_string_equal(spec.name, "network");
    alx_spec_finish(&spec);
}

static void refuses_a_bad_head(void **state)
{
    (void)state;
    assert_refused("", "net.yaml:1:1");
    assert_refused("- a\n", "net.yaml:1:1", "layers");
    assert_refused("classes: 2\nlayers: [flatten]\n", "input");
    assert_refused("input: [8, 8, 3]\nlayers: [flatten]\n", "classes is missing");
    assert_refused("classes: 2\ninput: [8, 8]\nlayers: [flatten]\n", "net.yaml:2:8", "[height, width, channels]");
    assert_refused("classes: 2\ninput: [8, 8, 2]\nlayers: [flatten]\n", "net.yaml:2:8", "2 channels");
    assert_refused("classes: 2\ninput: [8.5, 8, 3]\nlayers: [flatten]\n", "net.yaml:2:8");
    assert_refused("classes: 2\ninput: [8, 100000, 3]\nlayers: [flatten]\n", "net.yaml:2:");
    assert_refused("classes: 1\ninput: [8, 8, 3]\nlayers: [flatten]\n", "net.yaml:1:10", "2 to");
    assert_refused("clases: 2\ninput: [8, 8, 3]\nlayers: [flatten]\n", "net.yaml:1:1", "classes");
    assert_refused("classes: 2\ninput: [8, 8, 3]\nlayers: flatten\n", "net.yaml:3:9", "list");
    assert_refused("classes: 2\ninput: [8, 8, 3]\nlayers: []\n", "net.yaml:3:9");
    assert_refused("classes: 2\ninput: [8, 8, 3]\n", "layers");
    assert_refused("model: alexnet\ntrain: {epochs: 3}\n", "recipe");
}

static void refuses_bad_layers_with_their_place(void **state)
{
    (void)state;
    assert_refused(HEAD "  - Conv2D: {filters: 8, kernel_size: 3}\n" TAIL, "net.yaml:5:5: ", "unknown layer Conv2D",
                   "did you mean conv2d?");
    assert_refused(HEAD "  - max_polling2d\n" TAIL, "net.yaml:5:5: ", "did you mean max_pooling2d?");
    assert_refused(HEAD "  - warp_drive\n" TAIL, "net.yaml:5:5: ", "alexnet layers");
    assert_refused(HEAD "  - conv2d: {filters: 8, kernel: 3}\n" TAIL, "net.yaml:5:26: ", "conv2d_1", "kernel_size");
    assert_refused(HEAD "  - conv2d: {filters: many, kernel_size: 3}\n" TAIL, "net.yaml:5:23: ", "conv2d_1", "filters");
    assert_refused(HEAD "  - conv2d: {filters: 0, kernel_size: 3}\n" TAIL, "net.yaml:5:23: ", "filters");
    assert_refused(HEAD "  - conv2d: {filters: 8}\n" TAIL, "net.yaml:5:", "kernel_size");
    assert_refused(HEAD "  - conv2d\n" TAIL, "net.yaml:5:5: ", "conv2d_1", "filters, kernel_size must be given");
    assert_refused(HEAD "  - conv2d:\n    filters: 8\n" TAIL, "net.yaml:6:", "filters", "braces");
    assert_refused(HEAD "  - conv2d: 8\n" TAIL, "net.yaml:5:13: ", "braces");
    assert_refused(HEAD "  - [flatten]\n" TAIL, "net.yaml:5:5: ");
    assert_refused(HEAD "  - {}\n" TAIL, "net.yaml:5:5: ");
    assert_refused(HEAD "  - dropout: {rate: 1}\n" TAIL, "net.yaml:5:", "dropout_1", "less than 1");
    assert_refused(HEAD "  - dropout: &a {rate: 0.5}\n  - dropout: *a\n" TAIL, "net.yaml:5:");
    assert_refused(HEAD "  - flatten: {name: a}\n  - dropout: {rate: 0, rate: 1}\n", "net.yaml:6:");
}

static void refuses_bad_names_and_inputs(void **state)
{
    (void)state;
    assert_refused(HEAD "  - flatten: {name: a}\n  - flatten: {name: a}\n", "net.yaml:6:21: ", "taken");
    assert_refused(HEAD "  - flatten: {name: input}\n", "net.yaml:5:21: ", "input");
    assert_refused(HEAD "  - flatten: {name: optimizer}\n", "net.yaml:5:21: ", "the name optimizer is a checkpoint's");
    assert_refused(HEAD "  - flatten: {name: ema}\n", "net.yaml:5:21: ", "the name ema is a checkpoint's");
    assert_refused(HEAD "  - flatten: {name: optimizer}\n", "net.yaml:5:21: ", "checkpoint");
    assert_refused(HEAD "  - flatten: {name: a.b}\n", "net.yaml:5:21: ", "letters");
    assert_refused(HEAD "  - flatten: {name: ''}\n", "net.yaml:5:21: ", "letters");
    assert_refused(HEAD "  - flatten: {name: [a]}\n", "net.yaml:5:21: ");
    assert_refused(HEAD "  - flatten: {from: later}\n  - flatten: {name: later}\n",
                   "net.yaml:5:21: ", "no earlier layer is named later");
    assert_refused(HEAD "  - flatten: {name: a, from: a}\n", "net.yaml:5:30: ", "no earlier layer is named a");
    assert_refused(HEAD "  - flatten: {name: stem}\n  - flatten: {from: stme}\n", "did you mean stem?");
    assert_refused(HEAD "  - add\n" TAIL, "net.yaml:5:5: ", "add_1", "from: [a, b]");
    assert_refused(HEAD "  - add: {from: []}\n" TAIL, "add_1", "at least 2");
    assert_refused(HEAD "  - flatten: {from: [input, input]}\n" TAIL, "flatten_1", "not 2", "concatenate");
    assert_refused(HEAD "  - add: {from: [input, input, input, input, input, input, input, input, input, input, input, "
                        "input, input, input, input, input, input]}\n" TAIL,
                   "more than 16");
}

/* Writing and reading again gives the same text and the same layers. */
static void assert_round_trip(alx_spec *spec)
{
    alx_text first = {0}, second = {0};
    alx_spec again;
    alx_error err = {0};
    alx_spec_write(&first, spec);
    if (alx_spec_parse(&again, first.data, first.length, NULL, 0, &err)) fail_msg("%s in\n%s", err.message, first.data);
    alx_spec_write(&second, &again);
    assert_string_equal(first.data, second.data);
    assert_int_equal(spec->layer_count, again.layer_count);
    for (int i = 0; i < spec->layer_count; i++) {
        const alx_spec_layer *a = &spec->layers[i], *b = &again.layers[i];
        assert_ptr_equal(a->cls, b->cls);
        assert_string_equal(a->name, b->name);
        assert_string_equal(a->options, b->options);
        assert_int_equal(a->input_count, b->input_count);
        assert_memory_equal(a->inputs, b->inputs, sizeof a->inputs);
    }
    alx_text_finish(&first);
    alx_text_finish(&second);
    alx_spec_finish(&again);
}

static void specs_survive_writing(void **state)
{
    (void)state;
    alx_spec spec = parsed(
        "name: 'yes: no # \"x\"'\nclasses: 2\ninput: [32, 48, 3]\nlayers:\n"
        "  - conv2d: {name: 茎, filters: 8, kernel_size: [3, 5], padding: [1, 2], strides: 2, activation: leaky_relu,\n"
        "             kernel_initializer: normal, initializer_value: 0.01, bias_value: 1, use_bias: yes}\n"
        "  - activation: {name: null_, activation: leaky_relu, negative_slope: 0.1}\n"
        "  - add: {from: [茎, null_, null_]}\n"
        "  - activation: {name: '1', activation: gelu, from: 茎}\n"
        "  - concatenate: {from: ['1', add_1]}\n"
        "  - average_pooling2d: {pool_size: 2, strides: 1, padding: same}\n"
        "  - max_pooling2d\n  - lrn: {alpha: 1/3}\n  - batch_normalization: {momentum: 0.9}\n  - dropout: {rate: "
        "0.25}\n" TAIL);
    assert_round_trip(&spec);
    alx_spec_finish(&spec);
    for (int i = 0; alx_builtin(i); i++) {
        const alx_builtin_info *builtin = alx_builtin(i);
        assert_int_equal(alx_spec_parse(&spec, builtin->yaml, strlen(builtin->yaml), builtin->name, 0, NULL), ALX_OK);
        assert_string_equal(spec.name, builtin->name);
        assert_round_trip(&spec);
        alx_spec_finish(&spec);
    }
}

static void hostile_texts_end_quickly(void **state)
{
    (void)state;
    alx_text text = {0};
    alx_text_add(&text, HEAD);
    for (int i = 0; i < ALX_SPEC_MAX_LAYERS + 1; i++) alx_text_add(&text, "  - flatten\n");
    assert_refused(text.data, "more than 2000 layers");
    alx_text_finish(&text);
    /* Every made name is taken by a given one. */
    alx_text_add(&text, HEAD);
    for (int i = 1; i <= 999; i++) alx_text_printf(&text, "  - flatten: {name: dropout_%d}\n", i);
    for (int i = 0; i < 999; i++) alx_text_add(&text, "  - dropout: {rate: 0}\n");
    alx_text_add(&text, TAIL);
    alx_graph *graph = good_graph(text.data);
    assert_string_equal(graph->spec.layers[999].name, "dropout_1000");
    alx_graph_destroy(graph);
    alx_text_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_three_forms_of_a_layer),
        cmocka_unit_test(names_skip_those_that_are_taken),
        cmocka_unit_test(reads_from),
        cmocka_unit_test(sixteen_inputs_are_taken),
        cmocka_unit_test(the_head_has_defaults),
        cmocka_unit_test(refuses_a_bad_head),
        cmocka_unit_test(refuses_bad_layers_with_their_place),
        cmocka_unit_test(refuses_bad_names_and_inputs),
        cmocka_unit_test(specs_survive_writing),
        cmocka_unit_test(hostile_texts_end_quickly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

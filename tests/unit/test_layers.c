/* Layers one by one: windows, fans, what they become as ops, and their tables. */
#include "network_text.h"

#include <math.h>

#include "layers/common.h"
#include "ops/op.h"

/* ---- Windows ---- */

/* Keras' `same`, row by row as the text of TensorFlow's "padding" gives it. */
static void same_padding_is_keras(void **state)
{
    (void)state;
    static const struct {
        int64_t in, size, stride, out, begin, end;
    } rows[] = {
        {32, 3, 1, 32, 1, 1}, {32, 2, 1, 32, 0, 1}, {32, 5, 2, 16, 1, 2}, {32, 3, 2, 16, 0, 1}, {33, 3, 2, 17, 1, 1},
        {27, 5, 1, 27, 2, 2}, {10, 1, 3, 4, 0, 0},  {10, 4, 3, 4, 1, 2},  {5, 11, 4, 2, 5, 5},  {7, 2, 5, 2, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        alx_window window = {.size = {rows[i].size, 1}, .stride = {rows[i].stride, 1}};
        const int64_t same[2] = {ALX_PADDING_SAME, ALX_PADDING_SAME};
        alx_shape input = ALX_SHAPE(3, rows[i].in, 4);
        int64_t out[2];
        assert_int_equal(alx_window_fit(&window, same, &input, out, "kernel_size", NULL), ALX_OK);
        assert_int_equal(out[0], rows[i].out);
        assert_int_equal(window.pad_begin[0], rows[i].begin);
        assert_int_equal(window.pad_end[0], rows[i].end);
        assert_int_equal(out[1], 4);
    }
}

static void explicit_padding_is_on_both_sides(void **state)
{
    (void)state;
    alx_window window = {.size = {11, 11}, .stride = {4, 4}};
    const int64_t two[2] = {2, 0};
    alx_shape input = ALX_SHAPE(3, 224, 227);
    int64_t out[2];
    assert_int_equal(alx_window_fit(&window, two, &input, out, "kernel_size", NULL), ALX_OK);
    assert_int_equal(out[0], 55); /* torchvision's 224 with padding 2 */
    assert_int_equal(out[1], 55); /* the course's 227 with none */
    assert_int_equal(window.pad_begin[0], 2);
    assert_int_equal(window.pad_end[0], 2);
}

/* ---- Declarations ---- */

static const alx_param_decl *decl_of(const alx_graph *graph, const char *name)
{
    for (int i = 0; i < graph->param_count; i++)
        if (strcmp(graph->params[i].name, name) == 0) return &graph->params[i].decl;
    fail_msg("no parameter %s", name);
    return NULL;
}

static void fans_are_keras(void **state)
{
    (void)state;
    alx_graph *graph = good_graph(HEAD "  - conv2d: {filters: 8, kernel_size: [3, 5]}\n"
                                       "  - conv2d: {filters: 6, kernel_size: 3, groups: 2, bias_value: 1}\n"
                                       "  - flatten\n  - dense: {units: 7, use_bias: false}\n"
                                       "  - dense: {units: classes, activation: softmax}\n");
    const alx_param_decl *kernel = decl_of(graph, "conv2d_1.kernel");
    assert_int_equal(kernel->fan_in, 3 * 3 * 5);
    assert_int_equal(kernel->fan_out, 8 * 3 * 5);
    kernel = decl_of(graph, "conv2d_2.kernel");
    assert_int_equal(kernel->fan_in, 4 * 3 * 3);
    assert_int_equal(kernel->fan_out, 6 * 3 * 3);
    assert_int_equal(kernel->shape.dims[1], 4);
    assert_true(decl_of(graph, "conv2d_2.bias")->init_value == 1);
    kernel = decl_of(graph, "dense_2.kernel");
    assert_int_equal(kernel->fan_in, 7);
    assert_int_equal(kernel->fan_out, 2);
    assert_int_equal(kernel->shape.dims[0], 2);
    assert_int_equal(graph->param_count, 2 + 2 + 1 + 2);
    alx_graph_destroy(graph);
}

static void batch_normalization_keeps_half_untrained(void **state)
{
    (void)state;
    alx_graph *graph = good_graph(HEAD "  - batch_normalization\n  - flatten\n  - batch_normalization\n"
                                       "  - dense: {units: classes, activation: softmax}\n");
    static const char *const names[] = {"gamma", "beta", "moving_mean", "moving_variance"};
    for (int i = 0; i < 4; i++) {
        const alx_param_decl *decl = &graph->params[i].decl;
        assert_string_equal(decl->name, names[i]);
        assert_int_equal(decl->trainable, i < 2);
        assert_true(decl->init == ALX_INIT_CONSTANT && decl->init_value == (i == 0 || i == 3));
        assert_int_equal(decl->shape.dims[0], 3);
        assert_int_equal(graph->params[4 + i].decl.shape.dims[0], 3072);
    }
    assert_int_equal(graph->layers[0].parameters, 12);
    assert_int_equal(graph->layers[0].trainable, 6);
    alx_graph_destroy(graph);
}

/* ---- Lowering ---- */

static alx_graph *lowered(alx_program *program, const char *yaml)
{
    alx_graph *graph = good_graph(yaml);
    alx_error err = {0};
    alx_program_init(program, ALX_MODE_TRAIN, ALX_F32, false, 4);
    if (alx_graph_lower(graph, program, &err)) fail_msg("%s", err.message);
    return graph;
}

static void discard(alx_graph *graph, alx_program *program)
{
    alx_program_finish(program);
    alx_graph_destroy(graph);
}

static void convolutions_hand_their_geometry_on(void **state)
{
    (void)state;
    alx_program program;
    alx_graph *graph =
        lowered(&program, HEAD "  - conv2d: {filters: 8, kernel_size: [2, 5], strides: [1, 2], padding: same}\n"
                               "  - conv2d: {filters: 6, kernel_size: 3, groups: 2, use_bias: false}\n" TAIL);
    const alx_op *first = program.ops[0], *second = program.ops[1];
    assert_int_equal(first->attr.conv.stride[0], 1);
    assert_int_equal(first->attr.conv.stride[1], 2);
    assert_int_equal(first->attr.conv.pad_begin[0], 0);
    assert_int_equal(first->attr.conv.pad_end[0], 1);
    assert_int_equal(first->attr.conv.pad_begin[1], 1);
    assert_int_equal(first->attr.conv.pad_end[1], 2);
    assert_int_equal(first->layer, 0);
    assert_int_equal(second->layer, 1);
    const alx_shape *kernel = alx_value_shape(&program, second->inputs[1]);
    const alx_shape grouped = ALX_SHAPE(2, 3, 4, 3, 3);
    assert_true(alx_shape_equal(kernel, &grouped));
    assert_int_equal(second->inputs[2], ALX_NO_VALUE);
    assert_int_equal(program.values[second->inputs[1]].param, 2);
    assert_int_equal(program.values[first->inputs[0]].type, ALX_F32);
    discard(graph, &program);
}

static void the_last_softmax_is_left_to_the_caller(void **state)
{
    (void)state;
    static const char *const ends[] = {
        "  - dense: {units: classes, activation: softmax}\n",
        "  - dense: {units: classes}\n  - activation: {activation: softmax}\n",
    };
    for (int i = 0; i < 2; i++) {
        alx_text yaml = {0};
        alx_text_printf(&yaml, "%s  - flatten\n  - dense: {units: 5, activation: softmax}\n%s", HEAD, ends[i]);
        alx_program program;
        alx_graph *graph = lowered(&program, yaml.data);
        int softmaxes = 0, products = 0;
        for (int k = 0; k < program.op_count; k++) {
            softmaxes += strcmp(program.ops[k]->cls->name, "softmax") == 0;
            if (program.ops[k]->cls != &alx_op_class_matmul) continue;
            assert_int_equal(program.ops[k]->attr.logits, products++ == 1);
        }
        assert_int_equal(softmaxes, 1); /* the one inside */
        assert_int_equal(products, 2);
        assert_int_equal(program.logits, program.ops[program.op_count - 1]->outputs[0]);
        discard(graph, &program);
        alx_text_finish(&yaml);
    }
}

static void a_softmax_in_front_of_the_last_one_stays(void **state)
{
    (void)state;
    alx_program program;
    alx_graph *graph = lowered(&program, HEAD "  - flatten\n  - dense: {units: classes, activation: softmax}\n"
                                              "  - activation: {activation: softmax}\n");
    const alx_op *end = program.ops[program.op_count - 1];
    assert_string_equal(end->cls->name, "softmax"); /* the dense layer's; the activation's is the caller's */
    assert_int_equal(program.logits, end->outputs[0]);
    assert_false(program.ops[program.op_count - 2]->attr.logits);
    discard(graph, &program);
}

static void alpha_of_lrn_is_the_papers(void **state)
{
    (void)state;
    alx_program program;
    alx_graph *graph = lowered(&program, HEAD "  - lrn: {size: 5, alpha: 0.0001}\n" TAIL);
    const alx_lrn_geometry *lrn = &program.ops[0]->attr.lrn;
    assert_int_equal(lrn->size, 5);
    assert_true(fabsf(lrn->alpha - 5e-4f) < 1e-9f); /* the op divides by the window */
    assert_true(lrn->beta == 0.75f && lrn->k == 2);
    discard(graph, &program);
}

static void every_layer_lowers_to_its_shape(void **state)
{
    (void)state;
    alx_program program;
    alx_graph *graph = lowered(
        &program, "classes: 3\ninput: [33, 31, 1]\nlayers:\n"
                  "  - conv2d: {filters: 10, kernel_size: 3, strides: 2, padding: same, activation: leaky_relu}\n"
                  "  - batch_normalization\n  - lrn\n  - activation: {activation: leaky_relu}\n"
                  "  - max_pooling2d: {pool_size: 3, strides: 2, padding: 1}\n"
                  "  - average_pooling2d: {pool_size: 2, padding: same, name: half}\n"
                  "  - conv2d: {filters: 17, kernel_size: 1, from: half, name: wide}\n"
                  "  - concatenate: {from: [half, wide]}\n  - dropout: {rate: 0.1}\n"
                  "  - add: {from: [dropout_1, dropout_1, concatenate_1]}\n  - activation: {activation: gelu}\n"
                  "  - global_average_pooling2d\n  - flatten\n  - batch_normalization\n  - dropout: {rate: 0.5}\n"
                  "  - dense: {units: 8, activation: tanh}\n  - activation: {activation: sigmoid}\n"
                  "  - dense: {units: classes, activation: softmax}\n");
    /* The last op of each layer has the layer's shape, with the batch in front. */
    for (int i = 0; i < graph->spec.layer_count; i++) {
        const alx_op *last = NULL;
        for (int k = 0; k < program.op_count; k++)
            if (program.ops[k]->layer == i) last = program.ops[k];
        if (strcmp(graph->spec.layers[i].cls->name, "flatten") == 0) {
            assert_null(last); /* features already */
            continue;
        }
        alx_shape wanted = alx_shape_batched(alx_graph_shape(graph, i), 4);
        assert_non_null(last);
        if (!alx_shape_equal(alx_value_shape(&program, last->outputs[0]), &wanted))
            fail_msg("%s: not its shape", graph->spec.layers[i].name);
    }
    /* Keras' slopes: 0.2 for the string, 0.3 for the layer. */
    assert_true(program.ops[1]->attr.eltwise.alpha == 0.2f);
    assert_true(program.ops[4]->attr.eltwise.alpha == 0.3f);
    discard(graph, &program);
}

/* ---- The catalogue ---- */

static void others_spellings_are_understood(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"Conv2D", "conv2d"},
        {"conv", "conv2d"},
        {"Convolution2D", "conv2d"},
        {"Convolution", "conv2d"},
        {"nn.Conv2d", "conv2d"},
        {"MaxPool2d", "max_pooling2d"},
        {"maxpool", "max_pooling2d"},
        {"Pooling", "max_pooling2d"},
        {"AvgPool2d", "average_pooling2d"},
        {"Linear", "dense"},
        {"fc", "dense"},
        {"InnerProduct", "dense"},
        {"BatchNorm2d", "batch_normalization"},
        {"bn", "batch_normalization"},
        {"ReLU", "activation"},
        {"LeakyReLU", "activation"},
        {"Softmax", "activation"},
        {"LocalResponseNorm", "lrn"},
        {"Concat", "concatenate"},
        {"Dropout2d", "dropout"},
        {"AdaptiveAvgPool2d", "global_average_pooling2d"},
        {"gap", "global_average_pooling2d"},
        {"Flaten", "flatten"},
        {"eltwise", "add"},
        {"GlobalAveragePooling2D", "global_average_pooling2d"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const alx_layer_class *cls = alx_layer_class_nearest(rows[i][0]);
        if (!cls || strcmp(cls->name, rows[i][1]) != 0)
            fail_msg("%s: %s, not %s", rows[i][0], cls ? cls->name : "nothing", rows[i][1]);
    }
    assert_null(alx_layer_class_nearest("transformer"));
    assert_null(alx_layer_class_nearest(""));
    char longest[5000];
    memset(longest, 'c', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_null(alx_layer_class_nearest(longest));
}

static void tables_are_whole_and_bilingual(void **state)
{
    (void)state;
    int count = 0;
    for (const alx_layer_type_info *type; (type = alx_layer_type(count)); count++) {
        const alx_layer_class *cls = alx_layer_class_find(type->name);
        assert_ptr_equal(&cls->info, type);
        assert_string_equal(cls->name, type->name);
        assert_true(type->keras[0] && type->help[ALX_ENGLISH][0] && type->help[ALX_CHINESE][0]);
        assert_true(cls->shape && cls->lower && cls->options && cls->also[0]);
        assert_true(cls->min_inputs >= 1 && cls->max_inputs <= ALX_MAX_INPUTS);
        for (int i = 0; i < count; i++) assert_string_not_equal(alx_layer_type(i)->name, type->name);
        alx_option_info option;
        int options = 0;
        for (; alx_layer_type_option(type, options, &option); options++) {
            assert_string_equal(option.name, cls->options[options].name);
            assert_true(option.type[0] != '\0');
            assert_true((unsigned char)option.help[ALX_CHINESE][0] >= 0x80 ||
                        strstr(option.help[ALX_CHINESE], "normal") || strstr(option.help[ALX_CHINESE], "leaky"));
            assert_true(cls->options[options].offset < cls->config_size);
        }
        assert_int_equal(alx_layer_type_option(type, options + 5, &option), 0);
        /* The defaults of every table are taken by it. */
        union {
            max_align_t align;
            char bytes[512];
        } config = {0};
        alx_arena arena = {0};
        assert_true(cls->config_size <= sizeof config);
        assert_int_equal(alx_options_default(cls->options, &config, &arena, NULL), ALX_OK);
        alx_arena_finish(&arena);
    }
    assert_int_equal(count, 12);
    assert_null(alx_layer_type(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_padding_is_keras),
        cmocka_unit_test(explicit_padding_is_on_both_sides),
        cmocka_unit_test(fans_are_keras),
        cmocka_unit_test(batch_normalization_keeps_half_untrained),
        cmocka_unit_test(convolutions_hand_their_geometry_on),
        cmocka_unit_test(the_last_softmax_is_left_to_the_caller),
        cmocka_unit_test(a_softmax_in_front_of_the_last_one_stays),
        cmocka_unit_test(alpha_of_lrn_is_the_papers),
        cmocka_unit_test(every_layer_lowers_to_its_shape),
        cmocka_unit_test(others_spellings_are_understood),
        cmocka_unit_test(tables_are_whole_and_bilingual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Networks that fit together: the course's table, the five totals, what does not fit. */
#include "network_text.h"

#include <time.h>

#include "alexnet.h"
#include "model/network.h"

/* ---- Shapes and parameters ---- */

typedef struct table_row {
    const char *name, *keras;
    int rank;
    int64_t shape[3]; /* height, width, channels or features */
    int64_t parameters;
} table_row;

static void assert_table(const char *builtin, int classes, const table_row *rows, int count)
{
    alx_network network = {.graph = builtin_graph(builtin, classes)};
    assert_int_equal(alx_network_layer_count(&network), count);
    for (int i = 0; i < count; i++) {
        alx_layer_info info;
        alx_network_layer(&network, i, &info);
        assert_string_equal(info.name, rows[i].name);
        assert_string_equal(info.keras, rows[i].keras);
        assert_int_equal(info.rank, rows[i].rank);
        for (int k = 0; k < info.rank; k++) assert_int_equal(info.shape[k], rows[i].shape[k]);
        assert_int_equal(info.parameters, rows[i].parameters);
        assert_int_equal(info.input_count, 1);
        assert_int_equal(info.inputs[0], i - 1);
    }
    alx_graph_destroy(network.graph);
}

/* What model.summary() shows in the course. */
static void alexnet_is_the_courses_table(void **state)
{
    (void)state;
    static const table_row rows[] = {
        {"conv2d_1", "Conv2D", 3, {55, 55, 96}, 34944},   {"max_pooling2d_1", "MaxPooling2D", 3, {27, 27, 96}, 0},
        {"conv2d_2", "Conv2D", 3, {27, 27, 256}, 614656}, {"max_pooling2d_2", "MaxPooling2D", 3, {13, 13, 256}, 0},
        {"conv2d_3", "Conv2D", 3, {13, 13, 384}, 885120}, {"conv2d_4", "Conv2D", 3, {13, 13, 384}, 1327488},
        {"conv2d_5", "Conv2D", 3, {13, 13, 256}, 884992}, {"max_pooling2d_3", "MaxPooling2D", 3, {6, 6, 256}, 0},
        {"flatten_1", "Flatten", 1, {9216}, 0},           {"dense_1", "Dense", 1, {4096}, 37752832},
        {"dropout_1", "Dropout", 1, {4096}, 0},           {"dense_2", "Dense", 1, {4096}, 16781312},
        {"dropout_2", "Dropout", 1, {4096}, 0},           {"dense_3", "Dense", 1, {2}, 8194},
    };
    assert_table("alexnet", 0, rows, sizeof rows / sizeof rows[0]);
}

static void gender_is_the_courses_table(void **state)
{
    (void)state;
    static const table_row rows[] = {
        {"batch_normalization_1", "BatchNormalization", 3, {100, 100, 3}, 12},
        {"conv2d_1", "Conv2D", 3, {99, 99, 10}, 130},
        {"max_pooling2d_1", "MaxPooling2D", 3, {33, 33, 10}, 0},
        {"flatten_1", "Flatten", 1, {10890}, 0},
        {"dense_1", "Dense", 1, {2}, 21782},
    };
    assert_table("gender-course", 2, rows, sizeof rows / sizeof rows[0]);
}

static void totals_are_those_of_the_papers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int classes, usual;
        int64_t parameters, trainable;
    } totals[] = {
        {"alexnet", 0, 2, 58289538, 58289538},
        {"alexnet", 1000, 1000, 62378344, 62378344},
        {"alexnet-2012", 0, 1000, 60965224, 60965224},
        {"alexnet-torchvision", 0, 1000, 61100840, 61100840},
        {"gender-course", 0, 2, 21924, 21918},
        {"starter", 0, 2, 798306, 796834},
        {"starter", 1000, 1000, 990920, 989448},
        {"vgg-small", 0, 2, 847202, 845538},
        {"vgg-small", 1000, 1000, 975944, 974280},
        {"residual-small", 0, 2, 697826, 695586},
        {"residual-small", 1000, 1000, 826568, 824328},
        {"inception-small", 0, 2, 472802, 470306},
        {"inception-small", 1000, 1000, 729288, 726792},
        {"starter-32", 0, 10, 1648362, 1646122},
        {"gender-own", 0, 2, 597986, 596386},
        {"chinese-style-own", 0, 2, 341882, 340682},
    };
    for (size_t i = 0; i < sizeof totals / sizeof totals[0]; i++) {
        alx_graph *graph = builtin_graph(totals[i].name, totals[i].classes);
        assert_int_equal(graph->spec.classes, totals[i].usual);
        assert_int_equal(graph->parameters, totals[i].parameters);
        assert_int_equal(graph->trainable, totals[i].trainable);
        alx_graph_destroy(graph);
    }
}

/* The 15 layers of torchvision's and the paper's networks that have weights. */
static void kernels_have_the_published_shapes(void **state)
{
    (void)state;
    alx_graph *paper = builtin_graph("alexnet-2012", 0), *torch = builtin_graph("alexnet-torchvision", 0);
    static const int64_t grouped[5][4] = {
        {96, 3, 11, 11}, {256, 48, 5, 5}, {384, 256, 3, 3}, {384, 192, 3, 3}, {256, 192, 3, 3}};
    static const int64_t single[5][4] = {
        {64, 3, 11, 11}, {192, 64, 5, 5}, {384, 192, 3, 3}, {256, 384, 3, 3}, {256, 256, 3, 3}};
    for (int i = 0; i < 5; i++) {
        assert_memory_equal(paper->params[2 * i].decl.shape.dims, grouped[i], sizeof grouped[i]);
        assert_memory_equal(torch->params[2 * i].decl.shape.dims, single[i], sizeof single[i]);
    }
    assert_string_equal(paper->params[2].name, "conv2d_2.kernel");
    assert_string_equal(paper->params[3].name, "conv2d_2.bias");
    alx_graph_destroy(paper);
    alx_graph_destroy(torch);
}

/* The comment of every line of a model that computes parameters gives the number that the graph gives. */
static void comments_of_models_tell_the_truth(void **state)
{
    (void)state;
    for (int b = 0; alx_builtin(b); b++) {
        alx_graph *graph = builtin_graph(alx_builtin(b)->name, 0);
        int layer = -1;
        char line[512];
        for (const char *at = alx_builtin(b)->yaml; *at;) {
            size_t length = strcspn(at, "\n");
            assert_true(length < sizeof line);
            memcpy(line, at, length);
            line[length] = '\0';
            at += length + (at[length] == '\n');
            if (!strchr(line, '#') && length) fail_msg("%s: no comment: %s", alx_builtin(b)->name, line);
            if (strncmp(line, "  - ", 4) != 0) continue;
            const alx_shape *out = alx_graph_shape(graph, ++layer);
            char text[64], plain[32] = "", wanted[32];
            const char *comment = strchr(line, '#'), *shape = alx_shape_text(out, text);
            if (out->rank == 1) shape = alx_text_thousands(out->dims[0], plain);
            bool in_front = strncmp(comment + 2, shape, strlen(shape)) == 0;
            bool says_none = strstr(line, "dropout:") || in_front;
            if (!says_none) fail_msg("%s: %s is not %s", alx_builtin(b)->name, line, shape);
            if (graph->layers[layer].parameters == 0) continue;
            alx_text_thousands(graph->layers[layer].parameters, wanted);
            const char *number = strstr(comment, wanted);
            if (!number || number[-1] != ' ') fail_msg("%s: no %s in: %s", alx_builtin(b)->name, wanted, line);
        }
        assert_int_equal(layer + 1, graph->spec.layer_count);
        alx_graph_destroy(graph);
    }
}

/* ---- What is refused ---- */

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    assert_refused(
        "classes: 2\ninput: [8, 8, 3]\nlayers:\n  - conv2d: {filters: 4, kernel_size: 1}\n"
        "  - conv2d: {filters: 4, kernel_size: 11}\n" TAIL,
        "net.yaml:5:5: conv2d_2: kernel_size 11 does not fit an 8x8 input; use a smaller kernel or padding: same");
    assert_refused(HEAD "  - max_pooling2d: {pool_size: [2, 33]}\n" TAIL,
                   "net.yaml:5:5: max_pooling2d_1: pool_size [2, 33] does not fit a 32x32 input");
    assert_refused(HEAD "  - max_pooling2d: {pool_size: 2, padding: 2}\n" TAIL, "net.yaml:5:5: ", "padding 2");
    assert_refused(HEAD "  - conv2d: {filters: 4, kernel_size: 3, groups: 2}\n" TAIL,
                   "net.yaml:5:5: conv2d_1: groups 2");
    assert_refused(HEAD "  - dense: {units: 3}\n" TAIL, "net.yaml:5:5: dense_1: ", "32x32x3", "flatten");
    assert_refused(HEAD "  - flatten\n  - conv2d: {filters: 4, kernel_size: 3}\n" TAIL,
                   "net.yaml:6:5: conv2d_1: ", "3072 features");
    assert_refused(HEAD "  - max_pooling2d: {name: half}\n  - add: {from: [half, input]}\n" TAIL,
                   "net.yaml:6:5: add_1: ", "16x16x3", "32x32x3");
    assert_refused(HEAD "  - max_pooling2d: {name: half}\n  - concatenate: {from: [half, input]}\n" TAIL,
                   "net.yaml:6:5: concatenate_1: ", "16x16x3", "32x32x3");
    assert_refused(HEAD "  - lrn: {size: 4}\n" TAIL, "net.yaml:5:5: lrn_1: ", "even");
    assert_refused(HEAD
                   "  - conv2d: {filters: 4, kernel_size: 3, kernel_initializer: normal, initializer_value: 0}\n" TAIL,
                   "conv2d_1: initializer_value 0");
}

static void refuses_hostile_sizes(void **state)
{
    (void)state;
    assert_refused("classes: 2\ninput: [16384, 16384, 3]\nlayers:\n"
                   "  - conv2d: {filters: 1000000, kernel_size: 1}\n" TAIL,
                   "net.yaml:4:5: conv2d_1: ", "2^40");
    assert_refused("classes: 2\ninput: [16384, 16384, 3]\nlayers:\n  - flatten\n"
                   "  - dense: {units: 10000000}\n  - dense: {units: classes, activation: softmax}\n",
                   "net.yaml:5:5: dense_1: ", "2^40");
    assert_refused("classes: 2\ninput: [16384, 16384, 3]\nlayers:\n"
                   "  - conv2d: {filters: 1000000, kernel_size: 16384}\n" TAIL,
                   "net.yaml:4:5: conv2d_1: ", "2^40");
    assert_refused(HEAD "  - conv2d: {filters: 99999999999999999999, kernel_size: 3}\n" TAIL, "net.yaml:5:23: ");
    assert_refused(HEAD "  - conv2d: {filters: 4, kernel_size: 9223372036854775807}\n" TAIL, "net.yaml:5:39: ");
}

static void demands_an_end(void **state)
{
    (void)state;
    assert_refused(HEAD "  - flatten\n  - dense: {units: classes}\n", "net.yaml:6:5: dense_1: ", "activation: softmax");
    assert_refused(HEAD "  - flatten\n", "net.yaml:5:5: flatten_1: ", "dense");
    assert_refused(HEAD "  - conv2d: {filters: 2, kernel_size: 3, activation: softmax}\n", "conv2d_1: ", "30x30x2",
                   "flatten");
    assert_refused(HEAD "  - flatten\n  - dense: {units: 10, activation: softmax}\n",
                   "net.yaml:6:5: dense_1: ", "10 outputs for 2 classes", "units: classes");
    assert_refused(HEAD "  - max_pooling2d: {name: lost}\n  - flatten: {from: input}\n"
                        "  - dense: {units: classes, activation: softmax}\n",
                   "net.yaml:5:5: lost: no later layer reads it");
    alx_graph *graph = good_graph(
        HEAD "  - global_average_pooling2d\n  - dense: {units: classes}\n  - activation: {activation: softmax}\n");
    alx_graph_destroy(graph);
}

/* ---- Graphs ---- */

static void branches_meet(void **state)
{
    (void)state;
    alx_graph *graph =
        good_graph(HEAD "  - conv2d: {name: a, filters: 10, kernel_size: 3, padding: same}\n"
                        "  - conv2d: {name: b, filters: 17, kernel_size: 3, padding: same, from: input}\n"
                        "  - concatenate: {from: [a, b]}\n"
                        "  - add: {from: [concatenate_1, concatenate_1]}\n" TAIL);
    assert_int_equal(alx_graph_shape(graph, 2)->dims[0], 27);
    assert_int_equal(alx_graph_shape(graph, 3)->dims[0], 27);
    assert_int_equal(alx_graph_shape(graph, -1)->dims[0], 3);
    alx_graph_destroy(graph);
}

static void networks_grow_layer_by_layer(void **state)
{
    (void)state;
    alx_network *network;
    alx_error err = {0};
    char *yaml;
    assert_int_equal(alx_network_create(&network, "mine", 32, 32, 2, 2, &err), ALX_BAD_MODEL);
    assert_null(network);
    assert_int_equal(alx_network_create(&network, "mine", 32, 32, 3, 2, &err), ALX_OK);
    assert_int_equal(alx_network_yaml(&yaml, network, &err), ALX_BAD_MODEL);
    assert_null(yaml);
    assert_int_equal(alx_network_add(network, "conv2d", "filters: 8, kernel_size: 5, strides: 2", &err), ALX_OK);
    assert_int_equal(alx_network_add(network, "conv2d", "filters: 8, kernel_size: 15", &err), ALX_BAD_MODEL);
    assert_non_null(strstr(err.message, "conv2d_2: kernel_size 15 does not fit a 14x14 input"));
    assert_int_equal(alx_network_add(network, "conv2d", "filters: 8, kernel_size: ", &err), ALX_USAGE);
    assert_int_not_equal(alx_network_add(network, "conv2d", "filters: 8}, {", &err), ALX_OK);
    assert_int_equal(alx_network_add(network, "Conv2d", NULL, &err), ALX_BAD_MODEL);
    assert_int_equal(alx_network_layer_count(network), 1);
    assert_int_equal(network->graph->param_count, 2);
    assert_int_equal(alx_network_add(network, "flatten", NULL, &err), ALX_OK);
    assert_int_equal(alx_network_add(network, "dense", "units: classes, activation: softmax", &err), ALX_OK);
    assert_int_equal(alx_network_yaml(&yaml, network, &err), ALX_OK);
    assert_string_equal(yaml, "name: mine\nclasses: 2\ninput: [32, 32, 3]\nlayers:\n"
                              "  - conv2d: {filters: 8, kernel_size: 5, strides: 2}\n  - flatten\n"
                              "  - dense: {units: classes, activation: softmax}\n");
    assert_string_equal(alx_network_name(network), "mine");
    alx_text_destroy(yaml);
    alx_network_destroy(network);
    alx_network_destroy(NULL);
}

static void sources_are_found(void **state)
{
    (void)state;
    alx_graph *graph;
    alx_error err = {0};
    assert_int_equal(alx_graph_open(&graph, "alexnt", 0, &err), ALX_BAD_MODEL);
    assert_non_null(strstr(err.message, "did you mean alexnet?"));
    assert_int_equal(alx_graph_open(&graph, "no/such.yaml", 0, &err), ALX_BAD_MODEL);
    assert_non_null(strstr(err.message, "gender-course"));
    assert_null(graph);
    assert_int_equal(alx_graph_open(&graph, SOURCE_DIR "/models/starter.yaml", 5, &err), ALX_OK);
    assert_int_equal(graph->spec.classes, 5);
    assert_int_equal(alx_graph_shape(graph, graph->spec.layer_count - 1)->dims[0], 5);
    alx_graph_destroy(graph);
    assert_string_equal(alx_builtin(0)->name, "alexnet");
    static const char *const names[] = {
        "alexnet",         "alexnet-2012",   "alexnet-torchvision", "chinese-style-own", "gender-course", "gender-own",
        "inception-small", "residual-small", "starter-32",          "starter",           "vgg-small"};
    enum { COUNT = sizeof names / sizeof *names };
    for (int i = 0; i < COUNT; i++) assert_string_equal(alx_builtin(i)->name, names[i]);
    assert_null(alx_builtin(COUNT));
    assert_null(alx_builtin(-1));
    for (int i = 0; alx_builtin(i); i++) assert_non_null(alx_builtin(i)->help[ALX_CHINESE]);
}

/* `alexnet --help` and summary must feel immediate; the bound is far above the 0.3 ms that it takes. */
static void opening_is_quick(void **state)
{
    (void)state;
    struct timespec before, after;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    for (int i = 0; i < 10; i++) alx_graph_destroy(builtin_graph("alexnet", 0));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    double seconds = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) * 1e-9;
    print_message("opening alexnet takes %.2f ms\n", seconds * 100);
    assert_true(seconds / 10 < 0.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alexnet_is_the_courses_table),
        cmocka_unit_test(gender_is_the_courses_table),
        cmocka_unit_test(totals_are_those_of_the_papers),
        cmocka_unit_test(kernels_have_the_published_shapes),
        cmocka_unit_test(comments_of_models_tell_the_truth),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(refuses_hostile_sizes),
        cmocka_unit_test(demands_an_end),
        cmocka_unit_test(branches_meet),
        cmocka_unit_test(networks_grow_layer_by_layer),
        cmocka_unit_test(sources_are_found),
        cmocka_unit_test(opening_is_quick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

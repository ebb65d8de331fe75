/* The ways to compute a convolution: each gives what the direct one does, in every direction that it has. */
#include "engine_net.h"

#include "ops/conv_ways.h"
#include "plan/plan.h"

enum { IMAGES = 5 };

typedef struct conv_case {
    const char *name;
    int size[3];         /* height, width, channels */
    const char *options; /* of the convolution behind one of 1x1, so that a gradient flows on */
} conv_case;

static const conv_case cases[] = {
    {"3x3", {13, 13, 16}, "filters: 32, kernel_size: 3, padding: same, activation: relu"},
    {"odd channels", {11, 14, 17}, "filters: 10, kernel_size: 3"},
    {"one channel", {9, 9, 1}, "filters: 3, kernel_size: 3, padding: same, use_bias: false"},
    {"a row and a column over", {6, 31, 20}, "filters: 33, kernel_size: 3, padding: [2, 0]"},
    {"groups", {12, 12, 32}, "filters: 32, kernel_size: 3, padding: same, groups: 2, activation: relu"},
    {"5x5", {15, 12, 16}, "filters: 16, kernel_size: 5, padding: same"},
    {"strides", {17, 17, 16}, "filters: 16, kernel_size: 3, strides: 2"},
};

/* ---- A network whose convolutions are computed as a test says ---- */

static alx_status force(alx_conv_choice *choice, const alx_chooser *chooser, const alx_program *program,
                        const alx_op *op, alx_error *err)
{
    (void)program, (void)op, (void)err;
    *choice = *(const alx_conv_choice *)chooser->user;
    return ALX_OK;
}

static void set_images_of(const net *n)
{
    const int64_t count = IMAGES * alx_shape_elements(alx_graph_shape(n->graph, -1));
    float *pixels = alx_engine_images(n->engine);
    uint32_t noise = 11;
    for (int64_t i = 0; i < count; i++) {
        noise = noise * 1664525u + 1013904223u;
        pixels[i] = (float)(noise >> 8) * 0x1p-24f - 0.25f;
    }
    for (int i = 0; i < IMAGES; i++) alx_engine_labels(n->engine)[i] = i % CLASSES;
}

static net open_case(const char *yaml, alx_dtype type, const alx_conv_choice *choice)
{
    net n = open_params(yaml);
    alx_error err;
    alx_engine_config config = {.threads = 2, .max_batch = IMAGES, .training = true, .type = type};
    config.chooser = (alx_chooser){.choose = force, .user = (void *)choice};
    must(alx_engine_create(&n.engine, n.params, &config, &err), &err);
    set_images_of(&n);
    return n;
}

/* |a - b| / |b| */
static double distance(const float *a, const float *b, int64_t count)
{
    double difference = 0, norm = 0;
    for (int64_t i = 0; i < count; i++) {
        difference += (double)(a[i] - b[i]) * (double)(a[i] - b[i]);
        norm += (double)b[i] * (double)b[i];
    }
    return sqrt(difference / norm);
}

/* truth: NULL, or the network computed exactly, from which b too is off: bf16 rounds differently in every way. */
static void compare_nets(const char *name, const char *way, const net *a, const net *b, const net *truth,
                         double tolerance)
{
    static const alx_mode modes[] = {ALX_MODE_PREDICT, ALX_MODE_EVALUATE, ALX_MODE_TRAIN};
    for (int m = 0; m < 3; m++) {
        run(a, modes[m], IMAGES, 0);
        run(b, modes[m], IMAGES, 0);
        assert_near(alx_engine_probabilities(a->engine), alx_engine_probabilities(b->engine), IMAGES * CLASSES,
                    (float)tolerance);
    }
    for (int i = 0; i < a->params->count; i++) {
        const alx_param *p = &a->params->list[i];
        const float *of_a = alx_engine_gradients(a->engine) + p->offset;
        const float *of_b = alx_engine_gradients(b->engine) + p->offset;
        const float *exact = truth ? alx_engine_gradients(truth->engine) + p->offset : of_b;
        const double d = distance(of_a, exact, p->count), usual = distance(of_b, exact, p->count);
        if (!(d <= usual + tolerance)) fail_msg("%s, %s: %s is off by %g, %g", name, way, p->name, d, usual);
    }
}

/* In which way the program computes a direction of the convolution of layer 1. */
static alx_conv_way way_taken(const net *n, alx_conv_direction direction)
{
    const alx_program *program = &alx_engine_plan(n->engine, ALX_MODE_TRAIN, IMAGES)->program;
    for (int i = 0; i < program->op_count; i++)
        if (program->ops[i]->cls == &alx_op_class_conv && program->ops[i]->layer == 1)
            return alx_conv_way_of(program, program->ops[i], direction);
    return ALX_CONV_USUAL;
}

static bool can(const net *n, alx_conv_way way, alx_conv_direction direction)
{
    const alx_program *program = &alx_engine_plan(n->engine, ALX_MODE_TRAIN, IMAGES)->program;
    for (int i = 0; i < program->op_count; i++)
        if (program->ops[i]->cls == &alx_op_class_conv && program->ops[i]->layer == 1)
            return alx_conv_way_can(program, program->ops[i], way, direction);
    return false;
}

static void check_case(const conv_case *c, alx_dtype type)
{
    char yaml[512];
    snprintf(yaml, sizeof yaml,
             "classes: 4\ninput: [%d, %d, 3]\nlayers:\n- conv2d: {filters: %d, kernel_size: 1, activation: tanh}\n"
             "- conv2d: {%s}\n- flatten\n- dense: {units: classes, activation: softmax}\n",
             c->size[0], c->size[1], c->size[2], c->options);
    const alx_conv_choice direct = {.fold = ALX_FOLD_NO, .ways = {ALX_CONV_DIRECT, ALX_CONV_DIRECT, ALX_CONV_DIRECT}};
    net plain_net = open_case(yaml, type, &direct), truth = open_case(yaml, ALX_F32, &direct);
    run(&truth, ALX_MODE_TRAIN, IMAGES, 0);
    for (alx_conv_way way = ALX_CONV_DIRECT; way < ALX_CONV_WAYS; way++) {
        const alx_conv_choice choice = {.fold = ALX_FOLD_NO, .ways = {way, way, way}};
        net n = open_case(yaml, type, &choice);
        bool forced = false;
        for (alx_conv_direction d = 0; d < ALX_CONV_DIRECTIONS; d++) {
            if (!can(&n, way, d)) continue;
            forced = true;
            assert_int_equal(way_taken(&n, d), way);
        }
        if (forced)
            compare_nets(c->name, alx_conv_way_row_of(way)->name, &n, &plain_net, &truth, type == ALX_F32 ? 1e-4 : 0.3);
        close_net(&n);
    }
    close_net(&plain_net);
    close_net(&truth);
}

static void every_way_equals_direct(void **state)
{
    (void)state;
    for (alx_dtype type = ALX_F32; type <= last_type(); type++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_case(&cases[i], type);
}

/* Where gradients are summed, a step of one part leaves what a step without sums does. */
static void ways_sum_gradients(void **state)
{
    (void)state;
    static const char yaml[] = "classes: 4\ninput: [13, 13, 3]\nlayers:\n"
                               "- conv2d: {filters: 16, kernel_size: 1, activation: tanh}\n"
                               "- conv2d: {filters: 16, kernel_size: 3, activation: relu}\n"
                               "- max_pooling2d\n- flatten\n- dense: {units: classes, activation: softmax}\n";
    for (alx_conv_way way = ALX_CONV_DIRECT; way < ALX_CONV_WAYS; way++) {
        const alx_conv_choice choice = {.fold = ALX_FOLD_NO, .ways = {way, way, way}};
        net nets[2];
        for (int sums = 0; sums < 2; sums++) {
            alx_error err;
            nets[sums] = open_params(yaml);
            alx_engine_config config = {.threads = 2, .max_batch = IMAGES, .training = true, .accumulate = sums};
            config.chooser = (alx_chooser){.choose = force, .user = (void *)&choice};
            must(alx_engine_create(&nets[sums].engine, nets[sums].params, &config, &err), &err);
            set_images_of(&nets[sums]);
            alx_step_key key = {.seed = 3, .whole = IMAGES};
            must(alx_engine_run(nets[sums].engine, ALX_MODE_TRAIN, IMAGES, &key, &err), &err);
        }
        assert_memory_equal(alx_engine_gradients(nets[0].engine), alx_engine_gradients(nets[1].engine),
                            (size_t)nets[0].params->trainable_span * sizeof(float));
        for (int i = 0; i < 2; i++) close_net(&nets[i]);
    }
}

/* ---- What is chosen where nobody chooses ---- */

static int folded_ops(const net *n)
{
    const alx_program *program = &alx_engine_plan(n->engine, ALX_MODE_TRAIN, IMAGES)->program;
    int count = 0;
    for (int i = 0; i < program->op_count; i++) count += !strcmp(program->ops[i]->cls->name, "fold_kernel");
    return count;
}

static const char strided[] = "classes: 4\ninput: [43, 43, 3]\nlayers:\n- conv2d: {filters: 16, kernel_size: 11, "
                              "strides: 4, activation: relu}\n- conv2d: {filters: 16, kernel_size: 3}\n- flatten\n"
                              "- dense: {units: classes, activation: softmax}\n";

static void folding_is_a_choice(void **state)
{
    (void)state;
    static const alx_conv_choice choices[] = {{.fold = ALX_FOLD_NO}, {.fold = ALX_FOLD_YES}};
    for (alx_dtype type = ALX_F32; type <= last_type(); type++) {
        net nets[2];
        for (int i = 0; i < 2; i++) {
            nets[i] = open_case(strided, type, &choices[i]);
            assert_int_equal(folded_ops(&nets[i]), i && alx_dnn_cpu().channel_block > 0);
        }
        compare_nets("strides", "fold", &nets[1], &nets[0], NULL, type == ALX_F32 ? 1e-4 : 3e-2);
        for (int i = 0; i < 2; i++) close_net(&nets[i]);
    }
}

static void rules_of_thumb(void **state)
{
    (void)state;
    static const alx_conv_choice none;
    net n = open_case(strided, ALX_F32, &none);
    const bool winograd = alx_dnn_cpu().winograd; /* too few tiles for ours */
    assert_int_equal(folded_ops(&n), alx_dnn_cpu().channel_block > 0);
    for (int d = 0; d < ALX_CONV_DIRECTIONS; d++)
        assert_int_equal(way_taken(&n, (alx_conv_direction)d), winograd ? ALX_CONV_ONEDNN_WINOGRAD : ALX_CONV_DIRECT);
    close_net(&n);
}

static void exact_is_direct(void **state)
{
    (void)state;
    net n = open_params(strided);
    alx_error err;
    const alx_conv_way way = ALX_CONV_ONEDNN_WINOGRAD;
    const alx_conv_choice all = {.fold = ALX_FOLD_YES, .ways = {way, way, way}};
    alx_engine_config config = {.threads = 2, .max_batch = IMAGES, .training = true, .exact = true};
    config.chooser = (alx_chooser){.choose = force, .user = (void *)&all};
    must(alx_engine_create(&n.engine, n.params, &config, &err), &err);
    assert_int_equal(folded_ops(&n), 0);
    for (int d = 0; d < ALX_CONV_DIRECTIONS; d++)
        assert_int_equal(way_taken(&n, (alx_conv_direction)d), ALX_CONV_DIRECT);
    close_net(&n);
}

static alx_status create_within(net *n, alx_mode mode, const alx_conv_choice *choice, uint64_t limit, alx_error *err)
{
    alx_engine_config config = {
        .threads = 2, .max_batch = IMAGES, .training = mode == ALX_MODE_TRAIN, .memory_limit = limit};
    if (choice) config.chooser = (alx_chooser){.choose = force, .user = (void *)choice};
    ALX_TRY(alx_engine_create(&n->engine, n->params, &config, err));
    return alx_engine_prepare(n->engine, mode, IMAGES, err);
}

/* Memory was reckoned by the rules of thumb: ways that take more are not an error but left. */
static void ways_without_room_are_left(void **state)
{
    (void)state;
    static const char yaml[] = "classes: 4\ninput: [24, 24, 3]\nlayers:\n- conv2d: {filters: 16, kernel_size: 1}\n"
                               "- conv2d: {filters: 64, kernel_size: 5, padding: same}\n- flatten\n"
                               "- dense: {units: classes, activation: softmax}\n";
    static const alx_mode modes[] = {ALX_MODE_TRAIN, ALX_MODE_PREDICT};
    for (int m = 0; m < 2; m++) {
        net n = open_params(yaml);
        alx_error err;
        must(create_within(&n, modes[m], NULL, 0, &err), &err);
        const uint64_t usual = alx_engine_memory(n.engine);
        alx_engine_destroy(n.engine);
        for (alx_conv_way way = ALX_CONV_DIRECT; way < ALX_CONV_WAYS; way++) {
            const alx_conv_choice all = {.fold = ALX_FOLD_NO, .ways = {way, way, way}};
            must(create_within(&n, modes[m], &all, usual, &err), &err);
            assert_true(alx_engine_memory(n.engine) <= usual);
            alx_engine_destroy(n.engine);
        }
        n.engine = NULL;
        close_net(&n);
    }
}

static void names(void **state)
{
    (void)state;
    for (alx_conv_way way = ALX_CONV_DIRECT; way < ALX_CONV_WAYS; way++)
        assert_int_equal(alx_conv_way_by_name(alx_conv_way_row_of(way)->name), way);
    assert_int_equal(alx_conv_way_by_name("abacus"), ALX_CONV_USUAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_equals_direct),
        cmocka_unit_test(ways_sum_gradients),
        cmocka_unit_test(folding_is_a_choice),
        cmocka_unit_test(rules_of_thumb),
        cmocka_unit_test(exact_is_direct),
        cmocka_unit_test(ways_without_room_are_left),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

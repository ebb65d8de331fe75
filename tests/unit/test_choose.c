/* Choosing by measurement: what is measured, when, and that it is then computed so.  Which way is fastest is not looked
 * at. */
#include "engine_net.h"

#include "ops/conv_ways.h"
#include "ops/kernels.h"
#include "plan/plan.h"
#include "unit/temp_folder.h"

enum { IMAGES = 32 }; /* for fewer oneDNN declines Winograd */

static alx_engine_config images_config(void)
{
    return (alx_engine_config){.threads = 2, .max_batch = IMAGES, .training = true};
}

static const char two_ways[] = "classes: 4\ninput: [43, 43, 3]\nlayers:\n"
                               "- conv2d: {filters: 64, kernel_size: 11, strides: 4, activation: relu}\n"
                               "- conv2d: {filters: 64, kernel_size: 3, padding: same, activation: relu}\n"
                               "- conv2d: {filters: 64, kernel_size: 3, padding: same, activation: relu}\n"
                               "- conv2d: {filters: 16, kernel_size: 5}\n"
                               "- flatten\n- dense: {units: classes, activation: softmax}\n";

static alx_status create(net *n, alx_tuner *tuner, const alx_engine_config *like, alx_error *err)
{
    alx_engine_config config = *like;
    config.chooser = alx_tuner_chooser(tuner);
    return alx_engine_create(&n->engine, n->params, &config, err);
}

static net open_tuned(alx_tuner *tuner, const alx_engine_config *like)
{
    net n = open_params(two_ways);
    alx_error err;
    must(create(&n, tuner, like, &err), &err);
    float *pixels = alx_engine_images(n.engine);
    for (int i = 0; i < IMAGES * 43 * 43 * 3; i++) pixels[i] = (float)(i * 37 % 101) / 101;
    for (int i = 0; i < IMAGES; i++) alx_engine_labels(n.engine)[i] = i % CLASSES;
    return n;
}

static alx_tuner measuring(const char *folder)
{
    alx_tuner tuner = {0};
    char *complaint;
    assert_int_equal(alx_tuner_begin(&tuner, &complaint, folder, NULL), ALX_OK);
    assert_null(complaint);
    return tuner;
}

/* Winograd, ours at least, to choose instead of direct. */
static bool has_ways(void)
{
    return alx_kernels_for(alx_dnn_cpu().channel_block) != NULL;
}

static void check_entries(const alx_tuner *tuner)
{
    for (int i = 0; i < tuner->choices.count; i++) {
        const alx_chosen *c = tuner->choices.list[i];
        assert_true(c->asked);
        if (!c->time_count) continue;
        assert_true(c->batch >= 1 && c->batch <= IMAGES);
        assert_int_not_equal(c->choice.fold, ALX_FOLD_USUAL);
        for (int k = 0; k < c->time_count; k++) {
            const alx_conv_time *t = &c->times[k];
            assert_true(t->seconds > 0 && t->seconds < 60);
            assert_int_not_equal(c->choice.ways[t->direction], ALX_CONV_USUAL); /* measured means chosen */
        }
    }
}

/* Once for each shape: the second and the third convolution are alike. */
static void what_is_measured(void **state)
{
    (void)state;
    alx_tuner tuner = measuring(NULL);
    const alx_engine_config config = images_config();
    net n = open_tuned(&tuner, &config);
    int measured = tuner.measured;
    if (has_ways()) assert_int_equal(measured, 3);
    check_entries(&tuner);
    alx_error err;
    must(alx_engine_prepare(n.engine, ALX_MODE_TRAIN, IMAGES, &err), &err);
    assert_int_equal(tuner.measured, measured);
    must(alx_engine_prepare(n.engine, ALX_MODE_EVALUATE, IMAGES, &err), &err);
    if (has_ways()) assert_int_equal(tuner.measured, 6);
    check_entries(&tuner);
    measured = tuner.measured;
    const int known = tuner.choices.count;
    run(&n, ALX_MODE_TRAIN, IMAGES - 1, 0); /* a plan that nobody prepared: by rule of thumb */
    assert_int_equal(tuner.measured, measured);
    assert_int_equal(tuner.choices.count, known);
    must(alx_engine_prepare(n.engine, ALX_MODE_TRAIN, IMAGES - 2, &err), &err);
    if (has_ways()) assert_int_equal(tuner.measured, 9);
    close_net(&n);
    alx_tuner_finish(&tuner);
}

static void assert_close(const net *a, const net *b)
{
    run(a, ALX_MODE_TRAIN, IMAGES, 0);
    run(b, ALX_MODE_TRAIN, IMAGES, 0);
    assert_near(alx_engine_probabilities(a->engine), alx_engine_probabilities(b->engine), IMAGES * CLASSES, 1e-4f);
    const int64_t span = a->params->trainable_span;
    const float *x = alx_engine_gradients(a->engine), *y = alx_engine_gradients(b->engine);
    double difference = 0, norm = 0;
    for (int64_t i = 0; i < span; i++) {
        difference += (double)(x[i] - y[i]) * (double)(x[i] - y[i]);
        norm += (double)y[i] * (double)y[i];
    }
    assert_true(sqrt(difference / norm) < 1e-4);
}

static void tuned_equals_untuned(void **state)
{
    (void)state;
    alx_tuner tuner = measuring(NULL), none = {0};
    const alx_engine_config config = images_config();
    net tuned = open_tuned(&tuner, &config), usual = open_tuned(&none, &config);
    assert_int_equal(none.choices.count, 0);
    assert_close(&tuned, &usual);
    close_net(&tuned);
    close_net(&usual);
    alx_tuner_finish(&tuner);
    alx_tuner_finish(&none);
}

/* In which way the training program computes the first op of this layer, forward; folded or not. */
static alx_conv_way way_of(const net *n, int layer, bool *folded)
{
    const alx_program *program = &alx_engine_plan(n->engine, ALX_MODE_TRAIN, IMAGES)->program;
    *folded = false;
    for (int i = 0; i < program->op_count; i++) {
        const alx_op *op = program->ops[i];
        if (op->layer == layer && !strcmp(op->cls->name, "fold_kernel")) *folded = true;
        if (op->layer == layer && op->cls == &alx_op_class_conv) return alx_conv_way_of(program, op, ALX_CONV_FORWARD);
    }
    return ALX_CONV_USUAL;
}

/* Whatever is faster: what the list says is done. */
static void choices_are_followed(void **state)
{
    (void)state;
    temp_path folder;
    temp_folder_make(folder);
    const alx_engine_config config = images_config();
    for (int direct = 0; direct < 2; direct++) {
        alx_tuner first = measuring(folder);
        net n = open_tuned(&first, &config);
        close_net(&n);
        for (int i = 0; i < first.choices.count; i++) {
            alx_chosen *c = first.choices.list[i];
            if (!c->time_count) continue;
            c->fresh = true;
            c->choice.fold = direct ? ALX_FOLD_NO : ALX_FOLD_YES;
            for (int d = 0; d < ALX_CONV_DIRECTIONS; d++)
                if (c->choice.ways[d]) c->choice.ways[d] = ALX_CONV_DIRECT;
            if (!strstr(c->key, "images")) c->choice.fold = ALX_FOLD_NO;
        }
        assert_int_equal(alx_tuner_remember(&first, folder, NULL), ALX_OK);
        alx_tuner second = measuring(folder);
        n = open_tuned(&second, &config);
        assert_int_equal(second.measured, 0);
        bool folded, folds = false, others = false;
        for (int i = 0; i < first.choices.count; i++) {
            if (!first.choices.list[i]->time_count) continue;
            *(strstr(first.choices.list[i]->key, "images") ? &folds : &others) = true;
        }
        if (has_ways()) assert_true(folds && others);
        const alx_conv_way way = way_of(&n, 0, &folded);
        if (folds) assert_true(way == ALX_CONV_DIRECT && folded == !direct);
        if (others) assert_int_equal(way_of(&n, 1, &folded), ALX_CONV_DIRECT);
        close_net(&n);
        alx_tuner_finish(&first);
        alx_tuner_finish(&second);
    }
    temp_folder_remove(folder);
}

/* A list that names what cannot be done: it is measured. */
static void impossible_choices_are_measured(void **state)
{
    (void)state;
    const alx_engine_config config = images_config();
    alx_tuner first = measuring(NULL), second = measuring(NULL);
    net n = open_tuned(&first, &config);
    close_net(&n);
    for (int i = 0; i < first.choices.count; i++) {
        alx_chosen *c = first.choices.list[i];
        if (strstr(c->key, "images")) c->choice = (alx_conv_choice){.fold = ALX_FOLD_NO};
        /* 11x11 in steps of 4 has no Winograd, and what is no image cannot be folded. */
        if (strstr(c->key, "images"))
            c->choice.ways[ALX_CONV_FORWARD] = ALX_CONV_ONEDNN_WINOGRAD;
        else
            c->choice.fold = ALX_FOLD_YES;
        assert_int_equal(alx_choices_add(&second.choices, c, NULL), ALX_OK);
    }
    n = open_tuned(&second, &config);
    assert_int_equal(second.measured, first.measured);
    for (int i = 0; i < second.choices.count; i++)
        if (!strstr(second.choices.list[i]->key, "images"))
            assert_int_not_equal(second.choices.list[i]->choice.fold, ALX_FOLD_YES);
    close_net(&n);
    alx_tuner_finish(&first);
    alx_tuner_finish(&second);
}

static void exact_measures_nothing(void **state)
{
    (void)state;
    alx_tuner tuner = measuring(NULL);
    alx_engine_config config = images_config();
    config.exact = true;
    net n = open_tuned(&tuner, &config);
    assert_int_equal(tuner.choices.count, 0);
    close_net(&n);
    alx_tuner_finish(&tuner);
}

/* What would not fit is not measured, and goes by rule of thumb: a record says so. */
static void too_little_memory(void **state)
{
    (void)state;
    alx_chosen chosen = {.key = "x", .time_count = 7};
    net n = open_params(two_ways);
    alx_error err;
    const alx_engine_config like = images_config();
    must(alx_engine_create(&n.engine, n.params, &like, &err), &err);
    const alx_program *program = &alx_engine_plan(n.engine, ALX_MODE_TRAIN, IMAGES)->program;
    const alx_op *conv = NULL;
    for (int i = 0; i < program->op_count && !conv; i++)
        if (program->ops[i]->cls == &alx_op_class_conv && program->ops[i]->layer == 1) conv = program->ops[i];
    const alx_chooser poor = {.threads = 2, .memory = 1 << 16}, rich = {.threads = 2, .memory = 1 << 30};
    must(alx_choose_measure(&chosen, &poor, program, conv, IMAGES, &err), &err);
    assert_int_equal(chosen.time_count, 0);
    assert_int_equal(chosen.choice.ways[ALX_CONV_FORWARD], ALX_CONV_USUAL);
    must(alx_choose_measure(&chosen, &rich, program, conv, IMAGES, &err), &err);
    if (has_ways()) assert_true(chosen.time_count > 0);
    close_net(&n);
}

/* Large batches share what was measured with fewer images. */
static void batches(void **state)
{
    (void)state;
    net n =
        open_params("classes: 2\ninput: [227, 227, 3]\nlayers:\n- conv2d: {filters: 96, kernel_size: 11, strides: 4}\n"
                    "- global_average_pooling2d\n- dense: {units: classes, activation: softmax}\n");
    int64_t measured[2];
    for (int i = 0; i < 2; i++) {
        alx_program p;
        alx_program_init(&p, ALX_MODE_PREDICT, ALX_F32, false, i ? 2000 : 300);
        alx_error err;
        must(alx_graph_lower(n.graph, &p, &err), &err);
        measured[i] = alx_choose_batch(&p, p.ops[0], 3);
        assert_int_equal(measured[i] % 3, 0);
        p.batch = 2; /* op's values are of a larger one: what is asked for is at most the batch */
        assert_int_equal(alx_choose_batch(&p, p.ops[0], 3), 2);
        alx_program_finish(&p);
    }
    assert_int_equal(measured[0], measured[1]);
    assert_true(measured[0] > 3 && measured[0] < 300);
    alx_params_destroy(n.params);
    alx_graph_destroy(n.graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_measured),
        cmocka_unit_test(tuned_equals_untuned),
        cmocka_unit_test(choices_are_followed),
        cmocka_unit_test(impossible_choices_are_measured),
        cmocka_unit_test(exact_measures_nothing),
        cmocka_unit_test(too_little_memory),
        cmocka_unit_test(batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

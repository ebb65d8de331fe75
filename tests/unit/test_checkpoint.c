/* Model files, checkpoints and metrics: what is written is read, what does not fit is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "train/checkpoint.h"
#include "unit/temp_folder.h"

static temp_path root;

static int set_up(void **state)
{
    (void)state;
    temp_folder_make(root);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temp_folder_remove(root);
    return 0;
}

static void check(alx_status status, const alx_error *err)
{
    if (status) fail_msg("%s", err->message);
}

static void expect_words(const char *text, const char *words)
{
    if (!strstr(text, words)) fail_msg("no \"%s\" in: %s", words, text);
}

/* ---- A network with tiled and plain tensors, moving statistics, filled with numbers ---- */

typedef struct model {
    alx_graph *graph;
    alx_params *params;
    alx_model_meta meta;
    float *state[2];
    float *average;
} model;

static const char *const class_names[] = {"隶书", "行楷 \"x\""};
static const alx_optimizer_config adam = {.kind = ALX_ADAM, .beta_1 = 0.9};

static model model_make(int units, bool tiled)
{
    char yaml[1024];
    snprintf(yaml, sizeof yaml,
             "name: m\nclasses: 2\ninput: [16, 16, 3]\nlayers:\n  - conv2d: {filters: 4, kernel_size: 1}\n"
             "  - batch_normalization\n  - flatten\n  - dense: {units: %d}\n  - dense: {units: classes, activation: "
             "softmax}\n",
             units);
    model m = {0};
    alx_spec spec = {0};
    alx_error err;
    check(alx_spec_parse(&spec, yaml, strlen(yaml), "m.yaml", 0, &err), &err);
    check(alx_graph_create(&m.graph, &spec, &err), &err);
    check(alx_params_create(&m.params, m.graph, tiled, &err), &err);
    alx_params_init(m.params, 3);
    alx_text text = {0};
    alx_spec_write(&text, &m.graph->spec);
    m.meta.yaml = alx_arena_strdup(&m.meta.arena, text.data, NULL);
    alx_text_finish(&text);
    m.meta.class_count = 2;
    m.meta.class_names = (const char **)class_names;
    m.meta.preprocessing = "{}";
    for (int s = 0; s < 2; s++) {
        m.state[s] = calloc((size_t)m.params->trainable_span, sizeof(float));
        for (int i = 0; i < m.params->count; i++) {
            const alx_param *p = &m.params->list[i];
            for (int64_t k = 0; p->trainable && k < p->count; k++)
                m.state[s][p->offset + k] = (float)(k % 1000 + s) / 7;
        }
    }
    m.average = calloc((size_t)m.params->span, sizeof(float));
    for (int i = 0; i < m.params->count; i++)
        for (int64_t k = 0; k < m.params->list[i].count; k++)
            m.average[m.params->list[i].offset + k] = (float)(k % 999 + i) / 9;
    return m;
}

static void model_finish(model *m)
{
    free(m->average);
    alx_params_destroy(m->params);
    alx_graph_destroy(m->graph);
    alx_model_meta_finish(&m->meta);
    free(m->state[0]);
    free(m->state[1]);
}

static char *path_of(const char *name)
{
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static alx_run_state some_state(void)
{
    alx_run_state run;
    alx_run_state_init(&run);
    run.epoch = 2;
    run.step = 3;
    run.val_step = 0;
    run.global_step = 23;
    run.optimizer_step = 22;
    run.standing = (alx_standing){
        .best = 0.1, .best_epoch = 1, .reference = 0.2, .wait = 2, .plateau_wait = 1, .plateau_drops = 1};
    run.train = (alx_sums){.loss = 1.0 / 3, .correct = 7, .count = 30, .first_class = 1, .one_class = true};
    assert_int_equal(alx_run_state_reserve(&run, 2, NULL), ALX_OK);
    run.history[0] =
        (alx_epoch_result){.loss = 0.7, .accuracy = 0.5, .val_loss = NAN, .val_accuracy = NAN, .learning_rate = 0.1};
    run.history[1] = (alx_epoch_result){
        .loss = 1e-300, .accuracy = 1, .val_loss = 2, .val_accuracy = 0, .learning_rate = 0.1, .one_class = true};
    return run;
}

static void save(const model *m, const char *name, const alx_run_state *run)
{
    const alx_checkpoint checkpoint = {.params = m->params,
                                       .meta = &m->meta,
                                       .values = m->params->data,
                                       .average = m->average,
                                       .optimizer = &adam,
                                       .state = m->state,
                                       .recipe = "train: {}\n",
                                       .engine = "plan",
                                       .choices = "{}",
                                       .train_hash = 0x0123456789abcdefu,
                                       .validation_hash = 7,
                                       .run = run};
    alx_error err;
    check(alx_checkpoint_save(path_of(name), NULL, &checkpoint, &err), &err);
}

/* ---- Tests ---- */

static void checkpoints_come_back_whole(void **unused)
{
    (void)unused;
    model m = model_make(256, true), other = model_make(256, false);
    alx_run_state run = some_state();
    save(&m, "last", &run);
    alx_saved saved;
    alx_error err;
    bool has_state;
    check(alx_saved_open(&saved, path_of("last"), &err), &err);
    assert_string_equal(saved.recipe, "train: {}\n");
    assert_string_equal(saved.engine, "plan");
    assert_true(saved.train_hash == 0x0123456789abcdefu && saved.validation_hash == 7);
    assert_string_equal(saved.meta.yaml, m.meta.yaml);
    assert_string_equal(saved.meta.class_names[1], class_names[1]);
    assert_int_equal(saved.run.global_step, 23);
    assert_int_equal(saved.run.train.first_class, 1);
    assert_true(saved.run.train.loss == 1.0 / 3 && saved.run.standing.best == 0.1);
    assert_memory_equal(&saved.run.standing, &run.standing, sizeof run.standing);
    assert_true(isnan(saved.run.history[0].val_loss) && saved.run.history[1].loss == 1e-300);
    assert_true(saved.run.history[1].one_class && !saved.run.history[0].one_class);

    /* into a store with another layout: every value and moment is the same in canonical order */
    memset(other.params->data, 0, (size_t)other.params->span * sizeof(float));
    memset(other.average, 0, (size_t)other.params->span * sizeof(float));
    memset(other.state[1], 0, (size_t)other.params->trainable_span * sizeof(float));
    check(alx_saved_tensors(&saved, other.params, other.average, &adam, other.state, &has_state, &err), &err);
    assert_true(has_state);
    float *a = malloc((size_t)m.params->span * sizeof(float)), *b = malloc((size_t)m.params->span * sizeof(float));
    bool tiled = false;
    for (int i = 0; i < m.params->count; i++) {
        tiled |= m.params->list[i].tiled;
        size_t bytes = (size_t)m.params->list[i].count * sizeof(float);
        alx_params_export(m.params, i, m.params->data, a);
        alx_params_export(other.params, i, other.params->data, b);
        assert_memory_equal(a, b, bytes);
        alx_params_export(m.params, i, m.average, a);
        alx_params_export(other.params, i, other.average, b);
        assert_memory_equal(a, b, bytes); /* moving statistics too */
        if (!m.params->list[i].trainable) continue;
        alx_params_export(m.params, i, m.state[1], a);
        alx_params_export(other.params, i, other.state[1], b);
        assert_memory_equal(a, b, bytes);
    }
    assert_true(tiled); /* else this proves little */

    /* the layout leaves no trace in the file */
    run.epoch = 2;
    save(&other, "again", &run);
    uint8_t *x, *y;
    size_t x_size, y_size;
    check(alx_file_read(&x, &x_size, path_of("last"), 64 << 20, &err), &err);
    check(alx_file_read(&y, &y_size, path_of("again"), 64 << 20, &err), &err);
    assert_int_equal(x_size, y_size);
    assert_memory_equal(x, y, x_size);
    free(x);
    free(y);
    free(a);
    free(b);
    alx_saved_finish(&saved);
    alx_run_state_finish(&run);
    model_finish(&other);
    model_finish(&m);
}

static void files_of_other_models_are_refused(void **unused)
{
    (void)unused;
    model m = model_make(8, false), wide = model_make(9, false);
    alx_error err;
    check(alx_model_save(path_of("best"), m.params, m.params->data, &m.meta, &err), &err);
    alx_saved saved;
    assert_int_equal(alx_saved_open(&saved, path_of("best"), &err), ALX_BAD_MODEL);
    expect_words(err.message, "weights alone");
    alx_safetensors *file;
    check(alx_safetensors_open(&file, path_of("best"), &err), &err);
    float *before = malloc((size_t)wide.params->span * sizeof(float));
    memcpy(before, wide.params->data, (size_t)wide.params->span * sizeof(float));
    assert_int_equal(alx_model_tensors_read(wide.params, file, "", wide.params->data, false, &err), ALX_BAD_MODEL);
    expect_words(err.message, "dense_1.kernel is (8, 1024) in the file and (9, 1024) in the network");
    assert_memory_equal(before, wide.params->data, (size_t)wide.params->span * sizeof(float));
    assert_int_equal(alx_model_tensors_read(m.params, file, "optimizer.m.", m.state[0], false, &err), ALX_BAD_MODEL);
    expect_words(err.message, "no tensor optimizer.m.");
    free(before);
    alx_safetensors_close(file);
    model_finish(&wide);
    model_finish(&m);
}

static void class_names_must_be_utf8(void **unused)
{
    (void)unused;
    model m = model_make(8, false);
    const char *const names[] = {"a", "\xff\xfe"};
    alx_error err;
    m.meta.class_names = (const char **)names;
    assert_int_equal(alx_model_save(path_of("best"), m.params, m.params->data, &m.meta, &err), ALX_BAD_DATA);
    expect_words(err.message, "\\xff\\xfe");
    assert_false(alx_file_exists(path_of("best")));
    model_finish(&m);
}

static void damaged_states_are_refused(void **unused)
{
    (void)unused;
    alx_run_state run = some_state(), read;
    alx_text text = {0};
    alx_error err;
    alx_run_state_write(&text, &run);
    check(alx_run_state_read(&read, text.data, &err), &err);
    alx_run_state_finish(&read);
    static const char *const edits[][2] = {{"\"epoch\":2", "\"epoch\":3"},
                                           {"\"epoch\":2", "\"epoch\":-1"},
                                           {"\"epoch\":2", "\"epoch\":99999999"},
                                           {"\"step\":3", "\"step\":-1"},
                                           {"\"step\":3", "\"step\":24"},
                                           {"\"best_epoch\":1", "\"best_epoch\":3"},
                                           {"\"wait\":2", "\"wait\":3"},
                                           {"\"plateau_drops\":1", "\"plateau_drops\":-1"},
                                           {"\"train_count\":30", "\"x\":30"},
                                           {"\"history\":[[", "\"history\":["},
                                           {"3fe6666666666666", "3fe666666666666"},
                                           {"3fe6666666666666", "3fe666666666666g"},
                                           {"true", "1"},
                                           {"{", "["}};
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        char edited[4096];
        const char *found = strstr(text.data, edits[i][0]);
        if (!found) fail_msg("no %s in %s", edits[i][0], text.data);
        snprintf(edited, sizeof edited, "%.*s%s%s", (int)(found - text.data), text.data, edits[i][1],
                 found + strlen(edits[i][0]));
        if (!alx_run_state_read(&read, edited, &err)) fail_msg("accepted %s", edited);
        alx_run_state_finish(&read);
    }
    char *older = strstr(text.data, "\"plateau_wait\"");
    assert_non_null(older);
    older[1] = 'x';
    assert_int_equal(alx_run_state_read(&read, text.data, &err), ALX_BAD_MODEL);
    expect_words(err.message, "has no plateau_wait: another version of alexnet wrote it; start a new run");
    alx_run_state_finish(&read);
    alx_text_finish(&text);
    alx_run_state_finish(&run);
}

static void sums_count_and_find_one_class(void **unused)
{
    (void)unused;
    alx_sums sums;
    alx_sums_clear(&sums);
    assert_true(isnan(alx_sums_loss(&sums)));
    const float losses[] = {1, 2, 4}, even[] = {0.5f, 0.5f, 0.9f, 0.1f, 0.6f, 0.4f};
    const int32_t labels[] = {0, 1, 0};
    alx_sums_add(&sums, 3, 2, losses, even, labels);
    assert_true(alx_sums_loss(&sums) == 7.0 / 3 && alx_sums_accuracy(&sums) == 2.0 / 3);
    assert_true(sums.one_class && sums.first_class == 0);
    const float second[] = {0.1f, 0.9f};
    alx_sums_add(&sums, 1, 2, losses, second, labels);
    assert_false(sums.one_class);
    assert_int_equal(sums.count, 4);
}

static void metrics_rows_are_kept_up_to_the_checkpoint(void **unused)
{
    (void)unused;
    alx_text csv = {0}, kept = {0};
    const alx_epoch_result result = {
        .loss = 0.5, .accuracy = 0.75, .val_loss = NAN, .val_accuracy = NAN, .learning_rate = 1e-4};
    alx_text_add(&csv, alx_metrics_header);
    for (int e = 1; e <= 3; e++) alx_metrics_add_row(&csv, e, &result, 1.23456);
    expect_words(csv.data, "\n2,0.5,0.75,,,0.0001,1.235\n");
    assert_true(alx_metrics_keep_rows(&kept, csv.data, 2));
    assert_string_equal(kept.data, "1,0.5,0.75,,,0.0001,1.235\n2,0.5,0.75,,,0.0001,1.235\n");
    assert_false(alx_metrics_keep_rows(&kept, csv.data, 4));
    assert_false(alx_metrics_keep_rows(&kept, "epoch,other\n1,2\n", 1));
    assert_false(alx_metrics_keep_rows(&kept, "", 0));
    alx_text_finish(&csv);
    alx_text_finish(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(checkpoints_come_back_whole),   TEST(files_of_other_models_are_refused),
        TEST(class_names_must_be_utf8),      TEST(damaged_states_are_refused),
        TEST(sums_count_and_find_one_class), TEST(metrics_rows_are_kept_up_to_the_checkpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a listener may read of a trainer: weights and figures, at the end of an epoch. */
#include "trainer_fixture.h"

/* A dense kernel that is stored in tiles where the processor is made for them. */
static const char wide_net[] = "name: wide\nclasses: 2\ninput: [12, 12, 3]\nlayers:\n"
                               "  - conv2d: {filters: 16, kernel_size: 3, padding: same, activation: relu}\n"
                               "  - batch_normalization\n"
                               "  - flatten\n"
                               "  - dense: {units: 64, activation: relu}\n"
                               "  - dense: {units: classes, activation: softmax}\n";

typedef struct seen {
    int ends, tensors;
    double loss[4];
} seen;

/* Rows by ones and by fives are those of the whole. */
static void compare_tensor(const alx_trainer *t, int index, const alx_tensor_info *info)
{
    const int64_t rows = info->shape[0], width = info->count / rows;
    float *whole = malloc((size_t)info->count * sizeof *whole), *part = malloc(5 * (size_t)width * sizeof *part);
    alx_params_export(t->params, index, t->params->data, whole);
    for (int64_t first = 0; first < rows; first += first % 2 ? 1 : 5) {
        const int64_t count = first % 2 ? 1 : rows - first < 5 ? rows - first : 5;
        alx_trainer_tensor_rows(t, index, first, count, part);
        assert_memory_equal(part, whole + first * width, (size_t)(count * width) * sizeof *part);
    }
    free(part);
    free(whole);
}

static void look(const alx_event *event, void *user)
{
    seen *s = user;
    assert_non_null(event->trainer);
    if (event->kind != ALX_EVENT_EPOCH_END) return;
    alx_tensor_info info;
    alx_epoch_figures figures;
    for (s->tensors = 0; alx_trainer_tensor(event->trainer, s->tensors, &info); s->tensors++)
        compare_tensor(event->trainer, s->tensors, &info);
    assert_int_equal(alx_trainer_tensor(event->trainer, -1, &info), 0);
    assert_int_equal(alx_trainer_epoch(event->trainer, event->epoch, &figures), 1);
    assert_true(figures.loss == event->loss && figures.accuracy == event->accuracy);
    assert_true(figures.val_loss == event->val_loss && figures.val_accuracy == event->val_accuracy);
    assert_true(figures.learning_rate == event->learning_rate);
    assert_int_equal(alx_trainer_epoch(event->trainer, event->epoch + 1, &figures), 0);
    assert_int_equal(alx_trainer_epoch(event->trainer, 0, &figures), 0);
    s->loss[s->ends++] = event->loss;
}

static void listeners_read_weights_and_figures(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe();
    write_file(at("wide.yaml"), wide_net, sizeof wide_net - 1);
    set(recipe, "model", at("wide.yaml"));
    set(recipe, "epochs", "2");
    char folder[600];
    snprintf(folder, sizeof folder, "%s", at("look"));
    seen s = {0};
    alx_run_config config;
    alx_run_config_init(&config);
    config.out = folder;
    config.on_event = look;
    config.user = &s;
    alx_trainer *trainer;
    assert_int_equal(alx_trainer_create(&trainer, recipe, &config, NULL), ALX_OK);
    alx_tensor_info info;
    assert_int_equal(alx_trainer_tensor(trainer, 6, &info), 1);
    assert_string_equal(info.name, "dense_1.kernel");
    assert_true(info.layer == 3 && info.rank == 2 && info.shape[0] == 64 && info.shape[1] == 2304 && info.trainable);
    assert_int_equal(trainer->params->list[6].tiled, alx_params_prefer_tiles());
    assert_int_equal(alx_trainer_tensor(trainer, 4, &info), 1);
    assert_string_equal(info.name, "batch_normalization_1.moving_mean");
    assert_int_equal(info.trainable, 0);
    assert_int_equal(alx_trainer_run(trainer, NULL), ALX_OK);
    assert_int_equal(s.ends, 2);
    assert_int_equal(s.tensors, 10);
    alx_trainer_destroy(trainer);
    /* A resume knows what was before it. */
    const char *keys[] = {"train.epochs=3"};
    alx_epoch_figures figures;
    assert_int_equal(alx_trainer_resume(&trainer, folder, keys, 1, &config, NULL), ALX_OK);
    for (int epoch = 1; epoch <= 2; epoch++) {
        assert_int_equal(alx_trainer_epoch(trainer, epoch, &figures), 1);
        assert_true(figures.loss == s.loss[epoch - 1]);
    }
    assert_int_equal(alx_trainer_epoch(trainer, 3, &figures), 0);
    alx_trainer_destroy(trainer);
    alx_recipe_destroy(recipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(listeners_read_weights_and_figures)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

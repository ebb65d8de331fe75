/* The doctor: faults that are planted in small runs are named, with their layer; healthy runs hear nothing. */
#include "unit/trainer_fixture.h"

#define NET(first, second)                                                                                             \
    "classes: 2\ninput: [12, 12, 3]\nlayers:\n  - conv2d: {filters: 8, kernel_size: 3, activation: relu" first "}\n"   \
    "  - max_pooling2d: {pool_size: 2}\n  - flatten\n  - dense: {units: 64, activation: relu" second "}\n"             \
    "  - dense: {units: classes, activation: softmax}\n"

static alx_recipe *recipe_of(const char *yaml)
{
    write_file(at("net.yaml"), yaml, strlen(yaml));
    alx_recipe *recipe = make_recipe();
    set(recipe, "learning_rate", "0.001");
    set(recipe, "augment", "[]");
    set(recipe, "image_size", "12");
    return recipe;
}

static witness run_of(alx_recipe *recipe, alx_status wanted, alx_error *err)
{
    static int number;
    char name[32];
    witness w = {0};
    snprintf(name, sizeof name, "run%d", number++);
    expect(wanted, run_recipe(recipe, at(name), &w, err), err);
    alx_recipe_destroy(recipe);
    return w;
}

static int warnings(const witness *w)
{
    int count = 0;
    for (const char *s = w->said; (s = strstr(s, "warning: ")); s++) count++;
    return count;
}

static void expect_one_warning(const witness *w, const char *const *words)
{
    if (warnings(w) != 1) fail_msg("%d warnings in: %s", warnings(w), w->said);
    for (; *words; words++) expect_words(w->said, *words);
}

#define EXPECT(w, ...) expect_one_warning(w, (const char *const[]){__VA_ARGS__, NULL})

/* ---- Five faults ---- */

static void a_rate_too_high(void **state)
{
    (void)state;
    alx_error err;
    alx_recipe *recipe = recipe_of(NET("", ""));
    set(recipe, "learning_rate", "0.3");
    set(recipe, "epochs", "1");
    witness w = run_of(recipe, ALX_OK, &err);
    expect_words(w.said, "warning: at step 2 the loss is ");
    expect_words(w.said, "where guessing costs 0.693: the output of dense_1 has grown to size ");
    expect_words(w.said, "the first step changed dense_1.kernel by ");
    expect_words(w.said, "at learning_rate 0.3; try learning_rate 0.03 (it is 0.3)");
    expect_words(w.said, "warning: after 1 epoch every validation image is given the same class: conv2d_1 is dead");

    recipe = recipe_of(NET("", ""));
    set(recipe, "optimizer", "sgd");
    set(recipe, "learning_rate", "1e30");
    w = run_of(recipe, ALX_DIVERGED, &err);
    expect_words(err.message, "the loss is not a finite number at step ");
    expect_words(err.message, " times its length at learning_rate 1e+30");
    expect_words(err.message, "nothing was saved yet; try learning_rate 1e+29 (it is 1e+30)");
    expect_words(err.message, " is the first ");
}

static void a_dead_relu(void **state)
{
    (void)state;
    alx_error err;
    witness w = run_of(recipe_of(NET("", ", bias_value: -100")), ALX_OK, &err);
    EXPECT(&w, "before the first step: dense_1 is dead: its ReLU gives 0 for all 64 units on every image of a batch",
           "(its biases have mean -100); start its biases at 0 (bias_value)");
    w = run_of(recipe_of(NET(", kernel_initializer: constant, initializer_value: -1", "")), ALX_OK, &err);
    EXPECT(&w, "before the first step: conv2d_1 is dead");
}

static void a_wrong_start(void **state)
{
    (void)state;
    alx_error err;
    alx_recipe *recipe = recipe_of(NET("", ", kernel_initializer: normal, initializer_value: 10"));
    set(recipe, "learning_rate", "0.0001");
    witness w = run_of(recipe, ALX_OK, &err);
    EXPECT(&w, "before the first step: the loss begins at ", ": dense_1 makes values of size ",
           "its kernel starts as normal 10, and sqrt(2 / fan_in) = 0.1 would keep the size (He et al. 2015)",
           "kernel_initializer: he_normal");
    recipe = recipe_of(NET(", kernel_initializer: normal, initializer_value: 0.0001", ""));
    set(recipe, "epochs", "1");
    w = run_of(recipe, ALX_OK, &err);
    EXPECT(&w, "before the first step: conv2d_1 makes values of size ", "its kernel starts as normal 0.0001");
    recipe = recipe_of(NET(", kernel_initializer: constant, initializer_value: 0.05", ""));
    set(recipe, "epochs", "1");
    w = run_of(recipe, ALX_OK, &err);
    EXPECT(&w, "before the first step: every weight of conv2d_1.kernel is 0.05");
}

static void unscaled_pixels(void **state)
{
    (void)state;
    alx_error err;
    alx_recipe *recipe = recipe_of(NET("", ""));
    set(recipe, "data.rescale", "1");
    set(recipe, "epochs", "1");
    witness w = run_of(recipe, ALX_OK, &err);
    EXPECT(&w, "before the first step: the images reach the network as values from 4", ", with data.rescale 1; ",
           "the loss begins at ", "data.rescale 1/255, or data.mean and data.std");
    recipe = recipe_of(NET("", ""));
    set(recipe, "data.rescale", "0.000015378700499807768"); /* 1/255 twice */
    w = run_of(recipe, ALX_OK, &err);
    EXPECT(&w, "before the first step: the images reach the network as values from 0.00", "data.rescale 1/255, once");
}

/* Stripes under noise, so that no two images are alike. */
static void draw_noisy(const char *path, int class, unsigned number)
{
    uint8_t pixels[SIDE][SIDE][3];
    unsigned noise = number * 2654435761u + 1;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            for (int c = 0; c < 3; c++) {
                noise = noise * 1664525u + 1013904223u;
                pixels[y][x][c] = (uint8_t)(((class ? x : y) / 2 % 2 ? 60 : 20) + (int)(noise >> 24) * 3 / 4);
            }
    png_image image = {.version = PNG_IMAGE_VERSION, .width = SIDE, .height = SIDE, .format = PNG_FORMAT_RGB};
    assert_true(png_image_write_to_file(&image, path, 0, pixels, 0, NULL));
}

/* 60 images with each label; what they show is the label's, or drawn without looking at it. */
static void draw_set(const char *set, bool shuffled, unsigned first)
{
    char path[2048];
    make_folder(at(set));
    for (int label = 0; label < 2; label++) {
        snprintf(path, sizeof path, "%s/%s", at(set), label ? "down" : "across");
        make_folder(path);
        for (int i = 0; i < 60; i++) {
            const unsigned number = first + (unsigned)(label * 60 + i);
            snprintf(path, sizeof path, "%s/%s/%03d.png", at(set), label ? "down" : "across", i);
            draw_noisy(path, shuffled ? (int)(number * 2654435761u >> 16) % 2 : label, number);
        }
    }
}

/* 8 epochs of 15 steps. */
static alx_recipe *recipe_on_noise(bool shuffled, const char *rate, const char *epochs)
{
    static int number;
    char train[32], validation[32];
    snprintf(train, sizeof train, "noise%d", number);
    snprintf(validation, sizeof validation, "validation%d", number++);
    draw_set(train, shuffled, 0);
    draw_set(validation, shuffled, 1000);
    alx_recipe *recipe = recipe_of(NET("", ""));
    set(recipe, "data.train", at(train));
    set(recipe, "data.validation", at(validation));
    set(recipe, "learning_rate", rate);
    set(recipe, "epochs", epochs);
    return recipe;
}

static void shuffled_labels(void **state)
{
    (void)state;
    alx_error err;
    witness w = run_of(recipe_on_noise(true, "0.00003", "6"), ALX_OK, &err);
    EXPECT(&w, "epochs the loss is ", " that of guessing among 2 classes",
           "no layer is dead, but what dense_2 reads tells the classes of validation images apart no better than "
           "shuffled labels would (p = ",
           "look whether the labels belong to the images (alexnet show)");
}

static void shuffled_labels_by_heart(void **state)
{
    (void)state;
    alx_error err;
    witness w = run_of(recipe_on_noise(true, "0.003", "18"), ALX_OK, &err);
    expect_words(w.said, "% of the training images are recognised and ");
    expect_words(w.said, "validation images, which is chance (up to ");
    expect_words(w.said, "learns its images by heart and nothing that carries over, as it does when labels do not");
}

/* The same images with their own labels: the signal is there, and the rate is what is wrong; or nothing is. */
static void labels_that_belong(void **state)
{
    (void)state;
    alx_error err;
    witness w = run_of(recipe_on_noise(false, "0.000001", "6"), ALX_OK, &err);
    EXPECT(&w, "the first step changed no kernel by more than ", "try a larger learning_rate");
    alx_recipe *slow = recipe_on_noise(false, "0.000001", "6");
    set(slow, "warmup_epochs", "2"); /* its first step is meant to be small: the full rate is judged */
    w = run_of(slow, ALX_OK, &err);
    EXPECT(&w, "a step at the full learning_rate changes no kernel by more than ", "try a larger learning_rate");
    w = run_of(recipe_on_noise(false, "0.003", "10"), ALX_OK, &err);
    if (warnings(&w)) fail_msg("%s", w.said);
}

/* How far the first step of a run with this key goes, at most. */
static double first_step(const char *key, const char *value)
{
    alx_error err;
    alx_run_config config;
    alx_run_config_init(&config);
    config.out = at("step");
    config.overwrite = 1;
    alx_recipe *recipe = recipe_of(NET("", ""));
    set(recipe, "optimizer", "sgd");
    set(recipe, "learning_rate", "0.1");
    set(recipe, "epochs", "1");
    set(recipe, key, value);
    alx_trainer *trainer;
    expect(ALX_OK, alx_trainer_create(&trainer, recipe, &config, &err), &err);
    expect(ALX_OK, alx_trainer_run(trainer, &err), &err);
    double largest = 0;
    for (int i = 0; i < trainer->params->count; i++) largest = fmax(largest, trainer->doctor.updates[i]);
    alx_trainer_destroy(trainer);
    alx_recipe_destroy(recipe);
    return largest;
}

/* The step is the one that the run takes: clipped, with its layers' rates and its schedule's. */
static void the_first_step_is_the_runs_own(void **state)
{
    (void)state;
    const double plain = first_step("momentum", "0");
    assert_true(plain > 0);
    assert_true(first_step("clip_norm", "0.000001") < 0.001 * plain);
    assert_true(first_step("rate_multipliers", "{\"*\": 0}") == 0);
    assert_true(fabs(first_step("rate_multipliers", "{\"*\": 2}") - 2 * plain) < 0.001 * plain);
    assert_true(fabs(first_step("schedule", "one_cycle") - plain / 25) < 0.001 * plain);
}

/* ---- Healthy runs ---- */

static void expect_health(alx_recipe *recipe)
{
    alx_error err;
    witness w = run_of(recipe, ALX_OK, &err);
    if (warnings(&w)) fail_msg("%s", w.said);
}

static void healthy_runs_hear_nothing(void **state)
{
    (void)state;
    static const char *const rates[] = {"0.00003", "0.0003", "0.001", "0.003"};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
        for (int batch_norm = 0; batch_norm < 2; batch_norm++) {
            alx_recipe *recipe = recipe_of(batch_norm ? network : NET("", ""));
            set(recipe, "learning_rate", rates[i]);
            set(recipe, "batch_size", "4");
            set(recipe, "epochs", i ? "6" : "1"); /* the first: an epoch at guessing, from which it learns later */
            expect_health(recipe);
        }
    alx_recipe *recipe = recipe_of(NET("", ""));
    set(recipe, "optimizer", "sgd");
    set(recipe, "learning_rate", "0.05");
    set(recipe, "momentum", "0.9");
    set(recipe, "epochs", "6");
    expect_health(recipe);
    recipe = recipe_of(NET(", kernel_initializer: he_normal", ", kernel_initializer: normal, initializer_value: 0.01"));
    set(recipe, "data.mean", "0.5");
    set(recipe, "data.std", "0.25");
    set(recipe, "epochs", "6");
    expect_health(recipe);
}

/* ---- When he looks ---- */

static void a_slow_start_is_not_a_stuck_run(void **unused)
{
    (void)unused;
    alx_epoch_result h[3] = {{.loss = 0.6931, .accuracy = 0.5, .val_loss = 0.69},
                             {.loss = 0.6933, .accuracy = 0.51, .val_loss = 0.69},
                             {.loss = 0.6932, .accuracy = 0.5}};
    alx_case patient = {.history = h,
                        .epochs = 1,
                        .epoch_steps = 40,
                        .guess = log(2.0),
                        .train_count = 4000,
                        .train_chance = 0.5,
                        .chance = 0.5};
    assert_int_equal(alx_doctor_moment(&patient), ALX_MOMENT_FIRST_EPOCH); /* only what is dead is said there */
    patient.epochs = 2;
    assert_int_equal(alx_doctor_moment(&patient), ALX_MOMENT_STALL);
    patient.epoch_steps = 20; /* 40 steps prove nothing either */
    assert_int_equal(alx_doctor_moment(&patient), ALX_MOMENT_NONE);
    patient.epochs = 3;
    assert_int_equal(alx_doctor_moment(&patient), ALX_MOMENT_STALL);
    patient.epoch_steps = 40;
    assert_int_equal(alx_doctor_moment(&patient), ALX_MOMENT_NONE); /* said once */
    patient.epochs = 2;
    h[1].accuracy = 0.6; /* it learns */
    assert_int_equal(alx_doctor_moment(&patient), ALX_MOMENT_NONE);
    h[1].accuracy = 0.5;
    h[1].loss = 0.66;
    assert_int_equal(alx_doctor_moment(&patient), ALX_MOMENT_NONE);
    h[1].one_class = true;
    assert_int_equal(alx_doctor_moment(&patient), ALX_MOMENT_STALL);
}

/* What a stalled run of learning_rate 0.1 hears whose first step, at first_rate, changed each tensor by `update`. */
static const char *said_of_stall(double update, double first_rate)
{
    alx_error err;
    alx_graph *graph;
    const char *yaml = NET("", "");
    expect(ALX_OK, alx_graph_parse(&graph, yaml, NULL, 2, &err), &err);
    const alx_train_config config = {.optimizer.learning_rate = 0.1};
    alx_epoch_result h[2] = {{.loss = 0.7, .accuracy = 0.5}, {.loss = 0.7, .accuracy = 0.5}};
    double updates[16];
    assert_true(graph->param_count <= 16);
    for (int i = 0; i < graph->param_count; i++) updates[i] = update;
    const alx_case patient = {.moment = ALX_MOMENT_STALL,
                              .history = h,
                              .epochs = 2,
                              .classes = 2,
                              .guess = log(2.0),
                              .config = &config,
                              .graph = graph,
                              .updates = updates,
                              .first_rate = first_rate,
                              .signal = NAN};
    alx_text advice = {0};
    const alx_verdict verdict = alx_doctor_examine(&advice, &patient);
    alx_text_finish(&advice);
    alx_graph_destroy(graph);
    return alx_doctor_row_name(verdict.row);
}

static void a_schedule_may_begin_low(void **unused)
{
    (void)unused;
    assert_string_equal(said_of_stall(1e-4, 0.1), "rate_low");
    assert_string_equal(said_of_stall(1e-4, 0.01), "plateau"); /* 1e-3 at the full rate */
    assert_string_equal(said_of_stall(1e-6, 0.01), "rate_low");
}

static void learning_by_heart_is_not_overfitting(void **unused)
{
    (void)unused;
    alx_epoch_result h[2] = {{.loss = 0.3, .accuracy = 0.95, .val_loss = 1.2, .val_accuracy = 0.49},
                             {.loss = 0.2, .accuracy = 0.97, .val_loss = 1.3, .val_accuracy = 0.51}};
    alx_case patient = {.history = h,
                        .epochs = 2,
                        .epoch_steps = 40,
                        .guess = log(2.0),
                        .train_count = 400,
                        .validation_count = 400,
                        .train_chance = 0.5,
                        .chance = 0.5};
    assert_int_equal(alx_doctor_moment(&patient), ALX_MOMENT_VALIDATION);
    h[1].val_accuracy = 0.56; /* more than two standard deviations above chance: overfitting, but of something */
    assert_int_equal(alx_doctor_moment(&patient), ALX_MOMENT_NONE);
    h[1].val_accuracy = 0.51;
    patient.validation_count = 12; /* too few to tell */
    assert_int_equal(alx_doctor_moment(&patient), ALX_MOMENT_NONE);
}

/* Dead at the end of an epoch that ended at guessing: said at once. */
static void kill_relu(const alx_event *event, void *user)
{
    witness *w = user;
    watch(event, user);
    if (event->kind != ALX_EVENT_STEP || event->epoch != 1 || event->step != 2) return;
    alx_params *params = w->trainer->params;
    for (int i = 0; i < params->count; i++)
        for (int64_t k = 0; strcmp(params->list[i].name, "dense_1.bias") == 0 && k < params->list[i].count; k++)
            params->data[params->list[i].offset + k] = -100;
    params->version++;
}

static void a_layer_that_dies_is_named_after_an_epoch(void **state)
{
    (void)state;
    alx_error err;
    witness w = {0};
    alx_recipe *recipe = recipe_of(NET("", ""));
    set(recipe, "epochs", "12");
    alx_run_config config;
    alx_run_config_init(&config);
    config.out = at("dies");
    config.on_event = kill_relu;
    config.user = &w;
    expect(ALX_OK, alx_trainer_create(&w.trainer, recipe, &config, &err), &err);
    expect(ALX_OK, alx_trainer_run(w.trainer, &err), &err);
    alx_trainer_destroy(w.trainer);
    alx_recipe_destroy(recipe);
    EXPECT(&w, "after 1 epoch ", ": dense_1 is dead: its ReLU gives 0 for all 64 units",
           "a dead layer does not come back");
}

/* ---- The table and the pages ---- */

static void every_diagnosis_stands_in_the_pages(void **unused)
{
    (void)unused;
    static const char *const pages[] = {"doctor.md", "doctor.zh-CN.md"};
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        size_t size;
        char *text = (char *)slurp(SOURCE_DIR "/docs", pages[i], &size), cell[64];
        for (int row = 0; row < ALX_DIAGNOSES; row++) {
            snprintf(cell, sizeof cell, "| `%s` |", alx_doctor_row_name(row));
            if (!strstr(text, cell)) fail_msg("%s: no row %s", pages[i], cell);
        }
        free(text);
    }
}

/* ---- A run does not notice him ---- */

static void stay_away(const alx_event *event, void *user)
{
    witness *w = user;
    if (event->kind != ALX_EVENT_EPOCH || event->epoch != 1) return;
    w->trainer->doctor.jumped = true; /* no look at the early steps; no memory of a start */
}

/* The same run with his looks (at its start, at a jump, after epochs at guessing) and without the jump's. */
static void a_run_does_not_notice_him(void **state)
{
    (void)state;
    alx_error err;
    alx_recipe *recipe = recipe_of(network);
    set(recipe, "learning_rate", "1");
    witness seen = {0}, unseen = {0};
    expect(ALX_OK, run_recipe(recipe, at("seen"), &seen, &err), &err);
    expect_words(seen.said, "where guessing costs");
    alx_run_config config;
    alx_run_config_init(&config);
    config.out = at("unseen");
    config.on_event = stay_away;
    config.user = &unseen;
    expect(ALX_OK, alx_trainer_create(&unseen.trainer, recipe, &config, &err), &err);
    expect(ALX_OK, alx_trainer_run(unseen.trainer, &err), &err);
    alx_trainer_destroy(unseen.trainer);
    assert_same_run(at("seen"), at("unseen"));
    alx_recipe_destroy(recipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_rate_too_high),
        TEST(a_dead_relu),
        TEST(a_wrong_start),
        TEST(unscaled_pixels),
        TEST(shuffled_labels),
        TEST(shuffled_labels_by_heart),
        TEST(labels_that_belong),
        TEST(the_first_step_is_the_runs_own),
        TEST(healthy_runs_hear_nothing),
        TEST(a_run_does_not_notice_him),
        TEST(a_layer_that_dies_is_named_after_an_epoch),
        cmocka_unit_test(a_slow_start_is_not_a_stuck_run),
        cmocka_unit_test(a_schedule_may_begin_low),
        cmocka_unit_test(learning_by_heart_is_not_overfitting),
        cmocka_unit_test(every_diagnosis_stands_in_the_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

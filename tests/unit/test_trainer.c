/* Training, end to end: it learns, repeats itself, survives being cut, diverging and a full disk. */
#include "unit/trainer_fixture.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>

static void it_learns_and_writes_its_folder(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe();
    witness w = {0};
    alx_error err;
    set(recipe, "epochs", "8");
    expect(ALX_OK, run_recipe(recipe, at("run"), &w, &err), &err);
    assert_true(w.val_accuracy > 0.9);
    assert_true(w.loss < 0.4);
    assert_int_equal(w.started, 1);
    assert_int_equal(w.ends, 1);
    assert_int_equal(w.steps, 8 * 6);     /* 42 images, 8 a step: the last has 2 */
    assert_int_equal(w.val_steps, 8 * 3); /* 18 images */
    assert_int_equal(w.epochs_ended, 8);
    assert_true(w.best >= 1);
    expect_words(w.said, "Found 42 images belonging to 2 classes: across (21), down (21)");
    expect_words(w.said, "16x16 stretch bilinear");
    expect_words(w.said, "; f32, 2 threads\n");
    expect_words(w.said, "Found 18 images belonging to 2 classes: across (9), down (9)");
    assert_int_equal(count_lines(at("run"), "metrics.csv"), 9);
    assert_false(has_tensor(at("run"), "last.safetensors", "optimizer."));
    assert_false(has_tensor(at("run"), "best.safetensors", "optimizer."));
    alx_recipe_destroy(recipe);
}

/* ---- What the events let us see of the inside ---- */

typedef struct spy {
    alx_trainer *trainer;
    uint64_t labels[4]; /* of each epoch's images in their order, as a number */
    uint8_t *best;      /* the file after the last epoch that was the best */
    size_t best_size;
    double smallest;
    int best_count;
    bool spoil; /* make the network worse after the first epoch */
} spy;

static void look_inside(const alx_event *event, void *user)
{
    spy *s = user;
    if (event->kind == ALX_EVENT_STEP) {
        const int32_t *labels = alx_engine_labels(s->trainer->engine);
        for (int i = 0; i < 2; i++) s->labels[event->epoch - 1] = s->labels[event->epoch - 1] * 2 + (uint64_t)labels[i];
    }
    if (event->kind != ALX_EVENT_EPOCH_END) return;
    assert_int_equal(event->best, event->val_loss < s->smallest);
    if (s->spoil && event->epoch == 1) {
        for (int i = 0; i < 256; i++) s->trainer->params->data[i] *= 1000; /* of the last layer */
        s->trainer->params->version++;
    }
    if (!event->best) return;
    s->smallest = event->val_loss;
    s->best_count++;
    free(s->best);
    s->best = slurp(alx_trainer_folder(s->trainer), "best.safetensors", &s->best_size);
}

static spy run_with_spy(const alx_recipe *recipe, const char *out, bool spoil)
{
    spy s = {.smallest = INFINITY, .spoil = spoil};
    alx_error err;
    alx_run_config config;
    alx_run_config_init(&config);
    config.out = out;
    config.on_event = look_inside;
    config.user = &s;
    expect(ALX_OK, alx_trainer_create(&s.trainer, recipe, &config, &err), &err);
    expect(ALX_OK, alx_trainer_run(s.trainer, &err), &err);
    alx_trainer_destroy(s.trainer);
    size_t size;
    uint8_t *best = slurp(out, "best.safetensors", &size);
    assert_true(size == s.best_size && memcmp(best, s.best, size) == 0);
    free(best);
    free(s.best);
    return s;
}

static void the_best_epoch_is_kept_and_orders_differ(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe();
    set(recipe, "epochs", "4");
    spy s = run_with_spy(recipe, at("run"), false);
    assert_true(s.labels[0] != s.labels[1] && s.labels[1] != s.labels[2]);
    /* nothing changes: every epoch ties and the first stays the best */
    replace_in(at("net.yaml"), "  - batch_normalization\n", "");
    set(recipe, "learning_rate", "0");
    s = run_with_spy(recipe, at("still"), false);
    assert_int_equal(s.best_count, 1);
    s = run_with_spy(recipe, at("worse"), true);
    assert_int_equal(s.best_count, 1);
    alx_recipe_destroy(recipe);
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe();
    witness a = {0}, b = {0}, c = {0};
    alx_error err;
    expect(ALX_OK, run_recipe(recipe, at("a"), &a, &err), &err);
    expect(ALX_OK, run_recipe(recipe, at("b"), &b, &err), &err);
    assert_same_run(at("a"), at("b"));
    set(recipe, "seed", "6");
    expect(ALX_OK, run_recipe(recipe, at("c"), &c, &err), &err);
    assert_false(same_file(at("a"), at("c"), "best.safetensors"));
    alx_recipe_destroy(recipe);
}

/* Cut at a training or a validation step, continue, cut again, continue: the uncut run's bytes. */
static void cut_and_compare(const alx_recipe *recipe, const char *whole, const char *state_name, int64_t steps,
                            int64_t val_steps)
{
    witness w = {.stop_after_steps = steps, .stop_after_val_steps = val_steps}, rest = {0};
    witness again = {.stop_after_steps = steps ? 2 : 0, .stop_after_val_steps = val_steps ? 1 : 0};
    alx_error err;
    expect(ALX_INTERRUPTED, run_recipe(recipe, at("cut"), &w, &err), &err);
    expect_words(err.message, "--resume");
    assert_true(has_tensor(at("cut"), "last.safetensors", state_name));
    expect(ALX_INTERRUPTED, resume(at("cut"), NULL, 0, &again, &err), &err);
    expect(ALX_OK, resume(at("cut"), NULL, 0, &rest, &err), &err);
    assert_int_equal(w.steps + again.steps + rest.steps, 3 * 6);
    assert_int_equal(w.val_steps + again.val_steps + rest.val_steps, 3 * 3);
    assert_null(strstr(rest.said, "the last bits will differ"));
    assert_same_run(whole, at("cut"));
    assert_int_equal(count_lines(at("cut"), "metrics.csv"), 4);
    temp_folder_remove(at("cut"));
}

static void a_cut_run_ends_in_the_same_bytes(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe();
    witness w = {0};
    alx_error err;
    expect(ALX_OK, run_recipe(recipe, at("whole"), &w, &err), &err);
    static const int64_t cuts[][2] = {{1, 0}, {3, 0}, {6, 0}, {8, 0}, {12, 0}, {0, 1}, {0, 2}, {0, 3}, {0, 5}};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++)
        cut_and_compare(recipe, at("whole"), "optimizer.m.", cuts[i][0], cuts[i][1]);
    set(recipe, "precision", "auto"); /* bf16 where the machine has it */
    witness native = {0}, sgd = {0};
    expect(ALX_OK, run_recipe(recipe, at("native"), &native, &err), &err);
    cut_and_compare(recipe, at("native"), "optimizer.v.", 4, 0);
    cut_and_compare(recipe, at("native"), "optimizer.v.", 0, 4);
    set(recipe, "optimizer", "sgd");
    set(recipe, "momentum", "0.9");
    expect(ALX_OK, run_recipe(recipe, at("sgd"), &sgd, &err), &err);
    cut_and_compare(recipe, at("sgd"), "optimizer.momentum.", 9, 0);
    alx_recipe_destroy(recipe);
}

static void an_extended_run_equals_a_longer_one(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe();
    witness a = {0}, b = {0}, c = {0}, d = {0};
    alx_error err;
    const char *const more[] = {"--epochs=3"}, *const keys[] = {"train.epochs=3"};
    set(recipe, "keep-optimizer", "yes");
    expect(ALX_OK, run_recipe(recipe, at("whole"), &a, &err), &err);
    set(recipe, "epochs", "2");
    expect(ALX_OK, run_recipe(recipe, at("short"), &b, &err), &err);
    expect(ALX_USAGE, resume(at("short"), more, 1, &c, &err), &err); /* no such key */
    expect(ALX_USAGE, resume(at("short"), NULL, 0, &c, &err), &err);
    expect_words(err.message, "complete after 2 epochs");
    expect(ALX_OK, resume(at("short"), keys, 1, &c, &err), &err);
    assert_same_run(at("whole"), at("short"));
    /* without the optimizer's state it goes on as well, and says so */
    set(recipe, "keep-optimizer", "no");
    expect(ALX_OK, run_recipe(recipe, at("dropped"), &d, &err), &err);
    expect(ALX_OK, resume(at("dropped"), keys, 1, &d, &err), &err);
    expect_words(d.said, "begins afresh");
    alx_recipe_destroy(recipe);
}

/* ---- Divergence and full disks ---- */

static void poison_after_epoch_one(const alx_event *event, void *user)
{
    witness *w = user;
    if (event->kind != ALX_EVENT_EPOCH_END || event->epoch != 1) return;
    w->trainer->params->data[0] = NAN; /* of the last layer */
    w->trainer->params->version++;
}

static void a_diverged_run_keeps_its_checkpoint(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe();
    witness w = {0};
    alx_error err;
    alx_run_config config;
    alx_run_config_init(&config);
    config.out = at("run");
    config.on_event = poison_after_epoch_one;
    config.user = &w;
    expect(ALX_OK, alx_trainer_create(&w.trainer, recipe, &config, &err), &err);
    expect(ALX_DIVERGED, alx_trainer_run(w.trainer, &err), &err);
    alx_trainer_destroy(w.trainer);
    expect_words(err.message, "step 1 of epoch 2");
    expect_words(err.message, "the checkpoint after epoch 1 is kept");
    expect_words(err.message, "try learning_rate 0.001");
    witness rest = {0};
    expect(ALX_OK, resume(at("run"), NULL, 0, &rest, &err), &err);
    assert_int_equal(rest.epochs_ended, 2);

    witness hot = {0};
    set(recipe, "optimizer", "sgd");
    set(recipe, "learning_rate", "1e30");
    expect(ALX_DIVERGED, run_recipe(recipe, at("hot"), &hot, &err), &err);
    expect_words(err.message, "nothing was saved yet");
    expect_words(err.message, "try learning_rate 1e+29 (it is 1e+30)");
    alx_recipe_destroy(recipe);
}

static void fill_disk_after_epoch_one(const alx_event *event, void *user)
{
    (void)user;
    if (event->kind != ALX_EVENT_EPOCH_END || event->epoch != 1) return;
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 2048;
    setrlimit(RLIMIT_FSIZE, &limit);
}

static void a_full_disk_leaves_the_old_files(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe();
    alx_trainer *trainer;
    alx_error err;
    alx_run_config config;
    alx_run_config_init(&config);
    config.out = at("run");
    config.on_event = fill_disk_after_epoch_one;
    struct rlimit before;
    getrlimit(RLIMIT_FSIZE, &before);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    expect(ALX_OK, alx_trainer_create(&trainer, recipe, &config, &err), &err);
    alx_status status = alx_trainer_run(trainer, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    alx_trainer_destroy(trainer);
    expect(ALX_IO, status, &err);
    assert_true(has_tensor(at("run"), "last.safetensors", "optimizer.m."));
    assert_true(has_tensor(at("run"), "best.safetensors", "conv2d_1.kernel"));
    DIR *dir = opendir(at("run"));
    for (struct dirent *entry; (entry = readdir(dir));) assert_null(strstr(entry->d_name, ".tmp"));
    closedir(dir);
    witness whole = {0}, rest = {0};
    expect(ALX_OK, resume(at("run"), NULL, 0, &rest, &err), &err);
    assert_int_equal(rest.epochs_ended, 2);
    expect(ALX_OK, run_recipe(recipe, at("whole"), &whole, &err), &err);
    assert_same_run(at("whole"), at("run"));
    alx_recipe_destroy(recipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_learns_and_writes_its_folder),     TEST(the_best_epoch_is_kept_and_orders_differ),
        TEST(the_same_seed_gives_the_same_bytes),  TEST(a_cut_run_ends_in_the_same_bytes),
        TEST(an_extended_run_equals_a_longer_one), TEST(a_diverged_run_keeps_its_checkpoint),
        TEST(a_full_disk_leaves_the_old_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

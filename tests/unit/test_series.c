/* Series of runs: every trial a row, cut and continued to the same results, and no two series in one folder. */
#include "trainer_fixture.h"

#include "train/series.h"

static const char space[] = "{learning_rate: [0.01, 1e30], batch_size: [8, 21]}";

typedef struct listener {
    alx_series *series;
    int steps, stop_after; /* 0: never */
    char said[16384];
} listener;

static void listen(const alx_event *event, void *user)
{
    listener *l = user;
    if (event->kind == ALX_EVENT_STEP && ++l->steps == l->stop_after) alx_series_stop(l->series);
    if (event->kind != ALX_EVENT_MESSAGE && event->kind != ALX_EVENT_WARNING) return;
    const size_t used = strlen(l->said);
    snprintf(l->said + used, sizeof l->said - used, "%s\n", event->text);
}

static alx_recipe *small_recipe(void)
{
    alx_recipe *recipe = make_recipe();
    set(recipe, "epochs", "2");
    set(recipe, "threads", "1");
    return recipe;
}

static alx_status open_sweep(listener *l, const alx_recipe *recipe, const char *text, const char *out, int overwrite,
                             alx_error *err)
{
    alx_run_config config;
    alx_sweep_config sweep;
    alx_run_config_init(&config);
    alx_sweep_config_init(&sweep);
    config.out = out;
    config.overwrite = overwrite;
    config.on_event = listen;
    config.user = l;
    sweep.space = text;
    l->steps = 0;
    return alx_series_sweep(&l->series, recipe, &sweep, &config, err);
}

static alx_status run_sweep(listener *l, const alx_recipe *recipe, const char *out, alx_error *err)
{
    expect(ALX_OK, open_sweep(l, recipe, space, out, 0, err), err);
    return alx_series_run(l->series, err);
}

static alx_trial trial_of(const listener *l, int index)
{
    alx_trial trial;
    alx_series_trial(l->series, index, &trial);
    return trial;
}

/* results.csv without its last column, the seconds. */
static char *results_of(const char *folder)
{
    size_t size;
    char *csv = (char *)slurp(folder, "results.csv", &size), *out = csv;
    for (char *row = csv; *row;) {
        char *end = strchr(row, '\n'), *comma = end;
        assert_non_null(end);
        while (*comma != ',') comma--;
        memmove(out, row, (size_t)(comma - row));
        out += comma - row;
        *out++ = '\n';
        row = end + 1;
    }
    *out = '\0';
    return csv;
}

static void every_trial_is_a_row(void **state)
{
    (void)state;
    alx_recipe *recipe = small_recipe();
    listener l = {0};
    alx_error err;
    expect(ALX_OK, run_sweep(&l, recipe, at("sweep"), &err), &err);
    assert_int_equal(alx_series_count(l.series), 4);
    assert_string_equal(alx_series_folder(l.series), at("sweep"));
    assert_string_equal(alx_series_key(l.series, 1), "train.batch_size");
    assert_null(alx_series_key(l.series, 2));
    assert_string_equal(alx_series_value(l.series, 1, 1), "21");
    alx_trial first = trial_of(&l, 0), last = trial_of(&l, 3);
    assert_string_equal(first.name, "001");
    assert_int_equal(first.state, ALX_TRIAL_DONE);
    assert_int_equal(first.epochs, 2);
    assert_true(first.best_epoch >= 1 && first.val_accuracy >= 0.5 && first.val_loss < 10 && first.seconds >= 0);
    assert_int_equal(last.state, ALX_TRIAL_DIVERGED);
    assert_true(last.best_epoch == 0 && isnan(last.val_loss));
    expect_words(l.said, "learning_rate 1e30, batch_size 8");
    expect_words(l.said, "not a finite number");
    alx_series_destroy(l.series);
    assert_int_equal(count_lines(at("sweep"), "results.csv"), 5);
    assert_true(alx_file_exists(at("sweep/002/best.safetensors")));
    char *results = results_of(at("sweep"));
    expect_words(results, "trial,status,train.learning_rate,train.batch_size,epochs,best_epoch,loss,");
    expect_words(results, "\n001,done,0.01,8,2,");
    expect_words(results, "\n004,diverged,1e30,21,0,0,,,,\n");
    free(results);

    /* A trial is what a run with these keys is. */
    witness w = {0};
    set(recipe, "batch_size", "21");
    expect(ALX_OK, run_recipe(recipe, at("alone"), &w, &err), &err);
    assert_true(same_file(at("alone"), at("sweep/002"), "best.safetensors"));
    alx_recipe_destroy(recipe);
}

static void a_cut_series_ends_in_the_same_results(void **state)
{
    (void)state;
    alx_recipe *recipe = small_recipe();
    listener l = {0};
    alx_error err;
    expect(ALX_OK, run_sweep(&l, recipe, at("whole"), &err), &err);
    alx_series_destroy(l.series);
    /* 42 images: 6 steps an epoch at 8, 2 at 21. */
    static const int cuts[] = {3, 6, 5, 1};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        l.stop_after = cuts[i];
        expect(ALX_INTERRUPTED, run_sweep(&l, recipe, at("cut"), &err), &err);
        expect_words(err.message, "interrupted with");
        alx_series_destroy(l.series);
    }
    l = (listener){0};
    expect(ALX_OK, run_sweep(&l, recipe, at("cut"), &err), &err);
    alx_series_destroy(l.series);
    char *whole = results_of(at("whole")), *cut = results_of(at("cut"));
    assert_string_equal(whole, cut);
    assert_true(same_file(at("whole/001"), at("cut/001"), "best.safetensors"));
    assert_true(same_file(at("whole/002"), at("cut/002"), "last.safetensors"));

    /* Once more: nothing is left to train.  And when the results are lost, the runs themselves tell. */
    l = (listener){0};
    expect(ALX_OK, run_sweep(&l, recipe, at("cut"), &err), &err);
    expect_words(l.said, "4 of 4 runs are finished already");
    assert_int_equal(l.steps, 0);
    alx_series_destroy(l.series);
    assert_int_equal(unlink(at("cut/results.csv")), 0);
    expect(ALX_OK, run_sweep(&l, recipe, at("cut"), &err), &err);
    assert_true(l.steps <= 4); /* those that diverge */
    assert_int_equal(trial_of(&l, 1).state, ALX_TRIAL_DONE);
    alx_series_destroy(l.series);
    free(cut);
    cut = results_of(at("cut"));
    assert_string_equal(whole, cut);

    /* A finished trial whose folder is lost is trained again. */
    temp_folder_remove(at("cut/002"));
    expect(ALX_OK, run_sweep(&l, recipe, at("cut"), &err), &err);
    assert_int_equal(l.steps, 4);
    alx_series_destroy(l.series);
    assert_true(same_file(at("whole/002"), at("cut/002"), "best.safetensors"));
    free(whole);
    free(cut);
    alx_recipe_destroy(recipe);
}

static void another_series_is_refused(void **state)
{
    (void)state;
    alx_recipe *recipe = small_recipe();
    listener l = {0};
    alx_error err;
    expect(ALX_OK, open_sweep(&l, recipe, "{seed: [1, 2]}", at("sweep"), 0, &err), &err);
    expect(ALX_OK, alx_series_run(l.series, &err), &err);
    listener second = {0};
    expect(ALX_IO, open_sweep(&second, recipe, "{seed: [1, 2]}", at("sweep"), 0, &err), &err);
    expect_words(err.message, "another process is writing");
    assert_null(second.series);
    alx_series_destroy(l.series);
    expect(ALX_USAGE, open_sweep(&l, recipe, "{seed: [1, 3]}", at("sweep"), 0, &err), &err);
    expect_words(err.message, "holds another sweep");
    expect_words(err.message, "seed: [1, 2]");
    set(recipe, "momentum", "0.5");
    expect(ALX_USAGE, open_sweep(&l, recipe, "{seed: [1, 2]}", at("sweep"), 0, &err), &err);
    expect_words(err.message, "\"momentum: 0\", where \"momentum: 0.5\" is asked now");
    assert_null(l.series);

    /* Begun anew, nothing of the old one is taken for the new one's. */
    expect(ALX_OK, open_sweep(&l, recipe, "{seed: [1, 3]}", at("sweep"), 1, &err), &err);
    assert_int_equal(trial_of(&l, 0).state, ALX_TRIAL_WAITING);
    assert_false(alx_file_exists(at("sweep/001/last.safetensors")));
    alx_series_destroy(l.series);

    /* A run in a trial's place, and the images themselves. */
    draw_class("other/001", "x", 0, 1, 0);
    write_file(at("other/001/last.safetensors"), "x", 1);
    expect(ALX_USAGE, open_sweep(&l, recipe, "{seed: [1]}", at("other"), 0, &err), &err);
    expect_words(err.message, "001: holds a run");
    expect(ALX_USAGE, open_sweep(&l, recipe, "{seed: [1]}", at("train/sweep"), 0, &err), &err);
    expect_words(err.message, "among the images");
    alx_recipe_destroy(recipe);
}

static void a_trial_that_fails_is_a_row(void **state)
{
    (void)state;
    alx_recipe *recipe = small_recipe();
    listener l = {0};
    alx_error err;
    expect(ALX_OK, open_sweep(&l, recipe, "{class_weight: [[1, 2, 3], [1, 2]]}", at("sweep"), 0, &err), &err);
    expect(ALX_USAGE, alx_series_run(l.series, &err), &err);
    expect_words(err.message, "1 of 2 runs failed; the first: class_weight has 3 numbers for 2 classes");
    assert_int_equal(trial_of(&l, 0).state, ALX_TRIAL_FAILED);
    assert_int_equal(trial_of(&l, 1).state, ALX_TRIAL_DONE);
    alx_series_destroy(l.series);

    /* What every trial would meet ends it. */
    expect(ALX_OK, open_sweep(&l, recipe, "{seed: [1, 2, 3]}", at("lost"), 0, &err), &err);
    temp_folder_remove(at("train"));
    alx_status status = alx_series_run(l.series, &err);
    assert_true(status == ALX_IO || status == ALX_BAD_DATA);
    assert_int_equal(trial_of(&l, 1).state, ALX_TRIAL_WAITING);
    alx_series_destroy(l.series);
    alx_recipe_destroy(recipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_trial_is_a_row),
        TEST(a_cut_series_ends_in_the_same_results),
        TEST(another_series_is_refused),
        TEST(a_trial_that_fails_is_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

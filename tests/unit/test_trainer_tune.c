/* A run whose convolutions were measured: remembered, recorded, and resumed as it began. */
#include "trainer_fixture.h"

static const char tuned_net[] = "name: tuned\nclasses: 2\ninput: [43, 43, 3]\nlayers:\n"
                                "  - conv2d: {filters: 64, kernel_size: 11, strides: 4, activation: relu}\n"
                                "  - conv2d: {filters: 64, kernel_size: 3, padding: same, activation: relu}\n"
                                "  - flatten\n"
                                "  - dense: {units: classes, activation: softmax}\n";

static alx_recipe *tuned_recipe(void)
{
    alx_recipe *recipe = make_recipe();
    write_file(at("tuned.yaml"), tuned_net, sizeof tuned_net - 1);
    set(recipe, "model", at("tuned.yaml"));
    set(recipe, "image_size", "43");
    set(recipe, "augment", "[flip]");
    set(recipe, "batch_size", "32");
    set(recipe, "epochs", "2");
    return recipe;
}

static alx_run_config tuned_config(const char *out, witness *w, const char *cache)
{
    alx_run_config config;
    alx_run_config_init(&config);
    config.out = out;
    config.on_event = watch;
    config.user = w;
    config.autotune = 1;
    config.cache_dir = cache;
    return config;
}

static alx_status train(const alx_recipe *recipe, const char *out, witness *w, const char *cache, alx_error *err)
{
    const alx_run_config config = tuned_config(out, w, cache);
    alx_status status = alx_trainer_create(&w->trainer, recipe, &config, err);
    if (!status) status = alx_trainer_run(w->trainer, err);
    alx_trainer_destroy(w->trainer);
    return status;
}

static alx_status go_on(const char *run, const char *const *keys, int count, witness *w, const char *cache,
                        alx_error *err)
{
    const alx_run_config config = tuned_config(NULL, w, cache);
    alx_status status = alx_trainer_resume(&w->trainer, run, keys, count, &config, err);
    if (!status) status = alx_trainer_run(w->trainer, err);
    alx_trainer_destroy(w->trainer);
    return status;
}

static alx_choices load(const char *folder)
{
    alx_choices choices = {0};
    char *complaint;
    assert_int_equal(alx_choices_load(&choices, &complaint, folder, NULL), ALX_OK);
    assert_null(complaint);
    return choices;
}

/* The file as if everything had been fastest directly, images folded or not. */
static void rewrite(const char *folder, bool fold)
{
    alx_choices choices = load(folder);
    for (int i = 0; i < choices.count; i++) {
        alx_chosen *c = choices.list[i];
        const bool image = strstr(c->key, "images") != NULL;
        c->choice.fold = fold && image ? ALX_FOLD_YES : ALX_FOLD_NO;
        for (int d = 0; d < ALX_CONV_DIRECTIONS; d++)
            if (c->choice.ways[d]) c->choice.ways[d] = ALX_CONV_DIRECT;
        c->fresh = true;
    }
    assert_int_equal(alx_choices_save(&choices, folder, NULL), ALX_OK);
    alx_choices_finish(&choices);
}

/* What a run began with stands in its checkpoint, and a resume does not ask the file of choices, let alone measure. */
static void a_resume_keeps_to_the_record(void **state)
{
    (void)state;
    alx_recipe *recipe = tuned_recipe();
    witness first = {0}, whole = {0}, cut = {.stop_after_steps = 1}, rest = {0}, other = {0};
    alx_error err;
    expect(ALX_OK, train(recipe, at("first"), &first, at("cache"), &err), &err);
    const bool measured = strstr(first.said, "were measured in") != NULL;
    if (!measured) { /* a machine with one way for everything */
        alx_recipe_destroy(recipe);
        skip();
    }
    rewrite(at("cache"), true);
    expect(ALX_OK, train(recipe, at("whole"), &whole, at("cache"), &err), &err);
    assert_null(strstr(whole.said, "were measured in"));
    expect(ALX_INTERRUPTED, train(recipe, at("cut"), &cut, at("cache"), &err), &err);
    rewrite(at("cache"), false);
    expect(ALX_OK, train(recipe, at("other"), &other, at("cache"), &err), &err);
    expect(ALX_OK, go_on(at("cut"), NULL, 0, &rest, at("cache"), &err), &err);
    assert_null(strstr(rest.said, "were measured in"));
    assert_null(strstr(rest.said, "the last bits will differ"));
    assert_same_run(at("whole"), at("cut"));
    assert_false(same_file(at("whole"), at("other"), "last.safetensors")); /* the file of choices mattered */
    alx_recipe_destroy(recipe);
}

/* For other threads the record has nothing: measured anew, and said. */
static void other_threads_are_measured_anew(void **state)
{
    (void)state;
    alx_recipe *recipe = tuned_recipe();
    witness cut = {.stop_after_steps = 1}, rest = {0};
    alx_error err;
    expect(ALX_INTERRUPTED, train(recipe, at("cut"), &cut, NULL, &err), &err);
    const char *const keys[] = {"train.threads=1"};
    expect(ALX_OK, go_on(at("cut"), keys, 1, &rest, NULL, &err), &err);
    const bool measured = strstr(cut.said, "were measured in") != NULL;
    assert_int_equal(strstr(rest.said, "were measured in") != NULL, measured);
    if (measured) expect_words(rest.said, "the last bits will differ");
    alx_recipe_destroy(recipe);
}

/* A run without measuring stays one, whatever the resume is told. */
static void untuned_stays_untuned(void **state)
{
    (void)state;
    alx_recipe *recipe = tuned_recipe();
    witness cut = {.stop_after_steps = 1}, rest = {0}, whole = {0};
    alx_error err;
    expect(ALX_INTERRUPTED, run_recipe(recipe, at("cut"), &cut, &err), &err);
    expect(ALX_OK, run_recipe(recipe, at("whole"), &whole, &err), &err);
    expect(ALX_OK, go_on(at("cut"), NULL, 0, &rest, at("cache"), &err), &err);
    assert_null(strstr(cut.said, "measured"));
    assert_null(strstr(rest.said, "measured"));
    assert_false(alx_file_exists(at("cache/" ALX_CHOICES_FILE)));
    assert_same_run(at("whole"), at("cut"));
    alx_recipe_destroy(recipe);
}

/* A damaged file is said, and replaced; a folder that cannot be written stops nothing. */
static void files_that_fail(void **state)
{
    (void)state;
    alx_recipe *recipe = tuned_recipe();
    witness damaged = {0}, unwritable = {0};
    alx_error err;
    make_folder(at("cache"));
    write_file(at("cache/" ALX_CHOICES_FILE), "rubbish", 7);
    expect(ALX_OK, train(recipe, at("damaged"), &damaged, at("cache"), &err), &err);
    assert_non_null(strstr(damaged.said, "warning: "));
    expect_words(damaged.said, "is damaged, or of another version");
    if (strstr(damaged.said, "were measured in")) {
        alx_choices choices = load(at("cache"));
        assert_true(choices.count > 0);
        alx_choices_finish(&choices);
    }
    expect(ALX_OK, train(recipe, at("unwritable"), &unwritable, at("tuned.yaml/below"), &err), &err);
    assert_null(strstr(unwritable.said, ALX_CHOICES_FILE));
    alx_recipe_destroy(recipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_resume_keeps_to_the_record),
        TEST(other_threads_are_measured_anew),
        TEST(untuned_stays_untuned),
        TEST(files_that_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Runs that must not begin or go on: changed recipes, damaged checkpoints, bad data, taken folders. */
#include "unit/trainer_fixture.h"

/* ---- Resuming what is no longer the same ---- */

static char last_refusal[sizeof((alx_error *)0)->message];

static void refuses(const char *key, const char *words)
{
    witness w = {0};
    alx_error err = {0};
    alx_status status = resume(at("run"), &key, key ? 1 : 0, &w, &err);
    if (status == ALX_OK) fail_msg("resumed with %s", key ? key : "the edited file");
    expect_words(err.message, words);
    memcpy(last_refusal, err.message, sizeof last_refusal);
}

static void a_resume_refuses_what_changed(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe();
    witness w = {.stop_after_steps = 4}, rest = {0};
    alx_error err;
    expect(ALX_INTERRUPTED, run_recipe(recipe, at("run"), &w, &err), &err);
    write_file(at("run/last.safetensors.tmp-1"), "half", 4); /* of a process that was killed */
    refuses("learning_rate=1", "learning_rate cannot change");
    assert_false(alx_file_exists(at("run/last.safetensors.tmp-1")));
    refuses("train.batch-size=4", "batch_size cannot change");
    refuses("model=alexnet", "model cannot change");
    refuses("augment=[]", "augment cannot change");
    refuses("lr=1", "did you mean train.learning_rate?");
    refuses("epochs", "key=value");
    refuses("epochs=0", "out of range");

    replace_in(at("run/recipe.yaml"), "momentum: 0 ", "momentum: 0.5 ");
    refuses(NULL, "train.momentum was 0 when the run began and is 0.5");
    replace_in(at("run/recipe.yaml"), "momentum: 0.5 ", "momentum: 0 ");
    replace_in(at("run/recipe.yaml"), "augment: [random_crop, flip]", "augment: [flip]");
    refuses(NULL, "augment was [random_crop, flip]");
    replace_in(at("run/recipe.yaml"), "augment: [flip]", "augment: [random_crop, flip]");
    replace_in(at("run/model.yaml"), "0.25", "0.5");
    refuses(NULL, "model.yaml: was changed");
    replace_in(at("run/model.yaml"), "0.5", "0.25");

    draw(at("train/across/000.png"), 0, 77);
    refuses(NULL, "the training images are not those");
    draw(at("train/across/000.png"), 0, 0);
    draw(at("validation/down/999.png"), 1, 5);
    refuses(NULL, "the validation images are not those");
    unlink(at("validation/down/999.png"));

    /* moved data is the same data; other threads are said */
    assert_int_equal(rename(at("train"), at("moved")), 0);
    char moved[2048];
    snprintf(moved, sizeof moved, "data.train=%s", at("moved"));
    const char *const keys[] = {moved, "threads=1"};
    expect(ALX_OK, resume(at("run"), keys, 2, &rest, &err), &err);
    expect_words(rest.said, "1 thread where the run began with 2");
    alx_recipe_destroy(recipe);
}

static void damaged_or_missing_checkpoints_are_refused(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe();
    witness w = {.stop_after_steps = 4};
    alx_error err;
    expect(ALX_INTERRUPTED, run_recipe(recipe, at("run"), &w, &err), &err);
    size_t size;
    uint8_t *bytes = slurp(at("run"), "last.safetensors", &size);
    bytes[size / 2] ^= 4;
    write_file(at("run/last.safetensors"), bytes, size);
    refuses(NULL, "last.safetensors: not a sound safetensors file: its bytes"); /* the path once */
    assert_int_equal(strncmp(last_refusal, at("run/last.safetensors: not"), strlen(at("run/last.safetensors: not"))),
                     0);
    write_file(at("run/last.safetensors"), bytes, size / 2);
    refuses(NULL, "last.safetensors");
    free(bytes);
    unlink(at("run/last.safetensors"));
    refuses(NULL, "nothing to resume");
    temp_folder_remove(at("run"));
    refuses(NULL, "no such run folder");
    alx_recipe_destroy(recipe);
}

/* ---- Data ---- */

static void refuses_data(const alx_recipe *recipe, alx_status wanted, const char *words)
{
    witness w = {0};
    alx_error err = {0};
    expect(wanted, run_recipe(recipe, at("never"), &w, &err), &err);
    expect_words(err.message, words);
    assert_false(alx_file_exists(at("never")));
}

static void bad_data_is_said(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe();
    set(recipe, "data.train", at("nowhere"));
    refuses_data(recipe, ALX_IO, "nowhere");
    set(recipe, "data.train", "");
    refuses_data(recipe, ALX_USAGE, "no training data");
    set(recipe, "data.train", root);
    refuses_data(recipe, ALX_BAD_DATA, "holds splits");
    draw_class("one", "only", 0, 3, 0);
    set(recipe, "data.train", at("one"));
    refuses_data(recipe, ALX_BAD_DATA, "one class alone (only)");
    make_folder(at("train/empty"));
    set(recipe, "data.train", at("train"));
    refuses_data(recipe, ALX_BAD_DATA, "empty");
    rmdir(at("train/empty"));
    draw_class("train", "dot", 2, 3, 0);
    refuses_data(recipe, ALX_BAD_DATA, "dot");
    draw_class("validation", "dot", 2, 3, 0);
    set(recipe, "classes", "2");
    refuses_data(recipe, ALX_BAD_DATA, "classes: 2");
    set(recipe, "classes", "3");
    set(recipe, "class_weight", "[1, 2]");
    refuses_data(recipe, ALX_USAGE, "class_weight has 2 numbers for 3 classes");
    set(recipe, "class_weight", "[0, 0, 0]");
    refuses_data(recipe, ALX_USAGE, "nothing to learn");
    set(recipe, "class_weight", "[1, 2, 1.5]");
    set(recipe, "epochs", "1");
    witness w = {0};
    alx_error err;
    expect(ALX_OK, run_recipe(recipe, at("three"), &w, &err), &err);
    alx_recipe_destroy(recipe);
}

static void unreadable_images_are_left_out_and_named(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe();
    write_file(at("train/down/007.png"), "\x89PNG\r\n\x1a\n", 8);
    refuses_data(recipe, ALX_BAD_DATA, "007.png");
    write_file(at("train/down/012.png"), "", 0);
    set(recipe, "skip_bad", "5");
    set(recipe, "epochs", "1");
    witness w = {0};
    alx_error err;
    expect(ALX_OK, run_recipe(recipe, at("run"), &w, &err), &err);
    expect_words(w.said, "warning: train: 2 images could not be read and are left out; the first: ");
    assert_int_equal(w.steps, 5); /* 40 images, 8 a step */
    expect_words(w.said, "007.png");
    alx_recipe_destroy(recipe);
}

static void the_validation_set_is_found_or_made(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe();
    alx_error err;
    set(recipe, "epochs", "1");
    set(recipe, "data.validation", "");
    set(recipe, "data.test", at("validation"));
    witness test = {0}, split = {0}, none = {0};
    expect(ALX_OK, run_recipe(recipe, at("test"), &test, &err), &err);
    expect_words(test.said, "test images validate");
    size_t size;
    char *written = (char *)slurp(at("test"), "recipe.yaml", &size); /* says what they did */
    expect_words(written, "/validation");
    expect_words(written, "\n  test: \"\" ");
    free(written);
    set(recipe, "data.test", "");
    expect(ALX_OK, run_recipe(recipe, at("split"), &split, &err), &err);
    expect_words(split.said, "train: Found 34 images");
    expect_words(split.said, "validation: Found 8 images");
    set(recipe, "validation_split", "0");
    set(recipe, "batch_size", "100");
    expect(ALX_OK, run_recipe(recipe, at("none"), &none, &err), &err);
    expect_words(none.said, "the training loss decides");
    expect_words(none.said, "batch_size 100 is more than there are training images: 42 are used");
    assert_int_equal(none.steps, 1);
    assert_int_equal(none.val_steps, 0);
    assert_int_equal(none.best, 1);
    assert_true(isnan(none.val_accuracy));
    alx_recipe_destroy(recipe);
}

static void splits_open_as_data_sets(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe();
    alx_dataset *dataset;
    alx_error err;
    int width, height;
    uint8_t pixels[12 * 12 * 3];
    expect(ALX_OK, alx_dataset_open(&dataset, recipe, "validation", &err), &err);
    assert_int_equal(alx_dataset_count(dataset), 18);
    alx_dataset_image_size(dataset, &width, &height);
    assert_int_equal(width, 12);
    expect(ALX_OK, alx_dataset_image(dataset, 3, pixels, &err), &err);
    alx_dataset_destroy(dataset);
    expect(ALX_USAGE, alx_dataset_open(&dataset, recipe, "test", &err), &err);
    assert_null(dataset);
    expect(ALX_USAGE, alx_dataset_open(&dataset, recipe, "valid", &err), &err);
    set(recipe, "data.validation", "");
    expect(ALX_OK, alx_dataset_open(&dataset, recipe, "train", &err), &err);
    assert_int_equal(alx_dataset_count(dataset), 34);
    alx_dataset_destroy(dataset);
    expect(ALX_OK, alx_recipe_set_folder(recipe, root, &err), &err);
    expect(ALX_OK, alx_dataset_open(&dataset, recipe, "validation", &err), &err);
    assert_int_equal(alx_dataset_count(dataset), 18);
    alx_dataset_destroy(dataset);
    alx_recipe_destroy(recipe);
}

static void folders_are_taken_at_their_word(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe();
    alx_error err;
    witness w = {0}, mixed = {0}, inside = {0};
    set(recipe, "epochs", "1");
    draw_class("test", "across", 0, 1, 0);
    draw_class("test", "up", 1, 1, 0);
    set(recipe, "data.test", at("test"));
    refuses_data(recipe, ALX_BAD_DATA, "has no class up, which");
    assert_int_equal(rename(at("test/up"), at("test/down")), 0);
    expect(ALX_OK, run_recipe(recipe, at("tested"), &w, &err), &err);
    assert_null(strstr(w.said, "left out"));

    expect(ALX_OK, alx_recipe_set_folder(recipe, root, &err), &err); /* with the run beside train */
    expect(ALX_OK, run_recipe(recipe, at("mixed"), &mixed, &err), &err);
    expect_words(mixed.said, "warning: ");
    expect_words(mixed.said, "left out, because no split is called so: tested; move classes into train");

    expect(ALX_USAGE, run_recipe(recipe, at("train/new/run"), &inside, &err), &err);
    expect_words(err.message, "the run would lie among the images of ");
    assert_false(alx_file_exists(at("train/new")));
    expect(ALX_USAGE, run_recipe(recipe, at("test"), &inside, &err), &err);

    /* a class that is called train */
    draw_class("veh", "train", 0, 4, 0);
    draw_class("veh", "bus", 1, 4, 0);
    alx_recipe_destroy(recipe);
    recipe = make_recipe();
    witness veh = {0};
    set(recipe, "epochs", "1");
    set(recipe, "data.validation", "");
    set(recipe, "data.train", at("veh"));
    expect(ALX_OK, run_recipe(recipe, at("vehicles"), &veh, &err), &err);
    expect_words(veh.said, "bus (3), train (3)");
    alx_recipe_destroy(recipe);
}

static void refuses_recipe(const char *text, const char *data, alx_status wanted, const char *words)
{
    char yaml[4096];
    alx_recipe *recipe;
    alx_error err;
    witness w = {0};
    snprintf(yaml, sizeof yaml, "model: net.yaml\ndata:\n  train: %s\n%s", data, text);
    write_file(at("r.yaml"), yaml, strlen(yaml));
    expect(ALX_OK, alx_recipe_open(&recipe, at("r.yaml"), &err), &err);
    expect(wanted, run_recipe(recipe, at("never"), &w, &err), &err);
    expect_words(err.message, words);
    alx_recipe_destroy(recipe);
}

/* Before the data are listed, with the file's place; the folder "none" would be the next mistake. */
static void bad_values_are_placed_early(void **state)
{
    (void)state;
    refuses_recipe("  image_size: 8\n", "none", ALX_BAD_DATA, "r.yaml:4:15: image_size 8x8 is smaller");
    refuses_recipe("  std: [1, 2]\n", "none", ALX_BAD_DATA, "r.yaml:4:8: std has 2 numbers");
    refuses_recipe("augment: [random_crop]\n", "none", ALX_BAD_DATA, "r.yaml:4:10: random_crop: ");
    refuses_recipe("train:\n  class_weight: [1, 2, 3]\n", "train", ALX_BAD_DATA, "r.yaml:5:17: class_weight has 3");
    refuses_recipe("", "none", ALX_IO, "none");
    alx_recipe *recipe = make_recipe();
    set(recipe, "image_size", "8"); /* not from a file */
    refuses_data(recipe, ALX_USAGE, "image_size 8x8");
    set(recipe, "data.train", at("none"));
    set(recipe, "model", "alexnett");
    refuses_data(recipe, ALX_BAD_MODEL, "no network alexnett; did you mean alexnet?");
    alx_recipe_destroy(recipe);
}

/* ---- On another machine ---- */

static const char *self;

/* This program again, as `test_runs run`, where oneDNN may not use AVX-512. */
static void bf16_resumes_where_it_can_alone(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe();
    witness w = {.stop_after_steps = 4};
    alx_error err;
    alx_dtype type;
    if (alx_engine_resolve_precision(&type, ALX_PRECISION_BF16, NULL)) {
        alx_recipe_destroy(recipe);
        skip();
    }
    set(recipe, "precision", "bf16");
    expect(ALX_INTERRUPTED, run_recipe(recipe, at("run"), &w, &err), &err);
    char command[4096], said[1024] = "";
    snprintf(command, sizeof command, "ONEDNN_MAX_CPU_ISA=AVX2 '%s' '%s'", self, at("run"));
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(said, sizeof said, pipe));
    pclose(pipe);
    expect_words(said, "resume it on a machine that has, or start a new run with precision f32");
    alx_recipe_destroy(recipe);
}

static int resume_and_tell(const char *run)
{
    witness w = {0};
    alx_error err = {0};
    alx_status status = resume(run, NULL, 0, &w, &err);
    printf("%s\n", status ? err.message : "resumed");
    return 0;
}

/* ---- Run folders ---- */

static void run_folders_are_numbered_and_kept(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe(), *again;
    alx_run_config config;
    alx_trainer *a, *b;
    alx_error err;
    char *home = realpath(".", NULL);
    assert_int_equal(chdir(root), 0);
    set(recipe, "data.train", "train"); /* relative paths must survive in runs/N/recipe.yaml */
    set(recipe, "epochs", "1");
    alx_run_config_init(&config);
    expect(ALX_OK, alx_trainer_create(&a, recipe, &config, &err), &err);
    assert_string_equal(alx_trainer_folder(a), "runs/1");
    expect(ALX_OK, alx_trainer_create(&b, recipe, &config, &err), &err);
    assert_string_equal(alx_trainer_folder(b), "runs/2");
    alx_trainer_destroy(b);
    expect(ALX_OK, alx_trainer_run(a, &err), &err);
    expect(ALX_OK, alx_recipe_open(&again, "runs/1/recipe.yaml", &err), &err);
    assert_int_equal(chdir("runs"), 0);
    expect(ALX_BAD_MODEL, alx_trainer_create(&b, again, &config, &err), &err); /* relative to where it was opened */
    alx_recipe_destroy(again);
    expect(ALX_OK, alx_recipe_open(&again, "1/recipe.yaml", &err), &err);
    config.out = "1";
    expect(ALX_USAGE, alx_trainer_create(&b, again, &config, &err), &err);
    expect_words(err.message, "--overwrite");
    config.overwrite = 1;
    expect(ALX_IO, alx_trainer_create(&b, again, &config, &err), &err); /* a is still there */
    expect_words(err.message, "another process is writing");
    alx_trainer_destroy(a);
    expect(ALX_OK, alx_trainer_create(&b, again, &config, &err), &err);
    expect(ALX_OK, alx_trainer_run(b, &err), &err);
    alx_trainer_destroy(b);
    alx_recipe_destroy(again);
    assert_int_equal(chdir(home), 0);
    free(home);
    alx_recipe_destroy(recipe);
}

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc == 2) return resume_and_tell(argv[1]);
    const struct CMUnitTest tests[] = {
        TEST(a_resume_refuses_what_changed),
        TEST(damaged_or_missing_checkpoints_are_refused),
        TEST(bad_data_is_said),
        TEST(unreadable_images_are_left_out_and_named),
        TEST(the_validation_set_is_found_or_made),
        TEST(splits_open_as_data_sets),
        TEST(folders_are_taken_at_their_word),
        TEST(bad_values_are_placed_early),
        TEST(bf16_resumes_where_it_can_alone),
        TEST(run_folders_are_numbered_and_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

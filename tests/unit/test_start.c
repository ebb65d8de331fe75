/* Runs that start from weights of a file, and runs with frozen layers. */
#include "unit/trainer_fixture.h"

/* The values of a tensor in root/file. */
static uint8_t *tensor(const char *file, const char *name, size_t *size)
{
    alx_safetensors *opened;
    assert_int_equal(alx_safetensors_open(&opened, at(file), NULL), ALX_OK);
    const alx_st_tensor *found = alx_safetensors_find(opened, name);
    if (!found) fail_msg("no %s in %s", name, file);
    uint8_t *bytes = malloc(found->size);
    assert_non_null(bytes);
    assert_int_equal(alx_safetensors_read(opened, found, bytes, NULL), ALX_OK);
    *size = found->size;
    alx_safetensors_close(opened);
    return bytes;
}

static bool same_tensor(const char *a, const char *b, const char *name)
{
    size_t a_size, b_size;
    uint8_t *x = tensor(a, name, &a_size), *y = tensor(b, name, &b_size);
    const bool same = a_size == b_size && memcmp(x, y, a_size) == 0;
    free(x);
    free(y);
    return same;
}

/* A run of one epoch that others start from. */
static alx_recipe *train_first(void)
{
    alx_recipe *recipe = make_recipe();
    witness w = {0};
    alx_error err;
    set(recipe, "epochs", "1");
    expect(ALX_OK, run_recipe(recipe, at("first"), &w, &err), &err);
    set(recipe, "seed", "6");
    return recipe;
}

static void a_run_starts_from_another(void **state)
{
    (void)state;
    alx_recipe *recipe = train_first();
    witness w = {0}, from_file = {0};
    alx_error err;
    set(recipe, "learning_rate", "0"); /* what it ends with is what it began with */
    set(recipe, "weights", at("first"));
    expect(ALX_OK, run_recipe(recipe, at("second"), &w, &err), &err);
    expect_words(w.said, "weights: 9 of 9 tensors from ");
    expect_words(w.said, ", by name");
    assert_null(strstr(w.said, "warning: weights"));
    assert_true(same_tensor("first/best.safetensors", "second/last.safetensors", "dense_1.kernel"));
    assert_true(same_tensor("first/best.safetensors", "second/last.safetensors", "dense_2.kernel"));
    set(recipe, "weights", at("first/best.safetensors"));
    set(recipe, "rescale", "1/128");
    expect(ALX_OK, run_recipe(recipe, at("third"), &from_file, &err), &err);
    expect_words(from_file.said, "warning: weights: their images were prepared as 16x16");
    assert_true(same_tensor("second/last.safetensors", "third/last.safetensors", "conv2d_1.kernel"));
    alx_recipe_destroy(recipe);
}

static void other_classes_start_the_head_afresh(void **state)
{
    (void)state;
    alx_recipe *recipe = train_first();
    witness w = {0}, renamed = {0};
    alx_error err;
    set(recipe, "learning_rate", "0");
    set(recipe, "weights", at("first"));
    assert_int_equal(rename(at("train/down"), at("train/upright")), 0);
    assert_int_equal(rename(at("validation/down"), at("validation/upright")), 0);
    expect(ALX_OK, run_recipe(recipe, at("renamed"), &renamed, &err), &err);
    expect_words(renamed.said, "warning: weights: class 2 of the last layer was down there and is upright here");
    draw_class("train", "dot", 2, 8, 0);
    draw_class("validation", "dot", 2, 3, 100);
    expect(ALX_OK, run_recipe(recipe, at("three"), &w, &err), &err);
    expect_words(w.said, "weights: 7 of 9 tensors from ");
    expect_words(w.said,
                 "weights: dense_2: its kernel is (2, 256) in the file and (3, 256) in the network: it starts afresh");
    assert_true(same_tensor("first/best.safetensors", "three/last.safetensors", "dense_1.kernel"));
    alx_recipe_destroy(recipe);
}

static void a_resume_does_not_need_the_weights(void **state)
{
    (void)state;
    alx_recipe *recipe = train_first();
    witness whole = {0}, cut = {.stop_after_steps = 7}, rest = {0};
    alx_error err = {0};
    set(recipe, "epochs", "3");
    set(recipe, "weights", at("first"));
    expect(ALX_OK, run_recipe(recipe, at("whole"), &whole, &err), &err);
    expect(ALX_INTERRUPTED, run_recipe(recipe, at("cut"), &cut, &err), &err);
    temp_folder_remove(at("first"));
    const char *const key = "weights=elsewhere";
    witness never = {0};
    expect(ALX_USAGE, resume(at("cut"), &key, 1, &never, &err), &err);
    expect_words(err.message, "weights cannot change");
    expect(ALX_OK, resume(at("cut"), NULL, 0, &rest, &err), &err);
    assert_null(strstr(rest.said, "weights:"));
    assert_same_run(at("whole"), at("cut"));
    alx_safetensors *last; /* checkpoints hold no paths */
    assert_int_equal(alx_safetensors_open(&last, at("cut/last.safetensors"), NULL), ALX_OK);
    assert_null(strstr(alx_safetensors_metadata(last, "recipe"), "first"));
    alx_safetensors_close(last);
    size_t size;
    uint8_t *recorded = slurp(at("cut"), "recipe.yaml", &size);
    expect_words((const char *)recorded, at("first"));
    free(recorded);
    alx_recipe_destroy(recipe);
}

static void frozen_layers_keep_their_bytes(void **state)
{
    (void)state;
    static const char *const still[] = {"conv2d_1.kernel", "batch_normalization_1.gamma", "batch_normalization_1.beta",
                                        "batch_normalization_1.moving_mean", "batch_normalization_1.moving_variance"};
    static const char *const moved[] = {"dense_1.kernel", "dense_1.bias", "dense_2.kernel", "dense_2.bias"};
    alx_recipe *recipe = train_first();
    witness w = {0}, cut = {.stop_after_steps = 9}, rest = {0};
    alx_error err;
    set(recipe, "epochs", "3");
    set(recipe, "weights", at("first"));
    set(recipe, "freeze", "[conv2d_1, \"batch_*\"]");
    set(recipe, "keep_optimizer", "true");
    expect(ALX_OK, run_recipe(recipe, at("frozen"), &w, &err), &err);
    expect_words(w.said, "freeze: 2 of 4 layers keep their weights; ");
    for (size_t i = 0; i < sizeof still / sizeof still[0]; i++)
        if (!same_tensor("first/best.safetensors", "frozen/last.safetensors", still[i])) fail_msg("%s moved", still[i]);
    for (size_t i = 0; i < sizeof moved / sizeof moved[0]; i++)
        if (same_tensor("first/best.safetensors", "frozen/last.safetensors", moved[i])) fail_msg("%s stood", moved[i]);
    assert_true(has_tensor(at("frozen"), "last.safetensors", "optimizer.m.dense_1.kernel"));
    assert_false(has_tensor(at("frozen"), "last.safetensors", "optimizer.m.conv2d_1"));
    assert_false(has_tensor(at("frozen"), "last.safetensors", "optimizer.m.batch"));

    expect(ALX_INTERRUPTED, run_recipe(recipe, at("cut"), &cut, &err), &err);
    expect(ALX_OK, resume(at("cut"), NULL, 0, &rest, &err), &err);
    assert_same_run(at("frozen"), at("cut"));
    alx_recipe_destroy(recipe);
}

static void mistakes_are_told_before_images_are_read(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe();
    alx_error err;
    witness w = {.stop_after_steps = 2};
    set(recipe, "freeze", "[conv2d_1]");
    expect(ALX_INTERRUPTED, run_recipe(recipe, at("run"), &w, &err), &err);
    const char *const key = "freeze=[]";
    expect(ALX_USAGE, resume(at("run"), &key, 1, &w, &err), &err);
    expect_words(err.message, "freeze cannot change");
    replace_in(at("run/recipe.yaml"), "freeze: [conv2d_1]", "freeze: [conv2d_1, dense_1]");
    expect(ALX_USAGE, resume(at("run"), NULL, 0, &w, &err), &err);
    expect_words(err.message, "train.freeze was [conv2d_1] when the run began");

    static const struct {
        const char *key, *value, *words;
        alx_status status;
    } rows[] = {
        {"freeze", "[conv_1]", "did you mean conv2d_1?", ALX_USAGE},
        {"freeze", "['*']", "nothing is left to learn", ALX_USAGE},
        {"weights", "nowhere", "nowhere", ALX_IO},
        {"weights", "train", "give a run folder", ALX_BAD_MODEL},
        {"weights", "net.yaml", "not a model file", ALX_BAD_DATA},
        {"weights", "run/last.safetensors", "dense_1.kernel is (256, 288) in the file and (64, 288)", ALX_BAD_MODEL}};
    set(recipe, "freeze", "[]");
    replace_in(at("net.yaml"), "units: 256", "units: 64");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        witness never = {0};
        const bool is_file = strcmp(rows[i].key, "weights") == 0;
        set(recipe, rows[i].key, is_file ? at(rows[i].value) : rows[i].value);
        expect(rows[i].status, run_recipe(recipe, at("never"), &never, &err), &err);
        expect_words(err.message, rows[i].words);
        assert_false(alx_file_exists(at("never")));
        set(recipe, rows[i].key, is_file ? "" : "[]");
    }
    /* In a file, the mistake has a place. */
    static const char text[] = "model: net.yaml\ndata: {train: train}\ntrain:\n  freeze: [conv_1]\n";
    write_file(at("recipe.yaml"), text, sizeof text - 1);
    alx_recipe *placed;
    assert_int_equal(alx_recipe_open(&placed, at("recipe.yaml"), &err), ALX_OK);
    expect(ALX_BAD_DATA, run_recipe(placed, at("never"), &w, &err), &err);
    expect_words(err.message, "recipe.yaml:4:11: no layer with parameters is called conv_1");
    alx_recipe_destroy(placed);
    alx_recipe_destroy(recipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_run_starts_from_another),
        TEST(other_classes_start_the_head_afresh),
        TEST(a_resume_does_not_need_the_weights),
        TEST(frozen_layers_keep_their_bytes),
        TEST(mistakes_are_told_before_images_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

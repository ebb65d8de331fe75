/* What a trainer makes of its images: normalised by their own figures, mixed with each other. */
#include "trainer_fixture.h"

static char *text_of(const char *run, const char *name)
{
    size_t size;
    return (char *)slurp(run, name, &size); /* it ends in a zero */
}

/* `train` becomes numbers: in the recipe, and in the model that people ship. */
static void images_are_normalised_by_their_own(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe();
    set(recipe, "mean", "train");
    set(recipe, "std", "train");
    set(recipe, "epochs", "2");
    witness w = {0}, again = {0};
    alx_error err;
    expect(ALX_OK, run_recipe(recipe, at("run"), &w, &err), &err);
    char *written = text_of(at("run"), "recipe.yaml");
    assert_null(strstr(written, "mean: train"));
    expect_words(written, "mean: [0.");
    expect_words(written, "std: [0.");
    alx_model *model;
    expect(ALX_OK, alx_model_open(&model, at("run"), &err), &err);
    expect_words(alx_model_preprocessing(model), "mean 0.");
    expect_words(w.said, alx_model_preprocessing(model));
    alx_model_destroy(model);
    /* The recipe that was written gives the same run. */
    alx_recipe *copy;
    expect(ALX_OK, alx_recipe_open(&copy, at("run/recipe.yaml"), &err), &err);
    expect(ALX_OK, run_recipe(copy, at("again"), &again, &err), &err);
    assert_same_run(at("run"), at("again"));
    alx_recipe_destroy(copy);
    alx_recipe_destroy(recipe);
    free(written);
}

static void images_without_a_difference_are_refused(void **state)
{
    (void)state;
    const uint8_t grey[SIDE * SIDE * 3] = {0};
    png_image image = {.version = PNG_IMAGE_VERSION, .width = SIDE, .height = SIDE, .format = PNG_FORMAT_RGB};
    for (int i = 0; i < 4; i++) {
        char path[2048];
        snprintf(path, sizeof path, "%s/%s/%d.png", at("flat"), i % 2 ? "a" : "b", i);
        make_folder(at(i % 2 ? "flat/a" : "flat/b"));
        assert_true(png_image_write_to_file(&image, path, 0, grey, 0, NULL));
    }
    alx_recipe *recipe = make_recipe();
    set(recipe, "data.train", at("flat"));
    set(recipe, "data.validation", "");
    set(recipe, "data.split.validation", "0");
    set(recipe, "std", "train");
    witness w = {0};
    alx_error err;
    expect(ALX_BAD_DATA, run_recipe(recipe, at("run"), &w, &err), &err);
    expect_words(err.message, "std: train: all training images have one and the same value");
    alx_recipe_destroy(recipe);
}

/* Mixed images, their labels and what normalises them are drawn and measured again to the same bytes. */
static void a_mixed_run_resumes_to_the_same_bytes(void **state)
{
    (void)state;
    alx_recipe *recipe = make_recipe();
    set(recipe, "augment", "[random_crop, flip, mixup: {alpha: 1, probability: 0.5}, cutmix]");
    set(recipe, "mean", "train");
    set(recipe, "std", "train");
    set(recipe, "label_smoothing", "0.1");
    witness whole = {0}, first = {.stop_after_steps = 8}, rest = {0};
    alx_error err;
    expect(ALX_OK, run_recipe(recipe, at("whole"), &whole, &err), &err);
    expect(ALX_INTERRUPTED, run_recipe(recipe, at("cut"), &first, &err), &err);
    expect(ALX_OK, resume(at("cut"), NULL, 0, &rest, &err), &err);
    assert_same_run(at("whole"), at("cut"));
    /* They are mixed: without it the weights are others. */
    set(recipe, "augment", "[random_crop, flip]");
    witness plain = {0};
    expect(ALX_OK, run_recipe(recipe, at("plain"), &plain, &err), &err);
    assert_false(same_file(at("whole"), at("plain"), "best.safetensors"));
    alx_recipe_destroy(recipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(images_are_normalised_by_their_own),
        TEST(images_without_a_difference_are_refused),
        TEST(a_mixed_run_resumes_to_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What may be asked of a run: weights of classes and layers, schedules, early stops; and that all of it goes on in the
 * same bytes after a cut. */
#include "unit/training_fixture.h"

/* ---- Weights of classes and layers ---- */

static void balanced_weights_are_scikit_learns(void **state)
{
    (void)state;
    alx_recipe *recipe = make_quick_recipe(), *written;
    alx_error err;
    draw_class("train", "dot", 2, 7, 0);
    draw_class("validation", "dot", 2, 3, 50);
    set(recipe, "class_weight", "balanced");
    set(recipe, "epochs", "1");
    train_quietly(recipe, "run");
    expect(ALX_OK, alx_recipe_open(&written, at("run/recipe.yaml"), &err), &err);
    const alx_numbers *weights = &written->train.class_weight; /* across 21, dot 7, down 21 */
    assert_int_equal(weights->count, 3);
    assert_true(weights->values[0] == 49.0 / (3 * 21.0) && weights->values[1] == 49.0 / (3 * 7.0));
    alx_recipe_destroy(written);
    witness rest = {0};
    const char *const more[] = {"epochs=2"};
    expect(ALX_OK, resume(at("run"), more, 1, &rest, &err), &err);
    alx_recipe_destroy(recipe);
}

static void layers_have_their_own_rates(void **state)
{
    (void)state;
    alx_recipe *recipe = make_quick_recipe();
    alx_error err;
    witness w = {0};
    set(recipe, "epochs", "1");
    set(recipe, "rate_multipliers", "{\"dense_*\": 1}"); /* one group more, the same numbers */
    train_quietly(recipe, "same");
    set(recipe, "rate_multipliers", "{}");
    train_quietly(recipe, "plain");
    assert_true(distance("same", "", "plain", "") == 0.0);
    set(recipe, "rate_multipliers", "{\"dense_*\": 0.5}");
    train_quietly(recipe, "half");
    assert_true(distance("half", "", "plain", "") > 1e-3);
    set(recipe, "decay_multipliers", "{\"dense_9.*\": 0}");
    expect(ALX_USAGE, run_recipe(recipe, at("never"), &w, &err), &err);
    expect_words(err.message, "decay_multipliers: no trained tensor is called like dense_9.*; there are conv2d_1.ker");
    alx_recipe_destroy(recipe);
}

static void what_cannot_go_together_is_refused(void **state)
{
    (void)state;
    alx_recipe *recipe = make_quick_recipe();
    alx_error err;
    witness w = {0};
    set(recipe, "schedule", "cosine");
    set(recipe, "min_learning_rate", "0.02");
    expect(ALX_USAGE, run_recipe(recipe, at("never"), &w, &err), &err);
    expect_words(err.message, "min_learning_rate 0.02 is above learning_rate 0.01");
    set(recipe, "min_learning_rate", "0");
    set(recipe, "warmup_epochs", "3.5");
    expect(ALX_USAGE, run_recipe(recipe, at("never"), &w, &err), &err);
    expect_words(err.message, "warmup_epochs 3.5 is more than the run's 3 epochs");
    alx_recipe_destroy(recipe);
}

/* ---- Schedules and early stops in a run ---- */

static void the_rate_is_recorded(void **state)
{
    (void)state;
    alx_recipe *recipe = make_quick_recipe();
    const key keys[] = {
        {"schedule", "step"}, {"decay_epochs", "1"}, {"decay_factor", "0.5"}, {"warmup_epochs", "2"}, {0}};
    set_all(recipe, keys);
    train_quietly(recipe, "run");
    assert_true(fabs(metric("run", 1, RATE) - 0.01 * 6 / 12) < 1e-12); /* the sixth step of twelve that warm up */
    assert_true(fabs(metric("run", 2, RATE) - 0.005) < 1e-12);
    assert_true(fabs(metric("run", 3, RATE) - 0.0025) < 1e-12);
    alx_recipe_destroy(recipe);
}

/* A cosine between equal rates is constant; between others it is not. */
static void the_rate_is_that_of_the_steps(void **state)
{
    (void)state;
    alx_recipe *recipe = make_quick_recipe();
    train_quietly(recipe, "constant");
    set(recipe, "schedule", "cosine");
    set(recipe, "min_learning_rate", "0.01");
    train_quietly(recipe, "level");
    set(recipe, "min_learning_rate", "0");
    train_quietly(recipe, "cosine");
    assert_true(distance("level", "", "constant", "") == 0.0);
    assert_true(distance("cosine", "", "constant", "") > 1e-3);
    alx_recipe_destroy(recipe);
}

/* A rate of 0 improves nothing: the run stops, is complete, and can be extended with more patience. */
static void patience_ends_a_run(void **state)
{
    (void)state;
    alx_recipe *recipe = make_quick_recipe();
    alx_error err;
    witness w = {0}, rest = {0}, whole = {0};
    forget_statistics();
    const key keys[] = {{"learning_rate", "0"},
                        {"epochs", "9"},
                        {"patience", "2"},
                        {"keep_optimizer", "yes"},
                        {"schedule", "plateau"},
                        {"plateau_patience", "1"},
                        {0}};
    set_all(recipe, keys);
    train(recipe, "run", &w);
    assert_int_equal(w.epochs_ended, 3); /* the first is the best, two more are waited for */
    assert_int_equal(w.ends, 1);
    expect_words(w.ended, "stopped early after epoch 3 of 9: val_loss has not improved for 2 epochs; best: epoch 1, "
                          "val_loss ");
    assert_int_equal(count_lines(at("run"), "metrics.csv"), 4);
    expect(ALX_USAGE, resume(at("run"), NULL, 0, &rest, &err), &err);
    expect_words(err.message, "stopped early after epoch 3, when val_loss had not improved for 2 epochs; to extend it "
                              "give more patience, such as --patience 4");
    const char *const more[] = {"patience=4"};
    expect(ALX_OK, resume(at("run"), more, 1, &rest, &err), &err);
    assert_int_equal(rest.epochs_ended, 2);
    set(recipe, "patience", "4");
    train(recipe, "whole", &whole);
    expect_words(whole.ended, "stopped early after epoch 5 of 9");
    assert_same_run(at("run"), at("whole"));
    set(recipe, "keep_optimizer", "no");
    train_quietly(recipe, "dropped");
    assert_false(has_tensor(at("dropped"), "last.safetensors", "optimizer."));
    alx_recipe_destroy(recipe);
}

static void a_longer_run_has_another_schedule(void **state)
{
    (void)state;
    alx_recipe *recipe = make_quick_recipe();
    alx_error err;
    witness w = {.stop_after_steps = 8}, rest = {0};
    const char *const more[] = {"epochs=4"};
    set(recipe, "schedule", "cosine");
    expect(ALX_INTERRUPTED, run_recipe(recipe, at("run"), &w, &err), &err);
    expect(ALX_OK, resume(at("run"), more, 1, &rest, &err), &err);
    expect_words(rest.said, "from here on the learning rate is that of a run of 4, where it began as one of 3");
    expect_words(rest.ended, "complete; best: epoch ");
    alx_recipe_destroy(recipe);
}

/* ---- The same bytes ---- */

/* Cut twice in training, twice in validation. */
static void cut_and_compare(const alx_recipe *recipe, const char *whole)
{
    static const int64_t cuts[][2] = {{1, 0}, {3, 0}, {0, 1}, {0, 4}};
    alx_error err;
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        witness w = {.stop_after_steps = cuts[i][0], .stop_after_val_steps = cuts[i][1]}, rest = {0};
        witness again = {.stop_after_steps = cuts[i][0] ? 2 : 0, .stop_after_val_steps = cuts[i][1] ? 1 : 0};
        expect(ALX_INTERRUPTED, run_recipe(recipe, at("cut"), &w, &err), &err);
        expect(ALX_INTERRUPTED, resume(at("cut"), NULL, 0, &again, &err), &err);
        expect(ALX_OK, resume(at("cut"), NULL, 0, &rest, &err), &err);
        assert_same_run(at(whole), at("cut"));
        temp_folder_remove(at("cut"));
    }
}

static void everything_resumes_to_the_same_bytes(void **state)
{
    (void)state;
    static const key all[] = {{"ema", "0.9"},
                              {"gradient_accumulation_steps", "3"},
                              {"augment", "[random_crop, flip, mixup: {alpha: 1, probability: 0.7}, cutmix]"},
                              {"mean", "train"},
                              {"std", "train"},
                              {"clip_norm", "0.5"},
                              {"clip_value", "0.3"},
                              {"class_weight", "balanced"},
                              {"rate_multipliers", "{\"*.bias\": 2}"},
                              {"decay_multipliers", "{\"batch_normalization_*\": 0}"},
                              {"weight_decay", "0.01"},
                              {"warmup_epochs", "0.7"},
                              {"epochs", "4"},
                              {"monitor", "val_accuracy"},
                              {0}};
    static const key kinds[][5] = {
        {{"optimizer", "adamw"}, {"schedule", "one_cycle"}, {"patience", "3"}},
        {{"optimizer", "sgd"}, {"momentum", "0.9"}, {"schedule", "plateau"}, {"plateau_patience", "1"}},
    };
    for (int k = 0; k < 2; k++) {
        alx_recipe *recipe = k ? make_recipe() : make_quick_recipe();
        char name[16];
        set_all(recipe, all);
        set_all(recipe, kinds[k]);
        snprintf(name, sizeof name, "whole%d", k);
        train_quietly(recipe, name);
        cut_and_compare(recipe, name);
        alx_recipe_destroy(recipe);
    }
    assert_true(metric("whole1", 4, RATE) < 0.01); /* else the plateau proves nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(balanced_weights_are_scikit_learns), TEST(layers_have_their_own_rates),
        TEST(what_cannot_go_together_is_refused), TEST(the_rate_is_recorded),
        TEST(the_rate_is_that_of_the_steps),      TEST(patience_ends_a_run),
        TEST(a_longer_run_has_another_schedule),  TEST(everything_resumes_to_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The range test of learning rates and one batch by heart: on curves, and on small networks. */
#include "trainer_fixture.h"

#include "base/rng.h"
#include "train/find_rate.h"
#include "train/rehearsal.h"

/* ---- Curves ---- */

enum { POINTS = 100, FLAT = 50, LOW = 70 };

/* Losses around 1, from FLAT to LOW falling to `low`, then rising; noise by turns above and below. */
static void make_curve(alx_rate_point *points, double low, double noise)
{
    for (int i = 0; i < POINTS; i++) {
        double fall = i < FLAT ? 0 : i < LOW ? (double)(i - FLAT) / (LOW - FLAT) : 1;
        double rise = i > LOW + 10 ? 0.2 * (i - LOW - 10) : 0;
        double loss = 1 - (1 - low) * fall + rise;
        points[i] = (alx_rate_point){pow(10, -7 + i * 8 / 99.0), loss + (i % 2 ? noise : -noise), loss};
    }
}

static void a_curve_that_falls_gives_a_rate(void **state)
{
    (void)state;
    alx_rate_point points[POINTS];
    alx_rate_findings f;
    make_curve(points, 0.1, 0.01);
    alx_rate_analyse(&f, points, POINTS);
    assert_true(fabs(f.start - 1) < 1e-9 && fabs(f.noise - 0.01 * sqrt(10.0 / 9)) < 1e-9);
    assert_true(f.lowest == points[LOW].rate);
    assert_true(f.steepest > points[FLAT].rate && f.steepest < points[LOW].rate);
    assert_true(f.suggestion == f.lowest / 10 || f.suggestion == f.steepest);
    assert_true(f.suggestion <= f.lowest / 10 && f.suggestion <= f.steepest);
}

static void a_curve_that_only_varies_gives_none(void **state)
{
    (void)state;
    alx_rate_point points[POINTS];
    alx_rate_findings f;
    make_curve(points, 0.9, 0.2); /* falls by 0.1 where batches differ by 0.4 */
    alx_rate_analyse(&f, points, POINTS);
    assert_true(isnan(f.suggestion));
    make_curve(points, 0.99, 0); /* by one percent, where they do not differ */
    alx_rate_analyse(&f, points, POINTS);
    assert_true(isnan(f.suggestion));
    alx_rate_analyse(&f, points, 9); /* too short to say */
    assert_true(isnan(f.suggestion) && isnan(f.start));
}

/* ---- Networks ---- */

static alx_recipe *probe_recipe(void)
{
    alx_recipe *recipe = make_recipe();
    set(recipe, "threads", "1");
    return recipe;
}

/* Nothing passes the zeros of the first layer, nor comes back. */
static const char dead[] = "name: dead\nclasses: 2\ninput: [12, 12, 3]\nlayers:\n  - flatten\n"
                           "  - dense: {units: 4, activation: relu, kernel_initializer: constant, "
                           "initializer_value: 0}\n"
                           "  - dense: {units: classes, activation: softmax, use_bias: false}\n";

static alx_run_config config_for(const char *out, witness *w)
{
    alx_run_config config;
    alx_run_config_init(&config);
    config.out = out;
    config.on_event = watch;
    config.user = w;
    return config;
}

static alx_recipe *dead_recipe(void)
{
    alx_recipe *recipe = probe_recipe();
    write_file(at("dead.yaml"), dead, sizeof dead - 1);
    set(recipe, "model", at("dead.yaml"));
    return recipe;
}

/* Five steps of the first epoch: the same weights. */
static void its_steps_are_those_of_a_run(void **state)
{
    (void)state;
    enum { TAKEN = 5 };
    alx_recipe *recipe = probe_recipe();
    witness w = {.stop_after_steps = TAKEN};
    alx_run_config config = config_for(at("run"), &w);
    alx_error err;
    expect(ALX_OK, alx_trainer_create(&w.trainer, recipe, &config, &err), &err);
    expect(ALX_INTERRUPTED, alx_trainer_run(w.trainer, &err), &err);
    alx_trainer *bare;
    alx_sums sums;
    expect(ALX_OK, alx_trainer_create_bare(&bare, recipe, NULL, &err), &err);
    alx_rng_permute(bare->order, bare->data.train.count, 5, ALX_RNG_ORDER, 0, 0);
    for (int i = 0; i < TAKEN; i++) {
        const alx_rehearsal_step step = {
            .images = bare->order + 8 * i, .n = 8, .augment = true, .step = i + 1, .steps = TAKEN};
        expect(ALX_OK, alx_rehearse(bare, &step, &sums, &err), &err);
    }
    assert_memory_equal(w.trainer->params->data, bare->params->data, (size_t)bare->params->span * sizeof(float));
    alx_trainer_destroy(w.trainer);
    alx_trainer_destroy(bare);
    alx_recipe_destroy(recipe);
}

static void a_network_that_learns_gets_a_rate(void **state)
{
    (void)state;
    alx_recipe *recipe = probe_recipe();
    witness w = {0};
    alx_run_config config = config_for(at("search"), &w);
    alx_rate_search *search;
    alx_rate_findings f;
    alx_rate_point point, before = {0};
    alx_error err;
    expect(ALX_OK, alx_rate_search_create(&search, recipe, &config, &err), &err);
    alx_rate_search_findings(search, &f);
    assert_true(f.suggestion > 1e-6 && f.suggestion < 1);
    assert_true(fabs(f.start - log(2)) < 0.5);
    int count = 0;
    for (; alx_rate_search_point(search, count, &point); count++) {
        assert_true(isfinite(point.loss) && point.rate > before.rate);
        before = point;
    }
    assert_true(count > 50 && count <= 100 && w.steps >= count);
    assert_string_equal(alx_rate_search_folder(search), at("search"));
    assert_int_equal(count_lines(at("search"), "find-lr.csv"), count + 1);
    assert_false(alx_file_exists(at("search/last.safetensors")));
    assert_false(alx_file_exists(at("search/best.safetensors")));
    alx_rate_search_destroy(search);

    /* The recipe in the folder is the one that was given; the search repeats. */
    alx_recipe *again;
    alx_rate_search *second;
    alx_rate_findings g;
    expect(ALX_OK, alx_recipe_open(&again, at("search/recipe.yaml"), &err), &err);
    assert_true(((struct alx_recipe *)again)->train.optimizer.learning_rate == 0.01);
    config.out = at("second");
    expect(ALX_OK, alx_rate_search_create(&second, again, &config, &err), &err);
    alx_rate_search_findings(second, &g);
    assert_memory_equal(&f, &g, sizeof f);
    assert_true(same_file(at("search"), at("second"), "find-lr.csv"));
    alx_rate_search_destroy(second);
    alx_recipe_destroy(again);
    expect(ALX_USAGE, alx_rate_search_create(&search, recipe, &config, &err), &err);
    expect_words(err.message, "holds a run");
    assert_null(search);
    alx_recipe_destroy(recipe);
}

static void a_dead_network_gets_none(void **state)
{
    (void)state;
    alx_recipe *recipe = dead_recipe();
    witness w = {0};
    alx_run_config config = config_for(at("search"), &w);
    alx_rate_search *search;
    alx_rate_findings f;
    alx_error err;
    expect(ALX_OK, alx_rate_search_create(&search, recipe, &config, &err), &err);
    alx_rate_search_findings(search, &f);
    assert_true(isnan(f.suggestion));
    assert_true(fabs(f.start - log(2)) < 1e-3);
    alx_rate_search_destroy(search);
    alx_recipe_destroy(recipe);
}

static void a_batch_is_learned_by_heart(void **state)
{
    (void)state;
    alx_recipe *recipe = probe_recipe();
    witness w = {0};
    alx_run_config config = config_for(at("none"), &w);
    alx_overfit_result result;
    alx_error err;
    set(recipe, "label_smoothing", "0.5"); /* left on, no loss below 0.56 could be reached */
    expect(ALX_OK, alx_overfit_batch(&result, recipe, &config, &err), &err);
    assert_true(result.learned && result.accuracy == 1 && result.loss < 0.01);
    assert_int_equal(result.images, 8);
    assert_true(result.steps >= 1 && result.steps <= 100 && result.steps == w.steps);
    assert_false(alx_file_exists(at("none")));
    alx_recipe_destroy(recipe);
}

static void a_dead_network_learns_no_batch(void **state)
{
    (void)state;
    alx_recipe *recipe = dead_recipe();
    alx_overfit_result result;
    alx_error err;
    expect(ALX_OK, alx_overfit_batch(&result, recipe, NULL, &err), &err);
    assert_false(result.learned);
    assert_int_equal(result.steps, 100);
    assert_true(fabs(result.loss - log(2)) < 1e-3 && fabs(result.first_loss - log(2)) < 1e-3);
    alx_recipe_destroy(recipe);
}

static void a_loss_that_is_no_number_ends_both(void **state)
{
    (void)state;
    alx_recipe *recipe = probe_recipe();
    alx_overfit_result result;
    alx_error err;
    set(recipe, "learning_rate", "1e30");
    expect(ALX_OK, alx_overfit_batch(&result, recipe, NULL, &err), &err);
    assert_false(result.learned);
    assert_true(result.steps < 100);
    alx_recipe_destroy(recipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_curve_that_falls_gives_a_rate),
        cmocka_unit_test(a_curve_that_only_varies_gives_none),
        TEST(its_steps_are_those_of_a_run),
        TEST(a_network_that_learns_gets_a_rate),
        TEST(a_dead_network_gets_none),
        TEST(a_batch_is_learned_by_heart),
        TEST(a_dead_network_learns_no_batch),
        TEST(a_loss_that_is_no_number_ends_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a sweep asks: lists in order, draws that repeat and keep their bounds, and every mistake told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/sweep.h"

static alx_status read_space(alx_sweep *sweep, const char *space, const char *file, int trials, uint64_t seed,
                             alx_error *err)
{
    alx_recipe *recipe;
    assert_int_equal(alx_recipe_create(&recipe, NULL), ALX_OK);
    alx_status status = alx_sweep_parse(sweep, space, strlen(space), file, trials, seed, recipe, err);
    alx_recipe_destroy(recipe);
    return status;
}

static alx_sweep parse(const char *space, int trials, uint64_t seed)
{
    alx_sweep sweep;
    alx_error err;
    if (read_space(&sweep, space, NULL, trials, seed, &err)) fail_msg("%s", err.message);
    return sweep;
}

static void assert_values(const alx_sweep *sweep, int trial, const char *first, const char *second)
{
    assert_string_equal(alx_sweep_value(sweep, trial, 0), first);
    assert_string_equal(alx_sweep_value(sweep, trial, 1), second);
}

static void lists_are_combined_in_order(void **state)
{
    (void)state;
    alx_sweep s = parse("{learning_rate: [1e-4, 1e-3], batch-size: [8, 16, 32]}", 0, 0);
    assert_int_equal(s.key_count, 2);
    assert_string_equal(s.keys[0], "train.learning_rate");
    assert_string_equal(s.keys[1], "train.batch_size");
    assert_int_equal(s.trial_count, 6);
    assert_values(&s, 0, "1e-4", "8");
    assert_values(&s, 1, "1e-4", "16");
    assert_values(&s, 2, "1e-4", "32");
    assert_values(&s, 3, "1e-3", "8");
    assert_values(&s, 5, "1e-3", "32");
    assert_string_equal(s.asked, "{learning_rate: [1e-4, 1e-3], batch-size: [8, 16, 32]}");
    alx_sweep_finish(&s);
}

static void lists_and_names_are_values(void **state)
{
    (void)state;
    alx_sweep s = parse("augment: [[], [flip, {random_crop: {}}]]\nmodel: [alexnet, starter]\nseed: [1, 2]\n", 0, 0);
    assert_int_equal(s.trial_count, 8);
    assert_values(&s, 0, "[]", "alexnet");
    assert_values(&s, 7, "[flip, {random_crop: {}}]", "starter");
    assert_string_equal(alx_sweep_value(&s, 7, 2), "2");
    alx_sweep_finish(&s);
}

static void some_combinations_are_picked_none_twice(void **state)
{
    (void)state;
    static const char space[] = "{seed: [0, 1, 2, 3, 4], batch_size: [1, 2, 3, 4]}";
    alx_sweep s = parse(space, 12, 3), again = parse(space, 12, 3), other = parse(space, 12, 4);
    bool seen[5][5] = {{false}};
    int same = 0;
    for (int t = 0; t < 12; t++) {
        bool *here = &seen[atoi(alx_sweep_value(&s, t, 0))][atoi(alx_sweep_value(&s, t, 1))];
        assert_false(*here);
        *here = true;
        assert_values(&again, t, alx_sweep_value(&s, t, 0), alx_sweep_value(&s, t, 1));
        same += !strcmp(alx_sweep_value(&s, t, 0), alx_sweep_value(&other, t, 0)) &&
                !strcmp(alx_sweep_value(&s, t, 1), alx_sweep_value(&other, t, 1));
    }
    assert_true(same < 6);
    alx_sweep_finish(&s);
    alx_sweep_finish(&again);
    alx_sweep_finish(&other);
}

/* 400 draws of each kind: within bounds, spread as the scale says, whole where the key is. */
static void draws_keep_their_bounds_and_repeat(void **state)
{
    (void)state;
    enum { TRIALS = 400 };
    static const char space[] =
        "{learning_rate: {min: 1e-5, max: 1e-1, scale: log}, label_smoothing: {min: 0, max: 0.2},"
        " batch_size: {min: 3, max: 6}, epochs: {min: 1, max: 1000, scale: log}, seed: [7, 8]}";
    alx_sweep s = parse(space, TRIALS, 11), again = parse(space, TRIALS, 11);
    int low_rates = 0, low_shares = 0, both = 0, sizes[7] = {0}, short_runs = 0, sevens = 0;
    for (int t = 0; t < TRIALS; t++) {
        double rate = strtod(alx_sweep_value(&s, t, 0), NULL), share = strtod(alx_sweep_value(&s, t, 1), NULL);
        assert_true(rate >= 1e-5 && rate <= 1e-1);
        assert_true(share >= 0 && share <= 0.2);
        low_rates += rate < 1e-3;
        low_shares += share < 0.1;
        both += rate < 1e-3 && share < 0.1;
        char *end;
        long size = strtol(alx_sweep_value(&s, t, 2), &end, 10), epochs = strtol(alx_sweep_value(&s, t, 3), NULL, 10);
        assert_true(size >= 3 && size <= 6 && !*end);
        assert_true(epochs >= 1 && epochs <= 1000);
        sizes[size]++;
        short_runs += epochs < 32;
        sevens += !strcmp(alx_sweep_value(&s, t, 4), "7");
        for (int k = 0; k < s.key_count; k++)
            assert_string_equal(alx_sweep_value(&s, t, k), alx_sweep_value(&again, t, k));
    }
    /* Halves within four standard deviations (10 each) of 200, quarters (8.7) of 100. */
    assert_in_range(low_rates, 160, 240);
    assert_in_range(low_shares, 160, 240);
    assert_in_range(both, 65, 135); /* keys are drawn apart */
    assert_in_range(short_runs, 160, 240);
    assert_in_range(sevens, 160, 240);
    for (int size = 3; size <= 6; size++) assert_in_range(sizes[size], 65, 135);
    alx_sweep_finish(&s);
    alx_sweep_finish(&again);
}

static void refuses(alx_status wanted, const char *space, const char *file, int trials, const char *words)
{
    alx_sweep sweep;
    alx_error err = {0};
    alx_status status = read_space(&sweep, space, file, trials, 0, &err);
    if (status != wanted) fail_msg("%s: status %d: %s", space, status, err.message);
    if (!strstr(err.message, words)) fail_msg("no \"%s\" in: %s", words, err.message);
    alx_sweep_finish(&sweep);
}

static void mistakes_are_told_before_anything_runs(void **state)
{
    (void)state;
    static const struct {
        const char *space;
        int trials;
        const char *words;
    } rows[] = {
        {"{lr: [1]}", 0, "did you mean train.learning_rate?"},
        {"{batch_size: [32, 0]}", 0, "batch_size 0 is out of range; use 1 to 1048576"},
        {"{batch_size: [3.5]}", 0, "batch_size"},
        {"{batch_size: 32}", 0, "give a list of values, [32, ...], or a range"},
        {"{batch_size: []}", 0, "nothing to try in []"},
        {"{optimizer: {min: 1, max: 2}}", 5, "is no number, so it has no range"},
        {"{learning_rate: {min: 1e-2, max: 1e-3}}", 5, "min 1e-2 is not below max 1e-3"},
        {"{learning_rate: {min: 0, max: 1, scale: log}}", 5, "a logarithm needs a min above 0"},
        {"{learning_rate: {min: 1}}", 5, "max must be given"},
        {"{learning_rate: {min: 1, max: 2, scale: cubic}}", 5, "linear or log"},
        {"{learning_rate: {low: 1, max: 2}}", 5, "did you mean min?"},
        {"{batch_size: {min: 0.5, max: 2}}", 5, "batch_size"},
        {"{label_smoothing: {min: 0, max: 2}}", 5, "label_smoothing 2 is out of range"},
        {"{seed: {min: 0, max: 9223372036854775807}}", 5, "above 2^53"},
        {"{learning_rate: {min: 1e-4, max: 1e-2}}", 0, "--trials N"},
        {"{seed: [1, 2], train.seed: [3]}", 0, "train.seed is given twice"},
        {"{validation_split: [0.1, 0.2], split.validation: [0.3]}", 0, "data.split.validation is given twice"},
        {"{seed: [1, 2]}", 3, "3 trials of 2 combinations"},
        {"{model: [starter, no-such-net]}", 0, "no-such-net"},
        {"{augment: [[no-such]]}", 0, "no-such"},
        {"[1, 2]", 0, "a sweep is a map of recipe keys"},
        {"{}", 0, "a sweep is a map of recipe keys"},
        {"{seed: [1", 0, "not valid YAML"},
        {"", 0, "there is nothing in it"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refuses(ALX_USAGE, rows[i].space, NULL, rows[i].trials, rows[i].words);
    refuses(ALX_BAD_DATA, "seed: [1]\nbatch_size: [8, 0]\n", "s.yaml", 0, "s.yaml:2:17: batch_size 0");
    refuses(ALX_BAD_DATA, "seed: [1]\nbatchsize: [8]\n", "s.yaml", 0, "s.yaml:2:1: there is no recipe key");
}

static void too_many_are_refused(void **state)
{
    (void)state;
    char list[4096] = "[", space[16384];
    for (int i = 0; i < 150; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%d", i ? "," : "", i + 1);
    strcat(list, "]");
    snprintf(space, sizeof space, "{seed: %s, epochs: %s, batch_size: %s}", list, list, list);
    refuses(ALX_USAGE, space, NULL, 0, "more than 10000 combinations; draw some with --trials N");
    refuses(ALX_USAGE, space, NULL, 5, "more than 100000 combinations");
    refuses(ALX_USAGE, "{seed: [1]}", NULL, 10001, "give 1 to 10000");
    refuses(ALX_USAGE, "{seed: [1]}", NULL, -1, "give 1 to 10000");
}

static void a_source_is_a_map_or_a_file(void **state)
{
    (void)state;
    alx_recipe *recipe;
    alx_sweep s;
    alx_error err;
    assert_int_equal(alx_recipe_create(&recipe, NULL), ALX_OK);
    assert_int_equal(alx_sweep_read(&s, " {seed: [4]}", 0, 0, recipe, &err), ALX_OK);
    assert_string_equal(alx_sweep_value(&s, 0, 0), "4");
    alx_sweep_finish(&s);
    assert_int_equal(alx_sweep_read(&s, "seed: [4]", 0, 0, recipe, &err), ALX_USAGE);
    assert_non_null(strstr(err.message, "seed: [4]: no such file; a sweep is a YAML file, or a map in braces"));
    alx_sweep_finish(&s);
    alx_recipe_destroy(recipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_combined_in_order),
        cmocka_unit_test(lists_and_names_are_values),
        cmocka_unit_test(some_combinations_are_picked_none_twice),
        cmocka_unit_test(draws_keep_their_bounds_and_repeat),
        cmocka_unit_test(mistakes_are_told_before_anything_runs),
        cmocka_unit_test(too_many_are_refused),
        cmocka_unit_test(a_source_is_a_map_or_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Splits: ours, and scikit-learn's against tests/fixtures/sklearn_split.txt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those four first */
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/sklearn_split.h"
#include "data/split.h"

static alx_error error;

static const alx_split_config usual = {.random_state = ALX_SPLIT_NONE, .group = "", .fold = 1};

/* sizes[c] samples of class c, called "class/number"; in turn, as in a table that was shuffled, or class by class.
 * groups > 0: sample i is of group i % groups. */
static void make_list(alx_sample_list *list, const int sizes[3], bool in_turn, int groups)
{
    const int total = sizes[0] + sizes[1] + sizes[2];
    int used[3] = {0};
    *list = (alx_sample_list){.class_count = 3};
    list->class_names = alx_arena_alloc(&list->arena, 3, sizeof *list->class_names, NULL);
    list->samples = alx_arena_alloc(&list->arena, (size_t)total, sizeof *list->samples, NULL);
    for (int c = 0; c < 3; c++) list->class_names[c] = alx_arena_printf(&list->arena, NULL, "class%d", c);
    for (int c = 0; list->count < total; c = (c + in_turn) % 3) {
        while (used[c] == sizes[c]) c = (c + 1) % 3;
        alx_sample *sample = &list->samples[list->count];
        *sample = (alx_sample){.path = alx_arena_printf(&list->arena, NULL, "%d/%03d", c, used[c]++), .label = c};
        if (groups) sample->group = alx_arena_printf(&list->arena, NULL, "g%d", (int)(list->count % groups));
        list->count++;
    }
}

static void split(alx_sample_list *list, alx_sample_list *validation, alx_sample_list *test,
                  const alx_split_config *config)
{
    alx_status status = alx_split(list, validation, test, config, &error);
    if (status) print_error("%s\n", error.message);
    assert_int_equal(status, ALX_OK);
}

static void finish(alx_sample_list *a, alx_sample_list *b, alx_sample_list *c)
{
    alx_sample_list_finish(a);
    alx_sample_list_finish(b);
    alx_sample_list_finish(c);
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* FNV-1a over the paths, sorted: what was chosen, whatever the order. */
static uint64_t fingerprint(const alx_sample_list *list)
{
    const char *paths[2000];
    for (int64_t i = 0; i < list->count; i++) paths[i] = list->samples[i].path;
    qsort(paths, (size_t)list->count, sizeof *paths, compare_text);
    uint64_t hash = 1469598103934665603u;
    for (int64_t i = 0; i < list->count; i++)
        for (const char *at = paths[i]; *at; at++) hash = (hash ^ (unsigned char)*at) * 1099511628211u;
    return hash;
}

/* The numbers are those of the draw as it was in the first release: runs of it must be resumed. */
static void keeps_the_draw_of_old(void **state)
{
    (void)state;
    static const int small[] = {10, 3, 1}, large[] = {1000, 300, 100};
    alx_split_config config = usual;
    config.validation = 0.2;
    config.seed = 7;
    alx_sample_list list, validation, test;
    make_list(&list, small, false, 0);
    split(&list, &validation, &test, &config);
    assert_int_equal(validation.count, 3); /* 2 of 10, 1 of 3, none of 1 */
    assert_string_equal(validation.samples[0].path, "0/003");
    assert_string_equal(validation.samples[1].path, "0/004");
    assert_string_equal(validation.samples[2].path, "1/000");
    assert_int_equal(list.count, 11);
    assert_int_equal(test.count, 0);
    alx_sample_list_finish(&list); /* what was taken stands on its own */
    assert_string_equal(validation.class_names[2], "class2");
    alx_sample_list_finish(&validation);
    alx_sample_list_finish(&test);
    for (int in_turn = 0; in_turn < 2; in_turn++) { /* the order of the classes among each other does not matter */
        make_list(&list, large, in_turn, 0);
        split(&list, &validation, &test, &config);
        assert_int_equal(validation.count, 280);
        assert_true(fingerprint(&validation) == 0xdbcf4f3567d640f9u);
        finish(&list, &validation, &test);
    }
}

static void test_images_leave_the_validation_as_it_is(void **state)
{
    (void)state;
    static const int sizes[] = {100, 30, 2};
    alx_split_config config = usual;
    config.validation = 0.2;
    alx_sample_list list, validation, test;
    make_list(&list, sizes, true, 0);
    split(&list, &validation, &test, &config);
    const uint64_t alone = fingerprint(&validation);
    finish(&list, &validation, &test);
    config.test = 0.1;
    make_list(&list, sizes, true, 0);
    split(&list, &validation, &test, &config);
    int64_t *left = alx_sample_list_sizes(&list, NULL), *tested = alx_sample_list_sizes(&test, NULL);
    assert_int_equal(left[0], 70);
    assert_int_equal(left[1], 21);
    assert_int_equal(left[2], 1); /* of two, one is for the test, none to validate */
    assert_int_equal(tested[0], 10);
    assert_int_equal(tested[1], 3);
    assert_int_equal(tested[2], 1);
    free(left);
    free(tested);
    assert_int_equal(validation.count, 26);
    assert_true(fingerprint(&validation) != alone); /* the class of two */
    int same = 0;
    for (int64_t i = 0; i < validation.count; i++) same += validation.samples[i].label < 2;
    assert_int_equal(same, 26);
    finish(&list, &validation, &test);
}

static void shares_have_edges(void **state)
{
    (void)state;
    static const int sizes[] = {10, 3, 1};
    static const struct {
        double share;
        int64_t taken;
    } cases[] = {{0, 0}, {0.001, 2}, {0x1.fffffffffffffp-1, 11}};
    alx_split_config config = usual;
    alx_sample_list list, validation, test;
    for (size_t i = 0; i < 3; i++) {
        config.validation = cases[i].share;
        make_list(&list, sizes, false, 0);
        split(&list, &validation, &test, &config);
        assert_int_equal(validation.count, cases[i].taken);
        assert_int_equal(list.count, 14 - cases[i].taken);
        finish(&list, &validation, &test);
    }
}

static void one_draw_for_all_classes(void **state)
{
    (void)state;
    static const int sizes[] = {97, 2, 1};
    alx_split_config config = usual;
    config.validation = 0.25;
    config.stratify = ALX_STRATIFY_NO;
    alx_sample_list list, validation, test;
    make_list(&list, sizes, true, 0);
    split(&list, &validation, &test, &config);
    assert_int_equal(validation.count, 25);
    finish(&list, &validation, &test);
}

/* Each sample validates in exactly one fold, the test images in none; each fold has its share of each class. */
static void folds_are_a_partition(void **state)
{
    (void)state;
    static const int sizes[] = {50, 25, 11};
    for (int grouped = 0; grouped < 2; grouped++) {
        uint64_t tested = 0;
        int64_t validated = 0;
        int seen[3][50] = {{0}};
        alx_split_config config = usual;
        config.folds = 5;
        config.test = 0.2;
        config.group = grouped ? "person" : "";
        for (config.fold = 1; config.fold <= 5; config.fold++) {
            alx_sample_list list, validation, test;
            make_list(&list, sizes, true, grouped ? 40 : 0);
            split(&list, &validation, &test, &config);
            assert_true(config.fold == 1 || fingerprint(&test) == tested);
            tested = fingerprint(&test);
            for (int64_t i = 0; i < validation.count; i++) {
                const alx_sample *sample = &validation.samples[i];
                assert_int_equal(seen[sample->label][atoi(sample->path + 2)]++, 0);
            }
            validated += validation.count;
            assert_int_equal(validation.count + test.count + list.count, 86);
            if (!grouped) assert_in_range(validation.count, 13, 14);
            int64_t *each = alx_sample_list_sizes(&validation, NULL);
            if (!grouped) assert_int_equal(each[0], 8);
            free(each);
            if (config.fold == 5) assert_int_equal(validated + test.count, 86);
            if (grouped) assert_in_range(validation.count, 10, 18);
            finish(&list, &validation, &test);
        }
    }
}

static bool has_group(const alx_sample_list *list, const char *group)
{
    for (int64_t i = 0; i < list->count; i++)
        if (strcmp(list->samples[i].group, group) == 0) return true;
    return false;
}

static void groups_stay_on_one_side(void **state)
{
    (void)state;
    static const int sizes[] = {300, 200, 100};
    alx_split_config config = usual;
    config.validation = 0.2;
    config.test = 0.1;
    config.group = "person";
    uint64_t before = 0;
    for (config.seed = 0; config.seed < 5; config.seed++) {
        alx_sample_list list, validation, test;
        make_list(&list, sizes, true, 60);
        split(&list, &validation, &test, &config);
        for (int64_t i = 0; i < validation.count; i++) {
            assert_false(has_group(&list, validation.samples[i].group));
            assert_false(has_group(&test, validation.samples[i].group));
        }
        for (int64_t i = 0; i < test.count; i++) assert_false(has_group(&list, test.samples[i].group));
        assert_in_range(validation.count, 110, 130); /* 120 wanted, groups of 10 */
        assert_in_range(test.count, 50, 70);
        int64_t *each = alx_sample_list_sizes(&validation, NULL);
        assert_in_range(each[0], 45, 75); /* 60 wanted */
        free(each);
        assert_true(fingerprint(&validation) != before);
        before = fingerprint(&validation);
        finish(&list, &validation, &test);
    }
}

static void refuse(const alx_split_config *config, int groups, const char *part)
{
    static const int sizes[] = {10, 3, 1};
    alx_sample_list list, validation, test;
    make_list(&list, sizes, false, groups);
    assert_int_not_equal(alx_split(&list, &validation, &test, config, &error), ALX_OK);
    if (!strstr(error.message, part)) print_error("%s\n", error.message);
    assert_non_null(strstr(error.message, part));
    assert_int_equal(list.count, 14); /* untouched */
    assert_int_equal(validation.count + test.count, 0);
    alx_sample_list_finish(&list);
}

static void refuses_what_cannot_be(void **state)
{
    (void)state;
    const alx_split_config all = {.validation = 0.5, .test = 0.5, .random_state = -1, .group = "", .fold = 1};
    const alx_split_config nan = {.validation = 0.0 / 0.0, .random_state = -1, .group = "", .fold = 1};
    const alx_split_config one = {.folds = 1, .random_state = -1, .group = "", .fold = 1};
    const alx_split_config fourth = {.folds = 3, .random_state = -1, .group = "", .fold = 4};
    const alx_split_config many = {.folds = 15, .random_state = -1, .group = "", .fold = 1};
    const alx_split_config lone = {.validation = 0.5, .random_state = -1, .group = "person", .fold = 1};
    refuse(&all, 0, "leave no training images");
    refuse(&nan, 0, "leave no training images");
    refuse(&one, 0, "give 2 folds or more");
    refuse(&fourth, 0, "fold 4 of 3 folds");
    refuse(&many, 0, "15 folds of 14 images");
    refuse(&lone, 1, "no image is left for validation");
    alx_split_config sklearn = usual;
    sklearn.random_state = 1;
    sklearn.test = 0.01;
    sklearn.validation = 0.99 - 1e-9;
    refuse(&sklearn, 0, "leaves one side empty");
    sklearn.validation = 0;
    sklearn.folds = 3;
    refuse(&sklearn, 0, "knows no folds; give seed instead");
    sklearn.folds = 0;
    sklearn.stratify = ALX_STRATIFY_YES;
    refuse(&sklearn, 0, "knows no stratify");
    sklearn.stratify = ALX_STRATIFY_AUTO;
    sklearn.group = "person";
    refuse(&sklearn, 3, "knows no group");
}

/* ---- scikit-learn ---- */

typedef struct fixture {
    bool chained;
    int64_t count, taken;
    double share;
    uint32_t state;
    uint64_t hash;
    int shown;
    int64_t indices[100];
} fixture;

static bool read_fixture(fixture *f, FILE *file)
{
    char line[2048], kind[16];
    int at, used;
    if (!fgets(line, sizeof line, file)) return false;
    assert_int_equal(sscanf(line, "%15s %" SCNd64 " %lf %" SCNu32 " %" SCNd64 " %" SCNx64 "%n", kind, &f->count,
                            &f->share, &f->state, &f->taken, &f->hash, &at),
                     6);
    f->chained = strcmp(kind, "chained") == 0;
    for (f->shown = 0; sscanf(line + at, "%" SCNd64 "%n", &f->indices[f->shown], &used) == 1; at += used) f->shown++;
    return true;
}

static uint64_t hash_indices(const int64_t *indices, int64_t count)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (int64_t i = 0; i < count; i++)
        for (int b = 0; b < 8; b++) hash = (hash ^ ((uint64_t)indices[i] >> 8 * b & 0xff)) * 0x100000001b3u;
    return hash;
}

/* rest: (count) what the row before left, in its order; behind, in scikit-learn's order, what this row leaves. */
static void check_fixture(const fixture *f, int64_t *rest, int64_t *left)
{
    int64_t *order = calloc((size_t)f->count, sizeof *order), test;
    const int64_t count = f->chained ? *left : f->count;
    for (int64_t i = 0; !f->chained && i < count; i++) rest[i] = i;
    assert_int_equal(alx_sklearn_split(order, &test, count, f->chained ? 0.2 : f->share, f->state, &error), ALX_OK);
    assert_int_equal(test, f->taken);
    for (int64_t i = 0; i < count; i++) order[i] = rest[order[i]];
    assert_true(hash_indices(order, count) == f->hash);
    for (int i = 0; i < f->shown; i++)
        assert_int_equal(order[f->count > 100 && i >= 4 ? count - 8 + i : i], f->indices[i]);
    *left = count - test;
    memcpy(rest, order + test, (size_t)*left * sizeof *rest);
    free(order);
}

static void indices_are_those_of_sklearn(void **state)
{
    (void)state;
    FILE *file = fopen(FIXTURES "/sklearn_split.txt", "r");
    assert_non_null(file);
    fixture f;
    int64_t rest[4416], left = 0;
    int rows = 0;
    for (; read_fixture(&f, file); rows++) check_fixture(&f, rest, &left);
    fclose(file);
    assert_int_equal(rows, 84);
    assert_int_equal(alx_sklearn_split(rest, &left, 1, 0.3, 0, &error), ALX_USAGE);
}

/* The lists, too: test from all, validation from the rest. */
static void lists_are_those_of_sklearn(void **state)
{
    (void)state;
    static const int sizes[] = {0, 24, 0};
    FILE *file = fopen(FIXTURES "/sklearn_split.txt", "r");
    assert_non_null(file);
    fixture f;
    int checked = 0;
    while (read_fixture(&f, file)) {
        if (f.count != 24) continue;
        alx_split_config config = usual;
        config.test = f.share;
        config.validation = 0.2;
        config.random_state = f.state;
        alx_sample_list list, validation, test;
        make_list(&list, sizes, false, 0);
        split(&list, &validation, &test, &config);
        const alx_sample_list *taken = f.chained ? &validation : &test;
        assert_int_equal(taken->count, f.shown);
        for (int i = 0; i < f.shown; i++) {
            bool found = false;
            for (int64_t k = 0; k < taken->count; k++) found |= atoi(taken->samples[k].path + 2) == f.indices[i];
            assert_true(found);
        }
        for (int64_t k = 1; k < list.count; k++) /* in the source's order */
            assert_true(strcmp(list.samples[k - 1].path, list.samples[k].path) < 0);
        finish(&list, &validation, &test);
        checked++;
    }
    fclose(file);
    assert_int_equal(checked, 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_draw_of_old),      cmocka_unit_test(test_images_leave_the_validation_as_it_is),
        cmocka_unit_test(shares_have_edges),          cmocka_unit_test(one_draw_for_all_classes),
        cmocka_unit_test(folds_are_a_partition),      cmocka_unit_test(groups_stay_on_one_side),
        cmocka_unit_test(refuses_what_cannot_be),     cmocka_unit_test(indices_are_those_of_sklearn),
        cmocka_unit_test(lists_are_those_of_sklearn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The list of augmentations in a recipe: reading, writing, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "data/augment_class.h"

static alx_error error;
static alx_arena arena;

static alx_status read_list(alx_augment_list *list, const char *yaml)
{
    alx_yaml *root;
    assert_int_equal(alx_yaml_parse(&root, &arena, yaml, strlen(yaml), "r.yaml", &error), ALX_OK);
    return alx_augment_read(list, root, &arena, &error);
}

static int teardown(void **state)
{
    (void)state;
    alx_arena_finish(&arena);
    return 0;
}

static void test_writes_what_it_read(void **state)
{
    (void)state;
    static const char *const lists[][2] = {
        {"[]", "[]"},
        {"[random_crop, flip: {probability: 0.25}]", "[random_crop, flip: {probability: 0.25}]"},
        {"[flip: 0.25, rotate: 15, scale: [0.9, 1.1]]",
         "[flip: {probability: 0.25}, rotate: {degrees: [15]}, scale: {factor: [0.9, 1.1]}]"},
        {"[rotate: {degrees: 10, fill: edge}, translate: {vertical: [-0.1, 0]}]",
         "[rotate, translate: {vertical: [-0.1, 0]}]"},
        {"[stroke_width: {radius: 2, ink: light}, elastic: {alpha: 50}]",
         "[stroke_width: {radius: [2], ink: light}, elastic: {alpha: 50}]"},
        {"- erase: {fill: white}\n- color_jitter:\n    hue: 0.1\n- noise\n",
         "[erase: {fill: white}, color_jitter: {hue: [0.1]}, noise]"},
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        alx_augment_list list, again;
        alx_text text = {0}, second = {0};
        assert_int_equal(read_list(&list, lists[i][0]), ALX_OK);
        alx_augment_write(&text, &list);
        assert_string_equal(text.data, lists[i][1]);
        assert_int_equal(alx_augment_copy(&again, &list, &arena, &error), ALX_OK);
        alx_augment_write(&second, &again);
        assert_string_equal(second.data, text.data);
        alx_text_finish(&text);
        alx_text_finish(&second);
    }
}

static void test_mistakes(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"[flop]", "r.yaml:1:2: no augmentation \"flop\"; did you mean flip?"},
        {"[RandomHorizontalFlip]", "did you mean flip?"},
        {"[ColorJitter]", "did you mean color_jitter?"},
        {"[cutout]", "did you mean erase?"},
        {"[RandomRotation: 10]", "did you mean rotate?"},
        {"[dilate]", "did you mean stroke_width?"},
        {"[zoom_and_shear]", "there are random_crop, random_resized_crop, flip"},
        {"flip", "is a list, such as [random_crop, flip]"},
        {"[[flip]]", "an augmentation is a name"},
        {"[{flip: {}, random_crop: {}}]", "an augmentation is a name"},
        {"[flip: {probability: 2}]", "probability 2 is out of range"},
        {"[flip: 2]", "probability 2 is out of range"},
        {"[flip: {probability: 0.5, chance: 1}]", "flip has no option \"chance\""},
        {"[flip, flip, flip, flip, flip, flip, flip, flip, flip, flip, flip, flip, flip, flip, flip, flip, flip]",
         "more than 16 augmentations"},
        {"[random_crop: 3]", "random_crop"},
        {"[rotate: 200]", "degrees 200 is out of range; use -180 to 180"},
        {"[rotate: [20, 10]]", "rotate: degrees [20, 10] goes downwards; give [10, 20]"},
        {"[rotate: [1, 2, 3]]", "rotate: degrees has 3 numbers; give one or [low, high]"},
        {"[rotate: {degrees: []}]", "rotate: degrees has 0 numbers"},
        {"[rotate: {angle: 3}]", "did you mean degrees?"},
        {"[translate: {fill_mode: edge}]", "did you mean fill?"},
        {"[rotate: {fill: green}]", "fill takes edge, reflect, black, white or mean, not \"green\""},
        {"[flip, rotate, shear: {fill: black}]",
         "r.yaml:1:16: rotate fills with edge and shear with black, but all of them become one map; give both"},
        {"[random_crop, random_resized_crop]",
         "random_crop and random_resized_crop each choose what is cut out; leave one of them out"},
        {"[elastic, elastic: {alpha: 3}]", "elastic stands twice in the list"},
        {"[stroke_width: 40]", "radius 40 is out of range; use -16 to 16"},
        {"[gaussian_blur: 33]", "sigma 33 is out of range"},
        {"[color_jitter: {hue: 0.6}]", "hue 0.6 is out of range; use -0.5 to 0.5"},
        {"[noise: -1]", "stddev -1 is out of range"},
        {"[erase: {scale: 0}]", "scale 0 is out of range"},
        {"[random_resized_crop: {scale: [0.5, 2]}]", "scale 2 is out of range"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        alx_augment_list list;
        assert_int_equal(read_list(&list, wrong[i][0]), ALX_BAD_DATA);
        if (!strstr(error.message, wrong[i][1])) print_error("%s\n", error.message);
        assert_non_null(strstr(error.message, wrong[i][1]));
        assert_int_equal(strncmp(error.message, "r.yaml:1:", 9), 0);
    }
}

/* What depends on the sizes of images is found out later. */
static void test_checks_sizes(void **state)
{
    (void)state;
    alx_augment_list list;
    const alx_preprocess p = {.image_height = 16, .image_width = 16, .height = 16, .width = 16, .channels = 3};
    assert_int_equal(read_list(&list, "[flip, random_crop]"), ALX_OK);
    assert_int_equal(alx_augment_check(&list, &p, &error), ALX_USAGE);
    assert_non_null(strstr(error.message, "random_crop: images of 16x16 leave no room"));
    assert_int_equal(read_list(&list, "[scale: 1.5]"), ALX_OK);
    assert_int_equal(alx_augment_check(&list, &p, &error), ALX_USAGE);
    assert_non_null(strstr(error.message, "scale: factor 1.5 means 1 - 1.5 to 1 + 1.5"));
    assert_int_equal(read_list(&list, "[scale: [1.5, 2], random_resized_crop]"), ALX_OK);
    assert_int_equal(alx_augment_check(&list, &p, &error), ALX_OK);
}

/* Each row has help in both languages, a default that reads, and a name that finds itself. */
static void test_catalogue(void **state)
{
    (void)state;
    int count = 0;
    for (const alx_augmentation_info *info; (info = alx_augmentation(count)); count++) {
        alx_option_info option;
        char yaml[80];
        alx_augment_list list;
        snprintf(yaml, sizeof yaml, "[%s]", info->name);
        assert_int_equal(read_list(&list, yaml), ALX_OK);
        assert_ptr_equal(&list.items[0].cls->info, info);
        assert_true(*info->help[0] && *info->help[1] && strcmp(info->help[0], info->help[1]));
        for (int i = 0; alx_augmentation_option(info, i, &option); i++) {
            assert_non_null(option.default_value);
            assert_true(*option.help[0] && strcmp(option.help[0], option.help[1]));
        }
        const alx_augment_class *cls = list.items[0].cls;
        assert_int_equal(!!cls->cut + !!cls->map + !!cls->bend + !!cls->change + !!cls->mix, 1);
    }
    assert_int_equal(count, 17);
    assert_null(alx_augmentation(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_writes_what_it_read, teardown),
        cmocka_unit_test_teardown(test_mistakes, teardown),
        cmocka_unit_test_teardown(test_checks_sizes, teardown),
        cmocka_unit_test_teardown(test_catalogue, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Recipes: read, refused, set, written and read again; and the keys' documentation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "train/recipe.h"
#include "unit/temp_folder.h"

static void expect_words(const char *text, const char *words)
{
    if (!strstr(text, words)) fail_msg("no \"%s\" in: %s", words, text);
}

static struct alx_recipe *parse(const char *yaml)
{
    struct alx_recipe *recipe;
    alx_error err;
    if (alx_recipe_parse(&recipe, yaml, strlen(yaml), "r.yaml", &err)) fail_msg("%s", err.message);
    return recipe;
}

static void refuses(const char *yaml, const char *words)
{
    struct alx_recipe *recipe;
    alx_error err;
    if (!alx_recipe_parse(&recipe, yaml, strlen(yaml), "r.yaml", &err)) fail_msg("accepted: %s", yaml);
    assert_null(recipe);
    expect_words(err.message, words);
}

static void write_file(const char *path, const char *text)
{
    alx_error err;
    if (alx_file_write(path, text, strlen(text), &err)) fail_msg("%s", err.message);
}

static void a_recipe_is_read(void **state)
{
    (void)state;
    struct alx_recipe *r = parse("model: alexnet\nclasses: 3\n"
                                 "data: {train: a/b, validation: /c, resize: cover, rescale: 1/127.5}\n"
                                 "augment: [random_crop, flip]\n"
                                 "train: {optimizer: sgd, learning_rate: 1e-4, batch_size: 100, epochs: 4, seed: 7,\n"
                                 "  momentum: 0.9, nesterov: yes, class_weight: [1, 2.5, 1], epsilon_form: pytorch}\n");
    assert_string_equal(r->model, "alexnet");
    assert_int_equal(r->classes, 3);
    assert_string_equal(r->data.train, "a/b");
    assert_string_equal(r->data.validation, "/c");
    assert_true(r->data.rescale == 1 / 127.5);
    assert_int_equal(r->augment.count, 2);
    assert_int_equal(r->train.optimizer.kind, ALX_SGD);
    assert_true(r->train.optimizer.learning_rate == 1e-4);
    assert_true(r->train.optimizer.momentum == 0.9);
    assert_true(r->train.optimizer.nesterov);
    assert_true(r->train.optimizer.epsilon == 1e-7); /* a default */
    assert_int_equal(r->train.optimizer.epsilon_form, ALX_EPSILON_PYTORCH);
    assert_int_equal(r->train.batch_size, 100);
    assert_int_equal(r->train.class_weight.count, 3);
    assert_true(r->train.class_weight.values[1] == 2.5);
    alx_recipe_destroy(r);
    r = parse("data: {csv: a.csv, label: kind, split: 0.25}");
    assert_string_equal(r->data.source.label.column, "kind");
    assert_true(r->data.split.validation == 0.25);
    alx_recipe_destroy(r);
    r = parse("data: {validation_split: 0.1, split: {random_state: 4294967295, seed: 3, stratify: false},\n"
              "  classes: [m, f], label: {match: \"^([fm])\", names: {f: female}}, encoding: gb18030}");
    assert_true(r->data.split.validation == 0.1); /* Keras' name */
    assert_true(r->data.split.random_state == 4294967295);
    assert_int_equal(r->data.split.seed, 3);
    assert_int_equal(r->data.split.stratify, ALX_STRATIFY_NO);
    assert_string_equal(r->data.source.classes.values[0], "m");
    assert_string_equal(r->data.source.label.names.entries[0].text, "female");
    alx_recipe_destroy(r);
    r = parse("{}"); /* all defaults */
    assert_true(r->data.split.validation == ALX_SPLIT_AUTO && r->data.split.random_state == ALX_SPLIT_NONE);
    assert_true(r->data.split.seed == ALX_SPLIT_TRAIN_SEED);
    assert_string_equal(r->model, "starter");
    assert_int_equal(r->train.optimizer.epsilon_form, ALX_EPSILON_KERAS);
    alx_recipe_destroy(r);
}

static void mistakes_are_placed(void **state)
{
    (void)state;
    refuses("train:\n  lr: 0.1\n", "r.yaml:2:3: train has no option \"lr\"; did you mean learning_rate?");
    refuses("train: {batch: 3}", "did you mean batch_size?");
    refuses("data: {imgsz: 3}", "did you mean image_size?");
    refuses("epochs: 3\n", "r.yaml:1:1: epochs stands at the top, but belongs under train");
    refuses("train: {image_size: 3}", "image_size stands under train, but belongs under data");
    refuses("data: {epochs: 3}", "epochs stands under data, but belongs under train");
    refuses("data: {label: {colunm: x}}", "r.yaml:1:16: data.label has no option \"colunm\"; did you mean column?");
    refuses("data: {split: {validation: 1}}", "out of range");
    refuses("data: {split: {random_state: -1}}", "out of range");
    refuses("data: {encoding: gbk}", "utf-8 or gb18030");
    refuses("data: {validation_split: 0.1, split: {validation: 0.2}}",
            "r.yaml:1:26: validation_split is another name of data.split.validation, and both are given");
    refuses("data: {split: 0.2, validation_split: 0.1}", "leave one of them out");
    refuses("modle: alexnet", "did you mean model?");
    refuses("model: alexnett",
            "r.yaml:1:8: model: no file alexnett and no built-in network of that name; did you mean alexnet?");
    refuses("train: {epochs: 0}", "out of range");
    refuses("train: {learning_rate: -1}", "out of range");
    refuses("train: {optimizer: adamx}", "adam");
    refuses("train: {beta_1: 1}", "out of range");
    refuses("train: [1, 2]", "train takes its options as a map");
    refuses("- 1", "a recipe is a map");
    refuses("augment: [fliip]", "flip");
    refuses("train: {seed: &a 3, epochs: *a}", "r.yaml:1:");
}

static void keys_are_set(void **state)
{
    (void)state;
    struct alx_recipe *r;
    alx_error err;
    assert_int_equal(alx_recipe_create(&r, &err), ALX_OK);
    const char *const keys[][2] = {{"epochs", "3"},      {"train.batch-size", "7"}, {"data.train", "x/y"},
                                   {"model", "alexnet"}, {"learning-rate", "2"},    {"image_size", "256"},
                                   {"classes", "4"},     {"class-weight", "1,2"},   {"augment", "[flip]"}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (alx_recipe_set(r, keys[i][0], keys[i][1], &err)) fail_msg("%s", err.message);
    assert_int_equal(r->train.epochs, 3);
    assert_int_equal(r->train.batch_size, 7);
    assert_string_equal(r->data.train, "x/y");
    assert_true(r->train.optimizer.learning_rate == 2);
    assert_int_equal(r->data.image_size[1], 256);
    assert_int_equal(r->classes, 4);
    assert_int_equal(r->train.class_weight.count, 2);
    assert_int_equal(r->augment.count, 1);
    const char *const wrong[][3] = {{"lr", "1", "did you mean train.learning_rate?"},
                                    {"imgsz", "1", "did you mean data.image_size?"},
                                    {"train.batch", "1", "did you mean train.batch_size?"},
                                    {"epoch", "1", "did you mean train.epochs?"},
                                    {"data.epochs", "1", "no recipe key \"data.epochs\""},
                                    {"zzzzzzzz", "1", "no recipe key"},
                                    {"", "1", "no recipe key"},
                                    {"epochs", "many", "a whole number"},
                                    {"augment", "[nothing]", "augment"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(alx_recipe_set(r, wrong[i][0], wrong[i][1], &err), ALX_USAGE);
        expect_words(err.message, wrong[i][2]);
    }
    assert_int_equal(r->train.epochs, 3); /* untouched by failures */
    assert_int_equal(r->augment.count, 1);
    alx_recipe_destroy(r);
}

/* Every field survives; the text of the copy is the text of the original. */
static void copies_are_whole(void **state)
{
    (void)state;
    struct alx_recipe *r = parse(
                          "model: alexnet\ndata: {train: 'a: #b', mean: [0.1, 0.2, 0.3], std: [0.5], cache: 0.5}\n"
                          "augment: [flip: {probability: 0.25}]\n"
                          "train: {learning_rate: 0.012345678901234567, threads: 3, precision: bf16, exact: yes}"),
                      *copy;
    alx_error err;
    alx_text a = {0}, b = {0};
    if (alx_recipe_copy(&copy, r, &err)) fail_msg("%s", err.message);
    assert_int_equal(alx_recipe_write(&a, r, NULL, NULL), ALX_OK);
    assert_int_equal(alx_recipe_write(&b, copy, NULL, NULL), ALX_OK);
    assert_string_equal(a.data, b.data);
    assert_string_equal(copy->data.train, "a: #b");
    assert_true(copy->train.optimizer.learning_rate == r->train.optimizer.learning_rate);
    assert_true(copy->train.exact);
    assert_true(copy->data.mean.values[2] == 0.3);
    alx_text_finish(&a);
    alx_text_finish(&b);
    alx_recipe_destroy(copy);
    alx_recipe_destroy(r);
}

static void check_path(const char *wanted, const char *path)
{
    char *a = realpath(wanted, NULL), *b = realpath(path, NULL);
    if (!a || !b || strcmp(a, b) != 0) fail_msg("%s is not %s", path, wanted);
    free(a);
    free(b);
}

/* A recipe written into another folder still means the same files, from any working directory. */
static void paths_follow_the_recipe(void **state)
{
    (void)state;
    temp_path root;
    temp_folder_make(root);
    char *home = realpath(".", NULL);
    assert_int_equal(chdir(root), 0);
    alx_error err;
    const char *const folders[] = {"recipes", "data/train", "data/val", "runs/1", "elsewhere", "models"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        assert_int_equal(alx_file_make_folder(folders[i], NULL), ALX_OK);
    write_file("models/net.yaml", "x");
    char yaml[2048];
    snprintf(yaml, sizeof yaml, "model: ../models/net.yaml\ndata: {train: ../data/train, validation: %s/data/val}\n",
             root);
    write_file("recipes/r.yaml", yaml);

    struct alx_recipe *r;
    if (alx_recipe_open(&r, "recipes/r.yaml", &err)) fail_msg("%s", err.message);
    check_path("models/net.yaml", r->model);
    check_path("data/train", r->data.train);
    alx_text text = {0};
    if (alx_recipe_write(&text, r, "runs/1", &err)) fail_msg("%s", err.message);
    write_file("runs/1/recipe.yaml", text.data);
    expect_words(text.data, "train: ../../data/train ");
    expect_words(text.data, "model: ../../models/net.yaml ");
    expect_words(text.data, "# passes over the training images");
    char absolute[1024];
    snprintf(absolute, sizeof absolute, "validation: %s/data/val ", root);
    expect_words(text.data, absolute); /* absolute paths stay */
    alx_text_finish(&text);
    alx_recipe_destroy(r);

    assert_int_equal(chdir("elsewhere"), 0);
    if (alx_recipe_open(&r, "../runs/1/recipe.yaml", &err)) fail_msg("%s", err.message);
    check_path("../models/net.yaml", r->model);
    check_path("../data/train", r->data.train);
    check_path("../data/val", r->data.validation);
    alx_recipe_destroy(r);

    assert_int_equal(chdir("../recipes"), 0); /* a bare file name has no folder part */
    if (alx_recipe_open(&r, "r.yaml", &err)) fail_msg("%s", err.message);
    check_path("../models/net.yaml", r->model);
    alx_recipe_destroy(r);
    assert_int_equal(alx_recipe_open(&r, "none.yaml", &err), ALX_IO);
    assert_int_equal(chdir(home), 0);
    free(home);
    temp_folder_remove(root);
}

static void folders_become_splits(void **state)
{
    (void)state;
    temp_path root;
    temp_folder_make(root);
    char path[1024];
    const char *const folders[] = {"a/x", "a/y", "b/train/x", "b/val/x", "b/test/x"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", root, folders[i]);
        assert_int_equal(alx_file_make_folder(path, NULL), ALX_OK);
    }
    struct alx_recipe *r;
    alx_error err;
    assert_int_equal(alx_recipe_create(&r, NULL), ALX_OK);
    snprintf(path, sizeof path, "%s/b", root);
    if (alx_recipe_set_folder(r, path, &err)) fail_msg("%s", err.message);
    expect_words(r->data.train, "/b/train");
    expect_words(r->data.validation, "/b/val");
    expect_words(r->data.test, "/b/test");
    snprintf(path, sizeof path, "%s/a", root);
    if (alx_recipe_set_folder(r, path, &err)) fail_msg("%s", err.message);
    assert_string_equal(r->data.train, path);
    assert_string_equal(r->data.validation, "");
    assert_string_equal(r->data.test, "");
    assert_null(r->others);
    snprintf(path, sizeof path, "%s/c", root);
    assert_int_not_equal(alx_recipe_set_folder(r, path, &err), ALX_OK);
    /* beside train: left out, and known; copies know it too */
    snprintf(path, sizeof path, "%s/b/foo", root);
    assert_int_equal(alx_file_make_folder(path, NULL), ALX_OK);
    snprintf(path, sizeof path, "%s/b", root);
    if (alx_recipe_set_folder(r, path, &err)) fail_msg("%s", err.message);
    struct alx_recipe *copy;
    if (alx_recipe_copy(&copy, r, &err)) fail_msg("%s", err.message);
    assert_string_equal(copy->folder, path);
    assert_string_equal(copy->others, "foo");
    alx_recipe_destroy(copy);
    /* a class called train */
    snprintf(path, sizeof path, "%s/veh/train", root);
    assert_int_equal(alx_file_make_folder(path, NULL), ALX_OK);
    snprintf(path, sizeof path, "%s/veh/bus", root);
    assert_int_equal(alx_file_make_folder(path, NULL), ALX_OK);
    snprintf(path, sizeof path, "%s/veh", root);
    assert_int_equal(alx_recipe_set_folder(r, path, &err), ALX_BAD_DATA);
    expect_words(err.message, "say so: alexnet train --data.train ");
    assert_int_equal(alx_recipe_set(r, "data.train", path, &err), ALX_OK);
    assert_null(r->folder);
    alx_recipe_destroy(r);
    temp_folder_remove(root);
}

static void values_know_their_place(void **state)
{
    (void)state;
    static const char text[] = "model: alexnet\ndata:\n  image_size: 100\naugment: [random_crop]\n";
    struct alx_recipe *r;
    alx_error err = {0};
    if (alx_recipe_parse(&r, text, sizeof text - 1, "r.yaml", &err)) fail_msg("%s", err.message);
    alx_fail(&err, ALX_USAGE, "image_size 100x100 is small");
    assert_int_equal(alx_recipe_where(r, "data", "image_size", ALX_USAGE, &err), ALX_BAD_DATA);
    assert_string_equal(err.message, "r.yaml:3:15: image_size 100x100 is small");
    alx_fail(&err, ALX_USAGE, "random_crop");
    assert_int_equal(alx_recipe_where(r, "", "augment", ALX_USAGE, &err), ALX_BAD_DATA);
    assert_string_equal(err.message, "r.yaml:4:10: random_crop");
    alx_fail(&err, ALX_USAGE, "std");
    assert_int_equal(alx_recipe_where(r, "data", "std", ALX_USAGE, &err), ALX_USAGE); /* not written */
    assert_string_equal(err.message, "std");
    assert_int_equal(alx_recipe_set(r, "image_size", "101", &err), ALX_OK); /* no longer the file's */
    assert_int_equal(alx_recipe_where(r, "data", "image_size", ALX_USAGE, &err), ALX_USAGE);
    alx_recipe_destroy(r);
}

/* Each key has help in both languages and a row in docs/recipes.md with its default. */
static void every_key_is_documented(void **state)
{
    (void)state;
    uint8_t *docs;
    size_t size;
    alx_error err;
    if (alx_file_read(&docs, &size, SOURCE_DIR "/docs/recipes.md", 1 << 20, &err)) fail_msg("%s", err.message);
    const char *section, *order = "";
    alx_option_info info;
    int count = 0;
    for (; alx_recipe_option(count, &section, &info); count++) {
        char row[256];
        snprintf(row, sizeof row, "| `%s` | `%s` |", info.name, *info.default_value ? info.default_value : "\"\"");
        expect_words((const char *)docs, row);
        assert_true(info.help[0] && *info.help[0] && info.help[1] && *info.help[1]);
        assert_true(info.type && *info.type);
        if (strcmp(order, section) != 0) order = section;
    }
    assert_string_equal(order, "train");
    assert_true(count > 30);
    assert_int_equal(alx_recipe_option(-1, &section, &info), 0);
    free(docs);
}

static void shipped_recipes_are_valid(void **state)
{
    (void)state;
    static const char *const names[] = {"demo", "chinese-style", "chinese-style-gentle", "gender-course",
                                        "alexnet-2012"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[1024];
        struct alx_recipe *r;
        alx_error err;
        snprintf(path, sizeof path, SOURCE_DIR "/recipes/%s.yaml", names[i]);
        if (alx_recipe_open(&r, path, &err)) fail_msg("%s", err.message);
        assert_true(alx_file_exists(r->model));
        expect_words(*r->data.csv ? r->data.csv : r->data.train, "/recipes/../data/");
        alx_recipe_destroy(r);
    }
}

static void has_value(const struct alx_recipe *recipe, const char *key, const char *wanted)
{
    char *text;
    alx_error err = {0};
    if (alx_recipe_value(&text, recipe, key, &err)) fail_msg("%s", err.message);
    assert_string_equal(text, wanted);
    alx_text_destroy(text);
}

static void values_can_be_asked(void **state)
{
    (void)state;
    struct alx_recipe *r = parse("model: alexnet\ndata: {train: 'x: y', rescale: 1/255}\n"
                                 "augment: [flip]\ntrain: {optimizer: sgd, class_weight: [1, 2.5]}\n");
    has_value(r, "model", "alexnet");
    has_value(r, "data.train", "x: y"); /* without YAML's quotes */
    has_value(r, "validation", "");
    has_value(r, "rescale", "0.00392156862745098");
    has_value(r, "augment", "[flip]");
    has_value(r, "train.optimizer", "sgd");
    has_value(r, "learning-rate", "0.001");
    has_value(r, "class_weight", "[1, 2.5]");
    has_value(r, "data.split.validation", "auto");
    has_value(r, "validation-split", "auto");
    has_value(r, "data.split.random_state", "none");
    has_value(r, "data.label.names", "{}");
    char *text;
    alx_error err = {0};
    assert_int_equal(alx_recipe_value(&text, r, "lr", &err), ALX_USAGE);
    assert_null(text);
    expect_words(err.message, "did you mean train.learning_rate?");
    alx_recipe_destroy(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recipe_is_read),
        cmocka_unit_test(mistakes_are_placed),
        cmocka_unit_test(keys_are_set),
        cmocka_unit_test(copies_are_whole),
        cmocka_unit_test(paths_follow_the_recipe),
        cmocka_unit_test(folders_become_splits),
        cmocka_unit_test(values_know_their_place),
        cmocka_unit_test(values_can_be_asked),
        cmocka_unit_test(every_key_is_documented),
        cmocka_unit_test(shipped_recipes_are_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

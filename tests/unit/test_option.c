/* Option tables: every type, from files and from text, and every message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/option.h"

typedef struct config {
    int64_t filters, units, kernel_size[2], padding[2];
    double rate, rescale, share;
    bool use_bias;
    int activation;
    const char *label, *train;
    alx_numbers mean, std;
    alx_texts order;
    alx_map names, rates;
} config;

enum { CLASSES = -1, SAME = -2, RELU = 4, LEAKY_RELU = 5, TANH = 6 };
static const alx_choice unit_names[] = {{"classes", CLASSES}, {NULL, 0}};
static const alx_choice paddings[] = {{"same", SAME}, {"valid", 0}, {NULL, 0}};
static const alx_choice sources[] = {{"train", 1}, {NULL, 0}};
static const alx_choice activations[] = {{"relu", RELU}, {"leaky_relu", LEAKY_RELU}, {"tanh", TANH}, {NULL, 0}};
static const double BELOW_ONE = 0x1.fffffffffffffp-1, ABOVE_ZERO = 1e-300, ENDLESS = 1e18;

#define ROW(field, type) #field, ALX_OPTION_##type, offsetof(config, field)
#define HELP                                                                                                           \
    {                                                                                                                  \
        "in English", "中文"                                                                                         \
    }
static alx_option table[] = {
    {ROW(filters, INT), NULL, 1, 0, NULL, "out_channels num_output", HELP},
    {ROW(units, INT), "classes", 1, 100, unit_names, NULL, HELP},
    {ROW(kernel_size, PAIR), NULL, 1, 1024, NULL, "kernel kernel_shape k", HELP},
    {ROW(padding, PAIR), "valid", 0, 1024, paddings, "pad", HELP},
    {ROW(rate, NUMBER), "0.5", 0, 0, NULL, NULL, HELP},
    {ROW(rescale, NUMBER), "1/255", 0, 0, NULL, NULL, HELP},
    {ROW(share, PERCENT), "1", 0, 100, NULL, NULL, HELP},
    {ROW(use_bias, BOOL), "yes", 0, 0, NULL, "bias", HELP},
    {ROW(activation, CHOICE), "relu", 0, 0, activations, "nonlinearity", HELP},
    {ROW(label, TEXT), "", 0, 0, NULL, NULL, HELP},
    {ROW(train, PATH), "", 0, 0, NULL, NULL, HELP},
    {ROW(mean, NUMBERS), "[]", -10, 10, NULL, NULL, HELP},
    {ROW(std, NUMBERS), "[]", 0, 0, sources, NULL, HELP},
    {ROW(order, TEXTS), "[]", 0, 0, NULL, NULL, HELP},
    {ROW(names, TEXT_MAP), "{}", 0, 0, NULL, NULL, HELP},
    {ROW(rates, NUMBER_MAP), "{}", 0, 100, NULL, NULL, HELP},
    {"dropout", ALX_OPTION_NUMBER, offsetof(config, rate), alx_option_alias, 0, 0, NULL, NULL, HELP},
    {.name = NULL},
};

static alx_arena arena;
static config c;

static int prepare(void **state)
{
    (void)state;
    table[0].max = ENDLESS;
    table[4].max = BELOW_ONE;
    table[5].min = ABOVE_ZERO;
    table[5].max = ENDLESS;
    memset(&c, 0, sizeof c);
    return (int)alx_options_default(table, &c, &arena, NULL);
}

static int release(void **state)
{
    (void)state;
    alx_arena_finish(&arena);
    return 0;
}

static alx_status read_yaml(const char *yaml, const char *skip, alx_error *err)
{
    alx_yaml *root = NULL;
    alx_status status = alx_yaml_parse(&root, &arena, yaml, strlen(yaml), "models/x.yaml", err);
    return status ? status : alx_options_read(table, &c, root, "conv2d", skip, &arena, err);
}

static void test_defaults(void **state)
{
    (void)state;
    assert_int_equal(c.filters, 0);
    assert_int_equal(c.units, CLASSES);
    assert_int_equal(c.padding[0], 0);
    assert_int_equal(c.padding[1], 0);
    assert_true(c.rate == 0.5 && c.rescale == 1.0 / 255);
    assert_true(c.use_bias);
    assert_int_equal(c.activation, RELU);
    assert_string_equal(c.label, "");
    assert_string_equal(c.train, "");
    assert_int_equal(c.mean.count, 0);
    assert_int_equal(c.order.count + c.names.count + c.rates.count, 0);
}

static void test_lists_and_maps(void **state)
{
    (void)state;
    alx_error err = {0};
    const char *yaml = "{filters: 1, kernel_size: 3, std: train, order: [male, 女], names: {m: male, f: 'a, b'}, "
                       "rates: {\"*.bias\": 2, conv2d_1.kernel: 1/2}, dropout: 0.25}";
    if (read_yaml(yaml, NULL, &err)) fail_msg("%s", err.message);
    assert_int_equal(c.std.choice, 1);
    assert_int_equal(c.std.count, 0);
    assert_int_equal(c.order.count, 2);
    assert_string_equal(c.order.values[1], "女");
    assert_int_equal(c.names.count, 2);
    assert_string_equal(c.names.entries[1].name, "f");
    assert_string_equal(c.names.entries[1].text, "a, b");
    assert_string_equal(c.rates.entries[0].name, "*.bias");
    assert_true(c.rates.entries[1].number == 0.5);
    assert_true(c.rate == 0.25); /* by its other name */
    alx_text text = {0};
    alx_options_add_changed(&text, table, &c);
    assert_string_equal(text.data, "filters: 1, kernel_size: 3, rate: 0.25, std: train, order: [male, 女], "
                                   "names: {m: male, f: \"a, b\"}, rates: {\"*.bias\": 2, conv2d_1.kernel: 0.5}");
    alx_text_finish(&text);
    /* An update leaves what it does not name, and asks for nothing. */
    alx_yaml *root;
    assert_int_equal(alx_yaml_parse(&root, &arena, "{order: one}", 12, "x.yaml", &err), ALX_OK);
    assert_int_equal(alx_options_update(table, &c, root, "x", NULL, &arena, &err), ALX_OK);
    assert_int_equal(c.order.count, 1);
    assert_int_equal(c.filters, 1);
    assert_int_equal(c.names.count, 2);
}

static void test_read(void **state)
{
    (void)state;
    alx_error err = {0};
    alx_status status = read_yaml("filters: 96\nunits: 10\nkernel_size: [3, 2]\npadding: same\nrate: 1e-4\n"
                                  "rescale: 2/4\nuse_bias: no\nactivation: leaky_relu\nlabel: \"a: b\"\n"
                                  "train: ../data/train\nmean: [0.485, -1, 1/4]\nfrom: other\nname: x\n",
                                  "from name", &err);
    if (status) fail_msg("%s", err.message);
    assert_int_equal(c.filters, 96);
    assert_int_equal(c.units, 10);
    assert_int_equal(c.kernel_size[0], 3);
    assert_int_equal(c.kernel_size[1], 2);
    assert_int_equal(c.padding[0], SAME);
    assert_int_equal(c.padding[1], SAME);
    assert_true(c.rate == 1e-4 && c.rescale == 0.5);
    assert_false(c.use_bias);
    assert_int_equal(c.activation, LEAKY_RELU);
    assert_string_equal(c.label, "a: b");
    assert_string_equal(c.train, "models/../data/train");
    assert_int_equal(c.mean.count, 3);
    assert_true(c.mean.values[0] == 0.485 && c.mean.values[1] == -1 && c.mean.values[2] == 0.25);
    /* Reading begins with the defaults again, and a number stands for two or for a list. */
    assert_int_equal(read_yaml("{filters: 1, kernel_size: 5, mean: 3, train: /abs}", NULL, &err), ALX_OK);
    assert_int_equal(c.units, CLASSES);
    assert_int_equal(c.kernel_size[1], 5);
    assert_int_equal(c.mean.count, 1);
    assert_string_equal(c.train, "/abs");
}

static void test_messages(void **state)
{
    (void)state;
#define GIVEN "filters: 1, kernel_size: 3"
    static const char *const rows[][2] = {
        {"{filters: 1, kernel: 3}", ":1:14: conv2d has no option \"kernel\"; did you mean kernel_size?"},
        {"{" GIVEN ", strieds: 3}", ":1:30: conv2d has no option \"strieds\"; it has filters, units, kernel_size,"},
        {"{" GIVEN ", use-bias: no}", ":1:30: conv2d has no option \"use-bias\"; did you mean use_bias?"},
        {"{" GIVEN ", nonlinearity: relu}", ":1:30: conv2d has no option \"nonlinearity\"; did you mean activation?"},
        {"{filters: many}", ":1:11: conv2d: filters takes a whole number, not \"many\""},
        {"{filters: \"96\"}", ":1:11: conv2d: filters takes a whole number, not the quoted text \"96\""},
        {"{filters: 9.5}", ":1:11: conv2d: filters takes a whole number, not \"9.5\""},
        {"{filters: 0x10}", ":1:11: conv2d: filters takes a whole number, not \"0x10\""},
        {"{filters: 9 6}", ":1:11: conv2d: filters takes a whole number, not \"9 6\""},
        {"{filters: }", ":1:11: conv2d: filters takes a whole number, but no value is given"},
        {"{filters: [1]}", ":1:11: conv2d: filters takes a whole number, not this list"},
        {"{filters: {a: 1}}", ":1:11: conv2d: filters takes a whole number, not a map"},
        {"{filters: 0}", ":1:11: conv2d: filters 0 is out of range; use at least 1"},
        {"{filters: -3}", ":1:11: conv2d: filters -3 is out of range; use at least 1"},
        {"{filters: 9223372036854775808}", ":1:11: conv2d: filters 9223372036854775808 does not fit in 64 bits"},
        {"{units: 101}", ":1:9: conv2d: units 101 is out of range; use 1 to 100"},
        {"{units: -1}", ":1:9: conv2d: units -1 is out of range; use 1 to 100"},
        {"{units: class}",
         ":1:9: conv2d: units takes a whole number, or classes, not \"class\"; did you mean classes?"},
        {"{kernel_size: [3]}", ":1:15: conv2d: kernel_size takes a whole number or two such as [3, 2], not this list"},
        {"{kernel_size: [3, 0]}", ":1:15: conv2d: kernel_size 0 is out of range; use 1 to 1024"},
        {"{padding: [same, 1]}", ":1:11: conv2d: padding takes a whole number or two such as [3, 2], not \"same\""},
        {"{rate: nan}", ":1:8: conv2d: rate takes a number, not \"nan\""},
        {"{rate: inf}", ":1:8: conv2d: rate takes a number, not \"inf\""},
        {"{rate: 0.5x}", ":1:8: conv2d: rate takes a number, not \"0.5x\""},
        {"{rate: 1/0}", ":1:8: conv2d: rate takes a number, not \"1/0\""},
        {"{rate: 1/2/3}", ":1:8: conv2d: rate takes a number, not \"1/2/3\""},
        {"{rate: 1e999}", ":1:8: conv2d: rate takes a number, not \"1e999\""},
        {"{rate: 1}", ":1:8: conv2d: rate 1 is out of range; use at least 0 and less than 1"},
        {"{rescale: 0}", ":1:11: conv2d: rescale 0 is out of range; use more than 0"},
        {"{use_bias: maybe}", ":1:12: conv2d: use_bias takes yes or no, not \"maybe\""},
        {"{use_bias: 1}", ":1:12: conv2d: use_bias takes yes or no, not \"1\""},
        {"{activation: rleu}",
         ":1:14: conv2d: activation takes relu, leaky_relu or tanh, not \"rleu\"; did you mean relu?"},
        {"{activation: }", ":1:14: conv2d: activation takes relu, leaky_relu or tanh, but no value is given"},
        {"{label: [a]}", ":1:9: conv2d: label takes text, not this list"},
        {"{mean: [1, x]}", ":1:8: conv2d: mean takes a number or a list such as [0.5, 1], not \"x\""},
        {"{mean: [1, 11]}", ":1:8: conv2d: mean 11 is out of range; use -10 to 10"},
        {"{std: test}", ":1:7: conv2d: std takes a number or a list such as [0.5, 1], or train, not \"test\""},
        {"{order: {a: b}}", ":1:9: conv2d: order takes a word or a list such as [a, b], not a map"},
        {"{order: [[a]]}", ":1:9: conv2d: order takes a word or a list such as [a, b], not this list"},
        {"{names: [a]}", ":1:9: conv2d: names takes a map such as {a: b}, not this list"},
        {"{names: {a: [b]}}", ":1:9: conv2d: names takes a map such as {a: b}, not this list"},
        {"{rates: {a: x}}", ":1:9: conv2d: rates takes a map of numbers such as {a: 2}, not \"x\""},
        {"{rates: {a: 101}}", ":1:9: conv2d: rates 101 is out of range; use 0 to 100"},
        {"{filters: \"a\\nb\\e[31m\"}", "the quoted text \"a\\nb\\x1b[31m\""},
        {"{rate: 0.5}", ":1:1: conv2d: filters, kernel_size must be given"},
        {"[3]", ":1:1: conv2d takes its options as a map, such as {filters: ...}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        alx_error err = {0};
        assert_int_equal(read_yaml(rows[i][0], NULL, &err), ALX_BAD_DATA);
        assert_int_equal(read_yaml(rows[i][0], NULL, NULL), ALX_BAD_DATA);
        if (!strstr(err.message, rows[i][1])) fail_msg("\"%s\" is not in \"%s\"", rows[i][1], err.message);
        if (strncmp(err.message, "models/x.yaml:1:", 16) != 0) fail_msg("no place in \"%s\"", err.message);
    }
    alx_error err = {0};
    assert_int_equal(alx_options_read(table, &c, NULL, "conv2d", NULL, &arena, &err), ALX_USAGE);
    assert_string_equal(err.message, "conv2d: filters, kernel_size must be given");
}

static void test_empty_tables(void **state)
{
    (void)state;
    static const alx_option none[] = {{.name = NULL}};
    alx_yaml *root = NULL;
    alx_error err = {0};
    assert_int_equal(alx_yaml_parse(&root, &arena, "flatten:", 8, "m.yaml", &err), ALX_OK);
    assert_int_equal(alx_options_read(none, &c, root->children[0], "flatten", NULL, &arena, &err), ALX_OK);
    assert_int_equal(alx_options_read(none, &c, root, "flatten", NULL, &arena, &err), ALX_BAD_DATA);
    assert_string_equal(err.message, "m.yaml:1:1: flatten has no option \"flatten\"; it takes no options");
    assert_int_equal(alx_options_read(none, &c, root, "x", "a flatten", &arena, &err), ALX_OK);
    assert_int_equal(alx_options_read(none, &c, root, "x", "flat flattened", &arena, &err), ALX_BAD_DATA);
    /* The caller's keys are in the list of what there is. */
    static const alx_option one[] = {{"model", ALX_OPTION_TEXT, 0, "", 0, 0, NULL, NULL, HELP}, {.name = NULL}};
    const char *text = "";
    assert_int_equal(alx_options_read(one, &text, root, "a recipe", "data train", &arena, &err), ALX_BAD_DATA);
    assert_string_equal(err.message, "m.yaml:1:1: a recipe has no option \"flatten\"; it has model, data, train");
}

/* Sets and writes back; expected is the value as text, or the message. */
static void check_set(const char *name, const char *value, const char *expected)
{
    alx_error err = {0};
    alx_text text = {0};
    if (alx_options_set(table, &c, name, value, &arena, &err))
        alx_text_printf(&text, "%s", err.message);
    else
        alx_options_add_value(&text, alx_options_find(table, name), &c);
    if (strcmp(text.data, expected) != 0) fail_msg("%s %s: \"%s\", not \"%s\"", name, value, text.data, expected);
    alx_text_finish(&text);
}

static void test_set_from_text(void **state)
{
    (void)state;
    check_set("filters", "12", "12");
    check_set("filters", "+12", "12");
    check_set("kernel-size", "3", "3");
    check_set("kernel_size", "3,2", "[3, 2]");
    check_set("kernel_size", "[3, 2]", "[3, 2]");
    check_set("kernel_size", "4,4", "4");
    check_set("padding", "same", "same");
    check_set("padding", "0", "valid");
    check_set("padding", "1,2", "[1, 2]");
    check_set("units", "classes", "classes");
    check_set("rate", "1/4", "0.25");
    check_set("rescale", "1/255", "0.00392156862745098");
    check_set("share", "50", "50");
    check_set("share", "2.5%", "2.5");
    check_set("share", "150%", "share 150% is out of range; use 0 to 100");
    check_set("share", "%", "share takes a percentage such as 5%, not \"%\"");
    check_set("share", "5%%", "share takes a percentage such as 5%, not \"5%%\"");
    check_set("use-bias", "no", "false");
    check_set("activation", "leaky-relu", "leaky_relu");
    check_set("label", "a: b #c", "\"a: b #c\"");
    check_set("label", "[x], y", "\"[x], y\"");
    check_set("train", "data/数据", "data/数据"); /* relative to the working directory */
    check_set("mean", "1", "[1]");
    check_set("mean", "1,2.5", "[1, 2.5]");
    check_set("mean", "[]", "[]");
    check_set("mean", "", "[]");
    check_set("std", "train", "train");
    check_set("std", "1,2", "[1, 2]");
    check_set("order", "b, a", "[b, a]");
    check_set("order", "b", "[b]");
    check_set("names", "{m: male}", "{m: male}");
    check_set("names", "m", "names takes a map such as {a: b}, not \"m\"");
    check_set("rates", "{a: 2}", "{a: 2}");
    check_set("dropout", "0.125", "0.125");

    check_set("kernel_size", "[3, 2", "kernel_size takes a whole number or two such as [3, 2], not \"[3, 2\"");
    check_set("kernel_size", "[&a 3, *a]",
              "kernel_size takes a whole number or two such as [3, 2], not \"[&a 3, *a]\"");
    check_set("filters", "0", "filters 0 is out of range; use at least 1");
    check_set("filters", "", "filters takes a whole number, but no value is given");
    check_set("rat", "1", "there is no option \"rat\"; did you mean rate?");
    check_set("zebra", "1", "there is no option \"zebra\"");
    /* A refused value leaves the old one. */
    assert_true(c.filters == 12);
    assert_int_equal(alx_options_set(table, &c, "filters", "x", &arena, NULL), ALX_USAGE);
}

static void test_values_read_back(void **state)
{
    (void)state;
    static const double values[] = {0.1, 1e-7, 1.0 / 3, 0.9999999999999999, 0};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        c.rate = values[i];
        alx_text text = {0};
        alx_options_add_value(&text, alx_options_find(table, "rate"), &c);
        c.rate = 7;
        assert_int_equal(alx_options_set(table, &c, "rate", text.data, &arena, NULL), ALX_OK);
        assert_true(c.rate == values[i]);
        alx_text_finish(&text);
    }
}

static void test_changed(void **state)
{
    (void)state;
    alx_error err = {0};
    const char *yaml = "{filters: 96, kernel_size: [3, 2], use_bias: no, label: 'x: y', rescale: 1/255, mean: [1, 2]}";
    assert_int_equal(read_yaml(yaml, NULL, &err), ALX_OK);
    alx_text text = {0};
    alx_options_add_changed(&text, table, &c);
    assert_string_equal(text.data, "filters: 96, kernel_size: [3, 2], use_bias: false, label: \"x: y\", mean: [1, 2]");
    assert_true(alx_options_is_default(alx_options_find(table, "rescale"), &c));
    assert_true(alx_options_is_default(alx_options_find(table, "padding"), &c));
    assert_false(alx_options_is_default(alx_options_find(table, "mean"), &c));
    assert_false(alx_options_is_default(alx_options_find(table, "filters"), &c));
    /* And the text reads back as the same config. */
    config before = c;
    alx_text braces = {0};
    alx_text_printf(&braces, "{%s}", text.data);
    assert_int_equal(read_yaml(braces.data, NULL, &err), ALX_OK);
    assert_int_equal(c.kernel_size[1], before.kernel_size[1]);
    assert_true(c.rescale == before.rescale && c.mean.values[1] == 2);
    alx_text_finish(&braces);
    alx_text_finish(&text);
}

static void check_described(const char *name, const char *type, const char *range, const char *standard)
{
    alx_option_info info;
    alx_option_describe(alx_options_find(table, name), &info);
    assert_string_equal(info.name, name);
    assert_string_equal(info.type, type);
    assert_string_equal(info.range, range);
    if (standard)
        assert_string_equal(info.default_value, standard);
    else
        assert_null(info.default_value);
    assert_string_equal(info.help[1], "中文");
}

static void test_describe(void **state)
{
    (void)state;
    check_described("filters", "integer", ">= 1", NULL);
    check_described("units", "integer|classes", "1..100", "classes");
    check_described("kernel_size", "integer or pair", "1..1024", NULL);
    check_described("rate", "number", ">= 0, < 1", "0.5");
    check_described("rescale", "number", "> 0", "1/255");
    check_described("use_bias", "yes|no", "", "yes");
    check_described("activation", "relu|leaky_relu|tanh", "", "relu");
    check_described("mean", "numbers", "-10..10", "[]");
    /* A list of choices too long for its buffer is cut. */
    static const alx_choice many[] = {
        {"a_name_of_some_thirty_characters", 0}, {"b_name_of_some_thirty_characters", 1},
        {"c_name_of_some_thirty_characters", 2}, {"d_name_of_some_thirty_characters", 3},
        {"e_name_of_some_thirty_characters", 4}, {NULL, 0},
    };
    alx_option long_row = {"x", ALX_OPTION_CHOICE, 0, NULL, 0, 0, many, NULL, HELP};
    alx_option_info info;
    alx_option_describe(&long_row, &info);
    assert_true(strlen(info.type) < sizeof info.type);
    assert_string_equal(info.type + strlen(info.type) - 3, "...");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, release)
    const struct CMUnitTest tests[] = {
        TEST(test_defaults),     TEST(test_read),          TEST(test_messages),
        TEST(test_empty_tables), TEST(test_set_from_text), TEST(test_values_read_back),
        TEST(test_changed),      TEST(test_describe),      TEST(test_lists_and_maps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

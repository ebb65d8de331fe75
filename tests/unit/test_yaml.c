/* YAML: what is taken, what is refused and where, and that hostile files end quickly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/text.h"
#include "base/yaml.h"
#include "temp_folder.h"

static alx_arena arena;

static int release(void **state)
{
    (void)state;
    alx_arena_finish(&arena);
    return 0;
}

static alx_yaml *parse(const char *text)
{
    alx_yaml *root = NULL;
    alx_error err = {0};
    if (alx_yaml_parse(&root, &arena, text, strlen(text), "x.yaml", &err)) fail_msg("%s", err.message);
    return root;
}

static void test_tree_and_marks(void **state)
{
    (void)state;
    const alx_yaml *root = parse("# comment\n"
                                 "name: alexnet\n"
                                 "input: [227, 227, 3]\n"
                                 "layers:\n"
                                 "  - conv2d: {filters: 96, name: '数据'}\n"
                                 "  - flatten\n"
                                 "  - dense:\n");
    assert_int_equal(root->kind, ALX_YAML_MAP);
    assert_int_equal(root->count, 3);
    assert_null(root->key);
    const alx_yaml *name = alx_yaml_get(root, "name");
    assert_string_equal(name->scalar, "alexnet");
    assert_string_equal(name->key, "name");
    assert_false(name->quoted);
    assert_string_equal(name->file, "x.yaml");
    assert_int_equal(name->line, 2);
    assert_int_equal(name->column, 7);
    assert_int_equal(name->key_line, 2);
    assert_int_equal(name->key_column, 1);
    const alx_yaml *input = alx_yaml_get(root, "input");
    assert_int_equal(input->kind, ALX_YAML_LIST);
    assert_int_equal(input->count, 3);
    assert_null(input->children[2]->key);
    assert_string_equal(input->children[2]->scalar, "3");
    const alx_yaml *layers = alx_yaml_get(root, "layers");
    const alx_yaml *conv = alx_yaml_get(layers->children[0], "conv2d");
    const alx_yaml *text = alx_yaml_get(conv, "name");
    assert_string_equal(text->scalar, "数据");
    assert_true(text->quoted);
    assert_int_equal(text->line, 5);
    assert_int_equal(text->key_column, 27);
    assert_string_equal(alx_yaml_get(layers->children[2], "dense")->scalar, "");
    assert_null(alx_yaml_get(root, "nothing"));
    assert_null(alx_yaml_get(layers, "conv2d"));
    assert_null(alx_yaml_get(NULL, "x"));
}

static void test_kinds_of_text(void **state)
{
    (void)state;
    assert_string_equal(parse("plain words")->scalar, "plain words");
    assert_false(parse("12")->quoted);
    assert_true(parse("\"12\"")->quoted);
    assert_string_equal(parse("\"a\\tb\\u00e9\"")->scalar, "a\tbé");
    assert_string_equal(parse("|\n  one\n  two\n")->scalar, "one\ntwo\n");
    assert_int_equal(parse("{}")->count, 0);
    assert_int_equal(parse("[]")->count, 0);
    assert_string_equal(parse("---\na: 1\n...\n")->children[0]->scalar, "1");
    /* A key of one map may be a key of another. */
    assert_int_equal(parse("a: {x: 1}\nb: {x: 1}\n")->count, 2);
}

static void test_refusals(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"a: 1\nb: 2\na: 3\n", "x.yaml:3:1: a is given twice; line 1 has it too"},
        {"{b: {a: 1, c: 2, a: 1}}", "x.yaml:1:18: a is given twice"},
        {"a: &x 1\nb: *x\n", "x.yaml:1:4: anchors (&name) are not taken; write the value out"},
        {"a: *x\n", "x.yaml:1:4: aliases (*name) are not taken; write the value out"},
        {"*x : 1\n", "x.yaml:1:1: aliases"},
        {"a: &x [1]\n", "x.yaml:1:4: anchors"},
        {"&x a: 1\n", "x.yaml:1:1: anchors"},
        {"a: &x {b: 1}\n", "x.yaml:1:4: anchors"},
        {"a: !!int 1\n", "x.yaml:1:4: tags (!name) are not taken; leave the tag out"},
        {"a: !x [1]\n", "x.yaml:1:4: tags"},
        {"!x {a: 1}\n", "x.yaml:1:1: tags"},
        {"a: 1\n---\nb: 2\n", "x.yaml:2:1: a second document (---) in one file is not taken; put it in"},
        {"[a]: 1\n", "x.yaml:1:1: a key must be a plain word"},
        {"? {a: 1}\n: 1\n", "x.yaml:1:3: a key must be a plain word"},
        {"? ''\n: 1\n", "x.yaml:1:3: a key is missing"},
        {"a: \"x\\0y\"\n", "x.yaml:1:4: a text with a zero byte"},
        {"a: [1, 2\n", "x.yaml:2:1: not valid YAML: did not find expected ',' or ']'"},
        {"a: 'x\n", "not valid YAML"},
        {"layers:\n\t- flatten\n", "x.yaml:2:1: this line is indented with a tab; use spaces"},
        {"a:\n  b: 1\n \tc: 2\n", "x.yaml:3:2: this line is indented with a tab; use spaces"},
        {"a: 1\n b: 2\n", "x.yaml:2:3: not valid YAML"},
        {"", "x.yaml:1:1: there is nothing in it"},
        {"# only a comment\n", "x.yaml:1:1: there is nothing in it"},
        {"a: \xff\n", "not valid YAML"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        alx_yaml *root = (alx_yaml *)1;
        alx_error err = {0};
        assert_int_equal(alx_yaml_parse(&root, &arena, rows[i][0], strlen(rows[i][0]), "x.yaml", &err), ALX_BAD_DATA);
        assert_null(root);
        if (!strstr(err.message, rows[i][1])) fail_msg("\"%s\" is not in \"%s\"", rows[i][1], err.message);
    }
    /* Without a file there is no place to name but the line. */
    alx_yaml *root;
    alx_error err = {0};
    assert_int_equal(alx_yaml_parse(&root, &arena, "{a: *x}", 7, NULL, &err), ALX_BAD_DATA);
    assert_memory_equal(err.message, "line 1, column 5: ", 18);
    assert_int_equal(alx_yaml_parse(&root, &arena, "a\0b", 3, NULL, NULL), ALX_BAD_DATA);
}

/* start x count + middle + end x count, with an explicit bound on the time it takes. */
static alx_status parse_repeated(const char *start, const char *middle, const char *end, int count, alx_error *err)
{
    alx_text text = {0};
    for (int i = 0; i < count; i++) alx_text_add(&text, start);
    alx_text_add(&text, middle);
    for (int i = 0; i < count; i++) alx_text_add(&text, end);
    alx_yaml *root;
    clock_t before = clock();
    alx_status status = alx_yaml_parse(&root, &arena, text.data, text.length, "x.yaml", err);
    assert_true((double)(clock() - before) / CLOCKS_PER_SEC < 20);
    alx_text_finish(&text);
    return status;
}

static void test_limits(void **state)
{
    (void)state;
    alx_error err = {0};
    assert_int_equal(parse_repeated("[", "", "]", ALX_YAML_MAX_DEPTH, &err), ALX_OK);
    assert_int_equal(parse_repeated("[", "", "]", ALX_YAML_MAX_DEPTH + 1, &err), ALX_BAD_DATA);
    assert_string_equal(err.message, "x.yaml:1:33: nested deeper than 32 levels");
    assert_int_equal(parse_repeated("[", "", "]", 500000, &err), ALX_BAD_DATA);
    assert_int_equal(parse_repeated("{a: ", "", "}", 200000, &err), ALX_BAD_DATA);
    assert_int_equal(parse_repeated("- ", "x", "", 500000, &err), ALX_BAD_DATA);
    assert_int_equal(parse_repeated("? ", "x", "", 500000, &err), ALX_BAD_DATA);
    assert_int_equal(parse_repeated("- x\n", "", "", ALX_YAML_MAX_NODES - 1, &err), ALX_OK);
    assert_int_equal(parse_repeated("- x\n", "", "", ALX_YAML_MAX_NODES, &err), ALX_BAD_DATA);
    assert_non_null(strstr(err.message, "more than 100,000 values"));
    assert_int_equal(parse_repeated("#", "\na: 1", "", ALX_YAML_MAX_BYTES, &err), ALX_BAD_DATA);
    assert_non_null(strstr(err.message, "more than a megabyte"));
}

static void test_many_keys(void **state)
{
    (void)state;
    enum { KEYS = 90000 };
    alx_text text = {0};
    for (int i = 0; i < KEYS; i++) alx_text_printf(&text, "k%d:\n", (i * 7919) % KEYS);
    alx_yaml *root;
    alx_error err = {0};
    clock_t before = clock();
    assert_int_equal(alx_yaml_parse(&root, &arena, text.data, text.length, "x.yaml", &err), ALX_OK);
    assert_true((double)(clock() - before) / CLOCKS_PER_SEC < 20);
    assert_int_equal(root->count, KEYS);
    alx_text_add(&text, "k7919:\n");
    assert_int_equal(alx_yaml_parse(&root, &arena, text.data, text.length, "x.yaml", &err), ALX_BAD_DATA);
    assert_string_equal(err.message, "x.yaml:90001:1: k7919 is given twice; line 2 has it too");
    alx_text_finish(&text);
}

static void test_read_and_fail(void **state)
{
    (void)state;
    temp_path folder, path;
    temp_folder_make(folder);
    snprintf(path, sizeof path, "%.480s/m.yaml", folder);
    assert_int_equal(alx_file_write(path, "a:\n  - 1\n", 9, NULL), ALX_OK);
    alx_yaml *root = NULL;
    assert_int_equal(alx_yaml_read(&root, &arena, path, NULL), ALX_OK);
    alx_error err = {0};
    const alx_yaml *one = alx_yaml_get(root, "a")->children[0];
    assert_int_equal(alx_yaml_fail(one, &err, ALX_BAD_MODEL, "kernel_size %d does not fit", 11), ALX_BAD_MODEL);
    assert_int_equal(err.status, ALX_BAD_MODEL);
    assert_non_null(strstr(err.message, "/m.yaml:2:5: kernel_size 11 does not fit"));
    assert_int_equal(alx_yaml_fail(one, NULL, ALX_BAD_MODEL, "x"), ALX_BAD_MODEL);
    assert_int_equal(alx_yaml_read(&root, &arena, folder, &err), ALX_IO);
    assert_null(root);
    temp_folder_remove(folder);
}

static void test_scalars_read_back(void **state)
{
    (void)state;
    static const char *const plain[] = {
        "relu",     "runs/1/best.safetensors", "../data/train", "227", "数据/隶书", "1/255", "a b", "x%y", ".hidden",
        "/abs/path"};
    static const char *const quoted[] = {
        "",      " a",   "a ",   "a: b", "a #b",  "#a",   "-",           "- a",          "[a]",
        "{a}",   "a,b",  "*a",   "&a",   "!a",    "|",    ">",           "'a'",          "\"a\"",
        "yes",   "null", "~",    "True", "off",   "a\nb", "a\tb",        "\x7f",         "\xc2\x85",
        "---",   "...",  "a\\b", "?",    "%a",    "@a",   "`a",          "\xe2\x80\xa8", "\xef\xbb\xbf",
        "a\r\n", "=",    ": ",   "a:",   "\x1b[", "<<",   "\xef\xbf\xbe"};
    enum { PLAIN = sizeof plain / sizeof plain[0], QUOTED = sizeof quoted / sizeof quoted[0] };
    for (int i = 0; i < PLAIN + QUOTED; i++) {
        const char *s = i < PLAIN ? plain[i] : quoted[i - PLAIN];
        alx_text text = {0};
        alx_yaml_add_scalar(&text, s);
        assert_int_equal(text.data[0] == '"', i >= PLAIN);
        assert_string_equal(parse(text.data)->scalar, s);
        /* In a flow map and in a block list too. */
        alx_text flow = {0};
        alx_text_printf(&flow, "- {k: %s, l: [%s]}\n- %s\n", text.data, text.data, text.data);
        const alx_yaml *root = parse(flow.data);
        assert_string_equal(alx_yaml_get(root->children[0], "k")->scalar, s);
        assert_string_equal(alx_yaml_get(root->children[0], "l")->children[0]->scalar, s);
        assert_string_equal(root->children[1]->scalar, s);
        alx_text_finish(&flow);
        alx_text_finish(&text);
    }
    alx_text text = {0};
    alx_yaml_add_scalar(&text, "a\xff:");
    assert_string_equal(text.data, "\"a\xef\xbf\xbd:\"");
    alx_text_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_tree_and_marks, release),
        cmocka_unit_test_teardown(test_kinds_of_text, release),
        cmocka_unit_test_teardown(test_refusals, release),
        cmocka_unit_test_teardown(test_limits, release),
        cmocka_unit_test_teardown(test_many_keys, release),
        cmocka_unit_test_teardown(test_read_and_fail, release),
        cmocka_unit_test_teardown(test_scalars_read_back, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Comments behind the lines of a person's YAML: what they say, what of the person's own stays, and that the network
 * stays the same. */
#include "network_text.h"

#include "model/explain.h"

static char *annotate_in(const char *yaml, alx_language language)
{
    alx_graph *graph = good_graph(yaml);
    alx_error err = {0};
    char *text;
    if (alx_graph_annotate(&text, graph, yaml, language, &err)) fail_msg("%s", err.message);
    alx_graph_destroy(graph);
    return text;
}

static void assert_annotated(const char *yaml, const char *expected)
{
    char *once = annotate_in(yaml, ALX_ENGLISH);
    assert_string_equal(once, expected);
    /* Comments of ours are made anew, in either language; nothing piles up. */
    char *twice = annotate_in(once, ALX_ENGLISH), *chinese = annotate_in(once, ALX_CHINESE);
    char *back = annotate_in(chinese, ALX_ENGLISH);
    assert_string_equal(twice, expected);
    assert_string_equal(back, expected);
    free(once);
    free(twice);
    free(chinese);
    free(back);
}

static void every_line_gets_a_comment(void **state)
{
    (void)state;
    assert_annotated(
        "name: t\n"
        "classes: 2\n"
        "input: [9, 9, 3]\n"
        "layers:\n"
        "  - conv2d: {filters: 4, kernel_size: 3, strides: 2, activation: relu}\n"
        "  - flatten\n"
        "  - dense: {units: classes, activation: softmax}\n",
        "name: t                                                                 # what summary and reports call it\n"
        "classes: 2                                                              # usual number; the data or --classes "
        "overrides it\n"
        "input: [9, 9, 3]                                                        # height, width, channels: red, "
        "green, blue\n"
        "layers:                                                                 # each reads the one above it\n"
        "  - conv2d: {filters: 4, kernel_size: 3, strides: 2, activation: relu}  # "
        "4x4x4: (9 - 3) / 2 + 1 = 4; (3*3*3 + 1) * 4 = 112; finds edges and colours; ReLU\n"
        "  - flatten                                                             # 64: no parameters; the image as a "
        "row\n"
        "  - dense: {units: classes, activation: softmax}                        # "
        "2: (64 + 1) * 2 = 130; a score for each class; softmax: probabilities\n");
}

static void own_comments_stay(void **state)
{
    (void)state;
    assert_annotated(
        "# mine\n"
        "classes: 2 # two\n"
        "input: [4, 4, 1]\n"
        "\n"
        "layers:\n"
        "  # here it begins\n"
        "  - flatten # 9x9x9: an old count | kept\n"
        "  - dense: {units: classes, activation: softmax}   #   my own words | and more\n",
        "# mine\n"
        "classes: 2                                        # usual number; the data or --classes overrides it | two\n"
        "input: [4, 4, 1]                                  # height, width, channels\n"
        "\n"
        "layers:                                           # each reads the one above it\n"
        "  # here it begins\n"
        "  - flatten                                       # 16: no parameters; the image as a row | kept\n"
        "  - dense: {units: classes, activation: softmax}  # 2: (16 + 1) * 2 = 34; a score for each class; "
        "softmax: probabilities | my own words | and more\n");
}

static void options_on_lines_of_their_own(void **state)
{
    (void)state;
    assert_annotated(
        "input: [4, 4, 1]\n"
        "layers:\n"
        "  - conv2d:\n"
        "      filters: 2\n"
        "      kernel_size: 3   # 'small'\n"
        "  - flatten\n"
        "  - dense: {units: classes, kernel_initializer: normal,\n"
        "            activation: softmax}\n"
        "classes: 2\n",
        "input: [4, 4, 1]                                         # height, width, channels\n"
        "layers:                                                  # each reads the one above it\n"
        "  - conv2d:                                              # 2x2x2: (3*3*1 + 1) * 2 = 20; finds edges and "
        "colours\n"
        "      filters: 2                                         # number of filters: the output's channels\n"
        "      kernel_size: 3                                     # height and width of a filter; one number stands "
        "for both | 'small'\n"
        "  - flatten                                              # 8: no parameters; the image as a row\n"
        "  - dense: {units: classes, kernel_initializer: normal,  # 2: (8 + 1) * 2 = 18\n"
        "            activation: softmax}                         # a score for each class; softmax: probabilities; "
        "weights start normal, deviation 0.05, biases start at 0\n"
        "classes: 2                                               # usual number; the data or --classes overrides "
        "it\n");
}

/* A '#' within quotes or within a word begins no comment. */
static void names_keep_their_signs(void **state)
{
    (void)state;
    char *text = annotate_in("name: 'a # b'\nclasses: 2\ninput: [4, 4, 1]\nlayers:\n"
                             "  - flatten\n"
                             "  - dense: {units: \"classes\", activation: softmax}  # 'a' # \"b\"\n",
                             ALX_ENGLISH);
    assert_non_null(strstr(text, "name: 'a # b'  "));
    assert_non_null(strstr(text, "probabilities | 'a' # \"b\"\n"));
    alx_graph *graph = good_graph(text);
    assert_string_equal(graph->spec.name, "a # b");
    alx_graph_destroy(graph);
    free(text);
}

static void a_sign_within_a_word(void **state)
{
    (void)state;
    char *text = annotate_in("name: a#b\nclasses: 2\ninput: [4, 4, 1]\nlayers:\n" TAIL, ALX_ENGLISH);
    assert_non_null(strstr(text, "name: a#b  "));
    free(text);
}

/* A quote within plain text quotes nothing. */
static void a_quote_within_a_word(void **state)
{
    (void)state;
    assert_annotated(
        "name: it's \"  # mine\nclasses: 2\ninput: [4, 4, 1]\nlayers:\n" TAIL,
        "name: it's \"                                      # what summary and reports call it | mine\n"
        "classes: 2                                        # usual number; the data or --classes overrides it\n"
        "input: [4, 4, 1]                                  # height, width, channels\n"
        "layers:                                           # each reads the one above it\n"
        "  - flatten                                       # 16: no parameters; the image as a row\n"
        "  - dense: {units: classes, activation: softmax}  # 2: (16 + 1) * 2 = 34; a score for each class; "
        "softmax: probabilities\n");
}

/* YAML's other line breaks move no comment to another line. */
static void rare_line_breaks(void **state)
{
    (void)state;
    static const char *const breaks[] = {"\r", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"};
    for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++) {
        char yaml[256];
        snprintf(yaml, sizeof yaml, "# a%sname: t%sclasses: 2\ninput: [4, 4, 1]\nlayers:\n" TAIL, breaks[i], breaks[i]);
        char *text = annotate_in(yaml, ALX_ENGLISH);
        assert_non_null(strstr(text, "  - flatten                                       # 16: no parameters"));
        assert_non_null(strstr(text, "# a\nname: t  "));
        free(text);
    }
}

static void windows_line_ends(void **state)
{
    (void)state;
    char *text = annotate_in("classes: 2\r\ninput: [4, 4, 1]\r\nlayers:\r\n  - flatten\r\n"
                             "  - dense: {units: classes, activation: softmax}",
                             ALX_CHINESE);
    assert_null(strchr(text, '\r'));
    assert_non_null(strstr(text, "# 16: 无参数；图像摊成一行\n"));
    free(text);
}

static void layers_on_one_line(void **state)
{
    (void)state;
    char *text = annotate_in("{classes: 2, input: [4, 4, 1], layers: [flatten, dense: {units: classes, "
                             "activation: softmax}]}\n",
                             ALX_ENGLISH);
    assert_non_null(strstr(text, "16: no parameters; the image as a row / 2: (16 + 1) * 2 = 34"));
    free(text);
}

/* Text that runs over lines: a comment would become part of it, so it is refused and nothing is given. */
static void text_over_lines_is_refused(void **state)
{
    (void)state;
    const char *yaml = "name: 'two\n  words'\nclasses: 2\ninput: [4, 4, 1]\nlayers:\n" TAIL;
    alx_graph *graph = good_graph(yaml);
    alx_error err = {0};
    char *text;
    assert_string_equal(graph->spec.name, "two words");
    assert_int_equal(alx_graph_annotate(&text, graph, yaml, ALX_ENGLISH, &err), ALX_BAD_MODEL);
    assert_null(text);
    assert_non_null(strstr(err.message, "cannot be commented line by line"));
    alx_graph_destroy(graph);
}

/* Ours are known again on further lines too, where no shape stands in front; words that only begin like ours stay. */
static void ours_and_theirs_on_further_lines(void **state)
{
    (void)state;
    assert_annotated(
        "classes: 2\ninput: [4, 4, 1]\nlayers:\n"
        "  - dropout: {name: d,\n"
        "      rate: 0.5}\n"
        "  - activation: {name: a,\n"
        "      activation: tanh}  # no parameters here, and none wanted\n" TAIL,
        "classes: 2                                        # usual number; the data or --classes overrides it\n"
        "input: [4, 4, 1]                                  # height, width, channels\n"
        "layers:                                           # each reads the one above it\n"
        "  - dropout: {name: d,                            # 4x4x1: no parameters\n"
        "      rate: 0.5}                                  # switches off 50 % in each training step\n"
        "  - activation: {name: a,                         # 4x4x1: no parameters\n"
        "      activation: tanh}                           # applies tanh | no parameters here, and none wanted\n"
        "  - flatten                                       # 16: no parameters; the image as a row\n"
        "  - dense: {units: classes, activation: softmax}  # 2: (16 + 1) * 2 = 34; a score for each class; "
        "softmax: probabilities\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_gets_a_comment),
        cmocka_unit_test(own_comments_stay),
        cmocka_unit_test(options_on_lines_of_their_own),
        cmocka_unit_test(names_keep_their_signs),
        cmocka_unit_test(a_sign_within_a_word),
        cmocka_unit_test(a_quote_within_a_word),
        cmocka_unit_test(rare_line_breaks),
        cmocka_unit_test(windows_line_ends),
        cmocka_unit_test(layers_on_one_line),
        cmocka_unit_test(text_over_lines_is_refused),
        cmocka_unit_test(ours_and_theirs_on_further_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

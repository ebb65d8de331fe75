/* One value of an option, from a node of YAML: its type, its range, and the words when it will not do. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/option_inner.h"

alx_status alx_option_mistake(const alx_yaml *node)
{
    return node->file ? ALX_BAD_DATA : ALX_USAGE;
}

/* ---- What a row expects, in words ---- */

/* "relu, tanh or sigmoid" */
static void add_choices(alx_text *text, const alx_choice *choices)
{
    for (const alx_choice *choice = choices; choice && choice->name; choice++) {
        if (choice != choices) alx_text_add(text, choice[1].name ? ", " : " or ");
        alx_text_add(text, choice->name);
    }
}

static void add_expected(alx_text *text, const alx_option *option)
{
    static const char *const words[] = {
        [ALX_OPTION_INT] = "a whole number",
        [ALX_OPTION_NUMBER] = "a number",
        [ALX_OPTION_PERCENT] = "a percentage such as 5%",
        [ALX_OPTION_BYTES] = "a size such as 800MiB or 2GiB",
        [ALX_OPTION_BOOL] = "yes or no",
        [ALX_OPTION_CHOICE] = "",
        [ALX_OPTION_PAIR] = "a whole number or two such as [3, 2]",
        [ALX_OPTION_TEXT] = "text",
        [ALX_OPTION_PATH] = "a path",
        [ALX_OPTION_NUMBERS] = "a number or a list such as [0.5, 1]",
        [ALX_OPTION_TEXTS] = "a word or a list such as [a, b]",
        [ALX_OPTION_TEXT_MAP] = "a map such as {a: b}",
        [ALX_OPTION_NUMBER_MAP] = "a map of numbers such as {a: 2}",
    };
    alx_text_add(text, words[option->type]);
    if (!option->choices) return;
    if (option->type != ALX_OPTION_CHOICE) alx_text_add(text, ", or ");
    add_choices(text, option->choices);
}

alx_status alx_option_fail_type(const alx_option *option, const alx_yaml *node, alx_error *err)
{
    alx_text expected = {0};
    alx_printable value;
    add_expected(&expected, option);
    const char *words = expected.failed ? "something else" : expected.data;
    alx_status status = alx_option_mistake(node);
    if (node->kind != ALX_YAML_SCALAR) {
        const char *kind = node->kind == ALX_YAML_LIST ? "this list" : "a map";
        alx_fail(err, status, "%s takes %s, not %s", option->name, words, kind);
    } else if (!*node->scalar && !node->quoted) {
        alx_fail(err, status, "%s takes %s, but no value is given", option->name, words);
    } else {
        alx_text_printable(node->scalar, value);
        const char *near = NULL, *names[64];
        int count = 0;
        for (const alx_choice *c = option->choices; c && c->name && count < 64; c++) names[count++] = c->name;
        near = alx_text_nearest(node->scalar, names, count);
        alx_fail(err, status, "%s takes %s, not %s\"%s\"%s%s%s", option->name, words,
                 node->quoted && !near ? "the quoted text " : "", value, near ? "; did you mean " : "",
                 near ? near : "", near ? "?" : "");
    }
    alx_text_finish(&expected);
    return status;
}

/* ---- Ranges ---- */

/* "use at least 1", "use 0 to 1", "use at least 0 and less than 1" */
static void add_remedy(alx_text *text, const alx_bounds *bounds)
{
    char low[32], high[32];
    alx_text_number(bounds->min, low);
    alx_text_number(bounds->max, high);
    bool both = bounds->has_min && bounds->has_max;
    if (both && !bounds->above_min && !bounds->below_max) {
        alx_text_printf(text, "use %s to %s", low, high);
        return;
    }
    alx_text_add(text, "use ");
    if (bounds->has_min) alx_text_printf(text, "%s %s", bounds->above_min ? "more than" : "at least", low);
    if (both) alx_text_add(text, " and ");
    if (bounds->has_max) alx_text_printf(text, "%s %s", bounds->below_max ? "less than" : "at most", high);
}

static alx_status check_range(const alx_option *option, double value, const alx_yaml *node, alx_error *err)
{
    alx_bounds bounds = alx_option_bounds(option);
    if (!(bounds.has_min && value < option->min) && !(bounds.has_max && value > option->max)) return ALX_OK;
    alx_text remedy = {0};
    alx_printable given;
    add_remedy(&remedy, &bounds);
    alx_status status = alx_fail(err, alx_option_mistake(node), "%s %s is out of range; %s", option->name,
                                 alx_text_printable(node->scalar, given), remedy.failed ? "" : remedy.data);
    alx_text_finish(&remedy);
    return status;
}

/* ---- One scalar ---- */

static bool find_choice(const alx_option *option, const alx_yaml *node, int64_t *value)
{
    for (const alx_choice *choice = option->choices; choice && choice->name; choice++) {
        if (node->kind != ALX_YAML_SCALAR || !alx_text_same_name(choice->name, node->scalar)) continue;
        *value = choice->value;
        return true;
    }
    return false;
}

static alx_status read_whole(const alx_option *option, int64_t *value, const alx_yaml *node, alx_error *err)
{
    if (find_choice(option, node, value)) return ALX_OK;
    const char *s = node->kind == ALX_YAML_SCALAR && !node->quoted ? node->scalar : "";
    const char *digits = s + (*s == '-' || *s == '+');
    if (!*digits || strspn(digits, "0123456789") != strlen(digits)) return alx_option_fail_type(option, node, err);
    errno = 0;
    long long read = strtoll(s, NULL, 10);
    if (errno == ERANGE) {
        alx_printable given;
        return alx_fail(err, alx_option_mistake(node), "%s %s does not fit in 64 bits", option->name,
                        alx_text_printable(s, given));
    }
    ALX_TRY(check_range(option, (double)read, node, err));
    *value = read;
    return ALX_OK;
}

/* "1/255" or one number. */
static bool parse_fraction(double *value, const char *s)
{
    const char *slash = strchr(s, '/');
    char above[64];
    if (!slash) return alx_text_parse_number(value, s);
    if ((size_t)(slash - s) >= sizeof above) return false;
    memcpy(above, s, (size_t)(slash - s));
    above[slash - s] = '\0';
    double numerator, denominator;
    if (!alx_text_parse_number(&numerator, above) || !alx_text_parse_number(&denominator, slash + 1)) return false;
    if (denominator == 0 || numerator / denominator - numerator / denominator != 0) return false;
    *value = numerator / denominator;
    return true;
}

static alx_status read_number(const alx_option *option, double *value, const alx_yaml *node, alx_error *err)
{
    double read;
    if (node->kind != ALX_YAML_SCALAR || node->quoted || !parse_fraction(&read, node->scalar))
        return alx_option_fail_type(option, node, err);
    ALX_TRY(check_range(option, read, node, err));
    *value = read;
    return ALX_OK;
}

/* A trailing % is the unit, not a factor. */
static alx_status read_percent(const alx_option *option, double *value, const alx_yaml *node, alx_error *err)
{
    size_t length = node->kind == ALX_YAML_SCALAR ? strlen(node->scalar) : 0;
    char digits[64];
    if (length < 2 || length >= sizeof digits || node->scalar[length - 1] != '%')
        return read_number(option, value, node, err);
    memcpy(digits, node->scalar, length - 1);
    digits[length - 1] = '\0';
    double read;
    if (node->quoted || !alx_text_parse_number(&read, digits)) return alx_option_fail_type(option, node, err);
    ALX_TRY(check_range(option, read, node, err));
    *value = read;
    return ALX_OK;
}

static alx_status read_bytes(const alx_option *option, int64_t *value, const alx_yaml *node, alx_error *err)
{
    if (find_choice(option, node, value)) return ALX_OK;
    int64_t read;
    if (node->kind != ALX_YAML_SCALAR || node->quoted || !alx_text_parse_bytes(&read, node->scalar))
        return alx_option_fail_type(option, node, err);
    ALX_TRY(check_range(option, (double)read, node, err));
    *value = read;
    return ALX_OK;
}

static alx_status read_bool(const alx_option *option, bool *value, const alx_yaml *node, alx_error *err)
{
    static const struct {
        const char *name;
        bool value;
    } words[] = {{"true", true},   {"false", false}, {"yes", true}, {"no", false},  {"True", true},
                 {"False", false}, {"Yes", true},    {"No", false}, {"TRUE", true}, {"FALSE", false}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (node->kind != ALX_YAML_SCALAR || node->quoted || strcmp(node->scalar, words[i].name) != 0) continue;
        *value = words[i].value;
        return ALX_OK;
    }
    return alx_option_fail_type(option, node, err);
}

static alx_status read_text(const alx_option *option, const char **value, const alx_yaml *node, alx_arena *arena,
                            alx_error *err)
{
    if (node->kind != ALX_YAML_SCALAR) return alx_option_fail_type(option, node, err);
    char *joined = NULL, *folder = NULL;
    const char *text = node->scalar;
    alx_status status = ALX_OK;
    /* A path from a command line is relative to the working directory as it is. */
    if (option->type == ALX_OPTION_PATH && node->file && *text && *text != '/' && strchr(node->file, '/')) {
        folder = alx_file_folder(node->file, err);
        joined = folder ? alx_file_join(folder, text, err) : NULL;
        if (!joined) status = ALX_NO_MEMORY;
        text = joined;
    }
    char *copy = status ? NULL : alx_arena_strdup(arena, text, err);
    if (!copy)
        status = ALX_NO_MEMORY;
    else
        *value = copy;
    free(joined);
    free(folder);
    return status;
}

/* ---- Values of several parts ---- */

static alx_status read_pair(const alx_option *option, int64_t pair[2], const alx_yaml *node, alx_error *err)
{
    if (node->kind == ALX_YAML_LIST) {
        if (node->count != 2) return alx_option_fail_type(option, node, err);
        alx_option number = *option; /* a name stands for both, never for one of two */
        number.choices = NULL;
        ALX_TRY(read_whole(&number, &pair[0], node->children[0], err));
        return read_whole(&number, &pair[1], node->children[1], err);
    }
    ALX_TRY(read_whole(option, &pair[0], node, err));
    pair[1] = pair[0];
    return ALX_OK;
}

static alx_status read_numbers(const alx_option *option, alx_numbers *numbers, const alx_yaml *node, alx_arena *arena,
                               alx_error *err)
{
    bool list = node->kind == ALX_YAML_LIST;
    bool empty = node->kind == ALX_YAML_SCALAR && !*node->scalar && !node->quoted;
    int count = list ? node->count : !empty;
    int64_t choice;
    if (find_choice(option, node, &choice)) {
        *numbers = (alx_numbers){.choice = choice};
        return ALX_OK;
    }
    double *values = alx_arena_alloc(arena, (size_t)count, sizeof *values, err);
    if (!values) return ALX_NO_MEMORY;
    for (int i = 0; i < count; i++) ALX_TRY(read_number(option, &values[i], list ? node->children[i] : node, err));
    *numbers = (alx_numbers){.count = count, .values = values};
    return ALX_OK;
}

static alx_status copy_text(const alx_option *option, const char **copy, const alx_yaml *node, alx_arena *arena,
                            alx_error *err)
{
    if (node->kind != ALX_YAML_SCALAR) return alx_option_fail_type(option, node, err);
    *copy = alx_arena_strdup(arena, node->scalar, err);
    return *copy ? ALX_OK : ALX_NO_MEMORY;
}

static alx_status read_texts(const alx_option *option, alx_texts *texts, const alx_yaml *node, alx_arena *arena,
                             alx_error *err)
{
    bool list = node->kind == ALX_YAML_LIST;
    bool empty = node->kind == ALX_YAML_SCALAR && !*node->scalar && !node->quoted;
    int count = list ? node->count : !empty;
    const char **values = alx_arena_alloc(arena, (size_t)count, sizeof *values, err);
    if (!values) return ALX_NO_MEMORY;
    for (int i = 0; i < count; i++) ALX_TRY(copy_text(option, &values[i], list ? node->children[i] : node, arena, err));
    *texts = (alx_texts){count, values};
    return ALX_OK;
}

static alx_status read_map(const alx_option *option, alx_map *map, const alx_yaml *node, alx_arena *arena,
                           alx_error *err)
{
    bool empty = node->kind == ALX_YAML_SCALAR && !*node->scalar && !node->quoted;
    if (!empty && node->kind != ALX_YAML_MAP) return alx_option_fail_type(option, node, err);
    int count = empty ? 0 : node->count;
    alx_map_entry *entries = alx_arena_alloc(arena, (size_t)count, sizeof *entries, err);
    if (!entries) return ALX_NO_MEMORY;
    for (int i = 0; i < count; i++) {
        const alx_yaml *child = node->children[i];
        entries[i].name = alx_arena_strdup(arena, child->key, err);
        if (!entries[i].name) return ALX_NO_MEMORY;
        if (option->type == ALX_OPTION_NUMBER_MAP)
            ALX_TRY(read_number(option, &entries[i].number, child, err));
        else
            ALX_TRY(copy_text(option, &entries[i].text, child, arena, err));
    }
    *map = (alx_map){count, entries};
    return ALX_OK;
}

static alx_status read_field(const alx_option *option, alx_option_field *value, const alx_yaml *node, alx_arena *arena,
                             alx_error *err)
{
    int64_t chosen;
    switch (option->type) {
    case ALX_OPTION_INT: return read_whole(option, &value->whole, node, err);
    case ALX_OPTION_NUMBER:
        if (!find_choice(option, node, &chosen)) return read_number(option, &value->number, node, err);
        value->number = (double)chosen;
        return ALX_OK;
    case ALX_OPTION_PERCENT: return read_percent(option, &value->number, node, err);
    case ALX_OPTION_BYTES: return read_bytes(option, &value->whole, node, err);
    case ALX_OPTION_BOOL: return read_bool(option, &value->truth, node, err);
    case ALX_OPTION_CHOICE:
        if (!find_choice(option, node, &chosen)) return alx_option_fail_type(option, node, err);
        value->choice = (int)chosen;
        return ALX_OK;
    case ALX_OPTION_PAIR: return read_pair(option, value->pair, node, err);
    case ALX_OPTION_TEXT:
    case ALX_OPTION_PATH: return read_text(option, &value->text, node, arena, err);
    case ALX_OPTION_NUMBERS: return read_numbers(option, &value->numbers, node, arena, err);
    case ALX_OPTION_TEXTS: return read_texts(option, &value->texts, node, arena, err);
    case ALX_OPTION_TEXT_MAP:
    case ALX_OPTION_NUMBER_MAP: break;
    }
    return read_map(option, &value->map, node, arena, err);
}

alx_status alx_option_read_value(const alx_option *option, void *config, const alx_yaml *node, alx_arena *arena,
                                 alx_error *err)
{
    alx_option_field value = {0};
    ALX_TRY(read_field(option, &value, node, arena, err));
    memcpy((char *)config + option->offset, &value, alx_option_field_size(option));
    return ALX_OK;
}

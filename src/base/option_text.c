/* The other half of option tables: rows found by name, shown to a person, and written as text. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/option_inner.h"

const char alx_option_alias[] = "";

/* ---- Finding ---- */

const alx_option *alx_options_find(const alx_option *table, const char *name)
{
    for (const alx_option *option = table; option->name; option++)
        if (alx_text_same_name(option->name, name)) return option;
    return NULL;
}

/* The next word of a space-separated list, or false at its end. */
static bool next_word(const char **at, char word[64])
{
    *at += strspn(*at, " ");
    size_t length = strcspn(*at, " ");
    snprintf(word, 64, "%.*s", (int)(length < 63 ? length : 63), *at);
    *at += length;
    return *word;
}

/* exact: one of `also` is this very name; else it is spelled nearly so. */
static bool is_also_called(const alx_option *option, const char *name, bool exact)
{
    char word[64];
    const char *const candidates[] = {word};
    for (const char *at = option->also ? option->also : ""; next_word(&at, word);)
        if (exact ? alx_text_same_name(word, name) : alx_text_nearest(name, candidates, 1) != NULL) return true;
    return false;
}

const alx_option *alx_options_nearest(const alx_option *table, const char *name)
{
    enum { MAX_NAMES = 256 };
    const char *names[MAX_NAMES];
    int count = 0;
    for (const alx_option *option = table; option->name; option++) {
        if (is_also_called(option, name, true)) return option;
        if (count < MAX_NAMES) names[count++] = option->name;
    }
    const char *near = alx_text_nearest(name, names, count);
    if (near) return alx_options_find(table, near);
    for (const alx_option *option = table; option->name; option++)
        if (is_also_called(option, name, false)) return option;
    return NULL;
}

/* ---- Values as text ---- */

size_t alx_option_field_size(const alx_option *option)
{
    static const size_t sizes[] = {
        [ALX_OPTION_INT] = sizeof(int64_t),        [ALX_OPTION_NUMBER] = sizeof(double),
        [ALX_OPTION_PERCENT] = sizeof(double),     [ALX_OPTION_BYTES] = sizeof(int64_t),
        [ALX_OPTION_BOOL] = sizeof(bool),          [ALX_OPTION_CHOICE] = sizeof(int),
        [ALX_OPTION_PAIR] = 2 * sizeof(int64_t),   [ALX_OPTION_TEXT] = sizeof(char *),
        [ALX_OPTION_PATH] = sizeof(char *),        [ALX_OPTION_NUMBERS] = sizeof(alx_numbers),
        [ALX_OPTION_TEXTS] = sizeof(alx_texts),    [ALX_OPTION_TEXT_MAP] = sizeof(alx_map),
        [ALX_OPTION_NUMBER_MAP] = sizeof(alx_map),
    };
    return sizes[option->type];
}

static alx_option_field get_field(const alx_option *option, const void *config)
{
    alx_option_field value = {0};
    memcpy(&value, (const char *)config + option->offset, alx_option_field_size(option));
    return value;
}

/* The name that stands for a value, else its digits. */
static void add_whole(alx_text *text, const alx_option *option, int64_t value)
{
    for (const alx_choice *choice = option->choices; choice && choice->name; choice++) {
        if (choice->value != value) continue;
        alx_text_add(text, choice->name);
        return;
    }
    alx_text_printf(text, "%" PRId64, value);
}

/* The same in the largest unit that leaves no rest. */
static void add_bytes(alx_text *text, const alx_option *option, int64_t value)
{
    alx_bytes_text bytes;
    for (const alx_choice *choice = option->choices; choice && choice->name; choice++)
        if (choice->value == value) {
            alx_text_add(text, choice->name);
            return;
        }
    alx_text_add(text, alx_text_exact_bytes(value, bytes));
}

/* The same for a number. */
static void add_number(alx_text *text, const alx_option *option, double value)
{
    char number[32];
    for (const alx_choice *choice = option->choices; choice && choice->name; choice++) {
        if ((double)choice->value != value) continue;
        alx_text_add(text, choice->name);
        return;
    }
    alx_text_add(text, alx_text_number(value, number));
}

static void add_numbers(alx_text *text, const alx_option *option, const alx_numbers *numbers)
{
    char number[32];
    if (numbers->choice) {
        add_whole(text, option, numbers->choice);
        return;
    }
    alx_text_add(text, "[");
    for (int i = 0; i < numbers->count; i++)
        alx_text_printf(text, "%s%s", i ? ", " : "", alx_text_number(numbers->values[i], number));
    alx_text_add(text, "]");
}

static void add_texts(alx_text *text, const alx_texts *texts)
{
    alx_text_add(text, "[");
    for (int i = 0; i < texts->count; i++) {
        if (i) alx_text_add(text, ", ");
        alx_yaml_add_scalar(text, texts->values[i]);
    }
    alx_text_add(text, "]");
}

static void add_map(alx_text *text, const alx_map *map, bool numbers)
{
    char number[32];
    alx_text_add(text, "{");
    for (int i = 0; i < map->count; i++) {
        if (i) alx_text_add(text, ", ");
        alx_yaml_add_scalar(text, map->entries[i].name);
        alx_text_add(text, ": ");
        if (numbers)
            alx_text_add(text, alx_text_number(map->entries[i].number, number));
        else
            alx_yaml_add_scalar(text, map->entries[i].text);
    }
    alx_text_add(text, "}");
}

void alx_options_add_value(alx_text *text, const alx_option *option, const void *config)
{
    alx_option_field value = get_field(option, config);
    switch (option->type) {
    case ALX_OPTION_INT: add_whole(text, option, value.whole); break;
    case ALX_OPTION_NUMBER:
    case ALX_OPTION_PERCENT: add_number(text, option, value.number); break;
    case ALX_OPTION_BYTES: add_bytes(text, option, value.whole); break;
    case ALX_OPTION_BOOL: alx_text_add(text, value.truth ? "true" : "false"); break;
    case ALX_OPTION_CHOICE: add_whole(text, option, value.choice); break;
    case ALX_OPTION_PAIR:
        if (value.pair[0] == value.pair[1])
            add_whole(text, option, value.pair[0]);
        else
            alx_text_printf(text, "[%" PRId64 ", %" PRId64 "]", value.pair[0], value.pair[1]);
        break;
    case ALX_OPTION_TEXT:
    case ALX_OPTION_PATH: alx_yaml_add_scalar(text, value.text ? value.text : ""); break;
    case ALX_OPTION_NUMBERS: add_numbers(text, option, &value.numbers); break;
    case ALX_OPTION_TEXTS: add_texts(text, &value.texts); break;
    case ALX_OPTION_TEXT_MAP: add_map(text, &value.map, false); break;
    case ALX_OPTION_NUMBER_MAP: add_map(text, &value.map, true); break;
    }
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same_numbers(const alx_numbers *a, const alx_numbers *b)
{
    bool same = a->count == b->count && a->choice == b->choice;
    for (int i = 0; same && i < a->count; i++) same = a->values[i] == b->values[i];
    return same;
}

static bool same_texts(const alx_texts *a, const alx_texts *b)
{
    bool same = a->count == b->count;
    for (int i = 0; same && i < a->count; i++) same = same_text(a->values[i], b->values[i]);
    return same;
}

static bool same_map(const alx_map *a, const alx_map *b)
{
    bool same = a->count == b->count;
    for (int i = 0; same && i < a->count; i++)
        same = same_text(a->entries[i].name, b->entries[i].name) && same_text(a->entries[i].text, b->entries[i].text) &&
               a->entries[i].number == b->entries[i].number;
    return same;
}

static bool same_value(const alx_option *option, const alx_option_field *a, const alx_option_field *b)
{
    switch (option->type) {
    case ALX_OPTION_INT:
    case ALX_OPTION_BYTES: return a->whole == b->whole;
    case ALX_OPTION_NUMBER:
    case ALX_OPTION_PERCENT: return a->number == b->number;
    case ALX_OPTION_BOOL: return a->truth == b->truth;
    case ALX_OPTION_CHOICE: return a->choice == b->choice;
    case ALX_OPTION_PAIR: return a->pair[0] == b->pair[0] && a->pair[1] == b->pair[1];
    case ALX_OPTION_TEXT:
    case ALX_OPTION_PATH: return same_text(a->text, b->text);
    case ALX_OPTION_NUMBERS: return same_numbers(&a->numbers, &b->numbers);
    case ALX_OPTION_TEXTS: return same_texts(&a->texts, &b->texts);
    case ALX_OPTION_TEXT_MAP:
    case ALX_OPTION_NUMBER_MAP: break;
    }
    return same_map(&a->map, &b->map);
}

bool alx_options_is_default(const alx_option *option, const void *config)
{
    if (alx_option_is_alias(option)) return true; /* the row that owns the field tells */
    if (!option->default_value) return false;
    /* A table of this row alone, over a config of its field alone. */
    alx_option row[2] = {*option, {0}};
    row[0].offset = 0;
    alx_option_field standard = {0}, value = get_field(option, config);
    alx_arena arena = {0};
    bool same = !alx_options_default(row, &standard, &arena, NULL) && same_value(option, &value, &standard);
    alx_arena_finish(&arena);
    return same;
}

void alx_options_add_changed(alx_text *text, const alx_option *table, const void *config)
{
    const char *separator = "";
    for (const alx_option *option = table; option->name; option++) {
        if (alx_options_is_default(option, config)) continue;
        alx_text_printf(text, "%s%s: ", separator, option->name);
        alx_options_add_value(text, option, config);
        separator = ", ";
    }
}

/* ---- Help ---- */

alx_bounds alx_option_bounds(const alx_option *option)
{
    alx_bounds bounds = {.min = option->min, .max = option->max};
    bool any = option->min != 0 || option->max != 0;
    bounds.has_min = any && option->min > -1e18;
    bounds.has_max = any && option->max < 1e18;
    bounds.above_min = bounds.has_min && option->min > 0 && option->min < 1e-30;
    bounds.below_max = bounds.has_max && option->max < ceil(option->max) && ceil(option->max) - option->max < 1e-9;
    if (bounds.above_min) bounds.min = 0;
    if (bounds.below_max) bounds.max = ceil(option->max);
    return bounds;
}

/* Appends to a buffer of fixed size; what does not fit ends in "...". */
static void append(char *buffer, size_t size, const char *s)
{
    size_t used = strlen(buffer), length = strlen(s);
    if (used + length < size) {
        memcpy(buffer + used, s, length + 1);
        return;
    }
    size_t end = used < size - 4 ? used : size - 4;
    memcpy(buffer + end, "...", 4);
}

static void describe_type(const alx_option *option, char type[128])
{
    static const char *const names[] = {
        [ALX_OPTION_INT] = "integer",
        [ALX_OPTION_NUMBER] = "number",
        [ALX_OPTION_BOOL] = "yes|no",
        [ALX_OPTION_CHOICE] = "",
        [ALX_OPTION_PAIR] = "integer or pair",
        [ALX_OPTION_TEXT] = "text",
        [ALX_OPTION_PATH] = "path",
        [ALX_OPTION_NUMBERS] = "numbers",
        [ALX_OPTION_PERCENT] = "percent",
        [ALX_OPTION_BYTES] = "size",
        [ALX_OPTION_TEXTS] = "words",
        [ALX_OPTION_TEXT_MAP] = "map",
        [ALX_OPTION_NUMBER_MAP] = "map of numbers",
    };
    type[0] = '\0';
    append(type, 128, names[option->type]);
    for (const alx_choice *choice = option->choices; choice && choice->name; choice++) {
        if (*type) append(type, 128, "|");
        append(type, 128, choice->name);
    }
}

static void describe_range(const alx_option *option, char range[64])
{
    char low[32], high[32];
    alx_bounds bounds = alx_option_bounds(option);
    alx_text_number(bounds.min, low);
    alx_text_number(bounds.max, high);
    range[0] = '\0';
    bool both = bounds.has_min && bounds.has_max, closed = !bounds.above_min && !bounds.below_max;
    if (bounds.has_min) {
        if (!both || !closed) append(range, 64, bounds.above_min ? "> " : ">= ");
        append(range, 64, low);
    }
    if (both) append(range, 64, closed ? ".." : ", ");
    if (bounds.has_max) {
        if (!both || !closed) append(range, 64, bounds.below_max ? "< " : "<= ");
        append(range, 64, high);
    }
}

void alx_option_describe(const alx_option *option, alx_option_info *info)
{
    *info = (alx_option_info){
        .name = option->name,
        .default_value = option->default_value,
        .help = {option->help[0], option->help[1]},
        .alias = alx_option_is_alias(option),
    };
    describe_type(option, info->type);
    describe_range(option, info->range);
}

int alx_options_row(const alx_option *table, int index, alx_option_info *info)
{
    for (int i = 0; i <= index && table[i].name; i++) {
        if (i < index) continue;
        alx_option_describe(&table[i], info);
        return 1;
    }
    return 0;
}

/* Option tables: tables of rows read from maps and from text; option_value.c reads one value. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/option_inner.h"

/* ---- Text ---- */

static bool takes_list(const alx_option *option)
{
    return option->type == ALX_OPTION_PAIR || option->type == ALX_OPTION_NUMBERS || option->type == ALX_OPTION_TEXTS;
}

static bool takes_map(const alx_option *option)
{
    return option->type == ALX_OPTION_TEXT_MAP || option->type == ALX_OPTION_NUMBER_MAP;
}

/* "3,2", "[3, 2]" and "{a: 1}" go through the YAML parser; all else is one scalar, as it stands. */
static alx_status read_from_text(const alx_option *option, void *config, const char *value, alx_arena *arena,
                                 alx_error *err)
{
    alx_yaml scalar = {.kind = ALX_YAML_SCALAR, .scalar = value};
    const bool bracket = value[0] == '[', brace = value[0] == '{';
    const bool list_given = takes_list(option) && (bracket || strchr(value, ','));
    if (!list_given && !(takes_map(option) && brace)) return alx_option_read_value(option, config, &scalar, arena, err);
    alx_text list = {0};
    alx_text_printf(&list, bracket || brace ? "%s" : "[%s]", value);
    char *flow;
    ALX_TRY(alx_text_take(&flow, &list, err));
    alx_yaml *node;
    alx_status status = alx_yaml_parse(&node, arena, flow, strlen(flow), NULL, err);
    free(flow);
    if (status == ALX_NO_MEMORY) return status;
    return status ? alx_option_fail_type(option, &scalar, err)
                  : alx_option_read_value(option, config, node, arena, err);
}

alx_status alx_options_default(const alx_option *table, void *config, alx_arena *arena, alx_error *err)
{
    for (const alx_option *option = table; option->name; option++) {
        if (!option->default_value || alx_option_is_alias(option)) continue;
        alx_status status = read_from_text(option, config, option->default_value, arena, err);
        assert(!status || status == ALX_NO_MEMORY); /* else a table holds a default that it does not take */
        ALX_TRY(status);
    }
    return ALX_OK;
}

alx_status alx_options_set(const alx_option *table, void *config, const char *name, const char *value, alx_arena *arena,
                           alx_error *err)
{
    const alx_option *option = alx_options_find(table, name);
    if (option) return read_from_text(option, config, value, arena, err);
    const alx_option *near = alx_options_nearest(table, name);
    alx_printable given;
    return alx_fail(err, ALX_USAGE, "there is no option \"%s\"%s%s%s", alx_text_printable(name, given),
                    near ? "; did you mean " : "", near ? near->name : "", near ? "?" : "");
}

/* ---- Maps ---- */

static bool is_skipped(const char *key, const char *skip)
{
    size_t length = strlen(key);
    for (const char *at = skip; at && *at; at += strcspn(at, " "), at += strspn(at, " "))
        if (strcspn(at, " ") == length && memcmp(at, key, length) == 0) return true;
    return false;
}

/* Keys that the caller reads itself, as more of a list: ", data, augment". */
static void add_skipped(alx_text *text, const char *skip)
{
    for (const char *at = skip; at && *at; at += strcspn(at, " "), at += strspn(at, " "))
        alx_text_printf(text, ", %.*s", (int)strcspn(at, " "), at);
}

static alx_status fail_unknown(const alx_option *table, const alx_yaml *node, const char *what, const char *skip,
                               alx_error *err)
{
    alx_yaml place = *node;
    place.line = node->key_line;
    place.column = node->key_column;
    alx_text remedy = {0};
    const alx_option *near = alx_options_nearest(table, node->key);
    if (near) alx_text_printf(&remedy, "did you mean %s?", near->name);
    if (!near) alx_text_add(&remedy, table->name ? "it has " : "it takes no options");
    for (const alx_option *option = table; !near && option->name; option++)
        alx_text_printf(&remedy, "%s%s", option == table ? "" : ", ", option->name);
    if (!near && table->name) add_skipped(&remedy, skip);
    alx_printable key;
    alx_status status = alx_yaml_fail(&place, err, alx_option_mistake(node), "%s has no option \"%s\"; %s", what,
                                      alx_text_printable(node->key, key), remedy.failed ? "" : remedy.data);
    alx_text_finish(&remedy);
    return status;
}

/* Names all that are missing at once. */
static alx_status check_given(const alx_option *table, const alx_yaml *map, const char *what, alx_error *err)
{
    alx_text missing = {0};
    for (const alx_option *option = table; option->name; option++)
        if (!option->default_value && !alx_yaml_get(map, option->name))
            alx_text_printf(&missing, "%s%s", missing.length ? ", " : "", option->name);
    if (!missing.length && !missing.failed) return ALX_OK;
    alx_yaml nowhere = {0};
    const alx_yaml *place = map ? map : &nowhere;
    const char *names = missing.failed ? "an option" : missing.data;
    alx_status status = alx_yaml_fail(place, err, alx_option_mistake(place), "%s: %s must be given", what, names);
    alx_text_finish(&missing);
    return status;
}

static alx_status read_key(const alx_option *table, void *config, const alx_yaml *node, const char *what,
                           const char *skip, alx_arena *arena, alx_error *err)
{
    for (const alx_option *option = table; option->name; option++) {
        if (strcmp(option->name, node->key) != 0) continue;
        alx_status status = alx_option_read_value(option, config, node, arena, err);
        if (!status) return ALX_OK;
        alx_where(err, status, "%s", what);
        return alx_yaml_fail(node, err, status, "%s", err ? err->message : "");
    }
    return fail_unknown(table, node, what, skip, err);
}

alx_status alx_options_update(const alx_option *table, void *config, const alx_yaml *map, const char *what,
                              const char *skip, alx_arena *arena, alx_error *err)
{
    /* "flatten:" with nothing behind it is an empty map. */
    bool nothing = !map || (map->kind == ALX_YAML_SCALAR && !*map->scalar && !map->quoted);
    if (!nothing && map->kind != ALX_YAML_MAP)
        return alx_yaml_fail(map, err, alx_option_mistake(map), "%s takes its options as a map, such as {%s: ...}",
                             what, table->name ? table->name : "");
    for (int i = 0; !nothing && i < map->count; i++)
        if (!is_skipped(map->children[i]->key, skip))
            ALX_TRY(read_key(table, config, map->children[i], what, skip, arena, err));
    return ALX_OK;
}

alx_status alx_options_read(const alx_option *table, void *config, const alx_yaml *map, const char *what,
                            const char *skip, alx_arena *arena, alx_error *err)
{
    ALX_TRY(alx_options_default(table, config, arena, err));
    ALX_TRY(alx_options_update(table, config, map, what, skip, arena, err));
    return check_given(table, map, what, err);
}

/* Recipes as text: for a run folder, runnable from anywhere, and for the program itself. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "model/builtin.h"
#include "train/recipe.h"
#include "train/starter.h"

/* ---- Paths as seen from another folder ---- */

/* The absolute path without links and dots; where path does not exist, the working directory before it. */
static char *absolute_path(const char *path, alx_error *err)
{
    char *real = realpath(path, NULL);
    if (real) return real;
    char *here = realpath(".", NULL);
    char *joined = alx_file_join(here ? here : ".", path, err);
    free(here);
    return joined;
}

/* from "/w/runs/1" to "/w/data/train": "../../data/train" */
static alx_status relative_path(alx_text *out, const char *from, const char *to)
{
    size_t same = 0;
    for (size_t i = 0;; i++) {
        bool from_ends = from[i] == '/' || !from[i], to_ends = to[i] == '/' || !to[i];
        if (from_ends && to_ends) same = i;
        if (from[i] != to[i] || !from[i]) break;
    }
    size_t before = out->length;
    for (const char *at = from + same; *at; at++)
        if (*at == '/' && at[1]) alx_text_add(out, "../");
    const char *rest = to + same + (to[same] == '/');
    alx_text_add(out, rest);
    if (out->length == before) alx_text_add(out, ".");
    /* "../" with nothing behind it reads better without its slash. */
    if (!out->failed && !*rest && out->length > before + 1 && out->data[out->length - 1] == '/')
        out->data[--out->length] = '\0';
    return ALX_OK;
}

alx_status alx_recipe_path(char **written, const char *path, const char *folder, alx_error *err)
{
    *written = NULL;
    if (!folder || !*path || *path == '/') return (*written = alx_strdup(path, err)) ? ALX_OK : ALX_NO_MEMORY;
    char *from = absolute_path(folder, err), *to = absolute_path(path, err);
    alx_text made = {0};
    alx_status status = from && to ? relative_path(&made, from, to) : ALX_NO_MEMORY;
    if (!status) status = alx_text_take(written, &made, err);
    alx_text_finish(&made);
    free(from);
    free(to);
    return status;
}

static alx_status add_path(alx_text *text, const char *path, const char *folder, alx_error *err)
{
    char *written;
    ALX_TRY(alx_recipe_path(&written, path, folder, err));
    alx_yaml_add_scalar(text, written);
    free(written);
    return ALX_OK;
}

/* ---- Lines ---- */

enum { COMMENT_COLUMN = 40 };

/* Ends the line that began at `start`, with what the option is when a person will read it. */
static void end_line(alx_text *text, size_t start, const alx_option *option, bool comments)
{
    if (comments && !text->failed) {
        int columns = alx_text_columns(text->data + start);
        alx_text_printf(text, "%*s# %s", columns < COMMENT_COLUMN ? COMMENT_COLUMN - columns : 1, "", option->help[0]);
    }
    alx_text_add(text, "\n");
}

static alx_status add_section(alx_text *text, const struct alx_recipe *recipe, const alx_recipe_section *section,
                              const char *folder, alx_error *err)
{
    const void *config = (const char *)recipe + section->offset;
    const int depth = !*section->name ? 0 : strchr(section->name, '.') ? 2 : 1;
    if (depth) alx_text_printf(text, "%*s%s:\n", 2 * (depth - 1), "", alx_recipe_section_key(section));
    for (const alx_option *option = section->options; option->name; option++) {
        if (alx_option_is_alias(option)) continue;
        size_t start = text->length;
        const char *path = NULL;
        if (option->type == ALX_OPTION_PATH) memcpy(&path, (const char *)config + option->offset, sizeof path);
        if (!*section->name && option->type == ALX_OPTION_TEXT && !alx_builtin_find(recipe->model) &&
            !alx_model_is_auto(recipe->model))
            path = recipe->model; /* the one text at the top */
        alx_text_printf(text, "%*s%s: ", 2 * depth, "", option->name);
        if (path)
            ALX_TRY(add_path(text, path, folder, err));
        else
            alx_options_add_value(text, option, config);
        end_line(text, start, option, folder != NULL);
    }
    return ALX_OK;
}

alx_status alx_recipe_write(alx_text *text, const struct alx_recipe *recipe, const char *folder, alx_error *err)
{
    for (const alx_recipe_section *s = alx_recipe_sections; s->name; s++) {
        if (strcmp(s->name, "train") == 0) {
            size_t start = text->length;
            alx_text_add(text, "augment: ");
            alx_augment_write(text, &recipe->augment);
            end_line(text, start, &alx_recipe_augment, folder != NULL);
        }
        ALX_TRY(add_section(text, recipe, s, folder, err));
    }
    return text->failed ? alx_fail(err, ALX_NO_MEMORY, "out of memory while writing a recipe") : ALX_OK;
}

alx_status alx_recipe_value(char **text, const alx_recipe *recipe, const char *key, alx_error *err)
{
    *text = NULL;
    const alx_recipe_section *section;
    const alx_option *option;
    ALX_TRY(alx_recipe_find(&section, &option, key, err));
    const char *config = (const char *)recipe + section->offset, *plain = NULL;
    alx_text value = {0};
    if (option == &alx_recipe_augment) {
        alx_augment_write(&value, &recipe->augment);
    } else if (option->type == ALX_OPTION_TEXT || option->type == ALX_OPTION_PATH) {
        memcpy(&plain, config + option->offset, sizeof plain); /* as it is, without YAML's quotes */
        alx_text_add(&value, plain ? plain : "");
    } else {
        alx_options_add_value(&value, option, config);
    }
    return alx_text_take(text, &value, err);
}

#include "train/recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "model/builtin.h"
#include "train/starter.h"

/* ---- Life ---- */

static void *section_config(struct alx_recipe *recipe, const alx_recipe_section *section)
{
    return (char *)recipe + section->offset;
}

alx_status alx_recipe_create(alx_recipe **recipe, alx_error *err)
{
    *recipe = NULL;
    struct alx_recipe *made = alx_calloc(1, sizeof *made, err);
    if (!made) return ALX_NO_MEMORY;
    for (const alx_recipe_section *s = alx_recipe_sections; s->name; s++) {
        alx_status status = alx_options_default(s->options, section_config(made, s), &made->arena, err);
        if (!status) continue;
        alx_recipe_destroy(made);
        return status;
    }
    *recipe = made;
    return ALX_OK;
}

void alx_recipe_destroy(alx_recipe *recipe)
{
    if (!recipe) return;
    alx_arena_finish(&recipe->arena);
    free(recipe);
}

alx_status alx_recipe_copy(struct alx_recipe **copy, const struct alx_recipe *recipe, alx_error *err)
{
    *copy = NULL;
    alx_text text = {0};
    char *yaml;
    alx_status status = alx_recipe_write(&text, recipe, NULL, err);
    if (status) {
        alx_text_finish(&text);
        return status;
    }
    ALX_TRY(alx_text_take(&yaml, &text, err));
    status = alx_recipe_parse(copy, yaml, strlen(yaml), NULL, err);
    free(yaml);
    if (status) return status;
    struct alx_recipe *made = *copy;
    made->root = NULL;
    if (recipe->folder) made->folder = alx_arena_strdup(&made->arena, recipe->folder, err);
    if (recipe->others) made->others = alx_arena_strdup(&made->arena, recipe->others, err);
    if (!recipe->folder == !made->folder && !recipe->others == !made->others) return ALX_OK;
    alx_recipe_destroy(made);
    *copy = NULL;
    return ALX_NO_MEMORY;
}

/* ---- From YAML ---- */

/* The built-in network of that name, else a file beside the recipe. */
static alx_status resolve_model(struct alx_recipe *recipe, const alx_yaml *node, alx_error *err)
{
    if (!node || !node->file || alx_builtin_find(recipe->model) || alx_model_is_auto(recipe->model)) return ALX_OK;
    char *folder = alx_file_folder(node->file, err);
    char *path = folder ? alx_file_join(strchr(node->file, '/') ? folder : "", recipe->model, err) : NULL;
    alx_status status = path ? ALX_OK : ALX_NO_MEMORY;
    if (path && (!alx_file_exists(path) || alx_file_is_folder(path))) {
        const char *names[64];
        int count = 0;
        for (const alx_builtin_info *b; count < 64 && (b = alx_builtin(count)); count++) names[count] = b->name;
        const char *near = alx_text_nearest(recipe->model, names, count);
        alx_printable shown;
        status =
            alx_yaml_fail(node, err, ALX_BAD_DATA, "model: no file %s and no built-in network of that name; %s%s%s",
                          alx_text_printable(path, shown), near ? "did you mean " : "`alexnet models` lists them",
                          near ? near : "", near ? "?" : "");
    } else if (path) {
        recipe->model = alx_arena_strdup(&recipe->arena, path, err);
        if (!recipe->model) status = ALX_NO_MEMORY;
    }
    free(path);
    free(folder);
    return status;
}

/* The map of a section in a recipe's text; NULL: not written. */
static const alx_yaml *section_map(const alx_yaml *root, const alx_recipe_section *section)
{
    if (!root || !*section->name) return root;
    const char *dot = strchr(section->name, '.');
    if (!dot) return alx_yaml_get(root, section->name);
    char outer[32];
    snprintf(outer, sizeof outer, "%.*s", (int)(dot - section->name), section->name);
    return alx_yaml_get(alx_yaml_get(root, outer), dot + 1);
}

static bool is_word_of(const char *words, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = words; at && *at; at += strcspn(at, " "), at += strspn(at, " "))
        if (strcspn(at, " ") == length && memcmp(at, word, length) == 0) return true;
    return false;
}

/* A key that stands in the wrong section is told where it belongs. */
static alx_status check_keys(const alx_yaml *map, const alx_recipe_section *here, alx_error *err)
{
    if (!map || map->kind != ALX_YAML_MAP) return ALX_OK;
    const bool top = !*here->name;
    for (int i = 0; i < map->count; i++) {
        const alx_yaml *child = map->children[i];
        if (alx_options_find(here->options, child->key) || is_word_of(here->inside, child->key)) continue;
        for (const alx_recipe_section *s = alx_recipe_sections; s->name; s++) {
            if (!alx_options_find(s->options, child->key)) continue;
            alx_yaml place = *child;
            place.line = child->key_line;
            place.column = child->key_column;
            return alx_yaml_fail(&place, err, ALX_BAD_DATA, "%s stands %s%s, but belongs %s%s", child->key,
                                 top ? "at the top" : "under ", here->name, *s->name ? "under " : "at the top",
                                 s->name);
        }
    }
    return ALX_OK;
}

/* `split: 0.2` gives the first key of split. */
static bool is_given(const alx_yaml *root, const alx_recipe_section *section, const alx_option *option)
{
    const alx_yaml *map = section_map(root, section);
    if (map && map->kind == ALX_YAML_SCALAR) return *map->scalar && option == section->options;
    return alx_yaml_get(map, option->name) != NULL;
}

/* The row whose field an alias sets. */
static const alx_option *own_row(const alx_recipe_section **section, const alx_recipe_section *here,
                                 const alx_option *alias)
{
    for (*section = alx_recipe_sections; (*section)->name; ++*section)
        for (const alx_option *o = (*section)->options; o->name; o++)
            if (o != alias && (*section)->offset + o->offset == here->offset + alias->offset) return o;
    return NULL;
}

/* A value that stands under two names: one of them would be lost without a word. */
static alx_status check_aliases(const alx_yaml *root, const alx_yaml *map, const alx_recipe_section *here,
                                alx_error *err)
{
    for (int i = 0; map->kind == ALX_YAML_MAP && i < map->count; i++) {
        const alx_option *alias = alx_options_find(here->options, map->children[i]->key);
        if (!alias || !alx_option_is_alias(alias)) continue;
        const alx_recipe_section *section;
        const alx_option *own = own_row(&section, here, alias);
        if (own && is_given(root, section, own))
            return alx_yaml_fail(map->children[i], err, ALX_BAD_DATA,
                                 "%s is another name of %s.%s, and both are given; leave one of them out", alias->name,
                                 section->name, own->name);
    }
    return ALX_OK;
}

/* `label: column` is short for `label: {column: column}`: the first key of a section inside another. */
static alx_status read_section(struct alx_recipe *recipe, const alx_yaml *root, const alx_recipe_section *section,
                               alx_error *err)
{
    const alx_yaml *map = section_map(root, section);
    if (!map) return ALX_OK; /* defaults are there already */
    void *config = section_config(recipe, section);
    const char *what = *section->name ? section->name : "a recipe";
    if (strchr(section->name, '.') && map->kind == ALX_YAML_SCALAR && *map->scalar) {
        alx_yaml child = *map;
        child.key = section->options->name;
        alx_yaml *children[] = {&child};
        const alx_yaml wrapped = {.kind = ALX_YAML_MAP,
                                  .file = map->file,
                                  .line = map->line,
                                  .column = map->column,
                                  .count = 1,
                                  .children = children};
        return alx_options_update(section->options, config, &wrapped, what, NULL, &recipe->arena, err);
    }
    ALX_TRY(check_keys(map, section, err));
    ALX_TRY(check_aliases(root, map, section, err));
    return alx_options_update(section->options, config, map, what, section->inside, &recipe->arena, err);
}

static alx_status read_root(struct alx_recipe *recipe, const alx_yaml *root, alx_error *err)
{
    if (root->kind != ALX_YAML_MAP)
        return alx_yaml_fail(root, err, ALX_BAD_DATA, "a recipe is a map of model, classes, data, augment and train");
    if (alx_yaml_get(root, "layers")) {
        alx_printable path;
        return alx_yaml_fail(root, err, ALX_BAD_DATA,
                             "this is a network; train it with: alexnet train photos/ --model %s",
                             root->file ? alx_text_printable(root->file, path) : "FILE");
    }
    for (const alx_recipe_section *s = alx_recipe_sections; s->name; s++) ALX_TRY(read_section(recipe, root, s, err));
    ALX_TRY(alx_augment_read(&recipe->augment, alx_yaml_get(root, "augment"), &recipe->arena, err));
    return resolve_model(recipe, alx_yaml_get(root, "model"), err);
}

alx_status alx_recipe_parse(struct alx_recipe **recipe, const char *text, size_t length, const char *file,
                            alx_error *err)
{
    *recipe = NULL;
    struct alx_recipe *made;
    ALX_TRY(alx_recipe_create(&made, err));
    alx_status status = alx_yaml_parse(&made->root, &made->arena, text, length, file, err);
    if (!status) status = read_root(made, made->root, err);
    if (status) {
        alx_recipe_destroy(made);
        return status;
    }
    *recipe = made;
    return ALX_OK;
}

alx_status alx_recipe_open(alx_recipe **recipe, const char *path, alx_error *err)
{
    *recipe = NULL;
    uint8_t *bytes;
    size_t count;
    ALX_TRY(alx_file_read(&bytes, &count, path, ALX_YAML_MAX_BYTES, err));
    alx_status status = alx_recipe_parse(recipe, (const char *)bytes, count, path, err);
    free(bytes);
    return status;
}

alx_status alx_recipe_create_starter(alx_recipe **recipe, alx_error *err)
{
    static const char text[] =
#include "starter_recipe.inc"
        ;
    return alx_recipe_parse(recipe, text, sizeof text - 1, NULL, err);
}

/* ---- Places of values ---- */

/* The node of a key's value, NULL: not written. */
static alx_yaml *find_value(const struct alx_recipe *recipe, const char *section, const char *key)
{
    const alx_recipe_section named = {.name = section};
    const alx_yaml *map = section_map(recipe->root, &named);
    if (!map || map->kind != ALX_YAML_MAP) return NULL;
    for (int i = 0; i < map->count; i++)
        if (alx_text_same_name(map->children[i]->key, key)) return map->children[i];
    return NULL;
}

alx_status alx_recipe_where(const struct alx_recipe *recipe, const char *section, const char *key, alx_status status,
                            alx_error *err)
{
    const alx_yaml *value = find_value(recipe, section, key);
    if (!value || !value->file) return status;
    return alx_yaml_fail(value, err, ALX_BAD_DATA, "%s", err ? err->message : "");
}

/* A value that was given anew stands in no file. */
static void forget_place(struct alx_recipe *recipe, const char *section, const char *key)
{
    alx_yaml *value = find_value(recipe, section, key);
    if (value) value->file = NULL;
}

/* ---- From a command line ---- */

static alx_status set_augment(struct alx_recipe *recipe, const char *value, alx_error *err)
{
    alx_yaml *node;
    alx_augment_list list = {0};
    alx_status status = alx_yaml_parse(&node, &recipe->arena, value, strlen(value), NULL, err);
    if (!status) status = alx_augment_read(&list, node, &recipe->arena, err);
    if (status) return alx_where(err, status == ALX_BAD_DATA ? ALX_USAGE : status, "augment");
    recipe->augment = list;
    return ALX_OK;
}

alx_status alx_recipe_set(alx_recipe *recipe, const char *key, const char *value, alx_error *err)
{
    const alx_recipe_section *section;
    const alx_option *option;
    ALX_TRY(alx_recipe_find(&section, &option, key, err));
    forget_place(recipe, section->name, option->name);
    if (section->options == alx_data_options && strcmp(option->name, "train") == 0)
        recipe->folder = recipe->others = NULL; /* chosen, not found */
    if (option == &alx_recipe_augment) return set_augment(recipe, value, err);
    return alx_options_set(section->options, section_config(recipe, section), option->name, value, &recipe->arena, err);
}

static alx_status set_path(struct alx_recipe *recipe, const char **field, const char *path, alx_error *err)
{
    *field = path ? alx_arena_strdup(&recipe->arena, path, err) : "";
    return *field ? ALX_OK : ALX_NO_MEMORY;
}

/* Classes, one of which is called train. */
static alx_status refuse_flat_train(const char *folder, alx_error *err)
{
    alx_printable shown;
    return alx_fail(err, ALX_BAD_DATA,
                    "%s: its sub-folder train was taken for the training images of a split, but it has no sub-folders "
                    "for the classes; if train is a class itself, say so: alexnet train --data.train %s",
                    alx_text_printable(folder, shown), shown);
}

alx_status alx_recipe_set_folder(alx_recipe *recipe, const char *folder, alx_error *err)
{
    alx_folder_splits splits;
    ALX_TRY(alx_source_find_splits(&splits, folder, err));
    alx_status status = ALX_OK;
    if (splits.others && splits.flat) status = refuse_flat_train(folder, err);
    const char *train = splits.train ? splits.train : folder;
    recipe->folder = recipe->others = NULL;
    if (!status && splits.others) status = set_path(recipe, &recipe->folder, folder, err);
    if (!status && splits.others) status = set_path(recipe, &recipe->others, splits.others, err);
    if (!status) status = set_path(recipe, &recipe->data.train, train, err);
    if (!status) status = set_path(recipe, &recipe->data.validation, splits.validation, err);
    if (!status) status = set_path(recipe, &recipe->data.test, splits.test, err);
    alx_folder_splits_finish(&splits);
    return status;
}

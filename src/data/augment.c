/* The list in a recipe: its classes, reading, writing, checking. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/augment_class.h"

const alx_augment_class *const alx_augment_classes[] = {
    &alx_augment_random_crop,   &alx_augment_random_resized_crop,
    &alx_augment_flip,          &alx_augment_rotate,
    &alx_augment_translate,     &alx_augment_scale,
    &alx_augment_shear,         &alx_augment_elastic,
    &alx_augment_stroke_width,  &alx_augment_color_jitter,
    &alx_augment_grayscale,     &alx_augment_pca_lighting,
    &alx_augment_gaussian_blur, &alx_augment_noise,
    &alx_augment_erase,         &alx_augment_mixup,
    &alx_augment_cutmix,        NULL,
};

/* ---- Names ---- */

static const alx_augment_class *find(const char *name)
{
    for (const alx_augment_class *const *cls = alx_augment_classes; *cls; cls++)
        if (alx_text_same_name((*cls)->name, name)) return *cls;
    return NULL;
}

enum { WORDS_MOST = 256, WORD_MOST = 48 };

/* What people may write, beside the class that they mean. */
typedef struct spellings {
    int count;
    char text[WORDS_MOST][WORD_MOST];
    const char *words[WORDS_MOST];
    const alx_augment_class *classes[WORDS_MOST];
} spellings;

/* words: separated by spaces */
static void add_spellings(spellings *s, const alx_augment_class *cls, const char *words)
{
    while (*words && s->count < WORDS_MOST) {
        int length = (int)strcspn(words, " ");
        snprintf(s->text[s->count], WORD_MOST, "%.*s", length, words);
        s->words[s->count] = s->text[s->count];
        s->classes[s->count++] = cls;
        words += length;
        words += strspn(words, " ");
    }
}

static const alx_augment_class *nearest(const char *name)
{
    spellings s;
    s.count = 0;
    for (const alx_augment_class *const *cls = alx_augment_classes; *cls; cls++) {
        add_spellings(&s, *cls, (*cls)->name);
        add_spellings(&s, *cls, (*cls)->also);
    }
    const char *word = alx_text_nearest(name, s.words, s.count);
    for (int i = 0; i < s.count; i++)
        if (s.words[i] == word) return s.classes[i];
    return NULL;
}

static alx_status unknown(const alx_yaml *node, const char *name, alx_error *err)
{
    const alx_augment_class *near = nearest(name);
    alx_text all = {0};
    for (const alx_augment_class *const *cls = alx_augment_classes; *cls; cls++)
        alx_text_printf(&all, "%s%s", cls == alx_augment_classes ? "" : ", ", (*cls)->name);
    alx_printable given;
    alx_text_printable(name, given);
    alx_status status =
        near ? alx_yaml_fail(node, err, ALX_BAD_DATA, "no augmentation \"%s\"; did you mean %s?", given, near->name)
             : alx_yaml_fail(node, err, ALX_BAD_DATA, "no augmentation \"%s\"; there are %s", given,
                             all.failed ? "others" : all.data);
    alx_text_finish(&all);
    return status;
}

/* ---- Reading ---- */

static const alx_numbers *numbers_of(const alx_option *option, const void *config)
{
    return (const alx_numbers *)((const char *)config + option->offset);
}

/* Lists of numbers are ranges: one number or two in order; none where the default is none. */
static alx_status check_ranges(const alx_augment_class *cls, const void *config, const alx_yaml *node, alx_error *err)
{
    for (const alx_option *option = cls->options; option->name; option++) {
        if (option->type != ALX_OPTION_NUMBERS) continue;
        const alx_numbers *numbers = numbers_of(option, config);
        if (numbers->count > 2 || (numbers->count == 0 && *option->default_value))
            return alx_yaml_fail(node, err, ALX_BAD_DATA, "%s: %s has %d numbers; give one or [low, high]", cls->name,
                                 option->name, numbers->count);
        if (numbers->count == 2 && numbers->values[0] > numbers->values[1])
            return alx_yaml_fail(node, err, ALX_BAD_DATA, "%s: %s [%g, %g] goes downwards; give [%g, %g]", cls->name,
                                 option->name, numbers->values[0], numbers->values[1], numbers->values[1],
                                 numbers->values[0]);
    }
    return ALX_OK;
}

/* The options of one item: a map as it is; any other value, as in rotate: 10, is the first option's. */
static alx_status read_options(const alx_augment_class *cls, void *config, const alx_yaml *value, alx_arena *arena,
                               alx_error *err)
{
    bool plain = value && (value->kind == ALX_YAML_LIST || (value->kind == ALX_YAML_SCALAR && *value->scalar));
    if (!plain || !cls->options->name)
        return alx_options_read(cls->options, config, value, cls->name, NULL, arena, err);
    alx_yaml first = *value;
    first.key = cls->options->name;
    alx_yaml *children[] = {&first};
    alx_yaml map = *value;
    map.kind = ALX_YAML_MAP;
    map.scalar = NULL;
    map.count = 1;
    map.children = children;
    return alx_options_read(cls->options, config, &map, cls->name, NULL, arena, err);
}

/* One item: a name, or a map of one name to its options. */
static alx_status read_item(alx_augment_list *list, const alx_yaml *node, alx_arena *arena, alx_error *err)
{
    int is_map = node->kind == ALX_YAML_MAP;
    if (node->kind == ALX_YAML_LIST || (is_map && node->count != 1))
        return alx_yaml_fail(node, err, ALX_BAD_DATA,
                             "an augmentation is a name or a name with options, such as flip: {probability: 0.5}");
    const char *name = is_map ? node->children[0]->key : node->scalar;
    const alx_augment_class *cls = find(name);
    if (!cls) return unknown(node, name, err);
    if (list->count == ALX_AUGMENT_MOST)
        return alx_yaml_fail(node, err, ALX_BAD_DATA, "more than %d augmentations", list->count);
    void *config = alx_arena_alloc(arena, 1, cls->config_size ? cls->config_size : 1, err);
    if (!config) return ALX_NO_MEMORY;
    ALX_TRY(read_options(cls, config, is_map ? node->children[0] : NULL, arena, err));
    ALX_TRY(check_ranges(cls, config, node, err));
    list->items[list->count].cls = cls;
    list->items[list->count++].config = config;
    return ALX_OK;
}

/* ---- What a list may not hold together ---- */

/* All that decides what is cut out, bends or fills must agree: there is one map for all of it. */
static alx_status check_together(const alx_augment_list *list, int index, const alx_yaml *node, alx_error *err)
{
    const alx_augment_class *cls = list->items[index].cls;
    for (int i = 0; i < index; i++) {
        const alx_augment_class *other = list->items[i].cls;
        if (cls->cut && other->cut)
            return alx_yaml_fail(node, err, ALX_BAD_DATA,
                                 "%s and %s each choose what is cut out; leave one of them out", other->name,
                                 cls->name);
        if (cls->bend && other->bend)
            return alx_yaml_fail(node, err, ALX_BAD_DATA, "%s stands twice in the list; once is enough", cls->name);
        const alx_augment_chance *a = list->items[i].config, *b = list->items[index].config;
        if (cls->fills && other->fills && a->fill != b->fill)
            return alx_yaml_fail(node, err, ALX_BAD_DATA,
                                 "%s fills with %s and %s with %s, but all of them become one map; give both the same "
                                 "fill",
                                 other->name, alx_fill_choices[a->fill].name, cls->name,
                                 alx_fill_choices[b->fill].name);
    }
    return ALX_OK;
}

alx_status alx_augment_read(alx_augment_list *list, const alx_yaml *node, alx_arena *arena, alx_error *err)
{
    *list = (alx_augment_list){0};
    if (!node || (node->kind == ALX_YAML_SCALAR && !*node->scalar)) return ALX_OK;
    if (node->kind != ALX_YAML_LIST)
        return alx_yaml_fail(node, err, ALX_BAD_DATA, "this is a list, such as [random_crop, flip]");
    for (int i = 0; i < node->count; i++) {
        ALX_TRY(read_item(list, node->children[i], arena, err));
        ALX_TRY(check_together(list, i, node->children[i], err));
    }
    return ALX_OK;
}

void alx_augment_write(alx_text *text, const alx_augment_list *list)
{
    alx_text_add(text, "[");
    for (int i = 0; i < list->count; i++) {
        const alx_augment_class *cls = list->items[i].cls;
        alx_text changed = {0};
        alx_options_add_changed(&changed, cls->options, list->items[i].config);
        text->failed |= changed.failed;
        alx_text_printf(text, "%s%s", i ? ", " : "", cls->name);
        if (changed.length) alx_text_printf(text, ": {%s}", changed.data);
        alx_text_finish(&changed);
    }
    alx_text_add(text, "]");
}

alx_status alx_augment_copy(alx_augment_list *copy, const alx_augment_list *list, alx_arena *arena, alx_error *err)
{
    alx_text text = {0};
    char *yaml;
    alx_yaml *node;
    alx_augment_write(&text, list);
    ALX_TRY(alx_text_take(&yaml, &text, err));
    alx_status status = alx_yaml_parse(&node, arena, yaml, strlen(yaml), NULL, err);
    free(yaml);
    return status ? status : alx_augment_read(copy, node, arena, err);
}

alx_status alx_augment_check(const alx_augment_list *list, const alx_preprocess *p, alx_error *err)
{
    for (int i = 0; i < list->count; i++) {
        const alx_augment_class *cls = list->items[i].cls;
        if (cls->check) ALX_TRY(cls->check(list->items[i].config, p, err));
    }
    return ALX_OK;
}

/* ---- The catalogue ---- */

const alx_augmentation_info *alx_augmentation(int index)
{
    const int count = (int)(sizeof alx_augment_classes / sizeof *alx_augment_classes) - 1;
    return index >= 0 && index < count ? &alx_augment_classes[index]->info : NULL;
}

int alx_augmentation_option(const alx_augmentation_info *augmentation, int index, alx_option_info *option)
{
    const alx_augment_class *cls = (const alx_augment_class *)augmentation; /* info is the descriptor's beginning */
    return alx_options_row(cls->options, index, option);
}

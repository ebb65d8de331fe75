#include "data/augment.h"

#include <assert.h>
#include <stddef.h>

#include "base/rng.h"

/* ---- random_crop: where the network's input is cut out (Krizhevsky 2012, sec. 4.1) ---- */

static const alx_option no_options[] = {{0}};

static alx_status crop_check(const void *config, const alx_preprocess *p, alx_error *err)
{
    (void)config;
    if (p->image_height > p->height || p->image_width > p->width) return ALX_OK;
    return alx_fail(
        err, ALX_USAGE,
        "random_crop: images of %dx%d leave no room to cut %dx%d at different places; set image_size larger, "
        "such as 256 for 224 or 227",
        p->image_height, p->image_width, p->height, p->width);
}

/* 0..room, each as likely (within 2^-17 for any image). */
static int draw_offset(uint32_t word, int room)
{
    return (int)(((uint64_t)word * ((uint64_t)room + 1)) >> 32);
}

static void crop_apply(const void *config, const alx_preprocess *p, const uint32_t words[4], alx_augment_view *view)
{
    (void)config;
    view->top = draw_offset(words[0], p->image_height - p->height);
    view->left = draw_offset(words[1], p->image_width - p->width);
}

/* ---- flip: left becomes right ---- */

typedef struct flip_config {
    double probability;
} flip_config;

/* clang-format off */
static const alx_option flip_options[] = {
    {"probability", ALX_OPTION_NUMBER, offsetof(flip_config, probability), "0.5", 0, 1, NULL, "p prob rate",
     {"share of images that are mirrored", "被镜像的图像所占的比例"}},
    {0},
};
/* clang-format on */

static void flip_apply(const void *config, const alx_preprocess *p, const uint32_t words[4], alx_augment_view *view)
{
    (void)p;
    const flip_config *flip = config;
    if ((double)alx_rng_unit(words[0]) < flip->probability) view->mirror = !view->mirror;
}

const alx_augment_class alx_augment_classes[] = {
    {
        .name = "random_crop",
        .help = {"cut the input out of the larger image (image_size) at a random place",
                 "从较大的图像（image_size）中随机裁出输入区域"},
        .options = no_options,
        .check = crop_check,
        .apply = crop_apply,
    },
    {
        .name = "flip",
        .help = {"mirror left and right at random; not for letters or digits", "随机左右镜像；文字、数字不宜使用"},
        .options = flip_options,
        .config_size = sizeof(flip_config),
        .apply = flip_apply,
    },
    {0},
};

/* ---- Lists ---- */

static alx_status unknown(const alx_yaml *node, const char *name, alx_error *err)
{
    const char *names[16];
    int count = 0;
    alx_text all = {0};
    for (const alx_augment_class *cls = alx_augment_classes; cls->name && count < 16; cls++) {
        alx_text_printf(&all, "%s%s", count ? ", " : "", cls->name);
        names[count++] = cls->name;
    }
    const char *near = alx_text_nearest(name, names, count);
    alx_printable given;
    alx_text_printable(name, given);
    alx_status status =
        near ? alx_yaml_fail(node, err, ALX_BAD_DATA, "no augmentation \"%s\"; did you mean %s?", given, near)
             : alx_yaml_fail(node, err, ALX_BAD_DATA, "no augmentation \"%s\"; there are %s", given,
                             all.failed ? "others" : all.data);
    alx_text_finish(&all);
    return status;
}

/* One item: a name, or a map of one name to its options. */
static alx_status read_item(alx_augment_list *list, const alx_yaml *node, alx_arena *arena, alx_error *err)
{
    int is_map = node->kind == ALX_YAML_MAP;
    if (node->kind == ALX_YAML_LIST || (is_map && node->count != 1))
        return alx_yaml_fail(node, err, ALX_BAD_DATA,
                             "an augmentation is a name or a name with options, such as flip: {probability: 0.5}");
    const char *name = is_map ? node->children[0]->key : node->scalar;
    const alx_augment_class *cls = alx_augment_classes;
    while (cls->name && !alx_text_same_name(cls->name, name)) cls++;
    if (!cls->name) return unknown(node, name, err);
    if (list->count == (int)(sizeof list->items / sizeof *list->items))
        return alx_yaml_fail(node, err, ALX_BAD_DATA, "more than %d augmentations", list->count);
    void *config = alx_arena_alloc(arena, 1, cls->config_size ? cls->config_size : 1, err);
    if (!config) return ALX_NO_MEMORY;
    ALX_TRY(alx_options_read(cls->options, config, is_map ? node->children[0] : NULL, cls->name, NULL, arena, err));
    list->items[list->count].cls = cls;
    list->items[list->count++].config = config;
    return ALX_OK;
}

alx_status alx_augment_read(alx_augment_list *list, const alx_yaml *node, alx_arena *arena, alx_error *err)
{
    *list = (alx_augment_list){0};
    if (!node || (node->kind == ALX_YAML_SCALAR && !*node->scalar)) return ALX_OK;
    if (node->kind != ALX_YAML_LIST)
        return alx_yaml_fail(node, err, ALX_BAD_DATA, "this is a list, such as [random_crop, flip]");
    for (int i = 0; i < node->count; i++) ALX_TRY(read_item(list, node->children[i], arena, err));
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

alx_status alx_augment_check(const alx_augment_list *list, const alx_preprocess *p, alx_error *err)
{
    for (int i = 0; i < list->count; i++) {
        const alx_augment_class *cls = list->items[i].cls;
        if (cls->check) ALX_TRY(cls->check(list->items[i].config, p, err));
    }
    return ALX_OK;
}

/* ---- Views ---- */

void alx_augment_view_centre(const alx_preprocess *p, alx_augment_view *view)
{
    assert(p->image_height >= p->height && p->image_width >= p->width);
    *view = (alx_augment_view){
        .top = alx_centre_offset(p->image_height, p->height),
        .left = alx_centre_offset(p->image_width, p->width),
    };
}

void alx_augment_view_draw(const alx_augment_list *list, const alx_preprocess *p, uint64_t seed, uint32_t epoch,
                           uint32_t sample, alx_augment_view *view)
{
    alx_augment_view_centre(p, view);
    for (int i = 0; i < list->count; i++) {
        alx_rng4 words = alx_rng_draw(seed, ALX_RNG_AUGMENT, epoch, sample, (uint32_t)i);
        list->items[i].cls->apply(list->items[i].config, p, words.v, view);
    }
}

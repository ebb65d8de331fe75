/* A network's YAML: the lines above the layers, and the list of layers. */
#include <stddef.h>
#include <string.h>

#include "base/file.h"
#include "model/spec.h"

typedef struct spec_head {
    const char *name;
    int64_t classes;
    alx_numbers input;
} spec_head;

/* clang-format off */
static const alx_option head_options[] = {
    {"name", ALX_OPTION_TEXT, offsetof(spec_head, name), "", 0, 0, NULL, "title model",
     {"the network's name", "网络名称"}},
    {"classes", ALX_OPTION_INT, offsetof(spec_head, classes), "0", 0, ALX_SPEC_MAX_CLASSES, NULL,
     "num_classes nc n_classes",
     {"usual number of classes; the data overrides it", "通常的类别数；以数据为准"}},
    {"input", ALX_OPTION_NUMBERS, offsetof(spec_head, input), NULL, 1, ALX_SPEC_MAX_SIDE, NULL,
     "input_shape input_size image_size imgsz shape",
     {"[height, width, channels]", "[高, 宽, 通道数]"}},
    {0},
};
/* clang-format on */

/* "models/mine.yaml" -> "mine" */
static const char *name_of_file(alx_spec *spec, const char *file, alx_error *err)
{
    const char *base = file ? alx_file_name(file) : "";
    size_t length = strcspn(base, ".");
    if (length == 0 || length > ALX_SPEC_MAX_NAME || !alx_text_is_utf8(base, length)) return "network";
    return alx_arena_printf(&spec->arena, err, "%.*s", (int)length, base);
}

/* Puts the place of the key, or of the file, in front of what a setter said. */
static alx_status place_error(const alx_yaml *root, const char *key, alx_status status, const alx_error *said,
                              alx_error *err)
{
    const alx_yaml *node = alx_yaml_get(root, key);
    return status ? alx_yaml_fail(node ? node : root, err, status, "%s", said->message) : ALX_OK;
}

static alx_status read_head(alx_spec *spec, const alx_yaml *root, int classes, alx_error *err)
{
    spec_head head;
    alx_error said;
    ALX_TRY(alx_options_read(head_options, &head, root, "network", "layers", &spec->arena, err));
    int size[3] = {0};
    bool whole = head.input.count == 3;
    for (int i = 0; i < 3 && whole; i++) {
        size[i] = (int)head.input.values[i];
        whole = size[i] == head.input.values[i];
    }
    if (!whole)
        return alx_yaml_fail(alx_yaml_get(root, "input"), err, ALX_BAD_MODEL,
                             "input must be [height, width, channels], such as [227, 227, 3]");
    ALX_TRY(place_error(root, "input", alx_spec_set_input(spec, size[0], size[1], size[2], &said), &said, err));
    if (classes <= 0 && head.classes == 0)
        return alx_yaml_fail(root, err, ALX_BAD_MODEL, "classes is missing; add a line such as classes: 2");
    if (classes <= 0) classes = (int)head.classes;
    ALX_TRY(place_error(root, "classes", alx_spec_set_classes(spec, classes, &said), &said, err));
    if (head.name[0] == '\0') head.name = name_of_file(spec, root->file, err);
    if (!head.name) return ALX_NO_MEMORY;
    return place_error(root, "name", alx_spec_set_name(spec, head.name, &said), &said, err);
}

/* `- flatten`, `- flatten:` or `- conv2d: {filters: 96, kernel_size: 11}` */
static alx_status read_layer(alx_spec *spec, const alx_yaml *item, alx_error *err)
{
    if (item->kind == ALX_YAML_SCALAR) return alx_spec_append(spec, item->scalar, NULL, item, err);
    if (item->kind != ALX_YAML_MAP || item->count == 0)
        return alx_yaml_fail(item, err, ALX_BAD_MODEL,
                             "a layer is written as `- conv2d: {filters: 96, kernel_size: 11}`");
    const alx_yaml *options = item->children[0];
    alx_printable type, second;
    if (item->count > 1)
        return alx_yaml_fail(item->children[1], err, ALX_BAD_MODEL,
                             "%s stands beside %s, not in it; put options in braces: - %s: {%s: ...}",
                             alx_text_printable(item->children[1]->key, second), alx_text_printable(options->key, type),
                             type, second);
    if (options->kind == ALX_YAML_SCALAR && options->scalar[0] == '\0' && !options->quoted) options = NULL;
    if (options && options->kind != ALX_YAML_MAP)
        return alx_yaml_fail(options, err, ALX_BAD_MODEL, "options need their names, in braces: - %s: {option: value}",
                             alx_text_printable(options->key, type));
    return alx_spec_append(spec, item->children[0]->key, options, item, err);
}

static alx_status parse(alx_spec *spec, const char *text, size_t length, const char *file, int classes, alx_error *err)
{
    alx_yaml *root;
    ALX_TRY(alx_yaml_parse(&root, &spec->arena, text, length, file, err));
    if (root->kind != ALX_YAML_MAP)
        return alx_yaml_fail(root, err, ALX_BAD_MODEL, "a network has the lines name, classes, input and layers");
    const alx_yaml *layers = alx_yaml_get(root, "layers");
    if (!layers && alx_yaml_get(root, "train"))
        return alx_yaml_fail(root, err, ALX_BAD_MODEL, "this is a recipe, not a network; name the network's own file");
    ALX_TRY(read_head(spec, root, classes, err));
    if (!layers || layers->kind != ALX_YAML_LIST || layers->count == 0)
        return alx_yaml_fail(layers ? layers : root, err, ALX_BAD_MODEL,
                             "layers must be a list, one layer a line: - conv2d: {filters: 96, kernel_size: 11}");
    for (int i = 0; i < layers->count; i++) ALX_TRY(read_layer(spec, layers->children[i], err));
    return ALX_OK;
}

alx_status alx_spec_parse(alx_spec *spec, const char *text, size_t length, const char *file, int classes,
                          alx_error *err)
{
    *spec = (alx_spec){0};
    alx_status status = parse(spec, text, length, file, classes, err);
    if (status) alx_spec_finish(spec);
    return status;
}

#include "model/spec.h"

#include <stdlib.h>
#include <string.h>

void alx_spec_finish(alx_spec *spec)
{
    free(spec->layers);
    alx_arena_finish(&spec->arena);
    *spec = (alx_spec){0};
}

alx_status alx_spec_set_input(alx_spec *spec, int height, int width, int channels, alx_error *err)
{
    if (height < 1 || width < 1 || height > ALX_SPEC_MAX_SIDE || width > ALX_SPEC_MAX_SIDE)
        return alx_fail(err, ALX_BAD_MODEL, "input %dx%d: height and width must be 1 to %d", height, width,
                        ALX_SPEC_MAX_SIDE);
    if (channels != 1 && channels != 3)
        return alx_fail(err, ALX_BAD_MODEL, "an input of %d channels; use 3 for colour or 1 for grey", channels);
    spec->input[0] = height;
    spec->input[1] = width;
    spec->input[2] = channels;
    return ALX_OK;
}

alx_status alx_spec_set_classes(alx_spec *spec, int classes, alx_error *err)
{
    if (classes < 2 || classes > ALX_SPEC_MAX_CLASSES)
        return alx_fail(err, ALX_BAD_MODEL, "classes %d: a classifier tells 2 to %d classes apart", classes,
                        ALX_SPEC_MAX_CLASSES);
    spec->classes = classes;
    return ALX_OK;
}

alx_status alx_spec_set_name(alx_spec *spec, const char *name, alx_error *err)
{
    size_t length = strlen(name);
    if (length == 0 || length > ALX_SPEC_MAX_NAME || !alx_text_is_utf8(name, length))
        return alx_fail(err, ALX_BAD_MODEL, "a network's name has 1 to %d bytes of UTF-8", ALX_SPEC_MAX_NAME);
    spec->name = alx_arena_strdup(&spec->arena, name, err);
    return spec->name ? ALX_OK : ALX_NO_MEMORY;
}

alx_status alx_spec_init(alx_spec *spec, const char *name, int height, int width, int channels, int classes,
                         alx_error *err)
{
    *spec = (alx_spec){0};
    ALX_TRY(alx_spec_set_input(spec, height, width, channels, err));
    ALX_TRY(alx_spec_set_classes(spec, classes, err));
    return alx_spec_set_name(spec, name, err);
}

/* ---- Names ---- */

static int find_layer(const alx_spec *spec, const char *name)
{
    for (int i = 0; i < spec->layer_count; i++)
        if (strcmp(spec->layers[i].name, name) == 0) return i;
    return -1;
}

/* A name becomes part of "conv2d_1.kernel" and of `from: [a, b]`: letters of any script, digits, _ and -. */
static bool is_layer_name(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > ALX_SPEC_MAX_NAME || !alx_text_is_utf8(name, length)) return false;
    for (; *name; name++) {
        char c = *name;
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (!word && (unsigned char)c < 0x80) return false;
    }
    return true;
}

static alx_status read_name(const alx_spec *spec, alx_spec_layer *layer, const alx_yaml *node, alx_error *err)
{
    alx_printable shown;
    if (node->kind != ALX_YAML_SCALAR || !is_layer_name(node->scalar))
        return alx_yaml_fail(node, err, ALX_BAD_MODEL,
                             "name must be 1 to %d bytes of letters, digits, _ and -; such as conv_a",
                             ALX_SPEC_MAX_NAME);
    if (strcmp(node->scalar, "input") == 0)
        return alx_yaml_fail(node, err, ALX_BAD_MODEL, "the name input means the network's input; choose another");
    /* tensors "optimizer.*" and "ema.*" of a checkpoint */
    if (strcmp(node->scalar, "optimizer") == 0 || strcmp(node->scalar, "ema") == 0)
        return alx_yaml_fail(node, err, ALX_BAD_MODEL, "the name %s is a checkpoint's; choose another", node->scalar);
    if (find_layer(spec, node->scalar) >= 0)
        return alx_yaml_fail(node, err, ALX_BAD_MODEL, "the name %s is taken by an earlier layer; choose another",
                             alx_text_printable(node->scalar, shown));
    layer->name = node->scalar;
    return ALX_OK;
}

/* conv2d_1, conv2d_2 ... in the order of the unnamed layers of a type, past names that were given. */
static alx_status make_name(alx_spec *spec, alx_spec_layer *layer, alx_error *err)
{
    int number = 0;
    for (int i = spec->layer_count; i-- > 0 && number == 0;)
        if (spec->layers[i].cls == layer->cls) number = spec->layers[i].number;
    do {
        layer->name = alx_arena_printf(&spec->arena, err, "%s_%d", layer->cls->name, ++number);
        if (!layer->name) return ALX_NO_MEMORY;
    } while (find_layer(spec, layer->name) >= 0);
    layer->number = number;
    return ALX_OK;
}

/* ---- Inputs ---- */

static alx_status unknown_input(const alx_spec *spec, const alx_yaml *node, alx_error *err)
{
    const char *names[ALX_SPEC_MAX_LAYERS + 1] = {"input"};
    for (int i = 0; i < spec->layer_count; i++) names[i + 1] = spec->layers[i].name;
    const char *nearest = alx_text_nearest(node->scalar, names, spec->layer_count + 1);
    alx_printable shown;
    alx_text_printable(node->scalar, shown);
    if (nearest)
        return alx_yaml_fail(node, err, ALX_BAD_MODEL, "from: no earlier layer is named %s; did you mean %s?", shown,
                             nearest);
    return alx_yaml_fail(node, err, ALX_BAD_MODEL,
                         "from: no earlier layer is named %s; a layer reads layers above it, or `input`", shown);
}

static alx_status read_input(const alx_spec *spec, alx_spec_layer *layer, const alx_yaml *node, alx_error *err)
{
    if (node->kind != ALX_YAML_SCALAR)
        return alx_yaml_fail(node, err, ALX_BAD_MODEL, "from must be a layer's name or a list of names: [a, b]");
    if (layer->input_count == ALX_MAX_INPUTS)
        return alx_yaml_fail(node, err, ALX_BAD_MODEL, "from: more than %d layers; join them in steps", ALX_MAX_INPUTS);
    int index = strcmp(node->scalar, "input") == 0 ? -1 : find_layer(spec, node->scalar);
    if (index < 0 && strcmp(node->scalar, "input") != 0) return unknown_input(spec, node, err);
    layer->inputs[layer->input_count++] = index;
    return ALX_OK;
}

/* from: a name or a list of names; without it the previous layer. */
static alx_status read_from(const alx_spec *spec, alx_spec_layer *layer, const alx_yaml *from, const alx_yaml *place,
                            alx_error *err)
{
    if (!from) {
        layer->inputs[layer->input_count++] = spec->layer_count - 1;
    } else if (from->kind == ALX_YAML_LIST) {
        for (int i = 0; i < from->count; i++) ALX_TRY(read_input(spec, layer, from->children[i], err));
    } else {
        ALX_TRY(read_input(spec, layer, from, err));
    }
    const alx_layer_class *cls = layer->cls;
    if (layer->input_count < cls->min_inputs)
        return alx_yaml_fail(place, err, ALX_BAD_MODEL, "%s joins at least %d layers; name them: from: [a, b]",
                             layer->name, cls->min_inputs);
    if (layer->input_count > cls->max_inputs)
        return alx_yaml_fail(place, err, ALX_BAD_MODEL,
                             "%s reads one layer, not %d; join them first with add or "
                             "concatenate",
                             layer->name, layer->input_count);
    return ALX_OK;
}

/* ---- Layers ---- */

static alx_status unknown_layer(const char *type, const alx_yaml *place, alx_error *err)
{
    alx_printable shown;
    alx_text_printable(type, shown);
    const alx_layer_class *nearest = alx_layer_class_nearest(type);
    if (nearest)
        return alx_yaml_fail(place, err, ALX_BAD_MODEL, "unknown layer %s; did you mean %s?", shown, nearest->name);
    return alx_yaml_fail(place, err, ALX_BAD_MODEL, "unknown layer %s; `alexnet layers` lists them", shown);
}

static alx_status push_layer(alx_spec *spec, const alx_spec_layer *layer, alx_error *err)
{
    if (spec->layer_count == spec->layer_capacity) {
        int capacity = spec->layer_capacity ? 2 * spec->layer_capacity : 32;
        alx_spec_layer *layers = alx_realloc(spec->layers, (size_t)capacity, sizeof *layers, err);
        if (!layers) return ALX_NO_MEMORY;
        spec->layers = layers;
        spec->layer_capacity = capacity;
    }
    spec->layers[spec->layer_count++] = *layer;
    return ALX_OK;
}

alx_status alx_spec_append(alx_spec *spec, const char *type, const alx_yaml *map, const alx_yaml *place, alx_error *err)
{
    alx_spec_layer layer = {.cls = alx_layer_class_find(type), .mark = place};
    alx_yaml empty = {.kind = ALX_YAML_MAP, .file = place->file, .line = place->line, .column = place->column};
    if (!map) map = &empty; /* so that a missing option has a place */
    if (!layer.cls) return unknown_layer(type, place, err);
    if (spec->layer_count == ALX_SPEC_MAX_LAYERS)
        return alx_yaml_fail(place, err, ALX_BAD_MODEL, "more than %d layers", ALX_SPEC_MAX_LAYERS);
    const alx_yaml *name = alx_yaml_get(map, "name");
    ALX_TRY(name ? read_name(spec, &layer, name, err) : make_name(spec, &layer, err));
    ALX_TRY(read_from(spec, &layer, alx_yaml_get(map, "from"), place, err));
    layer.config = alx_arena_alloc(&spec->arena, 1, layer.cls->config_size, err);
    if (!layer.config) return ALX_NO_MEMORY;
    ALX_TRY(alx_options_read(layer.cls->options, layer.config, map, layer.name, "name from", &spec->arena, err));
    alx_text options = {0};
    alx_options_add_changed(&options, layer.cls->options, layer.config);
    char *text;
    ALX_TRY(alx_text_take(&text, &options, err));
    layer.options = alx_arena_strdup(&spec->arena, text, err);
    free(text);
    if (!layer.options) return ALX_NO_MEMORY;
    return push_layer(spec, &layer, err);
}

alx_status alx_spec_add(alx_spec *spec, const char *type, const char *options, alx_error *err)
{
    char *text = alx_arena_printf(&spec->arena, err, "{%s}", options ? options : "");
    if (!text) return ALX_NO_MEMORY;
    alx_yaml *map;
    alx_status status = alx_yaml_parse(&map, &spec->arena, text, strlen(text), NULL, err);
    if (!status && map->kind != ALX_YAML_MAP)
        status = alx_fail(err, ALX_BAD_MODEL, "options are written as \"filters: 96, kernel_size: 11\"");
    if (status) return alx_where(err, status, "%s", type);
    return alx_spec_append(spec, type, map, map, err);
}

#include "model/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "model/builtin.h"

static const alx_spec_layer *spec_layer(const alx_graph *graph, int index)
{
    return &graph->spec.layers[index];
}

/* "net.yaml:7:5: conv2d_2: " in front of what went wrong in a layer. */
static alx_status at_layer(const alx_graph *graph, int index, alx_status status, alx_error *err)
{
    const alx_spec_layer *layer = spec_layer(graph, index);
    const alx_yaml *mark = layer->mark;
    alx_printable file;
    if (mark && mark->file)
        return alx_where(err, status, "%s:%d:%d: %s", alx_text_printable(mark->file, file), mark->line, mark->column,
                         layer->name);
    return alx_where(err, status, "%s", layer->name);
}

const alx_shape *alx_graph_shape(const alx_graph *graph, int layer)
{
    return layer < 0 ? &graph->input : &graph->layers[layer].out;
}

static void input_shapes(const alx_graph *graph, int index, alx_shape shapes[ALX_MAX_INPUTS])
{
    const alx_spec_layer *layer = spec_layer(graph, index);
    for (int i = 0; i < layer->input_count; i++) shapes[i] = *alx_graph_shape(graph, layer->inputs[i]);
}

/* ---- Deriving a layer ---- */

static alx_status add_params(alx_graph *graph, int index, int count, const alx_param_decl *decls, alx_error *err)
{
    alx_graph_layer *layer = &graph->layers[index];
    size_t room = (size_t)graph->param_count + (size_t)count;
    alx_graph_param *params = alx_realloc(graph->params, room, sizeof *params, err);
    if (!params) return ALX_NO_MEMORY;
    graph->params = params;
    for (int i = 0; i < count; i++) {
        int64_t size;
        ALX_TRY(alx_shape_count(&size, &decls[i].shape, err));
        const char *name =
            alx_arena_printf(&graph->spec.arena, err, "%s.%s", spec_layer(graph, index)->name, decls[i].name);
        if (!name) return ALX_NO_MEMORY;
        params[layer->first_param + i] = (alx_graph_param){name, index, decls[i]};
        layer->parameters += size;
        if (decls[i].trainable) layer->trainable += size;
    }
    return ALX_OK;
}

/* Shape and parameters of layer `index`, whose inputs are derived. */
static alx_status derive(alx_graph *graph, int index, alx_error *err)
{
    const alx_spec_layer *spec = spec_layer(graph, index);
    alx_graph_layer *layer = &graph->layers[index];
    *layer = (alx_graph_layer){.first_param = graph->param_count};
    alx_shape inputs[ALX_MAX_INPUTS];
    input_shapes(graph, index, inputs);
    ALX_TRY(spec->cls->shape(spec->config, graph->spec.classes, inputs, spec->input_count, &layer->out, err));
    int64_t elements;
    ALX_TRY(alx_shape_count(&elements, &layer->out, err));
    alx_param_decl decls[ALX_MAX_LAYER_PARAMS];
    int count = spec->cls->params ? spec->cls->params(spec->config, inputs, decls) : 0;
    if (count) ALX_TRY(add_params(graph, index, count, decls, err));
    layer->param_count = count;
    graph->param_count += count;
    graph->parameters += layer->parameters;
    graph->trainable += layer->trainable;
    return ALX_OK;
}

/* Derives the layers of the spec that have no shape yet. */
static alx_status derive_from(alx_graph *graph, int first, alx_error *err)
{
    size_t count = (size_t)graph->spec.layer_count;
    alx_graph_layer *layers = alx_realloc(graph->layers, count, sizeof *layers, err);
    if (!layers) return ALX_NO_MEMORY;
    graph->layers = layers;
    for (int i = first; i < graph->spec.layer_count; i++) {
        alx_status status = derive(graph, i, err);
        if (status) return at_layer(graph, i, status, err);
    }
    return ALX_OK;
}

/* ---- The demands on a whole network ---- */

static alx_status check_end(const alx_graph *graph, alx_error *err)
{
    int last = graph->spec.layer_count - 1;
    const alx_spec_layer *layer = spec_layer(graph, last);
    const alx_shape *out = alx_graph_shape(graph, last);
    char text[64];
    if (out->rank != 1)
        return alx_fail(err, ALX_BAD_MODEL,
                        "the network ends with an image of %s; add `- flatten` and "
                        "`- dense: {units: classes, activation: softmax}`",
                        alx_shape_text(out, text));
    if (!layer->cls->is_softmax || !layer->cls->is_softmax(layer->config))
        return alx_fail(err, ALX_BAD_MODEL, "the network must end in softmax; %s",
                        layer->cls->is_softmax ? "give its last layer activation: softmax"
                                               : "add `- dense: {units: classes, activation: softmax}`");
    if (out->dims[0] != graph->spec.classes)
        return alx_fail(err, ALX_BAD_MODEL, "the network ends with %s outputs for %d classes; write units: classes",
                        alx_shape_text(out, text), graph->spec.classes);
    return ALX_OK;
}

/* The first layer before the last that no layer reads, -1 when there is none. */
static alx_status find_dangling(const alx_graph *graph, int *dangling, alx_error *err)
{
    int count = graph->spec.layer_count;
    bool *read = alx_calloc((size_t)count, sizeof *read, err);
    if (!read) return ALX_NO_MEMORY;
    for (int i = 0; i < count; i++)
        for (int k = 0; k < spec_layer(graph, i)->input_count; k++)
            if (spec_layer(graph, i)->inputs[k] >= 0) read[spec_layer(graph, i)->inputs[k]] = true;
    *dangling = -1;
    for (int i = count - 2; i >= 0; i--)
        if (!read[i]) *dangling = i;
    free(read);
    return ALX_OK;
}

alx_status alx_graph_check(const alx_graph *graph, alx_error *err)
{
    if (graph->spec.layer_count == 0) return alx_fail(err, ALX_BAD_MODEL, "a network without layers");
    int dangling;
    ALX_TRY(find_dangling(graph, &dangling, err));
    if (dangling >= 0) {
        alx_fail(err, ALX_BAD_MODEL, "no later layer reads it; remove it, or name it in a later layer's from");
        return at_layer(graph, dangling, ALX_BAD_MODEL, err);
    }
    alx_status status = check_end(graph, err);
    return status ? at_layer(graph, graph->spec.layer_count - 1, status, err) : ALX_OK;
}

/* ---- Life ---- */

alx_status alx_graph_begin(alx_graph **out, alx_spec *spec, alx_error *err)
{
    *out = NULL;
    alx_graph *graph = alx_calloc(1, sizeof *graph, err);
    if (!graph) {
        alx_spec_finish(spec);
        return ALX_NO_MEMORY;
    }
    graph->spec = *spec;
    *spec = (alx_spec){0};
    const int *size = graph->spec.input;
    graph->input = ALX_SHAPE(size[2], size[0], size[1]);
    alx_status status = derive_from(graph, 0, err);
    if (status) {
        alx_graph_destroy(graph);
        return status;
    }
    *out = graph;
    return ALX_OK;
}

alx_status alx_graph_create(alx_graph **graph, alx_spec *spec, alx_error *err)
{
    ALX_TRY(alx_graph_begin(graph, spec, err));
    alx_status status = alx_graph_check(*graph, err);
    if (status) {
        alx_graph_destroy(*graph);
        *graph = NULL;
    }
    return status;
}

alx_status alx_graph_extend(alx_graph *graph, const char *type, const char *options, alx_error *err)
{
    int index = graph->spec.layer_count;
    ALX_TRY(alx_spec_add(&graph->spec, type, options, err));
    alx_status status = derive_from(graph, index, err);
    if (status) graph->spec.layer_count = index; /* nothing of it was counted yet */
    return status;
}

void alx_graph_destroy(alx_graph *graph)
{
    if (!graph) return;
    free(graph->layers);
    free(graph->params);
    alx_spec_finish(&graph->spec);
    free(graph);
}

/* ---- Sources ---- */

static alx_status no_such_network(const char *source, alx_error *err)
{
    const char *names[64];
    int count = 0;
    char list[512] = "";
    for (const alx_builtin_info *b; count < 64 && (b = alx_builtin(count)); count++) {
        names[count] = b->name;
        if (strlen(list) + strlen(b->name) + 3 > sizeof list) continue;
        if (count) strcat(list, ", ");
        strcat(list, b->name);
    }
    const char *nearest = alx_text_nearest(source, names, count);
    alx_printable shown;
    alx_text_printable(source, shown);
    if (nearest) return alx_fail(err, ALX_BAD_MODEL, "no network %s; did you mean %s?", shown, nearest);
    return alx_fail(err, ALX_BAD_MODEL, "no file %s and no built-in network of that name; built in: %s", shown, list);
}

alx_status alx_graph_parse(alx_graph **graph, const char *text, const char *file, int classes, alx_error *err)
{
    *graph = NULL;
    alx_spec spec = {0};
    ALX_TRY(alx_spec_parse(&spec, text, strlen(text), file, classes, err));
    return alx_graph_create(graph, &spec, err);
}

/* The whole file as a string; release with free. */
static alx_status read_text(char **text, const char *path, alx_error *err)
{
    uint8_t *bytes;
    size_t count;
    ALX_TRY(alx_file_read(&bytes, &count, path, ALX_YAML_MAX_BYTES, err));
    alx_text copy = {0};
    alx_text_add_bytes(&copy, (const char *)bytes, count);
    free(bytes);
    ALX_TRY(alx_text_take(text, &copy, err));
    if (strlen(*text) == count) return ALX_OK;
    free(*text);
    alx_printable shown;
    return alx_fail(err, ALX_BAD_MODEL, "%s: a zero byte in it; a network is a YAML text",
                    alx_text_printable(path, shown));
}

alx_status alx_graph_open_text(alx_graph **graph, char **yaml, const char *source, int classes, alx_error *err)
{
    *graph = NULL;
    if (yaml) *yaml = NULL;
    const alx_builtin_info *builtin = alx_builtin_find(source);
    char *text;
    if (builtin) {
        alx_text copy = {0};
        alx_text_add(&copy, builtin->yaml);
        ALX_TRY(alx_text_take(&text, &copy, err));
    } else if (alx_file_exists(source)) {
        ALX_TRY(read_text(&text, source, err));
    } else {
        return no_such_network(source, err);
    }
    alx_status status = alx_graph_parse(graph, text, builtin ? builtin->name : source, classes, err);
    if (!status && yaml)
        *yaml = text;
    else
        free(text);
    return status;
}

alx_status alx_graph_open(alx_graph **graph, const char *source, int classes, alx_error *err)
{
    return alx_graph_open_text(graph, NULL, source, classes, err);
}

/* Layers of a network that others ask for. */
#include <string.h>

#include "model/graph.h"

static bool is_a(const alx_graph *graph, int layer, const char *type)
{
    return layer >= 0 && strcmp(graph->spec.layers[layer].cls->name, type) == 0;
}

int alx_graph_find(const alx_graph *graph, const char *name)
{
    for (int i = 0; i < graph->spec.layer_count; i++)
        if (strcmp(graph->spec.layers[i].name, name) == 0) return i;
    return -1;
}

int alx_graph_last_hidden(const alx_graph *graph)
{
    int from = -1;
    for (int i = 0; i < graph->spec.layer_count; i++)
        if (graph->layers[i].param_count > 0 && graph->params[graph->layers[i].first_param].decl.fan_in > 0)
            from = graph->spec.layers[i].inputs[0];
    while (is_a(graph, from, "dropout")) from = graph->spec.layers[from].inputs[0];
    return from;
}

int alx_graph_first_convolution(const alx_graph *graph)
{
    for (int i = 0; i < graph->spec.layer_count; i++)
        if (is_a(graph, i, "conv2d")) return i;
    return -1;
}

/* Whether a place of its output comes from the same place of its inputs alone. */
static bool is_place_by_place(const alx_graph *graph, int layer)
{
    static const char *const types[] = {"batch_normalization", "activation", "add", "concatenate"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (is_a(graph, layer, types[i])) return true;
    return false;
}

int alx_graph_last_map(const alx_graph *graph)
{
    int map = -1;
    for (int i = 0; i < graph->spec.layer_count; i++) {
        const alx_spec_layer *layer = &graph->spec.layers[i];
        bool behind = false;
        for (int k = 0; k < layer->input_count; k++) behind |= map >= 0 && layer->inputs[k] == map;
        if (is_a(graph, i, "conv2d") || (behind && is_place_by_place(graph, i))) map = i;
    }
    return map;
}

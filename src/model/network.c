/* The public calls about networks and layers, over the graph and the catalogue. */
#include "model/network.h"

#include <stdlib.h>
#include <string.h>

#include "model/explain.h"

alx_status alx_network_wrap(alx_network **network, alx_graph *graph, char *yaml, alx_error *err)
{
    *network = alx_calloc(1, sizeof **network, err);
    if (!*network) {
        alx_graph_destroy(graph);
        free(yaml);
        return ALX_NO_MEMORY;
    }
    (*network)->graph = graph;
    (*network)->yaml = yaml;
    return ALX_OK;
}

alx_status alx_network_create(alx_network **network, const char *name, int height, int width, int channels, int classes,
                              alx_error *err)
{
    *network = NULL;
    alx_spec spec;
    alx_graph *graph;
    alx_status status = alx_spec_init(&spec, name, height, width, channels, classes, err);
    if (status) {
        alx_spec_finish(&spec);
        return status;
    }
    ALX_TRY(alx_graph_begin(&graph, &spec, err));
    return alx_network_wrap(network, graph, NULL, err);
}

alx_status alx_network_add(alx_network *network, const char *type, const char *options, alx_error *err)
{
    return alx_graph_extend(network->graph, type, options, err);
}

void alx_network_destroy(alx_network *network)
{
    if (!network) return;
    alx_graph_destroy(network->graph);
    free(network->yaml);
    free(network);
}

const char *alx_network_name(const alx_network *network)
{
    return network->graph->spec.name;
}

int alx_network_classes(const alx_network *network)
{
    return network->graph->spec.classes;
}

void alx_network_input(const alx_network *network, int size[3])
{
    memcpy(size, network->graph->spec.input, sizeof network->graph->spec.input);
}

int alx_network_layer_count(const alx_network *network)
{
    return network->graph->spec.layer_count;
}

void alx_network_layer(const alx_network *network, int index, alx_layer_info *info)
{
    alx_graph_describe_layer(network->graph, index, info);
}

void alx_graph_describe_layer(const alx_graph *graph, int index, alx_layer_info *info)
{
    const alx_graph_layer *layer = &graph->layers[index];
    const alx_spec_layer *spec = &graph->spec.layers[index];
    const int64_t *d = layer->out.dims;
    *info = (alx_layer_info){.name = spec->name,
                             .type = spec->cls->name,
                             .keras = spec->cls->keras,
                             .rank = layer->out.rank,
                             .shape = {d[0]},
                             .parameters = layer->parameters,
                             .trainable = layer->trainable,
                             .options = spec->options,
                             .input_count = spec->input_count};
    if (info->rank == 3) { /* (C, H, W) -> height, width, channels */
        info->shape[0] = d[1];
        info->shape[1] = d[2];
        info->shape[2] = d[0];
    }
    memcpy(info->inputs, spec->inputs, sizeof info->inputs);
}

alx_status alx_network_yaml(char **text, const alx_network *network, alx_error *err)
{
    *text = NULL;
    ALX_TRY(alx_graph_check(network->graph, err));
    alx_text yaml = {0};
    alx_spec_write(&yaml, &network->graph->spec);
    return alx_text_take(text, &yaml, err);
}

alx_status alx_network_annotate(char **text, const alx_network *network, alx_language language, alx_error *err)
{
    *text = NULL;
    char *written = NULL;
    ALX_TRY(alx_graph_check(network->graph, err));
    if (!network->yaml) ALX_TRY(alx_network_yaml(&written, network, err));
    alx_status status =
        alx_graph_annotate(text, network->graph, network->yaml ? network->yaml : written, language, err);
    free(written);
    return status;
}

void alx_text_destroy(char *text)
{
    free(text);
}

/* ---- The catalogue ---- */

const alx_layer_type_info *alx_layer_type(int index)
{
    if (index < 0) return NULL;
    for (int i = 0; alx_layer_classes[i]; i++)
        if (i == index) return &alx_layer_classes[i]->info;
    return NULL;
}

int alx_layer_type_option(const alx_layer_type_info *type, int index, alx_option_info *option)
{
    const alx_layer_class *cls = (const alx_layer_class *)type; /* info is the descriptor's beginning */
    return alx_options_row(cls->options, index, option);
}

/* Any bytes as a network's YAML: refused with a message, or a graph that writes and reads back. */
#include <stdlib.h>
#include <string.h>

#include "model/graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    alx_spec spec = {0};
    alx_graph *graph, *again;
    alx_error err = {0};
    if (alx_spec_parse(&spec, (const char *)data, size, "fuzz.yaml", 0, &err) ||
        alx_graph_create(&graph, &spec, &err)) {
        if (err.status == ALX_OK || !err.message[0] || strchr(err.message, '\n')) abort();
        return 0;
    }
    alx_text text = {0};
    alx_spec_write(&text, &graph->spec);
    if (alx_spec_parse(&spec, text.data, text.length, NULL, 0, &err) || alx_graph_create(&again, &spec, &err)) abort();
    if (again->parameters != graph->parameters || again->param_count != graph->param_count) abort();
    for (int i = 0; i < graph->param_count; i++)
        if (strcmp(graph->params[i].name, again->params[i].name) != 0) abort();
    alx_text_finish(&text);
    alx_graph_destroy(again);
    alx_graph_destroy(graph);
    return 0;
}

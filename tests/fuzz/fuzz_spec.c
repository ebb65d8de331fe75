/* Any bytes as a network's YAML: refused with a message, or a graph that writes and reads back; and comments for it,
 * which leave it the same network and which, made again, are the same, or a message why not. */
#include <stdlib.h>
#include <string.h>

#include "model/explain.h"
#include "fuzz/fuzz.h"

static void annotate(const alx_graph *graph, const uint8_t *data, size_t size)
{
    alx_error err = {0};
    char *yaml = malloc(size + 1), *once, *twice;
    if (!yaml) abort();
    memcpy(yaml, data, size);
    yaml[size] = 0;
    const bool whole = strlen(yaml) == size; /* as when a file is opened */
    if (whole && alx_graph_annotate(&once, graph, yaml, ALX_ENGLISH, &err)) {
        require_refusal(err.status, &err);
    } else if (whole) {
        if (alx_graph_annotate(&twice, graph, once, ALX_ENGLISH, &err) || strcmp(once, twice) != 0) abort();
        free(twice);
        if (alx_graph_annotate(&twice, graph, once, ALX_CHINESE, &err)) abort();
        free(twice);
        free(once);
    }
    free(yaml);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    alx_spec spec = {0};
    alx_graph *graph, *again;
    alx_error err = {0};
    if (alx_spec_parse(&spec, (const char *)data, size, "fuzz.yaml", 0, &err) ||
        alx_graph_create(&graph, &spec, &err)) {
        require_refusal(err.status, &err);
        return 0;
    }
    annotate(graph, data, size);
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

/* Layers that keep their weights while the others learn. */
#include <fnmatch.h>
#include <string.h>

#include "model/graph.h"

static void freeze_layer(alx_graph *graph, int index)
{
    alx_graph_layer *layer = &graph->layers[index];
    for (int i = 0; i < layer->param_count; i++) graph->params[layer->first_param + i].decl.trainable = false;
    graph->trainable -= layer->trainable;
    layer->trainable = 0;
    layer->frozen = true;
}

/* With the nearest name, and all that there are as far as they fit. */
static alx_status fail_pattern(const alx_graph *graph, const char *pattern, alx_error *err)
{
    enum { MOST = 500 };
    const char *names[ALX_SPEC_MAX_LAYERS];
    int count = 0;
    alx_text list = {0};
    for (int i = 0; i < graph->spec.layer_count; i++) {
        if (graph->layers[i].param_count == 0) continue;
        names[count++] = graph->spec.layers[i].name;
        if (list.length < MOST) alx_text_printf(&list, "%s%s", count > 1 ? ", " : "", names[count - 1]);
    }
    if (list.length >= MOST) alx_text_add(&list, ", ...");
    const char *nearest = alx_text_nearest(pattern, names, count);
    alx_printable shown;
    const alx_status status =
        list.failed ? alx_fail(err, ALX_NO_MEMORY, "out of memory")
                    : alx_fail(err, ALX_USAGE, "no layer with parameters is called %s; %s%s%sthey are: %s",
                               alx_text_printable(pattern, shown), nearest ? "did you mean " : "",
                               nearest ? nearest : "", nearest ? "? " : "", list.data ? list.data : "none");
    alx_text_finish(&list);
    return status;
}

alx_status alx_graph_freeze(alx_graph *graph, int count, const char *const *patterns, alx_error *err)
{
    for (int p = 0; p < count; p++) {
        bool found = false;
        for (int i = 0; i < graph->spec.layer_count; i++) {
            if (graph->layers[i].param_count == 0 || fnmatch(patterns[p], graph->spec.layers[i].name, 0) != 0) continue;
            freeze_layer(graph, i);
            found = true;
        }
        if (!found) return fail_pattern(graph, patterns[p], err);
    }
    if (count && graph->trainable == 0)
        return alx_fail(err, ALX_USAGE,
                        "every layer with parameters is frozen, so that nothing is left to learn; leave "
                        "one out, such as the last dense layer");
    return ALX_OK;
}

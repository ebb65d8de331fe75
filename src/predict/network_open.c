/* A network from wherever one is described: a YAML file, a built-in name, a run folder or a weights file. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "formats/safetensors.h"
#include "model/builtin.h"
#include "model/network.h"

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* The YAML that a weights file carries. */
static alx_status open_weights(alx_graph **graph, char **yaml, const char *path, int classes, alx_error *err)
{
    alx_safetensors *file;
    ALX_TRY(alx_safetensors_open(&file, path, err));
    const char *text = alx_safetensors_metadata(file, "model");
    alx_status status;
    alx_printable shown;
    if (text)
        status = alx_graph_parse(graph, text, path, classes, err);
    else
        status = alx_fail(err, ALX_BAD_MODEL, "%s: no network in it (metadata \"model\"); it was not made by alexnet",
                          alx_text_printable(path, shown));
    if (!status && !(*yaml = strdup(text))) {
        alx_graph_destroy(*graph);
        status = alx_fail(err, ALX_NO_MEMORY, "out of memory");
    }
    alx_safetensors_close(file);
    return status;
}

/* The layers that the run's recipe freezes: summary counts what is trained. */
static alx_status freeze_as_recipe(alx_graph *graph, const char *path, alx_error *err)
{
    const char *patterns[ALX_SPEC_MAX_LAYERS];
    int count = 0;
    alx_arena arena = {0};
    alx_yaml *root;
    alx_status status = alx_yaml_read(&root, &arena, path, err);
    const alx_yaml *freeze = status ? NULL : alx_yaml_get(alx_yaml_get(root, "train"), "freeze");
    if (freeze && freeze->scalar && *freeze->scalar) patterns[count++] = freeze->scalar;
    for (int i = 0; freeze && i < freeze->count && count < ALX_SPEC_MAX_LAYERS; i++)
        if (freeze->children[i]->scalar) patterns[count++] = freeze->children[i]->scalar;
    if (!status && alx_graph_freeze(graph, count, patterns, err))
        status = alx_yaml_fail(freeze, err, ALX_BAD_DATA, "%s", err ? err->message : "");
    alx_arena_finish(&arena);
    return status;
}

static alx_status open_run(alx_graph **graph, char **yaml, const char *folder, int classes, alx_error *err)
{
    char *path = alx_file_join(folder, "model.yaml", err), *recipe = alx_file_join(folder, "recipe.yaml", err);
    alx_status status = path && recipe ? ALX_OK : ALX_NO_MEMORY;
    alx_printable shown;
    if (!status && !alx_file_exists(path))
        status = alx_fail(err, ALX_BAD_MODEL, "%s: no model.yaml in it, so it is no run; name a run folder or a file",
                          alx_text_printable(folder, shown));
    if (!status) status = alx_graph_open_text(graph, yaml, path, classes, err);
    if (!status && alx_file_exists(recipe) && (status = freeze_as_recipe(*graph, recipe, err))) {
        alx_graph_destroy(*graph);
        free(*yaml);
    }
    free(recipe);
    free(path);
    return status;
}

alx_status alx_network_open(alx_network **network, const char *source, int classes, alx_error *err)
{
    *network = NULL;
    alx_graph *graph;
    char *yaml;
    if (ends_with(source, ".safetensors"))
        ALX_TRY(open_weights(&graph, &yaml, source, classes, err));
    else if (alx_file_is_folder(source) && !alx_builtin_find(source))
        ALX_TRY(open_run(&graph, &yaml, source, classes, err));
    else
        ALX_TRY(alx_graph_open_text(&graph, &yaml, source, classes, err));
    return alx_network_wrap(network, graph, yaml, err);
}

/* What the paper of 2012 says about the parts of AlexNet, and how its figures and the course's compare with the count.
 */
#include <stdio.h>
#include <string.h>

#include "layers/explain.h"
#include "model/explain.h"

/* A copy of a built-in AlexNet keeps its name as long as a person leaves it. */
static bool is_alexnet(const alx_graph *graph)
{
    return strncmp(graph->spec.name, "alexnet", 7) == 0;
}

static const char *type_of(const alx_graph *graph, int index)
{
    return graph->spec.layers[index].cls->name;
}

static bool is(const alx_graph *graph, int index, const char *type)
{
    return strcmp(type_of(graph, index), type) == 0;
}

/* How many layers of that type stand before `index`. */
static int before(const alx_graph *graph, int index, const char *type)
{
    int count = 0;
    for (int i = 0; i < index; i++) count += is(graph, i, type);
    return count;
}

static int64_t groups_of(const alx_graph *graph, int index)
{
    return graph->params[graph->layers[index].first_param].decl.groups;
}

static bool has_towers(const alx_graph *graph)
{
    for (int i = 0; i < graph->spec.layer_count; i++)
        if (is(graph, i, "conv2d") && groups_of(graph, i) > 1) return true;
    return false;
}

/* ---- Layers ---- */

typedef bool (*condition)(const alx_graph *graph, int index, const alx_window *window);

static bool is_first_conv(const alx_graph *graph, int index, const alx_window *window)
{
    (void)window;
    return is(graph, index, "conv2d") && before(graph, index, "conv2d") == 0;
}

static bool is_tower(const alx_graph *graph, int index, const alx_window *window)
{
    (void)window;
    return is(graph, index, "conv2d") && groups_of(graph, index) > 1;
}

static bool joins_towers(const alx_graph *graph, int index, const alx_window *window)
{
    (void)window;
    return is(graph, index, "conv2d") && groups_of(graph, index) == 1 && before(graph, index, "conv2d") > 0 &&
           has_towers(graph);
}

/* Convolutions 2, 4 and 5 of the paper. */
static bool was_tower(const alx_graph *graph, int index, const alx_window *window)
{
    (void)window;
    int number = is(graph, index, "conv2d") ? before(graph, index, "conv2d") + 1 : 0;
    return (number == 2 || number == 4 || number == 5) && !has_towers(graph);
}

static bool is_lrn(const alx_graph *graph, int index, const alx_window *window)
{
    (void)window;
    return is(graph, index, "lrn");
}

static bool overlaps(const alx_graph *graph, int index, const alx_window *window)
{
    return is(graph, index, "max_pooling2d") && before(graph, index, "max_pooling2d") == 0 &&
           alx_window_overlaps(window);
}

/* In the paper LRN stands before the first two poolings. */
static bool lacks_lrn(const alx_graph *graph, int index, const alx_window *window)
{
    (void)window;
    return is(graph, index, "max_pooling2d") && before(graph, index, "max_pooling2d") < 2 &&
           before(graph, graph->spec.layer_count, "lrn") == 0;
}

static bool is_first_dense(const alx_graph *graph, int index, const alx_window *window)
{
    (void)window;
    return is(graph, index, "dense") && before(graph, index, "dense") == 0;
}

static bool is_first_dropout(const alx_graph *graph, int index, const alx_window *window)
{
    (void)window;
    return is(graph, index, "dropout") && before(graph, index, "dropout") == 0;
}

static bool is_last(const alx_graph *graph, int index, const alx_window *window)
{
    (void)window;
    return index == graph->spec.layer_count - 1;
}

static bool has_bias_of_one(const alx_graph *graph, int index, const alx_window *window)
{
    (void)window;
    const alx_graph_layer *layer = &graph->layers[index];
    if (layer->param_count != 2) return false;
    const alx_param_decl *bias = &graph->params[layer->first_param + 1].decl;
    return bias->init == ALX_INIT_CONSTANT && bias->init_value == 1;
}

static const struct {
    condition applies;
    alx_phrase phrase;
} layer_rows[] = {
    {is_first_conv, ALX_PHRASE_HISTORY_FIRST_CONV}, {is_first_conv, ALX_PHRASE_HISTORY_RELU},
    {is_tower, ALX_PHRASE_HISTORY_TOWERS},          {joins_towers, ALX_PHRASE_HISTORY_JOIN},
    {was_tower, ALX_PHRASE_HISTORY_ONE_TOWER},      {is_lrn, ALX_PHRASE_HISTORY_LRN},
    {overlaps, ALX_PHRASE_HISTORY_OVERLAP},         {lacks_lrn, ALX_PHRASE_HISTORY_NO_LRN},
    {is_first_dense, ALX_PHRASE_HISTORY_DENSE},     {is_first_dropout, ALX_PHRASE_HISTORY_DROPOUT},
    {is_last, ALX_PHRASE_HISTORY_SOFTMAX},          {has_bias_of_one, ALX_PHRASE_HISTORY_BIAS},
};

/* "94.5 %" of the parameters are in dense layers. */
static void dense_share(char text[16], const alx_graph *graph)
{
    int64_t dense = 0;
    for (int i = 0; i < graph->spec.layer_count; i++)
        if (is(graph, i, "dense")) dense += graph->layers[i].parameters;
    snprintf(text, 16, "%.1f %%", graph->parameters ? 100.0 * (double)dense / (double)graph->parameters : 0.0);
}

void alx_history_layer(alx_text *text, const alx_graph *graph, int index, const alx_window *window,
                       alx_language language)
{
    if (!is_alexnet(graph)) return;
    char share[16];
    dense_share(share, graph);
    const alx_word words[] = {ALX_WORD("share", share), {0}};
    for (size_t i = 0; i < sizeof layer_rows / sizeof *layer_rows; i++) {
        if (!layer_rows[i].applies(graph, index, window)) continue;
        if (text->length && language == ALX_ENGLISH) alx_text_add(text, " ");
        alx_phrase_add(text, layer_rows[i].phrase, language, words);
    }
}

/* ---- The network ---- */

bool alx_history_note(alx_text *text, const alx_graph *graph, const alx_layer_account *total, int index,
                      alx_language language)
{
    static const alx_phrase notes[] = {ALX_PHRASE_NOTE_PARAMETERS, ALX_PHRASE_NOTE_NEURONS, ALX_PHRASE_NOTE_CONNECTIONS,
                                       ALX_PHRASE_NOTE_SIZE, ALX_PHRASE_NOTE_AUGMENTATION};
    if (!is_alexnet(graph) || index < 0 || index >= (int)(sizeof notes / sizeof *notes)) return false;
    const alx_word words[] = {ALX_COUNT("parameters", graph->parameters),   ALX_COUNT("neurons", total->neurons),
                              ALX_COUNT("connections", total->connections), ALX_COUNT("padded", total->padded),
                              ALX_COUNT("height", graph->spec.input[0]),    {0}};
    alx_phrase_add(text, notes[index], language, words);
    return true;
}

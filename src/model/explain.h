/* A network explained: every number of every layer, derived in words from the descriptions that allocate its memory. */
#ifndef ALX_MODEL_EXPLAIN_H
#define ALX_MODEL_EXPLAIN_H

#include "layers/common.h"
#include "model/graph.h"

typedef struct alx_explained_layer {
    alx_layer_account account;
    alx_text texts[ALX_TOPIC_COUNT];      /* empty: nothing to say */
    alx_text formula, side, brief, start; /* for comments: see alx_explain */
} alx_explained_layer;

/* How training would run. */
typedef struct alx_explain_setting {
    alx_language language;
    int64_t batch;
    alx_dtype type; /* of activations */
    int states;     /* numbers that the optimizer keeps for each weight */
} alx_explain_setting;

/* One element a layer of the graph; release with alx_explained_destroy. */
alx_status alx_graph_explain(alx_explained_layer **layers, const alx_graph *graph, const alx_explain_setting *setting,
                             alx_error *err);
void alx_explained_destroy(alx_explained_layer *layers, const alx_graph *graph);

/* history.c: why AlexNet has this layer, for the networks that are AlexNets; appends nothing for others. window: what
 * an output sees of the layer's input. */
void alx_history_layer(alx_text *text, const alx_graph *graph, int index, const alx_window *window,
                       alx_language language);
/* Paragraph `index` about the network as a whole: what papers and the course count, and how.  False past the last. */
bool alx_history_note(alx_text *text, const alx_graph *graph, const alx_layer_account *total, int index,
                      alx_language language);

/* annotate.c: the YAML text with a comment behind every line that says something of the network that it describes. */
alx_status alx_graph_annotate(char **out, const alx_graph *graph, const char *yaml, alx_language language,
                              alx_error *err);

#endif

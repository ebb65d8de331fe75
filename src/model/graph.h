/* A network that fits together: each layer's shape and parameters. */
#ifndef ALX_MODEL_GRAPH_H
#define ALX_MODEL_GRAPH_H

#include "model/spec.h"

typedef struct alx_graph_layer {
    alx_shape out; /* of one sample */
    int param_count;
    int first_param; /* in the store */
    int64_t parameters, trainable;
    bool frozen; /* see alx_graph_freeze */
} alx_graph_layer;

typedef struct alx_graph_param {
    const char *name; /* "conv2d_1.kernel" */
    int layer;
    alx_param_decl decl;
} alx_graph_param;

typedef struct alx_graph {
    alx_spec spec;   /* owned */
    alx_shape input; /* of one sample */
    alx_graph_layer *layers;
    int param_count;
    alx_graph_param *params;
    int64_t parameters, trainable;
} alx_graph;

/* Takes the spec over (it is empty afterwards, also on failure). A message begins
 * with the layer's place: "net.yaml:7:5: conv2d_2: kernel_size 11 does not fit an 8x8 input; ...".  The last layer must
 * end in softmax over `classes` features, and every other be read by a later one. */
alx_status alx_graph_create(alx_graph **graph, alx_spec *spec, alx_error *err);
void alx_graph_destroy(alx_graph *graph);
/* From a YAML file or the name of a built-in network.  A name without '/' and '.' is looked up among the built-in
 * networks first, so that the program's own file `alexnet` in the folder is not taken for the network. */
alx_status alx_graph_open(alx_graph **graph, const char *source, int classes, alx_error *err);
/* The same, and the text that it was read from, which is the caller's to free; yaml may be NULL. */
alx_status alx_graph_open_text(alx_graph **graph, char **yaml, const char *source, int classes, alx_error *err);
/* From YAML text: parse and create. */
alx_status alx_graph_parse(alx_graph **graph, const char *text, const char *file, int classes, alx_error *err);

/* A network that grows: begin like create but without the demands on its end; each extend appends a layer and
 * checks that it fits, or leaves the graph as it was; check makes the demands. */
alx_status alx_graph_begin(alx_graph **graph, alx_spec *spec, alx_error *err);
alx_status alx_graph_extend(alx_graph *graph, const char *type, const char *options, alx_error *err);
alx_status alx_graph_check(const alx_graph *graph, alx_error *err);

/* freeze.c: the layers whose names match a pattern (fnmatch) keep their weights: their parameters are not trainable
 * from now on, and a batch normalisation among them computes in training what it computes in prediction, as with Keras'
 * trainable = False.  Before a parameter store is made.  A pattern that names no layer with parameters is an error, and
 * so is a network of which nothing is left to train. */
alx_status alx_graph_freeze(alx_graph *graph, int count, const char *const *patterns, alx_error *err);

/* ---- landmarks.c: layers that others ask for ---- */

/* By name; -1: there is none. */
int alx_graph_find(const alx_graph *graph, const char *name);
/* The layer whose output the last weights read, which dropout, nothing in inference, does not count for; -1: they read
 * the images. */
int alx_graph_last_hidden(const alx_graph *graph);
/* The first convolution; -1: there is none. */
int alx_graph_first_convolution(const alx_graph *graph);
/* The last layer that is the last convolution's place by place: itself, or what follows it without moving anything: its
 * normalisation, activation, sum, concatenation.  -1: there is no convolution. */
int alx_graph_last_map(const alx_graph *graph);

/* The output of layer `layer` (-1: the input), per sample. */
const alx_shape *alx_graph_shape(const alx_graph *graph, int layer);
/* Appends the forward ops of the whole network up to the logits (before the final softmax): sets
 * program->logits and outputs, of which the last one is the logits.  param index = index in graph->params. */
alx_status alx_graph_lower(const alx_graph *graph, alx_program *program, alx_error *err);

#endif

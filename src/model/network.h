/* The public handle of a network. */
#ifndef ALX_MODEL_NETWORK_H
#define ALX_MODEL_NETWORK_H

#include "model/graph.h"

struct alx_network {
    alx_graph *graph; /* owned */
    char *yaml;       /* the text that it was opened from, comments and all; NULL: it was built by calls; owned */
};

/* Takes graph and yaml (which may be NULL) over, also on failure. */
alx_status alx_network_wrap(alx_network **network, alx_graph *graph, char *yaml, alx_error *err);

/* One row of a summary. */
void alx_graph_describe_layer(const alx_graph *graph, int index, alx_layer_info *info);

#endif

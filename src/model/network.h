/* The public handle of a network. */
#ifndef ALX_MODEL_NETWORK_H
#define ALX_MODEL_NETWORK_H

#include "model/graph.h"

struct alx_network {
    alx_graph *graph; /* owned */
};

/* Takes the graph over, also on failure. */
alx_status alx_network_wrap(alx_network **network, alx_graph *graph, alx_error *err);

#endif

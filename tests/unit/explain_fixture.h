/* For the tests of explanations. */
#ifndef TESTS_EXPLAIN_FIXTURE_H
#define TESTS_EXPLAIN_FIXTURE_H

#include "network_text.h"

#include "model/explain.h"

static const alx_explain_setting plain_setting = {.language = ALX_ENGLISH, .batch = 32, .type = ALX_F32, .states = 2};

static inline alx_explained_layer *explain(const alx_graph *graph)
{
    alx_explained_layer *layers;
    alx_error err = {0};
    if (alx_graph_explain(&layers, graph, &plain_setting, &err)) fail_msg("%s", err.message);
    return layers;
}

#endif

/* What the tests of spec, graph, params and layers share: networks from text. */
#ifndef ALX_TESTS_NETWORK_TEXT_H
#define ALX_TESTS_NETWORK_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/graph.h"

#define HEAD "name: t\nclasses: 2\ninput: [32, 32, 3]\nlayers:\n" /* layers begin on line 5 */
#define TAIL "  - flatten\n  - dense: {units: classes, activation: softmax}\n"

static inline alx_status graph_of(alx_graph **graph, const char *yaml, alx_error *err)
{
    alx_spec spec = {0};
    *graph = NULL;
    alx_status status = alx_spec_parse(&spec, yaml, strlen(yaml), "net.yaml", 0, err);
    return status ? status : alx_graph_create(graph, &spec, err);
}

static inline alx_graph *good_graph(const char *yaml)
{
    alx_graph *graph;
    alx_error err = {0};
    if (graph_of(&graph, yaml, &err)) fail_msg("%s", err.message);
    return graph;
}

static inline alx_graph *builtin_graph(const char *name, int classes)
{
    alx_graph *graph;
    alx_error err = {0};
    if (alx_graph_open(&graph, name, classes, &err)) fail_msg("%s", err.message);
    return graph;
}

/* The YAML must be refused with a message that holds each of the parts. */
#define assert_refused(yaml, ...) assert_refused_with(yaml, (const char *[]){__VA_ARGS__, NULL}, __LINE__)
static inline void assert_refused_with(const char *yaml, const char *const *parts, int line)
{
    alx_graph *graph;
    alx_error err = {0};
    alx_status status = graph_of(&graph, yaml, &err);
    if (!status) fail_msg("line %d: accepted", line);
    assert_null(graph);
    assert_int_equal(status, err.status);
    assert_int_equal(alx_status_exit_code(status), 3);
    for (; *parts; parts++)
        if (!strstr(err.message, *parts)) fail_msg("line %d: no \"%s\" in: %s", line, *parts, err.message);
}

#endif

/* A network's edges as a drawing of one line a node, beside a table: lanes of box characters as `git log --graph` has
 * them.  Pure: from lists of inputs to strings. */
#ifndef ALX_REPORT_LANES_H
#define ALX_REPORT_LANES_H

#include "alexnet.h"

enum { ALX_LANES_MOST = 24 };

typedef struct alx_lanes_node {
    int input_count;
    const int *inputs; /* nodes in front of this one; the same one may be there twice */
} alx_lanes_node;

typedef struct alx_lanes_line {
    char *node;  /* "├─o": the node itself */
    char *below; /* "│ │": the lanes that go on, for further lines of text that belong to it */
} alx_lanes_line;

/* A lane lives from the node that makes a value to the last one that reads it.
 *
 *     o       relu
 *     ├─o     conv, reads relu, whose lane goes on
 *     │ o     norm
 *     o─╯     add of both; its value takes the leftmost lane that ends here, else the leftmost free one
 *
 *     ├ ┤ ╋   read here and going on (╋ where others lie on both sides)
 *     ╯ ┴     read here for the last time
 *     ┼       a lane of somebody else, crossed
 *
 * *lines has `count` entries; release with alx_lanes_destroy.  ALX_UNSUPPORTED when more than ALX_LANES_MOST values
 * live side by side: a drawing of that width tells nothing. */
alx_status alx_lanes_create(alx_lanes_line **lines, const alx_lanes_node *nodes, int count, alx_error *err);
void alx_lanes_destroy(alx_lanes_line *lines, int count);

#endif

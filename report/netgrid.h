/* Where the layers of a network stand in its picture: columns, tracks and rows.  Pure: from lists of inputs to places.
 */
#ifndef ALX_REPORT_NETGRID_H
#define ALX_REPORT_NETGRID_H

#include "alexnet.h"
#include "report/lanes.h"

enum { ALX_NETGRID_TRACKS = 64, ALX_NETGRID_MAIN = 32 }; /* how many there are at most; where a network begins */

typedef struct alx_netgrid_edge {
    int from, to;
    int track; /* in the columns between the two */
} alx_netgrid_edge;

typedef struct alx_netgrid {
    int count;               /* nodes; node 0 is the input */
    int *depth, *track;      /* (count); depth: the longest way from the input; smaller tracks lie above */
    alx_netgrid_edge *edges; /* each pair of nodes once */
    int edge_count;
    int row_count;
    int *row_start; /* (row_count + 1) depths; row r has row_start[r] <= depth < row_start[r + 1] */
    int *row_entry; /* (row_count) the one node in the row before that all edges into this row come from; -1: none */
} alx_netgrid;

/* Rows have at most `columns` columns, more only where the network cannot be cut: rows are cut where one value goes on,
 * and are about of one length.  ALX_UNSUPPORTED when tracks do not suffice.  Release with alx_netgrid_finish. */
alx_status alx_netgrid_init(alx_netgrid *grid, const alx_lanes_node *nodes, int count, int columns, alx_error *err);
void alx_netgrid_finish(alx_netgrid *grid);

#endif

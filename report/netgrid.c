#include "report/netgrid.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { FREE = 0, NONE = -1, SEVERAL = -2 };

typedef struct state {
    alx_netgrid *g;
    const alx_lanes_node *nodes;
    int depths;
    int *cells;   /* (depths, TRACKS) 1 + the node whose box or value is there, or FREE */
    int *crosses; /* (depths) from this depth to the next: the node that all edges come from, NONE or SEVERAL */
    int columns;  /* of a row, at most where that can be */
    bool has_long_blocks;
} state;

static alx_status fail(alx_error *err, alx_status status, const char *message)
{
    if (!err) return status;
    err->status = status;
    snprintf(err->message, sizeof err->message, "%s", message);
    return status;
}

static bool is_repeated(const alx_lanes_node *node, int input)
{
    for (int k = 0; k < input; k++)
        if (node->inputs[k] == node->inputs[input]) return true;
    return false;
}

static void list_edges(state *s)
{
    alx_netgrid *g = s->g;
    for (int i = 0; i < g->count; i++) {
        const alx_lanes_node *node = &s->nodes[i];
        for (int k = 0; k < node->input_count; k++) {
            const int depth = g->depth[node->inputs[k]] + 1;
            if (depth > g->depth[i]) g->depth[i] = depth;
            if (!is_repeated(node, k)) g->edges[g->edge_count++] = (alx_netgrid_edge){node->inputs[k], i, NONE};
        }
        if (g->depth[i] >= s->depths) s->depths = g->depth[i] + 1;
    }
}

/* ---- Tracks ---- */

static int *cell(const state *s, int depth, int track)
{
    return &s->cells[(size_t)depth * ALX_NETGRID_TRACKS + (size_t)track];
}

/* The track is free, or that node's already, from depth `first` to `last`. */
static bool is_open(const state *s, int node, int track, int first, int last)
{
    if (track < 0 || track >= ALX_NETGRID_TRACKS) return false;
    for (int d = first; d <= last; d++)
        if (*cell(s, d, track) != FREE && *cell(s, d, track) != node + 1) return false;
    return true;
}

static int nearest_open(const state *s, int node, int wanted, int first, int last, bool above_too)
{
    for (int step = 1; step < ALX_NETGRID_TRACKS; step++) {
        if (above_too && is_open(s, node, wanted - step, first, last)) return wanted - step;
        if (is_open(s, node, wanted + step, first, last)) return wanted + step;
    }
    return NONE;
}

/* A layer goes on where its input stands, the second reader of a value below the first. */
static bool place_node(state *s, int i)
{
    const alx_lanes_node *node = &s->nodes[i];
    const int depth = s->g->depth[i];
    int track = NONE;
    for (int k = 0; k < node->input_count && track == NONE; k++)
        if (is_open(s, i, s->g->track[node->inputs[k]], depth, depth)) track = s->g->track[node->inputs[k]];
    if (track == NONE) {
        const int wanted = node->input_count ? s->g->track[node->inputs[0]] : ALX_NETGRID_MAIN;
        track = is_open(s, i, wanted, depth, depth) ? wanted : nearest_open(s, i, wanted, depth, depth, false);
    }
    if (track == NONE) return false;
    s->g->track[i] = track;
    *cell(s, depth, track) = i + 1;
    return true;
}

/* An edge past other columns goes straight out of its layer or straight into the next, else around the boxes. */
static bool place_edge(state *s, alx_netgrid_edge *e)
{
    const int first = s->g->depth[e->from] + 1, last = s->g->depth[e->to] - 1;
    if (first > last) return true;
    const int wanted[] = {s->g->track[e->from], s->g->track[e->to]};
    for (int i = 0; i < 2 && e->track == NONE; i++)
        if (is_open(s, e->from, wanted[i], first, last)) e->track = wanted[i];
    if (e->track == NONE) e->track = nearest_open(s, e->from, wanted[0], first, last, true);
    if (e->track == NONE) return false;
    for (int d = first; d <= last; d++) *cell(s, d, e->track) = e->from + 1;
    return true;
}

/* ---- Rows ---- */

static void find_crossings(state *s)
{
    for (int d = 0; d < s->depths; d++) s->crosses[d] = NONE;
    for (int i = 0; i < s->g->edge_count; i++) {
        const alx_netgrid_edge *e = &s->g->edges[i];
        for (int d = s->g->depth[e->from]; d < s->g->depth[e->to]; d++)
            if (s->crosses[d] == NONE)
                s->crosses[d] = e->from;
            else if (s->crosses[d] != e->from)
                s->crosses[d] = SEVERAL;
    }
}

/* Behind depth d one value goes on.  Its layer stands at d: the longest way to a layer further on passes every depth.
 */
static bool can_cut(const state *s, int d)
{
    return s->crosses[d] >= 0;
}

/* Few rows first, none longer than `columns`, then all of about one length.  Where a block makes long rows anyway, one
 * that is a little longer is better than a row for what is left over. */
static int64_t row_cost(const state *s, int length)
{
    enum { ROW = 1 << 20 };
    const int64_t over = length > s->columns ? length - s->columns : 0;
    return ROW + over * (s->has_long_blocks ? ROW - ROW / 8 : ROW) + (int64_t)length * length;
}

/* Rows are at least as long as the longest block that cannot be cut. */
static void choose_columns(state *s, int columns)
{
    s->columns = columns;
    for (int d = 0, start = 0; d < s->depths; d++) {
        if (d + 1 < s->depths && !can_cut(s, d)) continue;
        if (d + 1 - start > s->columns) s->columns = d + 1 - start;
        start = d + 1;
    }
    s->has_long_blocks = s->columns > columns;
}

/* best[d]: the least cost of rows from depth d on; length[d]: of the first of them.  From the end to the start. */
static void choose_rows(const state *s, int64_t *best, int *length)
{
    best[s->depths] = 0;
    for (int start = s->depths - 1; start >= 0; start--) {
        best[start] = INT64_MAX;
        if (start > 0 && !can_cut(s, start - 1)) continue;
        for (int end = start + 1; end <= s->depths; end++) {
            if (end < s->depths && !can_cut(s, end - 1)) continue;
            const int64_t cost = row_cost(s, end - start) + best[end];
            if (cost <= best[start]) {
                best[start] = cost;
                length[start] = end - start;
            }
            if (end - start > s->columns) break;
        }
    }
}

static alx_status cut_rows(state *s)
{
    alx_netgrid *g = s->g;
    int64_t *best = calloc((size_t)s->depths + 1, sizeof *best);
    int *length = calloc((size_t)s->depths + 1, sizeof *length);
    const alx_status status = best && length ? ALX_OK : ALX_NO_MEMORY;
    if (!status) {
        choose_rows(s, best, length);
        for (int start = 0; start < s->depths; start += length[start]) {
            g->row_entry[g->row_count] = start > 0 ? s->crosses[start - 1] : NONE;
            g->row_start[g->row_count++] = start;
        }
        g->row_start[g->row_count] = s->depths;
    }
    free(best);
    free(length);
    return status;
}

/* ---- All of it ---- */

static alx_status arrange(state *s, int columns, alx_error *err)
{
    static const char too_many[] = "too many branches side by side to draw them";
    alx_netgrid *g = s->g;
    bool placed = true;
    for (int i = 0; i < g->count && placed; i++) placed = place_node(s, i);
    for (int i = 0; i < g->edge_count && placed; i++) placed = place_edge(s, &g->edges[i]);
    if (!placed) return fail(err, ALX_UNSUPPORTED, too_many);
    find_crossings(s);
    choose_columns(s, columns);
    return cut_rows(s);
}

alx_status alx_netgrid_init(alx_netgrid *g, const alx_lanes_node *nodes, int count, int columns, alx_error *err)
{
    size_t edges = 1, size = (size_t)count + 1;
    for (int i = 0; i < count; i++) edges += (size_t)nodes[i].input_count;
    *g = (alx_netgrid){.count = count,
                       .depth = calloc(size, sizeof(int)),
                       .track = calloc(size, sizeof(int)),
                       .edges = calloc(edges, sizeof *g->edges),
                       .row_start = calloc(size, sizeof(int)),
                       .row_entry = calloc(size, sizeof(int))};
    state s = {.g = g, .nodes = nodes};
    alx_status status = ALX_NO_MEMORY;
    if (g->depth && g->track && g->edges && g->row_start && g->row_entry) {
        list_edges(&s);
        s.cells = calloc((size_t)s.depths * ALX_NETGRID_TRACKS + 1, sizeof(int));
        s.crosses = calloc(size, sizeof(int));
        if (s.cells && s.crosses) status = arrange(&s, columns, err);
    }
    if (status == ALX_NO_MEMORY) fail(err, status, "out of memory for a picture");
    free(s.cells);
    free(s.crosses);
    if (status) alx_netgrid_finish(g);
    return status;
}

void alx_netgrid_finish(alx_netgrid *g)
{
    free(g->depth);
    free(g->track);
    free(g->edges);
    free(g->row_start);
    free(g->row_entry);
    *g = (alx_netgrid){0};
}

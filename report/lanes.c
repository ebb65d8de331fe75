#include "report/lanes.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FREE = -1, CELL_BYTES = 2 * 3 }; /* a lane's character and the one behind it, both of up to three bytes */

typedef struct state {
    const alx_lanes_node *nodes;
    int *last_reader;          /* (count) of each node's value; its own index where nobody reads it */
    int lanes[ALX_LANES_MOST]; /* the node whose value lives there, or FREE */
    int width;                 /* lanes in use, free ones between them included */
} state;

/* What a node's line has at its lane and at those of its inputs. */
typedef struct row {
    int node;
    bool read[ALX_LANES_MOST], ends[ALX_LANES_MOST];
    int output;      /* lane */
    int first, last; /* lanes that the horizontal stroke joins */
} row;

static alx_status fail(alx_error *err, alx_status status, const char *message)
{
    if (!err) return status;
    err->status = status;
    snprintf(err->message, sizeof err->message, "%s", message);
    return status;
}

/* ---- Which lane is whose ---- */

static void find_last_readers(state *s, int count)
{
    for (int i = 0; i < count; i++) {
        s->last_reader[i] = i;
        for (int k = 0; k < s->nodes[i].input_count; k++) {
            assert(s->nodes[i].inputs[k] >= 0 && s->nodes[i].inputs[k] < i);
            s->last_reader[s->nodes[i].inputs[k]] = i;
        }
    }
}

static bool reads(const alx_lanes_node *node, int value)
{
    for (int k = 0; k < node->input_count; k++)
        if (node->inputs[k] == value) return true;
    return false;
}

/* Fills the row and moves the lanes on to what lives behind it.  False: too many lanes. */
static bool place(state *s, row *r, int node)
{
    *r = (row){.node = node, .output = -1};
    int open = -1;
    for (int lane = 0; lane < ALX_LANES_MOST; lane++) {
        const int value = s->lanes[lane];
        if (value == FREE) {
            if (open < 0) open = lane;
            continue;
        }
        r->read[lane] = reads(&s->nodes[node], value);
        r->ends[lane] = r->read[lane] && s->last_reader[value] == node;
        if (r->ends[lane] && r->output < 0) r->output = lane;
    }
    if (r->output < 0) r->output = open;
    if (r->output < 0) return false;
    r->first = r->last = r->output;
    for (int lane = 0; lane < ALX_LANES_MOST; lane++) {
        if (!r->read[lane]) continue;
        if (lane < r->first) r->first = lane;
        if (lane > r->last) r->last = lane;
    }
    return true;
}

static void move_on(state *s, const row *r)
{
    for (int lane = 0; lane < ALX_LANES_MOST; lane++)
        if (r->ends[lane]) s->lanes[lane] = FREE;
    s->lanes[r->output] = s->last_reader[r->node] == r->node ? FREE : r->node;
    for (s->width = ALX_LANES_MOST; s->width && s->lanes[s->width - 1] == FREE;) s->width--;
}

/* ---- How it is drawn ---- */

static const char *stroke(const state *s, const row *r, int lane)
{
    if (lane == r->output) return "o";
    if (r->ends[lane]) return lane == r->last ? "╯" : "┴"; /* never the first: that would be the output's */
    if (r->read[lane]) return lane == r->first ? "├" : lane == r->last ? "┤" : "╋";
    const bool inside = lane > r->first && lane < r->last;
    if (s->lanes[lane] != FREE) return inside ? "┼" : "│";
    return inside ? "─" : " ";
}

/* Without the spaces at its end.  r is NULL below a node.  NULL: out of memory. */
static char *draw(const state *s, const row *r)
{
    const int width = r && r->last + 1 > s->width ? r->last + 1 : s->width;
    char *text = malloc((size_t)width * CELL_BYTES + 1), *end = text;
    if (!text) return NULL;
    for (int lane = 0; lane < width; lane++) {
        if (lane) {
            const char *between = r && lane > r->first && lane <= r->last ? "─" : " ";
            end = stpcpy(end, between);
        }
        end = stpcpy(end, r ? stroke(s, r, lane) : s->lanes[lane] != FREE ? "│" : " ");
    }
    *end = 0;
    return text;
}

static alx_status draw_all(state *s, alx_lanes_line *lines, int count, alx_error *err)
{
    row r;
    for (int lane = 0; lane < ALX_LANES_MOST; lane++) s->lanes[lane] = FREE;
    find_last_readers(s, count);
    for (int i = 0; i < count; i++) {
        if (!place(s, &r, i)) return fail(err, ALX_UNSUPPORTED, "too many branches side by side to draw them");
        lines[i].node = draw(s, &r);
        move_on(s, &r);
        lines[i].below = draw(s, NULL);
        if (!lines[i].node || !lines[i].below) return fail(err, ALX_NO_MEMORY, "out of memory for a drawing of lanes");
    }
    return ALX_OK;
}

alx_status alx_lanes_create(alx_lanes_line **out, const alx_lanes_node *nodes, int count, alx_error *err)
{
    *out = NULL;
    const size_t size = count > 0 ? (size_t)count : 1;
    alx_lanes_line *lines = calloc(size, sizeof *lines);
    state s = {.nodes = nodes, .last_reader = calloc(size, sizeof *s.last_reader)};
    alx_status status = lines && s.last_reader ? draw_all(&s, lines, count, err)
                                               : fail(err, ALX_NO_MEMORY, "out of memory for a drawing of lanes");
    free(s.last_reader);
    if (status)
        alx_lanes_destroy(lines, count);
    else
        *out = lines;
    return status;
}

void alx_lanes_destroy(alx_lanes_line *lines, int count)
{
    for (int i = 0; lines && i < count; i++) {
        free(lines[i].node);
        free(lines[i].below);
    }
    free(lines);
}

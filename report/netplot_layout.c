/* A network's picture: how large the boxes are, and where everything stands. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/netplot_inner.h"

/* In points. */
#define HEADER      74.0
#define BOX_HEIGHT  112.0 /* of the largest map */
#define BOX_WIDTH   84.0  /* of the most channels */
#define BOX_LEAST   7.0
#define RIGHTWARDS  0.26 /* of the box's other side: how far its back is shifted */
#define UPWARDS     0.16
#define LABEL_SKIP  16.0 /* from box to the name's baseline */
#define LABEL_MOST  140.0
#define COLUMN_GAP  28.0
#define TRACK_GAP   16.0
#define EMPTY_TRACK 22.0 /* lines alone */
#define ROW_GAP     30.0
#define WIDTH_LEAST 600.0 /* of the columns: the header needs it */

/* Readable at a phone's width: about that many boxes side by side. */
enum { COLUMNS = 5, COLUMNS_MOST = 9 };

static const alx_text_style NAME = {13, ALX_INK, PANGO_WEIGHT_BOLD, PANGO_ELLIPSIZE_MIDDLE, 0.5};
static const alx_text_style TYPE = {12.5, ALX_MUTED, PANGO_WEIGHT_NORMAL, PANGO_ELLIPSIZE_END, 0.5};
static const alx_text_style NUMBER = {12.5, ALX_SOFT, PANGO_WEIGHT_NORMAL, PANGO_ELLIPSIZE_END, 0.5};

/* ---- Boxes ---- */

/* log2(1 + value), as a share of the largest. */
static double scaled(int64_t value, int64_t largest, double size)
{
    const double share = log2(1 + (double)value) / log2(1 + (double)largest);
    return round(BOX_LEAST + (size - BOX_LEAST) * share);
}

static void size_boxes(netplot *plot)
{
    int64_t side = 1, channels = 1;
    for (int i = 0; i < plot->count; i++) {
        const netplot_item *item = &plot->items[i];
        for (int k = 0; k < 2; k++)
            if (item->side[k] > side) side = item->side[k];
        if (item->channels > channels) channels = item->channels;
    }
    for (int i = 0; i < plot->count; i++) {
        netplot_item *item = &plot->items[i];
        item->height = scaled(item->side[0], side, BOX_HEIGHT);
        item->width = scaled(item->channels, channels, BOX_WIDTH);
        item->right = round(RIGHTWARDS * scaled(item->side[1], side, BOX_HEIGHT));
        item->up = round(UPWARDS * scaled(item->side[1], side, BOX_HEIGHT));
    }
}

/* ---- Columns ---- */

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Where a line may be broken in front of text[i]: max_|pooling2d, Max|Pooling2D. */
static bool can_break(const char *text, size_t i)
{
    return i > 0 && (text[i - 1] == '_' || (is_upper(text[i]) && !is_upper(text[i - 1]))) && text[i];
}

static void add_line(netplot_item *item, const alx_text_style *style, const char *text, size_t length)
{
    netplot_line *line = &item->lines[item->line_count++];
    *line = (netplot_line){.style = style};
    snprintf(line->text, sizeof line->text, "%.*s", (int)length, text);
}

/* One line, or two where it is too wide and can be broken: so that the longer is as short as can be. */
static void add_lines(netplot_item *item, alx_canvas *canvas, const alx_text_style *style, const char *text)
{
    const size_t length = strlen(text);
    size_t at = 0;
    double least = alx_canvas_text_width(canvas, style, text);
    const bool fits = least <= LABEL_MOST;
    for (size_t i = 1; i < length && length < sizeof item->lines->text && !fits; i++) {
        char first[sizeof item->lines->text];
        if (!can_break(text, i)) continue;
        snprintf(first, sizeof first, "%.*s", (int)i, text);
        const double width =
            fmax(alx_canvas_text_width(canvas, style, first), alx_canvas_text_width(canvas, style, text + i));
        if (width >= least) continue;
        least = width;
        at = i;
    }
    if (at) add_line(item, style, text, at);
    add_line(item, style, text + at, length - at);
}

static alx_status set_labels(netplot *plot, alx_error *err)
{
    alx_canvas canvas;
    const alx_status status = alx_canvas_measure(&canvas, err);
    double widest = 0;
    for (int i = 0; i < plot->count; i++) {
        netplot_item *item = &plot->items[i];
        add_lines(item, &canvas, &NAME, item->name);
        if (item->type[0]) add_lines(item, &canvas, &TYPE, item->type);
        add_line(item, &NUMBER, item->shape, strlen(item->shape));
        if (item->parameter_text[0]) add_line(item, &NUMBER, item->parameter_text, strlen(item->parameter_text));
        for (int k = 0; k < item->line_count; k++)
            widest = fmax(widest, alx_canvas_text_width(&canvas, item->lines[k].style, item->lines[k].text));
        widest = fmax(widest, item->width + item->right);
    }
    plot->label_width = ceil(fmin(widest, LABEL_MOST)) + 2;
    alx_canvas_release(&canvas);
    return status;
}

/* More columns for long networks, so that the picture does not become a ribbon. */
static int choose_columns(const netplot *plot)
{
    const int wide = (int)ceil(sqrt(plot->count / 1.6));
    return wide < COLUMNS ? COLUMNS : wide > COLUMNS_MOST ? COLUMNS_MOST : wide;
}

enum { INPUTS = sizeof((alx_layer_info *)0)->inputs / sizeof(int) };

/* Node 0 is the input, node i + 1 layer i. */
static void list_nodes(alx_lanes_node *nodes, int (*inputs)[INPUTS], const netplot *plot)
{
    for (int i = 1; i < plot->count; i++) {
        alx_layer_info info;
        alx_network_layer(plot->network, i - 1, &info);
        nodes[i] = (alx_lanes_node){info.input_count, inputs[i]};
        for (int k = 0; k < info.input_count; k++) inputs[i][k] = info.inputs[k] + 1;
    }
}

static alx_status arrange(netplot *plot, alx_error *err)
{
    alx_lanes_node *nodes = calloc((size_t)plot->count, sizeof *nodes);
    int(*inputs)[INPUTS] = calloc((size_t)plot->count, sizeof *inputs);
    alx_status status = ALX_NO_MEMORY;
    if (nodes && inputs) {
        list_nodes(nodes, inputs, plot);
        status = alx_netgrid_init(&plot->grid, nodes, plot->count, choose_columns(plot), err);
    } else {
        alx_report_fail(err, status, "out of memory for a picture");
    }
    free(inputs);
    free(nodes);
    return status;
}

static void place_columns(netplot *plot)
{
    const alx_netgrid *g = &plot->grid;
    int columns = 1;
    for (int r = 0; r < g->row_count; r++)
        if (g->row_start[r + 1] - g->row_start[r] > columns) columns = g->row_start[r + 1] - g->row_start[r];
    plot->pitch = ceil(fmax(plot->label_width + COLUMN_GAP, WIDTH_LEAST / columns));
    plot->left = NETPLOT_MARGIN + NETPLOT_GUTTER;
    if (g->row_count == 1) plot->left = NETPLOT_MARGIN;
    plot->right = plot->left + columns * plot->pitch;
    plot->width = ceil(plot->right + plot->left);
    for (int i = 0; i < plot->count; i++) {
        netplot_item *item = &plot->items[i];
        while (g->row_start[item->row + 1] <= g->depth[i]) item->row++;
        item->x = plot->left + (g->depth[i] - g->row_start[item->row] + 0.5) * plot->pitch;
    }
}

/* ---- Rows ---- */

typedef struct track {
    double height; /* of its largest box */
    int lines;     /* of text */
    int used;
} track;

static void use_tracks(track *tracks, const netplot *plot, int row)
{
    const alx_netgrid *g = &plot->grid;
    for (int i = 0; i < plot->count; i++) {
        const netplot_item *item = &plot->items[i];
        track *t = &tracks[g->track[i]];
        if (item->row != row) continue;

        t->height = fmax(t->height, item->height + item->up);
        if (item->line_count > t->lines) t->lines = item->line_count;
        t->used = 1;
    }
    for (int i = 0; i < g->edge_count; i++) {
        const alx_netgrid_edge *e = &g->edges[i];
        if (e->track >= 0 && g->depth[e->from] < g->row_start[row + 1] - 1 && g->depth[e->to] > g->row_start[row])
            tracks[e->track].used = 1;
        if (e->track >= 0 && e->from == g->row_entry[row] && g->depth[e->to] > g->row_start[row])
            tracks[e->track].used = 1;
    }
}

/* Where the line from the row before arrives: on its layer's track, or else on that of the first to read it. */
static double entry_axis(const netplot *plot, int row)
{
    const alx_netgrid *g = &plot->grid;
    const double *axis = plot->axis + (size_t)row * ALX_NETGRID_TRACKS;
    const int from = g->row_entry[row];
    if (from < 0) return 0;
    if (axis[g->track[from]] > 0) return axis[g->track[from]];
    for (int i = 0; i < g->edge_count; i++)
        if (g->edges[i].from == from && plot->items[g->edges[i].to].row == row) return axis[g->track[g->edges[i].to]];
    return 0;
}

/* Returns where the row ends. */
static double place_row(netplot *plot, int row, double top)
{
    track tracks[ALX_NETGRID_TRACKS] = {0};
    double *axis = plot->axis + (size_t)row * ALX_NETGRID_TRACKS, y = top;
    use_tracks(tracks, plot, row);
    for (int t = 0; t < ALX_NETGRID_TRACKS; t++) {
        const track *k = &tracks[t];
        if (!k->used) continue;
        if (y > top) y += TRACK_GAP;
        if (k->lines == 0) {
            axis[t] = y + EMPTY_TRACK / 2;
            y += EMPTY_TRACK;
            continue;
        }
        axis[t] = y + k->height / 2;
        y += k->height + LABEL_SKIP + NETPLOT_LINE_HEIGHT * (k->lines - 1) + 4;
        for (int i = 0; i < plot->count; i++) {
            netplot_item *item = &plot->items[i];
            if (item->row != row || plot->grid.track[i] != t) continue;
            item->axis = axis[t];
            item->label_top = axis[t] + k->height / 2 + LABEL_SKIP;
        }
    }
    plot->entry[row] = entry_axis(plot, row);
    plot->gap[row] = top - ROW_GAP / 2;
    return y;
}

alx_status netplot_lay_out(netplot *plot, alx_error *err)
{
    alx_status status = arrange(plot, err);
    if (status) return status;
    const size_t rows = (size_t)plot->grid.row_count;
    plot->axis = calloc(rows * ALX_NETGRID_TRACKS, sizeof(double));
    plot->entry = calloc(rows, sizeof(double));
    plot->gap = calloc(rows, sizeof(double));
    if (!plot->axis || !plot->entry || !plot->gap)
        return alx_report_fail(err, ALX_NO_MEMORY, "out of memory for a picture");
    size_boxes(plot);
    status = set_labels(plot, err);
    if (status) return status;
    place_columns(plot);
    double y = NETPLOT_MARGIN + HEADER;
    for (int r = 0; r < plot->grid.row_count; r++) {
        if (r) y += ROW_GAP;
        y = place_row(plot, r, y);
    }
    plot->bars_top = ceil(y + ROW_GAP);
    plot->height = ceil(plot->bars_top + netplot_bars_height(plot) + 2 * NETPLOT_MARGIN);
    const int most = ALX_PIXELS_MOST / ALX_PIXELS_PER_POINT;
    if (plot->width > most || plot->height > most)
        return alx_report_fail(err, ALX_UNSUPPORTED,
                               "a picture of %d layers would be %.0f x %.0f points; at most %d a side", plot->count - 1,
                               plot->width, plot->height, most);
    return ALX_OK;
}

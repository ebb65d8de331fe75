/* A network's picture: boxes, their labels, and the lines between them. */
#include <math.h>

#include "report/netplot_inner.h"

#define LINE_WIDTH   1.4
#define LINE_RGB     0.45, 0.49, 0.55
#define ARROW_LENGTH 7.0
#define ARROW_HALF   3.4
#define BEND         10.0 /* the radius in which a line changes tracks */
#define CORNER       10.0
#define CLEAR        3.0 /* between a line's end and a box */

/* ---- Lines ---- */

static void arrow_head(cairo_t *cr, double x, double y)
{
    cairo_move_to(cr, x, y);
    cairo_line_to(cr, x - ARROW_LENGTH, y - ARROW_HALF);
    cairo_line_to(cr, x - ARROW_LENGTH, y + ARROW_HALF);
    cairo_close_path(cr);
    cairo_fill(cr);
}

/* On to that height, at the border x between two columns. */
static void bend_to(cairo_t *cr, double x, double y)
{
    double at_x, at_y;
    cairo_get_current_point(cr, &at_x, &at_y);
    const double drop = fabs(y - at_y), radius = fmin(BEND, drop / 2), down = y > at_y ? radius : -radius;
    if (drop < 0.01) return;
    /* 0.45 of a corner's radius from the corner: close to an arc */
    const double near = 0.45 * radius, pull = 0.45 * down;
    cairo_line_to(cr, x - radius, at_y);
    cairo_curve_to(cr, x - near, at_y, x, at_y + pull, x, at_y + down);
    cairo_line_to(cr, x, y - down);
    cairo_curve_to(cr, x, y - pull, x + near, y, x + radius, y);
}

/* From the current point, behind the column `depth - 1` of the target's row, to the target. */
static void line_to_item(cairo_t *cr, const netplot *plot, const alx_netgrid_edge *e, int depth)
{
    const alx_netgrid *g = &plot->grid;
    const netplot_item *to = &plot->items[e->to];
    const double *axis = plot->axis + (size_t)to->row * ALX_NETGRID_TRACKS;
    for (; depth <= g->depth[e->to]; depth++) {
        const double border = plot->left + (depth - g->row_start[to->row]) * plot->pitch;
        bend_to(cr, border, depth < g->depth[e->to] ? axis[e->track] : to->axis);
    }
    const double end = netplot_box_left(to) - CLEAR;
    cairo_line_to(cr, end - ARROW_LENGTH + 1, to->axis);
    cairo_stroke(cr);
    arrow_head(cr, end, to->axis);
}

static void draw_edge(cairo_t *cr, const netplot *plot, const alx_netgrid_edge *e)
{
    const alx_netgrid *g = &plot->grid;
    const netplot_item *from = &plot->items[e->from], *to = &plot->items[e->to];
    if (from->row == to->row) {
        cairo_move_to(cr, netplot_box_right(from) + CLEAR, from->axis);
        line_to_item(cr, plot, e, g->depth[e->from] + 1);
    } else {
        cairo_move_to(cr, plot->left - NETPLOT_GUTTER + CORNER, plot->entry[to->row]);
        line_to_item(cr, plot, e, g->row_start[to->row]);
    }
}

/* From the end of the row before, back to the left, and down to this row's first column. */
static void draw_return(cairo_t *cr, const netplot *plot, int row)
{
    const netplot_item *from = &plot->items[plot->grid.row_entry[row]];
    const double left = plot->left - NETPLOT_GUTTER, right = plot->right + NETPLOT_GUTTER, gap = plot->gap[row],
                 entry = plot->entry[row];
    const double quarter = M_PI / 2;
    cairo_move_to(cr, netplot_box_right(from) + CLEAR, from->axis);
    cairo_arc(cr, right - CORNER, from->axis + CORNER, CORNER, -quarter, 0);
    cairo_arc(cr, right - CORNER, gap - CORNER, CORNER, 0, quarter);
    cairo_arc_negative(cr, left + CORNER, gap + CORNER, CORNER, -quarter, -2 * quarter);
    cairo_arc_negative(cr, left + CORNER, entry - CORNER, CORNER, 2 * quarter, quarter);
    cairo_stroke(cr);
}

void netplot_draw_edges(cairo_t *cr, const netplot *plot)
{
    cairo_set_source_rgb(cr, LINE_RGB);
    cairo_set_line_width(cr, LINE_WIDTH);
    for (int i = 0; i < plot->grid.edge_count; i++) draw_edge(cr, plot, &plot->grid.edges[i]);
    for (int r = 1; r < plot->grid.row_count; r++) draw_return(cr, plot, r);
}

/* ---- Boxes ---- */

static void set_shade(cairo_t *cr, const double rgb[3], double factor)
{
    if (factor <= 1) {
        cairo_set_source_rgb(cr, rgb[0] * factor, rgb[1] * factor, rgb[2] * factor);
    } else {
        const double white = factor - 1;
        cairo_set_source_rgb(cr, rgb[0] + (1 - rgb[0]) * white, rgb[1] + (1 - rgb[1]) * white,
                             rgb[2] + (1 - rgb[2]) * white);
    }
}

/* A face from (x, y) along two vectors, with an outline. */
static void face(cairo_t *cr, const double rgb[3], double shade, double x, double y, const double along[2],
                 const double across[2])
{
    cairo_move_to(cr, x, y);
    cairo_rel_line_to(cr, along[0], along[1]);
    cairo_rel_line_to(cr, across[0], across[1]);
    cairo_rel_line_to(cr, -along[0], -along[1]);
    cairo_close_path(cr);
    set_shade(cr, rgb, shade);
    cairo_fill_preserve(cr);
    set_shade(cr, rgb, 0.58);
    cairo_stroke(cr);
}

/* A block of maps: the front is channels wide and a side tall, and goes back as deep as the maps are wide. */
static void draw_box(cairo_t *cr, const netplot_item *item)
{
    const double *rgb = netplot_kinds[item->kind].rgb;
    /* on whole points: sharp edges */
    const double x = floor(netplot_box_left(item)), y = floor(item->axis - (item->height - item->up) / 2);
    const double back[2] = {item->right, -item->up}, width[2] = {item->width, 0}, height[2] = {0, item->height};
    cairo_set_line_width(cr, 1);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    face(cr, rgb, 1.45, x, y, width, back);
    face(cr, rgb, 0.84, x + item->width, y, back, height);
    face(cr, rgb, 1, x, y, width, height);
}

static alx_status draw_labels(cairo_t *cr, const netplot *plot, const netplot_item *item, alx_error *err)
{
    double y = item->label_top;
    for (int i = 0; i < item->line_count; i++, y += NETPLOT_LINE_HEIGHT) {
        alx_status status = alx_picture_text(cr, item->lines[i].style, item->lines[i].text,
                                             item->x - plot->label_width / 2, y, plot->label_width, err);
        if (status) return status;
    }
    return ALX_OK;
}

alx_status netplot_draw_layers(cairo_t *cr, const netplot *plot, alx_error *err)
{
    alx_status status = ALX_OK;
    for (int i = 0; i < plot->count && !status; i++) {
        draw_box(cr, &plot->items[i]);
        status = draw_labels(cr, plot, &plot->items[i], err);
    }
    return status;
}

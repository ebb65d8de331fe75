/* A network's picture: boxes, their labels, and the lines between them. */
#include <math.h>

#include "report/netplot_inner.h"

#define ARROW_LENGTH 7.0
#define ARROW_HALF   3.4
#define BEND         10.0 /* the radius in which a line changes tracks */
#define CORNER       10.0
#define CLEAR        3.0 /* between a line's end and a box */

/* ---- Lines ---- */

static const alx_pen LINE = {.paint = {ALX_AXIS, 0, 0}, .width = 1.4};

static void arrow_head(alx_canvas *canvas, double x, double y)
{
    cairo_move_to(canvas->cr, x, y);
    cairo_line_to(canvas->cr, x - ARROW_LENGTH, y - ARROW_HALF);
    cairo_line_to(canvas->cr, x - ARROW_LENGTH, y + ARROW_HALF);
    cairo_close_path(canvas->cr);
    alx_canvas_fill(canvas, LINE.paint);
}

/* On to that height, at the border x between two columns. */
static void bend_to(alx_canvas *canvas, double x, double y)
{
    double at_x, at_y;
    cairo_get_current_point(canvas->cr, &at_x, &at_y);
    const double drop = fabs(y - at_y), radius = fmin(BEND, drop / 2), down = y > at_y ? radius : -radius;
    if (drop < 0.01) return;
    /* 0.45 of a corner's radius from the corner: close to an arc */
    const double near = 0.45 * radius, pull = 0.45 * down;
    cairo_line_to(canvas->cr, x - radius, at_y);
    cairo_curve_to(canvas->cr, x - near, at_y, x, at_y + pull, x, at_y + down);
    cairo_line_to(canvas->cr, x, y - down);
    cairo_curve_to(canvas->cr, x, y - pull, x + near, y, x + radius, y);
}

/* From the current point, behind the column `depth - 1` of the target's row, to the target. */
static void line_to_item(alx_canvas *canvas, const netplot *plot, const alx_netgrid_edge *e, int depth)
{
    const alx_netgrid *g = &plot->grid;
    const netplot_item *to = &plot->items[e->to];
    const double *axis = plot->axis + (size_t)to->row * ALX_NETGRID_TRACKS;
    for (; depth <= g->depth[e->to]; depth++) {
        const double border = plot->left + (depth - g->row_start[to->row]) * plot->pitch;
        bend_to(canvas, border, depth < g->depth[e->to] ? axis[e->track] : to->axis);
    }
    const double end = netplot_box_left(to) - CLEAR;
    cairo_line_to(canvas->cr, end - ARROW_LENGTH + 1, to->axis);
    alx_canvas_stroke(canvas, LINE);
    arrow_head(canvas, end, to->axis);
}

static void draw_edge(alx_canvas *canvas, const netplot *plot, const alx_netgrid_edge *e)
{
    const alx_netgrid *g = &plot->grid;
    const netplot_item *from = &plot->items[e->from], *to = &plot->items[e->to];
    if (from->row == to->row) {
        cairo_move_to(canvas->cr, netplot_box_right(from) + CLEAR, from->axis);
        line_to_item(canvas, plot, e, g->depth[e->from] + 1);
    } else {
        cairo_move_to(canvas->cr, plot->left - NETPLOT_GUTTER + CORNER, plot->entry[to->row]);
        line_to_item(canvas, plot, e, g->row_start[to->row]);
    }
}

/* From the end of the row before, back to the left, and down to this row's first column. */
static void draw_return(alx_canvas *canvas, const netplot *plot, int row)
{
    const netplot_item *from = &plot->items[plot->grid.row_entry[row]];
    const double left = plot->left - NETPLOT_GUTTER, right = plot->right + NETPLOT_GUTTER, gap = plot->gap[row],
                 entry = plot->entry[row];
    const double quarter = M_PI / 2;
    cairo_move_to(canvas->cr, netplot_box_right(from) + CLEAR, from->axis);
    cairo_arc(canvas->cr, right - CORNER, from->axis + CORNER, CORNER, -quarter, 0);
    cairo_arc(canvas->cr, right - CORNER, gap - CORNER, CORNER, 0, quarter);
    cairo_arc_negative(canvas->cr, left + CORNER, gap + CORNER, CORNER, -quarter, -2 * quarter);
    cairo_arc_negative(canvas->cr, left + CORNER, entry - CORNER, CORNER, 2 * quarter, quarter);
    alx_canvas_stroke(canvas, LINE);
}

void netplot_draw_edges(alx_canvas *canvas, const netplot *plot)
{
    for (int i = 0; i < plot->grid.edge_count; i++) draw_edge(canvas, plot, &plot->grid.edges[i]);
    for (int r = 1; r < plot->grid.row_count; r++) draw_return(canvas, plot, r);
}

/* ---- Boxes ---- */

/* A face from (x, y) along two vectors, with an outline. */
static void face(alx_canvas *canvas, alx_role kind, double shade, double x, double y, const double along[2],
                 const double across[2])
{
    cairo_move_to(canvas->cr, x, y);
    cairo_rel_line_to(canvas->cr, along[0], along[1]);
    cairo_rel_line_to(canvas->cr, across[0], across[1]);
    cairo_rel_line_to(canvas->cr, -along[0], -along[1]);
    cairo_close_path(canvas->cr);
    alx_canvas_fill_stroke(canvas, (alx_paint){kind, 0, shade}, (alx_pen){.paint = {kind, 0, 0.58}, .width = 1});
}

/* A block of maps: the front is channels wide and a side tall, and goes back as deep as the maps are wide. */
static void draw_box(alx_canvas *canvas, const netplot_item *item)
{
    const alx_role kind = ALX_KIND + (alx_role)item->kind;
    /* on whole points: sharp edges */
    const double x = floor(netplot_box_left(item)), y = floor(item->axis - (item->height - item->up) / 2);
    const double back[2] = {item->right, -item->up}, width[2] = {item->width, 0}, height[2] = {0, item->height};
    face(canvas, kind, 1.45, x, y, width, back);
    face(canvas, kind, 0.84, x + item->width, y, back, height);
    face(canvas, kind, 1, x, y, width, height);
}

static alx_status draw_labels(alx_canvas *canvas, const netplot *plot, const netplot_item *item, alx_error *err)
{
    double y = item->label_top;
    for (int i = 0; i < item->line_count; i++, y += NETPLOT_LINE_HEIGHT) {
        alx_status status = alx_canvas_text(canvas, item->lines[i].style, item->lines[i].text,
                                            item->x - plot->label_width / 2, y, plot->label_width, err);
        if (status) return status;
    }
    return ALX_OK;
}

alx_status netplot_draw_layers(alx_canvas *canvas, const netplot *plot, alx_error *err)
{
    alx_status status = ALX_OK;
    for (int i = 0; i < plot->count && !status; i++) {
        draw_box(canvas, &plot->items[i]);
        status = draw_labels(canvas, plot, &plot->items[i], err);
    }
    return status;
}

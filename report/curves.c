#include "report/curves.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "report/axis.h"
#include "report/picture.h"

/* In points. */
#define MARGIN        22.0
#define PANEL_GAP     30.0
#define PLOT_WIDTH    400.0
#define PLOT_HEIGHT   270.0
#define ALONE_WIDTH   560.0 /* of a plot without others */
#define ALONE_HEIGHT  340.0
#define PAGE_WIDTH    330.0 /* in a page, which may be a phone's */
#define PAGE_HEIGHT   220.0
#define TITLE_HEIGHT  28.0
#define TICK_SKIP     6.0 /* from plot to tick labels */
#define TICK_HEIGHT   20.0
#define LABEL_HEIGHT  22.0 /* of an axis */
#define LEGEND_SKIP   8.0
#define LEGEND_HEIGHT 19.0
#define SAMPLE_WIDTH  34.0 /* of a line in the legend */
#define SAMPLE_SKIP   7.0
#define COLUMN_SKIP   20.0 /* between columns of the legend */
#define LINE_WIDTH    1.7
#define MARKER_RADIUS 3.2
#define POINT_RADIUS  2.2
#define RING_RADIUS   3.0 /* of open ones, which go around others */

enum { COLUMNS = 2, X_TICKS = 9, Y_TICKS = 7, MARKERS = 12 /* of a curve, about */, PANELS_MOST = 64 };

static const alx_text_style TITLE = {15, ALX_INK, PANGO_WEIGHT_BOLD, PANGO_ELLIPSIZE_END, 0};
static const alx_text_style LABEL = {12.5, ALX_SOFT, PANGO_WEIGHT_NORMAL, PANGO_ELLIPSIZE_END, 0.5};
static const alx_text_style X_TICK = {11.5, ALX_SOFT, PANGO_WEIGHT_NORMAL, PANGO_ELLIPSIZE_END, 0.5};
static const alx_text_style Y_TICK = {11.5, ALX_SOFT, PANGO_WEIGHT_NORMAL, PANGO_ELLIPSIZE_END, 1};
static const alx_text_style NO_DATA = {13, ALX_MUTED, PANGO_WEIGHT_NORMAL, PANGO_ELLIPSIZE_END, 0.5};
/* The end of "runs/7, validation" tells two curves apart. */
static const alx_text_style ENTRY = {12.5, ALX_INK, PANGO_WEIGHT_NORMAL, PANGO_ELLIPSIZE_MIDDLE, 0};

/* Regular polygons. */
static const struct {
    double turn; /* of the first corner, clockwise from the right, in quarters */
    int sides;   /* 0: a circle */
    bool open;
} SHAPES[] = {
    {0, 0, false}, {0.5, 4, false}, {-1, 3, false}, {0, 4, false}, {1, 3, false}, {0, 0, true}, {0.5, 4, true},
};
enum { SHAPE_COUNT = sizeof SHAPES / sizeof *SHAPES };

static const struct {
    int count;
    double lengths[4];
} DASHES[] = {{0, {0}}, {2, {6, 3.5}}, {2, {1.5, 3}}, {4, {8, 3, 1.5, 3}}, {0, {0}}};

typedef struct legend {
    int entries, columns, rows;
    double column; /* width, points */
    double height;
} legend;

typedef struct panel {
    const alx_curve_panel *given;
    alx_axis x, y;
    legend legend;
    double left, top; /* of the plot's own area */
} panel;

typedef struct figure {
    panel *panels;
    int count, columns;
    bool shared; /* one legend for all: panels[0].legend, below them */
    double plot_width, plot_height;
    double room;          /* left of a plot: tick labels and the axis' label */
    double width, height; /* of the whole */
} figure;

/* ---- Layout ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_legend(const alx_curve_panel *a, const alx_curve_panel *b)
{
    if (a->count != b->count) return false;
    for (int i = 0; i < a->count; i++) {
        const alx_curve *p = &a->curves[i], *q = &b->curves[i];
        if (!same_text(p->label, q->label) || p->style != q->style || p->dash != q->dash) return false;
    }
    return true;
}

static void measure_axes(panel *p)
{
    const alx_curve_panel *given = p->given;
    alx_axis_init(&p->x, given->log_x);
    alx_axis_init(&p->y, given->log_y);
    for (int i = 0; i < given->count; i++) {
        const alx_curve *curve = &given->curves[i];
        for (int k = 0; k < curve->count; k++) {
            alx_axis x = p->x; /* a point without a y does not stretch x */
            if (alx_axis_take(&x, curve->x[k]) && alx_axis_take(&p->y, curve->y[k])) p->x = x;
        }
    }
    if (!p->x.empty && !isnan(given->mark_x)) {
        const bool whole = p->x.whole;
        alx_axis_take(&p->x, given->mark_x);
        p->x.whole = whole;
    }
    alx_axis_finish(&p->x, 0.02, X_TICKS);
    alx_axis_finish(&p->y, 0.05, Y_TICKS);
    if (given->bare) p->x.count = p->y.count = 0;
}

static void measure_legend(alx_canvas *canvas, legend *l, const alx_curve_panel *given, double width)
{
    *l = (legend){0};
    double widest = 0;
    for (int i = 0; i < given->count; i++) {
        if (!given->curves[i].label) continue;
        widest = fmax(widest, alx_canvas_text_width(canvas, &ENTRY, given->curves[i].label));
        l->entries++;
    }
    if (!l->entries) return;
    l->column = fmin(SAMPLE_WIDTH + SAMPLE_SKIP + ceil(widest) + 1, width);
    l->columns = (int)((width + COLUMN_SKIP) / (l->column + COLUMN_SKIP));
    if (l->columns > l->entries) l->columns = l->entries;
    l->rows = (l->entries - 1) / l->columns + 1;
    l->height = LEGEND_SKIP + l->rows * LEGEND_HEIGHT;
}

/* Needs a cairo context for the widths of texts. */
static void measure(alx_canvas *canvas, figure *f)
{
    double ticks = 0;
    bool labelled = false;
    for (int i = 0; i < f->count; i++) {
        panel *p = &f->panels[i];
        measure_axes(p);
        for (int k = 0; k < p->y.count; k++)
            ticks = fmax(ticks, alx_canvas_text_width(canvas, &Y_TICK, p->y.labels[k]));
        labelled |= p->given->y_label != NULL;
    }
    f->room = ceil(ticks) + 1 + TICK_SKIP + (labelled ? LABEL_HEIGHT : 0);
    f->width = 2 * MARGIN + f->columns * (f->room + f->plot_width + PANEL_GAP) - PANEL_GAP;
    for (int i = 0; i < f->count; i++)
        measure_legend(canvas, &f->panels[i].legend, f->panels[i].given,
                       f->shared ? f->width - 2 * MARGIN - f->room : f->plot_width);
}

static double below_plot(const alx_curve_panel *given)
{
    return TICK_SKIP + TICK_HEIGHT + (given->x_label ? LABEL_HEIGHT : 0);
}

/* The panels' places, row by row. */
static void arrange(figure *f)
{
    double top = MARGIN;
    for (int first = 0; first < f->count; first += f->columns) {
        double title = 0, below = 0;
        for (int i = first; i < f->count && i < first + f->columns; i++) {
            const panel *p = &f->panels[i];
            if (p->given->title) title = TITLE_HEIGHT;
            below = fmax(below, below_plot(p->given) + (f->shared ? 0 : p->legend.height));
        }
        for (int i = first; i < f->count && i < first + f->columns; i++) {
            f->panels[i].left = MARGIN + f->room + (i - first) * (f->room + f->plot_width + PANEL_GAP);
            f->panels[i].top = top + title;
        }
        top += title + f->plot_height + below + PANEL_GAP;
    }
    f->height = top - PANEL_GAP + (f->shared ? f->panels[0].legend.height : 0) + MARGIN;
}

static alx_status lay_out(figure *f, alx_error *err)
{
    alx_canvas canvas;
    const alx_status status = alx_canvas_measure(&canvas, err);
    if (!status) measure(&canvas, f);
    alx_canvas_release(&canvas);
    if (status) return status;
    arrange(f);
    const double most = ALX_PIXELS_MOST / ALX_PIXELS_PER_POINT;
    if (f->height > most)
        return alx_report_fail(err, ALX_USAGE, "a plot of these curves would be %.0f points high; at most %.0f",
                               f->height, most);
    return ALX_OK;
}

/* ---- Curves ---- */

static alx_paint colour(int style)
{
    return (alx_paint){ALX_SERIES + (alx_role)(style % ALX_SERIES_COUNT), 0, 0};
}

/* Adds a marker to the path. */
static void add_marker(cairo_t *cr, int shape, double x, double y, double radius)
{
    const int sides = SHAPES[shape].sides;
    cairo_new_sub_path(cr);
    if (!sides) cairo_arc(cr, x, y, radius, 0, 2 * M_PI);
    for (int i = 0; i < sides; i++) {
        const double angle = M_PI / 2 * SHAPES[shape].turn + 2 * M_PI * i / sides;
        cairo_line_to(cr, x + 1.2 * radius * cos(angle), y + 1.2 * radius * sin(angle));
    }
    cairo_close_path(cr);
}

static int shape_of(int style)
{
    return (style + style / ALX_SERIES_COUNT) % SHAPE_COUNT;
}

/* The markers of the path. */
static void paint_markers(alx_canvas *canvas, int style)
{
    if (SHAPES[shape_of(style)].open)
        alx_canvas_fill_stroke(canvas, (alx_paint){ALX_PAPER, 0, 0}, (alx_pen){.paint = colour(style), .width = 1.4});
    else
        alx_canvas_fill(canvas, colour(style));
}

static void draw_marker(alx_canvas *canvas, int style, double x, double y)
{
    cairo_new_path(canvas->cr);
    add_marker(canvas->cr, shape_of(style), x, y, MARKER_RADIUS);
    paint_markers(canvas, style);
}

static void stroke_line(alx_canvas *canvas, const alx_curve *curve)
{
    alx_canvas_stroke(canvas, (alx_pen){.paint = colour(curve->style),
                                        .width = LINE_WIDTH,
                                        .dashes = DASHES[curve->dash].count,
                                        .lengths = DASHES[curve->dash].lengths});
}

/* Where point k lies; false: nowhere. */
static bool find_point(const figure *f, const panel *p, const alx_curve *curve, int k, double point[2])
{
    if (k < 0 || k >= curve->count) return false;
    point[0] = p->left + alx_axis_place(&p->x, curve->x[k]) * f->plot_width;
    point[1] = p->top + (1 - alx_axis_place(&p->y, curve->y[k])) * f->plot_height;
    return !isnan(point[0]) && !isnan(point[1]);
}

static void draw_points(alx_canvas *canvas, const figure *f, const panel *p, const alx_curve *curve)
{
    double at[2];
    const bool open = SHAPES[shape_of(curve->style)].open;
    cairo_new_path(canvas->cr);
    for (int k = 0; k < curve->count; k++)
        if (find_point(f, p, curve, k, at))
            add_marker(canvas->cr, shape_of(curve->style), at[0], at[1], open ? RING_RADIUS : POINT_RADIUS);
    if (open) /* what is below shows through */
        alx_canvas_stroke(canvas, (alx_pen){.paint = colour(curve->style), .width = 0.9});
    else
        alx_canvas_fill(canvas, colour(curve->style));
}

static void draw_curve(alx_canvas *canvas, const figure *f, const panel *p, const alx_curve *curve)
{
    double at[2], other[2];
    bool drawing = false;
    cairo_new_path(canvas->cr);
    for (int k = 0; k < curve->count; k++) {
        const bool there = find_point(f, p, curve, k, at);
        if (there && drawing) cairo_line_to(canvas->cr, at[0], at[1]);
        if (there && !drawing) cairo_move_to(canvas->cr, at[0], at[1]);
        drawing = there;
    }
    stroke_line(canvas, curve);
    const int every = curve->count / MARKERS + 1;
    for (int k = 0; k < curve->count; k++) {
        if (!find_point(f, p, curve, k, at)) continue;
        const bool alone = !find_point(f, p, curve, k - 1, other) && !find_point(f, p, curve, k + 1, other);
        if (alone || k % every == 0) draw_marker(canvas, curve->style, at[0], at[1]);
    }
}

/* ---- Around them ---- */

static alx_status draw_axes(alx_canvas *canvas, const figure *f, const panel *p, alx_error *err)
{
    const double right = p->left + f->plot_width, bottom = p->top + f->plot_height;
    const double spread = 80; /* of a tick label; half of it is the margin that the last one may need */
    alx_status status = ALX_OK;
    for (int i = 0; i < p->x.count && !status; i++) {
        const double x = p->left + alx_axis_place(&p->x, p->x.ticks[i]) * f->plot_width;
        alx_canvas_hairline(canvas, x, p->top, x, bottom, ALX_GRID);
        status = alx_canvas_text(canvas, &X_TICK, p->x.labels[i], x - spread / 2, bottom + TICK_SKIP + 11, spread, err);
    }
    const double labels = p->left - f->room, width = f->room - TICK_SKIP;
    for (int i = 0; i < p->y.count && !status; i++) {
        const double y = p->top + (1 - alx_axis_place(&p->y, p->y.ticks[i])) * f->plot_height;
        alx_canvas_hairline(canvas, p->left, y, right, y, ALX_GRID);
        status = alx_canvas_text(canvas, &Y_TICK, p->y.labels[i], labels, y + 4, width, err);
    }
    alx_canvas_hairline(canvas, p->left, p->top, p->left, bottom, ALX_AXIS);
    alx_canvas_hairline(canvas, p->left, bottom, right, bottom, ALX_AXIS);
    return status;
}

static alx_status draw_texts(alx_canvas *canvas, const figure *f, const panel *p, alx_error *err)
{
    const alx_curve_panel *given = p->given;
    const double bottom = p->top + f->plot_height;
    alx_status status = ALX_OK;
    if (given->title) status = alx_canvas_text(canvas, &TITLE, given->title, p->left, p->top - 12, f->plot_width, err);
    if (!status && given->x_label)
        status = alx_canvas_text(canvas, &LABEL, given->x_label, p->left, bottom + TICK_SKIP + TICK_HEIGHT + 13,
                                 f->plot_width, err);
    if (!status && given->y_label) {
        cairo_save(canvas->cr);
        cairo_translate(canvas->cr, p->left - f->room + 12, bottom);
        cairo_rotate(canvas->cr, -M_PI / 2);
        status = alx_canvas_text(canvas, &LABEL, given->y_label, 0, 0, f->plot_height, err);
        cairo_restore(canvas->cr);
    }
    if (!status && p->x.empty)
        status = alx_canvas_text(canvas, &NO_DATA, "no data", p->left, p->top + f->plot_height / 2, f->plot_width, err);
    return status;
}

static alx_status draw_legend(alx_canvas *canvas, const legend *l, const alx_curve_panel *given, double left,
                              double top, alx_error *err)
{
    alx_status status = ALX_OK;
    for (int i = 0, entry = 0; i < given->count && !status; i++) {
        const alx_curve *curve = &given->curves[i];
        if (!curve->label) continue;
        const double x = left + entry % l->columns * (l->column + COLUMN_SKIP);
        const double y = top + LEGEND_SKIP + entry / l->columns * LEGEND_HEIGHT;
        if (curve->dash != ALX_DASH_NONE) {
            cairo_move_to(canvas->cr, x, y + 9.5);
            cairo_line_to(canvas->cr, x + SAMPLE_WIDTH, y + 9.5);
            stroke_line(canvas, curve);
        }
        draw_marker(canvas, curve->style, x + SAMPLE_WIDTH / 2, y + 9.5);
        status = alx_canvas_text(canvas, &ENTRY, curve->label, x + SAMPLE_WIDTH + SAMPLE_SKIP, y + 14,
                                 l->column - SAMPLE_WIDTH - SAMPLE_SKIP, err);
        entry++;
    }
    return status;
}

static alx_status draw_panel(alx_canvas *canvas, const figure *f, const panel *p, alx_error *err)
{
    const double bottom = p->top + f->plot_height;
    alx_status status = draw_axes(canvas, f, p, err);
    const double mark = alx_axis_place(&p->x, p->given->mark_x);
    if (!p->x.empty && mark >= 0 && mark <= 1) {
        const double dash[] = {4, 3}, x = floor(p->left + mark * f->plot_width) + 0.5;
        cairo_move_to(canvas->cr, x, p->top);
        cairo_line_to(canvas->cr, x, bottom);
        alx_canvas_stroke(canvas, (alx_pen){.paint = {ALX_MUTED, 0, 0}, .width = 1, .dashes = 2, .lengths = dash});
    }
    for (int i = 0; i < p->given->count; i++) {
        const alx_curve *curve = &p->given->curves[i];
        (curve->dash == ALX_DASH_NONE ? draw_points : draw_curve)(canvas, f, p, curve);
    }
    if (!status) status = draw_texts(canvas, f, p, err);
    if (!status && !f->shared)
        status = draw_legend(canvas, &p->legend, p->given, p->left, bottom + below_plot(p->given), err);
    return status;
}

static alx_status draw_figure(alx_canvas *canvas, const void *context, alx_error *err)
{
    const figure *f = context;
    alx_status status = ALX_OK;
    for (int i = 0; i < f->count && !status; i++) status = draw_panel(canvas, f, &f->panels[i], err);
    const legend *l = &f->panels[0].legend;
    if (!status && f->shared)
        status = draw_legend(canvas, l, f->panels[0].given, f->panels[0].left, f->height - MARGIN - l->height, err);
    const cairo_status_t drawn = cairo_status(canvas->cr);
    if (!status && drawn) status = alx_report_fail(err, ALX_FAILED, "cairo: curves: %s", cairo_status_to_string(drawn));
    return status;
}

static alx_status check(const alx_curve_panel *panels, int count, alx_error *err)
{
    if (count < 1 || count > PANELS_MOST)
        return alx_report_fail(err, ALX_USAGE, "a plot has 1 to %d panels, not %d", PANELS_MOST, count);
    for (int i = 0; i < count; i++)
        for (int k = 0; k < panels[i].count; k++) {
            const alx_curve *curve = &panels[i].curves[k];
            if (curve->count < 0 || curve->style < 0 || (unsigned)curve->dash >= sizeof DASHES / sizeof *DASHES)
                return alx_report_fail(err, ALX_USAGE, "curve %d of panel %d: %d points, style %d, dash %d", k, i,
                                       curve->count, curve->style, (int)curve->dash);
        }
    return ALX_OK;
}

alx_status alx_curves_draw(const alx_target *target, const alx_curve_panel *panels, int count, alx_error *err)
{
    alx_status status = check(panels, count, err);
    if (status) return status;
    figure f = {.count = count,
                .columns = count < COLUMNS ? count : COLUMNS,
                .shared = count > 1,
                .plot_width = target->page ? PAGE_WIDTH
                              : count == 1 ? ALONE_WIDTH
                                           : PLOT_WIDTH,
                .plot_height = target->page ? PAGE_HEIGHT
                               : count == 1 ? ALONE_HEIGHT
                                            : PLOT_HEIGHT};
    f.panels = calloc((size_t)count, sizeof *f.panels);
    if (!f.panels) return alx_report_fail(err, ALX_NO_MEMORY, "out of memory: %d panels", count);
    for (int i = 0; i < count; i++) {
        f.panels[i].given = &panels[i];
        f.shared &= same_legend(&panels[0], &panels[i]);
    }
    status = lay_out(&f, err);
    if (!status) {
        const alx_picture picture = {f.width, f.height, draw_figure, &f};
        status = alx_picture_write(target, &picture, err);
    }
    free(f.panels);
    return status;
}

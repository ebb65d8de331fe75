#include "report/confusion.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* In points. */
#define MARGIN       16.0
#define TITLE_HEIGHT 26.0
#define AXIS_HEIGHT  22.0 /* "predicted class" */
#define NAME_MOST    116.0
#define NAME_FEW     170.0 /* with few classes */
#define NAME_SKIP    7.0
#define GAP          1.0

static const alx_text_style TITLE = {15, ALX_INK, PANGO_WEIGHT_BOLD, PANGO_ELLIPSIZE_END, 0};
static const alx_text_style AXIS = {12, ALX_MUTED, PANGO_WEIGHT_NORMAL, PANGO_ELLIPSIZE_END, 0};
static const alx_text_style ROW = {12, ALX_INK, PANGO_WEIGHT_NORMAL, PANGO_ELLIPSIZE_MIDDLE, 1};
static const alx_text_style COLUMN = {12, ALX_INK, PANGO_WEIGHT_NORMAL, PANGO_ELLIPSIZE_MIDDLE, 0.5};
static const alx_text_style STANDING = {12, ALX_INK, PANGO_WEIGHT_NORMAL, PANGO_ELLIPSIZE_MIDDLE, 0};
static const alx_text_style NUMBER = {11.5, ALX_INK, PANGO_WEIGHT_NORMAL, PANGO_ELLIPSIZE_NONE, 0.5};

typedef struct figure {
    const alx_confusion *given;
    double cell, names; /* side; what a name takes at most */
    double room;        /* of the rows' names and what is said of them */
    int standing;       /* names of columns stand, for they are wider than a cell */
    double heads;       /* height of the columns' names */
    double left, top;   /* of the cells */
    double width, height;
} figure;

static double cell_side(int count)
{
    static const struct {
        int count;
        double side;
    } sides[] = {{2, 92}, {4, 72}, {6, 54}, {12, 38}, {25, 27}, {50, 14}, {ALX_CONFUSION_MOST, 7}};
    int i = 0;
    while (count > sides[i].count) i++;
    return sides[i].side;
}

static alx_status lay_out(figure *f, alx_error *err)
{
    const alx_confusion *given = f->given;
    alx_canvas canvas;
    const alx_status status = alx_canvas_measure(&canvas, err);
    double widest = 0;
    for (int i = 0; i < given->count && !status; i++)
        widest = fmax(widest, alx_canvas_text_width(&canvas, &ROW, given->names[i]));
    const double rows = status ? 0 : ceil(alx_canvas_text_width(&canvas, &AXIS, given->rows)) + 1;
    alx_canvas_release(&canvas);
    f->cell = cell_side(given->count);
    f->names = fmin(ceil(widest) + 1, given->count <= 4 ? NAME_FEW : NAME_MOST);
    f->standing = widest > f->cell - 6;
    f->heads = f->standing ? f->names : 14;
    f->room = fmax(f->names, rows);
    f->left = MARGIN + f->room + NAME_SKIP;
    f->top = MARGIN + (given->title ? TITLE_HEIGHT : 0) + AXIS_HEIGHT + f->heads + NAME_SKIP;
    f->width = f->left + given->count * f->cell + MARGIN;
    f->height = f->top + given->count * f->cell + MARGIN;
    return status;
}

/* Names that would lie over each other are left out: every second, third ... stays. */
static int name_step(const figure *f)
{
    const double least = 14;
    return f->cell >= least ? 1 : (int)ceil(least / f->cell);
}

static alx_status draw_names(alx_canvas *canvas, const figure *f, alx_error *err)
{
    const alx_confusion *given = f->given;
    alx_status status = ALX_OK;
    for (int i = 0; i < given->count && !status; i += name_step(f)) {
        const double at = i * f->cell, middle = at + f->cell / 2 + 4;
        status = alx_canvas_text(canvas, &ROW, given->names[i], MARGIN, f->top + middle, f->room, err);
        if (status) break;
        if (!f->standing) {
            status = alx_canvas_text(canvas, &COLUMN, given->names[i], f->left + at, f->top - NAME_SKIP, f->cell, err);
            continue;
        }
        cairo_save(canvas->cr);
        cairo_translate(canvas->cr, f->left + middle, f->top - NAME_SKIP);
        cairo_rotate(canvas->cr, -M_PI / 2);
        status = alx_canvas_text(canvas, &STANDING, given->names[i], 0, 0, f->heads, err);
        cairo_restore(canvas->cr);
    }
    return status;
}

static alx_status draw_cell(alx_canvas *canvas, const figure *f, int truth, int predicted, int64_t sum, alx_error *err)
{
    const alx_confusion *given = f->given;
    const int64_t value = given->cells[(int64_t)truth * given->count + predicted];
    const double x = f->left + predicted * f->cell, y = f->top + truth * f->cell, side = f->cell - GAP;
    const double share = sum > 0 ? (double)value / (double)sum : 0;
    if (value == 0 && truth != predicted) return ALX_OK; /* the panel behind shows */
    char text[32], tooltip[700];
    snprintf(tooltip, sizeof tooltip, "%.200s → %.200s: %" PRId64 " (%.1f %%)", given->names[truth],
             given->names[predicted], value, 100 * share);
    alx_canvas_begin(canvas, tooltip);
    if (value) alx_canvas_rectangle(canvas, x, y, side, side, (alx_paint){ALX_HEAT, fmax(share, 0.06), 0});
    snprintf(text, sizeof text, "%" PRId64, value);
    alx_status status = ALX_OK;
    if (alx_canvas_text_width(canvas, &NUMBER, text) <= side - 2 && side >= 14)
        status = alx_canvas_text(canvas, &NUMBER, text, x, y + side / 2 + 4, side, err);
    if (truth == predicted) { /* where right answers stand */
        cairo_new_path(canvas->cr);
        cairo_rectangle(canvas->cr, x + 0.5, y + 0.5, side - 1, side - 1);
        alx_canvas_stroke(canvas, (alx_pen){.paint = {ALX_AXIS, 0, 0}, .width = 1});
    }
    alx_canvas_end(canvas);
    return status;
}

static alx_status draw(alx_canvas *canvas, const void *context, alx_error *err)
{
    const figure *f = context;
    const alx_confusion *given = f->given;
    alx_status status = ALX_OK;
    const double all = given->count * f->cell, line = MARGIN + (given->title ? TITLE_HEIGHT : 0) + 9;
    if (given->title) status = alx_canvas_text(canvas, &TITLE, given->title, MARGIN, MARGIN + 12, f->width, err);
    if (!status) status = alx_canvas_text(canvas, &AXIS, given->columns, f->left, line, f->width - f->left, err);
    if (!status) status = alx_canvas_text(canvas, &AXIS, given->rows, MARGIN, line, f->room, err);
    alx_canvas_rectangle(canvas, f->left, f->top, all - GAP, all - GAP, (alx_paint){ALX_PANEL, 0, 0});
    if (!status) status = draw_names(canvas, f, err);
    for (int i = 0; i < given->count && !status; i++) {
        int64_t sum = 0;
        for (int j = 0; j < given->count; j++) sum += given->cells[(int64_t)i * given->count + j];
        for (int j = 0; j < given->count && !status; j++) status = draw_cell(canvas, f, i, j, sum, err);
    }
    return status;
}

alx_status alx_confusion_draw(const alx_target *target, const alx_confusion *matrix, alx_error *err)
{
    if (matrix->count > ALX_CONFUSION_MOST)
        return alx_report_fail(err, ALX_UNSUPPORTED,
                               "a matrix of %d classes has cells that nobody can tell apart; at most %d are drawn",
                               matrix->count, ALX_CONFUSION_MOST);
    figure f = {.given = matrix};
    const alx_status status = lay_out(&f, err);
    const alx_picture picture = {f.width, f.height, draw, &f};
    return status ? status : alx_picture_write(target, &picture, err);
}

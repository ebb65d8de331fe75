/* A network's picture: which layers the parameters and the work are in. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "report/netplot_inner.h"

#define HEADING_HEIGHT 22.0
#define BAR_HEIGHT     26.0
#define LEGEND_HEIGHT  24.0
#define BAR_GAP        20.0
#define SEAM           1.5 /* white between two layers */
#define PAD            7.0
#define SWATCH         10.0

static const alx_text_style HEADING = {13, ALX_INK, PANGO_WEIGHT_BOLD, PANGO_ELLIPSIZE_END, 0};
static const alx_text_style TOTAL = {12, ALX_SOFT, PANGO_WEIGHT_NORMAL, PANGO_ELLIPSIZE_END, 1};
static const alx_text_style SEGMENT = {11.5, ALX_ON_KIND, PANGO_WEIGHT_NORMAL, PANGO_ELLIPSIZE_END, 0.5};
static const alx_text_style LEGEND = {12, ALX_SOFT, PANGO_WEIGHT_NORMAL, PANGO_ELLIPSIZE_END, 0};

typedef struct bar {
    const netplot *plot;
    const char *heading;
    int64_t total;
    size_t field; /* where an item has its part of it */
    double x, width;
} bar;

static int64_t value_of(const bar *b, const netplot_item *item)
{
    return *(const int64_t *)(const void *)((const char *)item + b->field);
}

static const char *percent(char text[16], int64_t part, int64_t total)
{
    const double share = 100 * (double)part / (double)total;
    snprintf(text, 16, share < 0.05 ? "< 0.1 %%" : "%.1f %%", share);
    return text;
}

/* "dense_1  64.8 %" where it fits, else the number alone, else nothing. */
static alx_status draw_segment(alx_canvas *canvas, const bar *b, const netplot_item *item, double x, double y,
                               double width, alx_error *err)
{
    char number[16], text[320];
    alx_canvas_rectangle(canvas, x, y, width, BAR_HEIGHT, (alx_paint){ALX_KIND + (alx_role)item->kind, 0, 0});
    percent(number, value_of(b, item), b->total);
    snprintf(text, sizeof text, "%.256s  %s", item->name, number);
    const double room = width - PAD;
    const char *label = alx_canvas_text_width(canvas, &SEGMENT, text) <= room     ? text
                        : alx_canvas_text_width(canvas, &SEGMENT, number) <= room ? number
                                                                                  : NULL;
    return label ? alx_canvas_text(canvas, &SEGMENT, label, x, y + BAR_HEIGHT / 2 + 4, width, err) : ALX_OK;
}

static alx_status draw_segments(alx_canvas *canvas, const bar *b, double y, alx_error *err)
{
    double before = 0, last = 0; /* widths: of all in front, of the one in front */
    alx_status status = ALX_OK;
    for (int i = 0; i < b->plot->count && !status; i++) {
        const netplot_item *item = &b->plot->items[i];
        const double width = b->width * (double)value_of(b, item) / (double)b->total;
        if (width <= 0) continue;
        const double seam = fmin(SEAM, fmin(last, width) / 3);
        status = draw_segment(canvas, b, item, b->x + before + seam, y, width - seam, err);
        before += width;
        last = width;
    }
    return status;
}

/* "■ convolution 6.4 %", one for each kind. */
static alx_status draw_legend(alx_canvas *canvas, const bar *b, double y, alx_error *err)
{
    double x = b->x;
    for (int kind = 0; kind < ALX_KIND_COUNT; kind++) {
        int64_t sum = 0;
        char number[16], text[64];
        for (int i = 0; i < b->plot->count; i++)
            if (b->plot->items[i].kind == kind) sum += value_of(b, &b->plot->items[i]);
        if (sum == 0) continue;
        alx_canvas_rectangle(canvas, x, y - SWATCH + 1, SWATCH, SWATCH, (alx_paint){ALX_KIND + (alx_role)kind, 0, 0});
        snprintf(text, sizeof text, "%s %s", netplot_kinds[kind][b->plot->language], percent(number, sum, b->total));
        x += SWATCH + 6;
        const double width = ceil(alx_canvas_text_width(canvas, &LEGEND, text)) + 2;
        alx_status status = alx_canvas_text(canvas, &LEGEND, text, x, y, width, err);
        if (status) return status;
        x += width + 18;
    }
    return ALX_OK;
}

static alx_status draw_bar(alx_canvas *canvas, const bar *b, double y, alx_error *err)
{
    char total[32];
    alx_status status = alx_canvas_text(canvas, &HEADING, b->heading, b->x, y + 12, b->width / 2, err);
    if (!status)
        status = alx_canvas_text(canvas, &TOTAL, netplot_thousands(b->total, total), b->x + b->width / 2, y + 12,
                                 b->width / 2, err);
    y += HEADING_HEIGHT;
    if (!status) status = draw_segments(canvas, b, y, err);
    if (!status) status = draw_legend(canvas, b, y + BAR_HEIGHT + LEGEND_HEIGHT - 6, err);
    return status;
}

enum { BARS = 3 };

/* What there is none of has no bar. */
static int list_bars(bar bars[BARS], const netplot *plot)
{
    static const struct {
        const char *heading[2];
        size_t total, field;
    } rows[BARS] = {
        {{"Parameters", "参数"}, offsetof(netplot, parameters), offsetof(netplot_item, parameters)},
        {{"Multiply-adds", "乘加次数"}, offsetof(netplot, multiply_adds), offsetof(netplot_item, multiply_adds)},
        {{"Time of a training step, microseconds", "一步训练的时间（微秒）"},
         offsetof(netplot, microseconds),
         offsetof(netplot_item, microseconds)},
    };
    int count = 0;
    for (int i = 0; i < BARS; i++) {
        const int64_t total = *(const int64_t *)(const void *)((const char *)plot + rows[i].total);
        if (total <= 0) continue;
        bars[count++] = (bar){.plot = plot,
                              .heading = rows[i].heading[plot->language],
                              .total = total,
                              .field = rows[i].field,
                              .x = NETPLOT_MARGIN,
                              .width = plot->width - 2 * NETPLOT_MARGIN};
    }
    return count;
}

double netplot_bars_height(const netplot *plot)
{
    bar bars[BARS];
    return list_bars(bars, plot) * (HEADING_HEIGHT + BAR_HEIGHT + LEGEND_HEIGHT + BAR_GAP) - BAR_GAP;
}

alx_status netplot_draw_bars(alx_canvas *canvas, const netplot *plot, alx_error *err)
{
    bar bars[BARS];
    double y = plot->bars_top;
    const int count = list_bars(bars, plot);
    for (int i = 0; i < count; i++, y += HEADING_HEIGHT + BAR_HEIGHT + LEGEND_HEIGHT + BAR_GAP) {
        alx_status status = draw_bar(canvas, &bars[i], y, err);
        if (status) return status;
    }
    return ALX_OK;
}

/* What the parts of a network's picture share. */
#ifndef ALX_REPORT_NETPLOT_INNER_H
#define ALX_REPORT_NETPLOT_INNER_H

#include "report/netgrid.h"
#include "report/picture.h"

/* In points. */
#define NETPLOT_MARGIN      26.0
#define NETPLOT_LINE_HEIGHT 16.0
#define NETPLOT_GUTTER      20.0 /* at the rows' ends, for the line to the next row */

/* What a layer does, by alx_language; its colour is ALX_KIND + kind. */
extern const char *const netplot_kinds[ALX_KIND_COUNT][2];

/* A line of text below a box. */
typedef struct netplot_line {
    char text[128];
    const alx_text_style *style;
} netplot_line;

enum { NETPLOT_LINES = 6 }; /* name and type take up to two each */

typedef struct netplot_item {
    const char *name, *type;
    int kind;
    char shape[96], parameter_text[64]; /* "": no parameters */
    netplot_line lines[NETPLOT_LINES];
    int line_count;
    int64_t side[2], channels; /* height and width of a map; 1 x 1 for features */
    int64_t parameters, multiply_adds, microseconds;
    double width, height; /* of the box's front */
    double right, up;     /* how far its back is shifted */
    double x, axis;       /* its middle */
    double label_top;     /* of the text below it */
    int row;
} netplot_item;

typedef struct netplot {
    const alx_network *network;
    alx_language language;
    int count; /* the input and the layers */
    netplot_item *items;
    alx_netgrid grid;
    int64_t parameters, multiply_adds, microseconds;
    double label_width, pitch; /* of a column, and from one to the next */
    double left, right;        /* of the columns */
    double width, height, bars_top;
    double *axis;  /* (rows, ALX_NETGRID_TRACKS) */
    double *entry; /* (rows) where the line from the row before comes down; 0 for the first */
    double *gap;   /* (rows) the height at which that line runs to the left */
} netplot;

static inline double netplot_box_left(const netplot_item *item)
{
    return item->x - (item->width + item->right) / 2;
}

static inline double netplot_box_right(const netplot_item *item)
{
    return item->x + (item->width + item->right) / 2;
}

/* 34944 -> "34,944".  Returns text. */
const char *netplot_thousands(int64_t value, char text[32]);
/* Fills everything but the items' texts and numbers, which must be there. */
alx_status netplot_lay_out(netplot *plot, alx_error *err);
void netplot_draw_edges(alx_canvas *canvas, const netplot *plot);
alx_status netplot_draw_layers(alx_canvas *canvas, const netplot *plot, alx_error *err);
/* Both bars with their legends, from plot->bars_top on. */
double netplot_bars_height(const netplot *plot);
alx_status netplot_draw_bars(alx_canvas *canvas, const netplot *plot, alx_error *err);

#endif

/* The colours of all drawings, by what they are for, for light and dark pages.
 *
 * Series are Okabe and Ito's (Color Universal Design, 2008) without the yellow, which is hard to see on white; on dark
 * pages the same hues, lighter.  Kinds of layers are Paul Tol's "light" scheme (https://personal.sron.nl/~pault/),
 * on which dark text is readable, and the same on both.  Texts have a contrast of 4.5 to 1 and more on the paper
 * (WCAG 2.1 AA). */
#ifndef ALX_REPORT_THEME_H
#define ALX_REPORT_THEME_H

enum { ALX_SERIES_COUNT = 7, ALX_KIND_COUNT = 8 };

typedef enum alx_role {
    ALX_INK,   /* text */
    ALX_SOFT,  /* labels of axes, captions */
    ALX_MUTED, /* notes */
    ALX_PAPER, /* behind everything */
    ALX_PANEL, /* boxes on it */
    ALX_GRID,  /* lines behind a plot */
    ALX_AXIS,  /* lines around it, outlines */
    ALX_LINK,
    ALX_GOOD,
    ALX_BAD,
    ALX_HEAT, /* a cell of 1; less of it is mixed with the paper.  Ink is readable on all of it */
    ALX_SERIES,
    ALX_KIND = ALX_SERIES + ALX_SERIES_COUNT, /* the same on light and dark pages */
    ALX_ON_KIND = ALX_KIND + ALX_KIND_COUNT,  /* text on a kind or on a picture's own white */
    ALX_ROLES
} alx_role;

typedef struct alx_colour {
    const char *name; /* of the CSS property, without its dashes; and of the classes f-NAME (fill), s-NAME (stroke) */
    const char *light, *dark; /* "#0072b2" */
} alx_colour;
extern const alx_colour alx_theme[ALX_ROLES];

/* Red, green, blue of the light page, 0..1; shade below 1 goes to black, above to white (2: white). */
void alx_theme_rgb(double rgb[3], alx_role role, double shade);

#endif

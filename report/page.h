/* A page of HTML that stands alone: no script, nothing external, light or dark as the reader's system is, from phone
 * to desktop.
 *
 * It is written section by section into a body, then as a whole. */
#ifndef ALX_REPORT_PAGE_H
#define ALX_REPORT_PAGE_H

#include "report/picture.h"
#include "report/plot.h"

enum { ALX_PAGE_SECTIONS = 32 };

typedef struct alx_page {
    alx_language language;
    alx_markup body;
    int count; /* sections */
    struct {
        const char *id, *title; /* borrowed */
    } sections[ALX_PAGE_SECTIONS];
    int columns, cells, left; /* of the table at hand */
} alx_page;

void alx_page_finish(alx_page *page);
/* What was written since a mark is taken back, as where a figure failed halfway. */
size_t alx_page_mark(const alx_page *page);
void alx_page_take_back(alx_page *page, size_t mark);

/* A section with its heading; id: letters of a link.  alx_page_section_end closes it. */
void alx_page_section(alx_page *page, const char *id, const char *title);
void alx_page_section_end(alx_page *page);
/* A heading within a section. */
void alx_page_heading(alx_page *page, const char *title);
void alx_page_paragraph(alx_page *page, const char *text);
/* Something that is not there, and why. */
void alx_page_missing(alx_page *page, const char *text);
/* Text as it is, in lines; label: what a screen reader calls it. */
void alx_page_code(alx_page *page, const char *label, const char *text);
/* Between the two: folded away under a summary, until it is opened. */
void alx_page_details(alx_page *page, const char *summary);
void alx_page_details_end(alx_page *page);

/* Figures side by side where there is room, between the two. */
void alx_page_figures(alx_page *page);
void alx_page_figures_end(alx_page *page);
/* Where a drawing is to go, which is drawn between the two.  The title stands above it. */
alx_target alx_page_figure(alx_page *page, const char *title, const char *description);
void alx_page_figure_end(alx_page *page);

/* Images as tiles that wrap: what alx_plot_samples draws into a picture.  alt: what an image shows, in front of its
 * label. */
alx_status alx_page_tiles(alx_page *page, const alx_plot_image *images, int count, const char *alt, alx_error *err);
/* A picture alone, exactly, small ones enlarged by whole factors. */
alx_status alx_page_image(alx_page *page, const alx_raster *image, const char *alt, const char *caption,
                          alx_error *err);

/* A table of `columns` columns; cells row by row, the headings first.  The first column is left, others right
 * aligned; where `left` is so, all are left aligned. */
void alx_page_table(alx_page *page, const char *caption, int columns, int left);
void alx_page_cell(alx_page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
void alx_page_table_end(alx_page *page);

/* The whole page into text, which is zeroed before.  subtitle: a line below the title. */
alx_status alx_page_write(alx_markup *text, const alx_page *page, const char *title, const char *subtitle,
                          alx_error *err);

#endif

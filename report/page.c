#include "report/page.h"

#include <stdarg.h>
#include <string.h>
#include <stdio.h>

#include "report/encode.h"
#include "report/page_style.h"

enum { TILE_PIXELS = 128, ALONE_WIDTH = 480 };

void alx_page_finish(alx_page *page)
{
    alx_markup_finish(&page->body);
    *page = (alx_page){.language = page->language};
}

size_t alx_page_mark(const alx_page *page)
{
    return page->body.length;
}

void alx_page_take_back(alx_page *page, size_t mark)
{
    if (mark >= page->body.length) return;
    page->body.length = mark;
    page->body.text[mark] = 0;
}

/* <tag>text</tag> */
static void element(alx_markup *m, const char *tag, const char *text)
{
    alx_markup_format(m, "<%s>", tag);
    alx_markup_escape(m, text);
    alx_markup_format(m, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}

void alx_page_section(alx_page *page, const char *id, const char *title)
{
    if (page->count < ALX_PAGE_SECTIONS) {
        page->sections[page->count].id = id;
        page->sections[page->count++].title = title;
    }
    alx_markup_format(&page->body, "<section id=\"%s\" aria-labelledby=\"h-%s\">\n<h2 id=\"h-%s\">", id, id, id);
    alx_markup_escape(&page->body, title);
    alx_markup_add(&page->body, "</h2>\n");
}

void alx_page_section_end(alx_page *page)
{
    alx_markup_add(&page->body, "</section>\n");
}

void alx_page_heading(alx_page *page, const char *title)
{
    element(&page->body, "h3", title);
}

void alx_page_paragraph(alx_page *page, const char *text)
{
    element(&page->body, "p", text);
}

void alx_page_missing(alx_page *page, const char *text)
{
    element(&page->body, "p class=\"missing\"", text);
}

/* A box that scrolls by itself where its content is wider; the keyboard reaches it. */
static void scroller(alx_markup *m, const char *kind, const char *label)
{
    alx_markup_format(m, "<div class=\"%s\" tabindex=\"0\" role=\"region\" aria-label=\"", kind);
    alx_markup_escape(m, label);
    alx_markup_add(m, "\">");
}

void alx_page_code(alx_page *page, const char *label, const char *text)
{
    scroller(&page->body, "scroll", label);
    alx_markup_add(&page->body, "<pre>");
    /* Lines stay lines. */
    for (const char *line = text; *line;) {
        const size_t length = strcspn(line, "\n");
        char *copy = g_strndup(line, length);
        alx_markup_escape(&page->body, copy);
        g_free(copy);
        line += length;
        if (*line == '\n') {
            alx_markup_add(&page->body, "\n");
            line++;
        }
    }
    alx_markup_add(&page->body, "</pre></div>\n");
}

void alx_page_details(alx_page *page, const char *summary)
{
    alx_markup_add(&page->body, "<details>");
    element(&page->body, "summary", summary);
}

void alx_page_details_end(alx_page *page)
{
    alx_markup_add(&page->body, "</details>\n");
}

/* ---- Figures ---- */

void alx_page_figures(alx_page *page)
{
    alx_markup_add(&page->body, "<div class=\"figures\">\n");
}

void alx_page_figures_end(alx_page *page)
{
    alx_markup_add(&page->body, "</div>\n");
}

alx_target alx_page_figure(alx_page *page, const char *title, const char *description)
{
    alx_markup_add(&page->body, "<figure>");
    element(&page->body, "figcaption", title);
    scroller(&page->body, "scroll", title);
    return (alx_target){.page = &page->body, .title = title, .description = description};
}

void alx_page_figure_end(alx_page *page)
{
    alx_markup_add(&page->body, "</div></figure>\n");
}

/* ---- Images ---- */

static void attribute(alx_markup *m, const char *name, const char *first, const char *second)
{
    alx_markup_format(m, " %s=\"", name);
    alx_markup_escape(m, first);
    if (second) {
        if (*first) alx_markup_add(m, ": ");
        alx_markup_escape(m, second);
    }
    alx_markup_add(m, "\"");
}

static alx_status add_tile(alx_page *page, const alx_plot_image *image, const char *alt, alx_error *err)
{
    alx_markup *m = &page->body;
    const alx_raster raster = {image->rgb, image->width, image->height};
    const bool wide = image->width > 3 * image->height / 2; /* two columns */
    alx_markup_add(m, wide ? "<li class=\"wide\"><figure><img" : "<li><figure><img");
    if (image->height <= TILE_PIXELS / 2) alx_markup_add(m, " class=\"pixels\"");
    attribute(m, "alt", alt, image->label);
    alx_markup_add(m, " src=\"");
    const alx_status status = alx_encode_image(m, &raster, wide ? 2 * TILE_PIXELS : TILE_PIXELS, err);
    alx_markup_add(m, "\"><figcaption>");
    if (image->label) {
        alx_markup_add(m, "<b");
        attribute(m, "title", image->label, NULL);
        alx_markup_add(m, ">");
        alx_markup_escape(m, image->label);
        alx_markup_add(m, "</b>");
    }
    if (image->note) {
        alx_markup_add(m, "<small");
        attribute(m, "title", image->note, NULL);
        alx_markup_add(m, ">");
        alx_markup_escape(m, image->note);
        alx_markup_add(m, "</small>");
    }
    alx_markup_add(m, "</figcaption></figure></li>\n");
    return status;
}

alx_status alx_page_tiles(alx_page *page, const alx_plot_image *images, int count, const char *alt, alx_error *err)
{
    alx_status status = ALX_OK;
    alx_markup_add(&page->body, "<ul class=\"tiles\">\n");
    for (int i = 0; i < count && !status; i++) status = add_tile(page, &images[i], alt, err);
    alx_markup_add(&page->body, "</ul>\n");
    return status;
}

alx_status alx_page_image(alx_page *page, const alx_raster *image, const char *alt, const char *caption, alx_error *err)
{
    alx_markup *m = &page->body;
    const int longer = image->width > image->height ? image->width : image->height;
    const int factor = longer < ALONE_WIDTH ? ALONE_WIDTH / longer : 1;
    alx_markup_format(m, "<figure class=\"alone\"><img class=\"pixels\" width=\"%d\" height=\"%d\"",
                      image->width * factor, image->height * factor);
    attribute(m, "alt", alt, NULL);
    alx_markup_add(m, " src=\"");
    const alx_status status = alx_encode_png(m, image, err);
    alx_markup_add(m, "\">");
    element(m, "figcaption", caption);
    alx_markup_add(m, "</figure>\n");
    return status;
}

/* ---- Tables ---- */

void alx_page_table(alx_page *page, const char *caption, int columns, int left)
{
    page->columns = columns;
    page->cells = 0;
    page->left = left;
    scroller(&page->body, "scroll", caption);
    alx_markup_format(&page->body, "<table%s><caption>", left ? " class=\"left\"" : "");
    alx_markup_escape(&page->body, caption);
    alx_markup_add(&page->body, "</caption>\n<thead>");
}

void alx_page_cell(alx_page *page, const char *format, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    alx_markup *m = &page->body;
    const int column = page->cells % page->columns;
    const bool heading = page->cells < page->columns;
    if (column == 0) alx_markup_add(m, "<tr>");
    alx_markup_add(m, heading ? "<th scope=\"col\">" : column == 0 ? "<th scope=\"row\">" : "<td>");
    alx_markup_escape(m, text);
    alx_markup_add(m, heading || column == 0 ? "</th>" : "</td>");
    page->cells++;
    if (column == page->columns - 1) alx_markup_add(m, "</tr>\n");
    if (page->cells == page->columns) alx_markup_add(m, "</thead><tbody>\n");
}

void alx_page_table_end(alx_page *page)
{
    alx_markup_add(&page->body, "</tbody></table></div>\n");
}

/* ---- The whole ---- */

/* The colours, once for light and once for dark. */
static void write_colours(alx_markup *m)
{
    for (int dark = 0; dark < 2; dark++) {
        alx_markup_add(m, dark ? "@media (prefers-color-scheme:dark){:root{" : ":root{color-scheme:light dark;");
        for (int i = 0; i < ALX_ROLES; i++)
            alx_markup_format(m, "--%s:%s;", alx_theme[i].name, dark ? alx_theme[i].dark : alx_theme[i].light);
        alx_markup_add(m, dark ? "}}\n" : "}\n");
    }
    for (int i = 0; i < ALX_ROLES; i++) {
        const char *name = alx_theme[i].name;
        alx_markup_format(m, ".f-%s{fill:var(--%s)}.s-%s{stroke:var(--%s)}", name, name, name, name);
    }
    alx_markup_add(m, "\n");
}

static void write_contents(alx_markup *m, const alx_page *page)
{
    static const char *const labels[2] = {"Contents", "目录"};
    alx_markup_format(m, "<nav aria-label=\"%s\"><ul>\n", labels[page->language]);
    for (int i = 0; i < page->count; i++) {
        alx_markup_format(m, "<li><a href=\"#%s\">", page->sections[i].id);
        alx_markup_escape(m, page->sections[i].title);
        alx_markup_add(m, "</a></li>\n");
    }
    alx_markup_add(m, "</ul></nav>\n");
}

alx_status alx_page_write(alx_markup *text, const alx_page *page, const char *title, const char *subtitle,
                          alx_error *err)
{
    static const char *const languages[2] = {"en", "zh-CN"};
    static const char *const skips[2] = {"Skip to the content", "跳到正文"};
    *text = (alx_markup){0};
    alx_markup_format(text, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
                      languages[page->language]);
    alx_markup_add(text, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                         "<meta name=\"generator\" content=\"alexnet\">\n"
                         "<link rel=\"icon\" href=\"data:,\">\n"); /* no request for an icon */
    element(text, "title", title);
    alx_markup_add(text, "<style>\n");
    write_colours(text);
    alx_markup_add(text, alx_page_style);
    alx_markup_format(text, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">%s</a>\n<header>\n",
                      skips[page->language]);
    element(text, "h1", title);
    element(text, "p class=\"subtitle\"", subtitle);
    alx_markup_add(text, "</header>\n");
    write_contents(text, page);
    alx_markup_add(text, "<main id=\"main\" tabindex=\"-1\">\n");
    if (page->body.text) alx_markup_bytes(text, page->body.text, page->body.length);
    alx_markup_add(text, "</main>\n</body>\n</html>\n");
    return text->failed || page->body.failed ? alx_report_fail(err, ALX_NO_MEMORY, "out of memory for a page") : ALX_OK;
}

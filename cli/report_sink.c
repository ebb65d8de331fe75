/* Where the figures of a report go, and images with what is said of them. */
#include <stdlib.h>

#include <stdio.h>

#include "cli/output.h"
#include "cli/report.h"

/* ---- Sinks ---- */

alx_status cli_sink_panels(const cli_sink *sink, const alx_curve_panel *panels, int count, const char *description,
                           alx_error *err)
{
    if (!sink->page) return alx_curves_draw(&(alx_target){.path = sink->path}, panels, count, err);
    alx_status status = ALX_OK;
    alx_page_figures(sink->page);
    for (int i = 0; i < count && !status; i++) {
        alx_curve_panel panel = panels[i];
        const alx_target target = alx_page_figure(sink->page, panel.title, description);
        panel.title = NULL; /* it stands above */
        status = alx_curves_draw(&target, &panel, 1, err);
        alx_page_figure_end(sink->page);
    }
    alx_page_figures_end(sink->page);
    return status;
}

alx_status cli_sink_tiles(const cli_sink *sink, const alx_plot_image *images, int count, int columns, const char *alt,
                          alx_error *err)
{
    if (sink->page) return alx_page_tiles(sink->page, images, count, alt, err);
    return alx_plot_samples(&(alx_target){.path = sink->path}, images, count, columns, alt, err);
}

alx_status cli_sink_rows(const cli_sink *sink, const alx_plot_image *images, int count, int columns, const char *alt,
                         alx_error *err)
{
    alx_status status = ALX_OK;
    if (!sink->page) return cli_sink_tiles(sink, images, count, columns, alt, err);
    for (int first = 0; first < count && !status; first += columns) {
        const int left = count - first;
        status = cli_sink_tiles(sink, images + first, left < columns ? left : columns, columns, alt, err);
    }
    return status;
}

alx_status cli_sink_mosaics(const cli_sink *sink, const alx_plot_image *images, int count, int columns, const char *alt,
                            alx_error *err)
{
    if (!sink->page) return alx_plot_samples(&(alx_target){.path = sink->path}, images, count, columns, alt, err);
    alx_status status = ALX_OK;
    for (int i = 0; i < count && !status; i++) /* what is no mosaic */
        if (!images[i].note) status = alx_page_tiles(sink->page, &images[i], 1, alt, err);
    alx_page_figures(sink->page);
    for (int i = 0; i < count && !status; i++) {
        if (!images[i].note) continue;
        const alx_raster raster = {images[i].rgb, images[i].width, images[i].height};
        char text[600], caption[600];
        snprintf(text, sizeof text, "%s: %s", alt, images[i].label);
        snprintf(caption, sizeof caption, "%s · %s", images[i].label, images[i].note);
        status = alx_page_image(sink->page, &raster, text, caption, err);
    }
    alx_page_figures_end(sink->page);
    return status;
}

/* ---- Tiles ---- */

alx_status cli_tiles_init(cli_tiles *t, int capacity, alx_error *err)
{
    *t = (cli_tiles){.capacity = capacity};
    const size_t size = (size_t)capacity + 1;
    t->images = calloc(size, sizeof *t->images);
    t->pixels = calloc(size, sizeof *t->pixels);
    t->labels = calloc(size, sizeof *t->labels);
    t->notes = calloc(size, sizeof *t->notes);
    return t->images && t->pixels && t->labels && t->notes
               ? ALX_OK
               : cli_fail(err, ALX_NO_MEMORY, "out of memory: %d images", capacity);
}

void cli_tiles_finish(cli_tiles *t)
{
    for (int i = 0; i < t->count; i++) free(t->pixels[i]);
    free(t->images);
    free(t->pixels);
    free(t->labels);
    free(t->notes);
}

void cli_tiles_add(cli_tiles *t, uint8_t *rgb, int width, int height, const char *label, const char *note)
{
    if (t->count == t->capacity) { /* the caller has counted; what is too many is not shown */
        free(rgb);
        return;
    }
    const int i = t->count++;
    t->pixels[i] = rgb;
    snprintf(t->labels[i], sizeof t->labels[i], "%s", label);
    snprintf(t->notes[i], sizeof t->notes[i], "%s", note ? note : "");
    t->images[i] = (alx_plot_image){
        .rgb = rgb, .width = width, .height = height, .label = t->labels[i], .note = note ? t->notes[i] : NULL};
}

alx_status cli_tiles_add_image(cli_tiles *t, const alx_dataset *dataset, int64_t index, int epoch, const char *label,
                               const char *note, alx_error *err)
{
    int width, height;
    alx_dataset_image_size(dataset, &width, &height);
    uint8_t *rgb = malloc((size_t)width * (size_t)height * 3);
    if (!rgb) return cli_fail(err, ALX_NO_MEMORY, "out of memory: an image of %d x %d", width, height);
    alx_error unread = {0};
    const alx_status status = epoch ? alx_dataset_augmented(dataset, index, epoch, rgb, &unread)
                                    : alx_dataset_image(dataset, index, rgb, &unread);
    if (!status) {
        cli_tiles_add(t, rgb, width, height, label, note);
        return ALX_OK;
    }
    free(rgb);
    return status == ALX_NO_MEMORY ? cli_fail(err, status, "%s", unread.message) : ALX_OK;
}

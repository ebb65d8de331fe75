#include "report/encode.h"

#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

enum { EXACT_MOST = 64, JPEG_QUALITY = 82 };

alx_status alx_raster_surface(cairo_surface_t **out, const alx_raster *image, alx_error *err)
{
    *out = NULL;
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, image->width, image->height);
    const cairo_status_t status = cairo_surface_status(surface);
    if (status) {
        cairo_surface_destroy(surface);
        return alx_report_fail(err, ALX_NO_MEMORY, "cairo: an image of %d x %d: %s", image->width, image->height,
                               cairo_status_to_string(status));
    }
    unsigned char *row = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    const uint8_t *rgb = image->rgb;
    for (int y = 0; y < image->height; y++, row += stride)
        for (int x = 0; x < image->width; x++, rgb += 3) {
            const uint32_t word = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
            memcpy(row + 4 * (size_t)x, &word, sizeof word);
        }
    cairo_surface_mark_dirty(surface);
    *out = surface;
    return ALX_OK;
}

/* ---- PNG ---- */

/* Pieces come in any length and base64 wants threes: they are gathered first. */
static cairo_status_t gather(void *closure, const unsigned char *bytes, unsigned count)
{
    alx_markup *gathered = closure;
    alx_markup_bytes(gathered, (const char *)bytes, count);
    return gathered->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static alx_status surface_png(alx_markup *out, cairo_surface_t *surface, alx_error *err)
{
    alx_markup bytes = {0};
    const cairo_status_t status = cairo_surface_write_to_png_stream(surface, gather, &bytes);
    alx_markup_add(out, "data:image/png;base64,");
    if (!status) alx_markup_base64(out, (const uint8_t *)bytes.text, bytes.length);
    alx_markup_finish(&bytes);
    return status ? alx_report_fail(err, ALX_NO_MEMORY, "cairo: an image: %s", cairo_status_to_string(status)) : ALX_OK;
}

alx_status alx_encode_png(alx_markup *out, const alx_raster *image, alx_error *err)
{
    cairo_surface_t *surface;
    alx_status status = alx_raster_surface(&surface, image, err);
    if (!status) status = surface_png(out, surface, err);
    cairo_surface_destroy(surface);
    return status;
}

/* ---- JPEG ---- */

static alx_status surface_jpeg(alx_markup *out, cairo_surface_t *surface, alx_error *err)
{
    cairo_surface_flush(surface);
    tjhandle handle = tjInitCompress();
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    const int failed =
        !handle || tjCompress2(handle, cairo_image_surface_get_data(surface), cairo_image_surface_get_width(surface),
                               cairo_image_surface_get_stride(surface), cairo_image_surface_get_height(surface),
                               G_BYTE_ORDER == G_LITTLE_ENDIAN ? TJPF_BGRX : TJPF_XRGB, &bytes, &size, TJSAMP_420,
                               JPEG_QUALITY, 0);
    alx_markup_add(out, "data:image/jpeg;base64,");
    if (!failed) alx_markup_base64(out, bytes, size);
    tjFree(bytes);
    if (handle) tjDestroy(handle);
    return failed ? alx_report_fail(err, ALX_FAILED, "turbojpeg: %s", tjGetErrorStr2(NULL)) : ALX_OK;
}

/* A smaller copy in place of *surface. */
static alx_status reduce(cairo_surface_t **surface, int most, alx_error *err)
{
    const int width = cairo_image_surface_get_width(*surface), height = cairo_image_surface_get_height(*surface);
    const int longer = width > height ? width : height;
    if (longer <= most) return ALX_OK;
    const double scale = (double)most / longer;
    const int to_width = (int)(width * scale + 0.5) + (width * scale < 0.5),
              to_height = (int)(height * scale + 0.5) + (height * scale < 0.5);
    cairo_surface_t *small = cairo_image_surface_create(CAIRO_FORMAT_RGB24, to_width, to_height);
    cairo_t *cr = cairo_create(small);
    cairo_scale(cr, (double)to_width / width, (double)to_height / height);
    cairo_set_source_surface(cr, *surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_BEST);
    cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
    cairo_paint(cr);
    const cairo_status_t status = cairo_status(cr);
    cairo_destroy(cr);
    cairo_surface_destroy(*surface);
    *surface = small;
    return status ? alx_report_fail(err, ALX_NO_MEMORY, "cairo: an image: %s", cairo_status_to_string(status)) : ALX_OK;
}

alx_status alx_encode_image(alx_markup *out, const alx_raster *image, int most, alx_error *err)
{
    if (image->width <= EXACT_MOST && image->height <= EXACT_MOST) return alx_encode_png(out, image, err);
    cairo_surface_t *surface;
    alx_status status = alx_raster_surface(&surface, image, err);
    if (!status) status = reduce(&surface, most, err);
    if (!status) status = surface_jpeg(out, surface, err);
    cairo_surface_destroy(surface);
    return status;
}

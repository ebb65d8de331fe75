/* Pictures as data: URIs. */
#ifndef ALX_REPORT_ENCODE_H
#define ALX_REPORT_ENCODE_H

#include "report/canvas.h"

/* An image of at most 64 pixels a side as PNG, exactly; larger ones, reduced to `most` pixels on the longer side where
 * they have more, as JPEG. */
alx_status alx_encode_image(alx_markup *out, const alx_raster *image, int most, alx_error *err);
/* Exactly, as PNG. */
alx_status alx_encode_png(alx_markup *out, const alx_raster *image, alx_error *err);
/* A cairo surface of 0x00RRGGBB words; destroy it. */
alx_status alx_raster_surface(cairo_surface_t **surface, const alx_raster *image, alx_error *err);

#endif

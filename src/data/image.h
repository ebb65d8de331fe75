/* An image file becomes 8-bit RGB pixels. */
#ifndef ALX_DATA_IMAGE_H
#define ALX_DATA_IMAGE_H

#include <stdint.h>

#include "base/status.h"

/* height x width x 3 bytes, row by row, no padding.  A zeroed alx_image is empty
 * and ready; its memory is reused by the next decode when it is large enough. */
typedef struct alx_image {
    int width, height;
    uint8_t *rgb;
    size_t capacity;
} alx_image;

enum { ALX_IMAGE_MAX_SIDE = 32768, ALX_IMAGE_MAX_PIXELS = 100 * 1000 * 1000, ALX_IMAGE_MAX_FILE = 256 << 20 };

void alx_image_finish(alx_image *image);
/* Room for width x height x 3 bytes; checks the limits above. */
alx_status alx_image_reserve(alx_image *image, int width, int height, alx_error *err);
/* Decode by content, whatever the name says.  A JPEG's EXIF orientation is applied;
 * grey, palette, 16-bit (to 8 by rounding v / 257), alpha (composed on white) and
 * CMYK / YCCK JPEG become RGB.  Colour profiles and gamma are ignored, as Pillow does.  Other known kinds are named
 * with a remedy.  The size that the header claims is checked before anything is allocated. */
alx_status alx_image_decode(alx_image *image, const uint8_t *bytes, size_t count, alx_error *err);
/* Reads at most 256 MiB and decodes.  The message begins with the path. */
alx_status alx_image_read(alx_image *image, const char *path, alx_error *err);

#endif

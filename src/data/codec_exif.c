/* EXIF orientation: libexif reads it, this file applies it. */
#include <libexif/exif-data.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "data/codec.h"

int alx_exif_orientation(const uint8_t *exif, size_t count)
{
    if (count > UINT_MAX) return 1;
    ExifData *data = exif_data_new_from_data(exif, (unsigned)count);
    if (!data) return 1;
    ExifEntry *entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    int orientation = 1;
    if (entry && entry->format == EXIF_FORMAT_SHORT && entry->components >= 1 && entry->data)
        orientation = exif_get_short(entry->data, exif_data_get_byte_order(data));
    exif_data_unref(data);
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

/* How the upright image is read out of the stored one: rows and columns swapped,
 * then columns and rows counted from the other end (of the stored image). */
static const struct {
    int swap, from_right, from_bottom;
} orientations[9] = {
    [2] = {0, 1, 0}, /* mirrored */
    [3] = {0, 1, 1}, /* upside down */
    [4] = {0, 0, 1}, /* mirrored upside down */
    [5] = {1, 0, 0}, /* transposed */
    [6] = {1, 0, 1}, /* needs a quarter turn clockwise */
    [7] = {1, 1, 1}, /* transposed about the other diagonal */
    [8] = {1, 1, 0}, /* needs a quarter turn counter-clockwise */
};

/* Counted from the other end of `pixels` pixels. */
static alx_extent from_end(alx_extent extent, int pixels)
{
    return extent.length > 0 ? (alx_extent){pixels - extent.start - extent.length, extent.length} : extent;
}

alx_status alx_image_orient(alx_image *image, int orientation, alx_error *err)
{
    if (orientation < 2 || orientation > 8) return ALX_OK;
    ptrdiff_t w = image->width, h = image->height;
    ptrdiff_t right = orientations[orientation].from_right ? -3 : 3; /* one stored column on, in bytes */
    ptrdiff_t down = orientations[orientation].from_bottom ? -3 * w : 3 * w;
    const uint8_t *corner = image->rgb + (right < 0 ? 3 * (w - 1) : 0) + (down < 0 ? 3 * w * (h - 1) : 0);
    int swap = orientations[orientation].swap;

    alx_image upright = {0};
    ALX_TRY(alx_image_reserve(&upright, (int)(swap ? h : w), (int)(swap ? w : h), err));
    ptrdiff_t across = swap ? down : right, along = swap ? right : down;
    uint8_t *out = upright.rgb;
    for (int y = 0; y < upright.height; y++) {
        const uint8_t *in = corner + y * along;
        for (int x = 0; x < upright.width; x++, in += across, out += 3) memcpy(out, in, 3);
    }
    const alx_extent columns =
        orientations[orientation].from_right ? from_end(image->across, image->width) : image->across;
    const alx_extent rows = orientations[orientation].from_bottom ? from_end(image->down, image->height) : image->down;
    upright.across = swap ? rows : columns;
    upright.down = swap ? columns : rows;
    upright.full_width = swap ? image->full_height : image->full_width;
    upright.full_height = swap ? image->full_width : image->full_height;
    alx_image_finish(image);
    *image = upright;
    return ALX_OK;
}

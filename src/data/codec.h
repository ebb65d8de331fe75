/* What image.c and the codecs share.  Each library's header stays inside its codec. */
#ifndef ALX_DATA_CODEC_H
#define ALX_DATA_CODEC_H

#include <stdbool.h>

#include "data/image.h"

/* Decodes into image as RGB and sets its traits; bytes are known to begin as this kind does.  need may be NULL, and is
 * what the codecs are free to make use of. */
typedef alx_status alx_codec(alx_image *image, const uint8_t *bytes, size_t count, const alx_image_need *need,
                             alx_error *err);
alx_codec alx_codec_jpeg, alx_codec_png, alx_codec_webp;

/* The limits of image.h, for codecs whose library takes memory before it tells how many channels there are. */
alx_status alx_image_check_size(int64_t width, int64_t height, alx_error *err);
/* What a header claims against the file's size: no sound file of this kind packs more than `most` pixels into a byte.
 * Asked before anything is allocated. */
alx_status alx_image_check_claim(const char *kind, int64_t width, int64_t height, size_t count, double most,
                                 alx_error *err);
/* As alx_image_reserve, with bytes_per_pixel 3 or 4: codecs decode RGBA and CMYK
 * into image->rgb and then shrink it in place. */
alx_status alx_image_reserve_as(alx_image *image, int64_t width, int64_t height, int bytes_per_pixel, alx_error *err);

/* RGBA in image->rgb becomes RGB on a white ground: (c a + 255 (255 - a)) / 255, rounded.  True when
 * a pixel was transparent. */
bool alx_image_flatten(alx_image *image);

/* What a JPEG's segments say before a decoder is asked. */
typedef struct alx_jpeg_segments {
    size_t scan;         /* where the first scan begins; the file's size where there is none */
    const uint8_t *exif; /* an APP1 segment's Exif block, or NULL */
    size_t exif_count;
    int64_t width, height;
    int64_t blocks; /* of 8x8 coefficients, in all components; 0: no frame header */
    int64_t scans;  /* how often the decoder goes over them */
    bool keeps;     /* progressive, or components in scans of their own: the decoder keeps all coefficients */
} alx_jpeg_segments;

void alx_jpeg_walk(alx_jpeg_segments *segments, const uint8_t *bytes, size_t count);

/* The orientation (1..8) that an Exif block states; 1 when it states none.  The
 * block begins with "Exif\0\0". */
int alx_exif_orientation(const uint8_t *exif, size_t count);
/* Turn and mirror so that an image stored with this orientation stands upright. */
alx_status alx_image_orient(alx_image *image, int orientation, alx_error *err);

#endif

/* An image file becomes 8-bit RGB pixels. */
#ifndef ALX_DATA_IMAGE_H
#define ALX_DATA_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* What a file stored that 8-bit RGB no longer shows. */
enum {
    ALX_IMAGE_GREY = 1 << 0,    /* one channel of brightness */
    ALX_IMAGE_CMYK = 1 << 1,    /* CMYK or YCCK */
    ALX_IMAGE_PALETTE = 1 << 2, /* indices into a table of colours */
    ALX_IMAGE_ALPHA = 1 << 3,   /* some pixels were transparent */
    ALX_IMAGE_DEEP = 1 << 4,    /* 16 bits a channel */
    ALX_IMAGE_TURNED = 1 << 5,  /* EXIF asked to turn or mirror it */
    ALX_IMAGE_ANIMATED = 1 << 6 /* further frames follow the one that was read */
};

/* Why bytes gave no image. */
typedef enum alx_image_fault {
    ALX_FAULT_NONE,
    ALX_FAULT_EMPTY,       /* no byte */
    ALX_FAULT_ZEROS,       /* nothing but zero bytes: space that was reserved and never written */
    ALX_FAULT_FOREIGN,     /* no image, or of no kind that is known */
    ALX_FAULT_UNSUPPORTED, /* an image of a kind that is known by name and not decoded */
    ALX_FAULT_DAMAGED      /* JPEG, PNG or WebP that cannot be decoded: cut off, damaged, too large, animated WebP */
} alx_image_fault;

/* What an axis of an image shows, in pixels; edges may lie inside pixels. */
typedef struct alx_extent {
    double start, length;
} alx_extent;

/* height x width x 3 bytes, row by row, no padding.  A zeroed alx_image is empty
 * and ready; its memory is reused by the next decode when it is large enough. */
typedef struct alx_image {
    int width, height;
    int full_width, full_height; /* of what the file holds: larger than width and height where it was shrunk */
    alx_extent across, down;     /* the part of the pixels that shows it: the file's edge may lie inside a pixel of a
                                  * shrunk image; length 0: all */
    uint8_t *rgb;
    size_t capacity;
    /* Of the last alx_image_decode, one that failed included. */
    size_t bytes;     /* that were decoded */
    const char *kind; /* by content: "JPEG", "PNG", "WebP"; "a GIF image" of those not decoded; NULL: not known */
    unsigned traits;  /* bits above; 0 after a failure */
    alx_image_fault fault;
} alx_image;

enum { ALX_IMAGE_MAX_SIDE = 32768, ALX_IMAGE_MAX_PIXELS = 100 * 1000 * 1000, ALX_IMAGE_MAX_FILE = 256 << 20 };

/* What will be made of an image: a resized one of this size.  A JPEG decoder saves work by giving a smaller image that
 * is still as large on both sides, or with `either` on one of them (the other gets bars). */
typedef struct alx_image_need {
    int width, height;
    bool either;
} alx_image_need;

/* ITU-R 601 luma in Pillow's fixed point. */
static inline uint8_t alx_luma(const uint8_t rgb[3])
{
    return (uint8_t)((19595u * rgb[0] + 38470u * rgb[1] + 7471u * rgb[2] + 0x8000u) >> 16);
}

void alx_image_finish(alx_image *image);
/* Room for width x height x 3 bytes; checks the limits above. */
alx_status alx_image_reserve(alx_image *image, int width, int height, alx_error *err);
/* Decode by content, whatever the name says.  A JPEG's EXIF orientation is applied;
 * grey, palette, 16-bit (to 8 by rounding v / 257), alpha (composed on white) and
 * CMYK / YCCK JPEG become RGB.  Colour profiles and gamma are ignored, as Pillow does.  Other known kinds are named
 * with a remedy.  The size that the header claims is checked before anything is allocated.  need: NULL, or the image
 * may be shrunk to 1/2, 1/4 or 1/8. */
alx_status alx_image_decode(alx_image *image, const uint8_t *bytes, size_t count, const alx_image_need *need,
                            alx_error *err);
/* Reads at most 256 MiB and decodes.  The message begins with the path. */
alx_status alx_image_read(alx_image *image, const char *path, const alx_image_need *need, alx_error *err);

#endif

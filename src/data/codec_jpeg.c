#include <limits.h>
#include <string.h>
#include <turbojpeg.h>

#include "data/codec.h"

#ifndef TJFLAG_LIMITSCANS /* before libjpeg-turbo 2.1 */
#define TJFLAG_LIMITSCANS 0
#endif
/* As Pillow decodes: accurate DCT, smooth chroma.  Thousands of empty progressive
 * scans, which take hours, are refused. */
enum { FLAGS = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS };

enum { COEFFICIENTS = 64 };                          /* of a block, two bytes each */
static const int64_t max_kept = 400 << 20;           /* bytes of coefficients that a decoder keeps */
static const int64_t max_visits = 100 * 1000 * 1000; /* blocks x scans: about a second */

/* What a decoder would take, memory and time, before one is made: the frame's claims are checked against the file. */
static alx_status check_cost(const alx_jpeg_segments *s, size_t count, alx_error *err)
{
    if (s->blocks == 0) return ALX_OK; /* the decoder says what is wrong */
    /* Each block takes a bit at least (arithmetic coding could do with less, of images of one colour). */
    ALX_TRY(alx_image_check_claim("JPEG", s->width, s->height, count, COEFFICIENTS * 8, err));
    if (s->keeps && s->blocks * COEFFICIENTS * 2 > max_kept)
        return alx_fail(err, ALX_BAD_DATA,
                        "a progressive JPEG of %lldx%lld pixels, which takes %lld MiB to decode; save it as baseline "
                        "JPEG, or scale it down",
                        (long long)s->width, (long long)s->height, (long long)(s->blocks * COEFFICIENTS * 2 >> 20));
    if (s->blocks * s->scans > max_visits)
        return alx_fail(err, ALX_BAD_DATA,
                        "a progressive JPEG of %lldx%lld pixels in %lld scans, which takes too long to decode; save it "
                        "as baseline JPEG",
                        (long long)s->width, (long long)s->height, (long long)s->scans);
    return ALX_OK;
}

/* Warnings after which every pixel is still right: cameras and editors write such files. */
static int is_harmless(const char *warning)
{
    static const char *const harmless[] = {"extraneous bytes before marker", "unknown JFIF revision",
                                           "Unknown Adobe color transform"};
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strstr(warning, harmless[i])) return 1;
    return 0;
}

/* The libjpeg inside reports its first warning only, so a harmless one can hide the
 * news that the file ends early: an end marker must follow the first scan. */
static int has_end(const uint8_t *bytes, size_t count, size_t scan)
{
    for (size_t at = count; at >= scan + 2; at--)
        if (bytes[at - 2] == 0xFF && bytes[at - 1] == 0xD9) return 1;
    return 0;
}

/* Pillow's rule: CMYK in JPEG is stored inverted (255: no ink), as Adobe does, marker
 * or not.  Its arithmetic: K - (255 - C) K / 255, rounded. */
static void cmyk_to_rgb(alx_image *image)
{
    size_t pixels = (size_t)image->width * (size_t)image->height;
    const uint8_t *in = image->rgb;
    uint8_t *out = image->rgb; /* stays behind in */
    for (size_t i = 0; i < pixels; i++, in += 4) {
        unsigned k = in[3];
        for (int c = 0; c < 3; c++) {
            unsigned ink = (255u - in[c]) * k + 128;
            *out++ = (uint8_t)(k - (((ink >> 8) + ink) >> 8));
        }
    }
}

/* The decoder's reduction of width x height, as stored: the largest that leaves what is needed.  7/8, 5/8 and the like
 * take longer than the whole image.  Small images are decoded whole, which also keeps apart the factors that would give
 * them the same size: the decoder is told sizes. */
static int find_shrink(const alx_image_need *need, int width, int height, bool swapped)
{
    enum { MOST = 8, LEAST_SIDE = 8 };
    if (!need) return 1;
    const int across = swapped ? need->height : need->width, down = swapped ? need->width : need->height;
    for (int shrink = MOST; shrink > 1; shrink /= 2) {
        if (width < LEAST_SIDE * shrink || height < LEAST_SIDE * shrink) continue;
        const bool wide = width / shrink >= across, high = height / shrink >= down;
        if (need->either ? wide || high : wide && high) return shrink;
    }
    return 1;
}

static alx_status decode(tjhandle tj, alx_image *image, unsigned *traits, const uint8_t *bytes, size_t count,
                         const alx_jpeg_segments *stored, int orientation, const alx_image_need *need, alx_error *err)
{
    int width = 0, height = 0, subsampling = -1, space = -1;
    int failed = tjDecompressHeader3(tj, bytes, (unsigned long)count, &width, &height, &subsampling, &space);
    /* 2.x fails on uncommon chroma subsampling that it decodes well: the size counts. */
    if (failed && (width < 1 || height < 1 || space < 0))
        return alx_fail(err, ALX_BAD_DATA, "damaged JPEG: %s; copy or download it again", tjGetErrorStr2(tj));
    if (width < 1 || height < 1) /* tables alone: the decoder has no complaint */
        return alx_fail(err, ALX_BAD_DATA,
                        "damaged or truncated JPEG: there is no image in it; copy or download it again");
    /* What was checked must be what is decoded. */
    if (width != stored->width || height != stored->height)
        return alx_fail(err, ALX_BAD_DATA, "damaged JPEG: a frame of %dx%d pixels out of place; save it again", width,
                        height);
    int cmyk = space == TJCS_CMYK || space == TJCS_YCCK;
    ALX_TRY(alx_image_check_size(width, height, err));
    const int shrink = find_shrink(need, width, height, orientation >= 5);
    const int across = (width + shrink - 1) / shrink, down = (height + shrink - 1) / shrink;
    ALX_TRY(alx_image_reserve_as(image, across, down, cmyk ? 4 : 3, err));

    /* The first try stops at any warning: damaged files end quickly. */
    int format = cmyk ? TJPF_CMYK : TJPF_RGB;
    failed = tjDecompress2(tj, bytes, (unsigned long)count, image->rgb, across, 0, down, format,
                           FLAGS | TJFLAG_STOPONWARNING);
    if (failed && is_harmless(tjGetErrorStr2(tj)) && has_end(bytes, count, stored->scan)) {
        failed = tjDecompress2(tj, bytes, (unsigned long)count, image->rgb, across, 0, down, format, FLAGS);
        if (failed && tjGetErrorCode(tj) == TJERR_WARNING && is_harmless(tjGetErrorStr2(tj))) failed = 0;
    }
    if (failed)
        return alx_fail(err, ALX_BAD_DATA, "damaged or truncated JPEG: %s; copy or download it again",
                        tjGetErrorStr2(tj));
    if (cmyk) cmyk_to_rgb(image);
    if (shrink > 1) {
        image->full_width = width;
        image->full_height = height;
        image->across = (alx_extent){0, (double)width / shrink};
        image->down = (alx_extent){0, (double)height / shrink};
    }
    *traits = cmyk ? ALX_IMAGE_CMYK : space == TJCS_GRAY ? ALX_IMAGE_GREY : 0;
    return ALX_OK;
}

alx_status alx_codec_jpeg(alx_image *image, const uint8_t *bytes, size_t count, const alx_image_need *need,
                          alx_error *err)
{
    alx_jpeg_segments stored;
    alx_jpeg_walk(&stored, bytes, count);
    ALX_TRY(check_cost(&stored, count, err));
    const int orientation = stored.exif ? alx_exif_orientation(stored.exif, stored.exif_count) : 1;
    tjhandle tj = tjInitDecompress();
    if (!tj) return alx_fail(err, ALX_NO_MEMORY, "out of memory: no JPEG decoder");
    unsigned traits = 0;
    alx_status status = decode(tj, image, &traits, bytes, count, &stored, orientation, need, err);
    tjDestroy(tj);
    if (!status && orientation != 1) status = alx_image_orient(image, orientation, err);
    image->traits = traits | (orientation != 1 ? ALX_IMAGE_TURNED : 0);
    return status;
}

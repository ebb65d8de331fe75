#include "data/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "data/codec.h"

/* A kind of file by its first bytes.  What is not decoded is named, with a way out:
 * `suffix` for what ImageMagick converts, otherwise `advice`. */
typedef struct file_kind {
    size_t offset;
    const char *magic;
    size_t length;
    alx_codec *decode;
    const char *name, *suffix, *advice;
} file_kind;

#define MAGIC(offset, bytes) offset, bytes, sizeof bytes - 1

static const char export_it[] = "export it as PNG or JPEG";
static const char not_image[] = "remove it or put an image in its place";

static const file_kind kinds[] = {
    {MAGIC(0, "\xFF\xD8\xFF"), alx_codec_jpeg, "JPEG", NULL, NULL},
    {MAGIC(0, "\x89PNG\r\n\x1A\n"), alx_codec_png, "PNG", NULL, NULL},
    {MAGIC(8, "WEBP"), alx_codec_webp, "WebP", NULL, NULL},
    {MAGIC(0, "GIF8"), NULL, "a GIF image", "gif[0]", NULL},
    {MAGIC(0, "II*\0"), NULL, "a TIFF image", "tif", NULL},
    {MAGIC(0, "MM\0*"), NULL, "a TIFF image", "tif", NULL},
    {MAGIC(0, "II+\0"), NULL, "a BigTIFF image", "tif", NULL},
    {MAGIC(0, "MM\0+"), NULL, "a BigTIFF image", "tif", NULL},
    {MAGIC(0, "BM"), NULL, "a BMP image", "bmp", NULL},
    {MAGIC(4, "ftypavif"), NULL, "an AVIF image", "avif", NULL},
    {MAGIC(4, "ftypavis"), NULL, "an animated AVIF image", "avif[0]", NULL},
    {MAGIC(4, "ftyphei"), NULL, "a HEIC image", "heic", NULL},
    {MAGIC(4, "ftyphev"), NULL, "an animated HEIC image", "heic[0]", NULL},
    {MAGIC(4, "ftypmif1"), NULL, "a HEIF image", "heif", NULL},
    {MAGIC(4, "ftypmsf1"), NULL, "a HEIF image", "heif", NULL},
    {MAGIC(4, "ftypcrx "), NULL, "a Canon raw image", NULL, export_it},
    {MAGIC(4, "ftyp"), NULL, "a video (MP4 or QuickTime)", NULL, "export frames as JPEG: ffmpeg -i in.mp4 %06d.jpg"},
    {MAGIC(0, "\xFF\x0A"), NULL, "a JPEG XL image", "jxl", NULL},
    {MAGIC(0, "\0\0\0\x0CJXL "), NULL, "a JPEG XL image", "jxl", NULL},
    {MAGIC(0, "\0\0\0\x0CjP  "), NULL, "a JPEG 2000 image", "jp2", NULL},
    {MAGIC(0, "\xFF\x4F\xFF\x51"), NULL, "a JPEG 2000 image", "j2k", NULL},
    {MAGIC(0, "8BPS"), NULL, "a Photoshop image", "psd[0]", NULL},
    {MAGIC(0, "\0\0\x01\0"), NULL, "a Windows icon", "ico[0]", NULL},
    {MAGIC(0, "DDS "), NULL, "a DDS texture", "dds", NULL},
    {MAGIC(0, "\x76\x2F\x31\x01"), NULL, "an OpenEXR image", "exr", NULL},
    {MAGIC(0, "#?RADIANCE"), NULL, "a Radiance HDR image", "hdr", NULL},
    {MAGIC(0, "P4"), NULL, "a PBM image", "pbm", NULL},
    {MAGIC(0, "P5"), NULL, "a PGM image", "pgm", NULL},
    {MAGIC(0, "P6"), NULL, "a PPM image", "ppm", NULL},
    {MAGIC(0, "qoif"), NULL, "a QOI image", "qoi", NULL},
    {MAGIC(0, "\x8AMNG"), NULL, "an MNG animation", "mng[0]", NULL},
    {MAGIC(0, "<svg"), NULL, "an SVG drawing", "svg", NULL},
    {MAGIC(0, "%PDF"), NULL, "a PDF document", "pdf[0]", NULL},
    {MAGIC(0, "<?xml"), NULL, "an XML file, perhaps an SVG drawing", "svg", NULL},
    {MAGIC(0, "<!DOCTYPE"), NULL, "a web page", NULL, "download the image again"},
    {MAGIC(0, "<!doctype"), NULL, "a web page", NULL, "download the image again"},
    {MAGIC(0, "<html"), NULL, "a web page", NULL, "download the image again"},
    {MAGIC(0, "version https://git-lfs"), NULL, "a Git LFS pointer", NULL, "fetch the image: git lfs pull"},
    {MAGIC(0, "PK\3\4"), NULL, "a ZIP archive", NULL, "unpack it"},
    {MAGIC(0, "\x1F\x8B"), NULL, "gzip data", NULL, "unpack it"},
    {MAGIC(0, "\x93NUMPY"), NULL, "a NumPy array", NULL, export_it},
    {MAGIC(128, "DICM"), NULL, "a DICOM image", NULL, export_it},
};

static const file_kind *sniff(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const file_kind *k = &kinds[i];
        if (count >= k->offset + k->length && memcmp(bytes + k->offset, k->magic, k->length) == 0) return k;
    }
    return NULL;
}

/* The start is UTF-8 without control characters; the last character may be cut. */
static bool looks_like_text(const uint8_t *bytes, size_t count)
{
    size_t n = count < 256 ? count : 256;
    for (size_t i = 0; i < n; i++)
        if (bytes[i] < ' ' && (bytes[i] == 0 || !strchr("\t\n\r\f", bytes[i]))) return false;
    for (size_t cut = 0; cut < 4 && cut < n; cut++)
        if (alx_text_is_utf8((const char *)bytes, n - cut)) return true;
    return false;
}

static alx_status unknown_kind(const uint8_t *bytes, size_t count, alx_error *err)
{
    if (looks_like_text(bytes, count)) return alx_fail(err, ALX_BAD_DATA, "text, not an image; %s", not_image);
    char start[8 * 3 + 1] = "";
    for (size_t i = 0; i < 8 && i < count; i++) snprintf(start + i * 3, 4, " %02x", bytes[i]);
    return alx_fail(err, ALX_BAD_DATA, "not a JPEG, PNG or WebP image (it begins with%s); %s", start, not_image);
}

static int is_zeros(const uint8_t *bytes, size_t count)
{
    return count > 0 && bytes[0] == 0 && memcmp(bytes, bytes + 1, count - 1) == 0;
}

static alx_image_fault fault_of(const file_kind *kind, const uint8_t *bytes, size_t count)
{
    if (count == 0) return ALX_FAULT_EMPTY;
    if (!kind) return is_zeros(bytes, count) ? ALX_FAULT_ZEROS : ALX_FAULT_FOREIGN;
    if (kind->decode) return ALX_FAULT_DAMAGED;
    return kind->suffix || kind->advice == export_it ? ALX_FAULT_UNSUPPORTED : ALX_FAULT_FOREIGN;
}

static alx_status decode(alx_image *image, const file_kind *kind, const uint8_t *bytes, size_t count,
                         const alx_image_need *need, alx_error *err)
{
    if (count == 0) return alx_fail(err, ALX_BAD_DATA, "the file is empty; copy or download it again");
    if (!kind && is_zeros(bytes, count))
        return alx_fail(err, ALX_BAD_DATA, "the file holds nothing but zeros; copy or download it again");
    if (!kind) return unknown_kind(bytes, count, err);
    if (kind->decode) return kind->decode(image, bytes, count, need, err);
    if (!kind->suffix)
        return alx_fail(err, ALX_BAD_DATA, "%s, which cannot be read as an image; %s", kind->name, kind->advice);
    return alx_fail(err, ALX_BAD_DATA,
                    "%s, a kind that is not read; convert it to PNG or JPEG, for example: convert in.%s out.png "
                    "(ImageMagick)",
                    kind->name, kind->suffix);
}

alx_status alx_image_decode(alx_image *image, const uint8_t *bytes, size_t count, const alx_image_need *need,
                            alx_error *err)
{
    const file_kind *kind = sniff(bytes, count);
    alx_status status = decode(image, kind, bytes, count, need, err);
    image->bytes = count;
    image->kind = kind ? kind->name : NULL;
    image->fault = status == ALX_BAD_DATA ? fault_of(kind, bytes, count) : ALX_FAULT_NONE;
    if (status) image->traits = 0;
    return status;
}

alx_status alx_image_read(alx_image *image, const char *path, const alx_image_need *need, alx_error *err)
{
    uint8_t *bytes = NULL;
    size_t count = 0;
    ALX_TRY(alx_file_read(&bytes, &count, path, ALX_IMAGE_MAX_FILE, err));
    alx_status status = alx_image_decode(image, bytes, count, need, err);
    free(bytes);
    alx_printable name;
    return status ? alx_where(err, status, "%s", alx_text_printable(path, name)) : ALX_OK;
}

void alx_image_finish(alx_image *image)
{
    free(image->rgb);
    *image = (alx_image){0};
}

alx_status alx_image_check_size(int64_t width, int64_t height, alx_error *err)
{
    if (width < 1 || height < 1)
        return alx_fail(err, ALX_BAD_DATA, "an image of %lldx%lld pixels", (long long)width, (long long)height);
    if (width > ALX_IMAGE_MAX_SIDE || height > ALX_IMAGE_MAX_SIDE || width * height > ALX_IMAGE_MAX_PIXELS)
        return alx_fail(err, ALX_BAD_DATA,
                        "an image of %lldx%lld pixels; at most %d a side and %d million in all are read: scale it down",
                        (long long)width, (long long)height, ALX_IMAGE_MAX_SIDE, ALX_IMAGE_MAX_PIXELS / 1000000);
    return ALX_OK;
}

alx_status alx_image_check_claim(const char *kind, int64_t width, int64_t height, size_t count, double most,
                                 alx_error *err)
{
    ALX_TRY(alx_image_check_size(width, height, err));
    if ((double)(width * height) <= most * (double)count) return ALX_OK;
    return alx_fail(err, ALX_BAD_DATA,
                    "damaged or truncated %s: it claims %lldx%lld pixels, more than its %zu bytes can hold; copy or "
                    "download it again",
                    kind, (long long)width, (long long)height, count);
}

alx_status alx_image_reserve_as(alx_image *image, int64_t width, int64_t height, int bytes_per_pixel, alx_error *err)
{
    ALX_TRY(alx_image_check_size(width, height, err));
    size_t size = (size_t)(width * height) * (size_t)bytes_per_pixel;
    /* A huge image's memory is not kept for the small ones behind it: each thread has one such buffer. */
    enum { SPARE = 64 << 20 };
    if (size > image->capacity || image->capacity - size > SPARE) {
        alx_image_finish(image); /* nothing in it is worth copying */
        image->rgb = alx_realloc(NULL, size, 1, err);
        if (!image->rgb) return ALX_NO_MEMORY;
        image->capacity = size;
    }
    image->width = image->full_width = (int)width;
    image->height = image->full_height = (int)height;
    image->across = image->down = (alx_extent){0};
    return ALX_OK;
}

alx_status alx_image_reserve(alx_image *image, int width, int height, alx_error *err)
{
    return alx_image_reserve_as(image, width, height, 3, err);
}

bool alx_image_flatten(alx_image *image)
{
    unsigned least = 255;
    size_t pixels = (size_t)image->width * (size_t)image->height;
    const uint8_t *in = image->rgb;
    uint8_t *out = image->rgb; /* stays behind in */
    for (size_t i = 0; i < pixels; i++, in += 4) {
        unsigned alpha = in[3], white = 255 * (255 - alpha);
        if (alpha < least) least = alpha;
        for (int c = 0; c < 3; c++) *out++ = (uint8_t)((in[c] * alpha + white + 127) / 255);
    }
    return least < 255;
}

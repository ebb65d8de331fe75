#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "data/codec.h"

/* libpng's plain interface rather than its simplified one, which applies the gAMA
 * chunk, blends alpha in linear light and takes 16-bit samples for linear.  Pillow
 * and the Python world do none of that. */

typedef struct png_state {
    const uint8_t *bytes;
    size_t count, at;
    char message[200];
} png_state;

static _Noreturn void on_error(png_structp png, png_const_charp message)
{
    png_state *state = png_get_error_ptr(png);
    snprintf(state->message, sizeof state->message, "%s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void on_read(png_structp png, png_bytep out, size_t count)
{
    png_state *state = png_get_io_ptr(png);
    if (count > state->count - state->at) png_error(png, "the file ends early");
    memcpy(out, state->bytes + state->at, count);
    state->at += count;
}

/* Whether an animation's control chunk stands in front of the pixels; libpng reads the first frame alone. */
static bool is_animated(const uint8_t *bytes, size_t count)
{
    size_t at = 8;
    while (at + 12 <= count && memcmp(bytes + at + 4, "IDAT", 4) != 0) {
        if (memcmp(bytes + at + 4, "acTL", 4) == 0) return true;
        size_t length =
            (size_t)bytes[at] << 24 | (size_t)bytes[at + 1] << 16 | (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (length > count - at - 12) break;
        at += 12 + length;
    }
    return false;
}

/* As stored: before the transformations are asked for. */
static unsigned stored_traits(png_structp png, png_infop info)
{
    int type = png_get_color_type(png, info);
    unsigned traits = type == PNG_COLOR_TYPE_PALETTE ? ALX_IMAGE_PALETTE : 0;
    if (type == PNG_COLOR_TYPE_GRAY || type == PNG_COLOR_TYPE_GRAY_ALPHA) traits |= ALX_IMAGE_GREY;
    if (png_get_bit_depth(png, info) == 16) traits |= ALX_IMAGE_DEEP;
    return traits;
}

/* Leaves through longjmp on damage; owns nothing that would leak. */
static alx_status read_pixels(png_structp png, png_infop info, alx_image *image, alx_error *err)
{
    const png_state *state = png_get_io_ptr(png);
    /* Nothing but what makes pixels: palette, transparency, data. */
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff); /* ours come with a remedy */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    /* No fuzzer guesses a checksum. */
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
#endif
    png_read_info(png, info);
    int64_t width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    /* Deflate makes at most 1032 bytes of one.  Here, because png_read_update_info takes the memory of a row. */
    const int bits = png_get_bit_depth(png, info) * png_get_channels(png, info);
    ALX_TRY(alx_image_check_claim("PNG", width, height, state->count, 1032.0 * 8 / bits, err));

    unsigned traits = stored_traits(png, info);
    png_set_expand(png);
    png_set_scale_16(png); /* v / 257, rounded */
    png_set_gray_to_rgb(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    int channels = png_get_channels(png, info);
    ALX_TRY(alx_image_reserve_as(image, width, height, channels, err));
    size_t stride = png_get_rowbytes(png, info);
    if (stride != (size_t)image->width * (size_t)channels || (channels != 3 && channels != 4))
        return alx_fail(err, ALX_BAD_DATA, "a PNG of an unknown layout; save it again as plain RGB");
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < image->height; y++) png_read_row(png, image->rgb + (size_t)y * stride, NULL);
    png_read_end(png, NULL);
    if (channels == 4 && alx_image_flatten(image)) traits |= ALX_IMAGE_ALPHA;
    image->traits = traits;
    return ALX_OK;
}

alx_status alx_codec_png(alx_image *image, const uint8_t *bytes, size_t count, const alx_image_need *need,
                         alx_error *err)
{
    (void)need; /* this kind cannot be decoded in part */
    png_state state = {.bytes = bytes, .count = count};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        return alx_fail(err, ALX_NO_MEMORY, "out of memory: no PNG decoder");
    }
    alx_status status;
    if (setjmp(png_jmpbuf(png))) {
        status = alx_fail(err, ALX_BAD_DATA, "damaged or truncated PNG: %s; copy or download it again", state.message);
    } else {
        png_set_read_fn(png, &state, on_read);
        status = read_pixels(png, info, image, err);
    }
    png_destroy_read_struct(&png, &info, NULL);
    if (!status && is_animated(bytes, count)) image->traits |= ALX_IMAGE_ANIMATED;
    return status;
}

#include <webp/decode.h>

#include "data/codec.h"

static const char *trouble(VP8StatusCode code)
{
    static const char *const texts[] = {
        [VP8_STATUS_OUT_OF_MEMORY] = "out of memory",
        [VP8_STATUS_INVALID_PARAM] = "invalid parameter",
        [VP8_STATUS_BITSTREAM_ERROR] = "the data are damaged",
        [VP8_STATUS_UNSUPPORTED_FEATURE] = "it uses an unknown feature",
        [VP8_STATUS_SUSPENDED] = "the file ends early",
        [VP8_STATUS_USER_ABORT] = "stopped",
        [VP8_STATUS_NOT_ENOUGH_DATA] = "the file ends early",
    };
    size_t i = (size_t)code;
    return i < sizeof texts / sizeof *texts && texts[i] ? texts[i] : "the data are damaged";
}

static alx_status damaged(VP8StatusCode code, alx_error *err)
{
    if (code == VP8_STATUS_OUT_OF_MEMORY) return alx_fail(err, ALX_NO_MEMORY, "out of memory in the WebP decoder");
    return alx_fail(err, ALX_BAD_DATA, "damaged or truncated WebP: %s; copy or download it again", trouble(code));
}

alx_status alx_codec_webp(alx_image *image, const uint8_t *bytes, size_t count, const alx_image_need *need,
                          alx_error *err)
{
    (void)need; /* this kind cannot be decoded in part */
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return alx_fail(err, ALX_UNSUPPORTED, "libwebp is another version than at build time; rebuild the program");
    VP8StatusCode code = WebPGetFeatures(bytes, count, &config.input);
    if (code != VP8_STATUS_OK) return damaged(code, err);
    if (config.input.has_animation)
        return alx_fail(err, ALX_BAD_DATA,
                        "an animated WebP; take one frame, for example with ImageMagick: convert in.webp[0] out.png");

    /* Lossy pixels come in blocks of 16x16 whose modes alone take some bits: RFC 6386, 11.2.  A lossless image of one
     * colour takes none, so there the limits of size are the only ones. */
    enum { LOSSY = 1, MOST = 16 * 16 * 8 };
    if (config.input.format == LOSSY)
        ALX_TRY(alx_image_check_claim("WebP", config.input.width, config.input.height, count, MOST, err));
    int channels = config.input.has_alpha ? 4 : 3;
    ALX_TRY(alx_image_reserve_as(image, config.input.width, config.input.height, channels, err));
    config.output.colorspace = channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = image->rgb;
    config.output.u.RGBA.stride = image->width * channels;
    config.output.u.RGBA.size = (size_t)image->width * (size_t)image->height * (size_t)channels;
    code = WebPDecode(bytes, count, &config);
    WebPFreeDecBuffer(&config.output);
    if (code != VP8_STATUS_OK) return damaged(code, err);
    image->traits = channels == 4 && alx_image_flatten(image) ? ALX_IMAGE_ALPHA : 0;
    return ALX_OK;
}

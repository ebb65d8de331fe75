/* From a decoded image to what the network is given.  Stored in the model, so that
 * training and serving see the same pixels. */
#ifndef ALX_DATA_PREPROCESS_H
#define ALX_DATA_PREPROCESS_H

#include <stdint.h>

#include "base/option.h"
#include "data/resample.h"

typedef enum alx_resize {
    ALX_RESIZE_STRETCH, /* both sides to size, aspect ignored (Keras' generators) */
    ALX_RESIZE_COVER,   /* shorter side to size, centre cut out (torchvision's Resize and CenterCrop) */
    ALX_RESIZE_CONTAIN  /* longer side to size, black bars (Pillow's ImageOps.pad) */
} alx_resize;

typedef enum alx_decode {
    ALX_DECODE_EXACT, /* as Pillow decodes */
    ALX_DECODE_FAST   /* JPEG at 1/2, 1/4 or 1/8, where that is no smaller than what resizing makes */
} alx_decode;

typedef struct alx_preprocess {
    alx_decode decode;
    alx_resize resize;
    alx_filter filter;
    int image_height, image_width; /* after resizing */
    int height, width,
        channels;           /* the network's input: a centre crop of it; channels 3 or 1 (ITU-R 601 luma, as Pillow) */
    double rescale;         /* value = pixel * rescale */
    double mean[3], std[3]; /* then (value - mean) / std, per channel */
} alx_preprocess;

/* Their names, as options and model files spell them. */
extern const alx_choice alx_decode_choices[], alx_resize_choices[], alx_filter_choices[];

/* The exact line that the model stores and a reader parses: JSON. */
alx_status alx_preprocess_write(alx_text *json, const alx_preprocess *p, alx_error *err);
alx_status alx_preprocess_parse(alx_preprocess *p, const char *json, alx_error *err);
/* "227x227 stretch bilinear, x 1/255" */
void alx_preprocess_describe(alx_text *text, const alx_preprocess *p);

/* What decoders are told: `need`, filled, or NULL where decode is exact. */
const alx_image_need *alx_preprocess_need(const alx_preprocess *p, alx_image_need *need);
/* Resize to image_height x image_width; out has room for that x 3 bytes.  scratch is kept between calls. */
alx_status alx_preprocess_resize(const alx_preprocess *p, alx_resampler *scratch, const uint8_t *rgb, int width,
                                 int height, uint8_t *out, alx_error *err);
/* The same of an image that may have been shrunk: places are those of the whole one. */
alx_status alx_preprocess_resize_image(const alx_preprocess *p, alx_resampler *scratch, const alx_image *image,
                                       uint8_t *out, alx_error *err);
/* Where an inner length lies centred in an outer one: half the difference, .5 to the
 * even side, as Python rounds (so ImageOps.pad and torchvision's CenterCrop agree). */
int alx_centre_offset(int64_t outer, int64_t inner);
/* Cut height x width at (top, left) out of a resized image, mirror it if asked,
 * scale, and write planes: x is (channels, height, width). */
void alx_preprocess_emit(const alx_preprocess *p, const uint8_t *resized, int top, int left, int mirror, float *x);

/* What scaling makes of each byte, by channel: filled once for many images, of which small ones take no longer. */
typedef struct alx_scaling {
    float value[3][256];
} alx_scaling;
void alx_scaling_fill(alx_scaling *scaling, const alx_preprocess *p);
void alx_preprocess_emit_scaled(const alx_preprocess *p, const alx_scaling *scaling, const uint8_t *resized, int top,
                                int left, int mirror, float *x);

#endif

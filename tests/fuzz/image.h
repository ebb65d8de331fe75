/* Any bytes as an image: one within the limits, or an error with a message.  Then every way of resizing it. */
#ifndef ALX_TESTS_FUZZ_IMAGE_H
#define ALX_TESTS_FUZZ_IMAGE_H

#include "data/preprocess.h"
#include "fuzz/fuzz.h"

static inline void check_image(const uint8_t *data, size_t size)
{
    alx_image image = {0};
    alx_error err = {0};
    alx_status status = alx_image_decode(&image, data, size, NULL, &err);
    if (status) {
        require_refusal(status, &err);
        alx_image_finish(&image);
        return;
    }
    size_t count = (size_t)image.width * (size_t)image.height * 3;
    require(image.width >= 1 && image.width <= ALX_IMAGE_MAX_SIDE && image.height >= 1 &&
            image.height <= ALX_IMAGE_MAX_SIDE && count <= image.capacity && count <= 3u * ALX_IMAGE_MAX_PIXELS);
    uint8_t out[24 * 16 * 3];
    alx_resampler scratch = {0};
    for (int way = 0; way < 12 && count < 1 << 20; way++) {
        alx_preprocess p = {
            .resize = (alx_resize)(way % 3), .filter = (alx_filter)(way / 3), .image_width = 24, .image_height = 16};
        require(alx_preprocess_resize(&p, &scratch, image.rgb, image.width, image.height, out, &err) == ALX_OK);
    }
    /* What can be decoded can be decoded smaller, and shows as large an image. */
    const int width = image.full_width, height = image.full_height;
    for (int way = 0; way < 3 && count < 1 << 20; way++) {
        alx_preprocess p = {.decode = ALX_DECODE_FAST,
                            .resize = (alx_resize)way,
                            .filter = ALX_FILTER_LANCZOS,
                            .image_width = 24,
                            .image_height = 16};
        alx_image_need need;
        require(alx_image_decode(&image, data, size, alx_preprocess_need(&p, &need), &err) == ALX_OK);
        require(image.full_width == width && image.full_height == height);
        require(alx_preprocess_resize_image(&p, &scratch, &image, out, &err) == ALX_OK);
    }
    alx_resampler_finish(&scratch);
    alx_image_finish(&image);
}

/* The same of bytes that begin as this kind of file does, whatever the fuzzer makes of them: mask has an x for each
 * byte of magic that counts. */
static inline void check_kind(const uint8_t *data, size_t size, const char *magic, const char *mask)
{
    uint8_t *copy = malloc(size ? size : 1);
    require(copy != NULL);
    if (size) memcpy(copy, data, size);
    for (size_t i = 0; mask[i] && i < size; i++)
        if (mask[i] == 'x') copy[i] = (uint8_t)magic[i];
    check_image(copy, size);
    free(copy);
}

#endif

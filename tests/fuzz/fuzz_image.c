/* Any bytes: an image within the limits, or an error with a message.  Then every way of resizing it. */
#include <stdlib.h>
#include <string.h>

#include "data/preprocess.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int truth)
{
    if (!truth) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    alx_image image = {0};
    alx_error err = {0};
    alx_status status = alx_image_decode(&image, data, size, NULL, &err);
    if (status) {
        require(status == err.status && err.message[0] && !strchr(err.message, '\n'));
        alx_image_finish(&image);
        return 0;
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
    return 0;
}

/* Any bytes as an Exif block: an orientation, and an image that is turned by it and turned back. */
#include "data/codec.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { W = 3, H = 2 };
    static const int back[9] = {0, 1, 2, 3, 4, 5, 8, 7, 6};
    const int orientation = alx_exif_orientation(data, size);
    require(orientation >= 1 && orientation <= 8);
    alx_image image = {0};
    require(!alx_image_reserve(&image, W, H, NULL));
    for (int i = 0; i < W * H * 3; i++) image.rgb[i] = (uint8_t)i;
    require(!alx_image_orient(&image, orientation, NULL));
    require(image.width == (orientation >= 5 ? H : W) && image.height == (orientation >= 5 ? W : H));
    require(!alx_image_orient(&image, back[orientation], NULL));
    for (int i = 0; i < W * H * 3; i++) require(image.rgb[i] == (uint8_t)i);
    alx_image_finish(&image);
    return 0;
}

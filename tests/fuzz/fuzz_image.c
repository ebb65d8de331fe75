/* Any bytes as an image of whatever kind they begin as. */
#include "fuzz/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_image(data, size);
    return 0;
}

/* Any bytes as a WebP. */
#include "fuzz/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_kind(data, size, "RIFF    WEBP", "xxxx    xxxx");
    return 0;
}

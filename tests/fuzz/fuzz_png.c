/* Any bytes as a PNG. */
#include "fuzz/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_kind(data, size, "\x89PNG\r\n\x1A\n", "xxxxxxxx");
    return 0;
}

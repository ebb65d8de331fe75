/* Any bytes as a JPEG. */
#include "fuzz/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_kind(data, size, "\xFF\xD8\xFF", "xxx");
    return 0;
}

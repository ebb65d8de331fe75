/* Any bytes as a folder's event file, and as an event within a record whose checksums are right. */
#include <stdlib.h>
#include <string.h>

#include "report/event_file.h"
#include "fuzz/fuzz.h"

static void put(unsigned char *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) at[i] = (unsigned char)(value >> 8 * i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *record = malloc(size + 16);
    if (!record) return 0;
    put(record, size, 8);
    put(record + 8, alx_event_checksum(record, 8), 4);
    if (size) memcpy(record + 12, data, size);
    put(record + 12 + size, alx_event_checksum(record + 12, size), 4);
    const int64_t bare = alx_event_last_step(data, size), framed = alx_event_last_step(record, size + 16);
    if (bare < 0 || bare > INT32_MAX || framed < 0 || framed > INT32_MAX) abort();
    free(record);
    return 0;
}

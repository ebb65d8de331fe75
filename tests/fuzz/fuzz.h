/* What the fuzz targets share. */
#ifndef ALX_TESTS_FUZZ_H
#define ALX_TESTS_FUZZ_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(int truth)
{
    if (!truth) abort();
}

/* A refusal has a status and a message of one line.  Never that memory ran out: bytes that bring that about asked for
 * more than they can be worth. */
static inline void require_refusal(alx_status status, const alx_error *err)
{
    require(status != ALX_OK && status != ALX_NO_MEMORY && status == err->status);
    require(err->message[0] && !strchr(err->message, '\n'));
}

#endif

/* Public config structs: their first field is struct_size. */
#ifndef ALX_BASE_CONFIG_H
#define ALX_BASE_CONFIG_H

#include <string.h>

#include "base/status.h"

/* Copy a caller's config over one that holds the defaults, both of type `name`; a caller that was compiled against an
 * older, shorter struct keeps the defaults of the rest.  given may be NULL: all defaults. */
static inline alx_status alx_config_copy(void *config, size_t size, const void *given, const char *name, alx_error *err)
{
    size_t given_size;
    if (!given) return ALX_OK;
    memcpy(&given_size, given, sizeof given_size);
    if (given_size < sizeof given_size || given_size > size)
        return alx_fail(err, ALX_USAGE, "%s has struct_size %zu; call %s_init", name, given_size, name);
    memcpy(config, given, given_size);
    return ALX_OK;
}

#endif

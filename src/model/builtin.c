/* The built-in networks: the files of the folder models, which cmake/embed_models.cmake writes down as rows.  Their
 * first two lines are the help, in English and Chinese. */
#include "model/builtin.h"

#include <string.h>

static const alx_builtin_info builtins[] = {
#include "builtin_models.inc"
};

enum { BUILTIN_COUNT = sizeof builtins / sizeof builtins[0] };

const alx_builtin_info *alx_builtin(int index)
{
    return index >= 0 && index < BUILTIN_COUNT ? &builtins[index] : NULL;
}

const alx_builtin_info *alx_builtin_find(const char *name)
{
    for (int i = 0; i < BUILTIN_COUNT; i++)
        if (strcmp(builtins[i].name, name) == 0) return &builtins[i];
    return NULL;
}

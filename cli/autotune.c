#include "cli/autotune.h"

#include <stdio.h>
#include <stdlib.h>

const char *cli_cache_folder(void)
{
    static char folder[4096];
    const struct {
        const char *base, *below;
    } places[] = {{getenv("XDG_CACHE_HOME"), "alexnet"}, {getenv("HOME"), ".cache/alexnet"}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!places[i].base || *places[i].base != '/') continue; /* others are to be ignored: XDG Base Directory */
        const int length = snprintf(folder, sizeof folder, "%s/%s", places[i].base, places[i].below);
        if (length > 0 && (size_t)length < sizeof folder) return folder;
    }
    return NULL;
}

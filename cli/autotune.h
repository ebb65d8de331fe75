/* --no-autotune, and where measured choices are kept. */
#ifndef ALX_CLI_AUTOTUNE_H
#define ALX_CLI_AUTOTUNE_H

#include "cli/options.h"

/* clang-format off */
#define CLI_NO_AUTOTUNE_ROW(config)                                                                                   \
    {"no-autotune", 0, CLI_FLAG, offsetof(config, no_autotune), NULL, 0, 0,                                           \
     {"take the usual ways to compute convolutions, rather than measure which are fastest here (in seconds, once for "  \
      "each shape: they are remembered in ~/.cache/alexnet)",                                                         \
      "卷积按惯常的方法计算，不在本机实测哪种最快（每种形状只测一次，只需数秒，结果记在 ~/.cache/alexnet）"}}
/* clang-format on */

/* $XDG_CACHE_HOME/alexnet, or ~/.cache/alexnet; NULL where neither is set: nothing is kept. */
const char *cli_cache_folder(void);

#endif

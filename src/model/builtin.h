/* The networks of the folder models, compiled in. */
#ifndef ALX_MODEL_BUILTIN_H
#define ALX_MODEL_BUILTIN_H

#include "alexnet.h"

const alx_builtin_info *alx_builtin_find(const char *name);

#endif

/* model: auto, the starter network that suits the images' size. */
#ifndef ALX_TRAIN_STARTER_H
#define ALX_TRAIN_STARTER_H

#include <stdbool.h>

#include "data/source.h"

bool alx_model_is_auto(const char *model);

/* What `auto` means before any image is seen, so that a recipe can be checked; any other model is itself. */
const char *alx_model_usual(const char *model);

/* A look at the images for `auto`: starter-32 where the median of their longer sides is at most ALX_SMALL_SIDE, else
 * starter.  Any other model is itself, and no image is read. */
enum { ALX_SMALL_SIDE = 48 };
typedef struct alx_model_choice {
    const char *model; /* static, or the one that was given */
    int side;          /* that median in pixels; 0: not looked at, or no image could be read */
} alx_model_choice;
alx_status alx_model_choose(alx_model_choice *choice, const char *model, const alx_sample_list *list, alx_error *err);

#endif

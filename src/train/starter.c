/* The longer sides of a few images decide: what is read in full later, with its faults reported, is only glanced at. */
#include "train/starter.h"

#include <stdlib.h>
#include <string.h>

static const char usual[] = "starter", small[] = "starter-32";

bool alx_model_is_auto(const char *model)
{
    return strcmp(model, "auto") == 0;
}

const char *alx_model_usual(const char *model)
{
    return alx_model_is_auto(model) ? usual : model;
}

static int compare_sides(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

alx_status alx_model_choose(alx_model_choice *choice, const char *model, const alx_sample_list *list, alx_error *err)
{
    enum { LOOKED_AT = 33 };
    *choice = (alx_model_choice){.model = alx_model_usual(model)};
    if (!alx_model_is_auto(model)) return ALX_OK;
    const alx_image_need need = {.width = 1, .height = 1}; /* the size is all that is wanted */
    const int64_t count = list->count < LOOKED_AT ? list->count : LOOKED_AT;
    alx_image image = {0};
    int sides[LOOKED_AT], found = 0;
    alx_status status = ALX_OK;
    for (int64_t i = 0; i < count && status != ALX_NO_MEMORY; i++) {
        status = alx_sample_read(&image, NULL, list, i * list->count / count, &need, err);
        if (!status) sides[found++] = image.full_width > image.full_height ? image.full_width : image.full_height;
    }
    alx_image_finish(&image);
    if (status == ALX_NO_MEMORY) return status;
    if (found == 0) return ALX_OK;
    qsort(sides, (size_t)found, sizeof *sides, compare_sides);
    choice->side = sides[found / 2];
    if (choice->side <= ALX_SMALL_SIDE) choice->model = small;
    return ALX_OK;
}

/* Any bytes as a recipe: refused with a message, or one that writes and reads back as the same text. */
#include <stdlib.h>
#include <string.h>

#include "train/recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct alx_recipe *recipe, *copy;
    alx_error err = {0};
    if (alx_recipe_parse(&recipe, (const char *)data, size, "fuzz.yaml", &err)) {
        if (err.status == ALX_OK || err.message[0] == '\0' || recipe) abort();
        return 0;
    }
    alx_text a = {0}, b = {0};
    if (alx_recipe_copy(&copy, recipe, &err) || alx_recipe_write(&a, recipe, NULL, &err) ||
        alx_recipe_write(&b, copy, NULL, &err))
        abort();
    if (strcmp(a.data, b.data) != 0) abort();
    alx_text_finish(&a);
    alx_text_finish(&b);
    alx_recipe_destroy(copy);
    /* as a command line gives it: key=value on the first line */
    char key[64], value[256];
    const char *equals = memchr(data, '=', size);
    if (equals && equals < (const char *)data + sizeof key) {
        size_t length = (size_t)(equals - (const char *)data), rest = size - length - 1;
        if (rest >= sizeof value) rest = sizeof value - 1;
        memcpy(key, data, length);
        key[length] = '\0';
        memcpy(value, equals + 1, rest);
        value[rest] = '\0';
        if (alx_recipe_set(recipe, key, value, &err) && !err.message[0]) abort();
    }
    alx_recipe_destroy(recipe);
    return 0;
}

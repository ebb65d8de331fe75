/* Any bytes as a recipe: refused with a message, or one that writes and reads back as the same text. */
#include <stdlib.h>
#include <string.h>

#include "train/recipe.h"
#include "fuzz/fuzz.h"

/* As a command line gives it: key=value. */
static void set_option(struct alx_recipe *recipe, const char *text, size_t length)
{
    char key[256], *equals;
    if (length >= sizeof key) length = sizeof key - 1;
    memcpy(key, text, length);
    key[length] = '\0';
    equals = strchr(key, '=');
    if (!equals) return;
    *equals = '\0';
    alx_error err = {0};
    require(alx_recipe_set(recipe, key, equals + 1, &err) == err.status && (err.status == ALX_OK) == !err.message[0] &&
            !strchr(err.message, '\n'));
}

static void write_back(const struct alx_recipe *recipe)
{
    struct alx_recipe *copy;
    alx_text a = {0}, b = {0};
    require(!alx_recipe_copy(&copy, recipe, NULL));
    require(!alx_recipe_write(&a, recipe, NULL, NULL) && !alx_recipe_write(&b, copy, NULL, NULL));
    require(strcmp(a.data, b.data) == 0);
    alx_text_finish(&a);
    alx_text_finish(&b);
    alx_recipe_destroy(copy);
}

/* The first line is an option when it has a '='; what follows, or all of it, is the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *line = size ? memchr(text, '\n', size) : NULL;
    size_t first = line ? (size_t)(line - text) : size;
    bool option = size && memchr(text, '=', first) != NULL;
    size_t skip = option ? first + (line != NULL) : 0;
    struct alx_recipe *recipe = NULL;
    alx_error err = {0};
    if (alx_recipe_parse(&recipe, text + skip, size - skip, "fuzz.yaml", &err)) {
        require_refusal(err.status, &err);
        require(!recipe);
        require(!alx_recipe_create(&recipe, NULL));
    }
    if (option) set_option(recipe, text, first);
    write_back(recipe);
    alx_recipe_destroy(recipe);
    return 0;
}

/* Any bytes as a sweep: refused with a message, or trials whose every value a recipe takes. */
#include <stdlib.h>
#include <string.h>

#include "train/sweep.h"
#include "fuzz/fuzz.h"

enum { TRIED = 50 };

static void set_trials(const alx_sweep *sweep)
{
    alx_recipe *recipe;
    require(!alx_recipe_create(&recipe, NULL));
    for (int t = 0; t < sweep->trial_count && t < TRIED; t++)
        for (int k = 0; k < sweep->key_count; k++)
            require(!alx_recipe_set(recipe, sweep->keys[k], alx_sweep_value(sweep, t, k), NULL));
    alx_recipe_destroy(recipe);
}

/* What was asked, asked again: the same trials. */
static void ask_again(const alx_sweep *sweep, int trials, const alx_recipe *recipe)
{
    alx_sweep again;
    require(!alx_sweep_parse(&again, sweep->asked, strlen(sweep->asked), NULL, trials, 1, recipe, NULL));
    require(again.key_count == sweep->key_count && again.trial_count == sweep->trial_count);
    for (int t = 0; t < sweep->trial_count && t < TRIED; t++)
        for (int k = 0; k < sweep->key_count; k++)
            require(!strcmp(alx_sweep_value(&again, t, k), alx_sweep_value(sweep, t, k)));
    alx_sweep_finish(&again);
}

/* The last byte is the number of trials too: a file that ends in a newline asks for ten. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    alx_recipe *recipe;
    alx_sweep sweep;
    alx_error err = {0};
    const int trials = size ? data[size - 1] % 16 : 0;
    require(!alx_recipe_create(&recipe, NULL));
    alx_status status = alx_sweep_parse(&sweep, (const char *)data, size, "fuzz.yaml", trials, 1, recipe, &err);
    if (status) {
        require_refusal(status, &err);
    } else {
        set_trials(&sweep);
        ask_again(&sweep, trials, recipe);
    }
    alx_sweep_finish(&sweep);
    alx_recipe_destroy(recipe);
    return 0;
}

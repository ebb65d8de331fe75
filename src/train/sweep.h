/* What a sweep asks: a map from recipe keys to lists of values, or to ranges, becomes a table of trials.
 *
 *     learning_rate: [1e-4, 1e-3]                              each of them
 *     weight_decay: {min: 1e-6, max: 1e-2, scale: log}         drawn between them
 *
 * Without a number of trials: every combination of the lists, the last key's values changing fastest.  With one: so
 * many draws (Bergstra and Bengio 2012), different ones where there are lists alone. */
#ifndef ALX_TRAIN_SWEEP_H
#define ALX_TRAIN_SWEEP_H

#include "train/recipe.h"

enum { ALX_SWEEP_MAX_KEYS = 32, ALX_SWEEP_MAX_TRIALS = 10000, ALX_SWEEP_MAX_GRID = 100000, ALX_MAX_FOLDS = 1000 };

/* The trials of a series: what each gives the keys that change. */
typedef struct alx_sweep {
    alx_arena arena;
    int key_count, trial_count;
    const char **keys;   /* "train.learning_rate" */
    const char **values; /* (trial_count, key_count), as alx_recipe_set takes them */
    const char *asked;   /* the map as one line of YAML */
} alx_sweep;

/* Each value is set in a copy of the recipe once, and the networks among them are opened.  file names the text in
 * messages; NULL: it came from a command line.  A zeroed sweep may be finished, also after failure. */
alx_status alx_sweep_parse(alx_sweep *sweep, const char *text, size_t length, const char *file, int trials,
                           uint64_t seed, const struct alx_recipe *recipe, alx_error *err);
/* source: a file, or text that begins with '{'. */
alx_status alx_sweep_read(alx_sweep *sweep, const char *source, int trials, uint64_t seed,
                          const struct alx_recipe *recipe, alx_error *err);
/* The trials of a k-fold cross-validation: data.split.fold is 1 to folds. */
alx_status alx_sweep_folds(alx_sweep *sweep, int folds, const struct alx_recipe *recipe, alx_error *err);
void alx_sweep_finish(alx_sweep *sweep);

static inline const char *alx_sweep_value(const alx_sweep *sweep, int trial, int key)
{
    return sweep->values[(size_t)trial * (size_t)sweep->key_count + (size_t)key];
}

#endif

/* For the tests of training: recipes by keys, and what a run left, as numbers. */
#ifndef TESTS_UNIT_TRAINING_FIXTURE_H
#define TESTS_UNIT_TRAINING_FIXTURE_H

#include "unit/trainer_fixture.h"

typedef struct key {
    const char *name, *value;
} key;

static inline void set_all(alx_recipe *recipe, const key *keys)
{
    for (; keys->name; keys++) set(recipe, keys->name, keys->value);
}

/* With one thread: such small steps wait longer for a second one than they compute. */
static inline alx_recipe *make_quick_recipe(void)
{
    alx_recipe *recipe = make_recipe();
    set(recipe, "threads", "1");
    return recipe;
}

static inline void train(const alx_recipe *recipe, const char *out, witness *w)
{
    alx_error err;
    expect(ALX_OK, run_recipe(recipe, at(out), w, &err), &err);
}

static inline void train_quietly(const alx_recipe *recipe, const char *out)
{
    witness w = {0};
    train(recipe, out, &w);
}

/* The field of a column of metrics.csv, row 1, 2 ... */
static inline double metric(const char *run, int row, int column)
{
    size_t size;
    char *csv = (char *)slurp(at(run), "metrics.csv", &size), *s = csv;
    for (int i = 0; i < row; i++) s = strchr(s, '\n') + 1;
    for (int i = 0; i < column; i++) s = strchr(s, ',') + 1;
    const double value = *s == ',' ? NAN : atof(s);
    free(csv);
    return value;
}

enum { LOSS = 1, VAL_LOSS = 3, VAL_ACCURACY = 4, RATE = 5 };

/* The weights of a file of `run`, canonical, one after the other; release with free. */
static inline float *weights_of(const char *run, const char *file, const char *prefix, int64_t *count)
{
    char path[2048];
    snprintf(path, sizeof path, "%s/%s", at(run), file);
    alx_safetensors *opened;
    alx_error err;
    expect(ALX_OK, alx_safetensors_open(&opened, path, &err), &err);
    float *values = NULL;
    *count = 0;
    for (int i = 0; i < alx_safetensors_count(opened); i++) {
        const alx_st_tensor *tensor = alx_safetensors_tensor(opened, i);
        bool plain = strncmp(tensor->name, "ema.", 4) && strncmp(tensor->name, "optimizer.", 10);
        if (*prefix ? strncmp(tensor->name, prefix, strlen(prefix)) != 0 : !plain) continue;
        int64_t size = 1;
        for (int d = 0; d < tensor->rank; d++) size *= tensor->dims[d];
        values = realloc(values, (size_t)(*count + size) * sizeof *values);
        expect(ALX_OK, alx_safetensors_read_f32(opened, tensor, values + *count, &err), &err);
        *count += size;
    }
    alx_safetensors_close(opened);
    return values;
}

/* Largest difference, over the largest value. */
static inline double distance(const char *a_run, const char *a_prefix, const char *b_run, const char *b_prefix)
{
    int64_t a_count, b_count;
    float *a = weights_of(a_run, "last.safetensors", a_prefix, &a_count);
    float *b = weights_of(b_run, "last.safetensors", b_prefix, &b_count);
    double most = 0, largest = 0;
    assert_true(a_count > 0 && a_count == b_count);
    for (int64_t i = 0; i < a_count; i++) {
        most = fmax(most, fabs((double)a[i] - (double)b[i]));
        largest = fmax(largest, fabs((double)b[i]));
    }
    free(a);
    free(b);
    return most / largest;
}

/* Without batch normalisation, whose statistics are of a batch. */
static inline void forget_statistics(void)
{
    replace_in(at("net.yaml"), "  - batch_normalization\n", "");
}

#endif

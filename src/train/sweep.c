#include "train/sweep.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/rng.h"
#include "model/graph.h"
#include "train/starter.h"

typedef enum range_scale { LINEAR, LOG } range_scale;

typedef struct range {
    double min, max;
    int scale; /* range_scale */
} range;

static const double whole_most = 0x1p53; /* whole numbers that a double holds */

static const alx_choice scales[] = {{"linear", LINEAR}, {"log", LOG}, {NULL, 0}};

/* clang-format off */
static const alx_option range_options[] = {
    {"min", ALX_OPTION_NUMBER, offsetof(range, min), NULL, 0, 0, NULL, "low from start",
     {"the smallest value", "最小值"}},
    {"max", ALX_OPTION_NUMBER, offsetof(range, max), NULL, 0, 0, NULL, "high to stop end",
     {"the largest value", "最大值"}},
    {"scale", ALX_OPTION_CHOICE, offsetof(range, scale), "linear", 0, 0, scales, "distribution",
     {"uniform, or uniform in the logarithm", "均匀抽取，或在对数上均匀抽取"}},
    {0},
};
/* clang-format on */

/* One key. */
typedef struct dimension {
    const alx_option *option;
    size_t place; /* of its value in the recipe: Keras' name of a key is no other key */
    int count;    /* of a list; 0: a range */
    const char **values;
    range range;
} dimension;

/* What is read, and the recipe in which every value is tried. */
typedef struct reader {
    alx_sweep *sweep;
    struct alx_recipe *scratch;
    dimension dimensions[ALX_SWEEP_MAX_KEYS];
    alx_error *err;
} reader;

/* Mistakes in a file are bad data, those on a command line wrong usage. */
static alx_status mistake(const alx_yaml *node)
{
    return node->file ? ALX_BAD_DATA : ALX_USAGE;
}

/* ---- Values as text ---- */

/* One line of YAML.  Nodes are at most ALX_YAML_MAX_DEPTH deep. */
static void add_flow(alx_text *text, const alx_yaml *node)
{
    if (node->kind == ALX_YAML_SCALAR) {
        alx_yaml_add_scalar(text, node->scalar);
        return;
    }
    const bool map = node->kind == ALX_YAML_MAP;
    alx_text_add(text, map ? "{" : "[");
    for (int i = 0; i < node->count; i++) {
        if (i) alx_text_add(text, ", ");
        if (map) alx_yaml_add_scalar(text, node->children[i]->key);
        if (map) alx_text_add(text, ": ");
        add_flow(text, node->children[i]);
    }
    alx_text_add(text, map ? "}" : "]");
}

static alx_status flow_of(const char **flow, const alx_yaml *node, alx_arena *arena, alx_error *err)
{
    alx_text text = {0};
    char *made;
    add_flow(&text, node);
    ALX_TRY(alx_text_take(&made, &text, err));
    *flow = alx_arena_strdup(arena, made, err);
    free(made);
    return *flow ? ALX_OK : ALX_NO_MEMORY;
}

/* As a command line would give it. */
static alx_status value_of(const char **value, const alx_yaml *node, alx_arena *arena, alx_error *err)
{
    if (node->kind != ALX_YAML_SCALAR) return flow_of(value, node, arena, err);
    *value = node->scalar;
    return ALX_OK;
}

/* ---- Checking ---- */

static alx_status check_model(const char *model, alx_error *err)
{
    alx_graph *graph;
    alx_status status = alx_graph_open(&graph, alx_model_usual(model), 0, err);
    alx_graph_destroy(graph);
    /* It may want the number of classes that only the data tell. */
    return status == ALX_BAD_MODEL && alx_file_exists(model) ? ALX_OK : status;
}

static alx_status try_value(reader *r, const char *key, const alx_option *option, const char *value,
                            const alx_yaml *place)
{
    alx_status status = alx_recipe_set(r->scratch, key, value, r->err);
    if (!status && option->type == ALX_OPTION_TEXT && strcmp(key, "model") == 0) status = check_model(value, r->err);
    if (!status || status == ALX_NO_MEMORY) return status;
    return alx_yaml_fail(place, r->err, mistake(place), "%s", r->err ? r->err->message : "");
}

/* ---- Reading ---- */

static alx_status read_list(reader *r, dimension *d, const char *key, const alx_yaml *node)
{
    if (node->count == 0)
        return alx_yaml_fail(node, r->err, mistake(node),
                             "%s: there is nothing to try in []; give values, or leave %s out", key, key);
    d->values = alx_arena_alloc(&r->sweep->arena, (size_t)node->count, sizeof *d->values, r->err);
    if (!d->values) return ALX_NO_MEMORY;
    for (; d->count < node->count; d->count++) {
        const alx_yaml *child = node->children[d->count];
        ALX_TRY(value_of(&d->values[d->count], child, &r->sweep->arena, r->err));
        ALX_TRY(try_value(r, key, d->option, d->values[d->count], child));
    }
    return ALX_OK;
}

static alx_status read_range(reader *r, dimension *d, const char *key, const alx_yaml *node)
{
    const bool number = d->option->type == ALX_OPTION_INT || d->option->type == ALX_OPTION_NUMBER ||
                        d->option->type == ALX_OPTION_PERCENT;
    if (!number)
        return alx_yaml_fail(node, r->err, mistake(node),
                             "%s is no number, so it has no range; list its values: %s: [..., ...] (keys within a "
                             "section are written train.seed)",
                             key, key);
    ALX_TRY(alx_options_read(range_options, &d->range, node, key, NULL, &r->sweep->arena, r->err));
    const alx_yaml *min = alx_yaml_get(node, "min"), *max = alx_yaml_get(node, "max");
    ALX_TRY(try_value(r, key, d->option, min->scalar, min));
    ALX_TRY(try_value(r, key, d->option, max->scalar, max));
    if (!(d->range.min < d->range.max))
        return alx_yaml_fail(min, r->err, mistake(min), "%s: min %s is not below max %s", key, min->scalar,
                             max->scalar);
    if (d->option->type == ALX_OPTION_INT && d->range.max > whole_most)
        return alx_yaml_fail(max, r->err, mistake(max), "%s: max %s is above 2^53; use a smaller one", key,
                             max->scalar);
    if (d->range.scale == LOG && !(d->range.min > 0))
        return alx_yaml_fail(min, r->err, mistake(min), "%s: a logarithm needs a min above 0; use scale: linear", key);
    return ALX_OK;
}

static alx_status read_key(reader *r, const alx_yaml *node)
{
    alx_sweep *sweep = r->sweep;
    const alx_recipe_section *section;
    dimension *d = &r->dimensions[sweep->key_count];
    alx_yaml place = *node;
    place.line = node->key_line;
    place.column = node->key_column;
    alx_status status = alx_recipe_find(&section, &d->option, node->key, r->err);
    if (status) return alx_yaml_fail(&place, r->err, mistake(node), "%s", r->err ? r->err->message : "");
    const char *key =
        alx_arena_printf(&sweep->arena, r->err, "%s%s%s", section->name, *section->name ? "." : "", d->option->name);
    if (!key) return ALX_NO_MEMORY;
    d->place = section->offset + d->option->offset;
    for (int i = 0; i < sweep->key_count; i++)
        if (r->dimensions[i].place == d->place)
            return alx_yaml_fail(&place, r->err, mistake(node), "%s is given twice; write all its values into one list",
                                 key);
    sweep->keys[sweep->key_count++] = key;
    if (node->kind == ALX_YAML_LIST) return read_list(r, d, key, node);
    if (node->kind == ALX_YAML_MAP) return read_range(r, d, key, node);
    alx_printable shown;
    return alx_yaml_fail(node, r->err, mistake(node),
                         "%s: give a list of values, [%s, ...], or a range, {min: ..., max: ...}; what is the same in "
                         "all trials belongs into the recipe",
                         key, alx_text_printable(node->scalar, shown));
}

static alx_status read_root(reader *r, const alx_yaml *root)
{
    if (root->kind != ALX_YAML_MAP || root->count == 0)
        return alx_yaml_fail(root, r->err, mistake(root),
                             "a sweep is a map of recipe keys, such as {learning_rate: [1e-4, 1e-3]}");
    if (root->count > ALX_SWEEP_MAX_KEYS)
        return alx_yaml_fail(root, r->err, mistake(root), "a sweep over %d keys; at most %d are taken", root->count,
                             ALX_SWEEP_MAX_KEYS);
    r->sweep->keys = alx_arena_alloc(&r->sweep->arena, (size_t)root->count, sizeof *r->sweep->keys, r->err);
    if (!r->sweep->keys) return ALX_NO_MEMORY;
    for (int i = 0; i < root->count; i++) ALX_TRY(read_key(r, root->children[i]));
    return flow_of(&r->sweep->asked, root, &r->sweep->arena, r->err);
}

/* ---- Trials ---- */

/* Uniform in [0, 1) with 53 bits. */
static double draw_unit(uint64_t seed, int trial, int key)
{
    const alx_rng4 words = alx_rng_draw(seed, ALX_RNG_SWEEP, (uint32_t)trial, (uint32_t)key, 0);
    return (double)((((uint64_t)words.v[0] << 32) | words.v[1]) >> 11) * 0x1p-53;
}

static double clamp(double value, const range *within)
{
    return value < within->min ? within->min : value > within->max ? within->max : value;
}

/* Whole numbers min..max are equally likely on a linear scale; others are rounded to four digits, to be read. */
static const char *draw_range(reader *r, const dimension *d, double unit)
{
    const bool whole = d->option->type == ALX_OPTION_INT, in_log = d->range.scale == LOG;
    const double min = d->range.min, max = d->range.max + whole;
    const double drawn = in_log ? exp(log(min) + (log(max) - log(min)) * unit) : min + (max - min) * unit;
    if (whole) return alx_arena_printf(&r->sweep->arena, r->err, "%" PRId64, (int64_t)clamp(floor(drawn), &d->range));
    char text[32];
    snprintf(text, sizeof text, "%.4g", drawn);
    return alx_arena_strdup(&r->sweep->arena, alx_text_number(clamp(strtod(text, NULL), &d->range), text), r->err);
}

static bool has_range(const reader *r)
{
    for (int k = 0; k < r->sweep->key_count; k++)
        if (r->dimensions[k].count == 0) return true;
    return false;
}

static alx_status draw_trials(reader *r, uint64_t seed)
{
    alx_sweep *sweep = r->sweep;
    for (int t = 0; t < sweep->trial_count; t++)
        for (int k = 0; k < sweep->key_count; k++) {
            const dimension *d = &r->dimensions[k];
            const double unit = draw_unit(seed, t, k);
            const char *value = d->count ? d->values[(int)(unit * d->count)] : draw_range(r, d, unit);
            if (!value) return ALX_NO_MEMORY;
            sweep->values[(size_t)t * (size_t)sweep->key_count + (size_t)k] = value;
        }
    return ALX_OK;
}

/* Combination `number` of the lists. */
static void fill_combination(const reader *r, int trial, int64_t number)
{
    const alx_sweep *sweep = r->sweep;
    for (int k = sweep->key_count - 1; k >= 0; k--) {
        const dimension *d = &r->dimensions[k];
        sweep->values[(size_t)trial * (size_t)sweep->key_count + (size_t)k] = d->values[number % d->count];
        number /= d->count;
    }
}

/* Combinations of lists alone: all in order, or some, none twice. */
static alx_status pick_trials(reader *r, int64_t combinations, bool all, uint64_t seed)
{
    int64_t *order = alx_calloc((size_t)combinations, sizeof *order, r->err);
    if (!order) return ALX_NO_MEMORY;
    alx_rng_permute(order, combinations, seed, ALX_RNG_SWEEP, 0, 0);
    for (int t = 0; t < r->sweep->trial_count; t++) fill_combination(r, t, all ? t : order[t]);
    free(order);
    return ALX_OK;
}

static alx_status count_grid(int64_t *combinations, const reader *r, int trials)
{
    const int64_t most = trials ? ALX_SWEEP_MAX_GRID : ALX_SWEEP_MAX_TRIALS;
    *combinations = 1;
    for (int k = 0; k < r->sweep->key_count; k++) {
        *combinations *= r->dimensions[k].count;
        if (*combinations > most)
            return alx_fail(r->err, ALX_USAGE, "more than %" PRId64 " combinations%s", most,
                            trials ? "; give ranges to draw from in place of long lists"
                                   : "; draw some with --trials N");
    }
    if (trials > *combinations)
        return alx_fail(r->err, ALX_USAGE, "%d trials of %" PRId64 " combinations; leave --trials out to try them all",
                        trials, *combinations);
    return ALX_OK;
}

static alx_status make_trials(reader *r, int trials, uint64_t seed)
{
    alx_sweep *sweep = r->sweep;
    const bool draws = has_range(r);
    int64_t combinations = 0;
    if (trials < 0 || trials > ALX_SWEEP_MAX_TRIALS)
        return alx_fail(r->err, ALX_USAGE, "%d trials; give 1 to %d", trials, ALX_SWEEP_MAX_TRIALS);
    if (draws && trials == 0)
        return alx_fail(r->err, ALX_USAGE, "a range is drawn from; say how often with --trials N");
    if (!draws) ALX_TRY(count_grid(&combinations, r, trials));
    sweep->trial_count = trials ? trials : (int)combinations;
    const size_t count = (size_t)sweep->trial_count * (size_t)sweep->key_count;
    sweep->values = alx_arena_alloc(&sweep->arena, count, sizeof *sweep->values, r->err);
    if (!sweep->values) return ALX_NO_MEMORY;
    return draws ? draw_trials(r, seed) : pick_trials(r, combinations, trials == 0, seed);
}

/* ---- The whole ---- */

alx_status alx_sweep_parse(alx_sweep *sweep, const char *text, size_t length, const char *file, int trials,
                           uint64_t seed, const struct alx_recipe *recipe, alx_error *err)
{
    *sweep = (alx_sweep){0};
    alx_yaml *root;
    reader r = {.sweep = sweep, .err = err};
    ALX_TRY(alx_recipe_copy(&r.scratch, recipe, err));
    alx_status status = alx_yaml_parse(&root, &sweep->arena, text, length, file, err);
    if (status == ALX_BAD_DATA && !file) status = alx_where(err, ALX_USAGE, "sweep");
    if (!status) status = read_root(&r, root);
    if (!status) status = make_trials(&r, trials, seed);
    alx_recipe_destroy(r.scratch);
    return status;
}

alx_status alx_sweep_read(alx_sweep *sweep, const char *source, int trials, uint64_t seed,
                          const struct alx_recipe *recipe, alx_error *err)
{
    *sweep = (alx_sweep){0};
    if (source[strspn(source, " \t\n")] == '{')
        return alx_sweep_parse(sweep, source, strlen(source), NULL, trials, seed, recipe, err);
    alx_printable shown;
    if (!alx_file_exists(source))
        return alx_fail(err, ALX_USAGE,
                        "%s: no such file; a sweep is a YAML file, or a map in braces: '{learning_rate: [1e-4, 1e-3]}'",
                        alx_text_printable(source, shown));
    uint8_t *bytes;
    size_t count;
    ALX_TRY(alx_file_read(&bytes, &count, source, ALX_YAML_MAX_BYTES, err));
    alx_status status = alx_sweep_parse(sweep, (const char *)bytes, count, source, trials, seed, recipe, err);
    free(bytes);
    return status;
}

alx_status alx_sweep_folds(alx_sweep *sweep, int folds, const struct alx_recipe *recipe, alx_error *err)
{
    static const char *keys[] = {"data.split.folds", "data.split.fold"};
    *sweep = (alx_sweep){.key_count = 2, .trial_count = folds, .keys = keys};
    if (folds < 2 || folds > ALX_MAX_FOLDS)
        return alx_fail(err, ALX_USAGE, "%d folds; give 2 to %d", folds, ALX_MAX_FOLDS);
    sweep->values = alx_arena_alloc(&sweep->arena, (size_t)folds * 2, sizeof *sweep->values, err);
    if (!sweep->values) return ALX_NO_MEMORY;
    for (int k = 0; k < folds; k++) {
        sweep->values[2 * k] = alx_arena_printf(&sweep->arena, err, "%d", folds);
        sweep->values[2 * k + 1] = alx_arena_printf(&sweep->arena, err, "%d", k + 1);
        if (!sweep->values[2 * k] || !sweep->values[2 * k + 1]) return ALX_NO_MEMORY;
    }
    struct alx_recipe *scratch;
    ALX_TRY(alx_recipe_copy(&scratch, recipe, err));
    alx_status status = ALX_OK;
    for (int k = 0; k < 2 && !status; k++) status = alx_recipe_set(scratch, keys[k], sweep->values[k], err);
    alx_recipe_destroy(scratch);
    return status;
}

void alx_sweep_finish(alx_sweep *sweep)
{
    alx_arena_finish(&sweep->arena);
    *sweep = (alx_sweep){0};
}

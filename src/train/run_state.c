/* Where a run stands, as the JSON line that a checkpoint keeps. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/run_state.h"

void alx_run_state_init(alx_run_state *run)
{
    *run = (alx_run_state){.standing = {.best = INFINITY, .reference = INFINITY}};
    alx_sums_clear(&run->train);
    alx_sums_clear(&run->validation);
}

void alx_run_state_finish(alx_run_state *run)
{
    free(run->history);
    run->history = NULL;
}

alx_status alx_run_state_reserve(alx_run_state *run, int64_t epochs, alx_error *err)
{
    if (epochs <= run->history_capacity) return ALX_OK;
    alx_epoch_result *history = alx_realloc(run->history, (size_t)epochs, sizeof *history, err);
    if (!history) return ALX_NO_MEMORY;
    run->history = history;
    run->history_capacity = epochs;
    return ALX_OK;
}

/* ---- Exact numbers ---- */

static void add_double(alx_text *text, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    alx_text_printf(text, "\"%016" PRIx64 "\"", bits);
}

bool alx_parse_hex64(uint64_t *value, const char *s)
{
    if (!s || strlen(s) != 16 || strspn(s, "0123456789abcdef") != 16) return false;
    *value = strtoull(s, NULL, 16);
    return true;
}

static bool read_double(double *value, const json_t *node)
{
    uint64_t bits;
    if (!alx_parse_hex64(&bits, json_string_value(node))) return false;
    memcpy(value, &bits, sizeof bits);
    return true;
}

/* ---- The fields, once for both ways ---- */

enum { COUNTERS = 15, DOUBLES = 4, RESULT_FIELDS = 5 };

static const char *const counter_names[COUNTERS] = {"epoch",          "step",         "val_step",      "global_step",
                                                    "optimizer_step", "best_epoch",   "train_correct", "train_count",
                                                    "val_correct",    "val_count",    "val_first",     "train_first",
                                                    "wait",           "plateau_wait", "plateau_drops"};
static const char *const double_names[DOUBLES] = {"train_loss", "val_loss", "best_score", "reference_score"};

static void point_at(alx_run_state *run, int64_t *counters[COUNTERS], double *doubles[DOUBLES])
{
    alx_sums *const train = &run->train, *const val = &run->validation;
    alx_standing *const s = &run->standing;
    int64_t *const c[COUNTERS] = {
        &run->epoch,       &run->step,          &run->val_step, &run->global_step, &run->optimizer_step,
        &s->best_epoch,    &train->correct,     &train->count,  &val->correct,     &val->count,
        &val->first_class, &train->first_class, &s->wait,       &s->plateau_wait,  &s->plateau_drops};
    double *const d[DOUBLES] = {&train->loss, &val->loss, &s->best, &s->reference};
    memcpy(counters, c, sizeof c);
    memcpy(doubles, d, sizeof d);
}

/* ---- Writing ---- */

void alx_run_state_write(alx_text *json, const alx_run_state *run)
{
    alx_run_state copy = *run;
    int64_t *counters[COUNTERS];
    double *doubles[DOUBLES];
    point_at(&copy, counters, doubles);
    alx_text_add(json, "{");
    for (int i = 0; i < COUNTERS; i++) alx_text_printf(json, "\"%s\":%" PRId64 ",", counter_names[i], *counters[i]);
    for (int i = 0; i < DOUBLES; i++) {
        alx_text_printf(json, "\"%s\":", double_names[i]);
        add_double(json, *doubles[i]);
        alx_text_add(json, ",");
    }
    alx_text_printf(json, "\"train_one_class\":%s,\"val_one_class\":%s,\"history\":[",
                    run->train.one_class ? "true" : "false", run->validation.one_class ? "true" : "false");
    for (int64_t e = 0; e < run->epoch; e++) {
        const alx_epoch_result *r = &run->history[e];
        const double fields[RESULT_FIELDS] = {r->loss, r->accuracy, r->val_loss, r->val_accuracy, r->learning_rate};
        alx_text_add(json, e ? ",[" : "[");
        for (int i = 0; i < RESULT_FIELDS; i++) {
            add_double(json, fields[i]);
            alx_text_add(json, ",");
        }
        alx_text_add(json, r->one_class ? "true]" : "false]");
    }
    alx_text_add(json, "]}");
}

/* ---- Reading ---- */

static alx_status damaged(const char *what, alx_error *err)
{
    return alx_fail(err, ALX_BAD_MODEL, "its metadata \"run\" is damaged: %s", what);
}

static alx_status lacking(const char *name, alx_error *err)
{
    return alx_fail(err, ALX_BAD_MODEL,
                    "its metadata \"run\" has no %s: another version of alexnet wrote it; start a new run", name);
}

static alx_status read_history(alx_run_state *run, const json_t *list, alx_error *err)
{
    if (!json_is_array(list) || (int64_t)json_array_size(list) != run->epoch) return damaged("history", err);
    ALX_TRY(alx_run_state_reserve(run, run->epoch, err));
    for (int64_t e = 0; e < run->epoch; e++) {
        const json_t *row = json_array_get(list, (size_t)e);
        alx_epoch_result *r = &run->history[e];
        double *const fields[RESULT_FIELDS] = {&r->loss, &r->accuracy, &r->val_loss, &r->val_accuracy,
                                               &r->learning_rate};
        const json_t *one_class = json_array_get(row, RESULT_FIELDS);
        if (json_array_size(row) != RESULT_FIELDS + 1 || !json_is_boolean(one_class)) return damaged("history", err);
        for (size_t i = 0; i < RESULT_FIELDS; i++)
            if (!read_double(fields[i], json_array_get(row, i))) return damaged("history", err);
        r->one_class = json_is_true(one_class);
    }
    return ALX_OK;
}

static alx_status read_fields(alx_run_state *run, const json_t *root, alx_error *err)
{
    int64_t *counters[COUNTERS];
    double *doubles[DOUBLES];
    point_at(run, counters, doubles);
    for (int i = 0; i < COUNTERS; i++) {
        const json_t *node = json_object_get(root, counter_names[i]);
        int64_t value = json_integer_value(node);
        if (!node) return lacking(counter_names[i], err);
        /* The largest, steps since the run began, is a 32-bit key of random draws. */
        if (!json_is_integer(node) || value < -1 || value > UINT32_MAX) return damaged(counter_names[i], err);
        *counters[i] = value;
    }
    for (int i = 0; i < DOUBLES; i++) {
        const json_t *node = json_object_get(root, double_names[i]);
        if (!node) return lacking(double_names[i], err);
        if (!read_double(doubles[i], node)) return damaged(double_names[i], err);
    }
    const json_t *train = json_object_get(root, "train_one_class"), *val = json_object_get(root, "val_one_class");
    if (!json_is_boolean(train) || !json_is_boolean(val)) return damaged("one_class", err);
    run->train.one_class = json_is_true(train);
    run->validation.one_class = json_is_true(val);
    const alx_standing *standing = &run->standing;
    if (run->epoch < 0 || run->epoch > ALX_MAX_EPOCHS || standing->best_epoch < 0 || standing->best_epoch > run->epoch)
        return damaged("epoch", err);
    const int64_t waits[] = {standing->wait, standing->plateau_wait, standing->plateau_drops};
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
        if (waits[i] < 0 || waits[i] > run->epoch) return damaged("wait", err);
    if (run->step < 0 || run->val_step < 0 || run->global_step < run->step || run->optimizer_step < 0)
        return damaged("step", err);
    return read_history(run, json_object_get(root, "history"), err);
}

alx_status alx_run_state_read(alx_run_state *run, const char *text, alx_error *err)
{
    alx_run_state_init(run);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    alx_status status = json_is_object(root) ? read_fields(run, root, err) : damaged("not a JSON object", err);
    json_decref(root);
    return status;
}

/* The files of a series: the question, against which a later call is compared, and the results. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "train/series.h"

static const char *const state_names[] = {[ALX_TRIAL_WAITING] = "waiting",
                                          [ALX_TRIAL_INTERRUPTED] = "interrupted",
                                          [ALX_TRIAL_DONE] = "done",
                                          [ALX_TRIAL_DIVERGED] = "diverged",
                                          [ALX_TRIAL_FAILED] = "failed"};
enum { STATES = sizeof state_names / sizeof state_names[0], MAX_BYTES = 64 << 20 };

const char *alx_trial_state_name(alx_trial_state state)
{
    return (size_t)state < STATES ? state_names[state] : "";
}

/* ---- The question ---- */

/* The recipe's lines, indented. */
static alx_status add_recipe(alx_text *text, const struct alx_recipe *recipe, alx_error *err)
{
    alx_text lines = {0};
    alx_status status = alx_recipe_write(&lines, recipe, NULL, err);
    for (const char *at = status ? "" : lines.data; *at;) {
        const size_t length = strcspn(at, "\n");
        alx_text_printf(text, "  %.*s\n", (int)length, at);
        at += length + (at[length] == '\n');
    }
    alx_text_finish(&lines);
    return status;
}

static void add_trials(alx_text *text, const alx_sweep *plan)
{
    for (int t = 0; t < plan->trial_count; t++) {
        alx_text_add(text, "  - {");
        for (int k = 0; k < plan->key_count; k++) {
            alx_text_printf(text, "%s%s: ", k ? ", " : "", plan->keys[k]);
            alx_yaml_add_scalar(text, alx_sweep_value(plan, t, k));
        }
        alx_text_add(text, "}\n");
    }
}

static alx_status write_question(char **question, const alx_series *s, alx_error *err)
{
    alx_text text = {0};
    alx_text_printf(&text, "# A %s: what was asked, the runs that follow from it, and the recipe that they change.\n",
                    s->kind->name);
    if (s->plan.asked) alx_text_printf(&text, "asked: %s\n", s->plan.asked);
    alx_text_add(&text, "trials:\n");
    add_trials(&text, &s->plan);
    alx_text_add(&text, "recipe:\n");
    alx_status status = add_recipe(&text, s->recipe, err);
    if (!status) return alx_text_take(question, &text, err);
    alx_text_finish(&text);
    return status;
}

/* The first line that differs, without its indent. */
static const char *first_difference(const char *text, const char *other, alx_printable line)
{
    size_t start = 0, at = 0;
    for (; text[at] && text[at] == other[at]; at++)
        if (text[at] == '\n') start = at + 1;
    start += strspn(text + start, " ");
    char cut[128];
    snprintf(cut, sizeof cut, "%.*s", (int)strcspn(text + start, "\n"), text + start);
    return alx_text_printable(cut, line);
}

static alx_status compare_question(const alx_series *s, const char *was, const char *is, alx_error *err)
{
    if (strcmp(was, is) == 0) return ALX_OK;
    alx_printable folder, there, here;
    return alx_fail(err, ALX_USAGE,
                    "%s: holds another %s: its %s has \"%s\", where \"%s\" is asked now; choose another --out, or pass "
                    "--overwrite to begin anew",
                    alx_text_printable(s->folder.path, folder), s->kind->name, s->kind->question,
                    first_difference(was, is, there), first_difference(is, was, here));
}

/* ---- Results ---- */

static void add_field(alx_text *csv, const char *field)
{
    alx_text_add(csv, ",");
    alx_text_add_csv(csv, field);
}

/* An empty field stands for what there is not. */
static void add_number(alx_text *csv, double value)
{
    char number[32];
    add_field(csv, isnan(value) ? "" : alx_text_number(value, number));
}

static void add_row(alx_text *csv, const alx_series *s, int index)
{
    const alx_series_row *t = &s->trials[index];
    const alx_run_result *r = &t->result;
    alx_text_printf(csv, "%s,%s", t->name, state_names[t->state]);
    for (int k = 0; s->kind->show_keys && k < s->plan.key_count; k++)
        add_field(csv, alx_sweep_value(&s->plan, index, k));
    alx_text_printf(csv, ",%" PRId64 ",%" PRId64, r->epochs, r->best_epoch);
    const double numbers[] = {r->best.loss, r->best.accuracy, r->best.val_loss, r->best.val_accuracy, r->seconds};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) add_number(csv, numbers[i]);
    alx_text_add(csv, "\n");
}

alx_status alx_series_write_results(const alx_series *s, alx_error *err)
{
    alx_text csv = {0};
    alx_text_add(&csv, "trial,status");
    for (int k = 0; s->kind->show_keys && k < s->plan.key_count; k++) add_field(&csv, s->plan.keys[k]);
    alx_text_add(&csv, ",epochs,best_epoch,loss,accuracy,val_loss,val_accuracy,seconds\n");
    for (int i = 0; i < s->plan.trial_count; i++) add_row(&csv, s, i);
    char *path = alx_run_folder_file(&s->folder, s->kind->results, err);
    alx_status status = path ? ALX_OK : ALX_NO_MEMORY;
    if (csv.failed) status = alx_fail(err, ALX_NO_MEMORY, "out of memory while writing %s", s->kind->results);
    if (!status) status = alx_file_write(path, csv.data, csv.length, err);
    alx_text_finish(&csv);
    free(path);
    return status;
}

void alx_series_collect(alx_series *s, int index)
{
    alx_series_row *t = &s->trials[index];
    t->result = alx_run_result_none();
    if (alx_run_folder_was_saved(t->path) && alx_run_result_read(&t->result, t->path, NULL))
        t->result = alx_run_result_none();
}

/* The state in row `index`: its place is the trial's. */
static alx_trial_state read_state(const char *row, const char *name)
{
    const size_t length = strlen(name);
    if (strncmp(row, name, length) != 0 || row[length] != ',') return ALX_TRIAL_WAITING;
    const char *word = row + length + 1;
    for (int i = 0; i < STATES; i++) {
        const size_t size = strlen(state_names[i]);
        if (strncmp(word, state_names[i], size) == 0 && word[size] == ',') return (alx_trial_state)i;
    }
    return ALX_TRIAL_WAITING;
}

/* What a row says holds where the trial's folder agrees. */
static void take_up(alx_series *s, const char *csv)
{
    const char *row = strchr(csv, '\n');
    for (int i = 0; i < s->plan.trial_count; i++) {
        alx_series_row *t = &s->trials[i];
        t->state = row ? read_state(row + 1, t->name) : ALX_TRIAL_WAITING;
        row = row ? strchr(row + 1, '\n') : NULL;
        if (t->state == ALX_TRIAL_WAITING) continue;
        alx_series_collect(s, i);
        if (t->state == ALX_TRIAL_DONE && !t->result.complete) t->state = ALX_TRIAL_WAITING;
    }
}

static alx_status read_results(alx_series *s, alx_error *err)
{
    char *path = alx_run_folder_file(&s->folder, s->kind->results, err);
    uint8_t *bytes = NULL;
    size_t size;
    if (!path) return ALX_NO_MEMORY;
    if (alx_file_exists(path) && !alx_file_read(&bytes, &size, path, MAX_BYTES, NULL)) take_up(s, (const char *)bytes);
    free(bytes);
    free(path);
    return ALX_OK;
}

/* ---- Beginning ---- */

/* Each trial's place is free, or is cleared. */
static alx_status clear_places(const alx_series *s, bool overwrite, alx_error *err)
{
    for (int i = 0; i < s->plan.trial_count; i++) {
        const char *path = s->trials[i].path;
        if (!alx_file_exists(path)) continue;
        alx_run_folder old;
        ALX_TRY(alx_run_folder_create(&old, path, overwrite, err));
        alx_run_folder_finish(&old, false);
    }
    return ALX_OK;
}

alx_status alx_series_begin(alx_series *s, bool overwrite, alx_error *err)
{
    char *question, *path = alx_run_folder_file(&s->folder, s->kind->question, err);
    if (!path) return ALX_NO_MEMORY;
    uint8_t *was = NULL;
    size_t size;
    alx_status status = write_question(&question, s, err);
    if (status) {
        free(path);
        return status;
    }
    if (!overwrite && alx_file_exists(path)) {
        status = alx_file_read(&was, &size, path, MAX_BYTES, err);
        if (!status) status = compare_question(s, (const char *)was, question, err);
        if (!status) status = read_results(s, err);
    } else {
        status = clear_places(s, overwrite, err);
        if (!status) status = alx_series_write_results(s, err); /* of old ones nothing is taken up */
        if (!status) status = alx_file_write(path, question, strlen(question), err);
    }
    free(was);
    free(question);
    free(path);
    return status;
}

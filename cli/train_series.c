/* alexnet train --sweep and --folds: many runs, and a table of what came of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/train.h"
#include "report/table.h"

/* ---- Tables ---- */

/* Four decimals; a dash for what there is not. */
static void add_metric(alx_table *table, double value)
{
    if (isnan(value))
        alx_table_cell(table, "-");
    else
        alx_table_cell(table, "%.4f", value);
}

static void add_seconds(alx_table *table, double seconds)
{
    if (isnan(seconds))
        alx_table_cell(table, "-");
    else
        alx_table_cell(table, "%.1f", seconds);
}

/* The training loss and accuracy stand for those of validation where there is none. */
static double loss_of(const alx_trial *trial)
{
    return isnan(trial->val_loss) ? trial->loss : trial->val_loss;
}

static double accuracy_of(const alx_trial *trial)
{
    return isnan(trial->val_accuracy) ? trial->accuracy : trial->val_accuracy;
}

static bool has_validation(const alx_series *series)
{
    for (int i = 0; i < alx_series_count(series); i++) {
        alx_trial trial;
        alx_series_trial(series, i, &trial);
        if (!isnan(trial.val_loss)) return true;
    }
    return false;
}

static const char *after_dot(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot ? dot + 1 : key;
}

enum { FIXED_COLUMNS = 6, MOST_KEYS = ALX_TABLE_COLUMNS - FIXED_COLUMNS };

/* trial, `keys` keys, best epoch, loss, accuracy, seconds, status */
static void begin_table(alx_table *table, const alx_series *series, int keys)
{
    const bool validation = has_validation(series);
    const char *headings[ALX_TABLE_COLUMNS] = {"trial"};
    alx_table_align align[ALX_TABLE_COLUMNS];
    const char *const last[] = {"best epoch", validation ? "val_loss" : "loss",
                                validation ? "val_accuracy" : "accuracy", "seconds", "status"};
    int columns = 1;
    for (int k = 0; k < keys; k++) headings[columns++] = after_dot(alx_series_key(series, k));
    for (int i = 0; i < FIXED_COLUMNS - 1; i++) headings[columns++] = last[i];
    for (int i = 0; i < columns; i++) align[i] = i && i < columns - 1 ? ALX_TABLE_RIGHT : ALX_TABLE_LEFT;
    alx_table_init_columns(table, columns, headings, align);
}

static void add_row(alx_table *table, const alx_series *series, int index, int keys)
{
    alx_trial trial;
    alx_series_trial(series, index, &trial);
    alx_table_cell(table, "%s", trial.name);
    for (int k = 0; k < keys; k++) alx_table_cell(table, "%s", alx_series_value(series, index, k));
    if (trial.best_epoch)
        alx_table_cell(table, "%d", trial.best_epoch);
    else
        alx_table_cell(table, "-");
    add_metric(table, loss_of(&trial));
    add_metric(table, accuracy_of(&trial));
    add_seconds(table, trial.seconds);
    alx_table_cell(table, "%s", alx_trial_state_name(trial.state));
}

/* ---- A sweep's table: the best first ---- */

typedef struct ranked {
    int index;
    alx_trial trial;
} ranked;

/* More is better; NaN and what is not done is worst, and equals stay in their order. */
static int by_merit(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    const bool a_done = a->trial.state == ALX_TRIAL_DONE, b_done = b->trial.state == ALX_TRIAL_DONE;
    if (a_done != b_done) return a_done ? -1 : 1;
    if (a_done) {
        const double x = accuracy_of(&a->trial), y = accuracy_of(&b->trial);
        const double p = loss_of(&a->trial), q = loss_of(&b->trial);
        if (x != y) return x > y ? -1 : 1;
        if (p != q) return p < q ? -1 : 1;
    }
    return a->index < b->index ? -1 : 1;
}

static ranked *rank(const alx_series *series)
{
    const int count = alx_series_count(series);
    ranked *order = calloc((size_t)count, sizeof *order);
    for (int i = 0; order && i < count; i++) {
        order[i].index = i;
        alx_series_trial(series, i, &order[i].trial);
    }
    if (order) qsort(order, (size_t)count, sizeof *order, by_merit);
    return order;
}

static void print_best(const alx_series *series, const alx_trial *best)
{
    char path[4096];
    if (best->state != ALX_TRIAL_DONE) return;
    snprintf(path, sizeof path, "%s/%s/recipe.yaml", alx_series_folder(series), best->name);
    printf("\nThe best is trial %s; to train it again, in full or for longer:\nalexnet train ", best->name);
    cli_print_shell(stdout, path);
    putchar('\n');
}

static alx_status print_sweep(const alx_series *series, alx_error *err)
{
    alx_table table;
    int keys = 0;
    while (keys < MOST_KEYS && alx_series_key(series, keys)) keys++;
    ranked *order = rank(series);
    if (!order) return err->status = ALX_NO_MEMORY;
    begin_table(&table, series, keys);
    for (int i = 0; i < alx_series_count(series); i++) add_row(&table, series, order[i].index, keys);
    alx_status status = alx_table_print(&table, stdout, err);
    alx_table_finish(&table);
    if (!status) print_best(series, &order[0].trial);
    free(order);
    return status;
}

/* ---- A cross-validation's table: mean and deviation below ---- */

typedef struct spread {
    double mean, deviation; /* of a sample: n - 1; NaN below two values */
} spread;

static spread spread_of(const alx_series *series, double (*value)(const alx_trial *trial))
{
    double sum = 0, squares = 0;
    int n = 0;
    alx_trial trial;
    for (int i = 0; i < alx_series_count(series); i++) {
        alx_series_trial(series, i, &trial);
        if (trial.state == ALX_TRIAL_DONE) sum += value(&trial), n++;
    }
    const double mean = n ? sum / n : NAN;
    for (int i = 0; i < alx_series_count(series); i++) {
        alx_series_trial(series, i, &trial);
        if (trial.state == ALX_TRIAL_DONE) squares += (value(&trial) - mean) * (value(&trial) - mean);
    }
    return (spread){mean, n > 1 ? sqrt(squares / (n - 1)) : NAN};
}

static void add_summary(alx_table *table, const char *name, double loss, double accuracy)
{
    alx_table_cell(table, "%s", name);
    alx_table_cell(table, "%s", "");
    add_metric(table, loss);
    add_metric(table, accuracy);
    alx_table_cell(table, "%s", "");
    alx_table_cell(table, "%s", "");
}

static alx_status print_folds(const alx_series *series, alx_error *err)
{
    alx_table table;
    begin_table(&table, series, 0);
    for (int i = 0; i < alx_series_count(series); i++) add_row(&table, series, i, 0);
    const spread loss = spread_of(series, loss_of), accuracy = spread_of(series, accuracy_of);
    alx_table_rule(&table);
    add_summary(&table, "mean", loss.mean, accuracy.mean);
    add_summary(&table, "deviation", loss.deviation, accuracy.deviation);
    alx_status status = alx_table_print(&table, stdout, err);
    alx_table_finish(&table);
    return status;
}

/* ---- Running it ---- */

static void stop_series(void *series)
{
    alx_series_stop(series);
}

/* The same command, with the folder that was chosen and without what would begin anew. */
static int tell_interrupted(const alx_series *series, const cli_train_job *job)
{
    fputs("alexnet: to continue: alexnet train", stderr);
    for (int i = 0; i < job->call->argc; i++) {
        const char *word = job->call->argv[i];
        if (!strncmp(word, "--overwrite", strlen("--overwrite"))) continue;
        fputc(' ', stderr);
        cli_print_shell(stderr, word);
    }
    if (!job->config->out) {
        fputs(" --out ", stderr);
        cli_print_shell(stderr, alx_series_folder(series));
    }
    fputc('\n', stderr);
    return CLI_INTERRUPTED;
}

static bool any_done(const alx_series *series)
{
    bool done = false;
    for (int i = 0; i < alx_series_count(series); i++) {
        alx_trial trial;
        alx_series_trial(series, i, &trial);
        done |= trial.state == ALX_TRIAL_DONE;
    }
    return done;
}

static int run(alx_series *series, const cli_train_job *job,
               alx_status (*print)(const alx_series *series, alx_error *err))
{
    alx_error err = {0}, printing = {0};
    cli_train_begin(stop_series, series);
    alx_status status = alx_series_run(series, &err);
    cli_train_end();
    alx_progress_finish(&job->listener->progress);
    if (status == ALX_INTERRUPTED) return tell_interrupted(series, job);
    if ((!status || any_done(series)) && print(series, &printing)) return cli_error(&printing);
    return status ? cli_error(&err) : CLI_DONE;
}

int cli_train_sweep(alx_recipe *recipe, const cli_train_job *job)
{
    alx_series *series;
    alx_sweep_config sweep;
    alx_error err = {0};
    alx_sweep_config_init(&sweep);
    sweep.space = job->config->sweep;
    sweep.trials = (int)job->config->trials;
    sweep.seed = (uint64_t)job->config->sweep_seed;
    alx_status status = alx_series_sweep(&series, recipe, &sweep, job->run, &err);
    int code = status ? cli_error(&err) : run(series, job, print_sweep);
    alx_series_destroy(series);
    return code;
}

int cli_train_folds(alx_recipe *recipe, const cli_train_job *job)
{
    alx_series *series;
    alx_error err = {0};
    alx_status status = alx_series_folds(&series, recipe, (int)job->config->folds, job->run, &err);
    int code = status ? cli_error(&err) : run(series, job, print_folds);
    alx_series_destroy(series);
    return code;
}

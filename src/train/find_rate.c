/* The range test of learning rates (Smith 2017, "Cyclical learning rates for training neural networks", sec. 3.3). */
#include "train/find_rate.h"

#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/rng.h"
#include "train/rehearsal.h"

enum { STEPS = 100, START = 10, REACH = 3 };
static const double first_rate = 1e-7, last_rate = 10;
static const double memory = 0.9;      /* of the smoothed loss */
static const double too_much = 4;      /* times the smallest */
static const double least_fall = 0.02; /* of the loss at the start */

struct alx_rate_search {
    char *folder;
    alx_rate_point points[STEPS];
    int count;
    alx_rate_findings findings;
};

/* ---- What the curve says ---- */

/* Mean and sample deviation of the first losses: their rates are too small to change anything. */
static void measure_start(alx_rate_findings *findings, const alx_rate_point *points)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < START; i++) sum += points[i].loss;
    findings->start = sum / START;
    for (int i = 0; i < START; i++) squares += (points[i].loss - findings->start) * (points[i].loss - findings->start);
    findings->noise = sqrt(squares / (START - 1));
}

static int find_lowest(const alx_rate_point *points, int count)
{
    int lowest = START - 1;
    for (int i = START; i < count; i++)
        if (points[i].smoothed < points[lowest].smoothed) lowest = i;
    return lowest;
}

/* Where the smoothed loss falls most over REACH steps to both sides: steps are equal in log rate. */
static int find_steepest(const alx_rate_point *points, int count, int lowest)
{
    int steepest = START - 1;
    double fall = 0;
    for (int i = START - 1; i <= lowest && i + REACH < count; i++) {
        const double here = points[i - REACH].smoothed - points[i + REACH].smoothed;
        if (here <= fall) continue;
        fall = here;
        steepest = i;
    }
    return steepest;
}

void alx_rate_analyse(alx_rate_findings *findings, const alx_rate_point *points, int count)
{
    *findings = (alx_rate_findings){NAN, NAN, NAN, NAN, NAN};
    if (count < START) return;
    measure_start(findings, points);
    const int lowest = find_lowest(points, count);
    findings->lowest = points[lowest].rate;
    findings->steepest = points[find_steepest(points, count, lowest)].rate;
    const double fall = findings->start - points[lowest].smoothed;
    /* The smoothed loss varies by a quarter of `noise` (sqrt((1 - memory) / (1 + memory))): a whole one is no chance.
     */
    /* A network with batch normalization hardly gets worse over decades of rates, so that the lowest is far too large;
     * another's loss may fall fastest just before it breaks. */
    if (fall > findings->noise && fall > least_fall * findings->start)
        findings->suggestion = fmin(findings->steepest, findings->lowest / 10);
}

/* ---- Measuring it ---- */

/* Appends a point; false: there is nothing more to see. */
static bool add_point(alx_rate_search *s, double rate, double loss)
{
    if (!isfinite(loss)) return false;
    const int n = s->count;
    /* Divided by the sum of the weights, so that the first losses are not drawn to 0. */
    const double before = n ? s->points[n - 1].smoothed * (1 - pow(memory, n)) : 0;
    const double smoothed = (memory * before + (1 - memory) * loss) / (1 - pow(memory, n + 1));
    s->points[s->count++] = (alx_rate_point){rate, loss, smoothed};
    double smallest = smoothed;
    for (int i = 0; i < n; i++)
        if (s->points[i].smoothed < smallest) smallest = s->points[i].smoothed;
    return smoothed <= too_much * smallest;
}

static alx_status measure(alx_rate_search *s, alx_trainer *t, alx_error *err)
{
    const int64_t full = t->data.train.count / t->batch; /* batches that are not cut short */
    alx_sums sums = {0};
    bool more = true;
    for (int i = 0; i < STEPS && more; i++) {
        const uint32_t epoch = (uint32_t)(i / full);
        if (i % full == 0)
            alx_rng_permute(t->order, t->data.train.count, (uint64_t)t->recipe->train.seed, ALX_RNG_ORDER, epoch, 0);
        const double rate = first_rate * pow(last_rate / first_rate, i / (STEPS - 1.0));
        t->recipe->train.optimizer.learning_rate = rate;
        const alx_rehearsal_step step = {.images = t->order + i % full * t->batch,
                                         .n = t->batch,
                                         .augment = true,
                                         .epoch = epoch,
                                         .step = i + 1,
                                         .steps = STEPS};
        ALX_TRY(alx_rehearse(t, &step, &sums, err));
        more = add_point(s, rate, alx_sums_loss(&sums));
    }
    return ALX_OK;
}

/* ---- The folder ---- */

static alx_status write_curve(const alx_rate_search *s, const alx_run_folder *folder, alx_error *err)
{
    alx_text csv = {0};
    alx_text_add(&csv, "step,learning_rate,loss,smoothed\n");
    for (int i = 0; i < s->count; i++) {
        char rate[32], loss[32], smoothed[32];
        alx_text_printf(&csv, "%d,%s,%s,%s\n", i + 1, alx_text_number(s->points[i].rate, rate),
                        alx_text_number(s->points[i].loss, loss), alx_text_number(s->points[i].smoothed, smoothed));
    }
    char *path = alx_run_folder_file(folder, "find-lr.csv", err);
    alx_status status = path ? ALX_OK : ALX_NO_MEMORY;
    if (csv.failed) status = alx_fail(err, ALX_NO_MEMORY, "out of memory while writing find-lr.csv");
    if (!status) status = alx_file_write(path, csv.data, csv.length, err);
    alx_text_finish(&csv);
    free(path);
    return status;
}

/* Made last: a search that is stopped or fails leaves nothing. */
static alx_status write_folder(alx_rate_search *s, alx_trainer *t, double learning_rate, const alx_run_config *config,
                               alx_error *err)
{
    t->recipe->train.optimizer.learning_rate = learning_rate;
    ALX_TRY(alx_run_folder_create(&t->folder, config ? config->out : NULL, config && config->overwrite, err));
    alx_status status = alx_trainer_write_recipe(t, true, err);
    if (!status) status = write_curve(s, &t->folder, err);
    if (!status && !(s->folder = alx_strdup(t->folder.path, err))) status = ALX_NO_MEMORY;
    if (status) alx_run_folder_finish(&t->folder, true);
    return status;
}

alx_status alx_rate_search_create(alx_rate_search **search, const alx_recipe *recipe, const alx_run_config *config,
                                  alx_error *err)
{
    *search = NULL;
    ALX_TRY(alx_run_folder_check(config ? config->out : NULL, config && config->overwrite, err));
    alx_trainer *t;
    ALX_TRY(alx_trainer_create_bare(&t, recipe, config, err));
    alx_rate_search *s = alx_calloc(1, sizeof *s, err);
    alx_status status = s ? measure(s, t, err) : ALX_NO_MEMORY;
    if (!status) alx_rate_analyse(&s->findings, s->points, s->count);
    if (!status) status = write_folder(s, t, recipe->train.optimizer.learning_rate, config, err);
    alx_trainer_destroy(t);
    if (status) {
        alx_rate_search_destroy(s);
        return status;
    }
    *search = s;
    return ALX_OK;
}

void alx_rate_search_destroy(alx_rate_search *search)
{
    if (!search) return;
    free(search->folder);
    free(search);
}

const char *alx_rate_search_folder(const alx_rate_search *search)
{
    return search->folder;
}

int alx_rate_search_point(const alx_rate_search *search, int index, alx_rate_point *point)
{
    if (index < 0 || index >= search->count) return 0;
    *point = search->points[index];
    return 1;
}

void alx_rate_search_findings(const alx_rate_search *search, alx_rate_findings *findings)
{
    *findings = search->findings;
}

/* All runs on the same images: accuracies, McNemar's tests, and whether a run had seen the images before. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/compare.h"
#include "cli/output.h"
#include "report/progress.h"

/* ---- The images ---- */

static alx_status open_split(cli_comparison *c, alx_dataset **dataset, alx_error *err)
{
    const cli_compared_run *first = &c->runs[0];
    if (!first->recipe)
        return cli_fail(err, ALX_USAGE, "%s: has no recipe that says which images to compare on; give --data SOURCE",
                        first->path);
    c->split = true;
    c->source = NULL;
    const alx_status status = cli_recipe_images(dataset, first->recipe, &c->source, err);
    if (!status && alx_dataset_left_out(*dataset)) cli_warn("%s", alx_dataset_left_out(*dataset));
    if (!status) return ALX_OK;
    const alx_error inner = *err;
    return cli_fail(err, status, "%s: its %s images: %.700s; or give others with --data SOURCE", first->path, c->source,
                    inner.message);
}

static alx_status open_images(cli_comparison *c, alx_dataset **dataset, const char *source, alx_error *err)
{
    if (!source) return open_split(c, dataset, err);
    c->source = source;
    alx_model *model;
    alx_status status = alx_model_open(&model, c->runs[0].weights, err);
    if (status) return status;
    status = cli_session_images(dataset, model, source, NULL, err);
    alx_model_destroy(model);
    return status;
}

/* ---- Seen before ---- */

/* The images of a data set by their real paths, sorted. */
typedef struct paths {
    char **sorted;
    int64_t count;
} paths;

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void paths_finish(paths *p)
{
    for (int64_t i = 0; i < p->count; i++) free(p->sorted[i]);
    free(p->sorted);
}

/* The real path of an image; for one of an IDX file, "digits-images-idx3-ubyte#12", its file's with the number behind
 * it.  Release with free; NULL: it is no longer there. */
static char *real_path(const alx_dataset *dataset, int64_t index)
{
    const char *path = alx_dataset_path(dataset, index), *mark = strrchr(path, '#');
    char *real = realpath(path, NULL), *file = NULL;
    if (real || !mark) return real;
    file = strndup(path, (size_t)(mark - path));
    real = file ? realpath(file, NULL) : NULL;
    free(file);
    file = real;
    const size_t size = real ? strlen(real) + strlen(mark) + 1 : 0;
    real = file ? malloc(size) : NULL;
    if (real) snprintf(real, size, "%s%s", file, mark);
    free(file);
    return real;
}

static alx_status paths_init(paths *p, const alx_dataset *dataset, alx_error *err)
{
    const int64_t count = alx_dataset_count(dataset);
    *p = (paths){.sorted = calloc((size_t)count + 1, sizeof *p->sorted)};
    if (!p->sorted) return cli_fail(err, ALX_NO_MEMORY, "out of memory: paths of %lld images", (long long)count);
    for (int64_t i = 0; i < count; i++) {
        char *path = real_path(dataset, i);
        if (path) p->sorted[p->count++] = path;
    }
    qsort(p->sorted, (size_t)p->count, sizeof *p->sorted, by_text);
    return ALX_OK;
}

static int64_t count_shared(const paths *p, const alx_dataset *dataset)
{
    int64_t shared = 0;
    for (int64_t i = 0; i < alx_dataset_count(dataset); i++) {
        char *path = real_path(dataset, i);
        if (path) shared += bsearch(&path, p->sorted, (size_t)p->count, sizeof *p->sorted, by_text) != NULL;
        free(path);
    }
    return shared;
}

/* CLI_UNKNOWN where the run's images are no longer where they were, or it has none of these. */
static int64_t count_seen(const paths *p, const cli_compared_run *run, const char *split)
{
    alx_dataset *seen;
    if (!run->recipe || alx_dataset_open(&seen, run->recipe, split, NULL)) return CLI_UNKNOWN;
    const int64_t shared = count_shared(p, seen);
    alx_dataset_destroy(seen);
    return shared;
}

static alx_status find_seen(cli_comparison *c, const alx_dataset *dataset, alx_error *err)
{
    paths p;
    const alx_status status = paths_init(&p, dataset, err);
    for (cli_compared_run *run = c->runs; !status && run < c->runs + c->count; run++) {
        run->trained_on = count_seen(&p, run, "train");
        run->chosen_on = count_seen(&p, run, "validation");
        if (run->trained_on > 0)
            cli_warn("%s: was trained on %lld of these %lld images, so its accuracy here says little", run->path,
                     (long long)run->trained_on, (long long)c->images);
        else if (run->chosen_on > 0)
            cli_warn("%s: its best epoch was chosen on %lld of these %lld images, which flatters its accuracy here",
                     run->path, (long long)run->chosen_on, (long long)c->images);
    }
    paths_finish(&p);
    return status;
}

/* ---- Measuring ---- */

static alx_status measure(cli_compared_run *run, const alx_dataset *dataset, double skip_bad,
                          const cli_session_options *options, alx_error *err)
{
    const int64_t images = alx_dataset_count(dataset);
    cli_session s = {0};
    alx_evaluation *evaluation = NULL;
    cli_name_text name;
    alx_progress progress;
    alx_progress_init(&progress, stderr);
    progress.label = cli_name(run->path, name);
    run->predicted = calloc((size_t)images + 1, sizeof *run->predicted);
    alx_status status = run->predicted ? ALX_OK : cli_fail(err, ALX_NO_MEMORY, "out of memory");
    if (!status) status = cli_session_open(&s, run->weights, options, err);
    if (!status) status = alx_evaluate(&evaluation, s.session, dataset, skip_bad, alx_progress_count, &progress, err);
    alx_progress_finish(&progress);
    for (int64_t i = 0; !status && i < images; i++) run->predicted[i] = alx_evaluation_predicted(evaluation, i);
    alx_evaluation_destroy(evaluation);
    cli_session_close(&s);
    if (!status) return ALX_OK;
    const alx_error inner = *err;
    return cli_fail(err, status, "%s: %.800s", run->path, inner.message);
}

static bool all_read(const cli_comparison *c, int64_t image)
{
    for (int i = 0; i < c->count; i++)
        if (c->runs[i].predicted[image] < 0) return false;
    return true;
}

static void count_image(cli_comparison *c, int64_t image, int truth)
{
    const int first = c->runs[0].predicted[image];
    c->compared++;
    for (int i = 0; i < c->count; i++) {
        const int predicted = c->runs[i].predicted[image];
        cli_run_pair *pair = &c->pairs[i];
        c->runs[i].correct += predicted == truth;
        pair->gained += predicted == truth && first != truth;
        pair->lost += predicted != truth && first == truth;
        pair->agreed += predicted == first;
    }
}

static void test_pairs(cli_comparison *c)
{
    double p[CLI_RUNS_MOST], corrected[CLI_RUNS_MOST];
    for (int i = 1; i < c->count; i++) p[i - 1] = alx_mcnemar(c->pairs[i].gained, c->pairs[i].lost);
    alx_holm(p, corrected, c->count - 1);
    for (int i = 1; i < c->count; i++) {
        c->pairs[i].p = p[i - 1];
        c->pairs[i].corrected = corrected[i - 1];
    }
}

int cli_pair_verdict(const cli_run_pair *pair)
{
    if (pair->corrected >= 0.05) return 0;
    return pair->gained > pair->lost ? 1 : -1;
}

alx_status cli_compare_images(cli_comparison *c, const char *source, double skip_bad,
                              const cli_session_options *options, alx_error *err)
{
    alx_dataset *dataset = NULL;
    alx_status status = open_images(c, &dataset, source, err);
    if (status) return status;
    c->images = alx_dataset_count(dataset);
    if (c->split)
        fprintf(stderr, "comparing on the %lld %s images of %s\n", (long long)c->images, c->source, c->runs[0].path);
    for (int i = 0; !status && i < c->count; i++) status = measure(&c->runs[i], dataset, skip_bad, options, err);
    if (!status) status = find_seen(c, dataset, err);
    if (!status) {
        for (int64_t i = 0; i < c->images; i++)
            if (all_read(c, i)) count_image(c, i, alx_dataset_label(dataset, i));
        test_pairs(c);
        if (c->compared == 0) status = cli_fail(err, ALX_BAD_DATA, "there is no image that all runs can read");
    }
    alx_dataset_destroy(dataset);
    return status;
}

/* Trained networks side by side: what `alexnet compare` found out, and how it is printed. */
#ifndef ALX_CLI_COMPARE_H
#define ALX_CLI_COMPARE_H

#include <stdbool.h>

#include "alexnet.h"
#include "cli/history.h"
#include "cli/session.h"

enum { CLI_RUNS_MOST = 12, CLI_UNKNOWN = -1 };

/* ---- Runs ---- */

typedef struct cli_compared_run {
    const char *path; /* as given */
    char *weights;    /* the file that is measured */
    alx_network *network;
    alx_recipe *recipe;  /* NULL: a file alone has none */
    cli_history history; /* no epochs: none is known */
    long long planned;   /* epochs; 0: unknown */
    int best;            /* row of the history; -1: none */
    int64_t parameters, multiply_adds;
    /* Filled by cli_compare_images. */
    int *predicted;                /* (images) a class of the data set, or -1 */
    int64_t correct;               /* of those that all runs could read */
    int64_t trained_on, chosen_on; /* images among its training images, its validation images; CLI_UNKNOWN */
} cli_compared_run;

/* path: a run folder or a .safetensors file.  Close in any case. */
alx_status cli_compared_open(cli_compared_run *run, const char *path, alx_error *err);
void cli_compared_close(cli_compared_run *run);

/* ---- Layers ---- */

typedef struct cli_layer_pair {
    int a, b; /* layers of both networks; CLI_UNKNOWN: it has none like it */
    bool same;
} cli_layer_pair;

/* Both networks' layers in order, those of one type side by side where that keeps the order: the longest common
 * subsequence of types, and among those the one with most equal options.  Release pairs with free. */
alx_status cli_layers_align(cli_layer_pair **pairs, int *count, const alx_network *a, const alx_network *b,
                            alx_error *err);
/* Both take images of one size through the same layers. */
bool cli_layers_same(const cli_layer_pair *pairs, int count, const alx_network *a, const alx_network *b);
/* "filters: 8 → 16, from: conv2d_1 → add_1": the options of a pair that differ, defaults for those that are not given;
 * of a layer alone, or of a pair that is the same, the options as they are given.  Release with free; NULL: out of
 * memory. */
char *cli_layer_options(const cli_layer_pair *pair, const alx_network *a, const alx_network *b);

/* ---- Recipes ---- */

typedef struct cli_recipe_row {
    char key[64];                /* "train.epochs" */
    char *values[CLI_RUNS_MOST]; /* NULL: the run has no recipe */
} cli_recipe_row;

/* ---- All of it ---- */

typedef struct cli_run_pair {
    int64_t gained, lost; /* images that the run has right and the first run wrong; the reverse */
    int64_t agreed;       /* taken for the same class */
    double p, corrected;  /* McNemar's; Holm's correction of it */
} cli_run_pair;

typedef struct cli_comparison {
    alx_language language;
    bool all; /* layers that are the same too */
    int count;
    cli_compared_run runs[CLI_RUNS_MOST];
    const char *source;                    /* as given; or the split of the first run's recipe: "test" */
    bool split;                            /* the latter */
    int64_t images, compared;              /* of the data set; those that all could read */
    cli_run_pair pairs[CLI_RUNS_MOST];     /* of run i with run 0, from 1 */
    cli_layer_pair *layers[CLI_RUNS_MOST]; /* of run 0 with run i, from 1 */
    int layer_counts[CLI_RUNS_MOST];
    int same_as[CLI_RUNS_MOST]; /* an earlier run, not the first, with the same network; 0: none */
    cli_recipe_row *recipe;     /* keys that differ */
    int recipe_rows;
    const char *curves; /* the picture; NULL: none */
} cli_comparison;

/* Every run on the same images: those of `source`, or where it is NULL the test images of the first run's recipe,
 * or its validation images. */
alx_status cli_compare_images(cli_comparison *c, const char *source, double skip_bad,
                              const cli_session_options *options, alx_error *err);
alx_status cli_compare_layers(cli_comparison *c, alx_error *err);
alx_status cli_compare_recipes(cli_comparison *c, alx_error *err);
/* Loss and accuracy of all runs, to a picture. */
alx_status cli_compare_draw(const cli_comparison *c, const char *path, alx_error *err);
void cli_comparison_finish(cli_comparison *c);

/* -1 worse than the first run, 0 no difference shown, 1 better. */
int cli_pair_verdict(const cli_run_pair *pair);

/* Return the exit code. */
int cli_compare_text(const cli_comparison *c);
int cli_compare_json(const cli_comparison *c);

#endif

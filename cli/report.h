/* What is told of a run in pictures: `alexnet report`, `alexnet plot` and `train --report`.
 *
 * A report reads what a figure needs when it is first asked for, once; what is not there any more is remembered with
 * the reason.  A figure goes into a page or into a file, by the same drawing. */
#ifndef ALX_CLI_REPORT_H
#define ALX_CLI_REPORT_H

#include <stdbool.h>

#include "cli/history.h"
#include "report/curves.h"
#include "report/mosaic.h"
#include "report/page.h"

/* ---- What is read ---- */

typedef enum cli_part {
    CLI_PART_RECIPE,  /* recipe.yaml */
    CLI_PART_HISTORY, /* metrics.csv */
    CLI_PART_NETWORK, /* model.yaml and its explanation */
    CLI_PART_TRAIN,   /* training images */
    CLI_PART_IMAGES,  /* validation images, or test images where nothing validates */
    CLI_PART_MODEL,   /* best.safetensors */
    CLI_PART_INITIAL, /* the weights before the first step */
    CLI_PART_ANSWERS, /* what the model says of the images: their evaluation */
    CLI_PART_NEARBY,  /* features of training images */
    CLI_PART_TIMES,   /* seconds of a training step by layer: a short profile */
    CLI_PARTS
} cli_part;

/* What the model said of each image.  Classes are the data set's. */
typedef struct cli_answers {
    int classes;
    int64_t images, count, skipped; /* count: those that could be read */
    int *truth, *predicted;         /* (images); predicted -1: it could not be read */
    float *probabilities;           /* (images, classes) */
    double loss, accuracy;          /* means over count */
    double interval[2];             /* Wilson's of the accuracy */
    int64_t *confusion;             /* (classes, classes): [truth][predicted] */
    int64_t *order;                 /* (count) images by their loss, the largest first */
    int sample_count;               /* images whose features are kept */
    int64_t *sample;                /* (sample_count), ascending */
    int64_t feature_size;
    float *features; /* (sample_count, feature_size): of the last hidden layer */
} cli_answers;

/* Features of a sample of training images. */
typedef struct cli_nearby {
    int count;
    int64_t *sample; /* (count) */
    float *features; /* (count, feature_size) */
} cli_nearby;

enum { CLI_SECTIONS_MOST = 24 };

typedef struct cli_report {
    const char *run; /* its folder */
    alx_language language;
    bool training;     /* written while the run trains: no model is read, and what stays the same is drawn once */
    bool unchecked;    /* the data are not looked at for findings */
    const char *image; /* a file that a figure is to be of; NULL: one of the images */
    struct {
        bool tried;
        alx_error err; /* OK: it is there */
    } parts[CLI_PARTS];
    alx_recipe *recipe;
    cli_history history;
    int best; /* row of the history; -1: none */
    alx_network *network;
    alx_explanation *explanation;
    alx_dataset *train, *images;
    const char *split;   /* of images */
    int64_t train_count; /* of train, as it was read; 0: it was not */
    alx_model *model, *initial;
    cli_answers answers;
    cli_nearby nearby;
    double *seconds;                    /* (layers) */
    alx_markup kept[CLI_SECTIONS_MOST]; /* of training: sections that stay the same */
    int ids;                            /* given out by pages before */
} cli_report;

void cli_report_finish(cli_report *report);
/* Reads a part, the first time; gives the same status and reason each time. */
alx_status cli_report_need(cli_report *report, cli_part part, alx_error *err);
/* What an epoch has changed is read again when it is needed next. */
void cli_report_refresh(cli_report *report);
/* The loaders that are not in report_load.c. */
alx_status cli_load_answers(cli_report *report, alx_error *err);
alx_status cli_load_nearby(cli_report *report, alx_error *err);
void cli_answers_finish(cli_answers *answers);

static inline const char *cli_say(const cli_report *report, const char *english, const char *chinese)
{
    return report->language == ALX_CHINESE ? chinese : english;
}

/* ---- Where a figure goes ---- */

typedef struct cli_sink {
    alx_page *page;   /* or */
    const char *path; /* .png or .svg */
} cli_sink;

/* Panels: in a page each is a figure of its own. */
alx_status cli_sink_panels(const cli_sink *sink, const alx_curve_panel *panels, int count, const char *description,
                           alx_error *err);
/* Images, in a picture `columns` in a row.  alt: what they are; it is the picture's title. */
alx_status cli_sink_tiles(const cli_sink *sink, const alx_plot_image *images, int count, int columns, const char *alt,
                          alx_error *err);
/* The same, where rows belong together: in a page each wraps by itself. */
alx_status cli_sink_rows(const cli_sink *sink, const alx_plot_image *images, int count, int columns, const char *alt,
                         alx_error *err);
/* Mosaics, whose single pixels matter, each as large as the page allows; those without a note are plain images. */
alx_status cli_sink_mosaics(const cli_sink *sink, const alx_plot_image *images, int count, int columns, const char *alt,
                            alx_error *err);

/* ---- Tiles: images with what is said of them ---- */

typedef struct cli_tiles {
    int count, capacity;
    alx_plot_image *images; /* borrows from the two below */
    uint8_t **pixels;
    char (*labels)[256], (*notes)[256];
} cli_tiles;

alx_status cli_tiles_init(cli_tiles *tiles, int capacity, alx_error *err);
void cli_tiles_finish(cli_tiles *tiles);
/* Takes pixels over, which come from malloc. */
void cli_tiles_add(cli_tiles *tiles, uint8_t *rgb, int width, int height, const char *label, const char *note);
/* An image as the network is given it, or as training sees it in that epoch (0: not).  One that cannot be read is
 * left out. */
alx_status cli_tiles_add_image(cli_tiles *tiles, const alx_dataset *dataset, int64_t index, int epoch,
                               const char *label, const char *note, alx_error *err);

/* ---- Figures ---- */

typedef alx_status cli_figure(cli_report *report, const cli_sink *sink, alx_error *err);
cli_figure cli_figure_curves, cli_figure_model, cli_figure_activity;
cli_figure cli_figure_confusion, cli_figure_calibration, cli_figure_threshold;
cli_figure cli_figure_samples, cli_figure_augmented, cli_figure_mistakes, cli_figure_uncertain, cli_figure_neighbours;
cli_figure cli_figure_filters, cli_figure_features, cli_figure_heatmap, cli_figure_heatmap_mistakes, cli_figure_map;
/* Sections without a picture of their own. */
alx_status cli_write_summary(cli_report *report, alx_page *page, alx_error *err);
alx_status cli_write_recipe(cli_report *report, alx_page *page, alx_error *err);
alx_status cli_write_classes(cli_report *report, alx_page *page, alx_error *err);
alx_status cli_write_heatmaps(cli_report *report, alx_page *page, alx_error *err);
alx_status cli_write_activity(cli_report *report, alx_page *page, alx_error *err);
alx_status cli_write_findings(cli_report *report, alx_page *page, alx_error *err);

/* ---- The page ---- */

typedef char cli_report_path[4200];
/* report.html in the run's folder. */
alx_status cli_report_place(cli_report_path path, const char *run, alx_error *err);
/* The whole report as a file. */
alx_status cli_report_write(cli_report *report, const char *path, alx_error *err);

#endif

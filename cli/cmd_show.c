/* alexnet show FOLDER|RECIPE [IMAGE ...]: a grid of sample images with their labels, or of what augmentation makes of
 * some. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/output.h"
#include "report/plot.h"

enum { MAX_COUNT = 1000, DEFAULT_COLUMNS = 5 };

typedef struct config {
    const char *split, *output, *augment;
    long long count, columns, seed;
    int augmented;
} config;

const cli_option cli_show_options[] = {
    {"output",
     'o',
     CLI_TEXT,
     offsetof(config, output),
     "FILE",
     0,
     0,
     {"the picture, .png or .svg (default samples.png)", "图片文件，.png 或 .svg（默认 samples.png）"}},
    {"split",
     0,
     CLI_TEXT,
     offsetof(config, split),
     "NAME",
     0,
     0,
     {"train, validation or test (default train)", "train、validation 或 test（默认 train）"}},
    {"augmented",
     0,
     CLI_FLAG,
     offsetof(config, augmented),
     NULL,
     0,
     0,
     {"one image as it is, then as training is given it in epoch 1, 2 ...; IMAGE: its path or its number from 1",
      "一张图片的原样，以及训练时第 1、2…… 轮看到的样子；IMAGE：图片路径，或从 1 起的序号"}},
    {"augment",
     0,
     CLI_TEXT,
     offsetof(config, augment),
     "LIST",
     0,
     0,
     {"augmentations in place of the recipe's, such as '[rotate: 10, noise]'; implies --augmented",
      "代替配方中的增强列表，如 '[rotate: 10, noise]'；同时启用 --augmented"}},
    {"count",
     0,
     CLI_INT,
     offsetof(config, count),
     "N",
     1,
     MAX_COUNT,
     {"how many images, or with --augmented how many of each (default 10)",
      "图片张数；与 --augmented 同用时为每张图片的格数（默认 10）"}},
    {"columns",
     0,
     CLI_INT,
     offsetof(config, columns),
     "N",
     1,
     100,
     {"images in a row (default 5; with several images under --augmented, a row for each)",
      "每行张数（默认 5；--augmented 给出多张图片时，每张占一行）"}},
    {"seed",
     0,
     CLI_INT,
     offsetof(config, seed),
     "N",
     0,
     1e15,
     {"another seed draws other images (default 0)", "换一个种子就抽出另一些图片（默认 0）"}},
    {0},
};

static alx_status open_data(alx_dataset **dataset, const char *source, const config *c, alx_error *err)
{
    alx_recipe *recipe = NULL;
    alx_status status = cli_open_data(&recipe, source, true, err);
    if (!status && c->augment) status = alx_recipe_set(recipe, "augment", c->augment, err);
    if (!status) status = alx_dataset_open(dataset, recipe, c->split, err);
    alx_recipe_destroy(recipe);
    return status;
}

static alx_status out_of_memory(alx_error *err)
{
    err->status = ALX_NO_MEMORY; /* cli_error has the words */
    return ALX_NO_MEMORY;
}

static alx_status wrong_usage(alx_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
static alx_status wrong_usage(alx_error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    err->status = ALX_USAGE;
    vsnprintf(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
    return ALX_USAGE;
}

/* ---- Which images ---- */

/* One image of the grid. */
typedef struct cell {
    int64_t index;
    int epoch; /* whose augmentation it shows; 0: as at evaluation */
    char label[24];
} cell;

typedef struct grid {
    int count, columns;
    cell *cells; /* (count) */
} grid;

/* An image of the data set from its path or its number. */
static alx_status find_image(int64_t *index, const alx_dataset *dataset, const char *word, alx_error *err)
{
    char *end;
    errno = 0;
    long long number = strtoll(word, &end, 10), count = alx_dataset_count(dataset);
    *index = number - 1;
    if (end != word && !*end && !errno && number >= 1 && number <= count) return ALX_OK;
    for (*index = 0; *index < count; (*index)++)
        if (!strcmp(alx_dataset_path(dataset, *index), word)) return ALX_OK;
    cli_name_text shown;
    return wrong_usage(err, "%s is no image of this split; give a path as the data has it, or a number from 1 to %lld",
                       cli_name(word, shown), count);
}

/* Each image once as it is, then as the first epochs show it. */
static alx_status choose_augmented(grid *g, const alx_dataset *dataset, const config *c, char *const *words, int given,
                                   alx_error *err)
{
    const int images = given ? given : 1, each = (int)c->count;
    if (!alx_dataset_augmentations(dataset))
        return wrong_usage(err, "the list of augmentations is empty; give --augment LIST, or a recipe that has one");
    if (images > MAX_COUNT / each)
        return wrong_usage(err, "%d images, each %d times, are more than %d; give a smaller --count", images, each,
                           MAX_COUNT);
    g->count = images * each;
    g->columns = c->columns ? (int)c->columns : images > 1 ? each : DEFAULT_COLUMNS;
    g->cells = calloc((size_t)g->count, sizeof *g->cells);
    if (!g->cells) return out_of_memory(err);
    for (int i = 0; i < images; i++) {
        int64_t index = 0;
        if (given) {
            alx_status status = find_image(&index, dataset, words[i], err);
            if (status) return status;
        } else {
            alx_dataset_sample(dataset, (uint64_t)c->seed, 1, &index);
        }
        for (int epoch = 0; epoch < each; epoch++) {
            cell *at = &g->cells[i * each + epoch];
            at->index = index;
            at->epoch = epoch;
            if (epoch) snprintf(at->label, sizeof at->label, "epoch %d", epoch);
        }
    }
    return ALX_OK;
}

static alx_status choose_sample(grid *g, const alx_dataset *dataset, const config *c, alx_error *err)
{
    int64_t *indices = calloc((size_t)c->count, sizeof *indices);
    g->cells = calloc((size_t)c->count, sizeof *g->cells);
    g->columns = c->columns ? (int)c->columns : DEFAULT_COLUMNS;
    alx_status status = indices && g->cells ? ALX_OK : out_of_memory(err);
    if (!status) g->count = alx_dataset_sample(dataset, (uint64_t)c->seed, (int)c->count, indices);
    for (int i = 0; i < g->count; i++) g->cells[i].index = indices[i];
    free(indices);
    return status;
}

/* ---- The picture ---- */

/* Fills images with those of the grid that can be read, warns of the others; fails when none can.
 * pixels: (count, height, width, 3). */
static alx_status read_images(alx_plot_image *images, int *drawn, uint8_t *pixels, const alx_dataset *dataset,
                              const grid *g, alx_error *err)
{
    int width, height;
    alx_dataset_image_size(dataset, &width, &height);
    int64_t bad = -1;
    *drawn = 0;
    for (int i = 0; i < g->count; i++) {
        const cell *at = &g->cells[i];
        if (at->index == bad) continue;
        uint8_t *rgb = pixels + (size_t)*drawn * (size_t)width * (size_t)height * 3;
        alx_status status = at->epoch ? alx_dataset_augmented(dataset, at->index, at->epoch, rgb, err)
                                      : alx_dataset_image(dataset, at->index, rgb, err);
        bool last = at->index == g->cells[g->count - 1].index;
        if (status == ALX_NO_MEMORY || (status && last && !*drawn)) return status;
        if (status) {
            cli_warn("%s", err->message);
            bad = at->index;
            continue;
        }
        const char *name = alx_dataset_class_name(dataset, alx_dataset_label(dataset, at->index));
        images[(*drawn)++] =
            (alx_plot_image){.rgb = rgb, .width = width, .height = height, .label = at->epoch ? at->label : name};
    }
    return ALX_OK;
}

static alx_status draw(const alx_dataset *dataset, const config *c, char *const *words, int given, alx_error *err)
{
    grid g = {0};
    alx_status status =
        c->augmented ? choose_augmented(&g, dataset, c, words, given, err) : choose_sample(&g, dataset, c, err);
    int width, height, drawn = 0;
    alx_dataset_image_size(dataset, &width, &height);
    alx_plot_image *images = calloc((size_t)g.count + 1, sizeof *images);
    uint8_t *pixels = calloc((size_t)g.count + 1, (size_t)width * (size_t)height * 3);
    if (!status && (!images || !pixels)) status = out_of_memory(err);
    if (!status) status = read_images(images, &drawn, pixels, dataset, &g, err);
    if (!status) status = alx_plot_samples(&(alx_target){.path = c->output}, images, drawn, g.columns, NULL, err);
    free(pixels);
    free(images);
    free(g.cells);
    return status;
}

/* "Found 8000 images belonging to 2 classes: lishu (4000), xingkai (4000)" */
static void print_found(const alx_dataset *dataset)
{
    int classes = alx_dataset_class_count(dataset);
    fprintf(stderr, "Found %lld images belonging to %d classes: ", (long long)alx_dataset_count(dataset), classes);
    for (int i = 0; i < classes; i++) {
        if (i) fputs(", ", stderr);
        cli_print_name(stderr, alx_dataset_class_name(dataset, i));
        fprintf(stderr, " (%lld)", (long long)alx_dataset_class_size(dataset, i));
    }
    fputc('\n', stderr);
}

static int show(const config *c, const cli_arguments *arguments)
{
    if (!arguments->operand_count) return cli_usage_error("show takes a folder or recipe: alexnet show photos/");
    if (arguments->operand_count > 1 && !c->augmented)
        return cli_usage_error("show takes one folder or recipe; images behind it are for --augmented");
    alx_error err = {0};
    alx_dataset *dataset = NULL;
    alx_status status = open_data(&dataset, arguments->operands[0], c, &err);
    if (!status && alx_dataset_left_out(dataset)) cli_warn("%s", alx_dataset_left_out(dataset));
    if (!status) status = draw(dataset, c, arguments->operands + 1, arguments->operand_count - 1, &err);
    if (!status) {
        print_found(dataset);
        cli_print_name(stdout, c->output);
        putchar('\n');
    }
    alx_dataset_destroy(dataset);
    return status ? cli_error(&err) : CLI_DONE;
}

int cli_show(const cli_call *call)
{
    config c = {.split = "train", .output = "samples.png", .count = 10};
    cli_arguments arguments = {0};
    int code;
    if (!cli_begin(call, &arguments, &c, &code)) return code;
    if (c.augment) c.augmented = 1;
    code = show(&c, &arguments);
    cli_arguments_finish(&arguments);
    return code;
}

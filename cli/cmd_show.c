/* alexnet show FOLDER|RECIPE: a grid of sample images with their labels. */
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/output.h"
#include "report/plot.h"

enum { MAX_COUNT = 1000 };

typedef struct config {
    const char *split, *output;
    long long count, columns, seed;
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
    {"count",
     0,
     CLI_INT,
     offsetof(config, count),
     "N",
     1,
     MAX_COUNT,
     {"how many images (default 10)", "图片张数（默认 10）"}},
    {"columns",
     0,
     CLI_INT,
     offsetof(config, columns),
     "N",
     1,
     100,
     {"images in a row (default 5)", "每行张数（默认 5）"}},
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

static alx_status open_data(alx_dataset **dataset, const char *source, const char *split, alx_error *err)
{
    alx_recipe *recipe = NULL;
    alx_status status = cli_open_data(&recipe, source, err);
    if (!status) status = alx_dataset_open(dataset, recipe, split, err);
    alx_recipe_destroy(recipe);
    return status;
}

static alx_status out_of_memory(alx_error *err)
{
    err->status = ALX_NO_MEMORY; /* cli_error has the words */
    return ALX_NO_MEMORY;
}

/* Fills images with those of the sample that can be read, warns of the others; fails when none can.
 * pixels: (count, height, width, 3). */
static alx_status read_sample(alx_plot_image *images, int *drawn, uint8_t *pixels, const alx_dataset *dataset,
                              const int64_t *indices, int count, alx_error *err)
{
    int width, height;
    alx_dataset_image_size(dataset, &width, &height);
    *drawn = 0;
    for (int i = 0; i < count; i++) {
        uint8_t *rgb = pixels + (size_t)*drawn * (size_t)width * (size_t)height * 3;
        alx_status status = alx_dataset_image(dataset, indices[i], rgb, err);
        bool last = i + 1 == count;
        if (status == ALX_NO_MEMORY || (status && last && !*drawn)) return status;
        if (status) {
            cli_warn("%s", err->message);
            continue;
        }
        images[(*drawn)++] =
            (alx_plot_image){.rgb = rgb,
                             .width = width,
                             .height = height,
                             .label = alx_dataset_class_name(dataset, alx_dataset_label(dataset, indices[i]))};
    }
    return ALX_OK;
}

static alx_status draw(const alx_dataset *dataset, const config *c, alx_error *err)
{
    int width, height, count = (int)c->count, drawn = 0;
    alx_dataset_image_size(dataset, &width, &height);
    size_t bytes = (size_t)width * (size_t)height * 3;
    int64_t *indices = calloc((size_t)count, sizeof *indices);
    alx_plot_image *images = calloc((size_t)count, sizeof *images);
    uint8_t *pixels = calloc((size_t)count, bytes);
    alx_status status = indices && images && pixels ? ALX_OK : out_of_memory(err);
    if (!status) count = alx_dataset_sample(dataset, (uint64_t)c->seed, count, indices);
    if (!status) status = read_sample(images, &drawn, pixels, dataset, indices, count, err);
    if (!status) status = alx_plot_samples(c->output, images, drawn, (int)c->columns, NULL, err);
    free(pixels);
    free(images);
    free(indices);
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

int cli_show(const cli_call *call)
{
    config c = {.split = "train", .output = "samples.png", .count = 10, .columns = 5};
    cli_arguments arguments = {0};
    int code;
    if (!cli_begin(call, &arguments, &c, &code)) return code;
    const char *source = arguments.operand_count == 1 ? arguments.operands[0] : NULL;
    cli_arguments_finish(&arguments);
    if (!source) return cli_usage_error("show takes one folder or recipe: alexnet show photos/");
    alx_error err = {0};
    alx_dataset *dataset = NULL;
    alx_status status = open_data(&dataset, source, c.split, &err);
    if (!status && alx_dataset_left_out(dataset)) cli_warn("%s", alx_dataset_left_out(dataset));
    if (!status) status = draw(dataset, &c, &err);
    if (!status) {
        print_found(dataset);
        cli_print_name(stdout, c.output);
        putchar('\n');
    }
    alx_dataset_destroy(dataset);
    return status ? cli_error(&err) : CLI_DONE;
}

/* alexnet plot RUN FIGURE [IMAGE]: one picture of a run. */
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/report.h"

typedef struct config {
    const char *output;
} config;

const cli_option cli_plot_options[] = {
    {"output",
     'o',
     CLI_TEXT,
     offsetof(config, output),
     "FILE",
     0,
     0,
     {"the picture, .png or .svg (default the figure's name and .png)", "图片文件，.png 或 .svg（默认为图名加 .png）"}},
    {0},
};

typedef struct figure {
    const char *name, *help[2];
    cli_figure *draw;
    bool image; /* of one that may be named */
} figure;

static const figure FIGURES[] = {
    {"curves", {"loss, accuracy and learning rate", "损失、准确率和学习率"}, cli_figure_curves, false},
    {"model", {"the network, layer by layer", "逐层画出网络"}, cli_figure_model, false},
    {"confusion", {"what was taken for what", "混淆矩阵"}, cli_figure_confusion, false},
    {"calibration", {"whether probabilities can be relied on", "概率是否可信"}, cli_figure_calibration, false},
    {"threshold", {"two classes: other thresholds", "两类时换用其他阈值"}, cli_figure_threshold, false},
    {"samples", {"training images", "训练图片"}, cli_figure_samples, false},
    {"mistakes", {"the worst mistakes", "错得最厉害的图片"}, cli_figure_mistakes, false},
    {"uncertain", {"the least certain answers", "最拿不准的图片"}, cli_figure_uncertain, false},
    {"filters", {"kernels of the first layer, before and after", "训练前后第一层的卷积核"}, cli_figure_filters, false},
    {"features", {"feature maps of IMAGE", "IMAGE 的特征图"}, cli_figure_features, true},
    {"heatmap", {"where the model looks in IMAGE", "模型看 IMAGE 的哪里"}, cli_figure_heatmap, true},
    {"neighbours", {"training images most like IMAGE", "与 IMAGE 最接近的训练图片"}, cli_figure_neighbours, true},
    {"map",
     {"images in a plane: principal components, t-SNE", "图片的平面分布：主成分和 t-SNE"},
     cli_figure_map,
     false},
    {"activity", {"activations and gradients by layer", "各层的激活与梯度"}, cli_figure_activity, false},
};
enum { COUNT = sizeof FIGURES / sizeof *FIGURES };

void cli_plot_help(alx_language language)
{
    static const char *const titles[2] = {"Figures (those with IMAGE take a file; without one, images of the data)",
                                          "图名（带 IMAGE 的可指定图片文件，不指定则用数据中的图片）"};
    printf("\n%s\n", titles[language]);
    for (int i = 0; i < COUNT; i++) {
        char left[64];
        snprintf(left, sizeof left, "  %s%s", FIGURES[i].name, FIGURES[i].image ? " [IMAGE]" : "");
        cli_print_row(stdout, left, FIGURES[i].help[language]);
    }
}

static const figure *find_figure(const char *name)
{
    cli_nearest nearest = {.word = name};
    for (int i = 0; i < COUNT; i++) {
        if (strcmp(FIGURES[i].name, name) == 0) return &FIGURES[i];
        cli_nearest_try(&nearest, FIGURES[i].name);
    }
    cli_unknown_name(&nearest, "figure", "plot --help");
    return NULL;
}

static int plot(const cli_arguments *arguments, alx_language language, const char *output)
{
    if (arguments->operand_count < 2)
        return cli_usage_error("plot takes a run folder and a figure: alexnet plot runs/1 curves");
    const figure *f = find_figure(arguments->operands[1]);
    if (!f) return CLI_USAGE;
    if (arguments->operand_count > (f->image ? 3 : 2))
        return cli_usage_error(f->image ? "plot %s takes one image" : "plot %s takes no image", f->name);
    cli_report r = {.run = arguments->operands[0],
                    .language = language,
                    .image = arguments->operand_count == 3 ? arguments->operands[2] : NULL};
    char named[64];
    snprintf(named, sizeof named, "%s.png", f->name);
    if (!output) output = named;
    alx_error err = {0};
    const alx_status status = f->draw(&r, &(cli_sink){.path = output}, &err);
    cli_report_finish(&r);
    if (status) return cli_error(&err);
    cli_print_name(stdout, output);
    putchar('\n');
    return CLI_DONE;
}

int cli_plot(const cli_call *call)
{
    config c = {0};
    cli_arguments arguments = {0};
    int code;
    if (!cli_begin(call, &arguments, &c, &code)) return code;
    code = plot(&arguments, arguments.language ? (alx_language)(arguments.language - 1) : call->language, c.output);
    cli_arguments_finish(&arguments);
    return code;
}

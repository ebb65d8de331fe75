/* Figures of the training: curves, the network, what its layers do. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/output.h"
#include "cli/report.h"
#include "report/netplot.h"

/* ---- Curves ---- */

alx_status cli_figure_curves(cli_report *r, const cli_sink *sink, alx_error *err)
{
    static const char *const titles[2][3] = {{"Loss", "Accuracy", "Learning rate"}, {"损失", "准确率", "学习率"}};
    static const char *const units[2][3] = {{"cross-entropy, nats", "share of images", "of the last step"},
                                            {"交叉熵（自然对数）", "答对的比例", "每轮最后一步"}};
    static const char *const parts[2][2] = {{"training", "validation"}, {"训练", "验证"}};
    static const cli_metric metrics[3][2] = {
        {CLI_LOSS, CLI_VAL_LOSS}, {CLI_ACCURACY, CLI_VAL_ACCURACY}, {CLI_LEARNING_RATE, CLI_METRICS}};
    const alx_status status = cli_report_need(r, CLI_PART_HISTORY, err);
    if (status) return status;
    const cli_history *h = &r->history;
    bool validated = false;
    for (int i = 0; i < h->epochs; i++) validated |= !isnan(h->values[CLI_VAL_LOSS][i]);
    alx_curve curves[3][2];
    alx_curve_panel panels[3];
    for (int i = 0; i < 3; i++) {
        const int count = i < 2 && validated ? 2 : 1;
        for (int part = 0; part < count; part++)
            curves[i][part] = (alx_curve){.label = i < 2 ? parts[r->language][part] : NULL,
                                          .count = h->epochs,
                                          .x = h->values[CLI_EPOCH],
                                          .y = h->values[metrics[i][part]],
                                          .style = i < 2 ? part : 2,
                                          .dash = part    ? ALX_DASH_SOLID
                                                  : i < 2 ? ALX_DASH_DASHED
                                                          : ALX_DASH_SOLID};
        panels[i] = (alx_curve_panel){.title = titles[r->language][i],
                                      .x_label = cli_say(r, "epoch", "轮次"),
                                      .y_label = units[r->language][i],
                                      .count = count,
                                      .curves = curves[i],
                                      .mark_x = i < 2 && r->best >= 0 ? h->values[CLI_EPOCH][r->best] : NAN};
    }
    char description[256];
    const int last = h->epochs - 1;
    snprintf(description, sizeof description,
             cli_say(r, "%d epochs; the last has loss %.4g in training and %.4g in validation; the best is marked",
                     "共 %d 轮；最后一轮训练损失 %.4g，验证损失 %.4g；竖线标出最好的一轮"),
             h->epochs, h->values[CLI_LOSS][last], h->values[CLI_VAL_LOSS][last]);
    return cli_sink_panels(sink, panels, 3, description, err);
}

/* ---- The network ---- */

alx_status cli_figure_model(cli_report *r, const cli_sink *sink, alx_error *err)
{
    alx_status status = cli_report_need(r, CLI_PART_NETWORK, err);
    if (status) return status;
    if (!r->training) cli_report_need(r, CLI_PART_TIMES, NULL); /* without them the bars of time are missing */
    if (!sink->page)
        return alx_plot_network(&(alx_target){.path = sink->path}, r->network, r->explanation, r->seconds, r->language,
                                err);
    char description[256];
    snprintf(description, sizeof description,
             cli_say(r, "%d layers as boxes from input to output, with their shapes and parameters",
                     "从输入到输出共 %d 层，每层一个方块，标出形状和参数"),
             alx_network_layer_count(r->network));
    const alx_target target = alx_page_figure(sink->page, cli_say(r, "The network", "网络"), description);
    status = alx_plot_network(&target, r->network, r->explanation, r->seconds, r->language, err);
    alx_page_figure_end(sink->page);
    return status;
}

/* ---- Activity ---- */

enum { LAYERS_MOST = 512 };

typedef struct activity {
    int count;
    alx_layer_activity layers[LAYERS_MOST];
    double place[LAYERS_MOST], zeros[LAYERS_MOST], dead[LAYERS_MOST], ratio[LAYERS_MOST], sd[LAYERS_MOST];
} activity;

static alx_status read_activity(activity *a, alx_activity **handle, cli_report *r, alx_error *err)
{
    alx_activity_config config;
    alx_activity_config_init(&config);
    *handle = NULL;
    alx_status status = cli_report_need(r, CLI_PART_MODEL, err);
    if (!status) status = cli_report_need(r, CLI_PART_TRAIN, err);
    if (!status) status = alx_activity_create(handle, r->model, r->train, &config, err);
    if (status) return status;
    for (; a->count < LAYERS_MOST && alx_activity_layer(*handle, a->count, &a->layers[a->count]); a->count++) {
        const alx_layer_activity *l = &a->layers[a->count];
        a->place[a->count] = a->count + 1;
        a->sd[a->count] = l->sd > 0 ? l->sd : NAN;
        a->zeros[a->count] = l->rectified ? 100 * l->zeros : NAN;
        a->dead[a->count] = l->rectified && l->units ? 100 * (double)l->dead / (double)l->units : NAN;
        a->ratio[a->count] = l->parameters && l->weight_norm > 0 ? l->gradient_norm / l->weight_norm : NAN;
    }
    return ALX_OK;
}

static alx_status draw_activity(const activity *a, const cli_report *r, const cli_sink *sink, alx_error *err)
{
    const alx_curve sd = {NULL, a->count, a->place, a->sd, 0, ALX_DASH_SOLID};
    const alx_curve share[2] = {
        {cli_say(r, "zeros", "为 0 的值"), a->count, a->place, a->zeros, 0, ALX_DASH_SOLID},
        {cli_say(r, "dead channels", "失活的通道"), a->count, a->place, a->dead, 1, ALX_DASH_SOLID}};
    const alx_curve ratio = {NULL, a->count, a->place, a->ratio, 2, ALX_DASH_SOLID};
    const char *layer = cli_say(r, "layer, from the input on", "层（从输入数起）");
    const alx_curve_panel panels[3] = {
        {cli_say(r, "Spread of outputs", "输出的离散程度"), layer, cli_say(r, "standard deviation", "标准差"), 0, 1, 1,
         &sd, NAN, 0},
        {cli_say(r, "Silent ReLUs", "不活动的 ReLU"), layer, cli_say(r, "percent", "百分比"), 0, 0, 2, share, NAN, 0},
        {cli_say(r, "Gradient beside weights", "梯度与权重之比"), layer,
         cli_say(r, "norm of gradient / of weights", "梯度范数 ÷ 权重范数"), 0, 1, 1, &ratio, NAN, 0},
    };
    return cli_sink_panels(
        sink, panels, 3,
        cli_say(r, "a value for each layer; the table below has the numbers", "每层一个值，数字见下表"), err);
}

alx_status cli_figure_activity(cli_report *r, const cli_sink *sink, alx_error *err)
{
    activity *a = calloc(1, sizeof *a);
    alx_activity *handle = NULL;
    alx_status status = a ? read_activity(a, &handle, r, err) : cli_fail(err, ALX_NO_MEMORY, "out of memory");
    if (!status) status = draw_activity(a, r, sink, err);
    alx_activity_destroy(handle);
    free(a);
    return status;
}

static void write_table(const activity *a, const cli_report *r, alx_page *page)
{
    static const char *const headings[2][7] = {
        {"Layer", "Type", "Mean", "Standard deviation", "Zeros", "Dead", "Gradient / weights"},
        {"层", "类型", "均值", "标准差", "为 0", "失活", "梯度 ÷ 权重"}};
    alx_page_table(page, cli_say(r, "Layer by layer", "逐层数字"), 7, 0);
    for (int i = 0; i < 7; i++) alx_page_cell(page, "%s", headings[r->language][i]);
    for (int i = 0; i < a->count; i++) {
        const alx_layer_activity *l = &a->layers[i];
        alx_page_cell(page, "%s", l->name);
        alx_page_cell(page, "%s", l->type);
        alx_page_cell(page, isnan(l->mean) ? "–" : "%.3g", l->mean);
        alx_page_cell(page, isnan(l->sd) ? "–" : "%.3g", l->sd);
        alx_page_cell(page, isnan(a->zeros[i]) ? "–" : "%.1f %%", a->zeros[i]);
        alx_page_cell(page, isnan(a->dead[i]) ? "–" : "%.1f %%", a->dead[i]);
        alx_page_cell(page, isnan(a->ratio[i]) ? "–" : "%.2e", a->ratio[i]);
    }
    alx_page_table_end(page);
}

alx_status cli_write_activity(cli_report *r, alx_page *page, alx_error *err)
{
    activity *a = calloc(1, sizeof *a);
    alx_activity *handle = NULL;
    alx_status status = a ? read_activity(a, &handle, r, err) : cli_fail(err, ALX_NO_MEMORY, "out of memory");
    if (!status) status = draw_activity(a, r, &(cli_sink){.page = page}, err);
    if (!status) {
        alx_page_details(page, cli_say(r, "The numbers", "具体数字"));
        write_table(a, r, page);
        alx_page_details_end(page);
    }
    alx_activity_destroy(handle);
    free(a);
    return status;
}

/* A network as a picture: its layers as items, and the whole. */
#include "report/netplot.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "report/netplot_inner.h"

static const alx_text_style TITLE = {24, ALX_INK, PANGO_WEIGHT_BOLD, PANGO_ELLIPSIZE_END, 0};
static const alx_text_style SUBTITLE = {13, ALX_SOFT, PANGO_WEIGHT_NORMAL, PANGO_ELLIPSIZE_END, 0};
static const alx_text_style FOOTNOTE = {11, ALX_MUTED, PANGO_WEIGHT_NORMAL, PANGO_ELLIPSIZE_END, 0};

/* ---- What layers are ---- */

enum { INPUT, CONVOLUTION, POOLING, DENSE, NORMALIZATION, ACTIVATION, MERGE, OTHER };

const char *const netplot_kinds[ALX_KIND_COUNT][2] = {
    [INPUT] = {"input", "输入"},
    [CONVOLUTION] = {"convolution", "卷积"},
    [POOLING] = {"pooling", "池化"},
    [DENSE] = {"dense", "全连接"},
    [NORMALIZATION] = {"normalisation", "归一化"},
    [ACTIVATION] = {"activation", "激活"},
    [MERGE] = {"merging", "合并"},
    [OTHER] = {"other", "其他"},
};

/* A type that is not here is drawn as "other", under Keras' name. */
static const struct {
    const char *type;
    int kind;
    const char *chinese;
} TYPES[] = {
    {"conv2d", CONVOLUTION, "卷积"},
    {"max_pooling2d", POOLING, "最大池化"},
    {"average_pooling2d", POOLING, "平均池化"},
    {"global_average_pooling2d", POOLING, "全局平均池化"},
    {"dense", DENSE, "全连接"},
    {"batch_normalization", NORMALIZATION, "批归一化"},
    {"lrn", NORMALIZATION, "局部响应归一化"},
    {"activation", ACTIVATION, "激活"},
    {"add", MERGE, "相加"},
    {"concatenate", MERGE, "拼接"},
    {"flatten", OTHER, "展平"},
    {"dropout", OTHER, "随机失活"},
};

static void set_type(netplot_item *item, const alx_layer_info *info, alx_language language)
{
    item->kind = OTHER;
    item->type = info->keras;
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        if (strcmp(TYPES[i].type, info->type)) continue;
        item->kind = TYPES[i].kind;
        if (language == ALX_CHINESE) item->type = TYPES[i].chinese;
    }
}

/* ---- Texts ---- */

const char *netplot_thousands(int64_t value, char text[32])
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRId64, value), out = 0;
    for (int i = 0; i < length; i++) {
        text[out++] = digits[i];
        if ((length - i - 1) % 3 == 0 && i + 1 < length) text[out++] = ',';
    }
    text[out] = 0;
    return text;
}

static void set_shape(netplot_item *item, int rank, const int64_t *shape)
{
    char number[32];
    item->side[0] = rank == 3 ? shape[0] : 1;
    item->side[1] = rank == 3 ? shape[1] : 1;
    item->channels = shape[rank - 1];
    if (rank == 3)
        snprintf(item->shape, sizeof item->shape, "%" PRId64 " × %" PRId64 " × %" PRId64, shape[0], shape[1], shape[2]);
    else
        snprintf(item->shape, sizeof item->shape, "%s", netplot_thousands(shape[0], number));
}

static void set_items(netplot *plot, const alx_explanation *explanation, const double *seconds)
{
    char number[32];
    int size[3];
    alx_network_input(plot->network, size);
    const bool chinese = plot->language == ALX_CHINESE;
    plot->items[0] = (netplot_item){.name = netplot_kinds[INPUT][plot->language], .type = "", .kind = INPUT};
    set_shape(&plot->items[0], 3, (int64_t[]){size[0], size[1], size[2]});
    for (int i = 1; i < plot->count; i++) {
        netplot_item *item = &plot->items[i];
        alx_layer_info info;
        alx_layer_account account;
        alx_network_layer(plot->network, i - 1, &info);
        alx_explanation_layer(explanation, i - 1, &account);
        *item =
            (netplot_item){.name = info.name, .parameters = info.parameters, .multiply_adds = account.multiply_adds};
        set_type(item, &info, plot->language);
        set_shape(item, info.rank, info.shape);
        if (info.parameters > 0)
            snprintf(item->parameter_text, sizeof item->parameter_text, chinese ? "参数 %s" : "%s params",
                     netplot_thousands(info.parameters, number));
        plot->parameters += info.parameters;
        plot->multiply_adds += account.multiply_adds;
        if (seconds) item->microseconds = (int64_t)(1e6 * seconds[i - 1]);
        plot->microseconds += item->microseconds;
    }
}

/* ---- The whole ---- */

static alx_status draw_frame(alx_canvas *canvas, const netplot *plot, alx_error *err)
{
    static const char *const formats[2] = {"input %s   ·   %s parameters   ·   %s multiply-adds for an image",
                                           "输入 %s   ·   参数 %s 个   ·   每幅图像乘加 %s 次"};
    static const char *const footnotes[2] = {
        "Height of a box: side of its maps; width: number of its channels; both on logarithmic scales.",
        "方块的高表示特征图的边长，宽表示通道数，均为对数刻度。"};
    char text[256], parameters[32], multiply_adds[32];
    const double width = plot->width - 2 * NETPLOT_MARGIN;
    snprintf(text, sizeof text, formats[plot->language], plot->items[0].shape,
             netplot_thousands(plot->parameters, parameters), netplot_thousands(plot->multiply_adds, multiply_adds));
    alx_status status = alx_canvas_text(canvas, &TITLE, alx_network_name(plot->network), NETPLOT_MARGIN,
                                        NETPLOT_MARGIN + 20, width, err);
    if (!status) status = alx_canvas_text(canvas, &SUBTITLE, text, NETPLOT_MARGIN, NETPLOT_MARGIN + 46, width, err);
    if (!status)
        status = alx_canvas_text(canvas, &FOOTNOTE, footnotes[plot->language], NETPLOT_MARGIN,
                                 plot->height - NETPLOT_MARGIN + 4, width, err);
    return status;
}

static alx_status draw(alx_canvas *canvas, const void *context, alx_error *err)
{
    const netplot *plot = context;
    alx_status status = draw_frame(canvas, plot, err);
    netplot_draw_edges(canvas, plot);
    if (!status) status = netplot_draw_layers(canvas, plot, err);
    if (!status) status = netplot_draw_bars(canvas, plot, err);
    return status;
}

alx_status alx_plot_network(const alx_target *target, const alx_network *network, const alx_explanation *explanation,
                            const double *seconds, alx_language language, alx_error *err)
{
    netplot plot = {.network = network, .language = language, .count = alx_network_layer_count(network) + 1};
    plot.items = calloc((size_t)plot.count, sizeof *plot.items);
    if (!plot.items) return alx_report_fail(err, ALX_NO_MEMORY, "out of memory for a picture");
    set_items(&plot, explanation, seconds);
    alx_status status = netplot_lay_out(&plot, err);
    if (!status) {
        const alx_picture picture = {plot.width, plot.height, draw, &plot};
        status = alx_picture_write(target, &picture, err);
    }
    alx_netgrid_finish(&plot.grid);
    free(plot.axis);
    free(plot.entry);
    free(plot.gap);
    free(plot.items);
    return status;
}

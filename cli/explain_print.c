#include "cli/explain_print.h"

#include <inttypes.h>
#include <string.h>

#include "cli/network.h"
#include "cli/output.h"
#include "report/table.h"

enum { WIDTH = 80, INDENT = 4, LABEL = 12 };

/* ---- Words of both languages ---- */

typedef struct words {
    const char *network, *total, *parameters, *optimizer, *work, *padded, *memory, *gradients, *average, *at_once,
        *notes;
    const char *columns[6];
} words;

/* In the order of their arguments, which both languages share. */
static const words texts[2] = {
    {
        .network = "%s: %dx%d pixels, channels %d, classes %d, layers %d",
        .total = "Total",
        .parameters = "%s: %s trained, %s not trained",
        .optimizer = "%s numbers of its own, %d for each trained parameter",
        .work = "%s neurons, %s connections%s, as many multiply-adds for each image",
        .padded = " (%s of them to zeros of the padding)",
        .memory = "batch %d in %s: weights %s,%s optimizer %s,%s images and labels %s; outputs, "
                  "gradients, packed weights and scratch share %s over time; packed weights that are kept %s; "
                  "together %s. What is shared and packed depends on processor and threads",
        .gradients = " sums of gradients %s,",
        .average = " averaged weights %s,",
        .at_once = " in parts of %d",
        .notes = "Counted and claimed",
        .columns = {"Layer (type)", "Output", "How", "Parameters", "How", "Purpose"},
    },
    {
        .network = "%s：输入 %dx%d 像素，通道 %d，类别 %d，层数 %d",
        .total = "合计",
        .parameters = "%s：训练的 %s 个，不训练的 %s 个",
        .optimizer = "自己另存 %s 个数，每个训练的参数 %d 个",
        .work = "神经元 %s 个，连接 %s 条%s，每幅图像的乘加次数与连接数相同",
        .padded = "（其中 %s 条落在补的零上）",
        .memory = "批次 %d、%s：权重 %s，%s优化器 %s，%s图像及标签 "
                  "%s；各层输出、各种梯度、打包的权重和临时空间按时间共用 "
                  "%s；常驻的打包权重 %s；共 %s。共用和打包的部分随处理器和线程数而变",
        .gradients = "梯度之和 %s，",
        .average = "平均权重 %s，",
        .at_once = "（每份 %d 张）",
        .notes = "数出来的与论文、课程所说的",
        .columns = {"层（类型）", "输出形状", "形状的由来", "参数个数", "参数的由来", "作用"},
    },
};

/* ---- Numbers ---- */

typedef char number_text[32];

static const char *bytes_text(uint64_t bytes, number_text text)
{
    if (bytes < 1024)
        snprintf(text, sizeof(number_text), "%" PRIu64 " B", bytes);
    else if (bytes < 1 << 20)
        snprintf(text, sizeof(number_text), "%.1f KiB", (double)bytes * 0x1p-10);
    else if (bytes < 1 << 30)
        snprintf(text, sizeof(number_text), "%.1f MiB", (double)bytes * 0x1p-20);
    else
        snprintf(text, sizeof(number_text), "%.2f GiB", (double)bytes * 0x1p-30);
    return text;
}

static void count_parameters(const cli_explained *e, int64_t *all, int64_t *trained)
{
    *all = *trained = 0;
    for (int i = 0; i < alx_network_layer_count(e->network); i++) {
        alx_layer_info info;
        alx_network_layer(e->network, i, &info);
        *all += info.parameters;
        *trained += info.trainable;
    }
}

/* ---- The totals, as paragraphs ---- */

enum { TOTALS = 4 };

typedef struct total {
    const char *label;
    char text[768];
} total;

static void write_totals(total t[TOTALS], const cli_explained *e)
{
    const words *w = &texts[e->language];
    int64_t all, trained;
    alx_layer_account sum;
    alx_training_memory m;
    t[0].label = alx_topic_label(ALX_TOPIC_PARAMETERS, e->language);
    t[1].label = e->language == ALX_CHINESE ? "优化器" : "Optimizer";
    t[2].label = alx_topic_label(ALX_TOPIC_WORK, e->language);
    t[3].label = alx_topic_label(ALX_TOPIC_MEMORY, e->language);
    number_text a, b, c, d, f, g, h;
    count_parameters(e, &all, &trained);
    alx_explanation_total(e->explanation, &sum);
    alx_explanation_memory(e->explanation, &m);
    const int states = sum.gradient_bytes ? (int)(sum.state_bytes / sum.gradient_bytes) : 0;
    snprintf(t[0].text, sizeof t[0].text, w->parameters, cli_thousands(all, a), cli_thousands(trained, b),
             cli_thousands(all - trained, c));
    snprintf(t[1].text, sizeof t[1].text, w->optimizer, cli_thousands(trained * states, a), states);
    char padded[96] = "";
    if (sum.padded) snprintf(padded, sizeof padded, w->padded, cli_thousands(sum.padded, a));
    snprintf(t[2].text, sizeof t[2].text, w->work, cli_thousands(sum.neurons, a), cli_thousands(sum.connections, b),
             padded);
    char precision[64], sums[64] = "", more[64] = "";
    snprintf(precision, sizeof precision, "%s", cli_precision_name(alx_explanation_precision(e->explanation)));
    if (m.at_once < e->batch_size)
        snprintf(precision + strlen(precision), sizeof precision - strlen(precision), w->at_once, m.at_once);
    if (m.gradients) snprintf(sums, sizeof sums, w->gradients, bytes_text(m.gradients, b));
    if (m.average) snprintf(more, sizeof more, w->average, bytes_text(m.average, a));
    snprintf(t[3].text, sizeof t[3].text, w->memory, e->batch_size, precision, bytes_text(m.weights, a), sums,
             bytes_text(m.state, c), more, bytes_text(m.images, d), bytes_text(m.arena, f), bytes_text(m.packed, g),
             bytes_text(m.total, h));
}

static void write_network(char text[256], const cli_explained *e)
{
    int size[3];
    cli_name_text name;
    alx_network_input(e->network, size);
    snprintf(text, 256, texts[e->language].network, cli_name(alx_network_name(e->network), name), size[0], size[1],
             size[2], alx_network_classes(e->network), alx_network_layer_count(e->network));
}

/* ---- Text ---- */

static void print_item(const char *label, const char *text)
{
    printf("%*s", INDENT, "");
    cli_print_padded(stdout, label, LABEL);
    cli_print_wrapped(stdout, text, INDENT + LABEL, INDENT + LABEL, WIDTH);
}

/* " 1  conv2d_1 (Conv2D)                                             34,944" */
static void print_heading(int index, const alx_layer_info *info)
{
    char left[640];
    cli_name_text name;
    number_text count;
    snprintf(left, sizeof left, "%2d  %s (%s)", index + 1, cli_name(info->name, name), info->keras);
    cli_thousands(info->parameters, count);
    int room = WIDTH - alx_table_width(left) - alx_table_width(count);
    printf("%s%*s%s\n", left, room > 2 ? room : 2, "", count);
}

static const char *layer_name(const cli_explained *e, int index)
{
    alx_layer_info info;
    if (index < 0) return "input";
    alx_network_layer(e->network, index, &info);
    return info.name;
}

/* "from conv2d_1, conv2d_2", where that is not the layer before. */
static void print_sources(const cli_explained *e, int index, const alx_layer_info *info)
{
    if (info->input_count == 1 && info->inputs[0] == index - 1) return;
    printf("%*s", INDENT, "");
    cli_print_padded(stdout, e->language == ALX_CHINESE ? "来自" : "From", LABEL);
    for (int i = 0; i < info->input_count; i++) {
        if (i) printf(", ");
        cli_print_name(stdout, layer_name(e, info->inputs[i]));
    }
    putchar('\n');
}

static void print_layer(const cli_explained *e, int index)
{
    alx_layer_info info;
    alx_network_layer(e->network, index, &info);
    print_heading(index, &info);
    print_sources(e, index, &info);
    for (int t = 0; t < ALX_TOPIC_COUNT; t++) {
        const char *text = alx_explanation_text(e->explanation, index, (alx_topic)t);
        if (text) print_item(alx_topic_label((alx_topic)t, e->language), text);
    }
}

void cli_explain_text(const cli_explained *e)
{
    const words *w = &texts[e->language];
    char heading[256];
    total t[TOTALS] = {0};
    if (e->layer >= 0) {
        print_layer(e, e->layer);
        return;
    }
    write_network(heading, e);
    cli_print_wrapped(stdout, heading, 0, 0, WIDTH);
    for (int i = 0; i < alx_network_layer_count(e->network); i++) {
        putchar('\n');
        print_layer(e, i);
    }
    write_totals(t, e);
    printf("\n%s\n", w->total);
    for (int i = 0; i < TOTALS; i++) print_item(t[i].label, t[i].text);
    for (int i = 0; alx_explanation_note(e->explanation, i); i++) {
        if (i == 0) printf("\n%s\n", w->notes);
        printf("%*s", INDENT, "");
        cli_print_wrapped(stdout, alx_explanation_note(e->explanation, i), INDENT, INDENT, WIDTH);
    }
}

/* ---- Markdown ---- */

/* '|' would begin a cell, and '*' and '_' emphasis. */
static void print_cell(const char *text)
{
    for (; *text; text++) {
        if (strchr("|*_<`\\", *text)) putchar('\\');
        putchar(*text);
    }
}

static void print_markdown_row(const cli_explained *e, int index)
{
    static const alx_topic after_shape = ALX_TOPIC_OUTPUT, after_count = ALX_TOPIC_PARAMETERS;
    alx_layer_info info;
    cli_name_text name;
    number_text count;
    alx_network_layer(e->network, index, &info);
    printf("| ");
    print_cell(cli_name(info.name, name));
    printf(" (%s) | ", info.keras);
    for (int i = 0; i < info.rank; i++) printf("%s%" PRId64, i ? " x " : "", info.shape[i]);
    printf(" | ");
    print_cell(alx_explanation_text(e->explanation, index, after_shape));
    printf(" | %s | ", cli_thousands(info.parameters, count));
    print_cell(alx_explanation_text(e->explanation, index, after_count));
    printf(" | ");
    print_cell(alx_explanation_text(e->explanation, index, ALX_TOPIC_PURPOSE));
    printf(" |\n");
}

static void print_bullet(const char *label, const char *text)
{
    printf("- %s%s", label ? label : "", label ? ": " : "");
    print_cell(text);
    putchar('\n');
}

void cli_explain_markdown(const cli_explained *e)
{
    const words *w = &texts[e->language];
    char heading[256];
    total t[TOTALS] = {0};
    const bool all = e->layer < 0;
    write_network(heading, e);
    print_cell(heading);
    printf("\n\n|");
    for (size_t i = 0; i < sizeof w->columns / sizeof *w->columns; i++) printf(" %s |", w->columns[i]);
    printf("\n|---|---|---|--:|---|---|\n");
    for (int i = 0; i < alx_network_layer_count(e->network); i++)
        if (all || i == e->layer) print_markdown_row(e, i);
    if (!all) return;
    write_totals(t, e);
    printf("\n**%s**\n\n", w->total);
    for (int i = 0; i < TOTALS; i++) print_bullet(t[i].label, t[i].text);
    for (int i = 0; alx_explanation_note(e->explanation, i); i++) {
        if (i == 0) printf("\n**%s**\n\n", w->notes);
        print_bullet(NULL, alx_explanation_note(e->explanation, i));
    }
}

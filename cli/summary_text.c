/* A summary as text: the table that Keras' model.summary() prints, with columns and a drawing of our own. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/network.h"
#include "cli/output.h"
#include "cli/summary.h"
#include "report/lanes.h"
#include "report/table.h"

static const char input_name[] = "input_1";

/* ---- Words of our own additions; the rest is Keras' and stays English ---- */

typedef struct words {
    const char *multiply_adds, *share, *outputs, *output_gradients, *parameters, *optimizer;
    const char *total_multiply_adds, *total_memory, *memory_parts, *no_drawing;
} words;

/* In the order of their arguments, which both languages share. */
static const words texts[2] = {
    {
        .multiply_adds = "Multiply-adds",
        .share = "Share",
        .outputs = "Outputs",
        .output_gradients = "Gradients",
        .parameters = "Params+grads",
        .optimizer = "Optimizer",
        .total_multiply_adds = "Total multiply-adds: %s (%s GFLOP for an image, forward; %.2f times that for a "
                               "training step)\n",
        .total_memory = "Training memory in MiB, as in the columns: %.1f at batch %d in %s with adam\n",
        .memory_parts = "  params %.1f, optimizer %.1f, images %.1f, packed weights kept %.1f,\n"
                        "  outputs, gradients and scratch %.1f in memory shared over time\n",
        .no_drawing = "More than %d outputs live side by side: the branches are not drawn; the last column has them.\n",
    },
    {
        .multiply_adds = "乘加次数",
        .share = "占比",
        .outputs = "输出",
        .output_gradients = "输出梯度",
        .parameters = "参数+梯度",
        .optimizer = "优化器",
        .total_multiply_adds = "乘加总次数：%s（一幅图像前向计算 %s GFLOP；训练一步是它的 %.2f 倍）\n",
        .total_memory = "训练所需内存（单位 MiB，各列相同）：%.1f，批次 %d，%s，adam\n",
        .memory_parts = "  参数 %.1f，优化器 %.1f，图像 %.1f，常驻的打包权重 %.1f，\n"
                        "  各层输出、各种梯度和临时空间按时间共用 %.1f\n",
        .no_drawing = "同时存在的输出超过 %d 个，不画分支；见最后一列。\n",
    },
};

/* ---- Numbers ---- */

const char *cli_summary_layer_name(const alx_network *network, int index)
{
    if (index < 0) return input_name;
    alx_layer_info info;
    alx_network_layer(network, index, &info);
    return info.name;
}

/* The backward pass multiplies once more for the weights, and once for the layer's input where something trained lies
 * behind that: the input image needs no gradient. */
alx_status cli_summary_add_up(cli_summary_totals *t, const cli_summarized *s, alx_error *err)
{
    const int count = alx_network_layer_count(s->network);
    bool *trained = calloc((size_t)count + 1, sizeof *trained); /* by layer: does it or one in front learn? */
    *t = (cli_summary_totals){0};
    if (!trained) {
        *err = (alx_error){ALX_NO_MEMORY, "out of memory for a summary"};
        return ALX_NO_MEMORY;
    }
    for (int i = 0; i < count; i++) {
        alx_layer_info info;
        alx_layer_account a = {0};
        bool in_front = false;
        alx_network_layer(s->network, i, &info);
        if (s->explanation) alx_explanation_layer(s->explanation, i, &a);
        for (int k = 0; k < info.input_count; k++) in_front |= info.inputs[k] >= 0 && trained[info.inputs[k]];
        trained[i] = in_front || info.trainable > 0;
        t->parameters += info.parameters;
        t->trainable += info.trainable;
        t->multiply_adds += a.multiply_adds;
        t->training_multiply_adds += a.multiply_adds * (2 + in_front);
    }
    free(trained);
    return ALX_OK;
}

/* A multiply-add is two operations.  Three digits, and all of a larger number. */
static const char *gflop(int64_t multiply_adds, char text[32])
{
    const double value = 2e-9 * (double)multiply_adds;
    snprintf(text, 32, value < 100 ? "%.3g" : "%.0f", value);
    return text;
}

static void print_shape(char text[96], int rank, const int64_t *shape)
{
    int length = snprintf(text, 96, "(None");
    for (int i = 0; i < rank && length < 96; i++)
        length += snprintf(text + length, (size_t)(96 - length), ", %lld", (long long)shape[i]);
    snprintf(text + length, (size_t)(96 - length), ")");
}

/* ---- The table ---- */

typedef struct columns {
    const cli_summarized *s;
    alx_table table;
    const alx_lanes_line *lanes; /* input and layers; NULL: no drawing */
    bool branches;
    int64_t multiply_adds; /* of all layers */
} columns;

static void init_columns(columns *c)
{
    const words *w = &texts[c->s->language];
    const char *headings[ALX_TABLE_COLUMNS];
    alx_table_align align[ALX_TABLE_COLUMNS];
    int count = 0;
    const struct {
        bool there;
        alx_table_align align;
        const char *heading;
    } all[] = {
        {c->lanes, ALX_TABLE_LEFT, ""},
        {true, ALX_TABLE_LEFT, "Layer (type)"},
        {true, ALX_TABLE_LEFT, "Output Shape"},
        {true, ALX_TABLE_RIGHT, "Param #"},
        {c->s->flops, ALX_TABLE_RIGHT, w->multiply_adds},
        {c->s->flops, ALX_TABLE_RIGHT, w->share},
        {c->s->memory, ALX_TABLE_RIGHT, w->outputs},
        {c->s->memory, ALX_TABLE_RIGHT, w->output_gradients},
        {c->s->memory, ALX_TABLE_RIGHT, w->parameters},
        {c->s->memory, ALX_TABLE_RIGHT, w->optimizer},
        {c->branches, ALX_TABLE_LEFT, "Connected to"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!all[i].there) continue;
        headings[count] = all[i].heading;
        align[count++] = all[i].align;
    }
    alx_table_init_columns(&c->table, count, headings, align);
}

static void add_name(alx_table *table, const char *name, const char *format)
{
    cli_name_text text;
    alx_table_cell(table, format, cli_name(name, text));
}

static void add_mebibytes(alx_table *table, uint64_t bytes)
{
    alx_table_cell(table, "%.1f", (double)bytes * 0x1p-20);
}

/* What --flops and --memory add.  The input has nothing of it. */
static void add_account(columns *c, const alx_layer_account *a)
{
    char number[32];
    if (c->s->flops) {
        const double all = c->multiply_adds > 0 ? (double)c->multiply_adds : 1;
        alx_table_cell(&c->table, "%s", cli_thousands(a->multiply_adds, number));
        if (a->multiply_adds > 0)
            alx_table_cell(&c->table, "%.1f %%", 100 * (double)a->multiply_adds / all);
        else
            alx_table_cell(&c->table, "%s", "");
    }
    if (c->s->memory) {
        add_mebibytes(&c->table, a->output_bytes);
        add_mebibytes(&c->table, a->output_gradient_bytes);
        add_mebibytes(&c->table, a->weight_bytes + a->gradient_bytes);
        add_mebibytes(&c->table, a->state_bytes);
    }
}

static void add_input(columns *c)
{
    const alx_layer_account nothing = {0};
    char shape[96];
    int size[3];
    alx_network_input(c->s->network, size);
    print_shape(shape, 3, (int64_t[]){size[0], size[1], size[2]});
    if (c->lanes) alx_table_cell(&c->table, "%s", c->lanes[0].node);
    alx_table_cell(&c->table, "%s (InputLayer)", input_name);
    alx_table_cell(&c->table, "%s", shape);
    alx_table_cell(&c->table, "0");
    add_account(c, &nothing);
    if (c->branches) alx_table_cell(&c->table, "%s", "");
}

/* One layer; where it reads several, each further one has a line of its own, as in Keras' graphs. */
static void add_layer(columns *c, int index)
{
    char shape[96], count[32], format[96];
    alx_layer_info info;
    alx_layer_account account = {0};
    alx_network_layer(c->s->network, index, &info);
    if (c->s->explanation) alx_explanation_layer(c->s->explanation, index, &account);
    print_shape(shape, info.rank, info.shape);
    snprintf(format, sizeof format, "%%s (%s)", info.keras);
    if (c->lanes) alx_table_cell(&c->table, "%s", c->lanes[index + 1].node);
    add_name(&c->table, info.name, format);
    alx_table_cell(&c->table, "%s", shape);
    alx_table_cell(&c->table, "%s", cli_thousands(info.parameters, count));
    add_account(c, &account);
    for (int i = 0; c->branches && i < info.input_count; i++) {
        if (i && c->lanes) alx_table_cell(&c->table, "%s", c->lanes[index + 1].below);
        for (int j = c->lanes ? 1 : 0; i && j < c->table.columns - 1; j++) alx_table_cell(&c->table, "%s", "");
        add_name(&c->table, cli_summary_layer_name(c->s->network, info.inputs[i]), "%s[0][0]");
    }
}

/* ---- Branches ---- */

/* Some layer reads another one than its predecessor. */
static bool has_branches(const alx_network *network)
{
    for (int i = 0; i < alx_network_layer_count(network); i++) {
        alx_layer_info info;
        alx_network_layer(network, i, &info);
        if (info.input_count != 1 || info.inputs[0] != i - 1) return true;
    }
    return false;
}

enum { INPUTS = sizeof((alx_layer_info *)0)->inputs / sizeof(int) };

/* Node 0 is the input, node i + 1 layer i. */
static void list_nodes(alx_lanes_node *nodes, int (*inputs)[INPUTS], const alx_network *network)
{
    for (int i = 0; i < alx_network_layer_count(network); i++) {
        alx_layer_info info;
        alx_network_layer(network, i, &info);
        nodes[i + 1] = (alx_lanes_node){info.input_count, inputs[i]};
        for (int k = 0; k < info.input_count; k++) inputs[i][k] = info.inputs[k] + 1;
    }
}

static alx_status draw_branches(alx_lanes_line **lanes, const alx_network *network, alx_error *err)
{
    const int count = alx_network_layer_count(network) + 1;
    alx_lanes_node *nodes = calloc((size_t)count, sizeof *nodes);
    int(*inputs)[INPUTS] = calloc((size_t)count, sizeof *inputs);
    alx_status status = ALX_NO_MEMORY;
    if (nodes && inputs) {
        list_nodes(nodes, inputs, network);
        status = alx_lanes_create(lanes, nodes, count, err);
    } else {
        *err = (alx_error){status, "out of memory for a summary"};
    }
    free(inputs);
    free(nodes);
    return status;
}

static alx_status print_table(const cli_summarized *s, int64_t multiply_adds, alx_error *err)
{
    const int count = alx_network_layer_count(s->network);
    columns c = {.s = s, .branches = has_branches(s->network), .multiply_adds = multiply_adds};
    alx_lanes_line *lanes = NULL;
    alx_status status = c.branches ? draw_branches(&lanes, s->network, err) : ALX_OK;
    const bool too_many = status == ALX_UNSUPPORTED;
    if (status && !too_many) return status;
    c.lanes = lanes;
    init_columns(&c);
    add_input(&c);
    for (int i = 0; i < count; i++) add_layer(&c, i);
    status = alx_table_print(&c.table, stdout, err);
    if (!status && too_many) printf(texts[s->language].no_drawing, ALX_LANES_MOST);
    alx_table_finish(&c.table);
    alx_lanes_destroy(lanes, count + 1);
    return status;
}

/* ---- The totals ---- */

static void print_multiply_adds(const cli_summarized *s, const cli_summary_totals *t)
{
    char number[32], forward[32];
    const double factor = t->multiply_adds > 0 ? (double)t->training_multiply_adds / (double)t->multiply_adds : 0;
    printf(texts[s->language].total_multiply_adds, cli_thousands(t->multiply_adds, number),
           gflop(t->multiply_adds, forward), factor);
}

static void print_memory(const cli_summarized *s)
{
    const words *w = &texts[s->language];
    const double mebi = 0x1p-20;
    alx_training_memory m;
    alx_explanation_memory(s->explanation, &m);
    printf(w->total_memory, mebi * (double)m.total, s->batch_size,
           cli_precision_name(alx_explanation_precision(s->explanation)));
    printf(w->memory_parts, mebi * (double)m.weights, mebi * (double)m.state, mebi * (double)m.images,
           mebi * (double)m.packed, mebi * (double)m.arena);
}

int cli_summary_text(const cli_summarized *s)
{
    alx_error err = {0};
    cli_summary_totals t;
    char number[32];
    if (cli_summary_add_up(&t, s, &err)) return cli_error(&err);
    printf("Model: \"");
    cli_print_name(stdout, alx_network_name(s->network));
    printf("\"\n");
    if (print_table(s, t.multiply_adds, &err)) return cli_error(&err);
    printf("Total params: %s\n", cli_thousands(t.parameters, number));
    printf("Trainable params: %s\n", cli_thousands(t.trainable, number));
    printf("Non-trainable params: %s\n", cli_thousands(t.parameters - t.trainable, number));
    if (s->flops) print_multiply_adds(s, &t);
    if (s->memory) print_memory(s);
    return CLI_DONE;
}

/* alexnet explain MODEL: where every number of a network comes from. */
#include <string.h>

#include "cli/explain_print.h"
#include "cli/network.h"
#include "cli/output.h"

enum format { FORMAT_TEXT, FORMAT_MD, FORMAT_JSON };

typedef struct config {
    const char *layer;
    int format, precision, optimizer, annotate, ema;
    long long classes, batch_size, accumulation;
    unsigned long long memory_limit;
} config;

const cli_option cli_explain_options[] = {
    {"layer", 0, CLI_TEXT, offsetof(config, layer), "NAME", 0, 0, {"this layer alone", "只讲解这一层"}},
    {"format",
     0,
     CLI_CHOICE,
     offsetof(config, format),
     "text|md|json",
     0,
     0,
     {"text, a Markdown table, or JSON (default: text)", "文本、Markdown 表格或 JSON（默认文本）"}},
    {"annotate",
     0,
     CLI_FLAG,
     offsetof(config, annotate),
     NULL,
     0,
     0,
     {"print the network's YAML with a comment behind every line; your own comments stay, behind \" | \"",
      "打印网络的 YAML，每行加上注释；自己写的注释保留在“ | ”之后"}},
    CLI_CLASSES_ROW(config),
    {"batch-size",
     0,
     CLI_INT,
     offsetof(config, batch_size),
     "N",
     1,
     1000000,
     {"images of a training step, for the memory (32)", "训练每步的图片数，用于计算内存（32）"}},
    CLI_TRAIN_PRECISION_ROW(config),
    {"optimizer",
     0,
     CLI_CHOICE,
     offsetof(config, optimizer),
     "sgd|momentum|adam|adamw",
     0,
     0,
     {"which keeps 0, 1, 2 or 2 numbers for each trained weight (default: adam)",
      "优化器，为每个训练的权重另存 0、1、2、2 个数（默认 adam）"}},
    {"ema", 0, CLI_FLAG, offsetof(config, ema), NULL, 0, 0, {"with averaged weights", "另存一份权重的滑动平均"}},
    {"gradient-accumulation-steps",
     0,
     CLI_INT,
     offsetof(config, accumulation),
     "N",
     1,
     65536,
     {"batches of a step (1), whose gradients are summed", "每步的批数（1），其梯度相加"}},
    CLI_MEMORY_LIMIT_ROW(config),
    {0},
};

static int find_layer(const alx_network *network, const char *name, int *index)
{
    cli_nearest nearest = {.word = name};
    for (*index = 0; *index < alx_network_layer_count(network); ++*index) {
        alx_layer_info info;
        alx_network_layer(network, *index, &info);
        if (!strcmp(info.name, name)) return CLI_DONE;
        cli_nearest_try(&nearest, info.name);
    }
    if (nearest.best[0])
        return cli_usage_error("%s has no layer %s; did you mean %s?", alx_network_name(network), name, nearest.best);
    return cli_usage_error("%s has no layer %s; alexnet summary lists them", alx_network_name(network), name);
}

static int annotate(const alx_network *network, alx_language language)
{
    char *text;
    alx_error err = {0};
    if (alx_network_annotate(&text, network, language, &err)) return cli_error(&err);
    fputs(text, stdout);
    alx_text_destroy(text);
    return CLI_DONE;
}

static int explain(const alx_network *network, const config *c, alx_language language)
{
    cli_explained e = {.network = network, .language = language, .batch_size = (int)c->batch_size, .layer = -1};
    int code = c->layer ? find_layer(network, c->layer, &e.layer) : CLI_DONE;
    if (code) return code;
    alx_explain_config how;
    alx_explain_config_init(&how);
    how.language = language;
    how.batch_size = e.batch_size;
    how.precision = (alx_precision)c->precision;
    static const int states[] = {0, 1, 2, 2}; /* by --optimizer */
    how.optimizer_states = states[c->optimizer];
    how.ema = c->ema;
    how.accumulation = (int)c->accumulation;
    how.memory_limit = c->memory_limit;
    alx_error err = {0};
    alx_explanation *explanation;
    if (alx_explanation_create(&explanation, network, &how, &err)) return cli_error(&err);
    e.explanation = explanation;
    switch ((enum format)c->format) {
    case FORMAT_TEXT: cli_explain_text(&e); break;
    case FORMAT_MD: cli_explain_markdown(&e); break;
    case FORMAT_JSON: code = cli_explain_json(&e); break;
    }
    alx_explanation_destroy(explanation);
    return code;
}

int cli_explain(const cli_call *call)
{
    config c = {.batch_size = 32, .optimizer = 2, .accumulation = 1};
    alx_network *network;
    alx_language language;
    int code;
    if (!cli_begin_network(call, &c, &c.classes, &network, &language, &code)) return code;
    if (c.annotate && (c.layer || c.format != FORMAT_TEXT))
        code = cli_usage_error("--annotate prints the whole YAML; leave out --layer and --format");
    else
        code = c.annotate ? annotate(network, language) : explain(network, &c, language);
    alx_network_destroy(network);
    return code;
}

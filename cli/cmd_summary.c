/* alexnet summary MODEL: the table that Keras' model.summary() prints; what a network costs; its picture. */
#include "cli/network.h"
#include "cli/output.h"
#include "cli/summary.h"
#include "report/netplot.h"

enum { NOT_GIVEN = -1, BATCH_SIZE = 32 };

typedef struct config {
    int json, flops, memory, precision;
    long long classes, batch_size;
    const char *draw;
} config;

const cli_option cli_summary_options[] = {
    CLI_CLASSES_ROW(config),
    {"flops",
     0,
     CLI_FLAG,
     offsetof(config, flops),
     NULL,
     0,
     0,
     {"add the multiply-adds of each convolution and dense layer for one image, and its share",
      "加上各卷积层和全连接层处理一幅图像的乘加次数及占比"}},
    {"memory",
     0,
     CLI_FLAG,
     offsetof(config, memory),
     NULL,
     0,
     0,
     {"add the memory that each layer takes in training, in MiB", "加上各层在训练中占用的内存，单位 MiB"}},
    {"batch-size",
     0,
     CLI_INT,
     offsetof(config, batch_size),
     "N",
     1,
     1000000,
     {"images of a training step, for --memory (32)", "训练每步的图片数，用于 --memory（32）"}},
    {"precision",
     0,
     CLI_CHOICE,
     offsetof(config, precision),
     "auto|f32|bf16",
     0,
     0,
     {"of training, for --memory (default: auto, as train would choose here)",
      "训练的精度，用于 --memory（默认 auto，与 train 在本机的选择相同）"}},
    {"draw",
     0,
     CLI_TEXT,
     offsetof(config, draw),
     "FILE",
     0,
     0,
     {"draw the network into a picture, .png or .svg, in place of the table",
      "不打印表格，把网络画成图片，.png 或 .svg"}},
    {"json", 0, CLI_FLAG, offsetof(config, json), NULL, 0, 0, {"print JSON", "以 JSON 输出"}},
    {0},
};

static alx_status explain(alx_explanation **explanation, cli_summarized *s, const config *c, alx_error *err)
{
    alx_explain_config how;
    alx_explain_config_init(&how);
    how.language = s->language;
    how.batch_size = s->batch_size = c->batch_size == NOT_GIVEN ? BATCH_SIZE : (int)c->batch_size;
    if (c->precision != NOT_GIVEN) how.precision = (alx_precision)c->precision;
    const alx_status status = alx_explanation_create(explanation, s->network, &how, err);
    s->explanation = *explanation;
    return status;
}

static int draw(const cli_summarized *s, const char *path)
{
    alx_error err = {0};
    if (alx_plot_network(&(alx_target){.path = path}, s->network, s->explanation, NULL, s->language, &err))
        return cli_error(&err);
    cli_print_name(stdout, path);
    putchar('\n');
    return CLI_DONE;
}

static int summarize(const alx_network *network, const config *c, alx_language language)
{
    cli_summarized s = {.network = network, .flops = c->flops, .memory = c->memory, .language = language};
    alx_explanation *explanation = NULL;
    alx_error err = {0};
    if ((c->flops || c->memory || c->draw) && explain(&explanation, &s, c, &err)) return cli_error(&err);
    const int code = c->draw ? draw(&s, c->draw) : c->json ? cli_summary_json(&s) : cli_summary_text(&s);
    alx_explanation_destroy(explanation);
    return code;
}

/* Options that contradict each other, or would change nothing. */
static int check(const config *c)
{
    if (c->draw && (c->json || c->flops || c->memory))
        return cli_usage_error("--draw makes a picture; leave out --json, --flops and --memory");
    if (!c->flops && !c->memory && (c->batch_size != NOT_GIVEN || c->precision != NOT_GIVEN))
        return cli_usage_error("--batch-size and --precision say what --memory counts; add --memory");
    return CLI_DONE;
}

int cli_summary(const cli_call *call)
{
    config c = {.batch_size = NOT_GIVEN, .precision = NOT_GIVEN};
    alx_network *network;
    alx_language language;
    int code;
    if (!cli_begin_network(call, &c, &c.classes, &network, &language, &code)) return code;
    code = check(&c);
    if (!code) code = summarize(network, &c, language);
    alx_network_destroy(network);
    return code;
}

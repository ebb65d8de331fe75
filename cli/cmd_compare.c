/* alexnet compare RUN RUN...: what trained networks cost, how good they are, and where they differ. */
#include "cli/commands.h"
#include "cli/compare.h"
#include "cli/output.h"

typedef struct config {
    const char *data, *output;
    int json, all;
    double skip_bad;
    cli_session_options session;
} config;

const cli_option cli_compare_options[] = {
    {"data",
     0,
     CLI_TEXT,
     offsetof(config, data),
     "SOURCE",
     0,
     0,
     {"the images, as for evaluate (default: the test images of the first run's recipe, or its validation images)",
      "图片，写法与 evaluate 相同（默认：第一个运行的配方所写的测试图片；没有则用其验证图片）"}},
    {"output",
     'o',
     CLI_TEXT,
     offsetof(config, output),
     "FILE",
     0,
     0,
     {"also draw the curves of all runs into a picture, .png or .svg",
      "同时把所有运行的曲线画成一张图片，.png 或 .svg"}},
    {"all", 0, CLI_FLAG, offsetof(config, all), NULL, 0, 0, {"also print layers that are the same", "相同的层也打印"}},
    {"json", 0, CLI_FLAG, offsetof(config, json), NULL, 0, 0, {"print JSON", "以 JSON 输出"}},
    {"skip-bad",
     0,
     CLI_PERCENT,
     offsetof(config, skip_bad),
     "PERCENT",
     0,
     100,
     {"images that may be unreadable before this fails (default 1)", "允许无法读取的图片百分比，超过则失败（默认 1）"}},
    CLI_SESSION_ROWS(config),
    {0},
};

static alx_status compare(cli_comparison *c, const cli_arguments *arguments, const config *options, alx_error *err)
{
    alx_status status = ALX_OK;
    for (; !status && c->count < arguments->operand_count; c->count++)
        status = cli_compared_open(&c->runs[c->count], arguments->operands[c->count], err);
    if (!status) status = cli_compare_layers(c, err);
    if (!status) status = cli_compare_recipes(c, err);
    if (!status && options->output) status = cli_compare_draw(c, options->output, err); /* before what takes long */
    if (!status) status = cli_compare_images(c, options->data, options->skip_bad, &options->session, err);
    return status;
}

int cli_compare(const cli_call *call)
{
    config options = {.skip_bad = 1, .session = CLI_SESSION_DEFAULTS};
    cli_arguments arguments = {0};
    int code;
    if (!cli_begin(call, &arguments, &options, &code)) return code;
    if (arguments.operand_count < 2 || arguments.operand_count > CLI_RUNS_MOST) {
        cli_arguments_finish(&arguments);
        return cli_usage_error("compare takes 2 to %d runs: alexnet compare runs/1 runs/2", CLI_RUNS_MOST);
    }
    alx_error err = {0};
    cli_comparison c = {.language = arguments.language ? (alx_language)(arguments.language - 1) : call->language,
                        .all = options.all,
                        .curves = options.output};
    const alx_status status = compare(&c, &arguments, &options, &err);
    code = status ? cli_error(&err) : options.json ? cli_compare_json(&c) : cli_compare_text(&c);
    cli_comparison_finish(&c);
    cli_arguments_finish(&arguments);
    return code;
}

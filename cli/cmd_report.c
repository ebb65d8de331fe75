/* alexnet report RUN: everything about a run on a page. */
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/report.h"

typedef struct config {
    const char *output;
    int no_check;
} config;

const cli_option cli_report_options[] = {
    {"output",
     'o',
     CLI_TEXT,
     offsetof(config, output),
     "FILE",
     0,
     0,
     {"the page (default report.html in the run's folder)", "网页文件（默认为运行文件夹中的 report.html）"}},
    {"no-check",
     0,
     CLI_FLAG,
     offsetof(config, no_check),
     NULL,
     0,
     0,
     {"leave out check-data's findings, for which every training image is read",
      "略去 check-data 的检查（为此要读遍所有训练图片）"}},
    {0},
};

int cli_report_command(const cli_call *call)
{
    config c = {0};
    cli_arguments arguments = {0};
    int code;
    if (!cli_begin(call, &arguments, &c, &code)) return code;
    cli_report r = {.run = arguments.operand_count == 1 ? arguments.operands[0] : NULL,
                    .language = arguments.language ? (alx_language)(arguments.language - 1) : call->language,
                    .unchecked = c.no_check != 0};
    cli_report_path place;
    alx_error err = {0};
    alx_status status = ALX_OK;
    if (!r.run) {
        code = cli_usage_error("report takes one run folder: alexnet report runs/1");
    } else {
        if (!c.output) status = cli_report_place(place, r.run, &err);
        const char *path = c.output ? c.output : place;
        if (!status) status = cli_report_write(&r, path, &err);
        code = status ? cli_error(&err) : CLI_DONE;
        if (!status) {
            cli_print_name(stdout, path);
            putchar('\n');
        }
    }
    cli_report_finish(&r);
    cli_arguments_finish(&arguments);
    return code;
}

/* alexnet check-data FOLDER|RECIPE: whether a data set is sound. */
#include "cli/check_print.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/output.h"
#include "report/progress.h"

typedef struct config {
    const char *test, *model;
    double skip_bad;
    long long examples, threads;
    int skip_near, json;
} config;

/* clang-format off */
const cli_option cli_check_data_options[] = {
    {"test", 0, CLI_TEXT, offsetof(config, test), "SOURCE", 0, 0,
     {"images to compare as the test set: a folder with one sub-folder a class, a table, a list or an IDX file",
      "拿来作测试集比较的图片：每类一个子文件夹的文件夹、表格、列表或 IDX 文件"}},
    {"model", 0, CLI_TEXT, offsetof(config, model), "MODEL", 0, 0,
     {"the network whose input sizes are compared with (default: the recipe's, or starter)",
      "用来比较图片尺寸的网络（默认为配方中的网络，或 starter）"}},
    {"skip-bad", 0, CLI_PERCENT, offsetof(config, skip_bad), "PERCENT", 0, 100,
     {"images that may be unreadable before this fails (default: the recipe's, or 1)",
      "允许无法读取的图片百分比，超过则失败（默认按配方，否则为 1）"}},
    {"skip-near", 0, CLI_FLAG, offsetof(config, skip_near), NULL, 0, 0,
     {"look for exact duplicates only", "只查找完全重复，不查找近似重复"}},
    {"examples", 0, CLI_INT, offsetof(config, examples), "N", 0, 1000000,
     {"how many of each finding are named (default 5); JSON has all", "每项发现列出几例（默认 5）；JSON 中列出全部"}},
    {"threads", 0, CLI_INT, offsetof(config, threads), "N", 0, 1024,
     {"threads (default 0: all cores)", "线程数（默认 0：全部核心）"}},
    {"json", 0, CLI_FLAG, offsetof(config, json), NULL, 0, 0, {"print JSON", "以 JSON 输出"}},
    {0},
};
/* clang-format on */

static alx_status make_recipe(alx_recipe **recipe, const char *source, const config *c, alx_error *err)
{
    char percent[32];
    snprintf(percent, sizeof percent, "%.17g", c->skip_bad);
    alx_status status = cli_open_data(recipe, source, true, err);
    if (!status && c->test) status = alx_recipe_set(*recipe, "data.test", c->test, err);
    if (!status && c->model) status = alx_recipe_set(*recipe, "model", c->model, err);
    if (!status && c->skip_bad >= 0) status = alx_recipe_set(*recipe, "data.skip_bad", percent, err);
    return status;
}

static alx_status inspect(alx_inspection **inspection, const alx_recipe *recipe, const config *c, alx_error *err)
{
    alx_progress progress;
    alx_progress_init(&progress, stderr);
    alx_inspect_config how;
    alx_inspect_config_init(&how);
    how.threads = (int)c->threads;
    how.skip_near = c->skip_near;
    how.progress = alx_progress_count;
    how.user = &progress;
    alx_status status = alx_inspection_create(inspection, recipe, &how, err);
    alx_progress_finish(&progress);
    return status;
}

int cli_check_data(const cli_call *call)
{
    config c = {.skip_bad = -1, .examples = 5};
    cli_arguments arguments = {0};
    int code;
    if (!cli_begin(call, &arguments, &c, &code)) return code;
    const char *source = arguments.operand_count == 1 ? arguments.operands[0] : NULL;
    alx_language language = arguments.language ? (alx_language)(arguments.language - 1) : call->language;
    cli_arguments_finish(&arguments);
    if (!source) return cli_usage_error("check-data takes one folder or recipe: alexnet check-data photos/");
    alx_error err = {0};
    alx_recipe *recipe = NULL;
    alx_inspection *inspection = NULL;
    alx_status status = make_recipe(&recipe, source, &c, &err);
    if (!status) status = inspect(&inspection, recipe, &c, &err);
    alx_recipe_destroy(recipe);
    if (status) return cli_error(&err);
    cli_checked checked = {inspection, source, language, c.examples};
    code = c.json ? cli_check_json(&checked) : cli_check_text(&checked);
    alx_inspection_summary sum;
    alx_inspection_summarize(inspection, &sum);
    alx_inspection_destroy(inspection);
    return code ? code : sum.unsound ? CLI_BAD_INPUT : CLI_DONE;
}

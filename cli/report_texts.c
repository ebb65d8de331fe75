/* Sections of a report that are words and tables: the run, its recipe, what is wrong with its data. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/network.h"
#include "cli/output.h"
#include "cli/report.h"

/* ---- The run at a glance ---- */

static void row(alx_page *page, const char *label, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void row(alx_page *page, const char *label, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    alx_page_cell(page, "%s", label);
    alx_page_cell(page, "%s", text);
}

static void begin_pairs(alx_page *page, const cli_report *r, const char *caption)
{
    alx_page_table(page, caption, 2, 1);
    alx_page_cell(page, "%s", cli_say(r, "What", "项目"));
    alx_page_cell(page, "%s", cli_say(r, "Value", "数值"));
}

static void add_history(alx_page *page, const cli_report *r)
{
    const cli_history *h = &r->history;
    char *planned = NULL;
    alx_recipe_value(&planned, r->recipe, "train.epochs", NULL);
    row(page, cli_say(r, "epochs done, of", "已完成轮数 / 计划"), "%d / %s", h->epochs, planned ? planned : "?");
    alx_text_destroy(planned);
    const double seconds = cli_history_seconds(h);
    if (!isnan(seconds)) row(page, cli_say(r, "time of all epochs", "各轮总用时"), "%.0f s", seconds);
    if (r->best < 0) return;
    row(page, cli_say(r, "best epoch", "最好的一轮"), "%.0f", h->values[CLI_EPOCH][r->best]);
    if (!isnan(h->values[CLI_VAL_LOSS][r->best]))
        row(page, cli_say(r, "its validation loss and accuracy", "其验证损失和准确率"), "%.4f, %.4f",
            h->values[CLI_VAL_LOSS][r->best], h->values[CLI_VAL_ACCURACY][r->best]);
}

static void add_answers(alx_page *page, const cli_report *r)
{
    const cli_answers *a = &r->answers;
    char label[160];
    snprintf(label, sizeof label, cli_say(r, "images evaluated (%s)", "评估的图片（%s）"), r->split);
    char number[32];
    row(page, label, "%s", cli_thousands(a->count, number));
    if (a->skipped) row(page, cli_say(r, "images that cannot be read", "无法读取的图片"), "%" PRId64, a->skipped);
    row(page, cli_say(r, "accuracy, with its 95 % interval", "准确率及其 95 % 区间"), "%.4f (%.4f – %.4f)", a->accuracy,
        a->interval[0], a->interval[1]);
    row(page, cli_say(r, "loss, nats", "损失（自然对数）"), "%.4f", a->loss);
}

alx_status cli_write_summary(cli_report *r, alx_page *page, alx_error *err)
{
    alx_status status = cli_report_need(r, CLI_PART_NETWORK, err);
    if (status) return status;
    begin_pairs(page, r, cli_say(r, "The run", "本次运行"));
    char number[32];
    int64_t parameters = 0;
    alx_layer_info info;
    for (int i = 0; i < alx_network_layer_count(r->network); i++) {
        alx_network_layer(r->network, i, &info);
        parameters += info.parameters;
    }
    row(page, cli_say(r, "network", "网络"), "%s", alx_network_name(r->network));
    row(page, cli_say(r, "parameters", "参数"), "%s", cli_thousands(parameters, number));
    row(page, cli_say(r, "classes", "类别数"), "%d", alx_network_classes(r->network));
    if (r->train_count || !cli_report_need(r, CLI_PART_TRAIN, NULL))
        row(page, cli_say(r, "training images", "训练图片"), "%s", cli_thousands(r->train_count, number));
    if (!cli_report_need(r, CLI_PART_HISTORY, NULL)) add_history(page, r);
    if (!r->training && !cli_report_need(r, CLI_PART_ANSWERS, err)) add_answers(page, r);
    alx_page_table_end(page);
    if (r->training)
        alx_page_missing(
            page,
            cli_say(r,
                    "This page was written while the run trained, and has what training knows. `alexnet report` of the "
                    "run adds its answers, mistakes and inside.",
                    "本页在训练过程中写成，只含训练时已知的内容。对该运行执行 alexnet report "
                    "会补上预测、错误和网络内部的各图。"));
    else if (r->parts[CLI_PART_ANSWERS].err.status)
        alx_page_missing(page, r->parts[CLI_PART_ANSWERS].err.message);
    return ALX_OK;
}

/* ---- The recipe ---- */

/* Of a recipe of defaults, where one is given, only what differs. */
static void add_keys(alx_page *page, const cli_report *r, const alx_recipe *defaults)
{
    alx_option_info option;
    const char *section;
    begin_pairs(page, r,
                defaults ? cli_say(r, "Keys unlike their defaults", "与默认值不同的键")
                         : cli_say(r, "Every key", "全部键"));
    for (int i = 0; alx_recipe_option(i, &section, &option); i++) {
        char key[128], *value = NULL, *usual = NULL;
        if (option.alias) continue;
        snprintf(key, sizeof key, "%s%s%s", section, *section ? "." : "", option.name);
        if (defaults && alx_recipe_value(&usual, defaults, key, NULL)) continue;
        if (!alx_recipe_value(&value, r->recipe, key, NULL) && (!usual || strcmp(usual, value) != 0))
            row(page, key, "%s", value);
        alx_text_destroy(usual);
        alx_text_destroy(value);
    }
    alx_page_table_end(page);
}

/* The command that repeats the run, as a shell reads it. */
static alx_status add_command(alx_page *page, const cli_report *r, alx_error *err)
{
    char *command = NULL;
    size_t size;
    cli_report_path path;
    FILE *stream = open_memstream(&command, &size);
    if (!stream) return cli_fail(err, ALX_NO_MEMORY, "out of memory");
    fputs("alexnet train ", stream);
    snprintf(path, sizeof path, "%s/recipe.yaml", r->run);
    cli_print_shell(stream, path);
    fclose(stream);
    alx_page_paragraph(page, cli_say(r, "The same training once more:", "重做同样的训练："));
    alx_page_code(page, cli_say(r, "The command", "命令"), command);
    free(command);
    return ALX_OK;
}

alx_status cli_write_recipe(cli_report *r, alx_page *page, alx_error *err)
{
    char engine[32], text[512];
    alx_recipe *defaults = NULL;
    alx_status status = cli_report_need(r, CLI_PART_RECIPE, err);
    if (!status) status = alx_recipe_create(&defaults, err);
    if (!status) status = add_command(page, r, err);
    if (!status) {
        snprintf(text, sizeof text,
                 cli_say(r,
                         "This page was written by alexnet %s with oneDNN %s. The run's own threads and precision are "
                         "train.threads and train.precision below.",
                         "本页由 alexnet %s（oneDNN %s）写成。训练所用的线程数和精度见下面的 train.threads 和 "
                         "train.precision。"),
                 alx_version(), alx_engine_version(engine));
        alx_page_paragraph(page, text);
        add_keys(page, r, defaults);
        alx_page_details(page, cli_say(r, "All keys of the recipe", "配方的全部键"));
        add_keys(page, r, NULL);
        alx_page_details_end(page);
    }
    alx_recipe_destroy(defaults);
    return status;
}

/* ---- Findings ---- */

enum { INSPECTED_MOST = 20000 };

static void add_findings(alx_page *page, const cli_report *r, const alx_inspection *inspection)
{
    static const char *const severities[2][3] = {{"note", "warning", "unsound"}, {"提示", "警告", "不可靠"}};
    static const char *const headings[2][4] = {{"Finding", "Severity", "Count", "What to do"},
                                               {"发现", "程度", "数量", "怎么办"}};
    alx_finding finding;
    if (!alx_inspection_finding(inspection, 0, &finding)) {
        alx_page_paragraph(page, cli_say(r, "Nothing was found to be wrong.", "没有发现问题。"));
        return;
    }
    alx_page_table(page, cli_say(r, "Findings", "发现的问题"), 4, 1);
    for (int i = 0; i < 4; i++) alx_page_cell(page, "%s", headings[r->language][i]);
    for (int i = 0; alx_inspection_finding(inspection, i, &finding); i++) {
        alx_page_cell(page, "%s", finding.text[r->language]);
        alx_page_cell(page, "%s", severities[r->language][finding.severity]);
        alx_page_cell(page, "%" PRId64, finding.count);
        alx_page_cell(page, "%s", finding.advice[r->language] ? finding.advice[r->language] : "");
    }
    alx_page_table_end(page);
}

alx_status cli_write_findings(cli_report *r, alx_page *page, alx_error *err)
{
    if (r->unchecked)
        return cli_fail(err, ALX_UNSUPPORTED, "%s",
                        cli_say(r, "left out, as --no-check asks; alexnet check-data looks at the data",
                                "按 --no-check 略去；可用 alexnet check-data 检查数据"));
    alx_status status = cli_report_need(r, CLI_PART_TRAIN, err);
    if (status) return status;
    if (alx_dataset_count(r->train) > INSPECTED_MOST)
        return cli_fail(err, ALX_UNSUPPORTED,
                        cli_say(r, "%lld training images take too long for a report; alexnet check-data looks at them",
                                "训练图片有 %lld 张，逐张检查太慢；请用 alexnet check-data"),
                        (long long)alx_dataset_count(r->train));
    alx_inspection *inspection = NULL;
    alx_inspect_config config;
    alx_inspect_config_init(&config);
    config.skip_near = 1; /* which takes longest; check-data looks for them */
    status = alx_inspection_create(&inspection, r->recipe, &config, err);
    if (!status) add_findings(page, r, inspection);
    alx_inspection_destroy(inspection);
    return status;
}

/* ---- Where it looks, right and wrong ---- */

alx_status cli_write_heatmaps(cli_report *r, alx_page *page, alx_error *err)
{
    static cli_figure *const figures[2] = {cli_figure_heatmap, cli_figure_heatmap_mistakes};
    const char *const titles[2] = {cli_say(r, "Right answers", "答对的"),
                                   cli_say(r, "The worst mistakes", "错得最厉害的")};
    for (int i = 0; i < 2; i++) {
        alx_page_heading(page, titles[i]);
        const size_t mark = alx_page_mark(page);
        alx_error why = {0};
        const alx_status status = figures[i](r, &(cli_sink){.page = page}, &why);
        if (status && status != ALX_BAD_DATA) return cli_fail(err, status, "%s", why.message);
        if (!status) continue;
        alx_page_take_back(page, mark);
        alx_page_missing(page, why.message);
    }
    return ALX_OK;
}

/* Figures of a model's answers: confusion, classes, calibration, threshold. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/measures.h"
#include "cli/output.h"
#include "cli/report.h"
#include "report/confusion.h"

static const char *const NO_MEMORY = "out of memory for a figure";

/* ---- Confusion ---- */

alx_status cli_figure_confusion(cli_report *r, const cli_sink *sink, alx_error *err)
{
    alx_status status = cli_report_need(r, CLI_PART_ANSWERS, err);
    if (status) return status;
    const cli_answers *a = &r->answers;
    const char **names = calloc((size_t)a->classes, sizeof *names);
    if (!names) return cli_fail(err, ALX_NO_MEMORY, "%s", NO_MEMORY);
    for (int i = 0; i < a->classes; i++) names[i] = alx_dataset_class_name(r->images, i);
    const char *title = cli_say(r, "What was taken for what", "各类被认作什么");
    alx_confusion matrix = {.count = a->classes,
                            .names = names,
                            .cells = a->confusion,
                            .rows = cli_say(r, "true class ↓", "真实类别 ↓"),
                            .columns = cli_say(r, "taken for →", "被认作 →"),
                            .title = sink->page ? NULL : title};
    char description[256];
    snprintf(description, sizeof description,
             cli_say(r,
                     "a row for each of %d true classes, a column for each predicted one; %.1f %% lie on the diagonal",
                     "%d 个真实类别各占一行，预测类别各占一列；%.1f %% 落在对角线上"),
             a->classes, 100 * a->accuracy);
    alx_target target = {.path = sink->path};
    if (sink->page) target = alx_page_figure(sink->page, title, description);
    status = alx_confusion_draw(&target, &matrix, err);
    if (sink->page) alx_page_figure_end(sink->page);
    free(names);
    return status;
}

/* ---- Classes ---- */

enum { PAIRS_SHOWN = 8 };

typedef struct pair {
    int truth, predicted;
    int64_t count;
} pair;

/* The most frequent mistakes, the first classes on a tie. */
static int find_pairs(pair pairs[PAIRS_SHOWN], const cli_answers *a)
{
    int found = 0;
    for (int i = 0; i < a->classes; i++)
        for (int j = 0; j < a->classes; j++) {
            const pair new = {i, j, a->confusion[(int64_t)i * a->classes + j]};
            if (i == j || new.count == 0) continue;
            int at = found;
            while (at > 0 && pairs[at - 1].count < new.count) at--;
            if (at == PAIRS_SHOWN) continue;
            if (found < PAIRS_SHOWN) found++;
            for (int k = found - 1; k > at; k--) pairs[k] = pairs[k - 1];
            pairs[at] = new;
        }
    return found;
}

static void write_pairs(const cli_report *r, alx_page *page)
{
    pair pairs[PAIRS_SHOWN];
    const int found = find_pairs(pairs, &r->answers);
    if (!found) return;
    alx_page_table(page, cli_say(r, "The most frequent mistakes", "最常见的错误"), 3, 1);
    alx_page_cell(page, "%s", cli_say(r, "True class", "真实类别"));
    alx_page_cell(page, "%s", cli_say(r, "Taken for", "被认作"));
    alx_page_cell(page, "%s", cli_say(r, "Images", "图片数"));
    for (int i = 0; i < found; i++) {
        alx_page_cell(page, "%s", alx_dataset_class_name(r->images, pairs[i].truth));
        alx_page_cell(page, "%s", alx_dataset_class_name(r->images, pairs[i].predicted));
        alx_page_cell(page, "%" PRId64, pairs[i].count);
    }
    alx_page_table_end(page);
}

static void add_ratio(alx_page *page, double above, double below)
{
    alx_page_cell(page, below > 0 ? "%.4f" : "–", above / below);
}

alx_status cli_write_classes(cli_report *r, alx_page *page, alx_error *err)
{
    static const char *const headings[2][5] = {{"Class", "Precision", "Recall", "F1", "Images"},
                                               {"类别", "精确率", "召回率", "F1", "图片数"}};
    const alx_status status = cli_report_need(r, CLI_PART_ANSWERS, err);
    if (status) return status;
    const cli_answers *a = &r->answers;
    alx_page_table(page, cli_say(r, "Class by class", "各类指标"), 5, 0);
    for (int i = 0; i < 5; i++) alx_page_cell(page, "%s", headings[r->language][i]);
    for (int i = 0; i < a->classes; i++) {
        int64_t predicted = 0, support = 0;
        for (int j = 0; j < a->classes; j++) {
            predicted += a->confusion[(int64_t)j * a->classes + i];
            support += a->confusion[(int64_t)i * a->classes + j];
        }
        const double hits = (double)a->confusion[(int64_t)i * a->classes + i];
        alx_page_cell(page, "%s", alx_dataset_class_name(r->images, i));
        add_ratio(page, hits, (double)predicted);
        add_ratio(page, hits, (double)support);
        add_ratio(page, 2 * hits, (double)(predicted + support));
        alx_page_cell(page, "%" PRId64, support);
    }
    alx_page_table_end(page);
    write_pairs(r, page);
    return ALX_OK;
}

/* ---- Calibration ---- */

static cli_calibration calibrate(const cli_answers *a)
{
    cli_calibration c = {0};
    for (int64_t i = 0; i < a->images; i++)
        if (a->predicted[i] >= 0)
            cli_calibration_take(&c, a->probabilities[i * a->classes + a->predicted[i]],
                                 a->predicted[i] == a->truth[i]);
    cli_calibration_end(&c);
    return c;
}

alx_status cli_figure_calibration(cli_report *r, const cli_sink *sink, alx_error *err)
{
    static const double ends[2] = {0, 1};
    const alx_status status = cli_report_need(r, CLI_PART_ANSWERS, err);
    if (status) return status;
    const cli_calibration c = calibrate(&r->answers);
    double middle[CLI_BINS], share[CLI_BINS];
    for (int i = 0; i < CLI_BINS; i++) {
        middle[i] = (i + 0.5) / CLI_BINS;
        share[i] = c.count[i] / (double)r->answers.count;
    }
    const alx_curve reliability[2] = {
        {cli_say(r, "perfect", "理想"), 2, ends, ends, 6, ALX_DASH_DOTTED},
        {cli_say(r, "this model", "本模型"), CLI_BINS, c.confidence, c.accuracy, 0, ALX_DASH_SOLID}};
    const alx_curve counts = {NULL, CLI_BINS, middle, share, 2, ALX_DASH_SOLID};
    const char *confidence = cli_say(r, "probability of the answer", "所答类别的概率");
    const alx_curve_panel panels[2] = {{cli_say(r, "Right answers by confidence", "各置信度下的正确率"), confidence,
                                        cli_say(r, "share that is right", "答对的比例"), 0, 0, 2, reliability, NAN, 0},
                                       {cli_say(r, "How often it is that sure", "各置信度出现的比例"), confidence,
                                        cli_say(r, "share of images", "图片比例"), 0, 0, 1, &counts, NAN, 0}};
    char text[200];
    snprintf(text, sizeof text,
             cli_say(r, "Expected calibration error (ten bins): %.4f", "期望校准误差（分十段）：%.4f"), c.error);
    if (sink->page) alx_page_paragraph(sink->page, text);
    return cli_sink_panels(sink, panels, 2, text, err);
}

/* ---- Threshold ---- */

enum { SURE_CLASS = 1 };

alx_status cli_figure_threshold(cli_report *r, const cli_sink *sink, alx_error *err)
{
    alx_status status = cli_report_need(r, CLI_PART_ANSWERS, err);
    if (status) return status;
    const cli_answers *a = &r->answers;
    if (a->classes != 2)
        return cli_fail(err, ALX_UNSUPPORTED,
                        cli_say(r, "a threshold is for two classes, and these are %d", "阈值只用于两类，这里有 %d 类"),
                        a->classes);
    cli_scored *s = calloc((size_t)a->count, sizeof *s);
    if (!s) return cli_fail(err, ALX_NO_MEMORY, "%s", NO_MEMORY);
    for (int64_t i = 0; i < a->count; i++)
        s[i] = (cli_scored){a->probabilities[a->order[i] * 2 + SURE_CLASS], a->truth[a->order[i]] == SURE_CLASS};
    cli_scored_sort(s, a->count);
    cli_sweep sweep;
    cli_scored_sweep(&sweep, s, a->count);
    const alx_curve curves[3] = {
        {cli_say(r, "accuracy", "准确率"), CLI_THRESHOLDS, sweep.thresholds, sweep.accuracy, 0, ALX_DASH_SOLID},
        {cli_say(r, "precision", "精确率"), CLI_THRESHOLDS, sweep.thresholds, sweep.precision, 1, ALX_DASH_DASHED},
        {cli_say(r, "recall", "召回率"), CLI_THRESHOLDS, sweep.thresholds, sweep.recall, 2, ALX_DASH_DASH_DOT}};
    char label[200], text[400];
    const char *name = alx_dataset_class_name(r->images, SURE_CLASS);
    snprintf(label, sizeof label, cli_say(r, "least probability to say %s", "答“%s”所需的最小概率"), name);
    snprintf(text, sizeof text,
             cli_say(r, "Area under the ROC curve: %.4f. Precision and recall are those of the class %s.",
                     "ROC 曲线下面积：%.4f。精确率和召回率指类别“%s”。"),
             cli_scored_area(s, a->count), name);
    free(s);
    const alx_curve_panel panel = {cli_say(r, "What another threshold would give", "换一个阈值会怎样"),
                                   label,
                                   cli_say(r, "share", "比例"),
                                   0,
                                   0,
                                   3,
                                   curves,
                                   0.5,
                                   0};
    if (sink->page) alx_page_paragraph(sink->page, text);
    return cli_sink_panels(sink, &panel, 1, text, err);
}

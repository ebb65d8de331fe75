/* The curves of all runs in one picture. */
#include <math.h>
#include <stdio.h>

#include "cli/compare.h"
#include "cli/output.h"
#include "report/curves.h"

typedef struct words {
    const char *titles[2], *y[2], *epoch, *parts[2]; /* loss, accuracy; training, validation */
} words;

static const words texts[2] = {
    {{"Loss", "Accuracy"}, {"cross-entropy, nats", "share of images"}, "epoch", {"training", "validation"}},
    {{"损失", "准确率"}, {"交叉熵（自然对数）", "答对的比例"}, "轮次", {"训练", "验证"}},
};

alx_status cli_compare_draw(const cli_comparison *c, const char *path, alx_error *err)
{
    static const cli_metric metrics[2][2] = {{CLI_LOSS, CLI_VAL_LOSS}, {CLI_ACCURACY, CLI_VAL_ACCURACY}};
    const words *w = &texts[c->language];
    char labels[CLI_RUNS_MOST][2][600];
    alx_curve curves[2][2 * CLI_RUNS_MOST];
    int count = 0;
    for (int i = 0; i < c->count; i++) {
        const cli_history *history = &c->runs[i].history;
        for (int part = 0; part < 2 && history->epochs; part++, count++) {
            cli_name_text name;
            snprintf(labels[i][part], sizeof labels[i][part], "%s, %s", cli_name(c->runs[i].path, name),
                     w->parts[part]);
            for (int panel = 0; panel < 2; panel++)
                curves[panel][count] = (alx_curve){.label = labels[i][part],
                                                   .count = history->epochs,
                                                   .x = history->values[CLI_EPOCH],
                                                   .y = history->values[metrics[panel][part]],
                                                   .style = i,
                                                   .dash = part ? ALX_DASH_SOLID : ALX_DASH_DASHED};
        }
    }
    if (!count) return cli_fail(err, ALX_USAGE, "%s: no run here has a metrics.csv to draw; leave out --output", path);
    const alx_curve_panel panels[2] = {
        {w->titles[0], w->epoch, w->y[0], 0, 0, count, curves[0], NAN, 0},
        {w->titles[1], w->epoch, w->y[1], 0, 0, count, curves[1], NAN, 0},
    };
    return alx_curves_draw(&(alx_target){.path = path}, panels, 2, err);
}

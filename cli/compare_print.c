/* A comparison as text. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/compare.h"
#include "cli/output.h"
#include "report/table.h"

/* ---- Words of both languages ---- */

typedef struct words {
    const char *runs[8], *accuracies[5], *pairs[7], *layers[5], *key;
    const char *epochs_of;
    const char *images, *images_of_split, *unreadable;
    const char *against, *legend, *corrected, *verdicts[3];
    const char *layer_counts, *layers_same, *layers_as, *input;
    const char *recipes, *recipes_same, *curves;
} words;

/* In the order of their arguments, which both languages share. */
static const words texts[2] = {
    {
        .runs = {"run", "network", "parameters", "multiply-adds", "epochs", "best", "time", "val. accuracy"},
        .accuracies = {"run", "right", "accuracy", "95 % interval", ""},
        .pairs = {"run", "gained", "lost", "same answer", "p", "p (Holm)", "verdict"},
        .layers = {"", "layer", "options", "output", "parameters"},
        .key = "key",
        .epochs_of = "%d of %lld",
        .images = "On %lld images of %s",
        .images_of_split = "On the %lld %s images of %s",
        .unreadable = " (%lld more cannot be read)",
        .against = "Against %s (McNemar's exact test)",
        .legend = "gained: images that the run has right and %s wrong; lost: the reverse. A difference is one from "
                  "p < 0.05 on; no difference shown does not mean equal.",
        .corrected = " With %d runs against one, p is corrected by Holm's method.",
        .verdicts = {"worse", "no difference shown", "better"},
        .layer_counts = "Layers of %s (-) and %s (+): %d of %d lines differ",
        .layers_same = "Layers of %s and %s: all the same",
        .layers_as = "Layers of %s: as those of %s",
        .input = "input",
        .recipes = "Recipes: what differs",
        .recipes_same = "Recipes: all the same",
        .curves = "Curves: %s",
    },
    {
        .runs = {"运行", "网络", "参数个数", "乘加次数", "轮数", "最佳轮", "用时", "验证准确率"},
        .accuracies = {"运行", "答对", "准确率", "95 % 区间", ""},
        .pairs = {"运行", "多对", "多错", "答案相同", "p", "p（Holm）", "结论"},
        .layers = {"", "层", "选项", "输出", "参数个数"},
        .key = "键",
        .epochs_of = "%d / %lld",
        .images = "在 %lld 张图片上（%s）",
        .images_of_split = "在 %lld 张图片上（%s，取自 %s）",
        .unreadable = "，另有 %lld 张无法读取",
        .against = "与 %s 相比（McNemar 精确检验）",
        .legend = "多对：该运行答对而 %s 答错的图片数；多错：反过来。p < 0.05 "
                  "才算有差别；“看不出差别”不等于一样好。",
        .corrected = "共有 %d 个运行与同一个相比，p 按 Holm 方法校正。",
        .verdicts = {"更差", "看不出差别", "更好"},
        .layer_counts = "%s（-）与 %s（+）的各层：%d 行不同，共 %d 行",
        .layers_same = "%s 与 %s 的各层：完全相同",
        .layers_as = "%s 的各层：与 %s 的相同",
        .input = "输入",
        .recipes = "配方中不同的键",
        .recipes_same = "配方：完全相同",
        .curves = "曲线：%s",
    },
};

static const char *name_of(const cli_comparison *c, int run, cli_name_text text)
{
    return cli_name(c->runs[run].path, text);
}

static alx_status print_and_finish(alx_table *table, alx_error *err)
{
    const alx_status status = alx_table_print(table, stdout, err);
    alx_table_finish(table);
    return status;
}

/* ---- Runs ---- */

/* 45.2 s, 3 min 5 s, 2 h 12 min; a dash where it is not known. */
static void add_time(alx_table *table, double seconds)
{
    if (isnan(seconds))
        alx_table_cell(table, "-");
    else if (seconds < 60)
        alx_table_cell(table, "%.1f s", seconds);
    else if (seconds < 3600)
        alx_table_cell(table, "%.0f min %.0f s", floor(seconds / 60), floor(fmod(seconds, 60)));
    else
        alx_table_cell(table, "%.0f h %.0f min", floor(seconds / 3600), floor(fmod(seconds, 3600) / 60));
}

/* 4, or 3 of 10 while a run goes on or was stopped. */
static void add_epochs(alx_table *table, const cli_compared_run *run, const words *w)
{
    const int epochs = run->history.epochs;
    if (!epochs && !run->planned)
        alx_table_cell(table, "-");
    else if (run->planned && run->planned != epochs)
        alx_table_cell(table, w->epochs_of, epochs, run->planned);
    else
        alx_table_cell(table, "%d", epochs);
}

static void add_run(alx_table *table, const cli_comparison *c, int index)
{
    const cli_compared_run *run = &c->runs[index];
    const int best = run->best;
    const double accuracy = best < 0 ? NAN : run->history.values[CLI_VAL_ACCURACY][best];
    cli_name_text name = "";
    char number[32];
    alx_table_cell(table, "%s", name_of(c, index, name));
    alx_table_cell(table, "%s", cli_name(alx_network_name(run->network), name));
    alx_table_cell(table, "%s", cli_thousands(run->parameters, number));
    alx_table_cell(table, "%s", cli_thousands(run->multiply_adds, number));
    add_epochs(table, run, &texts[c->language]);
    if (best < 0)
        alx_table_cell(table, "-");
    else
        alx_table_cell(table, "%.0f", run->history.values[CLI_EPOCH][best]);
    add_time(table, cli_history_seconds(&run->history));
    if (isnan(accuracy))
        alx_table_cell(table, "-");
    else
        alx_table_cell(table, "%.4f", accuracy);
}

static alx_status print_runs(const cli_comparison *c, alx_error *err)
{
    static const alx_table_align align[8] = {ALX_TABLE_LEFT,  ALX_TABLE_LEFT,  ALX_TABLE_RIGHT, ALX_TABLE_RIGHT,
                                             ALX_TABLE_RIGHT, ALX_TABLE_RIGHT, ALX_TABLE_RIGHT, ALX_TABLE_RIGHT};
    alx_table table;
    alx_table_init_columns(&table, 8, texts[c->language].runs, align);
    for (int i = 0; i < c->count; i++) add_run(&table, c, i);
    return print_and_finish(&table, err);
}

/* ---- The same images ---- */

static alx_status print_accuracies(const cli_comparison *c, alx_error *err)
{
    static const alx_table_align align[4] = {ALX_TABLE_LEFT, ALX_TABLE_RIGHT, ALX_TABLE_RIGHT, ALX_TABLE_LEFT};
    const words *w = &texts[c->language];
    cli_name_text name = "", source;
    putchar('\n');
    if (c->split)
        printf(w->images_of_split, (long long)c->compared, c->source, name_of(c, 0, name));
    else
        printf(w->images, (long long)c->compared, cli_name(c->source, source));
    if (c->images > c->compared) printf(w->unreadable, (long long)(c->images - c->compared));
    putchar('\n');
    alx_table table;
    alx_table_init_columns(&table, 4, w->accuracies, align);
    for (int i = 0; i < c->count; i++) {
        double range[2];
        alx_accuracy_interval(c->runs[i].correct, c->compared, range);
        alx_table_cell(&table, "%s", name_of(c, i, name));
        alx_table_cell(&table, "%lld", (long long)c->runs[i].correct);
        alx_table_cell(&table, "%.4f", (double)c->runs[i].correct / (double)c->compared);
        alx_table_cell(&table, "%.4f - %.4f", range[0], range[1]);
    }
    return print_and_finish(&table, err);
}

/* Three digits; what is smaller than anybody needs is named as such. */
static void add_p(alx_table *table, double p)
{
    if (p < 1e-4)
        alx_table_cell(table, "< 0.0001");
    else
        alx_table_cell(table, "%.4f", p);
}

static alx_status print_pairs(const cli_comparison *c, alx_error *err)
{
    const words *w = &texts[c->language];
    const bool several = c->count > 2; /* Holm's correction of one p is p */
    const char *headings[7];
    alx_table_align align[7];
    int columns = 0;
    for (int i = 0; i < 7; i++) {
        if (i == 5 && !several) continue;
        align[columns] = i == 0 || i == 6 ? ALX_TABLE_LEFT : ALX_TABLE_RIGHT;
        headings[columns++] = w->pairs[i];
    }
    cli_name_text name = "";
    putchar('\n');
    printf(w->against, name_of(c, 0, name));
    putchar('\n');
    alx_table table;
    alx_table_init_columns(&table, columns, headings, align);
    for (int i = 1; i < c->count; i++) {
        const cli_run_pair *pair = &c->pairs[i];
        alx_table_cell(&table, "%s", name_of(c, i, name));
        alx_table_cell(&table, "%lld", (long long)pair->gained);
        alx_table_cell(&table, "%lld", (long long)pair->lost);
        alx_table_cell(&table, "%.2f %%", 100 * (double)pair->agreed / (double)c->compared);
        add_p(&table, pair->p);
        if (several) add_p(&table, pair->corrected);
        alx_table_cell(&table, "%s", w->verdicts[1 + cli_pair_verdict(pair)]);
    }
    const alx_status status = print_and_finish(&table, err);
    char legend[2048];
    const int length = snprintf(legend, sizeof legend, w->legend, name_of(c, 0, name));
    if (several && length > 0 && (size_t)length < sizeof legend)
        snprintf(legend + length, sizeof legend - (size_t)length, w->corrected, c->count - 1);
    if (!status) cli_print_wrapped(stdout, legend, 0, 0, 80);
    return status;
}

/* ---- Layers ---- */

typedef char shape_text[80];

static const char *shape_of(const int64_t *shape, int rank, shape_text text)
{
    int length = 0;
    text[0] = '\0';
    for (int i = 0; i < rank; i++)
        length +=
            snprintf(text + length, sizeof(shape_text) - (size_t)length, "%s%lld", i ? "x" : "", (long long)shape[i]);
    return text;
}

/* "a → b", or one of them where the other is the same or missing. */
static void add_change(alx_table *table, const char *a, const char *b)
{
    if (!*a || !*b || strcmp(a, b) == 0)
        alx_table_cell(table, "%s", *a ? a : b);
    else
        alx_table_cell(table, "%s → %s", a, b);
}

typedef struct layer_texts {
    cli_name_text name;
    shape_text shape;
    char parameters[32];
} layer_texts;

/* Empty where the network has no such layer. */
static void describe(layer_texts *t, const alx_network *network, int index)
{
    *t = (layer_texts){0};
    if (index < 0) return;
    alx_layer_info info;
    alx_network_layer(network, index, &info);
    cli_name(info.name, t->name);
    shape_of(info.shape, info.rank, t->shape);
    cli_thousands(info.parameters, t->parameters);
}

static bool input_differs(const cli_comparison *c, int run, shape_text a, shape_text b)
{
    int of_a[3], of_b[3];
    alx_network_input(c->runs[0].network, of_a);
    alx_network_input(c->runs[run].network, of_b);
    shape_of((int64_t[]){of_a[0], of_a[1], of_a[2]}, 3, a);
    shape_of((int64_t[]){of_b[0], of_b[1], of_b[2]}, 3, b);
    return memcmp(of_a, of_b, sizeof of_a) != 0;
}

static alx_status add_layer(alx_table *table, const cli_comparison *c, int run, const cli_layer_pair *pair,
                            alx_error *err)
{
    const alx_network *a = c->runs[0].network, *b = c->runs[run].network;
    layer_texts of_a, of_b;
    cli_name_text options;
    char *text = cli_layer_options(pair, a, b);
    if (!text) return cli_fail(err, ALX_NO_MEMORY, "out of memory");
    describe(&of_a, a, pair->a);
    describe(&of_b, b, pair->b);
    alx_table_cell(table, "%s", pair->b < 0 ? "-" : pair->a < 0 ? "+" : pair->same ? "" : "~");
    add_change(table, of_a.name, of_b.name);
    alx_table_cell(table, "%s", cli_name(text, options));
    add_change(table, of_a.shape, of_b.shape);
    add_change(table, of_a.parameters, of_b.parameters);
    free(text);
    return ALX_OK;
}

static alx_status print_layers(const cli_comparison *c, int run, alx_error *err)
{
    static const alx_table_align align[5] = {ALX_TABLE_LEFT, ALX_TABLE_LEFT, ALX_TABLE_LEFT, ALX_TABLE_LEFT,
                                             ALX_TABLE_RIGHT};
    const words *w = &texts[c->language];
    cli_name_text first = "", second = "";
    shape_text a, b;
    const bool input = input_differs(c, run, a, b);
    int differ = input;
    for (int i = 0; i < c->layer_counts[run]; i++) differ += !c->layers[run][i].same;
    putchar('\n');
    if (differ && c->same_as[run]) {
        printf(w->layers_as, name_of(c, run, first), name_of(c, c->same_as[run], second));
        putchar('\n');
        return ALX_OK;
    }
    if (differ)
        printf(w->layer_counts, name_of(c, 0, first), name_of(c, run, second), differ, c->layer_counts[run] + 1);
    else
        printf(w->layers_same, name_of(c, 0, first), name_of(c, run, second));
    putchar('\n');
    if (!differ && !c->all) return ALX_OK;
    alx_table table;
    alx_status status = ALX_OK;
    alx_table_init_columns(&table, 5, w->layers, align);
    if (input || c->all) {
        alx_table_cell(&table, "%s", input ? "~" : "");
        alx_table_cell(&table, "%s", w->input);
        alx_table_cell(&table, "%s", "");
        add_change(&table, a, b);
        alx_table_cell(&table, "0");
    }
    for (int i = 0; !status && i < c->layer_counts[run]; i++)
        if (c->all || !c->layers[run][i].same) status = add_layer(&table, c, run, &c->layers[run][i], err);
    if (!status) status = alx_table_print(&table, stdout, err);
    alx_table_finish(&table);
    return status;
}

/* ---- Recipes ---- */

static alx_status print_recipes(const cli_comparison *c, alx_error *err)
{
    const words *w = &texts[c->language];
    const char *headings[1 + CLI_RUNS_MOST] = {w->key};
    alx_table_align align[1 + CLI_RUNS_MOST] = {ALX_TABLE_LEFT};
    cli_name_text names[CLI_RUNS_MOST] = {""}, value;
    int recipes = 0;
    for (int i = 0; i < c->count; i++) {
        headings[i + 1] = name_of(c, i, names[i]);
        align[i + 1] = ALX_TABLE_LEFT;
        recipes += c->runs[i].recipe != NULL;
    }
    if (recipes < 2) return ALX_OK;
    printf("\n%s\n", c->recipe_rows ? w->recipes : w->recipes_same);
    if (!c->recipe_rows) return ALX_OK;
    alx_table table;
    alx_table_init_columns(&table, c->count + 1, headings, align);
    for (int row = 0; row < c->recipe_rows; row++) {
        alx_table_cell(&table, "%s", c->recipe[row].key);
        for (int i = 0; i < c->count; i++) {
            const char *text = c->recipe[row].values[i];
            alx_table_cell(&table, "%s", text && *text ? cli_name(text, value) : "-");
        }
    }
    return print_and_finish(&table, err);
}

int cli_compare_text(const cli_comparison *c)
{
    alx_error err = {0};
    alx_status status = print_runs(c, &err);
    if (!status) status = print_accuracies(c, &err);
    if (!status) status = print_pairs(c, &err);
    for (int i = 1; i < c->count && !status; i++) status = print_layers(c, i, &err);
    if (!status) status = print_recipes(c, &err);
    if (status) return cli_error(&err);
    if (c->curves) {
        cli_name_text name;
        putchar('\n');
        printf(texts[c->language].curves, cli_name(c->curves, name));
        putchar('\n');
    }
    return CLI_DONE;
}

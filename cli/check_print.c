#include "cli/check_print.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "cli/output.h"
#include "report/table.h"

enum { MAX_CLASSES = 200, MAX_COPIES = 10, WIDTH = 80 };

/* ---- Words of both languages, in the order of their arguments ---- */

typedef struct words {
    const char *split, *drawn, *unreadable, *classes_cut, *majority, *images, *grey, *sizes;
    const char *kinds[3]; /* before the first, between, behind the last */
    const char *columns[2], *finding_columns[3], *severities[3];
    const char *found, *same_file, *same_pixels, *copies_cut, *examples_cut;
    const char *nothing, *warnings, *unsound;
} words;

static const words texts[2] = {
    {
        .split = "%s images",
        .drawn = ", a share of the training data that train draws",
        .unreadable = ", of which %s cannot be read",
        .classes_cut = "... and %s more classes; --json has all\n",
        .majority = "Always answering %s would be right in",
        .images = "Readable: %s",
        .kinds = {" (", ", ", ")"},
        .grey = "; %s of them grey",
        .sizes = "Sizes: %dx%d to %dx%d, median %dx%d; the network is given %dx%d\n",
        .columns = {"output", "class"},
        .finding_columns = {"severity", "finding", "count"},
        .severities = {"note", "warning", "unsound"},
        .found = "%s: %s (%s)\n",
        .same_file = "  (the same file)",
        .same_pixels = "  (other bytes, the same pixels)",
        .copies_cut = "... and %s more of them\n",
        .examples_cut = "... and %s more; --examples N shows N of them, --json all\n",
        .nothing = "Nothing was found: the data is sound.\n",
        .warnings = "Sound; look at the findings above.\n",
        .unsound = "Unsound: training would fail, or its figures would be wrong.\n",
    },
    {
        .split = "%s 张图片",
        .drawn = "，由 train 从训练数据中划出",
        .unreadable = "，其中 %s 张无法读取",
        .classes_cut = "……另有 %s 类；--json 列出全部\n",
        .majority = "总是回答 %s 的正确率",
        .images = "可读取：%s 张",
        .kinds = {"（", "，", "）"},
        .grey = "；其中灰度 %s 张",
        .sizes = "尺寸：%dx%d 至 %dx%d，中位数 %dx%d；网络得到的是 %dx%d\n",
        .columns = {"输出", "类别"},
        .finding_columns = {"程度", "发现", "数量"},
        .severities = {"提示", "警告", "不可靠"},
        .found = "%s：%s（%s）\n",
        .same_file = "  （同一文件）",
        .same_pixels = "  （文件不同，像素相同）",
        .copies_cut = "……另有 %s 张\n",
        .examples_cut = "……另有 %s 例；--examples N 列出 N 例，--json 列出全部\n",
        .nothing = "没有发现问题：数据可靠。\n",
        .warnings = "数据可靠；请看上面的发现。\n",
        .unsound = "数据不可靠：训练会失败，或所得数字会失真。\n",
    },
};

typedef char number[32];

/* ---- The tree, the classes, the images ---- */

static void print_tree(const cli_checked *c, const words *w)
{
    alx_split_info info, next;
    number text;
    cli_print_name(stdout, c->source);
    putchar('\n');
    for (int s = 0; alx_inspection_split(c->inspection, s, &info); s++) {
        bool last = !alx_inspection_split(c->inspection, s + 1, &next);
        printf("%s %-10s  ", last ? "└─" : "├─", info.name);
        printf(w->split, cli_thousands(info.images, text));
        if (info.drawn) fputs(w->drawn, stdout);
        if (info.readable < info.images) printf(w->unreadable, cli_thousands(info.images - info.readable, text));
        putchar('\n');
    }
}

/* A row for each class, a column for each split. */
static alx_status print_classes(const cli_checked *c, const words *w, int class_count, alx_error *err)
{
    const char *headings[5] = {w->columns[0], w->columns[1]};
    const alx_table_align align[5] = {ALX_TABLE_RIGHT, ALX_TABLE_LEFT, ALX_TABLE_RIGHT, ALX_TABLE_RIGHT,
                                      ALX_TABLE_RIGHT};
    int splits = 0;
    alx_split_info info;
    for (; splits < 3 && alx_inspection_split(c->inspection, splits, &info); splits++) headings[2 + splits] = info.name;
    alx_table table;
    alx_table_init_columns(&table, 2 + splits, headings, align);
    for (int k = 0; k < class_count && k < MAX_CLASSES; k++) {
        cli_name_text name;
        number text;
        alx_table_cell(&table, "%d", k);
        alx_table_cell(&table, "%s", cli_name(alx_inspection_class_name(c->inspection, k), name));
        for (int s = 0; s < splits; s++) {
            int64_t images, readable;
            alx_inspection_class_size(c->inspection, s, k, &images, &readable);
            alx_table_cell(&table, "%s", cli_thousands(images, text));
        }
    }
    alx_status status = alx_table_print(&table, stdout, err);
    alx_table_finish(&table);
    number text;
    if (class_count > MAX_CLASSES) printf(w->classes_cut, cli_thousands(class_count - MAX_CLASSES, text));
    return status;
}

static void print_majority(const cli_checked *c, const words *w, int class_count)
{
    int64_t most = -1, images, readable;
    int largest = 0;
    for (int k = 0; k < class_count; k++) {
        alx_inspection_class_size(c->inspection, 0, k, &images, &readable);
        if (readable > most) most = readable, largest = k;
    }
    cli_name_text name;
    printf(w->majority, cli_name(alx_inspection_class_name(c->inspection, largest), name));
    alx_split_info info;
    for (int s = 0; alx_inspection_split(c->inspection, s, &info); s++)
        if (!isnan(info.majority)) printf("%s %s %.2f %%", s ? "," : "", info.name, 100 * info.majority);
    putchar('\n');
}

static void print_images(const words *w, const alx_inspection_summary *sum)
{
    const struct {
        const char *name;
        int64_t count;
    } kinds[] = {{"JPEG", sum->jpeg}, {"PNG", sum->png}, {"WebP", sum->webp}};
    number text;
    printf(w->images, cli_thousands(sum->readable, text));
    int printed = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (kinds[k].count)
            printf("%s%s %s", w->kinds[printed++ > 0], kinds[k].name, cli_thousands(kinds[k].count, text));
    if (printed) fputs(w->kinds[2], stdout);
    if (sum->grey) printf(w->grey, cli_thousands(sum->grey, text));
    putchar('\n');
    if (sum->readable)
        printf(w->sizes, sum->width[0], sum->height[0], sum->width[2], sum->height[2], sum->width[1], sum->height[1],
               sum->input_width, sum->input_height);
}

/* ---- The findings ---- */

static alx_status print_table(const cli_checked *c, const words *w, alx_error *err)
{
    const alx_table_align align[3] = {ALX_TABLE_LEFT, ALX_TABLE_LEFT, ALX_TABLE_RIGHT};
    alx_table table;
    alx_table_init_columns(&table, 3, w->finding_columns, align);
    alx_finding finding;
    for (int f = 0; alx_inspection_finding(c->inspection, f, &finding); f++) {
        number text;
        alx_table_cell(&table, "%s", w->severities[finding.severity]);
        alx_table_cell(&table, "%s", finding.text[c->language]);
        alx_table_cell(&table, "%s", cli_thousands(finding.count, text));
    }
    alx_status status = alx_table_print(&table, stdout, err);
    alx_table_finish(&table);
    return status;
}

/* An image a line; those that belong to the first follow it behind = or, when they only look like it, ~. */
static void print_group(const cli_checked *c, const words *w, const alx_finding_group *group, bool near)
{
    cli_name_text note;
    number text;
    for (int64_t k = 0; k < group->image_count && k < MAX_COPIES; k++) {
        alx_inspected_image image;
        alx_inspection_image(c->inspection, group->images[k], &image);
        fputs(!k ? "  " : near ? "    ~ " : "    = ", stdout);
        cli_print_name(stdout, image.path);
        if (k == 0 && group->note) printf(": %s", cli_name(group->note, note));
        if (k == 1 && !near) fputs(group->same_file ? w->same_file : w->same_pixels, stdout);
        putchar('\n');
    }
    if (group->image_count > MAX_COPIES) {
        fputs("    ", stdout);
        printf(w->copies_cut, cli_thousands(group->image_count - MAX_COPIES, text));
    }
    if (!group->image_count && group->note) printf("  %s\n", cli_name(group->note, note));
}

static void print_finding(const cli_checked *c, const words *w, int index, const alx_finding *finding)
{
    number text;
    putchar('\n');
    printf(w->found, w->severities[finding->severity], finding->text[c->language], cli_thousands(finding->count, text));
    fputs("  ", stdout);
    cli_print_wrapped(stdout, finding->advice[c->language], 2, 2, WIDTH);
    alx_finding_group group;
    int64_t g = 0;
    for (; g < c->examples && alx_inspection_group(c->inspection, index, g, &group); g++)
        print_group(c, w, &group, !strncmp(finding->kind, "near_", 5));
    if (g == finding->group_count) return;
    fputs("  ", stdout);
    printf(w->examples_cut, cli_thousands(finding->group_count - g, text));
}

int cli_check_text(const cli_checked *c)
{
    const words *w = &texts[c->language];
    alx_error err = {0};
    alx_inspection_summary sum;
    alx_inspection_summarize(c->inspection, &sum);
    print_tree(c, w);
    putchar('\n');
    if (print_classes(c, w, sum.class_count, &err)) return cli_error(&err);
    print_majority(c, w, sum.class_count);
    print_images(w, &sum);
    putchar('\n');
    alx_finding finding;
    if (!alx_inspection_finding(c->inspection, 0, &finding)) {
        fputs(w->nothing, stdout);
        return CLI_DONE;
    }
    if (print_table(c, w, &err)) return cli_error(&err);
    for (int f = 0; alx_inspection_finding(c->inspection, f, &finding); f++) print_finding(c, w, f, &finding);
    putchar('\n');
    fputs(sum.unsound ? w->unsound : w->warnings, stdout);
    return CLI_DONE;
}

/* alexnet evaluate MODEL --data SOURCE */
#include <math.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/session.h"
#include "report/progress.h"
#include "report/table.h"

typedef struct config {
    const char *data, *split;
    int json;
    double skip_bad;
    cli_session_options session;
} config;

const cli_option cli_evaluate_options[] = {
    {"data",
     0,
     CLI_TEXT,
     offsetof(config, data),
     "SOURCE",
     0,
     0,
     {"the images: a folder with one sub-folder a class, an IDX file, a table, a list, or a recipe (.yaml)",
      "图片：每类一个子文件夹的文件夹、IDX 文件、表格、列表，或配方（.yaml）"}},
    {"split",
     0,
     CLI_TEXT,
     offsetof(config, split),
     "NAME",
     0,
     0,
     {"of a recipe: train, validation or test (default test, or validation where there is none)",
      "配方的哪一部分：train、validation 或 test（默认 test，没有则为 validation）"}},
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

enum { MAX_CONFUSION = 20 }; /* classes whose confusion matrix is printed as text */

static json_t *class_json(const alx_evaluation *evaluation, int index)
{
    alx_class_score score;
    alx_evaluation_class(evaluation, index, &score);
    json_t *row = json_object();
    json_object_set_new(row, "name", cli_json_text(score.name));
    json_object_set_new(row, "precision", cli_json_number(score.precision));
    json_object_set_new(row, "recall", cli_json_number(score.recall));
    json_object_set_new(row, "f1", cli_json_number(score.f1));
    json_object_set_new(row, "support", json_integer(score.support));
    return row;
}

/* Wilson's, of the accuracy. */
static void find_interval(const alx_evaluation *evaluation, double range[2])
{
    int64_t correct = 0;
    for (int i = 0; i < alx_evaluation_class_count(evaluation); i++)
        correct += alx_evaluation_confusion(evaluation, i, i);
    alx_accuracy_interval(correct, alx_evaluation_count(evaluation), range);
}

static int print_json(const alx_evaluation *evaluation)
{
    json_t *root = json_object(), *classes = json_array(), *confusion = json_array();
    int count = alx_evaluation_class_count(evaluation);
    for (int i = 0; i < count; i++) {
        json_array_append_new(classes, class_json(evaluation, i));
        json_t *row = json_array();
        for (int j = 0; j < count; j++)
            json_array_append_new(row, json_integer(alx_evaluation_confusion(evaluation, i, j)));
        json_array_append_new(confusion, row);
    }
    const char *first = alx_evaluation_first_skipped(evaluation);
    double range[2];
    find_interval(evaluation, range);
    json_object_set_new(root, "accuracy", cli_json_number(alx_evaluation_accuracy(evaluation)));
    json_object_set_new(root, "interval", json_pack("[ff]", range[0], range[1]));
    json_object_set_new(root, "loss", cli_json_number(alx_evaluation_loss(evaluation)));
    json_object_set_new(root, "top5", cli_json_number(alx_evaluation_top5(evaluation)));
    json_object_set_new(root, "count", json_integer(alx_evaluation_count(evaluation)));
    json_object_set_new(root, "skipped", json_integer(alx_evaluation_skipped(evaluation)));
    json_object_set_new(root, "first_skipped", first ? cli_json_text(first) : json_null());
    json_object_set_new(root, "classes", classes);
    json_object_set_new(root, "confusion", confusion);
    int code = cli_print_json(root);
    putchar('\n');
    return code;
}

/* 0.9976, or a dash where the value is undefined. */
static void add_ratio(alx_table *table, double value)
{
    if (isnan(value))
        alx_table_cell(table, "-");
    else
        alx_table_cell(table, "%.4f", value);
}

static alx_class_score add_class(alx_table *table, const alx_evaluation *evaluation, int index)
{
    alx_class_score score;
    cli_name_text name;
    alx_evaluation_class(evaluation, index, &score);
    alx_table_cell(table, "%s", cli_name(score.name, name));
    return score;
}

static alx_status print_classes(const alx_evaluation *evaluation, alx_error *err)
{
    alx_table table;
    alx_table_init(&table, "class", ALX_TABLE_LEFT, "precision", ALX_TABLE_RIGHT, "recall", ALX_TABLE_RIGHT, "F1",
                   ALX_TABLE_RIGHT, "images", ALX_TABLE_RIGHT, NULL);
    for (int i = 0; i < alx_evaluation_class_count(evaluation); i++) {
        alx_class_score score = add_class(&table, evaluation, i);
        add_ratio(&table, score.precision);
        add_ratio(&table, score.recall);
        add_ratio(&table, score.f1);
        alx_table_cell(&table, "%lld", (long long)score.support);
    }
    alx_status status = alx_table_print(&table, stdout, err);
    alx_table_finish(&table);
    return status;
}

/* Rows are what the images are, columns what they were taken for. */
static void print_confusion(const alx_evaluation *evaluation)
{
    int count = alx_evaluation_class_count(evaluation), width = 0;
    if (count > MAX_CONFUSION) return;
    cli_name_text name;
    alx_class_score score;
    for (int i = 0; i < count; i++) {
        alx_evaluation_class(evaluation, i, &score);
        int columns = alx_table_width(cli_name(score.name, name));
        if (columns > width) width = columns;
    }
    printf("\nconfusion: a row for each true class, columns are the predicted classes in the same order\n");
    for (int i = 0; i < count; i++) {
        alx_evaluation_class(evaluation, i, &score);
        cli_print_padded(stdout, cli_name(score.name, name), width);
        for (int j = 0; j < count; j++) printf(" %7lld", (long long)alx_evaluation_confusion(evaluation, i, j));
        putchar('\n');
    }
}

static int print_text(const alx_evaluation *evaluation)
{
    alx_error err = {0};
    double range[2];
    find_interval(evaluation, range);
    printf("images    %lld\n", (long long)alx_evaluation_count(evaluation));
    printf("loss      %.6g\n", alx_evaluation_loss(evaluation));
    printf("accuracy  %.4f (95 %% interval %.4f to %.4f)\n", alx_evaluation_accuracy(evaluation), range[0], range[1]);
    if (!isnan(alx_evaluation_top5(evaluation))) printf("top-5     %.4f\n", alx_evaluation_top5(evaluation));
    putchar('\n');
    if (print_classes(evaluation, &err)) return cli_error(&err);
    print_confusion(evaluation);
    return CLI_DONE;
}

static alx_status evaluate(const char *path, const config *c, int *code, alx_error *err)
{
    cli_session s = {0};
    alx_dataset *dataset = NULL;
    alx_evaluation *evaluation = NULL;
    alx_status status = cli_session_open(&s, path, &c->session, err);
    if (!status) status = cli_session_images(&dataset, s.model, c->data, c->split, err);
    if (!status) {
        fprintf(stderr, "images: %s\n", alx_model_preprocessing(s.model));
        alx_progress progress;
        alx_progress_init(&progress, stderr);
        status = alx_evaluate(&evaluation, s.session, dataset, c->skip_bad, alx_progress_count, &progress, err);
        alx_progress_finish(&progress);
    }
    if (!status) {
        if (alx_evaluation_skipped(evaluation))
            cli_warn("%lld images skipped, the first: %s", (long long)alx_evaluation_skipped(evaluation),
                     alx_evaluation_first_skipped(evaluation));
        *code = c->json ? print_json(evaluation) : print_text(evaluation);
    }
    alx_evaluation_destroy(evaluation);
    alx_dataset_destroy(dataset);
    cli_session_close(&s);
    return status;
}

int cli_evaluate(const cli_call *call)
{
    config c = {.skip_bad = 1, .session = CLI_SESSION_DEFAULTS};
    cli_arguments arguments = {0};
    int code;
    if (!cli_begin(call, &arguments, &c, &code)) return code;
    const char *model = arguments.operand_count == 1 ? arguments.operands[0] : NULL;
    cli_arguments_finish(&arguments);
    if (!model) return cli_usage_error("evaluate takes one model: alexnet evaluate runs/1 --data photos/test");
    if (!c.data)
        return cli_usage_error(
            "evaluate needs --data: a folder with one sub-folder a class, a table, a list, an IDX file or a "
            "recipe");
    if (c.split && !cli_is_recipe(c.data))
        return cli_usage_error("--split names a part of a recipe's data; give --data recipe.yaml with it");
    alx_error err = {0};
    return evaluate(model, &c, &code, &err) ? cli_error(&err) : code;
}

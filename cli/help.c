/* Help pages, made from the tables of commands and options. */
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "report/table.h"

enum { LEFT = 30, WIDTH = 110 };

void cli_print_row(FILE *file, const char *left, const char *help)
{
    int columns = alx_table_width(left);
    if (columns + 2 > LEFT)
        fprintf(file, "%s\n%*s", left, LEFT, "");
    else
        cli_print_padded(file, left, LEFT);
    cli_print_wrapped(file, help, LEFT, LEFT, WIDTH);
}

const char *cli_type_name(const char *type, alx_language language, cli_type_text text)
{
    static const char *const words[][2] = {
        {"integer or pair", "整数或整数对"},
        {"integer", "整数"},
        {"numbers", "若干个数"},
        {"number", "数"},
        {"percent", "百分比"},
        {"text", "文本"},
        {"path", "路径"},
        {"list", "列表"},
        {"words", "若干词"},
        {"map of numbers", "名字到数的对照"},
        {"map", "名字对照"},
        {"yes|no", "是否（yes|no）"},
    };
    snprintf(text, sizeof(cli_type_text), "%s", type);
    for (size_t i = 0; language == ALX_CHINESE && i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i][0]);
        if (strncmp(type, words[i][0], length) || (type[length] && type[length] != '|')) continue;
        snprintf(text, sizeof(cli_type_text), "%s%s", words[i][1], type + length);
        break;
    }
    return text;
}

static void print_options(FILE *file, const cli_option *table, alx_language language)
{
    for (const cli_option *row = table; row->name; row++) {
        char left[96], letter[8] = "    ";
        if (row->letter) snprintf(letter, sizeof letter, "-%c, ", row->letter);
        snprintf(left, sizeof left, "  %s--%s%s%s", letter, row->name, row->value ? " " : "",
                 row->value ? row->value : "");
        cli_print_row(file, left, row->help[language]);
    }
}

typedef struct titles {
    const char *usage, *options, *common, *examples, *commands, *more;
} titles;

static const titles texts[2] = {
    {"Usage", "Options", "Options of every command", "Examples", "Commands",
     "alexnet COMMAND --help tells more of each; alexnet --version names this version."},
    {"用法", "选项", "每个命令都有的选项", "示例", "命令",
     "alexnet 命令 --help 查看各命令的详细帮助；alexnet --version 显示版本。"},
};

/* Whole lines of `text`, each behind `prefix`. */
static void print_lines(FILE *file, const char *prefix, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        fprintf(file, "%s%.*s\n", prefix, (int)length, text);
        text += length + (text[length] == '\n');
    }
}

void cli_print_help(const cli_command *command, alx_language language)
{
    const titles *t = &texts[language];
    char prefix[64];
    cli_print_wrapped(stdout, command->help[language], 0, 0, WIDTH);
    printf("\n%s\n", t->usage);
    snprintf(prefix, sizeof prefix, "  alexnet %s ", command->name);
    print_lines(stdout, prefix, command->usage);
    if (command->notes[language]) {
        putchar('\n');
        cli_print_wrapped(stdout, command->notes[language], 0, 0, WIDTH);
    }
    if (command->options->name) printf("\n%s\n", t->options);
    print_options(stdout, command->options, language);
    if (command->more_help) command->more_help(language);
    printf("\n%s\n", t->common);
    print_options(stdout, cli_common_options, language);
    printf("\n%s\n", t->examples);
    print_lines(stdout, "  ", command->examples);
}

void cli_print_overview(FILE *file, alx_language language)
{
    static const char *const what[2] = {
        "alexnet trains, explains and runs convolutional image classifiers on CPUs.",
        "alexnet 在 CPU 上训练、讲解并运行卷积图像分类网络。",
    };
    static const char *const start[2] = {
        "Start with a folder of images, one sub-folder a class:",
        "从一个图片文件夹开始，每个子文件夹是一类：",
    };
    const titles *t = &texts[language];
    fprintf(file,
            "%s\n\n%s\n  alexnet train photos/\n  alexnet predict runs/1 photo.jpg\n\n%s\n  alexnet COMMAND ...\n",
            what[language], start[language], t->usage);
    fprintf(file, "\n%s\n", t->commands);
    for (const cli_command *command = cli_commands; command->name; command++) {
        char left[32];
        snprintf(left, sizeof left, "  %s", command->name);
        cli_print_padded(file, left, 18);
        fprintf(file, "%s\n", command->help[language]);
    }
    fprintf(file, "\n%s\n", t->more);
}

void cli_print_option(const alx_option_info *option, alx_language language)
{
    static const char *const words[2][2] = {{"must be given", "default"}, {"必填", "默认"}};
    char left[160];
    snprintf(left, sizeof left, "  %s", option->name);
    cli_print_padded(stdout, left, 22);
    const char *comma = language == ALX_CHINESE ? "，" : ", ";
    cli_type_text type = "";
    fputs(cli_type_name(option->type, language, type), stdout);
    if (*option->range) printf("%s%s", comma, option->range);
    if (!option->default_value)
        printf("%s%s", comma, words[language][0]);
    else if (*option->default_value)
        printf("%s%s %s", comma, words[language][1], option->default_value);
    printf("\n");
    cli_print_row(stdout, "", option->help[language]);
}

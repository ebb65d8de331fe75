/* alexnet augmentations: what a recipe's list may hold, from the library's own tables. */
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "report/table.h"

const cli_option cli_augmentations_options[] = {{0}};

static int list(alx_language language)
{
    static const char *const headings[2][2] = {{"augmentation", "what"}, {"增强", "说明"}};
    alx_table table;
    alx_table_init(&table, headings[language][0], ALX_TABLE_LEFT, headings[language][1], ALX_TABLE_LEFT, NULL);
    for (int i = 0; alx_augmentation(i); i++) {
        alx_table_cell(&table, "%s", alx_augmentation(i)->name);
        alx_table_cell(&table, "%s", alx_augmentation(i)->help[language]);
    }
    alx_error err = {0};
    alx_status status = alx_table_print(&table, stdout, &err);
    alx_table_finish(&table);
    return status ? cli_error(&err) : CLI_DONE;
}

static int print_one(const char *name, alx_language language)
{
    cli_nearest nearest = {.word = name};
    for (int i = 0; alx_augmentation(i); i++) {
        const alx_augmentation_info *info = alx_augmentation(i);
        if (strcmp(info->name, name)) {
            cli_nearest_try(&nearest, info->name);
            continue;
        }
        printf("%s: %s\n", info->name, info->help[language]);
        alx_option_info option;
        for (int j = 0; alx_augmentation_option(info, j, &option); j++) cli_print_option(&option, language);
        return CLI_DONE;
    }
    return cli_unknown_name(&nearest, "augmentation", "augmentations");
}

int cli_augmentations(const cli_call *call)
{
    const char *name;
    alx_language language;
    int code;
    if (!cli_begin_catalogue(call, "rotate", &name, &language, &code)) return code;
    return name ? print_one(name, language) : list(language);
}

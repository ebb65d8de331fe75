/* alexnet models: the built-in networks. */
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "report/table.h"

const cli_option cli_models_options[] = {{0}};

/* The row of one network: its size is counted, not written down a second time. */
static alx_status add_row(alx_table *table, const alx_builtin_info *builtin, alx_language language, alx_error *err)
{
    alx_network *network;
    alx_status status = alx_network_open(&network, builtin->name, 0, err);
    if (status) return status;
    int size[3];
    int64_t parameters = 0;
    alx_network_input(network, size);
    for (int i = 0; i < alx_network_layer_count(network); i++) {
        alx_layer_info info;
        alx_network_layer(network, i, &info);
        parameters += info.parameters;
    }
    char number[32];
    alx_table_cell(table, "%s", builtin->name);
    alx_table_cell(table, "%s", cli_thousands(parameters, number));
    alx_table_cell(table, "%dx%dx%d", size[0], size[1], size[2]);
    alx_table_cell(table, "%s", builtin->help[language]);
    alx_network_destroy(network);
    return ALX_OK;
}

static int list(alx_language language)
{
    static const char *const headings[2][4] = {{"name", "parameters", "input", "what"},
                                               {"名字", "参数个数", "输入", "说明"}};
    const char *const *h = headings[language];
    alx_table table;
    alx_table_init(&table, h[0], ALX_TABLE_LEFT, h[1], ALX_TABLE_RIGHT, h[2], ALX_TABLE_LEFT, h[3], ALX_TABLE_LEFT,
                   NULL);
    alx_error err = {0};
    alx_status status = ALX_OK;
    for (int i = 0; !status && alx_builtin(i); i++) status = add_row(&table, alx_builtin(i), language, &err);
    if (!status) status = alx_table_print(&table, stdout, &err);
    alx_table_finish(&table);
    return status ? cli_error(&err) : CLI_DONE;
}

static int print_one(const char *name)
{
    cli_nearest nearest = {.word = name};
    for (int i = 0; alx_builtin(i); i++) {
        if (!strcmp(alx_builtin(i)->name, name)) {
            fputs(alx_builtin(i)->yaml, stdout);
            return CLI_DONE;
        }
        cli_nearest_try(&nearest, alx_builtin(i)->name);
    }
    return cli_unknown_name(&nearest, "built-in network", "models");
}

int cli_models(const cli_call *call)
{
    const char *name;
    alx_language language;
    int code;
    if (!cli_begin_catalogue(call, "alexnet", &name, &language, &code)) return code;
    return name ? print_one(name) : list(language);
}

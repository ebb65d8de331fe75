/* alexnet layers: what a network can be made of, from the catalogue's own tables. */
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "report/table.h"

const cli_option cli_layers_options[] = {{0}};

static int list(alx_language language)
{
    static const char *const headings[2][3] = {{"layer", "Keras", "what"}, {"层", "Keras", "说明"}};
    const char *const *h = headings[language];
    alx_table table;
    alx_table_init(&table, h[0], ALX_TABLE_LEFT, h[1], ALX_TABLE_LEFT, h[2], ALX_TABLE_LEFT, NULL);
    for (int i = 0; alx_layer_type(i); i++) {
        const alx_layer_type_info *type = alx_layer_type(i);
        alx_table_cell(&table, "%s", type->name);
        alx_table_cell(&table, "%s", type->keras);
        alx_table_cell(&table, "%s", type->help[language]);
    }
    alx_error err = {0};
    alx_status status = alx_table_print(&table, stdout, &err);
    alx_table_finish(&table);
    return status ? cli_error(&err) : CLI_DONE;
}

static int print_one(const char *name, alx_language language)
{
    cli_nearest nearest = {.word = name};
    for (int i = 0; alx_layer_type(i); i++) {
        const alx_layer_type_info *type = alx_layer_type(i);
        if (strcmp(type->name, name) && strcmp(type->keras, name)) {
            cli_nearest_try(&nearest, type->name);
            continue;
        }
        printf("%s (%s): %s\n", type->name, type->keras, type->help[language]);
        alx_option_info option;
        for (int j = 0; alx_layer_type_option(type, j, &option); j++) cli_print_option(&option, language);
        return CLI_DONE;
    }
    return cli_unknown_name(&nearest, "layer type", "layers");
}

int cli_layers(const cli_call *call)
{
    const char *name;
    alx_language language;
    int code;
    if (!cli_begin_catalogue(call, "conv2d", &name, &language, &code)) return code;
    return name ? print_one(name, language) : list(language);
}

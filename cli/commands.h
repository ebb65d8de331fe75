/* The program's commands, in one table. */
#ifndef ALX_CLI_COMMANDS_H
#define ALX_CLI_COMMANDS_H

#include <stdio.h>

#include "cli/options.h"

/* What every command is given. */
typedef struct cli_call {
    alx_language language;
    const struct cli_command *command;
    int argc; /* what follows the command's name */
    char **argv;
} cli_call;

typedef struct cli_command {
    const char *name;
    const char *help[2];  /* one line, by alx_language */
    const char *usage;    /* what follows "alexnet NAME"; lines are further forms */
    const char *examples; /* whole lines */
    const char *notes[2]; /* a paragraph, or NULL */
    const cli_option *options;
    int (*run)(const cli_call *call);         /* returns the exit code */
    void (*more_help)(alx_language language); /* printed behind the options; may be NULL */
} cli_command;

/* Ended by a row without a name. */
extern const cli_command cli_commands[];
const cli_command *cli_command_find(const char *name);

/* Parses call->argv by the command's table into config, which the caller has filled
 * with defaults.  False: help was printed or a mistake reported; return *exit_code. */
bool cli_begin(const cli_call *call, cli_arguments *arguments, void *config, int *exit_code);

/* The same for a command that lists a catalogue, or tells of the one that is named: *name is NULL for the list. */
bool cli_begin_catalogue(const cli_call *call, const char *example, const char **name, alx_language *language,
                         int *exit_code);
/* "there is no layer type conv3d; did you mean conv2d?": returns the exit code. */
int cli_unknown_name(const cli_nearest *nearest, const char *what, const char *command);

/* ---- Help ---- */

/* The program's page: its commands. */
void cli_print_overview(FILE *file, alx_language language);
/* A command's page. */
void cli_print_help(const cli_command *command, alx_language language);
/* What kind of value an option takes (alx_option_info.type), in that language.  Returns text. */
typedef char cli_type_text[192];
const char *cli_type_name(const char *type, alx_language language, cli_type_text text);
/* One row: `left` in its column, then help, wrapped. */
void cli_print_row(FILE *file, const char *left, const char *help);
/* "kernel_size  integer, >= 1, default 3", and its help below. */
void cli_print_option(const alx_option_info *option, alx_language language);

/* ---- The commands ---- */

int cli_train(const cli_call *call);
int cli_evaluate(const cli_call *call);
int cli_compare(const cli_call *call);
int cli_predict(const cli_call *call);
int cli_features(const cli_call *call);
int cli_export(const cli_call *call);
int cli_summary(const cli_call *call);
int cli_explain(const cli_call *call);
int cli_profile(const cli_call *call);
int cli_check_data(const cli_call *call);
int cli_show(const cli_call *call);
int cli_report_command(const cli_call *call);
int cli_plot(const cli_call *call);
int cli_models(const cli_call *call);
int cli_layers(const cli_call *call);
int cli_augmentations(const cli_call *call);

/* Their option tables. */
extern const cli_option cli_report_options[], cli_plot_options[];
extern const cli_option cli_train_options[], cli_evaluate_options[], cli_compare_options[], cli_predict_options[],
    cli_features_options[], cli_export_options[], cli_summary_options[], cli_explain_options[], cli_profile_options[],
    cli_check_data_options[], cli_show_options[], cli_models_options[], cli_layers_options[],
    cli_augmentations_options[];
/* The recipe's keys, behind train's own options. */
void cli_train_help(alx_language language);
void cli_plot_help(alx_language language);

#endif

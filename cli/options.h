/* Command lines, read by a table: --name value, --name=value, -o value, flags, and
 * -- before operands that begin with a dash.  '-' and '_' in names are alike. */
#ifndef ALX_CLI_OPTIONS_H
#define ALX_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "alexnet.h"

typedef enum cli_option_type {
    CLI_FLAG,    /* int: 1 when given; --name=no and --name=yes are understood */
    CLI_INT,     /* long long within min..max */
    CLI_NUMBER,  /* double within min..max */
    CLI_PERCENT, /* the same; a trailing % is taken */
    CLI_BYTES,   /* unsigned long long: "800MiB" */
    CLI_TEXT,    /* const char *, pointing into argv */
    CLI_CHOICE   /* int: the place of the word in `choices` */
} cli_option_type;

typedef struct cli_option {
    const char *name; /* without the dashes; NULL ends a table */
    char letter;      /* 0: none */
    cli_option_type type;
    size_t offset;       /* of the field in the config struct */
    const char *value;   /* what help calls the value: "FILE"; CHOICE: "auto|f32|bf16" */
    double min, max;     /* inclusive */
    const char *help[2]; /* by alx_language */
} cli_option;

/* An option that the table does not hold, but find_key knows: a recipe's key. */
enum { CLI_KEY_NAME = 64 };
typedef struct cli_key {
    char name[CLI_KEY_NAME]; /* "train.batch_size" */
    const char *value;       /* "32", pointing into argv */
} cli_key;

/* The name nearest to a mistyped one (Damerau-Levenshtein, at most a third of it wrong). */
typedef struct cli_nearest {
    const char *word;
    char best[CLI_KEY_NAME]; /* "" while there is none */
    int distance;
} cli_nearest;
void cli_nearest_try(cli_nearest *nearest, const char *candidate);
/* "learning_rate" to "learning-rate", in place: how options are spelled on a command line. */
void cli_dashes(char *name);

typedef struct cli_arguments {
    int operand_count;
    char **operands;
    int key_count;
    cli_key *keys;
    int help;     /* --help was given */
    int language; /* --lang was given: 1 + alx_language, else 0 */
    /* Of a second table, set by the caller before reading, all or none. */
    bool (*find_key)(const char *name, char key[CLI_KEY_NAME], bool *flag); /* the full name; false: unknown */
    void (*try_keys)(cli_nearest *nearest);
    void (*report_unknown)(const char *name); /* no name is near by spelling */
} cli_arguments;

/* Reads argv (without the command's name).  Mistakes are printed to stderr and give
 * false.  Release with cli_arguments_finish in either case. */
bool cli_options_read(const cli_option *table, void *config, cli_arguments *arguments, int argc, char **argv);
void cli_arguments_finish(cli_arguments *arguments);
/* Options that every command has. */
extern const cli_option cli_common_options[];

#endif

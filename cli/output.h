/* What the program writes: results to stdout, messages to stderr. */
#ifndef ALX_CLI_OUTPUT_H
#define ALX_CLI_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "alexnet.h"

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_BAD_INPUT = 3, CLI_INTERRUPTED = 130 };

/* "alexnet: error: ..." on stderr. Returns CLI_USAGE. */
int cli_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for an error of the library.  Returns its exit code. */
int cli_error(const alx_error *err);
void cli_set_error(alx_error *err, alx_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));
static inline alx_status cli_given(alx_status status)
{
    return status;
}
/* Fills err where there is one, and gives status.  A macro, as alx_fail is in the library: analysers see which status
 * comes back. */
#define cli_fail(err, status, ...) (cli_set_error(err, status, __VA_ARGS__), cli_given(status))
void cli_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Flushes stdout; what could not be written turns `code` into CLI_FAILED. */
int cli_finish_output(int code);

/* A name on a terminal: printable UTF-8 as it is, everything else as \n or \xNN. */
void cli_print_name(FILE *file, const char *name);
/* The same into a buffer, cut to fit.  Returns text. */
typedef char cli_name_text[512];
const char *cli_name(const char *name, cli_name_text text);
/* A field of a CSV file: quoted where RFC 4180 asks for it. */
void cli_print_csv(FILE *file, const char *field);
/* A word of a command line that a shell reads back as one word. */
void cli_print_shell(FILE *file, const char *word);
/* A JSON string: exact where the name is UTF-8, else escaped as cli_print_name does. */
json_t *cli_json_text(const char *text);
/* A JSON number; null for NaN. */
json_t *cli_json_number(double value);
/* Without a newline; releases the value.  Returns the exit code. */
int cli_print_json(json_t *value);

/* A paragraph from column `column` on, later lines indented to `indent`, none wider than `width` (a single word
 * excepted); ends with a newline. */
void cli_print_wrapped(FILE *file, const char *text, int column, int indent, int width);
/* text and spaces up to `columns`. */
void cli_print_padded(FILE *file, const char *text, int columns);
/* 34944 -> "34,944" */
const char *cli_thousands(long long value, char buffer[32]);

#endif

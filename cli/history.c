#include "cli/history.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "report/regular_file.h"

enum { MAX_BYTES = 64 << 20, MAX_COLUMNS = 64, MAX_FIELD = 63 };

static const char *const names[CLI_METRICS] = {"epoch",        "loss",          "accuracy", "val_loss",
                                               "val_accuracy", "learning_rate", "seconds"};

/* ---- Text ---- */

/* The next field of a line, which ends in a comma, a line's end or the text's; moves *at behind it.  False: too long.
 */
static bool take_field(const char **at, char field[MAX_FIELD + 1], bool *last)
{
    const size_t length = strcspn(*at, ",\r\n");
    if (length > MAX_FIELD) return false;
    memcpy(field, *at, length);
    field[length] = '\0';
    *at += length;
    *last = **at != ',';
    if (**at == ',') (*at)++;
    if (*last) *at += strspn(*at, "\r");
    if (*last && **at == '\n') (*at)++;
    return true;
}

/* column[i]: what the i-th field of a row is, CLI_METRICS for what is not known here. */
static alx_status read_header(cli_metric column[MAX_COLUMNS], int *count, const char **at, const char *file,
                              alx_error *err)
{
    char field[MAX_FIELD + 1];
    bool found[CLI_METRICS + 1] = {false};
    *count = 0;
    for (bool last = false; !last;) {
        if (*count == MAX_COLUMNS || !take_field(at, field, &last))
            return cli_fail(err, ALX_BAD_DATA, "%s:1: more than %d columns, or a name of more than %d bytes", file,
                            MAX_COLUMNS, MAX_FIELD);
        cli_metric metric = CLI_EPOCH;
        while (metric < CLI_METRICS && strcmp(field, names[metric]) != 0) metric++;
        if (metric < CLI_METRICS && found[metric])
            return cli_fail(err, ALX_BAD_DATA, "%s:1: two columns are called %s", file, field);
        found[metric] = true;
        column[(*count)++] = metric;
    }
    if (!found[CLI_EPOCH] || !found[CLI_LOSS])
        return cli_fail(err, ALX_BAD_DATA, "%s:1: no columns epoch and loss, so these are not the metrics of a run",
                        file);
    return ALX_OK;
}

static alx_status read_row(cli_history *h, int row, const cli_metric column[MAX_COLUMNS], int count, const char **at,
                           const char *file, alx_error *err)
{
    char field[MAX_FIELD + 1], *end;
    bool last = false;
    const int line = row + 2;
    for (int i = 0; i < count; i++) {
        if (last || !take_field(at, field, &last) || (i == count - 1 && !last))
            return cli_fail(err, ALX_BAD_DATA, "%s:%d: not %d fields, as the first line has", file, line, count);
        if (column[i] == CLI_METRICS) continue;
        const double value = *field ? strtod(field, &end) : NAN;
        if (*field && *end)
            return cli_fail(err, ALX_BAD_DATA, "%s:%d: %s is \"%s\", which is no number", file, line, names[column[i]],
                            field);
        h->values[column[i]][row] = value;
    }
    return ALX_OK;
}

static int count_lines(const char *text)
{
    int lines = 0;
    for (; *text; text++) lines += *text == '\n' || !text[1];
    return lines;
}

alx_status cli_history_parse(cli_history *history, const char *text, const char *file, alx_error *err)
{
    cli_metric column[MAX_COLUMNS];
    int columns;
    *history = (cli_history){0};
    alx_status status = read_header(column, &columns, &text, file, err);
    if (status) return status;
    const int rows = count_lines(text);
    for (int m = 0; m < CLI_METRICS; m++) {
        history->values[m] = calloc((size_t)rows + 1, sizeof(double));
        if (!history->values[m]) status = cli_fail(err, ALX_NO_MEMORY, "%s: out of memory: %d rows", file, rows);
        for (int row = 0; !status && row < rows; row++) history->values[m][row] = NAN;
    }
    for (int row = 0; !status && row < rows; row++) status = read_row(history, row, column, columns, &text, file, err);
    history->epochs = rows;
    if (status) cli_history_finish(history);
    return status;
}

alx_status cli_history_read(cli_history *history, const char *file, alx_error *err)
{
    *history = (cli_history){0};
    FILE *stream = alx_regular_file(file, NULL);
    if (!stream && errno == ENOENT) return ALX_OK;
    if (!stream) return cli_fail(err, ALX_IO, "%s: cannot be read: %s", file, strerror(errno));
    alx_status status = ALX_OK;
    size_t used = 0, capacity = 0;
    char *text = NULL;
    do {
        capacity = capacity ? 2 * capacity : 1 << 16;
        char *grown = capacity <= MAX_BYTES ? realloc(text, capacity) : NULL;
        if (!grown) {
            status = cli_fail(err, ALX_BAD_DATA, "%s: too large for the metrics of a run", file);
            break;
        }
        text = grown;
        used += fread(text + used, 1, capacity - used - 1, stream);
    } while (used == capacity - 1);
    if (!status && ferror(stream)) status = cli_fail(err, ALX_IO, "%s: cannot be read: %s", file, strerror(errno));
    fclose(stream);
    if (!status) {
        text[used] = '\0';
        status = cli_history_parse(history, text, file, err);
    }
    free(text);
    return status;
}

void cli_history_finish(cli_history *history)
{
    for (int m = 0; m < CLI_METRICS; m++) free(history->values[m]);
    *history = (cli_history){0};
}

/* ---- What it says ---- */

/* sign 1: the smallest, -1: the largest; the first of equals. */
static int first_best(const double *values, int count, double sign)
{
    int best = -1;
    for (int i = 0; i < count; i++)
        if (!isnan(values[i]) && (best < 0 || sign * values[i] < sign * values[best])) best = i;
    return best;
}

int cli_history_best(const cli_history *history, bool by_accuracy)
{
    static const cli_metric metrics[2][2] = {{CLI_VAL_LOSS, CLI_LOSS}, {CLI_VAL_ACCURACY, CLI_ACCURACY}};
    int best = -1;
    for (int i = 0; i < 2 && best < 0; i++)
        best = first_best(history->values[metrics[by_accuracy][i]], history->epochs, by_accuracy ? -1 : 1);
    return best;
}

double cli_history_seconds(const cli_history *history)
{
    double sum = history->epochs ? 0 : NAN;
    for (int i = 0; i < history->epochs; i++) sum += history->values[CLI_SECONDS][i];
    return sum;
}

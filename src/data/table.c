/* Tables: libcsv cuts the rows into fields, here they find their columns. */
#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "data/rows.h"

enum { MAX_COLUMNS = 4096 };

/* The columns that are wanted. */
enum { PATH, LABEL, GROUP, WANTED };

typedef struct reader {
    alx_rows *rows;
    const char *file; /* printable */
    char separator;
    const char *names[WANTED]; /* of the columns; group "": not wanted */
    int at[WANTED];            /* their places; -1: none */
    const char **columns;      /* (column_count) of the header */
    int column_count;
    bool has_header;
    int64_t line, row_line; /* that is being read, that the row began in */
    bool in_row;
    int fields;          /* of this row so far */
    bool any;            /* of them is not empty */
    char *taken[WANTED]; /* the row's wanted fields, until the row ends */
    alx_status status;
    alx_error *err;
} reader;

/* ---- Header ---- */

static alx_status add_column(reader *r, const char *name)
{
    if (r->column_count == MAX_COLUMNS)
        return alx_fail(r->err, ALX_BAD_DATA, "%s:%lld: more than %d columns; is this a table?", r->file,
                        (long long)r->row_line, MAX_COLUMNS);
    if (!r->columns) r->columns = alx_arena_alloc(&r->rows->arena, MAX_COLUMNS, sizeof *r->columns, r->err);
    const char *copy = r->columns ? alx_arena_strdup(&r->rows->arena, name, r->err) : NULL;
    if (!copy) return ALX_NO_MEMORY;
    r->columns[r->column_count++] = copy;
    return ALX_OK;
}

/* "Filename, Rating" */
static void add_columns(alx_text *text, const reader *r)
{
    enum { SHOWN = 12 };
    alx_printable name;
    for (int i = 0; i < r->column_count && i < SHOWN; i++)
        alx_text_printf(text, "%s%s", i ? ", " : "", alx_text_printable(r->columns[i], name));
    if (r->column_count > SHOWN) alx_text_add(text, ", ...");
}

/* One column that holds another separator: the likeliest reason why a name is not found. */
static char other_separator(const reader *r)
{
    for (const char *c = ";\t,|"; *c && r->column_count == 1; c++)
        if (*c != r->separator && strchr(r->columns[0], *c)) return *c;
    return 0;
}

static alx_status fail_column(const reader *r, int wanted)
{
    static const char *const keys[WANTED] = {"data.path", "data.label.column", "data.split.group"};
    alx_printable name;
    alx_text_printable(r->names[wanted], name);
    const char other = other_separator(r);
    if (other)
        return alx_fail(r->err, ALX_BAD_DATA,
                        "%s:%lld: the header has one column, which holds %s: give data.separator: %s", r->file,
                        (long long)r->row_line, other == '\t' ? "tabs" : "another separator",
                        other == '\t' ? "tab" : (char[]){'"', other, '"', '\0'});
    alx_text columns = {0};
    add_columns(&columns, r);
    const char *near = alx_text_nearest(r->names[wanted], r->columns, r->column_count);
    alx_printable shown;
    alx_status status = alx_fail(r->err, ALX_BAD_DATA, "%s:%lld: no column %s%s%s%s; name one of %s as %s", r->file,
                                 (long long)r->row_line, name, near ? " (did you mean " : "",
                                 near ? alx_text_printable(near, shown) : "", near ? "?)" : "",
                                 columns.failed ? "them" : columns.data, keys[wanted]);
    alx_text_finish(&columns);
    return status;
}

static alx_status end_header(reader *r)
{
    for (int w = 0; w < WANTED; w++) {
        r->at[w] = -1;
        for (int i = 0; i < r->column_count && *r->names[w]; i++) {
            if (strcmp(r->columns[i], r->names[w]) != 0) continue;
            alx_printable name;
            if (r->at[w] >= 0)
                return alx_fail(r->err, ALX_BAD_DATA, "%s:%lld: two columns are called %s; rename one", r->file,
                                (long long)r->row_line, alx_text_printable(r->names[w], name));
            r->at[w] = i;
        }
        if (r->at[w] < 0 && (w != GROUP || *r->names[w])) return fail_column(r, w);
    }
    r->has_header = true;
    return ALX_OK;
}

/* ---- Rows ---- */

static alx_status take_field(reader *r, int place, const char *text)
{
    for (int w = 0; w < WANTED; w++) {
        if (r->at[w] != place) continue;
        free(r->taken[w]);
        r->taken[w] = alx_strdup(text, r->err);
        if (!r->taken[w]) return ALX_NO_MEMORY;
    }
    return ALX_OK;
}

static alx_status end_row(reader *r)
{
    if (r->fields != r->column_count)
        return alx_fail(r->err, ALX_BAD_DATA, "%s:%lld: %d field%s, but the header has %d; %s", r->file,
                        (long long)r->row_line, r->fields, r->fields == 1 ? "" : "s", r->column_count,
                        r->fields > r->column_count ? "put fields that hold the separator into quotes"
                                                    : "complete the row or remove it");
    const alx_row row = {r->row_line, r->taken[PATH], r->taken[LABEL], r->taken[GROUP]};
    alx_printable name;
    if (row.group && !*row.group)
        return alx_fail(r->err, ALX_BAD_DATA, "%s:%lld: column %s, the group, is empty; fill it in every row", r->file,
                        (long long)r->row_line, alx_text_printable(r->names[GROUP], name));
    return alx_rows_add(r->rows, &row, r->file, r->err);
}

/* libcsv's callbacks. */
static void on_field(void *field, size_t length, void *user)
{
    reader *r = user;
    if (r->status) return;
    if (length > ALX_ROWS_MAX_FIELD) {
        r->status = alx_fail(r->err, ALX_BAD_DATA, "%s:%lld: a field of %zu bytes; is a quote not closed?", r->file,
                             (long long)r->row_line, length);
        return;
    }
    const char *text = field; /* CSV_APPEND_NULL */
    const int place = r->fields++;
    r->any |= length > 0;
    r->status = r->has_header ? take_field(r, place, text) : add_column(r, text);
}

/* Also at a line end behind which no row is open (CSV_REPALL_NL). */
static void on_row(int end, void *user)
{
    (void)end;
    reader *r = user;
    if (!r->status && r->any) r->status = r->has_header ? end_row(r) : end_header(r);
    if (!r->has_header) r->column_count = 0; /* a blank row of separators above the header */
    r->fields = 0;
    r->any = r->in_row = false;
}

/* ---- The file ---- */

static alx_status choose_separator(char *separator, const char *file, const char *wanted, alx_error *err)
{
    const size_t length = strlen(file);
    const bool tabs = length > 4 && strcmp(file + length - 4, ".tsv") == 0;
    *separator = tabs ? '\t' : ',';
    if (!*wanted) return ALX_OK;
    *separator = strcmp(wanted, "tab") == 0 ? '\t' : *wanted;
    const bool one = strcmp(wanted, "tab") == 0 || !wanted[1];
    alx_printable shown;
    if (one && *separator != '"' && *separator != '\n' && *separator != '\r' && (unsigned char)*separator < 0x80)
        return ALX_OK;
    return alx_fail(err, ALX_USAGE, "data.separator \"%s\"; give one ASCII character, or tab",
                    alx_text_printable(wanted, shown));
}

/* The bytes of a line with its end: LF, CRLF or CR. */
static size_t line_length(const char *text, size_t left)
{
    size_t n = 0;
    while (n < left && text[n] != '\n' && text[n] != '\r') n++;
    if (n < left) n += text[n] == '\r' && n + 1 < left && text[n + 1] == '\n' ? 2 : 1;
    return n;
}

static alx_status fail_parser(reader *r, int code)
{
    if (code == CSV_ENOMEM || code == CSV_ETOOBIG)
        return alx_fail(r->err, ALX_NO_MEMORY, "out of memory while reading a table");
    return alx_fail(r->err, ALX_BAD_DATA,
                    "%s:%lld: a quote out of place; put the whole field into quotes and write quotes in it twice",
                    r->file, (long long)r->line);
}

static alx_status parse(reader *r, struct csv_parser *parser, const char *text, size_t length)
{
    for (size_t at = 0, n; at < length && !r->status; at += n) {
        n = line_length(text + at, length - at);
        r->line++;
        if (!r->in_row) r->row_line = r->line;
        r->in_row = true;
        if (csv_parse(parser, text + at, n, on_field, on_row, r) != n) return fail_parser(r, csv_error(parser));
    }
    if (r->status) return r->status;
    if (csv_fini(parser, on_field, on_row, r))
        return alx_fail(r->err, ALX_BAD_DATA, "%s:%lld: a quote opens in this row and never closes", r->file,
                        (long long)r->row_line);
    if (!r->status && !r->has_header)
        return alx_fail(r->err, ALX_BAD_DATA, "%s: an empty table; its first row names the columns", r->file);
    return r->status;
}

alx_status alx_rows_read_table(alx_rows *rows, const char *text, size_t length, const char *file,
                               const alx_source_config *config, const char *group, alx_error *err)
{
    alx_printable name;
    reader r = {.rows = rows,
                .file = alx_text_printable(file, name),
                .names = {config->path, config->label.column, group},
                .err = err};
    ALX_TRY(choose_separator(&r.separator, file, config->separator, err));
    rows->path_name = config->path;
    rows->label_name = config->label.column;
    struct csv_parser parser;
    csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL | CSV_APPEND_NULL);
    csv_set_delim(&parser, (unsigned char)r.separator);
    csv_set_blk_size(&parser, 4096);
    const alx_status status = parse(&r, &parser, text, length);
    csv_free(&parser);
    for (int w = 0; w < WANTED; w++) free(r.taken[w]);
    return status;
}

/* List files: lines of "path label", as many tools write them. */
#include <stdlib.h>
#include <string.h>

#include "data/rows.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* One line, its end already a NUL; cut in place. */
static alx_status read_line(alx_rows *rows, char *line, size_t length, int64_t number, const char *file, alx_error *err)
{
    while (length > 0 && is_blank(line[length - 1])) line[--length] = '\0';
    while (is_blank(*line)) line++, length--;
    if (length == 0 || *line == '#') return ALX_OK;
    char *label = line + length;
    while (label > line && !is_blank(label[-1])) label--;
    if (label == line) {
        alx_printable shown;
        return alx_fail(err, ALX_BAD_DATA, "%s:%lld: \"%s\" stands alone; write the path, a blank, and the label", file,
                        (long long)number, alx_text_printable(line, shown));
    }
    if (length > ALX_ROWS_MAX_FIELD)
        return alx_fail(err, ALX_BAD_DATA, "%s:%lld: a line of %zu bytes; is this a list?", file, (long long)number,
                        length);
    char *end = label;
    while (is_blank(end[-1])) end--;
    *end = '\0';
    return alx_rows_add(rows, &(alx_row){number, line, label, NULL}, file, err);
}

alx_status alx_rows_read_list(alx_rows *rows, const char *text, size_t length, const char *file, alx_error *err)
{
    alx_printable name;
    alx_text_printable(file, name);
    rows->path_name = "path";
    rows->label_name = "label";
    char *copy = alx_calloc(length + 1, 1, err);
    if (!copy) return ALX_NO_MEMORY;
    memcpy(copy, text, length);
    alx_status status = ALX_OK;
    int64_t number = 0;
    for (char *at = copy; !status && at < copy + length;) {
        char *end = memchr(at, '\n', (size_t)(copy + length - at));
        if (!end) end = copy + length;
        *end = '\0';
        status = read_line(rows, at, (size_t)(end - at), ++number, name, err);
        at = end + 1;
    }
    free(copy);
    return status;
}

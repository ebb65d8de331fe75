#include "report/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define GAP 2 /* spaces between columns */

/* ---- Width ---- */

/* Ranges in order.  Wide: East Asian Width W and F (Unicode annex 11), whole blocks;
 * zero: marks that combine with the character before. */
static const struct {
    uint32_t first, last;
    int width;
} RANGES[] = {
    {0x0300, 0x036F, 0},   {0x1100, 0x115F, 2},   {0x200B, 0x200F, 0},   {0x20D0, 0x20FF, 0},   {0x2E80, 0x303E, 2},
    {0x3041, 0x33FF, 2},   {0x3400, 0x4DBF, 2},   {0x4E00, 0xA4CF, 2},   {0xA960, 0xA97C, 2},   {0xAC00, 0xD7A3, 2},
    {0xF900, 0xFAFF, 2},   {0xFE00, 0xFE0F, 0},   {0xFE30, 0xFE6F, 2},   {0xFF00, 0xFF60, 2},   {0xFFE0, 0xFFE6, 2},
    {0x1F300, 0x1F64F, 2}, {0x1F680, 0x1F6FF, 2}, {0x1F900, 0x1F9FF, 2}, {0x20000, 0x3FFFD, 2},
};

/* The code of the character at *text, which moves behind it.  A byte that begins no
 * well-formed character counts as one. */
static uint32_t next_code(const unsigned char **text)
{
    unsigned char lead = *(*text)++;
    int more = lead >= 0xF0 && lead < 0xF8 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (lead >= 0xF8) more = 0;
    uint32_t code = more ? lead & (0x3Fu >> more) : lead;
    for (int i = 0; i < more; i++) {
        if (((*text)[i] & 0xC0) != 0x80) return lead; /* stops at the final NUL too */
        code = code << 6 | ((*text)[i] & 0x3Fu);
    }
    *text += more;
    return code;
}

int alx_table_width(const char *text)
{
    int total = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        uint32_t code = next_code(&at);
        int width = 1;
        for (size_t i = 0; i < sizeof RANGES / sizeof RANGES[0] && code >= RANGES[i].first; i++)
            if (code <= RANGES[i].last) width = RANGES[i].width;
        total += width;
    }
    return total;
}

/* ---- Cells ---- */

static void add(alx_table *table, char *cell)
{
    if (table->count == table->capacity) {
        size_t capacity = table->capacity ? 2 * table->capacity : 64;
        char **cells = capacity > SIZE_MAX / sizeof *cells ? NULL : realloc(table->cells, capacity * sizeof *cells);
        if (!cells) {
            free(cell);
            table->failed = true;
            return;
        }
        table->cells = cells;
        table->capacity = capacity;
    }
    table->cells[table->count++] = cell;
}

static void add_text(alx_table *table, const char *format, va_list args)
{
    if (table->failed) return;
    char *cell = NULL;
    va_list copy;
    va_copy(copy, args);
    int length = vsnprintf(NULL, 0, format, copy);
    va_end(copy);
    if (length >= 0) cell = malloc((size_t)length + 1);
    if (!cell) {
        table->failed = true;
        return;
    }
    vsnprintf(cell, (size_t)length + 1, format, args);
    for (char *c = cell; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7F) *c = ' ';

    int column = (int)(table->count % (size_t)table->columns), width = alx_table_width(cell);
    if (width > table->width[column]) table->width[column] = width;
    add(table, cell);
}

void alx_table_cell(alx_table *table, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_text(table, format, args);
    va_end(args);
}

void alx_table_init_columns(alx_table *table, int columns, const char *const *headings, const alx_table_align *align)
{
    assert(columns > 0 && columns <= ALX_TABLE_COLUMNS);
    *table = (alx_table){.columns = columns};
    memcpy(table->align, align, (size_t)columns * sizeof *align);
    for (int i = 0; i < columns; i++) alx_table_cell(table, "%s", headings[i]);
}

void alx_table_init(alx_table *table, ...)
{
    const char *headings[ALX_TABLE_COLUMNS];
    alx_table_align align[ALX_TABLE_COLUMNS] = {ALX_TABLE_LEFT};
    int columns = 0;
    va_list args;
    va_start(args, table);
    for (const char *heading; (heading = va_arg(args, const char *));) {
        assert(columns < ALX_TABLE_COLUMNS);
        headings[columns] = heading;
        align[columns++] = (alx_table_align)va_arg(args, int);
    }
    va_end(args);
    alx_table_init_columns(table, columns, headings, align);
}

void alx_table_finish(alx_table *table)
{
    for (size_t i = 0; i < table->count; i++) free(table->cells[i]);
    free(table->cells);
    *table = (alx_table){0};
}

void alx_table_rule(alx_table *table)
{
    if (table->failed) return;
    assert(table->count % (size_t)table->columns == 0);
    for (int i = 0; i < table->columns && !table->failed; i++) add(table, NULL);
}

/* ---- Printing ---- */

static void print_rule(const alx_table *table, const char *stroke, FILE *out)
{
    int width = GAP * (table->columns - 1);
    for (int i = 0; i < table->columns; i++) width += table->width[i];
    for (int i = 0; i < width; i++) fputs(stroke, out);
    fputc('\n', out);
}

static void print_row(const alx_table *table, char *const *cells, FILE *out)
{
    int owed = 0; /* spaces, held back so that no line ends in them */
    for (int i = 0; i < table->columns; i++) {
        int pad = table->width[i] - alx_table_width(cells[i]);
        if (table->align[i] == ALX_TABLE_RIGHT) owed += pad;
        if (*cells[i]) {
            fprintf(out, "%*s%s", owed, "", cells[i]);
            owed = 0;
        } else if (table->align[i] == ALX_TABLE_RIGHT) {
            pad = 0;
        }
        if (table->align[i] == ALX_TABLE_LEFT) owed += pad;
        owed += GAP;
    }
    fputc('\n', out);
}

alx_status alx_table_print(const alx_table *table, FILE *out, alx_error *err)
{
    if (table->failed) {
        if (err) *err = (alx_error){ALX_NO_MEMORY, "out of memory for a table"};
        return ALX_NO_MEMORY;
    }
    size_t columns = (size_t)table->columns;
    assert(table->count % columns == 0);
    print_rule(table, "━", out);
    for (size_t at = 0; at < table->count; at += columns) {
        if (table->cells[at])
            print_row(table, table->cells + at, out);
        else
            print_rule(table, "─", out);
        if (at == 0) print_rule(table, "━", out);
    }
    print_rule(table, "━", out);
    if (!ferror(out)) return ALX_OK;
    if (err) *err = (alx_error){ALX_IO, "a table cannot be written; is the disk full?"};
    return ALX_IO;
}

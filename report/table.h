/* A text table with aligned columns, as `alexnet summary` and `alexnet evaluate` print. */
#ifndef ALX_REPORT_TABLE_H
#define ALX_REPORT_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "alexnet.h"

enum { ALX_TABLE_COLUMNS = 16 };

typedef enum alx_table_align { ALX_TABLE_LEFT, ALX_TABLE_RIGHT } alx_table_align;

/* Filled row by row:
 *
 *     alx_table table;
 *     alx_table_init(&table, "Layer (type)", ALX_TABLE_LEFT, "Parameters", ALX_TABLE_RIGHT, NULL);
 *     alx_table_cell(&table, "%s", name);
 *     alx_table_cell(&table, "%d", count);
 *     status = alx_table_print(&table, stdout, &err);
 *     alx_table_finish(&table);
 *
 * When memory runs out the table remembers it and alx_table_print reports it. */
typedef struct alx_table {
    int columns;
    alx_table_align align[ALX_TABLE_COLUMNS];
    int width[ALX_TABLE_COLUMNS]; /* terminal columns of the widest cell */
    char **cells;                 /* (rows, columns); the heading is row 0; NULL begins a rule */
    size_t count, capacity;
    bool failed;
} alx_table;

/* Pairs of heading (const char *) and alignment, ended by NULL. */
void alx_table_init(alx_table *table, ...) __attribute__((sentinel));
/* The same where the columns are known at run time only. */
void alx_table_init_columns(alx_table *table, int columns, const char *const *headings, const alx_table_align *align);
void alx_table_finish(alx_table *table);
/* The next cell, left to right; a row begins after the last column.  Line breaks become spaces. */
void alx_table_cell(alx_table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A light rule between the rows before and behind; the row must be complete. */
void alx_table_rule(alx_table *table);
/* Heavy rules around and below the heading.  The last row must be complete. */
alx_status alx_table_print(const alx_table *table, FILE *out, alx_error *err);

/* Columns that a UTF-8 string takes on a terminal: wide East Asian characters take
 * two and combining marks none, whatever the locale. */
int alx_table_width(const char *text);

#endif

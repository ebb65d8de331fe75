/* Rows of a table or of a list file, on their way to samples. */
#ifndef ALX_DATA_ROWS_H
#define ALX_DATA_ROWS_H

#include "data/source.h"

enum { ALX_ROWS_MAX_BYTES = 256 << 20, ALX_ROWS_MAX_FIELD = 64 << 10, ALX_ROWS_MAX_COUNT = 16 << 20 };

typedef struct alx_row {
    int64_t line; /* of the file, from 1: where the row begins */
    const char *path, *label, *group;
} alx_row;

/* A zeroed alx_rows is empty; the texts live in its arena. */
typedef struct alx_rows {
    alx_arena arena;
    int64_t count, capacity;
    alx_row *rows;
    const char *path_name, *label_name; /* what they are called in messages: the columns' names */
} alx_rows;

void alx_rows_finish(alx_rows *rows);
/* The texts stay the caller's. */
alx_status alx_rows_add(alx_rows *rows, const alx_row *row, const char *file, alx_error *err);

/* A text file of at most ALX_ROWS_MAX_BYTES as UTF-8, without a byte order mark; checked, so that what follows meets
 * neither NUL nor broken characters.  Release with free. */
alx_status alx_text_file_read(char **text, size_t *length, const char *path, alx_encoding encoding, alx_error *err);
/* The same from bytes. */
alx_status alx_text_file_decode(char **text, size_t *length, const uint8_t *bytes, size_t count, const char *path,
                                alx_encoding encoding, alx_error *err);

/* RFC 4180 with any separator, line ends LF, CRLF or CR, blanks around unquoted fields left out, blank rows skipped.
 * The first row names the columns.  file: for messages. */
alx_status alx_rows_read_table(alx_rows *rows, const char *text, size_t length, const char *file,
                               const alx_source_config *config, const char *group, alx_error *err);
/* Lines of "path label": the label is behind the last blanks or tab.  Blank lines and those that begin with # are
 * skipped. */
alx_status alx_rows_read_list(alx_rows *rows, const char *text, size_t length, const char *file, alx_error *err);

/* Labels by config's expression and names, paths behind `root`; what is missing is an error, or left out and said.
 * list must be zeroed. */
alx_status alx_rows_to_samples(alx_sample_list *list, alx_rows *rows, const char *file, const char *root,
                               const alx_source_config *config, alx_error *err);

#endif

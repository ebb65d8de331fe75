/* Text: a growing string, columns on a terminal, and what the user may have meant. */
#ifndef ALX_BASE_TEXT_H
#define ALX_BASE_TEXT_H

#include <stdbool.h>

#include "base/status.h"

/* A growing string.  A zeroed alx_text is empty and ready.  When memory runs out
 * it remembers that, ignores further appends, and alx_text_take reports it. */
typedef struct alx_text {
    char *data; /* NUL-terminated, or NULL while empty */
    size_t length, capacity;
    bool failed;
} alx_text;

void alx_text_finish(alx_text *text);
void alx_text_add(alx_text *text, const char *s);
void alx_text_add_bytes(alx_text *text, const char *bytes, size_t count);
void alx_text_printf(alx_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Hand the string over (never NULL on success) and empty the builder; release it with free. */
alx_status alx_text_take(char **out, alx_text *text, alx_error *err);

/* A name for a message: printable UTF-8 as it is, everything else as \n or \xNN,
 * cut to fit.  Returns buffer. */
typedef char alx_printable[256];
const char *alx_text_printable(const char *name, alx_printable buffer);

/* True for well-formed UTF-8 (no overlong forms, no surrogates). */
bool alx_text_is_utf8(const char *bytes, size_t count);
/* The first character of a UTF-8 string: its length in bytes, 0 when it is malformed or count is 0. */
int alx_text_decode(uint32_t *code, const char *bytes, size_t count);
/* Columns that a UTF-8 string takes on a terminal: wide East Asian characters take two, whatever the locale. */
int alx_text_columns(const char *s);
/* 34944 -> "34,944" */
const char *alx_text_thousands(int64_t value, char buffer[32]);

/* A field of a CSV file (RFC 4180): in quotes, which are written twice inside, where it holds commas, quotes or line
 * ends, or blanks at an end, which some readers lose. */
void alx_text_add_csv(alx_text *text, const char *field);

/* The shortest of 15 to 17 digits that reads back as the same value, with a decimal point whatever the locale. */
const char *alx_text_number(double value, char buffer[32]);
/* ",0.5,1,..." in 9 digits, which read back as the same f32, with decimal points whatever the locale. */
void alx_text_add_floats(alx_text *text, const float *values, int64_t count);
/* A finite decimal number and nothing else ("1e-4", ".5", "-3"), whatever the locale; false leaves value. */
bool alx_text_parse_number(double *value, const char *s);

/* "800MiB", "1.5GiB", "2GB", "512B" or "0": powers of 1024 with an i, of 1000 without, in any case; false leaves bytes.
 * A number without a unit could be meant in any, so that 0 alone is taken. */
bool alx_text_parse_bytes(int64_t *bytes, const char *s);
/* In the largest unit of 1024 that leaves no rest, as it is parsed: "1536MiB". */
typedef char alx_bytes_text[32];
const char *alx_text_exact_bytes(int64_t bytes, alx_bytes_text text);

/* True for equal names, '-' and '_' alike. */
bool alx_text_same_name(const char *a, const char *b);
/* The candidate nearest to word (Damerau-Levenshtein, at most a third of its
 * length wrong, case and '-' or '_' alike), or NULL: for "did you mean". */
const char *alx_text_nearest(const char *word, const char *const *candidates, int count);

#endif

/* A text that grows: HTML and SVG as they are written. */
#ifndef ALX_REPORT_MARKUP_H
#define ALX_REPORT_MARKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed is empty.  When memory runs out it remembers that and takes no more. */
typedef struct alx_markup {
    char *text; /* ends in a NUL byte, which is not counted; NULL while empty */
    size_t length, capacity;
    bool failed;
    int ids; /* given out */
} alx_markup;

void alx_markup_finish(alx_markup *markup);
void alx_markup_bytes(alx_markup *markup, const char *bytes, size_t count);
/* As they are. */
void alx_markup_add(alx_markup *markup, const char *text);
void alx_markup_format(alx_markup *markup, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Text between tags or in a quoted attribute: & < > " become entities; what is no UTF-8, or a control character that
 * XML forbids, is replaced. */
void alx_markup_escape(alx_markup *markup, const char *text);
/* A coordinate: two decimals, without zeros at the end. */
void alx_markup_number(alx_markup *markup, double value);
void alx_markup_base64(alx_markup *markup, const uint8_t *bytes, size_t count);

#endif

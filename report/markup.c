#include "report/markup.h"

#include <math.h>
#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void alx_markup_finish(alx_markup *markup)
{
    free(markup->text);
    *markup = (alx_markup){0};
}

/* Room for so many bytes more and a NUL byte. */
static bool reserve(alx_markup *m, size_t more)
{
    if (m->failed || more > SIZE_MAX / 4 || m->length > SIZE_MAX / 4) return !(m->failed = true);
    const size_t needed = m->length + more + 1;
    if (needed <= m->capacity) return true;
    const size_t capacity = needed < 4096 ? 4096 : needed + needed / 2;
    char *grown = realloc(m->text, capacity);
    if (!grown) return !(m->failed = true);
    m->text = grown;
    m->capacity = capacity;
    return true;
}

void alx_markup_bytes(alx_markup *m, const char *bytes, size_t count)
{
    if (!reserve(m, count)) return;
    memcpy(m->text + m->length, bytes, count);
    m->length += count;
    m->text[m->length] = 0;
}

void alx_markup_add(alx_markup *m, const char *text)
{
    alx_markup_bytes(m, text, strlen(text));
}

void alx_markup_format(alx_markup *m, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0)
        m->failed = true;
    else if (reserve(m, (size_t)length))
        m->length += (size_t)vsnprintf(m->text + m->length, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
}

void alx_markup_escape(alx_markup *m, const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);
    for (const char *at = valid; *at; at++) {
        switch (*at) {
        case '&': alx_markup_add(m, "&amp;"); break;
        case '<': alx_markup_add(m, "&lt;"); break;
        case '>': alx_markup_add(m, "&gt;"); break;
        case '"': alx_markup_add(m, "&quot;"); break;
        case '\t':
        case '\n':
        case '\r': alx_markup_add(m, " "); break;
        default:
            if ((unsigned char)*at < ' ' || *at == 127)
                alx_markup_add(m, "\xef\xbf\xbd");
            else
                alx_markup_bytes(m, at, 1);
        }
    }
    g_free(valid);
}

void alx_markup_number(alx_markup *m, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.2f", isfinite(value) && fabs(value) < 1e9 ? value : 0.0);
    char *end = text + strlen(text) - 1;
    while (*end == '0') *end-- = 0;
    if (*end == '.') *end = 0;
    alx_markup_add(m, strcmp(text, "-0") == 0 ? "0" : text);
}

void alx_markup_base64(alx_markup *m, const uint8_t *bytes, size_t count)
{
    if (count > SIZE_MAX / 8 || !reserve(m, (count + 2) / 3 * 4)) return;
    gchar *encoded = g_base64_encode(bytes, count);
    alx_markup_add(m, encoded);
    g_free(encoded);
}

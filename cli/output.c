#include "cli/output.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report/table.h"

/* ---- Messages ---- */

static void message(const char *kind, const char *format, va_list arguments)
{
    /* What was printed so far stands before the message where both go to one place. */
    fflush(stdout);
    char text[2048];
    vsnprintf(text, sizeof text, format, arguments);
    fprintf(stderr, "alexnet: %s: ", kind);
    cli_print_name(stderr, text); /* it may quote a hostile file name */
    fputc('\n', stderr);
}

int cli_usage_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    message("error", format, arguments);
    va_end(arguments);
    return CLI_USAGE;
}

void cli_set_error(alx_error *err, alx_status status, const char *format, ...)
{
    if (!err) return;
    va_list arguments;
    va_start(arguments, format);
    err->status = status;
    vsnprintf(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
}

void cli_warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    message("warning", format, arguments);
    va_end(arguments);
}

int cli_error(const alx_error *err)
{
    cli_usage_error("%s", err->message[0] ? err->message : alx_status_text(err->status));
    return alx_status_exit_code(err->status);
}

int cli_finish_output(int code)
{
    bool failed = ferror(stdout) != 0;
    errno = 0;
    failed = fflush(stdout) != 0 || failed;
    if (!failed) return code;
    /* A reader that left, such as head, wants no message. */
    if (errno != EPIPE) cli_usage_error("writing to standard output: %s", errno ? strerror(errno) : "failed");
    return CLI_FAILED;
}

/* ---- Text ---- */

/* The length of the well-formed UTF-8 character at s and its code point; 0: it is none. */
static int decode(const char *s, uint32_t *code)
{
    const unsigned char *u = (const unsigned char *)s;
    if (u[0] < 0x80) {
        *code = u[0];
        return u[0] ? 1 : 0;
    }
    int length = u[0] >= 0xF0 ? 4 : u[0] >= 0xE0 ? 3 : 2;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (u[0] < 0xC2 || u[0] > 0xF4) return 0;
    uint32_t c = u[0] & (0xFFu >> (length + 1));
    for (int i = 1; i < length; i++) {
        if ((u[i] & 0xC0) != 0x80) return 0;
        c = c << 6 | (u[i] & 0x3F);
    }
    if (c < least[length] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) return 0;
    *code = c;
    return length;
}

/* Controls (C0, DEL, C1) and what turns the direction of text or hides (bidi marks, BOM). */
static bool is_printable(uint32_t c)
{
    if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return false;
    return !(c >= 0x200B && c <= 0x200F) && !(c >= 0x2028 && c <= 0x202E) && !(c >= 0x2066 && c <= 0x2069) &&
           c != 0xFEFF;
}

void cli_print_padded(FILE *file, const char *text, int columns)
{
    int used = alx_table_width(text);
    fprintf(file, "%s%*s", text, columns > used ? columns - used : 0, "");
}

const char *cli_thousands(long long value, char buffer[32])
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", value), out = 0;
    for (int i = 0; i < length; i++) {
        buffer[out++] = digits[i];
        if ((length - i - 1) % 3 == 0 && i + 1 < length && digits[i] != '-') buffer[out++] = ',';
    }
    buffer[out] = 0;
    return buffer;
}

/* The next piece of an escaped name: a character as it is, or its escape. Returns the bytes of text that it covers. */
static int escape_one(const char *text, char piece[16])
{
    uint32_t c;
    int length = decode(text, &c);
    if (length && is_printable(c)) {
        memcpy(piece, text, (size_t)length);
        piece[length] = 0;
        return length;
    }
    static const char controls[] = "\n\t\r", letters[] = "ntr";
    const char *known = strchr(controls, *text);
    if (known)
        snprintf(piece, 16, "\\%c", letters[known - controls]);
    else
        snprintf(piece, 16, "\\x%02X", (unsigned char)*text);
    return 1;
}

void cli_print_name(FILE *file, const char *name)
{
    char piece[16];
    while (*name) {
        name += escape_one(name, piece);
        fputs(piece, file);
    }
}

const char *cli_name(const char *name, cli_name_text text)
{
    size_t length = 0;
    char piece[16];
    while (*name) {
        name += escape_one(name, piece);
        size_t more = strlen(piece);
        if (length + more >= sizeof(cli_name_text)) break;
        memcpy(text + length, piece, more);
        length += more;
    }
    text[length] = 0;
    return text;
}

void cli_print_csv(FILE *file, const char *field)
{
    /* Leading and trailing spaces are lost by some readers unless quoted. */
    size_t length = strlen(field);
    bool plain = !strpbrk(field, ",\"\r\n") && length && field[0] != ' ' && field[length - 1] != ' ';
    if (plain) {
        fputs(field, file);
        return;
    }
    fputc('"', file);
    for (; *field; field++) {
        if (*field == '"') fputc('"', file);
        fputc(*field, file);
    }
    fputc('"', file);
}

void cli_print_shell(FILE *file, const char *word)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+=:,@%";
    if (*word && word[strspn(word, safe)] == 0) {
        fputs(word, file);
        return;
    }
    fputc('\'', file);
    for (; *word; word++) {
        if (*word == '\'')
            fputs("'\\''", file);
        else
            fputc(*word, file);
    }
    fputc('\'', file);
}

/* ---- JSON ---- */

json_t *cli_json_text(const char *text)
{
    json_t *exact = json_string(text); /* NULL where text is not UTF-8 */
    if (exact) return exact;
    char *escaped = malloc(strlen(text) * 4 + 16), *end = escaped;
    if (!escaped) return NULL;
    *end = 0;
    for (char piece[16]; *text; end += strlen(piece)) {
        text += escape_one(text, piece);
        strcpy(end, piece);
    }
    json_t *value = json_string(escaped);
    free(escaped);
    return value;
}

json_t *cli_json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

int cli_print_json(json_t *value)
{
    if (!value) return cli_usage_error("out of memory"), CLI_FAILED;
    /* Nine digits tell any two floats apart. */
    json_dumpf(value, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(value);
    return CLI_DONE; /* what could not be written is cli_finish_output's to tell */
}

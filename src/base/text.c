#include "base/text.h"

#include <inttypes.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- The growing string ---- */

void alx_text_finish(alx_text *text)
{
    free(text->data);
    *text = (alx_text){0};
}

/* Room for count more bytes and the NUL. */
static bool reserve(alx_text *text, size_t count)
{
    if (text->failed) return false;
    if (count < text->capacity - text->length) return true;
    size_t wanted = text->length + count + 1;
    size_t capacity = text->capacity > SIZE_MAX / 2 ? SIZE_MAX : text->capacity * 2;
    if (capacity < 64) capacity = 64;
    if (capacity < wanted) capacity = wanted;
    char *data = wanted <= count ? NULL : realloc(text->data, capacity);
    if (!data) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void alx_text_add_bytes(alx_text *text, const char *bytes, size_t count)
{
    if (!reserve(text, count)) return;
    if (count) memcpy(text->data + text->length, bytes, count);
    text->length += count;
    text->data[text->length] = '\0';
}

void alx_text_add(alx_text *text, const char *s)
{
    alx_text_add_bytes(text, s, strlen(s));
}

void alx_text_printf(alx_text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0) text->failed = true;
    if (length >= 0 && reserve(text, (size_t)length)) {
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

alx_status alx_text_take(char **out, alx_text *text, alx_error *err)
{
    *out = NULL;
    if (!text->data) alx_text_add_bytes(text, "", 0);
    bool failed = text->failed;
    if (failed)
        free(text->data);
    else
        *out = text->data;
    *text = (alx_text){0};
    return failed ? alx_fail(err, ALX_NO_MEMORY, "out of memory while building a text") : ALX_OK;
}

/* ---- UTF-8 ---- */

/* The bounds of the second byte keep out overlong forms, surrogates and codes
 * past U+10FFFF: Unicode 15, table 3-7. */
int alx_text_decode(uint32_t *code, const char *bytes, size_t count)
{
    const unsigned char *s = (const unsigned char *)bytes;
    if (count == 0) return 0;
    if (s[0] < 0x80) {
        *code = s[0];
        return 1;
    }
    int length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || count < (size_t)length) return 0;
    unsigned low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
    unsigned high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
    if (s[1] < low || s[1] > high) return 0;
    uint32_t value = s[0] & (0xffu >> (length + 1));
    for (int i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80) return 0;
        value = value << 6 | (s[i] & 0x3f);
    }
    *code = value;
    return length;
}

bool alx_text_is_utf8(const char *bytes, size_t count)
{
    uint32_t code;
    for (size_t i = 0; i < count;) {
        int length = alx_text_decode(&code, bytes + i, count - i);
        if (!length) return false;
        i += (size_t)length;
    }
    return true;
}

/* ---- Ranges of characters, sorted ---- */

typedef struct code_range {
    uint32_t first, last;
} code_range;

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Marks that draw over the character before them, and invisible ones. */
static const code_range no_columns[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
    {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
    {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x2064}, {0x20d0, 0x20f0}, {0x302a, 0x302d},
    {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef},
};

/* East Asian Width W and F of Unicode 15, in blocks. */
static const code_range two_columns[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},   {0x23f0, 0x23f0},
    {0x23f3, 0x23f3},   {0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x267f, 0x267f},
    {0x2693, 0x2693},   {0x26a1, 0x26a1},   {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},
    {0x26ce, 0x26ce},   {0x26d4, 0x26d4},   {0x26ea, 0x26ea},   {0x26f2, 0x26f3},   {0x26f5, 0x26f5},
    {0x26fa, 0x26fa},   {0x26fd, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},   {0x2728, 0x2728},
    {0x274c, 0x274c},   {0x274e, 0x274e},   {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
    {0x27b0, 0x27b0},   {0x27bf, 0x27bf},   {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},   {0x2b55, 0x2b55},
    {0x2e80, 0x303e},   {0x3041, 0x3247},   {0x3250, 0x4dbf},   {0x4e00, 0xa4cf},   {0xa960, 0xa97f},
    {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe19},   {0xfe30, 0xfe6f},   {0xff01, 0xff60},
    {0xffe0, 0xffe6},   {0x16fe0, 0x18cff}, {0x1aff0, 0x1b2ff}, {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf},
    {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c},
    {0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0}, {0x1f3f4, 0x1f3f4},
    {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc}, {0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f54e},
    {0x1f550, 0x1f567}, {0x1f57a, 0x1f57a}, {0x1f595, 0x1f596}, {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f},
    {0x1f680, 0x1f6c5}, {0x1f6cc, 0x1f6cc}, {0x1f6d0, 0x1f6d2}, {0x1f6d5, 0x1f6d7}, {0x1f6dc, 0x1f6df},
    {0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7eb}, {0x1f7f0, 0x1f7f0}, {0x1f90c, 0x1f93a},
    {0x1f93c, 0x1f945}, {0x1f947, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};

/* What a terminal would act on or show wrongly: controls, line separators, and the
 * marks that turn the direction of text, with which a name can disguise itself. */
static const code_range unprintable[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x061c, 0x061c}, {0x200b, 0x200f},    {0x2028, 0x202e},
    {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff0, 0xffff}, {0xe0000, 0x10ffff},
};

static bool in_ranges(uint32_t code, const code_range *ranges, size_t count)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code > ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && code >= ranges[low].first;
}

const char *alx_text_printable(const char *name, alx_printable buffer)
{
    size_t room = sizeof(alx_printable) - sizeof "...", used = 0;
    size_t count = strlen(name);
    for (size_t i = 0; i < count;) {
        uint32_t code = 0;
        int length = alx_text_decode(&code, name + i, count - i);
        bool plain = length && !in_ranges(code, unprintable, COUNT(unprintable));
        if (!length) length = 1;
        char piece[4 * 4 + 1];
        int written = 0;
        for (int k = 0; k < length; k++) {
            unsigned char byte = (unsigned char)name[i + (size_t)k];
            if (plain)
                piece[written++] = (char)byte;
            else if (byte == '\n' || byte == '\t' || byte == '\r')
                written += sprintf(piece + written, "\\%c", byte == '\n' ? 'n' : byte == '\t' ? 't' : 'r');
            else
                written += sprintf(piece + written, "\\x%02x", byte);
        }
        if (used + (size_t)written > room) {
            memcpy(buffer + used, "...", 3);
            used += 3;
            break;
        }
        memcpy(buffer + used, piece, (size_t)written);
        used += (size_t)written;
        i += (size_t)length;
    }
    buffer[used] = '\0';
    return buffer;
}

int alx_text_columns(const char *s)
{
    int columns = 0;
    for (size_t i = 0, count = strlen(s); i < count;) {
        uint32_t code;
        int length = alx_text_decode(&code, s + i, count - i);
        if (!length || !in_ranges(code, no_columns, COUNT(no_columns)))
            columns += length && in_ranges(code, two_columns, COUNT(two_columns)) ? 2 : 1;
        i += length ? (size_t)length : 1;
    }
    return columns;
}

/* ---- Numbers ---- */

void alx_text_add_csv(alx_text *text, const char *field)
{
    const size_t length = strlen(field);
    const bool quote = strpbrk(field, ",\"\r\n") || (length && (field[0] == ' ' || field[length - 1] == ' '));
    if (!quote) {
        alx_text_add(text, field);
        return;
    }
    alx_text_add(text, "\"");
    for (const char *at = field; *at; at++) alx_text_add_bytes(text, *at == '"' ? "\"\"" : at, *at == '"' ? 2 : 1);
    alx_text_add(text, "\"");
}

const char *alx_text_thousands(int64_t value, char buffer[32])
{
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char *at = buffer + 31;
    *at = '\0';
    for (int digits = 0; digits == 0 || rest; digits++, rest /= 10) {
        if (digits && digits % 3 == 0) *--at = ',';
        *--at = (char)('0' + rest % 10);
    }
    if (value < 0) *--at = '-';
    memmove(buffer, at, (size_t)(buffer + 32 - at));
    return buffer;
}

/* The host program may have set a locale with decimal commas.  This changes the
 * locale of this thread alone. */
typedef struct plain_locale {
    locale_t plain, before;
} plain_locale;

static plain_locale enter_plain_locale(void)
{
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return (plain_locale){plain, plain ? uselocale(plain) : (locale_t)0};
}

static void leave_plain_locale(plain_locale locale)
{
    if (!locale.plain) return;
    uselocale(locale.before);
    freelocale(locale.plain);
}

const char *alx_text_number(double value, char buffer[32])
{
    plain_locale locale = enter_plain_locale();
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(buffer, 32, "%.*g", digits, value);
        if (strtod(buffer, NULL) == value) break;
    }
    leave_plain_locale(locale);
    return buffer;
}

void alx_text_add_floats(alx_text *text, const float *values, int64_t count)
{
    plain_locale locale = enter_plain_locale();
    for (int64_t i = 0; i < count; i++) alx_text_printf(text, ",%.9g", (double)values[i]);
    leave_plain_locale(locale);
}

static const char *skip_digits(const char *s)
{
    while (*s >= '0' && *s <= '9') s++;
    return s;
}

bool alx_text_parse_number(double *value, const char *s)
{
    /* Checked by hand: strtod would also take blanks, hexadecimals, nan and inf. */
    const char *at = s + (*s == '-' || *s == '+');
    const char *whole = at;
    at = skip_digits(at);
    int64_t digits = at - whole;
    if (*at == '.') {
        const char *fraction = ++at;
        at = skip_digits(at);
        digits += at - fraction;
    }
    if (digits == 0) return false;
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '-' || *at == '+';
        const char *exponent = at;
        at = skip_digits(at);
        if (at == exponent) return false;
    }
    if (*at) return false;
    plain_locale locale = enter_plain_locale();
    double read = strtod(s, NULL);
    leave_plain_locale(locale);
    if (read - read != 0) return false; /* too large for a double */
    *value = read;
    return true;
}

/* ---- Sizes ---- */

static const struct {
    const char *name;
    int64_t bytes;
} byte_units[] = {
    {"TiB", INT64_C(1) << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"TB", INT64_C(1000000000000)},
    {"GB", 1000000000},        {"MB", 1000000},  {"KB", 1000},     {"B", 1}};
enum { BYTE_UNITS = sizeof byte_units / sizeof byte_units[0] };

bool alx_text_parse_bytes(int64_t *bytes, const char *s)
{
    const size_t digits = strspn(s, "0123456789.");
    const char *unit = s + digits + strspn(s + digits, " ");
    char number[32];
    double value;
    if (digits >= sizeof number) return false;
    memcpy(number, s, digits);
    number[digits] = '\0';
    if (!alx_text_parse_number(&value, number)) return false;
    if (!*unit && value == 0) {
        *bytes = 0;
        return true;
    }
    for (int i = 0; i < BYTE_UNITS; i++) {
        if (strcasecmp(unit, byte_units[i].name) != 0) continue;
        const double read = value * (double)byte_units[i].bytes;
        if (!(read < 0x1p62)) return false;
        *bytes = (int64_t)read;
        return true;
    }
    return false;
}

int alx_bytes_parse(uint64_t *bytes, const char *text)
{
    int64_t read;
    if (!alx_text_parse_bytes(&read, text)) return 0;
    *bytes = (uint64_t)read;
    return 1;
}

const char *alx_text_exact_bytes(int64_t bytes, alx_bytes_text text)
{
    int i = 0;
    while (byte_units[i].bytes > 1 && (bytes % byte_units[i].bytes != 0 || strlen(byte_units[i].name) < 3)) i++;
    snprintf(text, sizeof(alx_bytes_text), "%" PRId64 "%s", bytes / byte_units[i].bytes, byte_units[i].name);
    return text;
}

/* ---- Did you mean ---- */

enum { LONGEST_WORD = 64 };

static char fold(char c)
{
    if (c >= 'A' && c <= 'Z') return (char)(c - 'A' + 'a');
    return c == '-' ? '_' : c;
}

bool alx_text_same_name(const char *a, const char *b)
{
    while (*a && (*a == '-' ? '_' : *a) == (*b == '-' ? '_' : *b)) a++, b++;
    return !*a && !*b;
}

static int minimum(int a, int b)
{
    return a < b ? a : b;
}

/* Damerau-Levenshtein distance (optimal string alignment), in three rows; both at
 * most LONGEST_WORD bytes. */
static int distance(const char *a, int a_length, const char *b, int b_length)
{
    int rows[3][LONGEST_WORD + 1];
    int *before = rows[0], *above = rows[1], *row = rows[2];
    for (int j = 0; j <= b_length; j++) above[j] = j;
    for (int i = 1; i <= a_length; i++) {
        row[0] = i;
        for (int j = 1; j <= b_length; j++) {
            int change = fold(a[i - 1]) != fold(b[j - 1]);
            row[j] = minimum(minimum(above[j], row[j - 1]) + 1, above[j - 1] + change);
            bool swapped = i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]);
            if (swapped) row[j] = minimum(row[j], before[j - 2] + 1);
        }
        int *free_row = before;
        before = above;
        above = row;
        row = free_row;
    }
    return above[b_length];
}

const char *alx_text_nearest(const char *word, const char *const *candidates, int count)
{
    size_t length = strlen(word);
    const char *nearest = NULL;
    int best = LONGEST_WORD + 1;
    for (int i = 0; i < count && length <= LONGEST_WORD; i++) {
        size_t other = strlen(candidates[i]);
        if (other > LONGEST_WORD) continue;
        int wrong = distance(word, (int)length, candidates[i], (int)other);
        size_t longer = other > length ? other : length;
        if (wrong < best && (size_t)wrong <= longer / 3) {
            best = wrong;
            nearest = candidates[i];
        }
    }
    return nearest;
}

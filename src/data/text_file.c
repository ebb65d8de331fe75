/* Text files as other programs write them: a byte order mark, GB18030, and what is no text at all. */
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "data/rows.h"

static int64_t line_of(const uint8_t *bytes, size_t at)
{
    int64_t line = 1;
    for (size_t i = 0; i < at; i++) line += bytes[i] == '\n';
    return line;
}

static bool begins(const uint8_t *bytes, size_t count, const char *mark, size_t length)
{
    return count >= length && memcmp(bytes, mark, length) == 0;
}

/* Spreadsheets write "Unicode text" in UTF-16. */
static alx_status refuse_binary(const uint8_t *bytes, size_t count, const char *name, alx_error *err)
{
    if (begins(bytes, count, "\xff\xfe", 2) || begins(bytes, count, "\xfe\xff", 2))
        return alx_fail(err, ALX_BAD_DATA, "%s: is UTF-16; save it as CSV UTF-8", name);
    const uint8_t *zero = count ? memchr(bytes, 0, count) : NULL;
    if (!zero) return ALX_OK;
    return alx_fail(err, ALX_BAD_DATA, "%s:%lld: a zero byte, so this is no text; give a table or a list of lines",
                    name, (long long)line_of(bytes, (size_t)(zero - bytes)));
}

/* The first byte that is not UTF-8. */
static alx_status check_utf8(const char *text, size_t length, const char *name, alx_error *err)
{
    if (alx_text_is_utf8(text, length)) return ALX_OK;
    uint32_t code;
    size_t at = 0;
    for (int n; (n = alx_text_decode(&code, text + at, length - at)) > 0;) at += (size_t)n;
    return alx_fail(err, ALX_BAD_DATA,
                    "%s:%lld: not UTF-8; spreadsheets in China write GB18030: give data.encoding: gb18030", name,
                    (long long)line_of((const uint8_t *)text, at));
}

static alx_status fail_unconverted(const uint8_t *bytes, size_t at, const char *name, alx_error *err)
{
    return alx_fail(err, ALX_BAD_DATA, "%s:%lld: not GB18030 (byte 0x%02x); leave data.encoding out for UTF-8", name,
                    (long long)line_of(bytes, at), bytes[at]);
}

/* GB18030's one byte stays one, two bytes become at most three, four at most four. */
static alx_status convert(alx_text *text, const uint8_t *bytes, size_t count, const char *name, alx_error *err)
{
    iconv_t converter = iconv_open("UTF-8", "GB18030");
    if (converter == (iconv_t)-1) /* NOLINT(performance-no-int-to-ptr): how iconv says it */
        return alx_fail(err, ALX_UNSUPPORTED,
                        "%s: this system's iconv does not know GB18030 (in Debian its tables come with the package "
                        "libc6); save the file as UTF-8",
                        name);
    char *in; /* iconv takes it without const and does not write there */
    memcpy(&in, &bytes, sizeof in);
    size_t left = count;
    alx_status status = ALX_OK;
    while (!status && left > 0) {
        char chunk[4096], *out = chunk;
        size_t room = sizeof chunk;
        const size_t made = iconv(converter, &in, &left, &out, &room);
        alx_text_add_bytes(text, chunk, sizeof chunk - room);
        if (made == (size_t)-1 && errno != E2BIG) status = fail_unconverted(bytes, count - left, name, err);
        if (text->failed) status = alx_fail(err, ALX_NO_MEMORY, "out of memory while reading a table");
    }
    iconv_close(converter);
    return status;
}

alx_status alx_text_file_decode(char **text, size_t *length, const uint8_t *bytes, size_t count, const char *path,
                                alx_encoding encoding, alx_error *err)
{
    *text = NULL;
    *length = 0;
    alx_printable name;
    alx_text_printable(path, name);
    ALX_TRY(refuse_binary(bytes, count, name, err));
    const bool marked = begins(bytes, count, "\xef\xbb\xbf", 3); /* UTF-8's byte order mark */
    if (marked && encoding == ALX_ENCODING_GB18030)
        return alx_fail(err, ALX_BAD_DATA, "%s: begins with the mark of UTF-8; leave data.encoding out", name);
    if (marked) bytes += 3, count -= 3;
    alx_text made = {0};
    alx_status status = ALX_OK;
    if (encoding == ALX_ENCODING_GB18030) {
        if (begins(bytes, count, "\x84\x31\x95\x33", 4)) bytes += 4, count -= 4; /* the mark in GB18030 */
        status = convert(&made, bytes, count, name, err);
    } else {
        status = check_utf8((const char *)bytes, count, name, err);
        if (!status) alx_text_add_bytes(&made, (const char *)bytes, count);
    }
    const size_t size = made.length;
    if (!status) status = alx_text_take(text, &made, err);
    if (!status) *length = size;
    alx_text_finish(&made);
    return status;
}

alx_status alx_text_file_read(char **text, size_t *length, const char *path, alx_encoding encoding, alx_error *err)
{
    *text = NULL;
    uint8_t *bytes;
    size_t count;
    ALX_TRY(alx_file_read(&bytes, &count, path, ALX_ROWS_MAX_BYTES, err));
    alx_status status = alx_text_file_decode(text, length, bytes, count, path, encoding, err);
    free(bytes);
    return status;
}

#include "base/status.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STRINGIZE_(x) #x
#define STRINGIZE(x)  STRINGIZE_(x)

const char *alx_version(void)
{
    return STRINGIZE(ALX_VERSION_MAJOR) "." STRINGIZE(ALX_VERSION_MINOR) "." STRINGIZE(ALX_VERSION_PATCH);
}

const char *alx_status_text(alx_status status)
{
    switch (status) {
#define STATUS_TEXT(name, value, exit_code, text)                                                                      \
    case ALX_##name: return text;
        ALX_STATUS_MAP(STATUS_TEXT)
#undef STATUS_TEXT
    }
    return "unknown status";
}

int alx_status_exit_code(alx_status status)
{
    switch (status) {
#define STATUS_EXIT(name, value, exit_code, text)                                                                      \
    case ALX_##name: return exit_code;
        ALX_STATUS_MAP(STATUS_EXIT)
#undef STATUS_EXIT
    }
    return 1;
}

void alx_error_set(alx_error *err, alx_status status, const char *format, ...)
{
    if (!err) return;
    err->status = status;
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
}

void alx_error_prefix(alx_error *err, alx_status status, const char *format, ...)
{
    if (!err) return;
    char message[sizeof err->message];
    memcpy(message, err->message, sizeof message);
    va_list args;
    va_start(args, format);
    int length = vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    /* What does not fit is cut, as in alx_error_set. */
    size_t used = length < 0 ? 0 : (size_t)length, room = sizeof err->message;
    for (const char *c = ": "; *c && used + 1 < room; c++) err->message[used++] = *c;
    for (const char *c = message; *c && used + 1 < room; c++) err->message[used++] = *c;
    if (used < room) err->message[used] = '\0';
    err->status = status;
}

void *alx_calloc(size_t count, size_t size, alx_error *err)
{
    if (size == 0 || count == 0) count = size = 1;
    void *memory = calloc(count, size); /* checks the product itself */
    if (!memory) alx_fail(err, ALX_NO_MEMORY, "out of memory: %zu x %zu bytes", count, size);
    return memory;
}

void *alx_realloc(void *old, size_t count, size_t size, alx_error *err)
{
    if (size == 0 || count == 0) count = size = 1;
    void *memory = count > SIZE_MAX / size ? NULL : realloc(old, count * size);
    if (!memory) alx_fail(err, ALX_NO_MEMORY, "out of memory: %zu x %zu bytes", count, size);
    return memory;
}

char *alx_strdup(const char *text, alx_error *err)
{
    size_t size = strlen(text) + 1;
    char *copy = alx_calloc(size, 1, err);
    if (copy) memcpy(copy, text, size);
    return copy;
}

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

alx_status alx_fail(alx_error *err, alx_status status, const char *format, ...)
{
    if (!err) return status;
    err->status = status;
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return status;
}

alx_status alx_where(alx_error *err, alx_status status, const char *format, ...)
{
    if (!err) return status;
    char message[sizeof err->message];
    memcpy(message, err->message, sizeof message);
    va_list args;
    va_start(args, format);
    int used = vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof err->message)
        snprintf(err->message + used, sizeof err->message - (size_t)used, ": %s", message);
    err->status = status;
    return status;
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

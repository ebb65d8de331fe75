#include "report/fail.h"

#include <stdarg.h>
#include <stdio.h>

alx_status alx_report_fail(alx_error *err, alx_status status, const char *format, ...)
{
    if (!err) return status;
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    err->status = status;
    return status;
}

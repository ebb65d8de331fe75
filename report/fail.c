#include "report/fail.h"

#include <stdarg.h>
#include <stdio.h>

void alx_report_set_error(alx_error *err, alx_status status, const char *format, ...)
{
    if (!err) return;
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    err->status = status;
}

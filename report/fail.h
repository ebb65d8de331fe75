/* Errors of report/, which sees nothing of the library's inside. */
#ifndef ALX_REPORT_FAIL_H
#define ALX_REPORT_FAIL_H

#include "alexnet.h"

void alx_report_set_error(alx_error *err, alx_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static inline alx_status alx_report_given(alx_status status)
{
    return status;
}

/* Fills err, which may be NULL, and gives status.  A macro, as alx_fail is in the library: analysers see which status
 * comes back. */
#define alx_report_fail(err, status, ...) (alx_report_set_error(err, status, __VA_ARGS__), alx_report_given(status))

#endif

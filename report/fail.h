/* Errors of report/, which sees nothing of the library's inside. */
#ifndef ALX_REPORT_FAIL_H
#define ALX_REPORT_FAIL_H

#include "alexnet.h"

/* Fills err, which may be NULL, and gives status. */
alx_status alx_report_fail(alx_error *err, alx_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

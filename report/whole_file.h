/* Files that appear whole or not at all. */
#ifndef ALX_REPORT_WHOLE_FILE_H
#define ALX_REPORT_WHOLE_FILE_H

#include <stdio.h>

#include "alexnet.h"

/* Makes or replaces a file with what `write` writes into it; an old one stays when that fails.  A link keeps pointing
 * where it does; what exists and is no regular file is refused (ALX_IO).  Messages name the path. */
alx_status alx_whole_file(const char *path, alx_status (*write)(FILE *file, const void *context, alx_error *err),
                          const void *context, alx_error *err);
/* The same of bytes that are there. */
alx_status alx_whole_file_bytes(const char *path, const char *bytes, size_t count, alx_error *err);

#endif

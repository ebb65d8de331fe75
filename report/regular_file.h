/* Files of a run's folder, which may be a stranger's: a FIFO there must not make the program wait for its writer. */
#ifndef ALX_REPORT_REGULAR_FILE_H
#define ALX_REPORT_REGULAR_FILE_H

#include <stdio.h>

/* A regular file, opened for reading; *size may be NULL.  NULL with errno, which is EINVAL where it is something else.
 * Close it with fclose. */
FILE *alx_regular_file(const char *path, long long *size);

#endif

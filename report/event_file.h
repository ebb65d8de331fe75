/* Event files, as TensorBoard reads them: records of TFRecord (length, CRC32C, data, CRC32C), each an Event of
 * tensorflow/core/util/event.proto.  Written by hand: four small messages that have not changed since 2016. */
#ifndef ALX_REPORT_EVENT_FILE_H
#define ALX_REPORT_EVENT_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "report/histogram.h"

/* Ours among others' event files; TensorBoard looks for "tfevents" in a name. */
#define ALX_EVENT_FILE_PREFIX "events.out.tfevents."
#define ALX_EVENT_FILE_SUFFIX ".alexnet"

typedef struct alx_event_file {
    FILE *file;
    char *path;
    unsigned char *data; /* the message that is being made */
    size_t size, capacity;
    bool failed; /* out of memory, or something could not be written: nothing more is */
    int code;    /* errno of that */
} alx_event_file;

/* A new file in `folder`, which is made where it is not there: events.out.tfevents.SECONDS.HOST.PID.N.alexnet.  What is
 * said of step `first` or of later ones in older files of the folder does not count any more.  Its first records are on
 * the disk when this returns.  ALX_IO: it cannot be written. */
alx_status alx_event_file_create(alx_event_file *events, const char *folder, int64_t first, alx_error *err);
/* A number under a name, and a distribution. */
void alx_event_file_scalar(alx_event_file *events, int64_t step, const char *tag, double value);
void alx_event_file_histogram(alx_event_file *events, int64_t step, const char *tag, const alx_histogram *histogram);
/* What was written is the system's.  ALX_IO: something could not be written since the last flush; the file is closed.
 */
alx_status alx_event_file_flush(alx_event_file *events, alx_error *err);
/* Harmless on a zeroed file. */
void alx_event_file_finish(alx_event_file *events);

/* The largest step of our event files in `folder` that has a scalar or a histogram; 0: there are none.  What follows a
 * damaged record is not read. */
int64_t alx_event_folder_last_step(const char *folder);
/* Removes our event files in `folder`. */
void alx_event_folder_clear(const char *folder);
/* The largest step of records in `bytes`; for tests. */
int64_t alx_event_last_step(const unsigned char *bytes, size_t count);
/* CRC32C (Castagnoli) of bytes, as TFRecord masks it. */
uint32_t alx_event_checksum(const unsigned char *bytes, size_t count);

#endif

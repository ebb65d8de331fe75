/* A run for TensorBoard: figures and weights of each epoch, in event files. */
#ifndef ALX_REPORT_TENSORBOARD_H
#define ALX_REPORT_TENSORBOARD_H

#include "report/event_file.h"

/* As Keras' callback lays them out: the folders train/ and validation/, which TensorBoard draws into one chart; in both
 * epoch_loss and epoch_accuracy, in train/ also epoch_learning_rate, epoch_seconds and a histogram of each tensor of
 * weights (conv2d_1/kernel/histogram).  A step is an epoch, from 1, as in metrics.csv. */
typedef struct alx_tensorboard {
    char *train_folder, *validation_folder;
    bool replace;
    alx_event_file train, validation;
    alx_histogram histogram; /* of the tensor at hand */
    float *values;           /* (capacity): some rows of it */
    int64_t capacity;
} alx_tensorboard;

typedef enum alx_tensorboard_mode {
    ALX_TENSORBOARD_NEW,
    ALX_TENSORBOARD_RESUME, /* the run may have events in the folder */
    ALX_TENSORBOARD_REPLACE /* those of a run that are there are removed */
} alx_tensorboard_mode;

/* folder is made where it is not there.  ALX_USAGE: it has the events of a run of ours and the new one would be drawn
 * over it; ALX_IO: it cannot be written. */
alx_status alx_tensorboard_open(alx_tensorboard *board, const char *folder, alx_tensorboard_mode mode, alx_error *err);
/* Before the trainer runs.  Of a run that goes on, the epochs that are missing are written from its history, without
 * times and histograms.  ALX_USAGE: there are events of more epochs than the run has. */
alx_status alx_tensorboard_begin(alx_tensorboard *board, const alx_trainer *trainer, alx_error *err);
/* What an event is about, at ALX_EVENT_EPOCH_END; nothing of others.  Where it fails
 * nothing more is written, and later calls do nothing. */
alx_status alx_tensorboard_event(alx_tensorboard *board, const alx_event *event, alx_error *err);
/* Harmless on a zeroed board. */
void alx_tensorboard_finish(alx_tensorboard *board);

#endif

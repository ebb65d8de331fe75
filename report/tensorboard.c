#include "report/tensorboard.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/fail.h"

enum {
    VALUES = 1 << 16, /* of a tensor, that are copied at once; at least a row */
    TAG = 256
};

/* ---- Folders ---- */

/* folder/name, made with those above it. */
static alx_status make_folder(char **path, const char *folder, const char *name, alx_error *err)
{
    const size_t size = strlen(folder) + strlen(name) + 2;
    *path = malloc(size);
    if (!*path) return alx_report_fail(err, ALX_NO_MEMORY, "%s: out of memory", folder);
    snprintf(*path, size, "%s/%s", folder, name);
    for (char *slash = strchr(*path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(*path, 0777); /* what is wrong is seen at the last one */
        *slash = '/';
    }
    struct stat info;
    const int code = mkdir(*path, 0777) == 0 || errno == EEXIST ? 0 : errno;
    if (!code && (stat(*path, &info) != 0 || !S_ISDIR(info.st_mode)))
        return alx_report_fail(err, ALX_IO, "%s: not a folder; choose another one with --tensorboard", *path);
    if (!code && access(*path, W_OK | X_OK) == 0) return ALX_OK;
    return alx_report_fail(err, ALX_IO, "%s: cannot be written: %s; choose another folder with --tensorboard", *path,
                           strerror(code ? code : errno));
}

alx_status alx_tensorboard_open(alx_tensorboard *board, const char *folder, alx_tensorboard_mode mode, alx_error *err)
{
    *board = (alx_tensorboard){.replace = mode == ALX_TENSORBOARD_REPLACE};
    alx_status status = make_folder(&board->train_folder, folder, "train", err);
    if (!status) status = make_folder(&board->validation_folder, folder, "validation", err);
    if (!status && mode == ALX_TENSORBOARD_NEW && alx_event_folder_last_step(board->train_folder))
        status = alx_report_fail(err, ALX_USAGE,
                                 "%s: has the events of a run; pass --overwrite to replace them, --resume to continue "
                                 "the run, or another folder with --tensorboard",
                                 folder);
    if (status) alx_tensorboard_finish(board);
    return status;
}

void alx_tensorboard_finish(alx_tensorboard *board)
{
    alx_event_file_finish(&board->train);
    alx_event_file_finish(&board->validation);
    free(board->train_folder);
    free(board->validation_folder);
    free(board->values);
    *board = (alx_tensorboard){0};
}

/* ---- Events ---- */

static void put_figures(alx_event_file *events, int64_t epoch, double loss, double accuracy)
{
    alx_event_file_scalar(events, epoch, "epoch_loss", loss);
    alx_event_file_scalar(events, epoch, "epoch_accuracy", accuracy);
}

/* seconds: NaN where they are not known. */
static void put_training(alx_tensorboard *board, int64_t epoch, const alx_epoch_figures *figures, double seconds)
{
    put_figures(&board->train, epoch, figures->loss, figures->accuracy);
    alx_event_file_scalar(&board->train, epoch, "epoch_learning_rate", figures->learning_rate);
    if (!isnan(seconds)) alx_event_file_scalar(&board->train, epoch, "epoch_seconds", seconds);
}

/* The file is made when there is something to write: a run may validate nothing. */
static alx_status put_validation(alx_tensorboard *board, int64_t epoch, const alx_epoch_figures *figures,
                                 alx_error *err)
{
    if (isnan(figures->val_loss)) return ALX_OK;
    alx_status status = ALX_OK;
    if (!board->validation.file)
        status = alx_event_file_create(&board->validation, board->validation_folder, epoch, err);
    if (!status) put_figures(&board->validation, epoch, figures->val_loss, figures->val_accuracy);
    return status;
}

static int64_t epochs_done(const alx_trainer *trainer)
{
    alx_epoch_figures figures;
    int64_t done = 0;
    while (alx_trainer_epoch(trainer, (int)done + 1, &figures)) done++;
    return done;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

alx_status alx_tensorboard_begin(alx_tensorboard *board, const alx_trainer *trainer, alx_error *err)
{
    const int64_t done = epochs_done(trainer);
    if (board->replace) {
        alx_event_folder_clear(board->train_folder);
        alx_event_folder_clear(board->validation_folder);
    }
    int64_t trained = alx_event_folder_last_step(board->train_folder);
    int64_t validated = alx_event_folder_last_step(board->validation_folder);
    /* One more is the run's own, where its last checkpoint was damaged and it goes on from the one before. */
    if (trained > done + 1 || validated > done + 1)
        return alx_report_fail(err, ALX_USAGE,
                               "%s: has events of epoch %lld, and the run has %lld complete: they are another run's; "
                               "choose another folder with --tensorboard",
                               board->train_folder, (long long)(trained > done ? trained : validated), (long long)done);
    trained = least(trained, done);
    validated = least(validated, done);
    alx_status status = alx_event_file_create(&board->train, board->train_folder, trained + 1, err);
    for (int64_t epoch = least(trained, validated) + 1; epoch <= done && !status; epoch++) {
        alx_epoch_figures figures;
        alx_trainer_epoch(trainer, (int)epoch, &figures);
        if (epoch > trained) put_training(board, epoch, &figures, NAN);
        if (epoch > validated) status = put_validation(board, epoch, &figures, err);
    }
    if (!status) status = alx_event_file_flush(&board->train, err);
    if (!status) status = alx_event_file_flush(&board->validation, err);
    return status;
}

/* "conv2d_1.kernel" -> "conv2d_1/kernel/histogram": TensorBoard groups by what stands before a slash. */
static void make_tag(char tag[TAG], const char *name)
{
    const int length = snprintf(tag, TAG, "%s/histogram", name);
    for (int i = 0; i < length && i < TAG - 1; i++)
        if (tag[i] == '.') tag[i] = '/';
}

static alx_status count_tensor(alx_tensorboard *board, const alx_trainer *trainer, int index,
                               const alx_tensor_info *info, alx_error *err)
{
    static void (*const passes[])(alx_histogram *, const float *, int64_t) = {alx_histogram_look, alx_histogram_count};
    const int64_t rows = info->shape[0], width = info->count / rows;
    const int64_t most = least(rows, width < VALUES ? VALUES / width : 1);
    if (board->capacity < most * width) {
        free(board->values);
        board->values = malloc((size_t)(most * width) * sizeof *board->values);
        board->capacity = board->values ? most * width : 0;
        if (!board->values)
            return alx_report_fail(err, ALX_NO_MEMORY, "%s: out of memory for its histogram", info->name);
    }
    alx_histogram_init(&board->histogram);
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t first = 0; first < rows; first += most) {
            const int64_t count = least(most, rows - first);
            alx_trainer_tensor_rows(trainer, index, first, count, board->values);
            passes[pass](&board->histogram, board->values, count * width);
        }
    }
    return ALX_OK;
}

static alx_status put_weights(alx_tensorboard *board, const alx_event *event, alx_error *err)
{
    alx_tensor_info info;
    alx_status status = ALX_OK;
    for (int i = 0; !status && alx_trainer_tensor(event->trainer, i, &info); i++) {
        char tag[TAG];
        make_tag(tag, info.name);
        status = count_tensor(board, event->trainer, i, &info, err);
        if (!status) alx_event_file_histogram(&board->train, event->epoch, tag, &board->histogram);
    }
    return status;
}

alx_status alx_tensorboard_event(alx_tensorboard *board, const alx_event *event, alx_error *err)
{
    if (!board->train.file || event->kind != ALX_EVENT_EPOCH_END) return ALX_OK;
    const alx_epoch_figures figures = {event->loss, event->accuracy, event->val_loss, event->val_accuracy,
                                       event->learning_rate};
    put_training(board, event->epoch, &figures, event->seconds);
    alx_status status = put_validation(board, event->epoch, &figures, err);
    if (!status) status = put_weights(board, event, err);
    if (!status) status = alx_event_file_flush(&board->train, err);
    if (!status) status = alx_event_file_flush(&board->validation, err);
    if (status) {
        alx_event_file_finish(&board->train);
        alx_event_file_finish(&board->validation);
    }
    return status;
}

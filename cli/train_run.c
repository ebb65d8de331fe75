/* Running what `alexnet train` made, and Ctrl-C meanwhile. */
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/train.h"

/* ---- Stopping ---- */

/* What a signal stops.  The handler may run on any thread, while the main thread destroys this: it only counts, and the
 * main thread passes it on at the next event, of which every step has one. */
static void (*stop_running)(void *what);
static void *running;
/* A signal handler can be told of these in no other way. */
static atomic_int signals, started, busy;

static void on_signal(int number)
{
    static const char finishing[] =
        "\nalexnet: finishing the batch and writing a checkpoint; press Ctrl-C again to stop at once\n";
    static const char nothing[] = "\nalexnet: stopped before training; no checkpoint was written\n";
    (void)number;
    bool stoppable = atomic_load(&busy);
    bool first = !atomic_fetch_add(&signals, 1), early = !atomic_load(&started);
    ssize_t written = 0;
    if (first && stoppable) written = write(STDERR_FILENO, finishing, sizeof finishing - 1);
    if (first && early) written = write(STDERR_FILENO, nothing, sizeof nothing - 1);
    (void)written;
    if (!first || !stoppable) _exit(CLI_INTERRUPTED);
}

void cli_train_catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void cli_train_begin(void (*stop)(void *what), void *what)
{
    stop_running = stop;
    running = what;
    atomic_store(&started, 1);
    atomic_store(&busy, 1);
}

void cli_train_end(void)
{
    atomic_store(&busy, 0);
    running = NULL;
}

/* What cannot be written for TensorBoard is no reason to lose a run. */
static void tell_tensorboard(cli_train_listener *listener, const alx_event *event)
{
    alx_error err = {0};
    char text[sizeof err.message + 64];
    if (!alx_tensorboard_event(&listener->tensorboard, event, &err)) return;
    snprintf(text, sizeof text, "%s; no more is written for TensorBoard, and training goes on", err.message);
    const alx_event warning = {.struct_size = sizeof warning, .kind = ALX_EVENT_WARNING, .text = text};
    alx_progress_event(&warning, &listener->progress);
}

/* What training knows, on a page.  A page that cannot be written is no reason to end a run: it is said once. */
static void tell_report(cli_train_listener *listener, const alx_event *event)
{
    cli_report *report = &listener->report;
    if (event->kind == ALX_EVENT_START) {
        snprintf(listener->folder, sizeof listener->folder, "%s", event->text);
        report->run = listener->folder;
    }
    if (event->kind != ALX_EVENT_EPOCH_END) return;
    cli_report_path path;
    alx_error err = {0};
    alx_status status = cli_report_place(path, report->run, &err);
    if (!status) status = cli_report_write(report, path, &err);
    cli_report_refresh(report);
    if (!status) return;
    listener->reports = false;
    alx_progress_finish(&listener->progress);
    cli_warn("no report is written any more: %s", err.message);
}

void cli_train_event(const alx_event *event, void *user)
{
    cli_train_listener *listener = user;
    alx_progress_event(event, &listener->progress);
    tell_tensorboard(listener, event);
    if (listener->reports) tell_report(listener, event);
    if (running && atomic_load(&signals)) stop_running(running);
}

/* ---- A run ---- */

static void stop_trainer(void *trainer)
{
    alx_trainer_stop(trainer);
}

static int tell_interrupted(const char *folder)
{
    fprintf(stderr, "alexnet: to continue: alexnet train --resume ");
    cli_print_shell(stderr, folder);
    fputc('\n', stderr);
    return CLI_INTERRUPTED;
}

int cli_train_run(alx_trainer *trainer, cli_train_listener *listener, alx_error *err)
{
    if (listener->tensorboard.train_folder && alx_tensorboard_begin(&listener->tensorboard, trainer, err))
        return cli_error(err);
    cli_train_begin(stop_trainer, trainer);
    alx_status status = alx_trainer_run(trainer, err);
    cli_train_end();
    alx_progress_finish(&listener->progress);
    if (status == ALX_INTERRUPTED) return tell_interrupted(alx_trainer_folder(trainer));
    if (status) return cli_error(err);
    cli_print_name(stdout, alx_trainer_folder(trainer));
    putchar('\n');
    return CLI_DONE;
}

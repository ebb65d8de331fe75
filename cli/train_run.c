/* Running what `alexnet train` made, and Ctrl-C meanwhile. */
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/train.h"

/* ---- Stopping ---- */

/* A signal handler can be told of these in no other way; stop_running is set before running. */
static void (*stop_running)(void *what);
static _Atomic(void *) running;
static atomic_int signals, started;

static void on_signal(int number)
{
    static const char finishing[] =
        "\nalexnet: finishing the batch and writing a checkpoint; press Ctrl-C again to stop at once\n";
    static const char nothing[] = "\nalexnet: stopped before training; no checkpoint was written\n";
    (void)number;
    void *what = atomic_load(&running);
    bool first = !atomic_fetch_add(&signals, 1), early = !atomic_load(&started);
    ssize_t written = 0;
    if (first && what) stop_running(what);
    if (first && what) written = write(STDERR_FILENO, finishing, sizeof finishing - 1);
    if (first && early) written = write(STDERR_FILENO, nothing, sizeof nothing - 1);
    (void)written;
    if (!first || !what) _exit(CLI_INTERRUPTED);
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
    atomic_store(&started, 1);
    atomic_store(&running, what);
}

void cli_train_end(void)
{
    atomic_store(&running, NULL);
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

int cli_train_run(alx_trainer *trainer, alx_progress *progress, alx_error *err)
{
    cli_train_begin(stop_trainer, trainer);
    alx_status status = alx_trainer_run(trainer, err);
    cli_train_end();
    alx_progress_finish(progress);
    if (status == ALX_INTERRUPTED) return tell_interrupted(alx_trainer_folder(trainer));
    if (status) return cli_error(err);
    cli_print_name(stdout, alx_trainer_folder(trainer));
    putchar('\n');
    return CLI_DONE;
}

#include "report/progress.h"
#include "report/table.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define REDRAW_SECONDS 0.1
#define BAR_COLUMNS    20
#define LINE_BYTES     512 /* the text of a line, without its bar */

/* A line is `label` (may be NULL), `head`, a bar, `tail`; the last two texts are ASCII, so bytes are columns. */
typedef struct progress_line {
    const char *label;
    char head[LINE_BYTES], tail[LINE_BYTES];
    double share; /* of the bar, 0..1 */
} progress_line;

static double monotonic_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void alx_progress_init(alx_progress *progress, FILE *out)
{
    *progress = (alx_progress){.out = out, .terminal = isatty(fileno(out)) == 1, .clock = monotonic_seconds};
}

/* ---- Text ---- */

static void append(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void append(char *text, const char *format, ...)
{
    size_t used = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, LINE_BYTES - used, format, args);
    va_end(args);
}

/* What is left: 7s, 3:05, 1:02:03 */
static void append_eta(char *text, double seconds)
{
    /* Written so that NaN and nonsense print as 0s. */
    int64_t whole = seconds >= 0 && seconds < 1e9 ? llround(seconds) : 0;
    int64_t hours = whole / 3600, minutes = whole / 60 % 60, rest = whole % 60;
    if (hours > 0)
        append(text, "%" PRId64 ":%02" PRId64 ":%02" PRId64, hours, minutes, rest);
    else if (minutes > 0)
        append(text, "%" PRId64 ":%02" PRId64, minutes, rest);
    else
        append(text, "%" PRId64 "s", rest);
}

/* " 880ms/step" */
static void append_rate(char *text, double seconds)
{
    static const struct {
        double least, scale;
        int decimals;
        const char *unit;
    } units[] = {
        {9.95, 1, 0, "s"}, {0.9995, 1, 1, "s"}, {0.00995, 1e3, 0, "ms"}, {0.0009995, 1e3, 1, "ms"}, {0, 1e6, 0, "us"},
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (seconds >= units[i].least) {
            append(text, " %.*f%s/step", units[i].decimals, seconds * units[i].scale, units[i].unit);
            return;
        }
}

/* Four decimals, or as many significant digits where those would show zeros, as Keras does, or a row of digits. */
static void append_metric(char *text, const char *name, double value)
{
    bool extreme = value != 0 && (fabs(value) < 1e-3 || fabs(value) >= 1e6);
    append(text, extreme ? " - %s: %.4e" : " - %s: %.4f", name, value);
}

static void append_metrics(char *text, const alx_event *event)
{
    append_metric(text, "accuracy", event->accuracy);
    append_metric(text, "loss", event->loss);
    if (isnan(event->val_loss) && isnan(event->val_accuracy)) return; /* not validated */
    append_metric(text, "val_accuracy", event->val_accuracy);
    append_metric(text, "val_loss", event->val_loss);
}

/* ---- Lines ---- */

static int terminal_columns(const alx_progress *progress)
{
    struct winsize size;
    if (progress->columns > 0) return progress->columns;
    return ioctl(fileno(progress->out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* Prints the line in at most `room` columns: first the bar shrinks, then the tail is cut.  Returns its columns. */
static int print_line(const progress_line *line, int room, FILE *out)
{
    int label = line->label ? alx_table_width(line->label) + 1 : 0;
    if (label > room / 2) label = 0; /* no room for it */
    room -= label;
    int head = (int)strlen(line->head), tail = (int)strlen(line->tail);
    if (head > room) head = room;
    int bar = room - head - tail;
    if (bar > BAR_COLUMNS) bar = BAR_COLUMNS;
    if (bar < 4) bar = room - head >= 4 ? 4 : 0;
    if (tail > room - head - bar) tail = room - head - bar;
    if (label) fprintf(out, "%s ", line->label);
    fprintf(out, "%.*s", head, line->head);
    int done = (int)(line->share * bar);
    for (int i = 0; i < bar; i++) fputs(i < done ? "━" : "─", out);
    fprintf(out, "%.*s", tail, line->tail);
    return label + head + bar + tail;
}

/* Redraw the live line.  Spaces cover what is left of a longer one: no escape codes are needed. */
static void draw(alx_progress *progress, const progress_line *line)
{
    fputc('\r', progress->out);
    /* The last column stays free: some terminals wrap when it is filled. */
    int used = print_line(line, terminal_columns(progress) - 1, progress->out);
    if (used < progress->live) fprintf(progress->out, "%*s\r", progress->live - used, "");
    fflush(progress->out);
    progress->live = used;
    progress->drawn = progress->clock();
}

static void clear(alx_progress *progress)
{
    if (progress->live > 0) fprintf(progress->out, "\r%*s\r", progress->live, "");
    progress->live = 0;
    progress->counting = false;
}

static bool too_soon(const alx_progress *progress)
{
    return progress->live > 0 && progress->clock() - progress->drawn < REDRAW_SECONDS;
}

static void print_text(alx_progress *progress, const char *prefix, const char *text)
{
    clear(progress);
    if (text) fprintf(progress->out, "%s%s\n", prefix, text);
    fflush(progress->out);
}

void alx_progress_finish(alx_progress *progress)
{
    if (progress->counting) clear(progress);
    if (progress->live > 0) fputc('\n', progress->out);
    progress->live = 0;
    fflush(progress->out);
}

/* ---- Events ---- */

/* Mean seconds of this epoch's training steps, or -1 before there is one. */
static double step_mean(const alx_progress *progress)
{
    int64_t steps = progress->last_step - progress->first_step;
    return steps > 0 ? (progress->step_seconds - progress->first_seconds) / (double)steps : -1;
}

static void on_start(alx_progress *progress, const alx_event *event)
{
    clear(progress);
    fprintf(progress->out, "%s: %d epoch%s of %" PRId64 " step%s\n", event->text ? event->text : "run", event->epochs,
            event->epochs == 1 ? "" : "s", event->steps, event->steps == 1 ? "" : "s");
    fflush(progress->out);
}

static void on_epoch(alx_progress *progress, const alx_event *event)
{
    alx_progress_finish(progress);
    progress->first_step = progress->last_step = event->step;
    progress->first_seconds = progress->step_seconds = event->seconds;
    if (progress->terminal) fprintf(progress->out, "Epoch %d/%d\n", event->epoch, event->epochs);
    fflush(progress->out);
}

static void on_step(alx_progress *progress, const alx_event *event)
{
    progress->last_step = event->step;
    progress->step_seconds = event->seconds;
    if (progress->first_rate == 0) progress->first_rate = event->learning_rate;
    if (event->learning_rate != progress->first_rate) progress->rate_moves = true;
    if (!progress->terminal || (event->step < event->steps && too_soon(progress))) return;
    double mean = step_mean(progress);
    progress_line line = {.share = event->steps > 0 ? (double)event->step / (double)event->steps : 0};
    append(line.head, "%" PRId64 "/%" PRId64 " ", event->step, event->steps);
    if (mean >= 0) {
        append(line.tail, " ");
        append_eta(line.tail, mean * (double)(event->steps - event->step));
        append_rate(line.tail, mean);
    }
    append_metric(line.tail, "accuracy", event->accuracy);
    append_metric(line.tail, "loss", event->loss);
    draw(progress, &line);
}

static void on_validate(alx_progress *progress, const alx_event *event)
{
    if (!progress->terminal || (event->step < event->steps && too_soon(progress))) return;
    progress_line line = {.share = event->steps > 0 ? (double)event->step / (double)event->steps : 0};
    append(line.head, "validation %" PRId64 "/%" PRId64 " ", event->step, event->steps);
    append(line.tail, " %.0fs", event->seconds);
    append_metric(line.tail, "accuracy", event->accuracy);
    append_metric(line.tail, "loss", event->loss);
    draw(progress, &line);
}

static void on_epoch_end(alx_progress *progress, const alx_event *event)
{
    progress_line line = {.share = 1};
    double mean = step_mean(progress);
    if (!progress->terminal) append(line.head, "Epoch %d/%d: ", event->epoch, event->epochs);
    append(line.head, "%" PRId64 "/%" PRId64 " ", event->steps, event->steps);
    append(line.tail, " %.0fs", event->seconds);
    if (mean >= 0) append_rate(line.tail, mean);
    append_metrics(line.tail, event);
    if (progress->rate_moves) append_metric(line.tail, "learning_rate", event->learning_rate);
    clear(progress);
    /* Kept for good, so it is never cut: a narrow terminal wraps it. */
    print_line(&line, LINE_BYTES * 2, progress->out);
    fputc('\n', progress->out);
    fflush(progress->out);
}

static void on_message(alx_progress *progress, const alx_event *event)
{
    print_text(progress, "", event->text);
}

static void on_warning(alx_progress *progress, const alx_event *event)
{
    print_text(progress, "warning: ", event->text);
}

static void on_end(alx_progress *progress, const alx_event *event)
{
    alx_progress_finish(progress); /* an interrupted epoch's line stays */
    print_text(progress, "", event->text);
}

void alx_progress_event(const alx_event *event, void *user)
{
    static void (*const handlers[])(alx_progress *, const alx_event *) = {
        [ALX_EVENT_MESSAGE] = on_message,     [ALX_EVENT_WARNING] = on_warning, [ALX_EVENT_START] = on_start,
        [ALX_EVENT_EPOCH] = on_epoch,         [ALX_EVENT_STEP] = on_step,       [ALX_EVENT_VALIDATE] = on_validate,
        [ALX_EVENT_EPOCH_END] = on_epoch_end, [ALX_EVENT_END] = on_end,
    };
    if ((size_t)event->kind < sizeof handlers / sizeof handlers[0]) handlers[event->kind](user, event);
}

void alx_progress_count(int64_t done, int64_t total, void *user)
{
    alx_progress *progress = user;
    if (!progress->terminal) return;
    if (!progress->counting) {
        alx_progress_finish(progress);
        progress->counting = true;
        progress->count_start = progress->clock();
    }
    if (done >= total) {
        clear(progress);
        fflush(progress->out);
        return;
    }
    if (too_soon(progress)) return;
    double seconds = progress->clock() - progress->count_start;
    progress_line line = {.label = progress->label, .share = (double)done / (double)total};
    append(line.head, "%" PRId64 "/%" PRId64 " ", done, total);
    if (done > 0) {
        append(line.tail, " ");
        append_eta(line.tail, seconds * (double)(total - done) / (double)done);
    }
    draw(progress, &line);
}

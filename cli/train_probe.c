/* alexnet train --find-lr and --overfit-batch: what is found out before a run. */
#include <math.h>

#include "cli/output.h"
#include "cli/train.h"
#include "report/curves.h"

/* ---- --find-lr ---- */

/* The losses over the rates, as they are and smoothed.  What stands far above the start is left out of the picture: the
 * last steps may be a thousand times as high. */
static alx_status draw_curve(const alx_rate_search *search, const alx_rate_findings *found, const char *path,
                             alx_error *err)
{
    enum { MOST = 1000 };
    double rates[MOST], losses[MOST], smoothed[MOST];
    const double ceiling = 2 * found->start; /* NaN: no ceiling */
    alx_rate_point point;
    int count = 0;
    for (; count < MOST && alx_rate_search_point(search, count, &point); count++) {
        rates[count] = point.rate;
        losses[count] = point.loss > ceiling ? NAN : point.loss;
        smoothed[count] = point.smoothed > ceiling ? NAN : point.smoothed;
    }
    const alx_curve curves[] = {
        {.label = "loss of a batch", .count = count, .x = rates, .y = losses, .style = 5, .dash = ALX_DASH_DOTTED},
        {.label = "smoothed", .count = count, .x = rates, .y = smoothed, .style = 0}};
    char title[128] = "No learning rate is suggested";
    if (!isnan(found->suggestion)) snprintf(title, sizeof title, "Suggested learning rate: %.1e", found->suggestion);
    const alx_curve_panel panel = {.title = title,
                                   .x_label = "learning rate",
                                   .y_label = "loss",
                                   .log_x = 1,
                                   .count = 2,
                                   .curves = curves,
                                   .mark_x = found->suggestion};
    return alx_curves_draw(&(alx_target){.path = path}, &panel, 1, err);
}

static void print_findings(const alx_rate_findings *found)
{
    if (isnan(found->suggestion)) {
        printf("no rate is suggested: the loss, %.4f at the start, fell by no more than it varies from batch to batch "
               "(%.4f)\n"
               "deep networks without batch normalization may need more steps than these to begin at any rate: see "
               "whether\n--overfit-batch learns at 1e-4; if not, look at the images with `alexnet show`\n",
               found->start, found->noise);
        return;
    }
    printf("the loss falls fastest at %.1e and is smallest at %.1e\n", found->steepest, found->lowest);
    printf("suggested: --learning-rate %.1e\n", found->suggestion);
}

static alx_status report_search(const alx_rate_search *search, alx_error *err)
{
    char picture[4096];
    alx_rate_findings found;
    const char *folder = alx_rate_search_folder(search);
    alx_rate_search_findings(search, &found);
    print_findings(&found);
    snprintf(picture, sizeof picture, "%s/find-lr.png", folder);
    alx_status status = draw_curve(search, &found, picture, err);
    cli_print_name(stdout, folder);
    printf("/find-lr.csv\n");
    if (status) return status;
    cli_print_name(stdout, picture);
    putchar('\n');
    return ALX_OK;
}

int cli_train_find_rate(alx_recipe *recipe, const cli_train_job *job)
{
    alx_rate_search *search;
    alx_error err = {0};
    alx_status status = alx_rate_search_create(&search, recipe, job->run, &err);
    alx_progress_finish(&job->listener->progress);
    if (!status) status = report_search(search, &err);
    alx_rate_search_destroy(search);
    return status ? cli_error(&err) : CLI_DONE;
}

/* ---- --overfit-batch ---- */

enum { PRINT_EVERY = 10 };

static void on_event(const alx_event *event, void *user)
{
    cli_train_listener *listener = user;
    if (event->kind != ALX_EVENT_STEP)
        alx_progress_event(event, &listener->progress);
    else if (event->step == 1 || event->step % PRINT_EVERY == 0) {
        printf("step %3lld  loss %.4f  accuracy %.4f\n", (long long)event->step, event->loss, event->accuracy);
        fflush(stdout);
    }
}

static void print_verdict(const alx_overfit_result *r)
{
    const long long images = r->images, steps = r->steps;
    printf("%s: %lld images in %lld steps, loss %.4f, accuracy %.4f\n", r->learned ? "learned by heart" : "not learned",
           images, steps, r->loss, r->accuracy);
    if (r->learned) return;
    if (!(r->loss <= 1.5 * r->first_loss))
        puts("the loss grew: try a tenth of the learning rate, or --find-lr");
    else if (r->loss > 0.9 * r->first_loss)
        puts(
            "the loss hardly moved: try --find-lr and another --seed; look with `alexnet show` whether the images are\n"
            "what their labels say");
    else
        puts("the loss falls, but not far enough: try a larger learning rate or --find-lr; strong dropout and\n"
             "weight_decay work against learning by heart, and so do equal images with different labels");
}

int cli_train_overfit(alx_recipe *recipe, const cli_train_job *job)
{
    alx_run_config config = *job->run;
    alx_overfit_result result;
    alx_error err = {0};
    config.on_event = on_event;
    alx_status status = alx_overfit_batch(&result, recipe, &config, &err);
    if (status) return cli_error(&err);
    print_verdict(&result);
    return result.learned ? CLI_DONE : CLI_FAILED;
}

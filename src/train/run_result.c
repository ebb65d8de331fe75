#include "train/run_result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "train/checkpoint.h"
#include "train/monitor.h"
#include "train/run_folder.h"

alx_run_result alx_run_result_none(void)
{
    const alx_epoch_result none = {.loss = NAN, .accuracy = NAN, .val_loss = NAN, .val_accuracy = NAN};
    return (alx_run_result){.best = none, .seconds = NAN};
}

static double read_seconds(const char *folder)
{
    char *path = alx_file_join(folder, ALX_RUN_METRICS, NULL);
    uint8_t *bytes = NULL;
    size_t size;
    const double seconds =
        path && !alx_file_read(&bytes, &size, path, 64 << 20, NULL) ? alx_metrics_seconds((char *)bytes) : NAN;
    free(bytes);
    free(path);
    return seconds;
}

static alx_status read_saved(alx_run_result *result, const alx_saved *saved, alx_error *err)
{
    const alx_run_state *run = &saved->run;
    struct alx_recipe *recipe;
    ALX_TRY(alx_recipe_parse(&recipe, saved->recipe, strlen(saved->recipe), NULL, err));
    result->epochs = run->epoch;
    result->complete = run->epoch >= recipe->train.epochs || alx_monitor_ended(&run->standing, &recipe->train);
    result->best_epoch = run->standing.best_epoch;
    if (result->best_epoch) result->best = run->history[result->best_epoch - 1];
    alx_recipe_destroy(recipe);
    return ALX_OK;
}

alx_status alx_run_result_read(alx_run_result *result, const char *folder, alx_error *err)
{
    *result = alx_run_result_none();
    alx_saved saved;
    char *complaint;
    ALX_TRY(alx_saved_open_run(&saved, &complaint, folder, err));
    alx_status status = read_saved(result, &saved, err);
    if (!status) result->seconds = read_seconds(folder);
    alx_saved_finish(&saved);
    free(complaint); /* a resume says it */
    return status;
}

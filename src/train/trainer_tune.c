/* Which ways a trainer's convolutions are computed in: measured, remembered in the user's cache, recorded in the run.
 */
#include <stdlib.h>
#include <string.h>

#include "train/trainer.h"

static void say_complaint(const alx_trainer *t, const char *folder, char *complaint)
{
    alx_printable name;
    if (complaint)
        alx_trainer_say(t, ALX_EVENT_WARNING, "%s/" ALX_CHOICES_FILE ": %s; what it lacks is measured anew",
                        alx_text_printable(folder, name), complaint);
    free(complaint);
}

/* What a run was begun with; false: nothing was measured then. */
static alx_status read_record(bool *any, alx_trainer *t, const char *record, alx_error *err)
{
    int left_out;
    ALX_TRY(alx_choices_read_record(&t->tuner.choices, &left_out, record, err));
    if (left_out)
        alx_trainer_say(t, ALX_EVENT_WARNING,
                        "The run's record of how convolutions are computed is not all known here (another version of "
                        "alexnet wrote it)");
    *any = t->tuner.choices.count > 0;
    return ALX_OK;
}

alx_status alx_trainer_begin_tuning(alx_trainer *t, const char *record, const alx_run_config *config, alx_error *err)
{
    bool measures = config->autotune != 0;
    char *complaint = NULL;
    if (record) {
        bool any;
        ALX_TRY(read_record(&any, t, record, err));
        measures = measures && any;
    }
    if (!measures) return ALX_OK;
    const alx_status status = alx_tuner_begin(&t->tuner, &complaint, config->cache_dir, err);
    say_complaint(t, config->cache_dir, complaint);
    return status;
}

alx_status alx_trainer_end_tuning(alx_trainer *t, const alx_run_config *config, alx_error *err)
{
    const alx_tuner *tuner = &t->tuner;
    alx_text text = {0};
    alx_error why = {0};
    alx_printable folder;
    if (tuner->measured) {
        const char *kept = config->cache_dir;
        if (kept && alx_tuner_remember(&t->tuner, kept, &why)) kept = NULL;
        alx_trainer_say(t, ALX_EVENT_MESSAGE,
                        "convolutions: the fastest ways to compute %d were measured in %.1f s%s%s", tuner->measured,
                        tuner->seconds, kept ? ", and are kept in " : "", kept ? alx_text_printable(kept, folder) : "");
        if (why.message[0]) alx_trainer_say(t, ALX_EVENT_MESSAGE, "they are not kept for other runs: %s", why.message);
    }
    ALX_TRY(alx_choices_record(&text, &tuner->choices, err));
    return alx_text_take(&t->choices_text, &text, err);
}

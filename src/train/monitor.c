#include "train/monitor.h"

#include <math.h>

const char *alx_monitor_name(const alx_train_config *config, bool validated)
{
    static const char *const names[][2] = {
        [ALX_MONITOR_LOSS] = {"loss", "val_loss"}, [ALX_MONITOR_ACCURACY] = {"accuracy", "val_accuracy"}};
    return names[config->monitor][validated];
}

double alx_monitor_value(const alx_train_config *config, const alx_epoch_result *result)
{
    const bool validated = !isnan(result->val_loss);
    if (config->monitor == ALX_MONITOR_ACCURACY) return validated ? result->val_accuracy : result->accuracy;
    return validated ? result->val_loss : result->loss;
}

/* Both count as Keras' callbacks do: EarlyStopping, ReduceLROnPlateau. */
bool alx_monitor_observe(alx_standing *standing, const alx_train_config *config, const alx_epoch_result *result,
                         int64_t epoch)
{
    const double value = alx_monitor_value(config, result);
    const double score = config->monitor == ALX_MONITOR_ACCURACY ? -value : value;
    if (score < standing->reference - config->min_delta) {
        standing->reference = score;
        standing->wait = standing->plateau_wait = 0;
    } else {
        standing->wait++;
        standing->plateau_wait++;
    }
    if (config->schedule.kind == ALX_SCHEDULE_PLATEAU && standing->plateau_wait >= config->schedule.plateau_patience) {
        standing->plateau_drops++;
        standing->plateau_wait = 0;
    }
    if (!(score < standing->best)) return false;
    standing->best = score;
    standing->best_epoch = epoch;
    return true;
}

bool alx_monitor_ended(const alx_standing *standing, const alx_train_config *config)
{
    return config->patience > 0 && standing->wait >= config->patience;
}

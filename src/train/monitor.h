/* The monitor: which epoch is best, when the rate drops on a plateau, and when patience ends. */
#ifndef ALX_TRAIN_MONITOR_H
#define ALX_TRAIN_MONITOR_H

#include "train/recipe.h"
#include "train/run_state.h"

/* Takes the result of one more epoch, `epoch` of them done.  True when it is the best so far; the first on a tie. */
bool alx_monitor_observe(alx_standing *standing, const alx_train_config *config, const alx_epoch_result *result,
                         int64_t epoch);
/* Whether `patience` epochs have passed without improvement. */
bool alx_monitor_ended(const alx_standing *standing, const alx_train_config *config);
/* "val_loss", or "loss" where no images validate. */
const char *alx_monitor_name(const alx_train_config *config, bool validated);
/* The figure of that name. */
double alx_monitor_value(const alx_train_config *config, const alx_epoch_result *result);

#endif

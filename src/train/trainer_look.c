/* What a listener may read of a trainer. */
#include "model/tile.h"
#include "train/trainer.h"

int alx_trainer_epoch(const alx_trainer *t, int epoch, alx_epoch_figures *figures)
{
    if (epoch < 1 || epoch > t->run.epoch) return 0;
    const alx_epoch_result *result = &t->run.history[epoch - 1];
    *figures = (alx_epoch_figures){result->loss, result->accuracy, result->val_loss, result->val_accuracy,
                                   result->learning_rate};
    return 1;
}

int alx_trainer_tensor(const alx_trainer *t, int index, alx_tensor_info *info)
{
    if (!t->params || index < 0 || index >= t->params->count) return 0; /* messages come before there are any */
    const alx_param *param = &t->params->list[index];
    *info = (alx_tensor_info){.name = param->name,
                              .layer = t->graph->params[index].layer,
                              .rank = param->shape.rank,
                              .count = param->count,
                              .trainable = param->trainable};
    for (int i = 0; i < param->shape.rank; i++) info->shape[i] = param->shape.dims[i];
    return 1;
}

void alx_trainer_tensor_rows(const alx_trainer *t, int index, int64_t first, int64_t count, float *values)
{
    const alx_param *param = &t->params->list[index];
    if (!param->tiled) {
        alx_params_export_rows(t->params, index, t->params->data, first, count, values);
        return;
    }
    const int64_t width = param->count / param->shape.dims[0];
    for (int64_t o = 0; o < count; o++)
        for (int64_t i = 0; i < width; i++)
            values[o * width + i] = t->params->data[param->offset + alx_tile_index(width, first + o, i)];
}

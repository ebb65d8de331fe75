/* Parameter groups: parts of the trainable span with a learning rate and a weight decay of their own. */
#ifndef ALX_TRAIN_PARAM_GROUPS_H
#define ALX_TRAIN_PARAM_GROUPS_H

#include "base/option.h"
#include "model/halves.h"
#include "train/optimizer.h"

typedef struct alx_param_group {
    int64_t first, count; /* floats of the span; first is a multiple of 16 */
    double rate, decay;   /* factors of learning_rate and weight_decay */
} alx_param_group;

typedef struct alx_param_groups {
    int count;
    alx_param_group *list; /* in the span's order, without gaps */
} alx_param_groups;

/* rates and decays: patterns of tensor names, such as "*.bias" (fnmatch), and factors; the first that matches counts,
 * without one the factor is 1.  Neighbours of equal factors are one group, so without patterns there is one in all.
 * A pattern that matches no trainable tensor is an error which names them; *wrong tells then which map it was in. */
alx_status alx_param_groups_create(alx_param_groups *groups, const alx_map **wrong, const alx_params *params,
                                   const alx_map *rates, const alx_map *decays, alx_error *err);
void alx_param_groups_finish(alx_param_groups *groups);
/* The optimizer's settings for the tensor at `offset` of the span: rate and decay times its group's factors. */
alx_optimizer_config alx_param_groups_config(const alx_param_groups *groups, const alx_optimizer_config *config,
                                             int64_t offset);
/* alx_optimizer_step of a store, group by group; the same bits as one step where all factors are 1.  halves: NULL, or
 * the bf16 copies of its tiled tensors, which are written along. */
void alx_param_groups_step(const alx_param_groups *groups, const alx_optimizer_config *config, int64_t t,
                           alx_params *params, const float *gradient, float *const *state, alx_halves *halves,
                           int threads);
/* The same of one tensor, whose gradient lies at `gradient`: of each in turn it leaves the same bits.  The stamps of
 * params and halves are left to the caller (alx_engine_run sees to them where gradients are fleeting). */
void alx_param_groups_step_tensor(const alx_param_groups *groups, const alx_optimizer_config *config, int64_t t,
                                  alx_params *params, int param, const float *gradient, float *const *state,
                                  const alx_halves *halves, int threads);

#endif

/* Optimizers: plain loops over the parameter store's trainable span. */
#ifndef ALX_TRAIN_OPTIMIZER_H
#define ALX_TRAIN_OPTIMIZER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"

typedef enum alx_optimizer_kind { ALX_ADAM, ALX_ADAMW, ALX_SGD } alx_optimizer_kind;
typedef enum alx_epsilon_form {
    ALX_EPSILON_KERAS,  /* lr * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + epsilon) */
    ALX_EPSILON_PYTORCH /* lr / (1 - b1^t) * m / (sqrt(v / (1 - b2^t)) + epsilon): Kingma and Ba 2015, alg. 1 */
} alx_epsilon_form;

typedef struct alx_optimizer_config {
    int kind; /* alx_optimizer_kind */
    double learning_rate;
    double beta_1, beta_2, epsilon;
    int epsilon_form;
    double momentum;
    bool nesterov;
    double weight_decay; /* adam, sgd: L2, w times it is added to the gradient, as PyTorch's.  adamw: decoupled,
                          * w -= learning_rate weight_decay w beside Adam's step (Loshchilov and Hutter 2019) */
} alx_optimizer_config;

/* How many spans of state it keeps: adam and adamw 2 (m, v), sgd with momentum 1, sgd 0. */
int alx_optimizer_state_count(const alx_optimizer_config *config);
/* Whether `bytes` of state fit into what is free: *limit is what they leave for the engine, 0 (see alx_engine_config)
 * for none.  Both are checked before either is taken.  what: "the optimizer's state". */
alx_status alx_optimizer_check_memory(uint64_t *limit, uint64_t bytes, const char *what, alx_error *err);
/* "m", "v" or "momentum": in checkpoints "optimizer.m.conv2d_1.kernel" */
const char *alx_optimizer_state_name(const alx_optimizer_config *config, int index);
/* One update, t = 1, 2, ... ; values, gradient and state[i] have `count` floats, 64-byte aligned.  half: NULL, or where
 * the bf16 copy of the values goes (model/halves.h), count is a multiple of ALX_HALVES_BLOCK then.  The same bits for
 * any number of threads. */
void alx_optimizer_step(const alx_optimizer_config *config, int64_t t, float *values, const float *gradient,
                        float *const *state, uint16_t *half, int64_t count, int threads);

#endif

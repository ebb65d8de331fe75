/* Schedules: the learning rate of each step, a pure function of where the run stands. */
#ifndef ALX_TRAIN_SCHEDULE_H
#define ALX_TRAIN_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum alx_schedule_kind {
    ALX_SCHEDULE_CONSTANT,
    ALX_SCHEDULE_STEP,        /* lr f^floor(e / decay_epochs), e whole epochs: PyTorch's StepLR */
    ALX_SCHEDULE_EXPONENTIAL, /* lr f^(e / decay_epochs): PyTorch's ExponentialLR with decay_epochs 1 */
    ALX_SCHEDULE_COSINE,      /* min + (lr - min) (1 + cos(pi s / S)) / 2: Loshchilov and Hutter 2017, no restarts */
    ALX_SCHEDULE_ONE_CYCLE,   /* lr / 25 up to lr in 3/10 of the steps, down to lr / 250000: Smith and Topin 2018, as
                               * PyTorch's OneCycleLR with its cosine, without its cycle of the momentum */
    ALX_SCHEDULE_PLATEAU      /* lr f^drops: Keras' and PyTorch's ReduceLROnPlateau */
} alx_schedule_kind;

typedef struct alx_schedule_config {
    int kind;                 /* alx_schedule_kind */
    double warmup_epochs;     /* the rate grows in a line over so many: times (s + 1) / W (Goyal et al. 2017) */
    double decay_factor;      /* f */
    int64_t decay_epochs;     /* of step and exponential */
    double min_learning_rate; /* no schedule but one_cycle goes lower; warm-up begins lower */
    int64_t plateau_patience; /* epochs without improvement before a drop */
} alx_schedule_config;

/* Where a run stands. */
typedef struct alx_schedule_place {
    int64_t step;            /* updates done since the run began */
    int64_t steps_per_epoch; /* >= 1 */
    int64_t epochs;          /* the run's length */
    int64_t plateau_drops;   /* how often ALX_SCHEDULE_PLATEAU has lowered the rate */
} alx_schedule_place;

/* The rate of the update that follows; learning_rate: the recipe's.  cosine and one_cycle count the steps behind
 * warm-up. */
double alx_schedule_rate(const alx_schedule_config *config, double learning_rate, const alx_schedule_place *place);
/* Whether min_learning_rate counts, */
bool alx_schedule_has_floor(const alx_schedule_config *config);
/* and whether the rate depends on how many epochs the run will have. */
bool alx_schedule_needs_epochs(const alx_schedule_config *config);

#endif

/* A trainer, inside: trainer.c runs it, trainer_step.c is its steps, trainer_create.c and trainer_engine.c build it,
 * trainer_resume.c continues it. */
#ifndef ALX_TRAIN_TRAINER_H
#define ALX_TRAIN_TRAINER_H

#include <stdatomic.h>

#include "plan/engine.h"
#include "train/checkpoint.h"
#include "train/doctor.h"
#include "train/param_groups.h"
#include "train/run_folder.h"
#include "train/trainer_data.h"

/* What the doctor keeps between his looks; nothing of it is part of the run's state. */
typedef struct alx_consultation {
    alx_probe *start, *now; /* of the first batch before the first step; of the last look; NULL: none */
    double *updates;        /* (params): see alx_case */
    double first_rate;      /* the same */
    bool ill_at_start;      /* something was said before the first step */
    bool jumped;            /* a jump was looked at */
    bool said[ALX_DIAGNOSES];
} alx_consultation;

struct alx_trainer {
    struct alx_recipe *recipe; /* a copy; threads and precision as they were chosen */
    alx_event_fn on_event;
    void *user;
    alx_run_folder folder;
    alx_train_data data;
    alx_graph *graph;
    alx_params *params;
    alx_engine *engine;
    alx_preprocess preprocess;
    alx_model_meta meta;
    float *state[2];    /* the optimizer's, each (params->trainable_span); NULL where it keeps less */
    size_t state_bytes; /* of each of these */
    float *average;     /* (params->span): the averaged weights and moving statistics; NULL without ema */
    size_t average_bytes;
    alx_param_groups groups;
    int64_t batch;                /* training images of a batch */
    int64_t update, steps;        /* images of a step, which is one or more batches; steps an epoch */
    int64_t micro;                /* images computed at once in training: a batch, or a part of it */
    int64_t most_at_once;         /* what memory_limit leaves room for; 0: any number */
    int64_t val_batch, val_steps; /* 0 without validation */
    int64_t *order;               /* places in the list, in the order of this epoch or of validation */
    double guess;                 /* the loss of guessing */
    double train_chance, chance;  /* the largest class's share of training and validation images */
    char *saved_recipe;           /* what checkpoints say of the recipe */
    char *engine_text;            /* and of the plan */
    char *choices_text;           /* and of how it came to be */
    alx_tuner tuner;
    alx_run_state run;
    alx_text csv;
    int64_t kept_epoch, kept_step; /* of the checkpoint on disk; kept_epoch -1: none */
    bool last_damaged;             /* last.safetensors, which the next checkpoint replaces: previous stays */
    double began, epoch_began;     /* monotonic seconds */
    double epoch_seconds;          /* the last whole epoch took, without saving */
    alx_consultation doctor;
    atomic_int stop;
};

/* ---- trainer.c ---- */

/* Whether there is nothing left to train: all epochs are done, or patience has ended. */
bool alx_trainer_is_complete(const alx_trainer *trainer);
/* The averaged weights, where there are any, take the place of the trained ones, or give it back. */
void alx_trainer_swap_average(alx_trainer *trainer);

/* ---- trainer_step.c ---- */

/* `count` training images, at most trainer->micro, into the engine: places in the list.  augment: as they are drawn for
 * `epoch`. */
alx_status alx_trainer_fill(alx_trainer *trainer, const int64_t *images, int64_t count, bool augment, int64_t epoch,
                            alx_error *err);
/* Images of one step, and how they are drawn. */
typedef struct alx_step_images {
    const int64_t *images; /* (count): places in the list */
    int64_t count, next;   /* of this step; of those behind them in the list, which may be read ahead */
    bool augment;          /* as they are drawn for `epoch` */
    int64_t epoch;
    int64_t step; /* since the run began: what dropout draws from */
} alx_step_images;
/* The weights take the optimizer's step `optimizer_step` (from 1) along the gradient of the mean loss over them,
 * whatever parts they are computed in; it is clipped.  Their figures are added to sums.  ALX_DIVERGED: the loss or the
 * gradient is no finite number, and the weights are as they were. */
alx_status alx_trainer_learn(alx_trainer *trainer, const alx_step_images *images, double learning_rate,
                             int64_t optimizer_step, alx_sums *sums, alx_error *err);
/* clip_value and clip_norm; ALX_DIVERGED where the gradient's norm is not finite. */
alx_status alx_trainer_clip(const alx_trainer *trainer, float *gradient, alx_error *err);
/* The next step of training, or of validation, in t->order. */
alx_status alx_trainer_train_step(alx_trainer *trainer, alx_error *err);
alx_status alx_trainer_validation_step(alx_trainer *trainer, alx_error *err);
/* The learning rate of the last step, or of the first before it. */
double alx_trainer_rate(const alx_trainer *trainer);

/* ---- trainer_engine.c ---- */

/* Sets batch, update, micro and steps by the data's counts. */
void alx_trainer_count_steps(alx_trainer *trainer);
/* The numbers that class_weight stands for, and the loss of guessing. */
alx_status alx_trainer_resolve_class_weight(alx_trainer *trainer, alx_error *err);
/* Engine, optimizer's state, average and groups: checked together before any memory is taken.  With memory_limit, the
 * number of images that are computed at once is found here. */
alx_status alx_trainer_build_engine(alx_trainer *trainer, alx_dtype type, alx_error *err);
/* Plans of every batch size that will come up, the last partial one too: no plan is built inside the run. */
alx_status alx_trainer_prepare(alx_trainer *trainer, alx_error *err);
/* Bytes that a checkpoint has besides the weights. */
uint64_t alx_trainer_state_bytes(const alx_trainer *trainer);

/* ---- trainer_tune.c ---- */

/* Before the engine is made.  record: what a run was begun with, which is to be kept to; NULL: a new run. */
alx_status alx_trainer_begin_tuning(alx_trainer *trainer, const char *record, const alx_run_config *config,
                                    alx_error *err);
/* Behind alx_trainer_prepare: keeps what was measured, and sets choices_text. */
alx_status alx_trainer_end_tuning(alx_trainer *trainer, const alx_run_config *config, alx_error *err);

/* ---- trainer_create.c ---- */

/* Everything but the run folder: data, network, plans.  Takes recipe over.  saved: the run that is continued, of which
 * the network and the ways of its convolutions are taken; NULL: a new one of recipe->model. */
alx_status alx_trainer_build(alx_trainer **trainer, struct alx_recipe *recipe, const alx_saved *saved,
                             const alx_run_config *config, alx_error *err);
/* alx_trainer_create without a run folder: ready for its first step. */
alx_status alx_trainer_create_bare(alx_trainer **trainer, const alx_recipe *recipe, const alx_run_config *config,
                                   alx_error *err);
/* recipe.yaml and model.yaml of the run folder. */
alx_status alx_trainer_write_recipe(alx_trainer *trainer, bool model_too, alx_error *err);
/* The recipe as a checkpoint keeps it: no model, no paths (the network and the data's hash stand beside it). */
alx_status alx_trainer_recipe_text(char **text, const struct alx_recipe *recipe, alx_error *err);

/* ---- trainer_start.c ---- */

/* Values drawn from the seed, and over them the tensors of train.weights.  What starts afresh, what is left over and
 * what may not fit together is said. */
alx_status alx_trainer_init_values(alx_trainer *trainer, alx_error *err);
/* How much of the network train.freeze keeps as it is. */
void alx_trainer_say_frozen(const alx_trainer *trainer);
/* ---- trainer_doctor.c: evidence for the doctor.  Nothing of it changes the run: the batches that it looks at are
 * those that are run anyway, and their epoch's order is put back ---- */

/* Sets the chances by the data's counts. */
alx_status alx_trainer_count_chances(alx_trainer *trainer, alx_error *err);
/* Before the first step; after each step, of whose last batch `images` images are left in the engine; after each
 * epoch. */
void alx_trainer_examine_start(alx_trainer *trainer);
void alx_trainer_examine_step(alx_trainer *trainer, int64_t images);
void alx_trainer_examine_epoch(alx_trainer *trainer);
/* Fails with ALX_DIVERGED, as alx_doctor_diverged. */
alx_status alx_trainer_diverged(alx_trainer *trainer, const char *what, alx_error *err);
void alx_consultation_finish(alx_consultation *doctor);

/* ---- trainer_summary.c ---- */

/* summary.json, of the epochs that are complete. */
alx_status alx_trainer_write_summary(const alx_trainer *trainer, alx_error *err);

/* ---- trainer_events.c ---- */

/* An event with what the run's state says; kinds with text are sent with alx_trainer_say. */
void alx_trainer_emit(const alx_trainer *trainer, alx_event_kind kind);
void alx_trainer_say(const alx_trainer *trainer, alx_event_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

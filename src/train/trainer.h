/* A trainer, inside: trainer.c runs it, trainer_create.c builds it, trainer_resume.c continues it. */
#ifndef ALX_TRAIN_TRAINER_H
#define ALX_TRAIN_TRAINER_H

#include <stdatomic.h>

#include "plan/engine.h"
#include "train/checkpoint.h"
#include "train/run_folder.h"
#include "train/trainer_data.h"

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
    float *state[2]; /* the optimizer's, each (params->trainable_span); NULL where it keeps less */
    size_t state_bytes;
    int64_t batch, steps;         /* training: images a step, steps an epoch */
    int64_t val_batch, val_steps; /* 0 without validation */
    int64_t *order;               /* places in the list, in the order of this epoch or of validation */
    double guess;                 /* the loss of guessing */
    char *saved_recipe;           /* what checkpoints say of the recipe */
    char *engine_text;            /* and of the plan */
    alx_run_state run;
    alx_text csv;
    int64_t kept_epoch, kept_step; /* of the checkpoint on disk; kept_epoch -1: none */
    double began, epoch_began;     /* monotonic seconds */
    double epoch_seconds;          /* the last whole epoch took, without saving */
    atomic_int stop;
};

/* ---- trainer_create.c ---- */

/* Everything but the run folder: data, network, plans.  Takes recipe over.  yaml: the network's text, or NULL to
 * open recipe->model. */
alx_status alx_trainer_build(alx_trainer **trainer, struct alx_recipe *recipe, const char *yaml,
                             const alx_run_config *config, alx_error *err);
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

/* ---- trainer_events.c ---- */

/* An event with what the run's state says; kinds with text are sent with alx_trainer_say. */
void alx_trainer_emit(const alx_trainer *trainer, alx_event_kind kind);
void alx_trainer_say(const alx_trainer *trainer, alx_event_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

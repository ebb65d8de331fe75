/* The loss doctor: what a run's figures and its layers' statistics say about it, in a sentence or two with what to
 * try.
 *
 * alx_doctor_moment looks at figures that are there anyway and says whether there is something to look at;
 * trainer_doctor.c then gathers the evidence, and alx_doctor_examine goes through the table of diagnoses
 * (train/diagnoses.c, docs/doctor.md), of which the first that applies is said. */
#ifndef ALX_TRAIN_DOCTOR_H
#define ALX_TRAIN_DOCTOR_H

#include "data/preprocess.h"
#include "plan/probe.h"
#include "train/metrics.h"
#include "train/recipe.h"

/* When he looks; a diagnosis says at which of them it can be made. */
typedef enum alx_moment {
    ALX_MOMENT_NONE = 0,
    ALX_MOMENT_START = 1,       /* before the first step */
    ALX_MOMENT_JUMP = 2,        /* a first step's loss lies far above guessing */
    ALX_MOMENT_DIVERGED = 4,    /* a loss or a weight is not a finite number */
    ALX_MOMENT_FIRST_EPOCH = 8, /* in which nothing was learned: said only when a layer is dead */
    ALX_MOMENT_STALL = 16,      /* nothing was learned in two epochs and more */
    ALX_MOMENT_VALIDATION = 32  /* training images are told apart, validation images are not */
} alx_moment;

/* What he looks at.  Pointers may be NULL and figures NaN where something is not known. */
typedef struct alx_case {
    alx_moment moment;
    const alx_epoch_result *history; /* (epochs) */
    int64_t epochs;                  /* done */
    int64_t steps;                   /* done, since the run began */
    int64_t epoch_steps;             /* of an epoch */
    int classes;
    double guess; /* the loss of guessing: ln classes, times the mean class weight */
    int64_t train_count, validation_count;
    double train_chance, chance; /* the largest class's share of training and validation images */
    const alx_train_config *config;
    const alx_preprocess *preprocess;
    const alx_graph *graph;
    const alx_probe *start; /* of the first batch before the first step */
    const alx_probe *probe; /* of a batch now */
    const double *updates;  /* (params): the first step's length over the tensor's */
    double first_rate;      /* the learning rate of that step, which a schedule may have begun low */
    double loss;            /* of the step: JUMP */
    double signal;          /* p of alx_signal_test: STALL */
    int64_t signal_images;  /* it compared */
    double as_validation;   /* accuracy on training images when they are run as those of validation: VALIDATION */
} alx_case;

/* From the history alone: FIRST_EPOCH, STALL or VALIDATION where the last epoch shows it for the first time.  (That
 * one epoch sits at guessing proves nothing: at Adam 1e-4 the course AlexNet does for all of the first and learns in
 * the second.) */
alx_moment alx_doctor_moment(const alx_case *patient);
/* Whether the loss of an early step lies far above guessing, and above where it began. */
bool alx_doctor_jumped(double loss, double guess, double start);

typedef struct alx_verdict {
    int row;     /* of the table; -1: nothing */
    int subject; /* the first row that looks for the same thing: said once is enough */
    bool note;   /* nothing is wrong: a message, no warning */
} alx_verdict;
/* Appends what the first diagnosis that applies at patient->moment says. */
alx_verdict alx_doctor_examine(alx_text *advice, const alx_case *patient);

enum { ALX_DIAGNOSES = 20 };
/* "dead_relu": as docs/doctor.md lists them. */
const char *alx_doctor_row_name(int row);

/* Fails with ALX_DIVERGED.  what: "the loss is not a finite number"; kept: which checkpoint is left. */
alx_status alx_doctor_diverged(const alx_case *patient, const char *what, int64_t epoch, int64_t step,
                               const char *folder, const char *kept, alx_error *err);

#endif

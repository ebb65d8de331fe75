/* Micro-batches: how many images of a batch are computed at once, so that training stays within a limit of memory.  The
 * gradients of the parts are summed. */
#ifndef ALX_PLAN_MICRO_BATCH_H
#define ALX_PLAN_MICRO_BATCH_H

#include "plan/engine.h"

typedef struct alx_micro_request {
    const alx_params *params; /* may be laid out alone */
    alx_engine_config engine; /* max_batch and accumulate are found here */
    int64_t batch;            /* images of a batch */
    int64_t update, last;     /* of a step, which is one or more batches; of the epoch's last step */
    int64_t validation;       /* images that validate, no more at once than in training; 0: none */
    uint64_t beside;          /* bytes that are taken anyway: parameters, optimizer, average */
    uint64_t limit;           /* bytes; 0: none */
} alx_micro_request;

typedef struct alx_micro_choice {
    int64_t micro;        /* images at once; 0: not even one fits */
    uint64_t bytes;       /* in all, with them; where none fits, with one */
    uint64_t whole;       /* with the whole batch */
    alx_engine_need need; /* of bytes: the engine's */
} alx_micro_choice;

/* The fewest parts that fit, as even as may be: 200 images of which 47 fit are computed 40 at a time. */
alx_status alx_micro_batch_choose(alx_micro_choice *choice, const alx_micro_request *request, alx_error *err);
/* ALX_USAGE of a limit that not even one image fits: says what does. */
alx_status alx_micro_batch_refuse(const alx_micro_choice *choice, uint64_t limit, alx_error *err);
/* A limit that these bytes fit, in whole MiB. */
const char *alx_micro_batch_enough(uint64_t bytes, alx_bytes_text text);
/* A layer whose outputs in training depend on the other images of the batch; NULL: there is none. */
const char *alx_micro_batch_obstacle(const alx_graph *graph);

#endif

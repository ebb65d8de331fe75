/* Measured choices: a list in memory, a line of JSON in a run's record, and a file that processes share.
 *
 * A convolution is known by its key, a text with all that its speed depends on but the machine: mode, precision, shape,
 * batch (as it was measured: plan/measure.h), what is fused and the number of threads. */
#ifndef ALX_PLAN_CHOICES_H
#define ALX_PLAN_CHOICES_H

#include "base/text.h"
#include "ops/op.h"

enum { ALX_CHOICE_KEY = 384, ALX_CHOICE_TIMES = 2 * ALX_CONV_WAYS * ALX_CONV_DIRECTIONS };
typedef char alx_choice_key[ALX_CHOICE_KEY];

/* Of one way in one direction, conversions included. */
typedef struct alx_conv_time {
    alx_conv_direction direction;
    bool folded; /* with what folding takes */
    alx_conv_way way;
    double seconds; /* for the batch that is in the key */
} alx_conv_time;

typedef struct alx_chosen {
    const char *key;
    alx_conv_choice choice; /* ALX_CONV_USUAL: a direction that it has not, or nothing could be measured */
    int64_t batch;          /* images that it was measured with; 0: not known */
    int time_count;         /* 0: read from a run's record */
    alx_conv_time times[ALX_CHOICE_TIMES];
    bool asked; /* by a plan: what a run records */
    bool fresh; /* measured now: what a file lacks */
} alx_chosen;

typedef struct alx_choices {
    alx_arena arena;
    int count, capacity;
    alx_chosen **list; /* in the arena: they stay where they are */
} alx_choices;

/* A zeroed alx_choices is empty and ready. */
void alx_choices_finish(alx_choices *choices);
/* NULL: there is none. */
alx_chosen *alx_choices_find(const alx_choices *choices, const char *key);
/* A copy; in place of one of the same key. */
alx_status alx_choices_add(alx_choices *choices, const alx_chosen *chosen, alx_error *err);

/* "direct", or "fold+direct" */
typedef char alx_way_text[48];
const char *alx_way_name(bool folded, alx_conv_way way, alx_way_text text);

/* ---- The record of a run: what plans asked for, without times, sorted.  In JSON: {"KEY": {"forward": "direct",
 * "backward_data": "onednn-winograd", ...}, ...} ---- */

/* "forward", "backward_data", "backward_weights" */
const char *alx_conv_direction_name(alx_conv_direction direction);
alx_status alx_choices_record(alx_text *json, const alx_choices *choices, alx_error *err);
/* Any text; what does not read as a choice is left out and counted. */
alx_status alx_choices_read_record(alx_choices *choices, int *left_out, const char *json, alx_error *err);

/* ---- choices_file.c: FOLDER/choices.json, of all machines that share a home ----
 *
 * {"version": 1, "machines": {"AMD ..., alexnet 0.1.0, oneDNN 2.6.3": {"KEY": {"forward": "direct", ...,
 * "microseconds": {"forward": {"direct": 812.5, "onednn-winograd": 604.1}, ...}}}}} */

#define ALX_CHOICES_FILE "choices.json"
enum { ALX_CHOICES_MAX_BYTES = 1 << 20 };

/* This machine as the file calls it: processor, instruction set that oneDNN uses, versions. */
void alx_choices_machine(alx_text *text);
/* Adds what the file knows of this machine and `choices` has not.  A file that is not there is fine; of one that cannot
 * be used, in whole or in part, *complaint says why (NULL: nothing to say; release with free). */
alx_status alx_choices_load(alx_choices *choices, char **complaint, const char *folder, alx_error *err);
/* The same from text, as the file has it. */
alx_status alx_choices_parse(alx_choices *choices, char **complaint, const char *text, size_t bytes,
                             const char *machine, alx_error *err);
/* Puts what is fresh into the file, beside what it has: other processes write it too.  A damaged file is replaced.
 * Fails where the folder cannot be made or written. */
alx_status alx_choices_save(const alx_choices *choices, const char *folder, alx_error *err);

#endif

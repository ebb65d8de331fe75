/* Augmentations: random changes of a training image, seeded per sample.
 *
 * A sample goes through three stages, whatever the order in which the list names them: the part of the resized image
 * that is cut out; one map that all geometric changes compose into, sampled once; then pixels and colours, one
 * change after the other; last, what is mixed with another sample.  Within a stage the order is the list's.
 * docs/augmentation.md has the formulas. */
#ifndef ALX_DATA_AUGMENT_H
#define ALX_DATA_AUGMENT_H

#include "base/option.h"
#include "data/preprocess.h"

typedef struct alx_augment_class alx_augment_class;

/* The table, ended by NULL. */
extern const alx_augment_class *const alx_augment_classes[];

enum { ALX_AUGMENT_MOST = 16 }; /* in a list; a draw's place has four bits */

typedef struct alx_augment_list {
    int count;
    struct {
        const alx_augment_class *cls;
        void *config;
    } items[ALX_AUGMENT_MOST];
} alx_augment_list;

/* From a YAML list such as [random_crop, rotate: 10, flip: {probability: 0.5}] (NULL: none).  A value that is no map
 * is that of the first option. */
alx_status alx_augment_read(alx_augment_list *list, const alx_yaml *node, alx_arena *arena, alx_error *err);
/* The same list as YAML flow text. */
void alx_augment_write(alx_text *text, const alx_augment_list *list);
/* An equal list whose configs live in arena. */
alx_status alx_augment_copy(alx_augment_list *copy, const alx_augment_list *list, alx_arena *arena, alx_error *err);
/* That the list can work with these sizes; the loader asks when it is made. */
alx_status alx_augment_check(const alx_augment_list *list, const alx_preprocess *p, alx_error *err);

/* ---- Samples ---- */

/* What the random draws of a sample depend on, and nothing else. */
typedef struct alx_augment_key {
    uint64_t seed;
    uint32_t epoch, sample;
} alx_augment_key;

/* The memory of one thread, kept from sample to sample. */
typedef struct alx_augment_scratch alx_augment_scratch;
alx_status alx_augment_scratch_create(alx_augment_scratch **scratch, const alx_augment_list *list,
                                      const alx_preprocess *p, alx_error *err);
void alx_augment_scratch_destroy(alx_augment_scratch *scratch);

/* One training sample out of a resized image (image_height, image_width, 3): (height, width, 3), in scratch until the
 * next call.  Allocates nothing. */
const uint8_t *alx_augment_sample(const alx_augment_list *list, const alx_preprocess *p, alx_augment_scratch *scratch,
                                  const uint8_t *resized, const alx_augment_key *key);

/* ---- Mixtures of two samples ---- */

typedef struct alx_mix {
    int64_t partner; /* a place in the list of samples */
    float share;     /* the sample's own part, 0..1; the rest is the partner's */
    bool boxed;      /* the partner is seen in a box, else all over */
    int top, left, height, width;
} alx_mix;

/* Whether the list can mix at all. */
bool alx_augment_mixes(const alx_augment_list *list);
/* Whether a sample is mixed, and how: the first of the list that happens does it.  count: samples there are. */
bool alx_augment_mix(alx_mix *mix, const alx_augment_list *list, const alx_preprocess *p, int64_t count,
                     const alx_augment_key *key);
/* rgb and partner are (height, width, 3): rgb becomes the mixture. */
void alx_mix_pixels(const alx_mix *mix, const alx_preprocess *p, const uint8_t *partner, uint8_t *rgb);

/* ---- Views: parts of a resized image, as they are ---- */

typedef struct alx_augment_view {
    int top, left; /* in the resized image */
    int mirror;
} alx_augment_view;
void alx_augment_view_centre(const alx_preprocess *p, alx_augment_view *view);

#endif

/* Augmentations: random changes of a training image, seeded per sample. */
#ifndef ALX_DATA_AUGMENT_H
#define ALX_DATA_AUGMENT_H

#include "base/option.h"
#include "data/preprocess.h"

/* What the augmentations of one sample decided.  Later ones that change pixels get the image. */
typedef struct alx_augment_view {
    int top, left; /* of the crop, in the resized image */
    int mirror;
} alx_augment_view;

typedef struct alx_augment_class {
    const char *name;
    const char *help[2];
    const alx_option *options;
    size_t config_size;
    alx_status (*check)(const void *config, const alx_preprocess *p, alx_error *err); /* may be NULL */
    void (*apply)(const void *config, const alx_preprocess *p, const uint32_t words[4], alx_augment_view *view);
} alx_augment_class;

/* The table, ended by a row without a name: random_crop, flip. */
extern const alx_augment_class alx_augment_classes[];

typedef struct alx_augment_list {
    int count;
    struct {
        const alx_augment_class *cls;
        void *config;
    } items[16];
} alx_augment_list;

/* From a YAML list such as [random_crop, flip: {probability: 0.5}] (NULL: none). */
alx_status alx_augment_read(alx_augment_list *list, const alx_yaml *node, alx_arena *arena, alx_error *err);
/* The same list as YAML flow text. */
void alx_augment_write(alx_text *text, const alx_augment_list *list);
/* That the list can work with these sizes; the loader asks when it is made. */
alx_status alx_augment_check(const alx_augment_list *list, const alx_preprocess *p, alx_error *err);
/* The view of one training sample: centre crop, then each augmentation in turn,
 * drawn from (seed, ALX_RNG_AUGMENT, epoch, sample, place in the list). */
void alx_augment_view_draw(const alx_augment_list *list, const alx_preprocess *p, uint64_t seed, uint32_t epoch,
                           uint32_t sample, alx_augment_view *view);
void alx_augment_view_centre(const alx_preprocess *p, alx_augment_view *view);

#endif

/* Two images as one: mixup (Zhang et al. 2018) and cutmix (Yun et al. 2019).
 *
 * The partner of a training image is any image of the set, drawn for that image and epoch: how the set is cut into
 * batches changes nothing. */
#ifndef ALX_DATA_MIX_H
#define ALX_DATA_MIX_H

#include "base/option.h"
#include "data/preprocess.h"

typedef enum alx_mix_kind { ALX_MIXUP, ALX_CUTMIX } alx_mix_kind;

typedef struct alx_mix_config {
    double alpha;       /* of the Beta(alpha, alpha) that the share is drawn from */
    double probability; /* of an image being mixed */
} alx_mix_config;

extern const alx_option alx_mixup_options[], alx_cutmix_options[]; /* of alx_mix_config */

typedef struct alx_mix {
    int64_t partner; /* a place in the list; -1: the image stays whole */
    float share;     /* the image's own part, 0..1; the rest is the partner's */
    alx_mix_kind kind;
    int top, left, height, width; /* CUTMIX: where the partner is seen */
} alx_mix;

/* Draws from (seed, ALX_RNG_MIX, epoch, sample, place in the list of augmentations) among `count` images. */
void alx_mix_draw(alx_mix *mix, alx_mix_kind kind, const alx_mix_config *config, const alx_preprocess *p, int64_t count,
                  uint64_t seed, uint32_t epoch, uint32_t sample, uint32_t place);
/* x and partner are (channels, height, width): x becomes the mixture. */
void alx_mix_blend(const alx_mix *mix, const alx_preprocess *p, const float *partner, float *x);

#endif

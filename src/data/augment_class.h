/* What an augmentation is made of: for the files that hold them. */
#ifndef ALX_DATA_AUGMENT_CLASS_H
#define ALX_DATA_AUGMENT_CLASS_H

#include <stddef.h>

#include "base/rng.h"
#include "data/augment.h"

/* ---- Draws ---- */

/* The words of one augmentation of one sample, taken one after the other. */
typedef struct alx_augment_draw {
    alx_augment_key key;
    uint32_t place; /* in the list */
    uint32_t used;  /* words taken so far */
    alx_rng4 words;
} alx_augment_draw;

uint32_t alx_augment_word(alx_augment_draw *draw);
/* Uniform from low to high. */
double alx_augment_uniform(alx_augment_draw *draw, double low, double high);
/* A draw for each pixel: elements `first` to first + ALX_RNG_MANY - 1, below 2^28, as alx_rng_draw_many gives them. */
void alx_augment_draw_many(const alx_augment_draw *draw, uint32_t words[4][ALX_RNG_MANY], uint32_t first);

/* ---- Ranges: an option that is one number or [low, high] ---- */

typedef struct alx_range {
    double low, high;
} alx_range;

/* One number x stands for centre - x to centre + x. */
alx_range alx_range_around(const alx_numbers *numbers, double centre);
/* One number stands for itself. */
alx_range alx_range_of(const alx_numbers *numbers);
double alx_range_draw(alx_range range, alx_augment_draw *draw);

/* ---- Geometry ---- */

/* What stands where the map leaves the image. */
typedef enum alx_fill { ALX_FILL_EDGE, ALX_FILL_REFLECT, ALX_FILL_BLACK, ALX_FILL_WHITE, ALX_FILL_MEAN } alx_fill;
extern const alx_choice alx_fill_choices[];

/* The part of the resized image that the input shows, in pixels; sides need not be whole. */
typedef struct alx_augment_cut {
    double top, left, height, width;
} alx_augment_cut;

/* From a place of the result to the one that it shows, both from the centre, in pixels of the result:
 * x' = xx x + xy y + x0, y' = yx x + yy y + y0. */
typedef struct alx_augment_map {
    double xx, xy, x0;
    double yx, yy, y0;
} alx_augment_map;

/* A displacement, in pixels, on a grid of nodes `spacing` pixels apart; linear between them. */
typedef struct alx_augment_field {
    int spacing, columns, rows; /* nodes: at least one beyond the last pixel */
    float *dx, *dy;             /* (rows, columns) */
    float *memory;              /* what they are made in: alx_elastic_floats */
} alx_augment_field;

/* ---- Pixels ---- */

typedef struct alx_augment_pixels {
    int height, width;
    bool grey;              /* the network sees luma alone: changes of pixels are the same in all channels */
    uint8_t *rgb;           /* (height, width, 3) */
    uint8_t *spare;         /* the same size; may be exchanged with rgb */
    uint32_t *row;          /* (width, 3) */
    const int16_t *normals; /* (ALX_NORMALS) quantiles of the standard normal distribution, times 4096 */
} alx_augment_pixels;
enum { ALX_NORMALS = 4096 };

/* The mean colour, rounded. */
void alx_mean_colour(uint8_t mean[3], const uint8_t *rgb, size_t pixels);

/* ---- The class ---- */

struct alx_augment_class {
    union { /* what the public catalogue shows is the beginning of the descriptor */
        struct {
            const char *name;
            const char *help[2];
        };
        alx_augmentation_info info;
    };
    const char *also;          /* what others call it, separated by spaces: for did-you-mean */
    const alx_option *options; /* the first is what a value without a name sets */
    size_t config_size;
    bool may_happen; /* its config begins with an alx_augment_chance */
    bool fills;      /* which has a fill */
    alx_status (*check)(const void *config, const alx_preprocess *p, alx_error *err); /* may be NULL */
    /* One of these. */
    void (*cut)(const void *config, const alx_preprocess *p, alx_augment_draw *draw, alx_augment_cut *cut);
    void (*map)(const void *config, const alx_preprocess *p, alx_augment_draw *draw, alx_augment_map *map);
    void (*bend)(const void *config, const alx_preprocess *p, const alx_augment_draw *draw, alx_augment_field *field);
    void (*change)(const void *config, alx_augment_draw *draw, alx_augment_pixels *pixels);
    void (*mix)(const void *config, const alx_preprocess *p, int64_t count, alx_augment_draw *draw, alx_mix *mix);
};

typedef struct alx_augment_chance {
    double probability;
    int fill; /* alx_fill; of those that have an option of that name */
} alx_augment_chance;

/* Rows that several tables have; `config` has a member `chance`. */
#define ALX_PROBABILITY_ROW(config, usual)                                                                             \
    {                                                                                                                  \
        "probability", ALX_OPTION_NUMBER, offsetof(config, chance.probability), usual, 0, 1, NULL, "p prob rate",      \
        {                                                                                                              \
            "share of the images that it changes", "被改变的图像所占的比例"                                 \
        }                                                                                                              \
    }
#define ALX_FILL_ROW(config)                                                                                            \
    {                                                                                                                   \
        "fill", ALX_OPTION_CHOICE, offsetof(config, chance.fill), "edge", 0, 0, alx_fill_choices,                       \
            "fill_mode padding_mode border",                                                                            \
        {                                                                                                               \
            "what stands where the image ends: its edge goes on, it is reflected, or a colour; mean: the image's own",  \
                "图像之外填什么：延伸边缘、镜像，或一种颜色；mean 为该图像自身的平均色" \
        }                                                                                                               \
    }

extern const alx_augment_class alx_augment_random_crop, alx_augment_random_resized_crop, alx_augment_flip,
    alx_augment_rotate, alx_augment_translate, alx_augment_scale, alx_augment_shear, alx_augment_elastic,
    alx_augment_stroke_width, alx_augment_color_jitter, alx_augment_grayscale, alx_augment_pca_lighting,
    alx_augment_gaussian_blur, alx_augment_noise, alx_augment_erase, alx_augment_mixup, alx_augment_cutmix;

/* Floats that alx_augment_field.memory needs for any elastic and these sizes. */
size_t alx_elastic_floats(const alx_preprocess *p);

#endif

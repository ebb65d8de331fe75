/* Augmentations that move pixels: parts that are cut out, and maps that compose into one. */
#include <math.h>

#include "data/augment_class.h"

static const double DEGREE = 0.017453292519943295; /* pi / 180 */

/* ---- random_crop: where the network's input is cut out (Krizhevsky 2012, sec. 4.1) ---- */

static const alx_option crop_options[] = {{0}};

static alx_status crop_check(const void *config, const alx_preprocess *p, alx_error *err)
{
    (void)config;
    if (p->image_height > p->height || p->image_width > p->width) return ALX_OK;
    return alx_fail(
        err, ALX_USAGE,
        "random_crop: images of %dx%d leave no room to cut %dx%d at different places; set image_size larger, "
        "such as 256 for 224 or 227",
        p->image_height, p->image_width, p->height, p->width);
}

/* 0..room, each as likely (within 2^-17 for any image). */
static int draw_offset(uint32_t word, int room)
{
    return (int)(((uint64_t)word * ((uint64_t)room + 1)) >> 32);
}

static void crop_cut(const void *config, const alx_preprocess *p, alx_augment_draw *draw, alx_augment_cut *cut)
{
    (void)config;
    cut->top = draw_offset(alx_augment_word(draw), p->image_height - p->height);
    cut->left = draw_offset(alx_augment_word(draw), p->image_width - p->width);
}

const alx_augment_class alx_augment_random_crop = {
    .name = "random_crop",
    .also = "randomcrop crop",
    .help = {"cut the input out of the larger image (image_size) at a random place",
             "从较大的图像（image_size）中随机裁出输入区域"},
    .options = crop_options,
    .check = crop_check,
    .cut = crop_cut,
};

/* ---- random_resized_crop: a part of random area and aspect (Szegedy 2015, "Going deeper with convolutions") ---- */

typedef struct resized_config {
    alx_numbers scale, ratio;
} resized_config;

/* clang-format off */
static const alx_option resized_options[] = {
    {"scale", ALX_OPTION_NUMBERS, offsetof(resized_config, scale), "[0.08, 1]", 1e-300, 1, NULL, "area size",
     {"area of the part, as a share of the image's", "所裁区域占图像面积的比例"}},
    {"ratio", ALX_OPTION_NUMBERS, offsetof(resized_config, ratio), "[3/4, 4/3]", 1e-300, 1e18, NULL, "aspect",
     {"its width divided by its height", "所裁区域的宽高比"}},
    {0},
};
/* clang-format on */

/* As torchvision: area uniform, aspect uniform in its logarithm, ten attempts, then the largest centred part whose
 * aspect is allowed. */
static void resized_cut(const void *config, const alx_preprocess *p, alx_augment_draw *draw, alx_augment_cut *cut)
{
    const resized_config *c = config;
    const double height = p->image_height, width = p->image_width;
    const alx_range scale = alx_range_of(&c->scale), ratio = alx_range_of(&c->ratio);
    for (int attempt = 0; attempt < 10; attempt++) {
        double area = height * width * alx_range_draw(scale, draw);
        double aspect = exp(alx_augment_uniform(draw, log(ratio.low), log(ratio.high)));
        cut->width = sqrt(area * aspect);
        cut->height = sqrt(area / aspect);
        if (cut->width > width || cut->height > height) continue;
        cut->top = alx_augment_uniform(draw, 0, height - cut->height);
        cut->left = alx_augment_uniform(draw, 0, width - cut->width);
        return;
    }
    double aspect = fmin(fmax(width / height, ratio.low), ratio.high);
    cut->width = fmin(width, height * aspect);
    cut->height = fmin(height, width / aspect);
    cut->top = (height - cut->height) / 2;
    cut->left = (width - cut->width) / 2;
}

const alx_augment_class alx_augment_random_resized_crop = {
    .name = "random_resized_crop",
    .also = "randomresizedcrop inception_crop",
    .help = {"cut out a part of random area and aspect, and resize it to the input",
             "随机裁出一块面积和宽高比不定的区域，再缩放到输入大小"},
    .options = resized_options,
    .config_size = sizeof(resized_config),
    .cut = resized_cut,
};

/* ---- Maps ---- */

/* The map that first takes a place through `then`, the inverse of what is done to the image last. */
static void append(alx_augment_map *map, const alx_augment_map *then)
{
    const alx_augment_map m = *map;
    *map = (alx_augment_map){
        .xx = m.xx * then->xx + m.xy * then->yx,
        .xy = m.xx * then->xy + m.xy * then->yy,
        .x0 = m.xx * then->x0 + m.xy * then->y0 + m.x0,
        .yx = m.yx * then->xx + m.yy * then->yx,
        .yy = m.yx * then->xy + m.yy * then->yy,
        .y0 = m.yx * then->x0 + m.yy * then->y0 + m.y0,
    };
}

/* ---- flip: left becomes right ---- */

typedef struct flip_config {
    alx_augment_chance chance;
} flip_config;

static const alx_option flip_options[] = {ALX_PROBABILITY_ROW(flip_config, "0.5"), {0}};

static void flip_map(const void *config, const alx_preprocess *p, alx_augment_draw *draw, alx_augment_map *map)
{
    (void)config, (void)p, (void)draw;
    append(map, &(alx_augment_map){.xx = -1, .yy = 1});
}

const alx_augment_class alx_augment_flip = {
    .name = "flip",
    .also = "randomhorizontalflip horizontal_flip hflip fliplr mirror randomflip random_flip",
    .help = {"mirror left and right at random; not for letters or digits", "随机左右镜像；文字、数字不宜使用"},
    .options = flip_options,
    .config_size = sizeof(flip_config),
    .may_happen = true,
    .map = flip_map,
};

/* ---- rotate ---- */

typedef struct rotate_config {
    alx_augment_chance chance;
    alx_numbers degrees;
} rotate_config;

/* clang-format off */
static const alx_option rotate_options[] = {
    {"degrees", ALX_OPTION_NUMBERS, offsetof(rotate_config, degrees), "10", -180, 180, NULL, "angle factor rotation_range",
     {"angle, counter-clockwise: [low, high], or one number d for -d to d", "逆时针角度：[下限, 上限]，或一个数 d 表示 -d 到 d"}},
    ALX_FILL_ROW(rotate_config),
    ALX_PROBABILITY_ROW(rotate_config, "1"),
    {0},
};
/* clang-format on */

/* y points down: counter-clockwise takes (x, y) to (x cos + y sin, -x sin + y cos). */
static void rotate_map(const void *config, const alx_preprocess *p, alx_augment_draw *draw, alx_augment_map *map)
{
    (void)p;
    const rotate_config *c = config;
    double angle = alx_range_draw(alx_range_around(&c->degrees, 0), draw) * DEGREE;
    append(map, &(alx_augment_map){.xx = cos(angle), .xy = -sin(angle), .yx = sin(angle), .yy = cos(angle)});
}

const alx_augment_class alx_augment_rotate = {
    .name = "rotate",
    .also = "randomrotation rotation random_rotation rotation_range",
    .help = {"turn around the centre", "绕中心旋转"},
    .options = rotate_options,
    .config_size = sizeof(rotate_config),
    .may_happen = true,
    .fills = true,
    .map = rotate_map,
};

/* ---- translate ---- */

typedef struct translate_config {
    alx_augment_chance chance;
    alx_numbers horizontal, vertical;
} translate_config;

/* clang-format off */
static const alx_option translate_options[] = {
    {"horizontal", ALX_OPTION_NUMBERS, offsetof(translate_config, horizontal), "0.1", -1, 1, NULL,
     "width_factor width_shift_range factor x",
     {"shift to the right, as a share of the width: [low, high], or one number s for -s to s",
      "右移量占宽度的比例：[下限, 上限]，或一个数 s 表示 -s 到 s"}},
    {"vertical", ALX_OPTION_NUMBERS, offsetof(translate_config, vertical), "", -1, 1, NULL,
     "height_factor height_shift_range y",
     {"shift downwards, as a share of the height; empty: the same range as horizontal",
      "下移量占高度的比例；为空则与 horizontal 范围相同"}},
    ALX_FILL_ROW(translate_config),
    ALX_PROBABILITY_ROW(translate_config, "1"),
    {0},
};
/* clang-format on */

/* By whole pixels: between them every image would be softer than those that are looked at afterwards, which a network
 * of 32x32 pixels pays for. */
static void translate_map(const void *config, const alx_preprocess *p, alx_augment_draw *draw, alx_augment_map *map)
{
    const translate_config *c = config;
    const alx_numbers *vertical = c->vertical.count ? &c->vertical : &c->horizontal;
    double x = alx_range_draw(alx_range_around(&c->horizontal, 0), draw);
    double y = alx_range_draw(alx_range_around(vertical, 0), draw);
    append(map, &(alx_augment_map){.xx = 1, .x0 = -rint(x * p->width), .yy = 1, .y0 = -rint(y * p->height)});
}

const alx_augment_class alx_augment_translate = {
    .name = "translate",
    .also = "randomtranslation translation random_translation shift randomshift",
    .help = {"move sideways, up and down", "上下左右平移"},
    .options = translate_options,
    .config_size = sizeof(translate_config),
    .may_happen = true,
    .fills = true,
    .map = translate_map,
};

/* ---- scale ---- */

typedef struct scale_config {
    alx_augment_chance chance;
    alx_numbers factor;
} scale_config;

/* clang-format off */
static const alx_option scale_options[] = {
    {"factor", ALX_OPTION_NUMBERS, offsetof(scale_config, factor), "0.1", 0x1p-10, 1024, NULL,
     "zoom_range height_factor range scale",
     {"what sizes are multiplied by: [low, high], or one number s below 1 for 1 - s to 1 + s",
      "缩放倍数：[下限, 上限]，或一个小于 1 的数 s 表示 1 - s 到 1 + s"}},
    ALX_FILL_ROW(scale_config),
    ALX_PROBABILITY_ROW(scale_config, "1"),
    {0},
};
/* clang-format on */

static alx_status scale_check(const void *config, const alx_preprocess *p, alx_error *err)
{
    (void)p;
    const scale_config *c = config;
    if (c->factor.count == 2 || c->factor.values[0] < 1) return ALX_OK;
    return alx_fail(err, ALX_USAGE, "scale: factor %g means 1 - %g to 1 + %g, which is no size; give [low, high]",
                    c->factor.values[0], c->factor.values[0], c->factor.values[0]);
}

static void scale_map(const void *config, const alx_preprocess *p, alx_augment_draw *draw, alx_augment_map *map)
{
    (void)p;
    const scale_config *c = config;
    double factor = alx_range_draw(alx_range_around(&c->factor, 1), draw);
    append(map, &(alx_augment_map){.xx = 1 / factor, .yy = 1 / factor});
}

const alx_augment_class alx_augment_scale = {
    .name = "scale",
    .also = "randomzoom zoom random_zoom zoom_range randomscale random_scale",
    .help = {"make larger or smaller around the centre", "以中心为基准放大或缩小"},
    .options = scale_options,
    .config_size = sizeof(scale_config),
    .may_happen = true,
    .fills = true,
    .check = scale_check,
    .map = scale_map,
};

/* ---- shear ---- */

typedef struct shear_config {
    alx_augment_chance chance;
    alx_numbers degrees, vertical;
} shear_config;

/* clang-format off */
static const alx_option shear_options[] = {
    {"degrees", ALX_OPTION_NUMBERS, offsetof(shear_config, degrees), "10", -80, 80, NULL, "angle shear_range x_factor shear",
     {"how far upright lines lean to the left at their top: [low, high], or one number d for -d to d",
      "竖线顶端向左倾斜的角度：[下限, 上限]，或一个数 d 表示 -d 到 d"}},
    {"vertical", ALX_OPTION_NUMBERS, offsetof(shear_config, vertical), "0", -80, 80, NULL, "y_factor",
     {"the same for level lines, down at their right end", "横线右端向下倾斜的角度"}},
    ALX_FILL_ROW(shear_config),
    ALX_PROBABILITY_ROW(shear_config, "1"),
    {0},
};
/* clang-format on */

/* (x, y) goes to (x + y tan(degrees), y), then level lines lean in turn. */
static void shear_map(const void *config, const alx_preprocess *p, alx_augment_draw *draw, alx_augment_map *map)
{
    (void)p;
    const shear_config *c = config;
    double x = tan(alx_range_draw(alx_range_around(&c->degrees, 0), draw) * DEGREE);
    double y = tan(alx_range_draw(alx_range_around(&c->vertical, 0), draw) * DEGREE);
    append(map, &(alx_augment_map){.xx = 1, .xy = -x, .yy = 1});
    append(map, &(alx_augment_map){.xx = 1, .yx = -y, .yy = 1});
}

const alx_augment_class alx_augment_shear = {
    .name = "shear",
    .also = "randomshear random_shear skew slant shear_range randomaffine random_affine",
    .help = {"lean to a side, as italics do", "向一侧倾斜，如斜体"},
    .options = shear_options,
    .config_size = sizeof(shear_config),
    .may_happen = true,
    .fills = true,
    .map = shear_map,
};

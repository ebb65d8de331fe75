#include "data/preprocess.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/text.h"

const alx_choice alx_decode_choices[] = {
    {"exact", ALX_DECODE_EXACT},
    {"fast", ALX_DECODE_FAST},
    {NULL, 0},
};

const alx_choice alx_resize_choices[] = {
    {"stretch", ALX_RESIZE_STRETCH},
    {"cover", ALX_RESIZE_COVER},
    {"contain", ALX_RESIZE_CONTAIN},
    {NULL, 0},
};

const alx_choice alx_filter_choices[] = {
    {"nearest", ALX_FILTER_NEAREST},
    {"bilinear", ALX_FILTER_BILINEAR},
    {"bicubic", ALX_FILTER_BICUBIC},
    {"lanczos", ALX_FILTER_LANCZOS},
    {NULL, 0},
};

static const char *choice_name(const alx_choice *choices, int64_t value)
{
    for (; choices->name; choices++)
        if (choices->value == value) return choices->name;
    return "?";
}

/* ---- Stored in the model ---- */

static void add_numbers(alx_text *json, const char *key, const double *values, int count)
{
    char number[32];
    alx_text_printf(json, ",\"%s\":[", key);
    for (int i = 0; i < count; i++) alx_text_printf(json, "%s%s", i ? "," : "", alx_text_number(values[i], number));
    alx_text_add(json, "]");
}

alx_status alx_preprocess_write(alx_text *json, const alx_preprocess *p, alx_error *err)
{
    char number[32];
    alx_text_printf(
        json, "{\"decode\":\"%s\",\"resize\":\"%s\",\"filter\":\"%s\",\"image_size\":[%d,%d],\"input\":[%d,%d,%d]",
        choice_name(alx_decode_choices, (int64_t)p->decode), choice_name(alx_resize_choices, (int64_t)p->resize),
        choice_name(alx_filter_choices, (int64_t)p->filter), p->image_height, p->image_width, p->height, p->width,
        p->channels);
    alx_text_printf(json, ",\"rescale\":%s", alx_text_number(p->rescale, number));
    add_numbers(json, "mean", p->mean, p->channels);
    add_numbers(json, "std", p->std, p->channels);
    alx_text_add(json, "}");
    return json->failed ? alx_fail(err, ALX_NO_MEMORY, "out of memory: preprocessing as text") : ALX_OK;
}

/* Readers of single keys: 0 when the value will not do. */

static int read_choice(const json_t *root, const char *key, const alx_choice *choices, int *out)
{
    const char *name = json_string_value(json_object_get(root, key));
    for (; name && choices->name; choices++)
        if (strcmp(choices->name, name) == 0) return *out = (int)choices->value, 1;
    return 0;
}

static int read_sizes(const json_t *root, const char *key, int count, int *out[])
{
    const json_t *list = json_object_get(root, key);
    if (json_array_size(list) != (size_t)count) return 0;
    for (int i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, (size_t)i);
        json_int_t value = json_integer_value(item); /* 0 when it is no integer */
        if (value < 1 || value > ALX_IMAGE_MAX_SIDE) return 0;
        *out[i] = (int)value;
    }
    return 1;
}

static int read_numbers(const json_t *root, const char *key, int count, double *out)
{
    const json_t *list = json_object_get(root, key);
    if (json_array_size(list) != (size_t)count) return 0;
    for (int i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, (size_t)i);
        if (!json_is_number(item) || !isfinite(out[i] = json_number_value(item))) return 0;
    }
    return 1;
}

/* The key that is missing or wrong, or NULL. */
static const char *read_keys(alx_preprocess *p, const json_t *root)
{
    int decode = ALX_DECODE_EXACT, resize, filter;
    /* Models from before there was a choice have none. */
    if (json_object_get(root, "decode") && !read_choice(root, "decode", alx_decode_choices, &decode)) return "decode";
    if (!read_choice(root, "resize", alx_resize_choices, &resize)) return "resize";
    if (!read_choice(root, "filter", alx_filter_choices, &filter)) return "filter";
    p->decode = (alx_decode)decode;
    p->resize = (alx_resize)resize;
    p->filter = (alx_filter)filter;
    if (!read_sizes(root, "image_size", 2, (int *[]){&p->image_height, &p->image_width})) return "image_size";
    if ((int64_t)p->image_height * p->image_width > ALX_IMAGE_MAX_PIXELS) return "image_size";
    if (!read_sizes(root, "input", 3, (int *[]){&p->height, &p->width, &p->channels})) return "input";
    if (p->height > p->image_height || p->width > p->image_width) return "input";
    if (p->channels != 1 && p->channels != 3) return "input";
    if (!json_is_number(json_object_get(root, "rescale"))) return "rescale";
    p->rescale = json_number_value(json_object_get(root, "rescale"));
    if (!isfinite(p->rescale)) return "rescale";
    if (!read_numbers(root, "mean", p->channels, p->mean)) return "mean";
    if (!read_numbers(root, "std", p->channels, p->std)) return "std";
    for (int c = 0; c < p->channels; c++)
        if (!(p->std[c] > 0)) return "std";
    return NULL;
}

alx_status alx_preprocess_parse(alx_preprocess *p, const char *json, alx_error *err)
{
    *p = (alx_preprocess){0};
    json_error_t trouble;
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &trouble);
    alx_printable text; /* it quotes the file */
    if (!root)
        return alx_fail(err, ALX_BAD_MODEL, "preprocessing: not JSON: %s", alx_text_printable(trouble.text, text));
    const char *key = json_is_object(root) ? read_keys(p, root) : "{}";
    const char *value = key ? json_string_value(json_object_get(root, key)) : NULL;
    alx_status status = ALX_OK;
    if (value)
        status =
            alx_fail(err, ALX_BAD_MODEL, "preprocessing: %s \"%s\" is not known; the model file is damaged or newer",
                     key, alx_text_printable(value, text));
    else if (key)
        status = alx_fail(err, ALX_BAD_MODEL,
                          "preprocessing: %s is missing or out of range; the model file is damaged or newer", key);
    json_decref(root);
    return status;
}

static void describe_numbers(alx_text *text, const char *name, const double *values, int count, double usual)
{
    int same = 1;
    for (int c = 0; c < count; c++) same &= values[c] == usual;
    if (same) return;
    char number[32];
    alx_text_printf(text, ", %s", name);
    for (int c = 0; c < count; c++) alx_text_printf(text, " %s", alx_text_number(values[c], number));
}

void alx_preprocess_describe(alx_text *text, const alx_preprocess *p)
{
    char number[32];
    alx_text_printf(text, "%dx%d %s %s", p->image_height, p->image_width,
                    choice_name(alx_resize_choices, (int64_t)p->resize),
                    choice_name(alx_filter_choices, (int64_t)p->filter));
    if (p->decode == ALX_DECODE_FAST) alx_text_add(text, ", fast decode");
    if (p->height != p->image_height || p->width != p->image_width)
        alx_text_printf(text, ", %dx%d cut out", p->height, p->width);
    if (p->channels == 1) alx_text_add(text, ", grey");
    double whole = rint(1.0 / p->rescale);
    if (whole > 1.0 && whole < 1e6 && 1.0 / whole == p->rescale)
        alx_text_printf(text, ", x 1/%.0f", whole);
    else
        alx_text_printf(text, ", x %s", alx_text_number(p->rescale, number));
    describe_numbers(text, "mean", p->mean, p->channels, 0.0);
    describe_numbers(text, "std", p->std, p->channels, 1.0);
}

/* ---- Pixels ---- */

int alx_centre_offset(int64_t outer, int64_t inner)
{
    int64_t gap = outer - inner, half = gap >> 1;
    return (int)(half + (gap & half & 1)); /* an odd gap goes up where half is odd */
}

/* Of an image of w x h, the whole resized image is at least as large as the target; its centre is kept.
 * Longer side as torchvision computes it: rounded down. */
static void fit_cover(alx_resample_part *part, int64_t w, int64_t h, int64_t width, int64_t height)
{
    int wide = w * height >= h * width;
    part->full_width = (int)(wide ? w * height / h : width);
    part->full_height = (int)(wide ? height : h * width / w);
    part->left = alx_centre_offset(part->full_width, width);
    part->top = alx_centre_offset(part->full_height, height);
    part->width = (int)width;
    part->height = (int)height;
}

/* The resized image is at most as large; rounding as in ImageOps.contain. */
static void fit_contain(alx_resample_part *part, int w, int h, int width, int height)
{
    double source = (double)w / h, target = (double)width / height;
    part->width = width;
    part->height = height;
    if (source > target) part->height = (int)rint((double)h / w * width);
    if (source < target) part->width = (int)rint((double)w / h * height);
    if (part->height < 1) part->height = 1;
    if (part->width < 1) part->width = 1;
    part->full_width = part->width;
    part->full_height = part->height;
}

/* source: pixels and what they show of an image of width x height. */
static alx_status resize(const alx_preprocess *p, alx_resampler *scratch, const alx_resample_part *source, int width,
                         int height, uint8_t *out, alx_error *err)
{
    size_t stride = (size_t)p->image_width * 3;
    alx_resample_part part = *source;
    part.full_width = part.width = p->image_width;
    part.full_height = part.height = p->image_height;
    part.dst = out;
    part.dst_stride = stride;
    part.filter = p->filter;
    if (p->resize == ALX_RESIZE_COVER) fit_cover(&part, width, height, p->image_width, p->image_height);
    if (p->resize == ALX_RESIZE_CONTAIN) {
        fit_contain(&part, width, height, p->image_width, p->image_height);
        if (part.width < p->image_width || part.height < p->image_height)
            memset(out, 0, stride * (size_t)p->image_height);
        part.dst += (size_t)alx_centre_offset(p->image_height, part.height) * stride +
                    (size_t)alx_centre_offset(p->image_width, part.width) * 3;
    }
    return alx_resample_cut(scratch, &part, err);
}

alx_status alx_preprocess_resize(const alx_preprocess *p, alx_resampler *scratch, const uint8_t *rgb, int width,
                                 int height, uint8_t *out, alx_error *err)
{
    const alx_resample_part source = {.src = rgb, .src_width = width, .src_height = height};
    return resize(p, scratch, &source, width, height, out, err);
}

alx_status alx_preprocess_resize_image(const alx_preprocess *p, alx_resampler *scratch, const alx_image *image,
                                       uint8_t *out, alx_error *err)
{
    const alx_resample_part source = {.src = image->rgb,
                                      .src_width = image->width,
                                      .src_height = image->height,
                                      .across = image->across,
                                      .down = image->down};
    return resize(p, scratch, &source, image->full_width, image->full_height, out, err);
}

/* A cover is as large as its target on both sides, and what a contain leaves of one is bars.  Not the input's size
 * counts but that of the resized image, which crops are cut out of. */
const alx_image_need *alx_preprocess_need(const alx_preprocess *p, alx_image_need *need)
{
    if (p->decode == ALX_DECODE_EXACT) return NULL;
    *need = (alx_image_need){p->image_width, p->image_height, p->resize == ALX_RESIZE_CONTAIN};
    return need;
}

/* Computed in double and rounded once: a table makes the exact value the fast one. */
void alx_scaling_fill(alx_scaling *scaling, const alx_preprocess *p)
{
    for (int c = 0; c < p->channels; c++)
        for (int v = 0; v < 256; v++) scaling->value[c][v] = (float)((v * p->rescale - p->mean[c]) / p->std[c]);
}

/* `step` is 3, or -3 to mirror. */
static void emit_rgb_row(float *x, size_t plane, const uint8_t *in, ptrdiff_t step, int width,
                         const alx_scaling *scaling)
{
    for (int i = 0; i < width; i++) {
        const uint8_t *pixel = in + i * step;
        x[i] = scaling->value[0][pixel[0]];
        x[plane + (size_t)i] = scaling->value[1][pixel[1]];
        x[2 * plane + (size_t)i] = scaling->value[2][pixel[2]];
    }
}

static void emit_grey_row(float *x, const uint8_t *in, ptrdiff_t step, int width, const float table[256])
{
    for (int i = 0; i < width; i++) x[i] = table[alx_luma(in + i * step)];
}

void alx_preprocess_emit(const alx_preprocess *p, const uint8_t *resized, int top, int left, int mirror, float *x)
{
    alx_scaling scaling;
    alx_scaling_fill(&scaling, p);
    alx_preprocess_emit_scaled(p, &scaling, resized, top, left, mirror, x);
}

void alx_preprocess_emit_scaled(const alx_preprocess *p, const alx_scaling *scaling, const uint8_t *resized, int top,
                                int left, int mirror, float *x)
{
    size_t plane = (size_t)p->height * (size_t)p->width;
    for (int y = 0; y < p->height; y++) {
        const uint8_t *row = resized + ((size_t)(top + y) * (size_t)p->image_width + (size_t)left) * 3;
        if (mirror) row += ((size_t)p->width - 1) * 3;
        float *out = x + (size_t)y * (size_t)p->width;
        if (p->channels == 1)
            emit_grey_row(out, row, mirror ? -3 : 3, p->width, scaling->value[0]);
        else
            emit_rgb_row(out, plane, row, mirror ? -3 : 3, p->width, scaling);
    }
}

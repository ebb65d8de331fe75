/* The data section of a recipe. */
#include <math.h>
#include <stddef.h>

#include "data/loader.h"

#define AT(field) offsetof(alx_data_config, field)

static const alx_choice image_sizes[] = {{"input", 0}, {NULL, 0}};

/* clang-format off */
const alx_option alx_data_options[] = {
    {"train", ALX_OPTION_PATH, AT(train), "", 0, 0, NULL, "train_dir training data path",
     {"folder of training images, one sub-folder a class", "训练图像文件夹，每个子文件夹一类"}},
    {"validation", ALX_OPTION_PATH, AT(validation), "", 0, 0, NULL, "val valid val_dir validation_dir",
     {"folder of images that the network is checked on after each epoch; empty: a part of train",
      "每轮之后用来检验的图像文件夹；为空则从 train 中划出一部分"}},
    {"test", ALX_OPTION_PATH, AT(test), "", 0, 0, NULL, "test_dir",
     {"folder of images that training never looks at", "训练过程从不使用的测试图像文件夹"}},
    {"validation_split", ALX_OPTION_NUMBER, AT(validation_split), "0.2", 0, 0x1.fffffffffffffp-1, NULL,
     "val_split split test_size",
     {"share of each class of train that is kept for validation when no validation folder is given",
      "未给出验证文件夹时，从训练集每一类中划出的比例"}},
    {"resize", ALX_OPTION_CHOICE, AT(resize), "stretch", 0, 0, alx_resize_choices, "resize_mode fit",
     {"stretch: both sides, aspect ignored; cover: fill and cut the edges; contain: fit and fill with black",
      "stretch：拉伸，不保持比例；cover：铺满后裁去边缘；contain：完整放入，其余填黑"}},
    {"filter", ALX_OPTION_CHOICE, AT(filter), "bilinear", 0, 0, alx_filter_choices,
     "interpolation resample resampling",
     {"how pixels are computed when resizing; the same bytes as Pillow's", "缩放算法，结果与 Pillow 逐字节相同"}},
    {"image_size", ALX_OPTION_PAIR, AT(image_size), "input", 1, ALX_IMAGE_MAX_SIDE, image_sizes,
     "size target_size imgsz resize_to",
     {"height and width after resizing, before the input is cut out of it; input: the network's own",
      "缩放后的高和宽，输入再从中裁出；input：与网络输入相同"}},
    {"rescale", ALX_OPTION_NUMBER, AT(rescale), "1/255", 1e-300, 1e18, NULL, "scale",
     {"each pixel (0..255) is multiplied by this", "每个像素值（0..255）乘以此数"}},
    {"mean", ALX_OPTION_NUMBERS, AT(mean), "", 0, 0, NULL, "means",
     {"then this is taken away: one number, or one a channel", "随后减去此数：一个数，或每通道一个"}},
    {"std", ALX_OPTION_NUMBERS, AT(std), "", 1e-300, 1e18, NULL, "stds stddev",
     {"and the rest divided by this: one number, or one a channel", "再除以此数：一个数，或每通道一个"}},
    {"cache", ALX_OPTION_NUMBER, AT(cache), "4", 0, 1e6, NULL, "cache_size",
     {"GiB of memory for decoded images; what does not fit is decoded each epoch",
      "用于缓存已解码图像的内存（GiB）；放不下的每轮重新解码"}},
    {"skip_bad", ALX_OPTION_PERCENT, AT(skip_bad), "1", 0, 100, NULL, "ignore_bad skip_missing",
     {"percent of images that may be unreadable; more stop the run", "允许无法读取的图像百分比；超过则停止"}},
    {0},
};
/* clang-format on */

/* One number stands for all channels, none for `usual`. */
static alx_status spread(double out[3], const alx_numbers *numbers, const char *name, int channels, double usual,
                         alx_error *err)
{
    if (numbers->count > 1 && numbers->count != channels)
        return alx_fail(err, ALX_USAGE, "%s has %d numbers; give one, or one for each of the %d channels", name,
                        numbers->count, channels);
    for (int c = 0; c < 3; c++) {
        if (numbers->count == 0 || c >= channels)
            out[c] = usual;
        else
            out[c] = numbers->values[numbers->count == 1 ? 0 : c];
        if (!isfinite(out[c])) return alx_fail(err, ALX_USAGE, "%s: %g is no number to compute with", name, out[c]);
    }
    return ALX_OK;
}

alx_status alx_data_preprocess(const alx_data_config *config, const int input[3], alx_preprocess *p, alx_error *err)
{
    if (input[2] != 1 && input[2] != 3)
        return alx_fail(
            err, ALX_BAD_MODEL,
            "the network takes %d channels, images have 3 (colour) or 1 (grey); change the last number of its "
            "input",
            input[2]);
    int64_t height = config->image_size[0] ? config->image_size[0] : input[0];
    int64_t width = config->image_size[1] ? config->image_size[1] : input[1];
    if (height < input[0] || width < input[1])
        return alx_fail(err, ALX_USAGE,
                        "image_size %lldx%lld is smaller than the network's input %dx%d; make it as large",
                        (long long)height, (long long)width, input[0], input[1]);
    if (height > ALX_IMAGE_MAX_SIDE || width > ALX_IMAGE_MAX_SIDE || height * width > ALX_IMAGE_MAX_PIXELS)
        return alx_fail(err, ALX_USAGE, "image_size %lldx%lld is more than %d a side or %d million pixels in all",
                        (long long)height, (long long)width, ALX_IMAGE_MAX_SIDE, ALX_IMAGE_MAX_PIXELS / 1000000);
    *p = (alx_preprocess){
        .resize = (alx_resize)config->resize,
        .filter = (alx_filter)config->filter,
        .image_height = (int)height,
        .image_width = (int)width,
        .height = input[0],
        .width = input[1],
        .channels = input[2],
        .rescale = config->rescale,
    };
    ALX_TRY(spread(p->mean, &config->mean, "mean", input[2], 0.0, err));
    ALX_TRY(spread(p->std, &config->std, "std", input[2], 1.0, err));
    for (int c = 0; c < 3; c++)
        if (!(p->std[c] > 0.0)) return alx_fail(err, ALX_USAGE, "std %g; it must be above 0", p->std[c]);
    return ALX_OK;
}

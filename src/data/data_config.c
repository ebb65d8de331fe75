/* The data section of a recipe, and label and split inside it. */
#include <math.h>
#include <stddef.h>

#include "data/loader.h"

#define AT(field) offsetof(alx_data_config, field)

static const alx_choice image_sizes[] = {{"input", 0}, {NULL, 0}};
static const alx_choice encodings[] = {{"utf-8", ALX_ENCODING_UTF8}, {"gb18030", ALX_ENCODING_GB18030}, {NULL, 0}};
static const alx_choice measured[] = {{"train", ALX_NORMALIZE_TRAIN}, {NULL, 0}};
static const alx_choice automatic[] = {{"auto", ALX_SPLIT_AUTO}, {NULL, 0}};
static const alx_choice no_state[] = {{"none", ALX_SPLIT_NONE}, {NULL, 0}};
static const alx_choice train_seed[] = {{"train", ALX_SPLIT_TRAIN_SEED}, {NULL, 0}};
static const alx_choice stratify[] = {
    {"auto", ALX_STRATIFY_AUTO}, {"true", ALX_STRATIFY_YES}, {"false", ALX_STRATIFY_NO}, {NULL, 0}};

#define BELOW_1 0x1.fffffffffffffp-1

/* clang-format off */
const alx_option alx_data_options[] = {
    {"train", ALX_OPTION_PATH, AT(train), "", 0, 0, NULL, "train_dir training data",
     {"training images: a folder with one sub-folder a class, a table, a list file or an IDX file",
      "训练图像：每类一个子文件夹的文件夹、表格、列表文件或 IDX 文件"}},
    {"validation", ALX_OPTION_PATH, AT(validation), "", 0, 0, NULL, "val valid val_dir validation_dir",
     {"images that the network is checked on after each epoch; empty: a part of train",
      "每轮之后用来检验的图像；为空则从 train 中划出一部分"}},
    {"test", ALX_OPTION_PATH, AT(test), "", 0, 0, NULL, "test_dir",
     {"images that training never looks at", "训练过程从不使用的测试图像"}},
    {"csv", ALX_OPTION_PATH, AT(csv), "", 0, 0, NULL, "table tsv labels_file annotations",
     {"a table of images and labels, in place of train", "图像与标签的表格，用来代替 train"}},
    {"root", ALX_OPTION_PATH, AT(source.root), "", 0, 0, NULL, "image_dir images_dir img_dir image_root",
     {"folder that the paths in a table or list are relative to; empty: the table's own",
      "表格或列表中的路径所相对的文件夹；为空则为表格所在的文件夹"}},
    {"path", ALX_OPTION_TEXT, AT(source.path), "path", 0, 0, NULL, "x_col filename file image_column path_column",
     {"the table's column of paths", "表格中存放路径的列"}},
    {"classes", ALX_OPTION_TEXTS, AT(source.classes), "[]", 0, 0, NULL, "class_names class_order",
     {"classes in the order of the outputs; empty: sorted bytewise", "类别，按输出的顺序；为空则按字节排序"}},
    {"encoding", ALX_OPTION_CHOICE, AT(source.encoding), "utf-8", 0, 0, encodings, "charset codec gbk",
     {"of the table or list; spreadsheets in China write gb18030", "表格或列表的编码；中文版电子表格软件常存为 gb18030"}},
    {"separator", ALX_OPTION_TEXT, AT(source.separator), "", 0, 0, NULL, "sep delimiter",
     {"between the table's fields: one character or tab; empty: a comma, in .tsv a tab",
      "表格各列之间的分隔符：一个字符或 tab；为空则为逗号，.tsv 为制表符"}},
    {"skip_missing", ALX_OPTION_BOOL, AT(source.skip_missing), "false", 0, 0, NULL, "ignore_missing allow_missing",
     {"leave out and count rows without a file or a label, instead of stopping",
      "缺文件或缺标签的行不报错，而是略去并计数"}},
    {"validation_split", ALX_OPTION_NUMBER, AT(split.validation), alx_option_alias, 0, BELOW_1, automatic,
     "val_split", {"Keras' name of data.split.validation", "data.split.validation 在 Keras 中的名字"}},
    {"decode", ALX_OPTION_CHOICE, AT(decode), "exact", 0, 0, alx_decode_choices, "jpeg draft dct_scaling shrink_on_load",
     {"exact: as Pillow decodes; fast: a JPEG at 1/2, 1/4 or 1/8 where that is still as large as the resized image",
      "exact：与 Pillow 的解码结果相同；fast：JPEG 直接解码为 1/2、1/4 或 1/8 大小，但不小于缩放后的图像"}},
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
    {"mean", ALX_OPTION_NUMBERS, AT(mean), "", 0, 0, measured, "means",
     {"then this is taken away: one number, or one a channel; train: the training images' own",
      "随后减去此数：一个数，或每通道一个；train 为训练图像自身的均值"}},
    {"std", ALX_OPTION_NUMBERS, AT(std), "", 1e-300, 1e18, measured, "stds stddev",
     {"and the rest divided by this: one number, or one a channel; train: the training images' own",
      "再除以此数：一个数，或每通道一个；train 为训练图像自身的标准差"}},
    {"cache", ALX_OPTION_NUMBER, AT(cache), "4", 0, 1e6, NULL, "cache_size",
     {"GiB of memory for decoded images; what does not fit is decoded each epoch",
      "用于缓存已解码图像的内存（GiB）；放不下的每轮重新解码"}},
    {"skip_bad", ALX_OPTION_PERCENT, AT(skip_bad), "1", 0, 100, NULL, "ignore_bad",
     {"percent of images that may be unreadable; more stop the run", "允许无法读取的图像百分比；超过则停止"}},
    {0},
};

#define LABEL(field) (offsetof(alx_source_config, label.field) - offsetof(alx_source_config, label))

const alx_option alx_label_options[] = {
    {"column", ALX_OPTION_TEXT, LABEL(column), "label", 0, 0, NULL, "y_col label_column target",
     {"the table's column of labels", "表格中存放标签的列"}},
    {"match", ALX_OPTION_TEXT, LABEL(match), "", 0, 0, NULL, "regex pattern regexp expression",
     {"regular expression whose first group is the label: \"^([fm])\"; empty: the whole text",
      "正则表达式，其第一个分组就是标签，如 \"^([fm])\"；为空则取整个文本"}},
    {"names", ALX_OPTION_TEXT_MAP, LABEL(names), "{}", 0, 0, NULL, "map mapping rename",
     {"what labels are called as classes: {f: female, m: male}", "标签对应的类名，如 {f: female, m: male}"}},
    {0},
};

#define SPLIT(field) offsetof(alx_split_config, field)

const alx_option alx_split_options[] = {
    {"validation", ALX_OPTION_NUMBER, SPLIT(validation), "auto", 0, BELOW_1, automatic, "val valid val_size",
     {"share of train that validates; auto: 0.2, or 0 when other images do",
      "从 train 中划出用来检验的比例；auto：0.2，已有其他检验图像时为 0"}},
    {"test", ALX_OPTION_NUMBER, SPLIT(test), "0", 0, BELOW_1, NULL, "test_size test_split",
     {"share of train that is put aside as test images", "从 train 中留出作为测试图像的比例"}},
    {"random_state", ALX_OPTION_INT, SPLIT(random_state), "none", 0, 4294967295.0, no_state, "sklearn",
     {"split exactly as scikit-learn's train_test_split with this random_state",
      "与 scikit-learn 的 train_test_split 取此 random_state 时的划分完全相同"}},
    {"seed", ALX_OPTION_INT, SPLIT(seed), "train", 0, 1e18, train_seed, "random_seed split_seed",
     {"of our own draw; train: train.seed", "本程序划分所用的种子；train：与 train.seed 相同"}},
    {"stratify", ALX_OPTION_CHOICE, SPLIT(stratify), "auto", 0, 0, stratify, "stratified balance",
     {"each class gives the same share; auto: yes, but for random_state", "每类按同样比例划分；auto：除 random_state 外都如此"}},
    {"group", ALX_OPTION_TEXT, SPLIT(group), "", 0, 0, NULL, "groups person subject",
     {"the table's column whose equal values stay on one side, such as a person",
      "表格中的一列：取值相同的行（如同一个人）总在同一边"}},
    {"folds", ALX_OPTION_INT, SPLIT(folds), "0", 0, 1000, NULL, "k n_splits cross_validation kfold",
     {"cut train into this many parts, one of which validates; 0: shares", "把 train 分成几份，其中一份用来检验；0 为按比例划分"}},
    {"fold", ALX_OPTION_INT, SPLIT(fold), "1", 1, 1000, NULL, "",
     {"which of the folds validates", "用第几份来检验"}},
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
        .decode = (alx_decode)config->decode,
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

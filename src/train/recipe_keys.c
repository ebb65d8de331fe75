/* The keys of a recipe, as tables, and how a key is found by name. */
#include <stdio.h>
#include <string.h>

#include "train/recipe.h"

static const alx_choice optimizers[] = {{"adam", ALX_ADAM}, {"adamw", ALX_ADAMW}, {"sgd", ALX_SGD}, {NULL, 0}};
static const alx_choice epsilon_forms[] = {{"keras", ALX_EPSILON_KERAS}, {"pytorch", ALX_EPSILON_PYTORCH}, {NULL, 0}};
static const alx_choice schedules[] = {{"constant", ALX_SCHEDULE_CONSTANT},
                                       {"step", ALX_SCHEDULE_STEP},
                                       {"exponential", ALX_SCHEDULE_EXPONENTIAL},
                                       {"cosine", ALX_SCHEDULE_COSINE},
                                       {"one_cycle", ALX_SCHEDULE_ONE_CYCLE},
                                       {"plateau", ALX_SCHEDULE_PLATEAU},
                                       {NULL, 0}};
static const alx_choice monitors[] = {
    {"val_loss", ALX_MONITOR_LOSS}, {"val_accuracy", ALX_MONITOR_ACCURACY}, {NULL, 0}};
static const alx_choice class_weights[] = {{"balanced", ALX_CLASS_WEIGHT_BALANCED}, {NULL, 0}};
static const alx_choice precisions[] = {
    {"auto", ALX_PRECISION_AUTO}, {"f32", ALX_PRECISION_F32}, {"bf16", ALX_PRECISION_BF16}, {NULL, 0}};

/* By the number of training images. */
static const alx_choice by_images[] = {{"auto", 0}, {NULL, 0}};
static const alx_choice no_limit[] = {{"none", 0}, {NULL, 0}};

#define FIELD(name)     offsetof(alx_train_config, name)
#define OPTIMIZER(name) offsetof(alx_train_config, optimizer.name)
#define SCHEDULE(name)  offsetof(alx_train_config, schedule.name)
#define NO_BOUND        1e18
#define BELOW_1         0x1.fffffffffffffp-1

/* clang-format off */
const alx_option alx_train_options[] = {
    {"optimizer", ALX_OPTION_CHOICE, OPTIMIZER(kind), "adam", 0, 0, optimizers, "solver optim",
     {"how gradients become steps", "由梯度求更新步的方法"}},
    {"learning_rate", ALX_OPTION_NUMBER, OPTIMIZER(learning_rate), "0.001", 0, NO_BOUND, NULL, "lr lr0 base_lr rate",
     {"size of a step", "学习率：每一步迈多大"}},
    {"batch_size", ALX_OPTION_INT, FIELD(batch_size), "32", 1, 1 << 20, NULL, "batch bs batchsize",
     {"images in a step", "每一步用多少张图像"}},
    {"gradient_accumulation_steps", ALX_OPTION_INT, FIELD(gradient_accumulation_steps), "1", 1, 1 << 16, NULL,
     "accumulate accumulation grad_accum gradient_accumulation accumulate_grad_batches",
     {"batches whose gradients make one step: as a batch so many times as large", "累积这么多批的梯度才更新一步，相当于批大小乘以此数"}},
    {"memory_limit", ALX_OPTION_BYTES, FIELD(memory_limit), "none", 0, 0, no_limit, "max_memory memory ram mem_limit",
     {"training takes no more, such as 2GiB: a batch that does not fit is computed in parts, whose gradients are summed",
      "训练占用内存的上限，如 2GiB：放不下的一批拆成几份计算，梯度累加"}},
    {"micro_batch_norm", ALX_OPTION_BOOL, FIELD(micro_batch_norm), "false", 0, 0, NULL, "ghost_batch_norm virtual_batch_size",
     {"memory_limit may cut a batch although batch_normalization then has the statistics of its parts",
      "允许 memory_limit 拆分批次，尽管 batch_normalization 的统计量将只来自每一份"}},
    {"epochs", ALX_OPTION_INT, FIELD(epochs), "10", 1, 100000, by_images, "epoch max_epochs num_epochs",
     {"passes over the training images; auto: as many as show 500,000 of them, 10 to 60",
      "训练图像总共过几遍；auto：共看约 500,000 张图像，10 至 60 遍"}},
    {"seed", ALX_OPTION_INT, FIELD(seed), "0", 0, NO_BOUND, NULL, "random_state random_seed",
     {"of all random draws: the same seed gives the same run", "随机数种子：种子相同，过程相同"}},
    {"threads", ALX_OPTION_INT, FIELD(threads), "0", 0, 1024, NULL, "workers num_threads jobs cpus",
     {"threads that compute; 0: all cores of this process", "计算线程数；0 为本进程可用的全部核心"}},
    {"precision", ALX_OPTION_CHOICE, FIELD(precision), "auto", 0, 0, precisions, "dtype amp half",
     {"of activations and gradients; auto: bf16 where the processor has it natively",
      "激活值与梯度的精度；auto：处理器原生支持时用 bf16"}},
    {"schedule", ALX_OPTION_CHOICE, SCHEDULE(kind), "constant", 0, 0, schedules, "lr_schedule scheduler lr_scheduler",
     {"how the learning rate changes over the run", "学习率在训练中如何变化"}},
    {"warmup_epochs", ALX_OPTION_NUMBER, SCHEDULE(warmup_epochs), "0", 0, 100000, NULL, "warmup warm_up warmup_steps",
     {"the rate first grows from 0 over so many epochs, also a part of one", "学习率先用这么多轮从 0 升上来，可为小数"}},
    {"decay_factor", ALX_OPTION_NUMBER, SCHEDULE(decay_factor), "0.1", 1e-300, 1, NULL, "gamma factor decay_rate",
     {"step, exponential, plateau: the rate is multiplied by this", "step、exponential、plateau：学习率每次乘以此数"}},
    {"decay_epochs", ALX_OPTION_INT, SCHEDULE(decay_epochs), "30", 1, 100000, NULL, "step_size decay_steps",
     {"step: once every so many epochs; exponential: spread over them", "step：每隔这么多轮乘一次；exponential：均摊到各轮"}},
    {"min_learning_rate", ALX_OPTION_NUMBER, SCHEDULE(min_learning_rate), "0", 0, NO_BOUND, NULL, "min_lr eta_min lr_min",
     {"step, exponential, cosine, plateau: the rate goes no lower", "step、exponential、cosine、plateau：学习率的下限"}},
    {"plateau_patience", ALX_OPTION_INT, SCHEDULE(plateau_patience), "5", 1, 100000, NULL, "lr_patience",
     {"plateau: epochs without improvement before the rate drops", "plateau：连续这么多轮没有改善就降低学习率"}},
    {"label_smoothing", ALX_OPTION_NUMBER, FIELD(label_smoothing), "0", 0, BELOW_1, NULL, "smoothing",
     {"share of the target spread over all classes", "把目标的这一份均摊给所有类别"}},
    {"class_weight", ALX_OPTION_NUMBERS, FIELD(class_weight), "[]", 0, NO_BOUND, class_weights, "class_weights",
     {"weight of each class's loss, in class order; balanced: rare classes weigh more; empty: all 1",
      "各类损失的权重，按类别顺序；balanced：样本少的类权重大；空则都为 1"}},
    {"beta_1", ALX_OPTION_NUMBER, OPTIMIZER(beta_1), "0.9", 0, BELOW_1, NULL, "beta1 betas",
     {"adam: decay of the mean gradient", "adam：梯度均值的衰减"}},
    {"beta_2", ALX_OPTION_NUMBER, OPTIMIZER(beta_2), "0.999", 0, BELOW_1, NULL, "beta2",
     {"adam: decay of the mean squared gradient", "adam：梯度平方均值的衰减"}},
    {"epsilon", ALX_OPTION_NUMBER, OPTIMIZER(epsilon), "1e-7", 1e-30, 1, NULL, "eps",
     {"adam: keeps the divisor above 0", "adam：保证除数大于 0"}},
    {"epsilon_form", ALX_OPTION_CHOICE, OPTIMIZER(epsilon_form), "keras", 0, 0, epsilon_forms, "eps_form",
     {"adam: epsilon beside the uncorrected (keras) or the corrected (pytorch) root",
      "adam：epsilon 加在校正前（keras）或校正后（pytorch）的平方根上"}},
    {"momentum", ALX_OPTION_NUMBER, OPTIMIZER(momentum), "0", 0, BELOW_1, NULL, "mu",
     {"sgd: share of the last step that is kept", "sgd：上一步保留的份额"}},
    {"nesterov", ALX_OPTION_BOOL, OPTIMIZER(nesterov), "false", 0, 0, NULL, "nag",
     {"sgd: look ahead along the momentum", "sgd：沿动量方向先看一步"}},
    {"weight_decay", ALX_OPTION_NUMBER, OPTIMIZER(weight_decay), "0", 0, 1e6, NULL, "wd l2 decay",
     {"adam, sgd: this times the weight is added to its gradient (L2); adamw: taken from the weight, times the rate",
      "adam、sgd：权重乘以此数后加到梯度上（L2）；adamw：再乘学习率，直接从权重中减去"}},
    {"rate_multipliers", ALX_OPTION_NUMBER_MAP, FIELD(rate_multipliers), "{}", 0, 1e6, NULL, "lr_mult lr_multipliers",
     {"learning rates of layers, by names of tensors: {\"*.bias\": 2} doubles it for every bias",
      "各层的学习率倍数，按张量名匹配：{\"*.bias\": 2} 使所有偏置的学习率加倍"}},
    {"decay_multipliers", ALX_OPTION_NUMBER_MAP, FIELD(decay_multipliers), "{}", 0, 1e6, NULL, "decay_mult wd_mult",
     {"the same for weight_decay: {\"*.bias\": 0} leaves it out for biases",
      "weight_decay 的倍数，写法相同：{\"*.bias\": 0} 使偏置不衰减"}},
    {"clip_norm", ALX_OPTION_NUMBER, FIELD(clip_norm), "0", 0, NO_BOUND, NULL,
     "clipnorm global_clipnorm gradient_clip grad_clip max_norm max_grad_norm",
     {"a gradient longer than this (L2, over all weights) is shortened to it; 0: never",
      "所有权重的梯度合起来的 L2 范数若超过此数，就按比例缩到此数；0 为不限"}},
    {"clip_value", ALX_OPTION_NUMBER, FIELD(clip_value), "0", 0, NO_BOUND, NULL, "clipvalue",
     {"each number of the gradient is kept within plus and minus this; 0: never", "梯度的每个分量都限制在正负此数之间；0 为不限"}},
    {"ema", ALX_OPTION_NUMBER, FIELD(ema), "0", 0, BELOW_1, NULL, "ema_decay ema_momentum use_ema model_ema average",
     {"moving average of the weights, such as 0.999: it is validated and kept as best; 0: none",
      "权重的滑动平均（如 0.999）：用平均后的权重验证并存为最佳；0 为不用"}},
    {"monitor", ALX_OPTION_CHOICE, FIELD(monitor), "val_loss", 0, 0, monitors, "metric watch",
     {"what decides which epoch is best, when plateau drops the rate and when patience ends",
      "以哪项指标评选最佳的一轮；plateau 与 patience 也看它"}},
    {"patience", ALX_OPTION_INT, FIELD(patience), "0", 0, 100000, NULL, "early_stopping early_stop es_patience",
     {"stop after so many epochs without improvement; 0: never", "连续这么多轮没有改善就停止；0 为从不"}},
    {"min_delta", ALX_OPTION_NUMBER, FIELD(min_delta), "0", 0, NO_BOUND, NULL, "min_improvement threshold",
     {"what patience and plateau take for an improvement is more than this", "改善超过此数，patience 与 plateau 才算有改善"}},
    {"weights", ALX_OPTION_PATH, FIELD(weights), "", 0, 0, NULL, "pretrained init_weights checkpoint initial_weights",
     {"start from the tensors of this .safetensors file or run folder, by name",
      "以该 .safetensors 文件或训练目录中的同名张量为初值"}},
    {"freeze", ALX_OPTION_TEXTS, FIELD(freeze), "[]", 0, 0, NULL, "frozen freeze_layers trainable",
     {"layers that keep their weights, by name or pattern, such as [conv2d_*]",
      "冻结的层：按名称或通配符指定，如 [conv2d_*]，其权重保持不变"}},
    {"checkpoint_steps", ALX_OPTION_INT, FIELD(checkpoint_steps), "0", 0, 1000000000, NULL,
     "save_freq save_steps checkpoint_every save_every",
     {"write a checkpoint after every so many steps too, where epochs are long; 0: after each epoch alone",
      "一轮很长时，每隔这么多步也写一次检查点；0 为只在每轮结束时写"}},
    {"keep_optimizer", ALX_OPTION_BOOL, FIELD(keep_optimizer), "false", 0, 0, NULL, "save_optimizer",
     {"keep the optimizer's state after the last epoch, to extend the run exactly",
      "训练结束后保留优化器状态，以便原样续训"}},
    {"exact", ALX_OPTION_BOOL, FIELD(exact), "false", 0, 0, NULL, "deterministic",
     {"as written: direct convolution, nothing folded; slower, closest to the textbook",
      "照定义计算：只用直接卷积，不合并各层；较慢，最接近定义"}},
    {0},
};

static const alx_option top_options[] = {
    {"model", ALX_OPTION_TEXT, offsetof(struct alx_recipe, model), "starter", 0, 0, NULL, "network net arch architecture",
     {"a network's YAML file, or the name of a built-in one; auto: starter or starter-32, by the images' size",
      "网络的 YAML 文件，或内置网络的名字；auto：按图片大小选 starter 或 starter-32"}},
    {"classes", ALX_OPTION_INT, offsetof(struct alx_recipe, classes), "0", 0, 1000000, NULL, "num_classes nc",
     {"how many classes the data must have; 0: as many as it has", "数据应有的类别数；0 为数据有几类就几类"}},
    {0},
};

const alx_option alx_recipe_augment = {"augment", ALX_OPTION_TEXT, 0, "[]", 0, 0, NULL, "augmentation aug",
                                       {"random changes of training images, such as [random_crop, flip]; "
                                        "`alexnet augmentations` lists them",
                                        "训练图像的随机变化，如 [random_crop, flip]；用 `alexnet augmentations` 查看全部"}};

/* clang-format on */

const alx_recipe_section alx_recipe_sections[] = {
    {"", top_options, 0, "data augment train"},
    {"data", alx_data_options, offsetof(struct alx_recipe, data), "label split"},
    {"data.label", alx_label_options, offsetof(struct alx_recipe, data.source.label), NULL},
    {"data.split", alx_split_options, offsetof(struct alx_recipe, data.split), NULL},
    {"train", alx_train_options, offsetof(struct alx_recipe, train), NULL},
    {NULL, NULL, 0, NULL},
};

const char *alx_recipe_section_key(const alx_recipe_section *section)
{
    const char *dot = strrchr(section->name, '.');
    return dot ? dot + 1 : section->name;
}

/* ---- Finding a key ---- */

enum { MAX_KEYS = 160 };

/* All rows of the sections (of one of them: only) as one table, for did-you-mean. */
static void gather(alx_option rows[MAX_KEYS + 1], const char *only)
{
    int count = 0;
    for (const alx_recipe_section *s = alx_recipe_sections; s->name; s++) {
        if (only && strcmp(s->name, only) != 0) continue;
        for (const alx_option *o = s->options; o->name && count < MAX_KEYS - 1; o++) rows[count++] = *o;
        if (!*s->name) rows[count++] = alx_recipe_augment;
    }
    rows[count] = (alx_option){.name = NULL};
}

static const alx_recipe_section *section_of(const alx_option *option)
{
    for (const alx_recipe_section *s = alx_recipe_sections; s->name; s++)
        if (alx_options_find(s->options, option->name)) return s;
    return alx_recipe_sections; /* augment */
}

static alx_status fail_unknown(const char *key, const char *only, alx_error *err)
{
    alx_option rows[MAX_KEYS + 1];
    gather(rows, only);
    const char *name = only ? strrchr(key, '.') + 1 : key;
    const alx_option *near = alx_options_nearest(rows, name);
    alx_printable shown;
    alx_text_printable(key, shown);
    if (!near)
        return alx_fail(err, ALX_USAGE, "there is no recipe key \"%s\"; `alexnet train --help` lists them", shown);
    const char *section = section_of(near)->name;
    return alx_fail(err, ALX_USAGE, "there is no recipe key \"%s\"; did you mean %s%s%s?", shown, section,
                    *section ? "." : "", near->name);
}

static void describe(const alx_option *option, alx_option_info *info)
{
    alx_option_describe(option, info);
    if (option == &alx_recipe_augment) snprintf(info->type, sizeof info->type, "list");
}

/* The part of key behind "data.split." or "split."; NULL: it does not begin so. */
static const char *behind_section(const char *key, const alx_recipe_section *section)
{
    const char *const names[] = {section->name, alx_recipe_section_key(section)};
    for (size_t i = 0; *section->name && i < sizeof names / sizeof names[0]; i++) {
        const size_t length = strlen(names[i]);
        if (strncmp(key, names[i], length) == 0 && key[length] == '.' && !strchr(key + length + 1, '.'))
            return key + length + 1;
    }
    return NULL;
}

static bool is_inner(const alx_recipe_section *section)
{
    return strchr(section->name, '.') != NULL;
}

alx_status alx_recipe_find(const alx_recipe_section **section, const alx_option **option, const char *key,
                           alx_error *err)
{
    const char *only = NULL;
    *option = NULL;
    for (const alx_recipe_section *s = alx_recipe_sections; s->name && !*option; s++) {
        const char *name = behind_section(key, s);
        if (!name) continue;
        only = s->name;
        *section = s;
        *option = alx_options_find(s->options, name);
    }
    for (int inner = 0; inner < 2 && !only; inner++)
        for (const alx_recipe_section *s = alx_recipe_sections; s->name && !*option; s++) {
            if (is_inner(s) != inner) continue;
            *section = s;
            *option = alx_options_find(s->options, key);
        }
    if (!*option && !only && alx_text_same_name(key, alx_recipe_augment.name)) {
        *section = alx_recipe_sections;
        *option = &alx_recipe_augment;
    }
    return *option ? ALX_OK : fail_unknown(key, only, err);
}

int alx_recipe_key(const char *name, const char **section, alx_option_info *info)
{
    const alx_recipe_section *found;
    const alx_option *option;
    if (alx_recipe_find(&found, &option, name, NULL)) return 0;
    *section = found->name;
    describe(option, info);
    return 1;
}

int alx_recipe_option(int index, const char **section, alx_option_info *info)
{
    if (index < 0) return 0;
    for (const alx_recipe_section *s = alx_recipe_sections; s->name; s++) {
        const alx_option *option = s->options;
        while (option->name && index > 0) option++, index--;
        if (!option->name && !*s->name && index-- == 0) option = &alx_recipe_augment;
        if (!option->name) continue;
        *section = s->name;
        describe(option, info);
        return 1;
    }
    return 0;
}

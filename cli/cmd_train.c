/* alexnet train: a recipe from a folder, a file or options; then the run, which Ctrl-C may stop. */
#include <string.h>
#include <sys/stat.h>

#include "cli/autotune.h"
#include "cli/files.h"
#include "cli/output.h"
#include "cli/train.h"
#include "report/progress.h"

typedef cli_train_config config;

const cli_option cli_train_options[] = {
    {"out",
     'o',
     CLI_TEXT,
     offsetof(config, out),
     "RUN",
     0,
     0,
     {"the run's folder (default: runs/1, runs/2 ..., the first that is free)",
      "运行文件夹（默认 runs/1、runs/2……中第一个空闲的）"}},
    {"overwrite",
     0,
     CLI_FLAG,
     offsetof(config, overwrite),
     NULL,
     0,
     0,
     {"reuse a folder that holds a run", "允许覆盖已有运行的文件夹"}},
    {"resume",
     0,
     CLI_TEXT,
     offsetof(config, resume),
     "RUN",
     0,
     0,
     {"continue the run in this folder, at the very batch where it stopped", "从停下的那一批起，继续该文件夹中的运行"}},
    {"find-lr",
     0,
     CLI_FLAG,
     offsetof(config, find_lr),
     NULL,
     0,
     0,
     {"try learning rates from 1e-7 to 10 in 100 steps, draw the curve and suggest one; trains no model",
      "用 100 步从 1e-7 到 10 试一遍学习率，画出曲线并给出建议；不留下模型"}},
    {"overfit-batch",
     0,
     CLI_FLAG,
     offsetof(config, overfit_batch),
     NULL,
     0,
     0,
     {"check that the network can learn one batch by heart; leaves nothing",
      "检查网络能否把一个批次背下来；不留下任何文件"}},
    {"sweep",
     0,
     CLI_TEXT,
     offsetof(config, sweep),
     "YAML",
     0,
     0,
     {"train once for each combination of values: a file, or '{learning_rate: [1e-4, 1e-3]}'; a range such as "
      "{min: 1e-5, max: 1e-2, scale: log} is drawn from",
      "对各种取值组合逐一训练：YAML 文件，或 '{learning_rate: [1e-4, 1e-3]}'；"
      "也可写范围 {min: 1e-5, max: 1e-2, scale: log}，从中随机抽取"}},
    {"trials",
     0,
     CLI_INT,
     offsetof(config, trials),
     "N",
     1,
     10000,
     {"sweep: so many random draws (default: every combination)", "sweep：随机抽取的次数（默认逐一试遍所有组合）"}},
    {"sweep-seed",
     0,
     CLI_INT,
     offsetof(config, sweep_seed),
     "N",
     0,
     1e18,
     {"sweep: seed of the draws (default 0)", "sweep：随机抽取所用的种子（默认 0）"}},
    {"folds",
     0,
     CLI_INT,
     offsetof(config, folds),
     "N",
     2,
     1000,
     {"cross-validation: train N times, each time validating on another Nth of the training images",
      "交叉验证：把训练图片分成 N 份，训练 N 次，每次用其中一份验证"}},
    {"report",
     0,
     CLI_FLAG,
     offsetof(config, report),
     NULL,
     0,
     0,
     {"write the run's report.html after each epoch: the network, curves and samples; `alexnet report` adds the rest",
      "每轮之后写出运行文件夹中的 report.html：网络、曲线和样本；其余由 alexnet report 补上"}},
    {"tensorboard",
     0,
     CLI_TEXT,
     offsetof(config, tensorboard),
     "DIR",
     0,
     0,
     {"write loss, accuracy, learning rate and histograms of the weights for TensorBoard after each epoch",
      "每轮结束后，把损失、准确率、学习率和权重直方图写入该文件夹，供 TensorBoard 查看"}},
    CLI_NO_AUTOTUNE_ROW(config),
    {0},
};

/* ---- A recipe's keys as options ---- */

/* "train.batch_size", or "model" for a key of no section. */
static void full_name(char key[CLI_KEY_NAME], const char *section, const char *name)
{
    snprintf(key, CLI_KEY_NAME, "%s%s%s", section, *section ? "." : "", name);
}

/* The key at a place in the table; false past the last. */
static bool key_at(int index, char key[CLI_KEY_NAME], const char **brief, alx_option_info *info)
{
    const char *section;
    if (!alx_recipe_option(index, &section, info)) return false;
    full_name(key, section, info->name);
    *brief = info->name;
    return true;
}

static bool find_key(const char *name, char key[CLI_KEY_NAME], bool *flag)
{
    const char *section;
    alx_option_info info;
    if (!alx_recipe_key(name, &section, &info)) return false;
    full_name(key, section, info.name);
    *flag = !strcmp(info.type, "yes|no");
    return true;
}

static void try_keys(cli_nearest *nearest)
{
    char key[CLI_KEY_NAME];
    const char *brief;
    alx_option_info info;
    for (int i = 0; key_at(i, key, &brief, &info); i++)
        cli_nearest_try(nearest, strchr(nearest->word, '.') ? key : brief);
}

/* The library knows what others call a key: lr, imgsz. */
static void report_unknown(const char *name)
{
    alx_recipe *recipe = NULL;
    alx_error err = {0};
    alx_status status = alx_recipe_create(&recipe, &err);
    if (!status) status = alx_recipe_set(recipe, name, "1", &err);
    alx_recipe_destroy(recipe);
    char key[CLI_KEY_NAME], option[CLI_KEY_NAME], meant[CLI_KEY_NAME + 32];
    const char *brief;
    alx_option_info info;
    for (int i = 0; status && key_at(i, key, &brief, &info); i++) {
        snprintf(meant, sizeof meant, "did you mean %s?", key);
        if (!strstr(err.message, meant)) continue;
        snprintf(option, sizeof option, "%s", strchr(name, '.') ? key : brief);
        cli_dashes(option);
        cli_usage_error("unknown option --%s; did you mean --%s?", name, option);
        return;
    }
    cli_usage_error("unknown option --%s: %s", name, status ? err.message : "--help lists the options");
}

void cli_train_help(alx_language language)
{
    static const char *const titles[2] = {"Keys of a recipe", "配方的键"};
    static const char *const defaults[2] = {"default", "默认"};
    static const char *const brackets[2][2] = {{" (", ")"}, {"（", "）"}};
    char key[CLI_KEY_NAME], left[256], help[1024];
    const char *brief;
    alx_option_info info;
    printf("\n%s\n", titles[language]);
    for (int i = 0; key_at(i, key, &brief, &info); i++) {
        bool flag = !strcmp(info.type, "yes|no"), given = info.default_value && *info.default_value;
        cli_dashes(key);
        cli_type_text type;
        snprintf(left, sizeof left, "  --%s%s%s", key, flag ? "" : " ",
                 flag ? "" : cli_type_name(info.type, language, type));
        int length = snprintf(help, sizeof help, "%s", info.help[language]);
        if (given && !flag && length > 0 && (size_t)length < sizeof help)
            snprintf(help + length, sizeof help - (size_t)length, "%s%s %s%s", brackets[language][0],
                     defaults[language], info.default_value, brackets[language][1]);
        cli_print_row(stdout, left, help);
    }
}

/* ---- What is trained ---- */

/* A run's folder is not a data set, however easily one is typed for the other. */
static bool holds_run(const char *folder)
{
    char path[4096];
    struct stat info;
    int length = snprintf(path, sizeof path, "%s/recipe.yaml", folder);
    return length > 0 && (size_t)length < sizeof path && stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

static bool has_key(const cli_arguments *arguments, const char *key)
{
    for (int i = 0; i < arguments->key_count; i++) {
        if (!strcmp(arguments->keys[i].name, key)) return true;
    }
    return false;
}

/* ---- Its forms ---- */

static int train_run(alx_recipe *recipe, const cli_train_job *job)
{
    alx_trainer *trainer = NULL;
    alx_error err = {0};
    alx_status status = alx_trainer_create(&trainer, recipe, job->run, &err);
    int code = status ? cli_error(&err) : cli_train_run(trainer, job->listener, &err);
    alx_trainer_destroy(trainer);
    return code;
}

/* Forms exclude each other; the one without a name is the usual run. */
typedef struct train_form {
    const char *name;
    int (*run)(alx_recipe *recipe, const cli_train_job *job);
} train_form;

/* False: a mistake was reported. */
static bool choose_form(train_form *form, const config *c)
{
    const struct {
        train_form form;
        bool given;
    } forms[] = {{{"find-lr", cli_train_find_rate}, c->find_lr != 0},
                 {{"overfit-batch", cli_train_overfit}, c->overfit_batch != 0},
                 {{"sweep", cli_train_sweep}, c->sweep != NULL},
                 {{"folds", cli_train_folds}, c->folds != 0}};
    *form = (train_form){NULL, train_run};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (!forms[i].given) continue;
        if (form->name) {
            cli_usage_error("--%s and --%s are two things; give one of them", form->name, forms[i].form.name);
            return false;
        }
        *form = forms[i].form;
    }
    return true;
}

/* Options that belong to some forms only. */
static bool fits_form(const train_form *form, const config *c)
{
    const bool sweep = form->run == cli_train_sweep;
    if (c->trials && !sweep) return cli_usage_error("--trials is the number of draws of a --sweep"), false;
    if (c->sweep_seed && !sweep) return cli_usage_error("--sweep-seed is the seed of a --sweep"), false;
    if (form->run == cli_train_overfit && (c->out || c->overwrite))
        return cli_usage_error("--overfit-batch writes nothing; leave out --out and --overwrite"), false;
    if (form->name && c->report)
        return cli_usage_error("--report is of a single run; leave it out, or leave out --%s", form->name), false;
    if (form->name && c->tensorboard)
        return cli_usage_error("--tensorboard shows a single run; leave it out, or leave out --%s", form->name), false;
    if (form->name && c->resume)
        return cli_usage_error("--resume continues a single run; leave out --%s%s", form->name,
                               sweep || c->folds ? ", or repeat the command as it was: it goes on by itself" : ""),
               false;
    return true;
}

/* ---- The run ---- */

static alx_status make_recipe(alx_recipe **recipe, const cli_arguments *arguments, alx_error *err)
{
    const char *source = arguments->operand_count ? arguments->operands[0] : NULL;
    /* The starter's settings suit the starter. */
    const bool starter = !has_key(arguments, "model");
    alx_status status = source ? cli_open_data(recipe, source, starter, err) : alx_recipe_create(recipe, err);
    for (int i = 0; !status && i < arguments->key_count; i++)
        status = alx_recipe_set(*recipe, arguments->keys[i].name, arguments->keys[i].value, err);
    return status;
}

static int train(const cli_arguments *arguments, const train_form *form, const cli_train_job *job)
{
    if (arguments->operand_count > 1)
        return cli_usage_error("train takes one folder or recipe, but %s and %s were given", arguments->operands[0],
                               arguments->operands[1]);
    if (!arguments->operand_count && !has_key(arguments, "data.train") && !has_key(arguments, "data.csv"))
        return cli_usage_error("train needs a folder, a recipe, --data.train or --data.csv: alexnet train photos/");
    if (arguments->operand_count && holds_run(arguments->operands[0]))
        return cli_usage_error("%s holds a run; go on with --resume %s, or train %s/recipe.yaml anew",
                               arguments->operands[0], arguments->operands[0], arguments->operands[0]);
    alx_recipe *recipe = NULL;
    alx_error err = {0};
    alx_status status = make_recipe(&recipe, arguments, &err);
    int code = status ? cli_error(&err) : form->run(recipe, job);
    alx_recipe_destroy(recipe);
    return code;
}

enum { MAX_KEYS = 64 };

static int resume(const char *folder, const cli_arguments *arguments, const cli_train_job *job)
{
    const alx_run_config *run_config = job->run;
    if (arguments->operand_count)
        return cli_usage_error("--resume takes its data from the run; leave out %s", arguments->operands[0]);
    if (run_config->out) return cli_usage_error("--resume continues in its folder; leave out --out");
    if (run_config->overwrite)
        return cli_usage_error("--resume goes on with the run, --overwrite begins it anew; leave one of them out");
    if (arguments->key_count > MAX_KEYS) return cli_usage_error("more than %d options", MAX_KEYS);
    char texts[MAX_KEYS][512]; /* train.epochs=20 */
    const char *keys[MAX_KEYS];
    for (int i = 0; i < arguments->key_count; i++) {
        const cli_key *key = &arguments->keys[i];
        int length = snprintf(texts[i], sizeof texts[i], "%s=%s", key->name, key->value);
        if (length < 0 || (size_t)length >= sizeof texts[i])
            return cli_usage_error("--%s: the value is too long", key->name);
        keys[i] = texts[i];
    }
    alx_trainer *trainer = NULL;
    alx_error err = {0};
    alx_status status = alx_trainer_resume(&trainer, folder, keys, arguments->key_count, run_config, &err);
    int code = status ? cli_error(&err) : cli_train_run(trainer, job->listener, &err);
    alx_trainer_destroy(trainer);
    return code;
}

static int open_tensorboard(const cli_train_job *job)
{
    const config *c = job->config;
    alx_error err = {0};
    if (!c->tensorboard) return CLI_DONE;
    const alx_tensorboard_mode mode = c->resume      ? ALX_TENSORBOARD_RESUME
                                      : c->overwrite ? ALX_TENSORBOARD_REPLACE
                                                     : ALX_TENSORBOARD_NEW;
    if (alx_tensorboard_open(&job->listener->tensorboard, c->tensorboard, mode, &err)) return cli_error(&err);
    return CLI_DONE;
}

int cli_train(const cli_call *call)
{
    config c = {0};
    cli_arguments arguments = {.find_key = find_key, .try_keys = try_keys, .report_unknown = report_unknown};
    int code;
    if (!cli_begin(call, &arguments, &c, &code)) return code;
    alx_run_config run_config;
    alx_run_config_init(&run_config);
    run_config.out = c.out;
    run_config.overwrite = c.overwrite;
    run_config.autotune = !c.no_autotune;
    run_config.cache_dir = cli_cache_folder();
    cli_train_listener listener = {0};
    alx_progress_init(&listener.progress, stderr);
    listener.reports = c.report != 0;
    listener.report = (cli_report){
        .training = true,
        .language = arguments.language ? (alx_language)(arguments.language - 1) : call->language,
    };
    run_config.on_event = cli_train_event;
    run_config.user = &listener;
    const cli_train_job job = {.call = call, .config = &c, .run = &run_config, .listener = &listener};
    train_form form;
    cli_train_catch_signals();
    if (!choose_form(&form, &c) || !fits_form(&form, &c))
        code = CLI_USAGE;
    else if ((code = open_tensorboard(&job)) == CLI_DONE)
        code = c.resume ? resume(c.resume, &arguments, &job) : train(&arguments, &form, &job);
    alx_tensorboard_finish(&listener.tensorboard);
    cli_report_finish(&listener.report);
    cli_arguments_finish(&arguments);
    return code;
}

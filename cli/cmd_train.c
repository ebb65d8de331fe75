/* alexnet train: a recipe from a folder, a file or options; then the run, which Ctrl-C may stop. */
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "report/progress.h"

typedef struct config {
    const char *out, *resume;
    int overwrite;
} config;

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

/* ---- Stopping ---- */

/* A signal handler can be told of the trainer in no other way. */
static _Atomic(alx_trainer *) running;
static atomic_int signals, started;

static void on_signal(int number)
{
    static const char finishing[] =
        "\nalexnet: finishing the batch and writing a checkpoint; press Ctrl-C again to stop at once\n";
    static const char nothing[] = "\nalexnet: stopped before training; no checkpoint was written\n";
    (void)number;
    alx_trainer *trainer = atomic_load(&running);
    bool first = !atomic_fetch_add(&signals, 1), early = !atomic_load(&started);
    ssize_t written = 0;
    if (first && trainer) alx_trainer_stop(trainer);
    if (first && trainer) written = write(STDERR_FILENO, finishing, sizeof finishing - 1);
    if (first && early) written = write(STDERR_FILENO, nothing, sizeof nothing - 1);
    (void)written;
    if (!first || !trainer) _exit(CLI_INTERRUPTED);
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* ---- The run ---- */

static int tell_interrupted(const char *folder)
{
    fprintf(stderr, "alexnet: to continue: alexnet train --resume ");
    cli_print_shell(stderr, folder);
    fputc('\n', stderr);
    return CLI_INTERRUPTED;
}

static int run(alx_trainer *trainer, alx_progress *progress, alx_error *err)
{
    atomic_store(&started, 1);
    atomic_store(&running, trainer);
    alx_status status = alx_trainer_run(trainer, err);
    atomic_store(&running, NULL);
    alx_progress_finish(progress);
    if (status == ALX_INTERRUPTED) return tell_interrupted(alx_trainer_folder(trainer));
    if (status) return cli_error(err);
    cli_print_name(stdout, alx_trainer_folder(trainer));
    putchar('\n');
    return CLI_DONE;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

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

static alx_status make_recipe(alx_recipe **recipe, const cli_arguments *arguments, alx_error *err)
{
    const char *source = arguments->operand_count ? arguments->operands[0] : NULL;
    bool folder = source && is_folder(source);
    alx_status status = source && !folder ? alx_recipe_open(recipe, source, err) : alx_recipe_create(recipe, err);
    if (!status && folder) status = alx_recipe_set_folder(*recipe, source, err);
    for (int i = 0; !status && i < arguments->key_count; i++)
        status = alx_recipe_set(*recipe, arguments->keys[i].name, arguments->keys[i].value, err);
    return status;
}

static int train(const cli_arguments *arguments, const alx_run_config *run_config)
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
    alx_trainer *trainer = NULL;
    alx_error err = {0};
    alx_status status = make_recipe(&recipe, arguments, &err);
    if (!status) status = alx_trainer_create(&trainer, recipe, run_config, &err);
    alx_recipe_destroy(recipe);
    int code = status ? cli_error(&err) : run(trainer, run_config->user, &err);
    alx_trainer_destroy(trainer);
    return code;
}

enum { MAX_KEYS = 64 };

static int resume(const char *folder, const cli_arguments *arguments, const alx_run_config *run_config)
{
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
    int code = status ? cli_error(&err) : run(trainer, run_config->user, &err);
    alx_trainer_destroy(trainer);
    return code;
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
    alx_progress progress;
    alx_progress_init(&progress, stderr);
    run_config.on_event = alx_progress_event;
    run_config.user = &progress;
    catch_signals();
    code = c.resume ? resume(c.resume, &arguments, &run_config) : train(&arguments, &run_config);
    cli_arguments_finish(&arguments);
    return code;
}

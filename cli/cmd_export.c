/* alexnet export MODEL -o FILE */
#include <string.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/output.h"

typedef struct config {
    const char *output;
    int precision; /* alx_precision */
    int overwrite;
} config;

const cli_option cli_export_options[] = {
    {"output",
     'o',
     CLI_TEXT,
     offsetof(config, output),
     "FILE",
     0,
     0,
     {"the file, of a kind that its name tells: .safetensors", "输出文件，种类由扩展名决定：.safetensors"}},
    {"precision",
     0,
     CLI_CHOICE,
     offsetof(config, precision),
     "auto|f32|bf16",
     0,
     0,
     {"of the kernels (default auto: as MODEL has them)", "核的精度（默认 auto：与 MODEL 相同）"}},
    {"overwrite",
     0,
     CLI_FLAG,
     offsetof(config, overwrite),
     NULL,
     0,
     0,
     {"replace a FILE that exists", "覆盖已有的 FILE"}},
    {0},
};

static alx_status write_safetensors(const alx_model *model, const config *c, alx_error *err)
{
    alx_export_config how;
    alx_export_config_init(&how);
    how.precision = (alx_precision)c->precision;
    return alx_model_export(model, c->output, &how, err);
}

/* What can be written, by the ending of the file's name. */
static const struct target {
    const char *ending;
    alx_status (*write)(const alx_model *model, const config *c, alx_error *err);
} targets[] = {
    {".safetensors", write_safetensors},
};
enum { TARGET_COUNT = sizeof targets / sizeof *targets };

static const struct target *find_target(const char *path)
{
    const size_t length = strlen(path);
    for (int i = 0; i < TARGET_COUNT; i++) {
        const size_t ending = strlen(targets[i].ending);
        if (length > ending && !strcmp(path + length - ending, targets[i].ending)) return &targets[i];
    }
    return NULL;
}

static int refuse_ending(const char *path)
{
    char known[64] = "";
    cli_name_text name;
    for (int i = 0; i < TARGET_COUNT; i++) {
        if (i) strncat(known, ", ", sizeof known - strlen(known) - 1);
        strncat(known, targets[i].ending, sizeof known - strlen(known) - 1);
    }
    return cli_usage_error("-o %s: the name must end in one of: %s", cli_name(path, name), known);
}

/* What was written, for people; the name alone goes to stdout. */
static void report(const config *c, const alx_model *model)
{
    struct stat info;
    cli_print_name(stdout, c->output);
    putchar('\n');
    const bool bf16 = (alx_precision)c->precision == ALX_PRECISION_BF16 ||
                      (c->precision == ALX_PRECISION_AUTO && alx_model_precision(model) == ALX_PRECISION_BF16);
    if (!stat(c->output, &info))
        fprintf(stderr, "kernels in %s; %.1f MB\n", bf16 ? "bf16" : "f32", (double)info.st_size / 1e6);
}

static int export(const char *path, const config *c)
{
    const struct target *target = find_target(c->output);
    struct stat info;
    cli_name_text name;
    if (!target) return refuse_ending(c->output);
    if (!c->overwrite && !lstat(c->output, &info))
        return cli_usage_error("-o %s: it exists; name another file or give --overwrite", cli_name(c->output, name));
    alx_model *model;
    alx_error err = {0};
    alx_status status = alx_model_open(&model, path, &err);
    if (!status) status = target->write(model, c, &err);
    if (!status) report(c, model);
    alx_model_destroy(model);
    return status ? cli_error(&err) : CLI_DONE;
}

int cli_export(const cli_call *call)
{
    config c = {0};
    cli_arguments arguments = {0};
    int code;
    if (!cli_begin(call, &arguments, &c, &code)) return code;
    if (arguments.operand_count != 1)
        code = cli_usage_error("export takes one model: alexnet export runs/1 -o model.safetensors");
    else if (!c.output)
        code = cli_usage_error("export needs a file to write: -o model.safetensors");
    else
        code = export(arguments.operands[0], &c);
    cli_arguments_finish(&arguments);
    return code;
}

/* alexnet features MODEL IMAGE|FOLDER... -o FILE */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/output.h"
#include "cli/session.h"
#include "report/progress.h"

typedef struct config {
    const char *data, *split, *layer, *output;
    int overwrite;
    cli_session_options session;
} config;

const cli_option cli_features_options[] = {
    {"output",
     'o',
     CLI_TEXT,
     offsetof(config, output),
     "FILE",
     0,
     0,
     {"the file, of a kind that its name tells: .npy or .csv", "输出文件，种类由扩展名决定：.npy 或 .csv"}},
    {"layer",
     0,
     CLI_TEXT,
     offsetof(config, layer),
     "NAME",
     0,
     0,
     {"whose outputs they are (default: the last hidden layer)", "取哪一层的输出（默认：最后一个隐藏层）"}},
    {"data",
     0,
     CLI_TEXT,
     offsetof(config, data),
     "SOURCE",
     0,
     0,
     {"the images, with labels: as evaluate takes them", "带标签的图片，写法与 evaluate 相同"}},
    {"split",
     0,
     CLI_TEXT,
     offsetof(config, split),
     "NAME",
     0,
     0,
     {"of a recipe: train, validation or test (default test, or validation where there is none)",
      "配方的哪一部分：train、validation 或 test（默认 test，没有则为 validation）"}},
    {"overwrite",
     0,
     CLI_FLAG,
     offsetof(config, overwrite),
     NULL,
     0,
     0,
     {"replace a FILE that exists", "覆盖已有的 FILE"}},
    CLI_ENGINE_ROWS(config),
    {0},
};

/* Where images come from: files, or a data set. */
typedef struct images {
    cli_files files;
    alx_dataset *dataset; /* NULL: files */
    int64_t count;
} images;

/* A batch, and what was said of each image. */
typedef struct batch {
    int size;
    int64_t *indices;
    float *values; /* (size, values of an image) */
    alx_status *status;
    alx_error *errors;
} batch;

static bool batch_init(batch *b, int size, int64_t values)
{
    b->size = size;
    b->indices = calloc((size_t)size, sizeof *b->indices);
    b->values = calloc((size_t)size, (size_t)values * sizeof *b->values);
    b->status = calloc((size_t)size, sizeof *b->status);
    b->errors = calloc((size_t)size, sizeof *b->errors);
    return b->indices && b->values && b->status && b->errors;
}

static void batch_finish(batch *b)
{
    free(b->indices);
    free(b->values);
    free(b->status);
    free(b->errors);
}

/* ---- Labels ---- */

/* Of a file the name of its folder, where the model has such a class; else "". */
static const char *folder_label(const alx_model *model, const char *path)
{
    const char *end = strrchr(path, '/'), *begin = end;
    while (begin && begin > path && begin[-1] != '/') begin--;
    const size_t length = begin ? (size_t)(end - begin) : 0;
    const char *name;
    for (int i = 0; length && (name = alx_model_class_name(model, i)); i++)
        if (strlen(name) == length && strncmp(name, begin, length) == 0) return name;
    return "";
}

static const char *path_of(const images *from, int64_t index)
{
    return from->dataset ? alx_dataset_path(from->dataset, index) : from->files.paths[index];
}

static const char *label_of(const images *from, const alx_model *model, int64_t index)
{
    if (!from->dataset) return folder_label(model, from->files.paths[index]);
    return alx_dataset_class_name(from->dataset, alx_dataset_label(from->dataset, index));
}

/* ---- Rows ---- */

static alx_status read_batch(alx_features *features, const images *from, batch *b, int64_t first, int size,
                             alx_error *err)
{
    for (int i = 0; i < size; i++) b->indices[i] = first + i;
    if (from->dataset)
        return alx_features_images(features, from->dataset, b->indices, size, b->values, NULL, b->status, b->errors,
                                   err);
    return alx_features_files(features, (const char *const *)from->files.paths + first, size, b->values, NULL,
                              b->status, b->errors, err);
}

/* *rows: how many could be read. */
static alx_status write_rows(int64_t *rows, alx_feature_file *file, alx_features *features, const alx_model *model,
                             const images *from, batch *b, alx_error *err)
{
    const int64_t values = alx_features_size(features);
    alx_status status = ALX_OK;
    alx_progress progress;
    alx_progress_init(&progress, stderr);
    for (int64_t first = 0; first < from->count && !status; first += b->size) {
        const int size = from->count - first < b->size ? (int)(from->count - first) : b->size;
        status = read_batch(features, from, b, first, size, err);
        for (int i = 0; i < size && !status; i++) {
            if (b->status[i]) {
                alx_progress_finish(&progress);
                cli_usage_error("%s", b->errors[i].message);
                continue;
            }
            status = alx_feature_file_add(file, path_of(from, first + i), label_of(from, model, first + i),
                                          b->values + i * values, err);
            ++*rows;
        }
        if (!status) alx_progress_count(first + size, from->count, &progress);
    }
    alx_progress_finish(&progress);
    return status;
}

static alx_status write_file(int64_t *rows, const config *c, alx_features *features, const alx_model *model,
                             const images *from, alx_error *err)
{
    batch b = {0};
    alx_feature_file *file = NULL;
    const int size = from->count < c->session.batch_size ? (int)from->count : (int)c->session.batch_size;
    alx_status status = ALX_OK;
    if (!batch_init(&b, size, alx_features_size(features)))
        status = cli_fail(err, ALX_NO_MEMORY, "out of memory: %lld values of an image",
                          (long long)alx_features_size(features));
    if (!status) status = alx_feature_file_create(&file, c->output, alx_features_size(features), err);
    if (!status) status = write_rows(rows, file, features, model, from, &b, err);
    if (!status && *rows == 0) status = cli_fail(err, ALX_BAD_DATA, "no image can be read; nothing was written");
    if (!status) status = alx_feature_file_finish(file, err);
    alx_feature_file_destroy(file);
    batch_finish(&b);
    return status;
}

/* ---- The command ---- */

static alx_status open_features(alx_features **features, const alx_model *model, const config *c, int64_t count,
                                alx_error *err)
{
    alx_features_config how;
    alx_features_config_init(&how);
    how.threads = (int)c->session.threads;
    how.precision = (alx_precision)c->session.precision;
    how.batch_size = count < c->session.batch_size ? (int)count : (int)c->session.batch_size;
    how.layers = c->layer ? &c->layer : NULL;
    how.layer_count = 1;
    return alx_features_create(features, model, &how, err);
}

/* What was written, for people; the name alone goes to stdout. */
static void report(const config *c, const alx_features *features, int64_t rows)
{
    alx_feature_layer layer;
    cli_name_text name;
    alx_features_layer(features, 0, &layer);
    cli_print_name(stdout, c->output);
    putchar('\n');
    fprintf(stderr, "%lld rows of %lld values: %s", (long long)rows, (long long)layer.count,
            cli_name(layer.name, name));
    if (layer.rank == 3)
        fprintf(stderr, ", %lld x %lld x %lld (channels, height, width)", (long long)layer.shape[0],
                (long long)layer.shape[1], (long long)layer.shape[2]);
    fputc('\n', stderr);
}

static alx_status extract(const char *path, const config *c, images *from, int *code, alx_error *err)
{
    alx_model *model = NULL;
    alx_features *features = NULL;
    int64_t rows = 0;
    alx_status status = alx_model_open(&model, path, err);
    if (!status && c->data) status = cli_session_images(&from->dataset, model, c->data, c->split, err);
    from->count = from->dataset ? alx_dataset_count(from->dataset) : from->files.count;
    if (!status && from->count == 0) status = cli_fail(err, ALX_BAD_DATA, "there is no image; nothing was written");
    if (!status) status = open_features(&features, model, c, from->count, err);
    if (!status) status = write_file(&rows, c, features, model, from, err);
    if (!status) {
        report(c, features, rows);
        *code = rows < from->count || from->files.missing ? CLI_BAD_INPUT : CLI_DONE;
    }
    alx_features_destroy(features);
    alx_model_destroy(model);
    return status;
}

/* The file, and the table that stands beside an array. */
static bool is_free(const config *c)
{
    struct stat info;
    cli_name_text name;
    char table[4096];
    const size_t length = strlen(c->output);
    const char *paths[] = {c->output, table};
    snprintf(table, sizeof table, "%s", c->output);
    if (length > 4 && length < sizeof table && !strcmp(table + length - 4, ".npy")) strcpy(table + length - 4, ".csv");
    for (int i = 0; i < 2 && !c->overwrite; i++) {
        if (lstat(paths[i], &info)) continue;
        cli_usage_error("-o %s: it exists; name another file or give --overwrite", cli_name(paths[i], name));
        return false;
    }
    return true;
}

int cli_features(const cli_call *call)
{
    config c = {.session = CLI_SESSION_DEFAULTS};
    cli_arguments arguments = {0};
    int code;
    if (!cli_begin(call, &arguments, &c, &code)) return code;
    images from = {0};
    alx_error err = {0};
    const int given = arguments.operand_count - 1;
    if (given < 0 || (given > 0) == (c.data != NULL))
        code = cli_usage_error(
            "features takes a model, and images or --data: alexnet features runs/1 photos/ -o features.npy");
    else if (!c.output)
        code = cli_usage_error("features needs a file to write: -o features.npy");
    else if (c.split && !(c.data && cli_is_recipe(c.data)))
        code = cli_usage_error("--split names a part of a recipe's data; give --data recipe.yaml with it");
    else if (!is_free(&c))
        code = CLI_USAGE;
    else if (!c.data && !cli_files_find(&from.files, arguments.operands + 1, given))
        code = CLI_FAILED;
    else if (extract(arguments.operands[0], &c, &from, &code, &err))
        code = cli_error(&err);
    alx_dataset_destroy(from.dataset);
    cli_files_finish(&from.files);
    cli_arguments_finish(&arguments);
    return code;
}

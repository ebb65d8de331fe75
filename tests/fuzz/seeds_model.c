/* seeds_model FOLDER: model files of small networks, with and without the hash that no fuzzer finds again, in f32 and
 * bf16, and their weights under PyTorch's names. */
#include "unit/predict_fixture.h"

static const char *const nets[] = {
    "name: a\nclasses: 3\ninput: [1, 1, 3]\nlayers:\n  - flatten:\n  - dense: {units: classes, activation: softmax}\n",
    "name: b\nclasses: 3\ninput: [2, 2, 3]\nlayers:\n  - conv2d: {filters: 2, kernel_size: 1, activation: relu}\n"
    "  - batch_normalization:\n  - global_average_pooling2d:\n  - dense: {units: classes, activation: softmax}\n",
};

/* Other keys are another tool's business: a file with neither "hash" nor "xxh3" passes unchecked. */
static void forget_hash(const char *path)
{
    static const char key[] = "\"hash\":\"xxh3\",\"xxh3\"", other[] = "\"hasH\":\"xxh3\",\"xxH3\"";
    char start[128];
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    size_t count = fread(start, 1, sizeof start, file);
    for (size_t at = 0; at + sizeof key <= count; at++) {
        if (memcmp(start + at, key, sizeof key - 1) != 0) continue;
        assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
        assert_int_equal(fwrite(other, 1, sizeof other - 1, file), sizeof other - 1);
        assert_int_equal(fclose(file), 0);
        return;
    }
    fail_msg("%s: no hash", path);
}

/* The same model in bf16. */
static void export_bf16(const char *from, const char *to)
{
    alx_model *model;
    alx_export_config config;
    alx_export_config_init(&config);
    config.precision = ALX_PRECISION_BF16;
    assert_int_equal(alx_model_open(&model, from, NULL), ALX_OK);
    assert_int_equal(alx_model_export(model, to, &config, NULL), ALX_OK);
    alx_model_destroy(model);
}

/* The tensors of the second network as PyTorch orders and names them. */
static void write_pytorch(const char *path)
{
    static const struct {
        const char *name;
        int rank;
        int64_t dims[4];
    } rows[] = {{"features.0.weight", 4, {2, 3, 1, 1}},
                {"features.0.bias", 1, {2}},
                {"features.1.weight", 1, {2}},
                {"features.1.bias", 1, {2}},
                {"features.1.running_mean", 1, {2}},
                {"features.1.running_var", 1, {2}},
                {"features.1.num_batches_tracked", 0, {0}},
                {"classifier.1.weight", 2, {3, 2}},
                {"classifier.1.bias", 1, {3}}};
    static const float values[6] = {1, 2, 3, 4, 5, 6};
    alx_safetensors_writer *writer;
    assert_int_equal(alx_safetensors_create(&writer, path, NULL), ALX_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(alx_safetensors_declare(writer, rows[i].name, ALX_ST_F32, rows[i].rank, rows[i].dims, NULL),
                         ALX_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t bytes;
        assert_true(alx_st_tensor_bytes(&bytes, sizeof *values, rows[i].rank, rows[i].dims));
        assert_int_equal(alx_safetensors_write(writer, values, bytes, NULL), ALX_OK);
    }
    assert_int_equal(alx_safetensors_finish(writer, NULL), ALX_OK);
    alx_safetensors_writer_destroy(writer);
}

/* A network of 137 GB in a file of some kilobytes. */
static const char claims[] =
    "name: a\nclasses: 3\ninput: [1, 1, 3]\nlayers:\n  - flatten:\n  - dense: {units: 1000000}\n"
    "  - dense: {units: 34000}\n  - dense: {units: classes, activation: softmax}\n";

int main(int argc, char **argv)
{
    if (argc != 2) return fprintf(stderr, "usage: seeds_model FOLDER\n"), 2;
    for (int i = 0; i < 2; i++) {
        char path[4096], half[4096];
        snprintf(path, sizeof path, "%s/hashed-%d.safetensors", argv[1], i);
        write_model(path, nets[i], nets[i], CLASSES, i + 1);
        snprintf(half, sizeof half, "%s/bf16-%d.safetensors", argv[1], i);
        export_bf16(path, half);
        forget_hash(half);
        snprintf(path, sizeof path, "%s/plain-%d.safetensors", argv[1], i);
        write_model(path, nets[i], nets[i], CLASSES, i + 1);
        forget_hash(path);
    }
    char path[4096];
    snprintf(path, sizeof path, "%s/claims.safetensors", argv[1]);
    write_model(path, claims, nets[0], CLASSES, 1);
    forget_hash(path);
    snprintf(path, sizeof path, "%s/pytorch.safetensors", argv[1]);
    write_pytorch(path);
    forget_hash(path);
    return 0;
}

/* Exports: what is rounded and what is not, what runs in which precision, and what is refused. */
#include "unit/predict_fixture.h"

#include "base/bf16.h"

static void export_as(const alx_model *model, const char *path, alx_precision precision)
{
    alx_error err = {0};
    alx_export_config config;
    alx_export_config_init(&config);
    config.precision = precision;
    if (alx_model_export(model, path, &config, &err)) fail_msg("%s", err.message);
}

static alx_model *open_file(const char *path)
{
    alx_error err = {0};
    alx_model *model;
    if (alx_model_open(&model, path, &err)) fail_msg("%s", err.message);
    return model;
}

static void assert_same_bytes(const char *a, const char *b)
{
    uint8_t *left, *right;
    size_t left_count, right_count;
    assert_int_equal(alx_file_read(&left, &left_count, a, 1 << 20, NULL), ALX_OK);
    assert_int_equal(alx_file_read(&right, &right_count, b, 1 << 20, NULL), ALX_OK);
    assert_int_equal(left_count, right_count);
    assert_memory_equal(left, right, left_count);
    free(left);
    free(right);
}

/* Kernels to the nearest bf16, everything else bit for bit; also where the store keeps a kernel in tiles. */
static void kernels_alone_are_rounded(void **state)
{
    (void)state;
    static const char tiled[] = "name: net\nclasses: 3\ninput: [12, 12, 3]\nlayers:\n"
                                "  - conv2d: {filters: 70, kernel_size: 5, strides: 2}\n  - batch_normalization:\n"
                                "  - flatten:\n  - dense: {units: 64}\n  - dense: {units: 1024}\n"
                                "  - dense: {units: classes, activation: softmax}\n";
    write_model(in_folder("tiled.safetensors"), tiled, tiled, CLASSES, 12);
    alx_model *model = open_file(in_folder("tiled.safetensors"));
    assert_int_equal(alx_model_precision(model), ALX_PRECISION_F32);
    export_as(model, in_folder("half.safetensors"), ALX_PRECISION_BF16);
    alx_model *half = open_file(in_folder("half.safetensors"));
    assert_int_equal(alx_model_precision(half), ALX_PRECISION_BF16);
    alx_safetensors *file;
    assert_int_equal(alx_safetensors_open(&file, in_folder("half.safetensors"), NULL), ALX_OK);
    bool some_tiles = false;
    for (int i = 0; i < model->params->count; i++) {
        const alx_param *p = &model->params->list[i];
        const bool kernel = strstr(p->name, ".kernel") != NULL;
        some_tiles |= p->tiled;
        assert_int_equal(alx_safetensors_find(file, p->name)->type, kernel ? ALX_ST_BF16 : ALX_ST_F32);
        for (int64_t k = 0; k < p->count; k++) {
            const float was = model->params->data[p->offset + k], is = half->params->data[p->offset + k];
            const float want = kernel ? alx_bf16_to_float(alx_bf16_from_float(was)) : was;
            if (is != want) fail_msg("%s: %g became %g", p->name, (double)was, (double)is);
        }
    }
    assert_int_equal(some_tiles, alx_params_prefer_tiles());
    alx_safetensors_close(file);
    alx_model_destroy(half);
    alx_model_destroy(model);
}

/* A file's bytes depend on the model alone: an export in its own precision is the file again. */
static void exports_repeat(void **state)
{
    (void)state;
    alx_model *model = open_model();
    export_as(model, in_folder("again.safetensors"), ALX_PRECISION_AUTO);
    assert_same_bytes(in_folder("model.safetensors"), in_folder("again.safetensors"));
    export_as(model, in_folder("half.safetensors"), ALX_PRECISION_BF16);
    alx_model *half = open_file(in_folder("half.safetensors"));
    export_as(half, in_folder("again.safetensors"), ALX_PRECISION_AUTO);
    assert_same_bytes(in_folder("half.safetensors"), in_folder("again.safetensors"));
    export_as(half, in_folder("wide.safetensors"), ALX_PRECISION_F32);
    alx_model *wide = open_file(in_folder("wide.safetensors"));
    assert_int_equal(alx_model_precision(wide), ALX_PRECISION_F32);
    assert_memory_equal(wide->params->data, half->params->data, (size_t)half->params->span * sizeof(float));
    alx_model_destroy(wide);
    alx_model_destroy(half);
    alx_model_destroy(model);
}

static void predict_as(float *out, const alx_model *model, alx_precision precision)
{
    alx_error err = {0};
    alx_session *session;
    alx_session_config config;
    alx_session_config_init(&config);
    config.precision = precision;
    config.threads = 2;
    if (alx_session_create(&session, model, &config, &err)) fail_msg("%s", err.message);
    if (alx_predict_file(session, in_folder("3.png"), out, &err)) fail_msg("%s", err.message);
    alx_session_destroy(session);
}

/* auto: what the model was made for, where the processor computes it; f32 for any other model. */
static void models_choose_their_precision(void **state)
{
    (void)state;
    float by_itself[CLASSES], f32[CLASSES], bf16[CLASSES], whole[CLASSES];
    alx_model *model = open_model();
    export_as(model, in_folder("half.safetensors"), ALX_PRECISION_BF16);
    alx_model *half = open_file(in_folder("half.safetensors"));
    predict_as(by_itself, model, ALX_PRECISION_AUTO);
    predict_as(whole, model, ALX_PRECISION_F32);
    assert_memory_equal(by_itself, whole, sizeof whole);
    predict_as(by_itself, half, ALX_PRECISION_AUTO);
    predict_as(f32, half, ALX_PRECISION_F32);
    assert_memory_not_equal(f32, whole, sizeof whole);
    for (int c = 0; c < CLASSES; c++) assert_float_equal(f32[c], whole[c], 0.02f);
    if (alx_dnn_cpu().bf16) {
        predict_as(bf16, half, ALX_PRECISION_BF16);
        assert_memory_equal(by_itself, bf16, sizeof bf16);
        assert_memory_not_equal(f32, bf16, sizeof bf16);
    } else {
        assert_memory_equal(by_itself, f32, sizeof f32);
    }
    alx_model_destroy(half);
    alx_model_destroy(model);
}

static void damage_and_misuse_are_refused(void **state)
{
    (void)state;
    alx_error err = {0};
    alx_model *model = open_model(), *damaged;
    alx_export_config config;
    alx_export_config_init(&config);
    config.precision = (alx_precision)7;
    assert_refused(alx_model_export(model, in_folder("x.safetensors"), &config, &err), ALX_USAGE, &err,
                   "precision is 7");
    assert_false(alx_file_exists(in_folder("x.safetensors")));
    assert_refused(alx_model_export(model, in_folder("none/x.safetensors"), NULL, &err), ALX_IO, &err, "none");
    export_as(model, in_folder("half.safetensors"), ALX_PRECISION_BF16);
    alx_model_destroy(model);
    uint8_t *bytes;
    size_t count;
    assert_int_equal(alx_file_read(&bytes, &count, in_folder("half.safetensors"), 1 << 20, NULL), ALX_OK);
    bytes[count - 3] ^= 1;
    assert_int_equal(alx_file_write(in_folder("bad.safetensors"), bytes, count, NULL), ALX_OK);
    assert_refused(alx_model_open(&damaged, in_folder("bad.safetensors"), &err), ALX_BAD_MODEL, &err, "its hash");
    assert_int_equal(alx_file_write(in_folder("bad.safetensors"), bytes, count - 2, NULL), ALX_OK);
    assert_refused(alx_model_open(&damaged, in_folder("bad.safetensors"), &err), ALX_BAD_MODEL, &err, "it was cut");
    /* A flipped bit in the metadata is damage as well, whatever it makes of the network. */
    bytes[count - 3] ^= 1;
    char *found = strstr((char *)bytes + 8, "flatten"); /* behind the header's length */
    assert_non_null(found);
    *found ^= 1;
    assert_int_equal(alx_file_write(in_folder("bad.safetensors"), bytes, count, NULL), ALX_OK);
    assert_refused(alx_model_open(&damaged, in_folder("bad.safetensors"), &err), ALX_BAD_MODEL, &err, "its hash");
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_alone_are_rounded),
        cmocka_unit_test(exports_repeat),
        cmocka_unit_test(models_choose_their_precision),
        cmocka_unit_test(damage_and_misuse_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

/* Outputs of layers: each is what its description says, alone or beside others, whatever is computed along with what.
 */
#include <math.h>

#include "unit/predict_fixture.h"

/* Layers that inference computes along with one another: normalisation, sum and activation in the convolutions. */
static const char fused[] = "name: net\nclasses: 3\ninput: [12, 12, 3]\nlayers:\n"
                            "  - conv2d: {name: a, filters: 10, kernel_size: 3, padding: same}\n"
                            "  - batch_normalization: {name: norm}\n"
                            "  - activation: {name: act, activation: relu}\n"
                            "  - conv2d: {name: b, filters: 10, kernel_size: 3, padding: same}\n"
                            "  - add: {name: sum, from: [b, act]}\n"
                            "  - activation: {name: last, activation: relu}\n"
                            "  - max_pooling2d: {name: pool}\n"
                            "  - flatten: {name: flat}\n"
                            "  - dense: {name: hidden, units: 6, activation: relu}\n"
                            "  - dropout: {name: drop, rate: 0.5}\n"
                            "  - dense: {name: out, units: classes}\n"
                            "  - activation: {name: soft, activation: softmax}\n";
static const char *const all[] = {"a",    "norm", "act",    "b",    "sum", "last",
                                  "pool", "flat", "hidden", "drop", "out", "soft"};
enum { LAYERS = sizeof all / sizeof all[0], PIXELS = 12 * 12 * 3, MAP = 10 * 12 * 12, MOST = 16384 };

/* All layers of one image, by name. */
typedef struct outputs {
    alx_features *features;
    float values[MOST], probabilities[CLASSES];
} outputs;

static void must(alx_status status, const alx_error *err)
{
    if (status) fail_msg("%s", err->message);
}

static alx_model *open_fused(void)
{
    alx_error err = {0};
    alx_model *model;
    write_model(in_folder("fused.safetensors"), fused, fused, CLASSES, 12);
    must(alx_model_open(&model, in_folder("fused.safetensors"), &err), &err);
    /* The normalisation as it is behind training: gamma, beta, mean, variance of each channel its own. */
    for (int i = 0; i < model->params->count; i++) {
        const alx_param *p = &model->params->list[i];
        for (int k = 0; strncmp(p->name, "norm.", 5) == 0 && k < p->count; k++)
            model->params->data[p->offset + k] += 0.1f * (float)((i + k) % 7);
    }
    return model;
}

static alx_features *open_features(const alx_model *model, const char *const *layers, int count, int batch)
{
    alx_error err = {0};
    alx_features *features;
    alx_features_config config;
    alx_features_config_init(&config);
    config.threads = 2;
    config.batch_size = batch;
    config.layers = layers;
    config.layer_count = count;
    must(alx_features_create(&features, model, &config, &err), &err);
    return features;
}

static void read_file(alx_features *features, int image, float *values, float *probabilities)
{
    alx_error err = {0};
    alx_status status;
    const char *path = in_folder("%d.png", image);
    must(alx_features_files(features, &path, 1, values, probabilities, &status, NULL, &err), &err);
    assert_int_equal(status, ALX_OK);
}

static outputs *read_all(const alx_model *model)
{
    outputs *o = calloc(1, sizeof *o);
    assert_non_null(o);
    o->features = open_features(model, all, LAYERS, 1);
    assert_true(alx_features_size(o->features) <= MOST);
    read_file(o->features, 3, o->values, o->probabilities);
    return o;
}

static void close_outputs(outputs *o)
{
    alx_features_destroy(o->features);
    free(o);
}

static const float *layer_of(const outputs *o, const char *name)
{
    alx_feature_layer layer;
    for (int i = 0; alx_features_layer(o->features, i, &layer); i++)
        if (strcmp(layer.name, name) == 0) return o->values + layer.offset;
    fail_msg("no layer %s", name);
    return NULL;
}

/* ---- By the definitions ---- */

static float *tensor(const alx_model *model, const char *name)
{
    int index;
    alx_tensor_info info;
    alx_error err = {0};
    must(alx_model_find_tensor(&index, model, name, &err), &err);
    alx_model_tensor(model, index, &info);
    float *values = malloc((size_t)info.count * sizeof *values);
    assert_non_null(values);
    alx_model_tensor_values(model, index, values);
    return values;
}

static void assert_near(const float *a, const double *b, int count, const char *what)
{
    for (int i = 0; i < count; i++)
        if (!(fabs((double)a[i] - b[i]) <= 1e-5 * (1 + fabs(b[i]))))
            fail_msg("%s[%d]: %.9g against %.9g", what, i, (double)a[i], b[i]);
}

/* x: (channels, 12, 12), 3 x 3, the same size. */
static void convolve(double *y, const float *x, int channels, const float *w, const float *b)
{
    for (int f = 0; f < 10; f++)
        for (int p = 0; p < 144; p++) {
            double sum = (double)b[f];
            for (int c = 0; c < channels; c++)
                for (int k = 0; k < 9; k++) {
                    const int row = p / 12 + k / 3 - 1, column = p % 12 + k % 3 - 1;
                    if (row < 0 || column < 0 || row > 11 || column > 11) continue;
                    sum += (double)w[(f * channels + c) * 9 + k] * (double)x[c * 144 + row * 12 + column];
                }
            y[f * 144 + p] = sum;
        }
}

static void product(double *y, const float *x, int inputs, const float *w, const float *b, int units)
{
    for (int u = 0; u < units; u++) {
        y[u] = (double)b[u];
        for (int i = 0; i < inputs; i++) y[u] += (double)w[u * inputs + i] * (double)x[i];
    }
}

static void check_convolution(const alx_model *model, const char *name, const float *x, int channels, const float *y)
{
    static double made[MAP];
    char kernel[32], bias[32];
    snprintf(kernel, sizeof kernel, "%s.kernel", name);
    snprintf(bias, sizeof bias, "%s.bias", name);
    float *w = tensor(model, kernel), *b = tensor(model, bias);
    convolve(made, x, channels, w, b);
    assert_near(y, made, MAP, name);
    free(w);
    free(b);
}

static void check_dense(const alx_model *model, const char *name, const float *x, int inputs, const float *y, int units,
                        bool relu)
{
    double made[16];
    char kernel[32], bias[32];
    snprintf(kernel, sizeof kernel, "%s.kernel", name);
    snprintf(bias, sizeof bias, "%s.bias", name);
    float *w = tensor(model, kernel), *b = tensor(model, bias);
    product(made, x, inputs, w, b, units);
    for (int i = 0; i < units && relu; i++) made[i] = fmax(0, made[i]);
    assert_near(y, made, units, name);
    free(w);
    free(b);
}

static void read_image(const alx_model *model, int image, float x[PIXELS])
{
    alx_error err = {0};
    uint8_t rgb[PIXELS];
    int size[3];
    alx_model_input(model, size);
    assert_int_equal(size[0] * size[1] * size[2], PIXELS);
    must(alx_model_image(model, in_folder("%d.png", image), rgb, &err), &err);
    for (int i = 0; i < PIXELS; i++) x[i] = (float)rgb[i % 144 * 3 + i / 144] / 255.0f;
}

static void outputs_are_those_of_the_definitions(void **state)
{
    (void)state;
    alx_model *model = open_fused();
    outputs *o = read_all(model);
    float x[PIXELS];
    double made[MAP], total = 0;
    read_image(model, 3, x);
    const float *a = layer_of(o, "a"), *norm = layer_of(o, "norm"), *act = layer_of(o, "act"), *b = layer_of(o, "b");
    const float *sum = layer_of(o, "sum"), *last = layer_of(o, "last"), *pool = layer_of(o, "pool");
    check_convolution(model, "a", x, 3, a);
    float *gamma = tensor(model, "norm.gamma"), *beta = tensor(model, "norm.beta");
    float *mean = tensor(model, "norm.moving_mean"), *variance = tensor(model, "norm.moving_variance");
    for (int i = 0; i < MAP; i++)
        made[i] =
            ((double)a[i] - (double)mean[i / 144]) / sqrt((double)variance[i / 144] + 0.001) * (double)gamma[i / 144] +
            (double)beta[i / 144];
    assert_near(norm, made, MAP, "norm");
    for (int i = 0; i < MAP; i++) made[i] = fmax(0, (double)norm[i]);
    assert_near(act, made, MAP, "act");
    check_convolution(model, "b", act, 10, b);
    for (int i = 0; i < MAP; i++) made[i] = (double)b[i] + (double)act[i];
    assert_near(sum, made, MAP, "sum");
    for (int i = 0; i < MAP; i++) made[i] = fmax(0, (double)sum[i]);
    assert_near(last, made, MAP, "last");
    for (int i = 0; i < 360; i++) {
        const float *at = last + i / 36 * 144 + i % 36 / 6 * 24 + i % 6 * 2;
        made[i] = fmax(fmax((double)at[0], (double)at[1]), fmax((double)at[12], (double)at[13]));
    }
    assert_near(pool, made, 360, "pool");
    assert_memory_equal(layer_of(o, "flat"), pool, 360 * sizeof *pool);
    check_dense(model, "hidden", pool, 360, layer_of(o, "hidden"), 6, true);
    assert_memory_equal(layer_of(o, "drop"), layer_of(o, "hidden"), 6 * sizeof *pool);
    check_dense(model, "out", layer_of(o, "hidden"), 6, layer_of(o, "out"), CLASSES, false);
    for (int i = 0; i < CLASSES; i++) total += exp((double)layer_of(o, "out")[i]);
    for (int i = 0; i < CLASSES; i++) made[i] = exp((double)layer_of(o, "out")[i]) / total;
    assert_near(layer_of(o, "soft"), made, CLASSES, "soft");
    assert_memory_equal(layer_of(o, "soft"), o->probabilities, sizeof o->probabilities);
    free(gamma), free(beta), free(mean), free(variance);
    close_outputs(o);
    alx_model_destroy(model);
}

/* What is asked for alone stands among layers that are fused; the result is the same but for rounding. */
static void one_layer_is_as_among_all(void **state)
{
    (void)state;
    alx_error err = {0};
    alx_model *model = open_fused();
    outputs *o = read_all(model);
    static float values[MOST];
    static double expected[MOST];
    float predicted[CLASSES], probabilities[CLASSES];
    alx_session *session = open_session(model, 1, 1);
    must(alx_predict_file(session, in_folder("3.png"), predicted, &err), &err);
    for (int i = 0; i < LAYERS; i++) {
        alx_features *one = open_features(model, &all[i], 1, 1);
        alx_feature_layer layer;
        assert_int_equal(alx_features_layer(one, 0, &layer), 1);
        assert_int_equal(alx_features_layer(one, 1, &layer), 0);
        assert_int_equal(alx_features_layer(one, -1, &layer), 0);
        assert_string_equal(layer.name, all[i]);
        assert_int_equal(layer.layer, i);
        assert_int_equal(layer.offset, 0);
        assert_int_equal(layer.count, alx_features_size(one));
        read_file(one, 3, values, probabilities);
        for (int64_t k = 0; k < layer.count; k++) expected[k] = (double)layer_of(o, all[i])[k];
        assert_near(values, expected, (int)layer.count, all[i]);
        for (int k = 0; k < CLASSES; k++) assert_true(fabsf(predicted[k] - probabilities[k]) < 1e-5f);
        alx_features_destroy(one);
    }
    alx_session_destroy(session);
    close_outputs(o);
    alx_model_destroy(model);
}

/* Few channels lie in plain order, so that what is kept is no copy. */
static void what_a_sum_would_be_written_over_stays(void **state)
{
    (void)state;
    static const char thin[] = "name: net\nclasses: 3\ninput: [12, 12, 3]\nlayers:\n"
                               "  - conv2d: {name: a, filters: 4, kernel_size: 3, padding: same, activation: relu}\n"
                               "  - conv2d: {name: c, filters: 4, kernel_size: 3, padding: same}\n"
                               "  - conv2d: {name: d, filters: 4, kernel_size: 3, padding: same}\n"
                               "  - add: {name: sum, from: [d, a]}\n"
                               "  - activation: {activation: tanh}\n"
                               "  - flatten\n  - dense: {units: classes, activation: softmax}\n";
    static const char *const apart[] = {"a", "c", "d", "sum"};
    alx_error err = {0};
    alx_model *model;
    float alone[4 * 144], among[4 * 4 * 144];
    write_model(in_folder("thin.safetensors"), thin, thin, CLASSES, 12);
    must(alx_model_open(&model, in_folder("thin.safetensors"), &err), &err);
    alx_features *one = open_features(model, apart, 1, 1), *four = open_features(model, apart, 4, 1);
    read_file(one, 3, alone, NULL);
    read_file(four, 3, among, NULL);
    for (int i = 0; i < 4 * 144; i++) {
        assert_true(fabsf(alone[i] - among[i]) < 1e-5f);
        assert_true(fabsf(among[3 * 576 + i] - among[2 * 576 + i] - among[i]) < 1e-5f);
    }
    alx_features_destroy(one);
    alx_features_destroy(four);
    alx_model_destroy(model);
}

static void layers_have_shapes_and_places(void **state)
{
    (void)state;
    static const char *const names_of[] = {"pool", "hidden", "pool"};
    alx_model *model = open_fused();
    alx_features *features = open_features(model, names_of, 3, 1);
    alx_feature_layer l[3];
    float values[726];
    for (int i = 0; i < 3; i++) assert_int_equal(alx_features_layer(features, i, &l[i]), 1);
    assert_int_equal(alx_features_size(features), 726);
    assert_int_equal(l[0].rank, 3);
    assert_int_equal(l[0].shape[0], 10);
    assert_int_equal(l[0].shape[1], 6);
    assert_int_equal(l[0].shape[2], 6);
    assert_int_equal(l[1].rank, 1);
    assert_int_equal(l[1].shape[0], 6);
    assert_int_equal(l[1].offset, 360);
    assert_int_equal(l[2].offset, 366);
    read_file(features, 1, values, NULL);
    assert_memory_equal(values, values + 366, 360 * sizeof *values);
    alx_features_destroy(features);
    alx_features_destroy(NULL);

    /* The usual one: dropout is nothing of its own in inference. */
    features = open_features(model, NULL, 0, 1);
    assert_int_equal(alx_features_layer(features, 0, l), 1);
    assert_string_equal(l->name, "hidden");
    assert_int_equal(alx_model_hidden_layer(model), l->layer);
    alx_features_destroy(features);
    alx_model_destroy(model);
}

/* The only weights read the images. */
static void a_linear_classifier_has_the_images(void **state)
{
    (void)state;
    static const char linear[] = "name: net\nclasses: 3\ninput: [12, 12, 3]\nlayers:\n"
                                 "  - flatten\n  - dense: {units: classes, activation: softmax}\n";
    static const char bare[] = "name: net\nclasses: 3\ninput: [12, 12, 3]\nlayers:\n"
                               "  - conv2d: {filters: 3, kernel_size: 12}\n  - flatten\n"
                               "  - activation: {activation: softmax}\n";
    alx_error err = {0};
    alx_model *model;
    alx_feature_layer layer;
    float x[PIXELS], values[PIXELS];
    for (int i = 0; i < 2; i++) {
        const char *yaml = i ? bare : linear;
        write_model(in_folder("linear.safetensors"), yaml, yaml, CLASSES, 12);
        must(alx_model_open(&model, in_folder("linear.safetensors"), &err), &err);
        alx_features *features = open_features(model, NULL, 0, 1);
        assert_int_equal(alx_features_layer(features, 0, &layer), 1);
        assert_string_equal(layer.name, i ? "input" : "flatten_1");
        assert_int_equal(layer.count, PIXELS);
        read_file(features, 2, values, NULL);
        read_image(model, 2, x);
        for (int k = 0; k < PIXELS; k++) assert_true(fabsf(x[k] - values[k]) < 1e-6f);
        alx_features_destroy(features);
        alx_model_destroy(model);
    }
}

/* ---- Many images ---- */

enum { SIZE = 6 };

static void batches_change_nothing(void **state)
{
    (void)state;
    alx_error err = {0}, errors[FILES + 1];
    alx_model *model = open_fused();
    const char *paths[FILES + 1];
    float one[(FILES + 1) * SIZE], many[(FILES + 1) * SIZE], p[(FILES + 1) * CLASSES];
    alx_status status[FILES + 1];
    for (int i = 0; i < FILES; i++) paths[i < 4 ? i : i + 1] = in_folder("%d.png", i);
    paths[4] = in_folder("no-such.png");
    alx_features *by_one = open_features(model, NULL, 0, 1), *by_three = open_features(model, NULL, 0, 3);
    must(alx_features_files(by_one, paths, FILES + 1, one, NULL, status, NULL, &err), &err);
    must(alx_features_files(by_three, paths, FILES + 1, many, p, status, errors, &err), &err);
    for (int i = 0; i < FILES + 1; i++) {
        float sum = 0;
        for (int k = 0; k < CLASSES; k++) sum += p[i * CLASSES + k];
        assert_int_equal(status[i], i == 4 ? ALX_IO : ALX_OK);
        assert_true(fabsf(sum - (i == 4 ? 0.0f : 1.0f)) < 1e-5f);
        for (int k = 0; k < SIZE; k++) {
            assert_true(fabsf(one[i * SIZE + k] - many[i * SIZE + k]) < 1e-5f);
            if (i == 4) assert_true(many[i * SIZE + k] == 0.0f);
        }
    }
    assert_non_null(strstr(errors[4].message, "no-such.png"));
    must(alx_features_files(by_one, NULL, 0, NULL, NULL, NULL, NULL, &err), &err);
    alx_features_destroy(by_one);
    alx_features_destroy(by_three);
    alx_model_destroy(model);
}

static void images_of_a_data_set_come_by_index(void **state)
{
    (void)state;
    alx_error err = {0};
    alx_model *model = open_fused();
    alx_dataset *data;
    must(alx_dataset_open_for(&data, model, in_folder("data"), &err), &err);
    alx_features *features = open_features(model, NULL, 0, 2);
    static const int64_t indices[] = {11, 0, 5};
    const char *paths[3];
    float by_path[3 * SIZE], by_index[3 * SIZE], first[2 * SIZE];
    alx_status status[3];
    for (int i = 0; i < 3; i++) paths[i] = alx_dataset_path(data, indices[i]);
    must(alx_features_files(features, paths, 3, by_path, NULL, status, NULL, &err), &err);
    must(alx_features_images(features, data, indices, 3, by_index, NULL, status, NULL, &err), &err);
    assert_memory_equal(by_path, by_index, sizeof by_path);
    must(alx_features_images(features, data, NULL, 2, first, NULL, status, NULL, &err), &err);
    for (int k = 0; k < SIZE; k++) assert_true(fabsf(first[k] - by_index[SIZE + k]) < 1e-5f);
    static const int64_t beyond[] = {0, 12};
    assert_int_equal(alx_features_images(features, data, beyond, 2, first, NULL, status, NULL, &err), ALX_USAGE);
    assert_string_equal(err.message, "image 12 of a data set of 12");
    assert_int_equal(alx_features_images(features, data, NULL, 13, first, NULL, status, NULL, &err), ALX_USAGE);
    alx_features_destroy(features);
    alx_dataset_destroy(data);
    alx_model_destroy(model);
}

static void half_precision_is_near(void **state)
{
    (void)state;
    alx_error err = {0};
    alx_model *model = open_fused();
    outputs *o = read_all(model);
    alx_features *half;
    alx_features_config config;
    static float values[MOST];
    alx_features_config_init(&config);
    config.precision = ALX_PRECISION_BF16;
    config.layers = all;
    config.layer_count = LAYERS;
    const alx_status status = alx_features_create(&half, model, &config, &err);
    if (!status) {
        read_file(half, 3, values, NULL);
        double off = 0, size = 0;
        for (int64_t i = 0; i < alx_features_size(half); i++) {
            off += pow((double)(values[i] - o->values[i]), 2);
            size += pow((double)o->values[i], 2);
        }
        assert_true(off > 0 && sqrt(off / size) < 0.02);
    } else {
        assert_int_equal(status, ALX_UNSUPPORTED);
    }
    alx_features_destroy(half);
    close_outputs(o);
    alx_model_destroy(model);
}

/* ---- What is refused ---- */

static void refuses_what_is_not_there(void **state)
{
    (void)state;
    static const char *const wrong[] = {"conv2d_9"};
    alx_error err = {0};
    alx_model *model = open_fused();
    alx_features *features;
    alx_features_config config;
    alx_features_config_init(&config);
    config.layers = wrong;
    config.layer_count = 1;
    assert_int_equal(alx_features_create(&features, model, &config, &err), ALX_USAGE);
    assert_null(features);
    assert_string_equal(err.message, "the model has no layer conv2d_9; it has a, norm, act, b, sum, last, pool, flat, "
                                     "hidden, drop, out, soft");
    config.layer_count = 0;
    assert_int_equal(alx_features_create(&features, model, &config, &err), ALX_USAGE);
    config.layers = NULL;
    config.batch_size = -1;
    assert_int_equal(alx_features_create(&features, model, &config, &err), ALX_USAGE);
    config.struct_size = 1;
    assert_int_equal(alx_features_create(&features, model, &config, &err), ALX_USAGE);
    features = open_features(model, NULL, 0, 1);
    const char *path = NULL;
    float values[SIZE];
    alx_status status;
    assert_int_equal(alx_features_files(features, &path, 1, values, NULL, &status, NULL, &err), ALX_USAGE);
    assert_int_equal(alx_features_files(features, &path, 1, NULL, NULL, &status, NULL, &err), ALX_USAGE);
    assert_int_equal(alx_features_files(features, &path, -1, values, NULL, &status, NULL, &err), ALX_USAGE);
    alx_features_destroy(features);
    alx_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_are_those_of_the_definitions),
        cmocka_unit_test(one_layer_is_as_among_all),
        cmocka_unit_test(layers_have_shapes_and_places),
        cmocka_unit_test(what_a_sum_would_be_written_over_stays),
        cmocka_unit_test(a_linear_classifier_has_the_images),
        cmocka_unit_test(batches_change_nothing),
        cmocka_unit_test(images_of_a_data_set_come_by_index),
        cmocka_unit_test(half_precision_is_near),
        cmocka_unit_test(refuses_what_is_not_there),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

/* Activity by layer: its figures are those of the outputs, its gradients those of the definition. */
#include <math.h>

#include "unit/predict_fixture.h"

/* Training computes what inference does. */
static const char steady[] = "name: net\nclasses: 3\ninput: [12, 12, 3]\nlayers:\n"
                             "  - conv2d: {filters: 10, kernel_size: 3, activation: relu}\n"
                             "  - average_pooling2d\n  - flatten\n"
                             "  - dense: {units: classes, activation: softmax}\n";
enum { IMAGES = 12, VALUES = 10 * 10 * 10, FLAT = 10 * 5 * 5 };

static void must(alx_status status, const alx_error *err)
{
    if (status) fail_msg("%s", err->message);
}

static void assert_close(double a, double b)
{
    if (!(fabs(a - b) <= 1e-5 * (fabs(a) + fabs(b)) + 1e-9)) fail_msg("%.9g against %.9g", a, b);
}

static alx_dataset *open_data(const alx_model *model)
{
    alx_error err = {0};
    alx_dataset *data;
    must(alx_dataset_open_for(&data, model, in_folder("data"), &err), &err);
    return data;
}

static alx_activity *look(const alx_model *model, const alx_dataset *data, int images)
{
    alx_error err = {0};
    alx_activity *activity;
    alx_activity_config config;
    alx_activity_config_init(&config);
    config.threads = 2;
    config.images = images;
    must(alx_activity_create(&activity, model, data, &config, &err), &err);
    return activity;
}

/* The convolution's values and the features of all images, from the other calls. */
typedef struct batch {
    float conv[IMAGES][VALUES + FLAT], probabilities[IMAGES][CLASSES];
} batch;

static batch *read_batch(const alx_model *model, const alx_dataset *data)
{
    static const char *const layers[] = {"conv2d_1", "flatten_1"};
    alx_error err = {0};
    alx_status status[IMAGES];
    alx_features *features;
    alx_features_config config;
    alx_features_config_init(&config);
    config.layers = layers;
    config.layer_count = 2;
    batch *b = malloc(sizeof *b);
    assert_non_null(b);
    must(alx_features_create(&features, model, &config, &err), &err);
    must(alx_features_images(features, data, NULL, IMAGES, b->conv[0], b->probabilities[0], status, NULL, &err), &err);
    alx_features_destroy(features);
    return b;
}

static void check_outputs(const alx_layer_activity *row, const batch *b)
{
    double sum = 0, squares = 0;
    int64_t zeros = 0, dead = 0;
    for (int u = 0; u < 10; u++) {
        int64_t silent = 0;
        for (int n = 0; n < IMAGES; n++)
            for (int i = 0; i < 100; i++) {
                const double x = (double)b->conv[n][u * 100 + i];
                sum += x, squares += x * x;
                silent += x == 0;
            }
        zeros += silent;
        dead += silent == IMAGES * 100;
    }
    const double count = IMAGES * VALUES, mean = sum / count;
    assert_string_equal(row->name, "conv2d_1");
    assert_string_equal(row->type, "conv2d");
    assert_int_equal(row->values, IMAGES * VALUES);
    assert_int_equal(row->not_finite, 0);
    assert_int_equal(row->units, 10);
    assert_int_equal(row->dead, dead);
    assert_true(row->rectified);
    assert_close(row->mean, mean);
    assert_close(row->sd, sqrt(squares / count - mean * mean));
    assert_close(row->zeros, (double)zeros / count);
    assert_true(zeros > 0 && dead > 0); /* or there is nothing to count */
}

/* Of the last layer: dL/dW = (p - one-hot) x / N, dL/db = (p - one-hot) / N. */
static void check_gradient(const alx_layer_activity *row, const alx_model *model, const alx_dataset *data,
                           const batch *b)
{
    static double kernel[CLASSES][FLAT], bias[CLASSES];
    double weights = 0, gradients = 0;
    memset(kernel, 0, sizeof kernel);
    memset(bias, 0, sizeof bias);
    for (int n = 0; n < IMAGES; n++)
        for (int k = 0; k < CLASSES; k++) {
            const double d = ((double)b->probabilities[n][k] - (k == alx_dataset_label(data, n))) / IMAGES;
            bias[k] += d;
            for (int i = 0; i < FLAT; i++) kernel[k][i] += d * (double)b->conv[n][VALUES + i];
        }
    for (int k = 0; k < CLASSES; k++) {
        gradients += bias[k] * bias[k];
        for (int i = 0; i < FLAT; i++) gradients += kernel[k][i] * kernel[k][i];
    }
    for (int t = 0; t < alx_model_tensor_count(model); t++) {
        alx_tensor_info info;
        float values[CLASSES * FLAT];
        alx_model_tensor(model, t, &info);
        if (info.layer != 3) continue;
        alx_model_tensor_values(model, t, values);
        for (int64_t i = 0; i < info.count; i++) weights += (double)values[i] * (double)values[i];
    }
    assert_string_equal(row->name, "dense_1");
    assert_int_equal(row->parameters, CLASSES * FLAT + CLASSES);
    assert_close(row->weight_norm, sqrt(weights));
    assert_close(row->gradient_norm, sqrt(gradients));
}

static void figures_are_those_of_the_definitions(void **state)
{
    (void)state;
    alx_error err = {0};
    alx_model *model;
    alx_layer_activity row;
    double loss = 0;
    write_model(in_folder("steady.safetensors"), steady, steady, CLASSES, 12);
    must(alx_model_open(&model, in_folder("steady.safetensors"), &err), &err);
    /* A unit that says nothing. */
    float *kernel = model->params->data + model->params->list[0].offset;
    for (int i = 0; i < 27; i++) kernel[4 * 27 + i] = -1;
    alx_dataset *data = open_data(model);
    batch *b = read_batch(model, data);
    alx_activity *activity = look(model, data, 1000);
    assert_int_equal(alx_activity_images(activity), IMAGES);
    for (int n = 0; n < IMAGES; n++) loss -= log((double)b->probabilities[n][alx_dataset_label(data, n)]) / IMAGES;
    assert_close(alx_activity_loss(activity), loss);
    assert_int_equal(alx_activity_layer(activity, 0, &row), 1);
    check_outputs(&row, b);
    assert_true(row.gradient_norm > 0 && row.parameters == 280);
    assert_int_equal(alx_activity_layer(activity, 1, &row), 1);
    assert_int_equal(row.parameters, 0);
    assert_true(isnan(row.weight_norm) && isnan(row.gradient_norm));
    assert_int_equal(alx_activity_layer(activity, 3, &row), 1);
    check_gradient(&row, model, data, b);
    assert_int_equal(alx_activity_layer(activity, 4, &row), 0);
    assert_int_equal(alx_activity_layer(activity, -1, &row), 0);
    alx_activity_destroy(activity);
    alx_activity_destroy(NULL);
    free(b);
    alx_dataset_destroy(data);
    alx_model_destroy(model);
}

/* A model is shared: what normalisations move in training is not its own. */
static void the_model_stays_as_it_is(void **state)
{
    (void)state;
    alx_model *model = open_model();
    alx_dataset *data = open_data(model);
    const size_t bytes = (size_t)model->params->span * sizeof(float);
    const uint64_t stamp = alx_params_stamp(model->params);
    float *before = malloc(bytes);
    assert_non_null(before);
    memcpy(before, model->params->data, bytes);
    alx_activity *a = look(model, data, 5), *b = look(model, data, 5);
    alx_layer_activity x, y;
    assert_memory_equal(before, model->params->data, bytes);
    assert_int_equal(stamp, alx_params_stamp(model->params));
    assert_int_equal(alx_activity_images(a), 5);
    for (int i = 0; alx_activity_layer(a, i, &x); i++) { /* the same draw */
        alx_activity_layer(b, i, &y);
        assert_true(x.mean == y.mean && x.sd == y.sd && x.zeros == y.zeros);
    }
    alx_activity_layer(a, 4, &x); /* dropout draws: about half are zero */
    assert_true(x.zeros > 0.3 && x.zeros < 0.9);
    alx_activity_destroy(a);
    alx_activity_destroy(b);
    free(before);
    alx_dataset_destroy(data);
    alx_model_destroy(model);
}

static void images_that_cannot_be_read_are_left_out(void **state)
{
    (void)state;
    alx_error err = {0};
    alx_model *model = open_model();
    alx_activity *activity;
    for (int c = 0; c < CLASSES; c++) {
        alx_file_make_folder(in_folder("damaged/%s", names[c]), NULL);
        for (int i = 0; i < 3; i++)
            must(alx_file_write(in_folder("damaged/%s/%d.png", names[c], i), "x", 1, &err), &err);
    }
    alx_dataset *data;
    must(alx_dataset_open_for(&data, model, in_folder("damaged"), &err), &err);
    assert_refused(alx_activity_create(&activity, model, data, NULL, &err), ALX_BAD_DATA, &err,
                   "none of 9 images can be read; the first: ");
    assert_null(activity);
    alx_dataset_destroy(data);
    write_image(in_folder("damaged/b/1.png"), 1);
    write_image(in_folder("damaged/c/2.png"), 2);
    must(alx_dataset_open_for(&data, model, in_folder("damaged"), &err), &err);
    activity = look(model, data, 64);
    assert_int_equal(alx_activity_images(activity), 2);
    /* The two, alone, are the same batch, whose order does not matter. */
    assert_true(isfinite(alx_activity_loss(activity)));
    alx_activity_destroy(activity);
    alx_dataset_destroy(data);
    alx_model_destroy(model);
}

static void refuses_other_classes(void **state)
{
    (void)state;
    alx_error err = {0};
    alx_model *model = open_model();
    alx_dataset *data = open_data(model);
    alx_activity *activity;
    alx_activity_config config;
    alx_activity_config_init(&config);
    config.images = 0;
    assert_refused(alx_activity_create(&activity, model, data, &config, &err), ALX_USAGE, &err, "images is 0");
    config.images = 4;
    data->list.class_names[2] = "z";
    assert_refused(alx_activity_create(&activity, model, data, &config, &err), ALX_BAD_DATA, &err, "class");
    alx_dataset_destroy(data);
    alx_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_the_definitions),
        cmocka_unit_test(the_model_stays_as_it_is),
        cmocka_unit_test(images_that_cannot_be_read_are_left_out),
        cmocka_unit_test(refuses_other_classes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

/* What a model is made of: layers, tensors, the first kernels; and the weights that a run began with. */
#include "unit/predict_fixture.h"

static void must(alx_status status, const alx_error *err)
{
    if (status) fail_msg("%s", err->message);
}

static alx_model *open_of(const char *yaml)
{
    alx_error err = {0};
    alx_model *model;
    write_model(in_folder("other.safetensors"), yaml, yaml, CLASSES, 12);
    must(alx_model_open(&model, in_folder("other.safetensors"), &err), &err);
    return model;
}

/* ---- Layers ---- */

static void layers_are_told_as_of_networks(void **state)
{
    (void)state;
    alx_error err = {0};
    alx_model *model = open_model();
    alx_network *network;
    int size[3], index;
    must(alx_network_open(&network, in_folder("model.safetensors"), 0, &err), &err);
    assert_int_equal(alx_model_layer_count(model), alx_network_layer_count(network));
    for (int i = 0; i < alx_model_layer_count(model); i++) {
        alx_layer_info a, b;
        alx_model_layer(model, i, &a);
        alx_network_layer(network, i, &b);
        assert_string_equal(a.name, b.name);
        assert_string_equal(a.options, b.options);
        assert_memory_equal(a.shape, b.shape, sizeof a.shape);
        must(alx_model_find_layer(&index, model, b.name, &err), &err);
        assert_int_equal(index, i);
    }
    alx_model_input(model, size);
    assert_true(size[0] == 12 && size[1] == 12 && size[2] == 3);
    assert_refused(alx_model_find_layer(&index, model, "dense_2\n", &err), ALX_USAGE, &err,
                   "the model has no layer dense_2\\n; it has conv2d_1, batch_normalization_1, max_pooling2d_1, "
                   "flatten_1, dropout_1, dense_1");
    assert_int_equal(index, -1);
    alx_network_destroy(network);
    alx_model_destroy(model);
}

#define HEAD "name: net\nclasses: 3\ninput: [12, 12, 3]\nlayers:\n"
#define TAIL "  - flatten\n  - dense: {units: classes, activation: softmax}\n"

static void landmarks_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *hidden, *map;
    } rows[] = {
        {HEAD TAIL, "flatten_1", NULL},
        {HEAD "  - conv2d: {filters: 4, kernel_size: 3}\n" TAIL, "flatten_1", "conv2d_1"},
        {HEAD "  - conv2d: {filters: 4, kernel_size: 3}\n  - batch_normalization\n  - activation: {activation: relu}\n"
              "  - dropout: {rate: 0.5}\n  - max_pooling2d\n  - lrn\n" TAIL,
         "flatten_1", "activation_1"},
        /* A pooling that keeps the size moves things all the same. */
        {HEAD "  - conv2d: {filters: 4, kernel_size: 3}\n"
              "  - max_pooling2d: {pool_size: 3, strides: 1, padding: same}\n  - activation: {activation: relu}\n" TAIL,
         "flatten_1", "conv2d_1"},
        {HEAD "  - conv2d: {name: a, filters: 3, kernel_size: 3, padding: same}\n  - add: {from: [input, a]}\n"
              "  - concatenate: {from: [add_1, input]}\n  - global_average_pooling2d\n  - dense: {units: 8}\n"
              "  - dropout: {rate: 0.5}\n  - dropout: {rate: 0.5}\n  - dense: {units: classes, activation: softmax}\n",
         "dense_1", "concatenate_1"},
        /* An activation of another branch is none of the last convolution's. */
        {HEAD "  - conv2d: {name: a, filters: 3, kernel_size: 3}\n  - conv2d: {name: b, from: input, filters: 3, "
              "kernel_size: 3}\n  - activation: {from: a, activation: relu}\n  - flatten: {name: f}\n"
              "  - flatten: {name: g, from: b}\n  - concatenate: {from: [f, g]}\n"
              "  - dense: {units: classes, activation: softmax}\n",
         "concatenate_1", "b"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        alx_model *model = open_of(rows[i].yaml);
        alx_layer_info info;
        alx_model_layer(model, alx_model_hidden_layer(model), &info);
        assert_string_equal(info.name, rows[i].hidden);
        if (rows[i].map) {
            alx_model_layer(model, alx_model_map_layer(model), &info);
            assert_string_equal(info.name, rows[i].map);
        } else {
            assert_int_equal(alx_model_map_layer(model), -1);
        }
        alx_model_destroy(model);
    }
}

static void an_image_is_as_the_network_is_given_it(void **state)
{
    (void)state;
    alx_error err = {0};
    alx_model *model = open_model();
    alx_dataset *data;
    uint8_t a[12 * 12 * 3], b[sizeof a];
    must(alx_dataset_open_for(&data, model, in_folder("data"), &err), &err);
    must(alx_dataset_image(data, 7, a, &err), &err);
    must(alx_model_image(model, alx_dataset_path(data, 7), b, &err), &err);
    assert_memory_equal(a, b, sizeof a);
    assert_refused(alx_model_image(model, in_folder("none.png"), a, &err), ALX_IO, &err, "none.png");
    assert_refused(alx_model_image(model, in_folder("model.safetensors"), a, &err), ALX_BAD_DATA, &err, "model.safe");
    alx_dataset_destroy(data);
    alx_model_destroy(model);
}

/* ---- Tensors ---- */

static void tensors_come_in_canonical_order(void **state)
{
    (void)state;
    /* The first dense kernel is large enough for tiles where the processor has them. */
    alx_model *model = open_of(HEAD "  - flatten\n  - dense: {units: 512, activation: relu}\n"
                                    "  - dense: {units: classes, activation: softmax}\n");
    alx_error err = {0};
    alx_tensor_info info;
    int index;
    must(alx_model_find_tensor(&index, model, "dense_1.kernel", &err), &err);
    alx_model_tensor(model, index, &info);
    assert_int_equal(info.rank, 2);
    assert_int_equal(info.shape[0], 512);
    assert_int_equal(info.shape[1], 432);
    assert_int_equal(info.count, 512 * 432);
    assert_int_equal(info.layer, 1);
    assert_true(info.trainable);
    alx_params *plain; /* what the file was written from */
    must(alx_params_create(&plain, model->graph, false, &err), &err);
    alx_params_init(plain, 7);
    float *values = malloc((size_t)info.count * sizeof *values);
    assert_non_null(values);
    alx_model_tensor_values(model, index, values);
    assert_memory_equal(values, plain->data + plain->list[index].offset, (size_t)info.count * sizeof *values);
    free(values);
    alx_params_destroy(plain);
    assert_refused(alx_model_find_tensor(&index, model, "dense_1.weight", &err), ALX_USAGE, &err,
                   "the model has no tensor dense_1.weight; it has dense_1.kernel, dense_1.bias, dense_2.kernel");
    int64_t shape[4];
    assert_int_equal(alx_model_filters(model, shape), -1);
    assert_int_equal(shape[0] + shape[1] + shape[2] + shape[3], 0);
    alx_model_filter_values(model, NULL); /* nothing */
    alx_model_destroy(model);

    model = open_model();
    must(alx_model_find_tensor(&index, model, "batch_normalization_1.moving_mean", &err), &err);
    alx_model_tensor(model, index, &info);
    assert_false(info.trainable);
    assert_int_equal(info.count, 10);
    alx_model_destroy(model);
}

static void filters_are_pictures(void **state)
{
    (void)state;
    alx_model *model = open_model();
    int64_t shape[4];
    float kernel[10 * 3 * 3 * 3], filters[10 * 3 * 3 * 3];
    const int index = alx_model_filters(model, shape);
    alx_tensor_info info;
    alx_model_tensor(model, index, &info);
    assert_string_equal(info.name, "conv2d_1.kernel");
    assert_true(shape[0] == 10 && shape[1] == 3 && shape[2] == 3 && shape[3] == 3);
    alx_model_tensor_values(model, index, kernel);
    alx_model_filter_values(model, filters);
    for (int f = 0; f < 10; f++)
        for (int c = 0; c < 3; c++)
            for (int y = 0; y < 3; y++)
                for (int x = 0; x < 3; x++)
                    assert_true(filters[((f * 3 + y) * 3 + x) * 3 + c] == kernel[((f * 3 + c) * 3 + y) * 3 + x]);
    alx_model_destroy(model);
}

/* ---- How a run began ---- */

static void write_run(const char *name, const char *recipe)
{
    alx_error err = {0};
    must(alx_file_make_folder(in_folder("%s", name), &err), &err);
    must(alx_file_write(in_folder("%s/recipe.yaml", name), recipe, strlen(recipe), &err), &err);
    write_model(in_folder("%s/best.safetensors", name), net, net, CLASSES, 12); /* drawn with seed 7 */
}

static bool is_seeds(const alx_model *model, uint64_t seed)
{
    alx_error err = {0};
    alx_params *drawn;
    must(alx_params_create(&drawn, model->graph, alx_params_prefer_tiles(), &err), &err);
    alx_params_init(drawn, seed);
    const bool same = memcmp(drawn->data, model->params->data, (size_t)drawn->span * sizeof(float)) == 0;
    alx_params_destroy(drawn);
    return same;
}

static void a_run_begins_with_its_seed(void **state)
{
    (void)state;
    alx_error err = {0};
    alx_model *model;
    write_run("seeded", "train: {seed: 11, weights: ''}\n");
    must(alx_model_open(&model, in_folder("seeded"), &err), &err);
    assert_true(is_seeds(model, 7));
    alx_model_destroy(model);
    must(alx_model_open_initial(&model, in_folder("seeded"), &err), &err);
    assert_true(is_seeds(model, 11));
    assert_string_equal(alx_model_class_name(model, 1), "b");
    alx_session *session = open_session(model, 1, 1); /* it is a model like any other */
    float p[CLASSES];
    must(alx_predict_file(session, in_folder("1.png"), p, &err), &err);
    alx_session_destroy(session);
    alx_model_destroy(model);
}

static void a_run_begins_with_its_file(void **state)
{
    (void)state;
    alx_error err = {0};
    alx_model *model;
    write_run("transferred", "train: {seed: 11, weights: ../model.safetensors}\n");
    must(alx_model_open_initial(&model, in_folder("transferred"), &err), &err);
    assert_true(is_seeds(model, 7)); /* the file's */
    alx_model_destroy(model);
    write_run("lost", "train: {seed: 11, weights: ../lost.safetensors}\n");
    assert_refused(alx_model_open_initial(&model, in_folder("lost"), &err), ALX_IO, &err,
                   "train.weights, from which the run started: ");
    assert_null(model);
}

static void a_start_that_is_not_known_is_refused(void **state)
{
    (void)state;
    alx_error err = {0};
    alx_model *model;
    static const char *const seeds[] = {"train: {epochs: 3}\n",
                                        "train: {seed: -1}\n",
                                        "train: {seed: 1.5}\n",
                                        "train: {seed: ''}\n",
                                        "train: {seed: [1]}\n",
                                        "[1, 2]\n",
                                        "train: {seed: 99999999999999999999999}\n"};
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        write_run("odd", seeds[i]);
        assert_refused(alx_model_open_initial(&model, in_folder("odd"), &err), ALX_BAD_MODEL, &err, "train.seed");
        assert_null(model);
    }
    assert_refused(alx_model_open_initial(&model, in_folder("model.safetensors"), &err), ALX_BAD_MODEL, &err,
                   "no recipe.yaml in it");
    assert_refused(alx_model_open_initial(&model, in_folder("data"), &err), ALX_BAD_MODEL, &err, "no recipe.yaml");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_are_told_as_of_networks),
        cmocka_unit_test(landmarks_are_found),
        cmocka_unit_test(an_image_is_as_the_network_is_given_it),
        cmocka_unit_test(tensors_come_in_canonical_order),
        cmocka_unit_test(filters_are_pictures),
        cmocka_unit_test(a_run_begins_with_its_seed),
        cmocka_unit_test(a_run_begins_with_its_file),
        cmocka_unit_test(a_start_that_is_not_known_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

/* Grad-CAM's calls: what they refuse, what they agree on, and maps in other sizes.  Its figures are compared with
 * PyTorch's in tests/parity/test_grad_cam.c. */
#include <math.h>

#include "unit/predict_fixture.h"

static void must(alx_status status, const alx_error *err)
{
    if (status) fail_msg("%s", err->message);
}

static alx_grad_cam *open_cam(const alx_model *model, const char *layer)
{
    alx_error err = {0};
    alx_grad_cam *cam;
    alx_grad_cam_config config;
    alx_grad_cam_config_init(&config);
    config.threads = 2;
    config.layer = layer;
    must(alx_grad_cam_create(&cam, model, &config, &err), &err);
    return cam;
}

static void files_and_data_sets_agree(void **state)
{
    (void)state;
    alx_error err = {0};
    alx_model *model = open_model();
    alx_grad_cam *cam = open_cam(model, NULL);
    alx_dataset *data;
    alx_heatmap map;
    float first[100], p[CLASSES];
    must(alx_dataset_open_for(&data, model, in_folder("data"), &err), &err);
    must(alx_grad_cam_file(cam, alx_dataset_path(data, 6), 2, &map, &err), &err);
    assert_int_equal(map.height, 10);
    assert_int_equal(map.width, 10);
    assert_int_equal(map.class_index, 2);
    memcpy(first, map.values, sizeof first);
    must(alx_grad_cam_file(cam, in_folder("0.png"), 1, &map, &err), &err);
    assert_memory_not_equal(first, map.values, sizeof first);
    must(alx_grad_cam_image(cam, data, 6, 2, &map, &err), &err);
    assert_memory_equal(first, map.values, sizeof first);
    /* The probabilities are those of a session, and the predicted class is the likeliest. */
    alx_session *session = open_session(model, 1, 1);
    must(alx_predict_file(session, alx_dataset_path(data, 6), p, &err), &err);
    must(alx_grad_cam_image(cam, data, 6, -1, &map, &err), &err);
    for (int i = 0; i < CLASSES; i++) {
        assert_true(fabsf(p[i] - map.probabilities[i]) < 1e-5f);
        assert_true(map.probabilities[map.class_index] >= map.probabilities[i]);
    }
    alx_session_destroy(session);
    alx_dataset_destroy(data);
    alx_grad_cam_destroy(cam);
    alx_model_destroy(model);
}

/* A class's map and its logit do not depend on whether it was named. */
static void the_predicted_class_is_like_a_named_one(void **state)
{
    (void)state;
    alx_error err = {0};
    alx_model *model = open_model();
    alx_grad_cam *cam = open_cam(model, "max_pooling2d_1");
    for (int i = 0; i < FILES; i++) {
        alx_heatmap map;
        float values[25];
        must(alx_grad_cam_file(cam, in_folder("%d.png", i), -1, &map, &err), &err);
        assert_int_equal(map.height * map.width, 25);
        memcpy(values, map.values, sizeof values);
        const double logit = map.logit;
        must(alx_grad_cam_file(cam, in_folder("%d.png", i), map.class_index, &map, &err), &err);
        assert_memory_equal(values, map.values, sizeof values);
        assert_true(logit == map.logit);
    }
    alx_grad_cam_destroy(cam);
    alx_model_destroy(model);
}

static void refuses_what_has_no_map(void **state)
{
    (void)state;
    static const char flat[] = "name: net\nclasses: 3\ninput: [12, 12, 3]\nlayers:\n"
                               "  - max_pooling2d\n  - flatten\n  - dense: {units: classes, activation: softmax}\n";
    alx_error err = {0};
    alx_model *model = open_model(), *without;
    alx_grad_cam *cam;
    alx_heatmap map;
    alx_grad_cam_config config;
    alx_grad_cam_config_init(&config);
    config.layer = "conv2d_7";
    assert_refused(alx_grad_cam_create(&cam, model, &config, &err), ALX_USAGE, &err, "it has conv2d_1, batch_norm");
    assert_null(cam);
    config.layer = "dense_1";
    assert_refused(alx_grad_cam_create(&cam, model, &config, &err), ALX_USAGE, &err,
                   "dense_1: its output is a row of 3 features, and a map needs places; the usual layer is "
                   "batch_normalization_1");
    write_model(in_folder("flat.safetensors"), flat, flat, CLASSES, 12);
    must(alx_model_open(&without, in_folder("flat.safetensors"), &err), &err);
    assert_refused(alx_grad_cam_create(&cam, without, NULL, &err), ALX_USAGE, &err, "the network has no convolution");
    config.layer = "dense_1";
    assert_refused(alx_grad_cam_create(&cam, without, &config, &err), ALX_USAGE, &err, "has no convolution");
    config.layer = "max_pooling2d_1"; /* who names a layer with places gets a map of it */
    must(alx_grad_cam_create(&cam, without, &config, &err), &err);
    must(alx_grad_cam_file(cam, in_folder("0.png"), -1, &map, &err), &err);
    assert_int_equal(map.height, 6);
    alx_grad_cam_destroy(cam);
    alx_model_destroy(without);
    config.threads = -1;
    assert_refused(alx_grad_cam_create(&cam, model, &config, &err), ALX_USAGE, &err, "threads is -1");
    alx_model_destroy(model);
}

static void refuses_images_and_classes(void **state)
{
    (void)state;
    alx_error err = {0};
    alx_model *model = open_model();
    alx_grad_cam *cam = open_cam(model, NULL);
    alx_dataset *data;
    alx_heatmap map;
    must(alx_dataset_open_for(&data, model, in_folder("data"), &err), &err);
    assert_refused(alx_grad_cam_file(cam, in_folder("0.png"), 3, &map, &err), ALX_USAGE, &err,
                   "class 3: the model has classes 0 to 2; -1 is the predicted one");
    assert_null(map.values);
    assert_refused(alx_grad_cam_image(cam, data, 0, -2, &map, &err), ALX_USAGE, &err, "class -2");
    assert_refused(alx_grad_cam_image(cam, data, 12, -1, &map, &err), ALX_USAGE, &err, "image 12 of a data set of 12");
    assert_refused(alx_grad_cam_image(cam, data, -1, -1, &map, &err), ALX_USAGE, &err, "image -1");
    assert_refused(alx_grad_cam_file(cam, NULL, -1, &map, &err), ALX_USAGE, &err, "path is NULL");
    assert_refused(alx_grad_cam_file(cam, in_folder("none.png"), -1, &map, &err), ALX_IO, &err, "none.png");
    assert_refused(alx_grad_cam_file(cam, in_folder("model.safetensors"), -1, &map, &err), ALX_BAD_DATA, &err,
                   "model.safetensors");
    assert_int_equal(alx_grad_cam_file(cam, in_folder("none.png"), -1, &map, NULL), ALX_IO);
    alx_dataset_destroy(data);
    alx_grad_cam_destroy(cam);
    alx_grad_cam_destroy(NULL);
    alx_model_destroy(model);
}

/* ---- In another size ---- */

/* torch.nn.functional.interpolate(torch.tensor([[[[0., 1.], [2., 4.]]]]), (3, 4), mode='bilinear') / 4 */
static void resizes_as_pytorch(void **state)
{
    (void)state;
    static const float map[] = {0, 1, 2, 4};
    static const double expected[] = {0, 0.25, 0.75, 1, 1, 1.375, 2.125, 2.5, 2, 2.5, 3.5, 4};
    float out[12];
    alx_heatmap_resize(map, 2, 2, out, 3, 4);
    for (int i = 0; i < 12; i++) assert_true(fabs((double)out[i] - expected[i] / 4) < 1e-6);
}

static void sizes_at_the_edge(void **state)
{
    (void)state;
    static const float point = 3, zeros[6];
    float out[35];
    alx_heatmap_resize(&point, 1, 1, out, 5, 7);
    for (int i = 0; i < 35; i++) assert_true(out[i] == 1.0f);
    alx_heatmap_resize(zeros, 2, 3, out, 5, 7);
    for (int i = 0; i < 35; i++) assert_true(out[i] == 0.0f);
    static const float row[] = {0, 4, 8, 4};
    alx_heatmap_resize(row, 1, 4, out, 1, 4); /* the same size: divided alone */
    for (int i = 0; i < 4; i++) assert_true(out[i] == row[i] / 8);
    alx_heatmap_resize(row, 1, 4, out, 1, 2); /* smaller: means of two */
    assert_true(fabsf(out[0] - 1.0f / 3) < 1e-6f && out[1] == 1.0f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_and_data_sets_agree), cmocka_unit_test(the_predicted_class_is_like_a_named_one),
        cmocka_unit_test(refuses_what_has_no_map),   cmocka_unit_test(refuses_images_and_classes),
        cmocka_unit_test(resizes_as_pytorch),        cmocka_unit_test(sizes_at_the_edge),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

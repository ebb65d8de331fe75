/* What the tests of prediction and evaluation share: a small network with drawn weights as a model file,
 * seven images, and a data set of three classes, in a folder that teardown removes. */
#ifndef ALX_TESTS_PREDICT_FIXTURE_H
#define ALX_TESTS_PREDICT_FIXTURE_H

#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "data/dataset.h"
#include "predict/session.h"

enum { CLASSES = 3, SIDE = 20, FILES = 7 };

static char folder[64];
static const char *names[] = {"a", "b", "c"};

static const char net[] = "name: net\nclasses: 3\ninput: [12, 12, 3]\nlayers:\n"
                          "  - conv2d: {filters: 10, kernel_size: 3, activation: relu}\n"
                          "  - batch_normalization:\n"
                          "  - max_pooling2d: {pool_size: 2, strides: 2}\n"
                          "  - flatten:\n"
                          "  - dropout: {rate: 0.5}\n"
                          "  - dense: {units: classes, activation: softmax}\n";

/* A path in the test's folder; a few live at once. */
static inline const char *in_folder(const char *format, ...)
{
    static char paths[16][256];
    static int next;
    char *path = paths[next++ % 16];
    int length = snprintf(path, sizeof paths[0], "%s/", folder);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(path + length, sizeof paths[0] - (size_t)length, format, arguments);
    va_end(arguments);
    return path;
}

/* A gradient whose direction and phase depend on `number`. */
static inline void draw_image(uint8_t *rgb, int number)
{
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            uint8_t *pixel = rgb + (y * SIDE + x) * 3;
            pixel[0] = (uint8_t)(x * (11 + 7 * number) + 31 * number);
            pixel[1] = (uint8_t)(y * (9 + 5 * number));
            pixel[2] = (uint8_t)((x * y + 90 * number) % 256);
        }
    }
}

static inline void write_image(const char *path, int number)
{
    uint8_t rgb[SIDE * SIDE * 3];
    draw_image(rgb, number);
    png_image image = {.version = PNG_IMAGE_VERSION, .width = SIDE, .height = SIDE, .format = PNG_FORMAT_RGB};
    assert_true(png_image_write_to_file(&image, path, 0, rgb, 0, NULL));
}

/* A model file that says it is `yaml` and holds the tensors of `tensors`, for inputs of side x side out of images of
 * image_side x image_side, decoded as `decode` says. */
static inline void write_model_decoding(const char *path, const char *yaml, const char *tensors, int class_count,
                                        int side, int image_side, alx_decode decode)
{
    alx_error err = {0};
    alx_spec spec = {0};
    alx_graph *graph = NULL;
    alx_params *params = NULL;
    alx_safetensors_writer *writer = NULL;
    alx_preprocess p = {.decode = decode,
                        .image_height = image_side,
                        .image_width = image_side,
                        .height = side,
                        .width = side,
                        .channels = 3,
                        .filter = ALX_FILTER_BILINEAR,
                        .rescale = 1.0 / 255,
                        .std = {1, 1, 1}};
    alx_text json = {0};
    char *preprocessing = NULL;
    assert_int_equal(alx_spec_parse(&spec, tensors, strlen(tensors), "test", 0, &err), ALX_OK);
    assert_int_equal(alx_graph_create(&graph, &spec, &err), ALX_OK);
    assert_int_equal(alx_params_create(&params, graph, false, &err), ALX_OK);
    alx_params_init(params, 7);
    assert_int_equal(alx_preprocess_write(&json, &p, &err), ALX_OK);
    assert_int_equal(alx_text_take(&preprocessing, &json, &err), ALX_OK);
    alx_model_meta meta = {
        .yaml = yaml, .class_count = class_count, .class_names = names, .preprocessing = preprocessing};
    assert_int_equal(alx_safetensors_create(&writer, path, &err), ALX_OK);
    assert_int_equal(alx_model_meta_write(writer, &meta, &err), ALX_OK);
    assert_int_equal(alx_model_tensors_declare(params, writer, "", ALX_ST_F32, &err), ALX_OK);
    assert_int_equal(alx_model_tensors_write(params, writer, "", ALX_ST_F32, params->data, &err), ALX_OK);
    assert_int_equal(alx_safetensors_finish(writer, &err), ALX_OK);
    alx_safetensors_writer_destroy(writer);
    free(preprocessing);
    alx_params_destroy(params);
    alx_graph_destroy(graph);
}

static inline void write_model_for(const char *path, const char *yaml, const char *tensors, int class_count, int side,
                                   int image_side)
{
    write_model_decoding(path, yaml, tensors, class_count, side, image_side, ALX_DECODE_EXACT);
}

static inline void write_model(const char *path, const char *yaml, const char *tensors, int class_count, int side)
{
    write_model_for(path, yaml, tensors, class_count, side, side);
}

static inline int setup(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/alx-predict-XXXXXX", tmp && strlen(tmp) < 32 ? tmp : "/tmp");
    if (!mkdtemp(folder)) return 1;
    write_model(in_folder("model.safetensors"), net, net, CLASSES, 12);
    for (int i = 0; i < FILES; i++) write_image(in_folder("%d.png", i), i);
    for (int c = 0; c < CLASSES; c++) {
        alx_file_make_folder(in_folder("data/%s", names[c]), NULL);
        for (int i = 0; i < 4; i++) write_image(in_folder("data/%s/%d.png", names[c], i), 5 * c + i);
    }
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static inline alx_model *open_model(void)
{
    alx_error err = {0};
    alx_model *model;
    if (alx_model_open(&model, in_folder("model.safetensors"), &err)) fail_msg("%s", err.message);
    return model;
}

static inline alx_session *open_session(const alx_model *model, int threads, int batch)
{
    alx_error err = {0};
    alx_session *session;
    alx_session_config config;
    alx_session_config_init(&config);
    config.threads = threads;
    config.batch_size = batch;
    if (alx_session_create(&session, model, &config, &err)) fail_msg("%s", err.message);
    return session;
}

/* The call fails with that status and a message that holds the text. */
static inline void assert_refused(alx_status got, alx_status want, const alx_error *err, const char *text)
{
    if (got != want || !strstr(err->message, text)) fail_msg("status %d: %s (wanted: %s)", got, err->message, text);
}

#endif

/* Models, sessions and prediction. */
#include <math.h>
#include <omp.h>
#include <pthread.h>
#include <turbojpeg.h>

#include "unit/predict_fixture.h"

static const char wider[] = "name: net\nclasses: 3\ninput: [12, 12, 3]\nlayers:\n"
                            "  - conv2d: {filters: 12, kernel_size: 3, activation: relu}\n"
                            "  - batch_normalization:\n"
                            "  - max_pooling2d: {pool_size: 2, strides: 2}\n"
                            "  - flatten:\n"
                            "  - dropout: {rate: 0.5}\n"
                            "  - dense: {units: classes, activation: softmax}\n";

static void model_tells_what_it_is(void **state)
{
    (void)state;
    alx_model *model = open_model();
    assert_int_equal(alx_model_class_count(model), CLASSES);
    assert_string_equal(alx_model_class_name(model, 2), "c");
    assert_null(alx_model_class_name(model, 3));
    assert_null(alx_model_class_name(model, -1));
    assert_non_null(strstr(alx_model_preprocessing(model), "12x12"));
    alx_model_destroy(model);
    alx_model_destroy(NULL);
    alx_session_destroy(NULL);
}

static void file_and_pixels_agree(void **state)
{
    (void)state;
    enum { STRIDE = SIDE * 3 + 5 };
    uint8_t rgb[SIDE * SIDE * 3], padded[SIDE * STRIDE];
    alx_model *model = open_model();
    alx_session *session = open_session(model, 2, 1);
    float from_file[CLASSES], from_pixels[CLASSES], from_rows[CLASSES], first[CLASSES];
    for (int number = 0; number < FILES; number++) {
        draw_image(rgb, number);
        memset(padded, 0xAA, sizeof padded); /* between the rows: never read as pixels */
        for (int y = 0; y < SIDE; y++) memcpy(padded + y * STRIDE, rgb + y * SIDE * 3, SIDE * 3);
        assert_int_equal(alx_predict_file(session, in_folder("%d.png", number), from_file, NULL), ALX_OK);
        assert_int_equal(alx_predict_pixels(session, rgb, SIDE, SIDE, SIDE * 3, from_pixels, NULL), ALX_OK);
        assert_int_equal(alx_predict_pixels(session, padded, SIDE, SIDE, STRIDE, from_rows, NULL), ALX_OK);
        assert_memory_equal(from_file, from_pixels, sizeof from_file);
        assert_memory_equal(from_file, from_rows, sizeof from_file);
        float sum = from_file[0] + from_file[1] + from_file[2];
        assert_true(fabsf(sum - 1) < 1e-5f);
        if (number == 0) memcpy(first, from_file, sizeof first);
        if (number == 1) assert_memory_not_equal(first, from_file, sizeof first);
    }
    alx_session_destroy(session);
    alx_model_destroy(model);
}

enum { PHOTO = 192 }; /* a side; 1/8 of it is 24, and the network takes 12 */

static void write_photo(const char *path)
{
    static uint8_t rgb[PHOTO * PHOTO * 3];
    for (int i = 0; i < PHOTO * PHOTO; i++) {
        const int x = i % PHOTO, y = i / PHOTO;
        rgb[3 * i] = (uint8_t)(x * 37 + y * 3);
        rgb[3 * i + 1] = (uint8_t)(x * y);
        rgb[3 * i + 2] = (uint8_t)(x * 7 + y * 31);
    }
    unsigned char *data = NULL;
    unsigned long count = 0;
    tjhandle tj = tjInitCompress();
    assert_int_equal(tjCompress2(tj, rgb, PHOTO, 0, PHOTO, TJPF_RGB, &data, &count, TJSAMP_420, 90, 0), 0);
    assert_int_equal(alx_file_write(path, data, count, NULL), ALX_OK);
    tjFree(data);
    tjDestroy(tj);
}

/* side: what the decoder is asked for. */
static void read_photo(uint8_t *rgb, const char *path, int side)
{
    uint8_t *data = NULL;
    size_t count = 0;
    tjhandle tj = tjInitDecompress();
    assert_int_equal(alx_file_read(&data, &count, path, 1 << 20, NULL), ALX_OK);
    assert_int_equal(tjDecompress2(tj, data, (unsigned long)count, rgb, side, 0, side, TJPF_RGB, TJFLAG_ACCURATEDCT),
                     0);
    free(data);
    tjDestroy(tj);
}

/* A file is decoded as the model says, so that it is seen as in training. */
static void decoding_is_the_models(void **state)
{
    (void)state;
    static uint8_t rgb[PHOTO * PHOTO * 3];
    float of_file[2][CLASSES], of_pixels[2][CLASSES];
    write_photo(in_folder("photo.jpg"));
    for (int decode = 0; decode < 2; decode++) {
        const int side = decode == ALX_DECODE_FAST ? PHOTO / 8 : PHOTO;
        alx_error err = {0};
        alx_model *model = NULL;
        write_model_decoding(in_folder("decode.safetensors"), net, net, CLASSES, 12, 12, (alx_decode)decode);
        assert_int_equal(alx_model_open(&model, in_folder("decode.safetensors"), &err), ALX_OK);
        assert_int_equal(strstr(alx_model_preprocessing(model), "fast decode") != NULL, decode == ALX_DECODE_FAST);
        alx_session *session = open_session(model, 1, 1);
        assert_int_equal(alx_predict_file(session, in_folder("photo.jpg"), of_file[decode], &err), ALX_OK);
        read_photo(rgb, in_folder("photo.jpg"), side);
        assert_int_equal(alx_predict_pixels(session, rgb, side, side, side * 3, of_pixels[decode], &err), ALX_OK);
        assert_memory_equal(of_file[decode], of_pixels[decode], sizeof of_file[decode]);
        alx_session_destroy(session);
        alx_model_destroy(model);
    }
    assert_memory_not_equal(of_file[0], of_file[1], sizeof of_file[0]);
}

static void wrong_pixels_are_refused(void **state)
{
    (void)state;
    uint8_t rgb[12] = {0};
    float out[CLASSES];
    alx_error err = {0};
    alx_model *model = open_model();
    alx_session *session = open_session(model, 1, 1);
    assert_refused(alx_predict_pixels(session, rgb, 2, 2, 5, out, &err), ALX_USAGE, &err, "stride is 5");
    assert_refused(alx_predict_pixels(session, rgb, 0, 2, 6, out, &err), ALX_USAGE, &err, "0x2");
    assert_refused(alx_predict_pixels(session, rgb, 2, 1 << 30, 6, out, &err), ALX_USAGE, &err, "sides");
    assert_refused(alx_predict_file(session, in_folder("none.png"), out, &err), ALX_IO, &err, "none.png");
    const char *const paths[] = {NULL};
    alx_status each;
    assert_refused(alx_predict_pixels(session, NULL, 2, 2, 6, out, &err), ALX_USAGE, &err, "rgb is NULL");
    assert_refused(alx_predict_pixels(session, rgb, 2, 2, 6, NULL, &err), ALX_USAGE, &err, "probabilities is NULL");
    assert_refused(alx_predict_file(session, NULL, out, &err), ALX_USAGE, &err, "path is NULL");
    assert_refused(alx_predict_file(session, "x.png", NULL, &err), ALX_USAGE, &err, "probabilities is NULL");
    assert_refused(alx_predict_files(session, NULL, 1, out, &each, NULL, &err), ALX_USAGE, &err, "paths is NULL");
    assert_refused(alx_predict_files(session, paths, 1, out, &each, NULL, &err), ALX_USAGE, &err, "path is NULL");
    assert_refused(alx_predict_files(session, paths, 1, NULL, &each, NULL, &err), ALX_USAGE, &err, "probabilities");
    assert_refused(alx_predict_files(session, paths, 1, out, NULL, NULL, &err), ALX_USAGE, &err, "status is NULL");
    alx_session_destroy(session);
    alx_model_destroy(model);
}

static void wrong_settings_are_refused(void **state)
{
    (void)state;
    alx_model *model = open_model();
    alx_session *session;
    alx_error err = {0};
    alx_session_config config;
    alx_session_config_init(&config);
    config.threads = -1;
    assert_refused(alx_session_create(&session, model, &config, &err), ALX_USAGE, &err, "threads");
    assert_null(session);
    alx_session_config_init(&config);
    config.batch_size = -5;
    assert_refused(alx_session_create(&session, model, &config, &err), ALX_USAGE, &err, "batch_size");
    memset(&config, 0, sizeof config);
    assert_refused(alx_session_create(&session, model, &config, &err), ALX_USAGE, &err, "struct_size");
    alx_model_destroy(model);
}

static void files_keep_their_places(void **state)
{
    (void)state;
    alx_model *model = open_model();
    alx_session *one = open_session(model, 1, 1), *many = open_session(model, 2, 3);
    const char *paths[FILES];
    float batched[FILES][CLASSES], single[CLASSES];
    alx_status status[FILES];
    alx_error errors[FILES];
    for (int i = 0; i < FILES; i++) paths[i] = i == 4 ? in_folder("missing.png") : in_folder("%d.png", i);
    omp_set_num_threads(3);
    assert_int_equal(alx_predict_files(many, paths, FILES, batched[0], status, errors, NULL), ALX_OK);
    assert_int_equal(omp_get_max_threads(), 3); /* the caller's setting stays */
    for (int i = 0; i < FILES; i++) {
        if (i == 4) continue;
        assert_int_equal(status[i], ALX_OK);
        assert_int_equal(alx_predict_file(one, paths[i], single, NULL), ALX_OK);
        for (int c = 0; c < CLASSES; c++) assert_true(fabsf(single[c] - batched[i][c]) < 1e-5f);
    }
    assert_int_equal(status[4], ALX_IO);
    assert_non_null(strstr(errors[4].message, "missing.png"));
    assert_true(batched[4][0] == 0 && batched[4][1] == 0 && batched[4][2] == 0);
    assert_int_equal(alx_predict_files(many, paths, 0, batched[0], status, NULL, NULL), ALX_OK);
    assert_int_equal(alx_predict_files(many, paths, FILES, batched[0], status, NULL, NULL), ALX_OK);
    alx_session_destroy(many);
    alx_session_destroy(one);
    alx_model_destroy(model);
}

typedef struct worker {
    const alx_model *model;
    float expected[FILES][CLASSES];
    int wrong;
} worker;

static void *predict_all(void *argument)
{
    worker *w = argument;
    alx_session *session;
    alx_session_config config;
    alx_session_config_init(&config);
    config.threads = 1;
    if (alx_session_create(&session, w->model, &config, NULL)) return w->wrong = 1, NULL;
    for (int i = 0; i < 20 * FILES; i++) {
        float got[CLASSES];
        uint8_t rgb[SIDE * SIDE * 3];
        draw_image(rgb, i % FILES);
        if (alx_predict_pixels(session, rgb, SIDE, SIDE, SIDE * 3, got, NULL)) w->wrong++;
        w->wrong += memcmp(got, w->expected[i % FILES], sizeof got) != 0;
    }
    alx_session_destroy(session);
    return NULL;
}

static void threads_share_a_model(void **state)
{
    (void)state;
    alx_model *model = open_model();
    alx_session *session = open_session(model, 1, 1);
    worker workers[2] = {{.model = model}};
    for (int i = 0; i < FILES; i++)
        assert_int_equal(alx_predict_file(session, in_folder("%d.png", i), workers[0].expected[i], NULL), ALX_OK);
    workers[1] = workers[0];
    size_t bytes = (size_t)model->params->span * sizeof(float);
    float *before = malloc(bytes);
    memcpy(before, model->params->data, bytes);
    uint64_t version = model->params->version;
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, predict_all, &workers[i]), 0);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    assert_int_equal(workers[0].wrong, 0);
    assert_int_equal(workers[1].wrong, 0);
    assert_memory_equal(before, model->params->data, bytes);
    assert_int_equal(model->params->version, version);
    free(before);
    alx_session_destroy(session);
    alx_model_destroy(model);
}

/* ---- Files that are not what they should be ---- */

static void assert_open_fails(const char *path, alx_status status, const char *text)
{
    alx_model *model;
    alx_error err = {0};
    alx_status got = alx_model_open(&model, path, &err);
    assert_null(model);
    assert_refused(got, status, &err, text);
}

static void wrong_files_are_refused(void **state)
{
    (void)state;
    assert_open_fails(in_folder("none.safetensors"), ALX_IO, "none.safetensors");
    assert_open_fails(in_folder("data"), ALX_BAD_MODEL, "neither best.safetensors nor last.safetensors");
    assert_open_fails(in_folder("0.png"), ALX_BAD_MODEL, "0.png");
    write_model(in_folder("other.safetensors"), net, wider, CLASSES, 12);
    assert_open_fails(in_folder("other.safetensors"), ALX_BAD_MODEL, "other model");
    write_model(in_folder("two.safetensors"), net, net, 2, 12);
    assert_open_fails(in_folder("two.safetensors"), ALX_BAD_MODEL, "2 class names");
    write_model(in_folder("size.safetensors"), net, net, CLASSES, 13);
    assert_open_fails(in_folder("size.safetensors"), ALX_BAD_MODEL, "13x13x3");
}

static void damage_is_seen(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t count;
    assert_int_equal(alx_file_read(&bytes, &count, in_folder("model.safetensors"), 1 << 24, NULL), ALX_OK);
    const char *path = in_folder("damaged.safetensors");
    for (size_t cut = 0; cut < count; cut += 1 + count / 40) {
        alx_model *model;
        assert_int_equal(alx_file_write(path, bytes, cut, NULL), ALX_OK);
        assert_int_equal(alx_model_open(&model, path, NULL), ALX_BAD_MODEL);
    }
    for (size_t at = 0; at < count; at += 1 + count / 150) {
        alx_model *model;
        bytes[at] ^= 0x10;
        assert_int_equal(alx_file_write(path, bytes, count, NULL), ALX_OK);
        alx_status status = alx_model_open(&model, path, NULL);
        if (status != ALX_BAD_MODEL) fail_msg("byte %zu of %zu flipped: status %d", at, count, status);
        bytes[at] ^= 0x10;
    }
    free(bytes);
}

static void run_folder_gives_the_best(void **state)
{
    (void)state;
    alx_model *model;
    alx_file_make_folder(in_folder("run"), NULL);
    write_model(in_folder("run/last.safetensors"), wider, wider, CLASSES, 12);
    assert_int_equal(alx_model_open(&model, in_folder("run"), NULL), ALX_OK);
    assert_int_equal(model->graph->layers[0].out.dims[0], 12);
    alx_model_destroy(model);
    write_model(in_folder("run/best.safetensors"), net, net, CLASSES, 12);
    assert_int_equal(alx_model_open(&model, in_folder("run"), NULL), ALX_OK);
    assert_int_equal(model->graph->layers[0].out.dims[0], 10);
    alx_model_destroy(model);
}

/* Nothing is measured unless a session asks for it; then answers are the same but for rounding, and a file remembers.
 */
static void measured_sessions(void **state)
{
    (void)state;
    static const char wide[] = "name: wide\nclasses: 3\ninput: [24, 24, 3]\nlayers:\n"
                               "- conv2d: {filters: 64, kernel_size: 3, padding: same, activation: relu}\n"
                               "- conv2d: {filters: 64, kernel_size: 3, padding: same, activation: relu}\n- flatten\n"
                               "- dense: {units: classes, activation: softmax}\n";
    write_model(in_folder("wide.safetensors"), wide, wide, CLASSES, 24);
    alx_model *model;
    alx_error err;
    assert_int_equal(alx_model_open(&model, in_folder("wide.safetensors"), &err), ALX_OK);
    const bool ways = alx_dnn_cpu().channel_block > 0; /* there are several */
    float answers[3][CLASSES];
    for (int i = 0; i < 3; i++) {
        alx_session_config config;
        alx_session *session;
        alx_session_config_init(&config);
        config.batch_size = 16;
        config.threads = 2;
        config.autotune = i > 0;
        config.cache_dir = in_folder("cache");
        assert_int_equal(alx_session_create(&session, model, &config, &err), ALX_OK);
        assert_int_equal(session->tuner.measured > 0, i == 1 && ways);
        assert_int_equal(alx_file_exists(in_folder("cache/" ALX_CHOICES_FILE)), i > 0 && ways);
        assert_int_equal(alx_predict_file(session, in_folder("1.png"), answers[i], &err), ALX_OK);
        for (int k = 0; k < CLASSES; k++) assert_true(fabsf(answers[i][k] - answers[0][k]) < 1e-4f);
        alx_session_destroy(session);
    }
    assert_memory_equal(answers[1], answers[2], sizeof answers[1]);
    alx_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(model_tells_what_it_is),
        cmocka_unit_test(file_and_pixels_agree),
        cmocka_unit_test(decoding_is_the_models),
        cmocka_unit_test(wrong_pixels_are_refused),
        cmocka_unit_test(wrong_settings_are_refused),
        cmocka_unit_test(files_keep_their_places),
        cmocka_unit_test(threads_share_a_model),
        cmocka_unit_test(wrong_files_are_refused),
        cmocka_unit_test(damage_is_seen),
        cmocka_unit_test(run_folder_gives_the_best),
        cmocka_unit_test(measured_sessions),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

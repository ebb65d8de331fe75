/* Views: a session's probabilities are the mean over crops and mirror images, each as if it were an image of its own.
 */
#include <math.h>

#include "predict_fixture.h"

enum { INPUT = 12, ROOM = SIDE - INPUT };

/* Images are SIDE x SIDE; with `larger` the model keeps them so and cuts its input out. */
static alx_model *open_one(bool larger)
{
    alx_model *model;
    alx_error err = {0};
    const char *path = in_folder("views%d.safetensors", larger);
    write_model_for(path, net, net, CLASSES, INPUT, larger ? SIDE : INPUT);
    if (alx_model_open(&model, path, &err)) fail_msg("%s", err.message);
    return model;
}

static alx_session *open_views(const alx_model *model, alx_views views, int batch)
{
    alx_error err = {0};
    alx_session *session;
    alx_session_config config;
    alx_session_config_init(&config);
    assert_int_equal(config.views, ALX_VIEWS_CENTRE);
    config.threads = 2;
    config.batch_size = batch;
    config.views = views;
    if (alx_session_create(&session, model, &config, &err)) fail_msg("%s", err.message);
    return session;
}

/* The probabilities of one part of image `number`, cut out and mirrored here, by a session that does neither. */
static void add_part(double sums[CLASSES], alx_session *plain, int number, int top, int left, bool mirror)
{
    uint8_t whole[SIDE * SIDE * 3], part[INPUT * INPUT * 3];
    float p[CLASSES];
    draw_image(whole, number);
    for (int y = 0; y < INPUT; y++)
        for (int x = 0; x < INPUT; x++)
            memcpy(part + (y * INPUT + x) * 3, whole + ((top + y) * SIDE + left + (mirror ? INPUT - 1 - x : x)) * 3, 3);
    assert_int_equal(alx_predict_pixels(plain, part, INPUT, INPUT, INPUT * 3, p, NULL), ALX_OK);
    for (int c = 0; c < CLASSES; c++) sums[c] += (double)p[c];
}

static void mean_by_hand(double mean[CLASSES], alx_session *plain, alx_views views, int number)
{
    static const int corners[5][2] = {{ROOM / 2, ROOM / 2}, {0, 0}, {0, ROOM}, {ROOM, 0}, {ROOM, ROOM}};
    const int places = views == ALX_VIEWS_TEN_CROP ? 5 : 1, mirrors = views == ALX_VIEWS_CENTRE ? 1 : 2;
    for (int c = 0; c < CLASSES; c++) mean[c] = 0;
    for (int i = 0; i < places; i++)
        for (int mirror = 0; mirror < mirrors; mirror++)
            add_part(mean, plain, number, corners[i][0], corners[i][1], mirror);
    for (int c = 0; c < CLASSES; c++) mean[c] /= places * mirrors;
}

static void assert_same(const float *p, const double *mean)
{
    for (int c = 0; c < CLASSES; c++)
        if (fabs((double)p[c] - mean[c]) > 2e-6) fail_msg("class %d: %g, not %g", c, (double)p[c], mean[c]);
}

static void views_are_averaged(void **state)
{
    (void)state;
    alx_model *small = open_one(false), *large = open_one(true);
    alx_session *plain = open_views(small, ALX_VIEWS_CENTRE, 1);
    const char *paths[FILES];
    for (int i = 0; i < FILES; i++) paths[i] = in_folder("%d.png", i);
    double centre[FILES][CLASSES];
    for (int views = ALX_VIEWS_CENTRE; views <= ALX_VIEWS_TEN_CROP; views++)
        for (int batch = 1; batch <= 8; batch += 3) {
            alx_session *session = open_views(large, (alx_views)views, batch);
            float many[FILES * CLASSES], one[CLASSES];
            alx_status status[FILES];
            uint8_t rgb[SIDE * SIDE * 3];
            assert_int_equal(alx_predict_files(session, paths, FILES, many, status, NULL, NULL), ALX_OK);
            for (int i = 0; i < FILES; i++) {
                double mean[CLASSES];
                mean_by_hand(mean, plain, (alx_views)views, i);
                assert_same(many + i * CLASSES, mean);
                assert_int_equal(alx_predict_file(session, paths[i], one, NULL), ALX_OK);
                assert_same(one, mean);
                draw_image(rgb, i);
                assert_int_equal(alx_predict_pixels(session, rgb, SIDE, SIDE, SIDE * 3, one, NULL), ALX_OK);
                assert_same(one, mean);
                /* The views differ, or this test could not fail. */
                if (views == ALX_VIEWS_CENTRE)
                    memcpy(centre[i], mean, sizeof mean);
                else
                    assert_true(fabs(mean[0] - centre[i][0]) > 1e-4);
            }
            alx_session_destroy(session);
        }
    alx_session_destroy(plain);
    alx_model_destroy(small);
    alx_model_destroy(large);
}

/* The loss is that of the averaged probabilities. */
static void evaluation_follows(void **state)
{
    (void)state;
    alx_model *model = open_one(true);
    for (int views = ALX_VIEWS_CENTRE; views <= ALX_VIEWS_TEN_CROP; views++) {
        alx_session *session = open_views(model, (alx_views)views, 5);
        alx_dataset *data;
        alx_evaluation *evaluation;
        assert_int_equal(alx_dataset_open_for(&data, model, in_folder("data"), NULL), ALX_OK);
        assert_int_equal(alx_evaluate(&evaluation, session, data, 0, NULL, NULL, NULL), ALX_OK);
        double loss = 0;
        int64_t hits = 0;
        for (int64_t i = 0; i < 12; i++) {
            float p[CLASSES];
            int best = 0, truth = alx_dataset_label(data, i);
            assert_int_equal(alx_predict_file(session, alx_dataset_path(data, i), p, NULL), ALX_OK);
            for (int c = 1; c < CLASSES; c++) best = p[c] > p[best] ? c : best;
            loss -= log((double)p[truth]) / 12;
            hits += best == truth;
        }
        if (fabs(alx_evaluation_loss(evaluation) - loss) > 1e-5)
            fail_msg("loss %g, not %g", alx_evaluation_loss(evaluation), loss);
        assert_true(fabs(alx_evaluation_accuracy(evaluation) - (double)hits / 12) < 1e-12);
        alx_evaluation_destroy(evaluation);
        alx_dataset_destroy(data);
        alx_session_destroy(session);
    }
    alx_model_destroy(model);
}

static void refuses_what_has_no_corners(void **state)
{
    (void)state;
    alx_model *model = open_one(false);
    alx_session *session;
    alx_session_config config;
    alx_error err = {0};
    alx_session_config_init(&config);
    config.views = ALX_VIEWS_TEN_CROP;
    assert_refused(alx_session_create(&session, model, &config, &err), ALX_USAGE, &err,
                   "ten-crop: the model's images are 12x12, and so is its input");
    assert_null(session);
    config.views = (alx_views)3;
    assert_refused(alx_session_create(&session, model, &config, &err), ALX_USAGE, &err, "views is 3");
    alx_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_are_averaged),
        cmocka_unit_test(evaluation_follows),
        cmocka_unit_test(refuses_what_has_no_corners),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

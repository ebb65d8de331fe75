/* Data sets and evaluation. */
#include <math.h>

#include "unit/predict_fixture.h"

static alx_dataset *open_data(const alx_model *model)
{
    alx_error err = {0};
    alx_dataset *dataset;
    if (alx_dataset_open_for(&dataset, model, in_folder("data"), &err)) fail_msg("%s", err.message);
    return dataset;
}

static void dataset_answers(void **state)
{
    (void)state;
    alx_model *model = open_model();
    alx_dataset *data = open_data(model);
    int width, height;
    int64_t first[12], again[12], other[12];
    uint8_t rgb[12 * 12 * 3];
    assert_int_equal(alx_dataset_count(data), 12);
    assert_int_equal(alx_dataset_class_count(data), CLASSES);
    assert_string_equal(alx_dataset_class_name(data, 1), "b");
    assert_null(alx_dataset_class_name(data, 3));
    assert_int_equal(alx_dataset_class_size(data, 2), 4);
    assert_non_null(strstr(alx_dataset_path(data, 11), "c/3.png"));
    assert_int_equal(alx_dataset_label(data, 11), 2);
    assert_null(alx_dataset_path(data, 12));
    alx_dataset_image_size(data, &width, &height);
    assert_int_equal(width, 12);
    assert_int_equal(height, 12);
    assert_int_equal(alx_dataset_image(data, 0, rgb, NULL), ALX_OK);
    assert_int_equal(alx_dataset_image(data, 12, rgb, NULL), ALX_USAGE);
    assert_int_equal(alx_dataset_sample(data, 1, 100, first), 12);
    assert_int_equal(alx_dataset_sample(data, 1, 5, again), 5);
    assert_int_equal(alx_dataset_sample(data, 2, 12, other), 12);
    assert_memory_equal(first, again, 5 * sizeof *first);
    assert_memory_not_equal(first, other, sizeof first);
    int seen[12] = {0};
    for (int i = 0; i < 12; i++) seen[first[i]]++;
    for (int i = 0; i < 12; i++) assert_int_equal(seen[i], 1);
    alx_dataset_destroy(data);
    alx_dataset_destroy(NULL);
    alx_model_destroy(model);
}

static void classes_are_matched_by_name(void **state)
{
    (void)state;
    static const char *const turned[] = {"c", "a", "b"}, *const strange[] = {"a", "b", "x"};
    alx_error err = {0};
    alx_model *model = open_model();
    alx_dataset *data = open_data(model);
    assert_int_equal(alx_sample_list_match(&data->list, "data", "the model", turned, 3, &err), ALX_OK);
    assert_int_equal(alx_dataset_label(data, 0), 1); /* the first file is of class a */
    assert_int_equal(alx_dataset_label(data, 11), 0);
    assert_string_equal(alx_dataset_class_name(data, 2), "b");
    assert_refused(alx_sample_list_match(&data->list, "data", "the model", strange, 3, &err), ALX_BAD_DATA, &err,
                   "the model has no class c, which data has");
    assert_refused(alx_sample_list_match(&data->list, "data", "the model", turned, 2, &err), ALX_BAD_DATA, &err,
                   "no class b");
    alx_dataset_destroy(data);
    alx_model_destroy(model);
}

static void count_progress(int64_t done, int64_t total, void *user)
{
    int64_t *last = user;
    assert_int_equal(total, 12);
    assert_true(done > *last);
    *last = done;
}

static void evaluation_counts_right(void **state)
{
    (void)state;
    alx_model *model = open_model();
    alx_dataset *data = open_data(model);
    alx_session *session = open_session(model, 2, 5);
    alx_evaluation *evaluation;
    int64_t done = 0;
    assert_int_equal(alx_evaluate(&evaluation, session, data, 0, count_progress, &done, NULL), ALX_OK);
    assert_int_equal(done, 12);

    /* The same from the probabilities of single files. */
    double loss = 0;
    int64_t confusion[CLASSES][CLASSES] = {{0}}, hits = 0;
    for (int64_t i = 0; i < 12; i++) {
        float p[CLASSES];
        int best = 0, truth = alx_dataset_label(data, i);
        assert_int_equal(alx_predict_file(session, alx_dataset_path(data, i), p, NULL), ALX_OK);
        for (int c = 1; c < CLASSES; c++) best = p[c] > p[best] ? c : best;
        assert_int_equal(alx_evaluation_predicted(evaluation, i), best);
        loss -= log((double)p[truth]) / 12;
        confusion[truth][best]++;
        hits += truth == best;
    }
    assert_int_equal(alx_evaluation_count(evaluation), 12);
    assert_int_equal(alx_evaluation_skipped(evaluation), 0);
    assert_null(alx_evaluation_first_skipped(evaluation));
    assert_true(fabs(alx_evaluation_loss(evaluation) - loss) < 1e-5);
    assert_true(fabs(alx_evaluation_accuracy(evaluation) - (double)hits / 12) < 1e-12);
    assert_true(isnan(alx_evaluation_top5(evaluation)));
    for (int t = 0; t < CLASSES; t++) {
        alx_class_score score;
        alx_evaluation_class(evaluation, t, &score);
        int64_t predicted = confusion[0][t] + confusion[1][t] + confusion[2][t];
        assert_string_equal(score.name, names[t]);
        assert_int_equal(score.support, 4);
        assert_true(fabs(score.recall - (double)confusion[t][t] / 4) < 1e-12);
        if (predicted)
            assert_true(fabs(score.precision - (double)confusion[t][t] / (double)predicted) < 1e-12);
        else
            assert_true(isnan(score.precision));
        for (int c = 0; c < CLASSES; c++) assert_int_equal(alx_evaluation_confusion(evaluation, t, c), confusion[t][c]);
    }
    alx_evaluation_destroy(evaluation);
    alx_evaluation_destroy(NULL);
    alx_session_destroy(session);
    alx_dataset_destroy(data);
    alx_model_destroy(model);
}

/* The same data with its classes in another order: the same figures, and predictions by the data's numbers. */
static void classes_in_another_order(void **state)
{
    (void)state;
    static const char *const turned[] = {"c", "a", "b"};
    static const int place[] = {1, 2, 0}; /* of a, b, c among them */
    alx_error err = {0};
    alx_model *model = open_model();
    alx_dataset *data = open_data(model), *other = open_data(model);
    alx_session *session = open_session(model, 2, 5);
    alx_evaluation *a, *b;
    assert_int_equal(alx_sample_list_match(&other->list, "data", "the model", turned, 3, &err), ALX_OK);
    assert_int_equal(alx_evaluate(&a, session, data, 0, NULL, NULL, &err), ALX_OK);
    assert_int_equal(alx_evaluate(&b, session, other, 0, NULL, NULL, &err), ALX_OK);
    assert_true(alx_evaluation_loss(a) == alx_evaluation_loss(b));
    for (int t = 0; t < CLASSES; t++)
        for (int c = 0; c < CLASSES; c++)
            assert_int_equal(alx_evaluation_confusion(a, t, c), alx_evaluation_confusion(b, t, c));
    for (int i = 0; i < 12; i++)
        assert_int_equal(alx_evaluation_predicted(b, i), place[alx_evaluation_predicted(a, i)]);
    alx_evaluation_destroy(a);
    alx_evaluation_destroy(b);
    alx_session_destroy(session);
    alx_dataset_destroy(data);
    alx_dataset_destroy(other);
    alx_model_destroy(model);
}

static void unreadable_images_are_counted(void **state)
{
    (void)state;
    alx_model *model = open_model();
    alx_dataset *data = open_data(model);
    alx_session *session = open_session(model, 1, 5);
    alx_evaluation *evaluation;
    alx_error err = {0};
    assert_int_equal(alx_file_write(in_folder("data/b/1.png"), "gone", 4, NULL), ALX_OK);
    assert_int_equal(alx_evaluate(&evaluation, session, data, 10, NULL, NULL, &err), ALX_OK);
    assert_int_equal(alx_evaluation_count(evaluation), 11);
    assert_int_equal(alx_evaluation_skipped(evaluation), 1);
    for (int i = 0; i < 12; i++) assert_int_equal(alx_evaluation_predicted(evaluation, i) < 0, i == 5); /* b/1.png */
    assert_int_equal(alx_evaluation_predicted(evaluation, -1), -1);
    assert_int_equal(alx_evaluation_predicted(evaluation, 12), -1);
    assert_non_null(strstr(alx_evaluation_first_skipped(evaluation), "b/1.png"));
    alx_evaluation_destroy(evaluation);
    assert_refused(alx_evaluate(&evaluation, session, data, 8, NULL, NULL, &err), ALX_BAD_DATA, &err, "b/1.png");
    assert_null(evaluation);
    assert_int_equal(alx_file_write(in_folder("data/c/3.png"), "gone", 4, NULL), ALX_OK); /* in the last batch */
    assert_refused(alx_evaluate(&evaluation, session, data, 8, NULL, NULL, &err), ALX_BAD_DATA, &err,
                   "2 of 12 images cannot be read");
    write_image(in_folder("data/c/3.png"), 11);
    write_image(in_folder("data/b/1.png"), 6);
    alx_session_destroy(session);
    alx_dataset_destroy(data);
    alx_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dataset_answers),
        cmocka_unit_test(classes_are_matched_by_name),
        cmocka_unit_test(evaluation_counts_right),
        cmocka_unit_test(classes_in_another_order),
        cmocka_unit_test(unreadable_images_are_counted),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

/* A model over a data set: loss, accuracy and what was taken for what. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/dataset.h"
#include "data/loader.h"
#include "predict/session.h"

enum { TOP = 5 };

struct alx_evaluation {
    int classes;
    char **names; /* (classes) copies: the model may go before */
    int64_t count, skipped;
    double loss_sum;
    int64_t top5_hits;
    int64_t *confusion;  /* (classes, classes): [truth][predicted] */
    char *first_skipped; /* NULL: none */
};

static alx_status create(alx_evaluation **evaluation, const alx_model *model, alx_error *err)
{
    alx_evaluation *made = alx_calloc(1, sizeof *made, err);
    if (!made) return ALX_NO_MEMORY;
    size_t classes = (size_t)model->meta.class_count;
    made->classes = model->meta.class_count;
    made->names = alx_calloc(classes, sizeof *made->names, err);
    /* classes is at most a million, so the product fits; alx_calloc refuses what memory does not hold. */
    made->confusion = made->names ? alx_calloc(classes * classes, sizeof *made->confusion, err) : NULL;
    for (size_t i = 0; made->confusion && i < classes; i++) {
        made->names[i] = alx_strdup(model->meta.class_names[i], err);
        if (!made->names[i]) break;
    }
    if (!made->confusion || !made->names[classes - 1]) {
        alx_evaluation_destroy(made);
        return ALX_NO_MEMORY;
    }
    *evaluation = made;
    return ALX_OK;
}

void alx_evaluation_destroy(alx_evaluation *evaluation)
{
    if (!evaluation) return;
    for (int i = 0; evaluation->names && i < evaluation->classes; i++) free(evaluation->names[i]);
    free(evaluation->names);
    free(evaluation->confusion);
    free(evaluation->first_skipped);
    free(evaluation);
}

/* Room for one batch. */
typedef struct batch {
    alx_status *status;
    alx_error *errors;
} batch;

static alx_status batch_init(batch *b, int size, alx_error *err)
{
    b->status = alx_calloc((size_t)size, sizeof *b->status, err);
    b->errors = alx_calloc((size_t)size, sizeof *b->errors, err);
    return b->status && b->errors ? ALX_OK : ALX_NO_MEMORY;
}

static void batch_finish(batch *b)
{
    free(b->errors);
    free(b->status);
}

/* The class of the largest probability (the first on a tie), and how many are larger than the truth's. */
static int best_class(const float *row, int classes, int truth, int *larger)
{
    int best = 0;
    *larger = 0;
    for (int i = 0; i < classes; i++) {
        if (row[i] > row[best]) best = i;
        /* Ties go to the smaller index, as for `best`. */
        *larger += row[i] > row[truth] || (i < truth && row[i] == row[truth]);
    }
    return best;
}

static alx_status count_batch(alx_evaluation *e, const alx_session *session, const alx_dataset *dataset, int64_t first,
                              int size, const batch *b, alx_error *err)
{
    const float *losses = alx_engine_losses(session->engine);               /* (size) */
    const float *probabilities = alx_engine_probabilities(session->engine); /* (size, classes) */
    for (int i = 0; i < size; i++) {
        if (b->status[i]) {
            e->skipped++;
            if (e->first_skipped) continue;
            e->first_skipped = alx_strdup(b->errors[i].message, err);
            if (!e->first_skipped) return ALX_NO_MEMORY;
            continue;
        }
        int truth = dataset->list.samples[first + i].label, larger;
        int predicted = best_class(probabilities + (int64_t)i * e->classes, e->classes, truth, &larger);
        e->count++;
        e->loss_sum += (double)losses[i];
        e->top5_hits += larger < TOP;
        e->confusion[(int64_t)truth * e->classes + predicted]++;
    }
    return ALX_OK;
}

static alx_status check_skipped(const alx_evaluation *e, int64_t total, double skip_bad, alx_error *err)
{
    if ((double)e->skipped > skip_bad / 100 * (double)total)
        return alx_fail(err, ALX_BAD_DATA,
                        "%lld of %lld images cannot be read, more than %g %%; the first: %s; repair or remove them, or "
                        "raise skip-bad",
                        (long long)e->skipped, (long long)total, skip_bad, e->first_skipped);
    return ALX_OK;
}

static alx_status run(alx_evaluation *e, alx_session *session, const alx_dataset *dataset, double skip_bad,
                      alx_progress_fn progress, void *user, batch *b, alx_error *err)
{
    int64_t total = dataset->list.count;
    int32_t *labels = alx_engine_labels(session->engine);
    for (int64_t first = 0; first < total; first += session->batch_size) {
        int size = total - first < session->batch_size ? (int)(total - first) : session->batch_size;
        for (int i = 0; i < size; i++) labels[i] = dataset->list.samples[first + i].label;
        alx_session_load_samples(session, &dataset->list, first, size, b->status, b->errors);
        ALX_TRY(alx_engine_run(session->engine, ALX_MODE_EVALUATE, size, NULL, err));
        ALX_TRY(count_batch(e, session, dataset, first, size, b, err));
        if (progress) progress(first + size, total, user);
    }
    ALX_TRY(check_skipped(e, total, skip_bad, err)); /* after all of them: the count is whole */
    return e->count ? ALX_OK : alx_fail(err, ALX_BAD_DATA, "the data set has no image that can be read");
}

/* Labels index the model's outputs, so the classes must be the same, in the same order. */
static alx_status check_classes(const alx_model *model, const alx_dataset *dataset, alx_error *err)
{
    if (dataset->list.class_count != model->meta.class_count)
        return alx_fail(err, ALX_BAD_DATA, "the data has %d classes and the model %d", dataset->list.class_count,
                        model->meta.class_count);
    for (int i = 0; i < model->meta.class_count; i++) {
        const char *a = dataset->list.class_names[i], *b = model->meta.class_names[i];
        alx_printable x, y;
        if (strcmp(a, b))
            return alx_fail(err, ALX_BAD_DATA, "class %d is %s in the data and %s in the model", i + 1,
                            alx_text_printable(a, x), alx_text_printable(b, y));
    }
    return ALX_OK;
}

alx_status alx_evaluate(alx_evaluation **evaluation, alx_session *session, const alx_dataset *dataset, double skip_bad,
                        alx_progress_fn progress, void *user, alx_error *err)
{
    *evaluation = NULL;
    ALX_TRY(check_classes(session->model, dataset, err));
    alx_evaluation *made;
    ALX_TRY(create(&made, session->model, err));
    batch b = {0};
    alx_status status = batch_init(&b, session->batch_size, err);
    if (!status) status = run(made, session, dataset, skip_bad, progress, user, &b, err);
    batch_finish(&b);
    if (status)
        alx_evaluation_destroy(made);
    else
        *evaluation = made;
    return status;
}

alx_status alx_dataset_match(alx_dataset *dataset, const alx_model *model, const char *has, alx_error *err)
{
    dataset->preprocess = model->preprocess;
    return alx_sample_list_match(&dataset->list, has, "the model", model->meta.class_names, model->meta.class_count,
                                 err);
}

/* What a recipe says when it says nothing. */
static alx_status open_source(alx_sample_list *list, const char *path, alx_error *err)
{
    alx_arena arena = {0};
    alx_data_config config = {0};
    alx_status status = alx_options_default(alx_data_options, &config, &arena, err);
    if (!status) status = alx_options_default(alx_label_options, &config.source.label, &arena, err);
    if (!status) status = alx_source_open(list, path, false, &config.source, "", err);
    alx_arena_finish(&arena);
    return status;
}

alx_status alx_dataset_open_for(alx_dataset **dataset, const alx_model *model, const char *path, alx_error *err)
{
    *dataset = NULL;
    alx_sample_list list = {0};
    alx_dataset *made = NULL;
    ALX_TRY(open_source(&list, path, err));
    ALX_TRY(alx_dataset_create(&made, &list, &model->preprocess, err));
    alx_status status = alx_dataset_match(made, model, path, err);
    if (status == ALX_BAD_DATA && made->list.idx && err) {
        const alx_error said = *err;
        alx_fail(err, status,
                 "%s; the classes of an IDX file are numbers: give the run's recipe.yaml, which names them",
                 said.message);
    }
    if (status)
        alx_dataset_destroy(made);
    else
        *dataset = made;
    return status;
}

int64_t alx_evaluation_count(const alx_evaluation *evaluation)
{
    return evaluation->count;
}

int64_t alx_evaluation_skipped(const alx_evaluation *evaluation)
{
    return evaluation->skipped;
}

const char *alx_evaluation_first_skipped(const alx_evaluation *evaluation)
{
    return evaluation->first_skipped;
}

double alx_evaluation_loss(const alx_evaluation *evaluation)
{
    return evaluation->loss_sum / (double)evaluation->count;
}

double alx_evaluation_accuracy(const alx_evaluation *evaluation)
{
    int64_t hits = 0;
    for (int i = 0; i < evaluation->classes; i++) hits += alx_evaluation_confusion(evaluation, i, i);
    return (double)hits / (double)evaluation->count;
}

double alx_evaluation_top5(const alx_evaluation *evaluation)
{
    if (evaluation->classes <= TOP) return NAN;
    return (double)evaluation->top5_hits / (double)evaluation->count;
}

int alx_evaluation_class_count(const alx_evaluation *evaluation)
{
    return evaluation->classes;
}

/* precision = hits / predicted, recall = hits / support, F1 = their harmonic mean = 2 hits / (predicted + support). */
void alx_evaluation_class(const alx_evaluation *evaluation, int index, alx_class_score *score)
{
    int64_t hits = alx_evaluation_confusion(evaluation, index, index), predicted = 0, support = 0;
    for (int i = 0; i < evaluation->classes; i++) {
        predicted += alx_evaluation_confusion(evaluation, i, index);
        support += alx_evaluation_confusion(evaluation, index, i);
    }
    *score = (alx_class_score){
        .name = evaluation->names[index],
        .support = support,
        .precision = predicted ? (double)hits / (double)predicted : NAN,
        .recall = support ? (double)hits / (double)support : NAN,
        .f1 = predicted + support ? 2.0 * (double)hits / (double)(predicted + support) : NAN,
    };
}

int64_t alx_evaluation_confusion(const alx_evaluation *evaluation, int truth, int predicted)
{
    return evaluation->confusion[(int64_t)truth * evaluation->classes + predicted];
}

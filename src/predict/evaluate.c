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
    int *output;         /* (classes): the model's output for a class of the data set */
    int *class_of;       /* (classes): the other way */
    int64_t images;      /* of the data set */
    int32_t *predicted;  /* (images): a class of the data set; -1: skipped */
    char *first_skipped; /* NULL: none */
};

/* Memory that alx_evaluation_destroy releases, also when this fails halfway. */
static alx_status reserve(alx_evaluation *e, const alx_model *model, int64_t images, alx_error *err)
{
    const size_t classes = (size_t)model->meta.class_count;
    e->classes = model->meta.class_count;
    e->images = images;
    /* classes is at most a million, so the product fits; alx_calloc refuses what memory does not hold. */
    if (!(e->names = alx_calloc(classes, sizeof *e->names, err)) ||
        !(e->confusion = alx_calloc(classes * classes, sizeof *e->confusion, err)) ||
        !(e->output = alx_calloc(classes, sizeof *e->output, err)) ||
        !(e->class_of = alx_calloc(classes, sizeof *e->class_of, err)) ||
        !(e->predicted = alx_calloc((size_t)images + 1, sizeof *e->predicted, err)))
        return ALX_NO_MEMORY;
    for (size_t i = 0; i < classes; i++)
        if (!(e->names[i] = alx_strdup(model->meta.class_names[i], err))) return ALX_NO_MEMORY;
    return ALX_OK;
}

void alx_evaluation_destroy(alx_evaluation *evaluation)
{
    if (!evaluation) return;
    for (int i = 0; evaluation->names && i < evaluation->classes; i++) free(evaluation->names[i]);
    free(evaluation->names);
    free(evaluation->confusion);
    free(evaluation->output);
    free(evaluation->class_of);
    free(evaluation->predicted);
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
    for (int i = 0; i < size; i++) {
        e->predicted[first + i] = -1;
        if (b->status[i]) {
            e->skipped++;
            if (e->first_skipped) continue;
            e->first_skipped = alx_strdup(b->errors[i].message, err);
            if (!e->first_skipped) return ALX_NO_MEMORY;
            continue;
        }
        int truth = e->output[dataset->list.samples[first + i].label], larger;
        int predicted = best_class(session->probabilities + (int64_t)i * e->classes, e->classes, truth, &larger);
        e->count++;
        e->loss_sum += session->losses[i];
        e->top5_hits += larger < TOP;
        e->confusion[(int64_t)truth * e->classes + predicted]++;
        e->predicted[first + i] = e->class_of[predicted];
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
        for (int i = 0; i < size; i++) labels[i] = e->output[dataset->list.samples[first + i].label];
        alx_session_read_samples(session, &dataset->list, NULL, first, size, b->status, b->errors);
        ALX_TRY(alx_session_run(session, ALX_MODE_EVALUATE, size, err));
        ALX_TRY(count_batch(e, session, dataset, first, size, b, err));
        if (progress) progress(first + size, total, user);
    }
    ALX_TRY(check_skipped(e, total, skip_bad, err)); /* after all of them: the count is whole */
    return e->count ? ALX_OK : alx_fail(err, ALX_BAD_DATA, "the data set has no image that can be read");
}

/* Labels are the data set's, outputs the model's: by name. */
static alx_status match_classes(alx_evaluation *e, const alx_model *model, const alx_dataset *dataset, alx_error *err)
{
    const alx_model_meta *meta = &model->meta;
    ALX_TRY(alx_sample_list_place(e->output, &dataset->list, "the data", "the model", meta->class_names,
                                  meta->class_count, err));
    for (int i = 0; i < e->classes; i++) e->class_of[e->output[i]] = i;
    return ALX_OK;
}

alx_status alx_evaluate(alx_evaluation **evaluation, alx_session *session, const alx_dataset *dataset, double skip_bad,
                        alx_progress_fn progress, void *user, alx_error *err)
{
    *evaluation = NULL;
    alx_evaluation *made = alx_calloc(1, sizeof *made, err);
    if (!made) return ALX_NO_MEMORY;
    batch b = {0};
    alx_status status = reserve(made, session->model, dataset->list.count, err);
    if (!status) status = match_classes(made, session->model, dataset, err);
    if (!status) status = batch_init(&b, session->batch_size, err);
    if (!status) status = run(made, session, dataset, skip_bad, progress, user, &b, err);
    batch_finish(&b);
    if (status)
        alx_evaluation_destroy(made);
    else
        *evaluation = made;
    return status;
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
    alx_status status =
        alx_sample_list_match(&made->list, path, "the model", model->meta.class_names, model->meta.class_count, err);
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

int alx_evaluation_predicted(const alx_evaluation *evaluation, int64_t index)
{
    return index >= 0 && index < evaluation->images ? evaluation->predicted[index] : -1;
}

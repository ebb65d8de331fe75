/* What training starts from: values drawn from the seed, tensors of a file, layers that are frozen. */
#include <stdlib.h>
#include <string.h>

#include "model/transfer.h"
#include "train/trainer.h"

/* ---- What the file's own model says ---- */

/* The weights expect what they were trained on. */
static alx_status compare_preprocessing(const alx_trainer *t, const alx_model_meta *meta, alx_error *err)
{
    alx_preprocess theirs;
    alx_text a = {0}, b = {0};
    ALX_TRY(alx_preprocess_parse(&theirs, meta->preprocessing, err));
    alx_preprocess_describe(&a, &theirs);
    alx_preprocess ours = t->preprocess; /* what the images will tell is not known yet */
    if (t->recipe->data.mean.choice) memcpy(ours.mean, theirs.mean, sizeof ours.mean);
    if (t->recipe->data.std.choice) memcpy(ours.std, theirs.std, sizeof ours.std);
    alx_preprocess_describe(&b, &ours);
    const bool failed = a.failed || b.failed;
    if (!failed && strcmp(a.data, b.data) != 0)
        alx_trainer_say(t, ALX_EVENT_WARNING,
                        "weights: their images were prepared as %s, those of this run as %s; set the data keys alike "
                        "unless that is meant",
                        a.data, b.data);
    alx_text_finish(&a);
    alx_text_finish(&b);
    return failed ? alx_fail(err, ALX_NO_MEMORY, "out of memory") : ALX_OK;
}

/* As many classes, but others: the head was taken, and must learn anew what its outputs mean. */
static void compare_classes(const alx_trainer *t, const alx_model_meta *meta)
{
    alx_printable theirs, ours;
    if (meta->class_count != t->meta.class_count) return;
    for (int i = 0; i < meta->class_count; i++) {
        if (strcmp(meta->class_names[i], t->meta.class_names[i]) == 0) continue;
        alx_trainer_say(t, ALX_EVENT_WARNING,
                        "weights: class %d of the last layer was %s there and is %s here; its values are a start "
                        "like any other",
                        i + 1, alx_text_printable(meta->class_names[i], theirs),
                        alx_text_printable(t->meta.class_names[i], ours));
        return;
    }
}

static alx_status compare_meta(const alx_trainer *t, const alx_safetensors *file, bool head_taken, alx_error *err)
{
    alx_model_meta meta;
    if (!alx_safetensors_metadata(file, "format") || !alx_safetensors_metadata(file, "preprocessing")) {
        alx_trainer_say(t, ALX_EVENT_MESSAGE,
                        "weights: the file does not say how its images were prepared; torchvision's want data.mean "
                        "0.485, 0.456, 0.406 and data.std 0.229, 0.224, 0.225");
        return ALX_OK;
    }
    ALX_TRY(alx_model_meta_read(&meta, file, err));
    const alx_status status = compare_preprocessing(t, &meta, err);
    if (!status && head_taken) compare_classes(t, &meta);
    alx_model_meta_finish(&meta);
    return status;
}

/* ---- Values ---- */

static alx_status take(alx_trainer *t, const alx_safetensors *file, alx_error *err)
{
    alx_transfer transfer;
    alx_printable shown;
    ALX_TRY(alx_transfer_create(&transfer, t->graph, file, err));
    alx_status status = alx_transfer_apply(&transfer, t->params, file, err);
    if (!status) {
        alx_trainer_say(t, ALX_EVENT_MESSAGE, "weights: %d of %d tensors from %s, by %s", transfer.taken,
                        t->params->count, alx_text_printable(t->recipe->train.weights, shown),
                        transfer.by_order ? "the order and shapes of PyTorch's modules" : "name");
        if (transfer.afresh) alx_trainer_say(t, ALX_EVENT_MESSAGE, "weights: %s: it starts afresh", transfer.afresh);
        if (transfer.left_over)
            alx_trainer_say(t, ALX_EVENT_WARNING,
                            "weights: left over in the file, the network has no place for them: %s",
                            transfer.left_over);
        status = compare_meta(t, file, !transfer.afresh, err);
    }
    alx_transfer_finish(&transfer);
    return status;
}

static alx_status take_weights(alx_trainer *t, alx_error *err)
{
    char *path;
    alx_safetensors *file;
    ALX_TRY(alx_model_find_file(&path, t->recipe->train.weights, err));
    alx_status status = alx_safetensors_open(&file, path, err);
    if (!status) {
        status = alx_safetensors_verify(file, err);
        if (!status) status = take(t, file, err);
        alx_safetensors_close(file);
    }
    alx_printable shown; /* the container names the file itself */
    if (status == ALX_BAD_MODEL) alx_where(err, status, "%s", alx_text_printable(path, shown));
    free(path);
    return status;
}

alx_status alx_trainer_init_values(alx_trainer *t, alx_error *err)
{
    alx_params_init(t->params, (uint64_t)t->recipe->train.seed);
    t->params->version++;
    return *t->recipe->train.weights ? take_weights(t, err) : ALX_OK;
}

/* ---- Freezing ---- */

void alx_trainer_say_frozen(const alx_trainer *t)
{
    const alx_graph *graph = t->graph;
    char all[32], learn[32];
    int frozen = 0, layers = 0;
    for (int i = 0; i < graph->spec.layer_count; i++) {
        layers += graph->layers[i].param_count > 0;
        frozen += graph->layers[i].frozen;
    }
    if (frozen == 0) return;
    alx_trainer_say(t, ALX_EVENT_MESSAGE, "freeze: %d of %d layers keep their weights; %s of %s parameters learn",
                    frozen, layers, alx_text_thousands(graph->trainable, learn),
                    alx_text_thousands(graph->parameters, all));
}

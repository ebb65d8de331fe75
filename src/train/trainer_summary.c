/* summary.json: what a run has come to, for other programs. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/file.h"
#include "train/monitor.h"
#include "train/trainer.h"

/* JSON has no NaN. */
static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *hex(uint64_t value)
{
    char digits[17];
    snprintf(digits, sizeof digits, "%016" PRIx64, value);
    return json_string(digits);
}

/* null where there is no such epoch. */
static json_t *epoch_json(const alx_trainer *t, int64_t epoch)
{
    if (epoch < 1) return json_null();
    const alx_epoch_result *r = &t->run.history[epoch - 1];
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "epoch", (json_int_t)epoch, "loss", number(r->loss), "accuracy",
                     number(r->accuracy), "val_loss", number(r->val_loss), "val_accuracy", number(r->val_accuracy),
                     "learning_rate", number(r->learning_rate));
}

static int64_t class_size(const alx_sample_list *list, int class)
{
    int64_t size = 0;
    for (int64_t i = 0; i < list->count; i++) size += list->samples[i].label == class;
    return size;
}

static json_t *classes_json(const alx_trainer *t)
{
    json_t *classes = json_array();
    for (int k = 0; classes && k < t->meta.class_count; k++) {
        json_t *class = json_pack("{s:s, s:I, s:I}", "name", t->meta.class_names[k], "train",
                                  (json_int_t)class_size(&t->data.train, k), "validation",
                                  (json_int_t)class_size(&t->data.validation, k));
        if (json_array_append_new(classes, class) != 0) {
            json_decref(classes);
            return NULL;
        }
    }
    return classes;
}

static json_t *model_json(const alx_trainer *t)
{
    const alx_spec *spec = &t->graph->spec;
    return json_pack("{s:s, s:[iii], s:I, s:I}", "name", spec->name, "input", spec->input[0], spec->input[1],
                     spec->input[2], "parameters", (json_int_t)t->graph->parameters, "trainable",
                     (json_int_t)t->graph->trainable);
}

static json_t *images_json(const alx_trainer *t)
{
    return json_pack("{s:I, s:I, s:o, s:o}", "train", (json_int_t)t->data.train.count, "validation",
                     (json_int_t)t->data.validation.count, "train_hash", hex(t->data.train_report.content_hash),
                     "validation_hash", hex(t->data.validation_report.content_hash));
}

static json_t *summary_json(const alx_trainer *t)
{
    const alx_train_config *config = &t->recipe->train;
    const alx_run_state *run = &t->run;
    char onednn[32];
    return json_pack(
        "{s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:o, s:s, s:o, s:o, s:s, s:I, s:I, s:o, s:o, s:o, s:o}", "alexnet",
        alx_version(), "onednn", alx_engine_version(onednn), "complete", alx_trainer_is_complete(t), "epochs",
        (json_int_t)run->epoch, "epochs_wanted", (json_int_t)config->epochs, "steps", (json_int_t)run->global_step,
        "steps_per_epoch", (json_int_t)t->steps, "batch_size", (json_int_t)config->batch_size, "seconds",
        number(alx_metrics_seconds(t->csv.data)), "monitor", alx_monitor_name(config, t->val_steps > 0), "best",
        epoch_json(t, run->standing.best_epoch), "last", epoch_json(t, run->epoch), "precision",
        config->precision == ALX_PRECISION_BF16 ? "bf16" : "f32", "threads", (json_int_t)config->threads, "seed",
        (json_int_t)config->seed, "recipe_hash", hex(XXH3_64bits(t->saved_recipe, strlen(t->saved_recipe))), "model",
        model_json(t), "images", images_json(t), "classes", classes_json(t));
}

alx_status alx_trainer_write_summary(const alx_trainer *t, alx_error *err)
{
    json_t *summary = summary_json(t);
    char *text = summary ? json_dumps(summary, JSON_INDENT(1) | JSON_REAL_PRECISION(15)) : NULL;
    char *path = text ? alx_run_folder_file(&t->folder, ALX_RUN_SUMMARY, err) : NULL;
    alx_status status = path ? alx_file_write(path, text, strlen(text), err)
                             : alx_fail(err, ALX_NO_MEMORY, "out of memory while writing %s", ALX_RUN_SUMMARY);
    free(path);
    free(text);
    json_decref(summary);
    return status;
}

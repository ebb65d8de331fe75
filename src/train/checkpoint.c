#include "train/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "train/run_folder.h"

/* ---- Saving ---- */

/* "optimizer.m." */
static void state_prefix(char prefix[64], const alx_optimizer_config *optimizer, int index)
{
    snprintf(prefix, 64, ALX_PREFIX_OPTIMIZER "%s.", alx_optimizer_state_name(optimizer, index));
}

static alx_status put_run(alx_safetensors_writer *writer, const alx_checkpoint *c, alx_error *err)
{
    alx_text text = {0};
    char hashes[64], *json;
    snprintf(hashes, sizeof hashes, "%016" PRIx64 " %016" PRIx64, c->train_hash, c->validation_hash);
    alx_run_state_write(&text, c->run);
    ALX_TRY(alx_text_take(&json, &text, err));
    alx_status status = alx_safetensors_put_metadata(writer, "run", json, err);
    alx_text_destroy(json);
    if (!status) status = alx_safetensors_put_metadata(writer, "recipe", c->recipe, err);
    if (!status) status = alx_safetensors_put_metadata(writer, "engine", c->engine, err);
    if (!status) status = alx_safetensors_put_metadata(writer, "choices", c->choices, err);
    if (!status) status = alx_safetensors_put_metadata(writer, "data", hashes, err);
    return status;
}

static alx_status write_all(alx_safetensors_writer *writer, const alx_checkpoint *c, alx_error *err)
{
    const int states = c->state ? alx_optimizer_state_count(c->optimizer) : 0;
    char prefix[64];
    ALX_TRY(alx_model_meta_write(writer, c->meta, err));
    if (c->run) ALX_TRY(put_run(writer, c, err));
    ALX_TRY(alx_model_tensors_declare(c->params, writer, "", ALX_ST_F32, err));
    if (c->average) ALX_TRY(alx_model_tensors_declare(c->params, writer, ALX_PREFIX_AVERAGE, ALX_ST_F32, err));
    for (int i = 0; i < states; i++) {
        state_prefix(prefix, c->optimizer, i);
        ALX_TRY(alx_model_tensors_declare(c->params, writer, prefix, ALX_ST_F32, err));
    }
    ALX_TRY(alx_model_tensors_write(c->params, writer, "", ALX_ST_F32, c->values, err));
    if (c->average)
        ALX_TRY(alx_model_tensors_write(c->params, writer, ALX_PREFIX_AVERAGE, ALX_ST_F32, c->average, err));
    for (int i = 0; i < states; i++) {
        state_prefix(prefix, c->optimizer, i);
        ALX_TRY(alx_model_tensors_write(c->params, writer, prefix, ALX_ST_F32, c->state[i], err));
    }
    return alx_safetensors_finish(writer, err);
}

alx_status alx_checkpoint_save(const char *path, const char *previous, const alx_checkpoint *checkpoint, alx_error *err)
{
    alx_safetensors_writer *writer;
    ALX_TRY(alx_safetensors_create(&writer, path, err));
    alx_status status = previous ? alx_safetensors_keep_old(writer, previous, err) : ALX_OK;
    if (!status) status = write_all(writer, checkpoint, err);
    alx_safetensors_writer_destroy(writer);
    return status;
}

alx_status alx_model_save(const char *path, const alx_params *params, const float *values, const alx_model_meta *meta,
                          alx_error *err)
{
    const alx_checkpoint weights_alone = {.params = params, .meta = meta, .values = values};
    return alx_checkpoint_save(path, NULL, &weights_alone, err);
}

/* ---- Reading ---- */

static alx_status read_text(const char **value, const alx_saved *saved, const char *key, alx_error *err)
{
    *value = alx_safetensors_metadata(saved->file, key);
    if (*value) return ALX_OK;
    return alx_fail(err, ALX_BAD_MODEL,
                    "no metadata \"%s\": this is a model file with weights alone, from which a run cannot continue",
                    key);
}

static alx_status read_saved(alx_saved *saved, alx_error *err)
{
    const char *run = NULL, *data = NULL;
    ALX_TRY(alx_model_meta_read(&saved->meta, saved->file, err));
    ALX_TRY(read_text(&saved->recipe, saved, "recipe", err));
    ALX_TRY(read_text(&saved->engine, saved, "engine", err));
    saved->choices = alx_safetensors_metadata(saved->file, "choices");
    if (!saved->choices) saved->choices = "{}"; /* of a time when nothing was chosen */
    ALX_TRY(read_text(&data, saved, "data", err));
    ALX_TRY(read_text(&run, saved, "run", err));
    char first[17] = "", second[17] = "";
    if (sscanf(data, "%16s %16s", first, second) != 2 || !alx_parse_hex64(&saved->train_hash, first) ||
        !alx_parse_hex64(&saved->validation_hash, second))
        return alx_fail(err, ALX_BAD_MODEL, "its metadata \"data\" is damaged");
    return alx_run_state_read(&saved->run, run, err);
}

alx_status alx_saved_open(alx_saved *saved, const char *path, alx_error *err)
{
    *saved = (alx_saved){0};
    ALX_TRY(alx_safetensors_open(&saved->file, path, err));
    alx_status status = alx_safetensors_verify(saved->file, err); /* names the file itself */
    alx_printable name;
    if (!status && (status = read_saved(saved, err))) alx_where(err, status, "%s", alx_text_printable(path, name));
    if (status) alx_saved_finish(saved);
    return status;
}

void alx_saved_finish(alx_saved *saved)
{
    alx_safetensors_close(saved->file);
    alx_model_meta_finish(&saved->meta);
    alx_run_state_finish(&saved->run);
    *saved = (alx_saved){0};
}

/* last cannot be read, as why says: previous, where there is one. */
static alx_status open_previous(alx_saved *saved, char **complaint, const char *path, const alx_error *why,
                                alx_error *err)
{
    alx_error second;
    if (!alx_file_exists(path)) return alx_fail(err, why->status, "%s", why->message);
    alx_status status = alx_saved_open(saved, path, &second);
    if (status) return alx_fail(err, status, "both checkpoints are lost: %s; %s", why->message, second.message);
    *complaint = alx_strdup(why->message, err);
    if (*complaint) return ALX_OK;
    alx_saved_finish(saved);
    return ALX_NO_MEMORY;
}

alx_status alx_saved_open_run(alx_saved *saved, char **complaint, const char *folder, alx_error *err)
{
    *saved = (alx_saved){0};
    *complaint = NULL;
    alx_error why;
    char *last = alx_file_join(folder, ALX_RUN_LAST, err), *previous = alx_file_join(folder, ALX_RUN_PREVIOUS, err);
    alx_status status = last && previous ? alx_saved_open(saved, last, &why) : ALX_NO_MEMORY;
    if (status == ALX_NO_MEMORY && last && previous)
        alx_fail(err, status, "%s", why.message); /* says nothing about the file */
    else if (status && last && previous)
        status = open_previous(saved, complaint, previous, &why, err);
    free(previous);
    free(last);
    return status;
}

static bool holds_prefix(const alx_saved *saved, const char *prefix)
{
    for (int i = 0; i < alx_safetensors_count(saved->file); i++)
        if (strncmp(alx_safetensors_tensor(saved->file, i)->name, prefix, strlen(prefix)) == 0) return true;
    return false;
}

alx_status alx_saved_tensors(const alx_saved *saved, alx_params *params, float *average,
                             const alx_optimizer_config *optimizer, float *const *state, bool *has_state,
                             alx_error *err)
{
    const int states = alx_optimizer_state_count(optimizer);
    *has_state = states == 0 || holds_prefix(saved, ALX_PREFIX_OPTIMIZER);
    ALX_TRY(alx_model_tensors_read(params, saved->file, "", params->data, false, err));
    params->version++;
    if (average) ALX_TRY(alx_model_tensors_read(params, saved->file, ALX_PREFIX_AVERAGE, average, false, err));
    for (int i = 0; i < states && *has_state; i++) {
        char prefix[64];
        state_prefix(prefix, optimizer, i);
        ALX_TRY(alx_model_tensors_read(params, saved->file, prefix, state[i], false, err));
    }
    return ALX_OK;
}

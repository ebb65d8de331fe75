/* full_step CASE FOLDER f32-exact|f32|bf16
 *
 * Runs the first case of a file (see case.h) for one training step and leaves in FOLDER: `losses` (batch floats) and a
 * file of floats in canonical order for each gradient, by its parameter's name.  tests/parity/full_step.py compares. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parity/case.h"

static const struct {
    const char *name;
    case_mode mode;
} ways[] = {
    {"f32-exact", {ALX_F32, true, true, 2}},
    {"f32", {ALX_F32, false, true, 2}},
    {"bf16", {ALX_BF16, false, true, 2}},
};

static const case_mode *find_mode(const char *name)
{
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(ways[i].name, name) == 0) return &ways[i].mode;
    return NULL;
}

static alx_status write_floats(const char *folder, const char *name, const float *values, size_t count, alx_error *err)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    size_t written = file ? fwrite(values, sizeof *values, count, file) : 0;
    if (file && fclose(file)) written = 0;
    return written == count ? ALX_OK : alx_fail(err, ALX_IO, "%s: cannot be written", path);
}

static alx_status write_results(const case_run *run, const char *folder, alx_error *err)
{
    ALX_TRY(write_floats(folder, "losses", alx_engine_losses(run->engine), (size_t)run->test->batch, err));
    for (int i = 0; i < run->params->count; i++) {
        const alx_param *p = &run->params->list[i];
        if (!p->trainable) continue;
        float *gradient = case_run_gradient(run, i, err);
        if (!gradient) return ALX_NO_MEMORY;
        alx_status status = write_floats(folder, p->name, gradient, (size_t)p->count, err);
        free(gradient);
        if (status) return status;
    }
    return ALX_OK;
}

int main(int argc, char **argv)
{
    const case_mode *mode = argc == 4 ? find_mode(argv[3]) : NULL;
    if (!mode) {
        fprintf(stderr, "usage: full_step CASE FOLDER f32-exact|f32|bf16\n");
        return 2;
    }
    alx_arena arena = {0};
    alx_error err;
    alx_dtype type = mode->type;
    case_list list;
    case_run run = {0};
    alx_status status = ALX_OK;
    if (type == ALX_BF16) status = alx_engine_resolve_precision(&type, ALX_PRECISION_BF16, &err);
    if (!status) status = case_list_read(&list, &arena, argv[1], &err);
    if (!status) status = case_run_open(&run, &list.cases[0], mode, &err);
    if (!status) status = case_run_step(&run, &err);
    if (!status) status = write_results(&run, argv[2], &err);
    if (status) fprintf(stderr, "full_step: %s\n", err.message);
    case_run_close(&run);
    alx_arena_finish(&arena);
    return alx_status_exit_code(status);
}

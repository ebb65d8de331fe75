/* bench_infer MODEL IMAGES f32|bf16: forward passes of a trained model, as one side of `./run bench`
 * (bench/sides.py has the protocol).  IMAGES holds raw floats, (N, C, H, W); all of them are one batch.  What is timed
 * is the engine of a session: from floats to probabilities, no decoding, as the peers are timed. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "predict/session.h"

/* Bytes of a file; 0: not there, or empty. */
static long size_of(FILE *file)
{
    return file && !fseek(file, 0, SEEK_END) ? ftell(file) : 0;
}

static alx_status prepare(alx_session **session, const alx_model *model, const char *path, const char *precision,
                          alx_error *err)
{
    const size_t image = (size_t)alx_shape_elements(alx_graph_shape(model->graph, -1)) * sizeof(float);
    FILE *file = fopen(path, "rb");
    const size_t bytes = (size_t)size_of(file);
    alx_session_config config;
    alx_session_config_init(&config);
    config.threads = omp_get_max_threads();
    config.precision = strcmp(precision, "bf16") == 0 ? ALX_PRECISION_BF16 : ALX_PRECISION_F32;
    config.batch_size = (int)(bytes / image);
    alx_status status = ALX_OK;
    if (!bytes || bytes % image)
        status = alx_fail(err, ALX_BAD_DATA, "%s: %zu bytes are no images of %zu", path, bytes, image);
    if (!status) status = alx_session_create(session, model, &config, err);
    if (!status) {
        rewind(file);
        if (fread(alx_engine_images((*session)->engine), 1, bytes, file) != bytes)
            status = alx_fail(err, ALX_IO, "%s: cannot be read", path);
    }
    if (file) fclose(file);
    if (status) return status;
    return alx_engine_prepare((*session)->engine, ALX_MODE_PREDICT, config.batch_size, err);
}

static alx_status step(double *ms, alx_session *session, alx_error *err)
{
    const double begin = alx_clock();
    ALX_TRY(alx_engine_run(session->engine, ALX_MODE_PREDICT, session->batch_size, NULL, err));
    *ms = (alx_clock() - begin) * 1e3;
    return ALX_OK;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: bench_infer MODEL IMAGES f32|bf16\n");
        return 2;
    }
    alx_error err = {0};
    alx_model *model = NULL;
    alx_session *session = NULL;
    double ms;
    alx_status status = alx_model_open(&model, argv[1], &err);
    if (!status) status = prepare(&session, model, argv[2], argv[3], &err);
    if (!status) status = step(&ms, session, &err);
    if (!status)
        printf("{\"threads\": %d, \"first\": %.6f}\n", session->threads,
               (double)alx_engine_probabilities(session->engine)[0]);
    fflush(stdout);
    char line[32];
    while (!status && fgets(line, sizeof line, stdin)) {
        for (int i = atoi(line); !status && i > 0; i--) {
            status = step(&ms, session, &err);
            if (!status) printf("%.4f\n", ms);
        }
        fflush(stdout);
    }
    if (status) fprintf(stderr, "bench_infer: %s\n", err.message);
    alx_session_destroy(session);
    alx_model_destroy(model);
    return status ? 1 : 0;
}

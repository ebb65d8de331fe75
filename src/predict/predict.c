/* Images in, probabilities out. */
#include <stdlib.h>
#include <string.h>

#include "predict/session.h"

/* One image's row of the last run. */
static void copy_row(const alx_session *session, int row, float *probabilities)
{
    size_t classes = (size_t)session->model->meta.class_count;
    memcpy(probabilities, session->probabilities + (size_t)row * classes, classes * sizeof *probabilities);
}

static alx_status refuse_null(const void *argument, const char *name, alx_error *err)
{
    return argument ? ALX_OK : alx_fail(err, ALX_USAGE, "%s is NULL", name);
}

alx_status alx_predict_file(alx_session *session, const char *path, float *probabilities, alx_error *err)
{
    ALX_TRY(refuse_null(path, "path", err));
    ALX_TRY(refuse_null(probabilities, "probabilities", err));
    alx_status status;
    alx_error error = {0};
    alx_session_read(session, &path, 1, &status, &error);
    if (status) {
        if (err) *err = error;
        return status;
    }
    ALX_TRY(alx_session_run(session, ALX_MODE_PREDICT, 1, err));
    copy_row(session, 0, probabilities);
    return ALX_OK;
}

/* Rows without gaps, as the resampler reads them; rgb itself where they already are. */
static alx_status pack_rows(const uint8_t **packed, alx_decoder *decoder, const uint8_t *rgb, int width, int height,
                            int stride, alx_error *err)
{
    *packed = rgb;
    size_t row = (size_t)width * 3;
    if ((size_t)stride == row) return ALX_OK;
    ALX_TRY(alx_image_reserve(&decoder->image, width, height, err));
    for (int y = 0; y < height; y++)
        memcpy(decoder->image.rgb + (size_t)y * row, rgb + (size_t)y * (size_t)stride, row);
    *packed = decoder->image.rgb;
    return ALX_OK;
}

alx_status alx_predict_pixels(alx_session *session, const uint8_t *rgb, int width, int height, int stride,
                              float *probabilities, alx_error *err)
{
    ALX_TRY(refuse_null(rgb, "rgb", err));
    ALX_TRY(refuse_null(probabilities, "probabilities", err));
    if (width < 1 || height < 1 || width > ALX_IMAGE_MAX_SIDE || height > ALX_IMAGE_MAX_SIDE)
        return alx_fail(err, ALX_USAGE, "the image is %dx%d; sides may be 1 to %d", width, height, ALX_IMAGE_MAX_SIDE);
    if (stride < 3 * width)
        return alx_fail(err, ALX_USAGE, "stride is %d bytes, but a row of %d RGB pixels has %d", stride, width,
                        3 * width);
    alx_decoder *decoder = &session->decoders[0];
    const uint8_t *packed;
    ALX_TRY(pack_rows(&packed, decoder, rgb, width, height, stride, err));
    ALX_TRY(alx_session_put(session, decoder, 0, packed, width, height, err));
    ALX_TRY(alx_session_run(session, ALX_MODE_PREDICT, 1, err));
    copy_row(session, 0, probabilities);
    return ALX_OK;
}

alx_status alx_predict_files(alx_session *session, const char *const *paths, int count, float *probabilities,
                             alx_status *status, alx_error *errors, alx_error *err)
{
    if (count > 0) {
        ALX_TRY(refuse_null(paths, "paths", err));
        ALX_TRY(refuse_null(probabilities, "probabilities", err));
        ALX_TRY(refuse_null(status, "status", err));
    }
    for (int i = 0; i < count; i++) ALX_TRY(refuse_null(paths[i], "a path", err));
    size_t classes = (size_t)session->model->meta.class_count;
    for (int first = 0; first < count; first += session->batch_size) {
        int size = count - first < session->batch_size ? count - first : session->batch_size;
        alx_session_read(session, paths + first, size, status + first, errors ? errors + first : NULL);
        ALX_TRY(alx_session_run(session, ALX_MODE_PREDICT, size, err));
        for (int i = 0; i < size; i++) {
            float *row = probabilities + (size_t)(first + i) * classes;
            if (status[first + i])
                memset(row, 0, classes * sizeof *row);
            else
                copy_row(session, i, row);
        }
    }
    return ALX_OK;
}

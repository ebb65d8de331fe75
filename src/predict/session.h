/* A session: an engine over a shared model, and what each thread of its team needs to decode images. */
#ifndef ALX_PREDICT_SESSION_H
#define ALX_PREDICT_SESSION_H

#include "data/augment.h"
#include "data/source.h"
#include "plan/engine.h"
#include "predict/model.h"

/* Of one thread of the team; its memory is reused from image to image. */
typedef struct alx_decoder {
    alx_image image;   /* as decoded */
    alx_image resized; /* image_height x image_width */
    alx_resampler scratch;
} alx_decoder;

struct alx_session {
    const alx_model *model;
    alx_engine *engine;
    int threads;
    int batch_size;
    int64_t image_floats;  /* C * H * W */
    alx_decoder *decoders; /* (threads) */
};

/* Decoded pixels to network input. x: (C, H, W). */
alx_status alx_session_prepare_pixels(const struct alx_session *session, alx_decoder *decoder, const uint8_t *rgb,
                                      int width, int height, float *x, alx_error *err);
/* File i of `count` <= batch_size into slot i of the engine, on the team.  What cannot be read becomes zeros
 * (so that the batch keeps its size, and its plan) with status[i] and, when errors is not NULL, errors[i]. */
void alx_session_load(struct alx_session *session, const char *const *paths, int count, alx_status *status,
                      alx_error *errors);
/* The same for samples `first` and on of a list. */
void alx_session_load_samples(struct alx_session *session, const alx_sample_list *list, int64_t first, int count,
                              alx_status *status, alx_error *errors);

#endif

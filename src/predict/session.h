/* A session: an engine over a shared model, the images that it computes next, and what each thread of its team needs to
 * decode them. */
#ifndef ALX_PREDICT_SESSION_H
#define ALX_PREDICT_SESSION_H

#include "data/augment.h"
#include "data/source.h"
#include "plan/engine.h"
#include "predict/model.h"

/* Of one thread of the team; its memory is reused from image to image. */
typedef struct alx_decoder {
    alx_image image; /* as decoded */
    alx_resampler scratch;
} alx_decoder;

enum { ALX_VIEWS_MOST = 10 };

struct alx_session {
    const alx_model *model;
    alx_tuner tuner;
    alx_engine *engine;
    int threads;
    int batch_size;
    int view_count;
    alx_augment_view views[ALX_VIEWS_MOST];
    size_t image_bytes;    /* image_height * image_width * 3 */
    uint8_t *resized;      /* (batch_size, image_height, image_width, 3) */
    float *probabilities;  /* (batch_size, classes), of the last run */
    double *losses;        /* (batch_size), of the last run in ALX_MODE_EVALUATE */
    alx_decoder *decoders; /* (threads) */
};

/* What its engine computes beside probabilities; zeros: nothing. */
typedef struct alx_session_purpose {
    const int *kept; /* of alx_engine_config */
    int kept_count;
    alx_params *trained; /* a store of its graph that the engine trains; NULL: it predicts with the model's */
} alx_session_purpose;
/* As alx_session_create. */
alx_status alx_session_create_for(alx_session **session, const alx_model *model, const alx_session_config *config,
                                  const alx_session_purpose *purpose, alx_error *err);

/* Decoded pixels, resized, become image `slot` < batch_size. */
alx_status alx_session_put(struct alx_session *session, alx_decoder *decoder, int slot, const uint8_t *rgb, int width,
                           int height, alx_error *err);
/* File i of `count` <= batch_size becomes image i, on the team.  What cannot be read becomes black (so that the batch
 * keeps its size, and its plan) with status[i] and, when errors is not NULL, errors[i]. */
void alx_session_read(struct alx_session *session, const char *const *paths, int count, alx_status *status,
                      alx_error *errors);
/* The same for samples of a list: indices[0] and on, or, where indices is NULL, `first` and on. */
void alx_session_read_samples(struct alx_session *session, const alx_sample_list *list, const int64_t *indices,
                              int64_t first, int count, alx_status *status, alx_error *errors);
/* The centre of the first `count` images goes into the engine. */
void alx_session_show(const struct alx_session *session, int count);
/* Each view of the first `count` images is a run of the engine (EVALUATE or PREDICT); probabilities are the mean over
 * the views, losses the cross-entropy of that mean and the engine's labels. */
alx_status alx_session_run(struct alx_session *session, alx_mode mode, int count, alx_error *err);

#endif

#include "plan/micro_batch.h"

#include "layers/layer.h"

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What training takes with `micro` images at once.  By rules of thumb, whatever has been measured of convolutions: a
 * run, the next one and its resume are to be cut alike. */
static alx_status measure(alx_micro_choice *c, const alx_micro_request *r, int64_t micro, alx_error *err)
{
    alx_engine_config engine = r->engine;
    const int64_t validation = least(r->validation, micro);
    const alx_plan_key plans[] = {{ALX_MODE_TRAIN, micro},
                                  {ALX_MODE_TRAIN, r->update % micro},
                                  {ALX_MODE_TRAIN, r->last % micro == r->update % micro ? 0 : r->last % micro},
                                  {ALX_MODE_EVALUATE, validation}};
    engine.chooser = (alx_chooser){0};
    engine.accumulate = r->update > micro;
    engine.max_batch = micro > validation ? micro : validation;
    ALX_TRY(alx_engine_measure(&c->need, r->params, &engine, sizeof plans / sizeof *plans, plans, err));
    c->micro = micro;
    c->bytes = r->beside + c->need.total;
    return ALX_OK;
}

/* The largest that fits; memory grows with the images, nearly always. */
static alx_status search(alx_micro_choice *c, const alx_micro_request *r, alx_error *err)
{
    int64_t fits = 1, too_many = r->batch;
    while (fits + 1 < too_many) {
        const int64_t middle = fits + (too_many - fits) / 2;
        ALX_TRY(measure(c, r, middle, err));
        if (c->bytes <= r->limit)
            fits = middle;
        else
            too_many = middle;
    }
    const int64_t parts = (r->batch + fits - 1) / fits;
    int64_t micro = (r->batch + parts - 1) / parts;
    ALX_TRY(measure(c, r, micro, err));
    while (c->bytes > r->limit && micro > 1) ALX_TRY(measure(c, r, --micro, err));
    return ALX_OK;
}

alx_status alx_micro_batch_choose(alx_micro_choice *c, const alx_micro_request *r, alx_error *err)
{
    ALX_TRY(measure(c, r, r->batch, err));
    const uint64_t whole = c->bytes;
    if (r->limit && whole > r->limit) {
        if (r->batch > 1) ALX_TRY(measure(c, r, 1, err));
        if (c->bytes <= r->limit)
            ALX_TRY(search(c, r, err));
        else
            c->micro = 0;
    }
    c->whole = whole;
    return ALX_OK;
}

const char *alx_micro_batch_enough(uint64_t bytes, alx_bytes_text text)
{
    const uint64_t mib = 1 << 20;
    return alx_text_exact_bytes((int64_t)((bytes + mib - 1) / mib * mib), text);
}

alx_status alx_micro_batch_refuse(const alx_micro_choice *choice, uint64_t limit, alx_error *err)
{
    alx_bytes_text given, enough;
    return alx_fail(err, ALX_USAGE,
                    "memory_limit %s is too little: one image at a time takes %s; give that, or use a smaller network",
                    alx_text_exact_bytes((int64_t)limit, given), alx_micro_batch_enough(choice->bytes, enough));
}

const char *alx_micro_batch_obstacle(const alx_graph *graph)
{
    for (int i = 0; i < graph->spec.layer_count; i++)
        if (graph->spec.layers[i].cls->mixes_images && !graph->layers[i].frozen) return graph->spec.layers[i].name;
    return NULL;
}

/* Initial values.  Element e of tensor p takes word e % 4 of the draw (seed, INIT, p, high bits of e / 4, low bits):
 * it depends on nothing else, so not on threads and not on tiles. */
#include <math.h>

#include "base/rng.h"
#include "model/params.h"
#include "model/tile.h"

typedef struct filler {
    alx_init_kind kind;
    float scale; /* half-width of the uniform, standard deviation of the normal, the constant */
    uint64_t seed;
    uint32_t param;
} filler;

/* Keras cuts its he_normal at two standard deviations and widens it, so that what is left has the wanted one:
 * sd of N(0, 1) between -2 and 2 (keras/initializers/random_initializers.py). */
#define CUT_SD 0.87962566103423978

/* Attempt k of the cut normal is keyed by the slot's upper 16 bits; the lower ones are the group's high bits, of which
 * 2^40 elements need six. */
enum { ATTEMPT_SHIFT = 16, MAX_ATTEMPTS = 64 };

static filler filler_of(const alx_param_decl *decl, uint64_t seed, int param)
{
    filler f = {.kind = decl->init, .scale = (float)decl->init_value, .seed = seed, .param = (uint32_t)param};
    double in = (double)decl->fan_in, out = (double)decl->fan_out;
    if (decl->init == ALX_INIT_GLOROT_UNIFORM) f.scale = (float)sqrt(6 / (in + out));
    if (decl->init == ALX_INIT_HE_NORMAL) f.scale = (float)(sqrt(2 / in) / CUT_SD);
    return f;
}

/* Four standard normals; cut: a value past 2 is drawn again (each attempt keeps 95 %). */
static void draw_normals(const filler *f, uint64_t group, bool cut, float out[4])
{
    bool done[4] = {0};
    int missing = 4;
    for (uint32_t attempt = 0; missing > 0 && attempt < MAX_ATTEMPTS; attempt++) {
        uint32_t slot = (uint32_t)(group >> 32) | attempt << ATTEMPT_SHIFT;
        alx_rng4 words = alx_rng_draw(f->seed, ALX_RNG_INIT, f->param, slot, (uint32_t)group);
        float z[4];
        alx_rng_normal(words.v[0], words.v[1], z);
        alx_rng_normal(words.v[2], words.v[3], z + 2);
        for (int k = 0; k < 4; k++) {
            if (done[k] || (cut && fabsf(z[k]) > 2)) continue;
            out[k] = z[k];
            done[k] = true;
            missing--;
        }
    }
    for (int k = 0; k < 4; k++)
        if (!done[k]) out[k] = 0; /* once in 10^86 */
}

/* Values of elements 4 * group ... 4 * group + 3, in canonical order. */
static void draw_group(const filler *f, uint64_t group, float out[4])
{
    if (f->kind == ALX_INIT_CONSTANT) {
        for (int k = 0; k < 4; k++) out[k] = f->scale;
        return;
    }
    if (f->kind == ALX_INIT_GLOROT_UNIFORM) {
        alx_rng4 words = alx_rng_draw(f->seed, ALX_RNG_INIT, f->param, (uint32_t)(group >> 32), (uint32_t)group);
        for (int k = 0; k < 4; k++) out[k] = (2 * alx_rng_unit(words.v[k]) - 1) * f->scale;
        return;
    }
    draw_normals(f, group, f->kind == ALX_INIT_HE_NORMAL, out);
    for (int k = 0; k < 4; k++) out[k] *= f->scale;
}

static void fill_plain(const filler *f, float *values, int64_t count)
{
#pragma omp parallel for schedule(static)
    for (int64_t group = 0; group < (count + 3) / 4; group++) {
        float four[4];
        draw_group(f, (uint64_t)group, four);
        for (int64_t k = 0; k < 4 && 4 * group + k < count; k++) values[4 * group + k] = four[k];
    }
}

/* Tile by tile, so that writes stay within 4 KiB; a tile's row of 16 inputs is four whole groups. */
static void fill_tiles(const filler *f, float *values, int64_t outs, int64_t ins)
{
    int64_t across = ins / ALX_TILE_IN, tiles = outs / ALX_TILE_OUT * across;
#pragma omp parallel for schedule(static)
    for (int64_t tile = 0; tile < tiles; tile++)
        for (int64_t o = 0; o < ALX_TILE_OUT; o++)
            for (int64_t i = 0; i < ALX_TILE_IN; i += 4) {
                int64_t out = tile / across * ALX_TILE_OUT + o, in = tile % across * ALX_TILE_IN + i;
                float four[4];
                draw_group(f, (uint64_t)(out * ins + in) / 4, four);
                for (int k = 0; k < 4; k++) values[tile * ALX_TILE + (i + k) * ALX_TILE_OUT + o] = four[k];
            }
}

void alx_params_init(alx_params *params, uint64_t seed)
{
    for (int index = 0; index < params->count; index++) {
        const alx_param *p = &params->list[index];
        filler f = filler_of(&params->graph->params[index].decl, seed, index);
        float *values = params->data + p->offset;
        if (p->tiled)
            fill_tiles(&f, values, p->shape.dims[0], p->shape.dims[1]);
        else
            fill_plain(&f, values, p->count);
    }
    params->version++;
}

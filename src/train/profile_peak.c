#include "train/profile_peak.h"

#include <omp.h>
#include <stdlib.h>

#include "base/bf16.h"
#include "base/clock.h"
#include "base/memory.h"

/* Square products of these sizes: a large one keeps many threads busy, a small one is done before a neighbour's turn on
 * a shared core comes. */
static const int64_t sizes[] = {512, 1024, 2048};
enum { SIZES = sizeof sizes / sizeof *sizes, ALIGN = 64, MAX_ARGS = 4 };

struct alx_peak {
    alx_dnn *dnn;
    alx_dtype type;
    int threads;
    void *memory; /* of the largest product; all of them use it */
    size_t bytes;
    alx_call *calls[SIZES];
    int next; /* the size whose turn it is */
    double rate;
};

static double operations(int index)
{
    const double size = (double)sizes[index];
    return 2.0 * size * size * size;
}

/* Small numbers that are neither zero nor alike: some processors save power, and gain speed, on those. */
static void fill(const alx_peak *peak)
{
    const bool bf16 = peak->type == ALX_BF16;
    const int64_t count = (int64_t)(peak->bytes / (bf16 ? sizeof(uint16_t) : sizeof(float)));
#pragma omp parallel for schedule(static) num_threads(peak->threads)
    for (int64_t i = 0; i < count; i++) {
        float value = (float)(i % 61 - 30) / 64.0f;
        if (bf16)
            ((uint16_t *)peak->memory)[i] = alx_bf16_from_float(value);
        else
            ((float *)peak->memory)[i] = value;
    }
}

/* The memory is bound when the size of all of it is known. */
static alx_status make_call(alx_peak *peak, int index, size_t offsets[MAX_ARGS], int *count, alx_error *err)
{
    static const alx_arg names[MAX_ARGS] = {ALX_ARG_SRC, ALX_ARG_WEIGHTS, ALX_ARG_DST, ALX_ARG_SCRATCHPAD};
    const alx_shape shape = ALX_SHAPE(sizes[index], sizes[index]);
    const alx_md *plain, *any;
    alx_prim *prim;
    ALX_TRY(alx_md_create(&plain, peak->dnn, &shape, peak->type, ALX_ORDER_PLAIN, err));
    ALX_TRY(alx_md_create(&any, peak->dnn, &shape, peak->type, ALX_ORDER_ANY, err));
    ALX_TRY(alx_dnn_matmul_forward(&prim, peak->dnn, false, false, plain, any, NULL, plain, err));
    alx_call_arg args[MAX_ARGS];
    size_t bytes = 0;
    *count = 0;
    for (int i = 0; i < MAX_ARGS; i++) {
        const alx_md *md = alx_prim_md(prim, names[i]);
        if (!md) continue;
        offsets[*count] = bytes;
        args[(*count)++] = (alx_call_arg){.arg = names[i], .md = md};
        bytes += (alx_md_bytes(md) + ALIGN - 1) / ALIGN * ALIGN;
    }
    if (bytes > peak->bytes) peak->bytes = bytes;
    return alx_call_create(&peak->calls[index], peak->dnn, prim, *count, args, err);
}

static alx_status make_calls(alx_peak *peak, alx_error *err)
{
    size_t offsets[SIZES][MAX_ARGS];
    int counts[SIZES];
    ALX_TRY(alx_dnn_create(&peak->dnn, err));
    for (int i = 0; i < SIZES; i++) ALX_TRY(make_call(peak, i, offsets[i], &counts[i], err));
    if (peak->bytes < alx_memory_available()) peak->memory = alx_memory_reserve(peak->bytes, peak->threads);
    if (!peak->memory) return alx_fail(err, ALX_NO_MEMORY, "out of memory: %zu bytes to measure the peak", peak->bytes);
    for (int i = 0; i < SIZES; i++)
        for (int k = 0; k < counts[i]; k++)
            ALX_TRY(alx_call_bind(peak->calls[i], k, (char *)peak->memory + offsets[i][k], err));
    fill(peak);
    return ALX_OK;
}

alx_status alx_peak_create(alx_peak **out, alx_dtype type, int threads, alx_error *err)
{
    *out = NULL;
    alx_peak *peak = alx_calloc(1, sizeof *peak, err);
    if (!peak) return ALX_NO_MEMORY;
    peak->type = type;
    peak->threads = threads;
    const int before = omp_get_max_threads();
    omp_set_num_threads(threads);
    alx_status status = make_calls(peak, err);
    omp_set_num_threads(before);
    if (status)
        alx_peak_destroy(peak);
    else
        *out = peak;
    return status;
}

void alx_peak_destroy(alx_peak *peak)
{
    if (!peak) return;
    alx_dnn_destroy(peak->dnn);
    alx_memory_release(peak->memory, peak->bytes);
    free(peak);
}

/* The sizes in turn, but none that by the rate so far takes longer than all of the time. */
static alx_status sample(alx_peak *peak, double seconds, alx_error *err)
{
    const double began = alx_clock();
    double now = began;
    do {
        const int index = peak->next;
        ALX_TRY(alx_call_run(peak->calls[index], err));
        const double ended = alx_clock();
        if (operations(index) > peak->rate * (ended - now)) peak->rate = operations(index) / (ended - now);
        now = ended;
        peak->next = (index + 1) % SIZES;
        if (operations(peak->next) > peak->rate * seconds) peak->next = 0;
    } while (now - began < seconds);
    return ALX_OK;
}

alx_status alx_peak_sample(alx_peak *peak, double seconds, alx_error *err)
{
    const int before = omp_get_max_threads();
    omp_set_num_threads(peak->threads);
    alx_status status = sample(peak, seconds, err);
    omp_set_num_threads(before);
    return status;
}

double alx_peak_rate(const alx_peak *peak)
{
    return peak->rate;
}

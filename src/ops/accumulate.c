/* Summing gradients: a step that is computed in parts adds each part's to those before, weighed by its images, right
 * behind the op that computes it.  So the sum needs no memory beside the gradients: one part's of one tensor is in the
 * arena for as long as it takes. */
#include "base/clones.h"
#include "ops/build.h"

enum { BLOCK = 16, PIECE = 1 << 12 };

ALX_CLONES("avx512f", "avx2", "default")
static void add_piece(float *restrict sum, const float *restrict x, float share, int64_t count)
{
    int64_t i = 0;
    for (; i + BLOCK <= count; i += BLOCK)
        for (int j = 0; j < BLOCK; j++) sum[i + j] += share * x[i + j];
    for (; i < count; i++) sum[i] += share * x[i];
}

ALX_CLONES("avx512f", "avx2", "default")
static void scale_piece(float *restrict sum, const float *restrict x, float share, int64_t count)
{
    int64_t i = 0;
    for (; i + BLOCK <= count; i += BLOCK)
        for (int j = 0; j < BLOCK; j++) sum[i + j] = share * x[i + j];
    for (; i < count; i++) sum[i] = share * x[i];
}

/* args: a part's gradient, the sum; of one layout. */
static void run_accumulate(const alx_step *step, const alx_run_context *context)
{
    const int64_t count = (int64_t)(alx_md_bytes(step->md[1]) / sizeof(float));
    const float *x = step->data[0];
    float *sum = step->data[1];
#pragma omp parallel for schedule(static) num_threads(context->threads)
    for (int64_t i = 0; i < count; i += PIECE) {
        const int64_t piece = count - i < PIECE ? count - i : PIECE;
        if (context->first_slot == 0)
            scale_piece(sum + i, x + i, context->share, piece);
        else
            add_piece(sum + i, x + i, context->share, piece);
    }
}

alx_status alx_build_accumulate(alx_build *build, int part, int sum, alx_error *err)
{
    const alx_step_arg args[2] = {{ALX_ARG_FROM, part}, {ALX_ARG_TO, sum}};
    return alx_build_kernel(build, NULL, run_accumulate, 2, args, -1, err);
}

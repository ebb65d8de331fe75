/* Vectors of LANES floats for the files that are compiled for one instruction set (ops/kernels.h), and what lies in
 * memory for them. */
#ifndef ALX_OPS_VECTORS_H
#define ALX_OPS_VECTORS_H

#include <stdbool.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))
/* For constant bounds: the loop disappears.  Not with a sanitizer's checks in each round, which cost clang minutes. */
#if defined(ALX_ROLLED)
#define UNROLL
#elif defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t ivec __attribute__((vector_size(4 * LANES)));
typedef uint32_t uvec __attribute__((vector_size(4 * LANES)));
typedef uint16_t hvec __attribute__((vector_size(2 * LANES)));
typedef uint8_t bvec __attribute__((vector_size(LANES)));
/* The same anywhere in memory. */
typedef vec vec_at __attribute__((aligned(4), may_alias));
typedef uvec uvec_at __attribute__((aligned(4), may_alias));
typedef hvec hvec_at __attribute__((aligned(2), may_alias));
typedef bvec bvec_at __attribute__((aligned(1), may_alias));

/* Rounds to nearest even in the upper half of each lane; NaN stays NaN. */
INLINE void round_bf16(uvec *out, const vec *x)
{
    const uvec bits = (uvec)*x;
    const uvec rounded = bits + 0x7fff + ((bits >> 16) & 1);
    const uvec nan = (uvec)(*x != *x); /* NOLINT(misc-redundant-expression): only NaN is not itself */
    *out = (rounded & ~nan) | (nan & 0x7fc00000);
}

INLINE void store(void *data, bool bf16, int64_t at, const vec *x)
{
    if (!bf16) {
        *(vec_at *)((float *)data + at) = *x;
        return;
    }
    uvec bits;
    round_bf16(&bits, x);
    *(hvec_at *)((uint16_t *)data + at) = __builtin_convertvector(bits >> 16, hvec);
}

INLINE void load(vec *x, const void *data, bool bf16, int64_t at)
{
    if (bf16)
        *x = (vec)(__builtin_convertvector(*(const hvec_at *)((const uint16_t *)data + at), uvec) << 16);
    else
        *x = *(const vec_at *)((const float *)data + at);
}

#endif

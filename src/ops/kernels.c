#include "ops/kernels.h"

const alx_kernels *alx_kernels_for(int lanes)
{
#if defined(__x86_64__)
    /* Blocks of 16 are oneDNN's choice for AVX-512, with all that Skylake has of it. */
    if (lanes == 16) return &alx_kernels_avx512;
    if (lanes == 8 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &alx_kernels_avx2;
#endif
    return lanes == 8 ? &alx_kernels_plain : NULL;
}

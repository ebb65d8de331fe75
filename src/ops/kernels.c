#include "ops/kernels.h"

const alx_kernels *alx_kernels_for(int lanes)
{
#if defined(__x86_64__)
    const bool skylake = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (lanes == 16 && skylake) return &alx_kernels_avx512;
    if (lanes == 8 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &alx_kernels_avx2;
#endif
    return lanes == 8 ? &alx_kernels_plain : NULL;
}

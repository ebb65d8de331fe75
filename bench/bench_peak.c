/* bench_peak f32|bf16|read|triad: what the machine can do, as one side of `./run bench` (bench/sides.py has the
 * protocol).  The first line of JSON says how much work a step is: operations (a multiply-add is two), or bytes.
 *
 * f32 and bf16 keep the multipliers busy from registers; read sums, and triad computes a = b + s c (McCalpin's STREAM,
 * which counts three words), over memory that no cache holds. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/clones.h"
#include "base/memory.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Chains in flight: more than latency times throughput of any multiplier, no more than there are registers, where they
 * stay when the inner loop is unrolled. */
enum { CHAINS = 12, ITERATIONS = 1 << 22 };
static const size_t ARRAY_BYTES = (size_t)192 << 20;

static volatile float sink; /* so that no work is thrown away */

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static void f32_avx512(void)
{
    __m512 sum[CHAINS], a = _mm512_set1_ps(0.999f), b = _mm512_set1_ps(0.001f);
    for (int j = 0; j < CHAINS; j++) sum[j] = _mm512_set1_ps((float)j);
    for (int i = 0; i < ITERATIONS; i++) {
#pragma GCC unroll 12
        for (int j = 0; j < CHAINS; j++) sum[j] = _mm512_fmadd_ps(sum[j], a, b);
    }
    for (int j = 0; j < CHAINS; j++) sink = _mm512_cvtss_f32(sum[j]);
}

__attribute__((target("avx2,fma"))) static void f32_avx2(void)
{
    __m256 sum[CHAINS], a = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(0.001f);
    for (int j = 0; j < CHAINS; j++) sum[j] = _mm256_set1_ps((float)j);
    for (int i = 0; i < ITERATIONS; i++) {
#pragma GCC unroll 12
        for (int j = 0; j < CHAINS; j++) sum[j] = _mm256_fmadd_ps(sum[j], a, b);
    }
    for (int j = 0; j < CHAINS; j++) sink = _mm256_cvtss_f32(sum[j]);
}

__attribute__((target("avx512f,avx512bf16"))) static void bf16_avx512(void)
{
    __m512 sum[CHAINS];
    __m512bh a = (__m512bh)_mm512_set1_epi16(0x3f7f), b = (__m512bh)_mm512_set1_epi16(0x3a83); /* 0.996, 0.001 */
    for (int j = 0; j < CHAINS; j++) sum[j] = _mm512_set1_ps((float)j);
    for (int i = 0; i < ITERATIONS; i++) {
#pragma GCC unroll 12
        for (int j = 0; j < CHAINS; j++) sum[j] = _mm512_dpbf16_ps(sum[j], a, b);
    }
    for (int j = 0; j < CHAINS; j++) sink = _mm512_cvtss_f32(sum[j]);
}

static int has_avx512(void)
{
    return __builtin_cpu_supports("avx512f");
}

static int has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static int has_avx512_bf16(void)
{
    return __builtin_cpu_supports("avx512bf16");
}
#endif

static int always(void)
{
    return 1;
}

typedef float lanes __attribute__((vector_size(16)));

static void f32_plain(void)
{
    lanes sum[CHAINS], a = {0.999f, 0.999f, 0.999f, 0.999f}, b = {0.001f, 0.001f, 0.001f, 0.001f};
    for (int j = 0; j < CHAINS; j++) sum[j] = a * (float)j;
    for (int i = 0; i < ITERATIONS; i++) {
#pragma GCC unroll 12
        for (int j = 0; j < CHAINS; j++) sum[j] = sum[j] * a + b;
    }
    for (int j = 0; j < CHAINS; j++) sink = sum[j][0];
}

/* A cache line, so that compilers use the widest vectors that there are. */
typedef uint32_t cache_line __attribute__((vector_size(64)));
typedef float float_line __attribute__((vector_size(64)));
static void *arrays[3];

/* Two streams, which prefetch better than one. */
ALX_CLONES("avx512f", "avx2", "default") static void read_part(size_t first, size_t end)
{
    const size_t half = (end - first) / 2;
    const cache_line *x = (const cache_line *)arrays[0] + first, *y = x + half;
    cache_line sum = {0}, other = {0};
    for (size_t i = 0; i < half; i++) {
        sum += x[i];
        other += y[i];
    }
    sink = (float)(sum + other)[0];
}

ALX_CLONES("avx512f", "avx2", "default") static void triad_part(size_t first, size_t end)
{
    float_line *a = arrays[0];
    const float_line *b = arrays[1], *c = arrays[2];
    for (size_t i = first; i < end; i++) a[i] = b[i] + 0.5f * c[i];
}

typedef struct kernel {
    const char *what, *name;
    int (*available)(void);
    void (*compute)(void);                  /* one thread's share of a step, from registers; or */
    void (*move)(size_t first, size_t end); /* over lines of the arrays */
    double work;                            /* operations of one iteration of one chain; or bytes of one line */
} kernel;

/* Of each kind the first that this processor has. */
static const kernel kernels[] = {
#if defined(__x86_64__)
    {"f32", "fused multiply-add, AVX-512", has_avx512, f32_avx512, NULL, 32},
    {"f32", "fused multiply-add, AVX2", has_avx2, f32_avx2, NULL, 16},
    {"bf16", "vdpbf16ps, AVX-512", has_avx512_bf16, bf16_avx512, NULL, 64},
#endif
    {"f32", "multiply and add, 128 bits", always, f32_plain, NULL, 8},
    {"read", "sum of an array", always, NULL, read_part, sizeof(cache_line)},
    {"triad", "a = b + s c", always, NULL, triad_part, 3 * sizeof(cache_line)},
    {0},
};

static void step(const kernel *k, int threads)
{
    const size_t lines = ARRAY_BYTES / sizeof(cache_line);
#pragma omp parallel num_threads(threads)
    {
        const size_t me = (size_t)omp_get_thread_num(), all = (size_t)threads;
        if (k->compute)
            k->compute();
        else
            k->move(lines * me / all, lines * (me + 1) / all);
    }
}

int main(int argc, char **argv)
{
    const kernel *k = kernels;
    while (k->what && (argc < 2 || strcmp(argv[1], k->what) != 0 || !k->available())) k++;
    if (!k->what) {
        fprintf(stderr, "bench_peak: this processor cannot, or usage: bench_peak f32|bf16|read|triad\n");
        return 2;
    }
    const int threads = omp_get_max_threads();
    for (int i = 0; i < 3 && k->move; i++)
        if (!(arrays[i] = alx_memory_reserve(ARRAY_BYTES, threads))) return 1;
    const double count =
        k->compute ? (double)CHAINS * ITERATIONS * threads : (double)(ARRAY_BYTES / sizeof(cache_line));
    printf("{\"threads\": %d, \"kernel\": \"%s\", \"work\": %.0f}\n", threads, k->name, count * k->work);
    fflush(stdout);
    char line[32];
    while (fgets(line, sizeof line, stdin)) {
        for (int i = atoi(line); i > 0; i--) {
            const double begin = alx_clock();
            step(k, threads);
            printf("%.4f\n", (alx_clock() - begin) * 1e3);
        }
        fflush(stdout);
    }
    for (int i = 0; i < 3; i++) alx_memory_release(arrays[i], ARRAY_BYTES);
    return 0;
}

#include "ops/max_pool.h"

#include "ops/kernels.h"

bool alx_max_pool_can(const alx_pool_geometry *geometry, int64_t width, int block)
{
    return !geometry->average && alx_kernels_for(block) && width <= ALX_MAX_POOL_WIDTH &&
           geometry->kernel[0] <= ALX_MAX_POOL_NONE / geometry->kernel[1];
}

static size_t bytes_of(const alx_max_pool *pool, int64_t places)
{
    return (size_t)(places * pool->block) * (pool->bf16 ? sizeof(uint16_t) : sizeof(float));
}

void alx_max_pool_forward(const alx_max_pool *pool, const void *x, void *y, uint8_t *places, int threads)
{
    const int64_t in = pool->height * pool->width, out = pool->out_height * pool->out_width;
    const alx_max_pool_kernels *kernels = alx_kernels_for(pool->block)->max_pool;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t i = 0; i < pool->planes; i++)
        kernels->pool[pool->bf16](pool, (const char *)x + bytes_of(pool, i * in), (char *)y + bytes_of(pool, i * out),
                                  places + i * out * pool->block);
}

void alx_max_pool_backward(const alx_max_pool *pool, const void *dy, const uint8_t *places, void *dx, int threads)
{
    const int64_t in = pool->height * pool->width, out = pool->out_height * pool->out_width;
    const alx_max_pool_kernels *kernels = alx_kernels_for(pool->block)->max_pool;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t i = 0; i < pool->planes; i++)
        kernels->spread[pool->bf16](pool, (const char *)dy + bytes_of(pool, i * out), places + i * out * pool->block,
                                    (char *)dx + bytes_of(pool, i * in));
}

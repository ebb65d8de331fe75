/* Padded matrices and products of their rows. */
#include <stdlib.h>

#include "report/clones.h"
#include "report/eigen.h"
#include "report/fail.h"

enum {
    TILE = ALX_MATRIX_TILE,
    LANES = ALX_MATRIX_LANES,
    CHUNK = 512, /* columns at once: two tiles' rows of them stay in a core's cache */
    MOST = INT32_MAX
};

typedef double vec __attribute__((vector_size(8 * LANES)));

alx_status alx_matrix_init(alx_matrix *matrix, int64_t rows, int64_t columns, alx_error *err)
{
    *matrix = (alx_matrix){.rows = rows, .columns = columns};
    if (rows < 1 || columns < 1 || rows > MOST || columns > MOST)
        return alx_report_fail(err, ALX_USAGE, "a matrix of %lld x %lld values", (long long)rows, (long long)columns);
    matrix->stride = (columns + LANES - 1) / LANES * LANES;
    size_t size = (size_t)((rows + TILE - 1) / TILE * TILE * matrix->stride) * sizeof(double);
    size = (size + 63) / 64 * 64; /* as aligned_alloc wants it */
    matrix->values = aligned_alloc(64, size);
    if (!matrix->values)
        return alx_report_fail(err, ALX_NO_MEMORY, "out of memory for %lld x %lld values", (long long)rows,
                               (long long)columns);
    for (size_t i = 0; i < size / sizeof(double); i++) matrix->values[i] = 0;
    return ALX_OK;
}

void alx_matrix_finish(alx_matrix *matrix)
{
    free(matrix->values);
    *matrix = (alx_matrix){0};
}

static inline double sum(const vec *v)
{
    return ((*v)[0] + (*v)[1]) + ((*v)[2] + (*v)[3]);
}

/* Adds the products of two rows of a and four of b, over `count` columns. */
static inline __attribute__((always_inline)) void block(double *out, int64_t out_stride, const double *a,
                                                        int64_t a_stride, const double *b, int64_t b_stride,
                                                        int64_t count)
{
    vec sums[2][4] = {0};
    for (int64_t k = 0; k < count; k += LANES) {
        const vec a0 = *(const vec *)(a + k), a1 = *(const vec *)(a + a_stride + k);
        for (int j = 0; j < 4; j++) {
            const vec bj = *(const vec *)(b + j * b_stride + k);
            sums[0][j] += a0 * bj;
            sums[1][j] += a1 * bj;
        }
    }
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 4; j++) out[i * out_stride + j] += sum(&sums[i][j]);
}

/* out (TILE, TILE) += a (TILE, count) b (TILE, count)^T */
ALX_REPORT_CLONES
static void tile(double *out, int64_t out_stride, const double *a, int64_t a_stride, const double *b, int64_t b_stride,
                 int64_t count)
{
    for (int64_t i = 0; i < TILE; i += 2)
        for (int64_t j = 0; j < TILE; j += 4)
            block(out + i * out_stride + j, out_stride, a + i * a_stride, a_stride, b + j * b_stride, b_stride, count);
}

/* Tile (i, j) of the product. */
static void multiply(const alx_matrix *out, const alx_matrix *a, const alx_matrix *b, int64_t i, int64_t j)
{
    double sums[TILE * TILE] = {0};
    for (int64_t k = 0; k < a->stride; k += CHUNK) {
        const int64_t count = a->stride - k < CHUNK ? a->stride - k : CHUNK;
        tile(sums, TILE, alx_matrix_row(a, i * TILE) + k, a->stride, alx_matrix_row(b, j * TILE) + k, b->stride, count);
    }
    for (int64_t y = 0; y < TILE && i * TILE + y < out->rows; y++)
        for (int64_t x = 0; x < TILE && j * TILE + x < out->columns; x++)
            alx_matrix_row(out, i * TILE + y)[j * TILE + x] = sums[y * TILE + x];
}

void alx_matrix_products(alx_matrix *out, const alx_matrix *a, const alx_matrix *b)
{
    const int64_t down = (a->rows + TILE - 1) / TILE, across = (b->rows + TILE - 1) / TILE;
    for (int64_t t = 0; t < down * across; t++) multiply(out, a, b, t / across, t % across);
}

void alx_matrix_gram(alx_matrix *out, const alx_matrix *a)
{
    const int64_t tiles = (a->rows + TILE - 1) / TILE;
    for (int64_t i = 0; i < tiles; i++)
        for (int64_t j = 0; j <= i; j++) multiply(out, a, a, i, j);
    for (int64_t i = 0; i < a->rows; i++)
        for (int64_t j = 0; j < i; j++) alx_matrix_row(out, j)[i] = alx_matrix_row(out, i)[j];
}

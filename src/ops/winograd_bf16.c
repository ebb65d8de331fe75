/* Products of bf16 for Winograd, on processors that multiply pairs of them (AVX512_BF16). */
#if defined(__AVX512BF16__)
#include <immintrin.h>
#include <string.h>

#include "ops/winograd_kernels.h"

#define LANES 16
#include "ops/vectors.h"

enum { ROWS = 12, HALF = 8, PIECE = 256 /* of the depth: what the first cache holds */ };

INLINE __m512bh pairs(const uint16_t *at)
{
    return (__m512bh)_mm512_loadu_si512(at);
}

/* Two neighbours along the depth, in every lane. */
INLINE __m512bh everywhere(const uint16_t *at)
{
    int32_t both;
    memcpy(&both, at, sizeof both);
    return (__m512bh)_mm512_set1_epi32(both);
}

/* rows x (columns LANES) of c in registers; steps of a and b in elements, for a pair along the depth. */
INLINE void block(float *c, int64_t c_step, const uint16_t *a, int64_t a_row, int64_t a_step, const uint16_t *b0,
                  const uint16_t *b1, int64_t b_step, int64_t pair_count, const int rows, const int columns,
                  const bool add)
{
    __m512 sum[16][2];
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < columns; j++) sum[i][j] =
        add ? _mm512_loadu_ps(c + i * c_step + j * LANES) : _mm512_setzero_ps();
    for (int64_t k = 0; k < pair_count; k++) {
        const __m512bh first = pairs(b0 + k * b_step), second = columns > 1 ? pairs(b1 + k * b_step) : first;
        UNROLL for (int i = 0; i < rows; i++)
        {
            const __m512bh factor = everywhere(a + i * a_row + k * a_step);
            sum[i][0] = _mm512_dpbf16_ps(sum[i][0], factor, first);
            if (columns > 1) sum[i][1] = _mm512_dpbf16_ps(sum[i][1], factor, second);
        }
    }
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < columns; j++)
        _mm512_storeu_ps(c + i * c_step + j * LANES, sum[i][j]);
}

INLINE void rows_of(const alx_winograd_product *p, int64_t column, const int columns)
{
    const uint16_t *a = p->a, *b = (const uint16_t *)p->b + column * p->depth;
    int64_t row = 0;
#define ROWS_OF(count)                                                                                                 \
    for (; row + count <= p->rows; row += count)                                                                       \
        block(p->c + row * p->c_step + column, p->c_step, a + row * p->depth, p->depth, 2, b, b + 2 * LANES,           \
              4 * LANES, p->depth / 2, count, columns, false);
    ROWS_OF(ROWS)
    ROWS_OF(4)
    ROWS_OF(1)
#undef ROWS_OF
}

void alx_winograd_product_bf16(const alx_winograd_product *p)
{
    int64_t column = 0;
    for (; column + 2 * LANES <= p->columns; column += 2 * LANES) rows_of(p, column, 2);
    if (column < p->columns) rows_of(p, column, 1);
}

/* (blocks, depth, lanes) from `from` on -> (blocks, depth / 2, lanes, 2) */
static void pair_up(uint16_t *to, const uint16_t *x, int64_t blocks, int64_t block_step, int64_t from, int64_t depth)
{
    for (int64_t i = 0; i < blocks; i++)
        for (int64_t k = 0; k < depth; k += 2) {
            const uint16_t *at = x + i * block_step + (from + k) * LANES;
            const __m512i low = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)at));
            const __m512i high = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(at + LANES)));
            _mm512_storeu_si512(to + (i * depth + k) * LANES, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
        }
}

INLINE void turned_rows(const alx_winograd_product *p, const uint16_t *a, const uint16_t *b, int64_t depth,
                        int64_t column, const int columns)
{
    b += column * depth;
    for (int64_t row = 0; row < p->rows; row += HALF)
        block(p->c + row * p->c_step + column, p->c_step, a + row / LANES * LANES * depth + row % LANES * 2, 2,
              2 * LANES, b, b + LANES * depth, 2 * LANES, depth / 2, HALF, columns, true);
}

void alx_winograd_product_transposed_bf16(const alx_winograd_product *p)
{
    for (int64_t from = 0; from < p->depth; from += PIECE) {
        const int64_t depth = p->depth - from < PIECE ? p->depth - from : PIECE;
        uint16_t *const a = p->scratch, *const b = a + p->rows * depth;
        pair_up(a, p->a, p->rows / LANES, p->block_step, from, depth);
        pair_up(b, p->b, p->columns / LANES, p->block_step, from, depth);
        int64_t column = 0;
        for (; column + 2 * LANES <= p->columns; column += 2 * LANES) turned_rows(p, a, b, depth, column, 2);
        if (column < p->columns) turned_rows(p, a, b, depth, column, 1);
    }
}

#else
typedef int alx_not_this_processor;
#endif

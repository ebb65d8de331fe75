/* The matrices of Winograd's minimal filtering F(m, r): outputs y = A^T ((G g) (B^T d)), the middle product element by
 * element (Winograd 1980; Lavin and Gray 2016 for images: F(m x m, r x r) nests it).
 *
 * They follow from n - 1 points and infinity, n = m + r - 1 (Toom and Cook; Barabasz et al. 2020): with
 * M(x) = product of (x - p_k), row k of B^T has the coefficients of M(x) / (x - p_k), its last row those of M(x);
 * G[k][i] = p_k^i / product of (p_k - p_j, j != k); A^T[i][k] = p_k^i; infinity takes the highest power alone.  Rows of
 * B^T are multiplied to be whole numbers, those of G divided by the same.  The points were chosen for little rounding:
 * tests/unit/test_winograd.c has the errors that come out. */
#ifndef ALX_OPS_WINOGRAD_MATRICES_H
#define ALX_OPS_WINOGRAD_MATRICES_H

/* points 0, 1, -1, infinity */
static const float winograd_input_4[4][4] = {{-1, 0, 1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, -1, 0, 1}};

/* F(2, 3) */
static const float winograd_kernel_2x3[4][3] = {
    {-1, 0, 0}, {1.f / 2, 1.f / 2, 1.f / 2}, {1.f / 2, -1.f / 2, 1.f / 2}, {0, 0, 1}};

static const float winograd_output_2x3[2][4] = {{1, 1, 1, 0}, {0, 1, -1, 1}};

/* points 0, 1, -1, 2, -1/2, infinity */
static const float winograd_input_6[6][6] = {{2, 3, -4, -3, 2, 0}, {0, -2, -5, -1, 2, 0}, {0, 2, 1, -5, 2, 0},
                                             {0, -1, -2, 1, 2, 0}, {0, 2, -1, -2, 1, 0},  {0, 2, 3, -4, -3, 2}};

/* F(4, 3) */
static const float winograd_kernel_4x3[6][3] = {{1.f / 2, 0, 0},
                                                {-1.f / 6, -1.f / 6, -1.f / 6},
                                                {1.f / 6, -1.f / 6, 1.f / 6},
                                                {1.f / 30, 1.f / 15, 2.f / 15},
                                                {-16.f / 15, 8.f / 15, -4.f / 15},
                                                {0, 0, 1.f / 2}};

static const float winograd_output_4x3[4][6] = {
    {1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -1.f / 2, 0}, {0, 1, 1, 4, 1.f / 4, 0}, {0, 1, -1, 8, -1.f / 8, 1}};

/* points 0, 1, -1, 2, -2, -1/3, infinity */
static const float winograd_input_7[7][7] = {
    {4, 12, -5, -15, 1, 3, 0}, {0, -4, -16, -11, 4, 3, 0}, {0, 4, 8, -13, -2, 3, 0}, {0, -2, -7, -1, 7, 3, 0},
    {0, 2, 5, -5, -5, 3, 0},   {0, 4, 0, -5, 0, 1, 0},     {0, 4, 12, -5, -15, 1, 3}};

/* F(5, 3) */
static const float winograd_kernel_5x3[7][3] = {{1.f / 4, 0, 0},
                                                {-1.f / 24, -1.f / 24, -1.f / 24},
                                                {1.f / 12, -1.f / 12, 1.f / 12},
                                                {1.f / 168, 1.f / 84, 1.f / 42},
                                                {-1.f / 120, 1.f / 60, -1.f / 30},
                                                {-243.f / 280, 81.f / 280, -27.f / 280},
                                                {0, 0, 1.f / 3}};

static const float winograd_output_5x3[5][7] = {{1, 1, 1, 1, 1, 1, 0},
                                                {0, 1, -1, 2, -2, -1.f / 3, 0},
                                                {0, 1, 1, 4, 4, 1.f / 9, 0},
                                                {0, 1, -1, 8, -8, -1.f / 27, 0},
                                                {0, 1, 1, 16, 16, 1.f / 81, 1}};

/* F(2, 5) */
static const float winograd_kernel_2x5[6][5] = {{1.f / 2, 0, 0, 0, 0},
                                                {-1.f / 6, -1.f / 6, -1.f / 6, -1.f / 6, -1.f / 6},
                                                {1.f / 6, -1.f / 6, 1.f / 6, -1.f / 6, 1.f / 6},
                                                {1.f / 30, 1.f / 15, 2.f / 15, 4.f / 15, 8.f / 15},
                                                {-16.f / 15, 8.f / 15, -4.f / 15, 2.f / 15, -1.f / 15},
                                                {0, 0, 0, 0, 1.f / 2}};

static const float winograd_output_2x5[2][6] = {{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -1.f / 2, 1}};

/* F(3, 5) */
static const float winograd_kernel_3x5[7][5] = {{1.f / 4, 0, 0, 0, 0},
                                                {-1.f / 24, -1.f / 24, -1.f / 24, -1.f / 24, -1.f / 24},
                                                {1.f / 12, -1.f / 12, 1.f / 12, -1.f / 12, 1.f / 12},
                                                {1.f / 168, 1.f / 84, 1.f / 42, 1.f / 21, 2.f / 21},
                                                {-1.f / 120, 1.f / 60, -1.f / 30, 1.f / 15, -2.f / 15},
                                                {-243.f / 280, 81.f / 280, -27.f / 280, 9.f / 280, -3.f / 280},
                                                {0, 0, 0, 0, 1.f / 3}};

static const float winograd_output_3x5[3][7] = {
    {1, 1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, -1.f / 3, 0}, {0, 1, 1, 4, 4, 1.f / 9, 1}};

#endif

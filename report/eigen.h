/* Products and the leading eigenvectors of symmetric matrices, in double precision. */
#ifndef ALX_REPORT_EIGEN_H
#define ALX_REPORT_EIGEN_H

#include <stdint.h>

#include "alexnet.h"

/* Rows lie `stride` values apart; rows and columns are padded with zeros, to multiples of ALX_MATRIX_TILE and
 * ALX_MATRIX_LANES. */
enum { ALX_MATRIX_TILE = 32, ALX_MATRIX_LANES = 4 };

typedef struct alx_matrix {
    int64_t rows, columns, stride;
    double *values; /* (rows, columns), padded */
} alx_matrix;

/* Zeros. */
alx_status alx_matrix_init(alx_matrix *matrix, int64_t rows, int64_t columns, alx_error *err);
void alx_matrix_finish(alx_matrix *matrix);
static inline double *alx_matrix_row(const alx_matrix *matrix, int64_t row)
{
    return matrix->values + row * matrix->stride;
}

/* out(i, j) = row i of a times row j of b: (a->rows, b->rows).  The same bits on every processor. */
void alx_matrix_products(alx_matrix *out, const alx_matrix *a, const alx_matrix *b);
/* The same of a with itself, for half the work. */
void alx_matrix_gram(alx_matrix *out, const alx_matrix *a);

/* The `count` largest eigenvalues of a symmetric matrix without negative ones, in falling order, and their
 * eigenvectors of length 1, up to sign, as rows: (count, matrix->rows).
 *
 * Small matrices are solved whole (Jacobi's rotations).  Others by subspace iteration with a Chebyshev filter (Zhou,
 * Saad, Tiago and Chelikowsky 2006), from a fixed start, until the residual of each pair is below 1e-12 of the largest
 * eigenvalue. */
alx_status alx_eigen_largest(double *eigenvalues, alx_matrix *eigenvectors, const alx_matrix *matrix, int64_t count,
                             alx_error *err);

#endif

#include "report/eigen.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "report/fail.h"

enum {
    WHOLE = 128,      /* matrices up to this size are solved whole */
    SPARE = 10,       /* vectors of the subspace beyond those wanted, at least */
    ROUNDS = 200,     /* of the iteration, at most */
    DEGREE_MOST = 16, /* of the filter */
    SWEEPS = 60       /* of Jacobi's rotations, at most; ten do */
};
#define TOLERANCE 1e-12 /* residuals, as a part of the largest eigenvalue */
/* What is smaller, as a part of the largest eigenvalue, is rounding. */
#define NOTHING 1e-15
/* By how much a filter may favour the first direction over the last: more would leave nothing of the last one in double
 * precision. */
#define FAVOUR 1e10

static double dot(const double *a, const double *b, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

/* y += factor x */
static void add(double *y, double factor, const double *x, int64_t count)
{
    for (int64_t i = 0; i < count; i++) y[i] += factor * x[i];
}

static void scale(double *y, double factor, int64_t count)
{
    for (int64_t i = 0; i < count; i++) y[i] *= factor;
}

static void swap(alx_matrix *a, alx_matrix *b)
{
    const alx_matrix other = *a;
    *a = *b;
    *b = other;
}

/* ---- Small matrices: Jacobi's rotations ---- */

static double off_diagonal(const alx_matrix *m)
{
    double sum = 0;
    for (int64_t i = 0; i < m->rows; i++)
        for (int64_t j = 0; j < i; j++) sum += alx_matrix_row(m, i)[j] * alx_matrix_row(m, i)[j];
    return sum;
}

static void rotate(double *x, double *y, double c, double s, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        const double a = x[i], b = y[i];
        x[i] = c * a - s * b;
        y[i] = s * a + c * b;
    }
}

/* Turns rows and columns p and q so that m(p, q) becomes 0 (Golub and Van Loan, sec. 8.5). */
static void eliminate(alx_matrix *m, alx_matrix *vectors, int64_t p, int64_t q)
{
    double *row_p = alx_matrix_row(m, p), *row_q = alx_matrix_row(m, q);
    if (row_p[q] == 0) return;
    const double tau = (row_q[q] - row_p[p]) / (2 * row_p[q]);
    const double t = (tau >= 0 ? 1 : -1) / (fabs(tau) + hypot(1, tau)), c = 1 / hypot(1, t), s = t * c;
    rotate(row_p, row_q, c, s, m->columns);
    for (int64_t i = 0; i < m->rows; i++) rotate(alx_matrix_row(m, i) + p, alx_matrix_row(m, i) + q, c, s, 1);
    row_p[q] = row_q[p] = 0;
    rotate(alx_matrix_row(vectors, p), alx_matrix_row(vectors, q), c, s, vectors->columns);
}

/* Largest first. */
static void sort(double *values, alx_matrix *vectors)
{
    for (int64_t i = 0; i < vectors->rows; i++) {
        int64_t most = i;
        for (int64_t j = i + 1; j < vectors->rows; j++)
            if (values[j] > values[most]) most = j;
        const double value = values[i];
        values[i] = values[most];
        values[most] = value;
        double *a = alx_matrix_row(vectors, i), *b = alx_matrix_row(vectors, most);
        for (int64_t k = 0; k < vectors->columns && most != i; k++) {
            const double held = a[k];
            a[k] = b[k];
            b[k] = held;
        }
    }
}

/* All eigenvalues of m, which becomes diagonal, and their vectors as rows. */
static void solve_whole(double *values, alx_matrix *vectors, alx_matrix *m)
{
    const int64_t n = m->rows;
    for (int64_t i = 0; i < n; i++) {
        memset(alx_matrix_row(vectors, i), 0, (size_t)n * sizeof(double));
        alx_matrix_row(vectors, i)[i] = 1;
    }
    double size = 0;
    for (int64_t i = 0; i < n; i++) size += dot(alx_matrix_row(m, i), alx_matrix_row(m, i), n);
    for (int sweep = 0; sweep < SWEEPS && off_diagonal(m) > 1e-32 * size; sweep++)
        for (int64_t p = 0; p < n; p++)
            for (int64_t q = p + 1; q < n; q++) eliminate(m, vectors, p, q);
    for (int64_t i = 0; i < n; i++) values[i] = alx_matrix_row(m, i)[i];
    sort(values, vectors);
}

/* ---- Large ones: subspace iteration.  The basis is kept as rows ---- */

typedef struct subspace {
    const alx_matrix *matrix;       /* (n, n) */
    alx_matrix basis, image, spare; /* (width, n): orthonormal rows; the matrix times each; of the filter */
    alx_matrix small, turn;         /* (width, width): the matrix as the basis sees it, and its eigenvectors */
    double *values;                 /* (width) */
    int64_t width, n;
} subspace;

static void subspace_finish(subspace *s)
{
    alx_matrix *const all[] = {&s->basis, &s->image, &s->spare, &s->small, &s->turn};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) alx_matrix_finish(all[i]);
    free(s->values);
}

/* Each value of the first basis from a hash of its place (C. Wellons' lowbias32): chance without state. */
static double drawn(uint64_t place)
{
    uint32_t x = (uint32_t)(place + 1);
    x ^= x >> 16;
    x *= 0x7feb352dU;
    x ^= x >> 15;
    x *= 0x846ca68bU;
    x ^= x >> 16;
    return (double)x / 4294967296.0 - 0.5;
}

static alx_status subspace_init(subspace *s, const alx_matrix *matrix, int64_t width, alx_error *err)
{
    *s = (subspace){.matrix = matrix, .width = width, .n = matrix->rows};
    alx_status status = alx_matrix_init(&s->basis, width, s->n, err);
    if (!status) status = alx_matrix_init(&s->image, width, s->n, err);
    if (!status) status = alx_matrix_init(&s->spare, width, s->n, err);
    if (!status) status = alx_matrix_init(&s->small, width, width, err);
    if (!status) status = alx_matrix_init(&s->turn, width, width, err);
    if (!status && !(s->values = calloc((size_t)width, sizeof *s->values)))
        status = alx_report_fail(err, ALX_NO_MEMORY, "out of memory for %lld eigenvalues", (long long)width);
    for (int64_t i = 0; i < width && !status; i++)
        for (int64_t j = 0; j < s->n; j++) alx_matrix_row(&s->basis, i)[j] = drawn((uint64_t)(i * s->n + j));
    return status;
}

/* Gram and Schmidt's, each row twice: once is not enough (Kahan).  A row that has nothing of its own becomes zero. */
static void make_orthonormal(alx_matrix *basis)
{
    for (int64_t i = 0; i < basis->rows; i++) {
        double *row = alx_matrix_row(basis, i);
        for (int pass = 0; pass < 2; pass++) {
            const double before = sqrt(dot(row, row, basis->columns));
            if (before > 0) scale(row, 1 / before, basis->columns);
            for (int64_t j = 0; j < i; j++) {
                const double *other = alx_matrix_row(basis, j);
                add(row, -dot(row, other, basis->columns), other, basis->columns);
            }
            const double after = sqrt(dot(row, row, basis->columns));
            scale(row, after > 1e-14 ? 1 / after : 0, basis->columns);
        }
    }
}

/* The basis becomes the best approximation of eigenvectors within its span (Rayleigh and Ritz), its image follows. */
static void turn_basis(subspace *s)
{
    alx_matrix_products(&s->image, &s->basis, s->matrix); /* symmetric: its rows are its columns */
    alx_matrix_products(&s->small, &s->basis, &s->image);
    solve_whole(s->values, &s->turn, &s->small);
    alx_matrix *const both[] = {&s->basis, &s->image};
    for (int k = 0; k < 2; k++) {
        for (int64_t i = 0; i < s->width; i++) {
            double *out = alx_matrix_row(&s->spare, i);
            memset(out, 0, (size_t)s->spare.stride * sizeof *out);
            for (int64_t j = 0; j < s->width; j++)
                add(out, alx_matrix_row(&s->turn, i)[j], alx_matrix_row(both[k], j), s->n);
        }
        swap(both[k], &s->spare);
    }
}

static double residual(const subspace *s, int64_t i)
{
    const double *image = alx_matrix_row(&s->image, i), *vector = alx_matrix_row(&s->basis, i);
    double sum = 0;
    for (int64_t k = 0; k < s->n; k++) {
        const double difference = image[k] - s->values[i] * vector[k];
        sum += difference * difference;
    }
    return sqrt(sum);
}

static bool converged(const subspace *s, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (residual(s, i) > TOLERANCE * s->values[0]) return false;
    return true;
}

/* The degree of Chebyshev's polynomial that favours the largest eigenvalue by FAVOUR over what is below `bound`. */
static int filter_degree(double largest, double bound)
{
    const double degree = acosh(FAVOUR) / acosh(2 * largest / bound - 1);
    return degree > DEGREE_MOST ? DEGREE_MOST : degree < 1 ? 1 : (int)degree;
}

/* basis = T(2 M / bound - 1) basis: what lies in eigenvalues 0..bound stays small, what lies above grows.  The first
 * step is known from the image; then T_next = 2 (2 M / bound - 1) T - T_before. */
static void filter(subspace *s)
{
    const double bound = s->values[s->width - 1];
    if (!(bound > NOTHING * s->values[0])) { /* the basis spans all there is */
        swap(&s->basis, &s->image);
        return;
    }
    const int degree = filter_degree(s->values[0], bound);
    for (int64_t i = 0; i < s->width; i++) {
        double *next = alx_matrix_row(&s->image, i);
        scale(next, 2 / bound, s->n);
        add(next, -1, alx_matrix_row(&s->basis, i), s->n);
    }
    for (int d = 1; d < degree; d++) {
        alx_matrix_products(&s->spare, &s->image, s->matrix);
        for (int64_t i = 0; i < s->width; i++) {
            double *next = alx_matrix_row(&s->spare, i);
            scale(next, 4 / bound, s->n);
            add(next, -2, alx_matrix_row(&s->image, i), s->n);
            add(next, -1, alx_matrix_row(&s->basis, i), s->n);
        }
        swap(&s->basis, &s->image);
        swap(&s->image, &s->spare);
    }
    swap(&s->basis, &s->image);
}

static alx_status solve_large(double *values, alx_matrix *vectors, const alx_matrix *matrix, int64_t count,
                              alx_error *err)
{
    subspace s;
    alx_status status = subspace_init(&s, matrix, count < SPARE ? count + SPARE : 2 * count, err);
    for (int round = 0; round < ROUNDS && !status; round++) {
        make_orthonormal(&s.basis);
        turn_basis(&s);
        if (converged(&s, count)) break;
        filter(&s);
    }
    for (int64_t i = 0; i < count && !status; i++) {
        values[i] = s.values[i];
        memcpy(alx_matrix_row(vectors, i), alx_matrix_row(&s.basis, i), (size_t)s.n * sizeof *values);
    }
    subspace_finish(&s);
    return status;
}

/* ---- Both ---- */

static alx_status solve_small(double *values, alx_matrix *vectors, const alx_matrix *matrix, int64_t count,
                              alx_error *err)
{
    const int64_t n = matrix->rows;
    alx_matrix copy, all = {0};
    double *every = calloc((size_t)n, sizeof *every);
    alx_status status = alx_matrix_init(&copy, n, n, err);
    if (!status) status = alx_matrix_init(&all, n, n, err);
    if (!status && !every) status = alx_report_fail(err, ALX_NO_MEMORY, "out of memory for %lld values", (long long)n);
    if (!status) {
        for (int64_t i = 0; i < n; i++)
            memcpy(alx_matrix_row(&copy, i), alx_matrix_row(matrix, i), (size_t)n * sizeof *every);
        solve_whole(every, &all, &copy);
    }
    for (int64_t i = 0; i < count && !status; i++) {
        values[i] = every[i];
        memcpy(alx_matrix_row(vectors, i), alx_matrix_row(&all, i), (size_t)n * sizeof *values);
    }
    free(every);
    alx_matrix_finish(&all);
    alx_matrix_finish(&copy);
    return status;
}

alx_status alx_eigen_largest(double *eigenvalues, alx_matrix *eigenvectors, const alx_matrix *matrix, int64_t count,
                             alx_error *err)
{
    const bool small = matrix->rows <= WHOLE || matrix->rows <= 2 * count || matrix->rows <= count + SPARE;
    return (small ? solve_small : solve_large)(eigenvalues, eigenvectors, matrix, count, err);
}

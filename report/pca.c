/* Principal components, by the eigenvectors of the smaller of the two matrices of products: of points, or of
 * columns. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "report/eigen.h"
#include "report/embedding.h"
#include "report/fail.h"

/* A direction whose variance is a smaller part of the first one's is rounding. */
#define NOTHING 1e-14

typedef struct pca {
    int64_t count, size;
    bool by_points;      /* rows of `centred` are points; else columns of x */
    alx_matrix centred;  /* the values less their column's mean */
    alx_matrix products; /* of its rows with each other */
    alx_matrix vectors;  /* (kept, rows of centred) */
    int64_t kept;
    double *variances; /* (kept), times count */
    double total;
} pca;

static alx_status check(const float *x, int64_t count, int64_t size, int components, alx_error *err)
{
    if (size < 1 || components < 1)
        return alx_report_fail(err, ALX_USAGE,
                               "%d principal components of points of %" PRId64 " values; both are at least 1",
                               components, size);
    if (count < 1) return alx_report_fail(err, ALX_BAD_DATA, "no points, so no principal components");
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < size; j++)
            if (!isfinite(x[i * size + j]))
                return alx_report_fail(err, ALX_BAD_DATA,
                                       "point %" PRId64 ", value %" PRId64 ": %g is no finite number", i + 1, j + 1,
                                       (double)x[i * size + j]);
    return ALX_OK;
}

static alx_status centre(pca *p, const float *x, alx_error *err)
{
    const int64_t rows = p->by_points ? p->count : p->size, columns = p->by_points ? p->size : p->count;
    double *mean = calloc((size_t)p->size, sizeof *mean);
    alx_status status = alx_matrix_init(&p->centred, rows, columns, err);
    if (!status && !mean) status = alx_report_fail(err, ALX_NO_MEMORY, "out of memory for %" PRId64 " means", p->size);
    for (int64_t i = 0; i < p->count && !status; i++)
        for (int64_t j = 0; j < p->size; j++) mean[j] += (double)x[i * p->size + j];
    for (int64_t j = 0; j < p->size && !status; j++) mean[j] /= (double)p->count;
    for (int64_t i = 0; i < p->count && !status; i++) {
        for (int64_t j = 0; j < p->size; j++) {
            const double value = (double)x[i * p->size + j] - mean[j];
            if (p->by_points)
                alx_matrix_row(&p->centred, i)[j] = value;
            else
                alx_matrix_row(&p->centred, j)[i] = value;
        }
    }
    free(mean);
    return status;
}

static alx_status find_directions(pca *p, int components, alx_error *err)
{
    const int64_t rows = p->centred.rows;
    p->kept = components < rows ? components : rows;
    p->variances = calloc((size_t)p->kept, sizeof *p->variances);
    if (!p->variances) return alx_report_fail(err, ALX_NO_MEMORY, "out of memory for %" PRId64 " components", p->kept);
    alx_status status = alx_matrix_init(&p->products, rows, rows, err);
    if (!status) status = alx_matrix_init(&p->vectors, p->kept, rows, err);
    if (status) return status;
    alx_matrix_gram(&p->products, &p->centred);
    for (int64_t i = 0; i < rows; i++) p->total += alx_matrix_row(&p->products, i)[i];
    return alx_eigen_largest(p->variances, &p->vectors, &p->products, p->kept, err);
}

/* Score of point i along component k. */
static void fill_column(double *scores, int components, const pca *p, int64_t k)
{
    const double *vector = alx_matrix_row(&p->vectors, k), length = sqrt(p->variances[k]);
    for (int64_t i = 0; i < p->count; i++) {
        if (p->by_points) scores[i * components + k] = vector[i] * length;
    }
    if (p->by_points) return;
    for (int64_t j = 0; j < p->size; j++) {
        const double *column = alx_matrix_row(&p->centred, j);
        for (int64_t i = 0; i < p->count; i++) scores[i * components + k] += column[i] * vector[j];
    }
}

/* The score of largest size becomes positive.  What differs by rounding alone is equally large: the first counts. */
static void fix_sign(double *scores, int components, int64_t count, int64_t k)
{
    double most = 0;
    for (int64_t i = 0; i < count; i++) {
        const double score = scores[i * components + k];
        if (fabs(score) > fabs(most) * (1 + 1e-6)) most = score;
    }
    for (int64_t i = 0; i < count && most < 0; i++) scores[i * components + k] = -scores[i * components + k];
}

alx_status alx_pca(double *scores, double *share, const float *x, int64_t count, int64_t size, int components,
                   alx_error *err)
{
    alx_status status = check(x, count, size, components, err);
    if (status) return status;
    pca p = {.count = count, .size = size, .by_points = count <= size};
    memset(scores, 0, (size_t)count * (size_t)components * sizeof *scores);
    for (int k = 0; k < components && share; k++) share[k] = 0;
    status = centre(&p, x, err);
    if (!status) status = find_directions(&p, components, err);
    for (int64_t k = 0; k < p.kept && !status; k++) {
        if (!(p.variances[k] > NOTHING * p.variances[0])) break;
        fill_column(scores, components, &p, k);
        fix_sign(scores, components, count, k);
        if (share) share[k] = p.variances[k] / p.total;
    }
    free(p.variances);
    alx_matrix_finish(&p.vectors);
    alx_matrix_finish(&p.products);
    alx_matrix_finish(&p.centred);
    return status;
}

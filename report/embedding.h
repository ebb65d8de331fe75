/* Features as places on a map: principal components and t-SNE.  Numbers alone; nothing is drawn here.
 *
 * A point is a row of `size` values.  Everything runs on one thread and gives the same bits on every processor, but for
 * what the C library's exp does with the last of them. */
#ifndef ALX_REPORT_EMBEDDING_H
#define ALX_REPORT_EMBEDDING_H

#include "alexnet.h"

/* Principal components (Pearson 1901): the rows of x, less their mean, along the `components` orthogonal directions in
 * which they vary most, in falling order of variance.  They are U S of numpy's linalg.svd(x - x.mean(0)).
 *
 * x: (count, size), finite, of any scale.
 * scores: (count, components).  A direction has two signs: that one is taken which makes the score of largest size
 *     positive, of the first point where several are as large.
 * share: (components), may be NULL: the part of the whole variance that each accounts for, 0..1; 0 where all points
 *     are equal.
 *
 * Where count - 1, size, or what the points span is less than `components`, the columns that are left over are zeros.
 * So they are for directions in which the points vary by less than 1e-7 of the first one's, which is below what single
 * precision can tell.  Errors of scores are at most 1e-6 of the largest, unless two directions vary equally: then any
 * basis of their plane is as good, and this call always gives the same one.
 *
 * Time: about a second for 50 components of (1400, 4096), growing with count * size * min(count, size); memory: 8 bytes
 * for each value of x and for each of min(count, size)^2.  ALX_BAD_DATA: no point, a value that is no finite number
 * (the message has its row and column, from 1); ALX_USAGE: components or size below 1; ALX_NO_MEMORY. */
alx_status alx_pca(double *scores, double *share, const float *x, int64_t count, int64_t size, int components,
                   alx_error *err);

/* Points that alx_tsne takes: its time grows with their square.  Of a larger data set, alx_dataset_sample draws so
 * many. */
enum { ALX_TSNE_LEAST = 4, ALX_TSNE_MOST = 3000 };

typedef struct alx_tsne_config {
    size_t struct_size;
    double perplexity;    /* about how many neighbours a point has; 0: 30, or (count - 1) / 3 where that is less */
    int iterations;       /* 1000; of them the first 250 exaggerate early */
    double learning_rate; /* 0: count / 48, at least 50 (Belkina et al. 2019), as scikit-learn's "auto" */
} alx_tsne_config;
void alx_tsne_config_init(alx_tsne_config *config);

/* t-SNE (van der Maaten and Hinton 2008, "Visualizing data using t-SNE"): a plane in which near neighbours stay near.
 * Distances between far clusters, and the sizes of clusters, mean nothing.
 *
 * x: (count, size), finite; it is reduced to its first 50 principal components first.
 * map: (count, 2), centred on 0.
 *
 * Exact: no tree.  Begins with the first two principal components, scaled to a standard deviation of 1e-4 in the first,
 * as scikit-learn's init="pca" (Kobak and Berens 2019); nothing is drawn by chance, so that the same points give the
 * same map.  Exaggeration 12; momentum 0.5, then 0.8; gains as in the paper.
 *
 * Time: that of alx_pca, and less than half a nanosecond for each pair and iteration: a second for 1,400 points, 4 s
 * for ALX_TSNE_MOST; memory: 4 bytes for each pair.  ALX_BAD_DATA: fewer points than ALX_TSNE_LEAST or more than
 * ALX_TSNE_MOST, a value that is no finite number; ALX_USAGE: a perplexity that is neither 0 nor 1..count - 1,
 * iterations below 1, a learning rate that is negative or no finite number. */
alx_status alx_tsne(double *map, const float *x, int64_t count, int64_t size, const alx_tsne_config *config,
                    alx_error *err);

#endif

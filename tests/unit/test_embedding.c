/* report/embedding: principal components against NumPy's, maps against how well scikit-learn's keep neighbours
 * (make_embedding.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/embedding.h"

enum { NEIGHBOURS = 10 };

/* ---- Points, as the generator makes them ---- */

static double unit(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7feb352dU;
    x ^= x >> 15;
    x *= 0x846ca68bU;
    x ^= x >> 16;
    return (double)(x >> 8) / 8388608.0 - 1;
}

static float *pca_points(int count, int size, int rank, int constant)
{
    float *x = malloc((size_t)count * (size_t)size * sizeof *x);
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < size; j++) {
            const int base = rank ? j % rank : j;
            const double value = unit((uint32_t)(i * 1000 + base)) / (double)(1 << base % 4) * (j == base ? 1 : 2);
            x[i * size + j] = constant && j % constant == 0 ? 2.5F : (float)value;
        }
    }
    return x;
}

static float *map_points(int count, int size, int clusters)
{
    float *x = malloc((size_t)count * (size_t)size * sizeof *x);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < size; j++)
            x[i * size + j] =
                (float)(unit((uint32_t)(1000000 + i % clusters * 1000 + j)) + unit((uint32_t)(i * 1000 + j)) * 0.5);
    return x;
}

/* ---- Principal components ---- */

static double next_number(FILE *file)
{
    double value = NAN;
    assert_int_equal(fscanf(file, "%lf", &value), 1);
    return value;
}

static void check_pca(FILE *file, int count, int size, int rank, int constant, int components)
{
    float *x = pca_points(count, size, rank, constant);
    const size_t values = (size_t)count * (size_t)components;
    double *scores = malloc(values * sizeof *scores), *share = malloc((size_t)components * sizeof *share), most = 0;
    assert_int_equal(alx_pca(scores, share, x, count, size, components, NULL), ALX_OK);
    for (int k = 0; k < components; k++)
        if (!(fabs(share[k] - next_number(file)) < 1e-7)) fail_msg("share %d of %d x %d: %g", k, count, size, share[k]);
    for (size_t i = 0; i < values; i++) most = fmax(most, fabs(scores[i]));
    for (size_t i = 0; i < values; i++) {
        const double wanted = next_number(file);
        if (!(fabs(scores[i] - wanted) <= 1e-7 * most))
            fail_msg("score %zu of %d x %d: %.9g, not %.9g", i, count, size, scores[i], wanted);
    }
    free(share);
    free(scores);
    free(x);
}

static void pca_equals_numpy(void **state)
{
    (void)state;
    FILE *file = fopen(FIXTURES "/embedding.txt", "r");
    assert_non_null(file);
    int c[5], cases = 0;
    while (fscanf(file, " pca %d %d %d %d %d", &c[0], &c[1], &c[2], &c[3], &c[4]) == 5) {
        check_pca(file, c[0], c[1], c[2], c[3], c[4]);
        cases++;
    }
    fclose(file);
    assert_int_equal(cases, 13);
}

static void pca_keeps_what_is_left_over_zero(void **state)
{
    (void)state;
    const float line[] = {1, 2, 3, 4, 5, 6}, equal[] = {7, 7, 7, 7}, huge[] = {3e38F, -3e38F, 0, 1};
    double scores[12], share[4];
    assert_int_equal(alx_pca(scores, share, line, 3, 2, 4, NULL), ALX_OK); /* more than there can be */
    for (int i = 0; i < 3; i++) {
        assert_true(fabs(fabs(scores[4 * i]) - (i == 1 ? 0 : sqrt(8))) < 1e-12);
        for (int k = 1; k < 4; k++) assert_true(scores[4 * i + k] == 0);
    }
    assert_true(fabs(share[0] - 1) < 1e-12 && share[1] == 0 && share[3] == 0);
    assert_true(scores[0] > 0); /* both ends are equally far: the first one decides */
    assert_int_equal(alx_pca(scores, share, equal, 2, 2, 2, NULL), ALX_OK);
    for (int k = 0; k < 4; k++) assert_true(scores[k] == 0);
    assert_true(share[0] == 0 && share[1] == 0);
    assert_int_equal(alx_pca(scores, NULL, huge, 2, 2, 2, NULL), ALX_OK);
    assert_true(isfinite(scores[0]) && scores[0] > 1e38);
}

static void assert_refused(alx_status got, alx_status want, const alx_error *err, const char *words)
{
    assert_int_equal(got, want);
    assert_int_equal(err->status, want);
    if (!strstr(err->message, words)) fail_msg("\"%s\" is not in \"%s\"", words, err->message);
}

static void pca_refuses(void **state)
{
    (void)state;
    float x[] = {1, 2, 3, 4, NAN, 6};
    double scores[6];
    alx_error err = {0};
    assert_refused(alx_pca(scores, NULL, x, 3, 2, 2, &err), ALX_BAD_DATA, &err, "point 3, value 1: nan");
    x[4] = -INFINITY;
    assert_refused(alx_pca(scores, NULL, x, 2, 3, 2, &err), ALX_BAD_DATA, &err, "point 2, value 2: -inf");
    assert_refused(alx_pca(scores, NULL, x, 0, 3, 2, &err), ALX_BAD_DATA, &err, "no points");
    assert_refused(alx_pca(scores, NULL, x, 1, 0, 2, &err), ALX_USAGE, &err, "of points of 0 values");
    assert_refused(alx_pca(scores, NULL, x, 1, 2, 0, &err), ALX_USAGE, &err, "0 principal components");
    assert_int_equal(alx_pca(scores, NULL, x, 0, 3, 2, NULL), ALX_BAD_DATA);
}

/* ---- Maps: who is near whom ---- */

static const double *distances; /* of the row at hand, for qsort */
static int by_distance(const void *a, const void *b)
{
    const double x = distances[*(const int *)a], y = distances[*(const int *)b];
    return x < y ? -1 : x > y;
}

/* Of each point the others, nearest first: (count, count - 1). */
static int *rank_others(const double *x, int count, int size)
{
    int *order = malloc((size_t)count * (size_t)(count - 1) * sizeof *order);
    double *row = malloc((size_t)count * sizeof *row);
    for (int i = 0; i < count; i++) {
        int *others = order + i * (count - 1);
        for (int j = 0, used = 0; j < count; j++) {
            row[j] = 0;
            for (int k = 0; k < size; k++) row[j] += pow(x[i * size + k] - x[j * size + k], 2);
            if (j != i) others[used++] = j;
        }
        distances = row;
        qsort(others, (size_t)(count - 1), sizeof *others, by_distance);
    }
    free(row);
    return order;
}

/* Of the NEIGHBOURS in the map: those that are not among as many of the points cost what their rank is beyond (Venna
 * and Kaski 2001). */
static void measure(double *trust, double *overlap, const float *x, const double *map, int count, int size)
{
    double *points = malloc((size_t)count * (size_t)size * sizeof *points);
    for (int i = 0; i < count * size; i++) points[i] = (double)x[i];
    int *far = rank_others(points, count, size), *near = rank_others(map, count, 2);
    double penalty = 0, shared = 0;
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < NEIGHBOURS; k++) {
            int rank = 0;
            while (far[i * (count - 1) + rank] != near[i * (count - 1) + k]) rank++;
            if (rank < NEIGHBOURS)
                shared++;
            else
                penalty += rank - NEIGHBOURS + 1;
        }
    }
    *trust = 1 - penalty * 2 / ((double)count * NEIGHBOURS * (2.0 * count - 3 * NEIGHBOURS - 1));
    *overlap = shared / count / NEIGHBOURS;
    free(near);
    free(far);
    free(points);
}

static double *make_map(const char *name, const float *x, int count, int size)
{
    double *map = malloc(2 * (size_t)count * sizeof *map);
    alx_tsne_config config;
    alx_tsne_config_init(&config);
    assert_int_equal(strcmp(name, "pca") == 0 ? alx_pca(map, NULL, x, count, size, 2, NULL)
                                              : alx_tsne(map, x, count, size, &config, NULL),
                     ALX_OK);
    return map;
}

static void maps_keep_neighbours_as_scikit_learn(void **state)
{
    (void)state;
    FILE *file = fopen(FIXTURES "/embedding.txt", "r");
    assert_non_null(file);
    char line[4096], name[16];
    int count, size, clusters, maps = 0;
    double wanted[2], got[2];
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "map %d %d %d %15s %lf %lf", &count, &size, &clusters, name, &wanted[0], &wanted[1]) != 6)
            continue;
        float *x = map_points(count, size, clusters);
        double *map = make_map(name, x, count, size);
        measure(&got[0], &got[1], x, map, count, size);
        /* Of the same map the figures are the same: that is how this test knows that it measures right.  Of another one
         * they may be better. */
        const bool same = strcmp(name, "pca") == 0;
        for (int k = 0; k < 2; k++)
            if (!(got[k] >= wanted[k] * (same ? 1 - 2e-5 : 0.98)) || (same && got[k] > wanted[k] * (1 + 2e-5)))
                fail_msg("%s of %d x %d: %s %.6f, not %.6f", name, count, size, k ? "overlap" : "trustworthiness",
                         got[k], wanted[k]);
        free(map);
        free(x);
        maps++;
    }
    fclose(file);
    assert_int_equal(maps, 6);
}

static void tsne_is_centred_and_repeats(void **state)
{
    (void)state;
    float *x = map_points(61, 7, 3); /* no multiple of anything */
    double *a = make_map("tsne", x, 61, 7), *b = make_map("tsne", x, 61, 7), sum[2] = {0}, most = 0;
    assert_memory_equal(a, b, 2 * 61 * sizeof *a);
    for (int i = 0; i < 2 * 61; i++) {
        sum[i % 2] += a[i];
        most = fmax(most, fabs(a[i]));
    }
    assert_true(most > 1 && fabs(sum[0]) < 1e-9 * most * 61 && fabs(sum[1]) < 1e-9 * most * 61);
    /* Scale does not count: by a power of two every step is the same, but for the search's first guess. */
    for (int i = 0; i < 61 * 7; i++) x[i] *= 1048576.0F;
    double *c = make_map("tsne", x, 61, 7);
    for (int i = 0; i < 2 * 61; i++) assert_true(fabs(a[i] - c[i]) < 1e-6 * most);
    free(c);
    free(b);
    free(a);
    free(x);
}

static void tsne_survives_copies(void **state)
{
    (void)state;
    float x[40 * 3] = {0};
    double map[2 * 40];
    alx_tsne_config config;
    alx_tsne_config_init(&config);
    assert_int_equal(alx_tsne(map, x, 40, 3, &config, NULL), ALX_OK); /* all the same */
    for (int i = 0; i < 2 * 40; i++) assert_true(map[i] == 0);
    for (int i = 0; i < 40; i++) x[3 * i] = i % 2 ? 1 : -1; /* two places */
    assert_int_equal(alx_tsne(map, x, 40, 3, &config, NULL), ALX_OK);
    for (int i = 0; i < 2 * 40; i++) assert_true(isfinite(map[i]));
    assert_true(fabs(map[0] - map[2]) > 1); /* and they are two on the map */
    for (int i = 0; i < 4 * 3; i++) x[i] = (float)(i * i);
    assert_int_equal(alx_tsne(map, x, ALX_TSNE_LEAST, 3, &config, NULL), ALX_OK);
    for (int i = 0; i < 2 * ALX_TSNE_LEAST; i++) assert_true(isfinite(map[i]));
}

static void tsne_refuses(void **state)
{
    (void)state;
    float x[30] = {0};
    double map[20];
    alx_tsne_config config;
    alx_tsne_config_init(&config);
    alx_error err = {0};
    assert_refused(alx_tsne(map, x, 3, 3, &config, &err), ALX_BAD_DATA, &err, "t-SNE of 3 points; it takes 4 to 3000");
    assert_refused(alx_tsne(map, x, 3001, 3, &config, &err), ALX_BAD_DATA, &err, "t-SNE of 3001 points");
    x[29] = NAN;
    assert_refused(alx_tsne(map, x, 10, 3, &config, &err), ALX_BAD_DATA, &err, "point 10, value 3: nan");
    config.perplexity = 10;
    assert_refused(alx_tsne(map, x, 10, 3, &config, &err), ALX_USAGE, &err, "perplexity of 10 for 10 points; 1 to 9");
    config.perplexity = NAN;
    assert_refused(alx_tsne(map, x, 10, 3, &config, &err), ALX_USAGE, &err, "perplexity of nan");
    config.perplexity = 0;
    config.iterations = 0;
    assert_refused(alx_tsne(map, x, 10, 3, &config, &err), ALX_USAGE, &err, "0 iterations");
    config.iterations = 1;
    config.learning_rate = -1;
    assert_refused(alx_tsne(map, x, 10, 3, &config, &err), ALX_USAGE, &err, "learning rate of -1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pca_equals_numpy),
        cmocka_unit_test(pca_keeps_what_is_left_over_zero),
        cmocka_unit_test(pca_refuses),
        cmocka_unit_test(maps_keep_neighbours_as_scikit_learn),
        cmocka_unit_test(tsne_is_centred_and_repeats),
        cmocka_unit_test(tsne_survives_copies),
        cmocka_unit_test(tsne_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

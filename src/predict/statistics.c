/* What a number of right answers says: an interval for one model, a test for two on the same images. */
#include <math.h>

#include "base/status.h"

/* The two-sided 95 % point of the normal distribution. */
#define Z 1.959963984540054

/* The proportions p from which the observed one is at most Z standard errors away: |o - p| <= Z sqrt(p (1 - p) / n),
 * a quadratic in p.  Wilson, Probable Inference, the Law of Succession, and Statistical Inference, JASA 22 (1927).
 * The textbook's o +- Z sqrt(o (1 - o) / n) (Wald's) takes the observed proportion for the true one: at 50 of 50 right
 * it is a point, near 0 and 1 it leaves the range and covers far less than 95 %. */
void alx_accuracy_interval(int64_t correct, int64_t count, double low_high[2])
{
    low_high[0] = 0;
    low_high[1] = 1;
    if (count <= 0) return; /* nothing is known */
    const double n = (double)count, observed = (double)correct / n, z2 = Z * Z;
    const double centre = (observed + z2 / (2 * n)) / (1 + z2 / n);
    const double half = Z / (1 + z2 / n) * sqrt(observed * (1 - observed) / n + z2 / (4 * n * n));
    /* Exactly 0 and 1 at the ends, whatever the rounding. */
    if (correct > 0) low_high[0] = centre - half;
    if (correct < count) low_high[1] = centre + half;
}

/* Were both equally good, each image on which they disagree would be a fair coin: b of b + c heads, and p is twice the
 * smaller tail of the binomial distribution.  McNemar, Psychometrika 12 (1947), in its exact form.
 *     p = 2 sum_{k <= min(b, c)} C(n, k) / 2^n
 * The largest term comes from log-gamma, the others from it: C(n, k - 1) / C(n, k) = k / (n - k + 1). */
double alx_mcnemar(int64_t b, int64_t c)
{
    const double less = (double)(b < c ? b : c), n = (double)b + (double)c;
    if (b == c) return 1; /* both tails and the middle, which is counted twice */
    const double largest = exp(lgamma(n + 1) - lgamma(less + 1) - lgamma(n - less + 1) - n * log(2));
    double term = 1, sum = 0;
    for (double k = less; k >= 0 && term > sum * 1e-18; k--) {
        sum += term;
        term *= k / (n - k + 1);
    }
    const double p = 2 * largest * sum;
    return p < 1 ? p : 1;
}

/* Of the k-th smallest of m: the largest of (m - i + 1) p_i up to it.  Holm, A Simple Sequentially Rejective Multiple
 * Test Procedure, Scandinavian Journal of Statistics 6 (1979). */
void alx_holm(const double *p, double *adjusted, int count)
{
    for (int i = 0; i < count; i++) {
        adjusted[i] = 0;
        for (int j = 0; j < count; j++) {
            if (p[j] > p[i]) continue; /* comes behind it */
            int smaller = 0;
            for (int k = 0; k < count; k++) smaller += p[k] < p[j] || (k < j && p[k] == p[j]);
            const double corrected = fmin(1, p[j] * (count - smaller));
            adjusted[i] = fmax(adjusted[i], corrected);
        }
    }
}

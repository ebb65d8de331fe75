#include "report/axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LARGEST  1e100 /* sums and differences stay finite */
#define SMALLEST 1e-100

enum {
    DECIMALS_MOST = 5, /* 0.00001 is written out, 0.000001 is not */
    DIGITS_MOST = 6    /* 999999 is written out, 1000000 is not */
};

void alx_axis_init(alx_axis *axis, bool log)
{
    *axis = (alx_axis){.log = log, .whole = true, .empty = true};
}

static bool has_place(const alx_axis *axis, double value)
{
    return axis->log ? value >= SMALLEST && value <= LARGEST : fabs(value) <= LARGEST;
}

bool alx_axis_take(alx_axis *axis, double value)
{
    if (!has_place(axis, value)) return false;
    if (axis->empty || value < axis->low) axis->low = value;
    if (axis->empty || value > axis->high) axis->high = value;
    if (value != rint(value)) axis->whole = false;
    axis->empty = false;
    return true;
}

double alx_axis_place(const alx_axis *axis, double value)
{
    if (!has_place(axis, value)) return NAN;
    if (axis->log) return log(value / axis->low) / log(axis->high / axis->low);
    return (value - axis->low) / (axis->high - axis->low);
}

/* ---- Labels ---- */

/* -12 -> "⁻¹²" */
static void add_exponent(char *text, size_t size, int exponent)
{
    static const char *const digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    char plain[16];
    snprintf(plain, sizeof plain, "%d", exponent);
    for (const char *at = plain; *at; at++) {
        size_t used = strlen(text);
        snprintf(text + used, size - used, "%s", *at == '-' ? "⁻" : digits[*at - '0']);
    }
}

/* The place of a number's first digit: 0.05 -> -2. */
static int magnitude(double value)
{
    return (int)floor(log10(value) + 1e-9);
}

/* step: between neighbours, which decides how many digits tell them apart. */
static void write_label(char *text, size_t size, double value, double step, double largest)
{
    const char *sign = value < 0 ? "−" : "";
    const double size_of = fabs(value);
    const int last = magnitude(step);
    if (last >= -DECIMALS_MOST && magnitude(largest) < DIGITS_MOST) {
        snprintf(text, size, "%s%.*f", sign, last < 0 ? -last : 0, size_of);
    } else if (size_of == 0) {
        snprintf(text, size, "0");
    } else {
        const int first = magnitude(size_of);
        snprintf(text, size, "%s%.*f×10", sign, first > last ? first - last : 0, size_of / pow(10, first));
        add_exponent(text, size, first);
    }
}

/* ---- Ticks ---- */

/* The least of 1, 2, 5 times a power of ten that is not below. */
static double round_step(double least)
{
    static const double steps[] = {1, 2, 5, 10};
    const double power = pow(10, magnitude(least));
    int i = 0;
    while (i < 3 && steps[i] * power < least * (1 - 1e-9)) i++;
    return steps[i] * power;
}

static void linear_ticks(alx_axis *axis, int most)
{
    double step = round_step((axis->high - axis->low) / most);
    if (axis->whole && step < 1) step = 1;
    const double slack = 1e-9; /* of a step: the ends count as within */
    for (double i = ceil(axis->low / step - slack); i <= floor(axis->high / step + slack) && axis->count < most; i++)
        axis->ticks[axis->count++] = i * step + 0.0; /* no -0 */
    const double largest = fmax(fmax(fabs(axis->low), fabs(axis->high)), step);
    for (int i = 0; i < axis->count; i++)
        write_label(axis->labels[i], sizeof *axis->labels, axis->ticks[i], step, largest);
}

static void log_label(char *text, size_t size, double value, bool plain)
{
    const int first = magnitude(value);
    const double leading = rint(value / pow(10, first));
    if (plain) {
        snprintf(text, size, "%.*f", first < 0 ? -first : 0, value);
        return;
    }
    text[0] = '\0';
    if (leading != 1) snprintf(text, size, "%.0f×", leading);
    strncat(text, "10", size - strlen(text) - 1);
    add_exponent(text, size, first);
}

/* The powers of ten, every second or fifth of them where they are many, with 2 and 5 times them where they are few. */
static void log_ticks(alx_axis *axis, int most)
{
    static const double finer[] = {1, 2, 5};
    const double slack = 1e-9;
    const int first = (int)ceil(log10(axis->low) - slack), last = (int)floor(log10(axis->high) + slack);
    const int powers = last - first + 1;
    const int every = powers > most ? (int)round_step((double)powers / most) : 1;
    const int each = powers <= 2 ? 3 : 1; /* ticks of a decade */
    for (int power = first - 1; power <= last; power++)
        for (int i = 0; i < each && axis->count < most; i++) {
            const double value = finer[i] * pow(10, power);
            if (power % every || value < axis->low * (1 - slack) || value > axis->high * (1 + slack)) continue;
            axis->ticks[axis->count++] = value;
        }
    if (axis->count < 2) { /* less than a factor of about two: as good as linear */
        axis->count = 0;
        linear_ticks(axis, most);
        return;
    }
    const bool plain = axis->low >= 1e-4 && axis->high < 1e5;
    for (int i = 0; i < axis->count; i++) log_label(axis->labels[i], sizeof *axis->labels, axis->ticks[i], plain);
}

/* A single value gets room around it. */
static void widen(alx_axis *axis, double margin)
{
    const double largest = fmax(fabs(axis->low), fabs(axis->high));
    if (axis->log) {
        const double factor = axis->high / axis->low < 1 + 1e-6 ? 2 : pow(axis->high / axis->low, margin);
        axis->low /= factor;
        axis->high *= factor;
        return;
    }
    const bool single = axis->high - axis->low <= 1e-6 * largest;
    const double room = !single ? margin * (axis->high - axis->low) : largest > 0 ? largest / 2 : 1;
    axis->low -= room;
    axis->high += room;
}

void alx_axis_finish(alx_axis *axis, double margin, int most)
{
    if (axis->empty) {
        axis->low = axis->log ? 1 : 0;
        axis->high = axis->log ? 10 : 1;
        return;
    }
    if (most > ALX_AXIS_TICKS) most = ALX_AXIS_TICKS;
    widen(axis, margin);
    if (axis->log)
        log_ticks(axis, most);
    else
        linear_ticks(axis, most);
}

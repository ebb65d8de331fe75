/* sums < PAGE: works out every equation of numbers in a page, such as (227 - 11) / 4 + 1 = 55 or 34,944 + 8 = 34,952.
 *
 * Knows + - * / x ( ) ln and sqrt, percent behind the result, and sizes such as 19,787,264 bytes (18.9 MiB).  A result
 * counts as right when it rounds to the digits that stand there.  An equation may run over the end of a line.  Prints
 * each result that is right, without commas, and names what is wrong on stderr.  Exit 1 when something is, 2 when there
 * is no equation at all. */
#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double sum(const char **at, bool *good);

static void skip_spaces(const char **at)
{
    while (**at == ' ') ++*at;
}

/* Reads 1,234.5: a comma only in front of three digits, a point only in front of one. */
static double number(const char **at, bool *good, int *decimals)
{
    char digits[64] = {0};
    size_t n = 0;
    const char *p = *at;
    *decimals = 0;
    for (; n + 1 < sizeof digits; p++) {
        bool comma = *p == ',' && n && isdigit((unsigned char)p[1]) && isdigit((unsigned char)p[2]) &&
                     isdigit((unsigned char)p[3]) && !isdigit((unsigned char)p[4]);
        if (comma && !memchr(digits, '.', n)) continue;
        if (*p == '.' && n && isdigit((unsigned char)p[1]) && !memchr(digits, '.', n)) {
            digits[n++] = '.';
            continue;
        }
        if (!isdigit((unsigned char)*p)) break;
        if (memchr(digits, '.', n)) ++*decimals;
        digits[n++] = *p;
    }
    digits[n] = 0;
    if (!n) *good = false;
    *at = p;
    return strtod(digits, NULL);
}

static double factor(const char **at, bool *good)
{
    skip_spaces(at);
    int decimals;
    if (**at == '-') return ++*at, -factor(at, good);
    if (!strncmp(*at, "ln", 2)) return *at += 2, log(factor(at, good));
    if (!strncmp(*at, "sqrt", 4)) return *at += 4, sqrt(factor(at, good));
    if (**at != '(') return number(at, good, &decimals);
    ++*at;
    double value = sum(at, good);
    skip_spaces(at);
    if (**at != ')') return *good = false, 0;
    return ++*at, value;
}

static double product(const char **at, bool *good)
{
    double value = factor(at, good);
    while (*good) {
        skip_spaces(at);
        char op = **at;
        if (op != 'x' && op != '*' && op != '/') break;
        ++*at;
        double next = factor(at, good);
        value = op == '/' ? value / next : value * next;
    }
    return value;
}

static double sum(const char **at, bool *good)
{
    double value = product(at, good);
    while (*good) {
        skip_spaces(at);
        char op = **at;
        if (op != '+' && op != '-') break;
        ++*at;
        double next = product(at, good);
        value = op == '+' ? value + next : value - next;
    }
    return value;
}

/* The longest expression that ends at `end`, searched from `begin`. */
static const char *expression_before(const char *begin, const char *end, double *value)
{
    for (const char *p = begin; p < end; p++) {
        bool inside = p > begin && (isalnum((unsigned char)p[-1]) || strchr("_.,", p[-1]));
        if (inside || !(isdigit((unsigned char)*p) || strchr("(-ls", *p))) continue;
        const char *at = p;
        bool good = true;
        *value = sum(&at, &good);
        if (good && at == end) return p;
    }
    return NULL;
}

static int right, wrong;

static void judge(const char *from, const char *to, double value, double stated, double tolerance)
{
    if (fabs(value - stated) <= tolerance * (1 + 1e-9) + 1e-9) {
        right++;
        printf("%.15g\n", stated);
        return;
    }
    wrong++;
    fprintf(stderr, "wrong: %.*s; it is %.15g\n", (int)(to - from), from, value);
}

static void check_equation(const char *line, const char *sign)
{
    double value;
    const char *from = expression_before(line, sign, &value), *at = sign + 1, *digits;
    if (!from) return;
    skip_spaces(&at);
    bool good = true, minus = *at == '-';
    digits = at += minus;
    int decimals;
    double stated = number(&at, &good, &decimals);
    if (!good) return;
    double unit = pow(10, -decimals);
    const char *rest = at;
    skip_spaces(&rest);
    if (*rest == '%') value *= 100;
    if (*rest && strchr("x*/+", *rest)) { /* a = b x c: the other side is an expression too */
        bool whole = true;
        const char *end = digits;
        double other = sum(&end, &whole);
        if (whole) stated = other, at = end;
    }
    judge(from, at, value, minus ? -stated : stated, decimals ? unit / 2 : 0);
}

/* 19,787,264 bytes (18.9 MiB) */
static void check_size(const char *line, const char *unit)
{
    const char *p = unit;
    while (p > line && (isdigit((unsigned char)p[-1]) || p[-1] == '.')) p--;
    const char *mebi = p;
    if (p == unit) return;
    while (p > line && !isdigit((unsigned char)p[-1])) p--;
    const char *end = p;
    while (p > line && (isdigit((unsigned char)p[-1]) || p[-1] == ',')) p--;
    if (end - p < 5 || mebi - end > 16) return;
    bool good = true;
    int decimals;
    const char *at = p;
    double bytes = number(&at, &good, &decimals);
    at = mebi;
    double stated = number(&at, &good, &decimals);
    if (good) judge(p, unit + 4, bytes / 1048576, stated, pow(10, -decimals) / 2);
}

/* A line that only goes on becomes part of the one before it. */
static void join_lines(char *text)
{
    for (char *p = text; *p; p++) {
        if (*p != '\n') continue;
        char *next = p + 1;
        while (*next == ' ') next++;
        if (*next && !strchr("-|#\n`", *next)) *p = ' ';
    }
}

int main(void)
{
    static char text[1 << 20];
    size_t size = fread(text, 1, sizeof text - 1, stdin);
    text[size] = 0;
    join_lines(text);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        for (const char *p = line; (p = strstr(p, " =")); p += 2) check_equation(line, p + 1);
        for (const char *p = line; (p = strstr(p, " MiB")); p += 4) check_size(line, p);
    }
    if (wrong) return 1;
    return right ? 0 : 2;
}

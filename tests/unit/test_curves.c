/* report/axis and report/curves: round ticks, and line plots as PNG and SVG. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cairo.h>
#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit/temp_folder.h"
#include "report/axis.h"
#include "report/curves.h"

/* fontconfig keeps what it loaded; leaks of ours are still reported. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\n";
}

/* ---- Axes ---- */

/* The labels of an axis from low to high, joined by spaces. */
static const char *ticks(bool log, double low, double high, int most)
{
    static char text[512];
    alx_axis axis;
    alx_axis_init(&axis, log);
    alx_axis_take(&axis, low);
    alx_axis_take(&axis, high);
    alx_axis_finish(&axis, 0, most);
    text[0] = '\0';
    for (int i = 0; i < axis.count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "", axis.labels[i]);
        const double place = alx_axis_place(&axis, axis.ticks[i]);
        assert_true(place > -1e-6 && place < 1 + 1e-6);
        if (i > 0) assert_true(axis.ticks[i] > axis.ticks[i - 1]);
    }
    return text;
}

static void test_linear_ticks(void **state)
{
    (void)state;
    assert_string_equal(ticks(false, 0, 0.97, 7), "0.0 0.2 0.4 0.6 0.8");
    assert_string_equal(ticks(false, 0, 1.5, 7), "0.0 0.5 1.0 1.5");
    assert_string_equal(ticks(false, 0.912, 0.948, 7), "0.92 0.93 0.94");
    assert_string_equal(ticks(false, -1.5, 2.5, 5), "−1 0 1 2");
    /* Epochs are whole: no 1.5 between 1 and 2. */
    assert_string_equal(ticks(false, 1, 2, 9), "1 2");
    assert_string_equal(ticks(false, 1, 100, 9), "20 40 60 80 100");
    assert_string_equal(ticks(false, 0, 900000, 7), "0 200000 400000 600000 800000");
    assert_string_equal(ticks(false, 0, 1.5e7, 7), "0 5×10⁶ 1.0×10⁷ 1.5×10⁷");
    assert_string_equal(ticks(false, -0.0000025, 0.0000025, 7), "−2×10⁻⁶ −1×10⁻⁶ 0 1×10⁻⁶ 2×10⁻⁶");
}

static void test_log_ticks(void **state)
{
    (void)state;
    assert_string_equal(ticks(true, 0.001, 10, 9), "0.001 0.01 0.1 1 10");
    assert_string_equal(ticks(true, 1e-7, 10, 9), "10⁻⁷ 10⁻⁶ 10⁻⁵ 10⁻⁴ 10⁻³ 10⁻² 10⁻¹ 10⁰ 10¹");
    assert_string_equal(ticks(true, 1e-20, 1e4, 9), "10⁻²⁰ 10⁻¹⁵ 10⁻¹⁰ 10⁻⁵ 10⁰");
    assert_string_equal(ticks(true, 0.3, 7, 9), "0.5 1 2 5");
    assert_string_equal(ticks(true, 3e-6, 7e-5, 9), "5×10⁻⁶ 10⁻⁵ 2×10⁻⁵ 5×10⁻⁵");
    /* A small factor has hardly any such number within: round steps instead. */
    assert_string_equal(ticks(true, 2.2, 2.6, 5), "2.2 2.3 2.4 2.5 2.6");
}

static void test_axis_takes(void **state)
{
    (void)state;
    alx_axis axis;
    alx_axis_init(&axis, false);
    assert_false(alx_axis_take(&axis, NAN));
    assert_false(alx_axis_take(&axis, INFINITY));
    assert_false(alx_axis_take(&axis, -1e300));
    alx_axis_finish(&axis, 0.05, 7);
    assert_true(axis.empty);
    assert_int_equal(axis.count, 0);
    assert_true(alx_axis_place(&axis, 0.25) == 0.25);
    assert_true(isnan(alx_axis_place(&axis, NAN)));

    alx_axis_init(&axis, true);
    assert_false(alx_axis_take(&axis, 0));
    assert_false(alx_axis_take(&axis, -1));
    assert_true(alx_axis_take(&axis, 0.01));
    assert_true(alx_axis_take(&axis, 100));
    alx_axis_finish(&axis, 0, 7);
    assert_true(fabs(alx_axis_place(&axis, 1) - 0.5) < 1e-12);
    assert_true(isnan(alx_axis_place(&axis, 0)));
}

/* Whatever comes, there are few ticks, within the range, and each is told from its neighbours. */
static void test_axis_extremes(void **state)
{
    (void)state;
    static const double values[] = {-1e100, -1, -1e-100, 0, 1e-100, 1e-12, 0.97, 0.97000001, 1, 1e12, 1e12 + 1, 1e100};
    const size_t count = sizeof values / sizeof *values;
    for (size_t i = 0; i < 2 * count * count; i++) {
        alx_axis axis;
        alx_axis_init(&axis, i % 2);
        alx_axis_take(&axis, values[i / 2 % count]);
        alx_axis_take(&axis, values[i / 2 / count]);
        alx_axis_finish(&axis, 0.05, 7);
        assert_true(axis.high > axis.low);
        assert_in_range(axis.count, axis.empty ? 0 : 1, axis.empty ? 0 : 7);
        for (int k = 0; k < axis.count; k++) {
            assert_true(axis.ticks[k] >= axis.low - 1e-6 * (axis.high - axis.low));
            assert_true(axis.ticks[k] <= axis.high + 1e-6 * (axis.high - axis.low));
            if (k > 0) assert_string_not_equal(axis.labels[k], axis.labels[k - 1]);
        }
    }
}

/* ---- Pictures ---- */

enum { BLUE = 0x0072B2, VERMILLION = 0xD55E00 };
static temp_path folder;
static const double X[] = {1, 2, 3, 4, 5}, FLAT[] = {1, 1, 1, 1, 1}, STEEP[] = {1, 2, 3, 4, 5};

static int make_folder(void **state)
{
    (void)state;
    temp_folder_make(folder);
    return 0;
}

static const char *in_folder(const char *name)
{
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int remove_folder(void **state)
{
    (void)state;
    temp_folder_remove(folder);
    return 0;
}

typedef struct picture {
    int width, height;
    uint32_t *pixels; /* (height, width) 0xRRGGBB */
} picture;

static picture draw(const alx_curve_panel *panels, int count)
{
    alx_error err = {0};
    alx_status status = alx_curves_draw(&(alx_target){.path = in_folder("x.png")}, panels, count, &err);
    if (status) fail_msg("%s", err.message);
    cairo_surface_t *surface = cairo_image_surface_create_from_png(in_folder("x.png"));
    assert_int_equal(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
    picture p = {cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface), NULL};
    p.pixels = malloc((size_t)p.width * (size_t)p.height * sizeof *p.pixels);
    assert_non_null(p.pixels);
    for (int y = 0; y < p.height; y++) {
        memcpy(p.pixels + (size_t)y * (size_t)p.width,
               cairo_image_surface_get_data(surface) + (size_t)y * (size_t)cairo_image_surface_get_stride(surface),
               (size_t)p.width * sizeof *p.pixels);
        for (int x = 0; x < p.width; x++) p.pixels[y * p.width + x] &= 0xFFFFFF;
    }
    cairo_surface_destroy(surface);
    return p;
}

/* Pixels of exactly that colour in the columns left..right - 1; their extent in box (left, top, right, bottom). */
static int pixels_of(const picture *p, uint32_t colour, int left, int right, int box[4])
{
    int count = 0;
    box[0] = box[1] = 1 << 20;
    box[2] = box[3] = -1;
    for (int y = 0; y < p->height; y++)
        for (int x = left; x < right; x++) {
            if (p->pixels[y * p->width + x] != colour) continue;
            count++;
            if (x < box[0]) box[0] = x;
            if (y < box[1]) box[1] = y;
            if (x > box[2]) box[2] = x;
            if (y > box[3]) box[3] = y;
        }
    return count;
}

static void test_curve_lies_where_it_should(void **state)
{
    (void)state;
    const alx_curve curves[] = {{NULL, 5, X, STEEP, 0, ALX_DASH_SOLID}, {NULL, 5, X, FLAT, 1, ALX_DASH_SOLID}};
    const alx_curve_panel panel = {.count = 2, .curves = curves, .mark_x = NAN};
    picture p = draw(&panel, 1);
    int steep[4], flat[4];
    assert_true(pixels_of(&p, BLUE, 0, p.width, steep) > 2000);
    assert_true(pixels_of(&p, VERMILLION, 0, p.width, flat) > 2000);
    /* 560 x 340 points, of which x leaves 2 % free at both ends (of 104 %), y 5 % (of 110 %). */
    assert_in_range(steep[2] - steep[0], 2 * 560 / 1.04 - 4, 2 * (560 / 1.04 + 8));
    assert_in_range(steep[3] - steep[1], 2 * 340 / 1.1 - 4, 2 * (340 / 1.1 + 8));
    assert_in_range(flat[3] - flat[1], 4, 16);
    assert_true(abs(flat[3] - steep[3]) < 16);
    free(p.pixels);
}

static void test_gaps_and_single_points(void **state)
{
    (void)state;
    /* Alone at 1, nothing at 2, a line from 3 to 4; infinity counts as nothing. */
    const double gap[] = {1, NAN, 1, 1, INFINITY};
    const alx_curve curve = {NULL, 5, X, gap, 0, ALX_DASH_SOLID};
    alx_curve_panel panel = {.count = 1, .curves = &curve, .mark_x = NAN};
    picture p = draw(&panel, 1);
    int box[4], at[4], between[4];
    pixels_of(&p, BLUE, 0, p.width, box);
    const int unit = (box[2] - box[0]) / 3;
    assert_true(pixels_of(&p, BLUE, 0, box[0] + 20, at) > 60);
    assert_int_equal(pixels_of(&p, BLUE, box[0] + unit / 2, box[0] + 3 * unit / 2, between), 0);
    assert_true(pixels_of(&p, BLUE, box[0] + 9 * unit / 4, box[0] + 11 * unit / 4, between) > unit / 2);
    free(p.pixels);

    const alx_curve dot = {NULL, 1, X, FLAT, 0, ALX_DASH_SOLID};
    panel.curves = &dot;
    p = draw(&panel, 1);
    assert_in_range(pixels_of(&p, BLUE, 0, p.width, box), 60, 300);
    free(p.pixels);
}

static void test_dashes_and_mark(void **state)
{
    (void)state;
    int counts[4], box[4];
    for (int dash = 0; dash < 4; dash++) {
        const alx_curve curve = {NULL, 5, X, STEEP, 0, (alx_dash)dash};
        const alx_curve_panel panel = {.count = 1, .curves = &curve, .mark_x = NAN};
        picture p = draw(&panel, 1);
        counts[dash] = pixels_of(&p, BLUE, 0, p.width, box);
        free(p.pixels);
    }
    for (int dash = 1; dash < 4; dash++) assert_true(counts[dash] < counts[0] * 9 / 10);

    const alx_curve curve = {NULL, 5, X, STEEP, 0, ALX_DASH_SOLID};
    alx_curve_panel panel = {.count = 1, .curves = &curve, .mark_x = NAN};
    picture without = draw(&panel, 1);
    panel.mark_x = 3;
    picture with = draw(&panel, 1);
    assert_int_equal(with.width, without.width);
    assert_int_equal(with.height, without.height);
    /* Only what the mark changed: the edges of letters may have its grey too. */
    for (int i = 0; i < with.width * with.height; i++)
        if (with.pixels[i] == without.pixels[i]) with.pixels[i] = 0xFFFFFF;
    assert_true(pixels_of(&with, 0x636363, 0, with.width, box) > 300);
    assert_in_range(box[2] - box[0], 1, 1); /* a point is two pixels */
    free(with.pixels);
    free(without.pixels);
}

/* What is above the legend stays as it is without one. */
static void test_legend_covers_nothing(void **state)
{
    (void)state;
    alx_curve curves[9];
    for (int i = 0; i < 9; i++) curves[i] = (alx_curve){NULL, 5, X, STEEP, i, ALX_DASH_SOLID};
    const alx_curve_panel panel = {.count = 9, .curves = curves, .mark_x = NAN};
    picture without = draw(&panel, 1);
    for (int i = 0; i < 9; i++) curves[i].label = "runs/一次很长很长的运行, validation of a name that is long \xFF";
    picture with = draw(&panel, 1);
    assert_int_equal(with.width, without.width);
    assert_int_equal(with.height, without.height + 2 * (8 + 9 * 19)); /* too wide for two in a row */
    const int margin = 2 * 22;
    assert_memory_equal(with.pixels, without.pixels,
                        (size_t)(without.height - margin) * (size_t)with.width * sizeof *with.pixels);
    for (int i = 0; i < 9; i++) curves[i].label = "run";
    picture narrow = draw(&panel, 1);
    assert_true(narrow.height < without.height + 2 * (8 + 3 * 19));
    free(narrow.pixels);
    free(with.pixels);
    free(without.pixels);
}

static void test_panels(void **state)
{
    (void)state;
    const alx_curve a[] = {{"a", 5, X, STEEP, 0, ALX_DASH_SOLID}}, b[] = {{"b", 5, X, STEEP, 1, ALX_DASH_DASHED}};
    alx_curve_panel panels[] = {{"损失", "轮", "loss", 0, 0, 1, a, NAN, 0},
                                {"accuracy \xFF and a title that is far too long for the width of its panel", "epoch",
                                 NULL, 1, 1, 1, b, NAN, 0},
                                {NULL, NULL, NULL, 0, 0, 0, NULL, NAN, 0}};
    int box[4];
    picture p = draw(panels, 2);
    assert_int_equal(pixels_of(&p, BLUE, p.width / 2, p.width, box), 0);
    assert_true(pixels_of(&p, VERMILLION, p.width / 2, p.width, box) > 1000);
    assert_int_equal(pixels_of(&p, VERMILLION, 0, p.width / 2, box), 0);
    /* One legend where both are the same: its sample is drawn once, below the left panel. */
    panels[1].curves = a;
    picture same = draw(panels, 2);
    pixels_of(&same, BLUE, 0, p.width / 2, box);
    const int with_legend = box[3];
    pixels_of(&same, BLUE, p.width / 2, p.width, box);
    assert_true(box[3] < with_legend - 20);
    picture three = draw(panels, 3);
    assert_int_equal(three.width, same.width);
    assert_true(three.height > same.height + 2 * 270);
    free(three.pixels);
    free(same.pixels);
    free(p.pixels);
}

static void test_svg_and_errors(void **state)
{
    (void)state;
    alx_curve curve = {"run", 5, X, STEEP, 0, ALX_DASH_SOLID};
    alx_curve_panel panel = {"t", "x", "y", 0, 0, 1, &curve, NAN, 0};
    alx_error err = {0};
    assert_int_equal(alx_curves_draw(&(alx_target){.path = in_folder("x.svg")}, &panel, 1, &err), ALX_OK);
    FILE *file = fopen(in_folder("x.svg"), "r");
    static char text[1 << 18];
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_int_equal(strncmp(text, "<?xml", 5), 0);
    assert_non_null(strstr(text, "</svg>"));

    assert_int_equal(alx_curves_draw(&(alx_target){.path = in_folder("x.png")}, &panel, 0, &err), ALX_USAGE);
    assert_int_equal(alx_curves_draw(&(alx_target){.path = in_folder("x.jpg")}, &panel, 1, &err), ALX_USAGE);
    assert_non_null(strstr(err.message, "x.jpg: pictures are written as .png or .svg"));
    curve.style = -1;
    assert_int_equal(alx_curves_draw(&(alx_target){.path = in_folder("x.png")}, &panel, 1, &err), ALX_USAGE);
    assert_non_null(strstr(err.message, "style -1"));
    curve.style = 0;
    curve.dash = (alx_dash)5;
    assert_int_equal(alx_curves_draw(&(alx_target){.path = in_folder("x.png")}, &panel, 1, NULL), ALX_USAGE);
}

int main(void)
{
    /* Pango only warns about bytes that are not UTF-8: here that is a failure. */
    g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear_ticks),
        cmocka_unit_test(test_log_ticks),
        cmocka_unit_test(test_axis_takes),
        cmocka_unit_test(test_axis_extremes),
        cmocka_unit_test(test_curve_lies_where_it_should),
        cmocka_unit_test(test_gaps_and_single_points),
        cmocka_unit_test(test_dashes_and_mark),
        cmocka_unit_test(test_legend_covers_nothing),
        cmocka_unit_test(test_panels),
        cmocka_unit_test(test_svg_and_errors),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

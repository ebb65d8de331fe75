/* report/page, canvas, confusion, mosaic: what a page holds, and pixels of kernels and maps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/confusion.h"
#include "report/curves.h"
#include "report/encode.h"
#include "report/mosaic.h"
#include "report/page.h"

/* fontconfig keeps what it loaded; leaks of ours are still reported. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\n";
}

static int count_of(const char *text, const char *part)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, part)); at += strlen(part)) count++;
    return count;
}

static void test_markup(void **state)
{
    (void)state;
    alx_markup m = {0};
    alx_markup_escape(&m, "<b>&\"\n\x01 \xFF 中");
    assert_string_equal(m.text, "&lt;b&gt;&amp;&quot; \xef\xbf\xbd \xef\xbf\xbd 中");
    alx_markup_finish(&m);
    alx_markup_number(&m, 12.5);
    alx_markup_add(&m, " ");
    alx_markup_number(&m, -0.001);
    alx_markup_add(&m, " ");
    alx_markup_number(&m, 100);
    alx_markup_add(&m, " ");
    alx_markup_number(&m, NAN);
    assert_string_equal(m.text, "12.5 0 100 0");
    alx_markup_finish(&m);
    alx_markup_base64(&m, (const uint8_t *)"ab", 2);
    assert_string_equal(m.text, "YWI=");
    alx_markup_finish(&m);
}

/* A page of two sections, in one of them a drawing. */
static void test_page(void **state)
{
    (void)state;
    static const double x[] = {1, 2, 3}, y[] = {3, 1, 2};
    const alx_curve curve = {"loss", 3, x, y, 0, ALX_DASH_DASHED};
    const alx_curve_panel panel = {.x_label = "epoch", .count = 1, .curves = &curve, .mark_x = 2};
    alx_page page = {.language = ALX_CHINESE};
    alx_markup text;
    alx_page_section(&page, "one", "第一 <节>");
    const alx_target target = alx_page_figure(&page, "标题", "说明 & more");
    assert_int_equal(alx_curves_draw(&target, &panel, 1, NULL), ALX_OK);
    alx_page_figure_end(&page);
    alx_page_section_end(&page);
    alx_page_section(&page, "two", "第二");
    const size_t mark = alx_page_mark(&page);
    alx_page_paragraph(&page, "gone");
    alx_page_take_back(&page, mark);
    alx_page_table(&page, "table", 2, 0);
    for (int i = 0; i < 4; i++) alx_page_cell(&page, "%d<", i);
    alx_page_table_end(&page);
    alx_page_section_end(&page);
    assert_int_equal(alx_page_write(&text, &page, "title", "subtitle", NULL), ALX_OK);

    assert_non_null(strstr(text.text, "<html lang=\"zh-CN\">"));
    assert_non_null(strstr(text.text, "<li><a href=\"#one\">第一 &lt;节&gt;</a></li>"));
    assert_non_null(strstr(text.text, "<section id=\"two\" aria-labelledby=\"h-two\">"));
    assert_non_null(strstr(text.text, "role=\"img\" aria-labelledby=\"t1 d1\""));
    assert_non_null(strstr(text.text, "<desc id=\"d1\">说明 &amp; more</desc>"));
    assert_non_null(strstr(text.text, "stroke-dasharray=\"6 3.5\""));
    assert_non_null(strstr(text.text, "class=\"f-no s-c0\""));
    assert_non_null(strstr(text.text, ">epoch</text>"));
    assert_non_null(strstr(text.text, "prefers-color-scheme:dark"));
    assert_non_null(strstr(text.text, "<th scope=\"row\">2&lt;</th><td>3&lt;</td></tr>"));
    assert_null(strstr(text.text, "gone"));
    assert_null(strstr(text.text, "http"));
    assert_null(strstr(text.text, "<script"));
    assert_int_equal(count_of(text.text, "<svg"), count_of(text.text, "</svg>"));
    assert_int_equal(count_of(text.text, "<div"), count_of(text.text, "</div>"));
    alx_markup_finish(&text);
    alx_page_finish(&page);
}

/* Names that do not fit are shortened in the drawing, and whole in the tooltip. */
static void test_confusion(void **state)
{
    (void)state;
    static const char *const names[3] = {"猫", "a name that is much too long for the room beside a matrix", "<dog>"};
    static const int64_t cells[9] = {8, 2, 0, 0, 5, 0, 1, 0, 3};
    const alx_confusion matrix = {3, names, cells, "truth", "answer", NULL};
    alx_markup m = {0};
    alx_target target = {.page = &m, .title = "t", .description = "d"};
    assert_int_equal(alx_confusion_draw(&target, &matrix, NULL), ALX_OK);
    assert_non_null(strstr(m.text, "猫 → a name that is much too long for the room beside a matrix: 2 (20.0 %)"));
    assert_non_null(strstr(m.text, "&lt;dog&gt; → 猫: 1 (25.0 %)"));
    assert_null(strstr(m.text, "猫 → &lt;dog&gt;")); /* nothing was */
    assert_non_null(strstr(m.text, "<title>a name that is much too long for the room beside a matrix</title>"));
    assert_non_null(strstr(m.text, "…"));
    assert_non_null(strstr(m.text, "fill-opacity=\"0.8\""));
    alx_markup_finish(&m);
    const alx_confusion large = {ALX_CONFUSION_MOST + 1, names, cells, "", "", NULL};
    alx_error err = {0};
    assert_int_equal(alx_confusion_draw(&target, &large, &err), ALX_UNSUPPORTED);
    assert_non_null(strstr(err.message, "101 classes"));
    alx_markup_finish(&m);
}

static void test_kernels(void **state)
{
    (void)state;
    static const float values[] = {1, -1, 0, 0.5F, 0, 0, 0, NAN}; /* two kernels of 2 x 2 */
    alx_pixels p;
    assert_int_equal(alx_mosaic_kernels(&p, values, 2, 2, 2, 1, 2, NULL), ALX_OK);
    assert_int_equal(p.width, 7);
    assert_int_equal(p.height, 4);
    const uint8_t *row = p.rgb + 7 * 3;
    assert_int_equal(row[0], 110); /* a line */
    assert_int_equal(row[1 * 3], 255);
    assert_int_equal(row[2 * 3], 0);
    assert_int_equal(row[3 * 3], 110);
    assert_int_equal(row[4 * 3], 128); /* all zeros: grey */
    assert_int_equal(row[7 * 3 + 1 * 3], 128);
    assert_int_equal(row[7 * 3 + 2 * 3], 191);
    free(p.rgb);
    alx_error err = {0};
    assert_int_equal(alx_mosaic_kernels(&p, values, 1 << 20, 100, 100, 1, 1000, &err), ALX_UNSUPPORTED);
}

static void test_maps(void **state)
{
    (void)state;
    static const float values[] = {0, 4, 2, 2};
    alx_pixels p;
    assert_int_equal(alx_mosaic_maps(&p, values, 1, 2, 2, 1, NULL), ALX_OK);
    const uint8_t *first = p.rgb + (4 + 1) * 3, *second = first + 3, *third = p.rgb + (8 + 1) * 3;
    assert_memory_equal(first, ((uint8_t[]){68, 1, 84}), 3); /* viridis' ends and its middle */
    assert_memory_equal(second, ((uint8_t[]){253, 231, 37}), 3);
    assert_memory_equal(third, ((uint8_t[]){33, 145, 140}), 3);
    free(p.rgb);
    static const uint8_t rgb[6] = {100, 100, 100, 10, 20, 30};
    static const float heat[2] = {0, 1};
    assert_int_equal(alx_mosaic_heat(&p, rgb, heat, 1, 2, NULL), ALX_OK);
    assert_int_equal(p.width, 7);
    assert_memory_equal(p.rgb + (7 + 1) * 3, rgb, 6);
    assert_int_equal(p.rgb[(7 + 4) * 3], (int)lround(0.45 * 100 + 0.55 * 68));
    free(p.rgb);
}

/* Small images are exact, large ones JPEG of the size that was asked for. */
static void test_encode(void **state)
{
    (void)state;
    uint8_t *rgb = calloc(300 * 200, 3);
    alx_markup m = {0};
    assert_int_equal(alx_encode_image(&m, &(alx_raster){rgb, 64, 64}, 100, NULL), ALX_OK);
    assert_ptr_equal(strstr(m.text, "data:image/png;base64,iVBORw0KGgo"), m.text);
    alx_markup_finish(&m);
    assert_int_equal(alx_encode_image(&m, &(alx_raster){rgb, 300, 200}, 100, NULL), ALX_OK);
    assert_ptr_equal(strstr(m.text, "data:image/jpeg;base64,/9j/"), m.text);
    assert_true(m.length < 3000);
    alx_markup_finish(&m);
    free(rgb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_markup),  cmocka_unit_test(test_page), cmocka_unit_test(test_confusion),
        cmocka_unit_test(test_kernels), cmocka_unit_test(test_maps), cmocka_unit_test(test_encode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

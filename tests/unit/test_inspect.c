/* Each thing that can be wrong with a data set is planted and found, and nothing else; in the same words whatever the
 * threads. */
#include "inspect_fixture.h"

static void test_sound(void **state)
{
    (void)state;
    char *folder = make_set();
    make_folder(folder, "test");
    put_class(folder, "test/a", 3000, 5);
    put_class(folder, "test/b", 4000, 15);
    alx_inspection *i = inspect(folder, (options){.test = "test"});
    alx_finding finding;
    assert_false(alx_inspection_finding(i, 0, &finding));
    alx_inspection_summary sum;
    alx_inspection_summarize(i, &sum);
    assert_false(sum.unsound);
    assert_int_equal(sum.images, 2 * PER_CLASS + 20);
    assert_int_equal(sum.readable, sum.images);
    assert_int_equal(sum.png, sum.images);
    assert_int_equal(sum.width[1], SIDE);
    alx_split_info split;
    assert_true(alx_inspection_split(i, 1, &split));
    assert_string_equal(split.name, "test");
    assert_true(split.majority == 0.25); /* a is first in train, 5 of 20 in test */
    assert_false(alx_inspection_split(i, 2, &split));
    int64_t images, readable;
    alx_inspection_class_size(i, 1, 1, &images, &readable);
    assert_int_equal(images, 15);
    assert_string_equal(alx_inspection_class_name(i, 1), "b");
    assert_null(alx_inspection_class_name(i, 2));
    alx_inspection_destroy(i);
    folder_remove(folder);
}

static void test_unreadable(void **state)
{
    (void)state;
    char *folder = make_set(), path[4096];
    bytes good = png_of(1, SIDE, SIDE);
    put(folder, "train/a/cut.png", (bytes){memcpy(malloc(200), good.data, 200), 200});
    put(folder, "train/a/empty.png", text_of("", 0));
    put(folder, "train/a/gif.png", text_of("GIF89a..........", 16));
    put(folder, "train/a/page.jpg", text_of("<html>not found</html>", 22));
    put(folder, "train/a/text.jpg", text_of("hello", 5));
    put(folder, "train/a/zeros.png", (bytes){calloc(4096, 1), 4096});
    assert_int_equal(symlink("nowhere", in(folder, "train/b/link.png", path)), 0);
    static const char found[] =
        "warning missing 1: train/b/link.png [no such file or fold]\n"
        "warning empty 1: train/a/empty.png [the file is empty; c]\n"
        "warning zeros 1: train/a/zeros.png [the file holds nothi]\n"
        "warning not_image 2: train/a/page.jpg [a web page, which ca]; train/a/text.jpg [text, not an image; ]\n"
        "warning unsupported 1: train/a/gif.png [a GIF image, a kind ]\n"
        "warning damaged 1: train/a/cut.png [damaged or truncated]\n";
    assert_findings(folder, (options){.skip_bad = 13}, found); /* 7 of 55 are 12.7 % */
    char text[2048];
    snprintf(text, sizeof text, "unsound too_many_unreadable 1: [train: 7 / 55 = 12.7]\n%s", found);
    assert_findings(folder, (options){.skip_bad = 12}, text);
    bytes_finish(&good);
    folder_remove(folder);
}

static void test_odd(void **state)
{
    (void)state;
    char *folder = make_set();
    put(folder, "train/a/alpha.png", packed_png(PNG_COLOR_TYPE_RGBA, 8, 1));
    put(folder, "train/a/animated.png", animated_png(2));
    put(folder, "train/a/cmyk.jpg", jpeg_of(3, TJPF_CMYK));
    put(folder, "train/a/constant.png", constant_png(SIDE, SIDE, 90));
    put(folder, "train/a/deep.png", packed_png(PNG_COLOR_TYPE_RGB, 16, 4));
    put(folder, "train/a/grey.png", packed_png(PNG_COLOR_TYPE_GRAY, 8, 5));
    put(folder, "train/a/opaque.png", opaque_png(13));
    put(folder, "train/a/palette.png", packed_png(PNG_COLOR_TYPE_PALETTE, 8, 6));
    put(folder, "train/b/png.jpeg", png_of(7, SIDE, SIDE));
    bytes jpeg = jpeg_of(8, TJPF_RGB);
    put(folder, "train/b/turned.JPG", with_orientation(jpeg, 6, 0));
    bytes another = jpeg_of(9, TJPF_RGB);
    put(folder, "train/b/upright.jpg", with_orientation(another, 1, 0));
    bytes_finish(&another);
    put(folder, "train/b/wide.png", png_of(10, 5 * SIDE / 2, SIDE / 2));
    put(folder, "train/b/large.png", png_of(11, 4 * SIDE, 4 * SIDE));
    put(folder, "train/b/narrow.png", png_of(12, INPUT - 1, SIDE / 2));
    bytes_finish(&jpeg);
    assert_findings(folder, (options){0},
                    "warning constant 1: train/a/constant.png\n"
                    "warning grey_among_colour 1: train/a/grey.png\n"
                    "warning animated 1: train/a/animated.png\n"
                    "warning aspect_outlier 1: train/b/wide.png [160x32]\n"
                    "warning small 1: train/b/narrow.png [31x32]\n"
                    "warning size_outlier 2: train/b/large.png [256x256]; train/b/narrow.png [31x32]\n"
                    "note wrong_ending 1: train/b/png.jpeg [PNG]\n"
                    "note cmyk 1: train/a/cmyk.jpg\n"
                    "note transparent 1: train/a/alpha.png\n"
                    "note palette 1: train/a/palette.png\n"
                    "note deep 1: train/a/deep.png\n"
                    "note turned 1: train/b/turned.JPG\n");
    folder_remove(folder);
}

/* The bounds of aspect; and the same bytes in another shape are another picture. */
static void test_shapes(void **state)
{
    (void)state;
    char *folder = make_set();
    bytes pixels = noise(INPUT * SIDE * 3, 1);
    put(folder, "train/a/high.png", encode_rgb_png(pixels.data, INPUT, SIDE));
    put(folder, "train/a/wide.png", encode_rgb_png(pixels.data, SIDE, INPUT));
    put(folder, "train/b/bit.png", png_of(1, SIDE, 43)); /* 1.49 */
    put(folder, "train/b/more.png", png_of(2, SIDE, 42));
    assert_findings(folder, (options){0},
                    "warning aspect_outlier 3: train/a/high.png [32x64]; train/a/wide.png [64x32]; train/b/more.png "
                    "[64x42]\n");
    bytes_finish(&pixels);
    folder_remove(folder);
}

static void test_duplicates(void **state)
{
    (void)state;
    char *folder = make_set();
    make_folder(folder, "test");
    put_class(folder, "test/a", 3000, PER_CLASS);
    put_class(folder, "test/b", 4000, PER_CLASS);
    /* One picture as another file: the same pixels, compressed without loss. */
    uint8_t *rgb = picture(1003, SIDE, SIDE), *webp = NULL;
    size_t size = WebPEncodeLosslessRGB(rgb, SIDE, SIDE, SIDE * 3, &webp);
    put(folder, "train/a/other.webp", take_webp(webp, size));
    free(rgb);
    bytes same = png_of(1005, SIDE, SIDE);
    put(folder, "train/a/same.png", copy_of(same));
    put(folder, "test/a/leak.png", copy_of(same));
    bytes_finish(&same);
    put(folder, "train/a/zz.jpg", jpeg_of(1007, TJPF_RGB)); /* near, in the same split */
    put(folder, "test/b/near.jpg", jpeg_of(2009, TJPF_RGB));
    put(folder, "train/b/mislabelled.jpg", jpeg_of(1011, TJPF_RGB));
    static const char exact[] = "unsound test_leak 1: train/a/005.png train/a/same.png test/a/leak.png same\n"
                                "warning duplicates 2: train/a/003.png train/a/other.webp; train/a/005.png "
                                "train/a/same.png same\n";
    static const char near[] = "warning near_test_leak 1: test/b/near.jpg train/b/009.png\n"
                               "warning near_label_conflict 1: train/a/011.png train/b/mislabelled.jpg\n"
                               "warning near_duplicates 2: train/a/007.png train/a/zz.jpg; train/a/011.png "
                               "train/b/mislabelled.jpg\n";
    char text[2048];
    snprintf(text, sizeof text, "%s%s", exact, near);
    assert_findings(folder, (options){.test = "test"}, text);
    assert_findings(folder, (options){.test = "test", .no_near = true}, exact);
    /* The same as validation: of a folder as bad, of a draw nobody's fault. */
    alx_inspection *i = inspect(folder, (options){.validation = "test", .no_near = true});
    alx_finding finding;
    assert_true(alx_inspection_finding(i, 0, &finding));
    assert_string_equal(finding.kind, "validation_leak");
    assert_int_equal(finding.severity, ALX_SEVERITY_UNSOUND);
    alx_inspection_destroy(i);
    i = inspect(folder, (options){.validation = "test", .drawn = true, .no_near = true});
    assert_true(alx_inspection_finding(i, 0, &finding));
    assert_string_equal(finding.kind, "validation_leak");
    assert_int_equal(finding.severity, ALX_SEVERITY_WARNING);
    alx_inspection_summary sum;
    alx_inspection_summarize(i, &sum);
    assert_false(sum.unsound);
    alx_inspection_destroy(i);
    folder_remove(folder);
}

static void test_much_alike(void **state)
{
    (void)state;
    char *folder = make_set(), name[256];
    for (uint32_t k = 0; k < 51; k++) { /* with 102 pictures the first beyond 100 */
        snprintf(name, sizeof name, "train/a/x%02u.png", k);
        put(folder, name, png_of(5000 + k, SIDE, SIDE));
        snprintf(name, sizeof name, "train/a/x%02u.jpg", k);
        if (k) put(folder, name, jpeg_of(5000 + k, TJPF_RGB));
    }
    for (int n = 0; n < 2; n++) {
        alx_inspection *i = inspect(folder, (options){0});
        char *found = describe(i, folder);
        assert_int_equal(strstr(found, "much_alike 102: [102 / 150]") != NULL, n);
        free(found);
        alx_inspection_destroy(i);
        put(folder, "train/a/x00.jpg", jpeg_of(5000, TJPF_RGB));
    }
    folder_remove(folder);
}

/* What the program draws from the training data is known to training, where test is concerned. */
static void test_drawn_and_test(void **state)
{
    (void)state;
    char *folder = make_set();
    make_folder(folder, "validation");
    make_folder(folder, "test");
    put_class(folder, "validation/a", 3000, 3);
    put_class(folder, "validation/b", 4000, 3);
    put_class(folder, "test/a", 3002, 3); /* the first is the last of validation */
    put_class(folder, "test/b", 5000, 3);
    assert_findings(folder, (options){.validation = "validation", .test = "test"},
                    "warning validation_in_test 1: validation/a/002.png test/a/000.png same\n");
    assert_findings(folder, (options){.validation = "validation", .drawn = true, .test = "test"},
                    "unsound test_leak 1: validation/a/002.png test/a/000.png same\n");
    folder_remove(folder);
}

static void test_conflict(void **state)
{
    (void)state;
    char *folder = folder_make();
    make_folder(folder, "train");
    put_class(folder, "train/a", 1000, 199);
    put_class(folder, "train/b", 2000, 199);
    put(folder, "train/b/x.png", png_of(1000, SIDE, SIDE));
    /* 2 of 399 are 0.501 %, and of 401 less than 0.5 %. */
    assert_findings(folder, (options){0}, "unsound label_conflict 2: train/a/000.png train/b/x.png same\n");
    put(folder, "train/b/y.png", png_of(1, SIDE, SIDE));
    put(folder, "train/b/z.png", png_of(2, SIDE, SIDE));
    assert_findings(folder, (options){0}, "warning label_conflict 2: train/a/000.png train/b/x.png same\n");
    folder_remove(folder);
}

static void test_classes(void **state)
{
    (void)state;
    char *folder = folder_make();
    make_folder(folder, "train");
    put_class(folder, "train/a", 1000, 96);
    put_class(folder, "train/b", 2000, 19);
    put_class(folder, "train/c", 3000, 0);
    put(folder, "train/c/x.png", text_of("hello", 5));
    assert_findings(folder, (options){.skip_bad = 1},
                    "unsound class_unreadable 1: [train: c (0)]\n"
                    "warning not_image 1: train/c/x.png [text, not an image; ]\n"
                    "warning few_images 2: [train: b (19)]; [train: c (0)]\n"
                    "warning imbalance 1: [train: a (96)]; [train: c (0)]\n");
    folder_remove(folder);
}

/* Lists that folders do not give. */
static void test_lists(void **state)
{
    (void)state;
    char *folder = make_set(), path[4096], first[4096], second[4096];
    alx_sample_list lists[2] = {0};
    static const int classes[2] = {1, 2};
    in(folder, "train/a/000.png", first);
    in(folder, "train/b/000.png", second);
    for (int n = 0; n < 2; n++) {
        alx_sample_list *list = &lists[0];
        list->class_count = classes[n];
        list->class_names = alx_arena_alloc(&list->arena, 2, sizeof *list->class_names, &error);
        list->class_names[0] = "a", list->class_names[1] = "b\n";
        list->samples = alx_arena_alloc(&list->arena, 2, sizeof *list->samples, &error);
        list->samples[0] = (alx_sample){.path = alx_arena_strdup(&list->arena, first, &error), .label = 0};
        list->samples[1] = (alx_sample){.path = alx_arena_strdup(&list->arena, second, &error), .label = n};
        list->count = 2;
        alx_inspect_input input = {.lists = {list}, .width = INPUT, .height = INPUT, .threads = 1, .near = true};
        if (n) { /* a test without one of the classes */
            assert_int_equal(alx_source_folder(&lists[1], in(folder, "train", path), &error), ALX_OK);
            lists[1].count = 1;
            lists[1].samples[0].path = alx_arena_strdup(&lists[1].arena, in(folder, "train/a/001.png", path), &error);
            input.lists[ALX_SPLIT_TEST] = &lists[1];
        }
        alx_inspection *i;
        assert_int_equal(alx_inspect(&i, &input, &error), ALX_OK);
        alx_text text = {0};
        alx_finding finding;
        alx_finding_group group;
        for (int f = 0; alx_inspection_finding(i, f, &finding); f++) {
            assert_true(alx_inspection_group(i, f, 0, &group));
            alx_text_printf(&text, "%s: %s\n", finding.kind, group.note);
        }
        assert_string_equal(text.data, n ? "class_missing: test: b\\n (0)\nfew_images: train: a (1)\n"
                                         : "one_class: train: a (2)\nfew_images: train: a (2)\n");
        alx_text_finish(&text);
        alx_inspection_destroy(i);
    }
    folder_remove(folder);
}

static void test_threads(void **state)
{
    (void)state;
    char *folder = make_set(), name[256];
    for (int k = 0; k < 40; k++) {
        snprintf(name, sizeof name, "train/%s/x%02d.jpg", k % 2 ? "a" : "b", k);
        put(folder, name, k % 5 ? jpeg_of(1000 + (uint32_t)k / 3, TJPF_RGB) : text_of(name, (size_t)k));
    }
    alx_inspection *i = inspect(folder, (options){.threads = 1});
    char *first = describe(i, folder);
    alx_inspection_destroy(i);
    for (int threads = 2; threads < 9; threads++) assert_findings(folder, (options){.threads = threads}, first);
    assert_non_null(strstr(first, "near_duplicates"));
    assert_non_null(strstr(first, "not_image"));
    free(first);
    folder_remove(folder);
}

static void test_texts(void **state)
{
    (void)state;
    static const struct {
        const char *name, *texts[4];
    } kinds[] = {
#define X(constant, name, severity, english, chinese, advice, advice_chinese)                                          \
    {name, {english, advice, chinese, advice_chinese}},
#include "data/inspect_kinds.inc"
#undef X
    };
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (int t = 0; t < 4; t++) {
            bool chinese = false;
            for (const char *c = kinds[k].texts[t]; *c; c++) chinese |= (*c & 0x80) != 0;
            if (chinese != (t >= 2)) fail_msg("%s: %s", kinds[k].name, kinds[k].texts[t]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),      cmocka_unit_test(test_unreadable),     cmocka_unit_test(test_odd),
        cmocka_unit_test(test_duplicates), cmocka_unit_test(test_much_alike),     cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_conflict),   cmocka_unit_test(test_drawn_and_test), cmocka_unit_test(test_classes),
        cmocka_unit_test(test_lists),      cmocka_unit_test(test_threads),        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

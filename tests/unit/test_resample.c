/* Resizing equals Pillow's bytes (fixtures/resample.txt), and pixels become the numbers that were promised. */
#include "images.h"

#include "data/augment.h"
#include "data/preprocess.h"

static alx_error error;

static int choice(const alx_choice *choices, const char *name)
{
    for (; choices->name; choices++)
        if (strcmp(choices->name, name) == 0) return (int)choices->value;
    fail_msg("no choice %s", name);
    return 0;
}

static void test_pillow(void **state)
{
    (void)state;
    FILE *file = fopen(FIXTURES "/resample.txt", "r");
    assert_non_null(file);
    char mode[16], filter[16];
    unsigned expected;
    int lines = 0, sw, sh, dw, dh;
    alx_resampler scratch = {0};
    while (fscanf(file, "%15s %15s %d %d %d %d %x", mode, filter, &sw, &sh, &dw, &dh, &expected) == 7) {
        bytes source = noise((size_t)sw * (size_t)sh * 3, (uint32_t)(sw * 65536 + sh));
        bytes out = noise((size_t)dw * (size_t)dh * 3, 1); /* black bars must be written */
        const bool boxed = strcmp(mode, "box") == 0;
        alx_preprocess p = {.resize = (alx_resize)choice(alx_resize_choices, boxed ? "stretch" : mode),
                            .filter = (alx_filter)choice(alx_filter_choices, filter),
                            .image_width = dw,
                            .image_height = dh};
        const alx_image image = {.width = sw,
                                 .height = sh,
                                 .full_width = sw,
                                 .full_height = sh,
                                 .across = {0.25, boxed ? sw - 0.625 : 0},
                                 .down = {0.5, boxed ? sh - 0.75 : 0},
                                 .rgb = source.data};
        assert_int_equal(alx_preprocess_resize_image(&p, &scratch, &image, out.data, &error), ALX_OK);
        if (crc_32(out.data, out.count) != expected)
            fail_msg("%s %s %dx%d to %dx%d differs from Pillow", mode, filter, sw, sh, dw, dh);
        if (p.resize == ALX_RESIZE_STRETCH && !boxed) {
            memset(out.data, 0, out.count);
            alx_resample(&scratch, out.data, dw, dh, source.data, sw, sh, p.filter, &error);
            assert_int_equal(crc_32(out.data, out.count), expected);
        }
        bytes_finish(&source);
        bytes_finish(&out);
        lines++;
    }
    fclose(file);
    alx_resampler_finish(&scratch);
    assert_true(lines > 500);
}

/* A cut equals the whole, then cut; for every filter, and where one direction keeps its size. */
static void test_cut(void **state)
{
    (void)state;
    enum { SW = 31, SH = 23, W = 17, H = 12 };
    static const int fulls[][2] = {{40, 50}, {20, 14}, {SW, 50}, {40, SH}, {SW, SH}};
    bytes source = noise(SW * SH * 3, 5);
    uint8_t whole[50 * 50 * 3], cut[W * H * 3];
    alx_resampler scratch = {0};
    for (size_t f = 0; f < sizeof fulls / sizeof *fulls; f++)
        for (int filter = 0; filter < 4; filter++) {
            int fw = fulls[f][0], fh = fulls[f][1], left = fw - W - 1, top = fh - H;
            alx_resample_part part = {.src = source.data,
                                      .src_width = SW,
                                      .src_height = SH,
                                      .full_width = fw,
                                      .full_height = fh,
                                      .left = left,
                                      .top = top,
                                      .width = W,
                                      .height = H,
                                      .dst = cut,
                                      .dst_stride = W * 3,
                                      .filter = (alx_filter)filter};
            assert_int_equal(alx_resample_cut(&scratch, &part, &error), ALX_OK);
            assert_int_equal(alx_resample(&scratch, whole, fw, fh, source.data, SW, SH, part.filter, &error), ALX_OK);
            for (int y = 0; y < H; y++)
                assert_memory_equal(cut + y * W * 3, whole + ((top + y) * fw + left) * 3, W * 3);
        }
    alx_resampler_finish(&scratch);
    bytes_finish(&source);
}

/* A strip of one by thousands: covered and contained without a huge picture between. */
static void test_elongated(void **state)
{
    (void)state;
    enum { LONG = 32768, SIDE = 64 };
    bytes strip = noise(LONG * 3, 3);
    uint8_t out[SIDE * SIDE * 3];
    alx_resampler scratch = {0};
    for (int resize = 0; resize < 3; resize++)
        for (int filter = 0; filter < 4; filter++)
            for (int upright = 0; upright < 2; upright++) {
                alx_preprocess p = {.resize = (alx_resize)resize,
                                    .filter = (alx_filter)filter,
                                    .image_width = SIDE,
                                    .image_height = SIDE};
                assert_int_equal(alx_preprocess_resize(&p, &scratch, strip.data, upright ? 1 : LONG, upright ? LONG : 1,
                                                       out, &error),
                                 ALX_OK);
            }
    alx_resampler_finish(&scratch);
    bytes_finish(&strip);
}

static void test_emit(void **state)
{
    (void)state;
    enum { IH = 7, IW = 9, H = 4, W = 5 };
    bytes image = noise(IH * IW * 3, 8);
    alx_preprocess p = {.image_height = IH,
                        .image_width = IW,
                        .height = H,
                        .width = W,
                        .channels = 3,
                        .rescale = 1.0 / 255,
                        .mean = {0.485, 0.456, 0.406},
                        .std = {0.229, 0.224, 0.225}};
    float x[3 * H * W];
    for (int mirror = 0; mirror < 2; mirror++) {
        alx_preprocess_emit(&p, image.data, 3, 2, mirror, x);
        for (int c = 0; c < 3; c++)
            for (int y = 0; y < H; y++)
                for (int i = 0; i < W; i++) {
                    int column = mirror ? W - 1 - i : i;
                    double pixel = image.data[((3 + y) * IW + 2 + column) * 3 + c];
                    assert_true(x[(c * H + y) * W + i] == (float)((pixel * p.rescale - p.mean[c]) / p.std[c]));
                }
    }
    bytes_finish(&image);
}

/* Pillow 9.4: Image.new("RGB", (1, 1), colour).convert("L").getpixel((0, 0)) */
static void test_emit_grey(void **state)
{
    (void)state;
    static const struct {
        uint8_t rgb[3];
        float grey;
    } pairs[] = {{{255, 255, 255}, 255}, {{255, 0, 0}, 76},     {{0, 255, 0}, 150},  {{0, 0, 255}, 29},
                 {{1, 2, 3}, 2},         {{200, 100, 50}, 124}, {{13, 77, 201}, 72}, {{90, 91, 89}, 90}};
    alx_preprocess p = {
        .image_height = 1, .image_width = 1, .height = 1, .width = 1, .channels = 1, .rescale = 1, .std = {1, 1, 1}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        float x = -1;
        alx_preprocess_emit(&p, pairs[i].rgb, 0, 0, 0, &x);
        assert_true(x == pairs[i].grey);
    }
}

static alx_preprocess imagenet(void)
{
    return (alx_preprocess){.resize = ALX_RESIZE_COVER,
                            .filter = ALX_FILTER_LANCZOS,
                            .image_height = 256,
                            .image_width = 300,
                            .height = 224,
                            .width = 227,
                            .channels = 3,
                            .rescale = 1.0 / 255,
                            .mean = {0.485, 0.456, 0.406},
                            .std = {0.229, 0.224, 1.0 / 3}};
}

/* Older models have no decode, which is exact; a word that is not known is quoted. */
static void test_decode_key(const char *json)
{
    static const char key[] = "\"decode\":\"exact\",";
    const char *at = strstr(json, key);
    char text[1024];
    alx_preprocess p;
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s", (int)(at - json), json, at + strlen(key));
    p.decode = ALX_DECODE_FAST;
    assert_int_equal(alx_preprocess_parse(&p, text, &error), ALX_OK);
    assert_int_equal(p.decode, ALX_DECODE_EXACT);
    snprintf(text, sizeof text, "%.*s\"decode\":\"fast\",%s", (int)(at - json), json, at + strlen(key));
    assert_int_equal(alx_preprocess_parse(&p, text, &error), ALX_OK);
    assert_int_equal(p.decode, ALX_DECODE_FAST);
    snprintf(text, sizeof text, "%.*s\"decode\":\"qu\\nick\",%s", (int)(at - json), json, at + strlen(key));
    assert_int_equal(alx_preprocess_parse(&p, text, &error), ALX_BAD_MODEL);
    assert_string_equal(error.message,
                        "preprocessing: decode \"qu\\nick\" is not known; the model file is damaged or newer");
}

static void test_json(void **state)
{
    (void)state;
    alx_preprocess p = imagenet(), back;
    alx_text json = {0}, again = {0}, words = {0};
    assert_int_equal(alx_preprocess_write(&json, &p, &error), ALX_OK);
    assert_int_equal(alx_preprocess_parse(&back, json.data, &error), ALX_OK);
    assert_int_equal(alx_preprocess_write(&again, &back, &error), ALX_OK);
    assert_string_equal(json.data, again.data);
    assert_true(back.std[2] == p.std[2] && back.width == 227 && back.resize == ALX_RESIZE_COVER);
    alx_text_finish(&again);
    alx_preprocess_describe(&words, &p);
    assert_non_null(strstr(words.data, "256x300 cover lanczos, 224x227 cut out, x 1/255, mean 0.485"));
    alx_text_finish(&words);

    p = (alx_preprocess){.filter = ALX_FILTER_BILINEAR,
                         .image_height = 227,
                         .image_width = 227,
                         .height = 227,
                         .width = 227,
                         .channels = 3,
                         .rescale = 1.0 / 255,
                         .std = {1, 1, 1}};
    alx_preprocess_describe(&words, &p);
    assert_string_equal(words.data, "227x227 stretch bilinear, x 1/255");
    alx_text_finish(&words);
    p.decode = ALX_DECODE_FAST;
    alx_preprocess_describe(&words, &p);
    assert_string_equal(words.data, "227x227 stretch bilinear, fast decode, x 1/255");
    alx_text_finish(&words);

    /* One thing wrong at a time. */
    static const char *const wrong[][2] = {
        {"\"cover\"", "\"squash\""},
        {"\"exact\"", "\"quick\""},
        {"\"exact\"", "1"},
        {"\"lanczos\"", "7"},
        {"[256,300]", "[256]"},
        {"[256,300]", "[0,300]"},
        {"[256,300]", "[223,300]"},
        {"[224,227,3]", "[224,227,2]"},
        {"[256,300]", "[32768,32768]"},
        {"0.485", "\"x\""},
        {"0.224", "0"},
        {"\"filter\"", "\"resize\""},
        {"}", ""},
        {"[256,300]", "[1e99,300]"},
        {"\"rescale\"", "\"scale\""},
        {"[224,227,3]", "[224,227,3,1]"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[1024];
        const char *at = strstr(json.data, wrong[i][0]);
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - json.data), json.data, wrong[i][1],
                 at + strlen(wrong[i][0]));
        if (alx_preprocess_parse(&back, text, &error) != ALX_BAD_MODEL) fail_msg("accepted: %s", text);
        assert_non_null(strstr(error.message, "preprocessing"));
    }
    test_decode_key(json.data);
    assert_int_equal(alx_preprocess_parse(&back, "[]", &error), ALX_BAD_MODEL);
    assert_int_equal(alx_preprocess_parse(&back, "{\"a\\\n\":1}", &error), ALX_BAD_MODEL);
    assert_null(strchr(error.message, '\n')); /* the parser quotes the file */
    alx_text_finish(&json);
}

/* Python: [round((outer - inner) / 2) for ...] */
static void test_centre(void **state)
{
    (void)state;
    static const int gaps[] = {0, 0, 1, 2, 2, 2, 3, 4, 4};
    for (int gap = 0; gap < 9; gap++) assert_int_equal(alx_centre_offset(100 + gap, 100), gaps[gap]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pillow), cmocka_unit_test(test_cut),       cmocka_unit_test(test_elongated),
        cmocka_unit_test(test_emit),   cmocka_unit_test(test_emit_grey), cmocka_unit_test(test_json),
        cmocka_unit_test(test_centre),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

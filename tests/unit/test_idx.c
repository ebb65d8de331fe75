/* IDX files: whole, compressed, and damaged in every way. */
#include "images.h"

#include <zlib.h>

#include "base/file.h"
#include "data/idx.h"
#include "data/split.h"
#include "temp_folder.h"

static alx_error error;
static temp_path folder;
static const alx_source_config config = {.root = "", .path = "path", .separator = "", .label = {"label", "", {0}}};

static int setup(void **state)
{
    (void)state;
    temp_folder_make(folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    temp_folder_remove(folder);
    return 0;
}

typedef char file_path[1024];

static const char *at(const char *name, file_path path)
{
    snprintf(path, sizeof(file_path), "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const uint8_t *data, size_t count)
{
    file_path path;
    at(name, path);
    const size_t length = strlen(name);
    if (length < 3 || strcmp(name + length - 3, ".gz") != 0) {
        assert_int_equal(alx_file_write(path, data, count, &error), ALX_OK);
        return;
    }
    gzFile file = gzopen(path, "wb");
    assert_int_equal(gzwrite(file, data, (unsigned)count), (int)count);
    gzclose(file);
}

enum { IMAGES = 5, HEIGHT = 3, WIDTH = 2, PIXELS = HEIGHT * WIDTH };
static const uint8_t truth[IMAGES] = {1, 0, 2, 1, 0};

/* Pixel k of image i is 10 i + k. */
static size_t make_images(uint8_t *file)
{
    static const uint8_t header[16] = {0, 0, 8, 3, 0, 0, 0, IMAGES, 0, 0, 0, HEIGHT, 0, 0, 0, WIDTH};
    memcpy(file, header, 16);
    for (int i = 0; i < IMAGES * PIXELS; i++) file[16 + i] = (uint8_t)(10 * (i / PIXELS) + i % PIXELS);
    return 16 + IMAGES * PIXELS;
}

static void put_pair(const char *images, const char *labels)
{
    uint8_t file[256], marks[8 + IMAGES] = {0, 0, 8, 1, 0, 0, 0, IMAGES};
    put(images, file, make_images(file));
    memcpy(marks + 8, truth, IMAGES);
    put(labels, marks, sizeof marks);
}

static void images_and_labels_are_read(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
        {"t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"},
        {"a-images-idx3-ubyte.gz", "a-labels-idx1-ubyte"}, /* one of them unpacked */
        {"b-images-idx3-ubyte", "b-labels-idx1-ubyte.gz"},
        {"train-images.idx3-ubyte", "train-labels.idx1-ubyte"},
    };
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        put_pair(names[n][0], names[n][1]);
        file_path path, wanted;
        alx_sample_list list;
        alx_status status = alx_source_open(&list, at(names[n][0], path), false, &config, "", &error);
        if (status) fail_msg("%s", error.message);
        assert_int_equal(list.count, IMAGES);
        assert_int_equal(list.class_count, 3);
        assert_string_equal(list.class_names[2], "2");
        snprintf(wanted, sizeof wanted, "%s#%d", names[n][0], 3);
        assert_non_null(strstr(list.samples[3].path, wanted));
        for (int i = 0; i < IMAGES; i++) assert_int_equal(list.samples[i].label, truth[i]);
        alx_image image = {0};
        uint64_t first, second;
        assert_int_equal(alx_sample_read(&image, &first, &list, 3, NULL, &error), ALX_OK);
        assert_int_equal(image.width, WIDTH);
        assert_int_equal(image.height, HEIGHT);
        for (int k = 0; k < 3 * PIXELS; k++) assert_int_equal(image.rgb[k], 30 + k / 3);
        assert_int_equal(alx_sample_read(&image, &second, &list, 4, NULL, &error), ALX_OK);
        assert_true(first != second);
        alx_image_finish(&image);
        alx_sample_list_finish(&list);
    }
}

static void classes_have_names(void **state)
{
    (void)state;
    static const char *few[] = {"T-shirt", "trouser"}, *many[] = {"T-shirt", "trouser", "pullover", "dress"};
    put_pair("x-images-idx3-ubyte", "x-labels-idx1-ubyte");
    file_path path;
    alx_source_config named = config;
    alx_sample_list list;
    named.classes = (alx_texts){4, many};
    assert_int_equal(alx_source_open(&list, at("x-images-idx3-ubyte", path), false, &named, "", &error), ALX_OK);
    assert_int_equal(list.class_count, 4);
    assert_string_equal(list.class_names[list.samples[2].label], "pullover");
    alx_sample_list_finish(&list);
    named.classes = (alx_texts){2, few};
    assert_int_equal(alx_source_open(&list, path, false, &named, "", &error), ALX_BAD_DATA);
    assert_non_null(strstr(error.message, "label 2 of image 2 is none of the 2 of data.classes"));
}

/* Pixels live as long as one of the lists. */
static void pixels_are_shared(void **state)
{
    (void)state;
    put_pair("x-images-idx3-ubyte", "x-labels-idx1-ubyte");
    file_path path;
    alx_sample_list list, validation, test;
    assert_int_equal(alx_source_open(&list, at("x-images-idx3-ubyte", path), false, &config, "", &error), ALX_OK);
    const alx_split_config split = {.random_state = ALX_SPLIT_NONE, .group = "", .fold = 1, .validation = 0.5};
    assert_int_equal(alx_split(&list, &validation, &test, &split, &error), ALX_OK);
    alx_sample_list_finish(&test);
    alx_sample_list_finish(&list);
    alx_image image = {0};
    for (int64_t i = 0; i < validation.count; i++) {
        assert_int_equal(alx_sample_read(&image, NULL, &validation, i, NULL, &error), ALX_OK);
        assert_int_equal(image.rgb[0], 10 * atoi(strchr(validation.samples[i].path, '#') + 1));
    }
    alx_image_finish(&image);
    alx_sample_list_finish(&validation);
}

static void refuses(const char *name, const char *part)
{
    file_path path;
    alx_sample_list list;
    if (!alx_source_open(&list, at(name, path), false, &config, "", &error)) fail_msg("accepted: %s", name);
    if (!strstr(error.message, part)) print_error("%s\n", error.message);
    assert_non_null(strstr(error.message, part));
    assert_null(list.idx);
}

/* The image file with byte `at` replaced, cut to `size`. */
static void put_damaged(const char *name, int place, uint8_t value, size_t size)
{
    uint8_t file[256] = {0};
    const size_t whole = make_images(file);
    if (place >= 0) file[place] = value;
    put(name, file, size ? size : whole);
}

static void damage_is_named(void **state)
{
    (void)state;
    static const char *const names[] = {"d-images-idx3-ubyte", "d-images-idx3-ubyte.gz"};
    put_pair(names[0], "d-labels-idx1-ubyte");
    for (size_t n = 0; n < 2; n++) {
        put_damaged(names[n], 3, 4, 0);
        refuses(names[n], "an IDX file of type 0x08 in 4 dimensions; grey images are unsigned bytes (0x08) in 3");
        put_damaged(names[n], 7, 6, 0); /* six images claimed */
        refuses(names[n], "its header claims 36 bytes of data and 30 are there; fetch the file again");
        put_damaged(names[n], 7, 4, 0);
        refuses(names[n], "its header claims 24 bytes of data and at least 30 are there");
        put_damaged(names[n], 4, 127, 0); /* 2 billion images: nothing of the kind is allocated */
        refuses(names[n], "its header claims 12784238622 bytes of data, more than its ");
        put_damaged(names[n], 8, 255, 0);
        refuses(names[n], "its header claims too many bytes of data");
        put_damaged(names[n], 7, 0, 0);
        refuses(names[n], "its header claims no bytes of data");
        put_damaged(names[n], -1, 0, 11);
        refuses(names[n], "breaks off in its header");
    }
    put_damaged(names[0], 2, 9, 0); /* then not taken for IDX */
    refuses(names[0], "a zero byte, so this is no text");
    put_damaged(names[1], 0, 'x', 0);
    refuses(names[1], "not an IDX file");
}

static void broken_gzip_is_named(void **state)
{
    (void)state;
    file_path path;
    put_pair("g-images-idx3-ubyte.gz", "g-labels-idx1-ubyte.gz");
    uint8_t *packed;
    size_t count;
    assert_int_equal(alx_file_read(&packed, &count, at("g-images-idx3-ubyte.gz", path), 1 << 20, &error), ALX_OK);
    for (size_t size = 3; size < count; size++) {
        assert_int_equal(alx_file_write(path, packed, size, &error), ALX_OK);
        alx_sample_list list;
        assert_int_not_equal(alx_source_open(&list, path, false, &config, "", &error), ALX_OK);
    }
    packed[count - 6] ^= 1; /* the check sum */
    assert_int_equal(alx_file_write(path, packed, count, &error), ALX_OK);
    refuses("g-images-idx3-ubyte.gz", "fetch the file again");
    free(packed);
}

/* A small file that unpacks to much: reading stops at what the header claims. */
static void bombs_are_not_unpacked(void **state)
{
    (void)state;
    enum { SIZE = 64 << 20 };
    uint8_t *zeros = calloc(SIZE, 1);
    make_images(zeros);
    put("z-images-idx3-ubyte.gz", zeros, SIZE);
    free(zeros);
    refuses("z-images-idx3-ubyte.gz", "at least 262144 are there");
}

static void labels_must_fit(void **state)
{
    (void)state;
    file_path path;
    uint8_t marks[8 + IMAGES] = {0, 0, 8, 1, 0, 0, 0, IMAGES - 1};
    put_damaged("n-images-idx3-ubyte", -1, 0, 0);
    refuses("n-images-idx3-ubyte", "no file of its labels: looked for ");
    refuses("n-images-idx3-ubyte", "/n-labels-idx1-ubyte, with and without .gz");
    put("n-labels-idx1-ubyte", marks, sizeof marks - 1);
    refuses("n-images-idx3-ubyte", "4 labels for the 5 images of ");
    marks[7] = IMAGES;
    put("n-labels-idx1-ubyte", marks, sizeof marks); /* all of them 0 */
    refuses("n-images-idx3-ubyte", "one class alone (0)");
    put_damaged("n-labels-idx1-ubyte", -1, 0, 0);
    refuses("n-images-idx3-ubyte", "in 3 dimensions; labels are unsigned bytes (0x08) in 1");
    put_damaged("digits", -1, 0, 0);
    refuses("digits", "the file of its labels cannot be told; call the two ...images-idx3...");
    assert_false(alx_idx_is(at("none", path)));
    assert_false(alx_idx_is(folder));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(images_and_labels_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(classes_have_names, setup, teardown),
        cmocka_unit_test_setup_teardown(pixels_are_shared, setup, teardown),
        cmocka_unit_test_setup_teardown(damage_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(broken_gzip_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(bombs_are_not_unpacked, setup, teardown),
        cmocka_unit_test_setup_teardown(labels_must_fit, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Batches: the same numbers whatever the threads and the cache, and bad files that are counted, not fatal. */
#include <math.h>

#include "images.h"

#include "data/loader.h"

static alx_error error;

enum { SIDE = 12, PER_CLASS = 10, COUNT = 2 * PER_CLASS, SAMPLE = 3 * SIDE * SIDE };

/* Two classes of ten PNG each, all different, of different sizes. */
static char *make_data(void)
{
    char *folder = folder_make(), name[64];
    make_folder(folder, "a");
    make_folder(folder, "b");
    for (int i = 0; i < COUNT; i++) {
        int width = 10 + i, height = 30 - i;
        bytes rgb = noise((size_t)(width * height * 3), (uint32_t)i), png = encode_rgb_png(rgb.data, width, height);
        snprintf(name, sizeof name, "%c/%02d.png", i < PER_CLASS ? 'a' : 'b', i % PER_CLASS);
        write_file(folder, name, png);
        bytes_finish(&rgb);
        bytes_finish(&png);
    }
    return folder;
}

static alx_loader_config config_for(int threads, uint64_t cache_bytes)
{
    return (alx_loader_config){
        .preprocess = {.filter = ALX_FILTER_BILINEAR,
                       .image_height = SIDE + 4,
                       .image_width = SIDE + 3,
                       .height = SIDE,
                       .width = SIDE,
                       .channels = 3,
                       .rescale = 1.0 / 255,
                       .std = {1, 1, 1}},
        .cache_bytes = cache_bytes,
        .skip_bad = 1,
        .threads = threads,
    };
}

static alx_status make_loader(alx_loader **loader, alx_sample_list *list, const char *folder,
                              const alx_loader_config *config, alx_loader_report *report)
{
    assert_int_equal(alx_source_folder(list, folder, &error), ALX_OK);
    return alx_loader_create(loader, list, config, report, NULL, NULL, &error);
}

/* From the text that a recipe has. */
static void read_augment(alx_augment_list *list, alx_arena *arena, const char *yaml)
{
    alx_yaml *root;
    assert_int_equal(alx_yaml_parse(&root, arena, yaml, strlen(yaml), NULL, &error), ALX_OK);
    assert_int_equal(alx_augment_read(list, root, arena, &error), ALX_OK);
}

/* Every way to load gives the bytes of one image at a time. */
static void same_everywhere(const char *yaml)
{
    static const struct {
        int threads;
        uint64_t images; /* that the cache holds */
    } ways[] = {{1, 1000}, {2, 1000}, {4, 7}, {3, 0}};
    char *folder = make_data();
    alx_arena arena = {0};
    alx_augment_list augment;
    read_augment(&augment, &arena, yaml);
    static float expected[2][COUNT * SAMPLE], x[COUNT * SAMPLE];
    int64_t order[COUNT];
    int32_t labels[COUNT];
    uint64_t hash = 0, image_bytes = (SIDE + 4) * (SIDE + 3) * 3;
    for (int i = 0; i < COUNT; i++) order[i] = (i * 7 + 3) % COUNT;
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        alx_loader_config config = config_for(ways[w].threads, ways[w].images * image_bytes + 5);
        config.augment = &augment;
        alx_sample_list list;
        alx_loader *loader;
        alx_loader_report report;
        assert_int_equal(make_loader(&loader, &list, folder, &config, &report), ALX_OK);
        assert_int_equal(report.bad, 0);
        assert_int_equal(report.cached_bytes, (ways[w].images < COUNT ? ways[w].images : COUNT) * image_bytes);
        if (w == 0) hash = report.content_hash;
        assert_true(report.content_hash == hash);
        for (int training = 0; training < 2; training++) {
            float *out = w == 0 ? expected[training] : x;
            assert_int_equal(alx_loader_fill(loader, order, COUNT, training, 5, 2, out, labels, &error), ALX_OK);
            assert_memory_equal(out, expected[training], sizeof x);
            for (int i = 0; i < COUNT; i++) assert_int_equal(labels[i], order[i] >= PER_CLASS);
        }
        /* A sample's view does not depend on the batch it is in; another epoch gives others. */
        assert_int_equal(alx_loader_fill(loader, &order[9], 1, 1, 5, 2, x, labels, &error), ALX_OK);
        assert_memory_equal(x, expected[1] + 9 * SAMPLE, SAMPLE * sizeof *x);
        assert_int_equal(alx_loader_fill(loader, order, COUNT, 1, 5, 3, x, labels, &error), ALX_OK);
        assert_memory_not_equal(x, expected[1], sizeof x);
        alx_loader_destroy(loader);
        alx_sample_list_finish(&list);
    }
    assert_memory_not_equal(expected[0], expected[1], sizeof x);
    alx_arena_finish(&arena);
    folder_remove(folder);
}

static void test_same_everywhere(void **state)
{
    (void)state;
    same_everywhere("[random_crop, flip]");
    /* Every augmentation that there is, and nearly always. */
    same_everywhere(
        "[random_crop, flip, rotate, translate, scale, shear, elastic: {alpha: 20, sigma: 3}, stroke_width, "
        "color_jitter: {hue: 0.2}, grayscale, pca_lighting, gaussian_blur, noise, "
        "erase: {probability: 0.9, fill: random}, mixup: {alpha: 1, probability: 0.5}, cutmix]");
    same_everywhere("[random_resized_crop, noise]");
}

/* Some images are whole and some mixed; the first label has the larger share. */
static void test_mixed_labels(void **state)
{
    (void)state;
    char *folder = make_data();
    alx_arena arena = {0};
    alx_augment_list augment;
    read_augment(&augment, &arena, "[mixup: {alpha: 1, probability: 0.5}, cutmix: {probability: 0.5}]");
    alx_loader_config config = config_for(2, 1 << 20);
    config.augment = &augment;
    alx_sample_list list;
    alx_loader *loader;
    alx_loader_report report;
    assert_int_equal(make_loader(&loader, &list, folder, &config, &report), ALX_OK);
    enum { EPOCHS = 20 };
    int64_t order[COUNT];
    int32_t labels[COUNT], others[COUNT];
    float shares[COUNT];
    int whole = 0, swapped = 0, differ = 0;
    for (int i = 0; i < COUNT; i++) order[i] = i;
    for (uint32_t epoch = 0; epoch < EPOCHS; epoch++) {
        alx_loader_mix_labels(loader, order, COUNT, 1, 5, epoch, labels, others, shares);
        for (int i = 0; i < COUNT; i++) {
            assert_true(shares[i] >= 0.5f && shares[i] <= 1);
            whole += shares[i] == 1;
            differ += labels[i] != others[i];
            swapped += labels[i] != i / PER_CLASS;
        }
    }
    /* A quarter stays whole; of the others half meet the other class; a box may be the larger part. */
    assert_true(whole > COUNT * EPOCHS / 8 && whole < COUNT * EPOCHS / 2);
    assert_true(differ > COUNT * EPOCHS / 4 && swapped > 0 && swapped < differ / 2);
    alx_loader_mix_labels(loader, order, COUNT, 0, 5, 2, labels, others, shares);
    for (int i = 0; i < COUNT; i++) assert_true(shares[i] == 1 && labels[i] == others[i] && labels[i] == i / PER_CLASS);
    alx_loader_destroy(loader);
    alx_sample_list_finish(&list);
    alx_arena_finish(&arena);
    folder_remove(folder);
}

typedef struct figures {
    double mean, std;
} figures;

/* Of channel c of all images, as evaluation sees them. */
static figures measure(alx_loader *loader, int c)
{
    static float x[COUNT * SAMPLE];
    int64_t order[COUNT];
    int32_t labels[COUNT];
    for (int i = 0; i < COUNT; i++) order[i] = i;
    assert_int_equal(alx_loader_fill(loader, order, COUNT, 0, 0, 0, x, labels, &error), ALX_OK);
    const int plane = SAMPLE / 3, values = COUNT * plane;
    double sum = 0, squares = 0;
    for (int i = 0; i < values; i++) {
        const double value = (double)x[i / plane * SAMPLE + c * plane + i % plane];
        sum += value;
        squares += value * value;
    }
    return (figures){sum / values, sqrt(squares / values - sum / values * (sum / values))};
}

/* The report's figures are those of the bytes, whatever the threads; normalised by them, images have 0 and 1. */
static void test_figures(void **state)
{
    (void)state;
    char *folder = make_data();
    for (int threads = 1; threads < 4; threads += 2) {
        alx_loader_config config = config_for(threads, 1 << 20);
        config.measure = true;
        alx_sample_list list;
        alx_loader *loader;
        alx_loader_report report;
        assert_int_equal(make_loader(&loader, &list, folder, &config, &report), ALX_OK);
        const double rescale = config.preprocess.rescale, none[3] = {0}, one[3] = {1, 1, 1};
        double means[3], stds[3];
        alx_loader_normalize(loader, none, one);
        for (int c = 0; c < 3; c++) {
            const figures f = measure(loader, c);
            means[c] = report.mean[c] * rescale;
            stds[c] = report.std[c] * rescale;
            assert_true(f.std > 0.01 && fabs(means[c] - f.mean) < 1e-6 && fabs(stds[c] - f.std) < 1e-6);
        }
        alx_loader_normalize(loader, means, stds);
        for (int c = 0; c < 3; c++) {
            const figures f = measure(loader, c);
            assert_true(fabs(f.mean) < 1e-5 && fabs(f.std - 1) < 1e-5);
        }
        alx_loader_destroy(loader);
        alx_sample_list_finish(&list);
    }
    folder_remove(folder);
}

/* What fill gives is decode, resize, centre crop, scale. */
static void test_values(void **state)
{
    (void)state;
    char *folder = make_data();
    alx_loader_config config = config_for(2, 1 << 20);
    alx_sample_list list;
    alx_loader *loader;
    alx_loader_report report;
    assert_int_equal(make_loader(&loader, &list, folder, &config, &report), ALX_OK);
    alx_image image = {0};
    alx_resampler scratch = {0};
    static uint8_t resized[(SIDE + 4) * (SIDE + 3) * 3];
    static float x[SAMPLE];
    for (int64_t i = 0; i < COUNT; i++) {
        int32_t label;
        assert_int_equal(alx_image_read(&image, list.samples[i].path, NULL, &error), ALX_OK);
        assert_int_equal(alx_resample(&scratch, resized, SIDE + 3, SIDE + 4, image.rgb, image.width, image.height,
                                      ALX_FILTER_BILINEAR, &error),
                         ALX_OK);
        assert_int_equal(alx_loader_fill(loader, &i, 1, 0, 0, 0, x, &label, &error), ALX_OK);
        for (int c = 0; c < 3; c++)
            for (int y = 0; y < SIDE; y++)
                for (int k = 0; k < SIDE; k++) /* gaps of 4 and 3: cut at 2 and, 1.5 to the even side, 2 */
                    assert_true(x[(c * SIDE + y) * SIDE + k] ==
                                (float)(resized[((y + 2) * (SIDE + 3) + k + 2) * 3 + c] * (1.0 / 255)));
    }
    alx_image_finish(&image);
    alx_resampler_finish(&scratch);
    alx_loader_destroy(loader);
    alx_sample_list_finish(&list);
    folder_remove(folder);
}

static void test_content_hash(void **state)
{
    (void)state;
    char *folder = make_data(), from[4096], to[4096];
    alx_loader_config config = config_for(2, 1 << 20);
    uint64_t hashes[3];
    for (int i = 0; i < 3; i++) {
        if (i == 1) { /* other content */
            bytes rgb = noise(300, 99), png = encode_rgb_png(rgb.data, 10, 10);
            write_file(folder, "a/05.png", png);
            bytes_finish(&rgb);
            bytes_finish(&png);
        }
        if (i == 2) /* the same files in the same order, one with another label */
            assert_int_equal(rename(in(folder, "a/09.png", from), in(folder, "b/!.png", to)), 0);
        alx_sample_list list;
        alx_loader *loader;
        alx_loader_report report;
        assert_int_equal(make_loader(&loader, &list, folder, &config, &report), ALX_OK);
        hashes[i] = report.content_hash;
        alx_loader_destroy(loader);
        alx_sample_list_finish(&list);
    }
    assert_true(hashes[0] != hashes[1] && hashes[1] != hashes[2]);
    folder_remove(folder);
}

/* Two of 22 files are bad: skipped, counted, the first by name told, the rest unchanged. */
static void test_bad_files(void **state)
{
    (void)state;
    static float expected[COUNT * SAMPLE], x[COUNT * SAMPLE];
    int64_t order[COUNT];
    int32_t labels[COUNT];
    for (int i = 0; i < COUNT; i++) order[i] = i;
    char *folder = make_data();
    alx_loader_config config = config_for(2, 1 << 20);
    alx_sample_list list;
    alx_loader *loader;
    alx_loader_report report;
    assert_int_equal(make_loader(&loader, &list, folder, &config, &report), ALX_OK);
    assert_int_equal(alx_loader_fill(loader, order, COUNT, 0, 0, 0, expected, labels, &error), ALX_OK);
    uint64_t hash = report.content_hash;
    alx_loader_destroy(loader);
    alx_sample_list_finish(&list);

    write_file(folder, "a/04x.png", (bytes){(uint8_t *)"GIF89a", 6});
    write_file(folder, "b/00.jpg", (bytes){(uint8_t *)"", 0});
    for (int threads = 1; threads <= 4; threads++) {
        config.threads = threads;
        config.skip_bad = 1;
        assert_int_equal(make_loader(&loader, &list, folder, &config, &report), ALX_BAD_DATA);
        assert_null(loader);
        assert_non_null(strstr(error.message, "2 of 22 images cannot be read, more than the 1 % of skip_bad"));
        assert_non_null(strstr(error.message, "a/04x.png: a GIF image"));
        assert_int_equal(list.count, 22);
        alx_sample_list_finish(&list);

        config.skip_bad = 10;
        config.cache_bytes = threads % 2 ? 1 << 20 : 12 * (SIDE + 4) * (SIDE + 3) * 3;
        assert_int_equal(make_loader(&loader, &list, folder, &config, &report), ALX_OK);
        assert_int_equal(report.bad, 2);
        assert_non_null(strstr(report.first_bad, "a/04x.png: a GIF image"));
        assert_int_equal(list.count, COUNT);
        assert_true(report.content_hash == hash);
        assert_int_equal(alx_loader_fill(loader, order, COUNT, 0, 0, 0, x, labels, &error), ALX_OK);
        assert_memory_equal(x, expected, sizeof x);
        for (int i = 0; i < COUNT; i++) assert_int_equal(labels[i], i >= PER_CLASS);
        alx_loader_destroy(loader);
        alx_sample_list_finish(&list);
    }
    folder_remove(folder);
}

static void test_lost_class(void **state)
{
    (void)state;
    char *folder = make_data();
    make_folder(folder, "c");
    write_file(folder, "c/1.png", (bytes){(uint8_t *)"nothing", 7});
    alx_loader_config config = config_for(2, 1 << 20);
    config.skip_bad = 50;
    alx_sample_list list;
    alx_loader *loader;
    alx_loader_report report;
    assert_int_equal(make_loader(&loader, &list, folder, &config, &report), ALX_BAD_DATA);
    assert_non_null(strstr(error.message, "class c: none of its images can be read"));
    alx_sample_list_finish(&list);
    folder_remove(folder);
}

/* Files that go after the first reading: the first in the batch is named, by any number of threads. */
static void test_files_that_go(void **state)
{
    (void)state;
    char *folder = make_data(), path[4096];
    alx_loader_config config = config_for(4, 0);
    alx_sample_list list;
    alx_loader *loader;
    alx_loader_report report;
    assert_int_equal(make_loader(&loader, &list, folder, &config, &report), ALX_OK);
    for (int i = 3; i < 10; i++) assert_int_equal(remove(list.samples[i].path), 0);
    static float x[COUNT * SAMPLE];
    int64_t order[COUNT];
    int32_t labels[COUNT];
    for (int i = 0; i < COUNT; i++) order[i] = COUNT - 1 - i;
    for (int again = 0; again < 20; again++) {
        error.message[0] = '\0';
        alx_loader_read_ahead(loader, order, COUNT); /* of files that are gone: nobody's mistake yet */
        assert_int_equal(alx_loader_fill(loader, order, COUNT, 0, 0, 0, x, labels, &error), ALX_IO);
        assert_non_null(strstr(error.message, in(folder, "a/09.png: no such file", path)));
    }
    alx_loader_destroy(loader);
    alx_sample_list_finish(&list);
    folder_remove(folder);
}

/* What a recipe's data section becomes. */
static void test_data_config(void **state)
{
    (void)state;
    static const int input[3] = {227, 226, 3}, grey[3] = {28, 28, 1}, four[3] = {8, 8, 4};
    alx_arena arena = {0};
    alx_data_config c = {0};
    alx_preprocess p;
    assert_int_equal(alx_options_default(alx_data_options, &c, &arena, &error), ALX_OK);
    assert_string_equal(c.train, "");
    assert_true(c.split.validation == 0 && /* owned by alx_split_options */ c.cache == 4 && c.skip_bad == 1);
    assert_int_equal(alx_data_preprocess(&c, input, &p, &error), ALX_OK);
    assert_true(p.resize == ALX_RESIZE_STRETCH && p.filter == ALX_FILTER_BILINEAR && p.rescale == 1.0 / 255);
    assert_true(p.image_height == 227 && p.image_width == 226 && p.height == 227 && p.width == 226 && p.channels == 3);
    assert_true(p.mean[2] == 0 && p.std[2] == 1);

    assert_int_equal(alx_options_set(alx_data_options, &c, "image_size", "256", &arena, &error), ALX_OK);
    assert_int_equal(alx_options_set(alx_data_options, &c, "mean", "0.5", &arena, &error), ALX_OK);
    assert_int_equal(alx_options_set(alx_data_options, &c, "std", "[0.1, 0.2, 0.3]", &arena, &error), ALX_OK);
    assert_int_equal(alx_data_preprocess(&c, input, &p, &error), ALX_OK);
    assert_true(p.image_height == 256 && p.width == 226 && p.mean[1] == 0.5 && p.std[2] == 0.3);
    assert_int_equal(alx_data_preprocess(&c, grey, &p, &error), ALX_USAGE);
    assert_non_null(strstr(error.message, "std has 3 numbers"));
    assert_int_equal(alx_data_preprocess(&c, four, &p, &error), ALX_BAD_MODEL);
    assert_int_equal(alx_options_set(alx_data_options, &c, "image_size", "[227, 200]", &arena, &error), ALX_OK);
    assert_int_equal(alx_data_preprocess(&c, input, &p, &error), ALX_USAGE);
    assert_non_null(strstr(error.message, "image_size 227x200 is smaller than the network's input 227x226"));
    assert_int_equal(alx_options_set(alx_data_options, &c, "resize", "squash", &arena, &error), ALX_USAGE);
    assert_int_equal(alx_options_set(alx_data_options, &c, "validation_split", "1", &arena, &error), ALX_USAGE);
    assert_int_equal(alx_options_set(alx_data_options, &c, "std", "0", &arena, &error), ALX_USAGE);
    alx_arena_finish(&arena);
}

static void count_progress(int64_t done, int64_t total, void *user)
{
    int64_t *last = user;
    assert_true(done > *last && done <= total && total == COUNT);
    *last = done;
}

static void test_progress(void **state)
{
    (void)state;
    char *folder = make_data();
    alx_loader_config config = config_for(2, 1 << 20);
    alx_sample_list list;
    alx_loader *loader;
    alx_loader_report report;
    int64_t last = 0;
    assert_int_equal(alx_source_folder(&list, folder, &error), ALX_OK);
    assert_int_equal(alx_loader_create(&loader, &list, &config, &report, count_progress, &last, &error), ALX_OK);
    assert_int_equal(last, COUNT);
    alx_loader_destroy(loader);
    alx_loader_destroy(NULL);
    alx_sample_list_finish(&list);
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_everywhere), cmocka_unit_test(test_values),     cmocka_unit_test(test_content_hash),
        cmocka_unit_test(test_bad_files),       cmocka_unit_test(test_lost_class), cmocka_unit_test(test_files_that_go),
        cmocka_unit_test(test_data_config),     cmocka_unit_test(test_progress),   cmocka_unit_test(test_mixed_labels),
        cmocka_unit_test(test_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

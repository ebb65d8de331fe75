/* Copies that a person would take for the same are near, different pictures are not, and the search finds all. */
#include "pictures.h"

#include "data/inspect.h"

static alx_error error;
static alx_phash_table table;

enum { SIDE = 96 };

typedef struct look {
    uint64_t hash;
    alx_thumb thumb;
} look;

static look look_at(const uint8_t *rgb, int width, int height)
{
    look l;
    alx_resampler scratch = {0};
    assert_int_equal(alx_phash_compute(&l.hash, &l.thumb, &table, &scratch, rgb, width, height, &error), ALX_OK);
    alx_resampler_finish(&scratch);
    return l;
}

static bool is_near(const look *a, const look *b)
{
    return alx_phash_distance(a->hash, b->hash) <= ALX_PHASH_NEAR && alx_thumb_alike(&a->thumb, &b->thumb);
}

static void scale(uint8_t *rgb, size_t count, double factor, double offset)
{
    for (size_t i = 0; i < count; i++) {
        double value = rgb[i] * factor + offset;
        rgb[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
}

static void test_copies(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 20; seed++) {
        uint8_t *rgb = picture(seed, SIDE, SIDE);
        look original = look_at(rgb, SIDE, SIDE);
        assert_int_equal(__builtin_popcountll(original.hash), ALX_PHASH_BITS / 2);

        bytes jpeg = encode_jpeg(rgb, SIDE, SIDE, TJPF_RGB, TJSAMP_420, 0);
        alx_image image = {0};
        assert_decodes(&image, jpeg, SIDE, SIDE);
        look saved = look_at(image.rgb, SIDE, SIDE);
        assert_true(is_near(&original, &saved));

        uint8_t *webp = NULL;
        size_t size = WebPEncodeRGB(rgb, SIDE, SIDE, SIDE * 3, 30, &webp);
        bytes lossy = take_webp(webp, size);
        assert_decodes(&image, lossy, SIDE, SIDE);
        look coarse = look_at(image.rgb, SIDE, SIDE);
        assert_true(is_near(&original, &coarse));

        alx_resampler scratch = {0};
        uint8_t small[(SIDE / 2) * (SIDE / 3) * 3];
        assert_int_equal(alx_resample(&scratch, small, SIDE / 2, SIDE / 3, rgb, SIDE, SIDE, ALX_FILTER_BICUBIC, &error),
                         ALX_OK);
        look half = look_at(small, SIDE / 2, SIDE / 3); /* another size and shape */
        assert_true(is_near(&original, &half));

        scale(rgb, SIDE * SIDE * 3, 0.7, 20);
        look dim = look_at(rgb, SIDE, SIDE);
        assert_true(is_near(&original, &dim));

        alx_resampler_finish(&scratch);
        alx_image_finish(&image);
        bytes_finish(&jpeg);
        bytes_finish(&lossy);
        free(rgb);
    }
}

static void test_others(void **state)
{
    (void)state;
    enum { COUNT = 60 };
    look *looks = calloc(COUNT, sizeof *looks);
    for (uint32_t seed = 0; seed < COUNT; seed++) {
        uint8_t *rgb = picture(seed, SIDE, SIDE);
        looks[seed] = look_at(rgb, SIDE, SIDE);
        free(rgb);
    }
    for (int a = 0; a < COUNT; a++)
        for (int b = 0; b < a; b++) assert_false(is_near(&looks[a], &looks[b]));
    free(looks);

    /* The same brightness in other colours is another picture. */
    uint8_t *rgb = picture(1, SIDE, SIDE);
    look original = look_at(rgb, SIDE, SIDE);
    for (int i = 0; i < SIDE * SIDE; i++) rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = alx_luma(rgb + 3 * i);
    look grey = look_at(rgb, SIDE, SIDE);
    assert_in_range(alx_phash_distance(original.hash, grey.hash), 0, ALX_PHASH_NEAR);
    assert_false(is_near(&original, &grey));
    free(rgb);
}

static void test_content(void **state)
{
    (void)state;
    uint8_t *rgb = picture(1, SIDE, SIDE);
    look full = look_at(rgb, SIDE, SIDE);
    assert_true(alx_thumb_has_content(&full.thumb));
    scale(rgb, SIDE * SIDE * 3, 0.01, 200); /* one level apart at most three */
    look faint = look_at(rgb, SIDE, SIDE);
    assert_false(alx_thumb_has_content(&faint.thumb));
    memset(rgb, 77, SIDE * SIDE * 3);
    look flat = look_at(rgb, 1, 1);
    assert_false(alx_thumb_has_content(&flat.thumb));
    assert_false(alx_thumb_alike(&flat.thumb, &flat.thumb));
    free(rgb);
}

static uint64_t next_hash(uint32_t *state)
{
    uint64_t hash = 0;
    for (int i = 0; i < 8; i++) hash = hash << 8 | next_byte(state);
    return hash;
}

/* The nearest picture in split s, by trying all: those of one thumbnail look the same. */
static int64_t nearest(const alx_near_set *set, int64_t me, int s)
{
    int64_t best = -1;
    int distance = ALX_PHASH_NEAR + 1;
    for (int64_t k = 0; k < set->count; k++) {
        int d = alx_phash_distance(set->hashes[me], set->hashes[k]);
        if (k == me || !(set->splits[k] >> s & 1) || set->images[k] != set->images[me] || d >= distance) continue;
        best = k;
        distance = d;
    }
    return best;
}

static void test_search(void **state)
{
    (void)state;
    enum { COUNT = 4000 };
    uint64_t *hashes = calloc(COUNT, sizeof *hashes);
    int64_t *images = calloc(COUNT, sizeof *images), *partners = calloc(COUNT, ALX_SPLITS * sizeof *partners);
    int64_t *again = calloc(COUNT, ALX_SPLITS * sizeof *again), given_up, found = 0;
    uint8_t *splits = calloc(COUNT, 1);
    alx_thumb thumbs[2];
    for (uint32_t t = 0; t < 2; t++) {
        uint8_t *rgb = picture(t, SIDE, SIDE);
        thumbs[t] = look_at(rgb, SIDE, SIDE).thumb;
        free(rgb);
    }
    uint32_t seed = 7;
    for (int k = 0; k < COUNT; k++) {
        hashes[k] = next_hash(&seed);
        /* Up to twelve bits from an earlier one, in whichever parts they fall. */
        if (k % 2) hashes[k] = hashes[next_byte(&seed) * k / 256];
        for (int flips = k % 2 ? next_byte(&seed) % 13 : 0; flips > 0; flips--)
            hashes[k] ^= (uint64_t)1 << (next_byte(&seed) & 63);
        images[k] = next_byte(&seed) < 200 ? 0 : 1;
        splits[k] = (uint8_t)(next_byte(&seed) & 7); /* 0: left out */
    }
    const alx_near_set set = {COUNT, hashes, images, splits};
    assert_int_equal(alx_near_search(partners, &given_up, thumbs, &set, 1, &error), ALX_OK);
    assert_int_equal(given_up, 0);
    for (int k = 0; k < COUNT; k++)
        for (int s = 0; s < ALX_SPLITS; s++) {
            int64_t wanted = splits[k] ? nearest(&set, k, s) : -1;
            if (partners[k * ALX_SPLITS + s] != wanted)
                fail_msg("picture %d, split %d: %d, not %d", k, s, (int)partners[k * ALX_SPLITS + s], (int)wanted);
            found += wanted >= 0;
        }
    assert_true(found > COUNT / 2);
    for (int threads = 2; threads <= 5; threads++) {
        assert_int_equal(alx_near_search(again, &given_up, thumbs, &set, threads, &error), ALX_OK);
        assert_memory_equal(again, partners, COUNT * ALX_SPLITS * sizeof *partners);
    }
    free(hashes);
    free(images);
    free(partners);
    free(again);
    free(splits);
}

/* One hash and pictures that do not look alike: the search ends, and says that it gave up. */
static void test_flood(void **state)
{
    (void)state;
    enum { COUNT = 1100 };
    uint64_t *hashes = calloc(COUNT, sizeof *hashes);
    int64_t *images = calloc(COUNT, sizeof *images), *partners = calloc(COUNT, ALX_SPLITS * sizeof *partners), given_up;
    uint8_t *splits = calloc(COUNT, 1);
    alx_thumb *thumbs = calloc(COUNT, sizeof *thumbs);
    for (int k = 0; k < COUNT; k++) {
        bytes pixels = noise(ALX_THUMB_PLANES * ALX_THUMB_PIXELS, (uint32_t)k);
        memcpy(thumbs[k].pixels, pixels.data, pixels.count);
        bytes_finish(&pixels);
        images[k] = k;
        splits[k] = 1;
    }
    const alx_near_set set = {COUNT, hashes, images, splits};
    assert_int_equal(alx_near_search(partners, &given_up, thumbs, &set, 2, &error), ALX_OK);
    assert_int_equal(given_up, COUNT);
    free(hashes);
    free(images);
    free(partners);
    free(splits);
    free(thumbs);
}

static int set_up(void **state)
{
    (void)state;
    alx_phash_table_init(&table);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies), cmocka_unit_test(test_others), cmocka_unit_test(test_content),
        cmocka_unit_test(test_search), cmocka_unit_test(test_flood),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}

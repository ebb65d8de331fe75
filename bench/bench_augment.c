/* bench_augment [SIDE]: images a second of each augmentation on one core, from images of SIDE + 29 to inputs of
 * SIDE x SIDE (227), and what it adds in ms.  The first row is the cut and the conversion to floats that all have. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "data/augment_class.h"

enum { DEFAULT_SIDE = 227, LARGER = 29, SAMPLES = 16, ROUNDS = 200 };

/* One sample to floats, its partner and the mixture included where the list mixes.  mixed: (height, width, 3) */
static void make_sample(const alx_augment_list *list, const alx_preprocess *p, const alx_preprocess *cut,
                        alx_augment_scratch *scratch, const uint8_t *resized, uint32_t sample, uint8_t *mixed, float *x)
{
    const alx_augment_key key = {1, 0, sample}, partner = {1, 0, sample + SAMPLES};
    const uint8_t *rgb = alx_augment_sample(list, p, scratch, resized, &key);
    alx_mix mix;
    if (alx_augment_mix(&mix, list, p, SAMPLES, &key)) {
        memcpy(mixed, rgb, (size_t)p->height * (size_t)p->width * 3);
        alx_mix_pixels(&mix, p, alx_augment_sample(list, p, scratch, resized, &partner), mixed);
        rgb = mixed;
    }
    alx_preprocess_emit(cut, rgb, 0, 0, 0, x);
}

/* Seconds a sample: the best of many short rounds, which others on the machine disturb less than a long one. */
static double measure(const alx_augment_list *list, const alx_preprocess *p, const uint8_t *resized, float *x)
{
    alx_augment_scratch *scratch;
    alx_error err;
    uint8_t *mixed = malloc((size_t)p->height * (size_t)p->width * 3);
    if (!mixed || alx_augment_scratch_create(&scratch, list, p, &err)) exit(1);
    alx_preprocess cut = *p;
    cut.image_height = p->height;
    cut.image_width = p->width;
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = alx_clock();
        for (uint32_t sample = 0; sample < SAMPLES; sample++)
            make_sample(list, p, &cut, scratch, resized, sample, mixed, x);
        double seconds = (alx_clock() - start) / SAMPLES;
        if (seconds < best) best = seconds;
    }
    alx_augment_scratch_destroy(scratch);
    free(mixed);
    return best;
}

static void read_list(alx_augment_list *list, alx_arena *arena, const char *text)
{
    alx_yaml *node;
    alx_error err;
    if (!alx_yaml_parse(&node, arena, text, strlen(text), NULL, &err) && !alx_augment_read(list, node, arena, &err))
        return;
    fprintf(stderr, "%s\n", err.message);
    exit(1);
}

int main(int argc, char **argv)
{
    const int side = argc > 1 ? atoi(argv[1]) : DEFAULT_SIDE;
    if (side < 1 || side > 4096) return 2;
    const alx_preprocess p = {.image_height = side + LARGER,
                              .image_width = side + LARGER,
                              .height = side,
                              .width = side,
                              .channels = 3,
                              .rescale = 1.0 / 255,
                              .std = {1, 1, 1}};
    const size_t bytes = (size_t)p.image_height * (size_t)p.image_width * 3;
    uint8_t *resized = malloc(bytes);
    float *x = malloc((size_t)side * (size_t)side * 3 * sizeof *x);
    if (!resized || !x) return 1;
    for (size_t i = 0; i < bytes; i++) resized[i] = (uint8_t)(i * 2654435761u >> 24);
    double plain = 0;
    printf("%-40s %10s %10s\n", "one core", "images/s", "ms more");
    for (int i = -1; i < 0 || alx_augment_classes[i]; i++) {
        alx_arena arena = {0};
        alx_augment_list list;
        char text[96] = "[]";
        /* Always, so that the time is that of an image that is changed. */
        const char *name = i < 0 ? "[]" : alx_augment_classes[i]->name;
        if (i >= 0)
            snprintf(text, sizeof text, alx_augment_classes[i]->may_happen ? "[%s: {probability: 1}]" : "[%s]", name);
        read_list(&list, &arena, text);
        double seconds = measure(&list, &p, resized, x);
        if (i < 0) plain = seconds;
        printf("%-40s %10.0f %10.3f\n", name, 1 / seconds, 1e3 * (seconds - plain));
        alx_arena_finish(&arena);
    }
    free(x);
    free(resized);
    return 0;
}

/* Small runs on drawn images, and what they said, for the tests of src/train. */
#ifndef TESTS_UNIT_TRAINER_FIXTURE_H
#define TESTS_UNIT_TRAINER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <math.h>
#include <png.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "data/dataset.h"
#include "formats/safetensors.h"
#include "train/trainer.h"
#include "unit/temp_folder.h"

enum { SIDE = 16 };

/* Crop, flip, dropout, batch normalisation: whatever draws or keeps statistics; the first dense layer is large
 * enough for tiles. */
static const char network[] = "name: small\nclasses: 2\ninput: [12, 12, 3]\nlayers:\n"
                              "  - conv2d: {filters: 8, kernel_size: 3, padding: same, use_bias: false}\n"
                              "  - batch_normalization\n"
                              "  - activation: {activation: relu}\n"
                              "  - max_pooling2d: {pool_size: 2}\n"
                              "  - flatten\n"
                              "  - dense: {units: 256, activation: relu}\n"
                              "  - dropout: {rate: 0.25}\n"
                              "  - dense: {units: classes, activation: softmax}\n";

/* ---- A folder for each test ---- */

static temp_path root;

/* root/name: one of the last 16 that were asked for. */
static inline const char *at(const char *name)
{
    static char paths[16][1024];
    static int next;
    char *path = paths[next++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static inline void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static inline void make_folder(const char *path)
{
    assert_int_equal(alx_file_make_folder(path, NULL), ALX_OK);
}

/* Class 0: stripes across, 1: stripes down, 2: a dot; each with its own shift and noise. */
static inline void draw(const char *path, int class, unsigned number)
{
    uint8_t pixels[SIDE][SIDE][3];
    unsigned noise = number * 2654435761u + (unsigned)class * 97u + 1;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            int dx = x - SIDE / 2, dy = y - SIDE / 2;
            int on = class == 0   ? (y + (int)number) / 2 % 2
                     : class == 1 ? (x + (int)number) / 2 % 2
                                  : dx * dx + dy * dy < 20;
            for (int c = 0; c < 3; c++) {
                noise = noise * 1664525u + 1013904223u;
                pixels[y][x][c] = (uint8_t)((on ? 180 : 40) + (int)(noise >> 27));
            }
        }
    png_image image = {.version = PNG_IMAGE_VERSION, .width = SIDE, .height = SIDE, .format = PNG_FORMAT_RGB};
    assert_true(png_image_write_to_file(&image, path, 0, pixels, 0, NULL));
}

static inline void draw_class(const char *folder, const char *name, int class, int count, unsigned first)
{
    char path[2048];
    snprintf(path, sizeof path, "%s/%s", at(folder), name);
    make_folder(path);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s/%03d.png", at(folder), name, i);
        draw(path, class, first + (unsigned)i);
    }
}

static inline int set_up(void **state)
{
    (void)state;
    temp_folder_make(root);
    draw_class("train", "across", 0, 21, 0);
    draw_class("train", "down", 1, 21, 0);
    draw_class("validation", "across", 0, 9, 100);
    draw_class("validation", "down", 1, 9, 100);
    write_file(at("net.yaml"), network, sizeof network - 1);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    temp_folder_remove(root);
    return 0;
}

/* ---- Events ---- */

typedef struct witness {
    alx_trainer *trainer;
    int64_t steps, val_steps, epochs_ended, ends;
    int64_t stop_after_steps, stop_after_val_steps; /* counted over the run; 0: never */
    double loss, val_accuracy, last_loss_seen;
    int started, best;
    char said[8192]; /* messages and warnings, a line each */
    char ended[512]; /* what the end said */
} witness;

static inline void watch(const alx_event *event, void *user)
{
    witness *w = user;
    assert_int_equal(event->struct_size, sizeof *event);
    if (event->kind == ALX_EVENT_START) w->started++;
    if (event->kind == ALX_EVENT_END) {
        w->ends++;
        snprintf(w->ended, sizeof w->ended, "%s", event->text);
    }
    if (event->kind == ALX_EVENT_STEP) {
        assert_true(event->step >= 1 && event->step <= event->steps);
        w->steps++;
        if (w->steps == w->stop_after_steps) alx_trainer_stop(w->trainer);
    }
    if (event->kind == ALX_EVENT_VALIDATE) {
        w->val_steps++;
        if (w->val_steps == w->stop_after_val_steps) alx_trainer_stop(w->trainer);
    }
    if (event->kind == ALX_EVENT_EPOCH_END) {
        w->epochs_ended++;
        assert_int_equal(event->epoch, event->step ? event->epoch : 0);
        w->loss = event->loss;
        w->val_accuracy = event->val_accuracy;
        w->best += event->best;
    }
    if (event->kind == ALX_EVENT_MESSAGE || event->kind == ALX_EVENT_WARNING) {
        size_t used = strlen(w->said);
        snprintf(w->said + used, sizeof w->said - used, "%s%s\n", event->kind == ALX_EVENT_WARNING ? "warning: " : "",
                 event->text);
    }
}

/* ---- Running ---- */

static inline alx_recipe *make_recipe(void)
{
    alx_recipe *recipe;
    assert_int_equal(alx_recipe_create(&recipe, NULL), ALX_OK);
    const char *const keys[][2] = {{"model", at("net.yaml")},
                                   {"data.train", at("train")},
                                   {"data.validation", at("validation")},
                                   {"image_size", "16"},
                                   {"augment", "[random_crop, flip]"},
                                   {"batch_size", "8"},
                                   {"epochs", "3"},
                                   {"learning_rate", "0.01"},
                                   {"threads", "2"},
                                   {"seed", "5"},
                                   {"precision", "f32"}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        alx_error err;
        if (alx_recipe_set(recipe, keys[i][0], keys[i][1], &err)) fail_msg("%s", err.message);
    }
    return recipe;
}

static inline void set(alx_recipe *recipe, const char *key, const char *value)
{
    alx_error err;
    if (alx_recipe_set(recipe, key, value, &err)) fail_msg("%s", err.message);
}

static inline alx_status run_recipe(const alx_recipe *recipe, const char *out, witness *w, alx_error *err)
{
    alx_run_config config;
    alx_run_config_init(&config);
    config.out = out;
    config.on_event = watch;
    config.user = w;
    alx_status status = alx_trainer_create(&w->trainer, recipe, &config, err);
    if (!status) status = alx_trainer_run(w->trainer, err);
    alx_trainer_destroy(w->trainer);
    return status;
}

static inline alx_status resume(const char *run, const char *const *keys, int count, witness *w, alx_error *err)
{
    alx_run_config config;
    alx_run_config_init(&config);
    config.on_event = watch;
    config.user = w;
    alx_status status = alx_trainer_resume(&w->trainer, run, keys, count, &config, err);
    if (!status) status = alx_trainer_run(w->trainer, err);
    alx_trainer_destroy(w->trainer);
    return status;
}

static inline void expect(alx_status wanted, alx_status got, const alx_error *err)
{
    if (wanted != got) fail_msg("status %d, not %d: %s", got, wanted, got ? err->message : "");
}

static inline void expect_words(const char *text, const char *words)
{
    if (!strstr(text, words)) fail_msg("no \"%s\" in: %s", words, text);
}

/* ---- Files ---- */

static inline uint8_t *slurp(const char *folder, const char *name, size_t *size)
{
    char path[2048];
    uint8_t *bytes;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    alx_error err;
    if (alx_file_read(&bytes, size, path, 64 << 20, &err)) fail_msg("%s", err.message);
    return bytes;
}

static inline bool same_file(const char *a, const char *b, const char *name)
{
    size_t a_size, b_size;
    uint8_t *x = slurp(a, name, &a_size), *y = slurp(b, name, &b_size);
    bool same = a_size == b_size && memcmp(x, y, a_size) == 0;
    free(x);
    free(y);
    return same;
}

static inline void assert_same_run(const char *a, const char *b)
{
    assert_true(same_file(a, b, "best.safetensors"));
    assert_true(same_file(a, b, "last.safetensors"));
}

static inline bool has_tensor(const char *run, const char *file, const char *prefix)
{
    char path[2048];
    snprintf(path, sizeof path, "%s/%s", run, file);
    alx_safetensors *opened;
    assert_int_equal(alx_safetensors_open(&opened, path, NULL), ALX_OK);
    bool found = false;
    for (int i = 0; i < alx_safetensors_count(opened); i++)
        found |= strncmp(alx_safetensors_tensor(opened, i)->name, prefix, strlen(prefix)) == 0;
    alx_safetensors_close(opened);
    return found;
}

static inline int count_lines(const char *folder, const char *name)
{
    size_t size;
    int lines = 0;
    uint8_t *bytes = slurp(folder, name, &size);
    for (size_t i = 0; i < size; i++) lines += bytes[i] == '\n';
    free(bytes);
    return lines;
}

static inline void replace_in(const char *path, const char *old, const char *new)
{
    uint8_t *bytes;
    size_t size;
    assert_int_equal(alx_file_read(&bytes, &size, path, 1 << 20, NULL), ALX_OK);
    char *found = strstr((char *)bytes, old), text[16384];
    if (!found) fail_msg("no \"%s\" in %s", old, (char *)bytes);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(found - (char *)bytes), (char *)bytes, new, found + strlen(old));
    write_file(path, text, strlen(text));
    free(bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif

/* Figures that are images of the data: samples, mistakes, doubts, neighbours. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/report.h"

enum {
    SAMPLES = 20,
    AUGMENTED_IMAGES = 3,
    AUGMENTED_EPOCHS = 5,
    MISTAKES = 20,
    UNCERTAIN = 12,
    QUERIES = 5,
    NEIGHBOURS = 6
};

static alx_status finish(cli_tiles *tiles, alx_status status, const cli_sink *sink, int columns, const char *alt,
                         const char *nothing, alx_error *err)
{
    if (!status && !tiles->count) status = cli_fail(err, ALX_BAD_DATA, "%s", nothing);
    if (!status) status = cli_sink_tiles(sink, tiles->images, tiles->count, columns, alt, err);
    cli_tiles_finish(tiles);
    return status;
}

static const char *unreadable(const cli_report *r)
{
    return cli_say(r, "none of the images drawn can be read", "抽到的图片都无法读取");
}

/* ---- The data ---- */

alx_status cli_figure_samples(cli_report *r, const cli_sink *sink, alx_error *err)
{
    alx_status status = cli_report_need(r, CLI_PART_TRAIN, err);
    if (status) return status;
    int64_t indices[SAMPLES];
    const int count = alx_dataset_sample(r->train, 0, SAMPLES, indices);
    cli_tiles tiles;
    status = cli_tiles_init(&tiles, count, err);
    for (int i = 0; i < count && !status; i++)
        status =
            cli_tiles_add_image(&tiles, r->train, indices[i], 0,
                                alx_dataset_class_name(r->train, alx_dataset_label(r->train, indices[i])), NULL, err);
    return finish(&tiles, status, sink, 5, cli_say(r, "Training image", "训练图片"), unreadable(r), err);
}

alx_status cli_figure_augmented(cli_report *r, const cli_sink *sink, alx_error *err)
{
    alx_status status = cli_report_need(r, CLI_PART_TRAIN, err);
    if (status) return status;
    if (!alx_dataset_augmentations(r->train))
        return cli_fail(err, ALX_UNSUPPORTED, "%s",
                        cli_say(r, "the recipe augments nothing: training sees each image as it is",
                                "配方没有数据增强：训练每次看到的都是原图"));
    int64_t indices[AUGMENTED_IMAGES];
    const int count = alx_dataset_sample(r->train, 1, AUGMENTED_IMAGES, indices);
    cli_tiles tiles;
    status = cli_tiles_init(&tiles, count * (AUGMENTED_EPOCHS + 1), err);
    for (int i = 0; i < count; i++)
        for (int epoch = 0; epoch <= AUGMENTED_EPOCHS && !status; epoch++) {
            char label[64];
            snprintf(label, sizeof label, cli_say(r, "epoch %d", "第 %d 轮"), epoch);
            status = cli_tiles_add_image(&tiles, r->train, indices[i], epoch,
                                         epoch ? label : cli_say(r, "as it is", "原图"), NULL, err);
        }
    if (!status && !tiles.count) status = cli_fail(err, ALX_BAD_DATA, "%s", unreadable(r));
    if (!status)
        status = cli_sink_rows(sink, tiles.images, tiles.count, AUGMENTED_EPOCHS + 1,
                               cli_say(r, "Augmented image", "增强后的图片"), err);
    cli_tiles_finish(&tiles);
    return status;
}

/* ---- Mistakes and doubts ---- */

/* "shirt 0.83, truly coat" */
static void describe(char text[200], const cli_report *r, int64_t image)
{
    const cli_answers *a = &r->answers;
    const int predicted = a->predicted[image];
    snprintf(text, 200, "%.150s %.2f", alx_dataset_class_name(r->images, predicted),
             a->probabilities[image * a->classes + predicted]);
}

static alx_status add_answer(cli_tiles *tiles, const cli_report *r, int64_t image, alx_error *err)
{
    char said[200], note[256];
    describe(said, r, image);
    snprintf(note, sizeof note, cli_say(r, "said: %s", "答：%s"), said);
    return cli_tiles_add_image(tiles, r->images, image, 0, alx_dataset_class_name(r->images, r->answers.truth[image]),
                               note, err);
}

alx_status cli_figure_mistakes(cli_report *r, const cli_sink *sink, alx_error *err)
{
    alx_status status = cli_report_need(r, CLI_PART_ANSWERS, err);
    if (status) return status;
    const cli_answers *a = &r->answers;
    cli_tiles tiles;
    status = cli_tiles_init(&tiles, MISTAKES, err);
    for (int64_t i = 0; i < a->count && tiles.count < MISTAKES && !status; i++)
        if (a->predicted[a->order[i]] != a->truth[a->order[i]]) status = add_answer(&tiles, r, a->order[i], err);
    return finish(&tiles, status, sink, 5, cli_say(r, "Wrong answer, truly", "答错，实为"),
                  cli_say(r, "every answer is right", "全部答对"), err);
}

/* The distance of the two largest probabilities. */
static double margin(const cli_answers *a, int64_t image)
{
    const float *p = a->probabilities + image * a->classes;
    double first = -1, second = -1;
    for (int c = 0; c < a->classes; c++) {
        if (p[c] > first) {
            second = first;
            first = p[c];
        } else if (p[c] > second) {
            second = p[c];
        }
    }
    return first - second;
}

alx_status cli_figure_uncertain(cli_report *r, const cli_sink *sink, alx_error *err)
{
    alx_status status = cli_report_need(r, CLI_PART_ANSWERS, err);
    if (status) return status;
    const cli_answers *a = &r->answers;
    int64_t chosen[UNCERTAIN];
    double margins[UNCERTAIN];
    int count = 0;
    for (int64_t i = 0; i < a->count; i++) { /* the smallest margins, in order */
        const double value = margin(a, a->order[i]);
        int at = count;
        while (at > 0 && margins[at - 1] > value) at--;
        if (at == UNCERTAIN) continue;
        if (count < UNCERTAIN) count++;
        for (int k = count - 1; k > at; k--) {
            margins[k] = margins[k - 1];
            chosen[k] = chosen[k - 1];
        }
        margins[at] = value;
        chosen[at] = a->order[i];
    }
    cli_tiles tiles;
    status = cli_tiles_init(&tiles, count, err);
    for (int i = 0; i < count && !status; i++) status = add_answer(&tiles, r, chosen[i], err);
    return finish(&tiles, status, sink, 4, cli_say(r, "Least certain, truly", "最拿不准，实为"), unreadable(r), err);
}

/* ---- Neighbours ---- */

static double distance(const float *a, const float *b, int64_t size)
{
    double sum = 0;
    for (int64_t i = 0; i < size; i++) sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    return sqrt(sum);
}

/* The nearest training images, the nearest first. */
static int find_neighbours(int found[NEIGHBOURS], double distances[NEIGHBOURS], const cli_report *r,
                           const float *features)
{
    const int64_t size = r->answers.feature_size;
    int count = 0;
    for (int i = 0; i < r->nearby.count; i++) {
        const double d = distance(features, r->nearby.features + i * size, size);
        int at = count;
        while (at > 0 && distances[at - 1] > d) at--;
        if (at == NEIGHBOURS) continue;
        if (count < NEIGHBOURS) count++;
        for (int k = count - 1; k > at; k--) {
            distances[k] = distances[k - 1];
            found[k] = found[k - 1];
        }
        distances[at] = d;
        found[at] = i;
    }
    return count;
}

static alx_status add_row(cli_tiles *tiles, const cli_report *r, const float *features, alx_error *err)
{
    int found[NEIGHBOURS];
    double distances[NEIGHBOURS];
    const int count = find_neighbours(found, distances, r, features);
    alx_status status = ALX_OK;
    for (int i = 0; i < count && !status; i++) {
        const int64_t image = r->nearby.sample[found[i]];
        char note[64];
        snprintf(note, sizeof note, cli_say(r, "distance %.3g", "距离 %.3g"), distances[i]);
        status = cli_tiles_add_image(tiles, r->train, image, 0,
                                     alx_dataset_class_name(r->train, alx_dataset_label(r->train, image)), note, err);
    }
    return status;
}

/* A file that was named, in place of images of the data. */
static alx_status add_file(cli_tiles *tiles, const cli_report *r, alx_error *err)
{
    alx_features *features = NULL;
    alx_features_config config;
    alx_features_config_init(&config);
    int size[3];
    alx_model_input(r->model, size);
    uint8_t *rgb = malloc((size_t)size[0] * (size_t)size[1] * 3);
    float *values = NULL;
    alx_status status = alx_features_create(&features, r->model, &config, err);
    if (!status) values = calloc((size_t)alx_features_size(features), sizeof *values);
    if (!status && (!rgb || !values)) status = cli_fail(err, ALX_NO_MEMORY, "out of memory for an image");
    if (!status) status = alx_model_image(r->model, r->image, rgb, err);
    alx_status each = ALX_OK;
    if (!status) status = alx_features_files(features, &r->image, 1, values, NULL, &each, err, err);
    if (!status) status = each;
    if (!status) {
        cli_tiles_add(tiles, rgb, size[1], size[0], r->image, "");
        rgb = NULL;
        status = add_row(tiles, r, values, err);
    }
    free(rgb);
    free(values);
    alx_features_destroy(features);
    return status;
}

alx_status cli_figure_neighbours(cli_report *r, const cli_sink *sink, alx_error *err)
{
    alx_status status = cli_report_need(r, CLI_PART_ANSWERS, err);
    if (!status) status = cli_report_need(r, CLI_PART_NEARBY, err);
    if (status) return status;
    const cli_answers *a = &r->answers;
    cli_tiles tiles;
    status = cli_tiles_init(&tiles, QUERIES * (NEIGHBOURS + 1), err);
    if (!status && r->image) status = add_file(&tiles, r, err);
    for (int i = 0; i < QUERIES && i < a->sample_count && !r->image && !status; i++) {
        const int at = (int)((int64_t)i * a->sample_count / QUERIES);
        char note[256], said[200];
        describe(said, r, a->sample[at]);
        snprintf(note, sizeof note, cli_say(r, "query; said: %s", "查询；答：%s"), said);
        status = cli_tiles_add_image(&tiles, r->images, a->sample[at], 0,
                                     alx_dataset_class_name(r->images, a->truth[a->sample[at]]), note, err);
        if (!status) status = add_row(&tiles, r, a->features + at * a->feature_size, err);
    }
    if (!status)
        status = cli_sink_rows(sink, tiles.images, tiles.count, NEIGHBOURS + 1,
                               cli_say(r, "Nearest in the last hidden layer", "最后一个隐藏层中的近邻"), err);
    cli_tiles_finish(&tiles);
    return status;
}

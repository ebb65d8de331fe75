/* Figures of a model's inside: kernels, feature maps, where it looks, a map of what it knows. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/report.h"
#include "report/embedding.h"

enum {
    MAPS_SHOWN = 32, /* channels of a layer */
    LAYERS_SHOWN = 8,
    HEATED = 6, /* images under a heat map */
    CLASSES_SHOWN = 20,
    FILTERS_MOST = 512,
    RING = 48 /* style of open circles in the ink's colour */
};

static alx_status no_memory(alx_error *err)
{
    return cli_fail(err, ALX_NO_MEMORY, "out of memory for a figure");
}

/* ---- Kernels ---- */

static alx_status add_filters(cli_tiles *tiles, const alx_model *model, const char *label, alx_error *err)
{
    int64_t shape[4];
    if (alx_model_filters(model, shape) < 0) return cli_fail(err, ALX_UNSUPPORTED, "the network has no convolution");
    float *values = calloc((size_t)(shape[0] * shape[1] * shape[2] * shape[3]), sizeof *values);
    if (!values) return no_memory(err);
    alx_model_filter_values(model, values);
    const int count = shape[0] > FILTERS_MOST ? FILTERS_MOST : (int)shape[0];
    const int height = (int)shape[1], width = (int)shape[2];
    alx_pixels pixels;
    const alx_status status = alx_mosaic_kernels(&pixels, values, count, height, width, (int)shape[3],
                                                 alx_mosaic_columns(count, height, width), err);
    free(values);
    char note[96];
    snprintf(note, sizeof note, "%lld × %d × %d × %lld", (long long)shape[0], height, width, (long long)shape[3]);
    if (!status) cli_tiles_add(tiles, pixels.rgb, pixels.width, pixels.height, label, note);
    return status;
}

alx_status cli_figure_filters(cli_report *r, const cli_sink *sink, alx_error *err)
{
    alx_status status = cli_report_need(r, CLI_PART_MODEL, err);
    if (status) return status;
    int64_t shape[4];
    if (alx_model_filters(r->model, shape) < 0)
        return cli_fail(
            err, ALX_UNSUPPORTED, "%s",
            cli_say(r, "the network has no convolution, so it has no kernels", "网络没有卷积层，也就没有卷积核"));
    cli_tiles tiles;
    alx_error why = {0};
    status = cli_tiles_init(&tiles, 2, err);
    const alx_status begun = status ? status : cli_report_need(r, CLI_PART_INITIAL, &why);
    if (!status && !begun) status = add_filters(&tiles, r->initial, cli_say(r, "before training", "训练之前"), err);
    if (!status) status = add_filters(&tiles, r->model, cli_say(r, "after training", "训练之后"), err);
    if (!status && begun && sink->page) alx_page_missing(sink->page, why.message);
    if (!status)
        status = cli_sink_mosaics(sink, tiles.images, tiles.count, 2,
                                  cli_say(r, "Kernels of the first layer", "第一层的卷积核"), err);
    cli_tiles_finish(&tiles);
    return status;
}

/* ---- Feature maps ---- */

/* Layers worth looking at: those that give maps and begin something, at most LAYERS_SHOWN, evenly. */
static int choose_layers(const char *names[LAYERS_SHOWN], const alx_model *model)
{
    int candidates[512], count = 0, shown = 0;
    for (int i = 0; i < alx_model_layer_count(model) && count < 512; i++) {
        alx_layer_info info;
        alx_model_layer(model, i, &info);
        const bool telling = strstr(info.type, "conv") || strstr(info.type, "pooling") ||
                             strcmp(info.type, "add") == 0 || strcmp(info.type, "concatenate") == 0;
        if (info.rank == 3 && telling && info.shape[0] * info.shape[1] > 1) candidates[count++] = i;
    }
    for (; shown < LAYERS_SHOWN && shown < count; shown++) {
        alx_layer_info info;
        alx_model_layer(model, candidates[count <= LAYERS_SHOWN ? shown : shown * count / LAYERS_SHOWN], &info);
        names[shown] = info.name;
    }
    return shown;
}

typedef struct seen {
    uint8_t *rgb; /* the image as the network is given it */
    int width, height;
    float *values;
} seen;

/* The named file, or image `index` of the data. */
static alx_status see(seen *s, alx_features *features, const cli_report *r, int64_t index, alx_error *err)
{
    int size[3];
    alx_model_input(r->model, size);
    s->height = size[0];
    s->width = size[1];
    if (!r->image) alx_dataset_image_size(r->images, &s->width, &s->height);
    s->rgb = malloc((size_t)s->width * (size_t)s->height * 3);
    s->values = calloc((size_t)alx_features_size(features), sizeof *s->values);
    if (!s->rgb || !s->values) return no_memory(err);
    alx_status each = ALX_OK, status;
    alx_error why = {0};
    if (r->image) {
        status = alx_model_image(r->model, r->image, s->rgb, err);
        if (!status) status = alx_features_files(features, &r->image, 1, s->values, NULL, &each, &why, err);
    } else {
        status = alx_dataset_image(r->images, index, s->rgb, err);
        if (!status) status = alx_features_images(features, r->images, &index, 1, s->values, NULL, &each, &why, err);
    }
    return status ? status : each ? cli_fail(err, each, "%s", why.message) : ALX_OK;
}

static alx_status add_maps(cli_tiles *tiles, const alx_feature_layer *l, const float *values, alx_error *err)
{
    const int count = l->shape[0] > MAPS_SHOWN ? MAPS_SHOWN : (int)l->shape[0];
    const int height = (int)l->shape[1], width = (int)l->shape[2];
    alx_pixels pixels;
    const alx_status status = alx_mosaic_maps(&pixels, values + l->offset, count, height, width,
                                              alx_mosaic_columns(count, height, width), err);
    char note[96];
    snprintf(note, sizeof note, "%d / %lld × %d × %d", count, (long long)l->shape[0], height, width);
    if (!status) cli_tiles_add(tiles, pixels.rgb, pixels.width, pixels.height, l->name, note);
    return status;
}

alx_status cli_figure_features(cli_report *r, const cli_sink *sink, alx_error *err)
{
    alx_status status = cli_report_need(r, CLI_PART_MODEL, err);
    if (!status && !r->image) status = cli_report_need(r, CLI_PART_IMAGES, err);
    if (status) return status;
    const char *names[LAYERS_SHOWN];
    alx_features_config config;
    alx_features_config_init(&config);
    config.layers = names;
    config.layer_count = choose_layers(names, r->model);
    if (!config.layer_count)
        return cli_fail(err, ALX_UNSUPPORTED, "%s",
                        cli_say(r, "no layer of the network gives maps", "网络中没有输出特征图的层"));
    alx_features *features = NULL;
    seen s = {0};
    cli_tiles tiles;
    int64_t index = 0;
    if (!r->image) alx_dataset_sample(r->images, 0, 1, &index);
    status = cli_tiles_init(&tiles, LAYERS_SHOWN + 1, err);
    if (!status) status = alx_features_create(&features, r->model, &config, err);
    if (!status) status = see(&s, features, r, index, err);
    if (!status) {
        cli_tiles_add(&tiles, s.rgb, s.width, s.height, cli_say(r, "the image", "原图"), NULL);
        s.rgb = NULL;
    }
    alx_feature_layer layer;
    for (int i = 0; !status && alx_features_layer(features, i, &layer); i++)
        status = add_maps(&tiles, &layer, s.values, err);
    if (!status)
        status = cli_sink_mosaics(sink, tiles.images, tiles.count, 3, cli_say(r, "Feature maps", "特征图"), err);
    cli_tiles_finish(&tiles);
    free(s.rgb);
    free(s.values);
    alx_features_destroy(features);
    return status;
}

/* ---- Where it looks ---- */

/* Does not take rgb over. */
static alx_status add_heat(cli_tiles *tiles, const alx_heatmap *map, const uint8_t *rgb, int width, int height,
                           const char *label, const char *note, alx_error *err)
{
    float *values = calloc((size_t)width * (size_t)height, sizeof *values);
    alx_pixels both = {0};
    alx_status status = values ? ALX_OK : no_memory(err);
    if (!status) alx_heatmap_resize(map->values, map->height, map->width, values, height, width);
    if (!status) status = alx_mosaic_heat(&both, rgb, values, height, width, err);
    if (!status) cli_tiles_add(tiles, both.rgb, both.width, both.height, label, note);
    free(values);
    return status;
}

static alx_status heat_image(cli_tiles *tiles, alx_grad_cam *cam, const cli_report *r, int64_t index, alx_error *err)
{
    int width, height;
    alx_heatmap map;
    alx_dataset_image_size(r->images, &width, &height);
    uint8_t *rgb = malloc((size_t)width * (size_t)height * 3);
    alx_status status = rgb ? alx_dataset_image(r->images, index, rgb, err) : no_memory(err);
    if (!status) status = alx_grad_cam_image(cam, r->images, index, -1, &map, err);
    if (!status) {
        char note[300];
        snprintf(note, sizeof note, cli_say(r, "for %.200s %.2f", "依据 %.200s %.2f"),
                 alx_model_class_name(r->model, map.class_index), map.probabilities[map.class_index]);
        status = add_heat(tiles, &map, rgb, width, height, alx_dataset_class_name(r->images, r->answers.truth[index]),
                          note, err);
    }
    free(rgb);
    return status;
}

static alx_status heat_file(cli_tiles *tiles, alx_grad_cam *cam, const cli_report *r, alx_error *err)
{
    int size[3];
    alx_heatmap map;
    alx_model_input(r->model, size);
    uint8_t *rgb = malloc((size_t)size[0] * (size_t)size[1] * 3);
    alx_status status = rgb ? alx_model_image(r->model, r->image, rgb, err) : no_memory(err);
    if (!status) status = alx_grad_cam_file(cam, r->image, -1, &map, err);
    if (!status) {
        char label[256];
        snprintf(label, sizeof label, "%.200s %.2f", alx_model_class_name(r->model, map.class_index),
                 map.probabilities[map.class_index]);
        status = add_heat(tiles, &map, rgb, size[1], size[0], label, NULL, err);
    }
    free(rgb);
    return status;
}

static alx_status draw_heat(cli_report *r, const cli_sink *sink, bool mistakes, alx_error *err)
{
    alx_status status = cli_report_need(r, CLI_PART_MODEL, err);
    if (!status && !r->image) status = cli_report_need(r, CLI_PART_ANSWERS, err);
    if (status) return status;
    if (alx_model_map_layer(r->model) < 0)
        return cli_fail(err, ALX_UNSUPPORTED, "%s",
                        cli_say(r, "the network has no convolution, so there is no place where it could look",
                                "网络没有卷积层，无从知道它看哪里"));
    alx_grad_cam *cam = NULL;
    alx_grad_cam_config config;
    alx_grad_cam_config_init(&config);
    cli_tiles tiles;
    status = cli_tiles_init(&tiles, HEATED, err);
    if (!status) status = alx_grad_cam_create(&cam, r->model, &config, err);
    if (!status && r->image) status = heat_file(&tiles, cam, r, err);
    const cli_answers *a = &r->answers;
    /* The worst mistakes; of what is right evenly from the least to the most certain. */
    int64_t wrong = 0;
    for (int64_t i = 0; i < a->count; i++) wrong += a->predicted[a->order[i]] != a->truth[a->order[i]];
    const int64_t of = mistakes ? wrong : a->count - wrong, step = mistakes || of < HEATED ? 1 : of / HEATED;
    for (int64_t i = 0, seen_so_far = 0; i < a->count && !r->image && tiles.count < HEATED && !status; i++) {
        const int64_t image = a->order[i];
        if ((a->predicted[image] != a->truth[image]) != mistakes) continue;
        if (seen_so_far++ % step == 0) status = heat_image(&tiles, cam, r, image, err);
    }
    alx_grad_cam_destroy(cam);
    if (!status && !tiles.count)
        status = cli_fail(err, ALX_BAD_DATA, "%s",
                          mistakes ? cli_say(r, "every answer is right", "全部答对")
                                   : cli_say(r, "no answer is right", "没有答对的"));
    if (!status)
        status =
            cli_sink_tiles(sink, tiles.images, tiles.count, 3, cli_say(r, "Where the model looks", "模型看哪里"), err);
    cli_tiles_finish(&tiles);
    return status;
}

alx_status cli_figure_heatmap(cli_report *r, const cli_sink *sink, alx_error *err)
{
    return draw_heat(r, sink, false, err);
}

alx_status cli_figure_heatmap_mistakes(cli_report *r, const cli_sink *sink, alx_error *err)
{
    return draw_heat(r, sink, true, err);
}

/* ---- The map ---- */

typedef struct map_points {
    double *x, *y; /* class by class, then the mistakes */
    alx_curve curves[CLASSES_SHOWN + 2];
    int count;
} map_points;

static void add_curve(map_points *m, int *at, const cli_report *r, const double *places, int class_index, bool rest,
                      bool wrong, const char *label, int style)
{
    const cli_answers *a = &r->answers;
    const int first = *at;
    for (int i = 0; i < a->sample_count; i++) {
        const int truth = a->truth[a->sample[i]];
        const bool mistaken = a->predicted[a->sample[i]] != truth;
        if (wrong ? !mistaken : rest ? truth < CLASSES_SHOWN : truth != class_index) continue;
        m->x[*at] = places[2 * i];
        m->y[(*at)++] = places[2 * i + 1];
    }
    if (*at > first || !wrong)
        m->curves[m->count++] = (alx_curve){label, *at - first, m->x + first, m->y + first, style, ALX_DASH_NONE};
}

/* places: (samples, 2). */
static alx_status fill_points(map_points *m, const cli_report *r, const double *places, alx_error *err)
{
    const cli_answers *a = &r->answers;
    *m = (map_points){.x = calloc(2 * (size_t)a->sample_count + 1, sizeof(double)),
                      .y = calloc(2 * (size_t)a->sample_count + 1, sizeof(double))};
    if (!m->x || !m->y) return no_memory(err);
    int at = 0;
    for (int i = 0; i < a->classes && i < CLASSES_SHOWN; i++)
        add_curve(m, &at, r, places, i, false, false, alx_dataset_class_name(r->images, i), i);
    if (a->classes > CLASSES_SHOWN)
        add_curve(m, &at, r, places, 0, true, false, cli_say(r, "other classes", "其他类别"), CLASSES_SHOWN);
    add_curve(m, &at, r, places, 0, false, true, cli_say(r, "wrong answer", "答错"), RING);
    return ALX_OK;
}

alx_status cli_figure_map(cli_report *r, const cli_sink *sink, alx_error *err)
{
    alx_status status = cli_report_need(r, CLI_PART_ANSWERS, err);
    if (status) return status;
    const cli_answers *a = &r->answers;
    double *places[2], share[2] = {0};
    map_points points[2] = {{0}};
    for (int i = 0; i < 2; i++) places[i] = calloc((size_t)a->sample_count + 1, 2 * sizeof(double));
    if (!places[0] || !places[1]) status = no_memory(err);
    if (!status) status = alx_pca(places[0], share, a->features, a->sample_count, a->feature_size, 2, err);
    alx_tsne_config config;
    alx_tsne_config_init(&config);
    const bool both = a->sample_count >= ALX_TSNE_LEAST;
    if (!status && both) status = alx_tsne(places[1], a->features, a->sample_count, a->feature_size, &config, err);
    for (int i = 0; i < 1 + both && !status; i++) status = fill_points(&points[i], r, places[i], err);
    char title[120];
    snprintf(title, sizeof title,
             cli_say(r, "PCA: %.0f %% + %.0f %% of the variance", "主成分（占方差 %.0f %% 和 %.0f %%）"),
             100 * share[0], 100 * share[1]);
    const alx_curve_panel panels[2] = {
        {title, NULL, NULL, 0, 0, points[0].count, points[0].curves, NAN, 1},
        {cli_say(r, "t-SNE", "t-SNE"), NULL, NULL, 0, 0, points[1].count, points[1].curves, NAN, 1}};
    char description[200];
    snprintf(description, sizeof description,
             cli_say(r, "%d images as points in a plane, coloured by their true class; wrong answers are ringed",
                     "%d 张图片画成平面上的点，按真实类别着色；答错的加圈"),
             a->sample_count);
    if (!status) status = cli_sink_panels(sink, panels, 1 + both, description, err);
    for (int i = 0; i < 2; i++) {
        free(points[i].x);
        free(points[i].y);
        free(places[i]);
    }
    return status;
}

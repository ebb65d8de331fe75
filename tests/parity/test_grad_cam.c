/* Grad-CAM through the public calls against PyTorch's autograd: the cases of tests/fixtures/grad_cam.txt.  Each becomes
 * a model file and a picture; weights and pixels come from the hash that both sides know. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parity/case.h"
#include "unit/predict_fixture.h"

enum { LINE = 1 << 16, MAPS = 32, VALUES = 1024, NAME = 64 };

/* What PyTorch says of one layer and class. */
typedef struct reference {
    char asked[NAME], layer[NAME]; /* asked: "-" for none */
    int label;                     /* -1: none was named */
    double logit;
    int height, width;
    double values[VALUES];
} reference;

typedef struct cam_case {
    char name[NAME];
    alx_text yaml;
    uint32_t seed;
    int predicted, map_count;
    reference maps[MAPS];
    alx_graph *graph;
    alx_params *params;
} cam_case;

static double lowest_correlation;

/* ---- Reading ---- */

static void must(alx_status status, const alx_error *err)
{
    if (status) fail_msg("%s", err->message);
}

static void read_map(cam_case *c, const char *text)
{
    reference *r = &c->maps[c->map_count++];
    int used;
    assert_true(c->map_count <= MAPS);
    assert_int_equal(sscanf(text, "%63s %63s %d %lf %d %d%n", r->asked, r->layer, &r->label, &r->logit, &r->height,
                            &r->width, &used),
                     6);
    assert_true(r->height * r->width <= VALUES);
    char *at = (char *)text + used;
    for (int i = 0; i < r->height * r->width; i++) r->values[i] = strtod(at, &at);
    assert_int_equal(strspn(at, " \n"), strlen(at));
}

static void make_params(cam_case *c)
{
    alx_error err = {0};
    alx_spec spec = {0};
    must(alx_spec_parse(&spec, c->yaml.data, c->yaml.length, c->name, 0, &err), &err);
    must(alx_graph_create(&c->graph, &spec, &err), &err);
    must(alx_params_create(&c->params, c->graph, false, &err), &err);
}

static void read_param(const cam_case *c, const char *text)
{
    int index;
    char name[128];
    int64_t count;
    double offset, scale;
    assert_int_equal(sscanf(text, "%d %127s %" SCNd64 " %lf %lf", &index, name, &count, &offset, &scale), 5);
    const alx_param *p = &c->params->list[index];
    assert_string_equal(p->name, name);
    assert_int_equal(p->count, count);
    case_values(c->params->data + p->offset, c->seed, (uint32_t)index, count, offset, scale);
}

/* False: no more. */
static bool read_case(cam_case *c, FILE *file, char *line)
{
    *c = (cam_case){0};
    while (fgets(line, LINE, file)) {
        int lines;
        if (strcmp(line, "end\n") == 0) return true;
        sscanf(line, "case %63s", c->name);
        sscanf(line, "seed %" SCNu32, &c->seed);
        sscanf(line, "predicted %d", &c->predicted);
        if (strncmp(line, "map ", 4) == 0) read_map(c, line + 4);
        if (strncmp(line, "param ", 6) == 0) read_param(c, line + 6);
        if (sscanf(line, "yaml %d", &lines) == 1) {
            for (; lines > 0 && fgets(line, LINE, file); lines--) alx_text_add(&c->yaml, line);
            make_params(c);
        }
    }
    return false;
}

static void close_case(cam_case *c)
{
    alx_params_destroy(c->params);
    alx_graph_destroy(c->graph);
    alx_text_finish(&c->yaml);
}

/* ---- Files ---- */

static void write_case_model(const cam_case *c, const char *path)
{
    static const char *classes[] = {"a", "b", "c", "d", "e"};
    alx_error err = {0};
    const int *input = c->graph->spec.input;
    const alx_preprocess p = {.image_height = input[0],
                              .image_width = input[1],
                              .height = input[0],
                              .width = input[1],
                              .channels = input[2],
                              .filter = ALX_FILTER_BILINEAR,
                              .rescale = 1.0 / 255,
                              .std = {1, 1, 1}};
    alx_text json = {0};
    must(alx_preprocess_write(&json, &p, &err), &err);
    const alx_model_meta meta = {.yaml = c->yaml.data,
                                 .class_count = c->graph->spec.classes,
                                 .class_names = classes,
                                 .preprocessing = json.data};
    alx_safetensors_writer *writer;
    must(alx_safetensors_create(&writer, path, &err), &err);
    must(alx_model_meta_write(writer, &meta, &err), &err);
    must(alx_model_tensors_declare(c->params, writer, "", ALX_ST_F32, &err), &err);
    must(alx_model_tensors_write(c->params, writer, "", ALX_ST_F32, c->params->data, &err), &err);
    must(alx_safetensors_finish(writer, &err), &err);
    alx_safetensors_writer_destroy(writer);
    alx_text_finish(&json);
}

static void write_case_image(const cam_case *c, const char *path)
{
    const int height = c->graph->spec.input[0], width = c->graph->spec.input[1], places = height * width;
    float *planes = malloc((size_t)places * 3 * sizeof *planes);
    uint8_t *rgb = malloc((size_t)places * 3);
    assert_true(planes && rgb);
    case_values(planes, c->seed, CASE_INPUT_TENSOR, places * 3, 128, 128);
    for (int i = 0; i < places; i++)
        for (int k = 0; k < 3; k++) rgb[3 * i + k] = (uint8_t)planes[c->graph->spec.input[2] == 1 ? i : k * places + i];
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = PNG_FORMAT_RGB};
    assert_true(png_image_write_to_file(&image, path, 0, rgb, 0, NULL));
    free(rgb);
    free(planes);
}

/* ---- Comparing ---- */

static double correlation(const float *a, const double *b, int count)
{
    double ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;
    for (int i = 0; i < count; i++) ma += (double)a[i] / count, mb += b[i] / count;
    for (int i = 0; i < count; i++) {
        const double x = (double)a[i] - ma, y = b[i] - mb;
        ab += x * y, aa += x * x, bb += y * y;
    }
    return ab / sqrt(aa * bb);
}

static void compare(const cam_case *c, const reference *r, const alx_heatmap *map)
{
    const int count = r->height * r->width;
    double most = 0, off = 0;
    assert_int_equal(map->height, r->height);
    assert_int_equal(map->width, r->width);
    assert_int_equal(map->class_index, r->label < 0 ? c->predicted : r->label);
    if (!(fabs(map->logit - r->logit) <= 1e-4 * (1 + fabs(r->logit))))
        fail_msg("%s %s: logit %g against %g", c->name, r->layer, map->logit, r->logit);
    for (int i = 0; i < count; i++) {
        most = fmax(most, r->values[i]);
        off = fmax(off, fabs((double)map->values[i] - r->values[i]));
    }
    if (!(off <= 1e-4 * most)) fail_msg("%s %s %d: off by %g of %g", c->name, r->layer, r->label, off, most);
    if (count == 1 || most == 0) return; /* of nothing there is no correlation */
    const double rho = correlation(map->values, r->values, count);
    lowest_correlation = fmin(lowest_correlation, rho);
    if (!(rho >= 0.9999)) fail_msg("%s %s %d: correlation %.6f", c->name, r->layer, r->label, rho);
}

static void check_case(const cam_case *c, int threads)
{
    alx_error err = {0};
    alx_model *model;
    write_case_model(c, in_folder("case.safetensors"));
    write_case_image(c, in_folder("case.png"));
    must(alx_model_open(&model, in_folder("case.safetensors"), &err), &err);
    for (int i = 0; i < c->map_count; i++) {
        const reference *r = &c->maps[i];
        alx_grad_cam *cam;
        alx_grad_cam_config config;
        alx_heatmap map;
        alx_layer_info info;
        alx_grad_cam_config_init(&config);
        config.threads = threads;
        config.layer = strcmp(r->asked, "-") == 0 ? NULL : r->asked;
        must(alx_grad_cam_create(&cam, model, &config, &err), &err);
        alx_model_layer(model, alx_grad_cam_layer(cam), &info);
        assert_string_equal(info.name, r->layer);
        must(alx_grad_cam_file(cam, in_folder("case.png"), r->label, &map, &err), &err);
        compare(c, r, &map);
        alx_grad_cam_destroy(cam);
    }
    alx_model_destroy(model);
}

static void maps_are_those_of_autograd(void **state)
{
    (void)state;
    static char line[LINE];
    int cases = 0;
    cam_case *c = malloc(sizeof *c);
    FILE *file = fopen(FIXTURES "/grad_cam.txt", "r");
    assert_true(file && c);
    lowest_correlation = 1;
    for (; read_case(c, file, line); cases++) {
        check_case(c, 1 + cases % 2);
        close_case(c);
    }
    close_case(c);
    fclose(file);
    free(c);
    assert_int_equal(cases, 4);
    print_message("lowest correlation %.8f\n", lowest_correlation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(maps_are_those_of_autograd, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

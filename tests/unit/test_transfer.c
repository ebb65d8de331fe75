/* Which tensor of a file each tensor of a network starts from: by our names, by PyTorch's order, and what is refused.
 */
#include "network_text.h"

#include "model/transfer.h"
#include "temp_folder.h"

#define CONV "  - conv2d: {filters: 6, kernel_size: 3, padding: same, use_bias: false}\n  - batch_normalization\n"
#define NET                                                                                                            \
    HEAD CONV "  - conv2d: {filters: 6, kernel_size: 3, padding: same}\n"                                              \
              "  - conv2d: {filters: 6, kernel_size: 3, padding: same}\n  - global_average_pooling2d\n"                \
              "  - dense: {units: 5}\n  - dense: {units: classes, activation: softmax}\n"

static temp_path folder;
static char path[600];

static int set_up(void **state)
{
    (void)state;
    temp_folder_make(folder);
    snprintf(path, sizeof path, "%s/w.safetensors", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temp_folder_remove(folder);
    return 0;
}

/* ---- Files ---- */

typedef struct row {
    const char *name;
    alx_shape shape;
    int seed; /* values from seed upwards, a quarter apart: exact in every type */
    alx_st_type type;
} row;

static float value_of(int seed, int64_t i)
{
    return (float)(seed + i % 64) / 4;
}

static void write_tensor(alx_safetensors_writer *w, const row *r)
{
    const int64_t count = r->shape.rank ? alx_shape_elements(&r->shape) : 1;
    for (int64_t i = 0; i < count; i++) {
        const float v = value_of(r->seed, i);
        uint32_t bits;
        memcpy(&bits, &v, sizeof bits);
        const uint16_t half = (uint16_t)(bits >> 16);
        const double wide = (double)v;
        const int64_t whole = r->seed;
        const void *bytes = r->type == ALX_ST_BF16  ? (const void *)&half
                            : r->type == ALX_ST_F64 ? (const void *)&wide
                            : r->type == ALX_ST_I64 ? (const void *)&whole
                                                    : (const void *)&v;
        assert_int_equal(alx_safetensors_write(w, bytes, alx_st_type_size(r->type), NULL), ALX_OK);
    }
}

static void write_rows(const row *rows, int count)
{
    alx_safetensors_writer *w;
    assert_int_equal(alx_safetensors_create(&w, path, NULL), ALX_OK);
    for (int i = 0; i < count; i++)
        assert_int_equal(
            alx_safetensors_declare(w, rows[i].name, rows[i].type, rows[i].shape.rank, rows[i].shape.dims, NULL),
            ALX_OK);
    for (int i = 0; i < count; i++) write_tensor(w, &rows[i]);
    assert_int_equal(alx_safetensors_finish(w, NULL), ALX_OK);
    alx_safetensors_writer_destroy(w);
}

static int compare_rows(const void *a, const void *b)
{
    return strcmp(((const row *)a)->name, ((const row *)b)->name);
}

/* ---- What comes of them ---- */

typedef struct result {
    alx_graph *graph;
    alx_params *params;
    alx_safetensors *file;
    alx_transfer transfer;
} result;

static alx_status start(result *r, const char *yaml, alx_error *err)
{
    *r = (result){.graph = good_graph(yaml)};
    assert_int_equal(alx_params_create(&r->params, r->graph, true, NULL), ALX_OK);
    alx_params_init(r->params, 1);
    assert_int_equal(alx_safetensors_open(&r->file, path, NULL), ALX_OK);
    const alx_status status = alx_transfer_create(&r->transfer, r->graph, r->file, err);
    return status ? status : alx_transfer_apply(&r->transfer, r->params, r->file, err);
}

static void finish(result *r)
{
    alx_transfer_finish(&r->transfer);
    alx_safetensors_close(r->file);
    alx_params_destroy(r->params);
    alx_graph_destroy(r->graph);
}

static result started(const char *yaml)
{
    result r;
    alx_error err = {0};
    if (start(&r, yaml, &err)) fail_msg("%s", err.message);
    return r;
}

static void refused(const char *yaml, const char *const *words)
{
    result r;
    alx_error err = {0};
    assert_int_equal(start(&r, yaml, &err), ALX_BAD_MODEL);
    for (; *words; words++)
        if (!strstr(err.message, *words)) fail_msg("no \"%s\" in: %s", *words, err.message);
    assert_null(strchr(err.message, '\n'));
    finish(&r);
}
#define assert_file_refused(yaml, ...) refused(yaml, (const char *[]){__VA_ARGS__, NULL})

/* Whether tensor `name` of the network begins with the values of that seed. */
static bool has_values(const result *r, const char *name, int seed)
{
    for (int i = 0; i < r->params->count; i++) {
        const alx_param *p = &r->params->list[i];
        if (strcmp(p->name, name) != 0) continue;
        for (int64_t k = 0; k < p->count; k++)
            if (r->params->data[p->offset + k] != value_of(seed, k)) return false;
        return true;
    }
    fail_msg("no %s", name);
    return false;
}

static void assert_values(const result *r, const char *name, int seed)
{
    if (!has_values(r, name, seed)) fail_msg("%s has other values than those of %d", name, seed);
}

/* ---- By name ---- */

#define K(o, i) ALX_SHAPE(o, i, 3, 3)
static const row ours[] = {
    {"dense_2.bias", {1, {2}}, 12, ALX_ST_F32},
    {"conv2d_1.kernel", {4, {6, 3, 3, 3}}, 1, ALX_ST_F32},
    {"batch_normalization_1.moving_variance", {1, {6}}, 5, ALX_ST_F64},
    {"batch_normalization_1.gamma", {1, {6}}, 2, ALX_ST_BF16},
    {"batch_normalization_1.beta", {1, {6}}, 3, ALX_ST_F32},
    {"batch_normalization_1.moving_mean", {1, {6}}, 4, ALX_ST_F32},
    {"conv2d_2.kernel", {4, {6, 6, 3, 3}}, 6, ALX_ST_F32},
    {"conv2d_2.bias", {1, {6}}, 7, ALX_ST_F32},
    {"conv2d_3.kernel", {4, {6, 6, 3, 3}}, 8, ALX_ST_BF16},
    {"conv2d_3.bias", {1, {6}}, 9, ALX_ST_F32},
    {"dense_1.kernel", {2, {5, 6}}, 10, ALX_ST_F32},
    {"dense_1.bias", {1, {5}}, 11, ALX_ST_F32},
    {"dense_2.kernel", {2, {2, 5}}, 13, ALX_ST_F32},
};
enum { OURS = sizeof ours / sizeof ours[0] };

static void our_names_are_taken_wherever_they_lie(void **state)
{
    (void)state;
    write_rows(ours, OURS);
    result r = started(NET);
    assert_false(r.transfer.by_order);
    assert_int_equal(r.transfer.taken, OURS);
    assert_null(r.transfer.afresh);
    assert_null(r.transfer.left_over);
    for (int i = 0; i < OURS; i++) assert_values(&r, ours[i].name, ours[i].seed);
    finish(&r);
}

static void a_head_that_does_not_fit_starts_afresh(void **state)
{
    (void)state;
    row rows[OURS];
    memcpy(rows, ours, sizeof rows);
    rows[12].shape = ALX_SHAPE(1000, 5);
    rows[0].shape = ALX_SHAPE(1000);
    write_rows(rows, OURS);
    result r = started(NET);
    assert_string_equal(r.transfer.afresh, "dense_2: its kernel is (1000, 5) in the file and (2, 5) in the network");
    assert_int_equal(r.transfer.taken, OURS - 2);
    assert_false(has_values(&r, "dense_2.kernel", 13));
    assert_values(&r, "dense_1.kernel", 10);
    finish(&r);

    /* The kernel fits, the bias is missing: half a head is none. */
    write_rows(ours + 1, OURS - 1);
    r = started(NET);
    assert_string_equal(r.transfer.afresh, "dense_2: its bias is not in the file and (2) in the network");
    assert_false(has_values(&r, "dense_2.kernel", 13));
    assert_int_equal(r.transfer.taken, OURS - 2);
    finish(&r);
}

static void other_differences_are_errors(void **state)
{
    (void)state;
    row rows[OURS];
    memcpy(rows, ours, sizeof rows);
    rows[6].shape = ALX_SHAPE(6, 6, 5, 5);
    write_rows(rows, OURS);
    assert_file_refused(NET, "conv2d_2.kernel is (6, 6, 5, 5) in the file and (6, 6, 3, 3) in the network");
    rows[6] = ours[6];
    rows[10].shape = ALX_SHAPE(6, 5);
    write_rows(rows, OURS);
    assert_file_refused(NET, "dense_1.kernel is (6, 5) in the file and (5, 6) in the network");
    rows[10] = ours[10];
    rows[9].name = "elsewhere";
    write_rows(rows, OURS);
    assert_file_refused(NET, "no tensor conv2d_3.bias in the file");
    rows[9] = ours[9];
    rows[4].type = ALX_ST_I64;
    write_rows(rows, OURS);
    assert_file_refused(NET, "batch_normalization_1.beta is of a type that weights do not have");
}

static void what_is_left_over_is_named(void **state)
{
    (void)state;
    row rows[OURS + 13];
    static const char *const extra[] = {
        "a.kernel", "optimizer.m.dense_2.bias", "ema.dense_2.bias", "c", "d", "e", "f", "g", "h", "i", "j", "k",
        "zeile\n2"};
    memcpy(rows, ours, sizeof ours);
    for (int i = 0; i < 13; i++) rows[OURS + i] = (row){extra[i], {1, {1}}, 1, ALX_ST_F32};
    write_rows(rows, OURS + 13);
    result r = started(NET);
    assert_string_equal(r.transfer.left_over, "a.kernel, c, d, e, f, g, h, i and 3 more");
    assert_int_equal(r.transfer.taken, OURS);
    finish(&r);
}

static void values_must_be_numbers(void **state)
{
    (void)state;
    alx_safetensors_writer *w;
    static const float nan_kernel[6] = {1, 2, 3, 0.0f / 0.0f, 5, 6};
    assert_int_equal(alx_safetensors_create(&w, path, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_declare(w, "dense_1.kernel", ALX_ST_F32, 2, (int64_t[]){2, 3}, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_write(w, nan_kernel, sizeof nan_kernel, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_finish(w, NULL), ALX_OK);
    alx_safetensors_writer_destroy(w);
    assert_file_refused(HEAD "  - global_average_pooling2d\n  - dense: {units: classes, activation: softmax, use_bias: "
                             "false}\n",
                        "dense_1.kernel holds a value that is no finite number");
}

/* ---- PyTorch's names ---- */

static const row torch[] = {
    {"features.0.weight", {4, {6, 3, 3, 3}}, 1, ALX_ST_F32},
    {"features.1.weight", {1, {6}}, 2, ALX_ST_F32},
    {"features.1.bias", {1, {6}}, 3, ALX_ST_F32},
    {"features.1.running_mean", {1, {6}}, 4, ALX_ST_F32},
    {"features.1.running_var", {1, {6}}, 5, ALX_ST_F32},
    {"features.1.num_batches_tracked", {0, {0}}, 99, ALX_ST_I64},
    {"features.3.weight", {4, {6, 6, 3, 3}}, 6, ALX_ST_F32},
    {"features.3.bias", {1, {6}}, 7, ALX_ST_F32},
    {"features.10.weight", {4, {6, 6, 3, 3}}, 8, ALX_ST_F32},
    {"features.10.bias", {1, {6}}, 9, ALX_ST_F32},
    {"classifier.1.weight", {2, {5, 6}}, 10, ALX_ST_F32},
    {"classifier.1.bias", {1, {5}}, 11, ALX_ST_F32},
    {"classifier.4.weight", {2, {2, 5}}, 13, ALX_ST_F32},
    {"classifier.4.bias", {1, {2}}, 12, ALX_ST_F32},
};
enum { TORCH = sizeof torch / sizeof torch[0] };

/* As torch.save orders them, and as safetensors' own writer does: sorted, so that 10 stands before 3 with equal shapes,
 * and the classifier in front. */
static void pytorchs_modules_are_taken_in_either_order(void **state)
{
    (void)state;
    for (int sorted = 0; sorted < 2; sorted++) {
        row rows[TORCH];
        memcpy(rows, torch, sizeof rows);
        if (sorted) qsort(rows, TORCH, sizeof rows[0], compare_rows);
        if (sorted) assert_string_equal(rows[10].name, "features.10.bias");
        write_rows(rows, TORCH);
        result r = started(NET);
        assert_true(r.transfer.by_order);
        assert_int_equal(r.transfer.taken, OURS);
        assert_null(r.transfer.afresh);
        assert_null(r.transfer.left_over);
        for (int i = 0; i < OURS; i++) assert_values(&r, ours[i].name, ours[i].seed);
        finish(&r);
    }
}

/* a.10 and a.2 fit each other's places: where the file is sorted, that is no doubt. */
static void a_sorted_file_tells_no_order(void **state)
{
    (void)state;
    char names[TORCH][64];
    row rows[TORCH];
    memcpy(rows, torch, sizeof rows);
    for (int i = 0; i < TORCH; i++) {
        const char *number = strchr(rows[i].name, '.') + 1;
        snprintf(names[i], sizeof names[i], "%c.%s%s", rows[i].name[0] == 'f' ? 'a' : 'b', *number == '3' ? "2" : "",
                 *number == '3' ? number + 1 : number);
        rows[i].name = names[i];
    }
    qsort(rows, TORCH, sizeof rows[0], compare_rows);
    assert_string_equal(rows[6].name, "a.10.bias");
    write_rows(rows, TORCH);
    result r = started(NET);
    for (int i = 0; i < OURS; i++) assert_values(&r, ours[i].name, ours[i].seed);
    finish(&r);
}

static void pytorchs_head_starts_afresh_too(void **state)
{
    (void)state;
    row rows[TORCH];
    memcpy(rows, torch, sizeof rows);
    rows[12].shape = ALX_SHAPE(1000, 5);
    rows[13].shape = ALX_SHAPE(1000);
    write_rows(rows, TORCH);
    result r = started(NET);
    assert_string_equal(r.transfer.afresh, "dense_2: its kernel is (1000, 5) in the file and (2, 5) in the network");
    assert_int_equal(r.transfer.taken, OURS - 2);
    assert_values(&r, "dense_1.bias", 11);
    finish(&r);
}

/* Names in no order that numbers tell: those of the file count. */
static void the_order_of_the_file_is_tried(void **state)
{
    (void)state;
    static const char *const modules[] = {"stem", "norm", "b", "b2", "dense", "a_last"};
    char names[TORCH][64];
    row rows[TORCH];
    memcpy(rows, torch, sizeof rows);
    for (int i = 0, module = -1; i < TORCH; i++) {
        if (strstr(rows[i].name, ".weight")) module++;
        snprintf(names[i], sizeof names[i], "%s%s", modules[module], strrchr(rows[i].name, '.'));
        rows[i].name = names[i];
    }
    write_rows(rows, TORCH);
    result r = started(NET);
    for (int i = 0; i < OURS; i++) assert_values(&r, ours[i].name, ours[i].seed);
    finish(&r);
}

static void ambiguous_orders_are_refused(void **state)
{
    (void)state;
    row rows[TORCH];
    memcpy(rows, torch, sizeof rows);
    rows[6].name = "features.9.weight", rows[7].name = "features.9.bias";
    rows[8].name = "features.5.weight", rows[9].name = "features.5.bias";
    write_rows(rows, TORCH);
    assert_file_refused(NET, "its tensors fit in the order of the file and in that of their names",
                        "the network: conv2d_1, batch_normalization_1, conv2d_2, conv2d_3, dense_1, dense_2",
                        "the file: features.0, features.1, features.5, features.9, classifier.1, classifier.4");
}

static void pytorchs_misfits_are_told_with_both_lists(void **state)
{
    (void)state;
    row rows[TORCH + 2];
    memcpy(rows, torch, sizeof torch);
    rows[6].shape = ALX_SHAPE(6, 6, 5, 5);
    write_rows(rows, TORCH);
    assert_file_refused(NET,
                        "place 3 does not fit: the network has conv2d_2 with kernel (6, 6, 3, 3), bias (6); the file "
                        "features.3 with weight (6, 6, 5, 5), bias (6);",
                        "the network: conv2d_1, ", "the file: features.0, ");
    rows[6] = torch[6];
    write_rows(rows, TORCH - 2); /* no head at all */
    assert_file_refused(NET, "place 6 does not fit: the network has dense_2 with", "; the file nothing;");
    rows[TORCH] = (row){"classifier.6.weight", {2, {2, 2}}, 1, ALX_ST_F32};
    rows[TORCH + 1] = (row){"classifier.6.bias", {1, {2}}, 1, ALX_ST_F32};
    write_rows(rows, TORCH + 2);
    assert_file_refused(NET, "place 7 does not fit: the network has nothing; the file classifier.6 with weight (2, 2)");
    rows[TORCH] = (row){"features.0.bias", {1, {6}}, 1, ALX_ST_F32}; /* which use_bias: false has no place for */
    write_rows(rows, TORCH + 1);
    assert_file_refused(NET, "place 1",
                        "conv2d_1 with kernel (6, 3, 3, 3); the file features.0 with weight (6, 3, 3, 3), "
                        "bias (6)");
    rows[TORCH] = (row){"attention.in_proj_weight", {1, {6}}, 1, ALX_ST_F32};
    write_rows(rows, TORCH + 1);
    assert_file_refused(NET, "attention.in_proj_weight: a tensor that no layer here has");
    write_rows((row[]){{"w1", {1, {6}}, 1, ALX_ST_F32}}, 1);
    assert_file_refused(NET, "no tensor in it is named", "conv2d_1.kernel", "begins with w1");
    write_rows(NULL, 0);
    assert_file_refused(NET, "begins with nothing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_names_are_taken_wherever_they_lie),
        cmocka_unit_test(a_head_that_does_not_fit_starts_afresh),
        cmocka_unit_test(other_differences_are_errors),
        cmocka_unit_test(what_is_left_over_is_named),
        cmocka_unit_test(values_must_be_numbers),
        cmocka_unit_test(pytorchs_modules_are_taken_in_either_order),
        cmocka_unit_test(a_sorted_file_tells_no_order),
        cmocka_unit_test(pytorchs_head_starts_afresh_too),
        cmocka_unit_test(the_order_of_the_file_is_tried),
        cmocka_unit_test(ambiguous_orders_are_refused),
        cmocka_unit_test(pytorchs_misfits_are_told_with_both_lists),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

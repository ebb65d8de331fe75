/* report/netgrid and report/netplot: a network as a picture. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cairo.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "report/netgrid.h"
#include "report/netplot.h"
#include "unit/temp_folder.h"

/* fontconfig keeps what it loaded; leaks of ours are still reported. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\n";
}

/* ---- Where layers stand ---- */

typedef struct inputs {
    int count, of[4];
} inputs;

static void arrange(alx_netgrid *grid, const inputs *list, int count, int columns)
{
    alx_lanes_node nodes[32];
    for (int i = 0; i < count; i++) nodes[i] = (alx_lanes_node){list[i].count, list[i].of};
    assert_int_equal(alx_netgrid_init(grid, nodes, count, columns, NULL), ALX_OK);
}

static void assert_rows(const alx_netgrid *g, int count, const int *starts, const int *entries)
{
    assert_int_equal(g->row_count, count);
    for (int i = 0; i <= count; i++) assert_int_equal(g->row_start[i], starts[i]);
    for (int i = 0; i < count; i++) assert_int_equal(g->row_entry[i], entries[i]);
}

static void test_chain_wraps_evenly(void **state)
{
    (void)state;
    inputs list[12] = {{0, {0}}};
    for (int i = 1; i < 12; i++) list[i] = (inputs){1, {i - 1}};
    alx_netgrid g;
    arrange(&g, list, 12, 5);
    assert_rows(&g, 3, (int[]){0, 4, 8, 12}, (int[]){-1, 3, 7});
    for (int i = 0; i < 12; i++) {
        assert_int_equal(g.depth[i], i);
        assert_int_equal(g.track[i], ALX_NETGRID_MAIN);
    }
    alx_netgrid_finish(&g);
    arrange(&g, list, 6, 5);
    assert_rows(&g, 2, (int[]){0, 3, 6}, (int[]){-1, 2});
    alx_netgrid_finish(&g);
    arrange(&g, list, 1, 5);
    assert_rows(&g, 1, (int[]){0, 1}, (int[]){-1});
    alx_netgrid_finish(&g);
}

static void test_skip_runs_above(void **state)
{
    (void)state;
    /* 0 - 1 - 2 - 3 - (1 + 3): the block stays straight, its shortcut goes around it. */
    const inputs list[] = {{0, {0}}, {1, {0}}, {1, {1}}, {1, {2}}, {2, {1, 3}}, {1, {4}}};
    alx_netgrid g;
    arrange(&g, list, 6, 9);
    for (int i = 0; i < 6; i++) assert_int_equal(g.track[i], ALX_NETGRID_MAIN);
    int skips = 0;
    for (int i = 0; i < g.edge_count; i++) {
        if (g.edges[i].from != 1 || g.edges[i].to != 4) continue;
        assert_int_equal(g.edges[i].track, ALX_NETGRID_MAIN - 1);
        skips++;
    }
    assert_int_equal(skips, 1);
    assert_int_equal(g.edge_count, 6);
    alx_netgrid_finish(&g);
    /* Rows are not cut inside the block; and what is left over behind it has no row of its own. */
    arrange(&g, list, 6, 2);
    assert_rows(&g, 2, (int[]){0, 2, 6}, (int[]){-1, 1});
    alx_netgrid_finish(&g);
}

static void test_branches_stand_below_each_other(void **state)
{
    (void)state;
    /* Three readers of 1, the second of two layers; the first waits on its own track. */
    const inputs list[] = {{0, {0}}, {1, {0}}, {1, {1}}, {1, {1}}, {1, {3}}, {1, {1}}, {3, {2, 4, 5}}};
    alx_netgrid g;
    arrange(&g, list, 7, 9);
    const int depth[] = {0, 1, 2, 2, 3, 2, 4}, track[] = {0, 0, 0, 1, 1, 2, 0};
    for (int i = 0; i < 7; i++) {
        assert_int_equal(g.depth[i], depth[i]);
        assert_int_equal(g.track[i], ALX_NETGRID_MAIN + track[i]);
    }
    for (int i = 0; i < g.edge_count; i++) {
        if (g.edges[i].to != 6) continue;
        assert_int_equal(g.edges[i].track, g.edges[i].from == 4 ? -1 : g.track[g.edges[i].from]);
    }
    alx_netgrid_finish(&g);
}

static void test_same_input_twice_is_one_edge(void **state)
{
    (void)state;
    const inputs list[] = {{0, {0}}, {1, {0}}, {2, {1, 1}}};
    alx_netgrid g;
    arrange(&g, list, 3, 5);
    assert_int_equal(g.edge_count, 2);
    alx_netgrid_finish(&g);
}

static void test_too_many_tracks(void **state)
{
    (void)state;
    static int zero[1], all[100];
    alx_lanes_node nodes[102] = {{0, NULL}};
    for (int i = 1; i <= 100; i++) {
        nodes[i] = (alx_lanes_node){1, zero};
        all[i - 1] = i;
    }
    nodes[101] = (alx_lanes_node){100, all};
    alx_netgrid g;
    alx_error err = {0};
    assert_int_equal(alx_netgrid_init(&g, nodes, 102, 5, &err), ALX_UNSUPPORTED);
    assert_non_null(strstr(err.message, "too many branches"));
}

/* ---- The picture ---- */

static temp_path folder;

static int make_folder(void **state)
{
    (void)state;
    temp_folder_make(folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    temp_folder_remove(folder);
    return 0;
}

static const char *in_folder(const char *name)
{
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void draw_network(const char *name, const alx_network *network, alx_language language, alx_status want,
                         alx_error *err)
{
    alx_explanation *explanation;
    alx_explain_config how;
    alx_explain_config_init(&how);
    assert_int_equal(alx_explanation_create(&explanation, network, &how, NULL), ALX_OK);
    assert_int_equal(
        alx_plot_network(&(alx_target){.path = in_folder(name)}, network, explanation, NULL, language, err), want);
    alx_explanation_destroy(explanation);
}

static void draw(const char *name, const char *source, alx_language language, alx_status want, alx_error *err)
{
    alx_network *network;
    assert_int_equal(alx_network_open(&network, source, 0, NULL), ALX_OK);
    draw_network(name, network, language, want, err);
    alx_network_destroy(network);
}

/* The bytes of a file, which the caller frees. */
static char *slurp(const char *name, size_t *size)
{
    FILE *file = fopen(in_folder(name), "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = calloc(*size + 1, 1);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

typedef struct census {
    int width, height;
    int blue, green, orange; /* pixels of the fronts of convolution, dense and pooling */
} census;

static census count_pixels(const char *name)
{
    cairo_surface_t *surface = cairo_image_surface_create_from_png(in_folder(name));
    assert_int_equal(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
    census c = {cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface), 0, 0, 0};
    for (int y = 0; y < c.height; y++) {
        const unsigned char *row =
            cairo_image_surface_get_data(surface) + (size_t)y * (size_t)cairo_image_surface_get_stride(surface);
        for (int x = 0; x < c.width; x++) {
            uint32_t word;
            memcpy(&word, row + 4 * (size_t)x, 4);
            c.blue += (word & 0xFFFFFF) == 0x77AADD;
            c.green += (word & 0xFFFFFF) == 0x44BB99;
            c.orange += (word & 0xFFFFFF) == 0xEE8866;
        }
    }
    cairo_surface_destroy(surface);
    return c;
}

static void test_png(void **state)
{
    (void)state;
    size_t size[2];
    draw("alexnet.png", "alexnet", ALX_ENGLISH, ALX_OK, NULL);
    draw("again.png", "alexnet", ALX_ENGLISH, ALX_OK, NULL);
    const census c = count_pixels("alexnet.png");
    /* Two pixels a point; five columns as wide as the fonts ask for; three rows. */
    assert_in_range(c.width, 2 * 600, 2 * 950);
    assert_in_range(c.height, 2 * 700, 2 * 1000);
    assert_int_equal(c.width % 2 + c.height % 2, 0);
    /* Five convolutions, three dense layers and three poolings, and their parts of the bars. */
    assert_true(c.blue > 5 * 10000);
    assert_true(c.green > 30000);
    assert_true(c.orange > 3 * 8000);
    char *first = slurp("alexnet.png", &size[0]), *second = slurp("again.png", &size[1]);
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(first, second, size[0]);
    assert_memory_equal(first, "\x89PNG\r\n\x1A\n", 8);
    free(first);
    free(second);
}

static void test_bars(void **state)
{
    (void)state;
    alx_network *network;
    int green[2];
    for (int wide = 0; wide < 2; wide++) {
        assert_int_equal(alx_network_create(&network, "two", 8, 8, 3, 2, NULL), ALX_OK);
        assert_int_equal(alx_network_add(network, "conv2d",
                                         wide ? "filters: 1, kernel_size: 8" : "filters: 64, kernel_size: 8", NULL),
                         ALX_OK);
        assert_int_equal(alx_network_add(network, "flatten", "", NULL), ALX_OK);
        assert_int_equal(alx_network_add(network, "dense", "units: classes, activation: softmax", NULL), ALX_OK);
        draw_network("two.png", network, ALX_ENGLISH, ALX_OK, NULL);
        green[wide] = count_pixels("two.png").green;
        alx_network_destroy(network);
    }
    /* The dense layer's share of parameters: 130 of 12,482 against 4 of 197. */
    assert_true(green[1] > green[0] + 200);
}

static void test_svg(void **state)
{
    (void)state;
    size_t size;
    draw("starter.SVG", "starter", ALX_CHINESE, ALX_OK, NULL);
    char *text = slurp("starter.SVG", &size);
    int width = 0, height = 0;
    assert_memory_equal(text, "<?xml", 5);
    assert_non_null(strstr(text, "</svg>"));
    const char *place = strstr(text, "width=\"");
    assert_non_null(place);
    assert_int_equal(sscanf(place, "width=\"%d%*[^0-9]%d", &width, &height), 2);
    assert_in_range(width, 600, 950);
    assert_in_range(height, 1000, 1500);
    free(text);
}

static void test_branches_and_odd_names(void **state)
{
    (void)state;
    alx_network *network;
    const char *const layers[][2] = {
        {"conv2d", "filters: 10, kernel_size: 3, padding: same, name: 左"},
        {"conv2d", "filters: 10, kernel_size: 1, name: a_name_that_is_far_too_long_to_stand_below_a_box_in_one_line"},
        {"conv2d", "filters: 10, kernel_size: 1, from: 左"},
        {"add", "from: [左, conv2d_1]"},
        {"concatenate", "from: [左, add_1, a_name_that_is_far_too_long_to_stand_below_a_box_in_one_line]"},
        {"add", "from: [concatenate_1, concatenate_1]"},
        {"global_average_pooling2d", ""},
        {"dense", "units: classes, activation: softmax"},
    };
    assert_int_equal(alx_network_create(&network, "分支 & <branches>", 16, 32, 3, 3, NULL), ALX_OK);
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        assert_int_equal(alx_network_add(network, layers[i][0], layers[i][1], NULL), ALX_OK);
    draw_network("branches.png", network, ALX_CHINESE, ALX_OK, NULL);
    const census c = count_pixels("branches.png");
    assert_in_range(c.width, 2 * 600, 2 * 1300);
    alx_network_destroy(network);
}

static void test_errors(void **state)
{
    (void)state;
    alx_error err = {0};
    const int before = temp_folder_entries(folder);
    draw("x.jpg", "gender-course", ALX_ENGLISH, ALX_USAGE, &err);
    assert_non_null(strstr(err.message, "x.jpg: pictures are written as .png or .svg"));
    draw("x", "gender-course", ALX_ENGLISH, ALX_USAGE, &err);
    draw("no/x.png", "gender-course", ALX_ENGLISH, ALX_IO, &err);
    assert_non_null(strstr(err.message, "no/x.png: cannot be made"));
    assert_int_equal(temp_folder_entries(folder), before);
}

/* An old file in the test's folder, and what must hold when a picture could not replace it. */
static int make_old_file(void)
{
    FILE *file = fopen(in_folder("old.png"), "wb");
    assert_non_null(file);
    fputs("old", file);
    fclose(file);
    return temp_folder_entries(folder);
}

static void assert_old_file_alone(int entries)
{
    size_t size;
    char *text = slurp("old.png", &size);
    assert_string_equal(text, "old");
    free(text);
    assert_int_equal(temp_folder_entries(folder), entries);
}

static void test_too_large(void **state)
{
    (void)state;
    alx_network *network;
    alx_error err = {0};
    assert_int_equal(alx_network_create(&network, "long", 4, 4, 3, 2, NULL), ALX_OK);
    for (int i = 0; i < 800; i++)
        assert_int_equal(alx_network_add(network, "activation", "activation: relu", NULL), ALX_OK);
    assert_int_equal(alx_network_add(network, "flatten", "", NULL), ALX_OK);
    assert_int_equal(alx_network_add(network, "dense", "units: classes, activation: softmax", NULL), ALX_OK);
    const int entries = make_old_file();
    draw_network("old.png", network, ALX_ENGLISH, ALX_UNSUPPORTED, &err);
    assert_non_null(strstr(err.message, "802 layers"));
    assert_old_file_alone(entries);
    alx_network_destroy(network);
}

/* The disk is full in the middle: neither half a picture nor a temporary stays. */
static void test_full_disk(void **state)
{
    (void)state;
    alx_error err = {0};
    struct rlimit before;
    const int entries = make_old_file();
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit little = {4096, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    draw("old.png", "gender-course", ALX_ENGLISH, ALX_IO, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_non_null(strstr(err.message, "old.png: "));
    assert_old_file_alone(entries);
}

int main(void)
{
    /* Pango only warns about bytes that are not UTF-8: here that is a failure. */
    g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain_wraps_evenly),
        cmocka_unit_test(test_skip_runs_above),
        cmocka_unit_test(test_branches_stand_below_each_other),
        cmocka_unit_test(test_same_input_twice_is_one_edge),
        cmocka_unit_test(test_too_many_tracks),
        cmocka_unit_test(test_png),
        cmocka_unit_test(test_bars),
        cmocka_unit_test(test_svg),
        cmocka_unit_test(test_branches_and_odd_names),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

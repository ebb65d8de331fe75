/* report/plot: the sample grid as PNG and SVG. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cairo.h>
#include <dirent.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/temp_folder.h"
#include "report/plot.h"

/* fontconfig keeps what it loaded; leaks of ours are still reported. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\n";
}

static temp_path folder;
/* (2, 4, 3): the left half red, the right half blue. */
static const uint8_t FLAG[] = {255, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 255, 255, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 255};

static int make_folder(void **state)
{
    (void)state;
    temp_folder_make(folder);
    return 0;
}

static const char *in_folder(const char *name)
{
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int remove_folder(void **state)
{
    (void)state;
    temp_folder_remove(folder);
    return 0;
}

static int files(void)
{
    int count = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; (entry = readdir(dir));) count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* Pixels of exactly that colour (0xRRGGBB) in a PNG, and its size. */
static int pixels_of(const char *path, uint32_t colour, int size[2])
{
    cairo_surface_t *surface = cairo_image_surface_create_from_png(path);
    assert_int_equal(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
    size[0] = cairo_image_surface_get_width(surface);
    size[1] = cairo_image_surface_get_height(surface);
    int count = 0;
    for (int y = 0; y < size[1]; y++) {
        const unsigned char *row =
            cairo_image_surface_get_data(surface) + (size_t)y * (size_t)cairo_image_surface_get_stride(surface);
        for (int x = 0; x < size[0]; x++) {
            uint32_t word;
            memcpy(&word, row + 4 * (size_t)x, 4);
            count += (word & 0xFFFFFF) == colour;
        }
    }
    cairo_surface_destroy(surface);
    return count;
}

static void test_grid(void **state)
{
    (void)state;
    alx_plot_image images[7];
    for (int i = 0; i < 7; i++) images[i] = (alx_plot_image){FLAG, 4, 2, "隶书", "数据/很长很长的文件名/0001.png"};
    images[1].label = "bad \xFF bytes, and so long that it cannot fit below an image";
    images[2].label = images[3].note = NULL;
    alx_error err = {0};
    assert_int_equal(
        alx_plot_samples(&(alx_target){.path = in_folder("grid.png")}, images, 7, 5, "样本 two\nlines", &err), ALX_OK);
    int size[2];
    /* 4 x 2 is enlarged 48 times, and two pixels make a point: square pixels with sharp edges. */
    assert_int_equal(pixels_of(in_folder("grid.png"), 0xFF0000, size), 7 * 2 * 2 * 96 * 96);
    assert_int_equal(size[0], 2 * (2 * 28 + 5 * 192 + 4 * 20));
    assert_int_equal(size[1], 2 * (2 * 28 + 46 + 2 * (96 + 7 + 21 + 18) + 20)); /* twice as wide as high */
    assert_int_equal(files(), 1);
}

static void test_large_image_is_reduced(void **state)
{
    (void)state;
    size_t count = 3000 * 1500;
    uint8_t *rgb = calloc(count, 3);
    assert_non_null(rgb);
    for (size_t i = 0; i < count; i++) rgb[3 * i] = 255;
    alx_plot_image image = {rgb, 3000, 1500, NULL, NULL};
    assert_int_equal(alx_plot_samples(&(alx_target){.path = in_folder("large.png")}, &image, 1, 5, NULL, NULL), ALX_OK);
    int size[2];
    int red = pixels_of(in_folder("large.png"), 0xFF0000, size);
    assert_int_equal(red, 512 * 256);
    assert_int_equal(size[0], 2 * (2 * 28 + 256));
    free(rgb);
}

static void test_svg(void **state)
{
    (void)state;
    alx_plot_image image = {FLAG, 4, 2, "kaishu", "x.png"};
    assert_int_equal(alx_plot_samples(&(alx_target){.path = in_folder("grid.SVG")}, &image, 1, 1, "title", NULL),
                     ALX_OK);
    FILE *file = fopen(in_folder("grid.SVG"), "r");
    static char text[1 << 16];
    size_t length = fread(text, 1, sizeof text - 1, file);
    text[length] = '\0';
    fclose(file);
    assert_int_equal(strncmp(text, "<?xml", 5), 0);
    assert_non_null(strstr(text, "</svg>"));
    assert_non_null(strstr(text, "<image"));
}

static void test_grid_errors(void **state)
{
    (void)state;
    alx_plot_image images[2] = {{FLAG, 4, 2, "a", NULL}, {NULL, 4, 2, "b", NULL}};
    alx_error err = {0};
    assert_int_equal(alx_plot_samples(&(alx_target){.path = in_folder("x.png")}, images, 0, 5, NULL, &err), ALX_USAGE);
    assert_int_equal(alx_plot_samples(&(alx_target){.path = in_folder("x.png")}, images, 1, 0, NULL, &err), ALX_USAGE);
    assert_int_equal(alx_plot_samples(&(alx_target){.path = in_folder("x.png")}, images, 2, 5, NULL, &err), ALX_USAGE);
    assert_non_null(strstr(err.message, "image 1"));
    images[1] = images[0];
    images[1].width = -4;
    assert_int_equal(alx_plot_samples(&(alx_target){.path = in_folder("x.png")}, images, 2, 5, NULL, &err), ALX_USAGE);
    images[1].width = 2000000000;
    assert_int_equal(alx_plot_samples(&(alx_target){.path = in_folder("x.png")}, images, 2, 5, NULL, &err), ALX_USAGE);

    alx_plot_image *many = calloc(1000, sizeof *many);
    for (int i = 0; i < 1000; i++) many[i] = images[0];
    assert_int_equal(alx_plot_samples(&(alx_target){.path = in_folder("x.png")}, many, 1000, 1000, NULL, &err),
                     ALX_USAGE);
    assert_int_equal(alx_plot_samples(&(alx_target){.path = in_folder("x.png")}, many, 1000, 1, NULL, &err), ALX_USAGE);
    free(many);

    assert_int_equal(alx_plot_samples(&(alx_target){.path = in_folder("no/x.png")}, images, 1, 1, NULL, &err), ALX_IO);
    assert_non_null(strstr(err.message, "no/x.png: "));
    assert_int_equal(alx_plot_samples(&(alx_target){.path = in_folder("x.jpg")}, images, 1, 1, NULL, &err), ALX_USAGE);
    assert_non_null(strstr(err.message, "x.jpg: pictures are written as .png or .svg"));
    assert_int_equal(alx_plot_samples(&(alx_target){.path = in_folder("x")}, images, 1, 1, NULL, &err), ALX_USAGE);
}

static void test_target(void **state)
{
    (void)state;
    alx_plot_image image = {FLAG, 4, 2, "a", NULL};
    alx_error err = {0};
    struct stat info;
    char target[128];
    int before = files();
    /* Neither a folder nor a pipe is replaced, and no temporary stays. */
    assert_int_equal(mkdir(in_folder("taken.png"), 0777), 0);
    assert_int_equal(alx_plot_samples(&(alx_target){.path = in_folder("taken.png")}, &image, 1, 1, NULL, &err), ALX_IO);
    assert_non_null(strstr(err.message, "taken.png: is a folder"));
    assert_int_equal(rmdir(in_folder("taken.png")), 0);
    assert_int_equal(mkfifo(in_folder("pipe.png"), 0666), 0);
    assert_int_equal(alx_plot_samples(&(alx_target){.path = in_folder("pipe.png")}, &image, 1, 1, NULL, &err), ALX_IO);
    assert_int_equal(lstat(in_folder("pipe.png"), &info), 0);
    assert_true(S_ISFIFO(info.st_mode));
    unlink(in_folder("pipe.png"));
    /* A link stays one; its target is written. */
    snprintf(target, sizeof target, "%.100s", in_folder("target.png"));
    fclose(fopen(target, "w"));
    assert_int_equal(symlink("target.png", in_folder("link.png")), 0);
    assert_int_equal(alx_plot_samples(&(alx_target){.path = in_folder("link.png")}, &image, 1, 1, NULL, &err), ALX_OK);
    assert_int_equal(lstat(in_folder("link.png"), &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(stat(target, &info), 0);
    assert_true(info.st_size > 100);
    unlink(target);
    assert_int_equal(alx_plot_samples(&(alx_target){.path = in_folder("link.png")}, &image, 1, 1, NULL, &err), ALX_IO);
    assert_non_null(strstr(err.message, "link to nothing"));
    unlink(in_folder("link.png"));
    assert_int_equal(files(), before);
}

int main(void)
{
    /* Pango only warns about bytes that are not UTF-8: here that is a failure. */
    g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grid),   cmocka_unit_test(test_large_image_is_reduced),
        cmocka_unit_test(test_svg),    cmocka_unit_test(test_grid_errors),
        cmocka_unit_test(test_target),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

/* A stranger's model file: it names no other file, runs nothing, and takes no memory for weights that it does not hold.
 * CMakeLists.txt sends what our objects open, list, execute or connect to through the functions below. */
#define _GNU_SOURCE
#include "predict_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/resource.h>

/* ---- What is opened ---- */

static const char *allowed; /* the only file that may be opened; NULL: any */
static int opened, refused;

static bool may_open(const char *path)
{
    opened++;
    const bool may = !allowed || strcmp(path, allowed) == 0 || strncmp(path, "/proc/", 6) == 0 ||
                     strncmp(path, "/sys/fs/cgroup/", 15) == 0; /* how much memory is free */
    if (!may) refused++, print_error("opens %s\n", path);
    return may;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const int mode = flags & O_CREAT ? va_arg(arguments, int) : 0;
    va_end(arguments);
    return may_open(path) ? __real_open(path, flags, mode) : -1;
}

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
    return may_open(path) ? __real_fopen(path, mode) : NULL;
}

DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
DIR *__wrap_opendir(const char *path)
{
    return may_open(path) ? __real_opendir(path) : NULL;
}

/* ---- Files that would like to ---- */

/* {path} stands where a description has something to say. */
static const char *const descriptions[] = {
    "model: {path}\n",
    "name: {path}\nclasses: 3\ninput: [12, 12, 3]\nlayers: [flatten, {dense: {units: classes, activation: softmax}}]\n",
    "name: x\nmodel: {path}\nclasses: 3\ninput: [12, 12, 3]\nlayers:\n  - flatten:\n",
    "name: x\nweights: {path}\nclasses: 3\ninput: [12, 12, 3]\nlayers:\n  - flatten:\n",
    "name: x\ninclude: {path}\nclasses: 3\ninput: [12, 12, 3]\nlayers:\n  - flatten:\n",
    "name: x\nclasses: {path}\ninput: [12, 12, 3]\nlayers:\n  - flatten:\n",
    "name: x\nclasses: 3\ninput: {path}\nlayers:\n  - flatten:\n",
    "name: x\nclasses: 3\ninput: [12, 12, 3]\nlayers: {path}\n",
    "name: x\nclasses: 3\ninput: [12, 12, 3]\nlayers:\n  - {path}:\n",
    "name: x\nclasses: 3\ninput: [12, 12, 3]\nlayers:\n  - flatten: {name: {path}}\n",
    "name: x\nclasses: 3\ninput: [12, 12, 3]\nlayers:\n  - flatten: {from: {path}}\n",
    "name: x\nclasses: 3\ninput: [12, 12, 3]\nlayers:\n  - dense: {units: 3, kernel_initializer: {path}}\n",
    "name: x\nclasses: 3\ninput: [12, 12, 3]\nlayers:\n  - dense: {units: 3, activation: {path}}\n",
    "name: !!python/object/apply:os.system [\"touch {path}\"]\n",
    "{path}",
};
static const char *const paths[] = {"/etc/passwd",        "../../etc/passwd", "secret",         "./link",
                                    "file:///etc/passwd", "$(touch secret)",  "`touch secret`", "| touch secret"};

static char *fill_in(const char *description, const char *path)
{
    alx_text text = {0};
    for (const char *at = description, *mark;; at = mark + strlen("{path}")) {
        mark = strstr(at, "{path}");
        alx_text_add_bytes(&text, at, mark ? (size_t)(mark - at) : strlen(at));
        if (!mark) break;
        alx_text_printf(&text, "\"%s\"", path);
    }
    char *filled;
    assert_int_equal(alx_text_take(&filled, &text, NULL), ALX_OK);
    return filled;
}

/* Opened as a model and as a network: the file itself is read and nothing else. */
static void open_alone(const char *file)
{
    alx_model *model;
    alx_network *network;
    allowed = file;
    opened = refused = 0;
    alx_error err = {0};
    const alx_status status = alx_model_open(&model, file, &err);
    assert_true(status ? err.message[0] && !strchr(err.message, '\n') && !strstr(err.message, "root:") : model != NULL);
    alx_model_destroy(model);
    if (!alx_network_open(&network, file, 0, &err)) alx_network_destroy(network);
    allowed = NULL;
    assert_true(opened >= 2); /* the functions above do see what is opened */
    assert_int_equal(refused, 0);
}

static void names_no_other_file(void **state)
{
    (void)state;
    assert_int_equal(symlink("/etc/passwd", in_folder("link")), 0);
    assert_int_equal(alx_file_write(in_folder("secret"), "root:", 5, NULL), ALX_OK);
    const char *file = in_folder("hostile.safetensors");
    for (size_t d = 0; d < sizeof descriptions / sizeof *descriptions; d++)
        for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
            char *yaml = fill_in(descriptions[d], paths[p]);
            char own[256];
            snprintf(own, sizeof own, "%s", file);
            write_model(own, yaml, net, CLASSES, 12);
            open_alone(own);
            free(yaml);
        }
}

/* The names of classes and the preprocessing are text and numbers, whatever they look like. */
static void class_names_are_text(void **state)
{
    (void)state;
    const char *before = names[1];
    static const char *const hostile[] = {"../../etc/passwd", "\033[2J", "$(touch secret)", "%s%n", "a\nb"};
    char own[256];
    snprintf(own, sizeof own, "%s", in_folder("classes.safetensors"));
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        names[1] = hostile[i];
        write_model(own, net, net, CLASSES, 12);
        open_alone(own);
        alx_model *model;
        assert_int_equal(alx_model_open(&model, own, NULL), ALX_OK);
        assert_string_equal(alx_model_class_name(model, 1), hostile[i]);
        alx_model_destroy(model);
    }
    names[1] = before;
}

/* ---- Sizes ---- */

static void weights_that_are_not_there_take_no_memory(void **state)
{
    (void)state;
    static const char huge[] = "name: net\nclasses: 3\ninput: [12, 12, 3]\nlayers:\n"
                               "  - conv2d: {filters: 1000000, kernel_size: 11}\n  - flatten:\n"
                               "  - dense: {units: classes, activation: softmax}\n";
    char own[256];
    snprintf(own, sizeof own, "%s", in_folder("huge.safetensors"));
    write_model(own, huge, net, CLASSES, 12);
    struct rlimit before, tight;
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    assert_true(statm && fscanf(statm, "%ld", &pages) == 1);
    fclose(statm);
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    tight = before;
    tight.rlim_cur = (rlim_t)(pages * sysconf(_SC_PAGESIZE)) + (200 << 20);
    assert_int_equal(setrlimit(RLIMIT_AS, &tight), 0);
    alx_model *model;
    alx_error err = {0};
    const alx_status status = alx_model_open(&model, own, &err);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_int_equal(status, ALX_BAD_MODEL);
    assert_non_null(strstr(err.message, "(10, 3, 3, 3) in the file and (1000000, 3, 11, 11) in the network"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_no_other_file, setup, teardown),
        cmocka_unit_test_setup_teardown(class_names_are_text, setup, teardown),
        cmocka_unit_test_setup_teardown(weights_that_are_not_there_take_no_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

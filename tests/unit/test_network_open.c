/* alx_network_open: every kind of source. */
#include "network_text.h"

#include <unistd.h>

#include "base/file.h"
#include "formats/safetensors.h"

static char folder[256];

static int make_folder(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/alexnet-test-XXXXXX", base && *base ? base : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"model.yaml", "recipe.yaml", "a.safetensors", "b.safetensors", ""};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        if (remove(path)) return -1;
    }
    return 0;
}

static const char yaml[] = HEAD TAIL;

static const char *in_folder(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_weights(const char *name, const char *model)
{
    alx_safetensors_writer *writer;
    assert_int_equal(alx_safetensors_create(&writer, in_folder(name), NULL), ALX_OK);
    if (model) assert_int_equal(alx_safetensors_put_metadata(writer, "model", model, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_declare(writer, "x", ALX_ST_F32, 1, (const int64_t[]){1}, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_write(writer, &(float){1}, sizeof(float), NULL), ALX_OK);
    assert_int_equal(alx_safetensors_finish(writer, NULL), ALX_OK);
    alx_safetensors_writer_destroy(writer);
}

static void assert_opens(const char *source, int classes, const char *name, int wanted)
{
    alx_network *network;
    alx_error err = {0};
    if (alx_network_open(&network, source, classes, &err)) fail_msg("%s: %s", source, err.message);
    assert_string_equal(alx_network_name(network), name);
    assert_int_equal(alx_network_classes(network), wanted);
    alx_network_destroy(network);
}

static void assert_fails(const char *source, const char *part)
{
    alx_network *network;
    alx_error err = {0};
    assert_int_not_equal(alx_network_open(&network, source, 0, &err), ALX_OK);
    assert_null(network);
    if (!strstr(err.message, part)) fail_msg("no \"%s\" in: %s", part, err.message);
}

static void opens_every_source(void **state)
{
    (void)state;
    assert_fails(folder, "no model.yaml");
    assert_int_equal(alx_file_write(in_folder("model.yaml"), yaml, strlen(yaml), NULL), ALX_OK);
    write_weights("a.safetensors", yaml);
    write_weights("b.safetensors", NULL);
    assert_opens("alexnet", 0, "alexnet", 2);
    assert_opens("alexnet-2012", 7, "alexnet-2012", 7);
    assert_opens(SOURCE_DIR "/models/gender-course.yaml", 0, "gender-course", 2);
    assert_opens(folder, 0, "t", 2);
    assert_opens(in_folder("model.yaml"), 9, "t", 9);
    assert_opens(in_folder("a.safetensors"), 4, "t", 4);
    assert_fails(in_folder("b.safetensors"), "no network in it");
    assert_fails(in_folder("none.safetensors"), "none.safetensors");
    assert_fails("alexnet2012", "did you mean alexnet-2012?");
}

/* What train.freeze of the run's recipe names is not trained. */
static void a_run_tells_what_is_frozen(void **state)
{
    (void)state;
    static const struct {
        const char *recipe;
        int64_t trained; /* -1: refused */
    } rows[] = {
        {"train: {freeze: [c]}\n", 6146},    {"train: {freeze: c}\n", 6146},   {"train: {freeze: []}\n", 6146 + 84},
        {"train: {epochs: 3}\n", 6146 + 84}, {"model: starter\n", 6146 + 84},  {"train: {freeze: ''}\n", 6146 + 84},
        {"train: {freeze: [dens_1]}\n", -1}, {"train: {freeze: ['*']}\n", -1}, {"train: [\n", -1},
    };
    static const char net[] = HEAD "  - conv2d: {name: c, filters: 3, kernel_size: 3, padding: same}\n" TAIL;
    assert_int_equal(alx_file_write(in_folder("model.yaml"), net, strlen(net), NULL), ALX_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        alx_network *network;
        alx_layer_info info;
        alx_error err = {0};
        int64_t trained = 0;
        assert_int_equal(alx_file_write(in_folder("recipe.yaml"), rows[i].recipe, strlen(rows[i].recipe), NULL),
                         ALX_OK);
        const alx_status status = alx_network_open(&network, folder, 0, &err);
        if (rows[i].trained < 0) {
            assert_int_equal(status, ALX_BAD_DATA);
            assert_null(network);
            if (!strstr(err.message, "recipe.yaml:")) fail_msg("no place in: %s", err.message);
            continue;
        }
        if (status) fail_msg("%s: %s", rows[i].recipe, err.message);
        for (int k = 0; k < alx_network_layer_count(network); k++) {
            alx_network_layer(network, k, &info);
            trained += info.trainable;
        }
        assert_int_equal(trained, rows[i].trained);
        alx_network_destroy(network);
    }
}

/* A folder or file that bears a built-in name does not hide the network; ./alexnet means the file. */
static void a_program_called_alexnet_is_not_the_network(void **state)
{
    (void)state;
    char *before = getcwd(NULL, 0);
    assert_int_equal(chdir(folder), 0);
    FILE *program = fopen("alexnet", "wb");
    assert_non_null(program);
    fputs("\177ELF", program);
    fclose(program);
    assert_opens("alexnet", 0, "alexnet", 2);
    assert_fails("./alexnet", "alexnet:1:1");
    remove("alexnet");
    assert_int_equal(chdir(before), 0);
    free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_every_source),
        cmocka_unit_test(a_run_tells_what_is_frozen),
        cmocka_unit_test(a_program_called_alexnet_is_not_the_network),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

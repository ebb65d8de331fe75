/* Folders as people have them: nested, linked, oddly named, half finished. */
#include "images.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "base/file.h"
#include "data/source.h"

static alx_error error;
static const bytes dot = {(uint8_t *)".", 1};

static void link_to(const char *folder, const char *name, const char *target)
{
    char path[4096];
    assert_int_equal(symlink(target, in(folder, name, path)), 0);
}

static void assert_fails(const char *folder, const char *part)
{
    alx_sample_list list;
    assert_int_not_equal(alx_source_folder(&list, folder, &error), ALX_OK);
    if (!strstr(error.message, part)) print_error("%s\n", error.message);
    assert_non_null(strstr(error.message, part));
    assert_int_equal(list.count, 0);
}

static void read_folder(alx_sample_list *list, const char *folder)
{
    alx_status status = alx_source_folder(list, folder, &error);
    if (status) print_error("%s\n", error.message);
    assert_int_equal(status, ALX_OK);
}

/* The sample at i is class/rest. */
static void assert_sample(const alx_sample_list *list, int64_t i, const char *folder, const char *rest, int label)
{
    char path[4096];
    assert_in_range(i, 0, list->count - 1);
    assert_string_equal(list->samples[i].path, in(folder, rest, path));
    assert_int_equal(list->samples[i].label, label);
}

static void test_order(void **state)
{
    (void)state;
    char *folder = folder_make();
    make_folder(folder, "b");
    make_folder(folder, "B");
    make_folder(folder, "数据");
    make_folder(folder, ".git");
    write_file(folder, "notes.txt", dot);
    write_file(folder, ".git/x.png", dot);
    write_file(folder, "B/z.JPG", dot);
    make_folder(folder, "b/a");
    make_folder(folder, "b/a/deep");
    write_file(folder, "b/a/deep/1.webp", dot);
    write_file(folder, "b/a.png", dot); /* '.' sorts before '/' */
    write_file(folder, "b/a/2.jpeg", dot);
    write_file(folder, "b/.hidden.png", dot);
    write_file(folder, "b/readme.md", dot);
    write_file(folder, "b/png", dot);
    write_file(folder, "b/old.TIFF", dot); /* an image that must not vanish silently */
    write_file(folder, "数据/隶书.jfif", dot);
    write_file(folder, "数据/two\nlines'\".png", dot);
    write_file(folder, "数据/\xFF\xFE.png", dot);
    alx_sample_list list;
    read_folder(&list, folder);
    assert_int_equal(list.class_count, 3);
    assert_string_equal(list.class_names[0], "B");
    assert_string_equal(list.class_names[1], "b");
    assert_string_equal(list.class_names[2], "数据");
    assert_int_equal(list.count, 8);
    assert_sample(&list, 0, folder, "B/z.JPG", 0);
    assert_sample(&list, 1, folder, "b/a.png", 1);
    assert_sample(&list, 2, folder, "b/a/2.jpeg", 1);
    assert_sample(&list, 3, folder, "b/a/deep/1.webp", 1);
    assert_sample(&list, 4, folder, "b/old.TIFF", 1);
    assert_sample(&list, 5, folder, "数据/two\nlines'\".png", 2);
    assert_sample(&list, 6, folder, "数据/隶书.jfif", 2);
    assert_sample(&list, 7, folder, "数据/\xFF\xFE.png", 2);
    alx_text text = {0};
    alx_source_describe(&text, &list);
    assert_string_equal(text.data, "Found 8 images belonging to 3 classes: B (1), b (4), 数据 (3)");
    alx_text_finish(&text);
    alx_sample_list_finish(&list);
    folder_remove(folder);
}

static void test_links_and_specials(void **state)
{
    (void)state;
    char *folder = folder_make(), *elsewhere = folder_make(), path[4096];
    make_folder(folder, "a");
    make_folder(folder, "b");
    write_file(folder, "a/1.png", dot);
    write_file(folder, "b/1.png", dot);
    write_file(elsewhere, "2.png", dot);
    link_to(folder, "a/more", elsewhere);       /* followed */
    link_to(folder, "a/more_again", elsewhere); /* once */
    link_to(folder, "a/self", ".");
    link_to(folder, "a/up", "..");       /* never out of the class */
    link_to(folder, "a/sister", "../b"); /* nor into another */
    link_to(folder, "a/ring", "ring");
    link_to(folder, "a/gone.png", "nowhere.png"); /* kept: reading it tells the person */
    make_folder(folder, "b/folder.jpg");
    write_file(folder, "b/folder.jpg/3.png", dot);
    assert_int_equal(mkfifo(in(folder, "b/fifo.png", path), 0666), 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%.80s/b/s.png", folder);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);

    alx_sample_list list;
    read_folder(&list, folder);
    assert_int_equal(list.count, 5);
    assert_sample(&list, 0, folder, "a/1.png", 0);
    assert_sample(&list, 1, folder, "a/gone.png", 0);
    assert_sample(&list, 2, folder, "a/more/2.png", 0);
    assert_sample(&list, 3, folder, "b/1.png", 1);
    assert_sample(&list, 4, folder, "b/folder.jpg/3.png", 1);
    alx_sample_list_finish(&list);

    link_to(folder, "c", elsewhere); /* a class may be a link, and then has its files for itself */
    read_folder(&list, folder);
    assert_int_equal(list.count, 5);
    assert_sample(&list, 4, folder, "c/2.png", 2);
    alx_sample_list_finish(&list);
    link_to(folder, "d", "a");
    assert_fails(folder, "/d: leads to the same folder as another class");
    close(fd);
    folder_remove(folder);
    folder_remove(elsewhere);
}

static void test_mistakes(void **state)
{
    (void)state;
    char *folder = folder_make(), path[4096];
    assert_fails(in(folder, "none", path), "none: no such folder");
    assert_fails(folder, "no sub-folders; make one for each class");
    write_file(folder, "1.png", dot);
    write_file(folder, "2.png", dot);
    assert_fails(folder, "2 images but no sub-folders; put the images of each class");
    assert_fails(in(folder, "1.png", path), "1.png: cannot be read as a folder");
    make_folder(folder, "cats");
    write_file(folder, "cats/1.png", dot);
    assert_fails(folder, "one class alone (cats)");
    make_folder(folder, "dogs");
    write_file(folder, "dogs/list.txt", dot);
    assert_fails(folder, "dogs: a class without images");
    write_file(folder, "dogs/1.png", dot);
    alx_sample_list list;
    read_folder(&list, folder);
    alx_sample_list_finish(&list);
    make_folder(folder, "caf\xE9");
    write_file(folder, "caf\xE9/1.png", dot);
    assert_fails(folder, "the class name caf\\xe9 is not UTF-8");
    folder_remove(folder);
}

static void assert_split(const char *path, const char *name)
{
    if (!name)
        assert_null(path);
    else
        assert_string_equal(alx_file_name(path), name);
}

static void test_find_splits(void **state)
{
    (void)state;
    char *folder = folder_make();
    alx_folder_splits splits;
    make_folder(folder, "test");
    make_folder(folder, "cats");
    assert_int_equal(alx_source_find_splits(&splits, folder, &error), ALX_OK);
    assert_split(splits.train, NULL);
    assert_split(splits.test, NULL);
    assert_null(splits.others);
    make_folder(folder, "Train");
    make_folder(folder, "dogs");
    write_file(folder, "val", dot); /* a file is no split */
    assert_int_equal(alx_source_find_splits(&splits, folder, &error), ALX_OK);
    assert_split(splits.train, "Train");
    assert_split(splits.validation, NULL);
    assert_split(splits.test, "test");
    assert_string_equal(splits.others, "cats, dogs");
    assert_true(splits.flat);
    alx_folder_splits_finish(&splits);
    make_folder(folder, "Train/a");
    assert_int_equal(alx_source_find_splits(&splits, folder, &error), ALX_OK);
    assert_false(splits.flat);
    alx_folder_splits_finish(&splits);
    make_folder(folder, "valid");
    assert_int_equal(alx_source_find_splits(&splits, folder, &error), ALX_OK);
    assert_split(splits.validation, "valid");
    alx_folder_splits_finish(&splits);
    make_folder(folder, "validation");
    assert_int_equal(alx_source_find_splits(&splits, folder, &error), ALX_BAD_DATA);
    assert_non_null(strstr(error.message, "both valid and validation could be the same split"));
    assert_null(splits.train);
    folder_remove(folder);
}

/* Evaluation images alone must not become two classes. */
static void test_splits_without_train(void **state)
{
    (void)state;
    char *folder = folder_make();
    alx_folder_splits splits;
    assert_int_equal(alx_source_find_splits(&splits, folder, &error), ALX_OK); /* empty */
    make_folder(folder, "val");
    make_folder(folder, "test");
    assert_int_equal(alx_source_find_splits(&splits, folder, &error), ALX_BAD_DATA);
    assert_non_null(strstr(error.message, "train is missing; put the training images into"));
    assert_null(splits.test);
    folder_remove(folder);
}

static void test_classes_alone(void **state)
{
    (void)state;
    char *folder = folder_make();
    alx_sample_list list;
    make_folder(folder, "dogs");
    assert_int_equal(alx_source_classes(&list, folder, &error), ALX_BAD_DATA);
    make_folder(folder, "cats"); /* without images: none is asked for */
    assert_int_equal(alx_source_classes(&list, folder, &error), ALX_OK);
    assert_int_equal(list.class_count, 2);
    assert_int_equal(list.count, 0);
    assert_string_equal(list.class_names[0], "cats");
    assert_string_equal(list.class_names[1], "dogs");
    alx_sample_list_finish(&list);
    folder_remove(folder);
}

/* Classes are known by their names, whatever their order. */
static void test_same_classes(void **state)
{
    (void)state;
    const char *wanted[] = {"9", "10"}, *lacking[] = {"9", "11"};
    const char *names[] = {"10", "9"};
    alx_sample samples[] = {{.label = 0}, {.label = 1}};
    alx_sample_list list = {.count = 2, .samples = samples, .class_count = 2, .class_names = names};
    assert_int_equal(alx_sample_list_match(&list, "test", "train", lacking, 2, &error), ALX_BAD_DATA);
    assert_non_null(strstr(error.message, "train has no class 10, which test has; the classes must be named alike"));
    assert_int_equal(alx_sample_list_match(&list, "test", "train", wanted, 1, &error), ALX_BAD_DATA);
    assert_int_equal(samples[0].label, 0); /* as it was */
    assert_int_equal(alx_sample_list_match(&list, "test", "train", wanted, 2, &error), ALX_OK);
    assert_string_equal(list.class_names[1], "10");
    assert_int_equal(samples[0].label, 1);
    assert_int_equal(samples[1].label, 0);
    alx_arena_finish(&list.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),         cmocka_unit_test(test_links_and_specials),
        cmocka_unit_test(test_mistakes),      cmocka_unit_test(test_find_splits),
        cmocka_unit_test(test_same_classes),  cmocka_unit_test(test_splits_without_train),
        cmocka_unit_test(test_classes_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Files: bounded reads, and writes that are whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "temp_folder.h"

typedef struct place {
    temp_path folder, file;
} place;

static int set_up(void **state)
{
    static place here;
    temp_folder_make(here.folder);
    snprintf(here.file, sizeof here.file, "%.480s/model.bin", here.folder);
    *state = &here;
    return 0;
}

static int tear_down(void **state)
{
    temp_folder_remove(((place *)*state)->folder);
    return 0;
}

static void assert_holds(const char *path, const char *text)
{
    uint8_t *bytes = NULL;
    size_t count = 0;
    assert_int_equal(alx_file_read(&bytes, &count, path, 1 << 20, NULL), ALX_OK);
    assert_int_equal(count, strlen(text));
    assert_string_equal((char *)bytes, text);
    free(bytes);
}

static void test_read(void **state)
{
    const place *here = *state;
    uint8_t *bytes = NULL;
    size_t count = 0;
    alx_error err = {0};
    assert_int_equal(alx_file_write(here->file, "0123456789", 10, NULL), ALX_OK);
    assert_int_equal(alx_file_read(&bytes, &count, here->file, 10, &err), ALX_OK);
    assert_int_equal(count, 10);
    assert_memory_equal(bytes, "0123456789", 11);
    free(bytes);
    assert_int_equal(alx_file_read(&bytes, &count, here->file, 9, &err), ALX_BAD_DATA);
    assert_null(bytes);
    assert_non_null(strstr(err.message, "model.bin: has 10 bytes; at most 9 are read"));
    assert_int_equal(alx_file_read(&bytes, &count, here->folder, 100, &err), ALX_IO);
    assert_non_null(strstr(err.message, "is a folder"));
    assert_int_equal(alx_file_read(&bytes, &count, "/no/such/file", 100, &err), ALX_IO);
    assert_string_equal(err.message, "/no/such/file: no such file or folder");
    assert_int_equal(alx_file_read(&bytes, &count, "/dev/zero", 100, &err), ALX_IO);
    assert_non_null(strstr(err.message, "not a regular file"));
    /* An empty file still has its NUL. */
    assert_int_equal(alx_file_write(here->file, "", 0, NULL), ALX_OK);
    assert_holds(here->file, "");
}

static void test_fifo_does_not_hang(void **state)
{
    const place *here = *state;
    uint8_t *bytes;
    size_t count;
    assert_int_equal(mkfifo(here->file, 0600), 0);
    alarm(5);
    assert_int_equal(alx_file_read(&bytes, &count, here->file, 100, NULL), ALX_IO);
    assert_int_equal(alx_file_write(here->file, "x", 1, NULL), ALX_IO);
    alarm(0);
}

static void test_read_at(void **state)
{
    const place *here = *state;
    int fd;
    uint64_t size;
    char piece[5] = "";
    alx_error err = {0};
    assert_int_equal(alx_file_write(here->file, "0123456789", 10, NULL), ALX_OK);
    assert_int_equal(alx_file_open(&fd, &size, here->file, NULL), ALX_OK);
    assert_int_equal(size, 10);
    assert_int_equal(alx_file_read_at(fd, piece, 4, 6, here->file, NULL), ALX_OK);
    assert_string_equal(piece, "6789");
    assert_int_equal(alx_file_read_at(fd, piece, 4, 7, here->file, &err), ALX_BAD_DATA);
    assert_non_null(strstr(err.message, "ends at byte 10"));
    assert_int_not_equal(alx_file_read_at(fd, piece, 4, UINT64_MAX, here->file, NULL), ALX_OK);
    close(fd);
}

static void test_paths(void **state)
{
    (void)state;
    static const char *const joins[][3] = {
        {"a", "b/c", "a/b/c"}, {"a/", "b", "a/b"}, {"a", "/b", "/b"}, {"/", "b", "/b"}, {"", "b", "b"}};
    static const char *const folders[][3] = {{"a/b/c", "a/b", "c"}, {"c", ".", "c"}, {"/c", "/", "c"}, {"a/", "a", ""}};
    for (size_t i = 0; i < sizeof joins / sizeof joins[0]; i++) {
        char *joined = alx_file_join(joins[i][0], joins[i][1], NULL);
        assert_string_equal(joined, joins[i][2]);
        free(joined);
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char *folder = alx_file_folder(folders[i][0], NULL);
        assert_string_equal(folder, folders[i][1]);
        free(folder);
        assert_string_equal(alx_file_name(folders[i][0]), folders[i][2]);
    }
}

/* The reason is that of mkdir, not that of looking whether something is there. */
static void test_forbidden_folder(void **state)
{
    const place *here = *state;
    char *closed = alx_file_join(here->folder, "closed", NULL), *path = alx_file_join(closed, "x/y", NULL);
    alx_error err = {0};
    const uid_t user = geteuid();
    assert_int_equal(mkdir(closed, 0700), 0);
    assert_int_equal(chmod(closed, 0555), 0);
    assert_int_equal(chmod(here->folder, 0755), 0);
    if (user == 0) assert_int_equal(seteuid(65534), 0); /* root may write anywhere */
    alx_status status = alx_file_make_folder(path, &err);
    if (user == 0) assert_int_equal(seteuid(0), 0);
    assert_int_equal(status, ALX_IO);
    assert_non_null(strstr(err.message, "closed/x: cannot be made: Permission denied"));
    free(path);
    free(closed);
}

static void test_folders(void **state)
{
    const place *here = *state;
    char *deep = alx_file_join(here->folder, "a/b//c/", NULL);
    alx_error err = {0};
    assert_int_equal(alx_file_make_folder(deep, &err), ALX_OK);
    assert_true(alx_file_is_folder(deep));
    assert_int_equal(alx_file_make_folder(deep, &err), ALX_OK);
    uint64_t space = 0, again = 0;
    assert_int_equal(alx_file_free_space(&space, deep, NULL), ALX_OK);
    assert_true(space > 0);
    char *missing = alx_file_join(deep, "not/here/yet", NULL);
    assert_int_equal(alx_file_free_space(&again, missing, NULL), ALX_OK);
    assert_true(again > 0);
    free(missing);
    free(deep);
    assert_int_equal(alx_file_write(here->file, "x", 1, NULL), ALX_OK);
    char *under = alx_file_join(here->file, "d", NULL);
    assert_int_equal(alx_file_make_folder(under, &err), ALX_IO);
    assert_non_null(strstr(err.message, "is a file, not a folder"));
    free(under);
    char *link = alx_file_join(here->folder, "dangling", NULL);
    assert_int_equal(symlink("nowhere", link), 0);
    assert_int_equal(alx_file_make_folder(link, &err), ALX_IO);
    assert_non_null(strstr(err.message, "is a file, not a folder"));
    free(link);
    assert_true(alx_file_exists(here->file));
    assert_false(alx_file_is_folder(here->file));
}

static void test_write_replaces(void **state)
{
    const place *here = *state;
    assert_int_equal(alx_file_write(here->file, "old", 3, NULL), ALX_OK);
    assert_int_equal(chmod(here->file, 0600), 0);
    assert_int_equal(alx_file_write(here->file, "new text", 8, NULL), ALX_OK);
    assert_holds(here->file, "new text");
    struct stat info;
    assert_int_equal(stat(here->file, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(temp_folder_entries(here->folder), 1);
}

static void test_nothing_is_seen_before_commit(void **state)
{
    const place *here = *state;
    alx_atomic_file file;
    assert_int_equal(alx_atomic_open(&file, here->file, NULL), ALX_OK);
    assert_int_equal(alx_atomic_write(&file, "new text", 8, NULL), ALX_OK);
    assert_int_equal(alx_atomic_write_at(&file, "T", 1, 4, NULL), ALX_OK);
    assert_int_equal(alx_atomic_write(&file, "!", 1, NULL), ALX_OK); /* goes on at the end */
    assert_false(alx_file_exists(here->file));
    assert_int_equal(alx_atomic_commit(&file, NULL), ALX_OK);
    assert_holds(here->file, "new Text!");
    alx_atomic_abort(&file); /* harmless */
    assert_holds(here->file, "new Text!");
}

static void test_abort_keeps_the_old(void **state)
{
    const place *here = *state;
    alx_atomic_file file;
    assert_int_equal(alx_file_write(here->file, "old", 3, NULL), ALX_OK);
    assert_int_equal(alx_atomic_open(&file, here->file, NULL), ALX_OK);
    assert_int_equal(alx_atomic_write(&file, "new", 3, NULL), ALX_OK);
    alx_atomic_abort(&file);
    alx_atomic_abort(&file);
    assert_holds(here->file, "old");
    assert_int_equal(temp_folder_entries(here->folder), 1);
}

static void write_keeping(const place *here, const char *previous, const char *text)
{
    alx_atomic_file file;
    assert_int_equal(alx_atomic_open(&file, here->file, NULL), ALX_OK);
    assert_int_equal(alx_atomic_keep_old(&file, previous, NULL), ALX_OK);
    assert_int_equal(alx_atomic_write(&file, text, strlen(text), NULL), ALX_OK);
    assert_int_equal(alx_atomic_commit(&file, NULL), ALX_OK);
}

static void test_the_old_file_stays_under_another_name(void **state)
{
    const place *here = *state;
    temp_path previous;
    snprintf(previous, sizeof previous, "%.480s/previous.bin", here->folder);
    write_keeping(here, previous, "one"); /* of nothing, nothing stays */
    assert_int_equal(temp_folder_entries(here->folder), 1);
    write_keeping(here, previous, "two");
    assert_holds(previous, "one");
    write_keeping(here, previous, "three");
    assert_holds(previous, "two");
    assert_holds(here->file, "three");
    /* Where it was lost, the one before it is not given up. */
    assert_int_equal(unlink(here->file), 0);
    write_keeping(here, previous, "four");
    assert_holds(previous, "two");
    assert_holds(here->file, "four");
    /* What cannot be replaced: a folder in its place. */
    assert_int_equal(unlink(previous), 0);
    assert_int_equal(mkdir(previous, 0700), 0);
    alx_atomic_file file;
    alx_error err = {0};
    assert_int_equal(alx_atomic_open(&file, here->file, NULL), ALX_OK);
    assert_int_equal(alx_atomic_keep_old(&file, previous, NULL), ALX_OK);
    assert_int_equal(alx_atomic_commit(&file, &err), ALX_IO);
    assert_non_null(strstr(err.message, "cannot be written; the old file stays"));
    assert_holds(here->file, "four");
    assert_int_equal(temp_folder_entries(here->folder), 2);
}

/* RLIMIT_FSIZE makes a write stop half-way, as a full disk does. */
static void test_failed_write_keeps_the_old(void **state)
{
    const place *here = *state;
    alx_error err = {0};
    assert_int_equal(alx_file_write(here->file, "old", 3, NULL), ALX_OK);
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 4096;
    char *big = calloc(1, 10000);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    alx_status status = alx_file_write(here->file, big, 10000, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    free(big);
    assert_int_equal(status, ALX_IO);
    assert_non_null(strstr(err.message, "model.bin: cannot be written; the old file stays: File too large"));
    assert_holds(here->file, "old");
    assert_int_equal(temp_folder_entries(here->folder), 1);
}

static void test_failed_rename_leaves_nothing(void **state)
{
    const place *here = *state;
    alx_atomic_file file;
    alx_error err = {0};
    assert_int_equal(alx_atomic_open(&file, here->file, NULL), ALX_OK);
    assert_int_equal(alx_atomic_write(&file, "new", 3, NULL), ALX_OK);
    assert_int_equal(mkdir(here->file, 0700), 0); /* now rename must fail */
    assert_int_equal(alx_atomic_commit(&file, &err), ALX_IO);
    assert_int_equal(temp_folder_entries(here->folder), 1);
    alx_atomic_abort(&file);
    assert_true(alx_file_is_folder(here->file));
}

static void test_killed_writer(void **state)
{
    const place *here = *state;
    assert_int_equal(alx_file_write(here->file, "old", 3, NULL), ALX_OK);
    pid_t child = fork();
    if (child == 0) {
        alx_atomic_file file;
        if (alx_atomic_open(&file, here->file, NULL) || alx_atomic_write(&file, "half", 4, NULL)) _exit(1);
        raise(SIGKILL);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how));
    assert_holds(here->file, "old");
}

static void test_leftover_is_taken_over(void **state)
{
    const place *here = *state;
    /* As a killed process of our number would have left it. */
    temp_path left;
    snprintf(left, sizeof left, "%.480s.tmp-%ld", here->file, (long)getpid());
    FILE *file = fopen(left, "w");
    fputs("a long and stale leftover", file);
    fclose(file);
    assert_int_equal(alx_file_write(here->file, "new", 3, NULL), ALX_OK);
    assert_holds(here->file, "new");
    assert_int_equal(temp_folder_entries(here->folder), 1);
}

static void test_two_writers(void **state)
{
    const place *here = *state;
    alx_atomic_file first, second;
    alx_error err = {0};
    assert_int_equal(alx_atomic_open(&first, here->file, NULL), ALX_OK);
    assert_int_equal(alx_atomic_write(&first, "first", 5, NULL), ALX_OK);
    assert_int_equal(alx_atomic_open(&second, here->file, &err), ALX_IO);
    assert_non_null(strstr(err.message, "someone else is writing"));
    alx_atomic_abort(&second);
    assert_int_equal(alx_atomic_commit(&first, NULL), ALX_OK);
    assert_holds(here->file, "first");
}

static void test_targets(void **state)
{
    const place *here = *state;
    alx_error err = {0};
    assert_int_equal(alx_file_write(here->folder, "x", 1, &err), ALX_IO);
    assert_non_null(strstr(err.message, "is a folder"));
    assert_int_equal(alx_file_write("/dev/null", "x", 1, &err), ALX_IO);
    struct stat info;
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
    char *nowhere = alx_file_join(here->folder, "no/x", NULL);
    assert_int_equal(alx_file_write(nowhere, "x", 1, &err), ALX_IO);
    assert_non_null(strstr(err.message, "no/x: no such file or folder"));
    free(nowhere);
    /* A link stays a link. */
    char *link = alx_file_join(here->folder, "link", NULL);
    assert_int_equal(alx_file_write(here->file, "old", 3, NULL), ALX_OK);
    assert_int_equal(symlink("model.bin", link), 0);
    assert_int_equal(alx_file_write(link, "new", 3, NULL), ALX_OK);
    assert_holds(here->file, "new");
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    free(link);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_read),
        TEST(test_fifo_does_not_hang),
        TEST(test_read_at),
        TEST(test_paths),
        TEST(test_folders),
        TEST(test_forbidden_folder),
        TEST(test_write_replaces),
        TEST(test_nothing_is_seen_before_commit),
        TEST(test_abort_keeps_the_old),
        TEST(test_the_old_file_stays_under_another_name),
        TEST(test_failed_write_keeps_the_old),
        TEST(test_failed_rename_leaves_nothing),
        TEST(test_killed_writer),
        TEST(test_leftover_is_taken_over),
        TEST(test_two_writers),
        TEST(test_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

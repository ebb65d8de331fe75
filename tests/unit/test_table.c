/* Tables and list files as people and spreadsheets write them. */
#include "images.h"

#include "base/file.h"
#include "data/loader.h"
#include "data/rows.h"
#include "temp_folder.h"

static alx_error error;
static temp_path folder;

static int setup(void **state)
{
    (void)state;
    temp_folder_make(folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    temp_folder_remove(folder);
    return 0;
}

/* The defaults of a recipe. */
static void start(alx_source_config *config, alx_arena *arena)
{
    alx_data_config data = {0};
    assert_int_equal(alx_options_default(alx_data_options, &data, arena, &error), ALX_OK);
    assert_int_equal(alx_options_default(alx_label_options, &data.source.label, arena, &error), ALX_OK);
    *config = data.source;
}

/* ---- Rows ---- */

static alx_status read_bytes(alx_rows *rows, const char *text, size_t size, const char *file, const char *separator,
                             alx_encoding encoding)
{
    alx_arena arena = {0};
    alx_source_config config;
    start(&config, &arena);
    config.separator = separator;
    *rows = (alx_rows){0};
    char *decoded = NULL;
    size_t length;
    alx_status status = alx_text_file_decode(&decoded, &length, (const uint8_t *)text, size, file, encoding, &error);
    if (!status) status = alx_rows_read_table(rows, decoded, length, file, &config, "", &error);
    free(decoded);
    alx_arena_finish(&arena);
    if (status) alx_rows_finish(rows);
    return status;
}

/* wanted: "line:path=label line:path=label" */
static void reads_as(const char *file, const char *separator, const char *text, const char *wanted)
{
    alx_rows rows;
    alx_text got = {0};
    alx_status status = read_bytes(&rows, text, strlen(text), file, separator, ALX_ENCODING_UTF8);
    if (status) fail_msg("%s", error.message);
    for (int64_t i = 0; i < rows.count; i++)
        alx_text_printf(&got, "%s%lld:%s=%s", i ? " " : "", (long long)rows.rows[i].line, rows.rows[i].path,
                        rows.rows[i].label);
    assert_string_equal(got.data, wanted);
    alx_text_finish(&got);
    alx_rows_finish(&rows);
}

static void tables_of_many_hands(void **state)
{
    (void)state;
    reads_as("t.csv", "", "path,label\na.jpg,x\nb.jpg,y\n", "2:a.jpg=x 3:b.jpg=y");
    reads_as("t.csv", "", "path,label\r\na.jpg,x\r\nb.jpg,y", "2:a.jpg=x 3:b.jpg=y");
    reads_as("t.csv", "", "path,label\ra.jpg,x\rb.jpg,y\r", "2:a.jpg=x 3:b.jpg=y");
    reads_as("t.csv", "", "\xef\xbb\xbfpath,label\na.jpg,x\n", "2:a.jpg=x");
    reads_as("t.csv", "", "\"path\",\"label\"\n\"a, b.jpg\",\"say \"\"x\"\"\"\n", "2:a, b.jpg=say \"x\"");
    reads_as("t.csv", "", "label,other,path\nx,1,ftw (1).jpg\n", "2:ftw (1).jpg=x");
    reads_as("t.csv", "", "path,label\n\n\na.jpg,x\n , \n\nb.jpg,y\n\n", "4:a.jpg=x 7:b.jpg=y");
    reads_as("t.csv", "", ",,\npath,label\na.jpg,x\n", "3:a.jpg=x");
    reads_as("t.csv", "", "path , label\n a.jpg ,\tx\n\" b\",y\n", "2:a.jpg=x 3: b=y");
    reads_as("t.csv", "", "note,path,label\n\"two\nlines\",a.jpg,x\n1,b.jpg,y\n", "2:a.jpg=x 4:b.jpg=y");
    reads_as("t.tsv", "", "path\tlabel\na,b.jpg\tx\n", "2:a,b.jpg=x");
    reads_as("t.csv", ";", "path;label\na,b.jpg;x\n", "2:a,b.jpg=x");
    reads_as("t.csv", "tab", "path\tlabel\na.jpg\tx\n", "2:a.jpg=x");
    reads_as("t.csv", "", "path,label\n/mnt/f/大三（上）/ftw (1).jpg,女\n", "2:/mnt/f/大三（上）/ftw (1).jpg=女");
}

static void refuses(const char *separator, const char *text, size_t size, alx_encoding encoding, const char *part)
{
    alx_rows rows;
    if (!read_bytes(&rows, text, size, "t.csv", separator, encoding)) fail_msg("accepted: %s", text);
    if (!strstr(error.message, part)) print_error("%s\n", error.message);
    assert_non_null(strstr(error.message, part));
    assert_null(strchr(error.message, '\n'));
}
#define REFUSES(text, part) refuses("", text, sizeof(text) - 1, ALX_ENCODING_UTF8, part)

static void mistakes_name_their_row(void **state)
{
    (void)state;
    REFUSES("", "t.csv: an empty table; its first row names the columns");
    REFUSES("\n\n , ,\n", "an empty table");
    REFUSES("path,label\na,b\nc\n", "t.csv:3: 1 field, but the header has 2; complete the row");
    REFUSES("path,label\n\n\"a\nb\",x\nc,d,e\n", "t.csv:5: 3 fields, but the header has 2; put fields that hold");
    REFUSES("Path,label\na,b\n", "t.csv:1: no column path (did you mean Path?); name one of Path, label as data.path");
    REFUSES("path,kind\na,b\n", "no column label; name one of path, kind as data.label.column");
    REFUSES("path;label\na;b\n", "t.csv:1: the header has one column, which holds another separator: give "
                                 "data.separator: \";\"");
    REFUSES("path\tlabel\na\tb\n", "which holds tabs: give data.separator: tab");
    REFUSES("path,label,path\na,b,c\n", "t.csv:1: two columns are called path; rename one");
    REFUSES("path,label\na,\"b\n\n", "t.csv:2: a quote opens in this row and never closes");
    REFUSES("path,label\na,b\nc,5\" disk\n", "t.csv:3: a quote out of place");
    REFUSES("path,label\n\"a\"b,c\n", "t.csv:2: a quote out of place");
    REFUSES("path,label\na\0b,c\n", "t.csv:2: a zero byte");
    REFUSES("path,label\n\xb4\xf3,c\n", "t.csv:2: not UTF-8; spreadsheets in China write GB18030: give data.encoding");
    REFUSES("\xff\xfep\0a\0", "is UTF-16; save it as CSV UTF-8");
    refuses("", "path,label\na,\xff\n", 15, ALX_ENCODING_GB18030, "t.csv:2: not GB18030 (byte 0xff)");
    refuses("", "path,label\na,\xc5", 14, ALX_ENCODING_GB18030, "t.csv:2: not GB18030 (byte 0xc5)");
    refuses("", "\xef\xbb\xbfpath", 7, ALX_ENCODING_GB18030, "begins with the mark of UTF-8");
    refuses(";;", "a", 1, ALX_ENCODING_UTF8, "data.separator \";;\"; give one ASCII character, or tab");
    refuses("\"", "a", 1, ALX_ENCODING_UTF8, "give one ASCII character");
    refuses("。", "a", 1, ALX_ENCODING_UTF8, "give one ASCII character");
    static char large[ALX_ROWS_MAX_FIELD + 64] = "path,label\na,";
    memset(large + strlen(large), 'x', ALX_ROWS_MAX_FIELD + 1);
    refuses("", large, strlen(large), ALX_ENCODING_UTF8, "t.csv:2: a field of 65537 bytes");
    static char wide[10000];
    memset(wide, ',', sizeof wide);
    refuses("", wide, sizeof wide, ALX_ENCODING_UTF8, "t.csv:1: more than 4096 columns");
}

/* "大三（上）/女.jpg,女" in GB18030, four-byte characters (U+20000) among them. */
static void gb18030_becomes_utf8(void **state)
{
    (void)state;
    static const char table[] = "path,label\n\xb4\xf3\xc8\xfd\xa3\xa8\xc9\xcf\xa3\xa9/\xc5\xae.jpg,\xc5\xae\n"
                                "\x95\x32\x82\x36,\xc4\xd0\n";
    alx_rows rows;
    assert_int_equal(read_bytes(&rows, table, sizeof table - 1, "t.csv", "", ALX_ENCODING_GB18030), ALX_OK);
    assert_int_equal(rows.count, 2);
    assert_string_equal(rows.rows[0].path, "大三（上）/女.jpg");
    assert_string_equal(rows.rows[0].label, "女");
    assert_string_equal(rows.rows[1].path, "𠀀");
    alx_rows_finish(&rows);
}

static void lists_of_path_and_label(void **state)
{
    (void)state;
    static const char text[] = "# made by hand\n\na.jpg 0\n  my photo (1).jpg   cat \r\nb\tc.jpg\t狗\nlast 1";
    alx_rows rows = {0};
    assert_int_equal(alx_rows_read_list(&rows, text, strlen(text), "l.txt", &error), ALX_OK);
    assert_int_equal(rows.count, 4);
    assert_string_equal(rows.rows[1].path, "my photo (1).jpg");
    assert_string_equal(rows.rows[1].label, "cat");
    assert_int_equal(rows.rows[1].line, 4);
    assert_string_equal(rows.rows[2].path, "b\tc.jpg");
    assert_string_equal(rows.rows[2].label, "狗");
    assert_string_equal(rows.rows[3].label, "1");
    alx_rows_finish(&rows);
    assert_int_equal(alx_rows_read_list(&rows, "a 1\nalone\n", 10, "l.txt", &error), ALX_BAD_DATA);
    assert_non_null(strstr(error.message, "l.txt:2: \"alone\" stands alone; write the path, a blank, and the label"));
    alx_rows_finish(&rows);
}

/* ---- Samples ---- */

static const char *put(const char *name, const char *text, char path[4096])
{
    snprintf(path, 4096, "%s/%s", folder, name);
    assert_int_equal(alx_file_write(path, text, strlen(text), &error), ALX_OK);
    return path;
}

static void put_images(void)
{
    static const char *const names[] = {"f1.jpg", "f (2).jpg", "m1.jpg", "m2.jpg"};
    char path[4096];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) put(names[i], "x", path);
}

static void samples_are(const char *text, const alx_source_config *config, const char *wanted)
{
    char path[4096];
    alx_sample_list list;
    alx_status status = alx_source_open(&list, put("t.csv", text, path), false, config, "", &error);
    if (status) fail_msg("%s", error.message);
    alx_text got = {0};
    for (int c = 0; c < list.class_count; c++) alx_text_printf(&got, "%s%s", c ? "," : "", list.class_names[c]);
    for (int64_t i = 0; i < list.count; i++)
        alx_text_printf(&got, " %s=%d", alx_file_name(list.samples[i].path), list.samples[i].label);
    assert_string_equal(got.data, wanted);
    alx_text_finish(&got);
    alx_sample_list_finish(&list);
}

static void labels_are_matched_and_named(void **state)
{
    (void)state;
    put_images();
    alx_arena arena = {0};
    alx_source_config config;
    start(&config, &arena);
    samples_are("path,label\nm1.jpg,b\nf1.jpg,a\n", &config, "a,b m1.jpg=1 f1.jpg=0"); /* the table's order */
    samples_are("path,label\nm1.jpg,男\nf1.jpg,女\n", &config, "女,男 m1.jpg=1 f1.jpg=0");
    const char *order[] = {"male", "female"};
    alx_map_entry names[] = {{.name = "f", .text = "female"}, {.name = "m", .text = "male"}};
    config.path = config.label.column = "Filename";
    config.label.match = "^([fm])";
    samples_are("Filename\nm1.jpg\nf (2).jpg\n", &config, "f,m m1.jpg=1 f (2).jpg=0");
    config.label.names = (alx_map){2, names};
    samples_are("Filename\nm1.jpg\nf (2).jpg\n", &config, "female,male m1.jpg=1 f (2).jpg=0");
    config.classes = (alx_texts){2, order};
    samples_are("Filename\nm1.jpg\nf (2).jpg\n", &config, "male,female m1.jpg=0 f (2).jpg=1");
    config.label.match = "^.*([fm]).*\\.jpg$"; /* a part of the match */
    samples_are("Filename\nm1.jpg\nf (2).jpg\n", &config, "male,female m1.jpg=0 f (2).jpg=1");
    config.label.match = "^f|^m"; /* no group: the whole match */
    samples_are("Filename\nm1.jpg\nf (2).jpg\n", &config, "male,female m1.jpg=0 f (2).jpg=1");
    start(&config, &arena);
    config.label.match = "^.";
    samples_are("path,label\nm1.jpg,男生\nf1.jpg,女生\n", &config, "女,男 m1.jpg=1 f1.jpg=0");
    alx_arena_finish(&arena);
}

static void source_fails(const char *name, const char *text, const alx_source_config *config, const char *group,
                         const char *part)
{
    char path[4096];
    alx_sample_list list;
    if (!alx_source_open(&list, put(name, text, path), false, config, group, &error)) fail_msg("accepted: %s", text);
    if (!strstr(error.message, part)) print_error("%s\n", error.message);
    assert_non_null(strstr(error.message, part));
    assert_int_equal(list.count, 0);
    assert_null(list.samples);
}

static void rows_that_cannot_be_used(void **state)
{
    (void)state;
    put_images();
    alx_arena arena = {0};
    alx_source_config config;
    start(&config, &arena);
    source_fails("t.csv", "path,label\nf1.jpg,a\nnone.jpg,b\n", &config, "", "t.csv:3: path: no file ");
    source_fails("t.csv", "path,label\nf1.jpg,a\nnone.jpg,b\n", &config, "", "--skip-missing (data.skip_missing)");
    source_fails("t.csv", "path,label\nf1.jpg,a\n,b\n", &config, "", "t.csv:3: path: no file (empty)");
    source_fails("t.csv", "path,label\nf1.jpg,a\n.,b\n", &config, "", "t.csv:3: path: no file "); /* a folder */
    source_fails("t.csv", "path,label\nf1.jpg,a\nm1.jpg,\n", &config, "", "t.csv:3: label \"\" is no label");
    source_fails("t.csv", "path,label\nf1.jpg,a\nf1.jpg,b\n", &config, "", "f1.jpg is b here and a in row 2");
    source_fails("t.csv", "path,label\nf1.jpg,a\n", &config, "", "one class alone (a)");
    source_fails("t.csv", "path,label\n", &config, "", "no row that can be used");
    source_fails("t.csv", "path,label,who\nf1.jpg,a,\n", &config, "who", "t.csv:2: column who, the group, is empty");
    source_fails("t.csv", "path,label\nf1.jpg,a\n", &config, "who", "no column who; name one of");
    source_fails("l.txt", "f1.jpg a\nm1.jpg b\n", &config, "who", "data.split.group is a column of a table");
    source_fails("l.txt", "f1.jpg a\nm3.jpg b\n", &config, "", "l.txt:2: path: no file ");
    const char *order[] = {"a", "c"}, *twice[] = {"a", "b", "a"};
    config.classes = (alx_texts){2, order};
    source_fails("t.csv", "path,label\nf1.jpg,a\nm1.jpg,b\n", &config, "",
                 "t.csv:3: the class b is not in data.classes");
    config.classes = (alx_texts){3, twice};
    source_fails("t.csv", "path,label\nf1.jpg,a\nm1.jpg,b\n", &config, "", "data.classes names a twice");
    config.classes = (alx_texts){1, order};
    source_fails("t.csv", "path,label\nf1.jpg,a\nm1.jpg,b\n", &config, "", "data.classes lists the names");
    start(&config, &arena);
    config.label.match = "^([fm]";
    source_fails("t.csv", "path,label\nf1.jpg,a\n", &config, "",
                 "data.label.match \"^([fm]\" is no regular expression");
    config.label.match = "^([xy])";
    source_fails("t.csv", "path,label\nf1.jpg,x1\nm1.jpg,z\n", &config, "",
                 "t.csv:3: label \"z\" does not match data.label.match");
    alx_map_entry names[] = {{.name = "x", .text = "ex"}};
    config.label.names = (alx_map){1, names};
    source_fails("t.csv", "path,label\nf1.jpg,x1\nm1.jpg,y\n", &config, "",
                 "t.csv:3: label \"y\" is not in data.label.names");
    alx_arena_finish(&arena);
}

static void missing_rows_are_left_out_and_counted(void **state)
{
    (void)state;
    put_images();
    alx_arena arena = {0};
    alx_source_config config;
    start(&config, &arena);
    config.skip_missing = true;
    config.label.match = "^[ab]$";
    char path[4096];
    alx_sample_list list;
    put("t.csv", "path,label\nf1.jpg,a\nnone.jpg,a\nm1.jpg,b\nm2.jpg,c\nno.jpg,b\n", path);
    assert_int_equal(alx_source_open(&list, path, false, &config, "", &error), ALX_OK);
    assert_int_equal(list.count, 2);
    assert_non_null(strstr(list.left_out, "t.csv: 3 of 5 rows are left out (2 without a file, 1 without a label); the "
                                          "first: "));
    assert_non_null(strstr(list.left_out, "t.csv:3: path: no file "));
    alx_sample_list_finish(&list);
    alx_arena_finish(&arena);
}

static void a_table_by_any_name_and_root(void **state)
{
    (void)state;
    put_images();
    alx_arena arena = {0};
    alx_source_config config;
    start(&config, &arena);
    char path[4096], below[1024];
    snprintf(below, sizeof below, "%s/lists", folder);
    assert_int_equal(alx_file_make_folder(below, &error), ALX_OK);
    put("lists/labels.txt", "path,label\nf1.jpg,a\nm1.jpg,b\n", path);
    alx_sample_list list;
    config.root = folder;
    assert_int_equal(alx_source_open(&list, path, true, &config, "label", &error), ALX_OK);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.samples[1].group, "b");
    alx_sample_list_finish(&list);
    assert_int_equal(alx_source_open(&list, "none.csv", false, &config, "", &error), ALX_IO);
    assert_string_equal(error.message, "none.csv: no such folder or file of images");
    put("lists/labels.txt", "f1.jpg a\nm1.jpg b\n", path); /* the same name, but a list */
    assert_int_equal(alx_source_open(&list, path, false, &config, "", &error), ALX_OK);
    assert_int_equal(list.count, 2);
    alx_sample_list_finish(&list);
    alx_arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_of_many_hands),
        cmocka_unit_test(mistakes_name_their_row),
        cmocka_unit_test(gb18030_becomes_utf8),
        cmocka_unit_test(lists_of_path_and_label),
        cmocka_unit_test_setup_teardown(labels_are_matched_and_named, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_that_cannot_be_used, setup, teardown),
        cmocka_unit_test_setup_teardown(missing_rows_are_left_out_and_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_table_by_any_name_and_root, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

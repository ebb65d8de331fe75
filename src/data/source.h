/* Where samples come from: lists of images and labels with class names. */
#ifndef ALX_DATA_SOURCE_H
#define ALX_DATA_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/option.h"
#include "base/text.h"
#include "data/image.h"

typedef struct alx_sample {
    const char *path; /* of an image in an IDX file: "train-images-idx3-ubyte.gz#123", for people to read */
    int label;
    const char *group;     /* samples of one group stay on one side of a split; NULL: none was asked for */
    const uint8_t *pixels; /* grey, height x width of the list's alx_idx; NULL: the image is the file `path` */
} alx_sample;

/* A zeroed list is empty; everything in it lives in its arena, but for what `idx` counts. */
typedef struct alx_sample_list {
    alx_arena arena;
    int64_t count;
    alx_sample *samples; /* of a folder: sorted by class, then by path, bytewise; else in the file's order */
    int class_count;
    const char **class_names; /* in the order of the outputs: data.classes, else sorted bytewise */
    const char *left_out;     /* what data.skip_missing left out, for a person; NULL: nothing */
    struct alx_idx *idx;      /* what the samples' pixels lie in, shared with lists split off; NULL: files */
} alx_sample_list;

void alx_sample_list_finish(alx_sample_list *list);

/* Sample `index`, decoded as alx_image_decode does with need; hash (may be NULL) gets XXH3 of the file, or of the
 * pixels where there is none.  The message begins with the path.  Safe on several threads with an image each. */
alx_status alx_sample_read(alx_image *image, uint64_t *hash, const alx_sample_list *list, int64_t index,
                           const alx_image_need *need, alx_error *err);

/* ---- Sources ---- */

typedef enum alx_encoding { ALX_ENCODING_UTF8, ALX_ENCODING_GB18030 } alx_encoding;

/* Keys of the data section that say how tables, list files and IDX files are read. */
typedef struct alx_source_config {
    const char *root;      /* what paths in a table are relative to; "": the table's folder */
    const char *path;      /* the column of paths */
    int encoding;          /* alx_encoding */
    const char *separator; /* one character, or "tab"; "": by the file's ending */
    bool skip_missing;
    alx_texts classes; /* in the order of the outputs; none: those found, sorted bytewise */
    struct {
        const char *column;
        const char *match; /* a POSIX extended regular expression; "": the whole text */
        alx_map names;     /* what the text, or its match, is called as a class; empty: as it is */
    } label;
} alx_source_config;
extern const alx_option alx_label_options[];

/* The samples of a source: a folder (alx_source_folder), an IDX file of images with its labels beside it, a table
 * (a name in .csv or .tsv, or table: whatever the name), or else a list file of "path label" lines.  group: the table's
 * column that goes into the samples; "": none. */
alx_status alx_source_open(alx_sample_list *list, const char *path, bool table, const alx_source_config *config,
                           const char *group, alx_error *err);

/* A folder whose sub-folders are the classes; images at any depth below them.
 * Hidden names are ignored, links are followed once, folders reached twice are not
 * read again.  No folder, no classes, an empty class: errors that say what to do. */
alx_status alx_source_folder(alx_sample_list *list, const char *folder, alx_error *err);

/* The class names alone: no image is listed. */
alx_status alx_source_classes(alx_sample_list *list, const char *folder, alx_error *err);

/* How the sub-folders of a folder read as splits.  Paths are NULL where absent. */
typedef struct alx_folder_splits {
    char *train, *validation, *test;
    char *others; /* names of the sub-folders beside them: "foo, bar"; NULL: none */
    bool flat;    /* train has no sub-folders of its own: it may be a class of that name */
} alx_folder_splits;
void alx_folder_splits_finish(alx_folder_splits *splits);
/* Sub-folders train and validation|val|valid|test; all NULL when the sub-folders are classes.  Splits alone without
 * a train among them are an error. */
alx_status alx_source_find_splits(alx_folder_splits *splits, const char *folder, alx_error *err);

/* ---- What is said of lists ---- */

/* place[i]: where class i of the list stands among `names`, another order of the same classes such as a model's
 * outputs; room for `count`.  Where the classes differ the message names the first that is on one side only: has names
 * what the list is of, owner whose the names are ("the model"). */
alx_status alx_sample_list_place(int *place, const alx_sample_list *list, const char *has, const char *owner,
                                 const char *const *names, int count, alx_error *err);
/* Renumber the labels to that order. */
alx_status alx_sample_list_match(alx_sample_list *list, const char *has, const char *owner, const char *const *names,
                                 int count, alx_error *err);
/* How many samples each class has: (class_count), released with free; NULL: no memory. */
int64_t *alx_sample_list_sizes(const alx_sample_list *list, alx_error *err);
/* "Found 8000 images belonging to 2 classes: lishu (4000), xingkai (4000)" */
void alx_source_describe(alx_text *text, const alx_sample_list *list);

#endif

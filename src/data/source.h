/* Where samples come from: (path, label) lists with class names. */
#ifndef ALX_DATA_SOURCE_H
#define ALX_DATA_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

typedef struct alx_sample {
    const char *path;
    int label;
} alx_sample;

/* A zeroed list is empty; everything in it lives in its arena. */
typedef struct alx_sample_list {
    alx_arena arena;
    int64_t count;
    alx_sample *samples; /* sorted by class, then by path, bytewise */
    int class_count;
    const char **class_names; /* sorted bytewise */
} alx_sample_list;

void alx_sample_list_finish(alx_sample_list *list);

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

/* Move a seeded, stratified share (0..1) of each class from `list` to `taken`
 * (at least one image of a class with two or more). Both keep the order. */
alx_status alx_split_stratified(alx_sample_list *list, alx_sample_list *taken, double share, uint64_t seed,
                                alx_error *err);
/* The class lists must be the same; the message names what differs. */
alx_status alx_source_same_classes(const alx_sample_list *a, const char *a_name, const alx_sample_list *b,
                                   const char *b_name, alx_error *err);
/* "Found 8000 images belonging to 2 classes: lishu (4000), xingkai (4000)" */
void alx_source_describe(alx_text *text, const alx_sample_list *list);

#endif

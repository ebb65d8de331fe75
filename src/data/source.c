#include "data/source.h"

#include <dirent.h>
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"

/* ---- Growing arrays ---- */

typedef struct name_list {
    char **names;
    size_t count, capacity;
} name_list;

/* A folder that was read: device and inode, so that links cannot lead back into it. */
typedef struct folder_id {
    dev_t device;
    ino_t inode;
} folder_id;

typedef struct walk {
    name_list files; /* images of one class */
    void *seen;      /* folder_id, a tree of tsearch: there may be a million folders */
} walk;

/* Room for one more element of `size` bytes. */
static alx_status grow(void **array, size_t *capacity, size_t count, size_t size, alx_error *err)
{
    if (count < *capacity) return ALX_OK;
    size_t wanted = *capacity ? *capacity * 2 : 64;
    void *larger = alx_realloc(*array, wanted, size, err);
    if (!larger) return ALX_NO_MEMORY;
    *array = larger;
    *capacity = wanted;
    return ALX_OK;
}

/* Takes name over, also on failure; NULL is a failure already reported. */
static alx_status add_name(name_list *list, char *name, alx_error *err)
{
    if (!name) return ALX_NO_MEMORY;
    void *names = list->names;
    alx_status status = grow(&names, &list->capacity, list->count, sizeof *list->names, err);
    list->names = names;
    if (status) {
        free(name);
        return status;
    }
    list->names[list->count++] = name;
    return ALX_OK;
}

static void finish_names(name_list *list)
{
    for (size_t i = 0; i < list->count; i++) free(list->names[i]);
    free(list->names);
    *list = (name_list){0};
}

/* strcmp compares bytes as unsigned: the order is the same in every locale. */
static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_names(name_list *list)
{
    if (list->count > 1) qsort(list->names, list->count, sizeof *list->names, compare_names);
}

/* ---- Folders ---- */

/* The names in a folder, sorted; hidden ones are left out. */
static alx_status list_folder(name_list *list, const char *folder, alx_error *err)
{
    alx_printable name;
    DIR *dir = opendir(folder);
    if (!dir) {
        if (errno == ENOENT) return alx_fail(err, ALX_IO, "%s: no such folder", alx_text_printable(folder, name));
        return alx_fail(err, ALX_IO, "%s: cannot be read as a folder: %s", alx_text_printable(folder, name),
                        strerror(errno));
    }
    alx_status status = ALX_OK;
    struct dirent *entry = NULL;
    while (!status && (errno = 0, entry = readdir(dir)))
        if (entry->d_name[0] != '.') status = add_name(list, alx_strdup(entry->d_name, err), err);
    if (!status && !entry && errno)
        status = alx_fail(err, ALX_IO, "%s: cannot be read: %s", alx_text_printable(folder, name), strerror(errno));
    closedir(dir);
    sort_names(list);
    return status;
}

/* Names that are taken for images.  The second row cannot be decoded, but an image
 * that is left out without a word would be worse than an error that names it. */
static bool is_image_name(const char *name)
{
    static const char *const endings[] = {
        ".jpg", ".jpeg", ".jpe", ".jfif", ".png",  ".webp", /* decoded */
        ".gif", ".bmp",  ".tif", ".tiff", ".heic", ".avif",
    };
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot, endings[i]) == 0) return true;
    return false;
}

static int compare_folders(const void *left, const void *right)
{
    const folder_id *a = left, *b = right;
    if (a->device != b->device) return a->device < b->device ? -1 : 1;
    return a->inode < b->inode ? -1 : a->inode > b->inode;
}

/* 1 when the folder was not seen before and is now noted, 0 when it was. */
static alx_status note_folder(walk *w, const struct stat *info, int *fresh, alx_error *err)
{
    folder_id *id = alx_calloc(1, sizeof *id, err);
    if (!id) return ALX_NO_MEMORY;
    *id = (folder_id){info->st_dev, info->st_ino};
    folder_id **place = tsearch(id, &w->seen, compare_folders);
    *fresh = place && *place == id;
    if (!*fresh) free(id);
    return place ? ALX_OK : alx_fail(err, ALX_NO_MEMORY, "out of memory while reading folders");
}

static void finish_walk(walk *w)
{
    finish_names(&w->files);
    while (w->seen) {
        folder_id *id = *(folder_id **)w->seen;
        tdelete(id, &w->seen, compare_folders);
        free(id);
    }
}

static alx_status walk_folder(walk *w, const char *folder, alx_error *err);

/* Takes path over. */
static alx_status walk_entry(walk *w, char *path, const char *name, alx_error *err)
{
    struct stat info;
    int missing = stat(path, &info) != 0; /* a link that leads nowhere: decoding will say so */
    alx_status status = ALX_OK;
    if (!missing && S_ISDIR(info.st_mode)) {
        int fresh;
        status = note_folder(w, &info, &fresh, err);
        if (!status && fresh) status = walk_folder(w, path, err);
    } else if (is_image_name(name) && (missing || S_ISREG(info.st_mode))) {
        return add_name(&w->files, path, err);
    }
    free(path);
    return status;
}

/* Adds the paths of all images below a folder.  The names are read before the walk
 * goes deeper: no folder stays open.  Depth is bounded by the longest path that the system takes. */
static alx_status walk_folder(walk *w, const char *folder, alx_error *err)
{
    name_list names = {0};
    alx_status status = list_folder(&names, folder, err);
    for (size_t i = 0; !status && i < names.count; i++) {
        char *path = alx_file_join(folder, names.names[i], err);
        status = path ? walk_entry(w, path, names.names[i], err) : ALX_NO_MEMORY;
    }
    finish_names(&names);
    return status;
}

/* ---- Classes ---- */

/* Sub-folders of a folder, sorted; *files counts the images that lie beside them. */
static alx_status list_subfolders(name_list *subfolders, size_t *files, const char *folder, alx_error *err)
{
    name_list names = {0};
    alx_status status = list_folder(&names, folder, err);
    *files = 0;
    for (size_t i = 0; !status && i < names.count; i++) {
        char *path = alx_file_join(folder, names.names[i], err);
        if (!path) {
            status = ALX_NO_MEMORY;
        } else if (alx_file_is_folder(path)) {
            status = add_name(subfolders, alx_strdup(names.names[i], err), err);
        } else {
            *files += is_image_name(names.names[i]);
        }
        free(path);
    }
    finish_names(&names);
    return status;
}

static alx_status check_classes(const name_list *classes, size_t files, const char *folder, alx_error *err)
{
    alx_printable where, name;
    alx_text_printable(folder, where);
    if (classes->count == 0 && files > 0)
        return alx_fail(err, ALX_BAD_DATA,
                        "%s: %zu images but no sub-folders; put the images of each class into a sub-folder of its own",
                        where, files);
    if (classes->count == 0)
        return alx_fail(err, ALX_BAD_DATA, "%s: no sub-folders; make one for each class and put its images there",
                        where);
    if (classes->count == 1)
        return alx_fail(
            err, ALX_BAD_DATA,
            "%s: one class alone (%s); a classifier tells two or more apart: add a sub-folder for each other "
            "class, or name the folder above the classes",
            where, alx_text_printable(classes->names[0], name));
    if (classes->count > 1000000) return alx_fail(err, ALX_BAD_DATA, "%s: more than a million classes", where);
    for (size_t i = 0; i < classes->count; i++)
        if (!alx_text_is_utf8(classes->names[i], strlen(classes->names[i])))
            return alx_fail(err, ALX_BAD_DATA,
                            "%s: the class name %s is not UTF-8, which models store; rename the folder", where,
                            alx_text_printable(classes->names[i], name));
    return ALX_OK;
}

/* Adds the images of one class to the list, whose room is *capacity. */
static alx_status read_class(alx_sample_list *list, size_t *capacity, walk *w, const char *path, int label,
                             alx_error *err)
{
    ALX_TRY(walk_folder(w, path, err));
    alx_printable name;
    if (w->files.count == 0)
        return alx_fail(err, ALX_BAD_DATA,
                        "%s: a class without images; put JPEG, PNG or WebP images there or remove the folder",
                        alx_text_printable(path, name));
    sort_names(&w->files);
    for (size_t i = 0; i < w->files.count; i++) {
        void *samples = list->samples;
        ALX_TRY(grow(&samples, capacity, (size_t)list->count, sizeof *list->samples, err));
        list->samples = samples;
        char *copy = alx_arena_strdup(&list->arena, w->files.names[i], err);
        if (!copy) return ALX_NO_MEMORY;
        list->samples[list->count++] = (alx_sample){.path = copy, .label = label};
    }
    finish_names(&w->files);
    return ALX_OK;
}

/* The list's samples grow on the heap; here they move into its arena. */
static alx_status settle_samples(alx_sample_list *list, alx_error *err)
{
    alx_sample *grown = list->samples;
    list->samples = alx_arena_alloc(&list->arena, (size_t)list->count, sizeof *grown, err);
    if (list->samples && list->count) memcpy(list->samples, grown, (size_t)list->count * sizeof *grown);
    free(grown);
    return list->samples ? ALX_OK : ALX_NO_MEMORY;
}

/* Notes a folder that must be a new one. */
static alx_status claim_folder(walk *w, const char *path, alx_error *err)
{
    alx_printable name;
    alx_text_printable(path, name);
    struct stat info;
    if (stat(path, &info) != 0) return alx_fail(err, ALX_IO, "%s: cannot be read: %s", name, strerror(errno));
    int fresh;
    ALX_TRY(note_folder(w, &info, &fresh, err));
    if (fresh) return ALX_OK;
    return alx_fail(err, ALX_BAD_DATA, "%s: leads to the same folder as another class; remove the link", name);
}

/* Before the walk: no link of one class may lead into another or above. */
static alx_status claim_classes(walk *w, const name_list *classes, const char *folder, alx_error *err)
{
    ALX_TRY(claim_folder(w, folder, err));
    for (size_t i = 0; i < classes->count; i++) {
        char *path = alx_file_join(folder, classes->names[i], err);
        if (!path) return ALX_NO_MEMORY;
        alx_status status = claim_folder(w, path, err);
        free(path);
        ALX_TRY(status);
    }
    return ALX_OK;
}

static alx_status read_classes(alx_sample_list *list, const name_list *classes, const char *folder, alx_error *err)
{
    list->class_names = alx_arena_alloc(&list->arena, classes->count, sizeof *list->class_names, err);
    if (!list->class_names) return ALX_NO_MEMORY;
    walk w = {0};
    size_t capacity = 0;
    alx_status status = claim_classes(&w, classes, folder, err);
    for (size_t i = 0; !status && i < classes->count; i++) {
        char *name = alx_arena_strdup(&list->arena, classes->names[i], err);
        char *path = name ? alx_file_join(folder, name, err) : NULL;
        status = path ? read_class(list, &capacity, &w, path, (int)i, err) : ALX_NO_MEMORY;
        list->class_names[i] = name;
        list->class_count = (int)i + 1;
        free(path);
    }
    finish_walk(&w);
    alx_status settled = settle_samples(list, err);
    return status ? status : settled;
}

alx_status alx_source_classes(alx_sample_list *list, const char *folder, alx_error *err)
{
    *list = (alx_sample_list){0};
    name_list classes = {0};
    size_t files = 0;
    alx_status status = list_subfolders(&classes, &files, folder, err);
    if (!status) status = check_classes(&classes, files, folder, err);
    if (!status) {
        list->class_names = alx_arena_alloc(&list->arena, classes.count, sizeof *list->class_names, err);
        if (!list->class_names) status = ALX_NO_MEMORY;
    }
    for (size_t i = 0; !status && i < classes.count; i++) {
        list->class_names[i] = alx_arena_strdup(&list->arena, classes.names[i], err);
        if (list->class_names[i])
            list->class_count++;
        else
            status = ALX_NO_MEMORY;
    }
    finish_names(&classes);
    if (status) alx_sample_list_finish(list);
    return status;
}

alx_status alx_source_folder(alx_sample_list *list, const char *folder, alx_error *err)
{
    *list = (alx_sample_list){0};
    name_list classes = {0};
    size_t files = 0;
    alx_status status = list_subfolders(&classes, &files, folder, err);
    if (!status) status = check_classes(&classes, files, folder, err);
    if (!status) status = read_classes(list, &classes, folder, err);
    finish_names(&classes);
    if (status) alx_sample_list_finish(list);
    return status;
}

/* ---- Splits ---- */

void alx_folder_splits_finish(alx_folder_splits *splits)
{
    free(splits->train);
    free(splits->validation);
    free(splits->test);
    alx_text_destroy(splits->others);
    *splits = (alx_folder_splits){0};
}

/* The place of the split that a folder's name says; NULL: it says none. */
static char **split_of(alx_folder_splits *splits, const char *name)
{
    const struct {
        const char *name;
        char **path;
    } known[] = {
        {"train", &splits->train},    {"validation", &splits->validation},
        {"val", &splits->validation}, {"valid", &splits->validation},
        {"test", &splits->test},
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (strcasecmp(name, known[k].name) == 0) return known[k].path;
    return NULL;
}

static alx_status add_split(alx_folder_splits *splits, alx_text *others, const char *folder, const char *name,
                            alx_error *err)
{
    alx_printable where, shown, old;
    char **path = split_of(splits, name);
    if (!path) {
        alx_text_printf(others, "%s%s", others->length ? ", " : "", alx_text_printable(name, shown));
        return others->failed ? alx_fail(err, ALX_NO_MEMORY, "out of memory while listing folders") : ALX_OK;
    }
    if (*path)
        return alx_fail(err, ALX_BAD_DATA, "%s: both %s and %s could be the same split; rename one",
                        alx_text_printable(folder, where), alx_text_printable(alx_file_name(*path), old),
                        alx_text_printable(name, shown));
    *path = alx_file_join(folder, name, err);
    return *path ? ALX_OK : ALX_NO_MEMORY;
}

/* Evaluation images, and nothing to learn from. */
static alx_status refuse_without_train(const char *folder, alx_error *err)
{
    alx_printable where;
    return alx_fail(err, ALX_BAD_DATA,
                    "%s: its sub-folders are splits, and train is missing; put the training images into %s/train, or "
                    "rename the sub-folders if they are classes",
                    alx_text_printable(folder, where), where);
}

static alx_status read_splits(alx_folder_splits *splits, const name_list *names, const char *folder, alx_error *err)
{
    alx_text others = {0};
    alx_status status = ALX_OK;
    for (size_t i = 0; !status && i < names->count; i++)
        status = add_split(splits, &others, folder, names->names[i], err);
    if (!status && others.length) status = alx_text_take(&splits->others, &others, err);
    alx_text_finish(&others);
    if (status || splits->train) return status;
    return names->count && !splits->others ? refuse_without_train(folder, err) : ALX_OK;
}

alx_status alx_source_find_splits(alx_folder_splits *splits, const char *folder, alx_error *err)
{
    *splits = (alx_folder_splits){0};
    name_list names = {0}, below = {0};
    size_t files = 0;
    alx_status status = list_subfolders(&names, &files, folder, err);
    if (!status) status = read_splits(splits, &names, folder, err);
    if (!status && splits->train) {
        status = list_subfolders(&below, &files, splits->train, err);
        splits->flat = below.count == 0;
    }
    finish_names(&below);
    finish_names(&names);
    /* Without "train", names such as "test" are classes like any other. */
    if (status || !splits->train) alx_folder_splits_finish(splits);
    return status;
}

#include "cli/files.h"

#include <errno.h>
#include <fts.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "cli/output.h"
#include "cli/session.h"

static bool add(cli_files *files, const char *path)
{
    if (files->count == files->capacity) {
        int capacity = files->capacity ? files->capacity * 2 : 64;
        char **paths = capacity > 0 ? realloc(files->paths, (size_t)capacity * sizeof *paths) : NULL;
        if (!paths) return false;
        files->paths = paths;
        files->capacity = capacity;
    }
    char *copy = strdup(path);
    if (copy) files->paths[files->count++] = copy;
    return copy != NULL;
}

/* Named like an image, as in data sets.  Kinds that cannot be decoded are among them: the error names them. */
static bool has_image_name(const char *name)
{
    static const char *const endings[] = {"jpg", "jpeg", "jpe", "jfif", "png",  "webp",
                                          "gif", "bmp",  "tif", "tiff", "heic", "avif"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++) {
        if (!strcasecmp(dot + 1, endings[i])) return true;
    }
    return false;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A folder that was read: links of a hostile tree could lead to it along millions of paths. */
typedef struct folder_id {
    dev_t device;
    ino_t inode;
} folder_id;

static int compare_folders(const void *left, const void *right)
{
    const folder_id *a = left, *b = right;
    if (a->device != b->device) return a->device < b->device ? -1 : 1;
    return a->inode < b->inode ? -1 : a->inode > b->inode;
}

/* Notes a folder in the tree `seen` (tsearch); one that was there is not entered again.  False: out of memory. */
static bool enter_once(void **seen, FTS *walk, FTSENT *entry)
{
    folder_id *id = malloc(sizeof *id);
    if (!id) return false;
    *id = (folder_id){entry->fts_statp->st_dev, entry->fts_statp->st_ino};
    folder_id **place = tsearch(id, seen, compare_folders);
    if (place && *place == id) return true;
    free(id);
    if (place) fts_set(walk, entry, FTS_SKIP);
    return place != NULL;
}

static void forget_folders(void *seen)
{
    while (seen) {
        folder_id *id = *(folder_id **)seen;
        tdelete(id, &seen, compare_folders);
        free(id);
    }
}

/* One entry of the walk.  False: out of memory. */
static bool visit(cli_files *files, void **seen, FTS *walk, FTSENT *entry)
{
    if (entry->fts_level > 0 && entry->fts_name[0] == '.') {
        fts_set(walk, entry, FTS_SKIP);
        return true;
    }
    switch (entry->fts_info) {
    case FTS_D: return enter_once(seen, walk, entry);
    case FTS_SLNONE: /* a link that leads nowhere: reading it will say so */
    case FTS_F: return !has_image_name(entry->fts_name) || add(files, entry->fts_path);
    case FTS_DNR: /* a folder that cannot be read */
    case FTS_ERR:
    case FTS_NS:
        cli_usage_error("%s: %s", entry->fts_path, strerror(entry->fts_errno));
        files->missing++;
        return true;
    default: return true; /* FTS_DC, a folder that holds itself, among them */
    }
}

static bool walk_folder(cli_files *files, char *folder)
{
    char *roots[] = {folder, NULL};
    int first = files->count, missing = files->missing;
    FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    bool good = walk != NULL;
    void *seen = NULL;
    for (FTSENT *entry; good && (entry = fts_read(walk));) good = visit(files, &seen, walk, entry);
    if (walk) fts_close(walk);
    forget_folders(seen);
    if (!good) return false;
    if (files->count > first)
        qsort(files->paths + first, (size_t)(files->count - first), sizeof *files->paths, by_path);
    if (files->count == first && files->missing == missing) {
        cli_usage_error("%s: no images are in this folder", folder);
        files->missing++;
    }
    return true;
}

bool cli_files_find(cli_files *files, char *const *operands, int count)
{
    for (int i = 0; i < count; i++) {
        struct stat info;
        bool folder = stat(operands[i], &info) == 0 && S_ISDIR(info.st_mode);
        if (folder ? walk_folder(files, operands[i]) : add(files, operands[i])) continue;
        cli_usage_error("out of memory");
        return false;
    }
    return true;
}

void cli_files_finish(cli_files *files)
{
    for (int i = 0; i < files->count; i++) free(files->paths[i]);
    free(files->paths);
}

/* ---- Data sets ---- */

alx_status cli_open_data(alx_recipe **recipe, const char *source, bool starter, alx_error *err)
{
    struct stat info;
    bool folder = stat(source, &info) == 0 && S_ISDIR(info.st_mode);
    alx_status status = !folder   ? alx_recipe_open(recipe, source, err)
                        : starter ? alx_recipe_create_starter(recipe, err)
                                  : alx_recipe_create(recipe, err);
    if (!status && folder) status = alx_recipe_set_folder(*recipe, source, err);
    if (status != ALX_BAD_DATA || folder || cli_is_recipe(source)) return status;
    const size_t used = strlen(err->message);
    snprintf(err->message + used, sizeof err->message - used,
             "; this is taken for a recipe: a table, a list or an IDX file is named in one, as data: {train: FILE}");
    return status;
}

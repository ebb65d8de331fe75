/* A folder of a test's own below $TMPDIR or /tmp, removed with all that is in it. */
#ifndef TESTS_TEMP_FOLDER_H
#define TESTS_TEMP_FOLDER_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef char temp_path[512];

static inline void temp_folder_make(temp_path folder)
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof(temp_path), "%s/alexnet-test-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(folder)) abort();
}

static inline void temp_folder_remove(const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        char path[1024];
        struct stat info;
        if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= sizeof path) continue;
        if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode))
            temp_folder_remove(path);
        else
            remove(path);
    }
    if (dir) closedir(dir);
    remove(folder);
}

/* How many entries the folder has. */
static inline int temp_folder_entries(const char *folder)
{
    DIR *dir = opendir(folder);
    int count = 0;
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (dir) closedir(dir);
    return count;
}

#endif

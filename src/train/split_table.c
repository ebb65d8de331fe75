/* split.csv of a run's folder: which image trains, validates or waits as a test image. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "train/trainer_data.h"

/* Images of one folder follow one another: the way to it is found once. */
typedef struct writer {
    const char *folder; /* where the text will lie */
    char *from, *to;    /* a folder of images, and how it is called there */
} writer;

/* Release with free. */
static alx_status path_from_there(char **written, writer *w, const char *path, alx_error *err)
{
    *written = NULL;
    if (*path == '/') return (*written = alx_strdup(path, err)) ? ALX_OK : ALX_NO_MEMORY;
    char *from = alx_file_folder(path, err);
    if (!from) return ALX_NO_MEMORY;
    if (w->from && strcmp(w->from, from) == 0) {
        free(from);
    } else {
        free(w->from);
        free(w->to);
        w->from = from;
        ALX_TRY(alx_recipe_path(&w->to, from, w->folder, err));
    }
    *written = alx_file_join(w->to, alx_file_name(path), err);
    return *written ? ALX_OK : ALX_NO_MEMORY;
}

static alx_status add_samples(alx_text *text, writer *w, const alx_sample_list *list, const char *split, alx_error *err)
{
    for (int64_t i = 0; i < list->count; i++) {
        char *path;
        ALX_TRY(path_from_there(&path, w, list->samples[i].path, err));
        alx_text_add_csv(text, path);
        free(path);
        alx_text_add(text, ",");
        alx_text_add_csv(text, list->class_names[list->samples[i].label]);
        alx_text_printf(text, ",%s\n", split);
    }
    return text->failed ? alx_fail(err, ALX_NO_MEMORY, "out of memory while writing a split") : ALX_OK;
}

alx_status alx_train_data_table(alx_text *text, const alx_train_data *data, const char *folder, alx_error *err)
{
    writer w = {.folder = folder};
    alx_text_add(text, "path,label,split\n");
    alx_status status = add_samples(text, &w, &data->train, "train", err);
    const char *validation = data->source == ALX_VALIDATE_TEST ? "test" : "validation";
    if (!status) status = add_samples(text, &w, &data->validation, validation, err);
    if (!status) status = add_samples(text, &w, &data->test, "test", err);
    free(w.from);
    free(w.to);
    return status;
}

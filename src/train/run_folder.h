/* Run folders: runs/1, runs/2 ..., each one run's files, written by one process at a time. */
#ifndef ALX_TRAIN_RUN_FOLDER_H
#define ALX_TRAIN_RUN_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

#define ALX_RUN_RECIPE   "recipe.yaml"
#define ALX_RUN_MODEL    "model.yaml"
#define ALX_RUN_METRICS  "metrics.csv"
#define ALX_RUN_SUMMARY  "summary.json"
#define ALX_RUN_SPLIT    "split.csv"
#define ALX_RUN_BEST     "best.safetensors"
#define ALX_RUN_LAST     "last.safetensors"
#define ALX_RUN_PREVIOUS "previous.safetensors" /* the checkpoint before last */

typedef struct alx_run_folder {
    char *path;
    int lock;  /* an open folder, locked; -1: none */
    bool made; /* by us: it is removed again when a run cannot begin */
} alx_run_folder;

/* The refusals of create, before anything is made. */
alx_status alx_run_folder_check(const char *out, bool overwrite, alx_error *err);
/* Refuses a run folder below a folder of images; out as for create. */
alx_status alx_run_folder_outside(const char *out, const char *images, alx_error *err);
/* out NULL: runs/N with the first free N.  A folder that holds a run is refused without overwrite; with it,
 * that run's files are removed. */
alx_status alx_run_folder_create(alx_run_folder *folder, const char *out, bool overwrite, alx_error *err);
/* A folder that holds a run, to continue it. */
alx_status alx_run_folder_open(alx_run_folder *folder, const char *path, alx_error *err);
/* Whether a run folder has a checkpoint, sound or not. */
bool alx_run_folder_was_saved(const char *folder);
/* undo: also removes the folder, when we made it and it is still empty but for what we wrote. */
void alx_run_folder_finish(alx_run_folder *folder, bool undo);
/* folder/name; release with free. */
char *alx_run_folder_file(const alx_run_folder *folder, const char *name, alx_error *err);

/* Refuses a run whose files would not fit: weights and state are bytes of the parameters and of the optimizer's
 * state.  out as for create; what out holds already and will be replaced counts as free. */
alx_status alx_run_check_space(const char *out, uint64_t weights, uint64_t state, alx_error *err);

#endif

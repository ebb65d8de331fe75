/* Recipes: model, data and training in a page of YAML. */
#ifndef ALX_TRAIN_RECIPE_H
#define ALX_TRAIN_RECIPE_H

#include "data/loader.h"
#include "train/optimizer.h"
#include "train/schedule.h"

/* What decides which epoch is best; of the training images where none validate. */
typedef enum alx_monitor { ALX_MONITOR_LOSS, ALX_MONITOR_ACCURACY } alx_monitor;
/* The choice of class_weight that stands for numbers. */
enum { ALX_CLASS_WEIGHT_BALANCED = 1 };

typedef struct alx_train_config {
    alx_optimizer_config optimizer;
    alx_schedule_config schedule;
    alx_map rate_multipliers, decay_multipliers; /* tensor name pattern: factor */
    int64_t gradient_accumulation_steps;         /* batches of an update */
    double clip_norm, clip_value;                /* 0: off */
    double ema;                                  /* decay of the average of the weights; 0: none */
    int monitor;                                 /* alx_monitor */
    int64_t patience;                            /* epochs without improvement before the run stops; 0: never */
    double min_delta;
    int64_t batch_size, epochs, seed, threads;
    int64_t memory_limit;  /* bytes that training may take; 0: what is free */
    bool micro_batch_norm; /* it may cut batches of a network with batch normalization */
    int precision;         /* alx_precision */
    double label_smoothing;
    alx_numbers class_weight; /* one per class, in class order; empty: none; or a choice */
    int64_t checkpoint_steps; /* between checkpoints, besides those of each epoch's end; 0: those alone */
    bool keep_optimizer, exact;
    const char *weights; /* a file or run folder whose tensors training starts from; "": none */
    alx_texts freeze;    /* patterns of the names of layers that keep their weights */
} alx_train_config;
extern const alx_option alx_train_options[];

struct alx_recipe {
    alx_arena arena;
    const char *model; /* a path, or the name of a built-in network */
    int64_t classes;   /* 0: as many as the data has */
    alx_data_config data;
    alx_augment_list augment;
    alx_train_config train;
    alx_yaml *root;     /* of the file that it came from, to name places; NULL: none.  Copies have none */
    const char *folder; /* of alx_recipe_set_folder when it also has others than splits; else NULL */
    const char *others; /* them: "foo, bar" */
};

/* A recipe's keys stand in sections: "" (the top level), "data", "train" and sections inside them, such as
 * "data.split", which follow the one that they stand in. */
typedef struct alx_recipe_section {
    const char *name;
    const alx_option *options;
    size_t offset;      /* of the config struct in alx_recipe */
    const char *inside; /* keys of it that are sections, or read otherwise: "data augment train" */
} alx_recipe_section;
/* What it is called inside its own: "split" of "data.split". */
const char *alx_recipe_section_key(const alx_recipe_section *section);
/* Ended by a section without a name. */
extern const alx_recipe_section alx_recipe_sections[];

/* From YAML text; file names it in messages and is what its paths are relative to.  file NULL: paths and
 * the model are taken as they are. */
alx_status alx_recipe_parse(struct alx_recipe **recipe, const char *text, size_t length, const char *file,
                            alx_error *err);
/* Every key, runnable as it is.  folder: where the text will lie; relative paths are written relative to it,
 * absolute ones stay, and each line says what it is.  folder NULL: paths as they are, no comments. */
alx_status alx_recipe_write(alx_text *text, const struct alx_recipe *recipe, const char *folder, alx_error *err);
/* path as a file in `folder` must write it: relative ones seen from there, absolute ones as they are; folder NULL: as
 * it is.  Release with free. */
alx_status alx_recipe_path(char **written, const char *path, const char *folder, alx_error *err);
/* Puts the place of a key in front of a message about its value: "faces.yaml:7:15: ..." with ALX_BAD_DATA when the
 * value stands in a file; else the message stays, and its status too. */
alx_status alx_recipe_where(const struct alx_recipe *recipe, const char *section, const char *key, alx_status status,
                            alx_error *err);
alx_status alx_recipe_copy(struct alx_recipe **copy, const struct alx_recipe *recipe, alx_error *err);
/* The section and row of a key such as "train.epochs", "epochs", "batch-size" or "split.folds"; an error with the
 * nearest name for any other.  A short name is looked for in the outer sections first.  "augment" has a row, but no
 * field that it describes. */
alx_status alx_recipe_find(const alx_recipe_section **section, const alx_option **option, const char *key,
                           alx_error *err);
/* The row of "augment", whose value is a list. */
extern const alx_option alx_recipe_augment;

#endif

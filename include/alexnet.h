/* alexnet.h - train, explain and run convolutional image classifiers on CPUs.
 *
 * This header is the whole public interface.  Every object is an opaque handle
 * made by a `create` or `open` call and released by the `destroy` call of the
 * same name; destroy accepts NULL.  Every call that can fail returns an
 * alx_status and takes an `alx_error *` last, which may be NULL.  Out
 * parameters come first and are set to NULL on failure.  Strings are UTF-8.
 *
 * Threads: an alx_model is immutable and may be shared; an alx_session, an
 * alx_trainer, an alx_recipe, an alx_network, an alx_features and an alx_grad_cam
 * belong to one thread at a time.
 */
#ifndef ALEXNET_H
#define ALEXNET_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define ALX_API
#else
#define ALX_API __attribute__((visibility("default")))
#endif

#define ALX_VERSION_MAJOR 0
#define ALX_VERSION_MINOR 1
#define ALX_VERSION_PATCH 0

/* ---- Status and errors ------------------------------------------------- */

/* X(name, value, exit code of the program, text). Values are stable. */
#define ALX_STATUS_MAP(X)                                                                                              \
    X(OK, 0, 0, "ok")                                                                                                  \
    X(FAILED, 1, 1, "failed")                                                                                          \
    X(NO_MEMORY, 2, 1, "out of memory")                                                                                \
    X(IO, 3, 1, "input or output failed")                                                                              \
    X(USAGE, 4, 2, "wrong usage")                                                                                      \
    X(BAD_DATA, 5, 3, "bad data")                                                                                      \
    X(BAD_MODEL, 6, 3, "bad model")                                                                                    \
    X(UNSUPPORTED, 7, 1, "not supported on this machine")                                                              \
    X(DIVERGED, 8, 4, "training diverged")                                                                             \
    X(INTERRUPTED, 9, 130, "interrupted")

typedef enum alx_status {
#define ALX_STATUS_ENUM(name, value, exit_code, text) ALX_##name = value,
    ALX_STATUS_MAP(ALX_STATUS_ENUM)
#undef ALX_STATUS_ENUM
} alx_status;

/* What went wrong, for a person: place, value and remedy, without a newline.
 * Filled by a failing call, untouched by a successful one. */
typedef struct alx_error {
    alx_status status;
    char message[1024];
} alx_error;

/* "0.1.0" */
ALX_API const char *alx_version(void);
/* Writes the version of oneDNN that is linked at run time, such as "2.6.3"; returns buffer. */
ALX_API const char *alx_engine_version(char buffer[32]);
ALX_API const char *alx_status_text(alx_status status);
ALX_API int alx_status_exit_code(alx_status status);

/* ---- Precision --------------------------------------------------------- */

/* What activations are computed in; weights and losses are f32 always. */
typedef enum alx_precision { ALX_PRECISION_AUTO = 0, ALX_PRECISION_F32 = 1, ALX_PRECISION_BF16 = 2 } alx_precision;

/* ---- Options, as tables ------------------------------------------------- */

typedef enum alx_language { ALX_ENGLISH = 0, ALX_CHINESE = 1 } alx_language;

/* One row of an option table, as help and documentation print it. */
typedef struct alx_option_info {
    const char *name;          /* learning_rate */
    const char *default_value; /* as text; NULL when the option must be given */
    const char *help[2];       /* by alx_language */
    char type[128];            /* "integer", "number", "yes|no", "relu|tanh|...", "text" ... */
    char range[64];            /* "> 0", "0..1" or "" */
    int alias;                 /* another name of an option that has a row of its own */
} alx_option_info;

/* ---- Networks: what a person writes ------------------------------------- */

typedef struct alx_network alx_network;

/* One row of a summary. Shapes are height, width, channels, or one feature count. */
typedef struct alx_layer_info {
    const char *name;  /* conv2d_1 */
    const char *type;  /* conv2d */
    const char *keras; /* Conv2D */
    int rank;          /* 3: shape is height, width, channels; 1: features */
    int64_t shape[3];
    int64_t parameters;  /* all */
    int64_t trainable;   /* those that the optimizer changes */
    const char *options; /* the options as given: "filters: 96, kernel_size: 11" */
    int input_count;
    int inputs[16]; /* indices of the layers that it reads, -1 is the input */
} alx_layer_info;

/* An empty network that takes images of height x width x channels. */
ALX_API alx_status alx_network_create(alx_network **network, const char *name, int height, int width, int channels,
                                      int classes, alx_error *err);
/* Append a layer: its type and its options as a YAML flow mapping without the
 * braces: alx_network_add(net, "conv2d", "filters: 96, kernel_size: 11, strides: 4", &err). */
ALX_API alx_status alx_network_add(alx_network *network, const char *type, const char *options, alx_error *err);
/* From a YAML file, the name of a built-in network, a run folder or a
 * .safetensors file.  classes > 0 overrides the number of classes. */
ALX_API alx_status alx_network_open(alx_network **network, const char *source, int classes, alx_error *err);
ALX_API void alx_network_destroy(alx_network *network);

ALX_API const char *alx_network_name(const alx_network *network);
ALX_API int alx_network_classes(const alx_network *network);
/* Height, width and channels of the input. */
ALX_API void alx_network_input(const alx_network *network, int size[3]);
ALX_API int alx_network_layer_count(const alx_network *network);
ALX_API void alx_network_layer(const alx_network *network, int index, alx_layer_info *info);
/* The network as YAML; release with alx_text_destroy. */
ALX_API alx_status alx_network_yaml(char **text, const alx_network *network, alx_error *err);
ALX_API void alx_text_destroy(char *text);
/* A size as options take it, such as "800MiB", "1.5GiB" or "2GB": 1 when it is one, else 0 and bytes is left. */
ALX_API int alx_bytes_parse(uint64_t *bytes, const char *text);

/* ---- Explanation: every number of a network, derived ---------------------- */

typedef struct alx_explanation alx_explanation;

/* What is said of a layer. */
typedef enum alx_topic {
    ALX_TOPIC_OUTPUT,     /* how its output's shape comes about */
    ALX_TOPIC_FIELD,      /* the part of the image that one output sees, and the step between neighbours */
    ALX_TOPIC_PARAMETERS, /* the arithmetic of its parameters */
    ALX_TOPIC_WORK,       /* neurons, connections, multiply-adds */
    ALX_TOPIC_MEMORY,     /* in training */
    ALX_TOPIC_PURPOSE,    /* what it is for */
    ALX_TOPIC_HISTORY,    /* why AlexNet has it, with the paper's section; AlexNets only */
    ALX_TOPIC_COUNT
} alx_topic;

typedef struct alx_explain_config {
    size_t struct_size;
    alx_language language;
    int batch_size;          /* images of a training step (32) */
    alx_precision precision; /* of training; auto: as alx_trainer_create would choose on this machine */
    int optimizer_states;    /* numbers that the optimizer keeps for each weight: adam, adamw 2, sgd with momentum 1,
                              * sgd 0 */
    int ema;                 /* 1: the weights are averaged */
    int accumulation;        /* batches of a step (1) */
    uint64_t memory_limit;   /* bytes; 0: none.  Too few for one image at a time: ALX_USAGE */
} alx_explain_config;
ALX_API void alx_explain_config_init(alx_explain_config *config);

/* The numbers of a layer, of one image where nothing else is said. */
typedef struct alx_layer_account {
    int64_t values;            /* outputs */
    int64_t neurons;           /* outputs that weigh inputs (convolution, dense); 0 for other layers */
    int64_t connections;       /* of all neurons to their inputs, zeros of the padding included, biases not */
    int64_t padded;            /* those of them that meet a zero of the padding */
    int64_t multiply_adds;     /* of a forward pass through convolution and dense: as many as connections */
    int64_t field[2], step[2]; /* input pixels, height and width: seen by one output; from it to its neighbour */
    /* Of a training step, in bytes. */
    uint64_t output_bytes, output_gradient_bytes;       /* batch_size outputs and their gradients, in its precision */
    uint64_t weight_bytes, gradient_bytes, state_bytes; /* parameters; gradients, optimizer state of those trained */
} alx_layer_account;

/* What training takes, in bytes; the decoded images that are kept (data.cache) come on top. */
typedef struct alx_training_memory {
    uint64_t weights;   /* all parameters, f32 */
    uint64_t gradients; /* sums of them over parts of a batch, f32; 0 where each becomes its step as it is made */
    uint64_t state;     /* of the optimizer, f32 */
    uint64_t average;   /* of the weights */
    uint64_t images;    /* computed at once, and their labels */
    uint64_t arena;     /* outputs, gradients, packed weights and scratch, in memory shared over time */
    uint64_t packed;    /* converted weights that are kept: for validation, and in bf16 those of large dense layers */
    uint64_t total;
    int at_once; /* images that are computed at once: the batch, or what memory_limit leaves room for */
} alx_training_memory;

/* Derives everything; takes no memory for weights.  The network must be complete and outlive the explanation. */
ALX_API alx_status alx_explanation_create(alx_explanation **explanation, const alx_network *network,
                                          const alx_explain_config *config, alx_error *err);
ALX_API void alx_explanation_destroy(alx_explanation *explanation);
ALX_API void alx_explanation_layer(const alx_explanation *explanation, int index, alx_layer_account *account);
/* The sums over the layers; field and step are 0. */
ALX_API void alx_explanation_total(const alx_explanation *explanation, alx_layer_account *account);
ALX_API void alx_explanation_memory(const alx_explanation *explanation, alx_training_memory *memory);
/* The precision that was taken: f32 or bf16. */
ALX_API alx_precision alx_explanation_precision(const alx_explanation *explanation);
/* One paragraph, no newline in it; NULL when there is nothing to say. */
ALX_API const char *alx_explanation_text(const alx_explanation *explanation, int layer, alx_topic topic);
/* About the network as a whole: paragraph `index`, NULL past the last. */
ALX_API const char *alx_explanation_note(const alx_explanation *explanation, int index);
/* A label for people: "Output". */
ALX_API const char *alx_topic_label(alx_topic topic, alx_language language);
/* The network's YAML with a comment behind every line: the text that it was opened from where there is one, else
 * alx_network_yaml's.  What a person wrote behind a line is kept behind " | ".  Release with alx_text_destroy. */
ALX_API alx_status alx_network_annotate(char **text, const alx_network *network, alx_language language, alx_error *err);

/* ---- Profile: where the time of a training step goes ----------------------- */

typedef struct alx_profile alx_profile;

typedef struct alx_profile_config {
    size_t struct_size;
    int batch_size;          /* 32 */
    int steps;               /* timed ones, behind two that warm up (10) */
    alx_precision precision; /* auto: as training would choose here */
    int threads;             /* 0: all cores that this process may use */
    int exact;               /* 1: everything as it is written: direct convolutions, nothing folded */
    int optimizer_states;    /* 2: adam; 1: sgd with momentum; 0: sgd */
    uint64_t memory_limit;   /* bytes; 0: none.  The steps are then of as many images as are computed at once */
    int autotune;            /* as of alx_run_config (0) */
    const char *cache_dir;   /* the same (NULL) */
} alx_profile_config;
ALX_API void alx_profile_config_init(alx_profile_config *config);

/* One pass through one layer. */
typedef struct alx_profile_row {
    int layer;             /* -1: behind the last one, such as loss and optimizer */
    int backward;          /* 0 forward, 1 backward */
    const char *name;      /* the layer's, or "loss", "optimizer" */
    double seconds;        /* median over the steps; conversions of layout included */
    double conversions;    /* seconds of them */
    int64_t multiply_adds; /* of convolution and dense, whole batch; 0: not counted */
    const char *algorithm; /* oneDNN's name of the implementation that takes longest: "jit:avx512_core"; or "own"; "":
                            * nothing runs, as for an activation that the layer before computes along with its own */
    const char *layout;    /* of its result: "nChw16c", "nchw", "nc", "tiles"; "" without one */
} alx_profile_row;

/* Runs real steps on random images: forward, loss, backward, optimizer. */
ALX_API alx_status alx_profile_create(alx_profile **profile, const alx_network *network,
                                      const alx_profile_config *config, alx_error *err);
ALX_API void alx_profile_destroy(alx_profile *profile);
/* Row by row, in the order of a step; 1 when there is one, 0 past the last. */
ALX_API int alx_profile_row_get(const alx_profile *profile, int index, alx_profile_row *row);
/* Median of whole steps, in seconds. */
ALX_API double alx_profile_step_seconds(const alx_profile *profile);
/* Operations a second (a multiply-add is two) of the fastest matrix product that oneDNN did just now, in the
 * profile's precision. */
ALX_API double alx_profile_peak(const alx_profile *profile);
ALX_API alx_precision alx_profile_precision(const alx_profile *profile);
/* How many were taken. */
ALX_API int alx_profile_threads(const alx_profile *profile);
/* Images of the steps that were timed: batch_size, or fewer with memory_limit. */
ALX_API int alx_profile_at_once(const alx_profile *profile);
/* Bytes that such training takes, validation aside. */
ALX_API uint64_t alx_profile_memory(const alx_profile *profile);

/* A way in which a convolution may be computed. */
typedef struct alx_profile_way {
    int layer;
    const char *name;      /* the layer's */
    const char *direction; /* "forward", "backward_data", "backward_weights" */
    const char *way; /* "direct", "onednn-winograd", "fold+direct": with the image's strides folded into channels */
    int chosen;      /* 1: this is how the profile's steps computed it */
    double seconds;  /* as it was measured for the choice, conversions included; NaN: it was not */
    int batch_size;  /* images that it was measured with: fewer than a large batch has; 0: it was not */
} alx_profile_way;
/* One after another: by layer, direction, and time; 1 when there is one, 0 past the last. */
ALX_API int alx_profile_way_get(const alx_profile *profile, int index, alx_profile_way *way);

/* The built-in networks, by index; NULL past the last. */
typedef struct alx_builtin_info {
    const char *name;    /* alexnet */
    const char *yaml;    /* the whole file, comments included */
    const char *help[2]; /* one line, by alx_language */
} alx_builtin_info;
ALX_API const alx_builtin_info *alx_builtin(int index);

/* The layer catalogue, by index; NULL past the last. */
typedef struct alx_layer_type_info {
    const char *name;  /* conv2d */
    const char *keras; /* Conv2D */
    const char *help[2];
} alx_layer_type_info;
ALX_API const alx_layer_type_info *alx_layer_type(int index);
/* Option `index` of a layer type: 1 when there is one, 0 past the last. */
ALX_API int alx_layer_type_option(const alx_layer_type_info *type, int index, alx_option_info *option);

/* The augmentations that a recipe's list may hold, by index; NULL past the last. */
typedef struct alx_augmentation_info {
    const char *name; /* rotate */
    const char *help[2];
} alx_augmentation_info;
ALX_API const alx_augmentation_info *alx_augmentation(int index);
/* Option `index` of an augmentation: 1 when there is one, 0 past the last. */
ALX_API int alx_augmentation_option(const alx_augmentation_info *augmentation, int index, alx_option_info *option);

/* ---- Recipes: a network, data and training in a page --------------------- */

typedef struct alx_recipe alx_recipe;

/* Defaults only: the starter network, trained in the plainest way; no data. */
ALX_API alx_status alx_recipe_create(alx_recipe **recipe, alx_error *err);
/* What `alexnet train FOLDER` begins with: recipes/starter.yaml, the starter network trained in a way that suits most
 * photographs and drawings; no data. */
ALX_API alx_status alx_recipe_create_starter(alx_recipe **recipe, alx_error *err);
/* From a YAML file.  Relative paths in it are relative to it. */
ALX_API alx_status alx_recipe_open(alx_recipe **recipe, const char *path, alx_error *err);
ALX_API void alx_recipe_destroy(alx_recipe *recipe);
/* Set a key: "model", "classes", "train.epochs" or short "epochs", '-' and '_'
 * alike.  Paths given here are relative to the working directory. */
ALX_API alx_status alx_recipe_set(alx_recipe *recipe, const char *key, const char *value, alx_error *err);
/* The value of a key, as a recipe has it; paths as seen from the working directory.  Release with alx_text_destroy. */
ALX_API alx_status alx_recipe_value(char **text, const alx_recipe *recipe, const char *key, alx_error *err);
/* Set data.train (and .validation, .test) from a folder: sub-folders named
 * train and validation|val|valid|test are splits, otherwise they are classes. */
ALX_API alx_status alx_recipe_set_folder(alx_recipe *recipe, const char *folder, alx_error *err);
/* Every recipe key in order: 1 when there is one, 0 past the last.  section is
 * "data", "train", a section inside them such as "data.split", or "". */
ALX_API int alx_recipe_option(int index, const char **section, alx_option_info *option);
/* The key that alx_recipe_set would set by that name: 1, or 0 when there is none. */
ALX_API int alx_recipe_key(const char *name, const char **section, alx_option_info *option);

/* ---- Training ------------------------------------------------------------ */

typedef struct alx_trainer alx_trainer;

typedef enum alx_event_kind {
    ALX_EVENT_MESSAGE,   /* something a person should read: text */
    ALX_EVENT_WARNING,   /* the same, about something that looks wrong */
    ALX_EVENT_START,     /* the run folder exists: text is its path; epochs, steps */
    ALX_EVENT_EPOCH,     /* an epoch begins */
    ALX_EVENT_STEP,      /* a training step is done */
    ALX_EVENT_VALIDATE,  /* a validation step is done */
    ALX_EVENT_EPOCH_END, /* an epoch and its validation are done */
    ALX_EVENT_END        /* the run is complete or stopped; text says which */
} alx_event_kind;

typedef struct alx_event {
    size_t struct_size;
    alx_event_kind kind;
    const char *text;
    int epoch, epochs;             /* from 1 */
    int64_t step, steps;           /* within the epoch; within validation for VALIDATE */
    double loss, accuracy;         /* running means over the epoch so far */
    double val_loss, val_accuracy; /* NaN before validation */
    double seconds;                /* since the epoch began, or since the run began for END */
    int best;                      /* EPOCH_END: this epoch is the best so far */
    double learning_rate;          /* of the last step */
    const alx_trainer *trainer;    /* whose event it is, to be read during the call alone */
} alx_event;

typedef void (*alx_event_fn)(const alx_event *event, void *user);

typedef struct alx_run_config {
    size_t struct_size;
    const char *out; /* run folder; NULL: runs/N, the first free N */
    int overwrite;   /* reuse a folder that holds a run */
    alx_event_fn on_event;
    void *user;
    /* 1: before the first step the ways to compute each convolution are measured, within seconds, and the fastest
     * taken. The run's checkpoint records them, and a resume takes them from there.  0: rules of thumb (0) */
    int autotune;
    const char *cache_dir; /* folder whose choices.json remembers them; NULL: nothing is kept (NULL) */
} alx_run_config;
ALX_API void alx_run_config_init(alx_run_config *config);

/* Reads the data, builds the network and its plan, checks memory and disk.
 * The recipe is copied. */
ALX_API alx_status alx_trainer_create(alx_trainer **trainer, const alx_recipe *recipe, const alx_run_config *config,
                                      alx_error *err);
/* Continues the run in the folder `run`; config->out is not read.  keys are "train.epochs=20" and the like;
 * only those that may change on a resume are accepted. */
ALX_API alx_status alx_trainer_resume(alx_trainer **trainer, const char *run, const char *const *keys, int key_count,
                                      const alx_run_config *config, alx_error *err);
/* Trains to the end, or until alx_trainer_stop: then ALX_INTERRUPTED after a checkpoint. */
ALX_API alx_status alx_trainer_run(alx_trainer *trainer, alx_error *err);
/* Async-signal-safe and callable from any thread. */
ALX_API void alx_trainer_stop(alx_trainer *trainer);
ALX_API const char *alx_trainer_folder(const alx_trainer *trainer);
ALX_API void alx_trainer_destroy(alx_trainer *trainer);

/* What an epoch gave: a row of metrics.csv. */
typedef struct alx_epoch_figures {
    double loss, accuracy, val_loss, val_accuracy; /* NaN where nothing validates */
    double learning_rate;                          /* of its last step */
} alx_epoch_figures;
/* Epoch by epoch, from 1, those before a resume too: 1 when it is complete, 0 past the last. */
ALX_API int alx_trainer_epoch(const alx_trainer *trainer, int epoch, alx_epoch_figures *figures);

/* A tensor of parameters. */
typedef struct alx_tensor_info {
    const char *name; /* "conv2d_1.kernel", as in its file */
    int layer;        /* that it belongs to */
    int rank;
    int64_t shape[4]; /* kernels of convolutions (filters, channels of a group, height, width), of dense layers
                       * (units, inputs); others (channels) or (units) */
    int64_t count;    /* of values */
    int trainable;    /* 0: moving statistics, and in training what train.freeze keeps */
} alx_tensor_info;
/* The weights as training has them now (with train.ema not their average), one tensor after another: 1 when there is
 * one, 0 past the last. */
ALX_API int alx_trainer_tensor(const alx_trainer *trainer, int index, alx_tensor_info *info);
/* A part of a tensor: rows first..first + count of it, a row being what belongs to one index of the first dimension.
 * values: (count, info.count / info.shape[0]), in the order of shape. */
ALX_API void alx_trainer_tensor_rows(const alx_trainer *trainer, int index, int64_t first, int64_t count,
                                     float *values);

/* ---- Before a run: which learning rate, and whether the network can learn ---- */

/* The range test of learning rates (Smith 2017, "Cyclical learning rates for training neural networks", sec. 3.3):
 * training from the seed's initial weights while the rate grows by the same factor at each step, from 1e-7 to 10 in
 * 100 steps of full batches; it ends early when the loss exceeds four times its smallest or is no number. */
typedef struct alx_rate_search alx_rate_search;

typedef struct alx_rate_point {
    double rate;     /* of the step that followed this loss */
    double loss;     /* mean of the batch, before that step */
    double smoothed; /* exponential mean of the losses so far */
} alx_rate_point;

typedef struct alx_rate_findings {
    double start;      /* mean loss of the first ten steps, whose rates change nothing */
    double noise;      /* the sample standard deviation of those ten losses */
    double lowest;     /* the rate where the smoothed loss is smallest */
    double steepest;   /* the rate where it falls fastest */
    double suggestion; /* the steepest, or a tenth of the lowest where that is smaller; NaN: the loss fell by no more
                        * than it varies, so that nothing is suggested */
} alx_rate_findings;

/* Needs no validation images.  The weights are thrown away: the folder (config->out, as for alx_trainer_create) gets
 * recipe.yaml, model.yaml and find-lr.csv.  Each step is an ALX_EVENT_STEP; loss and accuracy are the batch's. */
ALX_API alx_status alx_rate_search_create(alx_rate_search **search, const alx_recipe *recipe,
                                          const alx_run_config *config, alx_error *err);
ALX_API void alx_rate_search_destroy(alx_rate_search *search);
ALX_API const char *alx_rate_search_folder(const alx_rate_search *search);
/* Step by step: 1 when there is one, 0 past the last. */
ALX_API int alx_rate_search_point(const alx_rate_search *search, int index, alx_rate_point *point);
ALX_API void alx_rate_search_findings(const alx_rate_search *search, alx_rate_findings *findings);

/* Whether a network learns one batch by heart, the first check of data, network and rate. */
typedef struct alx_overfit_result {
    int64_t images, steps;
    double first_loss;     /* before the first step */
    double loss, accuracy; /* of the last step where its loss is below 0.01, else means of the last ten: in training, so
                            * that dropout draws */
    int learned;           /* the loss fell below 0.01, or 99 % of the last ten steps' answers were right */
} alx_overfit_result;

/* Trains on the first batch of the first epoch alone, at most 100 steps: augment and label_smoothing are off.  Writes
 * nothing: config->out is not read.  Each step is an ALX_EVENT_STEP; loss and accuracy are the batch's. */
ALX_API alx_status alx_overfit_batch(alx_overfit_result *result, const alx_recipe *recipe, const alx_run_config *config,
                                     alx_error *err);

/* ---- Series of runs: sweeps and cross-validation ------------------------- */

/* Runs of one recipe with some keys changed, one after another, each in a folder of its own below the series' folder:
 * 001, 002 ... or fold-1, fold-2 ... */
typedef struct alx_series alx_series;

typedef struct alx_sweep_config {
    size_t struct_size;
    /* A YAML file, or its text, which begins with '{': {learning_rate: [1e-4, 1e-3], label_smoothing: {min: 0, max:
     * 0.2}}. A list has the values to try, a map is a range to draw from. */
    const char *space;
    int trials;    /* so many draws; 0: every combination, the last key's values changing fastest */
    uint64_t seed; /* of the draws (Bergstra and Bengio 2012, "Random search for hyper-parameter optimization") */
} alx_sweep_config;
ALX_API void alx_sweep_config_init(alx_sweep_config *config);

typedef enum alx_trial_state {
    ALX_TRIAL_WAITING,
    ALX_TRIAL_INTERRUPTED,
    ALX_TRIAL_DONE,
    ALX_TRIAL_DIVERGED,
    ALX_TRIAL_FAILED /* could not run: it does not fit into memory, the network does not fit the images, ... */
} alx_trial_state;

typedef struct alx_trial {
    const char *name; /* "001", "fold-1": the name of its folder too */
    alx_trial_state state;
    int epochs, best_epoch;                                 /* complete ones; the best of them from 1, 0: none */
    double loss, accuracy, val_loss, val_accuracy, seconds; /* of the best epoch; of all epochs.  NaN: there is none */
} alx_trial;

/* Checks every key and value before anything is trained.  config->out holds the series, sweep.yaml (the question and
 * its trials) and results.csv.  When it holds this very series already, what is finished stays, and what was
 * interrupted goes on at its batch; another series is refused without config->overwrite. */
ALX_API alx_status alx_series_sweep(alx_series **series, const alx_recipe *recipe, const alx_sweep_config *sweep,
                                    const alx_run_config *config, alx_error *err);
/* k-fold cross-validation: run k has data.split.folds = folds and data.split.fold = k.  The same with folds.yaml and
 * folds.csv. */
ALX_API alx_status alx_series_folds(alx_series **series, const alx_recipe *recipe, int folds,
                                    const alx_run_config *config, alx_error *err);
ALX_API void alx_series_destroy(alx_series *series);
/* Trains what is left.  A run that diverges or fails is a result like others and a warning; when any failed, the
 * first one's status is returned at the end.  What would meet every run (unreadable images, where the runs do not
 * differ in keys of data; a full disk; whatever fails in a cross-validation) ends the series. */
ALX_API alx_status alx_series_run(alx_series *series, alx_error *err);
/* As alx_trainer_stop for the run at hand: then ALX_INTERRUPTED.  Async-signal-safe in the thread that runs. */
ALX_API void alx_series_stop(alx_series *series);
ALX_API const char *alx_series_folder(const alx_series *series);
ALX_API int alx_series_count(const alx_series *series);
ALX_API void alx_series_trial(const alx_series *series, int index, alx_trial *trial);
/* The keys that change ("train.learning_rate"), NULL past the last, and what a trial gives them. */
ALX_API const char *alx_series_key(const alx_series *series, int key);
ALX_API const char *alx_series_value(const alx_series *series, int trial, int key);
/* "waiting", "interrupted", "done", "diverged", "failed" */
ALX_API const char *alx_trial_state_name(alx_trial_state state);

/* ---- Models and prediction ------------------------------------------------ */

typedef struct alx_model alx_model;
typedef struct alx_session alx_session;

/* A trained model: a .safetensors file or a run folder (its best weights). */
ALX_API alx_status alx_model_open(alx_model **model, const char *path, alx_error *err);
ALX_API void alx_model_destroy(alx_model *model);
ALX_API int alx_model_class_count(const alx_model *model);
/* Class names in the order of the outputs; NULL past the last. */
ALX_API const char *alx_model_class_name(const alx_model *model, int index);
/* Resize and scaling in a line: "227x227 stretch bilinear, x 1/255". */
ALX_API const char *alx_model_preprocessing(const alx_model *model);
/* How its kernels are stored: f32, or bf16 (alx_model_export). */
ALX_API alx_precision alx_model_precision(const alx_model *model);
/* A run's model as it was before its first step: the weights that its seed draws, and where train.weights named a file
 * the tensors of that file, as training took them.  run: a run folder, from whose recipe.yaml seed and file are read;
 * the file must still be there. */
ALX_API alx_status alx_model_open_initial(alx_model **model, const char *run, alx_error *err);
/* Height, width and channels of the input. */
ALX_API void alx_model_input(const alx_model *model, int size[3]);
/* The file as the network is given it at prediction, before scaling: rgb is height x width x 3 bytes, also where the
 * network takes grey images. */
ALX_API alx_status alx_model_image(const alx_model *model, const char *path, uint8_t *rgb, alx_error *err);

/* Its layers, in order, as alx_network_layer tells of them. */
ALX_API int alx_model_layer_count(const alx_model *model);
ALX_API void alx_model_layer(const alx_model *model, int index, alx_layer_info *info);
/* The index of a layer by its name.  ALX_USAGE when there is none: the message lists those that there are. */
ALX_API alx_status alx_model_find_layer(int *index, const alx_model *model, const char *name, alx_error *err);
/* The last hidden layer: the one whose output the last weights read, so that its outputs are the features that classes
 * are told apart by.  -1: the weights read the images themselves. */
ALX_API int alx_model_hidden_layer(const alx_model *model);
/* The layer that a heat map is of: the last convolution, or what stands behind it place by place (its normalisation,
 * activation, sum or concatenation).  -1: the network has no convolution. */
ALX_API int alx_model_map_layer(const alx_model *model);

/* Its tensors of parameters. */
ALX_API int alx_model_tensor_count(const alx_model *model);
ALX_API void alx_model_tensor(const alx_model *model, int index, alx_tensor_info *info);
/* The index of a tensor by its name.  ALX_USAGE when there is none: the message lists those of its layer, or all. */
ALX_API alx_status alx_model_find_tensor(int *index, const alx_model *model, const char *name, alx_error *err);
/* values: (count), in the order of shape, the last dimension fastest. */
ALX_API void alx_model_tensor_values(const alx_model *model, int index, float *values);
/* The kernel of the first convolution, as pictures: -1 and zeros when the network has none, else the index of its
 * tensor and (filters, height, width, channels) in shape. */
ALX_API int alx_model_filters(const alx_model *model, int64_t shape[4]);
/* values: (filters, height, width, channels). */
ALX_API void alx_model_filter_values(const alx_model *model, float *values);

typedef struct alx_export_config {
    size_t struct_size;
    alx_precision precision; /* of kernels (of convolutions and dense layers); auto: as the model has them */
} alx_export_config;
ALX_API void alx_export_config_init(alx_export_config *config);
/* Writes a model file of the weights and what is needed to use them; what a checkpoint has besides is left out.  In
 * bf16 kernels are rounded to nearest even and the file is half as large; biases and normalisations stay f32.  A file
 * that exists is replaced; it appears whole or not at all. */
ALX_API alx_status alx_model_export(const alx_model *model, const char *path, const alx_export_config *config,
                                    alx_error *err);

/* The parts of an image that are computed, each by itself; their probabilities are averaged. */
typedef enum alx_views {
    ALX_VIEWS_CENTRE = 0,  /* the centre alone */
    ALX_VIEWS_FLIP = 1,    /* and its mirror image */
    ALX_VIEWS_TEN_CROP = 2 /* four corners and the centre, and their mirror images (Krizhevsky 2012, sec. 4.1); the
                            * model must have been trained with an image_size above its input */
} alx_views;

typedef struct alx_session_config {
    size_t struct_size;
    int threads;             /* 0: all cores that this process may use */
    alx_precision precision; /* auto: f32, whose results are the same everywhere; of a model with bf16 kernels bf16,
                              * where the processor computes it natively */
    int batch_size;          /* images computed at once; 0: 1 */
    int exact;               /* 1: everything as it is written: direct convolutions, nothing folded */
    alx_views views;         /* centre */
    int autotune; /* 1: measure the ways to compute each convolution of a full batch; results may then differ in
                   * their last bits between machines and sessions.  0: rules of thumb (0) */
    const char *cache_dir; /* as of alx_run_config (NULL) */
} alx_session_config;
ALX_API void alx_session_config_init(alx_session_config *config);

/* The model must outlive the session. */
ALX_API alx_status alx_session_create(alx_session **session, const alx_model *model, const alx_session_config *config,
                                      alx_error *err);
ALX_API void alx_session_destroy(alx_session *session);
/* probabilities: one per class, in class order.  The file is decoded, oriented,
 * resized and scaled as the training data was. */
ALX_API alx_status alx_predict_file(alx_session *session, const char *path, float *probabilities, alx_error *err);
/* rgb: height rows of width x 3 bytes, rows stride bytes apart. */
ALX_API alx_status alx_predict_pixels(alx_session *session, const uint8_t *rgb, int width, int height, int stride,
                                      float *probabilities, alx_error *err);
/* Many files in batches. probabilities: count x classes. status[i] tells of each
 * file and errors[i] (may be NULL) why; fails only when the computation does. */
ALX_API alx_status alx_predict_files(alx_session *session, const char *const *paths, int count, float *probabilities,
                                     alx_status *status, alx_error *errors, alx_error *err);

/* ---- Data sets ------------------------------------------------------------- */

typedef struct alx_dataset alx_dataset;

/* Split "train", "validation" or "test" of a recipe's data; ALX_USAGE when it has no such images. */
ALX_API alx_status alx_dataset_open(alx_dataset **dataset, const alx_recipe *recipe, const char *split, alx_error *err);
/* A source of the model's classes: a folder with a sub-folder for each, an IDX file of images, a .csv or .tsv table
 * with the columns path and label, or a list file of "path label" lines.  Tables of other columns: alx_dataset_open of
 * a recipe. */
ALX_API alx_status alx_dataset_open_for(alx_dataset **dataset, const alx_model *model, const char *path,
                                        alx_error *err);
/* Rows of its table that data.skip_missing left out, for a person to read; NULL: none. */
ALX_API const char *alx_dataset_left_out(const alx_dataset *dataset);
ALX_API void alx_dataset_destroy(alx_dataset *dataset);
ALX_API int64_t alx_dataset_count(const alx_dataset *dataset);
ALX_API int alx_dataset_class_count(const alx_dataset *dataset);
ALX_API const char *alx_dataset_class_name(const alx_dataset *dataset, int index);
ALX_API int64_t alx_dataset_class_size(const alx_dataset *dataset, int index);
/* The file of an image; of one in an IDX file "train-images-idx3-ubyte.gz#123". */
ALX_API const char *alx_dataset_path(const alx_dataset *dataset, int64_t index);
ALX_API int alx_dataset_label(const alx_dataset *dataset, int64_t index);
/* Width and height of the images that the network is given. */
ALX_API void alx_dataset_image_size(const alx_dataset *dataset, int *width, int *height);
/* The image as the network is given it at evaluation, before scaling: height x width x 3 bytes. */
ALX_API alx_status alx_dataset_image(const alx_dataset *dataset, int64_t index, uint8_t *rgb, alx_error *err);
/* How many augmentations the recipe lists; 0 for a model's data set. */
ALX_API int alx_dataset_augmentations(const alx_dataset *dataset);
/* The image as training is given it in that epoch (from 1), before scaling: height x width x 3 bytes. */
ALX_API alx_status alx_dataset_augmented(const alx_dataset *dataset, int64_t index, int epoch, uint8_t *rgb,
                                         alx_error *err);
/* A seeded sample: fills indices with min(count, wanted) of them, returns how many. */
ALX_API int alx_dataset_sample(const alx_dataset *dataset, uint64_t seed, int wanted, int64_t *indices);

/* ---- Evaluation ------------------------------------------------------------- */

typedef struct alx_evaluation alx_evaluation;

typedef struct alx_class_score {
    const char *name;
    int64_t support;              /* images of this class */
    double precision, recall, f1; /* NaN where undefined (0 / 0) */
} alx_class_score;

typedef void (*alx_progress_fn)(int64_t done, int64_t total, void *user);

/* Runs the whole data set.  Its classes must be the model's; they may come in another order.  Unreadable images are
 * skipped and counted; more than skip_bad percent of them fail the call. */
ALX_API alx_status alx_evaluate(alx_evaluation **evaluation, alx_session *session, const alx_dataset *dataset,
                                double skip_bad, alx_progress_fn progress, void *user, alx_error *err);
ALX_API void alx_evaluation_destroy(alx_evaluation *evaluation);
ALX_API int64_t alx_evaluation_count(const alx_evaluation *evaluation);
ALX_API int64_t alx_evaluation_skipped(const alx_evaluation *evaluation);
/* The first skipped file and why; NULL when none was. */
ALX_API const char *alx_evaluation_first_skipped(const alx_evaluation *evaluation);
/* Mean cross-entropy, nats; with several views, of the averaged probabilities. */
ALX_API double alx_evaluation_loss(const alx_evaluation *evaluation);
ALX_API double alx_evaluation_accuracy(const alx_evaluation *evaluation);
ALX_API double alx_evaluation_top5(const alx_evaluation *evaluation); /* NaN up to five classes */
ALX_API int alx_evaluation_class_count(const alx_evaluation *evaluation);
ALX_API void alx_evaluation_class(const alx_evaluation *evaluation, int index, alx_class_score *score);
/* Images of class `truth` that were taken for class `predicted`. */
ALX_API int64_t alx_evaluation_confusion(const alx_evaluation *evaluation, int truth, int predicted);
/* What image `index` of the data set was taken for: a class by the data set's numbers, as alx_dataset_label.  -1: it
 * was skipped, or there is no such image. */
ALX_API int alx_evaluation_predicted(const alx_evaluation *evaluation, int64_t index);

/* ---- The inside of a trained model: outputs of layers ------------------------- */

/* Reads what layers make of images: features for other tools, feature maps for pictures.  Like a session it shares the
 * model, which must outlive it, and belongs to one thread at a time.  A layer's output is what the network's
 * description says: behind the layer's own activation, in inference (dropout does nothing, batch normalisations use
 * their moving statistics); of the last layer the probabilities. */
typedef struct alx_features alx_features;

typedef struct alx_features_config {
    size_t struct_size;
    int threads;               /* 0: all cores that this process may use */
    alx_precision precision;   /* as of alx_session_config */
    int batch_size;            /* images computed at once; 0: 1 */
    const char *const *layers; /* (layer_count) names; NULL: the last hidden layer (alx_model_hidden_layer) */
    int layer_count;
} alx_features_config;
ALX_API void alx_features_config_init(alx_features_config *config);

/* One of the layers that are read. */
typedef struct alx_feature_layer {
    int layer;        /* its index in the model; -1: the images, as the network is given them */
    const char *name; /* "dense_2"; of the images "input" */
    int rank;         /* 3: shape is channels, height, width; 1: features */
    int64_t shape[3];
    int64_t offset, count; /* of its values within those of an image */
} alx_feature_layer;

/* ALX_USAGE when a layer is not there. */
ALX_API alx_status alx_features_create(alx_features **features, const alx_model *model,
                                       const alx_features_config *config, alx_error *err);
ALX_API void alx_features_destroy(alx_features *features);
/* The layers in the order that they were asked for: 1 when there is one, 0 past the last. */
ALX_API int alx_features_layer(const alx_features *features, int index, alx_feature_layer *layer);
/* The values of one image: the sum of the layers' counts. */
ALX_API int64_t alx_features_size(const alx_features *features);
/* values: (count, size), each layer in (C, H, W) order; probabilities: (count, classes), may be NULL.  The files are
 * read as alx_predict_files does.  status[i] tells of each and errors[i] (may be NULL) why; the rows of those that
 * cannot be read are zero.  Fails only when the computation does. */
ALX_API alx_status alx_features_files(alx_features *features, const char *const *paths, int count, float *values,
                                      float *probabilities, alx_status *status, alx_error *errors, alx_error *err);
/* The same of images of a data set: (count) indices, or NULL for images 0 to count - 1.  ALX_USAGE when one is out of
 * range. */
ALX_API alx_status alx_features_images(alx_features *features, const alx_dataset *dataset, const int64_t *indices,
                                       int count, float *values, float *probabilities, alx_status *status,
                                       alx_error *errors, alx_error *err);

/* Features in a file for other tools, row by row; it appears whole, or not at all.  NAME.npy is an array (rows, size)
 * of float32 in NumPy's format 1.0, and beside it stands NAME.csv with the columns path and label, row for row;
 * NAME.csv alone has the columns path, label, f0, f1, ... */
typedef struct alx_feature_file alx_feature_file;

/* ALX_USAGE when the name ends in neither.  size: values of a row. */
ALX_API alx_status alx_feature_file_create(alx_feature_file **file, const char *path, int64_t size, alx_error *err);
/* values: (size); label: "" where none is known. */
ALX_API alx_status alx_feature_file_add(alx_feature_file *file, const char *path, const char *label,
                                        const float *values, alx_error *err);
/* Files of these names that exist are replaced. */
ALX_API alx_status alx_feature_file_finish(alx_feature_file *file, alx_error *err);
/* Without finish before, nothing is left. */
ALX_API void alx_feature_file_destroy(alx_feature_file *file);

/* ---- The inside of a trained model: where it looks ------------------------------ */

/* Grad-CAM (Selvaraju et al. 2017, "Grad-CAM: Visual explanations from deep networks via gradient-based localization"):
 * with A_k the channels of a layer's output and y_c the logit of a class,
 *     map = max(0, sum_k w_k A_k),  w_k = the mean over all places of d y_c / d A_k,
 * in inference, in f32.  Shares the model, which must outlive it; one thread at a time. */
typedef struct alx_grad_cam alx_grad_cam;

typedef struct alx_grad_cam_config {
    size_t struct_size;
    int threads;       /* 0: all cores that this process may use */
    const char *layer; /* whose output is an image; NULL: the last convolution's (alx_model_map_layer) */
} alx_grad_cam_config;
ALX_API void alx_grad_cam_config_init(alx_grad_cam_config *config);

/* Of one image and class.  The pointers are valid until the next call with the same alx_grad_cam. */
typedef struct alx_heatmap {
    int height, width;          /* of the layer's output */
    const float *values;        /* (height, width), >= 0; all 0 where nothing in the layer speaks for the class */
    int class_index;            /* as it was asked for, or the predicted one */
    double logit;               /* of that class */
    const float *probabilities; /* (classes) */
} alx_heatmap;

/* ALX_USAGE when the layer is not there, when its output is no image, and when there is no convolution and no layer was
 * named. */
ALX_API alx_status alx_grad_cam_create(alx_grad_cam **grad_cam, const alx_model *model,
                                       const alx_grad_cam_config *config, alx_error *err);
ALX_API void alx_grad_cam_destroy(alx_grad_cam *grad_cam);
/* The index of its layer. */
ALX_API int alx_grad_cam_layer(const alx_grad_cam *grad_cam);
/* class_index: by the model's numbers; -1: the class that is predicted.  The file is read as alx_predict_file does;
 * alx_model_image is the picture that the map lies over. */
ALX_API alx_status alx_grad_cam_file(alx_grad_cam *grad_cam, const char *path, int class_index, alx_heatmap *map,
                                     alx_error *err);
/* The same of an image of a data set, over which alx_dataset_image lies. */
ALX_API alx_status alx_grad_cam_image(alx_grad_cam *grad_cam, const alx_dataset *dataset, int64_t index,
                                      int class_index, alx_heatmap *map, alx_error *err);
/* A map in another size, bilinearly (corners are corners of pixels, as PyTorch's align_corners=False), divided by its
 * largest value: out is (out_height, out_width), 0..1; a map of zeros stays zero. */
ALX_API void alx_heatmap_resize(const float *values, int height, int width, float *out, int out_height, int out_width);

/* ---- The inside of a trained model: activations and gradients ------------------- */

/* What a batch of images does in each layer, as training would see it: dropout draws and batch normalisations take the
 * batch's statistics; the loss is the plain cross-entropy, and the images are as at evaluation. */
typedef struct alx_activity alx_activity;

typedef struct alx_activity_config {
    size_t struct_size;
    int threads;   /* 0: all cores that this process may use */
    int images;    /* of the batch, at most (64) */
    uint64_t seed; /* which images, and what dropout drops */
} alx_activity_config;
ALX_API void alx_activity_config_init(alx_activity_config *config);

/* A unit is a channel of an image, or one of the features.  Where a convolution or dense layer is computed along with a
 * ReLU that is a layer of its own behind it, both have the figures of the ReLU's output; the last layer's are of the
 * logits. */
typedef struct alx_layer_activity {
    const char *name, *type;    /* "conv2d_1", "conv2d" */
    int64_t values, not_finite; /* of the output, whole batch; the figures are of the finite ones */
    double mean, sd;            /* NaN: none is finite */
    double zeros;               /* share of exact zeros, 0..1 */
    int64_t units, dead;        /* dead: 0 for every image at every place */
    int rectified;              /* 1: the output of a ReLU */
    int64_t parameters;         /* trained ones; the norms are theirs, NaN where there are none */
    double weight_norm;         /* Euclidean, over kernel, bias, ... */
    double gradient_norm;       /* of the mean loss */
} alx_layer_activity;

/* The model must outlive the result; a copy of its weights is taken for the time of the call.  The data set's classes
 * must be the model's; they may come in another order.  Images that cannot be read are left out; ALX_BAD_DATA when none
 * is left. */
ALX_API alx_status alx_activity_create(alx_activity **activity, const alx_model *model, const alx_dataset *dataset,
                                       const alx_activity_config *config, alx_error *err);
ALX_API void alx_activity_destroy(alx_activity *activity);
/* Images that were computed, and their mean loss. */
ALX_API int alx_activity_images(const alx_activity *activity);
ALX_API double alx_activity_loss(const alx_activity *activity);
/* Layer by layer, as alx_model_layer: 1 when there is one, 0 past the last. */
ALX_API int alx_activity_layer(const alx_activity *activity, int index, alx_layer_activity *layer);

/* ---- Statistics: what right answers prove ------------------------------------ */

/* Wilson's 95 % interval of an accuracy: `correct` of `count` images; 0..1 when count is 0. */
ALX_API void alx_accuracy_interval(int64_t correct, int64_t count, double low_high[2]);
/* McNemar's exact two-sided test of two models on the same images: b are right with the first alone, c with the second
 * alone.  The p-value: how often two equally good models would differ by that much or more. */
ALX_API double alx_mcnemar(int64_t b, int64_t c);
/* Holm's correction of several p-values, so that all verdicts together are wrong at most 5 times in 100.
 * p, adjusted: (count), in the same order. */
ALX_API void alx_holm(const double *p, double *adjusted, int count);

/* ---- Inspection: whether a data set is sound -------------------------------- */

typedef struct alx_inspection alx_inspection;

typedef struct alx_inspect_config {
    size_t struct_size;
    int threads;              /* 0: all cores that this process may use */
    int skip_near;            /* 1: do not search for near duplicates; needs 1 KiB less for each image */
    alx_progress_fn progress; /* images read; may be NULL */
    void *user;
} alx_inspect_config;
ALX_API void alx_inspect_config_init(alx_inspect_config *config);

/* Reads every image of the recipe's training, validation and test data once, as training would find them, and looks for
 * what is wrong with them: damage, oddities, outliers, duplicates, leaks between the splits, imbalance.  What is wrong
 * with images is a finding; data that training would not even begin with (no folder, an empty class) is an error.  The
 * recipe may be destroyed afterwards. */
ALX_API alx_status alx_inspection_create(alx_inspection **inspection, const alx_recipe *recipe,
                                         const alx_inspect_config *config, alx_error *err);
ALX_API void alx_inspection_destroy(alx_inspection *inspection);

typedef struct alx_inspection_summary {
    int unsound; /* 1: a finding is ALX_SEVERITY_UNSOUND */
    int class_count;
    int64_t images, readable;
    int64_t jpeg, png, webp;       /* readable ones, by content */
    int64_t grey;                  /* readable ones without colour */
    int width[3], height[3];       /* smallest, median, largest of the readable; 0 without any */
    int input_width, input_height; /* what the network is given */
} alx_inspection_summary;
ALX_API void alx_inspection_summarize(const alx_inspection *inspection, alx_inspection_summary *summary);

typedef struct alx_split_info {
    const char *name; /* "train", "validation", "test" */
    int drawn;        /* 1: a share of the training data that the program draws */
    int64_t images, readable;
    double majority; /* accuracy of always saying the largest class of train, over the readable; NaN without any */
} alx_split_info;
/* The splits that there are, train first: 1 when there is one, 0 past the last. */
ALX_API int alx_inspection_split(const alx_inspection *inspection, int index, alx_split_info *split);
/* Class names in the order of the outputs; NULL past the last. */
ALX_API const char *alx_inspection_class_name(const alx_inspection *inspection, int index);
/* Images of a class in a split (as alx_inspection_split counts them), and how many of them can be read. */
ALX_API void alx_inspection_class_size(const alx_inspection *inspection, int split, int index, int64_t *images,
                                       int64_t *readable);

typedef enum alx_severity {
    ALX_SEVERITY_NOTE,    /* good to know */
    ALX_SEVERITY_WARNING, /* should be looked at */
    ALX_SEVERITY_UNSOUND  /* training would fail, or its figures would be wrong */
} alx_severity;

typedef struct alx_finding {
    const char *kind; /* "test_leak": stable */
    alx_severity severity;
    int64_t count;         /* images, or classes where the text says so */
    int64_t group_count;   /* for alx_inspection_group */
    const char *text[2];   /* what it is, by alx_language: "test images that are also in training" */
    const char *advice[2]; /* what to do */
} alx_finding;
/* The most severe first: 1 when there is one, 0 past the last. */
ALX_API int alx_inspection_finding(const alx_inspection *inspection, int index, alx_finding *finding);

/* What a finding is about, piece by piece: one image; or several that belong together, such as the copies of one; or
 * none, where the note says it all. */
typedef struct alx_finding_group {
    int64_t image_count;
    const int64_t *images; /* (image_count), for alx_inspection_image */
    const char *note;      /* the particulars: "227x40", "cats: 3", why an image cannot be read; may be NULL */
    int same_file;         /* 1: several images, equal byte for byte */
} alx_finding_group;
ALX_API int alx_inspection_group(const alx_inspection *inspection, int finding, int64_t index,
                                 alx_finding_group *group);

typedef struct alx_inspected_image {
    const char *path;
    const char *split;      /* "train" */
    const char *class_name; /* its label */
    const char *kind;       /* by content: "JPEG"; NULL: not known, or no file of its own */
    int width, height;      /* 0: it cannot be read */
    int64_t bytes;          /* of the file */
} alx_inspected_image;
ALX_API void alx_inspection_image(const alx_inspection *inspection, int64_t index, alx_inspected_image *image);

#ifdef __cplusplus
}
#endif
#endif

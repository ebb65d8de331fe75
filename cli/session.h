/* A model and a session for commands that predict, and the options that they share. */
#ifndef ALX_CLI_SESSION_H
#define ALX_CLI_SESSION_H

#include "cli/options.h"

typedef struct cli_session_options {
    long long threads, batch_size;
    int precision; /* alx_precision */
    int exact;
    int views; /* alx_views */
} cli_session_options;

/* Rows for a table whose config struct has the field `session` of that type: those of whatever computes images. */
#define CLI_ENGINE_ROWS(config)                                                                                                                \
    {"batch-size", 0, CLI_INT, offsetof(config, session.batch_size),                                                                           \
     "N",          1, 65536,   {"images computed at once (default 32)", "一次计算的图片数（默认 32）"}},                                       \
        {"threads", 0, CLI_INT, offsetof(config, session.threads),                                                                             \
         "N",       0, 1024,    {"threads (default 0: all cores)", "线程数（默认 0：全部核心）"}},                                             \
    {                                                                                                                                          \
        "precision", 0, CLI_CHOICE, offsetof(config, session.precision), "auto|f32|bf16", 0, 0,                                                \
        {                                                                                                                                      \
            "of the computation (default auto: f32, the same everywhere; bf16 for a model exported in bf16, where "                            \
            "the "                                                                                                                             \
            "processor has it)",                                                                                                               \
                "计算精度（默认 auto：f32，在任何机器上结果相同；以 bf16 导出的模型在处理器支持时用 bf16）" \
        }                                                                                                                                      \
    }

/* And those of sessions. */
#define CLI_SESSION_ROWS(config)                                                                                       \
    CLI_ENGINE_ROWS(config),                                                                                           \
        {"views",                                                                                                      \
         0,                                                                                                            \
         CLI_CHOICE,                                                                                                   \
         offsetof(config, session.views),                                                                              \
         "centre|flip|ten-crop",                                                                                       \
         0,                                                                                                            \
         0,                                                                                                            \
         {"what is averaged of each image: its centre (default), and its mirror image, or the paper's ten crops",      \
          "每张图片取哪些部分求平均：中央（默认）、再加镜像，或论文的十块"}},                                          \
    {                                                                                                                  \
        "exact", 0, CLI_FLAG, offsetof(config, session.exact), NULL, 0, 0,                                             \
        {                                                                                                              \
            "as written: direct convolution, nothing folded", "照定义计算：只用直接卷积，不合并各层" \
        }                                                                                                              \
    }

#define CLI_SESSION_DEFAULTS                                                                                           \
    {                                                                                                                  \
        .batch_size = 32                                                                                               \
    }

typedef struct cli_session {
    alx_model *model;
    alx_session *session;
} cli_session;

/* path: a run folder or a .safetensors file.  Close in any case. */
alx_status cli_session_open(cli_session *session, const char *path, const cli_session_options *options, alx_error *err);
void cli_session_close(cli_session *session);
/* The images of a recipe; *split NULL becomes "test", or "validation" where there are no test images. */
alx_status cli_recipe_images(alx_dataset **dataset, const alx_recipe *recipe, const char **split, alx_error *err);
/* By the ending of its name. */
bool cli_is_recipe(const char *path);
/* A source of the model's classes; or a recipe, of which split (may be NULL, as above) is taken and said.  Where a
 * folder holds splits, the message says which was meant. */
alx_status cli_session_images(alx_dataset **dataset, const alx_model *model, const char *source, const char *split,
                              alx_error *err);

#endif

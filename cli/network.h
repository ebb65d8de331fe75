/* What commands share that read a network: summary, explain, profile. */
#ifndef ALX_CLI_NETWORK_H
#define ALX_CLI_NETWORK_H

#include <jansson.h>

#include "cli/commands.h"

/* clang-format off */
/* Rows for a table whose config struct has the field `classes` (long long), `precision` (int). */
#define CLI_CLASSES_ROW(config)                                                                                       \
    {"classes", 0, CLI_INT, offsetof(config, classes), "N", 2, 1000000,                                               \
     {"number of classes (default: the one that the network states)", "类别个数（默认为网络自己写明的）"}}
#define CLI_TRAIN_PRECISION_ROW(config)                                                                               \
    {"precision", 0, CLI_CHOICE, offsetof(config, precision), "auto|f32|bf16", 0, 0,                                  \
     {"of training (default: auto, as train would choose here)", "训练的精度（默认 auto，与 train 在本机的选择相同）"}}
#define CLI_MEMORY_LIMIT_ROW(config)                                                                                  \
    {"memory-limit", 0, CLI_BYTES, offsetof(config, memory_limit), "SIZE", 0, 0,                                      \
     {"as train's: how many images of a batch fit, such as 2GiB (default: no limit)",                                 \
      "与 train 的同名选项相同，如 2GiB：一批中可同时计算多少张（默认不限）"}}
/* clang-format on */

/* Reads the command line into config and opens the one network that it names.  False: return *exit_code. */
bool cli_begin_network(const cli_call *call, void *config, const long long *classes, alx_network **network,
                       alx_language *language, int *exit_code);

/* "f32" or "bf16" */
const char *cli_precision_name(alx_precision precision);

/* ---- JSON ---- */

json_t *cli_json_layer_bytes(const alx_layer_account *account);
json_t *cli_json_memory(const alx_training_memory *memory);

#endif

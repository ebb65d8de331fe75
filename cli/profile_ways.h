/* How convolutions are computed, as `alexnet profile` prints it behind its table of layers. */
#ifndef ALX_CLI_PROFILE_WAYS_H
#define ALX_CLI_PROFILE_WAYS_H

#include "cli/network.h"

/* A line for each direction of each convolution: the way that was taken, and the others with their times. */
alx_status cli_print_ways(const alx_profile *profile, alx_language language, alx_error *err);
/* A list of all of them. */
json_t *cli_ways_json(const alx_profile *profile);

#endif

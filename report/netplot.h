/* A network as a picture, drawn with cairo and pango. */
#ifndef ALX_REPORT_NETPLOT_H
#define ALX_REPORT_NETPLOT_H

#include "report/picture.h"

/* seconds: (layers) of a training step; NULL: not known.
 *
 * Each layer is a box as tall as its maps and as wide as its channels are many, on logarithmic scales; bars below show
 * the layers' shares of parameters and multiply-adds, and of time where it is known.  A chain runs left to right and
 * wraps; so does a network with branches, between its blocks.  The explanation is of the same network. A file is a .png
 * or .svg by its ending, whole or not at all. */
alx_status alx_plot_network(const alx_target *target, const alx_network *network, const alx_explanation *explanation,
                            const double *seconds, alx_language language, alx_error *err);

#endif

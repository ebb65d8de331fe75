/* Starting from the tensors of a safetensors file: which of them each tensor of a network takes.
 *
 * By name, when the file has ours (conv2d_1.kernel): a model file, whose tensors that the network lacks are left over.
 * Else by order, when its names are PyTorch's (features.0.weight): its modules against the network's layers that have
 * parameters, one by one, every shape equal.  PyTorch's weight is our kernel or gamma, bias our bias or beta,
 * running_mean and running_var the moving statistics; shapes and the order behind flatten are the same.
 *
 * The head, a dense layer which is the last one with parameters, starts afresh as a whole where it does not fit: the
 * data have other classes.  Any other difference is an error. */
#ifndef ALX_MODEL_TRANSFER_H
#define ALX_MODEL_TRANSFER_H

#include "formats/safetensors.h"
#include "model/params.h"

typedef struct alx_transfer {
    alx_arena arena;
    const alx_st_tensor **from; /* by parameter of the graph, of the file; NULL: keeps its initial values */
    int taken;                  /* how many have one */
    bool by_order;              /* of PyTorch's names; else by ours */
    const char *afresh;         /* why the head starts afresh; NULL: it does not */
    const char *left_over;      /* names of the file's tensors that nothing takes, cut when many; NULL: none */
} alx_transfer;

/* The messages of ALX_BAD_MODEL name tensors and both shapes.  The file must stay open as long as the transfer. */
alx_status alx_transfer_create(alx_transfer *transfer, const alx_graph *graph, const alx_safetensors *file,
                               alx_error *err);
void alx_transfer_finish(alx_transfer *transfer);
/* Copies the values; of a tensor with one that is no number the name is told.  After an error the store holds some of
 * them. */
alx_status alx_transfer_apply(const alx_transfer *transfer, alx_params *params, const alx_safetensors *file,
                              alx_error *err);

/* ---- Between transfer.c and transfer_order.c ---- */

/* The last layer with parameters when it is a dense one; -1: none. */
int alx_transfer_head(const alx_graph *graph);
/* Whether the tensor, which may be NULL, has the parameter's shape. */
bool alx_transfer_fits(const alx_st_tensor *tensor, const alx_graph_param *param);
/* "dense_2: its kernel is (1000, 4096) in the file and (2, 4096) in the network"; found: the file's tensors, by
 * parameter of the layer. */
alx_status alx_transfer_say_afresh(alx_transfer *transfer, const alx_graph *graph, int layer,
                                   const alx_st_tensor *const *found, alx_error *err);
/* Fills `from`, by the order of the file's modules. */
alx_status alx_transfer_by_order(alx_transfer *transfer, const alx_graph *graph, const alx_safetensors *file,
                                 alx_error *err);

#endif

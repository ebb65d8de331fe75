/* A model written to a file of its own: weights and what is needed to use them, without a run's history. */
#include "base/config.h"
#include "predict/model.h"

void alx_export_config_init(alx_export_config *config)
{
    *config = (alx_export_config){.struct_size = sizeof *config, .precision = ALX_PRECISION_AUTO};
}

static alx_status write_model(alx_safetensors_writer *writer, const alx_model *model, alx_st_type kernels,
                              alx_error *err)
{
    ALX_TRY(alx_model_meta_write(writer, &model->meta, err));
    ALX_TRY(alx_model_tensors_declare(model->params, writer, "", kernels, err));
    ALX_TRY(alx_model_tensors_write(model->params, writer, "", kernels, model->params->data, err));
    return alx_safetensors_finish(writer, err);
}

alx_status alx_model_export(const alx_model *model, const char *path, const alx_export_config *config, alx_error *err)
{
    alx_export_config how;
    alx_export_config_init(&how);
    ALX_TRY(alx_config_copy(&how, sizeof how, config, "alx_export_config", err));
    if ((int)how.precision < ALX_PRECISION_AUTO || how.precision > ALX_PRECISION_BF16)
        return alx_fail(err, ALX_USAGE, "precision is %d; give ALX_PRECISION_AUTO, _F32 or _BF16", (int)how.precision);
    if (how.precision == ALX_PRECISION_AUTO) how.precision = alx_model_precision(model);
    alx_safetensors_writer *writer;
    ALX_TRY(alx_safetensors_create(&writer, path, err));
    alx_status status = write_model(writer, model, how.precision == ALX_PRECISION_BF16 ? ALX_ST_BF16 : ALX_ST_F32, err);
    alx_safetensors_writer_destroy(writer);
    return status;
}

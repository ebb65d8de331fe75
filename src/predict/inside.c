/* Declared first, so that others can build upon it: each call is replaced by its own file. */
#include "base/status.h"

#define UNSUPPORTED alx_fail(err, ALX_UNSUPPORTED, "not there yet")

alx_status alx_model_open_initial(alx_model **model, const char *run, alx_error *err)
{
    (void)run, *model = NULL;
    return UNSUPPORTED;
}
void alx_model_input(const alx_model *model, int size[3])
{
    (void)model, size[0] = size[1] = size[2] = 0;
}
alx_status alx_model_image(const alx_model *model, const char *path, uint8_t *rgb, alx_error *err)
{
    (void)model, (void)path, (void)rgb;
    return UNSUPPORTED;
}
int alx_model_layer_count(const alx_model *model)
{
    (void)model;
    return 0;
}
void alx_model_layer(const alx_model *model, int index, alx_layer_info *info)
{
    (void)model, (void)index, *info = (alx_layer_info){0};
}
alx_status alx_model_find_layer(int *index, const alx_model *model, const char *name, alx_error *err)
{
    (void)model, (void)name, *index = -1;
    return UNSUPPORTED;
}
int alx_model_hidden_layer(const alx_model *model)
{
    (void)model;
    return -1;
}
int alx_model_map_layer(const alx_model *model)
{
    (void)model;
    return -1;
}
int alx_model_tensor_count(const alx_model *model)
{
    (void)model;
    return 0;
}
void alx_model_tensor(const alx_model *model, int index, alx_tensor_info *info)
{
    (void)model, (void)index, *info = (alx_tensor_info){0};
}
alx_status alx_model_find_tensor(int *index, const alx_model *model, const char *name, alx_error *err)
{
    (void)model, (void)name, *index = -1;
    return UNSUPPORTED;
}
void alx_model_tensor_values(const alx_model *model, int index, float *values)
{
    (void)model, (void)index, (void)values;
}
int alx_model_filters(const alx_model *model, int64_t shape[4])
{
    (void)model, shape[0] = shape[1] = shape[2] = shape[3] = 0;
    return -1;
}
void alx_model_filter_values(const alx_model *model, float *values)
{
    (void)model, (void)values;
}
void alx_features_config_init(alx_features_config *config)
{
    *config = (alx_features_config){.struct_size = sizeof *config, .batch_size = 1};
}
alx_status alx_features_create(alx_features **features, const alx_model *model, const alx_features_config *config,
                               alx_error *err)
{
    (void)model, (void)config, *features = NULL;
    return UNSUPPORTED;
}
void alx_features_destroy(alx_features *features)
{
    (void)features;
}
int alx_features_layer(const alx_features *features, int index, alx_feature_layer *layer)
{
    (void)features, (void)index, (void)layer;
    return 0;
}
int64_t alx_features_size(const alx_features *features)
{
    (void)features;
    return 0;
}
alx_status alx_features_files(alx_features *features, const char *const *paths, int count, float *values,
                              float *probabilities, alx_status *status, alx_error *errors, alx_error *err)
{
    (void)features, (void)paths, (void)count, (void)values, (void)probabilities, (void)status, (void)errors;
    return UNSUPPORTED;
}
alx_status alx_features_images(alx_features *features, const alx_dataset *dataset, const int64_t *indices, int count,
                               float *values, float *probabilities, alx_status *status, alx_error *errors,
                               alx_error *err)
{
    (void)features, (void)dataset, (void)indices, (void)count, (void)values, (void)probabilities, (void)status,
        (void)errors;
    return UNSUPPORTED;
}
void alx_grad_cam_config_init(alx_grad_cam_config *config)
{
    *config = (alx_grad_cam_config){.struct_size = sizeof *config};
}
alx_status alx_grad_cam_create(alx_grad_cam **grad_cam, const alx_model *model, const alx_grad_cam_config *config,
                               alx_error *err)
{
    (void)model, (void)config, *grad_cam = NULL;
    return UNSUPPORTED;
}
void alx_grad_cam_destroy(alx_grad_cam *grad_cam)
{
    (void)grad_cam;
}
int alx_grad_cam_layer(const alx_grad_cam *grad_cam)
{
    (void)grad_cam;
    return -1;
}
alx_status alx_grad_cam_file(alx_grad_cam *grad_cam, const char *path, int class_index, alx_heatmap *map,
                             alx_error *err)
{
    (void)grad_cam, (void)path, (void)class_index, (void)map;
    return UNSUPPORTED;
}
alx_status alx_grad_cam_image(alx_grad_cam *grad_cam, const alx_dataset *dataset, int64_t index, int class_index,
                              alx_heatmap *map, alx_error *err)
{
    (void)grad_cam, (void)dataset, (void)index, (void)class_index, (void)map;
    return UNSUPPORTED;
}
void alx_heatmap_resize(const float *values, int height, int width, float *out, int out_height, int out_width)
{
    (void)values, (void)height, (void)width, (void)out, (void)out_height, (void)out_width;
}
void alx_activity_config_init(alx_activity_config *config)
{
    *config = (alx_activity_config){.struct_size = sizeof *config, .images = 64};
}
alx_status alx_activity_create(alx_activity **activity, const alx_model *model, const alx_dataset *dataset,
                               const alx_activity_config *config, alx_error *err)
{
    (void)model, (void)dataset, (void)config, *activity = NULL;
    return UNSUPPORTED;
}
void alx_activity_destroy(alx_activity *activity)
{
    (void)activity;
}
int alx_activity_images(const alx_activity *activity)
{
    (void)activity;
    return 0;
}
double alx_activity_loss(const alx_activity *activity)
{
    (void)activity;
    return 0;
}
int alx_activity_layer(const alx_activity *activity, int index, alx_layer_activity *layer)
{
    (void)activity, (void)index, (void)layer;
    return 0;
}

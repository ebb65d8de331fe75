#include "data/dataset.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

alx_status alx_dataset_create(alx_dataset **dataset, alx_sample_list *list, const alx_preprocess *preprocess,
                              alx_error *err)
{
    *dataset = NULL;
    alx_dataset *made = alx_calloc(1, sizeof *made, err);
    if (!made) {
        alx_sample_list_finish(list);
        return ALX_NO_MEMORY;
    }
    made->list = *list;
    made->preprocess = *preprocess;
    memset(list, 0, sizeof *list);
    *dataset = made;
    return ALX_OK;
}

void alx_dataset_destroy(alx_dataset *dataset)
{
    if (!dataset) return;
    alx_sample_list_finish(&dataset->list);
    free(dataset);
}

const char *alx_dataset_left_out(const alx_dataset *dataset)
{
    return dataset->list.left_out;
}

int64_t alx_dataset_count(const alx_dataset *dataset)
{
    return dataset->list.count;
}

int alx_dataset_class_count(const alx_dataset *dataset)
{
    return dataset->list.class_count;
}

const char *alx_dataset_class_name(const alx_dataset *dataset, int index)
{
    return index >= 0 && index < dataset->list.class_count ? dataset->list.class_names[index] : NULL;
}

int64_t alx_dataset_class_size(const alx_dataset *dataset, int index)
{
    int64_t size = 0;
    for (int64_t i = 0; i < dataset->list.count; i++) size += dataset->list.samples[i].label == index;
    return size;
}

const char *alx_dataset_path(const alx_dataset *dataset, int64_t index)
{
    return index >= 0 && index < dataset->list.count ? dataset->list.samples[index].path : NULL;
}

int alx_dataset_label(const alx_dataset *dataset, int64_t index)
{
    return index >= 0 && index < dataset->list.count ? dataset->list.samples[index].label : -1;
}

void alx_dataset_image_size(const alx_dataset *dataset, int *width, int *height)
{
    *width = dataset->preprocess.width;
    *height = dataset->preprocess.height;
}

/* For networks that see luma alone. */
static void make_grey(uint8_t *rgb, size_t pixels)
{
    for (size_t i = 0; i < pixels; i++, rgb += 3) rgb[0] = rgb[1] = rgb[2] = alx_luma(rgb);
}

/* The image after resizing; finish `resized` in any case. */
static alx_status read_resized(alx_image *resized, const alx_dataset *dataset, int64_t index, alx_error *err)
{
    const alx_preprocess *p = &dataset->preprocess;
    if (index < 0 || index >= dataset->list.count)
        return alx_fail(err, ALX_USAGE, "image %lld of a data set of %lld", (long long)index,
                        (long long)dataset->list.count);
    alx_image image = {0};
    alx_resampler scratch = {0};
    alx_image_need need;
    alx_status status = alx_sample_read(&image, NULL, &dataset->list, index, alx_preprocess_need(p, &need), err);
    if (!status) status = alx_image_reserve(resized, p->image_width, p->image_height, err);
    if (!status) {
        status = alx_preprocess_resize_image(p, &scratch, &image, resized->rgb, err);
        if (status) alx_where(err, status, "%s", dataset->list.samples[index].path);
    }
    alx_resampler_finish(&scratch);
    alx_image_finish(&image);
    return status;
}

alx_status alx_dataset_image(const alx_dataset *dataset, int64_t index, uint8_t *rgb, alx_error *err)
{
    const alx_preprocess *p = &dataset->preprocess;
    alx_image resized = {0};
    alx_status status = read_resized(&resized, dataset, index, err);
    if (!status) {
        alx_augment_view view;
        alx_augment_view_centre(p, &view);
        size_t row = (size_t)p->width * 3;
        for (int y = 0; y < p->height; y++) {
            size_t from = ((size_t)(view.top + y) * (size_t)p->image_width + (size_t)view.left) * 3;
            memcpy(rgb + (size_t)y * row, resized.rgb + from, row);
        }
        if (p->channels == 1) make_grey(rgb, (size_t)p->height * (size_t)p->width);
    }
    alx_image_finish(&resized);
    return status;
}

alx_status alx_dataset_augment(alx_dataset *dataset, const alx_augment_list *augment, uint64_t seed, alx_error *err)
{
    dataset->seed = seed;
    return alx_augment_copy(&dataset->augment, augment, &dataset->list.arena, err);
}

int alx_dataset_augmentations(const alx_dataset *dataset)
{
    return dataset->augment.count;
}

/* Where the sample is mixed with another one. */
static alx_status mix_partner(const alx_dataset *dataset, alx_augment_scratch *scratch, alx_image *resized,
                              const alx_augment_key *key, uint8_t *rgb, alx_error *err)
{
    const alx_preprocess *p = &dataset->preprocess;
    alx_mix mix;
    if (!alx_augment_mix(&mix, &dataset->augment, p, dataset->list.count, key)) return ALX_OK;
    const alx_augment_key partner = {key->seed, key->epoch, (uint32_t)mix.partner};
    ALX_TRY(read_resized(resized, dataset, mix.partner, err));
    alx_mix_pixels(&mix, p, alx_augment_sample(&dataset->augment, p, scratch, resized->rgb, &partner), rgb);
    return ALX_OK;
}

alx_status alx_dataset_augmented(const alx_dataset *dataset, int64_t index, int epoch, uint8_t *rgb, alx_error *err)
{
    const alx_preprocess *p = &dataset->preprocess;
    if (epoch < 1) return alx_fail(err, ALX_USAGE, "epoch %d; the first is 1", epoch);
    alx_image resized = {0};
    alx_augment_scratch *scratch = NULL;
    alx_status status = read_resized(&resized, dataset, index, err);
    if (!status) status = alx_augment_scratch_create(&scratch, &dataset->augment, p, err);
    if (!status) {
        const alx_augment_key key = {dataset->seed, (uint32_t)epoch - 1, (uint32_t)index};
        const size_t pixels = (size_t)p->height * (size_t)p->width;
        memcpy(rgb, alx_augment_sample(&dataset->augment, p, scratch, resized.rgb, &key), pixels * 3);
        status = mix_partner(dataset, scratch, &resized, &key, rgb, err);
        if (!status && p->channels == 1) make_grey(rgb, pixels);
    }
    alx_augment_scratch_destroy(scratch);
    alx_image_finish(&resized);
    return status;
}

int alx_dataset_sample(const alx_dataset *dataset, uint64_t seed, int wanted, int64_t *indices)
{
    int64_t count = dataset->list.count;
    int taken = wanted < count ? wanted : (int)count;
    if (taken <= 0) return 0;
    int64_t *order = alx_calloc((size_t)count, sizeof *order, NULL);
    if (!order) return 0;
    alx_rng_permute(order, count, seed, ALX_RNG_SAMPLE, 0, 0);
    memcpy(indices, order, (size_t)taken * sizeof *indices);
    free(order);
    return taken;
}

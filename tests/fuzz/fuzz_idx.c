/* Any bytes as a pair of IDX files: the first byte is the length of the images' file, the labels' file is the rest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/idx.h"
#include "fuzz/fuzz.h"

static void put(const char *path, const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    require(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
}

/* Every pixel can be read. */
static void check_list(const alx_sample_list *list)
{
    alx_image image = {0};
    for (int64_t i = 0; i < list->count; i++) {
        require(list->samples[i].label >= 0 && list->samples[i].label < list->class_count);
        require(alx_sample_read(&image, NULL, list, i, NULL, NULL) == ALX_OK &&
                image.rgb[0] == list->samples[i].pixels[0]);
    }
    alx_image_finish(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const alx_source_config config = {.root = "", .path = "path", .separator = "", .label = {"label", "", {0}}};
    if (size < 1 || data[0] > size - 1) return 0;
    char images[64], labels[64];
    snprintf(images, sizeof images, "/tmp/fuzz-%d-images-idx3", (int)getpid());
    snprintf(labels, sizeof labels, "/tmp/fuzz-%d-labels-idx1", (int)getpid());
    put(images, data + 1, data[0]);
    put(labels, data + 1 + data[0], size - 1 - data[0]);
    alx_sample_list list;
    alx_error err = {0};
    alx_status status = alx_source_idx(&list, images, &config, &err);
    if (status) require_refusal(status, &err);
    require(status ? !list.idx : list.count > 0);
    if (!status) check_list(&list);
    alx_sample_list_finish(&list);
    remove(images);
    remove(labels);
    return 0;
}

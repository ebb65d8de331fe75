/* AlexNet, one layer a line.
 *
 * The network of Krizhevsky, Sutskever and Hinton ("ImageNet Classification with Deep
 * Convolutional Neural Networks", 2012) as the course builds it: one tower, no LRN,
 * two classes.  Prints what each layer makes and what it has to learn.
 *
 * A convolution has, for each filter, one weight for each value under its window and
 * one bias: (height * width * input channels + 1) * filters.  A dense layer has, for
 * each unit, one weight for each input and one bias: (inputs + 1) * units.  Pooling,
 * flattening and dropout learn nothing.  Without padding a window of k steps s over n
 * values gives floor((n - k) / s) + 1; padding "same" at stride 1 keeps n. */
#include <alexnet.h>
#include <stdio.h>

typedef struct line {
    const char *type, *options;
} line;

static const line lines[] = {
    /* 227x227x3 -> 55x55x96, (227 - 11) / 4 + 1 = 55.  (11*11*3 + 1) * 96 = 34,944: edges and colours */
    {"conv2d", "filters: 96, kernel_size: 11, strides: 4, activation: relu"},
    /* 55x55x96 -> 27x27x96, (55 - 3) / 2 + 1 = 27.  0: the step is smaller than the window, so that windows overlap */
    {"max_pooling2d", "pool_size: 3, strides: 2"},
    /* 27x27x96 -> 27x27x256.  (5*5*96 + 1) * 256 = 614,656: corners and textures, made of edges */
    {"conv2d", "filters: 256, kernel_size: 5, padding: same, activation: relu"},
    /* 27x27x256 -> 13x13x256, (27 - 3) / 2 + 1 = 13.  0 */
    {"max_pooling2d", "pool_size: 3, strides: 2"},
    /* 13x13x256 -> 13x13x384.  (3*3*256 + 1) * 384 = 885,120 */
    {"conv2d", "filters: 384, kernel_size: 3, padding: same, activation: relu"},
    /* 13x13x384 -> 13x13x384.  (3*3*384 + 1) * 384 = 1,327,488: 384 channels come in, not 256 */
    {"conv2d", "filters: 384, kernel_size: 3, padding: same, activation: relu"},
    /* 13x13x384 -> 13x13x256.  (3*3*384 + 1) * 256 = 884,992 */
    {"conv2d", "filters: 256, kernel_size: 3, padding: same, activation: relu"},
    /* 13x13x256 -> 6x6x256, (13 - 3) / 2 + 1 = 6.  0 */
    {"max_pooling2d", "pool_size: 3, strides: 2"},
    /* 6x6x256 -> 9216, 6 * 6 * 256 = 9,216.  0: the same values in a row */
    {"flatten", ""},
    /* 9216 -> 4096.  (9216 + 1) * 4096 = 37,752,832: two thirds of the whole network */
    {"dense", "units: 4096, activation: relu"},
    /* 4096 -> 4096.  0: in training half of the values are dropped, so that none relies on another */
    {"dropout", "rate: 0.5"},
    /* 4096 -> 4096.  (4096 + 1) * 4096 = 16,781,312 */
    {"dense", "units: 4096, activation: relu"},
    /* 4096 -> 4096.  0 */
    {"dropout", "rate: 0.5"},
    /* 4096 -> 2.  (4096 + 1) * 2 = 8,194: softmax makes probabilities that add up to 1 */
    {"dense", "units: classes, activation: softmax"},
    /* In all 58,289,538 */
};

static void print_summary(const alx_network *network)
{
    int64_t total = 0;
    for (int i = 0; i < alx_network_layer_count(network); i++) {
        alx_layer_info info;
        char shape[64];
        alx_network_layer(network, i, &info);
        if (info.rank == 3)
            snprintf(shape, sizeof shape, "%lldx%lldx%lld", (long long)info.shape[0], (long long)info.shape[1],
                     (long long)info.shape[2]);
        else
            snprintf(shape, sizeof shape, "%lld", (long long)info.shape[0]);
        printf("%-18s %-12s %10lld\n", info.name, shape, (long long)info.parameters);
        total += info.parameters;
    }
    printf("%-18s %-12s %10lld\n", "total", "", (long long)total);
}

int main(void)
{
    alx_error err = {0};
    alx_network *network = NULL;
    alx_status status = alx_network_create(&network, "alexnet", 227, 227, 3, 2, &err);
    for (size_t i = 0; !status && i < sizeof lines / sizeof *lines; i++)
        status = alx_network_add(network, lines[i].type, lines[i].options, &err);
    if (!status)
        print_summary(network);
    else
        fprintf(stderr, "alexnet: %s\n", err.message);
    alx_network_destroy(network);
    return alx_status_exit_code(status);
}

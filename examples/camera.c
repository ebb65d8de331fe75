/* camera MODEL [WIDTH HEIGHT]: labels frames as they come.
 *
 * With WIDTH and HEIGHT, raw RGB frames are read from standard input, such as
 *     ffmpeg -i /dev/video0 -f rawvideo -pix_fmt rgb24 - | camera runs/1 640 480
 * Without them a moving gradient stands in for a camera: a hundred frames.
 *
 * Frames of real cameras have rows that begin at aligned addresses; `stride` is the
 * distance between two rows in bytes, and the padding between is never read. */
#include <alexnet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FRAMES = 100, ALIGNMENT = 64 };

typedef struct frame {
    int width, height, stride;
    uint8_t *rgb; /* height rows, stride bytes apart */
} frame;

static int read_frame(frame *f)
{
    for (int y = 0; y < f->height; y++) {
        if (fread(f->rgb + (size_t)y * (size_t)f->stride, 3, (size_t)f->width, stdin) != (size_t)f->width) return 0;
    }
    return 1;
}

static int draw_frame(frame *f, int number)
{
    for (int y = 0; y < f->height; y++) {
        uint8_t *row = f->rgb + (size_t)y * (size_t)f->stride;
        for (int x = 0; x < f->width; x++) {
            row[3 * x] = (uint8_t)(x + 4 * number);
            row[3 * x + 1] = (uint8_t)(y + 2 * number);
            row[3 * x + 2] = (uint8_t)(x + y);
        }
    }
    return number < FRAMES;
}

static double now(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static alx_status watch(alx_session *session, const alx_model *model, frame *f, int from_stdin, alx_error *err)
{
    int classes = alx_model_class_count(model);
    float *probabilities = malloc((size_t)classes * sizeof *probabilities);
    alx_status status = probabilities ? ALX_OK : ALX_NO_MEMORY;
    double begin = now();
    int count = 0;
    while (!status && (from_stdin ? read_frame(f) : draw_frame(f, count))) {
        status = alx_predict_pixels(session, f->rgb, f->width, f->height, f->stride, probabilities, err);
        if (status) break;
        int best = 0;
        for (int i = 1; i < classes; i++) best = probabilities[i] > probabilities[best] ? i : best;
        printf("frame %d: %s %.3f\n", ++count, alx_model_class_name(model, best), (double)probabilities[best]);
    }
    fprintf(stderr, "%d frames, %.1f a second\n", count, count / (now() - begin));
    free(probabilities);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 4) return fprintf(stderr, "usage: camera MODEL [WIDTH HEIGHT]\n"), 2;
    int from_stdin = argc == 4;
    frame f = {.width = from_stdin ? atoi(argv[2]) : 640, .height = from_stdin ? atoi(argv[3]) : 480};
    if (f.width < 1 || f.width > 16384 || f.height < 1 || f.height > 16384)
        return fprintf(stderr, "camera: sides may be 1 to 16384 pixels\n"), 2;
    f.stride = (3 * f.width + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    f.rgb = malloc((size_t)f.stride * (size_t)f.height);
    alx_error err = {0};
    alx_model *model = NULL;
    alx_session *session = NULL;
    alx_status status = f.rgb ? alx_model_open(&model, argv[1], &err) : ALX_NO_MEMORY;
    if (!status) status = alx_session_create(&session, model, NULL, &err);
    if (!status) status = watch(session, model, &f, from_stdin, &err);
    if (status) fprintf(stderr, "camera: %s\n", err.message[0] ? err.message : alx_status_text(status));
    alx_session_destroy(session);
    alx_model_destroy(model);
    free(f.rgb);
    return alx_status_exit_code(status);
}

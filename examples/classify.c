/* classify MODEL IMAGE: what an image shows, in a page of C.
 *
 * MODEL is a run folder such as runs/1, or a .safetensors file.
 * Build: see Makefile and CMakeLists.txt beside this file. */
#include <alexnet.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    alx_error err = {0};
    alx_model *model = NULL;
    alx_session *session = NULL;
    float *probabilities = NULL;
    if (argc != 3) return fprintf(stderr, "usage: classify MODEL IMAGE\n"), 2;
    if (alx_model_open(&model, argv[1], &err)) goto failed;
    if (alx_session_create(&session, model, NULL, &err)) goto failed;

    int classes = alx_model_class_count(model);
    probabilities = malloc((size_t)classes * sizeof *probabilities);
    if (!probabilities || alx_predict_file(session, argv[2], probabilities, &err)) goto failed;
    for (int shown = 0; shown < 3 && shown < classes; shown++) {
        int best = 0;
        for (int i = 1; i < classes; i++) best = probabilities[i] > probabilities[best] ? i : best;
        printf("%-20s %6.2f %%\n", alx_model_class_name(model, best), 100.0 * probabilities[best]);
        probabilities[best] = -1; /* the next round takes the next one */
    }
failed:
    if (err.status) fprintf(stderr, "classify: %s\n", err.message);
    free(probabilities);
    alx_session_destroy(session);
    alx_model_destroy(model);
    return alx_status_exit_code(err.status);
}

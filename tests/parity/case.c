#include "parity/case.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum { FILE_MAX = 4 << 20, CASES_MAX = 512, NUMBERS_MAX = 4096, THREADS = 2, CHUNKS = 16 };

/* ---- Values from a hash (reference.py has the same) ---- */

/* A bijection of 32 bits that spreads well (C. Wellons' lowbias32). */
static uint32_t mix(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    return x ^ x >> 16;
}

static uint32_t hash_start(uint32_t seed, uint32_t tensor)
{
    return mix(seed * 0x10000u + tensor);
}

void case_values(float *values, uint32_t seed, uint32_t tensor, int64_t count, double offset, double scale)
{
    uint32_t start = hash_start(seed, tensor);
#pragma omp parallel for schedule(static) num_threads(THREADS)
    for (int64_t i = 0; i < count; i++) {
        double unit = (double)(mix(start + (uint32_t)i) >> 8) * 0x1p-23 - 1.0;
        values[i] = (float)(offset + scale * unit);
    }
}

/* Bit k of the hash decides the sign in projection k; the last sum is that of squares. */
static void project_chunk(double sums[CASE_PROJECTIONS + 1], uint32_t start, const float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits = mix(start + (uint32_t)i);
        double value = (double)values[i], either[2] = {-value, value};
        for (int k = 0; k < CASE_PROJECTIONS; k++) sums[k] += either[bits >> k & 1];
        sums[CASE_PROJECTIONS] += value * value;
    }
}

static void project(double sums[CASE_PROJECTIONS + 1], uint32_t tensor, const float *values, int64_t count)
{
    uint32_t start = hash_start(0x5eed, tensor);
    double partial[CHUNKS][CASE_PROJECTIONS + 1] = {0};
    int64_t chunk = (count + CHUNKS - 1) / CHUNKS;
#pragma omp parallel for schedule(static) num_threads(THREADS)
    for (int64_t c = 0; c < CHUNKS; c++) {
        int64_t begin = c * chunk, end = begin + chunk < count ? begin + chunk : count;
        if (begin < end) project_chunk(partial[c], start + (uint32_t)begin, values + begin, end - begin);
    }
    for (int k = 0; k <= CASE_PROJECTIONS; k++) {
        sums[k] = 0;
        for (int c = 0; c < CHUNKS; c++) sums[k] += partial[c][k];
    }
}

/* ---- Reading ---- */

typedef struct reader {
    alx_arena *arena;
    const char *path;
    int line;
    char *next;
    test_case *test;
} reader;

static char *next_line(reader *r)
{
    char *line = r->next;
    if (!line) return NULL;
    char *end = strchr(line, '\n');
    r->next = end ? end + 1 : NULL;
    if (end) *end = '\0';
    r->line++;
    return line;
}

static alx_status bad_line(const reader *r, alx_error *err)
{
    return alx_fail(err, ALX_BAD_DATA, "%s:%d: not understood; run make_layers.py again", r->path, r->line);
}

static alx_status read_numbers(const reader *r, case_numbers *out, const char *text, alx_error *err)
{
    double values[NUMBERS_MAX];
    int count = 0;
    for (char *end; count < NUMBERS_MAX; text = end) {
        double value = strtod(text, &end);
        if (end == text) break;
        values[count++] = value;
    }
    if (count == 0 || text[strspn(text, " ")] != '\0') return bad_line(r, err);
    out->count = count;
    out->values = alx_arena_alloc(r->arena, (size_t)count, sizeof *values, err);
    if (!out->values) return ALX_NO_MEMORY;
    memcpy(out->values, values, (size_t)count * sizeof *values);
    return ALX_OK;
}

static alx_status read_yaml(reader *r, const char *text, alx_error *err)
{
    alx_text yaml = {0};
    for (int lines = atoi(text); lines > 0; lines--) {
        const char *line = next_line(r);
        if (!line) break;
        alx_text_add(&yaml, line);
        alx_text_add(&yaml, "\n");
    }
    r->test->yaml = yaml.data ? alx_arena_strdup(r->arena, yaml.data, err) : NULL;
    alx_text_finish(&yaml);
    return r->test->yaml ? ALX_OK : bad_line(r, err);
}

/* "0 conv2d_1.kernel 432 0 0.25" */
static alx_status read_param(const reader *r, const char *text, alx_error *err)
{
    int index;
    char name[128];
    case_param p = {.norm = -1};
    if (sscanf(text, "%d %127s %" SCNd64 " %lf %lf", &index, name, &p.count, &p.offset, &p.scale) != 5 ||
        index != r->test->param_count || index == CASE_MAX_PARAMS)
        return bad_line(r, err);
    p.name = alx_arena_strdup(r->arena, name, err);
    if (!p.name) return ALX_NO_MEMORY;
    r->test->params[r->test->param_count++] = p;
    return ALX_OK;
}

static alx_status read_samples(const reader *r, case_param *p, const char *text, alx_error *err)
{
    int used;
    for (; p->sample_count < CASE_SAMPLES; text += used) {
        int64_t *place = &p->places[p->sample_count];
        if (sscanf(text, " %" SCNd64 ":%lf%n", place, &p->samples[p->sample_count], &used) != 2) break;
        if (*place < 0 || *place >= p->count) return bad_line(r, err);
        p->sample_count++;
    }
    return p->sample_count ? ALX_OK : bad_line(r, err);
}

/* Lines that begin with a word and the index of a parameter. */
static alx_status read_of_param(const reader *r, const char *word, const char *text, alx_error *err)
{
    char *rest;
    long index = strtol(text, &rest, 10);
    if (rest == text || index < 0 || index >= r->test->param_count) return bad_line(r, err);
    case_param *p = &r->test->params[index];
    if (strcmp(word, "samples") == 0) return read_samples(r, p, rest, err);
    if (strcmp(word, "moving") == 0) return read_numbers(r, &p->moving, rest, err);
    if (strcmp(word, "projections") == 0) return read_numbers(r, &p->projections, rest, err);
    if (strcmp(word, "norm") != 0) return bad_line(r, err);
    p->norm = strtod(rest, NULL);
    return ALX_OK;
}

static alx_status read_line(reader *r, const char *word, const char *text, alx_error *err)
{
    test_case *t = r->test;
    struct {
        const char *word;
        case_numbers *to;
    } lists[] = {{"labels", &t->labels},
                 {"class_weights", &t->class_weights},
                 {"losses", &t->losses},
                 {"probabilities", &t->probabilities}};
    struct {
        const char *word;
        double *to;
    } values[] = {
        {"smoothing", &t->smoothing}, {"loss", &t->loss}, {"evaluate", &t->evaluate}, {"bf16_cosine", &t->bf16_cosine}};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (strcmp(word, lists[i].word) == 0) return read_numbers(r, lists[i].to, text, err);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (strcmp(word, values[i].word) == 0)
            return sscanf(text, "%lf", values[i].to) == 1 ? ALX_OK : bad_line(r, err);
    if (strcmp(word, "yaml") == 0) return read_yaml(r, text, err);
    if (strcmp(word, "param") == 0) return read_param(r, text, err);
    if (strcmp(word, "seed") == 0) return sscanf(text, "%" SCNu32, &t->seed) == 1 ? ALX_OK : bad_line(r, err);
    if (strcmp(word, "batch") == 0) return sscanf(text, "%d", &t->batch) == 1 ? ALX_OK : bad_line(r, err);
    if (strcmp(word, "key") == 0)
        return sscanf(text, "%" SCNu64 " %" SCNu32 " %" SCNu32, &t->key.seed, &t->key.step, &t->key.first_slot) == 3
                   ? ALX_OK
                   : bad_line(r, err);
    return read_of_param(r, word, text, err);
}

static alx_status read_case(reader *r, const char *name, alx_error *err)
{
    *r->test = (test_case){.name = alx_arena_strdup(r->arena, name, err)};
    if (!r->test->name) return ALX_NO_MEMORY;
    for (char *line = next_line(r); line && strcmp(line, "end") != 0; line = next_line(r)) {
        char *space = strchr(line, ' ');
        if (!space) return bad_line(r, err);
        *space = '\0';
        ALX_TRY(read_line(r, line, space + 1, err));
    }
    const test_case *t = r->test;
    return t->yaml && t->batch > 0 && t->labels.count == t->batch ? ALX_OK : bad_line(r, err);
}

alx_status case_list_read(case_list *list, alx_arena *arena, const char *path, alx_error *err)
{
    uint8_t *bytes = NULL;
    size_t size;
    *list = (case_list){.cases = alx_arena_alloc(arena, CASES_MAX, sizeof *list->cases, err)};
    if (!list->cases) return ALX_NO_MEMORY;
    ALX_TRY(alx_file_read(&bytes, &size, path, FILE_MAX, err));
    reader r = {.arena = arena, .path = path, .next = (char *)bytes};
    alx_status status = ALX_OK;
    for (char *line = next_line(&r); line && !status; line = next_line(&r)) {
        if (strncmp(line, "case ", 5) != 0) continue;
        r.test = &list->cases[list->count++];
        status = list->count < CASES_MAX ? read_case(&r, line + 5, err) : bad_line(&r, err);
    }
    free(bytes);
    return status;
}

/* ---- Running ---- */

static alx_status fill_params(const case_run *run, alx_error *err)
{
    const test_case *test = run->test;
    alx_params *params = run->params;
    if (params->count != test->param_count)
        return alx_fail(err, ALX_BAD_DATA, "%d parameters, the fixture has %d", params->count, test->param_count);
    for (int i = 0; i < params->count; i++) {
        const case_param *from = &test->params[i];
        if (strcmp(params->list[i].name, from->name) != 0 || params->list[i].count != from->count)
            return alx_fail(err, ALX_BAD_DATA, "parameter %d is %s, the fixture has %s", i, params->list[i].name,
                            from->name);
        float *values = alx_calloc((size_t)from->count, sizeof *values, err);
        if (!values) return ALX_NO_MEMORY;
        case_values(values, test->seed, (uint32_t)i, from->count, from->offset, from->scale);
        alx_params_import(params, i, values, params->data);
        free(values);
    }
    params->version++;
    return ALX_OK;
}

static alx_status open_engine(case_run *run, const case_mode *mode, alx_error *err)
{
    const test_case *test = run->test;
    float class_weights[NUMBERS_MAX];
    for (int i = 0; i < test->class_weights.count; i++) class_weights[i] = (float)test->class_weights.values[i];
    alx_engine_config config = {.threads = mode->threads,
                                .type = mode->type,
                                .exact = mode->exact,
                                .max_batch = test->batch,
                                .training = true,
                                .smoothing = (float)test->smoothing,
                                .class_weights = test->class_weights.count ? class_weights : NULL};
    ALX_TRY(alx_engine_create(&run->engine, run->params, &config, err));
    int64_t count = test->batch * alx_shape_elements(alx_graph_shape(run->graph, -1));
    case_values(alx_engine_images(run->engine), test->seed, CASE_INPUT_TENSOR, count, 0, 1);
    for (int i = 0; i < test->batch; i++) alx_engine_labels(run->engine)[i] = (int32_t)test->labels.values[i];
    return ALX_OK;
}

alx_status case_run_open(case_run *run, const test_case *test, const case_mode *mode, alx_error *err)
{
    *run = (case_run){.test = test};
    alx_spec spec = {0};
    alx_status status = alx_spec_parse(&spec, test->yaml, strlen(test->yaml), NULL, 0, err);
    if (!status) status = alx_graph_create(&run->graph, &spec, err);
    if (!status) status = alx_params_create(&run->params, run->graph, mode->tiled, err);
    if (!status) status = fill_params(run, err);
    if (!status) status = open_engine(run, mode, err);
    if (status) {
        case_run_close(run);
        return alx_where(err, status, "%s", test->name);
    }
    return ALX_OK;
}

void case_run_close(case_run *run)
{
    alx_engine_destroy(run->engine);
    alx_params_destroy(run->params);
    alx_graph_destroy(run->graph);
    *run = (case_run){0};
}

alx_status case_run_step(case_run *run, alx_error *err)
{
    return alx_engine_run(run->engine, ALX_MODE_TRAIN, run->test->batch, &run->test->key, err);
}

double case_run_loss(const case_run *run)
{
    const float *losses = alx_engine_losses(run->engine);
    double sum = 0;
    for (int i = 0; i < run->test->batch; i++) sum += (double)losses[i];
    return sum / run->test->batch;
}

float *case_run_gradient(const case_run *run, int param, alx_error *err)
{
    float *gradient = alx_calloc((size_t)run->params->list[param].count, sizeof *gradient, err);
    if (gradient) alx_params_export(run->params, param, alx_engine_gradients(run->engine), gradient);
    return gradient;
}

/* ---- Comparing ---- */

case_difference case_compare(const test_case *test, int param, const float *gradient)
{
    const case_param *reference = &test->params[param];
    case_difference d = {0};
    double sums[CASE_PROJECTIONS + 1], distance = 0;
    project(sums, (uint32_t)param, gradient, reference->count);
    double squares = sums[CASE_PROJECTIONS];
    d.norm = sqrt(squares);
    for (int k = 0; k < CASE_PROJECTIONS; k++) {
        double off = sums[k] - reference->projections.values[k];
        distance += off * off / CASE_PROJECTIONS;
    }
    d.distance = sqrt(distance);
    for (int i = 0; i < reference->sample_count; i++) {
        double off = fabs((double)gradient[reference->places[i]] - reference->samples[i]);
        /* Written so that a NaN counts as the largest. */
        if (!(off <= d.sample)) d.sample = off;
    }
    double product = d.norm * reference->norm;
    d.cosine = product > 0 ? (squares + reference->norm * reference->norm - distance) / (2 * product) : 1;
    return d;
}

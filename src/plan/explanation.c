/* The public calls that explain a network: the layers' derivations, and the memory that plans will take. */
#include <omp.h>
#include <stdlib.h>

#include "base/config.h"
#include "model/explain.h"
#include "model/network.h"
#include "plan/micro_batch.h"

enum { MAX_NOTES = 8 };

struct alx_explanation {
    const alx_graph *graph;
    alx_explain_setting setting;
    alx_explained_layer *layers;
    alx_layer_account total;
    alx_training_memory memory;
    alx_text notes[MAX_NOTES];
    int note_count;
};

void alx_explain_config_init(alx_explain_config *config)
{
    *config =
        (alx_explain_config){.struct_size = sizeof *config, .batch_size = 32, .optimizer_states = 2, .accumulation = 1};
}

/* ---- Memory of training ---- */

/* Plans are built as the trainer builds them, and measured; their memory is never taken. */
static alx_status measure(alx_training_memory *memory, const alx_graph *graph, const alx_explain_setting *setting,
                          const alx_explain_config *config, alx_error *err)
{
    alx_params *params;
    alx_micro_choice c;
    ALX_TRY(alx_params_lay_out(&params, graph, alx_params_prefer_tiles(), err));
    const uint64_t trained = (uint64_t)params->trainable_span * sizeof(float);
    *memory = (alx_training_memory){.weights = (uint64_t)params->span * sizeof(float),
                                    .state = trained * (uint64_t)setting->states};
    memory->average = config->ema ? memory->weights : 0;
    const int64_t update = (int64_t)setting->batch * config->accumulation;
    const alx_micro_request request = {
        .params = params,
        .engine = {.threads = omp_get_max_threads(), .type = setting->type, .training = true, .fleeting = true},
        .batch = setting->batch,
        .update = update,
        .last = update,
        .validation = setting->batch,
        .beside = memory->weights + memory->state + memory->average,
        .limit = config->memory_limit};
    alx_status status = alx_micro_batch_choose(&c, &request, err);
    alx_params_destroy(params);
    if (!status && c.micro == 0) status = alx_micro_batch_refuse(&c, config->memory_limit, err);
    memory->gradients = c.need.gradients;
    memory->images = c.need.inputs;
    memory->arena = c.need.arena;
    memory->packed = c.need.packed + c.need.halves;
    memory->total = c.bytes;
    memory->at_once = (int)c.micro;
    return status;
}

/* ---- Sums ---- */

static alx_status add_up(alx_explanation *e, alx_error *err)
{
    alx_layer_account *t = &e->total;
    for (int i = 0; i < e->graph->spec.layer_count; i++) {
        const alx_layer_account *a = &e->layers[i].account;
        t->values += a->values;
        t->neurons += a->neurons;
        if (__builtin_add_overflow(t->connections, a->connections, &t->connections))
            return alx_fail(err, ALX_BAD_MODEL, "the network has more connections than can be counted");
        t->padded += a->padded;
        t->output_bytes += a->output_bytes;
        t->output_gradient_bytes += a->output_gradient_bytes;
        t->weight_bytes += a->weight_bytes;
        t->gradient_bytes += a->gradient_bytes;
        t->state_bytes += a->state_bytes;
    }
    t->multiply_adds = t->connections;
    return ALX_OK;
}

static alx_status write_notes(alx_explanation *e, alx_error *err)
{
    bool more = true;
    while (more && e->note_count < MAX_NOTES) {
        alx_text *note = &e->notes[e->note_count];
        more = alx_history_note(note, e->graph, &e->total, e->note_count, e->setting.language);
        if (note->failed) return alx_fail(err, ALX_NO_MEMORY, "out of memory for an explanation");
        e->note_count += more;
    }
    return ALX_OK;
}

/* ---- Life ---- */

static alx_status read_config(alx_explain_config *config, alx_explain_setting *setting, const alx_explain_config *given,
                              alx_error *err)
{
    alx_explain_config_init(config);
    ALX_TRY(alx_config_copy(config, sizeof *config, given, "alx_explain_config", err));
    if (config->batch_size < 1) return alx_fail(err, ALX_USAGE, "batch_size is %d; give 1 or more", config->batch_size);
    if (config->optimizer_states < 0 || config->optimizer_states > 2)
        return alx_fail(err, ALX_USAGE, "optimizer_states is %d; give 0, 1 or 2", config->optimizer_states);
    if (config->accumulation < 1)
        return alx_fail(err, ALX_USAGE, "accumulation is %d; give 1 or more", config->accumulation);
    *setting = (alx_explain_setting){.language = config->language == ALX_CHINESE ? ALX_CHINESE : ALX_ENGLISH,
                                     .batch = config->batch_size,
                                     .states = config->optimizer_states};
    return alx_engine_resolve_precision(&setting->type, config->precision, err);
}

alx_status alx_explanation_create(alx_explanation **out, const alx_network *network, const alx_explain_config *config,
                                  alx_error *err)
{
    *out = NULL;
    ALX_TRY(alx_graph_check(network->graph, err));
    alx_explanation *e = alx_calloc(1, sizeof *e, err);
    if (!e) return ALX_NO_MEMORY;
    e->graph = network->graph;
    alx_explain_config read;
    alx_status status = read_config(&read, &e->setting, config, err);
    if (!status) status = alx_graph_explain(&e->layers, e->graph, &e->setting, err);
    if (!status) status = add_up(e, err);
    if (!status) status = measure(&e->memory, e->graph, &e->setting, &read, err);
    if (!status) status = write_notes(e, err);
    if (status)
        alx_explanation_destroy(e);
    else
        *out = e;
    return status;
}

void alx_explanation_destroy(alx_explanation *e)
{
    if (!e) return;
    alx_explained_destroy(e->layers, e->graph);
    for (int i = 0; i < MAX_NOTES; i++) alx_text_finish(&e->notes[i]);
    free(e);
}

/* ---- Reading ---- */

void alx_explanation_layer(const alx_explanation *e, int index, alx_layer_account *account)
{
    *account = e->layers[index].account;
}

void alx_explanation_total(const alx_explanation *e, alx_layer_account *account)
{
    *account = e->total;
}

void alx_explanation_memory(const alx_explanation *e, alx_training_memory *memory)
{
    *memory = e->memory;
}

alx_precision alx_explanation_precision(const alx_explanation *e)
{
    return e->setting.type == ALX_BF16 ? ALX_PRECISION_BF16 : ALX_PRECISION_F32;
}

const char *alx_explanation_text(const alx_explanation *e, int layer, alx_topic topic)
{
    const alx_text *text = &e->layers[layer].texts[topic];
    return text->length ? text->data : NULL;
}

const char *alx_explanation_note(const alx_explanation *e, int index)
{
    return index >= 0 && index < e->note_count ? e->notes[index].data : NULL;
}

const char *alx_topic_label(alx_topic topic, alx_language language)
{
    static const char *const labels[ALX_TOPIC_COUNT][2] = {
        [ALX_TOPIC_OUTPUT] = {"Output", "输出"},         [ALX_TOPIC_FIELD] = {"Sees", "感受野"},
        [ALX_TOPIC_PARAMETERS] = {"Parameters", "参数"}, [ALX_TOPIC_WORK] = {"Work", "计算"},
        [ALX_TOPIC_MEMORY] = {"Memory", "内存"},         [ALX_TOPIC_PURPOSE] = {"Purpose", "作用"},
        [ALX_TOPIC_HISTORY] = {"AlexNet", "AlexNet"},
    };
    return labels[topic][language];
}

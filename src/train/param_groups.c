#include "train/param_groups.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* ---- Patterns ---- */

static double factor_of(const alx_map *map, const char *name)
{
    for (int i = 0; i < map->count; i++)
        if (fnmatch(map->entries[i].name, name, 0) == 0) return map->entries[i].number;
    return 1.0;
}

static bool matches_any(const char *pattern, const alx_params *params)
{
    for (int i = 0; i < params->count; i++)
        if (params->list[i].trainable && fnmatch(pattern, params->list[i].name, 0) == 0) return true;
    return false;
}

static alx_status fail_unmatched(const char *pattern, const alx_params *params, alx_error *err)
{
    alx_text names = {0};
    alx_printable shown;
    for (int i = 0; i < params->count; i++)
        if (params->list[i].trainable) alx_text_printf(&names, "%s%s", names.length ? ", " : "", params->list[i].name);
    alx_status status = alx_fail(err, ALX_USAGE, "no trained tensor is called like %s; there are %s",
                                 alx_text_printable(pattern, shown), names.length ? names.data : "none");
    alx_text_finish(&names);
    return status;
}

static alx_status check_patterns(const alx_map *map, const alx_params *params, alx_error *err)
{
    for (int i = 0; i < map->count; i++)
        if (!matches_any(map->entries[i].name, params)) return fail_unmatched(map->entries[i].name, params, err);
    return ALX_OK;
}

/* ---- Groups ---- */

static int by_offset(const void *a, const void *b)
{
    const alx_param *const *p = a, *const *q = b;
    return ((*p)->offset > (*q)->offset) - ((*p)->offset < (*q)->offset);
}

/* tensors: the trainable ones, in the order of the span; list has room for each. */
static int merge(alx_param_group *list, const alx_param *const *tensors, int count, int64_t span, const alx_map *rates,
                 const alx_map *decays)
{
    int groups = 0;
    for (int i = 0; i < count; i++) {
        const double rate = factor_of(rates, tensors[i]->name), decay = factor_of(decays, tensors[i]->name);
        const int64_t end = i + 1 < count ? tensors[i + 1]->offset : span; /* padding included */
        alx_param_group *last = groups ? &list[groups - 1] : NULL;
        if (last && last->rate == rate && last->decay == decay)
            last->count = end - last->first;
        else
            list[groups++] = (alx_param_group){tensors[i]->offset, end - tensors[i]->offset, rate, decay};
    }
    return groups;
}

alx_status alx_param_groups_create(alx_param_groups *groups, const alx_map **wrong, const alx_params *params,
                                   const alx_map *rates, const alx_map *decays, alx_error *err)
{
    *groups = (alx_param_groups){0};
    *wrong = rates;
    ALX_TRY(check_patterns(rates, params, err));
    *wrong = decays;
    ALX_TRY(check_patterns(decays, params, err));
    *wrong = NULL;
    const size_t room = (size_t)params->count + 1; /* a network without weights has no tensor */
    const alx_param **tensors = alx_calloc(room, sizeof(const alx_param *), err);
    if (!tensors) return ALX_NO_MEMORY;
    groups->list = alx_calloc(room, sizeof *groups->list, err);
    int count = 0;
    for (int i = 0; i < params->count; i++)
        if (params->list[i].trainable) tensors[count++] = &params->list[i];
    qsort(tensors, (size_t)count, sizeof(const alx_param *), by_offset);
    if (groups->list) groups->count = merge(groups->list, tensors, count, params->trainable_span, rates, decays);
    free(tensors);
    return groups->list ? ALX_OK : ALX_NO_MEMORY;
}

void alx_param_groups_finish(alx_param_groups *groups)
{
    free(groups->list);
    *groups = (alx_param_groups){0};
}

static alx_optimizer_config config_of(const alx_param_group *group, const alx_optimizer_config *config)
{
    alx_optimizer_config own = *config;
    own.learning_rate *= group->rate;
    own.weight_decay *= group->decay;
    return own;
}

alx_optimizer_config alx_param_groups_config(const alx_param_groups *groups, const alx_optimizer_config *config,
                                             int64_t offset)
{
    int i = 0;
    while (i + 1 < groups->count && groups->list[i + 1].first <= offset) i++;
    return config_of(&groups->list[i], config);
}

/* Floats first..last of the span, whose gradient is given: pieces with a bf16 copy, and those between them. */
static void step_span(const alx_optimizer_config *config, int64_t t, int64_t first, int64_t last, alx_params *params,
                      const float *gradient, float *const *state, const alx_halves *halves, int threads)
{
    const int states = alx_optimizer_state_count(config);
    const int64_t begin = first;
    int next = 0; /* of the copies */
    while (first < last) {
        while (halves && next < halves->count && halves->list[next].first < first) next++;
        const alx_half_tensor *half = halves && next < halves->count ? &halves->list[next] : NULL;
        const bool copied = half && half->first == first;
        int64_t end = copied ? first + half->count : half ? half->first : last;
        if (end > last) end = last;
        float *parts[2] = {NULL, NULL};
        for (int s = 0; s < states; s++) parts[s] = state[s] + first;
        alx_optimizer_step(config, t, params->data + first, gradient + (first - begin), parts,
                           copied ? half->values : NULL, end - first, threads);
        first = end;
    }
}

void alx_param_groups_step(const alx_param_groups *groups, const alx_optimizer_config *config, int64_t t,
                           alx_params *params, const float *gradient, float *const *state, alx_halves *halves,
                           int threads)
{
    const bool fresh = halves && halves->made_from == alx_params_stamp(params); /* those of frozen tensors too */
    for (int i = 0; i < groups->count; i++) {
        const alx_param_group *g = &groups->list[i];
        const alx_optimizer_config own = config_of(g, config);
        step_span(&own, t, g->first, g->first + g->count, params, gradient + g->first, state, halves, threads);
    }
    params->updates++;
    if (fresh) halves->made_from = alx_params_stamp(params);
}

void alx_param_groups_step_tensor(const alx_param_groups *groups, const alx_optimizer_config *config, int64_t t,
                                  alx_params *params, int param, const float *gradient, float *const *state,
                                  const alx_halves *halves, int threads)
{
    const alx_param *p = &params->list[param];
    const alx_optimizer_config own = alx_param_groups_config(groups, config, p->offset);
    step_span(&own, t, p->offset, p->offset + p->count, params, gradient, state, halves, threads);
}

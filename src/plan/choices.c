#include "plan/choices.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "ops/conv_ways.h"
#include "plan/choices_json.h"

/* ---- The list ---- */

void alx_choices_finish(alx_choices *choices)
{
    alx_arena_finish(&choices->arena);
    *choices = (alx_choices){0};
}

alx_chosen *alx_choices_find(const alx_choices *choices, const char *key)
{
    for (int i = 0; i < choices->count; i++)
        if (!strcmp(choices->list[i]->key, key)) return choices->list[i];
    return NULL;
}

static alx_status append(alx_choices *choices, alx_chosen *chosen, alx_error *err)
{
    if (choices->count == choices->capacity) {
        const int capacity = choices->capacity ? 2 * choices->capacity : 16;
        alx_chosen **list = alx_arena_alloc(&choices->arena, (size_t)capacity, sizeof *list, err);
        if (!list) return ALX_NO_MEMORY;
        if (choices->count) memcpy(list, choices->list, (size_t)choices->count * sizeof *list);
        choices->list = list;
        choices->capacity = capacity;
    }
    choices->list[choices->count++] = chosen;
    return ALX_OK;
}

alx_status alx_choices_add(alx_choices *choices, const alx_chosen *chosen, alx_error *err)
{
    alx_chosen *own = alx_choices_find(choices, chosen->key);
    const char *key = own ? own->key : alx_arena_strdup(&choices->arena, chosen->key, err);
    if (!key) return ALX_NO_MEMORY;
    if (!own) {
        own = alx_arena_alloc(&choices->arena, 1, sizeof *own, err);
        if (!own) return ALX_NO_MEMORY;
        ALX_TRY(append(choices, own, err));
    }
    *own = *chosen;
    own->key = key;
    return ALX_OK;
}

/* ---- Names ---- */

static const char fold_prefix[] = "fold+";

const char *alx_way_name(bool folded, alx_conv_way way, alx_way_text text)
{
    snprintf(text, sizeof(alx_way_text), "%s%s", folded ? fold_prefix : "", alx_conv_way_row_of(way)->name);
    return text;
}

/* False: no row is called so. */
static bool read_way(bool *folded, alx_conv_way *way, const char *name)
{
    const size_t prefix = sizeof fold_prefix - 1;
    if (!name) return false;
    *folded = !strncmp(name, fold_prefix, prefix);
    *way = alx_conv_way_by_name(name + (*folded ? prefix : 0));
    return *way != ALX_CONV_USUAL;
}

const char *alx_conv_direction_name(alx_conv_direction direction)
{
    static const char *const names[ALX_CONV_DIRECTIONS] = {
        [ALX_CONV_FORWARD] = "forward",
        [ALX_CONV_BACKWARD_DATA] = "backward_data",
        [ALX_CONV_BACKWARD_WEIGHTS] = "backward_weights",
    };
    return names[direction];
}

/* ---- JSON ---- */

static const char times_name[] = "microseconds";

json_t *alx_chosen_json(const alx_chosen *chosen, bool times)
{
    json_t *json = json_object(), *all = json_object();
    alx_way_text name;
    for (alx_conv_direction d = 0; d < ALX_CONV_DIRECTIONS; d++) {
        const alx_conv_way way = chosen->choice.ways[d];
        if (way == ALX_CONV_USUAL) continue;
        json_object_set_new(json, alx_conv_direction_name(d),
                            json_string(alx_way_name(chosen->choice.fold == ALX_FOLD_YES, way, name)));
        json_t *list = json_object();
        for (int i = 0; i < chosen->time_count; i++) {
            const alx_conv_time *t = &chosen->times[i];
            if (t->direction != d) continue;
            json_object_set_new(list, alx_way_name(t->folded, t->way, name), json_real(round(1e7 * t->seconds) / 10));
        }
        json_object_set_new(all, alx_conv_direction_name(d), list);
    }
    if (times) json_object_set(json, times_name, all);
    json_decref(all);
    return json;
}

static void read_times(alx_chosen *chosen, alx_conv_direction direction, json_t *list)
{
    const char *name;
    json_t *value;
    json_object_foreach(list, name, value)
    {
        alx_conv_time t = {.direction = direction, .seconds = 1e-6 * json_number_value(value)};
        /* Rows are few and names differ, so they have room; whoever writes nonsense does not overflow it. */
        if (read_way(&t.folded, &t.way, name) && t.seconds > 0 && chosen->time_count < ALX_CHOICE_TIMES)
            chosen->times[chosen->time_count++] = t;
    }
}

bool alx_chosen_read(alx_chosen *chosen, const char *key, json_t *json)
{
    *chosen = (alx_chosen){.key = key};
    if (!json_is_object(json) || strlen(key) >= ALX_CHOICE_KEY) return false;
    for (alx_conv_direction d = 0; d < ALX_CONV_DIRECTIONS; d++) {
        const json_t *name = json_object_get(json, alx_conv_direction_name(d));
        bool folded;
        if (!name) continue;
        if (!read_way(&folded, &chosen->choice.ways[d], json_string_value(name))) return false;
        const alx_conv_fold fold = folded ? ALX_FOLD_YES : ALX_FOLD_NO; /* the same both ways */
        if (chosen->choice.fold != ALX_FOLD_USUAL && chosen->choice.fold != fold) return false;
        chosen->choice.fold = fold;
        read_times(chosen, d, json_object_get(json_object_get(json, times_name), alx_conv_direction_name(d)));
    }
    return true;
}

/* ---- The record ---- */

alx_status alx_choices_record(alx_text *text, const alx_choices *choices, alx_error *err)
{
    json_t *root = json_object();
    for (int i = 0; i < choices->count; i++)
        if (choices->list[i]->asked)
            json_object_set_new(root, choices->list[i]->key, alx_chosen_json(choices->list[i], false));
    char *line = root ? json_dumps(root, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
    json_decref(root);
    if (!line) return alx_fail(err, ALX_NO_MEMORY, "out of memory for the choice of convolutions");
    alx_text_add(text, line);
    free(line);
    return ALX_OK;
}

alx_status alx_choices_read_record(alx_choices *choices, int *left_out, const char *text, alx_error *err)
{
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *value;
    *left_out = json_is_object(root) ? 0 : 1;
    alx_status status = ALX_OK;
    const char *key;
    json_object_foreach(root, key, value)
    {
        alx_chosen chosen;
        if (!alx_chosen_read(&chosen, key, value))
            ++*left_out;
        else if (!status)
            status = alx_choices_add(choices, &chosen, err);
    }
    json_decref(root);
    return status;
}

/* A comparison as JSON: always all layers, each with what it is in both networks. */
#include <math.h>
#include <stdlib.h>

#include "cli/compare.h"
#include "cli/output.h"

static json_t *count_or_null(int64_t count)
{
    return count == CLI_UNKNOWN ? json_null() : json_integer(count);
}

static json_t *text_or_null(const char *text)
{
    return text ? cli_json_text(text) : json_null();
}

static json_t *run_json(const cli_comparison *c, const cli_compared_run *run)
{
    const cli_history *h = &run->history;
    const int best = run->best;
    double range[2];
    alx_accuracy_interval(run->correct, c->compared, range);
    json_t *object = json_object();
    json_object_set_new(object, "path", cli_json_text(run->path));
    json_object_set_new(object, "network", cli_json_text(alx_network_name(run->network)));
    json_object_set_new(object, "parameters", json_integer(run->parameters));
    json_object_set_new(object, "multiply_adds", json_integer(run->multiply_adds));
    json_object_set_new(object, "epochs", json_integer(h->epochs));
    json_object_set_new(object, "planned_epochs", run->planned ? json_integer(run->planned) : json_null());
    json_object_set_new(object, "best_epoch",
                        best < 0 ? json_null() : json_integer(llrint(h->values[CLI_EPOCH][best])));
    json_object_set_new(object, "seconds", cli_json_number(cli_history_seconds(h)));
    json_object_set_new(object, "val_accuracy", cli_json_number(best < 0 ? NAN : h->values[CLI_VAL_ACCURACY][best]));
    json_object_set_new(object, "correct", json_integer(run->correct));
    json_object_set_new(object, "accuracy", cli_json_number((double)run->correct / (double)c->compared));
    json_object_set_new(object, "interval", json_pack("[ff]", range[0], range[1]));
    json_object_set_new(object, "trained_on", count_or_null(run->trained_on));
    json_object_set_new(object, "chosen_on", count_or_null(run->chosen_on));
    return object;
}

static json_t *pair_json(const cli_comparison *c, int index)
{
    static const char *const verdicts[] = {"worse", "no difference shown", "better"};
    const cli_run_pair *pair = &c->pairs[index];
    json_t *object = json_object();
    json_object_set_new(object, "run", cli_json_text(c->runs[index].path));
    json_object_set_new(object, "against", cli_json_text(c->runs[0].path));
    json_object_set_new(object, "gained", json_integer(pair->gained));
    json_object_set_new(object, "lost", json_integer(pair->lost));
    json_object_set_new(object, "agreed", json_integer(pair->agreed));
    json_object_set_new(object, "p", cli_json_number(pair->p));
    json_object_set_new(object, "p_holm", cli_json_number(pair->corrected));
    json_object_set_new(object, "verdict", json_string(verdicts[1 + cli_pair_verdict(pair)]));
    return object;
}

static json_t *layer_json(const alx_network *network, int index)
{
    if (index < 0) return json_null();
    alx_layer_info info;
    alx_network_layer(network, index, &info);
    json_t *object = json_object(), *shape = json_array();
    for (int i = 0; i < info.rank; i++) json_array_append_new(shape, json_integer(info.shape[i]));
    json_object_set_new(object, "name", cli_json_text(info.name));
    json_object_set_new(object, "type", cli_json_text(info.type));
    json_object_set_new(object, "options", cli_json_text(info.options));
    json_object_set_new(object, "output", shape);
    json_object_set_new(object, "parameters", json_integer(info.parameters));
    return object;
}

static json_t *layers_json(const cli_comparison *c, int run)
{
    json_t *rows = json_array(), *object = json_object();
    for (int i = 0; i < c->layer_counts[run]; i++) {
        const cli_layer_pair *pair = &c->layers[run][i];
        json_t *row = json_object();
        json_object_set_new(row, "same", json_boolean(pair->same));
        json_object_set_new(row, "first", layer_json(c->runs[0].network, pair->a));
        json_object_set_new(row, "second", layer_json(c->runs[run].network, pair->b));
        json_array_append_new(rows, row);
    }
    json_object_set_new(object, "first", cli_json_text(c->runs[0].path));
    json_object_set_new(object, "second", cli_json_text(c->runs[run].path));
    json_object_set_new(object, "rows", rows);
    return object;
}

static json_t *recipe_json(const cli_comparison *c, const cli_recipe_row *row)
{
    json_t *values = json_array(), *object = json_object();
    for (int i = 0; i < c->count; i++) json_array_append_new(values, text_or_null(row->values[i]));
    json_object_set_new(object, "key", json_string(row->key));
    json_object_set_new(object, "values", values);
    return object;
}

int cli_compare_json(const cli_comparison *c)
{
    json_t *root = json_object(), *images = json_object();
    json_t *runs = json_array(), *pairs = json_array(), *layers = json_array(), *recipe = json_array();
    json_object_set_new(images, "folder", text_or_null(c->split ? NULL : c->source));
    json_object_set_new(images, "split", text_or_null(c->split ? c->source : NULL));
    json_object_set_new(images, "count", json_integer(c->compared));
    json_object_set_new(images, "skipped", json_integer(c->images - c->compared));
    for (int i = 0; i < c->count; i++) json_array_append_new(runs, run_json(c, &c->runs[i]));
    for (int i = 1; i < c->count; i++) {
        json_array_append_new(pairs, pair_json(c, i));
        json_array_append_new(layers, layers_json(c, i));
    }
    for (int i = 0; i < c->recipe_rows; i++) json_array_append_new(recipe, recipe_json(c, &c->recipe[i]));
    json_object_set_new(root, "images", images);
    json_object_set_new(root, "runs", runs);
    json_object_set_new(root, "pairs", pairs);
    json_object_set_new(root, "layers", layers);
    json_object_set_new(root, "recipe", recipe);
    json_object_set_new(root, "curves", text_or_null(c->curves));
    const int code = cli_print_json(root);
    putchar('\n');
    return code;
}

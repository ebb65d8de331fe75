/* Two networks layer by layer: which layers stand side by side, and what of them differs. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/compare.h"
#include "cli/output.h"
#include "cli/summary.h"

/* ---- Side by side ---- */

/* Layers of the same type may stand side by side; so many more when their options are the same too.  A type outweighs
 * all options together: networks have at most 2,000 layers. */
enum { SAME_TYPE = 4096, SAME_OPTIONS = 1 };

static int likeness(const alx_layer_info *a, const alx_layer_info *b)
{
    if (strcmp(a->type, b->type) != 0) return 0;
    return SAME_TYPE + (strcmp(a->options, b->options) == 0 ? SAME_OPTIONS : 0);
}

/* best: (rows + 1, columns + 1): of the layers from i of a and from j of b on. */
static void fill_table(int *best, const alx_layer_info *a, int rows, const alx_layer_info *b, int columns)
{
    const int width = columns + 1;
    for (int i = rows; i-- > 0;)
        for (int j = columns; j-- > 0;) {
            int *cell = best + (size_t)i * (size_t)width + j;
            const int like = likeness(&a[i], &b[j]);
            *cell = cell[width] > cell[1] ? cell[width] : cell[1];
            if (like && like + cell[width + 1] > *cell) *cell = like + cell[width + 1];
        }
}

static int read_table(cli_layer_pair *pairs, const int *best, const alx_layer_info *a, int rows,
                      const alx_layer_info *b, int columns)
{
    const int width = columns + 1;
    int count = 0, i = 0, j = 0;
    while (i < rows || j < columns) {
        const int *cell = best + (size_t)i * (size_t)width + j;
        const int like = i < rows && j < columns ? likeness(&a[i], &b[j]) : 0;
        if (like && *cell == like + cell[width + 1])
            pairs[count++] = (cli_layer_pair){.a = i++, .b = j++};
        else if (i < rows && (j == columns || *cell == cell[width]))
            pairs[count++] = (cli_layer_pair){.a = i++, .b = CLI_UNKNOWN};
        else
            pairs[count++] = (cli_layer_pair){.a = CLI_UNKNOWN, .b = j++};
    }
    return count;
}

/* ---- What differs ---- */

static bool reads_previous(const alx_layer_info *info, int index)
{
    return info->input_count == 1 && info->inputs[0] == index - 1;
}

/* Both read the layer before, or the same layers of the other kind.  partner: by layer of a, its layer of b. */
static bool same_inputs(const alx_layer_info *a, int i, const alx_layer_info *b, int j, const int *partner)
{
    if (reads_previous(a, i) && reads_previous(b, j)) return true;
    if (a->input_count != b->input_count) return false;
    for (int k = 0; k < a->input_count; k++) {
        const int from = a->inputs[k];
        if ((from < 0 ? from : partner[from]) != b->inputs[k]) return false;
    }
    return true;
}

static bool same_layer(const alx_layer_info *a, int i, const alx_layer_info *b, int j, const int *partner)
{
    return strcmp(a->options, b->options) == 0 && a->rank == b->rank && a->parameters == b->parameters &&
           memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) == 0 && same_inputs(a, i, b, j, partner);
}

static alx_layer_info *list_layers(const alx_network *network, int count)
{
    alx_layer_info *layers = calloc((size_t)count + 1, sizeof *layers);
    for (int i = 0; layers && i < count; i++) alx_network_layer(network, i, &layers[i]);
    return layers;
}

alx_status cli_layers_align(cli_layer_pair **pairs, int *count, const alx_network *a, const alx_network *b,
                            alx_error *err)
{
    const int rows = alx_network_layer_count(a), columns = alx_network_layer_count(b);
    assert(rows > 0 && columns > 0); /* a network that was opened has layers */
    alx_layer_info *of_a = list_layers(a, rows), *of_b = list_layers(b, columns);
    int *best = calloc((size_t)(rows + 1) * (size_t)(columns + 1), sizeof *best);
    int *partner = calloc((size_t)rows + 1, sizeof *partner);
    *pairs = calloc((size_t)rows + (size_t)columns + 1, sizeof **pairs);
    alx_status status = ALX_OK;
    if (of_a && of_b && best && partner && *pairs) {
        fill_table(best, of_a, rows, of_b, columns);
        *count = read_table(*pairs, best, of_a, rows, of_b, columns);
        for (cli_layer_pair *p = *pairs; p < *pairs + *count; p++)
            if (p->a >= 0) partner[p->a] = p->b >= 0 ? p->b : -2; /* -1 would be the input */
        for (cli_layer_pair *p = *pairs; p < *pairs + *count; p++)
            p->same = p->a >= 0 && p->b >= 0 && same_layer(&of_a[p->a], p->a, &of_b[p->b], p->b, partner);
    } else {
        free(*pairs);
        *pairs = NULL;
        status = cli_fail(err, ALX_NO_MEMORY, "out of memory for comparing %d layers with %d", rows, columns);
    }
    free(partner);
    free(best);
    free(of_b);
    free(of_a);
    return status;
}

bool cli_layers_same(const cli_layer_pair *pairs, int count, const alx_network *a, const alx_network *b)
{
    int of_a[3], of_b[3];
    alx_network_input(a, of_a);
    alx_network_input(b, of_b);
    bool same = memcmp(of_a, of_b, sizeof of_a) == 0;
    for (int i = 0; i < count && same; i++) same = pairs[i].same;
    return same;
}

/* Several runs of one network need its differences from the first only once. */
static alx_status find_same(cli_comparison *c, int run, alx_error *err)
{
    for (int i = 1; i < run && !c->same_as[run]; i++) {
        cli_layer_pair *pairs;
        int count;
        const alx_network *a = c->runs[i].network, *b = c->runs[run].network;
        const alx_status status = cli_layers_align(&pairs, &count, a, b, err);
        if (status) return status;
        if (cli_layers_same(pairs, count, a, b)) c->same_as[run] = i;
        free(pairs);
    }
    return ALX_OK;
}

alx_status cli_compare_layers(cli_comparison *c, alx_error *err)
{
    alx_status status = ALX_OK;
    for (int i = 1; i < c->count && !status; i++) {
        status = cli_layers_align(&c->layers[i], &c->layer_counts[i], c->runs[0].network, c->runs[i].network, err);
        if (!status) status = find_same(c, i, err);
    }
    return status;
}

/* ---- Options ---- */

/* The next of "filters: 96, kernel_size: [3, 3]": its length; commas in brackets are the value's. */
static size_t option_length(const char *at)
{
    int depth = 0;
    size_t length = 0;
    for (; at[length] && !(depth == 0 && at[length] == ','); length++)
        depth += (at[length] == '[' || at[length] == '{') - (at[length] == ']' || at[length] == '}');
    return length;
}

static const char *next_option(const char *at)
{
    at += option_length(at);
    at += *at == ',';
    return at + strspn(at, " ");
}

/* The value of the option that is called as the one at `name`; length 0: it is not given. */
static const char *find_value(const char *options, const char *name, size_t *length)
{
    const size_t prefix = strcspn(name, ":") + 1;
    for (const char *at = options; *at; at = next_option(at)) {
        if (strncmp(at, name, prefix) != 0 || at[prefix - 1] != ':') continue;
        const size_t whole = option_length(at), skip = prefix + strspn(at + prefix, " ");
        *length = whole > skip ? whole - skip : 0;
        return at + skip;
    }
    *length = 0;
    return "";
}

/* What holds where the option that is called as the one at `name` is not given; "-": nothing. */
static const char *default_of(const char *type, const char *name)
{
    alx_option_info option;
    const size_t length = strcspn(name, ":");
    const alx_layer_type_info *info;
    for (int i = 0; (info = alx_layer_type(i)); i++)
        for (int k = 0; strcmp(info->name, type) == 0 && alx_layer_type_option(info, k, &option); k++)
            if (strlen(option.name) == length && memcmp(option.name, name, length) == 0 && option.default_value)
                return *option.default_value ? option.default_value : "-";
    return "-";
}

static void add_value(FILE *out, const char *value, size_t length, const char *type, const char *name)
{
    if (length)
        fprintf(out, "%.*s", (int)length, value);
    else
        fputs(default_of(type, name), out);
}

/* name: "filters: 96", of one of both. */
static void add_change(FILE *out, bool *any, const char *name, const char *type, const char *a, const char *b)
{
    size_t a_length, b_length;
    const char *of_a = find_value(a, name, &a_length), *of_b = find_value(b, name, &b_length);
    if (a_length == b_length && memcmp(of_a, of_b, a_length) == 0) return;
    fprintf(out, "%s%.*s: ", *any ? ", " : "", (int)strcspn(name, ":"), name);
    add_value(out, of_a, a_length, type, name);
    fprintf(out, " → ");
    add_value(out, of_b, b_length, type, name);
    *any = true;
}

static void write_changes(FILE *out, const char *type, const char *a, const char *b, bool *any)
{
    size_t length;
    for (const char *at = a; *at; at = next_option(at)) add_change(out, any, at, type, a, b);
    for (const char *at = b; *at; at = next_option(at))
        if (!*find_value(a, at, &length)) add_change(out, any, at, type, a, b);
}

/* Where the two read layers of different names.  Those that read the layer before say nothing by it. */
static void write_inputs(FILE *out, const alx_network *a, const alx_layer_info *of_a, const alx_network *b,
                         const alx_layer_info *of_b, bool any)
{
    bool differ = of_a->input_count != of_b->input_count;
    for (int k = 0; !differ && k < of_a->input_count; k++)
        differ = strcmp(cli_summary_layer_name(a, of_a->inputs[k]), cli_summary_layer_name(b, of_b->inputs[k])) != 0;
    if (!differ) return;
    fprintf(out, "%sfrom:", any ? ", " : "");
    for (int k = 0; k < of_a->input_count; k++) fprintf(out, " %s", cli_summary_layer_name(a, of_a->inputs[k]));
    fprintf(out, " →");
    for (int k = 0; k < of_b->input_count; k++) fprintf(out, " %s", cli_summary_layer_name(b, of_b->inputs[k]));
}

static void write_options(FILE *out, const cli_layer_pair *pair, const alx_network *a, const alx_network *b)
{
    alx_layer_info of_a = {.options = ""}, of_b = {.options = ""};
    if (pair->a >= 0) alx_network_layer(a, pair->a, &of_a);
    if (pair->b >= 0) alx_network_layer(b, pair->b, &of_b);
    if (pair->same || pair->a < 0 || pair->b < 0) {
        fputs(pair->a >= 0 ? of_a.options : of_b.options, out);
        return;
    }
    bool any = false;
    write_changes(out, of_a.type, of_a.options, of_b.options, &any);
    if (!reads_previous(&of_a, pair->a) || !reads_previous(&of_b, pair->b)) write_inputs(out, a, &of_a, b, &of_b, any);
}

char *cli_layer_options(const cli_layer_pair *pair, const alx_network *a, const alx_network *b)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return NULL;
    write_options(out, pair, a, b);
    if (fclose(out) == 0) return text;
    free(text);
    return NULL;
}

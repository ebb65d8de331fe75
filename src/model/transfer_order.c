/* PyTorch's tensors by the order of their modules.
 *
 * torch.save keeps the order in which the modules were made; safetensors' own writer sorts by name, so that features.10
 * stands before features.3 and the classifier before the features.  Two orders are tried, therefore: that of the file,
 * unless it is the sorted one, and that of the names with numbers as numbers and the classifier last.  Every shape must
 * fit; two orders that both fit and pair differently are refused. */
#include <stdlib.h>
#include <string.h>

#include "model/transfer.h"

/* What a module may own.  More than one of ours has the name: kernel and gamma are both a weight. */
static const char *const roles[] = {"weight", "bias", "running_mean", "running_var"};
enum { ROLES = sizeof roles / sizeof roles[0], MOST_LISTED = 300 /* bytes of a list in a message */ };

static const struct {
    const char *ours;
    int role;
} names[] = {{"kernel", 0}, {"gamma", 0}, {"bias", 1}, {"beta", 1}, {"moving_mean", 2}, {"moving_variance", 3}};

typedef struct module {
    const char *name; /* "features.0"; not ended where `length` ends */
    size_t length;
    int place; /* in the file */
    const alx_st_tensor *tensors[ROLES];
} module;

typedef struct matching {
    const alx_graph *graph;
    int layer_count;
    int *layers; /* that have parameters, in order */
    int module_count;
    module *modules; /* at most one more than layers: they cannot fit then */
    bool sorted;     /* the file's tensors stand in the order of their names */
} matching;

/* ---- Modules ---- */

static int role_of_ours(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i].ours, name) == 0) return names[i].role;
    return -1;
}

static int role_of_theirs(const char *name)
{
    for (int i = 0; i < ROLES; i++)
        if (strcmp(roles[i], name) == 0) return i;
    return -1;
}

/* The module of that name, made when there is room; NULL: none is left. */
static module *find_module(matching *m, const char *name, size_t length)
{
    for (int i = m->module_count - 1; i >= 0; i--)
        if (m->modules[i].length == length && memcmp(m->modules[i].name, name, length) == 0) return &m->modules[i];
    if (m->module_count > m->layer_count) return NULL;
    module *made = &m->modules[m->module_count];
    *made = (module){.name = name, .length = length, .place = m->module_count++};
    return made;
}

static alx_status gather(matching *m, const alx_safetensors *file, alx_error *err)
{
    const char *before = NULL;
    m->sorted = true;
    for (int i = 0; i < alx_safetensors_count(file); i++) {
        const alx_st_tensor *tensor = alx_safetensors_tensor(file, i);
        const char *dot = strrchr(tensor->name, '.'), *last = dot ? dot + 1 : tensor->name;
        const int role = role_of_theirs(last);
        alx_printable shown;
        if (strcmp(last, "num_batches_tracked") == 0) continue; /* a counter of PyTorch's batch normalisation */
        if (role < 0)
            return alx_fail(err, ALX_BAD_MODEL,
                            "%s: a tensor that no layer here has (PyTorch's weight, bias, running_mean and running_var "
                            "have a place)",
                            alx_text_printable(tensor->name, shown));
        if (before && strcmp(before, tensor->name) > 0) m->sorted = false;
        before = tensor->name;
        module *owner = find_module(m, tensor->name, dot ? (size_t)(dot - tensor->name) : 0);
        if (owner) owner->tensors[role] = tensor;
    }
    return ALX_OK;
}

/* ---- Orders ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A component of the name that says: behind everything else. */
static bool is_classifier(const module *m)
{
    static const char *const heads[] = {"classifier", "fc", "head"};
    const char *end = m->name + m->length;
    for (const char *at = m->name; at < end;) {
        const char *dot = memchr(at, '.', (size_t)(end - at)), *stop = dot ? dot : end;
        for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
            if ((size_t)(stop - at) == strlen(heads[i]) && memcmp(at, heads[i], (size_t)(stop - at)) == 0) return true;
        at = stop + 1;
    }
    return false;
}

/* Past leading zeros; *length: digits that follow. */
static const char *number_at(const char *at, const char *end, size_t *length)
{
    while (at + 1 < end && *at == '0' && is_digit(at[1])) at++;
    *length = 0;
    while (at + *length < end && is_digit(at[*length])) ++*length;
    return at;
}

/* Bytes, but numbers by their value: features.3 before features.10. */
static int compare_names(const module *a, const module *b)
{
    const char *x = a->name, *y = b->name, *x_end = x + a->length, *y_end = y + b->length;
    while (x < x_end && y < y_end) {
        if (is_digit(*x) && is_digit(*y)) {
            size_t x_length, y_length;
            x = number_at(x, x_end, &x_length);
            y = number_at(y, y_end, &y_length);
            if (x_length != y_length) return x_length < y_length ? -1 : 1;
            const int order = memcmp(x, y, x_length);
            if (order) return order;
            x += x_length;
            y += y_length;
        } else {
            if (*x != *y) return (unsigned char)*x < (unsigned char)*y ? -1 : 1;
            x++, y++;
        }
    }
    return (x < x_end) - (y < y_end);
}

static int by_name(const void *left, const void *right)
{
    const module *a = left, *b = right;
    const int a_last = is_classifier(a), b_last = is_classifier(b);
    if (a_last != b_last) return a_last - b_last;
    const int order = compare_names(a, b);
    return order ? order : a->place - b->place;
}

/* ---- Matching ---- */

/* What the layer's parameters would take from a module, by parameter of the layer; false: something is missing, has
 * another shape, or has no place. */
static bool pair(const alx_graph *graph, int layer, const module *mod, const alx_st_tensor *found[ALX_MAX_LAYER_PARAMS])
{
    const alx_graph_layer *at = &graph->layers[layer];
    int taken = 0, there = 0;
    bool fits = true;
    for (int i = 0; i < at->param_count; i++) {
        const alx_graph_param *param = &graph->params[at->first_param + i];
        const int role = role_of_ours(param->decl.name);
        found[i] = role < 0 ? NULL : mod->tensors[role];
        fits &= alx_transfer_fits(found[i], param);
        taken += found[i] != NULL;
    }
    for (int i = 0; i < ROLES; i++) there += mod->tensors[i] != NULL;
    return fits && taken == there;
}

/* Fills transfer->from with the modules in their present order; the first place that does not fit, -1: all do. */
static int match(const matching *m, alx_transfer *transfer)
{
    const int head = alx_transfer_head(m->graph);
    if (m->module_count != m->layer_count) return m->module_count < m->layer_count ? m->module_count : m->layer_count;
    for (int i = 0; i < m->layer_count; i++) {
        const alx_graph_layer *layer = &m->graph->layers[m->layers[i]];
        const alx_st_tensor *found[ALX_MAX_LAYER_PARAMS];
        const bool fits = pair(m->graph, m->layers[i], &m->modules[i], found);
        if (!fits && m->layers[i] != head) return i;
        for (int k = 0; k < layer->param_count; k++) transfer->from[layer->first_param + k] = fits ? found[k] : NULL;
    }
    return -1;
}

/* The head that did not fit is told of with what stood at its place. */
static alx_status say_head(const matching *m, alx_transfer *transfer, alx_error *err)
{
    const int head = alx_transfer_head(m->graph), last = m->layer_count - 1;
    const alx_st_tensor *found[ALX_MAX_LAYER_PARAMS];
    if (head < 0 || pair(m->graph, head, &m->modules[last], found)) return ALX_OK;
    return alx_transfer_say_afresh(transfer, m->graph, head, found, err);
}

/* ---- Messages ---- */

static void add_layer(alx_text *text, const matching *m, int place)
{
    if (place >= m->layer_count) {
        alx_text_add(text, "nothing");
        return;
    }
    const alx_graph_layer *layer = &m->graph->layers[m->layers[place]];
    alx_text_printf(text, "%s", m->graph->spec.layers[m->layers[place]].name);
    for (int i = 0; i < layer->param_count; i++) {
        const alx_param_decl *decl = &m->graph->params[layer->first_param + i].decl;
        alx_text_printf(text, "%s%s ", i ? ", " : " with ", decl->name);
        alx_st_add_dims(text, decl->shape.rank, decl->shape.dims);
    }
}

static void add_module_name(alx_text *text, const module *mod)
{
    char name[128];
    alx_printable shown;
    const size_t length = mod->length < sizeof name ? mod->length : sizeof name - 1;
    memcpy(name, mod->name, length);
    name[length] = '\0';
    alx_text_add(text, alx_text_printable(name, shown));
}

static void add_module(alx_text *text, const matching *m, int place)
{
    if (place >= m->module_count) {
        alx_text_add(text, "nothing");
        return;
    }
    const module *mod = &m->modules[place];
    bool first = true;
    add_module_name(text, mod);
    for (int i = 0; i < ROLES; i++) {
        if (!mod->tensors[i]) continue;
        alx_text_printf(text, "%s%s ", first ? " with " : ", ", roles[i]);
        alx_st_add_dims(text, mod->tensors[i]->rank, mod->tensors[i]->dims);
        first = false;
    }
}

/* "The network: conv2d_1, dense_1; the file: features.0, classifier.1", each cut where it grows long. */
static void add_lists(alx_text *text, const matching *m)
{
    size_t start = text->length;
    alx_text_add(text, "the network: ");
    for (int i = 0; i < m->layer_count; i++) {
        const bool room = text->length - start < MOST_LISTED;
        alx_text_printf(text, "%s%s", i ? ", " : "", room ? m->graph->spec.layers[m->layers[i]].name : "...");
        if (!room) break;
    }
    start = text->length;
    alx_text_add(text, "; the file: ");
    for (int i = 0; i < m->module_count; i++) {
        const bool room = text->length - start < MOST_LISTED && i < m->layer_count;
        alx_text_add(text, i ? ", " : "");
        if (room) add_module_name(text, &m->modules[i]);
        if (room) continue;
        alx_text_add(text, "...");
        break;
    }
}

static alx_status fail_with(alx_text *text, alx_error *err)
{
    const alx_status status =
        text->failed ? alx_fail(err, ALX_NO_MEMORY, "out of memory") : alx_fail(err, ALX_BAD_MODEL, "%s", text->data);
    alx_text_finish(text);
    return status;
}

static alx_status fail_place(const matching *m, int place, alx_error *err)
{
    alx_text text = {0};
    alx_text_printf(&text, "its names are PyTorch's, but place %d does not fit: the network has ", place + 1);
    add_layer(&text, m, place);
    alx_text_add(&text, "; the file ");
    add_module(&text, m, place);
    alx_text_add(&text, "; only the last dense layer may differ. In order, ");
    add_lists(&text, m);
    return fail_with(&text, err);
}

static alx_status fail_ambiguous(const matching *m, alx_error *err)
{
    alx_text text = {0};
    alx_text_add(&text, "its tensors fit in the order of the file and in that of their names, so which is which cannot "
                        "be told; rename them as the network does (NAME.kernel). By names, ");
    add_lists(&text, m);
    return fail_with(&text, err);
}

/* ---- The whole ---- */

static int by_place(const void *left, const void *right)
{
    return ((const module *)left)->place - ((const module *)right)->place;
}

static void set_order(matching *m, int (*compare)(const void *, const void *))
{
    qsort(m->modules, (size_t)m->module_count, sizeof *m->modules, compare);
}

static alx_status match_orders(matching *m, alx_transfer *transfer, alx_error *err)
{
    const size_t count = (size_t)m->graph->param_count, bytes = count * sizeof *transfer->from;
    const alx_st_tensor **in_file = alx_arena_alloc(&transfer->arena, count, sizeof *in_file, err);
    if (!in_file) return ALX_NO_MEMORY;
    const int misfit = match(m, transfer);
    const bool file_fits = !m->sorted && misfit < 0;
    memcpy(in_file, transfer->from, bytes);
    set_order(m, by_name);
    const int by_names = match(m, transfer);
    if (by_names < 0) {
        if (file_fits && memcmp(in_file, transfer->from, bytes) != 0) return fail_ambiguous(m, err);
        return say_head(m, transfer, err);
    }
    if (m->sorted) return fail_place(m, by_names, err);
    set_order(m, by_place);
    if (!file_fits) return fail_place(m, misfit, err);
    memcpy(transfer->from, in_file, bytes);
    return say_head(m, transfer, err);
}

alx_status alx_transfer_by_order(alx_transfer *transfer, const alx_graph *graph, const alx_safetensors *file,
                                 alx_error *err)
{
    const size_t room = (size_t)graph->spec.layer_count + 1;
    matching m = {.graph = graph};
    m.layers = alx_calloc(room, sizeof *m.layers, err);
    m.modules = m.layers ? alx_calloc(room, sizeof *m.modules, err) : NULL;
    alx_status status = m.modules ? ALX_OK : ALX_NO_MEMORY;
    for (int i = 0; i < graph->spec.layer_count && !status; i++)
        if (graph->layers[i].param_count) m.layers[m.layer_count++] = i;
    if (!status) status = gather(&m, file, err);
    if (!status) status = match_orders(&m, transfer, err);
    free(m.modules);
    free(m.layers);
    return status;
}

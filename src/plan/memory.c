/* Where everything lies: lifetimes of slots packed into one arena. */
#include <limits.h>
#include <stdlib.h>

#include "plan/plan.h"

enum { ALIGNMENT = 64 };

/* ---- Lifetimes ---- */

static int root_of(const alx_build *build, int slot)
{
    while (build->slots[slot].kind == ALX_SLOT_ALIAS) slot = build->slots[slot].alias;
    return slot;
}

static void extend(alx_slot *root, const alx_slot *by)
{
    if (by->first >= 0 && (root->first < 0 || by->first < root->first)) root->first = by->first;
    if (by->last > root->last) root->last = by->last;
}

static void merge_lifetimes(alx_build *build)
{
    for (int i = 0; i < build->slot_count; i++) {
        alx_slot *slot = &build->slots[i];
        if (slot->result) slot->last = INT_MAX;
    }
    for (int i = 0; i < build->slot_count; i++)
        if (build->slots[i].kind == ALX_SLOT_ALIAS) {
            alx_slot *root = &build->slots[root_of(build, i)];
            extend(root, &build->slots[i]);
            root->result |= build->slots[i].result;
        }
    /* An output takes over the memory of an input that ends with its step. */
    for (int i = 0; i < build->step_count; i++) {
        alx_step *step = &build->steps[i];
        if (step->in_place < 0) continue;
        int in = root_of(build, step->args[step->in_place].slot), out = step->args[step->in_place + 1].slot;
        alx_slot *from = &build->slots[in], *to = &build->slots[out];
        if (from->kind != ALX_SLOT_ARENA || to->kind != ALX_SLOT_ARENA || from->last != i || to->first != i ||
            from->bytes != to->bytes)
            continue;
        extend(from, to);
        from->result |= to->result;
        to->kind = ALX_SLOT_ALIAS;
        to->alias = in;
    }
}

/* The last step that reads a parameter, itself or its bf16 copy, or writes its gradient. */
static int last_use(const alx_build *build, int param, int gradient)
{
    int last = build->slots[gradient].last;
    for (int i = 0; i < build->slot_count; i++) {
        const alx_slot *root = &build->slots[root_of(build, i)];
        const bool of_param = root->kind == ALX_SLOT_PARAM || root->kind == ALX_SLOT_HALF;
        if (of_param && root->param == param && build->slots[i].last > last) last = build->slots[i].last;
    }
    return last;
}

static int by_step(const void *a, const void *b)
{
    const alx_taking *x = a, *y = b;
    return x->step != y->step ? (x->step > y->step) - (x->step < y->step) : x->param - y->param;
}

alx_status alx_memory_hold_gradients(alx_build *build, alx_error *err)
{
    const alx_program *program = build->program;
    build->takings = alx_arena_alloc(&build->arena, (size_t)program->value_count, sizeof *build->takings, err);
    if (!build->takings) return ALX_NO_MEMORY;
    for (int v = 0; v < program->value_count; v++) {
        const int slot = build->value_slot[v];
        if (program->values[v].kind != ALX_VALUE_GRADIENT || slot < 0) continue;
        const int param = program->values[v].param, step = last_use(build, param, slot);
        build->slots[slot].last = step;
        build->takings[build->taking_count++] = (alx_taking){.step = step, .param = param, .slot = slot};
    }
    qsort(build->takings, (size_t)build->taking_count, sizeof *build->takings, by_step);
    return ALX_OK;
}

/* ---- Places ---- */

typedef struct place {
    int slot;
    size_t bytes;
} place;

static int larger_first(const void *a, const void *b)
{
    const place *x = a, *y = b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
    return x->slot - y->slot;
}

static bool overlap(const alx_slot *a, const alx_slot *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* First fit, the largest first: each slot takes the lowest gap between the slots that are placed already and live
 * at the same time. */
static size_t place_slot(const alx_build *build, const place *placed, int count, int slot, size_t bytes)
{
    size_t offset = 0;
    bool moved = true;
    while (moved) {
        moved = false;
        for (int i = 0; i < count; i++) {
            const alx_slot *other = &build->slots[placed[i].slot];
            if (!overlap(&build->slots[slot], other)) continue;
            if (offset < other->offset + placed[i].bytes && other->offset < offset + bytes) {
                offset = other->offset + placed[i].bytes;
                moved = true;
            }
        }
    }
    return offset;
}

alx_status alx_memory_plan(alx_build *build, size_t *arena_bytes, size_t *packed_bytes, alx_error *err)
{
    merge_lifetimes(build);
    place *order = alx_calloc((size_t)build->slot_count, sizeof *order, err);
    if (!order) return ALX_NO_MEMORY;
    int count = 0;
    *arena_bytes = *packed_bytes = 0;
    for (int i = 0; i < build->slot_count; i++) {
        alx_slot *slot = &build->slots[i];
        size_t bytes = (slot->bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (slot->kind == ALX_SLOT_PACKED) {
            slot->offset = *packed_bytes;
            *packed_bytes += bytes;
        } else if (slot->kind == ALX_SLOT_ARENA && slot->first >= 0) {
            order[count++] = (place){i, bytes};
        }
    }
    qsort(order, (size_t)count, sizeof *order, larger_first);
    for (int i = 0; i < count; i++) {
        alx_slot *slot = &build->slots[order[i].slot];
        slot->offset = place_slot(build, order, i, order[i].slot, order[i].bytes);
        if (slot->offset + order[i].bytes > *arena_bytes) *arena_bytes = slot->offset + order[i].bytes;
    }
    free(order);
    return ALX_OK;
}

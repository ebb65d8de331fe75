#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "data/inspect.h"

static const struct {
    const char *name;
    alx_severity severity;
    const char *text[2], *advice[2];
} kinds[] = {
#define X(constant, name, severity, english, chinese, advice, advice_chinese)                                          \
    {name, ALX_SEVERITY_##severity, {english, chinese}, {advice, advice_chinese}},
#include "data/inspect_kinds.inc"
#undef X
};

/* Room for one more element of `size` bytes at the end of *array. */
static bool grow(alx_inspection *i, void **array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) return true;
    size_t wanted = *capacity ? *capacity * 2 : 64;
    void *larger = i->failed ? NULL : alx_realloc(*array, wanted, size, NULL);
    if (!larger) {
        i->failed = true;
        return false;
    }
    *array = larger;
    *capacity = wanted;
    return true;
}

#define GROW(i, array, name)                                                                                           \
    do {                                                                                                               \
        void *grown = (i)->array;                                                                                      \
        bool good = grow(i, &grown, (i)->name##_count, &(i)->name##_capacity, sizeof *(i)->array);                     \
        (i)->array = grown;                                                                                            \
        if (!good) return;                                                                                             \
    } while (0)

void alx_finding_begin(alx_inspection *i, alx_finding_kind kind)
{
    GROW(i, findings, finding);
    i->findings[i->finding_count++] =
        (alx_finding_list){.kind = kind, .severity = kinds[kind].severity, .first_group = (int64_t)i->group_count};
}

void alx_finding_add_group(alx_inspection *i, const char *note, ...)
{
    GROW(i, groups, group);
    alx_group *group = &i->groups[i->group_count++];
    *group = (alx_group){.first = (int64_t)i->member_count};
    if (!note) return;
    char text[1024]; /* as long as an error's message */
    va_list args;
    va_start(args, note);
    vsnprintf(text, sizeof text, note, args);
    va_end(args);
    group->note = alx_arena_strdup(&i->arena, text, NULL);
    if (!group->note) i->failed = true;
}

void alx_finding_add_member(alx_inspection *i, int64_t image)
{
    GROW(i, members, member);
    i->members[i->member_count++] = image;
    if (!i->group_count) return; /* its group found no memory */
    alx_group *group = &i->groups[i->group_count - 1];
    const alx_image_record *first = &i->records[i->members[group->first]], *record = &i->records[image];
    group->same_file = group->count > 0 && (group->count == 1 || group->same_file) && first->file == record->file;
    group->count++;
}

void alx_finding_severity(alx_inspection *i, alx_severity severity)
{
    if (!i->failed) i->findings[i->finding_count - 1].severity = severity;
}

void alx_finding_end(alx_inspection *i, int64_t count)
{
    if (i->failed) return;
    alx_finding_list *finding = &i->findings[i->finding_count - 1];
    finding->groups = (int64_t)i->group_count - finding->first_group;
    finding->count = count < 0 ? finding->groups : count;
    if (!finding->groups) i->finding_count--;
}

static int compare_findings(const void *a, const void *b)
{
    const alx_finding_list *x = a, *y = b;
    if (x->severity != y->severity) return x->severity > y->severity ? -1 : 1;
    return (x->kind > y->kind) - (x->kind < y->kind);
}

void alx_findings_sort(alx_inspection *i)
{
    if (i->finding_count) qsort(i->findings, i->finding_count, sizeof *i->findings, compare_findings);
}

int alx_inspection_finding(const alx_inspection *inspection, int index, alx_finding *finding)
{
    if (index < 0 || (size_t)index >= inspection->finding_count) return 0;
    const alx_finding_list *list = &inspection->findings[index];
    *finding = (alx_finding){.kind = kinds[list->kind].name,
                             .severity = list->severity,
                             .count = list->count,
                             .group_count = list->groups,
                             .text = {kinds[list->kind].text[0], kinds[list->kind].text[1]},
                             .advice = {kinds[list->kind].advice[0], kinds[list->kind].advice[1]}};
    return 1;
}

int alx_inspection_group(const alx_inspection *inspection, int finding, int64_t index, alx_finding_group *group)
{
    if (finding < 0 || (size_t)finding >= inspection->finding_count) return 0;
    const alx_finding_list *list = &inspection->findings[finding];
    if (index < 0 || index >= list->groups) return 0;
    const alx_group *found = &inspection->groups[list->first_group + index];
    *group = (alx_finding_group){.image_count = found->count,
                                 .images = found->count ? inspection->members + found->first : NULL,
                                 .note = found->note,
                                 .same_file = found->same_file};
    return 1;
}

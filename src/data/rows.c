#include "data/rows.h"

#include <locale.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

void alx_rows_finish(alx_rows *rows)
{
    alx_arena_finish(&rows->arena);
    free(rows->rows);
    *rows = (alx_rows){0};
}

alx_status alx_rows_add(alx_rows *rows, const alx_row *row, const char *file, alx_error *err)
{
    if (rows->count == ALX_ROWS_MAX_COUNT)
        return alx_fail(err, ALX_BAD_DATA, "%s: more than %d rows; split it", file, ALX_ROWS_MAX_COUNT);
    if (rows->count == rows->capacity) {
        const int64_t wanted = rows->capacity ? 2 * rows->capacity : 256;
        alx_row *larger = alx_realloc(rows->rows, (size_t)wanted, sizeof *larger, err);
        if (!larger) return ALX_NO_MEMORY;
        rows->rows = larger;
        rows->capacity = wanted;
    }
    alx_row kept = {.line = row->line};
    kept.path = alx_arena_strdup(&rows->arena, row->path, err);
    kept.label = kept.path ? alx_arena_strdup(&rows->arena, row->label, err) : NULL;
    if (kept.label && row->group) kept.group = alx_arena_strdup(&rows->arena, row->group, err);
    if (!kept.label || (row->group && !kept.group)) return ALX_NO_MEMORY;
    rows->rows[rows->count++] = kept;
    return ALX_OK;
}

/* ---- Labels ---- */

/* From a text of the table to the name of a class. */
typedef struct labeller {
    const alx_source_config *config;
    bool matches; /* expression is compiled */
    regex_t expression;
    locale_t characters, before; /* so that . is a character, not a byte */
} labeller;

static alx_status start_labeller(labeller *l, const alx_source_config *config, alx_error *err)
{
    *l = (labeller){.config = config};
    if (!*config->label.match) return ALX_OK;
    l->characters = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    l->before = uselocale(l->characters); /* which changes nothing where there is no such locale */
    const int code = regcomp(&l->expression, config->label.match, REG_EXTENDED);
    l->matches = code == 0;
    if (l->matches) return ALX_OK;
    char why[128];
    alx_printable shown;
    regerror(code, &l->expression, why, sizeof why);
    return alx_fail(err, ALX_USAGE, "data.label.match \"%s\" is no regular expression (POSIX extended): %s",
                    alx_text_printable(config->label.match, shown), why);
}

static void finish_labeller(labeller *l)
{
    if (l->matches) regfree(&l->expression);
    if (l->before) uselocale(l->before);
    if (l->characters) freelocale(l->characters);
}

/* The first group of the match, or all of it; NULL: no match. */
static alx_status match_label(const char **label, labeller *l, alx_rows *rows, const alx_row *row, alx_error *err)
{
    *label = row->label;
    if (!l->matches) return ALX_OK;
    *label = NULL;
    regmatch_t at[2];
    if (regexec(&l->expression, row->label, 2, at, 0) != 0) return ALX_OK;
    const regmatch_t *part = l->expression.re_nsub > 0 ? &at[1] : &at[0];
    if (part->rm_so < 0) return ALX_OK; /* a group that took no part */
    *label = alx_arena_printf(&rows->arena, err, "%.*s", (int)(part->rm_eo - part->rm_so), row->label + part->rm_so);
    if (!*label) return ALX_NO_MEMORY;
    if (!alx_text_is_utf8(*label, strlen(*label))) *label = NULL; /* cut inside a character: no C.UTF-8 here */
    return ALX_OK;
}

/* NULL: the map has no such name. */
static const char *called(const alx_map *names, const char *text)
{
    if (names->count == 0) return text;
    for (int i = 0; i < names->count; i++)
        if (strcmp(names->entries[i].name, text) == 0) return names->entries[i].text;
    return NULL;
}

/* ---- Rows that can be used ---- */

typedef struct usable {
    const alx_row *row;
    const char *path, *label; /* of the arena of the rows */
} usable;

typedef struct conversion {
    alx_rows *rows;
    const char *file, *root;
    const alx_source_config *config;
    labeller labeller;
    usable *usable; /* (rows->count) room */
    int64_t count, missing, unmatched;
    alx_error first; /* what was left out first */
} conversion;

/* Why the row cannot be used, in problem; label and path where it can. */
static alx_status examine(conversion *c, const alx_row *row, usable *out, alx_error *problem, alx_error *err)
{
    alx_printable file, value, name;
    const alx_source_config *config = c->config;
    alx_text_printable(c->file, file);
    const char *text;
    problem->status = ALX_OK;
    ALX_TRY(match_label(&text, &c->labeller, c->rows, row, err));
    const char *label = text && *text ? called(&config->label.names, text) : NULL;
    if (!label || !*label) {
        alx_text_printable(text && *text ? text : row->label, value);
        alx_text_printable(c->rows->label_name, name);
        c->unmatched++;
        alx_fail(problem, ALX_BAD_DATA,
                 "%s:%lld: %s \"%s\" %s; correct the row, or leave such rows out with "
                 "--skip-missing (data.skip_missing)",
                 file, (long long)row->line, name, value,
                 !text   ? "does not match data.label.match"
                 : *text ? "is not in data.label.names"
                         : "is no label");
        return ALX_OK;
    }
    char *path = *row->path ? alx_file_join(c->root, row->path, err) : alx_strdup("", err);
    if (!path) return ALX_NO_MEMORY;
    *out = (usable){row, alx_arena_strdup(&c->rows->arena, path, err), label};
    if (!*path || !alx_file_exists(path) || alx_file_is_folder(path)) {
        alx_text_printable(*path ? path : "(empty)", value);
        alx_text_printable(c->rows->path_name, name);
        c->missing++;
        alx_fail(problem, ALX_BAD_DATA,
                 "%s:%lld: %s: no file %s; correct the row or data.root, or leave such rows "
                 "out with --skip-missing (data.skip_missing)",
                 file, (long long)row->line, name, value);
    }
    free(path);
    return out->path ? ALX_OK : ALX_NO_MEMORY;
}

static alx_status examine_all(conversion *c, alx_error *err)
{
    for (int64_t i = 0; i < c->rows->count; i++) {
        alx_error problem = {0};
        ALX_TRY(examine(c, &c->rows->rows[i], &c->usable[c->count], &problem, err));
        if (!problem.status) {
            c->count++;
        } else if (!c->config->skip_missing) {
            return alx_fail(err, problem.status, "%s", problem.message);
        } else if (!c->first.status) {
            c->first = problem;
        }
    }
    return ALX_OK;
}

/* ---- Duplicates ---- */

static int compare_paths(const void *a, const void *b)
{
    const usable *x = *(const usable *const *)a, *y = *(const usable *const *)b;
    const int order = strcmp(x->path, y->path);
    return order ? order : (x->row->line > y->row->line) - (x->row->line < y->row->line);
}

/* One image cannot be of two classes. */
static alx_status check_duplicates(const conversion *c, alx_error *err)
{
    const usable **sorted = alx_calloc((size_t)c->count, sizeof *sorted, err);
    if (!sorted) return ALX_NO_MEMORY;
    for (int64_t i = 0; i < c->count; i++) sorted[i] = &c->usable[i];
    if (c->count) qsort(sorted, (size_t)c->count, sizeof *sorted, compare_paths);
    alx_status status = ALX_OK;
    alx_printable file, path, a, b;
    for (int64_t i = 1; !status && i < c->count; i++) {
        const usable *x = sorted[i - 1], *y = sorted[i];
        if (strcmp(x->path, y->path) != 0 || strcmp(x->label, y->label) == 0) continue;
        status = alx_fail(err, ALX_BAD_DATA, "%s:%lld: %s is %s here and %s in row %lld; remove one of the rows",
                          alx_text_printable(c->file, file), (long long)y->row->line, alx_text_printable(y->path, path),
                          alx_text_printable(y->label, a), alx_text_printable(x->label, b), (long long)x->row->line);
    }
    free(sorted);
    return status;
}

/* ---- Classes ---- */

typedef struct class_name {
    const char *name;
    int place; /* in the order of the outputs */
} class_name;

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const class_name *)a)->name, ((const class_name *)b)->name);
}

/* What data.classes says, or what the rows say; sorted by name, without repeats. */
static alx_status gather_classes(class_name **names, int64_t *count, const conversion *c, alx_error *err)
{
    const alx_texts *given = &c->config->classes;
    const int64_t most = given->count ? given->count : c->count;
    *names = alx_calloc((size_t)most, sizeof **names, err);
    if (!*names) return ALX_NO_MEMORY;
    for (int64_t i = 0; i < most; i++)
        (*names)[i] = (class_name){given->count ? given->values[i] : c->usable[i].label, (int)i};
    if (most) qsort(*names, (size_t)most, sizeof **names, compare_names);
    *count = 0;
    alx_printable name;
    for (int64_t i = 0; i < most; i++) {
        const bool again = *count && strcmp((*names)[*count - 1].name, (*names)[i].name) == 0;
        if (again && given->count)
            return alx_fail(err, ALX_USAGE, "data.classes names %s twice", alx_text_printable((*names)[i].name, name));
        if (!again) (*names)[(*count)++] = (*names)[i];
    }
    for (int64_t i = 0; i < *count && !given->count; i++) (*names)[i].place = (int)i;
    return ALX_OK;
}

static alx_status check_class_count(const conversion *c, const class_name *names, int64_t count, alx_error *err)
{
    alx_printable file, name;
    alx_text_printable(c->file, file);
    if (count == 0)
        return alx_fail(err, ALX_BAD_DATA, "%s: no row that can be used%s%s", file,
                        c->first.status ? "; the first: " : "", c->first.message);
    if (count == 1)
        return alx_fail(err, ALX_BAD_DATA,
                        "%s: one class alone (%s); a classifier tells two or more apart: look at data.label", file,
                        alx_text_printable(names[0].name, name));
    if (count > 1000000) return alx_fail(err, ALX_BAD_DATA, "%s: more than a million classes", file);
    return ALX_OK;
}

static alx_status name_classes(alx_sample_list *list, const class_name *names, int64_t count, alx_error *err)
{
    list->class_names = alx_arena_alloc(&list->arena, (size_t)count, sizeof *list->class_names, err);
    if (!list->class_names) return ALX_NO_MEMORY;
    for (int64_t i = 0; i < count; i++)
        if (!(list->class_names[names[i].place] = alx_arena_strdup(&list->arena, names[i].name, err)))
            return ALX_NO_MEMORY;
    list->class_count = (int)count;
    return ALX_OK;
}

static alx_status add_sample(alx_sample_list *list, const conversion *c, const usable *from, const class_name *names,
                             int64_t count, alx_error *err)
{
    const class_name key = {from->label, 0};
    const class_name *found = bsearch(&key, names, (size_t)count, sizeof *names, compare_names);
    alx_printable file, name;
    if (!found)
        return alx_fail(
            err, ALX_BAD_DATA, "%s:%lld: the class %s is not in data.classes; add it there, or correct the row",
            alx_text_printable(c->file, file), (long long)from->row->line, alx_text_printable(from->label, name));
    alx_sample sample = {.path = alx_arena_strdup(&list->arena, from->path, err), .label = found->place};
    if (from->row->group) sample.group = alx_arena_strdup(&list->arena, from->row->group, err);
    if (!sample.path || (from->row->group && !sample.group)) return ALX_NO_MEMORY;
    list->samples[list->count++] = sample;
    return ALX_OK;
}

static alx_status fill_list(alx_sample_list *list, const conversion *c, alx_error *err)
{
    class_name *names = NULL;
    int64_t count = 0;
    alx_status status = gather_classes(&names, &count, c, err);
    if (!status) status = check_class_count(c, names, count, err);
    if (!status) status = name_classes(list, names, count, err);
    if (!status && !(list->samples = alx_arena_alloc(&list->arena, (size_t)c->count, sizeof *list->samples, err)))
        status = ALX_NO_MEMORY;
    for (int64_t i = 0; !status && i < c->count; i++) status = add_sample(list, c, &c->usable[i], names, count, err);
    free(names);
    return status;
}

/* ---- The whole ---- */

static alx_status say_left_out(alx_sample_list *list, const conversion *c, alx_error *err)
{
    if (!c->first.status) return ALX_OK;
    alx_printable file;
    list->left_out = alx_arena_printf(
        &list->arena, err,
        "%s: %lld of %lld rows are left out (%lld without a file, %lld without a label); the first: %s",
        alx_text_printable(c->file, file), (long long)c->missing + c->unmatched, (long long)c->rows->count,
        (long long)c->missing, (long long)c->unmatched, c->first.message);
    return list->left_out ? ALX_OK : ALX_NO_MEMORY;
}

alx_status alx_rows_to_samples(alx_sample_list *list, alx_rows *rows, const char *file, const char *root,
                               const alx_source_config *config, alx_error *err)
{
    conversion c = {.rows = rows, .file = file, .root = root, .config = config};
    c.usable = alx_calloc((size_t)rows->count, sizeof *c.usable, err);
    alx_status status = c.usable ? ALX_OK : ALX_NO_MEMORY;
    if (!status) status = start_labeller(&c.labeller, config, err);
    if (!status) status = examine_all(&c, err);
    finish_labeller(&c.labeller);
    if (!status) status = check_duplicates(&c, err);
    if (!status) status = fill_list(list, &c, err);
    if (!status) status = say_left_out(list, &c, err);
    free(c.usable);
    return status;
}

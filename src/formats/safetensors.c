#include "formats/safetensors.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "formats/safetensors_inner.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are stored little-endian and used as they are");

/* Limits the values of a header, before jansson makes a hundred bytes of each. */
enum { MAX_JSON_VALUES = 32 * ALX_SAFETENSORS_MAX_TENSORS, MAX_JSON_DEPTH = 4 };

/* ---- Types ---- */

static const struct {
    const char *name;
    alx_st_type type;
    size_t size;
} types[] = {
    {"F32", ALX_ST_F32, 4},       {"BF16", ALX_ST_BF16, 2}, {"F16", ALX_ST_F16, 2},       {"F64", ALX_ST_F64, 8},
    {"I64", ALX_ST_I64, 8},       {"I32", ALX_ST_I32, 4},   {"U8", ALX_ST_U8, 1},         {"BOOL", ALX_ST_OTHER, 1},
    {"I8", ALX_ST_OTHER, 1},      {"I16", ALX_ST_OTHER, 2}, {"U16", ALX_ST_OTHER, 2},     {"U32", ALX_ST_OTHER, 4},
    {"U64", ALX_ST_OTHER, 8},     {"C64", ALX_ST_OTHER, 8}, {"F8_E4M3", ALX_ST_OTHER, 1}, {"F8_E5M2", ALX_ST_OTHER, 1},
    {"F8_E8M0", ALX_ST_OTHER, 1},
};
enum { TYPE_COUNT = sizeof types / sizeof types[0] };

const char *alx_st_type_name(alx_st_type type)
{
    return type < ALX_ST_OTHER ? types[type].name : NULL;
}

size_t alx_st_type_size(alx_st_type type)
{
    return type < ALX_ST_OTHER ? types[type].size : 0;
}

bool alx_st_tensor_bytes(uint64_t *bytes, size_t item_size, int rank, const int64_t *dims)
{
    int64_t product = (int64_t)item_size;
    for (int i = 0; i < rank; i++)
        if (dims[i] < 0 || __builtin_mul_overflow(product, dims[i], &product)) return false;
    *bytes = (uint64_t)product;
    return true;
}

void alx_st_add_dims(alx_text *text, int rank, const int64_t *dims)
{
    alx_text_add(text, "(");
    for (int i = 0; i < rank; i++) alx_text_printf(text, "%s%lld", i ? ", " : "", (long long)dims[i]);
    alx_text_add(text, ")");
}

/* ---- The header ---- */

alx_status alx_st_fail(const alx_safetensors *file, alx_error *err, const char *what, const char *name)
{
    alx_printable path, shown;
    return alx_fail(err, ALX_BAD_DATA, "%s: not a sound safetensors file: %s%s%s", alx_text_printable(file->path, path),
                    name ? alx_text_printable(name, shown) : "", name ? ": " : "", what);
}

/* A photo, a recipe: whatever it is, nobody meant it as tensors. */
static alx_status fail_foreign(const alx_safetensors *file, alx_error *err)
{
    alx_printable path;
    return alx_fail(err, ALX_BAD_DATA, "%s: not a model file; give a run folder or a .safetensors file",
                    alx_text_printable(file->path, path));
}

/* False for more values or deeper nesting than a header can need. */
static bool is_modest_json(const char *json, size_t count)
{
    int values = 0, depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < count; i++) {
        char c = json[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string) {
            depth += (c == '[' || c == '{') - (c == ']' || c == '}');
            values += c == '[' || c == '{' || c == ',' || c == ':';
        }
        if (depth > MAX_JSON_DEPTH || values > MAX_JSON_VALUES) return false;
    }
    return true;
}

static alx_status read_metadata(alx_safetensors *file, json_t *metadata, alx_error *err)
{
    const char *key;
    json_t *value;
    if (!json_is_object(metadata)) return alx_st_fail(file, err, "its metadata is not a map", NULL);
    json_object_foreach(metadata, key, value) if (!json_is_string(value)) return alx_st_fail(
        file, err, "its metadata hold something other than text", key);
    file->metadata = json_incref(metadata);
    return ALX_OK;
}

/* {"dtype":"F32","shape":[2,3],"data_offsets":[0,24]} and nothing else. */
static alx_status read_tensor(const alx_safetensors *file, alx_st_tensor *tensor, const char *name, const json_t *entry,
                              alx_error *err)
{
    const char *type = json_string_value(json_object_get(entry, "dtype"));
    const json_t *shape = json_object_get(entry, "shape"), *offsets = json_object_get(entry, "data_offsets");
    if (json_object_size(entry) != 3 || !type || !json_is_array(shape) || json_array_size(offsets) != 2)
        return alx_st_fail(file, err, "needs dtype, shape and data_offsets alone", name);
    int row = 0;
    while (row < TYPE_COUNT && strcmp(types[row].name, type) != 0) row++;
    if (row == TYPE_COUNT) return alx_st_fail(file, err, "its type is not known", name);
    if (json_array_size(shape) > ALX_SAFETENSORS_MAX_RANK)
        return alx_st_fail(file, err, "more than 8 dimensions", name);
    tensor->name = name;
    tensor->type = types[row].type;
    tensor->rank = (int)json_array_size(shape);
    for (int i = 0; i < tensor->rank; i++) {
        const json_t *dim = json_array_get(shape, (size_t)i);
        if (!json_is_integer(dim)) return alx_st_fail(file, err, "a dimension is not a whole number", name);
        tensor->dims[i] = json_integer_value(dim);
    }
    if (!alx_st_tensor_bytes(&tensor->size, types[row].size, tensor->rank, tensor->dims))
        return alx_st_fail(file, err, "an impossible shape", name);
    const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
    if (!json_is_integer(begin) || !json_is_integer(end) || json_integer_value(begin) < 0 ||
        json_integer_value(end) < json_integer_value(begin))
        return alx_st_fail(file, err, "impossible data_offsets", name);
    tensor->offset = (uint64_t)json_integer_value(begin);
    if ((uint64_t)json_integer_value(end) - tensor->offset != tensor->size)
        return alx_st_fail(file, err, "its data_offsets do not match its shape", name);
    if ((uint64_t)json_integer_value(end) > file->size - file->data_offset)
        return alx_st_fail(file, err, "its data lie behind the end of the file; it was cut", name);
    return ALX_OK;
}

static int by_offset(const void *left, const void *right)
{
    const alx_st_tensor *a = left, *b = right;
    if (a->offset != b->offset) return a->offset < b->offset ? -1 : 1;
    if (a->size != b->size) return a->size < b->size ? -1 : 1; /* empty ones lie before what begins there */
    return strcmp(a->name, b->name);
}

static int by_name(const void *left, const void *right)
{
    return strcmp((*(const alx_st_tensor *const *)left)->name, (*(const alx_st_tensor *const *)right)->name);
}

/* The data must be covered once, from the first byte to the last. */
static alx_status check_layout(const alx_safetensors *file, alx_error *err)
{
    uint64_t end = 0;
    for (int i = 0; i < file->count; i++) {
        const alx_st_tensor *tensor = &file->tensors[i];
        if (tensor->offset != end)
            return alx_st_fail(file, err, tensor->offset < end ? "overlaps another tensor" : "a hole before it",
                               tensor->name);
        end += tensor->size;
    }
    if (end != file->size - file->data_offset) return alx_st_fail(file, err, "bytes behind the last tensor", NULL);
    return ALX_OK;
}

static alx_status read_entries(alx_safetensors *file, json_t *root, alx_error *err)
{
    const char *key;
    json_t *entry;
    size_t count = json_object_size(root) - (json_object_get(root, "__metadata__") ? 1 : 0);
    if (count > ALX_SAFETENSORS_MAX_TENSORS) return alx_st_fail(file, err, "more than 65,536 tensors", NULL);
    file->tensors = alx_arena_alloc(&file->arena, count, sizeof *file->tensors, err);
    file->by_name = alx_arena_alloc(&file->arena, count, sizeof *file->by_name, err);
    if (!file->tensors || !file->by_name) return ALX_NO_MEMORY;
    json_object_foreach(root, key, entry)
    {
        if (strcmp(key, "__metadata__") == 0) {
            ALX_TRY(read_metadata(file, entry, err));
            continue;
        }
        const char *name = alx_arena_strdup(&file->arena, key, err);
        if (!name) return ALX_NO_MEMORY;
        ALX_TRY(read_tensor(file, &file->tensors[file->count++], name, entry, err));
    }
    qsort(file->tensors, count, sizeof *file->tensors, by_offset);
    for (size_t i = 0; i < count; i++) file->by_name[i] = &file->tensors[i];
    qsort(file->by_name, count, sizeof *file->by_name, by_name);
    return check_layout(file, err);
}

/* The hash is either whole and in its place, or there is none. */
static alx_status check_hash_place(alx_safetensors *file, const char *json, size_t count, alx_error *err)
{
    const char *stored = alx_safetensors_metadata(file, "xxh3"), *kind = alx_safetensors_metadata(file, "hash");
    file->hash_in_place = stored && strlen(stored) == ALX_ST_HASH_DIGITS && count > sizeof ALX_ST_HASH_PREFIX &&
                          memcmp(json, ALX_ST_HASH_PREFIX, sizeof ALX_ST_HASH_PREFIX - 1) == 0;
    if (!stored && kind && strcmp(kind, "xxh3") == 0) return alx_st_fail(file, err, "its xxh3 is missing", NULL);
    return ALX_OK;
}

static alx_status parse_header(alx_safetensors *file, const char *json, size_t count, alx_error *err)
{
    if (count == 0 || json[0] != '{') return alx_st_fail(file, err, "its header does not begin with {", NULL);
    if (!is_modest_json(json, count)) return alx_st_fail(file, err, "its header holds too many values", NULL);
    json_error_t problem;
    json_t *root = json_loadb(json, count, JSON_REJECT_DUPLICATES, &problem);
    if (!root && json_error_code(&problem) == json_error_out_of_memory)
        return alx_fail(err, ALX_NO_MEMORY, "out of memory while reading a header of %zu bytes", count);
    alx_printable text; /* it quotes the file */
    if (!root) return alx_st_fail(file, err, alx_text_printable(problem.text, text), "its header");
    alx_status status = json_is_object(root) ? ALX_OK : alx_st_fail(file, err, "its header is not a map", NULL);
    if (!status) status = read_entries(file, root, err);
    if (!status) status = check_hash_place(file, json, count, err);
    json_decref(root);
    return status;
}

alx_status alx_st_read_at(const alx_safetensors *file, void *bytes, size_t count, uint64_t offset, alx_error *err)
{
    if (!file->bytes) return alx_file_read_at(file->fd, bytes, count, offset, file->path, err);
    assert(offset <= file->size && count <= file->size - offset);
    if (count) memcpy(bytes, file->bytes + offset, count);
    return ALX_OK;
}

static alx_status read_header(alx_safetensors *file, alx_error *err)
{
    uint64_t length = 0;
    if (file->size < sizeof length) return alx_st_fail(file, err, "fewer than 8 bytes", NULL);
    ALX_TRY(alx_st_read_at(file, &length, sizeof length, 0, err));
    /* A header that was cut still begins with its brace; without one the 8 bytes are no length at all. */
    uint8_t brace = 0;
    if (file->size > sizeof length) ALX_TRY(alx_st_read_at(file, &brace, 1, sizeof length, err));
    if (brace != '{' && length > file->size - sizeof length) return fail_foreign(file, err);
    if (length > ALX_SAFETENSORS_MAX_HEADER) return alx_st_fail(file, err, "a header of more than 16 MiB", NULL);
    if (length > file->size - sizeof length)
        return alx_st_fail(file, err, "its header is longer than the file; it was cut", NULL);
    file->data_offset = sizeof length + length;
    char *json = alx_calloc((size_t)length, 1, err);
    if (!json) return ALX_NO_MEMORY;
    alx_status status = alx_st_read_at(file, json, (size_t)length, sizeof length, err);
    if (!status) status = parse_header(file, json, (size_t)length, err);
    free(json);
    return status;
}

static alx_status create(alx_safetensors **out, const char *path, alx_error *err)
{
    alx_safetensors *file = alx_calloc(1, sizeof *file, err);
    if (!file) return ALX_NO_MEMORY;
    file->fd = -1;
    file->path = alx_strdup(path, err);
    *out = file;
    return file->path ? ALX_OK : ALX_NO_MEMORY;
}

alx_status alx_safetensors_open(alx_safetensors **out, const char *path, alx_error *err)
{
    *out = NULL;
    alx_safetensors *file = NULL;
    alx_status status = create(&file, path, err);
    if (!status) status = alx_file_open(&file->fd, &file->size, path, err);
    if (!status) status = read_header(file, err);
    if (status)
        alx_safetensors_close(file);
    else
        *out = file;
    return status;
}

alx_status alx_safetensors_open_bytes(alx_safetensors **out, const uint8_t *bytes, size_t count, alx_error *err)
{
    *out = NULL;
    alx_safetensors *file = NULL;
    alx_status status = create(&file, "(memory)", err);
    if (!status) {
        file->bytes = bytes ? bytes : (const uint8_t *)"";
        file->size = count;
        status = read_header(file, err);
    }
    if (status)
        alx_safetensors_close(file);
    else
        *out = file;
    return status;
}

void alx_safetensors_close(alx_safetensors *file)
{
    if (!file) return;
    if (file->fd >= 0) close(file->fd);
    json_decref(file->metadata);
    alx_arena_finish(&file->arena);
    free(file->path);
    free(file);
}

/* ---- Looking ---- */

int alx_safetensors_count(const alx_safetensors *file)
{
    return file->count;
}

const alx_st_tensor *alx_safetensors_tensor(const alx_safetensors *file, int index)
{
    return index >= 0 && index < file->count ? &file->tensors[index] : NULL;
}

const alx_st_tensor *alx_safetensors_find(const alx_safetensors *file, const char *name)
{
    alx_st_tensor wanted = {.name = name};
    const alx_st_tensor *key = &wanted;
    const alx_st_tensor **found =
        file->count ? bsearch(&key, file->by_name, (size_t)file->count, sizeof *file->by_name, by_name) : NULL;
    return found ? *found : NULL;
}

const char *alx_safetensors_metadata(const alx_safetensors *file, const char *key)
{
    return json_string_value(json_object_get(file->metadata, key));
}

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/file.h"
#include "base/text.h"
#include "formats/safetensors.h"
#include "formats/safetensors_inner.h"

enum { ALIGNMENT = 64 };

struct alx_safetensors_writer {
    alx_atomic_file file;
    json_t *root, *metadata;      /* jansson keeps the order of insertion, so the bytes follow from the calls */
    uint64_t *sizes;              /* of the tensors, in the order declared */
    int count, capacity, written; /* written: whole tensors */
    uint64_t part;                /* bytes of the next one that are written */
    uint64_t data_size;
    bool header_written, failed;
    XXH3_state_t *hash;
};

static alx_status fail_memory(alx_error *err)
{
    return alx_fail(err, ALX_NO_MEMORY, "out of memory while writing a safetensors file");
}

/* A writer that is used out of order is a mistake of the program; it must not become a file. */
static alx_status fail_use(alx_safetensors_writer *writer, alx_error *err, const char *what)
{
    writer->failed = true;
    alx_printable path;
    return alx_fail(err, ALX_FAILED, "%s: %s", alx_text_printable(writer->file.path ? writer->file.path : "", path),
                    what);
}

alx_status alx_safetensors_create(alx_safetensors_writer **out, const char *path, alx_error *err)
{
    *out = NULL;
    alx_safetensors_writer *writer = alx_calloc(1, sizeof *writer, err);
    if (!writer) return ALX_NO_MEMORY;
    writer->file.fd = -1;
    writer->root = json_object();
    writer->metadata = json_object();
    writer->hash = XXH3_createState();
    alx_status status = ALX_OK;
    /* The hash comes first, so that its digits have a fixed place. */
    if (!writer->hash || json_object_set(writer->root, "__metadata__", writer->metadata) != 0 ||
        json_object_set_new(writer->metadata, "hash", json_string("xxh3")) != 0 ||
        json_object_set_new(writer->metadata, "xxh3", json_string("0000000000000000")) != 0)
        status = fail_memory(err);
    if (!status) status = alx_atomic_open(&writer->file, path, err);
    if (status)
        alx_safetensors_writer_destroy(writer);
    else
        *out = writer;
    return status;
}

void alx_safetensors_writer_destroy(alx_safetensors_writer *writer)
{
    if (!writer) return;
    alx_atomic_abort(&writer->file);
    XXH3_freeState(writer->hash);
    json_decref(writer->metadata);
    json_decref(writer->root);
    free(writer->sizes);
    free(writer);
}

/* ---- Declaring ---- */

alx_status alx_safetensors_put_metadata(alx_safetensors_writer *writer, const char *key, const char *value,
                                        alx_error *err)
{
    alx_printable shown;
    if (writer->header_written) return fail_use(writer, err, "metadata after the header was written");
    if (json_object_get(writer->metadata, key)) return fail_use(writer, err, "the same metadata twice");
    if (!alx_text_is_utf8(key, strlen(key)) || !alx_text_is_utf8(value, strlen(value))) {
        writer->failed = true;
        return alx_fail(err, ALX_BAD_DATA, "%s: its text is not UTF-8 and cannot be saved",
                        alx_text_printable(key, shown));
    }
    if (json_object_set_new(writer->metadata, key, json_string(value)) == 0) return ALX_OK;
    writer->failed = true;
    return fail_memory(err);
}

/* {"dtype":"F32","shape":[2,3],"data_offsets":[0,24]} or NULL. */
static json_t *make_entry(alx_st_type type, int rank, const int64_t *dims, uint64_t begin, uint64_t end)
{
    json_t *shape = json_array();
    bool ok = shape != NULL;
    for (int i = 0; ok && i < rank; i++) ok = json_array_append_new(shape, json_integer(dims[i])) == 0;
    if (ok)
        return json_pack("{s:s, s:o, s:[I, I]}", "dtype", alx_st_type_name(type), "shape", shape, "data_offsets",
                         (json_int_t)begin, (json_int_t)end);
    json_decref(shape);
    return NULL;
}

alx_status alx_safetensors_declare(alx_safetensors_writer *writer, const char *name, alx_st_type type, int rank,
                                   const int64_t *dims, alx_error *err)
{
    if (writer->header_written) return fail_use(writer, err, "a tensor declared after the header was written");
    if (!alx_st_type_name(type)) return fail_use(writer, err, "a tensor of another type");
    if (rank < 0 || rank > ALX_SAFETENSORS_MAX_RANK) return fail_use(writer, err, "a tensor of more than 8 dimensions");
    if (json_object_get(writer->root, name)) return fail_use(writer, err, "two tensors of one name");
    if (!alx_text_is_utf8(name, strlen(name))) return fail_use(writer, err, "a tensor's name is not UTF-8");
    if (writer->count == ALX_SAFETENSORS_MAX_TENSORS) return fail_use(writer, err, "more than 65,536 tensors");
    uint64_t size, end;
    if (!alx_st_tensor_bytes(&size, alx_st_type_size(type), rank, dims) ||
        __builtin_add_overflow(writer->data_size, size, &end) || end > INT64_MAX - ALX_SAFETENSORS_MAX_HEADER - 8)
        return fail_use(writer, err, "a tensor's shape is impossible");
    if (writer->count == writer->capacity) {
        int capacity = writer->capacity ? writer->capacity * 2 : 64;
        uint64_t *sizes = alx_realloc(writer->sizes, (size_t)capacity, sizeof *sizes, err);
        writer->failed = writer->failed || !sizes;
        if (!sizes) return ALX_NO_MEMORY;
        writer->sizes = sizes;
        writer->capacity = capacity;
    }
    /* json_object_set_new takes NULL as a failure too. */
    if (json_object_set_new(writer->root, name, make_entry(type, rank, dims, writer->data_size, end)) != 0) {
        writer->failed = true;
        return fail_memory(err);
    }
    writer->sizes[writer->count++] = size;
    writer->data_size = end;
    return ALX_OK;
}

/* ---- Writing ---- */

static alx_status put(alx_safetensors_writer *writer, const void *bytes, size_t count, alx_error *err)
{
    alx_status status = alx_atomic_write(&writer->file, bytes, count, err);
    if (status) writer->failed = true;
    if (!status) XXH3_64bits_update(writer->hash, bytes, count);
    return status;
}

static alx_status write_header(alx_safetensors_writer *writer, alx_error *err)
{
    writer->header_written = true;
    char *json = json_dumps(writer->root, JSON_COMPACT);
    if (!json) {
        writer->failed = true;
        return fail_memory(err);
    }
    static const char spaces[] = "                                                                ";
    _Static_assert(sizeof spaces == ALIGNMENT + 1, "as many spaces as padding can take");
    size_t count = strlen(json), padding = (ALIGNMENT - (sizeof(uint64_t) + count) % ALIGNMENT) % ALIGNMENT;
    uint64_t length = count + padding;
    alx_status status = ALX_OK;
    XXH3_64bits_reset(writer->hash);
    if (length > ALX_SAFETENSORS_MAX_HEADER) status = fail_use(writer, err, "a header of more than 16 MiB");
    if (!status) status = put(writer, &length, sizeof length, err);
    if (!status) status = put(writer, json, count, err);
    if (!status) status = put(writer, spaces, padding, err);
    free(json);
    return status;
}

alx_status alx_safetensors_write(alx_safetensors_writer *writer, const void *bytes, size_t size, alx_error *err)
{
    if (writer->failed) return fail_use(writer, err, "writing goes on after a failure");
    if (writer->written == writer->count) return fail_use(writer, err, "more tensors written than declared");
    if (size > writer->sizes[writer->written] - writer->part)
        return fail_use(writer, err, "a tensor's size is not the declared one");
    if (!writer->header_written) ALX_TRY(write_header(writer, err));
    ALX_TRY(put(writer, bytes, size, err));
    writer->part += size;
    if (writer->part == writer->sizes[writer->written]) {
        writer->written++;
        writer->part = 0;
    }
    return ALX_OK;
}

alx_status alx_safetensors_keep_old(alx_safetensors_writer *writer, const char *previous, alx_error *err)
{
    return alx_atomic_keep_old(&writer->file, previous, err);
}

alx_status alx_safetensors_finish(alx_safetensors_writer *writer, alx_error *err)
{
    if (writer->failed) return fail_use(writer, err, "finished after a failure");
    if (writer->written != writer->count) return fail_use(writer, err, "fewer tensors written than declared");
    if (!writer->header_written) ALX_TRY(write_header(writer, err));
    char digits[ALX_ST_HASH_DIGITS + 1];
    alx_st_hash_digits(digits, XXH3_64bits_digest(writer->hash));
    writer->failed = true; /* whatever follows, nothing may come after it */
    ALX_TRY(alx_atomic_write_at(&writer->file, digits, ALX_ST_HASH_DIGITS, ALX_ST_HASH_OFFSET, err));
    return alx_atomic_commit(&writer->file, err);
}

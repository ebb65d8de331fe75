/* The data of a safetensors file: single tensors, and all of them in one pass that also checks the hash. */
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/bf16.h"
#include "base/clones.h"
#include "formats/safetensors_inner.h"

/* ---- Floats ---- */

static float f16_to_float(uint16_t half)
{
    /* IEEE 754 binary16: 5 bits of exponent with bias 15, 10 of fraction. */
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ff;
    uint32_t bits = sign | (exponent == 31 ? 0xffu : exponent + 127 - 15) << 23 | fraction << 13;
    float value = (float)fraction * 0x1p-24f; /* zero and subnormals */
    if (exponent) memcpy(&value, &bits, sizeof value);
    return exponent == 0 && sign ? -value : value;
}

ALX_CLONES("avx512f", "avx2", "default")
static void from_bf16(float *restrict values, const uint8_t *restrict bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, bytes + i * sizeof half, sizeof half);
        values[i] = alx_bf16_to_float(half);
    }
}

static void from_f16(float *restrict values, const uint8_t *restrict bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, bytes + i * sizeof half, sizeof half);
        values[i] = f16_to_float(half);
    }
}

static void from_f64(float *restrict values, const uint8_t *restrict bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double number;
        memcpy(&number, bytes + i * sizeof number, sizeof number);
        values[i] = (float)number;
    }
}

/* Types that are made floats of; F32 is one already. */
static void (*const converters[])(float *values, const uint8_t *bytes, size_t count) = {
    [ALX_ST_BF16] = from_bf16, [ALX_ST_F16] = from_f16, [ALX_ST_F64] = from_f64};

static bool is_real(alx_st_type type)
{
    return type == ALX_ST_F32 || (type < sizeof converters / sizeof *converters && converters[type]);
}

static alx_status need_real(const alx_safetensors *file, const alx_st_tensor *tensor, alx_error *err)
{
    if (is_real(tensor->type)) return ALX_OK;
    return alx_st_fail(file, err, "holds whole numbers where real ones are wanted", tensor->name);
}

/* ---- One tensor ---- */

alx_status alx_safetensors_read(const alx_safetensors *file, const alx_st_tensor *tensor, void *bytes, alx_error *err)
{
    return alx_st_read_at(file, bytes, (size_t)tensor->size, file->data_offset + tensor->offset, err);
}

alx_status alx_safetensors_read_f32(const alx_safetensors *file, const alx_st_tensor *tensor, float *values,
                                    alx_error *err)
{
    ALX_TRY(need_real(file, tensor, err));
    if (tensor->type == ALX_ST_F32) return alx_safetensors_read(file, tensor, values, err);
    uint8_t buffer[16384];
    size_t item = alx_st_type_size(tensor->type), room = sizeof buffer / item;
    for (uint64_t done = 0, count = tensor->size / item; done < count;) {
        size_t piece = (size_t)(count - done < room ? count - done : room);
        ALX_TRY(alx_st_read_at(file, buffer, piece * item, file->data_offset + tensor->offset + done * item, err));
        converters[tensor->type](values + done, buffer, piece);
        done += piece;
    }
    return ALX_OK;
}

/* ---- All of them ---- */

enum { PIECE_BYTES = 512 << 10 }; /* stays in the cache of a core from reading to conversion */

typedef struct piece {
    int tensor; /* -1: the header */
    bool wanted;
    uint64_t offset; /* in the file */
    size_t bytes;
} piece;

typedef struct stream {
    const alx_safetensors *file;
    const alx_st_taker *taker; /* NULL: nothing is wanted */
    int64_t count, capacity;
    piece *pieces;      /* in the order of the file */
    size_t room;        /* bytes of the largest piece, rounded up to whole floats */
    XXH3_state_t *hash; /* NULL: not asked for */
} stream;

static alx_status add_pieces(stream *s, int tensor, uint64_t offset, uint64_t size, uint64_t unit, alx_error *err)
{
    uint64_t step = unit == 0 ? PIECE_BYTES : unit >= PIECE_BYTES ? unit : PIECE_BYTES / unit * unit;
    for (uint64_t done = 0; done < size; done += step) {
        if (s->count == s->capacity) {
            s->capacity = s->capacity ? 2 * s->capacity : 256;
            piece *pieces = alx_realloc(s->pieces, (size_t)s->capacity, sizeof *pieces, err);
            if (!pieces) return ALX_NO_MEMORY;
            s->pieces = pieces;
        }
        size_t bytes = (size_t)(size - done < step ? size - done : step);
        s->pieces[s->count++] = (piece){tensor, unit > 0, offset + done, bytes};
        if (bytes > s->room) s->room = (bytes + 63) / 64 * 64;
    }
    return ALX_OK;
}

/* Everything for the hash; else what is wanted alone. */
static alx_status cut(stream *s, alx_error *err)
{
    const alx_safetensors *file = s->file;
    if (s->hash) ALX_TRY(add_pieces(s, -1, 0, file->data_offset, 0, err));
    for (int i = 0; i < file->count; i++) {
        const alx_st_tensor *tensor = &file->tensors[i];
        const int64_t unit = s->taker ? s->taker->unit(s->taker->user, i) : 0;
        if (unit > 0) ALX_TRY(need_real(file, tensor, err));
        if (unit == 0 && !s->hash) continue;
        ALX_TRY(add_pieces(s, i, file->data_offset + tensor->offset, tensor->size,
                           (uint64_t)unit * alx_st_type_size(tensor->type), err));
    }
    return ALX_OK;
}

/* XXH3-64 of the whole, the digits of the hash taken as zeros. */
static void add_to_hash(stream *s, const piece *p, uint8_t *bytes)
{
    if (p->offset == 0) memset(bytes + ALX_ST_HASH_OFFSET, '0', ALX_ST_HASH_DIGITS);
    XXH3_64bits_update(s->hash, bytes, p->bytes);
}

/* values: room for the floats of a piece that are stored as something else */
static void hand_over(const stream *s, const piece *p, const uint8_t *bytes, float *values)
{
    const alx_st_tensor *tensor = &s->file->tensors[p->tensor];
    const size_t item = alx_st_type_size(tensor->type), count = p->bytes / item;
    const int64_t first = (int64_t)((p->offset - s->file->data_offset - tensor->offset) / item);
    if (tensor->type != ALX_ST_F32) converters[tensor->type](values, bytes, count);
    s->taker->take(s->taker->user, p->tensor, first, (int64_t)count,
                   tensor->type == ALX_ST_F32 ? (const float *)(const void *)bytes : values);
}

/* Each thread reads a piece, waits for its turn to hash it, and hands it over while others read and hash: the bytes
 * come from memory once.  room: for each thread, a piece as stored and as floats. */
static alx_status run(stream *s, uint8_t *room, alx_error *err)
{
    alx_error first = {ALX_OK, ""};
    const size_t own = s->room * 3; /* floats of halves take twice as much */
#pragma omp parallel for ordered schedule(dynamic) if (s->count > 1)
    for (int64_t i = 0; i < s->count; i++) {
        const piece *p = &s->pieces[i];
        uint8_t *bytes = room + (size_t)omp_get_thread_num() * own;
        alx_error problem;
        if (alx_st_read_at(s->file, bytes, p->bytes, p->offset, &problem)) {
#pragma omp critical(alx_safetensors_run)
            first = problem;
            continue;
        }
#pragma omp ordered
        if (s->hash) add_to_hash(s, p, bytes);
        if (p->wanted) hand_over(s, p, bytes, (float *)(void *)(bytes + s->room));
    }
    return first.status ? alx_fail(err, first.status, "%s", first.message) : ALX_OK;
}

static alx_status stream_all(stream *s, alx_error *err)
{
    ALX_TRY(cut(s, err));
    uint8_t *room = alx_calloc((size_t)omp_get_max_threads() * 3, s->room ? s->room : 1, err);
    if (!room) return ALX_NO_MEMORY;
    alx_status status = run(s, room, err);
    free(room);
    return status;
}

static alx_status check_hash(const stream *s, const char *stored, alx_error *err)
{
    char found[ALX_ST_HASH_DIGITS + 1];
    alx_st_hash_digits(found, XXH3_64bits_digest(s->hash));
    if (strcmp(found, stored) == 0) return ALX_OK;
    return alx_st_fail(s->file, err, "its bytes do not match its hash; copy or train it again", NULL);
}

alx_status alx_safetensors_stream(const alx_safetensors *file, const alx_st_taker *taker, bool verify, alx_error *err)
{
    stream s = {.file = file, .taker = taker};
    const char *stored = verify ? alx_safetensors_metadata(file, "xxh3") : NULL;
    if (stored) {
        if (!file->hash_in_place) return alx_st_fail(file, err, "its xxh3 was not written by this program", NULL);
        s.hash = XXH3_createState();
        if (!s.hash) return alx_fail(err, ALX_NO_MEMORY, "out of memory while reading a file");
        XXH3_64bits_reset(s.hash);
    }
    alx_status status = stream_all(&s, err);
    if (!status && stored) status = check_hash(&s, stored, err);
    XXH3_freeState(s.hash);
    free(s.pieces);
    return status;
}

alx_status alx_safetensors_verify(const alx_safetensors *file, alx_error *err)
{
    return alx_safetensors_stream(file, NULL, true, err);
}

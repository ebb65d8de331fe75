#include "report/event_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "report/fail.h"
#include "report/regular_file.h"

enum {
    HEADER = 12, /* length and its checksum */
    TRAILER = 4,
    NAMES_MOST = 1000 /* files of one process within a second */
};

/* Fields, by the numbers of event.proto and summary.proto; a key is the number and how the value is written. */
enum { VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5 };
#define FIELD(number, kind) ((uint64_t)(number) << 3 | (kind))
enum {
    EVENT_WALL_TIME = FIELD(1, FIXED64),
    EVENT_STEP = FIELD(2, VARINT),
    EVENT_FILE_VERSION = FIELD(3, LENGTH),
    EVENT_SUMMARY = FIELD(5, LENGTH),
    EVENT_SESSION_LOG = FIELD(7, LENGTH),
    SESSION_STATUS = FIELD(1, VARINT),
    SUMMARY_VALUE = FIELD(1, LENGTH),
    VALUE_TAG = FIELD(1, LENGTH),
    VALUE_SIMPLE = FIELD(2, FIXED32),
    VALUE_HISTOGRAM = FIELD(5, LENGTH),
    HISTOGRAM_MIN = FIELD(1, FIXED64),
    HISTOGRAM_MAX = FIELD(2, FIXED64),
    HISTOGRAM_NUM = FIELD(3, FIXED64),
    HISTOGRAM_SUM = FIELD(4, FIXED64),
    HISTOGRAM_SQUARES = FIELD(5, FIXED64),
    HISTOGRAM_LIMITS = FIELD(6, LENGTH),
    HISTOGRAM_COUNTS = FIELD(7, LENGTH)
};
enum { SESSION_START = 1 };

/* ---- Bytes ---- */

uint32_t alx_event_checksum(const unsigned char *bytes, size_t count)
{
    /* Four bits at a time: the polynomial 0x1edc6f41, reflected. */
    static const uint32_t table[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
                                       0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                       0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
    uint32_t crc = ~0U;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        crc = table[crc & 15] ^ crc >> 4;
        crc = table[crc & 15] ^ crc >> 4;
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8U;
}

static void put_bytes(alx_event_file *e, const void *bytes, size_t count)
{
    if (e->failed) return;
    if (e->size + count > e->capacity) {
        const size_t capacity = 2 * (e->size + count) + 4096;
        unsigned char *grown = realloc(e->data, capacity);
        if (!grown) {
            e->failed = true;
            e->code = ENOMEM;
            return;
        }
        e->data = grown;
        e->capacity = capacity;
    }
    memcpy(e->data + e->size, bytes, count);
    e->size += count;
}

/* The little end first, whatever the machine. */
static void put_fixed(alx_event_file *e, uint64_t value, int bytes)
{
    unsigned char little[8];
    for (int i = 0; i < bytes; i++) little[i] = (unsigned char)(value >> 8 * i);
    put_bytes(e, little, (size_t)bytes);
}

static void put_varint(alx_event_file *e, uint64_t value)
{
    unsigned char text[10];
    size_t used = 0;
    for (; value >= 0x80; value >>= 7) text[used++] = (unsigned char)(value | 0x80);
    text[used++] = (unsigned char)value;
    put_bytes(e, text, used);
}

static uint64_t double_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void put_double(alx_event_file *e, uint64_t field, double value)
{
    put_varint(e, field);
    put_fixed(e, double_bits(value), 8);
}

static void put_text(alx_event_file *e, uint64_t field, const char *text)
{
    put_varint(e, field);
    put_varint(e, strlen(text));
    put_bytes(e, text, strlen(text));
}

/* ---- Messages within others: their length stands in front, and is known when they end ---- */

typedef struct message {
    size_t begin; /* of its content */
} message;

static message open_message(alx_event_file *e, uint64_t field)
{
    put_varint(e, field);
    return (message){e->size};
}

static void close_message(alx_event_file *e, message m)
{
    if (e->failed) return;
    const size_t length = e->size - m.begin;
    put_varint(e, length); /* at the end first, to make room */
    if (e->failed) return;
    unsigned char text[10];
    const size_t digits = e->size - m.begin - length;
    memcpy(text, e->data + m.begin + length, digits);
    memmove(e->data + m.begin + digits, e->data + m.begin, length);
    memcpy(e->data + m.begin, text, digits);
}

static void begin_event(alx_event_file *e, int64_t step)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    e->size = 0;
    put_double(e, EVENT_WALL_TIME, (double)now.tv_sec + 1e-9 * (double)now.tv_nsec);
    put_varint(e, EVENT_STEP);
    put_varint(e, (uint64_t)step);
}

/* The message becomes a record. */
static void end_event(alx_event_file *e)
{
    const size_t length = e->size;
    if (e->failed || !e->file) return;
    /* Behind the message, so that it is put together in one place: length, checksum, message, checksum. */
    put_fixed(e, length, 8);
    if (e->failed) return;
    put_fixed(e, alx_event_checksum(e->data + length, 8), 4);
    put_fixed(e, alx_event_checksum(e->data, length), TRAILER);
    if (e->failed) return;
    errno = 0;
    if (fwrite(e->data + length, 1, HEADER, e->file) == HEADER && fwrite(e->data, 1, length, e->file) == length &&
        fwrite(e->data + length + HEADER, 1, TRAILER, e->file) == TRAILER)
        return;
    e->failed = true;
    e->code = errno;
}

/* ---- Values ---- */

void alx_event_file_scalar(alx_event_file *e, int64_t step, const char *tag, double value)
{
    const float small = (float)value;
    uint32_t bits;
    memcpy(&bits, &small, sizeof bits);
    begin_event(e, step);
    const message summary = open_message(e, EVENT_SUMMARY), inner = open_message(e, SUMMARY_VALUE);
    put_text(e, VALUE_TAG, tag);
    put_varint(e, VALUE_SIMPLE);
    put_fixed(e, bits, 4);
    close_message(e, inner);
    close_message(e, summary);
    end_event(e);
}

void alx_event_file_histogram(alx_event_file *e, int64_t step, const char *tag, const alx_histogram *h)
{
    const int count = alx_histogram_size(h);
    if (!count) return;
    begin_event(e, step);
    const message summary = open_message(e, EVENT_SUMMARY), inner = open_message(e, SUMMARY_VALUE);
    put_text(e, VALUE_TAG, tag);
    const message histogram = open_message(e, VALUE_HISTOGRAM);
    put_double(e, HISTOGRAM_MIN, h->least);
    put_double(e, HISTOGRAM_MAX, h->most);
    put_double(e, HISTOGRAM_NUM, (double)h->count);
    put_double(e, HISTOGRAM_SUM, h->sum);
    put_double(e, HISTOGRAM_SQUARES, h->squares);
    const message limits = open_message(e, HISTOGRAM_LIMITS);
    for (int i = 0; i < count; i++) put_fixed(e, double_bits(alx_histogram_limit(h, i)), 8);
    close_message(e, limits);
    const message counts = open_message(e, HISTOGRAM_COUNTS);
    for (int i = 0; i < count; i++) put_fixed(e, double_bits((double)h->buckets[i]), 8);
    close_message(e, counts);
    close_message(e, histogram);
    close_message(e, inner);
    close_message(e, summary);
    end_event(e);
}

/* ---- Files ---- */

static char *join(const char *folder, const char *name)
{
    const size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path) snprintf(path, size, "%s/%s", folder, name);
    return path;
}

/* mkdir -p; whether it is there now is found out by opening a file in it. */
static void make_folders(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0777);
        *slash = '/';
    }
}

static alx_status fail_file(alx_event_file *e, const char *what, int code, alx_error *err)
{
    const alx_status status = alx_report_fail(err, ALX_IO, "%s: %s: %s", e->path, what, strerror(code ? code : EIO));
    alx_event_file_finish(e);
    return status;
}

alx_status alx_event_file_create(alx_event_file *e, const char *folder, int64_t first, alx_error *err)
{
    char host[65] = "", name[160];
    *e = (alx_event_file){0};
    gethostname(host, sizeof host - 1);
    for (char *c = host; *c; c++)
        if (*c == '/') *c = '-';
    for (int n = 0; n < NAMES_MOST && !e->file; n++) {
        snprintf(name, sizeof name, ALX_EVENT_FILE_PREFIX "%010lld.%s.%ld.%d" ALX_EVENT_FILE_SUFFIX,
                 (long long)time(NULL), *host ? host : "localhost", (long)getpid(), n);
        free(e->path);
        e->path = join(folder, name);
        if (!e->path) return alx_report_fail(err, ALX_NO_MEMORY, "%s: out of memory", folder);
        make_folders(e->path);
        e->file = fopen(e->path, "wbxe");
        if (!e->file && errno != EEXIST) break;
    }
    if (!e->file) return fail_file(e, "cannot be made", errno, err);
    begin_event(e, 0);
    put_text(e, EVENT_FILE_VERSION, "brain.Event:2");
    end_event(e);
    begin_event(e, first);
    const message session = open_message(e, EVENT_SESSION_LOG);
    put_varint(e, SESSION_STATUS);
    put_varint(e, SESSION_START);
    close_message(e, session);
    end_event(e);
    return alx_event_file_flush(e, err);
}

alx_status alx_event_file_flush(alx_event_file *e, alx_error *err)
{
    if (!e->file) return ALX_OK;
    errno = 0;
    if (!e->failed && fflush(e->file) == 0) return ALX_OK;
    return fail_file(e, "cannot be written", e->failed ? e->code : errno, err);
}

void alx_event_file_finish(alx_event_file *e)
{
    if (e->file) fclose(e->file);
    free(e->data);
    free(e->path);
    *e = (alx_event_file){0};
}

/* ---- What is there already ---- */

static uint64_t get_fixed(const unsigned char *bytes, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++) value |= (uint64_t)bytes[i] << 8 * i;
    return value;
}

/* False: it does not end within `end`. */
static bool get_varint(uint64_t *value, const unsigned char **at, const unsigned char *end)
{
    *value = 0;
    for (int shift = 0; shift < 64 && *at < end; shift += 7) {
        const unsigned char byte = *(*at)++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) return true;
    }
    return false;
}

/* The step of an event that has a summary; 0 of others. */
static int64_t event_step(const unsigned char *at, const unsigned char *end)
{
    uint64_t field, value, step = 0;
    bool summary = false;
    while (at < end && get_varint(&field, &at, end)) {
        const int kind = (int)(field & 7);
        size_t skip = kind == FIXED64 ? 8 : kind == FIXED32 ? 4 : 0;
        if (kind == VARINT || kind == LENGTH) {
            if (!get_varint(&value, &at, end)) return 0;
            if (field == EVENT_STEP) step = value;
            if (kind == LENGTH) skip = value;
            summary = summary || field == EVENT_SUMMARY;
        } else if (!skip) {
            return 0; /* nothing that we write */
        }
        if (skip > (size_t)(end - at)) return 0;
        at += skip;
    }
    return summary && step <= INT32_MAX ? (int64_t)step : 0;
}

int64_t alx_event_last_step(const unsigned char *bytes, size_t count)
{
    int64_t last = 0;
    while (count >= HEADER + TRAILER) {
        const uint64_t length = get_fixed(bytes, 8);
        if (get_fixed(bytes + 8, 4) != alx_event_checksum(bytes, 8) || length > count - HEADER - TRAILER) break;
        const unsigned char *data = bytes + HEADER;
        if (get_fixed(data + length, TRAILER) != alx_event_checksum(data, length)) break;
        const int64_t step = event_step(data, data + length);
        if (step > last) last = step;
        bytes += HEADER + length + TRAILER;
        count -= HEADER + length + TRAILER;
    }
    return last;
}

static int64_t last_step_of(const char *path)
{
    static const long long most = 1LL << 30; /* a file that claims more is none of ours */
    long long size;
    FILE *file = alx_regular_file(path, &size);
    int64_t last = 0;
    unsigned char *bytes = NULL;
    if (file && size > 0 && size <= most) bytes = malloc((size_t)size);
    if (bytes) last = alx_event_last_step(bytes, fread(bytes, 1, (size_t)size, file));
    free(bytes);
    if (file) fclose(file);
    return last;
}

static bool is_ours(const char *name)
{
    const size_t length = strlen(name), suffix = strlen(ALX_EVENT_FILE_SUFFIX);
    return strncmp(name, ALX_EVENT_FILE_PREFIX, strlen(ALX_EVENT_FILE_PREFIX)) == 0 && length > suffix &&
           strcmp(name + length - suffix, ALX_EVENT_FILE_SUFFIX) == 0;
}

static void each_file(const char *folder, void (*act)(const char *path, int64_t *result), int64_t *result)
{
    DIR *dir = opendir(folder);
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        char *path = is_ours(entry->d_name) ? join(folder, entry->d_name) : NULL;
        if (path) act(path, result);
        free(path);
    }
    if (dir) closedir(dir);
}

static void take_last(const char *path, int64_t *result)
{
    const int64_t step = last_step_of(path);
    if (step > *result) *result = step;
}

static void remove_file(const char *path, int64_t *result)
{
    (void)result;
    unlink(path);
}

int64_t alx_event_folder_last_step(const char *folder)
{
    int64_t last = 0;
    each_file(folder, take_last, &last);
    return last;
}

void alx_event_folder_clear(const char *folder)
{
    each_file(folder, remove_file, NULL);
}

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "base/file.h"
#include "plan/choices_json.h"

enum { VERSION = 1, LOCK_TRIES = 20, LOCK_PAUSE_MS = 50, MAX_DEPTH = 16 };

/* ---- The machine ---- */

/* "AMD EPYC 9R45 26.2.1": what is for sale, then family, model and stepping. */
static void add_processor(alx_text *text)
{
#if defined(__x86_64__)
    unsigned words[12] = {0}, eax = 0, ebx, ecx, edx;
    for (unsigned i = 0; i < 3; i++)
        __get_cpuid(0x80000002u + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3]);
    char brand[sizeof words + 1] = "";
    memcpy(brand, words, sizeof words);
    const char *name = brand + strspn(brand, " ");
    for (char *end = brand + strlen(brand); end > name && end[-1] == ' ';) *--end = '\0';
    alx_printable clean;
    __get_cpuid(1, &eax, &ebx, &ecx, &edx);
    const unsigned family = eax >> 8 & 15u, model = eax >> 4 & 15u;
    alx_text_printf(text, "%s %u.%u.%u", alx_text_printable(name, clean),
                    family == 15 ? 15 + (eax >> 20 & 255u) : family, (eax >> 16 & 15u) << 4 | model, eax & 15u);
#elif defined(__aarch64__)
    alx_text_add(text, "aarch64");
#else
    alx_text_add(text, "processor");
#endif
}

void alx_choices_machine(alx_text *text)
{
    char version[32];
    add_processor(text);
    alx_text_printf(text, ", instructions %x, alexnet %s, oneDNN %s", alx_dnn_cpu().instructions, alx_version(),
                    alx_engine_version(version));
}

static alx_status machine_name(char **name, alx_error *err)
{
    alx_text text = {0};
    alx_choices_machine(&text);
    return alx_text_take(name, &text, err);
}

/* ---- Reading ---- */

static alx_status say(char **complaint, const char *what, alx_error *err)
{
    *complaint = alx_strdup(what, err);
    return *complaint ? ALX_OK : ALX_NO_MEMORY;
}

/* Of such texts alone jansson keeps its promises: it recurses into what is nested. */
static bool too_deep(const char *text, size_t bytes)
{
    int depth = 0;
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '{' || text[i] == '[') depth++;
        if (text[i] == '}' || text[i] == ']') depth--;
        if (depth > MAX_DEPTH) return true;
    }
    return false;
}

/* NULL: not what we write. */
static json_t *parse_root(const char *text, size_t bytes)
{
    if (bytes > ALX_CHOICES_MAX_BYTES || too_deep(text, bytes)) return NULL;
    json_t *root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_integer(json_object_get(root, "version")) &&
        json_integer_value(json_object_get(root, "version")) == VERSION &&
        json_is_object(json_object_get(root, "machines")))
        return root;
    json_decref(root);
    return NULL;
}

alx_status alx_choices_parse(alx_choices *choices, char **complaint, const char *text, size_t bytes,
                             const char *machine, alx_error *err)
{
    *complaint = NULL;
    json_t *root = parse_root(text, bytes), *value;
    if (!root) return say(complaint, "it is damaged, or of another version", err);
    json_t *mine = json_object_get(json_object_get(root, "machines"), machine);
    alx_status status = ALX_OK;
    bool partly = mine && !json_is_object(mine);
    const char *key;
    json_object_foreach(mine, key, value)
    {
        alx_chosen chosen;
        if (!alx_chosen_read(&chosen, key, value) || chosen.choice.fold == ALX_FOLD_USUAL || !chosen.time_count)
            partly = true;
        else if (!status && !alx_choices_find(choices, key))
            status = alx_choices_add(choices, &chosen, err);
    }
    json_decref(root);
    return status || !partly ? status : say(complaint, "some of it is damaged", err);
}

alx_status alx_choices_load(alx_choices *choices, char **complaint, const char *folder, alx_error *err)
{
    *complaint = NULL;
    char *path = alx_file_join(folder, ALX_CHOICES_FILE, err), *machine = NULL;
    uint8_t *bytes = NULL;
    size_t count;
    alx_error why;
    alx_status status = path ? machine_name(&machine, err) : ALX_NO_MEMORY;
    if (!status && access(path, F_OK) == 0) {
        if (alx_file_read(&bytes, &count, path, ALX_CHOICES_MAX_BYTES, &why))
            status = say(complaint, why.message, err);
        else
            status = alx_choices_parse(choices, complaint, (const char *)bytes, count, machine, err);
    }
    free(bytes);
    free(machine);
    free(path);
    return status;
}

/* ---- Writing ---- */

/* A lock that ends with its process.  -1: somebody holds it for long; what is written then is whole all the same, but
 * may be without what he adds. */
static int lock(const char *folder, alx_error *err)
{
    char *path = alx_file_join(folder, ALX_CHOICES_FILE ".lock", err);
    if (!path) return -1;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    free(path);
    for (int i = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB); i++) {
        const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * 1000000L};
        if (i < LOCK_TRIES && (errno == EWOULDBLOCK || errno == EINTR)) {
            nanosleep(&pause, NULL);
            continue;
        }
        close(fd);
        fd = -1;
    }
    return fd;
}

static json_t *empty_root(void)
{
    json_t *root = json_object();
    json_object_set_new(root, "version", json_integer(VERSION));
    json_object_set_new(root, "machines", json_object());
    return root;
}

static void add_fresh(json_t *root, const alx_choices *choices, const char *machine)
{
    json_t *machines = json_object_get(root, "machines"), *mine = json_object_get(machines, machine);
    if (!json_is_object(mine)) {
        mine = json_object();
        json_object_set_new(machines, machine, mine);
    }
    for (int i = 0; i < choices->count; i++)
        if (choices->list[i]->fresh)
            json_object_set_new(mine, choices->list[i]->key, alx_chosen_json(choices->list[i], true));
}

/* What the file has and what is fresh; NULL: no memory. */
static char *merged(const char *path, const alx_choices *choices, const char *machine)
{
    uint8_t *old = NULL;
    size_t bytes;
    json_t *root = NULL;
    if (!alx_file_read(&old, &bytes, path, ALX_CHOICES_MAX_BYTES, NULL)) root = parse_root((const char *)old, bytes);
    free(old);
    if (!root) root = empty_root();
    add_fresh(root, choices, machine);
    const size_t flags = JSON_INDENT(1) | JSON_SORT_KEYS | JSON_REAL_PRECISION(6);
    char *text = json_dumps(root, flags);
    json_decref(root);
    if (!text || strlen(text) <= ALX_CHOICES_MAX_BYTES) return text;
    free(text); /* years of networks: begin anew */
    root = empty_root();
    add_fresh(root, choices, machine);
    text = json_dumps(root, flags);
    json_decref(root);
    return text;
}

alx_status alx_choices_save(const alx_choices *choices, const char *folder, alx_error *err)
{
    ALX_TRY(alx_file_make_folder(folder, err));
    char *path = alx_file_join(folder, ALX_CHOICES_FILE, err), *machine = NULL, *text = NULL;
    alx_status status = path ? machine_name(&machine, err) : ALX_NO_MEMORY;
    if (!status) {
        const int held = lock(folder, err);
        text = merged(path, choices, machine);
        status = text ? alx_file_write(path, text, strlen(text), err)
                      : alx_fail(err, ALX_NO_MEMORY, "out of memory for the choice of convolutions");
        if (held >= 0) close(held);
    }
    free(text);
    free(machine);
    free(path);
    return status;
}

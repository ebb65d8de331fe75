#include "cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"

typedef struct common {
    int help;
    int language;
} common;

const cli_option cli_common_options[] = {
    {"help", 'h', CLI_FLAG, offsetof(common, help), NULL, 0, 0, {"print this and stop", "显示本帮助后退出"}},
    {"lang",
     0,
     CLI_CHOICE,
     offsetof(common, language),
     "en|zh",
     0,
     0,
     {"language of help and explanations (default: from LANG)", "帮助和讲解的语言（默认取自 LANG）"}},
    {0},
};

/* ---- Names ---- */

static bool same_name(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = a[i] == '_' ? '-' : a[i];
        char d = b[i] == '_' ? '-' : b[i];
        if (c != d || !c) return false;
    }
    return !b[length];
}

static const cli_option *find_in(const cli_option *table, const char *name, size_t length)
{
    for (; table->name; table++) {
        if (same_name(name, table->name, length)) return table;
    }
    return NULL;
}

enum { MAX_WORD = 48 };

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. */
static int edit_distance(const char *a, const char *b)
{
    int rows[3][MAX_WORD + 1];
    int n = (int)strlen(a), m = (int)strlen(b);
    if (n > MAX_WORD || m > MAX_WORD) return MAX_WORD;
    for (int j = 0; j <= m; j++) rows[0][j] = j;
    for (int i = 1; i <= n; i++) {
        int *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            row[j] = smaller(above[j - 1] + (a[i - 1] != b[j - 1]), smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], above2[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

void cli_dashes(char *name)
{
    for (char *c = name; *c; c++) *c = *c == '_' ? '-' : *c;
}

void cli_nearest_try(cli_nearest *nearest, const char *candidate)
{
    char plain[MAX_WORD + 1], word[MAX_WORD + 1];
    snprintf(plain, sizeof plain, "%s", candidate);
    snprintf(word, sizeof word, "%s", nearest->word);
    cli_dashes(plain);
    cli_dashes(word);
    const char *dot = strrchr(word, '.'); /* "train.lr" is two letters, not eight: lr is not near to ema */
    int distance = edit_distance(word, plain);
    if (distance > (int)(strlen(dot ? dot + 1 : word) + 2) / 3) return;
    if (nearest->best[0] && distance >= nearest->distance) return;
    snprintf(nearest->best, sizeof nearest->best, "%s", candidate);
    nearest->distance = distance;
}

static void unknown_option(const cli_option *table, const cli_arguments *arguments, const char *name, size_t length)
{
    char word[MAX_WORD + 1];
    snprintf(word, sizeof word, "%.*s", (int)length, name);
    cli_nearest nearest = {.word = word};
    for (const cli_option *row = table; row->name; row++) cli_nearest_try(&nearest, row->name);
    for (const cli_option *row = cli_common_options; row->name; row++) cli_nearest_try(&nearest, row->name);
    if (arguments->try_keys) arguments->try_keys(&nearest);
    if (nearest.best[0]) {
        cli_dashes(nearest.best);
        cli_usage_error("unknown option --%s; did you mean --%s?", word, nearest.best);
    } else if (arguments->report_unknown)
        arguments->report_unknown(word);
    else
        cli_usage_error("unknown option --%s; --help lists the options", word);
}

/* ---- Values ---- */

static bool read_number(const cli_option *row, double *out, const char *value)
{
    char *end;
    errno = 0;
    double v = strtod(value, &end);
    if (row->type == CLI_PERCENT && end != value && *end == '%') end++;
    if (end == value || *end || errno == ERANGE || !(v >= row->min && v <= row->max)) {
        cli_usage_error("--%s %s: give a number from %g to %g", row->name, value, row->min, row->max);
        return false;
    }
    *out = v;
    return true;
}

static bool read_int(const cli_option *row, long long *out, const char *value)
{
    char *end;
    errno = 0;
    long long v = strtoll(value, &end, 10);
    if (end == value || *end || errno == ERANGE || (double)v < row->min || (double)v > row->max) {
        cli_usage_error("--%s %s: give a whole number from %.0f to %.0f", row->name, value, row->min, row->max);
        return false;
    }
    *out = v;
    return true;
}

static bool read_bytes(const cli_option *row, unsigned long long *out, const char *value)
{
    uint64_t bytes;
    if (!alx_bytes_parse(&bytes, value)) {
        cli_usage_error("--%s %s: give a size such as 800MiB or 2GiB", row->name, value);
        return false;
    }
    *out = bytes;
    return true;
}

static bool read_choice(const cli_option *row, int *out, const char *value)
{
    const char *choice = row->value;
    for (int i = 0; *choice; i++) {
        size_t length = strcspn(choice, "|");
        if (strlen(value) == length && !strncmp(choice, value, length)) {
            *out = i;
            return true;
        }
        choice += length + (choice[length] == '|');
    }
    cli_usage_error("--%s %s: give one of %s", row->name, value, row->value);
    return false;
}

static bool read_flag(const char *name, int *out, const char *value)
{
    static const char *const words[] = {"no", "yes", "false", "true", "0", "1"};
    for (int i = 0; i < 6; i++) {
        if (strcmp(words[i], value)) continue;
        *out = i & 1;
        return true;
    }
    cli_usage_error("--%s=%s: give yes or no, or nothing for yes", name, value);
    return false;
}

static bool store(const cli_option *row, void *config, const char *value)
{
    char *field = (char *)config + row->offset;
    switch (row->type) {
    case CLI_FLAG: return read_flag(row->name, (int *)(void *)field, value);
    case CLI_INT: return read_int(row, (long long *)(void *)field, value);
    case CLI_NUMBER:
    case CLI_PERCENT: return read_number(row, (double *)(void *)field, value);
    case CLI_CHOICE: return read_choice(row, (int *)(void *)field, value);
    case CLI_BYTES: return read_bytes(row, (unsigned long long *)(void *)field, value);
    case CLI_TEXT: *(const char **)(void *)field = value; return true;
    }
    return false;
}

/* ---- The command line ---- */

typedef struct reader {
    const cli_option *table;
    void *config;
    cli_arguments *arguments;
    common common;
    int argc, next;
    char **argv;
} reader;

/* The text behind '=', else the next argument, else NULL and a message. */
static const char *take_value(reader *r, const char *shown, const char *attached)
{
    if (attached) return attached;
    if (r->next < r->argc) return r->argv[r->next++];
    cli_usage_error("%s needs a value", shown);
    return NULL;
}

static bool read_row(reader *r, const cli_option *row, bool is_common, const char *shown, const char *attached)
{
    const char *value = row->type == CLI_FLAG ? (attached ? attached : "yes") : take_value(r, shown, attached);
    return value && store(row, is_common ? (void *)&r->common : r->config, value);
}

static bool read_key(reader *r, cli_key *key, bool flag, const char *shown, const char *attached)
{
    int on = 1;
    if (flag && attached && !read_flag(key->name, &on, attached)) return false;
    key->value = flag ? (on ? "true" : "false") : take_value(r, shown, attached);
    if (!key->value) return false;
    r->arguments->key_count++;
    return true;
}

static bool read_long(reader *r, const char *shown)
{
    const char *name = shown + 2;
    size_t length = strcspn(name, "=");
    const char *attached = name[length] ? name + length + 1 : NULL;
    const cli_option *row = find_in(r->table, name, length);
    if (row) return read_row(r, row, false, shown, attached);
    row = find_in(cli_common_options, name, length);
    if (row) return read_row(r, row, true, shown, attached);

    char word[MAX_WORD + 1];
    bool flag;
    cli_key *key = &r->arguments->keys[r->arguments->key_count]; /* there is room for one a word */
    snprintf(word, sizeof word, "%.*s", (int)length, name);
    if (r->arguments->find_key && length <= MAX_WORD && r->arguments->find_key(word, key->name, &flag))
        return read_key(r, key, flag, shown, attached);
    unknown_option(r->table, r->arguments, name, length);
    return false;
}

/* -o FILE, -oFILE */
static bool read_short(reader *r, const char *shown)
{
    const cli_option *tables[] = {r->table, cli_common_options};
    for (int t = 0; t < 2; t++) {
        for (const cli_option *row = tables[t]; row->name; row++) {
            if (row->letter != shown[1]) continue;
            if (row->type == CLI_FLAG && shown[2]) break;
            return read_row(r, row, t == 1, shown, shown[2] ? shown + 2 : NULL);
        }
    }
    cli_usage_error("unknown option %s; --help lists the options", shown);
    return false;
}

bool cli_options_read(const cli_option *table, void *config, cli_arguments *arguments, int argc, char **argv)
{
    reader r = {.table = table,
                .config = config,
                .arguments = arguments,
                .common = {.language = -1},
                .argc = argc,
                .argv = argv};
    size_t room = (size_t)argc + 1;
    arguments->operands = calloc(room, sizeof *arguments->operands);
    arguments->keys = calloc(room, sizeof *arguments->keys);
    if (!arguments->operands || !arguments->keys) {
        cli_usage_error("out of memory");
        return false;
    }
    bool operands_only = false;
    while (r.next < argc) {
        char *word = argv[r.next++];
        bool good = true;
        if (operands_only || word[0] != '-' || !word[1])
            arguments->operands[arguments->operand_count++] = word;
        else if (!strcmp(word, "--"))
            operands_only = true;
        else if (word[1] == '-')
            good = read_long(&r, word);
        else
            good = read_short(&r, word);
        if (!good) return false;
    }
    arguments->help = r.common.help;
    arguments->language = r.common.language + 1;
    return true;
}

void cli_arguments_finish(cli_arguments *arguments)
{
    free(arguments->operands);
    free(arguments->keys);
    arguments->operands = NULL;
    arguments->keys = NULL;
}

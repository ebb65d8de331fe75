/* alexnet profile MODEL: where the time of a training step goes, layer by layer. */
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "cli/autotune.h"
#include "cli/network.h"
#include "cli/output.h"
#include "cli/profile_ways.h"
#include "report/table.h"

typedef struct config {
    long long batch_size, steps, threads, classes;
    int precision; /* alx_precision */
    int exact, no_autotune, json;
    unsigned long long memory_limit;
} config;

const cli_option cli_profile_options[] = {
    {"batch-size",
     0,
     CLI_INT,
     offsetof(config, batch_size),
     "N",
     1,
     65536,
     {"images of a step (default 32)", "每步的图片数，即批次大小（默认 32）"}},
    {"steps",
     0,
     CLI_INT,
     offsetof(config, steps),
     "N",
     1,
     10000,
     {"steps that are timed, behind two that warm up (default 10)", "计时的步数，之前另有两步预热（默认 10）"}},
    CLI_TRAIN_PRECISION_ROW(config),
    {"threads",
     0,
     CLI_INT,
     offsetof(config, threads),
     "N",
     0,
     1024,
     {"threads (default 0: all cores)", "线程数（默认 0：全部核心）"}},
    CLI_CLASSES_ROW(config),
    {"exact",
     0,
     CLI_FLAG,
     offsetof(config, exact),
     NULL,
     0,
     0,
     {"as written: direct convolution, without Winograd, nothing folded",
      "照定义计算：只用直接卷积，不用 Winograd，不合并各层"}},
    CLI_MEMORY_LIMIT_ROW(config),
    CLI_NO_AUTOTUNE_ROW(config),
    {"json", 0, CLI_FLAG, offsetof(config, json), NULL, 0, 0, {"print JSON", "以 JSON 输出"}},
    {0},
};

/* ---- Numbers ---- */

/* Some rows together. */
typedef struct part {
    double seconds, conversions, multiply_adds;
} part;

static void add_row(part *p, const alx_profile_row *row)
{
    p->seconds += row->seconds;
    p->conversions += row->conversions;
    p->multiply_adds += (double)row->multiply_adds;
}

/* Operations a second in 10^9, a multiply-add counted as two. */
static double gflops(const part *p)
{
    return p->seconds > 0 ? 2e-9 * p->multiply_adds / p->seconds : 0.0;
}

static bool is_optimizer(const alx_profile_row *row)
{
    return row->layer < 0 && !strcmp(row->name, "optimizer");
}

/* "avx512_core" of "jit:avx512_core"; "" without one, as in "x64:gemm:jit" and "own". */
static const char *instruction_set(const char *algorithm)
{
    static const char *const families[] = {"avx", "sse", "asimd", "sve"};
    const char *colon = strrchr(algorithm, ':');
    for (size_t i = 0; colon && i < sizeof families / sizeof *families; i++)
        if (!strncmp(colon + 1, families[i], strlen(families[i]))) return colon + 1;
    return "";
}

typedef struct totals {
    part forward, backward, optimizer;
    alx_profile_row longest; /* of those whose algorithm has an instruction set */
} totals;

static totals add_up(const alx_profile *profile)
{
    totals t = {.longest = {.algorithm = ""}};
    alx_profile_row row;
    for (int i = 0; alx_profile_row_get(profile, i, &row); i++) {
        add_row(is_optimizer(&row) ? &t.optimizer : row.backward ? &t.backward : &t.forward, &row);
        if (*instruction_set(row.algorithm) && row.seconds > t.longest.seconds) t.longest = row;
    }
    return t;
}

/* ---- Text ---- */

typedef struct words {
    const char *headings[9];
    const char *loss, *optimizer, *total, *own, *thread, *threads;
    const char *step, *computed, *memory, *parts, *isa;
} words;

static const words texts[2] = {
    {{"Layer", "fwd ms", "bwd ms", "fwd GF/s", "bwd GF/s", "share", "peak", "algorithm", "layout"},
     "loss",
     "optimizer",
     "total",
     "own",
     "thread",
     "threads",
     "step %.*f ms (%.1f images/s): forward %.*f, backward %.*f, optimizer %.*f; of it conversions %.*f\n",
     "%s, %d %s; peak %.0f GFLOP/s: the fastest matrix product that oneDNN did here just now\n",
     "such training takes %.0f MiB, validation aside%s\n",
     "; at batch %lld with memory limit, computed %d images at a time: the step above is one of these parts",
     "algorithms are oneDNN's for %s, unless another stands behind them\n"},
    {{"层", "前向ms", "反向ms", "前向GF/s", "反向GF/s", "占比", "峰值", "算法", "布局"},
     "损失",
     "优化器",
     "合计",
     "自写",
     "线程",
     "线程",
     "每步 %.*f ms（每秒 %.1f 张）：前向 %.*f，反向 %.*f，优化器 %.*f；其中转换 %.*f\n",
     "%s，%d %s；峰值 %.0f GFLOP/s：oneDNN 刚才在本机做得最快的矩阵乘法\n",
     "这样训练占内存 %.0f MiB，验证除外%s\n",
     "；批次 %lld 因内存上限每次计算 %d 张，上表是其中一份",
     "算法是 oneDNN 为 %s 写的，另有注明的除外\n"},
};

typedef struct printer {
    const alx_profile *profile;
    const words *words;
    alx_table table;
    double step, peak; /* seconds, GFLOP/s */
    int decimals;      /* of milliseconds: columns stay narrow */
    const char *format;
    const char *isa; /* instruction set of the row that takes longest: left out behind algorithms */
} printer;

static void write_algorithm(char text[64], const printer *p, const char *algorithm)
{
    const char *isa = instruction_set(algorithm);
    const bool usual = *isa && !strcmp(isa, p->isa);
    if (!strcmp(algorithm, "own")) algorithm = p->words->own;
    snprintf(text, 64, "%.*s", usual ? (int)(isa - 1 - algorithm) : 63, algorithm);
}

static void add_algorithms(printer *p, const char *forward, const char *backward)
{
    char a[64], b[64];
    write_algorithm(a, p, forward);
    write_algorithm(b, p, backward);
    if (!*b || !strcmp(a, b))
        alx_table_cell(&p->table, "%s", a);
    else
        alx_table_cell(&p->table, "%s, %s", *a ? a : "-", b);
}

static void add_number(alx_table *table, bool there, const char *format, double value)
{
    if (there)
        alx_table_cell(table, format, value);
    else
        alx_table_cell(table, "%s", "");
}

/* Nothing is printed of what does not run. */
static void add_numbers(printer *p, const part *forward, bool runs_forward, const part *backward, bool runs_backward)
{
    const part all = {forward->seconds + backward->seconds, 0, forward->multiply_adds + backward->multiply_adds};
    alx_table *table = &p->table;
    add_number(table, runs_forward, p->format, 1e3 * forward->seconds);
    add_number(table, runs_backward, p->format, 1e3 * backward->seconds);
    add_number(table, forward->multiply_adds > 0, "%.0f", gflops(forward));
    add_number(table, backward->multiply_adds > 0, "%.0f", gflops(backward));
    alx_table_cell(table, "%.1f %%", 100 * all.seconds / p->step);
    add_number(table, all.multiply_adds > 0, "%.0f %%", 100 * gflops(&all) / p->peak);
}

/* A layer, or the loss, both ways. */
static void add_line(printer *p, const alx_profile_row *forward)
{
    part f = {0}, b = {0};
    alx_profile_row row, backward = {.algorithm = ""};
    for (int i = 0; alx_profile_row_get(p->profile, i, &row); i++)
        if (row.backward && row.layer == forward->layer) backward = row;
    add_row(&f, forward);
    add_row(&b, &backward);
    cli_name_text name;
    alx_table_cell(&p->table, "%s", forward->layer < 0 ? p->words->loss : cli_name(forward->name, name));
    add_numbers(p, &f, *forward->algorithm, &b, *backward.algorithm);
    add_algorithms(p, forward->algorithm, backward.algorithm);
    alx_table_cell(&p->table, "%s", forward->layout);
}

/* The optimizer's time stands among the backward ones, which it ends. */
static void add_totals(printer *p, const totals *t)
{
    part backward = t->backward;
    alx_table_cell(&p->table, "%s", p->words->optimizer);
    alx_table_cell(&p->table, "%s", "");
    add_number(&p->table, true, p->format, 1e3 * t->optimizer.seconds);
    for (int i = 0; i < 2; i++) alx_table_cell(&p->table, "%s", "");
    alx_table_cell(&p->table, "%.1f %%", 100 * t->optimizer.seconds / p->step);
    alx_table_cell(&p->table, "%s", "");
    add_algorithms(p, "own", "");
    alx_table_cell(&p->table, "%s", "");
    alx_table_rule(&p->table);
    backward.seconds += t->optimizer.seconds;
    alx_table_cell(&p->table, "%s", p->words->total);
    add_numbers(p, &t->forward, true, &backward, true);
    for (int i = 0; i < 2; i++) alx_table_cell(&p->table, "%s", "");
}

static alx_status print_table(printer *p, const totals *t, alx_error *err)
{
    const char *const *h = p->words->headings;
    alx_profile_row row;
    alx_table_init(&p->table, h[0], ALX_TABLE_LEFT, h[1], ALX_TABLE_RIGHT, h[2], ALX_TABLE_RIGHT, h[3], ALX_TABLE_RIGHT,
                   h[4], ALX_TABLE_RIGHT, h[5], ALX_TABLE_RIGHT, h[6], ALX_TABLE_RIGHT, h[7], ALX_TABLE_LEFT, h[8],
                   ALX_TABLE_LEFT, NULL);
    for (int i = 0; alx_profile_row_get(p->profile, i, &row); i++)
        if (!row.backward && !is_optimizer(&row)) add_line(p, &row);
    add_totals(p, t);
    alx_status status = alx_table_print(&p->table, stdout, err);
    alx_table_finish(&p->table);
    return status;
}

static int print_text(const alx_profile *profile, const config *c, alx_language language)
{
    const totals t = add_up(profile);
    const words *w = &texts[language];
    const bool fine = alx_profile_step_seconds(profile) < 1.0;
    printer p = {.profile = profile,
                 .words = w,
                 .step = alx_profile_step_seconds(profile),
                 .peak = 1e-9 * alx_profile_peak(profile),
                 .decimals = fine ? 2 : 1,
                 .format = fine ? "%.2f" : "%.1f",
                 .isa = instruction_set(t.longest.algorithm)};
    const part *f = &t.forward, *b = &t.backward;
    const int threads = alx_profile_threads(profile);
    alx_error err = {0};
    if (print_table(&p, &t, &err)) return cli_error(&err);
    const int d = p.decimals;
    const int at_once = alx_profile_at_once(profile);
    printf(w->step, d, 1e3 * p.step, (double)at_once / p.step, d, 1e3 * f->seconds, d, 1e3 * b->seconds, d,
           1e3 * t.optimizer.seconds, d, 1e3 * (f->conversions + b->conversions));
    printf(w->computed, cli_precision_name(alx_profile_precision(profile)), threads,
           threads == 1 ? w->thread : w->threads, p.peak);
    char parts[160] = "";
    if (at_once < c->batch_size) snprintf(parts, sizeof parts, w->parts, c->batch_size, at_once);
    printf(w->memory, (double)alx_profile_memory(profile) * 0x1p-20, parts);
    if (*p.isa) printf(w->isa, p.isa);
    return cli_print_ways(profile, language, &err) ? cli_error(&err) : CLI_DONE;
}

/* ---- JSON ---- */

static json_t *text_or_null(const char *text)
{
    return *text ? cli_json_text(text) : json_null();
}

static json_t *row_json(const alx_profile_row *row, double step)
{
    json_t *json = json_object();
    part p = {0};
    add_row(&p, row);
    json_object_set_new(json, "layer", json_integer(row->layer));
    json_object_set_new(json, "name", cli_json_text(row->name));
    json_object_set_new(json, "direction",
                        json_string(is_optimizer(row) ? "update"
                                    : row->backward   ? "backward"
                                                      : "forward"));
    json_object_set_new(json, "milliseconds", cli_json_number(1e3 * row->seconds));
    json_object_set_new(json, "conversions", cli_json_number(1e3 * row->conversions));
    json_object_set_new(json, "multiply_adds", json_integer(row->multiply_adds));
    json_object_set_new(json, "gflops", row->multiply_adds ? cli_json_number(gflops(&p)) : json_null());
    json_object_set_new(json, "share", cli_json_number(row->seconds / step));
    json_object_set_new(json, "algorithm", text_or_null(row->algorithm));
    json_object_set_new(json, "layout", text_or_null(row->layout));
    return json;
}

static int print_json(const alx_profile *profile, const config *c, const alx_network *network)
{
    const double step = alx_profile_step_seconds(profile);
    json_t *root = json_object(), *rows = json_array();
    alx_profile_row row;
    for (int i = 0; alx_profile_row_get(profile, i, &row); i++) json_array_append_new(rows, row_json(&row, step));
    json_object_set_new(root, "name", cli_json_text(alx_network_name(network)));
    json_object_set_new(root, "rows", rows);
    json_object_set_new(root, "ways", cli_ways_json(profile));
    json_object_set_new(root, "step_ms", cli_json_number(1e3 * step));
    json_object_set_new(root, "images_per_second", cli_json_number((double)alx_profile_at_once(profile) / step));
    json_object_set_new(root, "precision", json_string(cli_precision_name(alx_profile_precision(profile))));
    json_object_set_new(root, "threads", json_integer(alx_profile_threads(profile)));
    json_object_set_new(root, "batch_size", json_integer(c->batch_size));
    json_object_set_new(root, "at_once", json_integer(alx_profile_at_once(profile)));
    json_object_set_new(root, "memory", json_integer((json_int_t)alx_profile_memory(profile)));
    json_object_set_new(root, "steps", json_integer(c->steps));
    json_object_set_new(root, "peak_gflops", cli_json_number(1e-9 * alx_profile_peak(profile)));
    int code = cli_print_json(root);
    putchar('\n');
    return code;
}

/* ---- The command ---- */

/* Seconds, and how often the system has given a core to another program since the process began. */
typedef struct usage {
    double seconds;
    long interruptions;
} usage;

static usage usage_now(void)
{
    struct timespec now;
    struct rusage used;
    clock_gettime(CLOCK_MONOTONIC, &now);
    getrusage(RUSAGE_SELF, &used);
    return (usage){(double)now.tv_sec + 1e-9 * (double)now.tv_nsec, used.ru_nivcsw};
}

/* Threads that wait for one of them that was sent away make all of it slow, not a part in proportion. */
static void warn_when_busy(const alx_profile *profile, usage before)
{
    enum { USUAL = 20 }; /* a second and thread: an idle machine has a few */
    const usage now = usage_now();
    const double rate = (double)(now.interruptions - before.interruptions) / (now.seconds - before.seconds);
    if (rate > USUAL * alx_profile_threads(profile))
        cli_warn("other programs took a core away %.0f times a second, which makes these times too long; repeat it on "
                 "an idle machine, or with fewer --threads",
                 rate);
}

static int profile_network(const alx_network *network, const config *c, alx_language language)
{
    alx_profile_config wanted;
    alx_profile_config_init(&wanted);
    wanted.batch_size = (int)c->batch_size;
    wanted.steps = (int)c->steps;
    wanted.precision = (alx_precision)c->precision;
    wanted.threads = (int)c->threads;
    wanted.exact = c->exact;
    wanted.memory_limit = c->memory_limit;
    wanted.autotune = !c->no_autotune;
    wanted.cache_dir = cli_cache_folder();
    int size[3];
    alx_network_input(network, size);
    cli_name_text name;
    fprintf(stderr, "%s: %lld training step%s of %lld random image%s of %dx%dx%d\n",
            cli_name(alx_network_name(network), name), c->steps, c->steps == 1 ? "" : "s", c->batch_size,
            c->batch_size == 1 ? "" : "s", size[0], size[1], size[2]);
    alx_profile *profile;
    alx_error err = {0};
    const usage before = usage_now();
    if (alx_profile_create(&profile, network, &wanted, &err)) return cli_error(&err);
    warn_when_busy(profile, before);
    int code = c->json ? print_json(profile, c, network) : print_text(profile, c, language);
    alx_profile_destroy(profile);
    return code;
}

int cli_profile(const cli_call *call)
{
    config c = {.batch_size = 32, .steps = 10};
    alx_network *network;
    alx_language language;
    int code;
    if (!cli_begin_network(call, &c, &c.classes, &network, &language, &code)) return code;
    code = profile_network(network, &c, language);
    alx_network_destroy(network);
    return code;
}

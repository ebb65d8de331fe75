/* alexnet predict MODEL IMAGE|FOLDER... */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/output.h"
#include "cli/session.h"

typedef struct config {
    long long top;
    int json, csv;
    cli_session_options session;
} config;

const cli_option cli_predict_options[] = {
    {"top",
     0,
     CLI_INT,
     offsetof(config, top),
     "N",
     1,
     1000000,
     {"how many classes to print of each image (default 3)", "每张图片打印几个类别（默认 3）"}},
    {"json", 0, CLI_FLAG, offsetof(config, json), NULL, 0, 0, {"print JSON", "以 JSON 输出"}},
    {"csv",
     0,
     CLI_FLAG,
     offsetof(config, csv),
     NULL,
     0,
     0,
     {"print CSV: path, rank, class, probability", "以 CSV 输出：路径、名次、类别、概率"}},
    CLI_SESSION_ROWS(config),
    {0},
};

/* A batch of files and what the session said of them. */
typedef struct batch {
    int classes, top;
    float *probabilities; /* (batch_size, classes) */
    alx_status *status;
    alx_error *errors;
    int *order; /* (top) the classes of one image, best first */
} batch;

typedef struct printer {
    const char *begin, *end;
    /* index counts the images printed before this one. */
    void (*print)(const alx_model *model, const batch *b, int place, const char *path, long long index);
} printer;

static bool batch_init(batch *b, const alx_model *model, const config *c)
{
    b->classes = alx_model_class_count(model);
    b->top = c->top < b->classes ? (int)c->top : b->classes;
    size_t size = (size_t)c->session.batch_size;
    b->probabilities = calloc(size * (size_t)b->classes, sizeof *b->probabilities);
    b->status = calloc(size, sizeof *b->status);
    b->errors = calloc(size, sizeof *b->errors);
    b->order = calloc((size_t)b->top, sizeof *b->order);
    return b->probabilities && b->status && b->errors && b->order;
}

static void batch_finish(batch *b)
{
    free(b->order);
    free(b->errors);
    free(b->status);
    free(b->probabilities);
}

static const float *row_of(const batch *b, int place)
{
    return b->probabilities + (size_t)place * (size_t)b->classes;
}

/* The `top` likeliest classes by insertion: top is small.  Ties keep the class order. */
static void rank(batch *b, int place)
{
    const float *row = row_of(b, place);
    int filled = 0;
    for (int i = 0; i < b->classes; i++) {
        int at = filled;
        while (at > 0 && row[i] > row[b->order[at - 1]]) at--;
        if (at == b->top) continue;
        if (filled < b->top) filled++;
        for (int j = filled - 1; j > at; j--) b->order[j] = b->order[j - 1];
        b->order[at] = i;
    }
}

static void print_text(const alx_model *model, const batch *b, int place, const char *path, long long index)
{
    (void)index;
    if (b->status[place]) return;
    const float *row = row_of(b, place);
    cli_print_name(stdout, path);
    for (int i = 0; i < b->top; i++) {
        fputs(i ? ", " : ": ", stdout);
        cli_print_name(stdout, alx_model_class_name(model, b->order[i]));
        printf(" %.2f %%", 100.0 * (double)row[b->order[i]]);
    }
    putchar('\n');
}

static void print_csv(const alx_model *model, const batch *b, int place, const char *path, long long index)
{
    (void)index;
    if (b->status[place]) return;
    const float *row = row_of(b, place);
    for (int i = 0; i < b->top; i++) {
        cli_print_csv(stdout, path);
        printf(",%d,", i + 1);
        cli_print_csv(stdout, alx_model_class_name(model, b->order[i]));
        printf(",%.9g\n", (double)row[b->order[i]]);
    }
}

static void print_json(const alx_model *model, const batch *b, int place, const char *path, long long index)
{
    json_t *image = json_object();
    json_object_set_new(image, "path", cli_json_text(path));
    if (b->status[place]) {
        json_object_set_new(image, "error", cli_json_text(b->errors[place].message));
    } else {
        json_t *classes = json_array();
        for (int i = 0; i < b->top; i++) {
            json_t *one = json_object();
            json_object_set_new(one, "class", cli_json_text(alx_model_class_name(model, b->order[i])));
            json_object_set_new(one, "probability", cli_json_number((double)row_of(b, place)[b->order[i]]));
            json_array_append_new(classes, one);
        }
        json_object_set_new(image, "classes", classes);
    }
    fputs(index ? ",\n" : "\n", stdout);
    cli_print_json(image);
}

static const printer printers[] = {
    {"", "", print_text},
    {"path,rank,class,probability\n", "", print_csv},
    {"[", "\n]\n", print_json},
};

/* What the session made of one batch: results to stdout, unreadable files to stderr. */
static int print_batch(const printer *form, const alx_model *model, batch *b, char *const *paths, int size,
                       long long first)
{
    int bad = 0;
    for (int i = 0; i < size; i++) {
        if (b->status[i]) {
            cli_usage_error("%s", b->errors[i].message);
            bad++;
        } else {
            rank(b, i);
        }
        form->print(model, b, i, paths[i], first + i);
    }
    return bad;
}

static alx_status predict(const char *path, const config *c, const cli_files *files, int *code, alx_error *err)
{
    cli_session s = {0};
    batch b = {0};
    alx_status status = cli_session_open(&s, path, &c->session, err);
    if (status) goto done;
    if (!batch_init(&b, s.model, c)) {
        cli_usage_error("out of memory");
        *code = CLI_FAILED;
        goto done;
    }
    const printer *form = &printers[c->json ? 2 : c->csv ? 1 : 0];
    int size, bad = 0;
    fputs(form->begin, stdout);
    for (int first = 0; first < files->count && !ferror(stdout); first += size) {
        size = files->count - first < c->session.batch_size ? files->count - first : (int)c->session.batch_size;
        char *const *paths = files->paths + first;
        status =
            alx_predict_files(s.session, (const char *const *)paths, size, b.probabilities, b.status, b.errors, err);
        if (status) goto done;
        bad += print_batch(form, s.model, &b, paths, size, first);
    }
    fputs(form->end, stdout);
    *code = bad || files->missing ? CLI_BAD_INPUT : CLI_DONE;
done:
    batch_finish(&b);
    cli_session_close(&s);
    return status;
}

int cli_predict(const cli_call *call)
{
    config c = {.top = 3, .session = CLI_SESSION_DEFAULTS};
    cli_arguments arguments = {0};
    int code;
    if (!cli_begin(call, &arguments, &c, &code)) return code;
    cli_files files = {0};
    alx_error err = {0};
    if (arguments.operand_count < 2) {
        code = cli_usage_error("predict takes a model and images: alexnet predict runs/1 photo.jpg");
    } else if (c.json && c.csv) {
        code = cli_usage_error("--json and --csv: give one of them");
    } else if (!cli_files_find(&files, arguments.operands + 1, arguments.operand_count - 1)) {
        code = CLI_FAILED;
    } else {
        if (files.count && files.count < c.session.batch_size) c.session.batch_size = files.count;
        if (predict(arguments.operands[0], &c, &files, &code, &err)) code = cli_error(&err);
    }
    cli_files_finish(&files);
    cli_arguments_finish(&arguments);
    return code;
}

/* glyphs - render a data set of writing styles from fonts.
 *
 *     glyphs data/styles
 *     glyphs data/styles --class lishu=A.woff2 --class xingkai=B.ttf,C.ttf --test lishu=D.ttf --test xingkai=E.ttf
 *
 * Every class draws the same characters, so that only the style tells them apart.
 * This file reads the command line and opens the fonts. */
#include "glyphs.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int glyphs_fail(const char *format, ...)
{
    fflush(stdout);
    fputs("glyphs: ", stderr);
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return GLYPHS_FAILED;
}

#define USAGE(...) (glyphs_fail(__VA_ARGS__), GLYPHS_USAGE)

/* ---- Debian's fonts ---- */

static const struct {
    const char *class_name;
    font_kind kind;
    const char *font;
    const char *package;
} DEBIAN_FONTS[] = {
    {"kaishu", FONT_KNOWN, "/usr/share/fonts/truetype/cwtex/cwkai.ttf", "fonts-cwtex-kai"},
    {"kaishu", FONT_KNOWN, "/usr/share/fonts/truetype/cns11643/TW-Kai-98_1.ttf", "fonts-cns11643-kai"},
    {"songti", FONT_KNOWN, "/usr/share/fonts/truetype/cwtex/cwming.ttf", "fonts-cwtex-ming"},
    {"songti", FONT_KNOWN, "/usr/share/fonts/truetype/cns11643/TW-Sung-98_1.ttf", "fonts-cns11643-sung"},
    {"kaishu", FONT_UNSEEN, "/usr/share/fonts/truetype/arphic-gkai00mp/gkai00mp.ttf", "fonts-arphic-gkai00mp"},
    {"kaishu", FONT_UNSEEN, "/usr/share/fonts/truetype/kouzan-mouhitsu/kouzan-mouhitsu.ttf", "fonts-kouzan-mouhitsu"},
    {"songti", FONT_UNSEEN, "/usr/share/fonts/truetype/arphic-gbsn00lp/gbsn00lp.ttf", "fonts-arphic-gbsn00lp"},
    {"songti", FONT_UNSEEN, "/usr/share/fonts/truetype/arphic/uming.ttc:0", "fonts-arphic-uming"},
};
enum { DEBIAN_FONT_COUNT = sizeof DEBIAN_FONTS / sizeof DEBIAN_FONTS[0] };

/* ---- Classes and fonts ---- */

/* The class of that name, added when it is new; NULL after a message. */
static glyph_class *get_class(glyph_set *set, const char *name)
{
    for (int c = 0; c < set->class_count; c++)
        if (strcmp(set->classes[c].name, name) == 0) return &set->classes[c];
    if (set->class_count == MAX_CLASSES) {
        glyphs_fail("more than %d classes", MAX_CLASSES);
        return NULL;
    }
    glyph_class *class = &set->classes[set->class_count++];
    snprintf(class->name, sizeof class->name, "%s", name);
    for (int kind = FONT_KNOWN; kind <= FONT_UNSEEN; kind++) {
        class->fonts[kind] = calloc(MAX_FONTS, sizeof(glyph_font));
        if (!class->fonts[kind]) {
            glyphs_fail("out of memory");
            return NULL;
        }
    }
    return class;
}

/* Two files with one stem (a/x.ttf and b/x.ttf, or two faces of a collection) get x and x.2. */
static void make_name_unique(glyph_class *class, font_kind kind)
{
    glyph_font *last = &class->fonts[kind][class->font_count[kind] - 1];
    for (glyph_font *font = class->fonts[kind]; font < last; font++)
        if (strcmp(font->name, last->name) == 0) {
            size_t length = strlen(last->name);
            if (length > sizeof last->name - 8) length = sizeof last->name - 8;
            snprintf(last->name + length, sizeof last->name - length, ".%d", class->font_count[kind]);
            return;
        }
}

static bool is_named(const glyph_set *set, const glyph_font *font)
{
    for (int c = 0; c < set->class_count; c++)
        for (int kind = FONT_KNOWN; kind <= FONT_UNSEEN; kind++)
            for (int f = 0; f < set->classes[c].font_count[kind]; f++) {
                const glyph_font *other = &set->classes[c].fonts[kind][f];
                if (other->index == font->index && strcmp(other->path, font->path) == 0) return true;
            }
    return false;
}

static int add_font(glyph_set *set, glyph_class *class, font_kind kind, const char *spec, bool anywhere)
{
    if (class->font_count[kind] == MAX_FONTS) return glyphs_fail("%s: more than %d fonts", class->name, MAX_FONTS);
    glyph_font font;
    if (!glyph_font_find(&font, spec, anywhere))
        return glyphs_fail("%s: no font %s; give the path of a TTF, OTF, TTC or WOFF2 file", class->name, spec);
    /* It would put the same images into two classes, or into training and test. */
    bool twice = is_named(set, &font);
    class->fonts[kind][class->font_count[kind]++] = font;
    make_name_unique(class, kind);
    if (twice) return USAGE("%s is named twice; a font belongs to one class, and to --class or --test", font.path);
    return GLYPHS_DONE;
}

/* "NAME=FONT[,FONT...]" */
static int read_class(glyph_set *set, font_kind kind, const char *text)
{
    const char *option = kind == FONT_KNOWN ? "--class" : "--test";
    const char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : 0;
    if (length == 0 || equals[1] == '\0')
        return USAGE("%s %s: expected NAME=FONT[,FONT...], such as kaishu=cwkai.ttf", option, text);
    /* The name becomes a folder, and loaders ignore hidden ones. */
    if (length >= CLASS_NAME_BYTES || text[0] == '.' || memchr(text, '/', length))
        return USAGE("%s %s: a class is named like a folder: short, without '/' and no '.' in front", option, text);

    char *copy = strdup(text);
    if (!copy) return glyphs_fail("out of memory");
    copy[length] = '\0';
    glyph_class *class = get_class(set, copy);
    int status = class ? GLYPHS_DONE : GLYPHS_FAILED;
    char *rest = NULL;
    for (char *font = strtok_r(copy + length + 1, ",", &rest); font && !status; font = strtok_r(NULL, ",", &rest))
        status = add_font(set, class, kind, font, false);
    free(copy);
    return status;
}

static int use_debian_fonts(glyph_set *set)
{
    char missing[512] = "";
    int status = GLYPHS_DONE;
    for (int i = 0; i < DEBIAN_FONT_COUNT && !status; i++) {
        if (DEBIAN_FONTS[i].kind == FONT_UNSEEN && set->test == 0) continue;
        glyph_font font;
        bool found = glyph_font_find(&font, DEBIAN_FONTS[i].font, true);
        glyph_font_close(&font);
        glyph_class *class = get_class(set, DEBIAN_FONTS[i].class_name);
        if (!class) return GLYPHS_FAILED;
        if (found)
            status = add_font(set, class, DEBIAN_FONTS[i].kind, DEBIAN_FONTS[i].font, true);
        else
            snprintf(missing + strlen(missing), sizeof missing - strlen(missing), " %s", DEBIAN_FONTS[i].package);
    }
    if (*missing) return glyphs_fail("fonts are missing; install them with: sudo apt-get install%s", missing);
    return status;
}

static int check_classes(const glyph_set *set)
{
    int tested = 0;
    for (int c = 0; c < set->class_count; c++) {
        const glyph_class *class = &set->classes[c];
        if (class->font_count[FONT_KNOWN] == 0)
            return USAGE("--test %s=...: no --class of that name; give its training fonts too", class->name);
        tested += class->font_count[FONT_UNSEEN] > 0;
    }
    if (set->class_count < 2) return USAGE("one class alone cannot be told apart; give --class twice or more");
    for (int c = 0; c < set->class_count && tested; c++)
        if (set->classes[c].font_count[FONT_UNSEEN] == 0)
            return USAGE("class %s has no test fonts, others have; give --test %s=FONT", set->classes[c].name,
                         set->classes[c].name);
    return GLYPHS_DONE;
}

/* ---- Options ---- */

typedef enum option_kind {
    TAKES_CLASS,
    TAKES_TEST,
    TAKES_INTEGER,
    TAKES_SEED,
    TAKES_NUMBER,
    TAKES_NOTHING
} option_kind;

static const struct {
    const char *name, *value;
    option_kind kind;
    size_t offset; /* of the field of glyph_set */
    double min, max;
    const char *help;
} OPTIONS[] = {
    {"class", "NAME=FONT[,FONT...]", TAKES_CLASS, 0, 0, 0, "fonts for training and validation; once per class"},
    {"test", "NAME=FONT[,FONT...]", TAKES_TEST, 0, 0, 0, "fonts that training never sees; once per class"},
    {"train", "N", TAKES_INTEGER, offsetof(glyph_set, train), 1, 1e6, "training images per class (2000)"},
    {"validation", "N", TAKES_INTEGER, offsetof(glyph_set, validation), 0, 1e6, "validation images per class (400)"},
    {"test-count", "N", TAKES_INTEGER, offsetof(glyph_set, test), 0, 1e6, "test images per class (400)"},
    {"size", "N", TAKES_INTEGER, offsetof(glyph_set, size), 8, 4096, "pixels a side (227)"},
    {"fill", "X", TAKES_NUMBER, offsetof(glyph_set, fill), 0.05, 1, "share of the side that the ink takes (0.8)"},
    {"seed", "N", TAKES_SEED, offsetof(glyph_set, seed), 0, 0, "another seed chooses other characters (0)"},
    {"overwrite", NULL, TAKES_NOTHING, offsetof(glyph_set, overwrite), 0, 0, "replace a data set that is there"},
};
enum { OPTION_COUNT = sizeof OPTIONS / sizeof OPTIONS[0] };

static void print_help(void)
{
    puts("Usage: glyphs OUT [options]\n\n"
         "Renders a data set of writing styles from fonts: OUT/train/CLASS/*.png, OUT/validation/...\n"
         "(other characters of the same fonts) and OUT/test/... (fonts that training never sees).\n"
         "Without --class: kaishu against songti, from Debian's fonts.\n");
    for (int i = 0; i < OPTION_COUNT; i++) {
        char left[64];
        snprintf(left, sizeof left, "--%s %s", OPTIONS[i].name, OPTIONS[i].value ? OPTIONS[i].value : "");
        printf("  %-28s %s\n", left, OPTIONS[i].help);
    }
    puts("\nFONT is a TTF, OTF, TTC or WOFF2 file; FILE:INDEX is a face of a collection; a folder\n"
         "holds the parts of one web font. A name without a folder is also looked up below /usr/share/fonts.\n\n"
         "Example: glyphs data/styles --class lishu=A.woff2 --class xingkai=B.ttf,C.ttf\n\n"
         "Exit codes: 0 done, 1 failed, 2 wrong usage.");
}

static int set_option(glyph_set *set, int row, const char *text)
{
    const char *name = OPTIONS[row].name;
    void *field = (char *)set + OPTIONS[row].offset;
    char *end = NULL;
    errno = 0;
    switch (OPTIONS[row].kind) {
    case TAKES_CLASS: return read_class(set, FONT_KNOWN, text);
    case TAKES_TEST: return read_class(set, FONT_UNSEEN, text);
    case TAKES_NOTHING: *(bool *)field = true; return GLYPHS_DONE;
    case TAKES_SEED:
        *(uint64_t *)field = strtoull(text, &end, 10);
        if (!isdigit((unsigned char)*text) || *end || errno)
            return USAGE("--%s %s: expected a whole number, 0 or more", name, text);
        return GLYPHS_DONE;
    case TAKES_INTEGER:
    case TAKES_NUMBER: break;
    }
    bool whole = OPTIONS[row].kind == TAKES_INTEGER;
    double value = strtod(text, &end);
    /* Written so that NaN is refused too. */
    bool inside = value >= OPTIONS[row].min && value <= OPTIONS[row].max;
    if (end == text || *end || errno || !inside || (whole && value != floor(value)))
        return USAGE("--%s %s: expected a %s from %g to %.0f", name, text, whole ? "whole number" : "number",
                     OPTIONS[row].min, OPTIONS[row].max);
    if (whole)
        *(int64_t *)field = (int64_t)value;
    else
        *(double *)field = value;
    return GLYPHS_DONE;
}

/* "--name value", "--name=value"; *next is moved behind what was read. */
static int read_option(glyph_set *set, char **argv, int *next)
{
    const char *name = argv[*next] + 2;
    size_t length = strcspn(name, "=");
    for (int row = 0; row < OPTION_COUNT; row++) {
        if (strlen(OPTIONS[row].name) != length || strncmp(OPTIONS[row].name, name, length) != 0) continue;
        const char *value = name[length] == '=' ? name + length + 1 : NULL;
        if (OPTIONS[row].kind == TAKES_NOTHING && value) return USAGE("--%s takes no value", OPTIONS[row].name);
        if (OPTIONS[row].kind != TAKES_NOTHING && !value) value = argv[++*next];
        if (OPTIONS[row].kind != TAKES_NOTHING && !value)
            return USAGE("--%s needs a value: --%s %s", OPTIONS[row].name, OPTIONS[row].name, OPTIONS[row].value);
        ++*next;
        return set_option(set, row, value);
    }
    return USAGE("unknown option %s; see glyphs --help", argv[*next]);
}

static int read_arguments(glyph_set *set, char **argv)
{
    for (int next = 1; argv[next];) {
        if (strncmp(argv[next], "--", 2) == 0) {
            int status = read_option(set, argv, &next);
            if (status) return status;
        } else if (argv[next][0] == '-' || argv[next][0] == '\0' || set->out) {
            return USAGE("unexpected argument '%s'; see glyphs --help", argv[next]);
        } else {
            set->out = argv[next++];
        }
    }
    if (!set->out) return USAGE("no folder to write to; usage: glyphs OUT [options], see glyphs --help");
    if (set->class_count == 0) return use_debian_fonts(set);
    return check_classes(set);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return print_help(), GLYPHS_DONE;

    glyph_set set = {.train = 2000, .validation = 400, .test = 400, .size = 227, .fill = 0.8};
    FT_Library library = NULL;
    set.classes = calloc(MAX_CLASSES, sizeof *set.classes);
    int status = set.classes ? read_arguments(&set, argv) : glyphs_fail("out of memory");
    if (!status && FT_Init_FreeType(&library)) status = glyphs_fail("FreeType does not start");
    for (int c = 0; c < set.class_count; c++)
        for (int kind = FONT_KNOWN; kind <= FONT_UNSEEN; kind++)
            for (int f = 0; f < set.classes[c].font_count[kind] && !status; f++)
                status = glyph_font_open(&set.classes[c].fonts[kind][f], library);
    if (!status) status = glyph_set_write(&set);

    for (int c = 0; c < set.class_count; c++)
        for (int kind = FONT_KNOWN; kind <= FONT_UNSEEN; kind++) {
            for (int f = 0; f < set.classes[c].font_count[kind]; f++) glyph_font_close(&set.classes[c].fonts[kind][f]);
            free(set.classes[c].fonts[kind]);
        }
    free(set.classes);
    FT_Done_FreeType(library);
    return status;
}

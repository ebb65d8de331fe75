/* The data set: which characters each split gets, and the folders of images. */
#include "glyphs.h"

#include <errno.h>
#include <fts.h>
#include <inttypes.h>
#include <limits.h>
#include <png.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SPLITS = 3 };
static const char *const SPLIT_NAMES[SPLITS] = {"train", "validation", "test"};

typedef struct glyph_split {
    font_kind kind;
    int64_t wanted;        /* images per class; 0: no such split */
    const uint32_t *codes; /* (count), in the order of use */
    int count;
} glyph_split;

typedef struct glyph_plan {
    uint32_t codes[2][CJK_COUNT]; /* by font_kind: what all fonts of all classes have, shuffled */
    glyph_split splits[SPLITS];
} glyph_plan;

/* ---- Choice ---- */

/* SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static void shuffle(uint32_t *codes, int count, uint64_t seed)
{
    for (int i = count - 1; i > 0; i--) {
        /* The bias of the remainder is below 2^-49. */
        int j = (int)(next_random(&seed) % (uint64_t)(i + 1));
        uint32_t swap = codes[i];
        codes[i] = codes[j];
        codes[j] = swap;
    }
}

static bool all_have(const glyph_set *set, font_kind kind, uint32_t code)
{
    for (int c = 0; c < set->class_count; c++)
        for (int f = 0; f < set->classes[c].font_count[kind]; f++)
            if (!glyph_font_has(&set->classes[c].fonts[kind][f], code)) return false;
    return true;
}

static int fewest_fonts(const glyph_set *set, font_kind kind)
{
    int fewest = INT_MAX;
    for (int c = 0; c < set->class_count; c++)
        if (set->classes[c].font_count[kind] < fewest) fewest = set->classes[c].font_count[kind];
    return fewest;
}

static void describe_fonts(const glyph_set *set, font_kind kind)
{
    for (int c = 0; c < set->class_count; c++)
        for (int f = 0; f < set->classes[c].font_count[kind]; f++) {
            const glyph_font *font = &set->classes[c].fonts[kind][f];
            int count = 0;
            for (uint32_t code = CJK_FIRST; code <= CJK_LAST; code++) count += glyph_font_has(font, code);
            fprintf(stderr, "  %-12s %s: %d characters\n", set->classes[c].name, font->path, count);
        }
}

/* Each character can be drawn once with each font, so n images of a class with F
 * fonts need n / F characters.  The class with the fewest fonts decides for all,
 * since all draw the same characters. */
static int64_t least_characters(const glyph_set *set, font_kind kind, int64_t images)
{
    int fonts = fewest_fonts(set, kind);
    return (images + fonts - 1) / fonts;
}

static int choose(const glyph_set *set, font_kind kind, int64_t first, int64_t second, glyph_split *splits,
                  uint32_t *codes)
{
    int count = 0;
    for (uint32_t code = CJK_FIRST; code <= CJK_LAST; code++)
        if (all_have(set, kind, code)) codes[count++] = code;
    shuffle(codes, count, set->seed ^ (kind == FONT_UNSEEN ? 0x7E57u : 0));

    int64_t need_first = least_characters(set, kind, first), need_second = least_characters(set, kind, second);
    if (need_first + need_second > count) {
        glyphs_fail("%" PRId64 " images per class need %" PRId64 " characters, but the %s fonts have only %d in "
                    "common; ask for fewer images with %s, or give other fonts",
                    first + second, need_first + need_second, kind == FONT_KNOWN ? "training" : "test", count,
                    kind == FONT_KNOWN ? "--train and --validation" : "--test-count");
        describe_fonts(set, kind);
        return GLYPHS_FAILED;
    }
    /* A character for each image where there are enough, otherwise a fair share. */
    int64_t share = first + second <= count ? second : count * second / (first + second);
    if (share < need_second) share = need_second;
    int64_t rest = count - share;
    splits[0] = (glyph_split){kind, first, codes, (int)(rest < first ? rest : first)};
    splits[1] = (glyph_split){kind, second, codes + splits[0].count, (int)share};
    return GLYPHS_DONE;
}

static int make_plan(const glyph_set *set, glyph_plan *plan)
{
    if (choose(set, FONT_KNOWN, set->train, set->validation, plan->splits, plan->codes[FONT_KNOWN]))
        return GLYPHS_FAILED;
    if (set->test == 0 || fewest_fonts(set, FONT_UNSEEN) == 0) return GLYPHS_DONE;
    glyph_split pair[2];
    if (choose(set, FONT_UNSEEN, set->test, 0, pair, plan->codes[FONT_UNSEEN])) return GLYPHS_FAILED;
    plan->splits[2] = pair[0];
    return GLYPHS_DONE;
}

/* ---- Folders ---- */

typedef char path_buffer[PATH_MAX];

static int make_path(path_buffer path, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int make_path(path_buffer path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(path, PATH_MAX, format, args);
    va_end(args);
    return length >= 0 && length < PATH_MAX ? GLYPHS_DONE : glyphs_fail("%.60s...: the path is too long", path);
}

static int make_folder(const char *path)
{
    path_buffer part;
    if (make_path(part, "%s", path)) return GLYPHS_FAILED;
    for (char *slash = part + 1; *slash; slash++) {
        if (*slash != '/') continue;
        *slash = '\0';
        if (mkdir(part, 0777) && errno != EEXIST) return glyphs_fail("%s: cannot make it: %s", part, strerror(errno));
        *slash = '/';
    }
    struct stat info;
    if (mkdir(part, 0777) && errno != EEXIST) return glyphs_fail("%s: cannot make it: %s", part, strerror(errno));
    if (stat(part, &info) || !S_ISDIR(info.st_mode)) return glyphs_fail("%s: exists and is not a folder", part);
    return GLYPHS_DONE;
}

/* What this tool writes: split / class / NAME-U6C38.png. */
static bool is_ours(const FTSENT *entry)
{
    if (entry->fts_info == FTS_D || entry->fts_info == FTS_DP) return entry->fts_level <= 1;
    if (entry->fts_info != FTS_F || entry->fts_level != 2) return false;
    const char *mark = strrchr(entry->fts_name, '-');
    unsigned code;
    int end = 0;
    return mark && sscanf(mark, "-U%4X.png%n", &code, &end) == 1 && end > 0 && mark[end] == '\0';
}

/* Walk a split's folder: refuse it when it holds anything that is not ours, and
 * then, when `remove`, delete it.  A folder that is not there is fine. */
static int clear_folder(const char *path, bool delete)
{
    struct stat info;
    if (lstat(path, &info)) return GLYPHS_DONE;
    char *const roots[] = {(char *)path, NULL};
    int status = GLYPHS_DONE;
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (!walk) return glyphs_fail("%s: cannot be read: %s", path, strerror(errno));
    for (FTSENT *entry; !status && (entry = fts_read(walk));) {
        if (!is_ours(entry))
            status = glyphs_fail("%s: was not made by this tool, so --overwrite leaves it alone; move it away",
                                 entry->fts_path);
        else if (delete &&entry->fts_info != FTS_D && remove(entry->fts_accpath))
            status = glyphs_fail("%s: cannot be removed: %s", entry->fts_path, strerror(errno));
    }
    fts_close(walk);
    return status;
}

/* Before anything is drawn: is there room for the splits? */
static int prepare(const glyph_set *set)
{
    for (int i = 0; i < SPLITS; i++) {
        path_buffer path;
        if (make_path(path, "%s/%s", set->out, SPLIT_NAMES[i])) return GLYPHS_FAILED;
        if (access(path, F_OK) == 0 && !set->overwrite)
            return glyphs_fail("%s: exists; give another folder, or --overwrite to replace it", path);
        if (clear_folder(path, false)) return GLYPHS_FAILED;
        /* What an interrupted run left. */
        if (make_path(path, "%s/%s.partial", set->out, SPLIT_NAMES[i]) || clear_folder(path, false) ||
            clear_folder(path, true))
            return GLYPHS_FAILED;
    }
    return GLYPHS_DONE;
}

/* ---- Images ---- */

static int write_png(const char *path, const uint8_t *gray, uint8_t *rgb, int size)
{
    for (size_t i = 0; i < (size_t)size * (size_t)size; i++) rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = gray[i];
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)size,
                       .height = (png_uint_32)size,
                       .format = PNG_FORMAT_RGB,
                       .flags = PNG_IMAGE_FLAG_FAST}; /* no filters, light compression */
    if (png_image_write_to_file(&image, path, 0, rgb, 0, NULL)) return GLYPHS_DONE;
    return glyphs_fail("%s: cannot be written: %s", path, image.message);
}

/* Image i is character i of the list; when the list is shorter than the split, the
 * next round shifts the fonts by one, so that no character meets a font twice. */
static int write_class(const glyph_set *set, const glyph_split *split, const glyph_class *class, const char *folder,
                       uint8_t *gray, uint8_t *rgb)
{
    for (int64_t i = 0; i < split->wanted; i++) {
        int64_t character = i % split->count, round = i / split->count;
        const glyph_font *font = &class->fonts[split->kind][(character + round) % class->font_count[split->kind]];
        uint32_t code = split->codes[character];
        path_buffer path;
        if (glyph_font_draw(font, code, (int)set->size, set->fill, gray) ||
            make_path(path, "%s/%s-U%04X.png", folder, font->name, code) || write_png(path, gray, rgb, (int)set->size))
            return GLYPHS_FAILED;
    }
    return GLYPHS_DONE;
}

static int write_split(const glyph_set *set, const glyph_split *split, const char *name, uint8_t *gray, uint8_t *rgb)
{
    for (int c = 0; c < set->class_count; c++) {
        path_buffer folder;
        if (make_path(folder, "%s/%s.partial/%s", set->out, name, set->classes[c].name) || make_folder(folder) ||
            write_class(set, split, &set->classes[c], folder, gray, rgb))
            return GLYPHS_FAILED;
    }
    return GLYPHS_DONE;
}

/* "train: kaishu 2000 (cwkai, TW-Kai), songti 2000 (cwming, TW-Sung); 2000 characters" */
static void print_split(const glyph_set *set, const glyph_split *split, const char *name)
{
    printf("%s: ", name);
    for (int c = 0; c < set->class_count; c++) {
        const glyph_class *class = &set->classes[c];
        printf("%s%s %" PRId64 " (", c ? ", " : "", class->name, split->wanted);
        for (int f = 0; f < class->font_count[split->kind]; f++)
            printf("%s%s", f ? ", " : "", class->fonts[split->kind][f].name);
        printf(")");
    }
    printf("; %d characters\n", split->count);
}

static int write_splits(const glyph_set *set, const glyph_plan *plan, uint8_t *gray, uint8_t *rgb)
{
    for (int i = 0; i < SPLITS; i++)
        if (plan->splits[i].wanted > 0 && write_split(set, &plan->splits[i], SPLIT_NAMES[i], gray, rgb))
            return GLYPHS_FAILED;
    /* All is drawn: only now do old folders go. */
    for (int i = 0; i < SPLITS; i++) {
        path_buffer partial, path;
        if (make_path(path, "%s/%s", set->out, SPLIT_NAMES[i]) || make_path(partial, "%s.partial", path) ||
            clear_folder(path, true))
            return GLYPHS_FAILED;
        if (plan->splits[i].wanted == 0) continue;
        if (rename(partial, path)) return glyphs_fail("%s: cannot become %s: %s", partial, path, strerror(errno));
        print_split(set, &plan->splits[i], SPLIT_NAMES[i]);
    }
    return GLYPHS_DONE;
}

int glyph_set_write(const glyph_set *set)
{
    size_t pixels = (size_t)set->size * (size_t)set->size;
    glyph_plan *plan = calloc(1, sizeof *plan);
    uint8_t *gray = malloc(pixels), *rgb = malloc(3 * pixels);
    int status = plan && gray && rgb ? GLYPHS_DONE : glyphs_fail("out of memory");
    if (!status) status = prepare(set);
    if (!status) status = make_plan(set, plan);
    if (!status) status = write_splits(set, plan, gray, rgb);
    if (!status && plan->splits[2].wanted == 0)
        printf("test: none%s\n", set->test == 0 ? "" : "; name fonts that training does not use with --test NAME=FONT");
    free(rgb);
    free(gray);
    free(plan);
    return status;
}

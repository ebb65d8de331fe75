/* Fonts through FreeType: where they are, which characters they have, and drawing one. */
#include "glyphs.h"

#include <fts.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include FT_OUTLINE_H
#include FT_BBOX_H

#define FONT_ROOT "/usr/share/fonts"
/* Outlines are read at this size, in 26.6 pixels, then scaled to the image.  Reading
 * them scaled, not in font units, keeps "tricky" fonts right: those need their hinting. */
#define EM_PIXELS 1024
#define EM_UNITS  (EM_PIXELS * 64.0)

/* ---- Finding ---- */

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* The first file of that name below FONT_ROOT, in name order; release with free. */
static char *look_up(const char *name)
{
    char root[] = FONT_ROOT;
    char *const roots[] = {root, NULL};
    FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    if (!walk) return NULL;
    char *found = NULL;
    for (FTSENT *entry; !found && (entry = fts_read(walk));)
        if (entry->fts_info == FTS_F && strcmp(entry->fts_name, name) == 0) found = realpath(entry->fts_path, NULL);
    fts_close(walk);
    return found;
}

static char *resolve(const char *file, bool anywhere)
{
    const char *slash = strrchr(file, '/');
    char *path = realpath(file, NULL);
    if (!path && (anywhere || !slash)) path = look_up(slash ? slash + 1 : file);
    return path;
}

/* "cwtex/cwkai.ttf" -> "cwkai" */
static void name_of(const char *path, char *name, size_t size)
{
    const char *slash = strrchr(path, '/');
    snprintf(name, size, "%s", slash ? slash + 1 : path);
    char *dot = strrchr(name, '.');
    if (dot && dot != name) *dot = '\0';
}

bool glyph_font_find(glyph_font *font, const char *spec, bool anywhere)
{
    *font = (glyph_font){0};
    char *file = strdup(spec);
    if (!file) return false;
    char *colon = strrchr(file, ':');
    bool indexed = colon && colon[1] && strspn(colon + 1, "0123456789") == strlen(colon + 1) && strlen(colon) < 8;
    if (indexed && access(file, F_OK) != 0) {
        font->index = strtol(colon + 1, NULL, 10);
        *colon = '\0';
    }
    font->path = resolve(file, anywhere);
    /* Named after what was asked for: a link may point to anything. */
    name_of(file, font->name, sizeof font->name);
    free(file);
    return font->path != NULL;
}

/* ---- Opening ---- */

static int open_face(FT_Face *face, const char *path, long index, FT_Library library)
{
    FT_Error error = FT_New_Face(library, path, index, face);
    if (!error) return GLYPHS_DONE;
    FT_Face first;
    if (index > 0 && FT_New_Face(library, path, 0, &first) == 0) {
        long faces = first->num_faces;
        FT_Done_Face(first);
        return glyphs_fail("%s: no face %ld; its faces are 0 to %ld", path, index, faces - 1);
    }
    if (error == FT_Err_Cannot_Open_Resource || error == FT_Err_Cannot_Open_Stream)
        return glyphs_fail("%s: cannot be read; check its permissions", path);
    return glyphs_fail("%s: not a font that FreeType reads (error 0x%02X); give a TTF, OTF, TTC or WOFF2 file", path,
                       (unsigned)error);
}

/* Append the face of a file to the font's parts; on failure nothing is appended. */
static int open_part(glyph_font *font, const char *path, FT_Library library)
{
    FT_Face face;
    if (open_face(&face, path, font->index, library)) return GLYPHS_FAILED;
    int status = GLYPHS_DONE;
    if (!FT_IS_SCALABLE(face))
        status = glyphs_fail("%s: holds bitmaps; give a font with outlines", path);
    else if (FT_Select_Charmap(face, FT_ENCODING_UNICODE))
        status = glyphs_fail("%s: has no Unicode map; give a font that has one", path);
    else if (FT_Set_Pixel_Sizes(face, 0, EM_PIXELS))
        status = glyphs_fail("%s: cannot be scaled; the file is damaged", path);
    if (status)
        FT_Done_Face(face);
    else
        font->parts[font->part_count++] = face;
    return status;
}

static bool is_font_name(const char *name)
{
    static const char *const endings[] = {".ttf", ".otf", ".woff", ".woff2"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof endings[0]; i++)
        if (strcasecmp(dot, endings[i]) == 0) return true;
    return false;
}

static int open_folder(glyph_font *font, FT_Library library)
{
    char *const roots[] = {font->path, NULL};
    FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    if (!walk) return glyphs_fail("%s: cannot be read; check its permissions", font->path);
    int status = GLYPHS_DONE;
    for (FTSENT *entry; !status && (entry = fts_read(walk));) {
        if (entry->fts_info != FTS_F || entry->fts_level != 1 || !is_font_name(entry->fts_name)) continue;
        if (font->part_count == MAX_PARTS)
            status =
                glyphs_fail("%s: more than %d font files; a folder holds the parts of one font", font->path, MAX_PARTS);
        else
            status = open_part(font, entry->fts_path, library);
    }
    fts_close(walk);
    if (!status && font->part_count == 0)
        status = glyphs_fail("%s: no TTF, OTF, WOFF or WOFF2 file in this folder", font->path);
    return status;
}

int glyph_font_open(glyph_font *font, FT_Library library)
{
    struct stat info;
    bool folder = stat(font->path, &info) == 0 && S_ISDIR(info.st_mode);
    font->parts = calloc(folder ? MAX_PARTS : 1, sizeof *font->parts);
    if (!font->parts) return glyphs_fail("out of memory");
    return folder ? open_folder(font, library) : open_part(font, font->path, library);
}

void glyph_font_close(glyph_font *font)
{
    for (int i = 0; i < font->part_count; i++) FT_Done_Face(font->parts[i]);
    free(font->parts);
    free(font->path);
    *font = (glyph_font){0};
}

/* ---- Characters ---- */

/* The first part that maps the character, with its glyph; NULL when none does. */
static FT_Face find_part(const glyph_font *font, uint32_t code, FT_UInt *glyph)
{
    for (int i = 0; i < font->part_count; i++)
        if ((*glyph = FT_Get_Char_Index(font->parts[i], code))) return font->parts[i];
    return NULL; /* glyph 0 is "missing", often drawn as a box */
}

/* The outline of a character with its exact box, or NULL; it belongs to its face and lasts until the next call. */
static FT_Outline *load_outline(const glyph_font *font, uint32_t code, FT_BBox *box)
{
    FT_UInt glyph;
    FT_Face face = find_part(font, code, &glyph);
    if (!face || FT_Load_Glyph(face, glyph, FT_LOAD_NO_HINTING | FT_LOAD_NO_BITMAP)) return NULL;
    if (face->glyph->format != FT_GLYPH_FORMAT_OUTLINE) return NULL;
    FT_Outline *outline = &face->glyph->outline;
    return outline->n_contours > 0 && FT_Outline_Get_BBox(outline, box) == 0 ? outline : NULL;
}

/* The sum of the areas of the polygons of a contour's points (shoelace formula), in
 * squared 26.6 pixels.  Control points count as corners: enough to tell ink from none. */
static double rough_area(const FT_Outline *outline)
{
    double total = 0;
    int start = 0;
    for (int contour = 0; contour < outline->n_contours; contour++) {
        int end = outline->contours[contour];
        double twice = 0;
        for (int i = start, previous = end; i <= end; previous = i++)
            twice += (double)outline->points[previous].x * (double)outline->points[i].y -
                     (double)outline->points[i].x * (double)outline->points[previous].y;
        total += fabs(twice) / 2;
        start = end + 1;
    }
    return total;
}

/* Brush fonts map characters that they lack to empty glyphs, to a single point or to a
 * speck.  The thinnest real character, U+4E36 (a dot), is a tenth of an em across. */
bool glyph_font_has(const glyph_font *font, uint32_t code)
{
    FT_BBox box;
    const FT_Outline *outline = load_outline(font, code, &box);
    if (!outline) return false;
    double side = fmax((double)(box.xMax - box.xMin), (double)(box.yMax - box.yMin));
    return side >= EM_UNITS / 20 && rough_area(outline) >= EM_UNITS * EM_UNITS / 2000;
}

int glyph_font_draw(const glyph_font *font, uint32_t code, int size, double fill, uint8_t *gray)
{
    FT_BBox box;
    FT_Outline *outline = load_outline(font, code, &box);
    if (!outline) return glyphs_fail("%s: U+%04X cannot be read twice; did the file change?", font->path, code);

    double side = fmax((double)(box.xMax - box.xMin), (double)(box.yMax - box.yMin));
    FT_Fixed scale = (FT_Fixed)lround(fill * size * 64.0 / side * 65536.0); /* 16.16 */
    FT_Matrix matrix = {.xx = scale, .yy = scale};
    FT_Outline_Transform(outline, &matrix);
    FT_Outline_Get_BBox(outline, &box);
    FT_Pos whole = (FT_Pos)size * 64;
    FT_Outline_Translate(outline, (whole - box.xMin - box.xMax) / 2, (whole - box.yMin - box.yMax) / 2);

    size_t pixels = (size_t)size * (size_t)size;
    memset(gray, 0, pixels);
    FT_Bitmap bitmap = {.rows = (unsigned)size,
                        .width = (unsigned)size,
                        .pitch = size, /* positive: the first row is the top one */
                        .buffer = gray,
                        .num_grays = 256,
                        .pixel_mode = FT_PIXEL_MODE_GRAY};
    FT_Error error = FT_Outline_Get_Bitmap(font->parts[0]->glyph->library, outline, &bitmap);
    if (error)
        return glyphs_fail("%s: U+%04X cannot be drawn (FreeType error 0x%02X)", font->path, code, (unsigned)error);
    for (size_t i = 0; i < pixels; i++) gray[i] = (uint8_t)(255 - gray[i]);
    return GLYPHS_DONE;
}

/* What the files of the tool share: glyphs.c reads the command line, glyphs_set.c
 * chooses characters and writes folders, glyphs_font.c asks FreeType. */
#ifndef GLYPHS_H
#define GLYPHS_H

#include <stdbool.h>
#include <stdint.h>

#include <ft2build.h>
#include FT_FREETYPE_H

/* The characters that a data set is made of: the first block of CJK Unified Ideographs. */
#define CJK_FIRST 0x4E00u
#define CJK_LAST  0x9FFFu
#define CJK_COUNT (CJK_LAST - CJK_FIRST + 1)

/* Exit codes of the tool, and what its functions return. */
enum { GLYPHS_DONE = 0, GLYPHS_FAILED = 1, GLYPHS_USAGE = 2 };

enum {
    MAX_CLASSES = 256,
    MAX_FONTS = 64,  /* of a class, each kind */
    MAX_PARTS = 512, /* of a font that is a folder */
    CLASS_NAME_BYTES = 200
};

typedef struct glyph_font {
    char *path;     /* resolved: a file, or a folder of parts; owned */
    long index;     /* face of a collection */
    char name[128]; /* begins the names of its images: the file's stem, unique within class and kind */
    FT_Face *parts; /* (part_count) one, or what web fonts are cut into, each with some of the characters; owned */
    int part_count;
} glyph_font;

typedef enum font_kind {
    FONT_KNOWN, /* for training and validation */
    FONT_UNSEEN /* for the test alone */
} font_kind;

typedef struct glyph_class {
    char name[CLASS_NAME_BYTES];
    glyph_font *fonts[2]; /* by font_kind; owned */
    int font_count[2];
} glyph_class;

/* What is asked for. */
typedef struct glyph_set {
    const char *out;
    glyph_class *classes; /* owned */
    int class_count;
    int64_t train, validation, test; /* images per class */
    int64_t size;                    /* pixels a side */
    double fill;                     /* longer side of the ink box / size */
    uint64_t seed;
    bool overwrite;
} glyph_set;

/* "glyphs: message" on stderr; returns GLYPHS_FAILED. */
int glyphs_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- glyphs_font.c ---- */

/* Find the file of "FILE" or "FILE:INDEX": at its path; otherwise, for a name
 * without a folder or when `anywhere`, below /usr/share/fonts.  Fills path,
 * index and name; false when there is no such file. */
bool glyph_font_find(glyph_font *font, const char *spec, bool anywhere);
/* Open what was found; in a folder every TTF, OTF, WOFF and WOFF2 file, in name
 * order.  Refuses what has no outlines or no Unicode map. */
int glyph_font_open(glyph_font *font, FT_Library library);
void glyph_font_close(glyph_font *font);
/* True when the font draws this character: it is mapped, and to more than a blank. */
bool glyph_font_has(const glyph_font *font, uint32_t code);
/* Draw a character that the font has: its ink box fitted to fill * size and
 * centred.  gray is (size, size), 255 is paper, 0 is ink. */
int glyph_font_draw(const glyph_font *font, uint32_t code, int size, double fill, uint8_t *gray);

/* ---- glyphs_set.c ---- */

/* Choose characters, draw and write every split, and say so on stdout.  The
 * fonts are open.  Nothing is written when there are too few characters, and a
 * folder out/train, out/validation or out/test is whole or not there. */
int glyph_set_write(const glyph_set *set);

#endif

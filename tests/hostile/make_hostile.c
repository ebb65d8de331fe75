/* make_hostile FOLDER: images as nobody should send them, in FOLDER/set/a, and some good ones in FOLDER/set/b; one lies
 * outside of the set, in FOLDER/outside.  images.txt says what the program must make of each. */
#include <errno.h>
#include <zlib.h>

#include "unit/images.h"

enum { W = 13, H = 9, HUGE_SIDE = 10000 };

static const char *folder;

static void must(int truth, const char *what)
{
    if (truth) return;
    fprintf(stderr, "make_hostile: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Takes the bytes over. */
static void keep(const char *name, bytes file)
{
    write_file(folder, name, file);
    bytes_finish(&file);
}

static void add(bytes *b, const void *data, size_t count)
{
    b->data = realloc(b->data, b->count + count);
    must(b->data != NULL, "memory");
    memcpy(b->data + b->count, data, count);
    b->count += count;
}

static void add_zeros(bytes *b, size_t count)
{
    uint8_t *zeros = calloc(count, 1);
    must(zeros != NULL, "memory");
    add(b, zeros, count);
    free(zeros);
}

static void put_be(uint8_t *at, uint32_t value, int count)
{
    for (int i = 0; i < count; i++) at[i] = (uint8_t)(value >> 8 * (count - 1 - i));
}

static bytes copy_of(bytes b)
{
    bytes copy = {0};
    add(&copy, b.data, b.count);
    return copy;
}

/* ---- PNG ---- */

static void add_chunk(bytes *png, const char *type, const void *data, size_t count)
{
    uint8_t word[4];
    bytes body = {0};
    add(&body, type, 4);
    if (count) add(&body, data, count);
    put_be(word, (uint32_t)count, 4);
    add(png, word, 4);
    add(png, body.data, body.count);
    put_be(word, crc_32(body.data, body.count), 4);
    add(png, word, 4);
    bytes_finish(&body);
}

static bytes begin_png(uint32_t width, uint32_t height, int depth, int type)
{
    bytes png = {0};
    uint8_t header[13] = {[8] = (uint8_t)depth, [9] = (uint8_t)type};
    put_be(header, width, 4);
    put_be(header + 4, height, 4);
    add(&png, "\x89PNG\r\n\x1A\n", 8);
    add_chunk(&png, "IHDR", header, sizeof header);
    return png;
}

/* That many bytes of one value, compressed. */
static bytes squeezed(size_t count, int value)
{
    bytes plain = {0};
    add_zeros(&plain, count);
    memset(plain.data, value, count);
    uLongf size = compressBound(count);
    bytes packed = {malloc(size), 0};
    must(packed.data && compress2(packed.data, &size, plain.data, count, 9) == Z_OK, "zlib");
    packed.count = size;
    bytes_finish(&plain);
    return packed;
}

static bytes end_png(bytes png, size_t rows)
{
    if (rows) {
        bytes data = squeezed(rows, 0);
        add_chunk(&png, "IDAT", data.data, data.count);
        bytes_finish(&data);
    }
    add_chunk(&png, "IEND", NULL, 0);
    return png;
}

/* Text or a colour profile that unpacks to 64 MiB, in front of the pixels. */
static bytes png_with_bomb(const char *type, const char *name)
{
    bytes png = begin_png(W, H, 8, PNG_COLOR_TYPE_RGB), bomb = squeezed(64 << 20, 0), chunk = {0};
    add(&chunk, name, strlen(name) + 1);
    add(&chunk, "", 1); /* deflate */
    add(&chunk, bomb.data, bomb.count);
    add_chunk(&png, type, chunk.data, chunk.count);
    bytes_finish(&bomb);
    bytes_finish(&chunk);
    return end_png(png, (W * 3 + 1) * H);
}

static void write_pngs(const uint8_t *pixels)
{
    png_options deep = {.color_type = PNG_COLOR_TYPE_RGB, .depth = 16, .interlace = 1};
    keep("a/deep.png", encode_png(pixels, W, H, W * 6, deep));
    /* Filter 1 adds the byte to the left: indices 1, 2, 3 ... of a palette of one. */
    bytes beyond = begin_png(W, H, 8, PNG_COLOR_TYPE_PALETTE), rows = squeezed((W + 1) * H, 1);
    add_chunk(&beyond, "PLTE", "\1\2\3", 3);
    add_chunk(&beyond, "IDAT", rows.data, rows.count);
    bytes_finish(&rows);
    keep("a/index-beyond-palette.png", end_png(beyond, 0));
    keep("a/no-palette.png", end_png(begin_png(W, H, 8, PNG_COLOR_TYPE_PALETTE), (W + 1) * H));
    keep("a/no-pixels.png", end_png(begin_png(W, H, 8, PNG_COLOR_TYPE_RGB), 0));
    keep("a/no-width.png", end_png(begin_png(0, H, 8, PNG_COLOR_TYPE_RGB), 10));
    keep("a/too-few-rows.png", end_png(begin_png(W, H * 2, 8, PNG_COLOR_TYPE_RGB), (W * 3 + 1) * H));
    keep("a/too-many-rows.png", end_png(begin_png(W, H, 8, PNG_COLOR_TYPE_RGB), (W * 3 + 1) * H * 2));
    keep("a/depth-7.png", end_png(begin_png(W, H, 7, PNG_COLOR_TYPE_GRAY), 1000));
    keep("a/text-bomb.png", png_with_bomb("zTXt", "Comment"));
    keep("a/profile-bomb.png", png_with_bomb("iCCP", "profile"));
    keep("a/claims-60000.png", end_png(begin_png(60000, 60000, 8, PNG_COLOR_TYPE_RGB), 1000));
    keep("a/claims-2-31.png", end_png(begin_png(0x7fffffff, 0x7fffffff, 16, PNG_COLOR_TYPE_RGB_ALPHA), 1000));
    keep("a/claims-10000.png", end_png(begin_png(HUGE_SIDE, HUGE_SIDE, 8, PNG_COLOR_TYPE_RGB), 1000));
    keep("a/bomb.png",
         end_png(begin_png(HUGE_SIDE, HUGE_SIDE, 1, PNG_COLOR_TYPE_GRAY), (size_t)(HUGE_SIDE / 8 + 1) * HUGE_SIDE));
    bytes wrong = encode_rgb_png(pixels, W, H);
    wrong.data[wrong.count - 20] ^= 1; /* in the data or their sum */
    keep("a/wrong-sum.png", wrong);
}

/* ---- JPEG ---- */

static void add_segment(bytes *jpeg, uint8_t marker, const void *data, size_t count)
{
    uint8_t start[4] = {0xFF, marker};
    put_be(start + 2, (uint32_t)count + 2, 2);
    add(jpeg, start, 4);
    add(jpeg, data, count);
}

/* A scan of one component, or of the DC of all. */
static void add_scan(bytes *jpeg, int components, int first, int last)
{
    uint8_t scan[16] = {(uint8_t)components};
    for (int c = 0; c < components; c++) scan[1 + 2 * c] = (uint8_t)(c + 1);
    scan[1 + 2 * components] = (uint8_t)first;
    scan[2 + 2 * components] = (uint8_t)last;
    add_segment(jpeg, 0xDA, scan, 4 + 2 * (size_t)components);
}

/* A progressive JPEG of one grey: a DC scan, a zero bit a block, and `passes` scans of coefficient 1, which is zero
 * everywhere: of table 0 of AC the code 0 means 2^14 blocks and more without one. */
static bytes progressive(int side, int components, int passes, bool whole)
{
    static const uint8_t dc[] = {0x00, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00},
                         ac[] = {0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xE0};
    const size_t blocks = (size_t)((side + 7) / 8) * (size_t)((side + 7) / 8);
    uint8_t table[65] = {0}, frame[32] = {8};
    memset(table + 1, 1, 64);
    put_be(frame + 1, (uint32_t)side, 2);
    put_be(frame + 3, (uint32_t)side, 2);
    frame[5] = (uint8_t)components;
    for (int c = 0; c < components; c++) frame[6 + 3 * c] = (uint8_t)(c + 1), frame[7 + 3 * c] = 0x11;
    bytes jpeg = {0};
    add(&jpeg, "\xFF\xD8", 2);
    add_segment(&jpeg, 0xDB, table, sizeof table);
    add_segment(&jpeg, 0xC2, frame, 6 + 3 * (size_t)components);
    add_segment(&jpeg, 0xC4, dc, sizeof dc);
    add_segment(&jpeg, 0xC4, ac, sizeof ac);
    add_scan(&jpeg, components, 0, 0);
    add_zeros(&jpeg, whole ? (blocks * (size_t)components + 7) / 8 : 100);
    for (int p = 0; p < passes; p++) {
        add_scan(&jpeg, 1, 1, 1);
        /* 15 bits for 16384 blocks: those that the last run has too many are a warning. */
        add_zeros(&jpeg, (blocks / 16384 * 15 + 7) / 8 + 2);
    }
    add(&jpeg, "\xFF\xD9", 2);
    return jpeg;
}

/* The file with a segment behind its start. */
static bytes with_segment(bytes jpeg, uint8_t marker, const void *data, size_t count)
{
    bytes made = {0};
    add(&made, jpeg.data, 2);
    add_segment(&made, marker, data, count);
    add(&made, jpeg.data + 2, jpeg.count - 2);
    return made;
}

static void write_exif(bytes plain)
{
    uint8_t garbage[600] = "Exif\0\0II*\0\x08\0\0";
    uint32_t seed = 5;
    for (size_t i = 14; i < sizeof garbage; i++) garbage[i] = next_byte(&seed);
    keep("a/exif-garbage.jpg", with_segment(plain, 0xE1, garbage, sizeof garbage));
    keep("a/exif-cut.jpg", with_segment(plain, 0xE1, garbage, 9));
    keep("a/exif-far.jpg", with_segment(plain, 0xE1, "Exif\0\0MM\0*\xFF\xFF\xFF\xF0", 14));
    /* A directory whose next one is itself. */
    keep("a/exif-circle.jpg", with_segment(plain, 0xE1, "Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\x08", 20));
    keep("a/exif-9.jpg", with_orientation(plain, 9, 0));
    keep("a/exif-6.jpg", with_orientation(plain, 6, 1));
    bytes longer = with_orientation(plain, 6, 0);
    longer.data[4] = 0xFF; /* its length, behind the end of the file */
    keep("a/exif-too-long.jpg", longer);
}

static void write_adobe(bytes rgb, bytes cmyk)
{
    static const char *const names[] = {"a/adobe-0.jpg", "a/adobe-1.jpg", "a/adobe-2.jpg", "a/adobe-77.jpg"};
    static const uint8_t transforms[] = {0, 1, 2, 77};
    char name[64];
    uint8_t adobe[12] = "Adobe\0\x64";
    for (int i = 0; i < 4; i++) {
        adobe[11] = transforms[i];
        keep(names[i], with_segment(rgb, 0xEE, adobe, sizeof adobe));
        snprintf(name, sizeof name, "a/cmyk-%s", names[i] + 2);
        keep(name, with_segment(cmyk, 0xEE, adobe, sizeof adobe));
    }
    keep("a/adobe-cut.jpg", with_segment(rgb, 0xEE, adobe, 6));
}

/* The frame's sizes are changed; the data are those of W x H. */
static bytes resized_frame(bytes jpeg, uint32_t width, uint32_t height)
{
    bytes made = copy_of(jpeg);
    for (size_t i = 2; i + 9 < made.count; i++) {
        if (made.data[i] != 0xFF || (made.data[i + 1] != 0xC0 && made.data[i + 1] != 0xC2)) continue;
        put_be(made.data + i + 5, height, 2);
        put_be(made.data + i + 7, width, 2);
        break;
    }
    return made;
}

static void write_jpegs(const uint8_t *pixels)
{
    bytes rgb = encode_jpeg(pixels, W, H, TJPF_RGB, TJSAMP_420, 0),
          cmyk = encode_jpeg(pixels, W, H, TJPF_CMYK, TJSAMP_444, 0);
    keep("a/cmyk.jpg", copy_of(cmyk));
    write_exif(rgb);
    write_adobe(rgb, cmyk);
    keep("a/claims-60000.jpg", resized_frame(rgb, 60000, 60000));
    keep("a/claims-10000.jpg", resized_frame(rgb, HUGE_SIDE, HUGE_SIDE));
    keep("a/claims-twice-as-high.jpg", resized_frame(rgb, W, H * 4));
    keep("a/no-width.jpg", resized_frame(rgb, 0, H));
    /* A frame behind a marker that has no length, where it could hide. */
    bytes hidden = {0}, far = resized_frame(rgb, HUGE_SIDE, HUGE_SIDE);
    add(&hidden, "\xFF\xD8\xFF\xD0", 4);
    add(&hidden, far.data + 2, far.count - 2);
    keep("a/hidden-frame.jpg", hidden);
    bytes_finish(&far);
    keep("a/progressive-claims-10000.jpg", progressive(HUGE_SIDE, 3, 0, false));
    keep("a/progressive-bomb.jpg", progressive(HUGE_SIDE, 3, 0, true));
    keep("a/progressive-grey.jpg", progressive(HUGE_SIDE, 1, 60, true));
    keep("a/progressive-500-scans.jpg", progressive(HUGE_SIDE, 1, 500, true));
    keep("a/progressive-2000-scans.jpg", progressive(64, 1, 2000, true));
    bytes_finish(&rgb);
    bytes_finish(&cmyk);
}

/* ---- WebP ---- */

/* A lossless image of one colour: five prefix codes of a single symbol each take no bit a pixel (RFC 9649, 6). */
static bytes lossless_webp(uint32_t width, uint32_t height)
{
    uint8_t file[32] = "RIFF\x18\0\0\0WEBPVP8L\x0C\0\0\0\x2F";
    const uint64_t head = (width - 1) | (uint64_t)(height - 1) << 14; /* then alpha and version: 0 */
    for (int i = 0; i < 4; i++) file[21 + i] = (uint8_t)(head >> 8 * i);
    /* No transform, no cache, no groups: three zero bits; then 5 times "simple, one symbol, of one bit: 0". */
    uint32_t codes = 0;
    for (int i = 0; i < 5; i++) codes |= 1u << (3 + 4 * i);
    for (int i = 0; i < 3; i++) file[25 + i] = (uint8_t)(codes >> 8 * i);
    bytes webp = {0};
    add(&webp, file, sizeof file);
    return webp;
}

static bytes lossy_webp(const uint8_t *pixels, uint32_t width, uint32_t height)
{
    uint8_t *data;
    const size_t count = WebPEncodeRGB(pixels, W, H, W * 3, 80, &data);
    bytes webp = take_webp(data, count);
    webp.data[26] = (uint8_t)width, webp.data[27] = (uint8_t)(width >> 8);
    webp.data[28] = (uint8_t)height, webp.data[29] = (uint8_t)(height >> 8);
    return webp;
}

static void write_webps(const uint8_t *pixels)
{
    keep("a/claims-16383.webp", lossless_webp(16383, 16383));
    keep("a/bomb.webp", lossless_webp(HUGE_SIDE, HUGE_SIDE));
    keep("a/claims-10000.webp", lossy_webp(pixels, HUGE_SIDE, HUGE_SIDE));
    keep("a/wrong-size.webp", lossy_webp(pixels, 1000, 60));
    keep("a/one-colour.webp", lossless_webp(W, H));
}

/* ---- Cut, empty, of zeros ---- */

static void write_cuts(const char *stem, const char *ending, bytes file)
{
    char name[96];
    for (size_t n = 0; n < file.count; n += 10) {
        bytes cut = {0};
        if (n) add(&cut, file.data, n);
        snprintf(name, sizeof name, "a/cut/%s-%04zu.%s", stem, n, ending);
        keep(name, cut);
    }
    snprintf(name, sizeof name, "b/%s.%s", stem, ending);
    keep(name, file);
}

static void write_cut_files(const uint8_t *pixels)
{
    uint8_t *data;
    write_cuts("plain", "png", encode_rgb_png(pixels, W, H));
    write_cuts("baseline", "jpg", encode_jpeg(pixels, W, H, TJPF_RGB, TJSAMP_420, 0));
    write_cuts("progressive", "jpg", encode_jpeg(pixels, W, H, TJPF_RGB, TJSAMP_444, TJFLAG_PROGRESSIVE));
    size_t count = WebPEncodeRGB(pixels, W, H, W * 3, 80, &data);
    write_cuts("lossy", "webp", take_webp(data, count));
    count = WebPEncodeLosslessRGBA(pixels, W, H, W * 4, &data);
    write_cuts("lossless", "webp", take_webp(data, count));
    bytes zeros = {0};
    add_zeros(&zeros, 4096);
    keep("a/zeros.jpg", zeros);
    keep("a/empty.png", (bytes){0});
    keep("a/text.jpg", (bytes){(uint8_t *)strdup("hello, world\n"), 13});
}

/* ---- Names, folders, links ---- */

static void link_to(const char *target, const char *name)
{
    char path[4096];
    must(symlink(target, in(folder, name, path)) == 0, name);
}

static void write_names(const uint8_t *pixels)
{
    static const char *const names[] = {"new\nline.png",        "quote\"'`.png",   "\xE6\x95\xB0\xE6\x8D\xAE.png",
                                        "invalid-\xFF\xC3.png", "\033[31mred.png", "$(touch pwned);.png",
                                        "--help.png",           " .png",           "100%s%n.png",
                                        "comma, semicolon;.png"};
    char name[96];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(name, sizeof name, "a/names/%s", names[i]);
        keep(name, encode_rgb_png(pixels + i, W, H));
    }
}

/* MAZE folders, each with two links to the next: 2^MAZE paths lead to the image in the last one. */
static void write_maze(const uint8_t *pixels)
{
    enum { MAZE = 30 };
    char name[96], next[32];
    make_folder(folder, "../outside/maze");
    for (int i = 0; i <= MAZE; i++) {
        snprintf(name, sizeof name, "../outside/maze/%d", i);
        make_folder(folder, name);
        snprintf(next, sizeof next, "../%d", i + 1);
        for (const char *way = "xy"; i < MAZE && *way; way++) {
            snprintf(name, sizeof name, "../outside/maze/%d/%c", i, *way);
            link_to(next, name);
        }
    }
    snprintf(name, sizeof name, "../outside/maze/%d/deep.png", MAZE);
    keep(name, encode_rgb_png(pixels, W, H));
    link_to("../../outside/maze/0", "a/maze");
}

static void write_links(const uint8_t *pixels)
{
    write_maze(pixels + 40);
    char path[4096];
    make_folder(folder, "a/folder.jpg");
    keep("a/folder.jpg/inside.png", encode_rgb_png(pixels + 20, W, H));
    must(mkfifo(in(folder, "a/fifo.jpg", path), 0600) == 0, path);
    keep("../outside/near/beyond.png", encode_rgb_png(pixels + 30, W, H));
    link_to("../../outside/near/beyond.png", "a/out.png");
    link_to("../../outside/near", "a/links");
    link_to("../../outside/near", "a/again"); /* a folder is read once */
    link_to("..", "a/circle");
    link_to(".", "a/itself");
    link_to("self.jpg", "a/self.jpg");
    link_to("two.jpg", "a/one.jpg");
    link_to("one.jpg", "a/two.jpg");
    link_to("nowhere.jpg", "a/dangling.jpg");
    link_to("/etc/passwd", "a/passwd.jpg");
    link_to("/dev/zero", "a/device.jpg");
    link_to("fifo.jpg", "a/to-fifo.jpg");
}

int main(int argc, char **argv)
{
    static const char *const folders[] = {"", "a", "a/cut", "a/names", "b", "../outside", "../outside/near"};
    if (argc != 2) return fprintf(stderr, "usage: make_hostile FOLDER\n"), 2;
    must(mkdir(argv[1], 0777) == 0 || errno == EEXIST, argv[1]);
    char set[4096];
    snprintf(set, sizeof set, "%s/set", argv[1]);
    folder = set;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) make_folder(folder, folders[i]);
    bytes pixels = noise(W * H * 8 + 100, 1);
    write_pngs(pixels.data);
    write_jpegs(pixels.data);
    write_webps(pixels.data);
    write_cut_files(pixels.data);
    write_names(pixels.data);
    write_links(pixels.data);
    bytes_finish(&pixels);
    return 0;
}

/* The segments of a JPEG (ITU-T T.81, annex B): what its frame claims, how many scans there are, where Exif stands. */
#include <string.h>

#include "data/codec.h"

enum {
    SOF0 = 0xC0,
    SOF2 = 0xC2,
    DHT = 0xC4,
    JPG = 0xC8,
    SOF10 = 0xCA,
    DAC = 0xCC,
    SOF15 = 0xCF,
    RST0 = 0xD0,
    RST7 = 0xD7,
    SOS = 0xDA,
    APP1 = 0xE1
};

static int64_t divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* length bytes behind the marker, of which two are the length: precision, height, width, then id, sampling factors and
 * table of each component (B.2.2). */
static void read_frame(alx_jpeg_segments *s, unsigned marker, const uint8_t *at, size_t length)
{
    enum { HEAD = 8, EACH = 3 };
    if (s->blocks || length < HEAD || length < HEAD + EACH * (size_t)at[7]) return;
    const int components = at[7];
    s->height = at[3] << 8 | at[4];
    s->width = at[5] << 8 | at[6];
    s->keeps = marker == SOF2 || marker == SOF10;
    int wide = 1, high = 1;
    for (const uint8_t *c = at + HEAD; c < at + HEAD + EACH * components; c += EACH) {
        if (c[1] >> 4 > wide) wide = c[1] >> 4;
        if ((c[1] & 15) > high) high = c[1] & 15;
    }
    for (const uint8_t *c = at + HEAD; c < at + HEAD + EACH * components; c += EACH)
        s->blocks += divide_up(s->width * (c[1] >> 4), 8 * wide) * divide_up(s->height * (c[1] & 15), 8 * high);
}

static bool is_frame(unsigned marker)
{
    return marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC;
}

static void read_segment(alx_jpeg_segments *s, unsigned marker, const uint8_t *at, size_t length, int *components)
{
    if (is_frame(marker)) {
        read_frame(s, marker, at, length);
        if (length >= 8) *components = at[7];
    }
    if (marker == APP1 && !s->exif && length >= 8 && memcmp(at + 2, "Exif\0", 6) == 0) {
        s->exif = at + 2;
        s->exif_count = length - 2;
    }
}

/* In a scan's data FF is always followed by 0, so that this counts scans alone. */
static int64_t count_scans(const uint8_t *bytes, size_t count)
{
    int64_t scans = 0;
    const uint8_t *end = bytes + count;
    for (const uint8_t *at = bytes; (at = memchr(at, 0xFF, (size_t)(end - at))) && at + 1 < end; at++)
        scans += at[1] == SOS;
    return scans;
}

/* Over stray bytes between the segments, as the decoder does. */
void alx_jpeg_walk(alx_jpeg_segments *segments, const uint8_t *bytes, size_t count)
{
    *segments = (alx_jpeg_segments){.scan = count};
    int components = 0;
    size_t at = 2;
    while (at + 4 <= count) {
        const unsigned marker = bytes[at + 1];
        if (bytes[at] != 0xFF || marker == 0xFF || marker < SOF0) { /* stray bytes, fill bytes */
            at++;
            continue;
        }
        if (marker >= RST0 && marker <= RST7) { /* without a length; the decoder passes over them */
            at += 2;
            continue;
        }
        const size_t length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (marker == SOS) {
            segments->scan = at;
            segments->scans = count_scans(bytes + at, count - at);
            if (at + 4 < count && bytes[at + 4] < components) segments->keeps = true;
            return;
        }
        if (length < 2 || length > count - at - 2) return;
        read_segment(segments, marker, bytes + at + 2, length, &components);
        at += 2 + length;
    }
}

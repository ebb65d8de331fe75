/* Whether a data set is sound: every image is read once, then the records are compared.
 *
 *   inspect.c             the whole, and the public accessors
 *   inspect_read.c        a record for each image
 *   inspect_files.c       findings about single images: unreadable, odd, sizes
 *   inspect_classes.c     findings about classes: balance, classes that are missing
 *   inspect_duplicates.c  exact duplicates, then what near ones mean
 *   inspect_near.c        the search for near ones
 *   inspect_finding.c     the list of findings */
#ifndef ALX_DATA_INSPECT_H
#define ALX_DATA_INSPECT_H

#include "data/phash.h"
#include "data/source.h"

enum { ALX_SPLIT_TRAIN, ALX_SPLIT_VALIDATION, ALX_SPLIT_TEST, ALX_SPLITS };

typedef enum alx_finding_kind {
#define X(constant, name, severity, english, chinese, advice, advice_chinese) ALX_FINDING_##constant,
#include "data/inspect_kinds.inc"
#undef X
    ALX_FINDING_KINDS
} alx_finding_kind;

/* What is inspected. */
typedef struct alx_inspect_input {
    alx_sample_list *lists[ALX_SPLITS]; /* the same classes in each; NULL: no such split */
    bool drawn;                         /* validation is a share of train that the program draws */
    double skip_bad;                    /* percent of unreadable images that training tolerates */
    int width, height;                  /* of the images that the network is given */
    int threads;
    bool near;                /* search for near duplicates */
    alx_progress_fn progress; /* may be NULL */
    void *user;
} alx_inspect_input;

/* 128 bits of XXH3: images of the same digest are taken for the same. */
typedef struct alx_digest {
    uint64_t high, low;
} alx_digest;

typedef struct alx_image_record {
    const char *path;  /* of the list */
    int64_t sample;    /* its place in the list of its split */
    char *trouble;     /* why it cannot be read, without the path; NULL: it can, and what follows is known */
    const char *kind;  /* alx_image */
    uint64_t file;     /* XXH3 of its bytes */
    alx_digest pixels; /* of width, height and RGB as decoded */
    uint64_t phash;
    int64_t bytes;
    int split, label;
    int width, height;
    unsigned traits; /* alx_image */
    alx_image_fault fault;
    bool grey, constant; /* every pixel is grey; all pixels are the same */
    bool content;        /* enough of it for near duplicates */
} alx_image_record;

/* Images that belong together, or one, or none. */
typedef struct alx_group {
    int64_t first, count; /* in alx_inspection.members */
    char *note;           /* "227x40", "cats: 3"; in the arena, may be NULL */
    bool same_file;       /* several images, equal byte for byte */
} alx_group;

typedef struct alx_finding_list {
    alx_finding_kind kind;
    alx_severity severity;
    int64_t count;               /* images, or classes, that are concerned */
    int64_t first_group, groups; /* in alx_inspection.groups */
} alx_finding_list;

struct alx_inspection {
    alx_arena arena; /* notes */
    alx_sample_list lists[ALX_SPLITS];
    bool drawn;
    double skip_bad;
    int width, height;
    int class_count;
    const char *const *class_names; /* of the training list */
    int64_t count;
    alx_image_record *records; /* (count): train, validation, test; each in the order of its list */
    alx_thumb *thumbs;         /* (count); NULL: near duplicates are not searched for */
    int64_t *sizes[2];         /* (ALX_SPLITS, class_count): images; of them readable */
    alx_inspection_summary summary;

    int64_t *members; /* places in records */
    alx_group *groups;
    alx_finding_list *findings;
    size_t member_count, member_capacity, group_count, group_capacity, finding_count, finding_capacity;
    bool failed; /* memory ran out while findings were listed */
};

/* Takes the lists over, which are empty afterwards, also on failure. */
alx_status alx_inspect(alx_inspection **inspection, const alx_inspect_input *input, alx_error *err);

/* ---- Inside ---- */

/* Fills records, and thumbs where they have room. */
alx_status alx_inspect_read(alx_inspection *i, const alx_inspect_input *input, alx_error *err);
void alx_inspect_files(alx_inspection *i);
/* Needs sizes. */
void alx_inspect_classes(alx_inspection *i);
/* threads: of the search for near duplicates. */
alx_status alx_inspect_duplicates(alx_inspection *i, int threads, alx_error *err);

/* Distinct pictures among which near ones are looked for. */
typedef struct alx_near_set {
    int64_t count;
    const uint64_t *hashes; /* (count) */
    const int64_t *images;  /* (count): its place in thumbs */
    const uint8_t *splits;  /* (count): bit s is set where a copy of it is in split s; 0: leave it out */
} alx_near_set;
/* partners is (count, ALX_SPLITS): of each picture the nearest other one that has a copy in that split, -1: none.
 * Nearest in bits of the hash, of several the first; both filters of phash.h hold.  Complete within ALX_PHASH_NEAR
 * bits, except for pictures that gave up: *given_up of them met 1,000 candidates that the second filter refused.
 *
 * Multi-index hashing (Norouzi, Punjani, Fleet 2012): hashes within 8 bits differ in at most 2 in one of four parts of
 * 16 bits, so each picture looks into 4 x 137 of 4 x 65536 buckets.  Among n hashes without structure that is
 * 548 n (1 + n / 65536) steps in place of n^2. The worst case, all hashes alike, stays 4 n^2 comparisons of bits. */
alx_status alx_near_search(int64_t *partners, int64_t *given_up, const alx_thumb *thumbs, const alx_near_set *set,
                           int threads, alx_error *err);

/* ---- The list of findings: begin, then each group with its members, then end ---- */

void alx_finding_begin(alx_inspection *i, alx_finding_kind kind);
void alx_finding_add_group(alx_inspection *i, const char *note, ...) __attribute__((format(printf, 2, 3)));
void alx_finding_add_member(alx_inspection *i, int64_t image);
/* A finding without groups is taken back.  count -1: as many as groups. */
void alx_finding_end(alx_inspection *i, int64_t count);
/* The severity of the finding that is begun. */
void alx_finding_severity(alx_inspection *i, alx_severity severity);
/* By severity, then by kind. */
void alx_findings_sort(alx_inspection *i);

#endif

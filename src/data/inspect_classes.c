/* Findings about classes. */
#include "data/inspect.h"

enum { FEW = 20 };
#define MAX_RATIO 5

static int64_t size_of(const alx_inspection *i, int split, int label, bool readable)
{
    return i->sizes[readable][(int64_t)split * i->class_count + label];
}

/* A class as groups name it: "validation: cats (3)". */
static void add_class(alx_inspection *i, int split, int label)
{
    static const char *const splits[ALX_SPLITS] = {"train", "validation", "test"};
    alx_printable name;
    alx_finding_add_group(i, "%s: %s (%lld)", splits[split], alx_text_printable(i->class_names[label], name),
                          (long long)size_of(i, split, label, true));
}

static void find_too_many_unreadable(alx_inspection *i)
{
    alx_finding_begin(i, ALX_FINDING_TOO_MANY_UNREADABLE);
    for (int s = 0; s < ALX_SPLITS; s++) {
        alx_split_info info;
        if (!alx_inspection_split(i, s, &info)) break;
        int64_t bad = info.images - info.readable;
        /* The loader's rule. */
        if ((double)bad * 100.0 > i->skip_bad * (double)info.images)
            alx_finding_add_group(i, "%s: %lld / %lld = %.3g %% > %g %%", info.name, (long long)bad,
                                  (long long)info.images, 100.0 * (double)bad / (double)info.images, i->skip_bad);
    }
    alx_finding_end(i, -1);
}

/* Images, and none that can be read: the loader refuses the class in each split. */
static void find_unreadable(alx_inspection *i)
{
    alx_finding_begin(i, ALX_FINDING_CLASS_UNREADABLE);
    for (int s = 0; s < ALX_SPLITS; s++)
        for (int c = 0; c < i->class_count; c++)
            if (size_of(i, s, c, false) && !size_of(i, s, c, true)) add_class(i, s, c);
    alx_finding_end(i, -1);
}

static void find_one_class(alx_inspection *i)
{
    alx_finding_begin(i, ALX_FINDING_ONE_CLASS);
    if (i->class_count == 1) add_class(i, ALX_SPLIT_TRAIN, 0);
    alx_finding_end(i, -1);
}

static void find_missing(alx_inspection *i)
{
    alx_finding_begin(i, ALX_FINDING_CLASS_MISSING);
    for (int s = ALX_SPLIT_VALIDATION; s < ALX_SPLITS; s++)
        for (int c = 0; i->lists[s].count && c < i->class_count; c++)
            if (!size_of(i, s, c, false)) add_class(i, s, c);
    alx_finding_end(i, -1);
}

static void find_few(alx_inspection *i)
{
    alx_finding_begin(i, ALX_FINDING_FEW_IMAGES);
    for (int c = 0; c < i->class_count; c++)
        if (size_of(i, ALX_SPLIT_TRAIN, c, true) < FEW) add_class(i, ALX_SPLIT_TRAIN, c);
    alx_finding_end(i, -1);
}

static void find_imbalance(alx_inspection *i)
{
    int most = 0, least = 0;
    for (int c = 1; c < i->class_count; c++) {
        int64_t size = size_of(i, ALX_SPLIT_TRAIN, c, true);
        if (size > size_of(i, ALX_SPLIT_TRAIN, most, true)) most = c;
        if (size < size_of(i, ALX_SPLIT_TRAIN, least, true)) least = c;
    }
    alx_finding_begin(i, ALX_FINDING_IMBALANCE);
    if (size_of(i, ALX_SPLIT_TRAIN, most, true) > MAX_RATIO * size_of(i, ALX_SPLIT_TRAIN, least, true)) {
        add_class(i, ALX_SPLIT_TRAIN, most);
        add_class(i, ALX_SPLIT_TRAIN, least);
    }
    alx_finding_end(i, 1);
}

void alx_inspect_classes(alx_inspection *i)
{
    find_too_many_unreadable(i);
    find_unreadable(i);
    find_one_class(i);
    find_missing(i);
    find_few(i);
    find_imbalance(i);
}

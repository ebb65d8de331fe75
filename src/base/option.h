/* Option tables: the one description of a thing's settings.  YAML, command
 * lines, --help and the documentation all read the same rows. */
#ifndef ALX_BASE_OPTION_H
#define ALX_BASE_OPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/yaml.h"

typedef enum alx_option_type {
    ALX_OPTION_INT,       /* int64_t; choices name special values (units: classes) */
    ALX_OPTION_NUMBER,    /* double; "1/255" is read as a fraction; choices as for INT (validation: auto) */
    ALX_OPTION_PERCENT,   /* double; "50" and "50%" are the same */
    ALX_OPTION_BYTES,     /* int64_t; "800MiB", "1.5GiB", "2GB"; a bare number but 0 is refused; choices as for INT */
    ALX_OPTION_BOOL,      /* bool; true|false|yes|no */
    ALX_OPTION_CHOICE,    /* int, one of choices */
    ALX_OPTION_PAIR,      /* int64_t[2]; one number stands for both; choices as for INT */
    ALX_OPTION_TEXT,      /* const char *, in the arena; "" by default */
    ALX_OPTION_PATH,      /* the same, resolved against the file that names it */
    ALX_OPTION_NUMBERS,   /* alx_numbers, in the arena; choices name what stands instead of numbers (mean: train) */
    ALX_OPTION_TEXTS,     /* alx_texts, in the arena; one text is a list of one */
    ALX_OPTION_TEXT_MAP,  /* alx_map of texts, in the arena */
    ALX_OPTION_NUMBER_MAP /* alx_map of numbers within min..max, in the arena */
} alx_option_type;

typedef struct alx_choice {
    const char *name; /* NULL ends a list */
    int64_t value;
} alx_choice;

typedef struct alx_numbers {
    int count;
    double *values;
    int64_t choice; /* the choice that was named instead, count is 0 then; 0: none, so no choice has that value */
} alx_numbers;

typedef struct alx_texts {
    int count;
    const char **values;
} alx_texts;

/* Names and what each stands for, in the order given. */
typedef struct alx_map_entry {
    const char *name;
    const char *text; /* TEXT_MAP */
    double number;    /* NUMBER_MAP */
} alx_map_entry;
typedef struct alx_map {
    int count;
    alx_map_entry *entries;
} alx_map;

typedef struct alx_option {
    const char *name; /* NULL ends a table */
    alx_option_type type;
    size_t offset;             /* of the field in the config struct */
    const char *default_value; /* as text, read like any other; NULL: must be given; alx_option_alias */
    /* Inclusive, for INT, NUMBER, PAIR and NUMBERS; both 0: no bound.  From 1e18 on max is no
     * bound, down to -1e18 min is none; a min such as 1e-300 reads "above 0", a max such as
     * 0x1.fffffffffffffp-1 "below 1". */
    double min, max;
    const alx_choice *choices;
    const char *also;    /* what others call it, for did-you-mean: "kernel kernel_shape k" */
    const char *help[2]; /* English, Chinese */
} alx_option;

/* The default of a row that is another name of a field which some other row owns: it sets no default, need not be
 * given, and is never written. */
extern const char alx_option_alias[];
static inline bool alx_option_is_alias(const alx_option *option)
{
    return option->default_value == alx_option_alias;
}

/* Fill a config struct with the defaults; options that must be given stay zero. */
alx_status alx_options_default(const alx_option *table, void *config, alx_arena *arena, alx_error *err);
/* Fill it from a map (NULL: an empty one): defaults first, then each key.  Unknown
 * keys get a did-you-mean; missing ones are named; keys in `skip` (space-separated,
 * may be NULL) are the caller's.  what names the thing in messages: "conv2d". */
alx_status alx_options_read(const alx_option *table, void *config, const alx_yaml *map, const char *what,
                            const char *skip, alx_arena *arena, alx_error *err);
/* The same over what config holds already: no defaults, and nothing must be given. */
alx_status alx_options_update(const alx_option *table, void *config, const alx_yaml *map, const char *what,
                              const char *skip, alx_arena *arena, alx_error *err);
/* Set one option from text, as from a command line; name with '-' or '_'. */
alx_status alx_options_set(const alx_option *table, void *config, const char *name, const char *value, alx_arena *arena,
                           alx_error *err);
const alx_option *alx_options_find(const alx_option *table, const char *name);
/* The option nearest to name by spelling or by `also`, or NULL. */
const alx_option *alx_options_nearest(const alx_option *table, const char *name);
/* The value as text that reads back as the same value. */
void alx_options_add_value(alx_text *text, const alx_option *option, const void *config);
/* "name: value, name: value" for options that differ from their default. */
void alx_options_add_changed(alx_text *text, const alx_option *table, const void *config);
bool alx_options_is_default(const alx_option *option, const void *config);
/* The range of a row as a person reads it: "above 0" is {.has_min, .above_min, .min = 0}. */
typedef struct alx_bounds {
    bool has_min, has_max, above_min, below_max;
    double min, max;
} alx_bounds;
alx_bounds alx_option_bounds(const alx_option *option);
/* For help: the row as alx_option_info. */
void alx_option_describe(const alx_option *option, alx_option_info *info);
/* Row `index` of a table: 1 when there is one, 0 past the last. */
int alx_options_row(const alx_option *table, int index, alx_option_info *info);

#endif

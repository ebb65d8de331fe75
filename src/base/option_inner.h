/* What the parts of the option tables share. */
#ifndef ALX_BASE_OPTION_INNER_H
#define ALX_BASE_OPTION_INNER_H

#include "base/option.h"

/* A field of a config struct, whatever its type. */
typedef union alx_option_field {
    int64_t whole, pair[2];
    double number;
    bool truth;
    int choice;
    const char *text;
    alx_numbers numbers;
    alx_texts texts;
    alx_map map;
} alx_option_field;
size_t alx_option_field_size(const alx_option *option);

/* Mistakes in a file are bad data; those in text came from a command line or a call. */
alx_status alx_option_mistake(const alx_yaml *node);
/* "filters takes a whole number, not "many"" */
alx_status alx_option_fail_type(const alx_option *option, const alx_yaml *node, alx_error *err);
/* The one door for values, from files and from text.  Writes the field only on success. */
alx_status alx_option_read_value(const alx_option *option, void *config, const alx_yaml *node, alx_arena *arena,
                                 alx_error *err);

#endif

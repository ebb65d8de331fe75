/* A row of the doctor's table, between doctor.c and diagnoses.c. */
#ifndef ALX_TRAIN_DIAGNOSIS_H
#define ALX_TRAIN_DIAGNOSIS_H

#include "train/doctor.h"

typedef struct alx_diagnosis {
    const char *name;
    /* Writes what was seen, as a clause without an end; false and nothing where it does not apply. */
    bool (*find)(alx_text *text, const alx_case *patient);
    const char *advice; /* what people do about it, or NULL */
    int moments;        /* of alx_moment, added up */
    bool rate;          /* a tenth of the learning rate is worth a try */
    bool note;          /* nothing is wrong: a message, no warning */
} alx_diagnosis;

/* In the order in which they are tried: causes before what follows from them. */
extern const alx_diagnosis alx_diagnoses[ALX_DIAGNOSES];

/* Up to three digits: 0.00314, 27.3 */
const char *alx_doctor_number(double value, char buffer[32]);

/* A share that `count` draws reach with chance p: p and two standard deviations of a binomial share. */
double alx_doctor_reach(double p, int64_t count);

#endif

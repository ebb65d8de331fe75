/* Hot loops compiled for several instruction sets, of which the processor's best is taken when the program is loaded.
 * Sums are four lanes wide in each, so that they give the same bits.  The sanitizers cannot run what chooses. */
#ifndef ALX_REPORT_CLONES_H
#define ALX_REPORT_CLONES_H

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define ALX_REPORT_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define ALX_REPORT_CLONES
#endif

#endif

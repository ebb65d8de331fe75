/* Own hot loops compiled for several instruction sets, of which the processor's best is taken at load time:
 *
 *     ALX_CLONES("avx512f", "avx2", "default")
 *     static void add(...)
 *
 * Loops over bytes and 16-bit values take "arch=x86-64-v4" in place of "avx512f", which has no vectors of them.
 *
 * Only exactly rounded operations (+ - * / sqrt) in a fixed order, no fused multiply-add: every variant gives the same
 * bits.  The sanitizers cannot run the resolvers that this needs. */
#ifndef ALX_BASE_CLONES_H
#define ALX_BASE_CLONES_H

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define ALX_CLONES(...) __attribute__((target_clones(__VA_ARGS__)))
#else
#define ALX_CLONES(...)
#endif

#endif

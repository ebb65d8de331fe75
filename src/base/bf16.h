/* bfloat16: the upper half of a float, rounded to nearest even. */
#ifndef ALX_BASE_BF16_H
#define ALX_BASE_BF16_H

#include <stdint.h>
#include <string.h>

static inline float alx_bf16_to_float(uint16_t bits)
{
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

static inline uint16_t alx_bf16_from_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    /* Both are computed in whole words, which compilers make vectors of.  NaN stays NaN. */
    const uint32_t rounded = bits + 0x7fffu + (bits >> 16 & 1u), nan = bits | 0x400000u;
    return (uint16_t)(((bits & 0x7fffffffu) > 0x7f800000u ? nan : rounded) >> 16);
}

#endif

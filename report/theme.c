#include "report/theme.h"

#include <stdlib.h>

const alx_colour alx_theme[ALX_ROLES] = {
    [ALX_INK] = {"ink", "#171717", "#ededed"},         [ALX_SOFT] = {"soft", "#454545", "#c4c7cc"},
    [ALX_MUTED] = {"muted", "#636363", "#a3a8b0"},     [ALX_PAPER] = {"paper", "#ffffff", "#14171b"},
    [ALX_PANEL] = {"panel", "#f5f6f8", "#1d2127"},     [ALX_GRID] = {"grid", "#e8e8e8", "#2b3037"},
    [ALX_AXIS] = {"axis", "#8c8c8c", "#747b85"},       [ALX_LINK] = {"link", "#0060a0", "#6cb8f0"},
    [ALX_GOOD] = {"good", "#00694a", "#3cc9a0"},       [ALX_BAD] = {"bad", "#b33c00", "#ff9a62"},
    [ALX_HEAT] = {"heat", "#4fa3d9", "#0f639c"},       [ALX_SERIES + 0] = {"c0", "#0072b2", "#4aa8e0"},
    [ALX_SERIES + 1] = {"c1", "#d55e00", "#f58b45"},   [ALX_SERIES + 2] = {"c2", "#009e73", "#2bc196"},
    [ALX_SERIES + 3] = {"c3", "#cc79a7", "#dfa3c8"},   [ALX_SERIES + 4] = {"c4", "#e69f00", "#f2b134"},
    [ALX_SERIES + 5] = {"c5", "#56b4e9", "#8ccdf0"},   [ALX_SERIES + 6] = {"c6", "#000000", "#ffffff"},
    [ALX_KIND + 0] = {"k0", "#f2f5f7", "#f2f5f7"},     [ALX_KIND + 1] = {"k1", "#77aadd", "#77aadd"},
    [ALX_KIND + 2] = {"k2", "#ee8866", "#ee8866"},     [ALX_KIND + 3] = {"k3", "#44bb99", "#44bb99"},
    [ALX_KIND + 4] = {"k4", "#ccd966", "#ccd966"},     [ALX_KIND + 5] = {"k5", "#eedd88", "#eedd88"},
    [ALX_KIND + 6] = {"k6", "#ffaabb", "#ffaabb"},     [ALX_KIND + 7] = {"k7", "#dddddd", "#dddddd"},
    [ALX_ON_KIND] = {"on-kind", "#171717", "#171717"},
};

void alx_theme_rgb(double rgb[3], alx_role role, double shade)
{
    const unsigned long word = strtoul(alx_theme[role].light + 1, NULL, 16);
    for (int i = 0; i < 3; i++) {
        const double value = (double)(word >> (16 - 8 * i) & 255) / 255;
        rgb[i] = shade <= 1 ? value * shade : value + (1 - value) * (shade - 1);
    }
}

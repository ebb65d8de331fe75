#include "cli/profile_ways.h"

#include <math.h>
#include <string.h>

#include "cli/output.h"
#include "report/table.h"

typedef struct words {
    const char *headings[6];
    const char *directions[3];
    const char *more; /* %d ways */
    const char *note;
} words;

enum { SHOWN = 1 }; /* of those that were rejected; JSON has all */

static const char *const directions[] = {"forward", "backward_data", "backward_weights"};

static const words texts[2] = {
    {{"Convolution", "direction", "computed", "ms", "images", "rejected (ms)"},
     {"forward", "backward, to its input", "backward, to its weights"},
     ", %d slower",
     "ways were measured with so many images, conversions of layout included, and the fastest taken\n"
     "(--no-autotune: the usual ones)\n"},
    {{"卷积层", "方向", "采用的算法", "毫秒", "图片数", "落选的算法（毫秒）"},
     {"前向", "反向：对输入", "反向：对权重"},
     "，另 %d 种更慢",
     "各算法用表中的图片数在本机实测（含布局转换），取最快者；加 --no-autotune 则按惯常方法选择\n"},
};

static const char *direction_name(const words *w, const char *direction)
{
    for (int i = 0; i < 3; i++)
        if (!strcmp(direction, directions[i])) return w->directions[i];
    return direction;
}

/* The rows from `first` on that are of the same layer and direction; the number behind the last of them. */
static int end_of(const alx_profile *profile, int first, alx_profile_way *chosen)
{
    alx_profile_way start, way;
    int i = first;
    alx_profile_way_get(profile, first, &start);
    for (; alx_profile_way_get(profile, i, &way); i++) {
        if (way.layer != start.layer || strcmp(way.direction, start.direction)) break;
        if (way.chosen) *chosen = way;
    }
    return i;
}

/* "direct 34.61, fold+direct 45.06" */
static void write_rejected(char text[512], const alx_profile *profile, const words *w, int first, int end)
{
    size_t used = 0;
    int more = 0, shown = 0;
    text[0] = '\0';
    for (int i = first; i < end && used < 512; i++) {
        alx_profile_way way;
        alx_profile_way_get(profile, i, &way);
        if (way.chosen) continue;
        if (shown++ >= SHOWN) {
            more++;
            continue;
        }
        used += (size_t)snprintf(text + used, 512 - used, "%s%s %.2f", used ? ", " : "", way.way, 1e3 * way.seconds);
    }
    if (more && used < 512) snprintf(text + used, 512 - used, w->more, more);
}

static bool add_line(alx_table *table, const alx_profile *profile, const words *w, int first, int end,
                     const alx_profile_way *chosen)
{
    char rejected[512];
    cli_name_text name;
    const bool measured = !isnan(chosen->seconds);
    write_rejected(rejected, profile, w, first, end);
    alx_table_cell(table, "%s", cli_name(chosen->name, name));
    alx_table_cell(table, "%s", direction_name(w, chosen->direction));
    alx_table_cell(table, "%s", chosen->way);
    if (measured) {
        alx_table_cell(table, "%.2f", 1e3 * chosen->seconds);
        alx_table_cell(table, "%d", chosen->batch_size);
    } else {
        for (int i = 0; i < 2; i++) alx_table_cell(table, "%s", "");
    }
    alx_table_cell(table, "%s", rejected);
    return measured;
}

alx_status cli_print_ways(const alx_profile *profile, alx_language language, alx_error *err)
{
    const words *w = &texts[language];
    const char *const *h = w->headings;
    alx_table table;
    alx_profile_way chosen;
    bool measured = false;
    if (!alx_profile_way_get(profile, 0, &chosen)) return ALX_OK;
    alx_table_init(&table, h[0], ALX_TABLE_LEFT, h[1], ALX_TABLE_LEFT, h[2], ALX_TABLE_LEFT, h[3], ALX_TABLE_RIGHT,
                   h[4], ALX_TABLE_RIGHT, h[5], ALX_TABLE_LEFT, NULL);
    for (int first = 0, end; alx_profile_way_get(profile, first, &chosen); first = end) {
        end = end_of(profile, first, &chosen);
        measured |= add_line(&table, profile, w, first, end, &chosen);
    }
    putchar('\n');
    const alx_status status = alx_table_print(&table, stdout, err);
    alx_table_finish(&table);
    if (measured && !status) fputs(w->note, stdout);
    return status;
}

json_t *cli_ways_json(const alx_profile *profile)
{
    json_t *list = json_array();
    alx_profile_way way;
    for (int i = 0; alx_profile_way_get(profile, i, &way); i++) {
        const bool measured = !isnan(way.seconds);
        json_t *json = json_object();
        json_object_set_new(json, "layer", json_integer(way.layer));
        json_object_set_new(json, "name", cli_json_text(way.name));
        json_object_set_new(json, "direction", json_string(way.direction));
        json_object_set_new(json, "way", json_string(way.way));
        json_object_set_new(json, "chosen", json_boolean(way.chosen));
        json_object_set_new(json, "milliseconds", measured ? cli_json_number(1e3 * way.seconds) : json_null());
        json_object_set_new(json, "batch_size", measured ? json_integer(way.batch_size) : json_null());
        json_array_append_new(list, json);
    }
    return list;
}

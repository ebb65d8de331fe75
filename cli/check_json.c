/* An inspection as JSON: every finding with every image. */
#include "cli/check_print.h"
#include "cli/output.h"

static const char *const severities[] = {"note", "warning", "unsound"};

static json_t *side(const int values[3])
{
    json_t *object = json_object();
    json_object_set_new(object, "smallest", json_integer(values[0]));
    json_object_set_new(object, "median", json_integer(values[1]));
    json_object_set_new(object, "largest", json_integer(values[2]));
    return object;
}

static json_t *class_json(const alx_inspection *i, int split, int index)
{
    int64_t images, readable;
    alx_inspection_class_size(i, split, index, &images, &readable);
    json_t *object = json_object();
    json_object_set_new(object, "name", cli_json_text(alx_inspection_class_name(i, index)));
    json_object_set_new(object, "images", json_integer(images));
    json_object_set_new(object, "readable", json_integer(readable));
    return object;
}

static json_t *splits_json(const alx_inspection *i)
{
    json_t *list = json_array();
    alx_split_info info;
    for (int s = 0; alx_inspection_split(i, s, &info); s++) {
        json_t *object = json_object(), *classes = json_array();
        for (int c = 0; alx_inspection_class_name(i, c); c++) json_array_append_new(classes, class_json(i, s, c));
        json_object_set_new(object, "name", json_string(info.name));
        json_object_set_new(object, "drawn", json_boolean(info.drawn));
        json_object_set_new(object, "images", json_integer(info.images));
        json_object_set_new(object, "readable", json_integer(info.readable));
        json_object_set_new(object, "majority", cli_json_number(info.majority));
        json_object_set_new(object, "classes", classes);
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *image_json(const alx_inspection *i, int64_t index)
{
    alx_inspected_image image;
    alx_inspection_image(i, index, &image);
    json_t *object = json_object();
    json_object_set_new(object, "path", cli_json_text(image.path));
    json_object_set_new(object, "split", json_string(image.split));
    json_object_set_new(object, "class", cli_json_text(image.class_name));
    json_object_set_new(object, "kind", image.kind ? json_string(image.kind) : json_null());
    json_object_set_new(object, "width", image.width ? json_integer(image.width) : json_null());
    json_object_set_new(object, "height", image.height ? json_integer(image.height) : json_null());
    json_object_set_new(object, "bytes", json_integer(image.bytes));
    return object;
}

static json_t *group_json(const alx_inspection *i, const alx_finding_group *group)
{
    json_t *object = json_object(), *images = json_array();
    for (int64_t k = 0; k < group->image_count; k++) json_array_append_new(images, image_json(i, group->images[k]));
    json_object_set_new(object, "note", group->note ? cli_json_text(group->note) : json_null());
    json_object_set_new(object, "same_file", json_boolean(group->same_file));
    json_object_set_new(object, "images", images);
    return object;
}

static json_t *findings_json(const cli_checked *c)
{
    json_t *list = json_array();
    alx_finding finding;
    for (int f = 0; alx_inspection_finding(c->inspection, f, &finding); f++) {
        json_t *object = json_object(), *groups = json_array();
        alx_finding_group group;
        for (int64_t g = 0; alx_inspection_group(c->inspection, f, g, &group); g++)
            json_array_append_new(groups, group_json(c->inspection, &group));
        json_object_set_new(object, "kind", json_string(finding.kind));
        json_object_set_new(object, "severity", json_string(severities[finding.severity]));
        json_object_set_new(object, "count", json_integer(finding.count));
        json_object_set_new(object, "text", json_string(finding.text[c->language]));
        json_object_set_new(object, "advice", json_string(finding.advice[c->language]));
        json_object_set_new(object, "groups", groups);
        json_array_append_new(list, object);
    }
    return list;
}

int cli_check_json(const cli_checked *c)
{
    alx_inspection_summary sum;
    alx_inspection_summarize(c->inspection, &sum);
    json_t *root = json_object(), *classes = json_array(), *kinds = json_object();
    for (int k = 0; alx_inspection_class_name(c->inspection, k); k++)
        json_array_append_new(classes, cli_json_text(alx_inspection_class_name(c->inspection, k)));
    json_object_set_new(kinds, "jpeg", json_integer(sum.jpeg));
    json_object_set_new(kinds, "png", json_integer(sum.png));
    json_object_set_new(kinds, "webp", json_integer(sum.webp));
    json_object_set_new(root, "source", cli_json_text(c->source));
    json_object_set_new(root, "sound", json_boolean(!sum.unsound));
    json_object_set_new(root, "images", json_integer(sum.images));
    json_object_set_new(root, "readable", json_integer(sum.readable));
    json_object_set_new(root, "classes", classes);
    json_object_set_new(root, "splits", splits_json(c->inspection));
    json_object_set_new(root, "kinds", kinds);
    json_object_set_new(root, "grey", json_integer(sum.grey));
    json_object_set_new(root, "width", side(sum.width));
    json_object_set_new(root, "height", side(sum.height));
    json_object_set_new(root, "input", json_pack("[ii]", sum.input_height, sum.input_width));
    json_object_set_new(root, "findings", findings_json(c));
    int code = cli_print_json(root);
    putchar('\n');
    return code;
}

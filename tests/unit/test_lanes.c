/* report/lanes: a network's edges as box characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "report/lanes.h"

enum { MOST = 64 };

/* "0, 1, 1 2": one node between commas, in it the nodes that it reads; nothing: none. */
static int read_nodes(const char *text, alx_lanes_node nodes[MOST], int inputs[MOST][MOST])
{
    int count = 1, used = 0;
    nodes[0] = (alx_lanes_node){0, inputs[0]};
    for (; *text; text++) {
        if (*text == ',') {
            assert_true(count < MOST);
            nodes[count] = (alx_lanes_node){0, inputs[count]};
            count++;
        } else if (*text != ' ') {
            int value = -1;
            assert_int_equal(sscanf(text, "%d%n", &value, &used), 1);
            text += used - 1;
            inputs[count - 1][nodes[count - 1].input_count++] = value;
        }
    }
    return count;
}

/* The lines of the nodes, and those below them where `below` says so, each with a newline. */
static void assert_drawn(const char *graph, const char *want, int below)
{
    static int inputs[MOST][MOST];
    alx_lanes_node nodes[MOST];
    alx_lanes_line *lines;
    char got[4096] = "";
    const int count = read_nodes(graph, nodes, inputs);
    assert_int_equal(alx_lanes_create(&lines, nodes, count, NULL), ALX_OK);
    for (int i = 0; i < count; i++) strcat(strcat(got, below ? lines[i].below : lines[i].node), "\n");
    alx_lanes_destroy(lines, count);
    assert_string_equal(got, want);
}

static void test_chain(void **state)
{
    (void)state;
    assert_drawn(", 0, 1, 2", "o\no\no\no\n", 0);
    assert_drawn(", 0, 1, 2", "│\n│\n│\n\n", 1);
}

static void test_residual(void **state)
{
    (void)state;
    assert_drawn(", 0, 1, 2, 1 3, 4",
                 "o\n"
                 "o\n"
                 "├─o\n"
                 "│ o\n"
                 "o─╯\n"
                 "o\n",
                 0);
    assert_drawn(", 0, 1, 2, 1 3, 4", "│\n│\n│ │\n│ │\n│\n\n", 1);
}

static void test_inception(void **state)
{
    (void)state;
    /* 1x1; 1x1 and 3x3; pooling and 1x1; the four side by side */
    assert_drawn(", 0, 1, 1, 3, 1, 5, 2 4 6, 7",
                 "o\n"
                 "o\n"
                 "├─o\n"
                 "├─┼─o\n"
                 "│ │ o\n"
                 "o │ │\n"
                 "o │ │\n"
                 "o─┴─╯\n"
                 "o\n",
                 0);
    /* The pool is not last: the value's lane goes on until then. */
    assert_drawn(", 0, 0, 0, 1 2 3",
                 "o\n"
                 "├─o\n"
                 "├─┼─o\n"
                 "o │ │\n"
                 "o─┴─╯\n",
                 0);
}

static void test_nested(void **state)
{
    (void)state;
    /* A branch that branches itself, and closes first. */
    assert_drawn(", 0, 1, 2, 2 3, 0 4",
                 "o\n"
                 "├─o\n"
                 "│ o\n"
                 "│ ├─o\n"
                 "│ o─╯\n"
                 "o─╯\n",
                 0);
}

static void test_value_read_three_times(void **state)
{
    (void)state;
    assert_drawn(", 0, 0 1, 0 2",
                 "o\n"
                 "├─o\n"
                 "├─o\n"
                 "o─╯\n",
                 0);
    /* Read by layers far apart, while nothing else ends. */
    assert_drawn(", 0, 0, 0, 1 2, 3 4",
                 "o\n"
                 "├─o\n"
                 "├─┼─o\n"
                 "o │ │\n"
                 "│ o─╯\n"
                 "o─╯\n",
                 0);
}

static void test_goes_on_between_others(void **state)
{
    (void)state;
    /* Node 4 reads 1, 2 and 3, of which 2 goes on; node 0 is read again at the end. */
    assert_drawn(", 0, 0, 0, 1 2 3, 2 4, 0 5",
                 "o\n"
                 "├─o\n"
                 "├─┼─o\n"
                 "├─┼─┼─o\n"
                 "│ o─╋─╯\n"
                 "│ o─╯\n"
                 "o─╯\n",
                 0);
    /* Lane 1 is crossed, lane 2 is read. */
    assert_drawn(", 0, 0, 0 2, 0 1 2 3",
                 "o\n"
                 "├─o\n"
                 "├─┼─o\n"
                 "├─┼─╋─o\n"
                 "o─┴─┴─╯\n",
                 0);
}

static void test_free_lane_on_the_left(void **state)
{
    (void)state;
    /* Lane 0 ends with node 2, which nobody reads: node 3 takes it, left of its input, whose lane goes on. */
    assert_drawn(", 0, 0, 1, 1 3",
                 "o\n"
                 "├─o\n"
                 "o │\n"
                 "o─┤\n"
                 "o─╯\n",
                 0);
    assert_drawn(", 0, 1, 0 1 2", "o\n├─o\n│ ├─o\no─┴─╯\n", 0);
}

static void test_stroke_over_a_free_lane(void **state)
{
    (void)state;
    /* Node 3, which nobody reads, frees lane 1 between the two that the last node reads. */
    assert_drawn(", 0, 0, 1, 0 2",
                 "o\n"
                 "├─o\n"
                 "├─┼─o\n"
                 "│ o │\n"
                 "o───╯\n",
                 0);
    assert_drawn(", 0, 0, 1, 0 2", "│\n│ │\n│ │ │\n│   │\n\n", 1);
}

static void test_same_value_twice(void **state)
{
    (void)state;
    assert_drawn(", 0, 1 1, 2", "o\no\no\no\n", 0);
    /* and once more later */
    assert_drawn(", 0, 1 1, 1 2", "o\no\n├─o\no─╯\n", 0);
}

static void test_dead_end(void **state)
{
    (void)state;
    assert_drawn(", 0, 0, 2", "o\n├─o\no\no\n", 0);
    assert_drawn(", 0, 0, 2", "│\n│\n│\n\n", 1);
}

/* One value with `readers`, then all of them together. */
static alx_status fan(int readers, alx_error *err, char last[256])
{
    static int inputs[MOST][MOST];
    alx_lanes_node nodes[MOST];
    alx_lanes_line *lines;
    nodes[0] = (alx_lanes_node){0, NULL};
    for (int i = 1; i <= readers; i++) {
        inputs[i][0] = 0;
        inputs[readers + 1][i - 1] = i;
        nodes[i] = (alx_lanes_node){1, inputs[i]};
    }
    nodes[readers + 1] = (alx_lanes_node){readers, inputs[readers + 1]};
    const alx_status status = alx_lanes_create(&lines, nodes, readers + 2, err);
    if (!status) snprintf(last, 256, "%s", lines[readers + 1].node);
    if (status) assert_null(lines);
    alx_lanes_destroy(lines, readers + 2);
    return status;
}

static void test_most_lanes(void **state)
{
    (void)state;
    char last[256], want[256] = "o";
    alx_error err = {0};
    assert_int_equal(fan(ALX_LANES_MOST, &err, last), ALX_OK);
    for (int i = 1; i < ALX_LANES_MOST; i++) strcat(want, i + 1 < ALX_LANES_MOST ? "─┴" : "─╯");
    assert_string_equal(last, want);
    assert_int_equal(fan(ALX_LANES_MOST + 1, &err, last), ALX_UNSUPPORTED);
    assert_non_null(strstr(err.message, "too many branches"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_residual),
        cmocka_unit_test(test_inception),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_value_read_three_times),
        cmocka_unit_test(test_goes_on_between_others),
        cmocka_unit_test(test_free_lane_on_the_left),
        cmocka_unit_test(test_stroke_over_a_free_lane),
        cmocka_unit_test(test_same_value_twice),
        cmocka_unit_test(test_dead_end),
        cmocka_unit_test(test_most_lanes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

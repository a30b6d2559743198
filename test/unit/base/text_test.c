/* Strings under construction. */
#include "lib/arena.h"
#include "lib/unit.h"

TEST(test_parts_come_out_in_order)
{
    struct text text;
    text_init(&text, &arena, 1000);
    text_add(&text, STR("a"));
    text_add(&text, STR_NULL);
    text_add_char(&text, '-');
    text_add_int64(&text, INT64_MIN);
    text_addf(&text, "%s%d", "/", 5);
    text_add_literal(&text, "end");
    assert_str(text_str(&text), "a--9223372036854775808/5end");
}

TEST(test_nothing_is_the_empty_string)
{
    struct text text;
    text_init(&text, &arena, 10);
    assert_str(text_str(&text), "");
}

TEST(test_integers_are_written_as_printf_does)
{
    static const int64_t edges[] = {0, 1, -1, 9, 10, -10, 99, 100, INT64_MAX, INT64_MIN};
    struct chance chance = {2};
    for (size_t i = 0; i < 2000; i++) {
        int64_t value = i < ARRAY_LENGTH(edges)
                            ? edges[i]
                            : (int64_t)(chance_next(&chance) >> chance_below(&chance, 64));
        char expected[32];
        struct text text;
        snprintf(expected, sizeof(expected), "%lld", (long long)value);
        text_init(&text, &arena, 100);
        text_add_int64(&text, value);
        assert_str(text_str(&text), expected);
    }
}

TEST(test_a_long_text_keeps_every_byte)
{
    struct text text;
    text_init(&text, &arena, 1 << 20);
    for (int i = 0; i < 50000; i++)
        text_add_char(&text, (char)('a' + i % 26));
    struct str result = text_str(&text);
    assert_int_equal(result.length, 50000);
    for (int i = 0; i < 50000; i++)
        assert_int_equal(result.data[i], 'a' + i % 26);
    assert_int_equal(result.data[50000], '\0');
}

TEST(test_the_limit_is_the_last_length_that_fits)
{
    for (size_t length = 9; length <= 11; length++) {
        struct text text;
        text_init(&text, &arena, 10);
        for (size_t i = 0; i < length; i++)
            text_add_char(&text, 'x');
        assert_int_equal(text.failed, length == 11);
        assert_int_equal(text_str(&text).length, length == 11 ? 0 : length);
        text_init(&text, &arena, 10);
        text_addf(&text, "%.*s", (int)length, "xxxxxxxxxxx");
        assert_int_equal(text.failed, length == 11);
    }
}

TEST(test_failing_is_remembered)
{
    struct text text;
    text_init(&text, &arena, 3);
    text_add(&text, STR("toolong"));
    text_add(&text, STR("x")); /* would fit */
    assert_true(text.failed);
    assert_null_str(text_str(&text));
    assert_null(text_reserve(&text, 0));
    text_init(&text, &arena, 5);
    text_add(&text, STR("abc"));
    text_add(&text, STR("long"));
    text_add_char(&text, 'x'); /* would fit, where there is room already */
    assert_int_equal(text.length, 3);
    assert_null_str(text_str(&text));
}

TEST(test_reserved_room_is_part_of_the_text_once_it_is_counted)
{
    struct text text;
    text_init(&text, &arena, 5000);
    text_add(&text, STR("ab"));
    char *room = text_reserve(&text, 3000);
    memset(room, 'r', 3000);
    text.length += 3000;
    text_add(&text, STR("z"));
    struct str result = text_str(&text);
    assert_int_equal(result.length, 3003);
    assert_int_equal(result.data[1], 'b');
    assert_int_equal(result.data[3001], 'r');
    assert_int_equal(result.data[3002], 'z');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_come_out_in_order),
        cmocka_unit_test(test_nothing_is_the_empty_string),
        cmocka_unit_test(test_integers_are_written_as_printf_does),
        cmocka_unit_test(test_a_long_text_keeps_every_byte),
        cmocka_unit_test(test_the_limit_is_the_last_length_that_fits),
        cmocka_unit_test(test_failing_is_remembered),
        cmocka_unit_test(test_reserved_room_is_part_of_the_text_once_it_is_counted),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}

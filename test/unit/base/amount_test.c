/* Amounts per unit with decimal places. */
#include "lib/arena.h"
#include "lib/unit.h"

#include "base/amount.h"
#include "base/limits.h"

#define ONE INT64_C(1000000000000)

TEST(test_unit_amounts_are_read_exactly_or_refused)
{
    static const struct {
        const char *text;
        bool valid;
        int64_t whole;
        int64_t fraction;
    } cases[] = {
        {"0", true, 0, 0},
        {"1900", true, 1900, 0},
        {"0.5", true, 0, ONE / 2},
        {"00012.50", true, 12, ONE / 2},
        {"0.00000000001", true, 0, 10},
        {"0.000000000001", true, 0, 1},
        {"0.0000000000001", false, 0, 0},
        {"0.999999999999", true, 0, ONE - 1},
        {"7.000000000000", true, 7, 0},
        {"7.0000000000000", false, 0, 0},
        {"99999998", true, 99999998, 0},
        {"99999999", true, 99999999, 0},
        {"100000000", false, 0, 0},
        {"99999998.999999999999", true, 99999998, ONE - 1},
        {"99999999.000000000000", true, 99999999, 0},
        {"99999999.000000000001", false, 0, 0},
        {"9223372036854775808", false, 0, 0},
        {"99999999999999999999999999.5", false, 0, 0},
        {"", false, 0, 0},
        {".", false, 0, 0},
        {".5", false, 0, 0},
        {"5.", false, 0, 0},
        {"1.2.3", false, 0, 0},
        {"1..2", false, 0, 0},
        {"-0", false, 0, 0},
        {"-0.5", false, 0, 0},
        {"-1", false, 0, 0},
        {"1.-5", false, 0, 0},
        {"+1", false, 0, 0},
        {" 1", false, 0, 0},
        {"1 ", false, 0, 0},
        {"1,5", false, 0, 0},
        {"1e2", false, 0, 0},
        {"1.5e2", false, 0, 0},
        {"0x10", false, 0, 0},
        {"nan", false, 0, 0},
    };
    assert_int_equal(UNIT_DECIMAL_PLACES, 12);
    assert_int_equal(AMOUNT_MAX, 99999999);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int64_t whole, fraction;
        if (unit_decimal_parse(str_from(cases[i].text), &whole, &fraction) != cases[i].valid)
            BREAKS("\"%s\" is %s", cases[i].text, cases[i].valid ? "refused" : "accepted");
        if (cases[i].valid && (whole != cases[i].whole || fraction != cases[i].fraction))
            BREAKS("\"%s\" is read as %lld and %lld", cases[i].text, (long long)whole,
                   (long long)fraction);
    }
    int64_t ignored;
    assert_false(unit_decimal_parse(STR_NULL, &ignored, &ignored));
    assert_false(unit_decimal_parse(STR("5\0"), &ignored, &ignored));
    assert_false(unit_decimal_parse(STR("5.1\0"), &ignored, &ignored));
}

TEST(test_unit_amounts_are_written_in_the_shortest_form)
{
    assert_str(unit_decimal_write(&arena, 1900, 0), "1900");
    assert_str(unit_decimal_write(&arena, 0, 0), "0");
    assert_str(unit_decimal_write(&arena, 0, ONE / 2), "0.5");
    assert_str(unit_decimal_write(&arena, 10, ONE / 100), "10.01");
    assert_str(unit_decimal_write(&arena, 0, 1), "0.000000000001");
    assert_str(unit_decimal_write(&arena, AMOUNT_MAX - 1, ONE - 1), "99999998.999999999999");
}

TEST(test_unit_amounts_that_are_written_are_read_back)
{
    struct chance chance = {5};
    for (int i = 0; i < 100000; i++) {
        struct arena_mark mark = arena_mark(&arena);
        int64_t whole = (int64_t)chance_below(&chance, AMOUNT_MAX) >> chance_below(&chance, 28);
        int64_t scale = 1, whole_again, fraction_again;
        for (uint64_t zeros = chance_below(&chance, 13); zeros > 0; zeros--)
            scale *= 10;
        int64_t fraction = (int64_t)chance_below(&chance, (uint64_t)(ONE / scale)) * scale;
        struct str text = unit_decimal_write(&arena, whole, fraction);
        if (!unit_decimal_parse(text, &whole_again, &fraction_again) || whole_again != whole ||
            fraction_again != fraction)
            BREAKS("%lld and %lld are written %.*s", (long long)whole, (long long)fraction,
                   STR_FMT(text));
        arena_rewind(&arena, mark);
    }
}

TEST(test_a_quantity_is_rounded_once_half_up)
{
    static const struct {
        int64_t whole;
        int64_t fraction;
        int64_t quantity;
        int64_t amount;
    } cases[] = {
        {1900, 0, 3, 5700},
        {1900, 0, 0, 0},
        {0, ONE / 2, 1, 1},
        {0, ONE / 2, 2, 1},
        {0, ONE / 2, 3, 2},
        {0, ONE / 2 - 1, 1, 0},
        {0, ONE / 2 + 1, 1, 1},
        {0, ONE / 3, 3, 1}, /* 0.999999999999 */
        {0, ONE / 100, 49, 0},
        {0, ONE / 100, 50, 1},
        {0, 1, COUNT_MAX, 0},
        {AMOUNT_MAX, 0, COUNT_MAX, INT64_C(214748362552516353)},
        {AMOUNT_MAX - 1, ONE - 1, COUNT_MAX, INT64_C(214748362552516353)},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_int_equal(unit_decimal_times(cases[i].whole, cases[i].fraction, cases[i].quantity),
                         cases[i].amount);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unit_amounts_are_read_exactly_or_refused),
        cmocka_unit_test(test_unit_amounts_are_written_in_the_shortest_form),
        cmocka_unit_test(test_unit_amounts_that_are_written_are_read_back),
        cmocka_unit_test(test_a_quantity_is_rounded_once_half_up),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}

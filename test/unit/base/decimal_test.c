/* Percentages as hundredths. */
#include "lib/arena.h"
#include "lib/unit.h"

#include "base/decimal.h"

static struct str written(int64_t hundredths)
{
    struct text text;
    text_init(&text, &arena, 100);
    decimal_write(&text, hundredths);
    return text_str(&text);
}

TEST(test_decimals_are_read_exactly_or_refused)
{
    static const struct {
        const char *text;
        enum decimal_result result;
        int64_t hundredths;
    } cases[] = {
        {"0", DECIMAL_OK, 0},
        {"50", DECIMAL_OK, 5000},
        {"25.5", DECIMAL_OK, 2550},
        {"33.33", DECIMAL_OK, 3333},
        {"0.01", DECIMAL_OK, 1},
        {"00050.10", DECIMAL_OK, 5010},
        {"33.3300000000000000000000000", DECIMAL_OK, 3333},
        {"100.00", DECIMAL_OK, 10000},
        {"-1.5", DECIMAL_OK, -150},
        {"-0", DECIMAL_OK, 0},
        {"99.999", DECIMAL_TOO_PRECISE, 9999},
        {"0.001", DECIMAL_TOO_PRECISE, 0},
        {"-0.001", DECIMAL_TOO_PRECISE, 0},
        {"33.330000000000000000000001", DECIMAL_TOO_PRECISE, 3333},
        {"92233720368547758.07", DECIMAL_OK, INT64_MAX},
        {"92233720368547758.08", DECIMAL_OUT_OF_RANGE, INT64_MAX},
        {"-92233720368547758.08", DECIMAL_OUT_OF_RANGE, INT64_MIN},
        {"9223372036854775807", DECIMAL_OUT_OF_RANGE, INT64_MAX},
        {"99999999999999999999999999999999", DECIMAL_OUT_OF_RANGE, INT64_MAX},
        {"-99999999999999999999999999999999", DECIMAL_OUT_OF_RANGE, INT64_MIN},
        {"", DECIMAL_INVALID, 0},
        {"-", DECIMAL_INVALID, 0},
        {".", DECIMAL_INVALID, 0},
        {".5", DECIMAL_INVALID, 0},
        {"5.", DECIMAL_INVALID, 0},
        {"1.2.3", DECIMAL_INVALID, 0},
        {"+5", DECIMAL_INVALID, 0},
        {"--5", DECIMAL_INVALID, 0},
        {" 5", DECIMAL_INVALID, 0},
        {"5 ", DECIMAL_INVALID, 0},
        {"1e2", DECIMAL_INVALID, 0},
        {"0x10", DECIMAL_INVALID, 0},
        {"1,5", DECIMAL_INVALID, 0},
        {"inf", DECIMAL_INVALID, 0},
        {"nan", DECIMAL_INVALID, 0},
        {"50%", DECIMAL_INVALID, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int64_t hundredths = 0;
        enum decimal_result result = decimal_parse(str_from(cases[i].text), &hundredths);
        if (result != cases[i].result || hundredths != cases[i].hundredths)
            BREAKS("\"%s\" is read as %d, %lld", cases[i].text, result, (long long)hundredths);
    }
    int64_t ignored;
    assert_int_equal(decimal_parse(STR_NULL, &ignored), DECIMAL_INVALID);
    assert_int_equal(decimal_parse(STR("5\0"), &ignored), DECIMAL_INVALID);
}

TEST(test_decimals_are_written_in_the_shortest_form_with_one_place)
{
    assert_str(written(5000), "50.0");
    assert_str(written(2550), "25.5");
    assert_str(written(3333), "33.33");
    assert_str(written(1), "0.01");
    assert_str(written(10), "0.1");
    assert_str(written(0), "0.0");
    assert_str(written(-150), "-1.5");
    assert_str(written(-1), "-0.01");
    assert_str(written(INT64_MAX), "92233720368547758.07");
    assert_str(written(INT64_MIN), "-92233720368547758.08");
}

static void check_round_trip(int64_t hundredths)
{
    struct arena_mark mark = arena_mark(&arena);
    struct str text = written(hundredths);
    int64_t again = 0;
    if (decimal_parse(text, &again) != DECIMAL_OK || again != hundredths)
        BREAKS("%lld is written %.*s and read as %lld", (long long)hundredths, STR_FMT(text),
               (long long)again);
    arena_rewind(&arena, mark);
}

TEST(test_what_is_written_is_read_back)
{
    struct chance chance = {3};
    for (int64_t hundredths = 0; hundredths <= PERCENT_HUNDREDTHS_MAX; hundredths++)
        check_round_trip(hundredths);
    for (int i = 0; i < 100000; i++) {
        int64_t value = (int64_t)(chance_next(&chance) >> (1 + chance_below(&chance, 60)));
        check_round_trip(i % 2 ? -value : value);
    }
    check_round_trip(INT64_MAX);
}

/* Every percentage in every spelling with up to two places and any zeros around it. */
TEST(test_zeros_around_a_number_change_nothing)
{
    for (int64_t n = 0; n <= PERCENT_HUNDREDTHS_MAX; n += 7) {
        char text[64];
        int64_t again = -1;
        snprintf(text, sizeof(text), "%03d.%02d%0*d", (int)(n / 100), (int)(n % 100),
                 1 + (int)(n % 5), 0);
        assert_int_equal(decimal_parse(str_from(text), &again), DECIMAL_OK);
        assert_int_equal(again, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimals_are_read_exactly_or_refused),
        cmocka_unit_test(test_decimals_are_written_in_the_shortest_form_with_one_place),
        cmocka_unit_test(test_what_is_written_is_read_back),
        cmocka_unit_test(test_zeros_around_a_number_change_nothing),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}

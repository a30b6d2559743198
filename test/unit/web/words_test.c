/* Amounts, dates and discounts in plain words. */
#include "web/words.h"

#include "lib/arena.h"
#include "lib/unit.h"
#include "resources/coupon.h"
#include "resources/price.h"

TEST(test_amounts)
{
    static const struct {
        int64_t amount;
        const char *currency;
        const char *words;
    } examples[] = {
        {0, "usd", "$0.00"},
        {7, "usd", "$0.07"},
        {123456, "eur", "€1,234.56"},
        {-5000, "gbp", "−£50.00"},
        {1000, "jpy", "¥1,000"},
        {99999999, "krw", "99,999,999 KRW"},
        {1234, "kwd", "1.234 KWD"},
        {100000, "chf", "1,000.00 CHF"},
        {99999999, "usd", "$999,999.99"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(examples); i++)
        assert_str(words_amount(&arena, examples[i].amount, str_from(examples[i].currency)),
                   examples[i].words);
}

TEST(test_dates)
{
    assert_str(words_date(&arena, 0), "1 January 1970");
    assert_str(words_date(&arena, 1776211200), "15 April 2026");
    assert_str(words_date(&arena, 1776211199), "14 April 2026");
}

TEST(test_coupons)
{
    static const struct {
        int64_t hundredths;
        const char *words;
    } examples[] = {{2500, "25% off"},  {1250, "12.5% off"}, {1, "0.01% off"},
                    {333, "3.33% off"}, {10000, "100% off"}, {1005, "10.05% off"}};
    struct coupon coupon = {0};
    coupon.percent_off.set = true;
    for (size_t i = 0; i < ARRAY_LENGTH(examples); i++) {
        coupon.percent_off.hundredths = examples[i].hundredths;
        assert_str(words_coupon(&arena, &coupon, STR("usd")), examples[i].words);
    }
    const struct coupon amount = {.amount_off = {true, 500}, .currency = STR("eur")};
    assert_str(words_coupon(&arena, &amount, STR("eur")), "€5.00 off");
    assert_null_str(words_coupon(&arena, &amount, STR("usd")));
}

TEST(test_periods)
{
    const struct recurring month = {.interval = {INTERVAL_MONTH}, .interval_count = 1};
    const struct recurring weeks = {.interval = {INTERVAL_WEEK}, .interval_count = 2};
    assert_str(words_period(&arena, &month), "per month");
    assert_str(words_period(&arena, &weeks), "every 2 weeks");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amounts),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_coupons),
        cmocka_unit_test(test_periods),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}

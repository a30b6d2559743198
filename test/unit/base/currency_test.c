/* Which currencies there are. */
#include "lib/unit.h"

#include "base/currency.h"

TEST(test_listed_codes_are_found_from_first_to_last)
{
    assert_true(currency_is_listed(currency_list, STR("usd")));
    assert_true(currency_is_listed(currency_list, STR("jpy")));
    assert_true(currency_is_listed(currency_list, STR("usdc"))); /* four letters */
    assert_true(currency_is_listed(currency_list, STR("mro")));
    assert_true(currency_is_listed(currency_key_list, STR("open_usd")));
}

TEST(test_anything_else_is_not)
{
    const struct str others[] = {STR("xxx"),  STR("us"),      STR("usdd"), STR("USD"),
                                 STR(""),     STR(", "),      STR(" aed"), STR("usd,"),
                                 STR("all,"), STR("usd, aed")};
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
        if (currency_is_listed(currency_list, others[i]))
            BREAKS("\"%.*s\" is taken for a currency", STR_FMT(others[i]));
    assert_false(currency_is_listed(currency_list, STR("open_usd")));
}

/* What a parameter takes, a map's key takes too; and no code is listed twice. */
TEST(test_keys_of_maps_are_all_currencies_and_a_few_more)
{
    size_t count = 0;
    for (struct str rest = str_from(currency_list); rest.data; count++) {
        struct str code = str_split(rest, ',', &rest);
        if (rest.data)
            rest = (struct str){rest.data + 1, rest.length - 1};
        assert_true(code.length == 3 || code.length == 4);
        assert_true(currency_is_listed(currency_key_list, code));
        if (rest.data && currency_is_listed(rest.data, code))
            BREAKS("%.*s is listed twice", STR_FMT(code));
    }
    assert_true(count > 130);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listed_codes_are_found_from_first_to_last),
        cmocka_unit_test(test_anything_else_is_not),
        cmocka_unit_test(test_keys_of_maps_are_all_currencies_and_a_few_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The rules by themselves: each refuses alone, none hides another, the order is fixed. */
#include "lib/unit.h"

#include "base/arena.h"
#include "base/request.h"
#include "redemption/eligibility.h"

#define BIT(refusal) (1u << (refusal))

static struct offer good_offer(void)
{
    return (struct offer){
        .coupon = STR("A"),
        .coupon_currency = STR("usd"),
        .currency_fits = true,
        .products_fit = true,
        .has_code = true,
        .code_enabled = true,
    };
}

static struct purchase good_purchase(void)
{
    return (struct purchase){
        .surface = SURFACE_REDEMPTION,
        .customer = STR("cus_1"),
        .customer_is_new = true,
        .currency = STR("usd"),
        .amount = {true, 1000},
        .amount_off = {true, 100},
    };
}

TEST(test_what_nothing_stands_against_applies)
{
    const struct offer offer = good_offer();
    const struct purchase purchase = good_purchase();
    assert_int_equal(eligibility(&offer, &purchase), 0);
}

static void refuses(struct offer offer, struct purchase purchase, unsigned expected)
{
    unsigned refusals = eligibility(&offer, &purchase);
    if (refusals != expected)
        BREAKS("refusals are %x, not %x", refusals, expected);
}

#define REFUSES(change, expected)                          \
    do {                                                   \
        struct offer offer = good_offer();                 \
        struct purchase purchase = good_purchase();        \
        change;                                            \
        refuses(offer, purchase, (unsigned)BIT(expected)); \
    } while (0)

TEST(test_each_rule_refuses_alone)
{
    REFUSES(offer.code_enabled = false, REFUSAL_INACTIVE);
    REFUSES(offer.coupon_standing.deleted = true, REFUSAL_COUPON_DELETED);
    REFUSES(offer.coupon_standing.expired = true, REFUSAL_COUPON_EXPIRED);
    REFUSES(offer.coupon_standing.used_up = true, REFUSAL_COUPON_USED_UP);
    REFUSES(offer.coupon_standing.spent = true, REFUSAL_COUPON_SPENT);
    REFUSES(offer.coupon_standing.not_started = true, REFUSAL_COUPON_NOT_STARTED);
    REFUSES(offer.code_standing.expired = true, REFUSAL_CODE_EXPIRED);
    REFUSES(offer.code_standing.used_up = true, REFUSAL_CODE_USED_UP);
    REFUSES(offer.code_standing.spent = true, REFUSAL_CODE_SPENT);
    REFUSES(offer.code_standing.not_started = true, REFUSAL_CODE_NOT_STARTED);
    REFUSES(offer.code_customer = STR("cus_2"), REFUSAL_OTHER_CUSTOMER);
    REFUSES(offer.code_account = STR("acct_2"), REFUSAL_OTHER_CUSTOMER);
    REFUSES((offer.first_time = true, purchase.customer = STR_NULL), REFUSAL_NO_CUSTOMER);
    REFUSES((offer.first_time = true, purchase.customer_is_new = false), REFUSAL_NOT_FIRST);
    REFUSES((offer.repeating = true, purchase.surface = SURFACE_INVOICE), REFUSAL_ONE_TIME);
    REFUSES((offer.has_minimum = true, purchase.amount.set = false), REFUSAL_MINIMUM_UNKNOWN);
    REFUSES((offer.has_minimum = true, purchase.surface = SURFACE_CUSTOMER),
            REFUSAL_MINIMUM_UNKNOWN);
    REFUSES((offer.has_minimum = true), REFUSAL_MINIMUM); /* none in this currency */
    REFUSES((offer.has_minimum = true, offer.minimum = (struct opt_int){true, 1001}),
            REFUSAL_MINIMUM);
    REFUSES(offer.currency_fits = false, REFUSAL_CURRENCY);
    REFUSES(offer.products_fit = false, REFUSAL_NOTHING);
    REFUSES(purchase.reference_is_taken = true, REFUSAL_REFERENCE);
}

TEST(test_rules_beyond_stripes_refuse_alone)
{
    const struct opt_int two = {true, 2};
    const struct budget budget = {STR("usd"), 100};
    REFUSES((offer.code_per_customer = two, purchase.code_uses = 2), REFUSAL_CUSTOMER_LIMIT);
    REFUSES((offer.coupon_per_customer = two, purchase.coupon_uses = 2), REFUSAL_CUSTOMER_LIMIT);
    REFUSES((offer.coupon_per_customer = two, purchase.customer = STR_NULL), REFUSAL_NOBODY);
    REFUSES((offer.code_budget = budget, purchase.amount_off.value = 101), REFUSAL_BUDGET);
    REFUSES((offer.coupon_budget = budget, purchase.amount_off.value = 101), REFUSAL_BUDGET);
    REFUSES((offer.coupon_budget = budget, purchase.currency = STR("eur")),
            REFUSAL_BUDGET_CURRENCY);
    REFUSES((offer.code_budget = budget, purchase.amount_off.set = false), REFUSAL_BUDGET_UNKNOWN);
}

TEST(test_at_its_limit_a_rule_does_not_refuse)
{
    struct offer offer = good_offer();
    struct purchase purchase = good_purchase();
    offer.has_minimum = true;
    offer.minimum = (struct opt_int){true, 1000};
    offer.code_per_customer = offer.coupon_per_customer = (struct opt_int){true, 2};
    offer.code_budget = offer.coupon_budget = (struct budget){STR("usd"), 100};
    purchase.code_uses = purchase.coupon_uses = 1;
    refuses(offer, purchase, 0);
    purchase.customer = STR_NULL;
    purchase.email_key = STR("a@example.com");
    refuses(offer, purchase, 0);
}

TEST(test_without_a_code_its_rules_do_not_count)
{
    struct offer offer = good_offer();
    offer.has_code = false;
    offer.code_enabled = false;
    offer.first_time = offer.has_minimum = true;
    refuses(offer, good_purchase(), 0);
}

TEST(test_nothing_hides_a_refusal_and_the_first_is_told)
{
    struct arena arena;
    arena_init(&arena);
    struct offer offer = good_offer();
    struct purchase purchase = good_purchase();
    offer.coupon_standing.expired = offer.code_standing.used_up = true;
    offer.products_fit = false;
    unsigned refusals = eligibility(&offer, &purchase);
    assert_int_equal(refusals, BIT(REFUSAL_COUPON_EXPIRED) | BIT(REFUSAL_CODE_USED_UP) |
                                   BIT(REFUSAL_NOTHING));
    assert_int_equal(refusal_first(refusals), REFUSAL_COUPON_EXPIRED);
    struct request request = {.arena = &arena};
    assert_false(fail_refused(&request, refusals, &offer, &purchase, STR("coupon")));
    assert_str(request.error.message, "This coupon has expired.");
    assert_str(request.error.code, "coupon_expired");
    purchase.surface = SURFACE_CUSTOMER;
    request = (struct request){.arena = &arena};
    assert_false(fail_refused(&request, refusals, &offer, &purchase, STR("coupon")));
    assert_str(request.error.message, "Coupon expired: A");
    assert_str(request.error.code, "coupon_expired");
    arena_release(&arena);
}

TEST(test_every_refusal_has_a_name_and_a_text)
{
    struct arena arena;
    arena_init(&arena);
    const struct offer offer = good_offer();
    const struct purchase purchase = good_purchase();
    for (int i = 0; i < REFUSAL_COUNT; i++) {
        assert_non_null(refusal_reason((enum refusal)i));
        assert_true(refusal_message(&arena, (enum refusal)i, &offer, &purchase).length > 0);
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_nothing_stands_against_applies),
        cmocka_unit_test(test_each_rule_refuses_alone),
        cmocka_unit_test(test_rules_beyond_stripes_refuse_alone),
        cmocka_unit_test(test_at_its_limit_a_rule_does_not_refuse),
        cmocka_unit_test(test_without_a_code_its_rules_do_not_count),
        cmocka_unit_test(test_nothing_hides_a_refusal_and_the_first_is_told),
        cmocka_unit_test(test_every_refusal_has_a_name_and_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Each invariant is broken once, by hand, and has to be reported. */
#include "lib/document.h"
#include "lib/unit.h"
#include "lib/world.h"

#include "redemption/verify.h"

static struct world world;

/* A call of an old version, in which customers take coupons and codes. */
static struct str call(const char *path, const char *form)
{
    static int calls;
    struct exchange exchange = {
        .arena = world.arena,
        .method = STR("POST"),
        .path = str_from(path),
        .body = str_from(form),
        .authorization = STR("Bearer sk_test_verify"),
        .version_header = STR("2024-06-20"),
        .idempotency_key = str_format(&world.arena, "key %d", calls++),
    };
    world_exchange(&world, &exchange);
    if (exchange.status != 200)
        BREAKS("POST %s %s: %.*s", path, form, STR_FMT(exchange.answer));
    world.arena = exchange.arena;
    return document_string(&world.arena, exchange.answer, "id");
}

static int set_up(void **state)
{
    (void)state;
    world_open(&world);
    call("/v1/coupons", "id=CAPPED&percent_off=10&max_redemptions=5");
    call("/v1/coupons", "id=OPEN&percent_off=10");
    struct str code = call("/v1/promotion_codes", "coupon=CAPPED&code=Hello&max_redemptions=3");
    struct str customer = call("/v1/customers", "");
    call("/v1/promotion_codes",
         str_format(&world.arena, "coupon=OPEN&code=MINE&customer=%s", customer.data).data);
    call("/v1/promotion_codes", "coupon=OPEN&code=OTHER");
    call("/v1/customers", "coupon=CAPPED");
    call("/v1/customers", "coupon=OPEN");
    call("/v1/coupons", "id=RULES&percent_off=10&max_amount_off_total=500"
                        "&max_amount_off_total_currency=usd"
                        "&restrictions[max_redemptions_per_customer]=3");
    call("/v1/promotion_codes", "coupon=RULES&code=RULES&max_amount_off_total=400"
                                "&max_amount_off_total_currency=usd"
                                "&restrictions[max_redemptions_per_customer]=2");
    const char *cart = "code=rules&amount=1000&currency=usd&email=a@example.com";
    call("/v1/redemptions", cart);
    struct str held =
        call("/v1/redemptions", str_format(&world.arena, "%s&capture_method=manual", cart).data);
    call(str_format(&world.arena, "/v1/redemptions/%.*s/cancel", STR_FMT(held)).data, "");
    call("/v1/redemptions", str_format(&world.arena, "%s&capture_method=manual", cart).data);
    for (int i = 0; i < 2; i++)
        call("/v1/customers", str_format(&world.arena, "promotion_code=%.*s", STR_FMT(code)).data);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_close(&world);
    return 0;
}

static bool verify(struct str *report)
{
    struct text text;
    text_init(&text, &world.arena, 1 << 20);
    bool clean = verify_run(world.db, &text);
    *report = text_str(&text);
    return clean;
}

TEST(test_what_the_service_wrote_is_clean)
{
    struct str report;
    if (!verify(&report))
        BREAKS("%.*s", STR_FMT(report));
    assert_true(str_ends(report, STR("checks, 0 violations\n")));
    assert_int_equal(world_int(&world, "SELECT COUNT(*) FROM redemptions"), 8);
}

static const struct {
    const char *sql;
    const char *meaning;
} planted[] = {
    {"UPDATE coupon_uses SET times_redeemed = times_redeemed + 1",
     "a coupon's times_redeemed differs from its ledger"},
    {"DELETE FROM redemptions WHERE promotion_code IS NULL",
     "a coupon's times_redeemed differs from its ledger"},
    {"UPDATE promotion_code_uses SET times_redeemed = 0",
     "a promotion code's times_redeemed differs from its ledger"},
    {"UPDATE redemptions SET coupon_ordinal = 1",
     "the ledger of a coupon has a gap or a use twice"},
    {"UPDATE redemptions SET coupon_ordinal = 9 WHERE coupon_ordinal = 3",
     "the ledger of a coupon has a gap or a use twice"},
    {"UPDATE redemptions SET promotion_code_ordinal = 1 WHERE promotion_code IS NOT NULL",
     "the ledger of a promotion code has a gap or a use twice"},
    {"UPDATE coupons SET max_redemptions = 2 WHERE id = 'CAPPED'",
     "a coupon was redeemed more often than max_redemptions, or counts up to another"},
    {"DELETE FROM coupon_uses", "a ledger entry is for a coupon or code that is not counted"},
    {"UPDATE coupon_uses SET max_redemptions = NULL",
     "a coupon was redeemed more often than max_redemptions, or counts up to another"},
    {"UPDATE promotion_codes SET max_redemptions = 1 WHERE code = 'Hello'",
     "a promotion code was redeemed more often than max_redemptions, or counts up to another"},
    {"DELETE FROM promotion_code_uses",
     "a ledger entry is for a coupon or code that is not counted"},
    {"UPDATE coupon_uses SET last_redemption = previous_redemption",
     "a coupon's last redemption is not its newest ledger entry"},
    {"UPDATE promotion_code_uses SET last_redemption = previous_redemption",
     "a promotion code's last redemption is not its newest ledger entry"},
    {"UPDATE redemptions SET coupon_previous = 5",
     "a ledger entry does not lead to the one before of its coupon"},
    {"UPDATE redemptions SET promotion_code_previous = 5 WHERE promotion_code IS NOT NULL",
     "a ledger entry does not lead to the one before of its promotion code"},
    {"DELETE FROM discounts", "a ledger entry is for a discount of another coupon, or of none"},
    {"DELETE FROM coupons WHERE id = 'CAPPED'",
     "a ledger entry is for a coupon or code that does not exist"},
    {"DELETE FROM promotion_codes WHERE code = 'Hello'",
     "a ledger entry is for a coupon or code that does not exist"},
    {"UPDATE promotion_codes SET promotion_coupon_seq = 5",
     "a promotion code is for a coupon that does not exist"},
    {"UPDATE promotion_codes SET promotion_coupon = 'OPEN' WHERE code = 'Hello'",
     "a promotion code is for a coupon that does not exist"},
    {"UPDATE discounts SET source_coupon_seq = 5",
     "a discount is from a coupon that does not exist"},
    {"DELETE FROM discounts", "a customer's discount does not exist or belongs to someone else"},
    {"UPDATE discounts SET customer = 'cus_other'",
     "a customer's discount does not exist or belongs to someone else"},
    {"UPDATE discounts SET deleted_at = 5",
     "a customer's discount does not exist or belongs to someone else"},
    {"UPDATE redemptions SET releases = seq - 1 WHERE uses < 0",
     "a release takes back another use than the one it names"},
    {"UPDATE redemptions SET releases = NULL",
     "a release takes back another use than the one it names"},
    {"UPDATE redemption_records SET coupon_seq = 5",
     "a redemption differs from its ledger entry, or has none"},
    {"UPDATE redemptions SET customer = 'cus_other'",
     "a redemption differs from its ledger entry, or has none"},
    {"UPDATE redemption_records SET status = 'expired' WHERE status = 'held'",
     "a redemption's use is counted although it ended, or not although it did not"},
    {"UPDATE redemption_records SET status = 'redeemed' WHERE status = 'canceled'",
     "a redemption's use is counted although it ended, or not although it did not"},
    {"DELETE FROM redemption_records WHERE promotion_code_seq IS NULL",
     "a use of a coupon has no redemption"},
    {"UPDATE coupon_uses SET unnamed_uses = 1", "a use of a coupon has no redemption"},
    {"DELETE FROM redemption_records WHERE promotion_code_seq IS NOT NULL",
     "a use of a promotion code has no redemption"},
    {"UPDATE redemption_records SET reference_key = '17' WHERE status = 'canceled'",
     "a redemption that ended keeps its reference from others"},
    {"DELETE FROM timers", "a held redemption never expires"},
    {"UPDATE timers SET kind = 1", "a held redemption never expires"},
    {"UPDATE timers SET object = object + 1", "something expires that is not held"},
    {"UPDATE redemption_records SET status = 'redeemed' WHERE status = 'held'",
     "something expires that is not held"},
    {"UPDATE customer_uses SET times_redeemed = 1",
     "a customer's uses differ from the redemptions"},
    {"DELETE FROM customer_uses WHERE coupon <> 0", "a redemption is not counted for its customer"},
    {"DELETE FROM customer_uses WHERE promotion_code <> 0",
     "a redemption is not counted for its customer"},
    {"UPDATE promotion_codes SET restrictions_max_redemptions_per_customer = 1",
     "a customer redeemed more often than max_redemptions_per_customer"},
    {"UPDATE coupon_uses SET amount_off_total = 300 WHERE amount_off_total > 0",
     "the amount taken off by a coupon differs from its redemptions or is too much"},
    {"UPDATE coupons SET rules_max_amount_off_total = 150 WHERE id = 'RULES'",
     "the amount taken off by a coupon differs from its redemptions or is too much"},
    {"UPDATE promotion_code_uses SET amount_off_total = 0",
     "the amount taken off by a code differs from its redemptions or is too much"},
    {"UPDATE promotion_code_uses SET max_amount_off_total = NULL",
     "the amount taken off by a code differs from its redemptions or is too much"},
    {"UPDATE promotion_codes SET code_key = 'Hello' WHERE code = 'Hello'",
     "a code's look-up form is not its lower case"},
    {"UPDATE promotion_codes SET code_key = 'mine', code = 'mine' WHERE code = 'OTHER'",
     "two codes of the same text are active for one customer"},
    {"INSERT INTO code_shapes SELECT tenant, 1, '#####', 'letters' FROM promotion_codes LIMIT 1",
     "a code is refused for its check character"},
    {"DELETE FROM idempotency_answers", "an idempotency key leads to no answer"},
    {"UPDATE idempotency_answers SET slot = slot + 1", "an idempotency key leads to no answer"},
};

static void check_is_found(const char *sql, const char *meaning)
{
    struct str report;
    world_sql(&world, "PRAGMA ignore_check_constraints = ON");
    db_begin(world.db, true);
    world_sql(&world, sql);
    bool clean = verify(&report);
    db_rollback(world.db);
    if (clean)
        BREAKS("nothing is found after: %s", sql);
    if (!strstr(report.data, meaning))
        BREAKS("after %s the report is:\n%.*s", sql, STR_FMT(report));
    if (strstr(report.data, " 0 violations"))
        BREAKS("the sum is wrong: %.*s", STR_FMT(report));
}

TEST(test_every_planted_violation_is_found)
{
    struct str report;
    for (size_t i = 0; i < ARRAY_LENGTH(planted); i++)
        check_is_found(planted[i].sql, planted[i].meaning);
    assert_true(verify(&report)); /* and is gone after the roll-back */
}

/* A check that is added needs a violation here. */
TEST(test_every_check_has_had_its_violation)
{
    struct str report;
    int64_t different = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(planted); i++) {
        size_t j = 0;
        while (strcmp(planted[j].meaning, planted[i].meaning) != 0)
            j++;
        different += i == j;
    }
    assert_true(verify(&report));
    struct str expected =
        str_format(&world.arena, "verify: %lld checks, 0 violations\n", (long long)different);
    assert_str(report, expected.data);
}

TEST(test_a_long_list_of_violations_is_cut_and_counted)
{
    struct str report;
    for (int i = 0; i < 15; i++)
        call("/v1/coupons", "percent_off=5");
    db_begin(world.db, true);
    world_sql(&world, "INSERT INTO coupon_uses (tenant, coupon, times_redeemed) SELECT tenant, seq,"
                      " 1 FROM coupons WHERE seq NOT IN (SELECT coupon FROM coupon_uses)");
    assert_false(verify(&report));
    db_rollback(world.db);
    assert_non_null(
        strstr(report.data, "a coupon's times_redeemed differs from its ledger: 5 more\n"));
    assert_non_null(strstr(report.data, " 15 violations\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_the_service_wrote_is_clean),
        cmocka_unit_test(test_every_planted_violation_is_found),
        cmocka_unit_test(test_every_check_has_had_its_violation),
        cmocka_unit_test(test_a_long_list_of_violations_is_cut_and_counted),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

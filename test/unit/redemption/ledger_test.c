/* Counters, caps and the ledger they are equal to. */
#include "lib/unit.h"
#include "lib/world.h"

#include "redemption/ledger.h"

#define COUPON 1001
#define OTHER_COUPON 1002
#define CODE 2001

static struct world world;

static int set_up(void **state)
{
    (void)state;
    world_open(&world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_close(&world);
    return 0;
}

/* max_redemptions; 0: none */
static void add_coupon(struct request *request, int64_t coupon, int max)
{
    world_sql(&world, str_format(request->arena,
                                 "INSERT INTO coupons (tenant, seq, id, created, duration,"
                                 " max_redemptions) VALUES (%d, %d, 'c%d', 1, 'once',"
                                 " NULLIF(%d, 0))",
                                 (int)request->tenant, (int)coupon, (int)coupon, max)
                          .data);
}

static void add_code(struct request *request, int max)
{
    world_sql(&world, str_format(request->arena,
                                 "INSERT INTO promotion_codes (tenant, seq, id, created, enabled,"
                                 " code, code_key, max_redemptions, promotion_coupon,"
                                 " promotion_coupon_seq, promotion_type,"
                                 " restrictions_first_time_transaction) VALUES (%d, %d, 'promo', 1,"
                                 " 1, 'A', 'a', NULLIF(%d, 0), 'c', %d, 'coupon', 0)",
                                 (int)request->tenant, CODE, max, COUPON)
                          .data);
}

static enum ledger_result redeem(struct request *request, int64_t coupon, int64_t code)
{
    const struct use use = {1, coupon, code, STR("cus_1"), 77, 0};
    db_savepoint(request->db);
    enum ledger_result result = ledger_redeem(request, &use);
    if (result == LEDGER_DONE)
        db_release(request->db);
    else
        db_rollback_to_savepoint(request->db); /* as a request that fails does */
    return result;
}

TEST(test_a_cap_is_reached_and_never_passed)
{
    struct request *request = world_request(&world);
    db_begin(world.db, true);
    add_coupon(request, COUPON, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(redeem(request, COUPON, 0), LEDGER_DONE);
    for (int i = 0; i < 3; i++)
        assert_int_equal(redeem(request, COUPON, 0), LEDGER_COUPON_USED_UP);
    assert_true(db_commit(world.db));
    assert_int_equal(world_int(&world, "SELECT COUNT(*) FROM redemptions"), 3);
    assert_int_equal(world_int(&world, "SELECT times_redeemed FROM coupon_uses"), 3);
}

TEST(test_without_a_cap_there_is_no_end)
{
    struct request *request = world_request(&world);
    add_coupon(request, COUPON, 0);
    db_begin(world.db, true);
    for (int i = 0; i < 500; i++)
        assert_int_equal(redeem(request, COUPON, 0), LEDGER_DONE);
    assert_true(db_commit(world.db));
    assert_int_equal(world_int(&world, "SELECT times_redeemed FROM coupon_uses"), 500);
}

TEST(test_entries_are_numbered_and_chained)
{
    struct request *request = world_request(&world);
    add_coupon(request, COUPON, 0);
    add_coupon(request, OTHER_COUPON, 0);
    add_code(request, 0);
    db_begin(world.db, true);
    for (int i = 0; i < 9; i++)
        redeem(request, i % 3 ? COUPON : OTHER_COUPON, i % 3 == 1 ? CODE : 0);
    assert_true(db_commit(world.db));
    struct query query = db_query_text(
        world.db, STR("SELECT r.coupon_ordinal, r.seq, r.coupon_previous FROM redemptions AS r"
                      " WHERE coupon = 1001 ORDER BY seq"));
    int64_t previous = 0, ordinal = 0;
    while (db_row(&query)) {
        assert_int_equal(db_int(&query, 0), ++ordinal);
        assert_int_equal(db_int(&query, 2), previous); /* NULL reads as 0 */
        previous = db_int(&query, 1);
    }
    assert_int_equal(ordinal, 6);
    assert_int_equal(
        world_int(&world, "SELECT last_redemption FROM coupon_uses WHERE coupon = 1001"), previous);
    assert_int_equal(world_int(&world, "SELECT MAX(promotion_code_ordinal) FROM redemptions"), 3);
    assert_int_equal(world_int(&world, "SELECT COUNT(*) FROM redemptions WHERE discount = 77"
                                       " AND customer = 'cus_1'"),
                     9);
}

static enum ledger_result name(struct request *request, int64_t uses, int64_t code)
{
    const struct use use = {uses,     COUPON, code,
                            STR_NULL, 0,      db_next_row(request->db, request->now)};
    return ledger_name(request, &use);
}

TEST(test_uses_brought_in_are_named_before_others_are_counted)
{
    struct request *request = world_request(&world);
    const struct use of_coupon = {.uses = 3, .coupon = COUPON};
    const struct use of_code = {.uses = 2, .promotion_code = CODE};
    db_begin(world.db, true);
    add_coupon(request, COUPON, 4);
    add_code(request, 2);
    assert_int_equal(ledger_bring(request, &of_coupon), LEDGER_DONE);
    assert_int_equal(ledger_bring(request, &of_code), LEDGER_DONE);
    assert_int_equal(name(request, 0, CODE), LEDGER_DONE); /* was given back before */
    assert_int_equal(name(request, 1, CODE), LEDGER_DONE);
    assert_int_equal(name(request, 1, CODE), LEDGER_DONE);
    assert_int_equal(world_int(&world, "SELECT unnamed_uses FROM coupon_uses"), 1);
    assert_int_equal(world_int(&world, "SELECT unnamed_uses FROM promotion_code_uses"), 0);
    assert_int_equal(world_int(&world, "SELECT times_redeemed FROM coupon_uses"), 3);
    assert_int_equal(name(request, 1, 0), LEDGER_DONE);
    assert_int_equal(world_int(&world, "SELECT times_redeemed FROM coupon_uses"), 3);
    assert_int_equal(name(request, 1, 0), LEDGER_DONE); /* one more than were brought in */
    assert_int_equal(world_int(&world, "SELECT times_redeemed FROM coupon_uses"), 4);
    assert_int_equal(world_int(&world, "SELECT MAX(coupon_ordinal) FROM redemptions"), 4);
    assert_int_equal(name(request, 1, 0), LEDGER_COUPON_USED_UP);
    db_rollback(world.db);
}

TEST(test_a_use_of_a_code_counts_on_both_caps_or_on_none)
{
    struct request *request = world_request(&world);
    db_begin(world.db, true);
    add_coupon(request, COUPON, 5);
    add_code(request, 2);
    assert_int_equal(redeem(request, COUPON, CODE), LEDGER_DONE);
    assert_int_equal(redeem(request, COUPON, CODE), LEDGER_DONE);
    assert_int_equal(redeem(request, COUPON, CODE), LEDGER_CODE_USED_UP);
    assert_int_equal(redeem(request, COUPON, 0), LEDGER_DONE); /* was not counted above */
    assert_true(db_commit(world.db));
    assert_int_equal(world_int(&world, "SELECT times_redeemed FROM coupon_uses"), 3);
    assert_int_equal(world_int(&world, "SELECT times_redeemed FROM promotion_code_uses"), 2);
    assert_int_equal(world_int(&world, "SELECT COUNT(*) FROM redemptions"), 3);
}

TEST(test_several_uses_at_once_fit_as_a_whole_or_not)
{
    struct request *request = world_request(&world);
    db_begin(world.db, true);
    add_coupon(request, COUPON, 5);
    struct use use = {.uses = 3, .coupon = COUPON};
    assert_int_equal(ledger_redeem(request, &use), LEDGER_DONE);
    assert_int_equal(ledger_redeem(request, &use), LEDGER_COUPON_USED_UP);
    use.uses = 2;
    assert_int_equal(ledger_redeem(request, &use), LEDGER_DONE);
    assert_true(db_commit(world.db));
    assert_int_equal(world_int(&world, "SELECT SUM(uses) FROM redemptions"), 5);
    assert_int_equal(world_int(&world, "SELECT MAX(coupon_ordinal) FROM redemptions"), 5);
}

TEST(test_tenants_do_not_count_for_each_other)
{
    struct request *request = world_request(&world);
    db_begin(world.db, true);
    add_coupon(request, COUPON, 1);
    request->tenant++; /* live mode of the same account */
    add_coupon(request, COUPON, 1);
    assert_int_equal(redeem(request, COUPON, 0), LEDGER_DONE);
    assert_int_equal(redeem(request, COUPON, 0), LEDGER_COUPON_USED_UP);
    request->tenant--;
    assert_int_equal(redeem(request, COUPON, 0), LEDGER_DONE);
    assert_true(db_commit(world.db));
}

TEST(test_a_use_that_is_given_back_can_be_had_again)
{
    struct request *request = world_request(&world);
    struct use use = {.uses = 1, .coupon = COUPON, .promotion_code = CODE};
    db_begin(world.db, true);
    add_coupon(request, COUPON, 2);
    add_code(request, 1);
    use.entry = db_next_row(world.db, world.now);
    assert_int_equal(ledger_redeem(request, &use), LEDGER_DONE);
    assert_int_equal(redeem(request, COUPON, CODE), LEDGER_CODE_USED_UP);
    ledger_release(request, &use);
    assert_int_equal(redeem(request, COUPON, CODE), LEDGER_DONE);
    assert_int_equal(redeem(request, COUPON, CODE), LEDGER_CODE_USED_UP);
    assert_true(db_commit(world.db));
    assert_int_equal(world_int(&world, "SELECT times_redeemed FROM coupon_uses"), 1);
    assert_int_equal(world_int(&world, "SELECT times_redeemed FROM promotion_code_uses"), 1);
    assert_int_equal(world_int(&world, "SELECT COUNT(*) FROM redemptions"), 3);
    assert_int_equal(world_int(&world, "SELECT SUM(uses) FROM redemptions"), 1);
    assert_int_equal(world_int(&world, "SELECT coupon_ordinal FROM redemptions WHERE uses < 0"), 0);
    assert_int_equal(world_int(&world, "SELECT releases FROM redemptions WHERE uses < 0"),
                     use.entry);
}

TEST(test_what_was_never_used_has_no_counter)
{
    struct request *request = world_request(&world);
    db_begin(world.db, true);
    add_coupon(request, COUPON, 0);
    add_code(request, 2);
    assert_int_equal(redeem(request, COUPON, 0), LEDGER_DONE);
    assert_int_equal(world_int(&world, "SELECT COUNT(*) FROM promotion_code_uses"), 0);
    assert_int_equal(redeem(request, COUPON, CODE), LEDGER_DONE);
    assert_int_equal(world_int(&world, "SELECT max_redemptions FROM promotion_code_uses"), 2);
    assert_true(db_commit(world.db));
}

/* The second lock on the same door. */
TEST(test_the_database_itself_refuses_to_pass_a_cap)
{
    struct request *request = world_request(&world);
    add_coupon(request, COUPON, 1);
    assert_int_equal(redeem(request, COUPON, 0), LEDGER_DONE);
    struct query query =
        db_query_text(world.db, STR("UPDATE coupon_uses SET times_redeemed = times_redeemed + 1"));
    assert_int_equal(db_run(&query), DB_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_cap_is_reached_and_never_passed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_a_cap_there_is_no_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_entries_are_numbered_and_chained, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_uses_brought_in_are_named_before_others_are_counted,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_use_of_a_code_counts_on_both_caps_or_on_none, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_several_uses_at_once_fit_as_a_whole_or_not, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_tenants_do_not_count_for_each_other, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_use_that_is_given_back_can_be_had_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_was_never_used_has_no_counter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_database_itself_refuses_to_pass_a_cap, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

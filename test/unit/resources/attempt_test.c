/* Refused redemptions are kept for as long as is said, and no longer. */
#include "lib/unit.h"
#include "lib/world.h"

#include "base/limits.h"
#include "redemption/guesses.h"
#include "resources/timer.h"

#include <string.h>

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

static int call(const char *path, const char *form)
{
    struct exchange exchange = {
        .arena = world.arena,
        .method = STR("POST"),
        .path = str_from(path),
        .body = str_from(form),
        .authorization = STR("Bearer sk_test_attempts"),
    };
    world_exchange(&world, &exchange);
    world.arena = exchange.arena;
    return exchange.status;
}

/* Does what is due, as the scheduler would. Returns when the next is. */
static int64_t turn(void)
{
    struct request *request = world_request(&world);
    db_begin(world.db, true);
    timers_turn(request, world.now);
    int64_t next = timers_next(request);
    assert_true(db_commit(world.db));
    return next;
}

static int64_t kept(void)
{
    return world_int(&world, "SELECT COUNT(*) FROM redemption_attempts");
}

/* How many a list shows. */
static int shown(void)
{
    struct exchange exchange = {
        .arena = world.arena,
        .method = STR("GET"),
        .path = STR("/v1/redemption_attempts"),
        .authorization = STR("Bearer sk_test_attempts"),
    };
    int count = 0;
    world_exchange(&world, &exchange);
    world.arena = exchange.arena;
    for (const char *at = exchange.answer.data; (at = strstr(at, "\"id\": \"rat_")); at++)
        count++;
    return count;
}

TEST(test_attempts_are_kept_for_thirty_days)
{
    int64_t first = world.now;
    assert_int_equal(call("/v1/redemptions", "code=A"), 400);
    world.now += 3600;
    assert_int_equal(call("/v1/redemptions/preview", "code=A"), 200);
    assert_int_equal(kept(), 2);
    world.now = first + ATTEMPT_RETENTION_SECONDS - 1;
    assert_int_equal(turn(), first + ATTEMPT_RETENTION_SECONDS);
    assert_int_equal(kept(), 2);
    assert_int_equal(shown(), 2);
    world.now += 1;
    assert_int_equal(shown(), 1); /* although nothing has removed it */
    assert_int_equal(kept(), 2);
    assert_int_equal(turn(), first + 3600 + ATTEMPT_RETENTION_SECONDS);
    assert_int_equal(kept(), 1);
    world.now += 3600 - 1;
    turn();
    assert_int_equal(kept(), 1);
    world.now += 1;
    assert_int_equal(turn(), 0);
    assert_int_equal(kept(), 0);
    call("/v1/redemptions", "code=A");
    assert_int_equal(turn(), world.now + ATTEMPT_RETENTION_SECONDS);
    world.now += 2 * ATTEMPT_RETENTION_SECONDS;
    assert_int_equal(turn(), 0);
}

TEST(test_attempts_that_end_one_after_the_other_are_removed_together)
{
    int64_t first = world.now;
    for (int i = 0; i < 3; i++) {
        call("/v1/redemptions", "code=A");
        world.now += 20;
    }
    world.now = first + ATTEMPT_RETENTION_SECONDS;
    assert_int_equal(turn(), world.now + 60);
    world.now += 60;
    assert_int_equal(turn(), 0);
    assert_int_equal(kept(), 0);
}

static void make(int count)
{
    call("/v1/redemptions", "code=A");
    for (int i = 1; i < count; i++)
        world_sql(&world, "INSERT INTO redemption_attempts (tenant, seq, id, created, operation,"
                          " reason, source) SELECT tenant, MAX(seq) + 1, 'rat_' || (MAX(seq) + 1),"
                          " created, operation, reason, source FROM redemption_attempts");
    world.now += ATTEMPT_RETENTION_SECONDS;
}

TEST(test_so_many_attempts_are_removed_at_once)
{
    make(ATTEMPTS_FORGOTTEN_MAX - 1);
    assert_int_equal(turn(), 0);
    make(ATTEMPTS_FORGOTTEN_MAX);
    assert_int_equal(turn(), 0);
    make(ATTEMPTS_FORGOTTEN_MAX + 1);
    assert_int_equal(turn(), world.now); /* and goes on */
    assert_int_equal(kept(), 1);
    assert_int_equal(turn(), 0);
    assert_int_equal(kept(), 0);
}

/* As when the writer has to run a whole batch again. */
static int call_twice(const char *form)
{
    struct exchange exchange = {
        .arena = world.arena,
        .method = STR("POST"),
        .path = STR("/v1/redemptions"),
        .body = str_from(form),
        .authorization = STR("Bearer sk_test_attempts"),
    };
    assert_int_equal(exchange_prepare(&world.service, &exchange, &world.random), EXCHANGE_WRITES);
    for (int run = 0; run < 2; run++) {
        db_begin(world.db, true);
        db_reserve_rows(world.db, world.now);
        exchange_run(&world.service, &exchange, world.db, &world.random);
        if (run == 0)
            db_rollback(world.db);
    }
    assert_true(db_commit(world.db));
    world.arena = exchange.arena;
    return exchange.status;
}

TEST(test_a_guess_that_is_run_again_is_counted_once)
{
    world.service.guesses = guesses_new();
    for (int i = 0; i < GUESSES_PER_CUSTOMER_MINUTE; i++)
        assert_int_equal(call_twice("code=A&email=jo@shop.example"), 400);
    assert_int_equal(world_int(&world, "SELECT COUNT(*) FROM events WHERE type ="
                                       " 'redemption.guessing_suspected'"),
                     1);
    assert_int_equal(call_twice("code=A&email=jo@shop.example"), 429);
    assert_int_equal(call_twice("code=A&email=jo@shop.example"), 429);
    assert_int_equal(kept(), GUESSES_PER_CUSTOMER_MINUTE + 1);
    guesses_free(world.service.guesses);
    world.service.guesses = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attempts_are_kept_for_thirty_days),
        cmocka_unit_test(test_attempts_that_end_one_after_the_other_are_removed_together),
        cmocka_unit_test(test_so_many_attempts_are_removed_at_once),
        cmocka_unit_test(test_a_guess_that_is_run_again_is_counted_once),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* Refused redemptions are kept for as long as is said, and no longer. */
#include "lib/unit.h"
#include "lib/world.h"

#include "base/limits.h"

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

TEST(test_attempts_are_kept_for_thirty_days)
{
    static const char count[] = "SELECT COUNT(*) FROM redemption_attempts";
    assert_int_equal(call("/v1/redemptions", "code=A"), 400);
    assert_int_equal(world_int(&world, count), 1);
    world.now += ATTEMPT_RETENTION_SECONDS - 1;
    assert_int_equal(call("/v1/redemptions/preview", "code=A"), 200);
    assert_int_equal(world_int(&world, count), 2);
    world.now += 1;
    call("/v1/redemptions", "code=A");
    assert_int_equal(world_int(&world, count), 3);
    world.now += 1;
    call("/v1/redemptions", "code=A");
    assert_int_equal(world_int(&world, count), 3);
    world.now += 2 * ATTEMPT_RETENTION_SECONDS;
    call("/v1/redemptions", "code=A");
    assert_int_equal(world_int(&world, count), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attempts_are_kept_for_thirty_days),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* The outbox: what goes in with an event, what waits, what is left. */
#include "lib/unit.h"

#include "lib/world.h"
#include "resources/event.h"
#include "resources/outbox.h"
#include "resources/product.h"
#include "resources/registry.h"
#include "resources/webhook_endpoint.h"

#define WAITING_MAX 8

static struct world world;

static int set_up(void **state)
{
    (void)state;
    world_open(&world);
    db_begin(world.db, true);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    db_rollback(world.db);
    world_close(&world);
    return 0;
}

static int64_t make_endpoint(int64_t tenant, const char *type)
{
    struct request *request = world_request(&world);
    struct str wanted = str_from(type);
    request->tenant = tenant;
    struct webhook_endpoint *endpoint = resource_new(request, &webhook_endpoint_resource);
    webhook_endpoint_resource.prepare(request, endpoint);
    endpoint->enabled_events = (struct strings){&wanted, 1};
    endpoint->url = STR("https://example.com");
    assert_true(resource_insert(request, &webhook_endpoint_resource, endpoint));
    return endpoint->object.row;
}

/* An event of the type product.created; answers whether somebody has to be told. */
static bool make_event(int64_t tenant)
{
    struct request *request = world_request(&world);
    request->tenant = tenant;
    struct product *product = resource_new(request, &product_resource);
    product_resource.prepare(request, product);
    product->name = STR("x");
    assert_true(resource_insert(request, &product_resource, product));
    return request->added_deliveries;
}

static size_t waiting(int64_t endpoint, struct delivery entries[WAITING_MAX])
{
    return outbox_waiting(world.db, WORLD_TENANT, endpoint, entries, WAITING_MAX);
}

static int64_t pending(void)
{
    return world_int(&world, "SELECT COUNT(*) FROM webhook_deliveries");
}

TEST(test_an_event_goes_in_for_whom_it_concerns)
{
    struct delivery entries[WAITING_MAX];
    assert_false(make_event(WORLD_TENANT));
    int64_t all = make_endpoint(WORLD_TENANT, "*");
    int64_t some = make_endpoint(WORLD_TENANT, "product.created");
    int64_t others = make_endpoint(WORLD_TENANT, "product.updated");
    assert_false(make_event(WORLD_TENANT + 1));
    assert_int_equal(pending(), 0);
    assert_true(make_event(WORLD_TENANT));
    assert_int_equal(waiting(others, entries), 0);
    assert_int_equal(waiting(all, entries), 1);
    assert_int_equal(waiting(some, entries), 1);
    assert_int_equal(entries[0].attempts, 0);
    assert_int_equal(entries[0].next_try, WORLD_NOW);
}

TEST(test_what_is_acknowledged_goes_and_what_failed_waits_for_its_time)
{
    struct delivery entries[WAITING_MAX];
    int64_t endpoint = make_endpoint(WORLD_TENANT, "*");
    for (int i = 0; i < 3; i++)
        make_event(WORLD_TENANT);
    assert_int_equal(waiting(endpoint, entries), 3);
    struct delivery first = entries[0], second = entries[1], third = entries[2];
    assert_true(first.event < second.event && second.event < third.event);
    first.attempts = 4;
    first.next_try = WORLD_NOW + 60;
    outbox_failed(world.db, &first, 500);
    outbox_delivered(world.db, &second);
    assert_int_equal(waiting(endpoint, entries), 2);
    assert_int_equal(entries[0].event, third.event);
    assert_int_equal(entries[1].event, first.event);
    assert_int_equal(entries[1].attempts, 4);
    assert_int_equal(entries[1].next_try, WORLD_NOW + 60);
    assert_int_equal(outbox_waiting(world.db, WORLD_TENANT, endpoint, entries, 1), 1);
}

TEST(test_what_is_given_up_stays_undelivered_until_it_is_added_again)
{
    struct delivery entries[WAITING_MAX];
    int64_t endpoint = make_endpoint(WORLD_TENANT, "*");
    make_event(WORLD_TENANT);
    assert_int_equal(waiting(endpoint, entries), 1);
    entries[0].attempts = 11;
    entries[0].next_try = 0;
    outbox_failed(world.db, &entries[0], 0);
    int64_t event = entries[0].event;
    assert_int_equal(waiting(endpoint, entries), 0);
    assert_int_equal(pending(), 1);
    assert_int_equal(outbox_add(world_request(&world), event, STR("product.created")), 1);
    assert_int_equal(waiting(endpoint, entries), 1);
    assert_int_equal(entries[0].attempts, 0);
    assert_int_equal(pending(), 1);
}

TEST(test_what_waits_for_one_endpoint_can_be_forgotten)
{
    struct delivery entries[WAITING_MAX];
    int64_t gone = make_endpoint(WORLD_TENANT, "*"), stays = make_endpoint(WORLD_TENANT, "*");
    make_event(WORLD_TENANT);
    make_event(WORLD_TENANT);
    outbox_drop(world_request(&world), gone);
    assert_int_equal(waiting(gone, entries), 0);
    assert_int_equal(waiting(stays, entries), 2);
}

TEST(test_endpoints_come_in_the_order_of_tenant_and_age)
{
    const int64_t tenants[] = {WORLD_TENANT + 1, WORLD_TENANT, WORLD_TENANT};
    int64_t made[3], tenant = 0, endpoint = 0;
    for (size_t i = 0; i < 3; i++)
        made[i] = make_endpoint(tenants[i], "*");
    for (int i = 0; i < 2; i++) {
        make_event(WORLD_TENANT);
        make_event(WORLD_TENANT + 1);
    }
    const int64_t expected[] = {made[1], made[2], made[0]};
    for (size_t i = 0; i < 3; i++) {
        assert_true(outbox_next_endpoint(world.db, &tenant, &endpoint));
        assert_int_equal(endpoint, expected[i]);
    }
    assert_int_equal(tenant, WORLD_TENANT + 1);
    assert_false(outbox_next_endpoint(world.db, &tenant, &endpoint));
}

#define OUTBOX_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        OUTBOX_TEST(test_an_event_goes_in_for_whom_it_concerns),
        OUTBOX_TEST(test_what_is_acknowledged_goes_and_what_failed_waits_for_its_time),
        OUTBOX_TEST(test_what_is_given_up_stays_undelivered_until_it_is_added_again),
        OUTBOX_TEST(test_what_waits_for_one_endpoint_can_be_forgotten),
        OUTBOX_TEST(test_endpoints_come_in_the_order_of_tenant_and_age),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

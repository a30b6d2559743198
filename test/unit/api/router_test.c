/* Method and path to call. */
#include "lib/unit.h"

#include "api/router.h"
#include "resources/list.h"
#include "resources/search.h"

static struct arena arena;
static struct router *router;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    router = router_build(&arena, false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static const struct route *find(const char *method, const char *path, struct str ids[PATH_IDS_MAX])
{
    return router_find(router, &arena, str_from(method), str_from(path), ids);
}

TEST(test_paths_lead_to_calls)
{
    static const struct {
        const char *method;
        const char *path;
        const char *name; /* NULL: there is none */
        const char *id;
    } cases[] = {
        {"POST", "/v1/coupons", "PostCoupons", NULL},
        {"GET", "/v1/coupons", "GetCoupons", NULL},
        {"GET", "/v1/coupons/25OFF", "GetCouponsCoupon", "25OFF"},
        {"POST", "/v1/coupons/25OFF", "PostCouponsCoupon", "25OFF"},
        {"DELETE", "/v1/coupons/25OFF", "DeleteCouponsCoupon", "25OFF"},
        {"GET", "/v1/coupons/a%2Fb", "GetCouponsCoupon", "a/b"},
        {"GET", "/v1/coupons/a+b", "GetCouponsCoupon", "a+b"},
        {"GET", "/v1/coupons/%C3%A4", "GetCouponsCoupon", "ä"},
        {"GET", "/v1/promotion_codes/promo_1", "GetPromotionCodesPromotionCode", "promo_1"},
        {"DELETE", "/v1/promotion_codes/promo_1", NULL, NULL},
        {"GET", "/v1/customers/search", "GetCustomersSearch", NULL}, /* no customer's id */
        {"DELETE", "/v1/customers/cus_1/discount", "DeleteCustomersCustomerDiscount", "cus_1"},
        {"GET", "/v1/customers/cus_1/nothing", NULL, NULL},
        {"PUT", "/v1/coupons", NULL, NULL},
        {"get", "/v1/coupons", NULL, NULL},
        {"GET", "/v1/coupons/", NULL, NULL},
        {"GET", "/v1/coupons//", NULL, NULL},
        {"GET", "/v1/coupons/a/b", NULL, NULL},
        {"GET", "/v1/coupon", NULL, NULL},
        {"GET", "/v1/couponsx", NULL, NULL},
        {"GET", "/v2/coupons", NULL, NULL},
        {"GET", "/V1/coupons", NULL, NULL},
        {"GET", "", NULL, NULL},
        {"GET", "/", NULL, NULL},
        {"GET", "/v1/coupons/%", NULL, NULL},
        {"GET", "/v1/coupons/%00", NULL, NULL},
        {"GET", "/v1/coupons/%FF", NULL, NULL},
        {"POST", "/_dev/reset", NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct str ids[PATH_IDS_MAX];
        const struct route *route = find(cases[i].method, cases[i].path, ids);
        if (!str_equal(str_from(route ? route->name : NULL), str_from(cases[i].name)))
            BREAKS("%s %s leads to %s", cases[i].method, cases[i].path,
                   route ? route->name : "nothing");
        if (route)
            assert_str(ids[0], cases[i].id);
    }
}

/* Every route is found under its own path: none hides another. */
TEST(test_no_route_hides_another)
{
    struct router *all = router_build(&arena, true);
    size_t count = 0;
    for (const struct route *route; (route = router_route(all, count)); count++) {
        struct str ids[PATH_IDS_MAX];
        struct text path;
        text_init(&path, &arena, 1000);
        for (struct str rest = str_from(route->path); rest.data;) {
            struct str segment = str_split(rest, '/', &rest);
            text_add(&path, str_is(segment, ":id") ? STR("x_1") : segment);
            if (rest.data)
                text_add_char(&path, '/');
        }
        const struct route *found =
            router_find(all, &arena, str_from(route->method), text_str(&path), ids);
        if (found != route)
            BREAKS("%s %s leads to %s", route->method, route->path,
                   found ? found->path : "nothing");
        for (size_t i = 0; i < count; i++)
            if (strcmp(router_route(all, i)->name, route->name) == 0)
                BREAKS("%s is the name of two calls", route->name);
    }
    assert_true(count >= 25);
}

TEST(test_development_calls_exist_only_in_development)
{
    struct str ids[PATH_IDS_MAX];
    struct router *dev = router_build(&arena, true);
    assert_null(find("POST", "/_dev/reset", ids));
    assert_null(find("POST", "/_dev/seed", ids));
    assert_non_null(router_find(dev, &arena, STR("POST"), STR("/_dev/reset"), ids));
    assert_non_null(router_find(dev, &arena, STR("POST"), STR("/_dev/seed"), ids));
    for (size_t i = 0; router_route(router, i); i++)
        assert_null(strstr(router_route(router, i)->path, "_dev"));
}

TEST(test_every_route_says_what_it_is)
{
    for (size_t i = 0; router_route(router, i); i++) {
        const struct route *route = router_route(router, i);
        assert_non_null(route->handler);
        assert_non_null(route->resource);
        assert_true(strlen(route->summary) > 5);
        assert_true(strncmp(route->path, "/v1/", 4) == 0);
        assert_true((route->parameters != NULL) == (route->in != 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_lead_to_calls),
        cmocka_unit_test(test_no_route_hides_another),
        cmocka_unit_test(test_development_calls_exist_only_in_development),
        cmocka_unit_test(test_every_route_says_what_it_is),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

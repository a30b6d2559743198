/* Codes that are typed on hosted pages: whatever is wrong with one costs the same work and gets the
 * same answer. */
#include "lib/unit.h"
#include "lib/world.h"

#include "base/limits.h"
#include "redemption/guesses.h"
#include "web/site.h"

#include <string.h>

#define HOUR 3600

static struct world world;
static int statements; /* begun, see test/unit/meson.build */

struct query __real_db_query(struct db *db, const struct statement *statement);
struct query __wrap_db_query(struct db *db, const struct statement *statement);
struct query __real_db_query_text(struct db *db, struct str sql);
struct query __wrap_db_query_text(struct db *db, struct str sql);

struct query __wrap_db_query(struct db *db, const struct statement *statement)
{
    statements++;
    return __real_db_query(db, statement);
}

struct query __wrap_db_query_text(struct db *db, struct str sql)
{
    statements++;
    return __real_db_query_text(db, sql);
}

static int set_up(void **state)
{
    (void)state;
    world_open(&world);
    world.service.site = &web_site;
    world.service.guesses = guesses_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    guesses_free(world.service.guesses);
    world_close(&world);
    return 0;
}

static struct str send(const char *method, const char *path, const char *form)
{
    struct exchange exchange = {
        .arena = world.arena,
        .method = str_from(method),
        .path = str_from(path),
        .body = str_from(form),
        .content_type = STR("application/x-www-form-urlencoded"),
        .authorization = STR("Bearer sk_test_codes"),
        .host = STR("shop.example"),
        .address = STR("192.0.2.1"),
    };
    world_exchange(&world, &exchange);
    world.arena = exchange.arena;
    if (exchange.status != 200)
        BREAKS("%s %s: %.*s", path, form, STR_FMT(exchange.answer));
    return exchange.answer;
}

/* What stands between two texts. */
static const char *between(struct str answer, const char *before, const char *after)
{
    const char *begin = strstr(answer.data, before);
    assert_non_null(begin);
    begin += strlen(before);
    const char *end = strstr(begin, after);
    assert_non_null(end);
    return str_copy(&world.arena, (struct str){begin, (size_t)(end - begin)}).data;
}

#define FORMAT(...) (str_format(&world.arena, __VA_ARGS__).data)

/* Makes an object, and returns its id. */
static const char *make(const char *path, const char *form)
{
    return between(send("POST", path, form), "\"id\": \"", "\"");
}

static void make_code(const char *code, const char *more)
{
    make("/v1/promotion_codes",
         FORMAT("promotion[type]=coupon&promotion[coupon]=A&code=%s%s", code, more));
}

/* The customer who types, with a code for each thing that can be wrong. */
static const char *make_codes(void)
{
    const char *customer = make("/v1/customers", "");
    const char *other = make("/v1/customers", "");
    make("/v1/coupons", "id=A&percent_off=10&duration=forever");
    make_code("FOREIGN", FORMAT("&customer=%s", other));
    make_code("USED-UP", "&max_redemptions=1");
    make_code("OWN-ONE", FORMAT("&max_redemptions=1&customer=%s", customer));
    make_code("EXPIRED", FORMAT("&expires_at=%lld", (long long)world.now + HOUR));
    make_code("OFFLINE", "&active=false");
    send("POST", "/v1/redemptions", "code=USED-UP");
    send("POST", "/v1/redemptions", FORMAT("code=OWN-ONE&customer=%s", customer));
    world.now += 2 * HOUR;
    return customer;
}

static const char *const wrong[] = {"UNKNOWN", "FOREIGN", "USED-UP",
                                    "OWN-ONE", "EXPIRED", "OFFLINE"};

/* Types each of them; `form`: what else is sent. */
static void types_wrong_codes(const char *path, const char *form)
{
    const char *token = between(send("GET", path, ""), "name=\"token\" value=\"", "\"");
    const char *first = NULL;
    int work = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        int before = statements;
        struct str page = send("POST", path, FORMAT("token=%s&%s&code=%s", token, form, wrong[i]));
        if (!strstr(page.data, "This code is invalid."))
            BREAKS("%s is not invalid", wrong[i]);
        char *typed = strstr((char *)(uintptr_t)page.data, wrong[i]);
        assert_non_null(typed);
        memcpy(typed, wrong[0], strlen(wrong[0]));
        if (first && strcmp(page.data, first) != 0)
            BREAKS("%s is answered otherwise", wrong[i]);
        if (first && statements - before != work)
            BREAKS("%s takes %d statements, not %d", wrong[i], statements - before, work);
        first = page.data;
        work = statements - before;
        assert_true(work > 0);
    }
}

TEST(test_every_wrong_code_costs_the_same_on_the_checkout_page)
{
    const char *customer = make_codes();
    const char *price =
        make("/v1/prices", "currency=usd&unit_amount=1000&product_data[name]=Thing");
    const char *sessions[] = {FORMAT("&customer=%s", customer), ""};
    for (size_t i = 0; i < ARRAY_LENGTH(sessions); i++) {
        const char *id =
            make("/v1/checkout/sessions",
                 FORMAT("mode=payment&success_url=https://shop.example&allow_promotion_codes=true"
                        "&line_items[0][price]=%s%s",
                        price, sessions[i]));
        types_wrong_codes(FORMAT("/c/pay/%s", id), "action=apply");
        world.now += 60;
    }
}

TEST(test_every_wrong_code_costs_the_same_on_the_portal)
{
    const char *customer = make_codes();
    struct str price = send("POST", "/v1/prices",
                            "currency=usd&unit_amount=1000&product_data[name]=Thing"
                            "&recurring[interval]=month");
    const char *id = between(price, "\"id\": \"", "\"");
    const char *product = between(price, "\"product\": \"", "\"");
    const char *subscription =
        make("/v1/subscriptions",
             FORMAT("customer=%s&items[0][price]=%s&trial_period_days=30", customer, id));
#define FEATURE "features[subscription_update]"
    const char *configuration =
        make("/v1/billing_portal/configurations",
             FORMAT(FEATURE "[enabled]=true&" FEATURE
                            "[default_allowed_updates][0]=promotion_code&" FEATURE
                            "[products][0][product]=%s&" FEATURE "[products][0][prices][0]=%s",
                    product, id));
    struct str session = send("POST", "/v1/billing_portal/sessions",
                              FORMAT("customer=%s&configuration=%s&return_url=https://shop.example"
                                     "&flow_data[type]=subscription_update"
                                     "&flow_data[subscription_update][subscription]=%s",
                                     customer, configuration, subscription));
    types_wrong_codes(FORMAT("/p/session/%s", between(session, "/p/session/", "\"")),
                      FORMAT("action=update&subscription=%s", subscription));
}

TEST(test_wrong_codes_are_looked_at_again_when_a_minute_is_over)
{
    make("/v1/coupons", "id=A&percent_off=10");
    const char *price =
        make("/v1/prices", "currency=usd&unit_amount=1000&product_data[name]=Thing");
    const char *customer = make("/v1/customers", "");
    const char *path =
        FORMAT("/c/pay/%s", make("/v1/checkout/sessions",
                                 FORMAT("mode=payment&success_url=https://shop.example&customer=%s"
                                        "&allow_promotion_codes=true&line_items[0][price]=%s",
                                        customer, price)));
    const char *form = FORMAT("action=apply&code=X&token=%s",
                              between(send("GET", path, ""), "name=\"token\" value=\"", "\""));
    world.now += 60 - world.now % 60;
    for (int i = 0; i < CODE_REFUSALS_MAX; i++)
        assert_non_null(strstr(send("POST", path, form).data, "This code is invalid."));
    assert_non_null(strstr(send("POST", path, form).data, "Too many codes"));
    world.now += CODE_REFUSAL_SECONDS - 1;
    assert_non_null(strstr(send("POST", path, form).data, "Too many codes"));
    world.now += 2; /* of the budget of the customer all were just within reach a second ago */
    assert_non_null(strstr(send("POST", path, form).data, "This code is invalid."));
    assert_int_equal(world_int(&world, "SELECT COUNT(*) FROM redemption_attempts"
                                       " WHERE reason = 'rate_limited'"),
                     1);
}

#define ALONE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALONE(test_every_wrong_code_costs_the_same_on_the_checkout_page),
        ALONE(test_every_wrong_code_costs_the_same_on_the_portal),
        ALONE(test_wrong_codes_are_looked_at_again_when_a_minute_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

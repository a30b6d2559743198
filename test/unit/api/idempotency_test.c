/* Idempotency keys through the whole of a request, with a clock that the test turns. */
#include "lib/document.h"
#include "lib/unit.h"
#include "lib/world.h"

#include "api/idempotency.h"
#include "base/limits.h"

static struct world world;
static struct exchange exchange;

static int set_up(void **state)
{
    (void)state;
    world_open(&world);
    exchange = (struct exchange){0};
    arena_init(&exchange.arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&exchange.arena);
    world_close(&world);
    return 0;
}

static void call_as(const char *api_key, const char *path, const char *key, const char *form)
{
    exchange_reset(&exchange);
    exchange.method = STR("POST");
    exchange.path = str_from(path);
    exchange.body = str_from(form);
    exchange.authorization = str_format(&world.arena, "Bearer %s", api_key);
    exchange.idempotency_key = str_from(key);
    world_exchange(&world, &exchange);
}

static void call(const char *path, const char *key, const char *form)
{
    call_as("sk_test_one", path, key, form);
}

/* The answer, kept beyond the next call. */
static struct str answer(void)
{
    return str_copy(&world.arena, exchange.answer);
}

static const char *header(const char *name)
{
    for (size_t i = 0; i < exchange.header_count; i++)
        if (strcmp(exchange.headers[i].name, name) == 0)
            return exchange.headers[i].value;
    return NULL;
}

static int64_t coupons(void)
{
    return world_int(&world, "SELECT COUNT(*) FROM coupons");
}

TEST(test_a_repeated_request_is_answered_as_the_first_time)
{
    call("/v1/coupons", "k1", "percent_off=10&name=a");
    assert_int_equal(exchange.status, 200);
    assert_null(header("Idempotent-Replayed"));
    struct str first = answer();
    struct str original = str_copy(&world.arena, str_from(header("Original-Request")));
    world.now += 60;
    call("/v1/coupons", "k1", "name=a&percent_off=10"); /* the same parameters */
    assert_int_equal(exchange.status, 200);
    assert_string_equal(header("Idempotent-Replayed"), "true");
    assert_string_equal(header("Original-Request"), original.data);
    assert_true(str_equal(exchange.answer, first));
    assert_int_equal(coupons(), 1);
}

TEST(test_a_refusal_is_repeated_too_once_parameters_were_read)
{
    call("/v1/promotion_codes", "k1", "promotion[type]=coupon&promotion[coupon]=LATER");
    assert_int_equal(exchange.status, 400);
    struct str first = answer();
    call("/v1/coupons", "k2", "percent_off=10&id=LATER"); /* would make it succeed */
    call("/v1/promotion_codes", "k1", "promotion[type]=coupon&promotion[coupon]=LATER");
    assert_int_equal(exchange.status, 400);
    assert_true(str_equal(exchange.answer, first));
    assert_string_equal(header("Idempotent-Replayed"), "true");
}

TEST(test_a_mistake_in_the_parameters_leaves_the_key_free)
{
    call("/v1/coupons", "k1", "percent_off=x");
    assert_int_equal(exchange.status, 400);
    call("/v1/coupons", "k1", "percent_off=10");
    assert_int_equal(exchange.status, 200);
}

TEST(test_a_key_is_for_one_request)
{
    call("/v1/coupons", "k1", "percent_off=10");
    call("/v1/coupons", "k1", "percent_off=11");
    assert_int_equal(exchange.status, 400);
    assert_str(document_string(&world.arena, answer(), "error.type"), "idempotency_error");
    call("/v1/customers", "k1", "percent_off=10");
    assert_int_equal(exchange.status, 400);
    assert_str(document_string(&world.arena, answer(), "error.type"), "idempotency_error");
    assert_int_equal(coupons(), 1);
}

TEST(test_keys_of_other_accounts_are_invisible)
{
    call_as("sk_test_one", "/v1/coupons", "k1", "percent_off=10");
    call_as("sk_test_two", "/v1/coupons", "k1", "percent_off=11");
    assert_int_equal(exchange.status, 200);
    assert_null(header("Idempotent-Replayed"));
    assert_int_equal(coupons(), 2);
}

TEST(test_a_key_is_remembered_for_24_hours)
{
    static const struct {
        int64_t later;
        bool replayed;
    } cases[] = {{IDEMPOTENCY_RETENTION_SECONDS - 1, true},
                 {IDEMPOTENCY_RETENTION_SECONDS, false},
                 {IDEMPOTENCY_RETENTION_SECONDS + 1, false}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *key = str_format(&world.arena, "key %zu", i).data;
        call("/v1/coupons", key, "percent_off=10");
        world.now += cases[i].later;
        call("/v1/coupons", key, "percent_off=10");
        assert_int_equal(exchange.status, 200);
        assert_int_equal(header("Idempotent-Replayed") != NULL, cases[i].replayed);
        world.now += 2 * IDEMPOTENCY_RETENTION_SECONDS;
    }
}

TEST(test_an_expired_key_is_as_good_as_new)
{
    call("/v1/coupons", "k1", "percent_off=10");
    world.now += IDEMPOTENCY_RETENTION_SECONDS + 5;
    call("/v1/coupons", "k1", "percent_off=99"); /* other parameters */
    assert_int_equal(exchange.status, 200);
    struct str second = answer();
    call("/v1/coupons", "k1", "percent_off=99");
    assert_string_equal(header("Idempotent-Replayed"), "true");
    assert_true(str_equal(exchange.answer, second));
    assert_int_equal(coupons(), 2);
}

static int64_t kept(void)
{
    assert_int_equal(world_int(&world, "SELECT COUNT(*) FROM idempotency_keys"),
                     world_int(&world, "SELECT COUNT(*) FROM idempotency_answers"));
    return world_int(&world, "SELECT COUNT(*) FROM idempotency_answers");
}

TEST(test_expired_answers_make_room)
{
    for (int i = 0; i < 20; i++)
        call("/v1/coupons", str_format(&world.arena, "old %d", i).data, "percent_off=10");
    assert_int_equal(kept(), 20);
    world.now += IDEMPOTENCY_RETENTION_SECONDS - 5;
    call("/v1/coupons", "young", "percent_off=10");
    assert_int_equal(kept(), 21); /* nothing goes before its time */
    world.now += 10;
    for (int i = 0; i < 10; i++)
        call("/v1/coupons", str_format(&world.arena, "new %d", i).data, "percent_off=10");
    assert_int_equal(kept(), 11);
    call("/v1/coupons", "young", "percent_off=10");
    assert_string_equal(header("Idempotent-Replayed"), "true");
}

TEST(test_keys_are_1_to_255_printable_characters)
{
    char key[IDEMPOTENCY_KEY_BYTES_MAX + 2];
    for (size_t length = 0; length <= IDEMPOTENCY_KEY_BYTES_MAX + 1; length++) {
        if (length > 2 && length < IDEMPOTENCY_KEY_BYTES_MAX - 1)
            continue;
        memset(key, 'k', sizeof(key));
        key[length] = '\0';
        call("/v1/coupons", key, "percent_off=10");
        assert_int_equal(exchange.status,
                         length >= 1 && length <= IDEMPOTENCY_KEY_BYTES_MAX ? 200 : 400);
    }
    call("/v1/coupons", "tab\tbed", "percent_off=10");
    assert_int_equal(exchange.status, 400);
    call("/v1/coupons", "ümlaut", "percent_off=10");
    assert_int_equal(exchange.status, 400);
}

/* ---- the functions themselves ---- */

static struct request *request_with(const char *key)
{
    struct request *request = world_request(&world);
    request->idempotency_key = str_from(key);
    return request;
}

static enum claim claim(const char *key, const char *fingerprint, struct stored_answer *stored)
{
    return idempotency_claim(request_with(key), world.service.pepper, STR("/p"),
                             str_from(fingerprint), stored);
}

static void keep(const char *key, const char *fingerprint, const char *body)
{
    struct stored_answer stored;
    assert_int_equal(claim(key, fingerprint, &stored), CLAIM_NEW);
    stored.status = 200;
    stored.body = str_from(body);
    stored.request_id = STR("req_1");
    idempotency_keep(&world.request, STR("/p"), str_from(fingerprint), &stored);
}

/* Two keys in one slot, which chance will not bring about. */
TEST(test_keys_with_the_same_hash_are_told_apart)
{
    struct stored_answer stored;
    keep("b", "f", "of b");
    int64_t slot = world_int(&world, "SELECT slot FROM idempotency_keys");
    world_sql(&world, "DELETE FROM idempotency_keys; DELETE FROM idempotency_answers");
    keep("a", "f", "of a");
    world_sql(&world, str_format(&world.arena,
                                 "UPDATE idempotency_keys SET slot = %lld;"
                                 "UPDATE idempotency_answers SET slot = %lld",
                                 (long long)slot, (long long)slot)
                          .data);
    assert_int_equal(claim("b", "f", &stored), CLAIM_NEW); /* not a's answer */
    keep("b", "f", "of b");
    assert_int_equal(claim("b", "f", &stored), CLAIM_REPLAY);
    assert_str(stored.body, "of b");
    assert_int_equal(kept(), 2);
}

static struct str fingerprint_of(const char *method, const char *path, const char *form)
{
    struct request *request = world_form(&world, V_NEWEST, form);
    return str_copy(&world.arena,
                    idempotency_fingerprint(request, str_from(method), str_from(path)));
}

TEST(test_fingerprints_tell_requests_apart)
{
    struct str one = fingerprint_of("POST", "/p", "a=1&b=2");
    assert_true(str_equal(one, fingerprint_of("POST", "/p", "b=2&a=1")));
    assert_false(str_equal(one, fingerprint_of("POST", "/p", "a=1&b=3")));
    assert_false(str_equal(one, fingerprint_of("POST", "/q", "a=1&b=2")));
    assert_false(str_equal(one, fingerprint_of("PUT", "/p", "a=1&b=2")));
    assert_false(str_equal(fingerprint_of("POST", "/p", ""), fingerprint_of("POST", "/p", "a=")));
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_a_repeated_request_is_answered_as_the_first_time),
        WITH_WORLD(test_a_refusal_is_repeated_too_once_parameters_were_read),
        WITH_WORLD(test_a_mistake_in_the_parameters_leaves_the_key_free),
        WITH_WORLD(test_a_key_is_for_one_request),
        WITH_WORLD(test_keys_of_other_accounts_are_invisible),
        WITH_WORLD(test_a_key_is_remembered_for_24_hours),
        WITH_WORLD(test_an_expired_key_is_as_good_as_new),
        WITH_WORLD(test_expired_answers_make_room),
        WITH_WORLD(test_keys_are_1_to_255_printable_characters),
        WITH_WORLD(test_keys_with_the_same_hash_are_told_apart),
        WITH_WORLD(test_fingerprints_tell_requests_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

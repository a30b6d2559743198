/* The whole of a request, from its bytes to the answer, against a database that is the same for
 * every input. An input is lines; each line is a request, so that requests can build on each other:
 *
 *     METHOD TARGET VERSION IDEMPOTENCY-KEY ACCOUNT AUTHORIZATION BODY
 *
 * with one space between the parts; - stands for no header, and for a valid key. In AUTHORIZATION a
 * plus is a space, and in BODY a vertical bar is a line feed. */
#include "lib/document.h"
#include "lib/fuzz.h"
#include "lib/world.h"

#include "api/keyring.h"
#include "base/limits.h"
#include "base/text.h"
#include "redemption/verify.h"

#include <string.h>

#define REQUESTS_MAX 16

static const char seed[] =
    "{\"id\":\"C\",\"object\":\"coupon\",\"percent_off\":10,\"duration\":\"once\"}\n"
    "{\"id\":\"A\",\"object\":\"coupon\",\"amount_off\":500,\"currency\":\"usd\","
    "\"duration\":\"repeating\",\"duration_in_months\":3,\"max_redemptions\":2}\n"
    "{\"id\":\"promo_1\",\"object\":\"promotion_code\",\"code\":\"SAVE\","
    "\"promotion\":{\"type\":\"coupon\",\"coupon\":\"C\"}}\n"
    "{\"id\":\"cus_1\",\"object\":\"customer\",\"email\":\"a@b.c\",\"metadata\":{\"k\":\"v\"}}\n"
    "{\"id\":\"prod_1\",\"object\":\"product\",\"name\":\"P\"}\n";

static struct world world;
static struct exchange exchange;
static uint64_t random_state;

/* The same bytes for the same input. */
static void fill_repeatably(void *bytes, size_t count)
{
    unsigned char *target = bytes;
    for (size_t i = 0; i < count; i++) {
        random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        target[i] = (unsigned char)(random_state >> 56);
    }
}

static void tear_down(void)
{
    arena_release(&exchange.arena);
    world_close(&world);
}

static void set_up(void)
{
    world_open(&world);
    atexit(tear_down);
    world.random = (struct random){.fill = fill_repeatably};
    arena_init(&exchange.arena);
    exchange.method = STR("POST");
    exchange.path = STR("/_dev/seed");
    exchange.body = str_from(seed);
    exchange.authorization = STR("Bearer sk_test_fuzz");
    world_exchange(&world, &exchange);
    HOLDS(exchange.status == 200);
}

static struct str without_dash(struct str part, const char *instead)
{
    return str_is(part, "-") ? str_from(instead) : part;
}

static struct str with(struct str part, char old, char new)
{
    char *copy = (char *)(uintptr_t)str_copy(&exchange.arena, part).data;
    for (size_t i = 0; i < part.length; i++)
        if (copy[i] == old)
            copy[i] = new;
    return (struct str){copy, part.length};
}

/* Neither the end of a line nor a NUL comes out of libmicrohttpd in a header. */
static bool is_header(struct str value)
{
    return !memchr(value.data ? value.data : "", '\0', value.length) &&
           !memchr(value.data ? value.data : "", '\r', value.length);
}

static bool read_line(struct str line)
{
    struct str rest;
    exchange_reset(&exchange);
    exchange.method = str_split(line, ' ', &rest);
    exchange.path = str_split(str_split(rest, ' ', &rest), '?', &exchange.query);
    exchange.version_header = without_dash(str_split(rest, ' ', &rest), NULL);
    exchange.idempotency_key = without_dash(str_split(rest, ' ', &rest), NULL);
    exchange.account_header = without_dash(str_split(rest, ' ', &rest), NULL);
    exchange.authorization = without_dash(str_split(rest, ' ', &rest), "Bearer+sk_test_fuzz");
    if (!exchange.path.data || !is_header(exchange.method) || !is_header(exchange.path) ||
        !is_header(exchange.version_header) || !is_header(exchange.idempotency_key) ||
        !is_header(exchange.account_header) || !is_header(exchange.authorization))
        return false;
    exchange.authorization = with(exchange.authorization, '+', ' ');
    exchange.body = with(rest.data ? rest : STR(""), '|', '\n');
    return true;
}

static void check_error(void)
{
    static const char *const types[] = {"invalid_request_error", "idempotency_error"};
    struct str type = document_string(&exchange.arena, exchange.answer, "error.type");
    bool known = false;
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
        known |= str_is(type, types[i]);
    HOLDS(known);
    HOLDS(document_string(&exchange.arena, exchange.answer, "error.message").length > 0);
}

static void check_answer(void)
{
    static const int statuses[] = {200, 204, 400, 401, 403, 404};
    bool allowed = false;
    for (size_t i = 0; i < ARRAY_LENGTH(statuses); i++)
        allowed |= exchange.status == statuses[i];
    if (!allowed)
        fprintf(stderr, "%d: %.*s\n", exchange.status, STR_FMT(exchange.answer));
    HOLDS(allowed);
    for (size_t i = 0; i < exchange.header_count; i++)
        HOLDS(!strpbrk(exchange.headers[i].value, "\r\n"));
    if (exchange.status == 204)
        return;
    HOLDS(document_is_valid(exchange.answer));
    if (exchange.status >= 400)
        check_error();
}

static void check_invariants(void)
{
    struct text report;
    text_init(&report, &exchange.arena, 1 << 20);
    bool clean = verify_run(world.db, &report);
    if (!clean)
        fprintf(stderr, "%.*s", STR_FMT(text_str(&report)));
    HOLDS(clean);
}

/* False: the batch has to be run again, see db_savepoint_unlikely(). */
static bool run(void)
{
    enum exchange_next next = exchange_prepare(&world.service, &exchange, &world.random);
    int64_t changes = world_int(&world, "SELECT total_changes()");
    if (next != EXCHANGE_ANSWERED)
        exchange_run(&world.service, &exchange, world.db, &world.random);
    if (db_failed(world.db) == DB_BUSY)
        return false;
    HOLDS(db_failed(world.db) == DB_OK);
    check_answer();
    bool keeps_attempt = next == EXCHANGE_READS && exchange.route && exchange.route->looks;
    if (next != EXCHANGE_WRITES && !keeps_attempt)
        HOLDS(world_int(&world, "SELECT total_changes()") == changes);
    return true;
}

/* Like a batch of the executor: one transaction for all requests. */
static bool run_batch(struct str rest, size_t size)
{
    random_state = size;
    world.random.left = 0;
    db_clear(world.db);
    db_begin(world.db, true);
    db_reserve_rows(world.db, world.now);
    for (int i = 0; i < REQUESTS_MAX && rest.data; i++)
        if (read_line(str_split(rest, '\n', &rest)) && !run())
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = {(const char *)data, size};
    if (!exchange.arena.first)
        set_up();
    if (!run_batch(rest, size)) {
        db_rollback(world.db);
        HOLDS(run_batch(rest, size));
    }
    check_invariants();
    db_rollback(world.db);
    if (!keyring_load(world.service.keyring, world.db)) /* keys admitted above are unknown again */
        abort();
    return 0;
}

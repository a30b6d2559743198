/* One request, step by step. */
#include "api/exchange.h"

#include "api/answer.h"
#include "api/auth.h"
#include "api/idempotency.h"
#include "api/keyring.h"
#include "api/openapi.h"
#include "api/router.h"
#include "api/service.h"
#include "base/bell.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"
#include "base/version.h"
#include "redemption/code_shapes.h"
#include "resources/redemption_attempt.h"
#include "schema/form.h"
#include "store/db.h"

#include <assert.h>
#include <string.h>
#include <sys/eventfd.h>

#define FORM_TYPE "application/x-www-form-urlencoded"

void exchange_reset(struct exchange *exchange)
{
    struct arena arena = exchange->arena;
    arena_reset(&arena);
    *exchange = (struct exchange){.arena = arena};
}

void exchange_add_header(struct exchange *exchange, const char *name, struct str value)
{
    assert(exchange->header_count < EXCHANGE_HEADERS_MAX);
    exchange->headers[exchange->header_count++] = (struct header){name, value.data};
}

/* ---- answers ---- */

void exchange_answer(struct exchange *exchange, int status, const char *content_type,
                     struct str body)
{
    exchange->status = status;
    exchange->answer = body;
    exchange->content_type_out = content_type;
}

static void answer_with(struct exchange *exchange, int status, struct str body)
{
    exchange_answer(exchange, status, "application/json", body);
}

static void answer_error(struct exchange *exchange, const struct request *request)
{
    answer_with(exchange, request->error.status, error_render(request));
}

void exchange_fail(const struct service *service, struct exchange *exchange, int status,
                   const char *message)
{
    struct request *request = &exchange->request;
    request->arena = &exchange->arena;
    request->error = (struct error){.type = ERROR_API, .status = status};
    request->error.message = str_from(message);
    exchange->header_count = 0;
    exchange->opened = false;
    if (exchange->page)
        service->site->fail(service, exchange, status);
    else
        answer_error(exchange, request);
}

/* ---- preparing ---- */

/* Calls without a key: health and self-description. */
static bool answer_public(const struct service *service, struct exchange *exchange)
{
    struct request *request = &exchange->prepared;
    if (str_is(exchange->method, "OPTIONS")) {
        answer_with(exchange, 204, STR(""));
        return true;
    }
    if (!str_is(exchange->method, "GET"))
        return false;
    if (str_is(exchange->path, "/healthz")) {
        answer_with(exchange, 200, STR("{\n  \"status\": \"ok\"\n}\n"));
        return true;
    }
    if (!str_is(exchange->path, "/openapi.json"))
        return false;
    struct str body;
    if (openapi_for(request, service->router, exchange->query, &body))
        answer_with(exchange, 200, body);
    else
        answer_error(exchange, request);
    return true;
}

static bool read_version(const struct service *service, struct exchange *exchange)
{
    struct request *request = &exchange->prepared;
    request->version = service->default_version;
    exchange->version_name = version_name(service->default_version);
    if (!exchange->version_header.data)
        return true;
    return version_parse(exchange->version_header, &request->version, &exchange->version_name) ||
           fail(request, CODE_NONE, STR_NULL, "Invalid Stripe API version: %.*s",
                STR_FMT(exchange->version_header));
}

static bool find_route(const struct service *service, struct exchange *exchange)
{
    struct request *request = &exchange->prepared;
    struct str method = str_is(exchange->method, "HEAD") ? STR("GET") : exchange->method;
    exchange->route =
        router_find(service->router, &exchange->arena, method, exchange->path, request->path_ids);
    if (exchange->route && (!exchange->route->until || request->version < exchange->route->until))
        return true;
    return fail_with(request, 404, ERROR_INVALID_REQUEST, CODE_NONE,
                     "Unrecognized request URL (%.*s: %.*s). Please see https://stripe.com/docs "
                     "or we can help at https://support.stripe.com/.",
                     STR_FMT(exchange->method), STR_FMT(exchange->path));
}

static bool read_form(struct exchange *exchange)
{
    struct request *request = &exchange->prepared;
    bool post = str_is(exchange->method, "POST");
    if (exchange->route->raw_body) {
        request->body = exchange->body;
        return form_parse(request, exchange->query, STR_NULL);
    }
    if (post && exchange->content_type.data && exchange->body.length &&
        !str_starts(str_lower(&exchange->arena, exchange->content_type), STR(FORM_TYPE)))
        return fail(request, CODE_NONE, STR_NULL,
                    "Invalid request (check that your POST content type is " FORM_TYPE "). If you "
                    "have any questions, we can help at https://support.stripe.com/.");
    return form_parse(request, exchange->query, post ? exchange->body : STR_NULL);
}

static bool read_idempotency_key(struct exchange *exchange)
{
    struct request *request = &exchange->prepared;
    struct str key = exchange->idempotency_key;
    if (!key.data || str_is(exchange->method, "GET"))
        return true;
    bool printable = key.length > 0 && key.length <= IDEMPOTENCY_KEY_BYTES_MAX;
    for (size_t i = 0; i < key.length && printable; i++)
        printable = key.data[i] >= ' ' && key.data[i] <= '~';
    if (!printable)
        return fail_with(request, 400, ERROR_IDEMPOTENCY, CODE_NONE,
                         "Invalid idempotency key: it must be 1 to %d printable ASCII characters.",
                         IDEMPOTENCY_KEY_BYTES_MAX);
    exchange_add_header(exchange, "Idempotency-Key", str_copy(&exchange->arena, key));
    if (str_is(exchange->method, "POST") && !exchange->route->looks)
        request->idempotency_key = key;
    return true;
}

/* Where pages are: where the request came to, unless the service was told. */
static struct str find_origin(const struct service *service, struct exchange *exchange)
{
    struct str host = exchange->host;
    if (service->public_url.data)
        return service->public_url;
    for (size_t i = 0; i < host.length; i++) {
        char c = host.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '.' || c == '-' || c == ':' || c == '[' || c == ']'))
            return STR_NULL;
    }
    return host.length ? str_format(&exchange->arena, "http://%.*s", STR_FMT(host)) : STR_NULL;
}

enum exchange_next exchange_prepare(const struct service *service, struct exchange *exchange,
                                    struct random *random)
{
    struct request *request = &exchange->prepared;
    *request = (struct request){
        .arena = &exchange->arena,
        .catalog = &service->catalog,
        .random = random,
        .id = id_short(random, &exchange->arena, "req_"),
        .version = service->default_version,
        .address = exchange->address,
        .origin = find_origin(service, exchange),
        .dev = service->dev,
        .guesses = service->guesses,
        .guess = &exchange->guess,
        .code_shapes = service->code_shapes,
        .sealing_key = service->sealing_key,
    };
    enum exchange_next next;
    if (service->site && service->site->prepare(service, exchange, &next)) {
        exchange->ready = arena_mark(&exchange->arena);
        exchange->prepared_header_count = exchange->header_count;
        return next;
    }
    if (answer_public(service, exchange))
        return EXCHANGE_ANSWERED;
    if (!authenticate(service, exchange)) {
        exchange->no_request_id = request->error.status == 401;
        answer_error(exchange, request);
        if (request->error.status == 401)
            exchange_add_header(exchange, "WWW-Authenticate", STR("Bearer realm=\"Stripe\""));
        return EXCHANGE_ANSWERED;
    }
    bool prepared = read_version(service, exchange) && find_route(service, exchange) &&
                    read_idempotency_key(exchange) && read_form(exchange);
    if (exchange->version_name.data)
        exchange_add_header(exchange, "Stripe-Version", exchange->version_name);
    if (exchange->account_header.data)
        exchange_add_header(exchange, "Stripe-Account", request->account);
    if (!prepared) {
        answer_error(exchange, request);
        if (!exchange->key_to_admit.data)
            return EXCHANGE_ANSWERED;
    }
    exchange->ready = arena_mark(&exchange->arena);
    exchange->prepared_header_count = exchange->header_count;
    const struct route *route = exchange->route;
    bool reads = !prepared || route->looks || (strcmp(route->method, "GET") == 0 && !route->undone);
    return reads && !exchange->key_to_admit.data ? EXCHANGE_READS : EXCHANGE_WRITES;
}

/* ---- running ---- */

static void add_keyed_headers(struct exchange *exchange, struct str original, bool replayed)
{
    exchange_add_header(exchange, "Original-Request", original);
    if (replayed)
        exchange_add_header(exchange, "Idempotent-Replayed", STR("true"));
    if (exchange->status < 300)
        exchange_add_header(exchange, "Stripe-Should-Retry", STR("false"));
}

/* The call itself. A failure undoes what it had done, unless that is its outcome. */
static void run_call(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    struct answer answer = {0};
    int64_t now = request->now;
    if (exchange->route->undone)
        db_savepoint(request->db);
    else
        db_savepoint_unlikely(request->db);
    bool done = exchange->route->handler(request, exchange->route, &answer);
    request->now = now; /* the handler may have gone by a test clock */
    struct str body = done ? answer_render(request, &answer) : STR_NULL;
    if (body.data) {
        if (exchange->route->undone)
            db_rollback_to_savepoint(request->db);
        else
            db_release(request->db);
        request->timer_set &= !exchange->route->undone;
        answer_with(exchange, 200, body);
        exchange->csv = answer.csv;
        if (exchange->csv.next)
            exchange->content_type_out = "text/csv; charset=utf-8";
        return;
    }
    if (!done && request->error.keeps)
        db_release(request->db);
    else
        db_rollback_to_savepoint(request->db);
    if (request->error.type == ERROR_NONE)
        (void)!fail_with(request, 500, ERROR_API, CODE_NONE, "An unknown error occurred.");
    answer_error(exchange, request);
}

static void run_keyed(const struct service *service, struct exchange *exchange)
{
    struct request *request = &exchange->request;
    struct str path = exchange->path;
    struct str fingerprint = idempotency_fingerprint(request, exchange->method, path);
    struct stored_answer stored;
    switch (idempotency_claim(request, service->pepper, path, fingerprint, &stored)) {
    case CLAIM_REPLAY:
        answer_with(exchange, stored.status, stored.body);
        add_keyed_headers(exchange, stored.request_id, true);
        return;
    case CLAIM_REFUSED:
        answer_error(exchange, request);
        return;
    case CLAIM_NEW:
        break;
    }
    run_call(exchange);
    stored.status = exchange->status;
    stored.body = exchange->answer;
    stored.request_id = request->id;
    if (request->began && exchange->status < 500)
        idempotency_keep(request, path, fingerprint, &stored);
    add_keyed_headers(exchange, request->id, false);
}

void exchange_committed(const struct service *service, struct exchange *exchange)
{
    if (exchange->opened)
        keyring_add(service->keyring, &exchange->opened_account, &exchange->opened_key);
    exchange->opened = false;
    if (exchange->request.timer_set)
        bell_ring(service->due);
    exchange->request.timer_set = false;
    if (exchange->request.guards_shape)
        code_shapes_load_tenant(service->code_shapes, exchange->request.db,
                                exchange->request.tenant);
    exchange->request.guards_shape = false;
    if (exchange->request.added_deliveries)
        eventfd_write(service->wakeup, 1);
}

/* Of a call that was answered where nothing can be written. */
static void keep_attempt(struct exchange *exchange, struct db *db, struct random *random)
{
    exchange->request.db = db;
    exchange->request.random = random;
    attempt_keep(&exchange->request);
}

void exchange_run(const struct service *service, struct exchange *exchange, struct db *db,
                  struct random *random)
{
    if (exchange->is_answered && db_can_write(db)) {
        keep_attempt(exchange, db, random);
        return;
    }
    arena_rewind(&exchange->arena, exchange->ready);
    exchange->header_count = exchange->prepared_header_count;
    exchange->csv = (struct csv){0};
    if (exchange->key_to_admit.data && !admit(service, exchange, db, random))
        return;
    if (exchange->prepared.error.type != ERROR_NONE)
        return; /* answered when it was prepared */
    exchange->request = exchange->prepared;
    struct request *request = &exchange->request;
    request->db = db;
    request->random = random;
    request->now = request->started = service->clock->seconds(service->clock->context);
    if (exchange->page)
        service->site->run(service, exchange);
    else if (request->idempotency_key.data)
        run_keyed(service, exchange);
    else
        run_call(exchange);
    if (db_can_write(db))
        attempt_keep(request);
    exchange->is_answered = !db_can_write(db);
}

struct str exchange_next_piece(struct exchange *exchange, struct db *db)
{
    struct request *request = &exchange->request;
    struct text piece;
    if (!exchange->csv.next)
        return STR("");
    arena_rewind(&exchange->arena, exchange->ready);
    text_init(&piece, request->arena, RESPONSE_BYTES_MAX);
    request->db = db;
    if (!exchange->csv.next(request, &exchange->csv, &piece))
        exchange->csv.next = NULL;
    return text_str(&piece);
}

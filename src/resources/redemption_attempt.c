/* Attempts are appended in the order of time. One timer of a tenant removes those that are past
 * their retention. */
#include "resources/redemption_attempt.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/request.h"
#include "resources/coupon.h"
#include "resources/customer.h"
#include "resources/event.h"
#include "resources/promotion_code.h"
#include "resources/registry.h"
#include "resources/timer.h"

#include <assert.h>

#define FORGETTING_SECONDS 60 /* between two times, so that few commits are made of it */

static const char *const operations[] = {"preview", "redemption", NULL};
static const char *const sources[] = {
    "api",          "checkout",          "customer", "invoice", "invoice_item",
    "subscription", "subscription_item", "portal",   NULL};

/* seq runs ahead of the time for a while when the process has been killed. */
STATEMENT(forget, "DELETE FROM redemption_attempts WHERE tenant = $1 AND seq IN (SELECT seq FROM"
                  " (SELECT seq, created FROM redemption_attempts WHERE tenant = $1 ORDER BY seq"
                  " LIMIT $2) AS oldest WHERE created <= $3)");
STATEMENT(find_oldest,
          "SELECT created FROM redemption_attempts WHERE tenant = $1 ORDER BY seq LIMIT 1");

#define THIS struct redemption_attempt
static const struct field attempt_fields[] = {
    FIELD_ID,
    FIELD(amount, "What the purchase came to, in minor units."),
    FIELD(client_reference_id, "Your own reference.", .max = CLIENT_REFERENCE_CHARACTERS_MAX),
    FIELD(code, "What the customer typed.", .in = FILTER, .where = "o.text_key = ?"),
    FIELD(coupon, "The coupon.", .of = &coupon_resource.schema),
    FIELD_CREATED,
    FIELD(currency, "Currency of the purchase."),
    FIELD(customer, "Who tried.", .in = FILTER, .of = &customer_resource.schema),
    FIELD(customer_email, "E-mail address of who tried."),
    FIELD_LIVEMODE,
    FIELD(operation, "What was tried.", .values = operations),
    FIELD(promotion_code, "The promotion code.", .of = &promotion_code_resource.schema),
    FIELD(reason, "The first reason for which it was refused.", .in = FILTER, .is = NOT_NULL),
    FIELD(reasons, "All of them."),
    FIELD(source, "Where it was tried.", .values = sources),
    FIELD(text_key, "The code in lower case.", .is = INTERNAL),
};
#undef THIS

static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    struct redemption_attempt *filter = object;
    (void)before;
    if (operation == FILTER && filter->code.data)
        filter->code = str_lower(request->arena, filter->code);
    return true;
}

const struct resource redemption_attempt_resource = {
    .schema =
        SCHEMA(struct redemption_attempt, attempt_fields, "redemption_attempt", .is_object = true,
               .help = "A redemption or preview that was refused, kept for 30 days."),
    .table = {&redemption_attempt_resource.schema, "redemption_attempts", NULL},
    .number = RESOURCE_redemption_attempt,
    .path = "/v1/redemption_attempts",
    .noun = "redemption attempt",
    .path_param = "redemption_attempt",
    .id_prefix = "rat_",
    .id_form = ID_LONG,
    .operations = RETRIEVE | FILTER,
    .retention_seconds = ATTEMPT_RETENTION_SECONDS,
    .stays = true,
    .check = check,
};

/* ---- noting ---- */

static struct strings reasons_of(struct request *request, unsigned refusals)
{
    struct strings reasons = {ARENA_ARRAY(request->arena, struct str, REFUSAL_COUNT), 0};
    for (int refusal = 0; refusal < REFUSAL_COUNT; refusal++)
        if (refusals & REFUSAL_BIT(refusal))
            reasons.items[reasons.count++] = str_from(refusal_reason((enum refusal)refusal));
    return reasons;
}

void attempt_note(struct request *request, const struct redemption_attempt *known,
                  const struct coupon *coupon, const struct promotion_code *code, unsigned refusals)
{
    struct redemption_attempt *attempt = resource_new(request, &redemption_attempt_resource);
    *attempt = *known;
    attempt->operation.value = ATTEMPT_REDEMPTION;
    if (coupon)
        attempt->coupon = (struct ref){coupon->object.id, coupon->object.row, NULL};
    if (code)
        attempt->promotion_code = (struct ref){code->object.id, code->object.row, NULL};
    if (code && !attempt->code.data)
        attempt->code = code->code;
    attempt->reasons = reasons_of(request, refusals);
    attempt->reason = attempt->reasons.items[0];
    request->attempt = attempt;
}

void attempt_note_purchase(struct request *request, const struct purchase *purchase,
                           const struct coupon *coupon, const struct promotion_code *code,
                           unsigned refusals)
{
    const struct redemption_attempt known = {
        .amount = purchase->amount,
        .client_reference_id = purchase->client_reference_id,
        .currency = purchase->currency,
        .customer.id = purchase->customer,
        .customer_email = purchase->email,
        .source.value = redemption_source(purchase->surface),
    };
    attempt_note(request, &known, coupon, code, refusals);
}

void attempt_is_preview(struct request *request)
{
    if (request->attempt)
        request->attempt->operation.value = ATTEMPT_PREVIEW;
}

/* ---- keeping ---- */

static struct object new_object(struct request *request)
{
    return (struct object){
        .id = id_long(request->random, request->arena, redemption_attempt_resource.id_prefix,
                      request->now),
        .row = db_next_row(request->db, request->now),
        .created = {request->now},
        .livemode = request->livemode,
    };
}

void attempt_keep(struct request *request)
{
    struct redemption_attempt *attempt = request->attempt;
    if (!attempt)
        return;
    request->now = request->started;
    request->clock = 0;
    attempt->object = new_object(request);
    if (attempt->customer.id.data &&
        !resource_find(request, &customer_resource, attempt->customer.id))
        attempt->customer = (struct ref){0}; /* was to be made by what was undone */
    if (attempt->code.data)
        attempt->text_key = str_lower(request->arena, attempt->code);
    enum db_result result = rows_insert(request, catalog_of(request, &redemption_attempt_resource),
                                        &redemption_attempt_resource.schema, attempt);
    assert(result != DB_CONFLICT);
    timer_set_once(request, TIMER_redemption_attempt, 0, request->now + ATTEMPT_RETENTION_SECONDS);
    if (attempt->suspects)
        event_record(request, "redemption", "guessing_suspected",
                     &redemption_attempt_resource.schema, attempt, NULL);
}

/* ---- forgetting ---- */

/* When the oldest that is left is past its retention; 0: there is none. */
static int64_t find_end(struct request *request)
{
    struct query query = db_query(request->db, &find_oldest);
    db_bind_int(&query, request->tenant);
    int64_t end = db_row(&query) ? db_int(&query, 0) + ATTEMPT_RETENTION_SECONDS : 0;
    db_end(&query);
    return end;
}

bool redemption_attempt_due(struct request *request, int64_t row)
{
    int64_t now = request->started;
    struct query query = db_query(request->db, &forget);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, ATTEMPTS_FORGOTTEN_MAX);
    db_bind_int(&query, now - ATTEMPT_RETENTION_SECONDS);
    db_do(&query);
    int64_t end = find_end(request);
    if (end > now && end < now + FORGETTING_SECONDS)
        end = now + FORGETTING_SECONDS;
    if (end)
        timer_set(request, TIMER_redemption_attempt, row, end);
    else
        timer_clear(request, TIMER_redemption_attempt, row);
    return true;
}

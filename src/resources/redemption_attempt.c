/* Attempts are appended in the order of time; each that is kept makes room by removing a few that
 * are past their retention, so nothing has to sweep. */
#include "resources/redemption_attempt.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/request.h"
#include "resources/appraisal.h"
#include "resources/coupon.h"
#include "resources/customer.h"
#include "resources/event.h"
#include "resources/promotion_code.h"
#include "resources/registry.h"

#include <assert.h>

#define PRUNED_PER_ATTEMPT 4

static const char *const operations[] = {"preview", "redemption", NULL};

STATEMENT(prune_attempts, "DELETE FROM redemption_attempts WHERE tenant = $1 AND seq IN"
                          " (SELECT seq FROM redemption_attempts WHERE tenant = $1 AND seq < $2"
                          " ORDER BY seq LIMIT $3)");

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
    .stays = true,
    .check = check,
};

static struct redemption_attempt *make(struct request *request, const struct redemption *purchase)
{
    struct redemption_attempt *attempt = resource_new(request, &redemption_attempt_resource);
    attempt->object = (struct object){
        .id = id_long(request->random, request->arena, redemption_attempt_resource.id_prefix,
                      request->now),
        .row = db_next_row(request->db, request->now),
        .created = {request->now},
        .livemode = request->livemode,
    };
    attempt->amount = purchase->amount;
    attempt->client_reference_id = purchase->client_reference_id;
    attempt->code = purchase->code;
    attempt->currency = purchase->currency;
    attempt->customer = (struct ref){purchase->customer.id, purchase->customer.row, NULL};
    attempt->customer_email = purchase->customer_email;
    return attempt;
}

static struct strings reasons_of(struct request *request, unsigned refusals)
{
    struct strings reasons = {ARENA_ARRAY(request->arena, struct str, REFUSAL_COUNT), 0};
    for (int refusal = 0; refusal < REFUSAL_COUNT; refusal++)
        if (refusals & REFUSAL_BIT(refusal))
            reasons.items[reasons.count++] = str_from(refusal_reason((enum refusal)refusal));
    return reasons;
}

static void prune(struct request *request, int64_t now)
{
    struct query query = db_query(request->db, &prune_attempts);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, (now - ATTEMPT_RETENTION_SECONDS) << ROW_SECOND_BITS);
    db_bind_int(&query, PRUNED_PER_ATTEMPT);
    db_do(&query);
}

void attempt_record(struct request *request, enum attempt_operation operation,
                    const struct redemption *purchase, const struct appraisal *appraisal)
{
    struct redemption_attempt *attempt = make(request, purchase);
    const struct coupon *coupon = appraisal->coupon;
    const struct promotion_code *code = appraisal->code;
    attempt->operation.value = (int)operation;
    if (coupon)
        attempt->coupon = (struct ref){coupon->object.id, coupon->object.row, NULL};
    if (code) {
        attempt->promotion_code = (struct ref){code->object.id, code->object.row, NULL};
        attempt->code = purchase->code.data ? purchase->code : code->code;
    }
    attempt->reasons = reasons_of(request, appraisal->refusals);
    attempt->reason = attempt->reasons.items[0];
    if (attempt->code.data)
        attempt->text_key = str_lower(request->arena, attempt->code);
    prune(request, appraisal->now);
    enum db_result result = rows_insert(request, catalog_of(request, &redemption_attempt_resource),
                                        &redemption_attempt_resource.schema, attempt);
    assert(result != DB_CONFLICT);
}

void attempt_report_guessing(struct request *request, const struct redemption *purchase)
{
    struct redemption_attempt *attempt = make(request, purchase);
    attempt->operation.value = ATTEMPT_REDEMPTION;
    attempt->reasons = reasons_of(request, REFUSAL_BIT(REFUSAL_UNKNOWN));
    attempt->reason = attempt->reasons.items[0];
    event_record(request, "redemption", "guessing_suspected", &redemption_attempt_resource.schema,
                 attempt, NULL);
}

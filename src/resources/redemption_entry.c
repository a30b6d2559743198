/* Entering uses and giving them back: ledger, counters, record and events move together. */
#include "base/arena.h"
#include "base/request.h"
#include "money/discount.h"
#include "redemption/allowance.h"
#include "redemption/ledger.h"
#include "resources/coupon.h"
#include "resources/customer.h"
#include "resources/event.h"
#include "resources/promotion_code.h"
#include "resources/redemption.h"
#include "resources/registry.h"
#include "resources/test_clock.h"
#include "resources/timer.h"

#include <assert.h>

STATEMENT(set_status,
          "UPDATE redemption_records SET status = $1, status_transitions_canceled_at = $2,"
          " status_transitions_expired_at = $3, status_transitions_redeemed_at = $4,"
          " reference_key = $5 WHERE tenant = $6 AND seq = $7");

enum redemption_source redemption_source(enum surface surface)
{
    static const enum redemption_source sources[] = {
        [SURFACE_CUSTOMER] = SOURCE_CUSTOMER,
        [SURFACE_SUBSCRIPTION] = SOURCE_SUBSCRIPTION,
        [SURFACE_SUBSCRIPTION_UPDATE] = SOURCE_SUBSCRIPTION,
        [SURFACE_SUBSCRIPTION_ITEM] = SOURCE_SUBSCRIPTION_ITEM,
        [SURFACE_INVOICE] = SOURCE_INVOICE,
        [SURFACE_SUBSCRIPTION_INVOICE] = SOURCE_INVOICE,
        [SURFACE_INVOICE_ITEM] = SOURCE_INVOICE_ITEM,
        [SURFACE_CHECKOUT] = SOURCE_CHECKOUT,
        [SURFACE_REDEMPTION] = SOURCE_API,
    };
    return sources[surface];
}

/* ---- limits per customer and on money ---- */

/* A rule's place: the coupon's, then the code's. */
struct limit {
    struct counted counted;
    struct opt_int per_customer;
    bool has_budget;
};

static size_t limits_of(const struct coupon *coupon, const struct promotion_code *code,
                        struct limit limits[2])
{
    limits[0] = (struct limit){
        .counted = {.coupon = coupon->object.row},
        .per_customer = coupon->restrictions.max_redemptions_per_customer,
        .has_budget = coupon->rules.max_amount_off_total.set,
    };
    if (!code)
        return 1;
    limits[1] = (struct limit){
        .counted = {.promotion_code = code->object.row},
        .per_customer = code->restrictions.max_redemptions_per_customer,
        .has_budget = code->rules.max_amount_off_total.set,
    };
    return 2;
}

static int64_t uses_so_far(struct request *request, const struct limit *limit,
                           const struct purchase *purchase)
{
    int64_t uses = 0;
    if (limit->per_customer.set && purchase->customer.data)
        uses = allowance_uses(request, limit->counted, purchase->customer);
    if (limit->per_customer.set && purchase->email_key.data) {
        int64_t others = allowance_uses(request, limit->counted, purchase->email_key);
        uses = others > uses ? others : uses;
    }
    return uses;
}

struct str redemption_email_key(struct request *request, const struct customer *customer,
                                struct str given)
{
    bool has_own = customer && customer->email.data;
    return allowance_email_key(request, has_own ? customer->email : given);
}

static const struct customer *find_customer(struct request *request, struct str id)
{
    return id.data ? resource_find(request, &customer_resource, id) : NULL;
}

void redemption_count_uses(struct request *request, struct purchase *purchase,
                           const struct coupon *coupon, const struct promotion_code *code)
{
    struct limit limits[2];
    size_t count = limits_of(coupon, code, limits);
    bool limited = limits[0].per_customer.set || (count == 2 && limits[1].per_customer.set);
    if (limited && !purchase->email_key.data)
        purchase->email_key = redemption_email_key(
            request, find_customer(request, purchase->customer), purchase->email);
    purchase->coupon_uses = uses_so_far(request, &limits[0], purchase);
    if (count == 2)
        purchase->code_uses = uses_so_far(request, &limits[1], purchase);
}

static bool take_limits(struct request *request, const struct redemption *redemption,
                        const struct coupon *coupon, const struct promotion_code *code)
{
    struct limit limits[2];
    size_t count = limits_of(coupon, code, limits);
    const struct str who[] = {redemption->customer.id, redemption->email_key};
    for (size_t i = 0; i < count; i++) {
        const struct limit *limit = &limits[i];
        for (size_t j = 0; j < ARRAY_LENGTH(who) && limit->per_customer.set; j++)
            if (who[j].data &&
                !allowance_take_use(request, limit->counted, who[j], limit->per_customer.value))
                return false;
        if (limit->has_budget &&
            !allowance_take_amount(request, limit->counted, redemption->amount_discount.value))
            return false;
    }
    return true;
}

static void return_limits(struct request *request, const struct redemption *redemption,
                          const struct coupon *coupon, const struct promotion_code *code)
{
    struct limit limits[2];
    size_t count = limits_of(coupon, code, limits);
    const struct str who[] = {redemption->customer.id, redemption->email_key};
    for (size_t i = 0; i < count; i++) {
        const struct limit *limit = &limits[i];
        for (size_t j = 0; j < ARRAY_LENGTH(who) && limit->per_customer.set; j++)
            if (who[j].data)
                allowance_return_use(request, limit->counted, who[j]);
        if (limit->has_budget)
            allowance_return_amount(request, limit->counted, redemption->amount_discount.value);
    }
}

/* ---- events ---- */

/* Whether a cap is reached by adding something, and was not before. */
static bool is_reached(struct opt_int max, int64_t count, int64_t added)
{
    return max.set && added > 0 && count == max.value;
}

/* A use of a code changes what is shown of it, which is an event; one of the coupon is none, but
 * reaching a cap is. */
static void record_change(struct request *request, const struct coupon *coupon,
                          const struct promotion_code *code, int64_t uses, int64_t amount)
{
    if (code) {
        struct promotion_code after = *code;
        after.times_redeemed += uses;
        after.amount_off_total += amount;
        after.coupon_state.times_redeemed += uses;
        after.coupon_state.amount_off_total += amount;
        promotion_code_resource.derive(request, &after);
        event_record(request, promotion_code_resource.events, "updated",
                     &promotion_code_resource.schema, &after, code);
        if (is_reached(code->max_redemptions, after.times_redeemed, uses) ||
            is_reached(code->rules.max_amount_off_total, after.amount_off_total, amount))
            event_record(request, promotion_code_resource.events, "fully_redeemed",
                         &promotion_code_resource.schema, &after, NULL);
    }
    struct coupon used = *coupon;
    used.times_redeemed += uses;
    used.amount_off_total += amount;
    if (is_reached(coupon->max_redemptions, used.times_redeemed, uses) ||
        is_reached(coupon->rules.max_amount_off_total, used.amount_off_total, amount)) {
        coupon_resource.derive(request, &used);
        event_record(request, coupon_resource.events, "fully_redeemed", &coupon_resource.schema,
                     &used, NULL);
    }
}

static void record(struct request *request, const char *verb, const struct redemption *redemption,
                   const struct redemption *before)
{
    event_record(request, "redemption", verb, &redemption_resource.schema, redemption, before);
}

/* ---- entering and ending ---- */

static struct use use_of(const struct redemption *redemption)
{
    return (struct use){
        .uses = 1,
        .coupon = redemption->coupon.row,
        .promotion_code = redemption->promotion_code.row,
        .customer = redemption->customer.id,
        .discount = redemption->discount.row,
        .entry = redemption->object.row,
    };
}

bool redemption_enter(struct request *request, struct redemption *redemption,
                      const struct coupon *coupon, const struct promotion_code *code)
{
    bool by_api = redemption->source.value == SOURCE_API;
    redemption->object.row = db_next_row(request->db, request->now);
    redemption->object.id =
        resource_ordered_id(request, &redemption_resource, redemption->object.row);
    redemption->coupon = (struct ref){coupon->object.id, coupon->object.row, NULL};
    if (code)
        redemption->promotion_code = (struct ref){code->object.id, code->object.row, NULL};
    if (!redemption->status.value)
        redemption->status.value = REDEMPTION_REDEEMED;
    if (redemption->status.value == REDEMPTION_REDEEMED)
        redemption->status_transitions.redeemed_at = (struct opt_time){true, request->now};
    const struct use use = use_of(redemption);
    if (ledger_redeem(request, &use) != LEDGER_DONE ||
        !take_limits(request, redemption, coupon, code))
        return false;
    if (!resource_insert(request, &redemption_resource, redemption)) {
        request->error = (struct error){0}; /* another use has the reference: refused like others */
        return false;
    }
    if (redemption->status.value == REDEMPTION_HELD)
        timer_set(request, TIMER_redemption, redemption->object.row,
                  redemption->hold_expires_at.seconds);
    if (by_api)
        record(request, "created", redemption, NULL);
    record_change(request, coupon, code, 1, redemption->amount_discount.value);
    return true;
}

static void write_status(struct request *request, const struct redemption *redemption)
{
    const struct redemption_transitions *transitions = &redemption->status_transitions;
    const struct opt_time times[] = {transitions->canceled_at, transitions->expired_at,
                                     transitions->redeemed_at};
    struct query query = db_query(request->db, &set_status);
    db_bind_str(&query, redemption_status_name(redemption));
    for (size_t i = 0; i < ARRAY_LENGTH(times); i++) {
        if (times[i].set)
            db_bind_int(&query, times[i].seconds);
        else
            db_bind_null(&query);
    }
    db_bind_str(&query, redemption->reference_key);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, redemption->object.row);
    db_do(&query);
}

void redemption_capture(struct request *request, struct redemption *redemption)
{
    const struct redemption before = *redemption;
    redemption->status.value = REDEMPTION_REDEEMED;
    redemption->status_transitions.redeemed_at = (struct opt_time){true, request->now};
    write_status(request, redemption);
    timer_clear(request, TIMER_redemption, redemption->object.row);
    record(request, "captured", redemption, &before);
}

void redemption_release(struct request *request, struct redemption *redemption,
                        enum redemption_status status)
{
    const struct redemption before = *redemption;
    const struct opt_time now = {true, request->now};
    const struct coupon *coupon = resource_follow(request, &coupon_resource, &redemption->coupon);
    const struct promotion_code *code =
        redemption->promotion_code.row
            ? resource_follow(request, &promotion_code_resource, &redemption->promotion_code)
            : NULL;
    if (!coupon)
        return; /* the database has failed, which the transaction will notice */
    const struct use use = use_of(redemption);
    ledger_release(request, &use);
    return_limits(request, redemption, coupon, code);
    if (redemption->status.value == REDEMPTION_HELD)
        timer_clear(request, TIMER_redemption, redemption->object.row);
    redemption->status.value = (int)status;
    if (status == REDEMPTION_CANCELED)
        redemption->status_transitions.canceled_at = now;
    else
        redemption->status_transitions.expired_at = now;
    redemption->reference_key = STR_NULL;
    write_status(request, redemption);
    record(request, status == REDEMPTION_CANCELED ? "canceled" : "expired", redemption, &before);
    record_change(request, coupon, code, -1, -redemption->amount_discount.value);
}

bool redemption_due(struct request *request, int64_t row)
{
    struct redemption *redemption = resource_load(request, &redemption_resource, row);
    timer_clear(request, TIMER_redemption, row);
    if (redemption && redemption->status.value == REDEMPTION_HELD)
        redemption_release(request, redemption, REDEMPTION_EXPIRED);
    return true;
}

/* ---- brought in from elsewhere ---- */

static bool is_counted(const struct redemption *redemption)
{
    return redemption->status.value == REDEMPTION_HELD ||
           redemption->status.value == REDEMPTION_REDEEMED;
}

static bool check_brought(struct request *request, struct redemption *redemption,
                          const struct promotion_code *code)
{
    const struct redemption_transitions *transitions = &redemption->status_transitions;
    int64_t most = redemption->amount.set ? redemption->amount.value : MONEY_AMOUNT_MAX;
    if (!redemption->coupon.row || !redemption->source.value || !redemption->status.value)
        return fail(request, CODE_parameter_missing, STR_NULL,
                    "A redemption has a coupon, a source and a status.");
    if (code && code->promotion.coupon.row != redemption->coupon.row)
        return fail(request, CODE_NONE, STR("coupon"), "It is not the coupon of the code.");
    if (redemption->amount_discount.set &&
        (redemption->amount_discount.value < 0 || redemption->amount_discount.value > most))
        return fail(request, CODE_NONE, STR("amount_discount"), "It is no part of the amount.");
    if (redemption->status.value == REDEMPTION_HELD && !redemption->hold_expires_at.set)
        return fail(request, CODE_parameter_missing, STR("hold_expires_at"),
                    "A held redemption has hold_expires_at.");
    if (redemption->status.value == REDEMPTION_REDEEMED && !transitions->redeemed_at.set)
        return fail(request, CODE_parameter_missing, STR("status_transitions[redeemed_at]"),
                    "A redeemed redemption has redeemed_at.");
    if (!is_counted(redemption))
        redemption->reference_key = STR_NULL;
    return true;
}

static bool fail_counted(struct request *request, struct str param)
{
    return fail(request, CODE_NONE, param,
                "It would be one more than the limits or times_redeemed of its coupon or code "
                "allow.");
}

static bool store_brought(struct request *request, struct redemption *redemption,
                          const struct coupon *coupon, const struct promotion_code *code)
{
    struct use use;
    redemption->object.row = db_next_row(request->db, request->now);
    use = use_of(redemption);
    use.uses = is_counted(redemption);
    if (ledger_name(request, &use) != LEDGER_DONE ||
        (is_counted(redemption) && !take_limits(request, redemption, coupon, code)))
        return fail_counted(request, code ? STR("promotion_code") : STR("coupon"));
    return rows_insert(request, catalog_of(request, &redemption_resource),
                       &redemption_resource.schema, redemption) == DB_DONE ||
           fail(request, CODE_NONE, STR("client_reference_id"),
                "Another redemption has its client_reference_id.");
}

/* Brings one that was brought in before to what has become of it since. */
static bool update_brought(struct request *request, struct redemption *redemption,
                           const struct redemption *before, const struct coupon *coupon,
                           const struct promotion_code *code)
{
    bool was = is_counted(before), is = is_counted(redemption);
    redemption->object.row = before->object.row;
    redemption->email_key = before->email_key;
    if (!redemption->discount.row)
        redemption->discount = before->discount; /* not every source of lines knows it */
    if ((before->discount.row && before->discount.row != redemption->discount.row) ||
        before->coupon.row != redemption->coupon.row ||
        before->promotion_code.row != redemption->promotion_code.row ||
        !str_equal(before->customer.id, redemption->customer.id) ||
        before->amount_discount.value != redemption->amount_discount.value)
        return fail(request, CODE_NONE, STR_NULL, "It is another redemption here.");
    if (is && (!was || (redemption->status.value == REDEMPTION_HELD &&
                        before->status.value == REDEMPTION_REDEEMED)))
        return fail(request, CODE_NONE, STR("status"), "It is `%s` here already.",
                    redemption_status_name(before).data);
    const struct use named = use_of(redemption);
    if (!before->discount.row && redemption->discount.row)
        ledger_name_discount(request, &named);
    if (was && !is) {
        const struct use use = use_of(before);
        ledger_release(request, &use);
        return_limits(request, before, coupon, code);
    }
    return rows_update(request, catalog_of(request, &redemption_resource),
                       &redemption_resource.schema, redemption) == DB_DONE ||
           fail(request, CODE_NONE, STR("client_reference_id"),
                "Another redemption has its client_reference_id.");
}

void redemption_find_email_key(struct request *request, struct redemption *redemption)
{
    redemption->email_key = redemption_email_key(
        request, find_customer(request, redemption->customer.id), redemption->customer_email);
}

bool redemption_bring(struct request *request, struct redemption *redemption,
                      const struct redemption *before)
{
    const struct coupon *coupon = resource_load(request, &coupon_resource, redemption->coupon.row);
    const struct promotion_code *code =
        redemption->promotion_code.row
            ? resource_load(request, &promotion_code_resource, redemption->promotion_code.row)
            : NULL;
    if (!check_brought(request, redemption, code))
        return false;
    return before ? update_brought(request, redemption, before, coupon, code)
                  : store_brought(request, redemption, coupon, code);
}

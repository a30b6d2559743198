/* Discounts: made by redeeming, ended by hand or with their owner. */
#include "resources/discount.h"

#include "base/arena.h"
#include "base/random.h"
#include "base/request.h"
#include "money/calendar.h"
#include "resources/coupon.h"
#include "resources/customer.h"
#include "resources/promotion_code.h"
#include "resources/redemption_attempt.h"
#include "resources/registry.h"
#include "resources/subscription.h"
#include "resources/timer.h"

#include <assert.h>

static const char *const source_types[] = {"coupon", NULL};

enum {
    SOURCE_COUPON = 1
};

#define THIS struct discount_source
static const struct field source_fields[] = {
    FIELD(coupon, "The coupon that is redeemed.", .of = &coupon_resource.schema),
    FIELD(type, "What the discount comes from.", .values = source_types),
};
#undef THIS
static const struct schema source_schema =
    SCHEMA(struct discount_source, source_fields, "discount_source");

#define THIS struct discount
static const struct field discount_fields[] = {
    FIELD_ID,
    FIELD(checkout_session, "The Checkout Session that it was applied to."),
    FIELD(source.coupon, "The coupon that is redeemed.", .as = "coupon", .is = INLINED,
          .of = &coupon_resource.schema, .until = V_CLOVER),
    FIELD(customer, "The customer it belongs to.", .of = &customer_resource.schema),
    FIELD(customer_account, "The account that is that customer.", .since = V_2025_12_15),
    FIELD(object.deleted, "Always true, on a discount that was removed.", .as = "deleted",
          .is = DERIVED | WHEN_SET),
    FIELD(ends, "When a `repeating` coupon stops.", .as = "end", .is = LIVE_ONLY),
    FIELD(invoice, "The invoice that it was applied to."),
    FIELD(invoice_item, "The invoice item that it was applied to."),
    FIELD(promotion_code, "The promotion code that was used.",
          .of = &promotion_code_resource.schema),
    HASH(source, source_schema, "What the discount comes from.", .since = V_CLOVER),
    FIELD(starts, "When it was applied.", .as = "start"),
    FIELD(subscription, "The subscription that it was applied to.", .is = EXPANDABLE),
    FIELD(subscription_item, "The subscription item that it was applied to.",
          .since = V_2024_04_10),
};
#undef THIS

static void prepare(struct request *request, void *object)
{
    (void)request;
    ((struct discount *)object)->source.type.value = SOURCE_COUPON;
}

const struct resource discount_resource = {
    .schema = SCHEMA(struct discount, discount_fields, "discount", .is_object = true,
                     .tombstones_are_shown = true, .referred_by_seq = true,
                     .help = "A coupon at work on a customer or on something bought."),
    .table = {&discount_resource.schema, "discounts", NULL},
    .number = RESOURCE_discount,
    .noun = "discount",
    .events = "customer.discount",
    .id_prefix = "di_",
    .id_form = ID_LONG,
    .prepare = prepare,
};

/* The minimum of a code in that currency. */
static struct opt_int minimum_in(const struct restrictions *restrictions, struct str currency)
{
    const struct restriction_currency_option *options = restrictions->currency_options.items;
    if (str_equal(restrictions->minimum_amount_currency, currency))
        return restrictions->minimum_amount;
    for (size_t i = 0; i < restrictions->currency_options.count; i++)
        if (str_equal(options[i].currency, currency))
            return (struct opt_int){true, options[i].minimum_amount};
    return (struct opt_int){0};
}

static struct budget budget_of(const struct redemption_rules *rules, int64_t amount)
{
    return (struct budget){rules->max_amount_off_total_currency,
                           rules->max_amount_off_total.value - amount};
}

struct offer discount_offer(const struct coupon *coupon, const struct promotion_code *code,
                            struct str currency)
{
    struct discount_terms terms;
    struct offer offer = {
        .coupon = coupon->object.id,
        .coupon_standing = coupon->standing,
        .coupon_per_customer = coupon->restrictions.max_redemptions_per_customer,
        .coupon_budget = budget_of(&coupon->rules, coupon->amount_off_total),
        .repeating = coupon->duration.value == DURATION_REPEATING,
        .currency_fits = !currency.data || coupon_terms(coupon, currency, &terms),
        .products_fit = true,
        .coupon_currency = coupon->currency,
    };
    if (code) {
        const struct restrictions *restrictions = &code->restrictions;
        offer.has_code = true;
        offer.code_enabled = code->enabled;
        offer.code_standing = code->standing;
        offer.code_per_customer = restrictions->max_redemptions_per_customer;
        offer.code_budget = budget_of(&code->rules, code->amount_off_total);
        offer.code_customer = code->customer.id;
        offer.code_account = code->customer_account;
        offer.first_time = restrictions->first_time_transaction;
        offer.has_minimum =
            restrictions->minimum_amount.set || restrictions->currency_options.count > 0;
        if (currency.data)
            offer.minimum = minimum_in(restrictions, currency);
    }
    return offer;
}

/* Enters the use into the ledger and the discount into its table. */
static bool enter(struct request *request, const struct purchase *purchase, struct discount *made,
                  const struct coupon *coupon, const struct promotion_code *code)
{
    struct redemption *redemption = resource_new(request, &redemption_resource);
    redemption->amount = purchase->amount;
    redemption->client_reference_id = purchase->client_reference_id;
    redemption->amount_discount = purchase->amount_off;
    redemption->currency = purchase->currency;
    redemption->customer = made->customer;
    redemption->customer_email = purchase->email;
    redemption->email_key = purchase->email_key;
    redemption->discount = (struct ref){made->object.id, made->object.row, NULL};
    redemption->source.value = redemption_source(purchase->surface);
    if (!redemption_enter(request, redemption, coupon, code))
        return false;
    enum db_result result = rows_insert(request, catalog_of(request, &discount_resource),
                                        &discount_resource.schema, made);
    assert(result != DB_CONFLICT);
    return true;
}

bool discount_redeem(struct request *request, const struct purchase *purchase,
                     const struct discount *on, const struct coupon *coupon,
                     const struct promotion_code *code, struct str param,
                     struct discount **discount)
{
    struct offer offer = discount_offer(coupon, code, purchase->currency);
    struct purchase counted = *purchase;
    redemption_count_uses(request, &counted, coupon, code);
    unsigned refusals = eligibility(&offer, &counted);
    if (refusals) {
        attempt_note_purchase(request, purchase, coupon, code, refusals);
        return fail_refused(request, refusals, &offer, purchase, param);
    }
    struct discount *made = resource_new(request, &discount_resource);
    *made = *on;
    if (!made->object.id.data)
        made->object.id =
            id_long(request->random, request->arena, discount_resource.id_prefix, request->now);
    made->object.row = db_next_row(request->db, request->now);
    made->object.created.seconds = request->now;
    made->object.livemode = request->livemode;
    if (!made->starts.seconds)
        made->starts.seconds = request->now;
    made->source.coupon = (struct ref){coupon->object.id, coupon->object.row, NULL};
    prepare(request, made);
    if (code)
        made->promotion_code = (struct ref){code->object.id, code->object.row, NULL};
    if (coupon->duration.value == DURATION_REPEATING)
        made->ends = (struct opt_time){
            true, calendar_add_months(made->starts.seconds, coupon->duration_in_months.value)};
    if (!enter(request, &counted, made, coupon, code))
        return false;
    if (made->ends.set)
        timer_set(request, TIMER_discount, made->object.row, made->ends.seconds);
    *discount = made;
    return true;
}

void discount_end(struct request *request, struct discount *discount)
{
    struct query query =
        db_query(request->db, &catalog_of(request, &discount_resource)->mark_deleted);
    db_bind_int(&query, request->now);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, discount->object.row);
    db_run(&query);
    discount->object.deleted = true;
    if (discount->ends.set)
        timer_clear(request, TIMER_discount, discount->object.row);
}

bool discount_due(struct request *request, int64_t row)
{
    struct discount *discount = resource_load(request, &discount_resource, row);
    timer_clear(request, TIMER_discount, row);
    if (!discount || discount->object.deleted)
        return true;
    return discount_release(request, discount);
}

bool discount_release(struct request *request, struct discount *discount)
{
    if (discount->invoice.data || discount->invoice_item.data || discount->checkout_session.data)
        return true;
    if (discount->subscription.data)
        return subscription_drop_discount(request, discount);
    return customer_drop_discount(request, discount);
}

/* The discount of a Checkout Session: asked for by the seller or typed by the buyer, worked out as
 * on an invoice, redeemed when the session is completed. */
#include "base/arena.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/request.h"
#include "resources/checkout_session.h"
#include "resources/coupon.h"
#include "resources/customer.h"
#include "resources/discount.h"
#include "resources/event.h"
#include "resources/invoice_life.h"
#include "resources/price.h"
#include "resources/promotion_code.h"
#include "resources/redemption_attempt.h"
#include "resources/registry.h"
#include "resources/typed_code.h"

STATEMENT(find_purchase, "SELECT 1 FROM checkout_sessions WHERE tenant = $1 AND customer = $2"
                         " AND id <> $3 AND status = 'complete' LIMIT 1");

/* What became of this very session so far does not make it the second purchase. */
static bool is_new(struct request *request, const struct checkout_session *session)
{
    struct query query = db_query(request->db, &find_purchase);
    db_bind_int(&query, request->tenant);
    db_bind_str(&query, session->customer.id);
    db_bind_str(&query, session->object.id);
    bool bought = db_row(&query);
    db_end(&query);
    return !bought && customer_is_new(request, session->customer.id, session->payment_intent.id);
}

/* What is taken off is known in payment mode alone: a subscription goes on. */
static struct purchase purchase_of(struct request *request, const struct checkout_session *session)
{
    return (struct purchase){
        .surface = SURFACE_CHECKOUT,
        .customer = session->customer.id,
        .customer_is_new = session->customer.id.data && is_new(request, session),
        .email = session->customer.id.data ? STR_NULL : session->customer_details.email,
        .currency = session->currency,
        .amount = {true, session->amount_subtotal},
        .amount_off = {session->mode.value == MODE_PAYMENT, session->total_details.amount_discount},
        .client_reference_id = session->client_reference_id,
    };
}

static const struct coupon *coupon_of(struct request *request, const struct promotion_code *code)
{
    return resource_load(request, &coupon_resource, code->promotion.coupon.row);
}

/* Which lines the coupon applies to. */
static bool find_lines(struct request *request, const struct checkout_session *session,
                       const struct coupon *coupon, bool *applies)
{
    bool any = false;
    for (size_t i = 0; i < session->items.count; i++) {
        const struct price *price = checkout_item_price(request, checkout_item_at(session, i));
        applies[i] = price && coupon_applies_to(coupon, price->product.id);
        any |= applies[i];
    }
    return any;
}

static struct offer offer_of(struct request *request, const struct checkout_session *session,
                             const struct coupon *coupon, const struct promotion_code *code)
{
    struct offer offer = discount_offer(coupon, code, session->currency);
    bool *applies = ARENA_ARRAY(request->arena, bool, session->items.count);
    offer.products_fit = find_lines(request, session, coupon, applies);
    return offer;
}

/* What the lines and everything cost with the coupon (NULL: without any). */
static void work_out(struct request *request, struct checkout_session *session,
                     const struct coupon *coupon)
{
    size_t count = session->items.count;
    bool *applies = ARENA_ARRAY(request->arena, bool, count);
    int64_t *remaining = ARENA_ARRAY(request->arena, int64_t, count);
    int64_t *taken = ARENA_ARRAY(request->arena, int64_t, count);
    struct discount_terms terms;
    int64_t total = 0;
    for (size_t i = 0; i < count; i++)
        remaining[i] = checkout_item_at(session, i)->amount_subtotal;
    if (coupon && coupon_terms(coupon, session->currency, &terms) &&
        find_lines(request, session, coupon, applies))
        total = discount_of_lines(terms, count, applies, remaining, taken);
    for (size_t i = 0; i < count; i++) {
        struct checkout_item *item = checkout_item_at(session, i);
        item->amount_discount = total ? taken[i] : 0;
        item->amount_total = item->amount_subtotal - item->amount_discount;
        item->price.object = NULL; /* lines are kept without it */
    }
    session->total_details.amount_discount = total;
    session->amount_total = session->amount_subtotal - total;
}

/* The session is left worked out with the coupon. */
static unsigned refusals_of(struct request *request, struct checkout_session *session,
                            const struct coupon *coupon, const struct promotion_code *code,
                            struct offer *offer, struct purchase *purchase)
{
    work_out(request, session, coupon);
    *offer = offer_of(request, session, coupon, code);
    *purchase = purchase_of(request, session);
    redemption_count_uses(request, purchase, coupon, code);
    bool tells = purchase->customer.data || purchase->email.data; /* or else when it is paid */
    return eligibility(offer, purchase) & ~(tells ? 0 : REFUSAL_BIT(REFUSAL_NOBODY));
}

static void give(struct request *request, struct checkout_session *session,
                 const struct coupon *coupon, const struct promotion_code *code)
{
    session->coupon = (struct ref){coupon->object.id, coupon->object.row, NULL};
    session->promotion_code = (struct ref){0};
    if (code)
        session->promotion_code = (struct ref){code->object.id, code->object.row, NULL};
    session->discount = (struct ref){
        .id = id_long(request->random, request->arena, discount_resource.id_prefix, request->now)};
    work_out(request, session, coupon);
}

void checkout_discount_remove(struct request *request, struct checkout_session *session)
{
    session->coupon = session->promotion_code = session->discount = (struct ref){0};
    work_out(request, session, NULL);
}

/* ---- asked for by the seller ---- */

static bool take(struct request *request, struct checkout_session *session,
                 const struct coupon *coupon, const struct promotion_code *code, struct str param)
{
    struct purchase purchase;
    struct offer offer;
    unsigned refusals = refusals_of(request, session, coupon, code, &offer, &purchase);
    if (refusals) {
        attempt_note_purchase(request, &purchase, coupon, code, refusals);
        return fail_refused(request, refusals, &offer, &purchase, param);
    }
    give(request, session, coupon, code);
    return true;
}

static bool take_coupon(struct request *request, struct checkout_session *session, struct str id,
                        struct str param)
{
    const struct coupon *coupon = resource_find(request, &coupon_resource, id);
    if (!coupon)
        return fail(request, CODE_resource_missing, param, "No such coupon: '%.*s'", STR_FMT(id));
    return take(request, session, coupon, NULL, param);
}

static bool take_code(struct request *request, struct checkout_session *session, struct str id,
                      struct str param)
{
    const struct promotion_code *code = resource_find(request, &promotion_code_resource, id);
    const struct coupon *coupon = code ? coupon_of(request, code) : NULL;
    if (!coupon)
        return fail(request, CODE_resource_missing, param, "No such promotion code: '%.*s'",
                    STR_FMT(id));
    return take(request, session, coupon, code, param);
}

bool checkout_offer_take(struct request *request, struct checkout_session *session)
{
    const struct checkout_offer *offer = session->offers.items;
    const struct checkout_subscription_data *data = session->subscription_data;
    if (data && data->coupon.data && session->offers.count == 0)
        return take_coupon(request, session, data->coupon, STR("subscription_data[coupon]"));
    if (session->offers.count == 0) {
        work_out(request, session, NULL);
        return true;
    }
    if (offer->coupon.id.data && offer->promotion_code.id.data)
        return fail(request, CODE_NONE, STR("discounts[0]"),
                    "You may only specify one of these parameters: coupon, promotion_code.");
    if (offer->coupon.id.data)
        return take_coupon(request, session, offer->coupon.id, STR("discounts[0][coupon]"));
    return take_code(request, session, offer->promotion_code.id,
                     STR("discounts[0][promotion_code]"));
}

/* ---- typed by the buyer ---- */

bool checkout_code_apply(struct request *request, struct checkout_session *session, struct str code)
{
    struct purchase purchase;
    struct offer offer;
    const struct typed_code typed = typed_code_find(request, code, session->customer.id);
    unsigned refusals = refusals_of(request, session, typed.coupon, typed.code, &offer, &purchase);
    if (typed_code_is_refused(request, &typed, &purchase, refusals)) {
        work_out(request, session, NULL);
        return false;
    }
    give(request, session, typed.coupon, typed.code);
    return true;
}

/* ---- redeemed ---- */

const struct discount *checkout_discount_find(struct request *request,
                                              const struct checkout_session *session)
{
    if (!session->discount.id.data)
        return NULL;
    struct discount *discount =
        session->discount.row ? resource_load(request, &discount_resource, session->discount.row)
                              : NULL;
    if (discount)
        return discount;
    discount = resource_new(request, &discount_resource);
    discount_resource.prepare(request, discount);
    discount->object.id = session->discount.id;
    discount->object.livemode = request->livemode;
    discount->starts.seconds = session->object.created.seconds;
    discount->customer = session->customer;
    discount->source.coupon = session->coupon;
    discount->promotion_code = session->promotion_code;
    if (session->mode.value == MODE_PAYMENT)
        discount->checkout_session = session->object.id;
    return discount;
}

bool checkout_redeem(struct request *request, struct checkout_session *session)
{
    if (!session->coupon.row)
        return true;
    const struct coupon *coupon = resource_load(request, &coupon_resource, session->coupon.row);
    const struct promotion_code *code =
        session->promotion_code.row
            ? resource_load(request, &promotion_code_resource, session->promotion_code.row)
            : NULL;
    struct discount *discount;
    if (!coupon)
        return true; /* the database has failed, which the transaction will notice */
    struct purchase purchase = purchase_of(request, session);
    const struct discount on = {
        .object.id = session->discount.id,
        .checkout_session = session->object.id,
        .customer = session->customer,
    };
    if (!discount_redeem(request, &purchase, &on, coupon, code, STR_NULL, &discount))
        return false;
    session->discount.row = discount->object.row;
    event_record(request, discount_resource.events, "created", &discount_resource.schema, discount,
                 NULL);
    return true;
}

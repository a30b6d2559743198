/* Finding the offer, working out the discount, asking the rules. */
#include "resources/appraisal.h"

#include "base/address.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "redemption/guesses.h"
#include "resources/coupon.h"
#include "resources/customer.h"
#include "resources/discount.h"
#include "resources/invoice_life.h"
#include "resources/promotion_code.h"
#include "resources/redemption_attempt.h"
#include "resources/test_clock.h"

#include <string.h>

/* + 0: not by the index over the uses of a coupon, which may be many. */
STATEMENT(find_reference,
          "SELECT 1 FROM redemption_records WHERE tenant = $1 AND client_reference_id = $2"
          " AND coupon_seq + 0 = $3 AND COALESCE(promotion_code_seq, 0) = $4"
          " AND status IN ('held', 'redeemed') LIMIT 1");

/* ---- the parameters ---- */

static bool check_offer(struct request *request, const struct redemption *purchase,
                        struct appraisal *appraisal)
{
    const struct {
        struct str param;
        bool given;
    } offers[] = {{STR("code"), purchase->code.data},
                  {STR("coupon"), purchase->coupon.id.data},
                  {STR("promotion_code"), purchase->promotion_code.id.data}};
    size_t given = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(offers); i++) {
        if (offers[i].given && given++)
            return fail(request, CODE_NONE, offers[i].param,
                        "You may only specify one of these parameters: code, coupon, "
                        "promotion_code.");
        if (offers[i].given)
            appraisal->param = offers[i].param;
    }
    return given || fail(request, CODE_parameter_missing, STR_NULL,
                         "You must pass one of these parameters: code, coupon, promotion_code.");
}

static bool check_amounts(struct request *request, struct redemption *purchase)
{
    struct redemption_line *lines = purchase->line_items.items;
    if (purchase->amount.set && purchase->line_items.count)
        return fail(request, CODE_NONE, STR("amount"),
                    "You may only specify one of these parameters: amount, line_items.");
    for (size_t i = 0; i < purchase->line_items.count; i++) {
        purchase->amount = (struct opt_int){true, purchase->amount.value + lines[i].amount};
        if (!lines[i].quantity.set)
            lines[i].quantity = (struct opt_int){true, 1};
    }
    return !purchase->amount.set || purchase->currency.data ||
           fail(request, CODE_parameter_missing, STR("currency"), "Missing required param: %s.",
                "currency");
}

static bool check_address(struct request *request, const struct redemption *purchase,
                          struct appraisal *appraisal)
{
    if (!purchase->ip_address.data)
        return true;
    appraisal->address = address_group(request->arena, purchase->ip_address);
    return appraisal->address.data ||
           fail(request, CODE_NONE, STR("ip_address"), "Invalid IP address: %.*s",
                STR_FMT(purchase->ip_address));
}

bool appraisal_check(struct request *request, struct redemption *purchase,
                     struct appraisal *appraisal)
{
    *appraisal = (struct appraisal){.address = request->address};
    if (!check_amounts(request, purchase) || !check_address(request, purchase, appraisal))
        return false;
    appraisal->customer = purchase->customer.object;
    if (appraisal->customer)
        test_clock_enter(request, &appraisal->customer->test_clock);
    purchase->email_key =
        redemption_email_key(request, appraisal->customer, purchase->customer_email);
    return true;
}

void appraisal_note(struct request *request, const struct redemption *purchase,
                    const struct appraisal *appraisal, unsigned refusals)
{
    const struct redemption_attempt known = {
        .amount = purchase->amount,
        .client_reference_id = purchase->client_reference_id,
        .code = purchase->code,
        .currency = purchase->currency,
        .customer = purchase->customer,
        .customer_email = purchase->customer_email,
        .source.value = SOURCE_API,
        .suspects = appraisal->suspects,
    };
    attempt_note(request, &known, appraisal->coupon, appraisal->code, refusals);
}

/* ---- the offer ---- */

/* Finds what the customer typed, unless too many tried what there is not. */
static bool find_code(struct request *request, const struct redemption *purchase,
                      struct appraisal *appraisal)
{
    struct str customer = purchase->customer.id;
    const struct guessers guessers = {{
        [GUESSER_KEY] = STR(""),
        [GUESSER_CUSTOMER] = customer.data ? customer : purchase->email_key,
        [GUESSER_ADDRESS] = appraisal->address,
    }};
    bool first;
    if (!guess_allow(request, &guessers, &first)) {
        request->began = false; /* the next attempt with the same idempotency key is a new one */
        if (first)
            appraisal_note(request, purchase, appraisal, REFUSAL_BIT(REFUSAL_RATE_LIMITED));
        return fail_with(request, 429, ERROR_INVALID_REQUEST, CODE_rate_limit, "%.*s",
                         STR_FMT(refusal_message(request->arena, REFUSAL_RATE_LIMITED,
                                                 &appraisal->offer, &appraisal->purchase)));
    }
    appraisal->code = promotion_code_meant(request, str_trim(purchase->code), customer, false);
    if (!appraisal->code)
        appraisal->suspects = guess_count(request, &guessers);
    return true;
}

bool appraisal_find(struct request *request, const struct redemption *purchase,
                    struct appraisal *appraisal)
{
    if (!check_offer(request, purchase, appraisal))
        return false;
    appraisal->offer.code = purchase->code;
    if (purchase->code.data && !find_code(request, purchase, appraisal))
        return false;
    /* Loaded again: by now the request may go by another clock. */
    if (purchase->promotion_code.row)
        appraisal->code =
            resource_load(request, &promotion_code_resource, purchase->promotion_code.row);
    int64_t coupon = appraisal->code ? appraisal->code->promotion.coupon.row : purchase->coupon.row;
    appraisal->coupon = coupon ? resource_load(request, &coupon_resource, coupon) : NULL;
    if (!appraisal->coupon)
        appraisal->refusals = REFUSAL_BIT(REFUSAL_UNKNOWN);
    return true;
}

/* ---- the discount ---- */

/* Takes the discount off the lines, or off the amount as a whole, whose products nobody knows.
 * False: it applies to none of the products. */
static bool discount_lines(struct request *request, struct redemption *purchase,
                           const struct coupon *coupon, struct discount_terms terms)
{
    size_t count = purchase->line_items.count;
    struct redemption_line *lines = purchase->line_items.items;
    if (count == 0) {
        bool whole = coupon_applies_to(coupon, STR_NULL);
        int64_t off = whole ? discount_of_line(terms, purchase->amount.value) : 0;
        purchase->amount_discount = (struct opt_int){true, off};
        return whole;
    }
    bool *applies = ARENA_ARRAY(request->arena, bool, count), any = false;
    int64_t *remaining = ARENA_ARRAY(request->arena, int64_t, count);
    int64_t *taken = ARENA_ARRAY(request->arena, int64_t, count);
    for (size_t i = 0; i < count; i++) {
        applies[i] = coupon_applies_to(coupon, lines[i].product);
        remaining[i] = lines[i].amount;
        any |= applies[i];
    }
    int64_t off = discount_of_lines(terms, count, applies, remaining, taken);
    purchase->amount_discount = (struct opt_int){true, off};
    for (size_t i = 0; i < count; i++) {
        lines[i].amount_discount = taken[i];
        lines[i].amount_total = remaining[i];
    }
    return any;
}

static bool reference_is_taken(struct request *request, const struct redemption *purchase,
                               const struct appraisal *appraisal)
{
    struct query query = db_query(request->db, &find_reference);
    db_bind_int(&query, request->tenant);
    db_bind_str(&query, purchase->client_reference_id);
    db_bind_int(&query, appraisal->coupon->object.row);
    db_bind_int(&query, appraisal->code ? appraisal->code->object.row : 0);
    bool taken = db_row(&query);
    db_end(&query);
    return taken;
}

static struct purchase purchase_of(struct request *request, const struct redemption *purchase,
                                   const struct appraisal *appraisal)
{
    struct purchase of = {
        .surface = SURFACE_REDEMPTION,
        .customer = purchase->customer.id,
        .customer_is_new = true,
        .email_key = purchase->email_key,
        .currency = purchase->currency,
        .amount = purchase->amount,
        .amount_off = purchase->amount_discount,
        .reference_is_taken =
            purchase->reference_key.data && reference_is_taken(request, purchase, appraisal),
    };
    if (appraisal->offer.first_time && of.customer.data)
        of.customer_is_new = customer_is_new(request, of.customer, STR_NULL);
    redemption_count_uses(request, &of, appraisal->coupon, appraisal->code);
    return of;
}

void appraise(struct request *request, struct redemption *purchase, struct appraisal *appraisal)
{
    struct discount_terms terms;
    const struct coupon *coupon = appraisal->coupon;
    struct redemption_line *lines = purchase->line_items.items;
    bool fits = true;
    purchase->amount_discount = (struct opt_int){0};
    for (size_t i = 0; i < purchase->line_items.count; i++) {
        lines[i].amount_discount = 0;
        lines[i].amount_total = lines[i].amount;
    }
    if (!coupon) {
        appraisal->purchase.surface = SURFACE_REDEMPTION;
        return;
    }
    if (purchase->amount.set && coupon_terms(coupon, purchase->currency, &terms))
        fits = discount_lines(request, purchase, coupon, terms);
    appraisal->offer = discount_offer(coupon, appraisal->code, purchase->currency);
    appraisal->offer.code = purchase->code;
    appraisal->offer.products_fit = fits;
    appraisal->purchase = purchase_of(request, purchase, appraisal);
    appraisal->refusals = eligibility(&appraisal->offer, &appraisal->purchase);
}

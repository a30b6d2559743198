/* Previews: nothing is stored but the attempts that were refused. */
#include "resources/redemption_preview.h"

#include "base/arena.h"
#include "base/request.h"
#include "resources/appraisal.h"
#include "resources/coupon.h"
#include "resources/customer.h"
#include "resources/promotion_code.h"
#include "resources/redemption_attempt.h"
#include "resources/registry.h"

/* One reason against it, with the numbers that it is about. */
struct refusal_shown {
    struct str currency;
    struct opt_time expires_at;
    struct choice limit_of;
    struct opt_int amount_off_total;
    struct opt_int max_amount_off_total;
    struct opt_int max_redemptions;
    struct opt_int max_redemptions_per_customer;
    struct str message;
    struct opt_int minimum_amount;
    struct str reason;
    struct opt_time starts_at;
    struct opt_int times_redeemed;
};

struct preview {
    bool applies;
    struct opt_int amount;
    struct opt_int amount_discount;
    struct opt_int amount_total;
    struct ref coupon;
    struct str currency;
    struct ref customer;
    struct str customer_email;
    struct list line_items; /* of struct redemption_line */
    bool livemode;
    struct ref promotion_code;
    struct list refusals; /* of struct refusal_shown */
};

enum limit_owner {
    LIMIT_OF_COUPON = 1,
    LIMIT_OF_CODE,
};
static const char *const limit_owners[] = {"coupon", "promotion_code", NULL};

#define THIS struct refusal_shown
static const struct field refusal_fields[] = {
    FIELD(amount_off_total, "What was taken off so far.", .is = WHEN_SET),
    FIELD(currency, "The currency that it has to be.", .is = WHEN_SET),
    FIELD(expires_at, "When it ran out.", .is = WHEN_SET),
    FIELD(limit_of, "Whose limit it is, of those that both may have.", .is = WHEN_SET,
          .values = limit_owners),
    FIELD(max_amount_off_total, "What may be taken off altogether.", .is = WHEN_SET),
    FIELD(max_redemptions, "How often it can be redeemed.", .is = WHEN_SET),
    FIELD(max_redemptions_per_customer, "How often one customer can redeem it.", .is = WHEN_SET),
    FIELD(message, "What people read about it.", .is = NOT_NULL),
    FIELD(minimum_amount, "The least that the purchase must come to.", .is = WHEN_SET),
    FIELD(reason, "What machines read about it.", .is = NOT_NULL),
    FIELD(starts_at, "When it can be redeemed.", .is = WHEN_SET),
    FIELD(times_redeemed, "How often it was redeemed.", .is = WHEN_SET),
};
#undef THIS
static const struct schema refusal_schema =
    SCHEMA(struct refusal_shown, refusal_fields, "redemption_refusal");

#define THIS struct preview
static const struct field preview_fields[] = {
    CONSTANT("object", "\"redemption_preview\"", "Kind of the object."),
    FIELD(amount, "What the purchase comes to, in minor units."),
    FIELD(amount_discount, "What is taken off; nothing, when it does not apply."),
    FIELD(amount_total, "What is left to pay."),
    FIELD(applies, "Whether it could be redeemed now."),
    FIELD(coupon, "The coupon; null when there is no such code.", .of = &coupon_resource.schema),
    FIELD(currency, "Currency of the purchase."),
    FIELD(customer, "Who buys.", .of = &customer_resource.schema),
    FIELD(customer_email, "E-mail address of who buys."),
    FIELD(line_items, "What is bought.", .of = &redemption_line_schema),
    FIELD(livemode, "Whether the object belongs to live mode."),
    FIELD(promotion_code, "The promotion code.", .of = &promotion_code_resource.schema),
    FIELD(refusals, "Every rule that refuses it.", .of = &refusal_schema),
};
#undef THIS

const struct resource redemption_preview_resource = {
    .schema = SCHEMA(struct preview, preview_fields, "redemption_preview",
                     .help = "What a redemption would do, and all that stands in its way."),
    .number = RESOURCE_redemption_preview,
    .noun = "redemption preview",
};

static struct opt_int number(int64_t value)
{
    return (struct opt_int){true, value};
}

static void show_budget(struct refusal_shown *shown, const struct redemption_rules *rules,
                        int64_t amount)
{
    shown->max_amount_off_total = rules->max_amount_off_total;
    shown->amount_off_total = number(amount);
    shown->currency = rules->max_amount_off_total_currency;
}

static void show_minimum(struct refusal_shown *shown, const struct appraisal *appraisal)
{
    const struct restrictions *restrictions = &appraisal->code->restrictions;
    bool here = appraisal->offer.minimum.set;
    shown->minimum_amount = here ? appraisal->offer.minimum : restrictions->minimum_amount;
    shown->currency = here ? appraisal->purchase.currency : restrictions->minimum_amount_currency;
}

/* The numbers of a limit that a coupon and its code both may have. */
static void show_limit(struct refusal_shown *shown, enum refusal refusal,
                       const struct appraisal *appraisal, enum limit_owner owner)
{
    const struct offer *offer = &appraisal->offer;
    const struct purchase *purchase = &appraisal->purchase;
    bool coupon = owner == LIMIT_OF_COUPON;
    shown->limit_of.value = owner;
    if (refusal == REFUSAL_CUSTOMER_LIMIT)
        shown->times_redeemed = number(coupon ? purchase->coupon_uses : purchase->code_uses);
    if (refusal == REFUSAL_CUSTOMER_LIMIT || refusal == REFUSAL_NOBODY)
        shown->max_redemptions_per_customer =
            coupon ? offer->coupon_per_customer : offer->code_per_customer;
    else if (coupon)
        show_budget(shown, &appraisal->coupon->rules, appraisal->coupon->amount_off_total);
    else
        show_budget(shown, &appraisal->code->rules, appraisal->code->amount_off_total);
}

static void show_numbers(struct refusal_shown *shown, enum refusal refusal,
                         const struct appraisal *appraisal)
{
    const struct coupon *coupon = appraisal->coupon;
    const struct promotion_code *code = appraisal->code;
    switch (refusal) {
    case REFUSAL_COUPON_EXPIRED:
        shown->expires_at = coupon->redeem_by;
        break;
    case REFUSAL_CODE_EXPIRED:
        shown->expires_at = code->expires_at;
        break;
    case REFUSAL_COUPON_USED_UP:
        shown->max_redemptions = coupon->max_redemptions;
        shown->times_redeemed = number(coupon->times_redeemed);
        break;
    case REFUSAL_CODE_USED_UP:
        shown->max_redemptions = code->max_redemptions;
        shown->times_redeemed = number(code->times_redeemed);
        break;
    case REFUSAL_COUPON_NOT_STARTED:
        shown->starts_at = coupon->rules.starts_at;
        break;
    case REFUSAL_CODE_NOT_STARTED:
        shown->starts_at = code->rules.starts_at;
        break;
    case REFUSAL_CURRENCY:
        shown->currency = appraisal->offer.coupon_currency;
        break;
    case REFUSAL_MINIMUM:
    case REFUSAL_MINIMUM_UNKNOWN:
        show_minimum(shown, appraisal);
        break;
    case REFUSAL_COUPON_SPENT:
        show_budget(shown, &coupon->rules, coupon->amount_off_total);
        break;
    case REFUSAL_CODE_SPENT:
        show_budget(shown, &code->rules, code->amount_off_total);
        break;
    default:
        break;
    }
}

/* One refusal, or two where the limits of coupon and code both refuse. */
static void add_refusal(struct request *request, const struct appraisal *appraisal,
                        enum refusal refusal, struct refusal_shown *items, size_t *count)
{
    const unsigned limits[] = {
        [LIMIT_OF_COUPON] = coupon_limit_refusals(&appraisal->offer, &appraisal->purchase),
        [LIMIT_OF_CODE] = code_limit_refusals(&appraisal->offer, &appraisal->purchase),
    };
    const struct refusal_shown shown = {
        .reason = str_from(refusal_reason(refusal)),
        .message =
            refusal_message(request->arena, refusal, &appraisal->offer, &appraisal->purchase),
    };
    size_t before = *count;
    for (enum limit_owner owner = LIMIT_OF_COUPON; owner <= LIMIT_OF_CODE; owner++) {
        if (!(limits[owner] & REFUSAL_BIT(refusal)))
            continue;
        items[*count] = shown;
        show_limit(&items[(*count)++], refusal, appraisal, owner);
    }
    if (*count > before)
        return;
    items[*count] = shown;
    show_numbers(&items[(*count)++], refusal, appraisal);
}

static struct list show_refusals(struct request *request, const struct appraisal *appraisal)
{
    size_t most = 2 * (size_t)REFUSAL_COUNT;
    struct refusal_shown *items = ARENA_ARRAY(request->arena, struct refusal_shown, most);
    struct list list = {items, 0};
    for (int i = 0; i < REFUSAL_COUNT; i++)
        if (appraisal->refusals & REFUSAL_BIT(i))
            add_refusal(request, appraisal, (enum refusal)i, items, &list.count);
    return list;
}

/* Without a discount: what is shown of a purchase that the offer does not apply to. */
static void take_nothing_off(struct redemption *purchase)
{
    struct redemption_line *lines = purchase->line_items.items;
    purchase->amount_discount = (struct opt_int){purchase->amount.set, 0};
    for (size_t i = 0; i < purchase->line_items.count; i++) {
        lines[i].amount_discount = 0;
        lines[i].amount_total = lines[i].amount;
    }
}

static struct opt_int amount_left(const struct redemption *purchase)
{
    return (struct opt_int){purchase->amount_discount.set,
                            purchase->amount.value - purchase->amount_discount.value};
}

bool redemption_preview(struct request *request, const struct route *route, struct answer *answer)
{
    struct redemption *purchase = resource_new(request, &redemption_resource);
    struct preview *preview = ARENA_NEW(request->arena, struct preview);
    struct appraisal appraisal;
    bool appraised = redemption_appraise(request, route, purchase, &appraisal);
    attempt_is_preview(request);
    if (!appraised)
        return false;
    if (appraisal.refusals)
        take_nothing_off(purchase);
    *preview = (struct preview){
        .applies = appraisal.refusals == 0,
        .amount = purchase->amount,
        .amount_discount = purchase->amount_discount,
        .amount_total = amount_left(purchase),
        .currency = purchase->currency,
        .customer = purchase->customer,
        .customer_email = purchase->customer_email,
        .line_items = purchase->line_items,
        .livemode = request->livemode,
        .refusals = show_refusals(request, &appraisal),
    };
    if (appraisal.coupon)
        preview->coupon =
            (struct ref){appraisal.coupon->object.id, appraisal.coupon->object.row, NULL};
    if (appraisal.code)
        preview->promotion_code =
            (struct ref){appraisal.code->object.id, appraisal.code->object.row, NULL};
    answer_object(answer, &redemption_preview_resource, preview);
    return true;
}

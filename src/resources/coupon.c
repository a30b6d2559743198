/* Coupons. A deleted one stays as a tombstone, because discounts and codes point at it, and frees
 * its id for a new one. */
#include "resources/coupon.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "resources/product.h"
#include "resources/registry.h"
#include "resources/rules.h"

#include <stddef.h>

static const char *const durations[] = {"forever", "once", "repeating", NULL};

#define THIS struct coupon_applies_to
static const struct field applies_to_fields[] = {
    FIELD(products, "The products that the coupon is limited to.", .in = CREATE),
};
#undef THIS
static const struct schema applies_to_schema =
    SCHEMA(struct coupon_applies_to, applies_to_fields, "coupon_applies_to");

#define THIS struct coupon_currency_option
static const struct field currency_option_fields[] = {
    FIELD(amount_off, "What is taken off in this currency, in minor units.", .in = CREATE | UPDATE,
          .is = REQUIRED, .min = 1, .max = AMOUNT_MAX),
};
#undef THIS
static const struct schema coupon_currency_option_schema =
    SCHEMA(struct coupon_currency_option, currency_option_fields, "coupon_currency_option");

#define THIS struct coupon_restrictions
static const struct field restrictions_fields[] = {
    FIELD(max_redemptions_per_customer, "How often one customer or e-mail address can redeem it.",
          .in = CREATE, .is = REQUIRED, .min = 1),
};
#undef THIS
static const struct schema restrictions_schema =
    SCHEMA(struct coupon_restrictions, restrictions_fields, "coupon_restrictions");

#define THIS struct coupon
static const struct field coupon_fields[] = {
    FIELD(object.id, "Your own identifier, or a generated one.", .as = "id", .in = CREATE,
          .is = NOT_NULL | DERIVED | BLANK_IS_ABSENT, .format = FORMAT_CODE),
    FIELD(amount_off, "What is taken off, in minor units; with `currency`.", .in = CREATE, .min = 1,
          .max = AMOUNT_MAX),
    OPT_HASH(applies_to, applies_to_schema, "What the coupon is limited to.", .in = CREATE,
             .is = INCLUDABLE | WHEN_SET),
    FIELD_CREATED,
    FIELD(currency, "Currency of `amount_off`.", .in = CREATE, .format = FORMAT_CURRENCY),
    FIELD(currency_options, "What is taken off in other currencies.", .in = CREATE | UPDATE,
          .is = INCLUDABLE | WHEN_SET, .of = &coupon_currency_option_schema,
          .format = FORMAT_CURRENCY),
    FIELD(duration, "How long the discount lasts; `once` by default.", .in = CREATE,
          .values = durations),
    FIELD(duration_in_months, "For how many months a `repeating` discount lasts.", .in = CREATE,
          .min = 1),
    FIELD_LIVEMODE,
    FIELD(rules.max_amount_off_total, "What it may take off altogether, in minor units.",
          .as = "max_amount_off_total", .in = CREATE, .is = WHEN_SET, .min = 1,
          .max = AMOUNT_OFF_TOTAL_MAX),
    FIELD(rules.max_amount_off_total_currency,
          "Currency of `max_amount_off_total`; that of the coupon by default.",
          .as = "max_amount_off_total_currency", .in = CREATE, .is = WHEN_SET,
          .format = FORMAT_CURRENCY),
    FIELD(max_redemptions, "How often the coupon can be redeemed, over all customers.",
          .in = CREATE, .min = 1),
    FIELD_METADATA(.in = CREATE | UPDATE, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(name, "What customers see; the id when there is none.", .in = CREATE | UPDATE,
          .is = CLEARS_ON_UPDATE, .max = COUPON_NAME_CHARACTERS_MAX),
    FIELD(percent_off, "What is taken off, in percent with up to two decimal places.", .in = CREATE,
          .min = 1, .max = PERCENT_HUNDREDTHS_MAX),
    FIELD(redeem_by, "The last moment at which the coupon can be redeemed.", .in = CREATE),
    FIELD(rules.release_policy,
          "Which redemptions can be cancelled: `held_only` by default, `anytime` or `none`.",
          .as = "release_policy", .in = CREATE | UPDATE, .is = WHEN_SET | CLEARS_ON_UPDATE,
          .values = release_policies),
    FIELD(rules.release_window,
          "For how many seconds after it was redeemed one can be cancelled, with `anytime`.",
          .as = "release_window", .in = CREATE | UPDATE, .is = WHEN_SET | CLEARS_ON_UPDATE,
          .min = 1),
    HASH(restrictions, restrictions_schema, "Who can redeem it.", .in = CREATE,
         .is = NULL_WHEN_EMPTY | WHEN_SET),
    FIELD(rules.starts_at, "The first moment at which it can be redeemed.", .as = "starts_at",
          .in = CREATE, .is = WHEN_SET),
    FIELD(times_redeemed, "How often it was redeemed, directly or through a code.",
          .column = "COALESCE(u.times_redeemed, 0)"),
    FIELD(valid, "Whether it can be redeemed now.", .is = DERIVED),
    FIELD(amount_off_total, "What it took off.", .is = INTERNAL,
          .column = "COALESCE(u.amount_off_total, 0)"),
};
#undef THIS

static void prepare(struct request *request, void *object)
{
    (void)request;
    ((struct coupon *)object)->duration.value = DURATION_ONCE;
}

static bool check_amounts(struct request *request, const struct coupon *coupon)
{
    if (!coupon->percent_off.set && !coupon->amount_off.set)
        return fail(request, CODE_parameter_missing, STR_NULL,
                    "Must provide percent_off or amount_off.");
    if (coupon->percent_off.set && coupon->amount_off.set)
        return fail(request, CODE_NONE, STR_NULL,
                    "Received both percent_off and amount_off parameters. Please pass in only "
                    "one.");
    if (coupon->amount_off.set && !coupon->currency.data)
        return fail(request, CODE_NONE, STR("currency"),
                    "You must pass currency when passing amount_off");
    return true;
}

static bool check_duration(struct request *request, const struct coupon *coupon)
{
    bool repeating = coupon->duration.value == DURATION_REPEATING;
    if (repeating && !coupon->duration_in_months.set)
        return fail(request, CODE_NONE, STR("duration"),
                    "The duration_in_months param must be set when creating a coupon with a "
                    "repeating duration");
    if (!repeating && coupon->duration_in_months.set)
        return fail(request, CODE_NONE, STR("duration_in_months"),
                    "The duration_in_months param can only be set when creating a coupon with a "
                    "repeating duration");
    return true;
}

static bool check_currency_options(struct request *request, const struct coupon *coupon,
                                   bool creating)
{
    if (coupon->currency_options.count == 0)
        return true;
    if (coupon->percent_off.set && creating)
        return fail(request, CODE_NONE, STR("currency_options"),
                    "You may only specify one of these parameters: currency_options, "
                    "percent_off.");
    if (coupon->percent_off.set)
        return fail(request, CODE_NONE, STR("currency_options"),
                    "currency_options can only be set on a coupon with amount_off.");
    if (!check_currency_keys(request, "currency_options", &coupon_currency_option_schema,
                             &coupon->currency_options))
        return false;
    const struct coupon_currency_option *options = coupon->currency_options.items;
    for (size_t i = 0; i < coupon->currency_options.count; i++)
        if (str_equal(options[i].currency, coupon->currency))
            return fail(request, CODE_NONE, STR("currency_options"),
                        "currency_options cannot contain the coupon's own currency (%.*s).",
                        STR_FMT(coupon->currency));
    return true;
}

/* `past`: those that are deleted will do. */
static bool check_products(struct request *request, const struct coupon *coupon, bool past)
{
    if (!coupon->applies_to)
        return true;
    const struct strings *products = &coupon->applies_to->products;
    for (size_t i = 0; i < products->count; i++)
        if (!resource_find(request, &product_resource, products->items[i]) &&
            !(past && resource_find_past(request, &product_resource, products->items[i])))
            return fail(request, CODE_resource_missing,
                        str_format(request->arena, "applies_to[products][%zu]", i),
                        "No such product: '%.*s'", STR_FMT(products->items[i]));
    return true;
}

static bool check_terms(struct request *request, struct coupon *coupon, bool past)
{
    if (!check_amounts(request, coupon) || !check_duration(request, coupon) ||
        !check_currency_options(request, coupon, true) ||
        !(past || check_schedule(request, "redeem_by", &coupon->redeem_by)) ||
        !check_redemption_rules(request, &coupon->rules, NULL, &coupon->redeem_by,
                                coupon->currency) ||
        !(past || coupon_check_budget(request, coupon, &coupon->rules)) ||
        !check_products(request, coupon, past))
        return false;
    if (coupon->percent_off.set)
        coupon->currency = STR_NULL; /* has nothing to denominate */
    return true;
}

bool coupon_check_brought(struct request *request, struct coupon *coupon)
{
    return check_terms(request, coupon, true);
}

static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    struct coupon *coupon = object;
    if (operation == FILTER)
        return true;
    if (before)
        return check_currency_options(request, coupon, false) &&
               check_redemption_rules(request, &coupon->rules,
                                      &((const struct coupon *)before)->rules, &coupon->redeem_by,
                                      coupon->currency);
    return check_terms(request, coupon, false);
}

static void derive(struct request *request, void *object)
{
    struct coupon *coupon = object;
    const struct redemption_rules *rules = &coupon->rules;
    struct standing standing = {
        .deleted = coupon->object.deleted,
        .not_started = rules->starts_at.set && request->now < rules->starts_at.seconds,
        .expired = coupon->redeem_by.set && request->now > coupon->redeem_by.seconds,
        .used_up =
            coupon->max_redemptions.set && coupon->times_redeemed >= coupon->max_redemptions.value,
        .spent = rules->max_amount_off_total.set &&
                 coupon->amount_off_total >= rules->max_amount_off_total.value,
    };
    coupon->standing = standing;
    coupon->valid = !standing.not_started && !coupon_is_over(coupon);
}

bool coupon_is_over(const struct coupon *coupon)
{
    const struct standing *standing = &coupon->standing;
    return standing->deleted || standing->expired || standing->used_up || standing->spent;
}

bool coupon_terms(const struct coupon *coupon, struct str currency, struct discount_terms *terms)
{
    const struct coupon_currency_option *options = coupon->currency_options.items;
    *terms = (struct discount_terms){.percent_off = coupon->percent_off.hundredths};
    if (coupon->percent_off.set)
        return true;
    if (str_equal(coupon->currency, currency)) {
        terms->amount_off = coupon->amount_off.value;
        return true;
    }
    for (size_t i = 0; i < coupon->currency_options.count; i++) {
        if (!str_equal(options[i].currency, currency))
            continue;
        terms->amount_off = options[i].amount_off;
        return true;
    }
    return false;
}

bool coupon_check_budget(struct request *request, const struct coupon *coupon,
                         const struct redemption_rules *rules)
{
    struct discount_terms terms;
    struct str currency = rules->max_amount_off_total_currency;
    return !rules->max_amount_off_total.set || coupon_terms(coupon, currency, &terms) ||
           fail(request, CODE_NONE, STR("max_amount_off_total_currency"),
                "max_amount_off_total_currency is %.*s, in which the coupon takes nothing off: it "
                "has to be the coupon's currency or one of its currency_options.",
                STR_FMT(currency));
}

bool coupon_applies_to(const struct coupon *coupon, struct str product)
{
    if (!coupon->applies_to)
        return true;
    for (size_t i = 0; i < coupon->applies_to->products.count; i++)
        if (str_equal(coupon->applies_to->products.items[i], product))
            return true;
    return false;
}

const struct resource coupon_resource = {
    .schema = SCHEMA(struct coupon, coupon_fields, "coupon", .is_object = true,
                     .tombstones_are_shown = true, .referred_by_seq = true,
                     .help = "A percentage or an amount off, for as long and as often as it says."),
    .table = {&coupon_resource.schema, "coupons",
              " LEFT JOIN coupon_uses AS u ON u.tenant = o.tenant AND u.coupon = o.seq"},
    .number = RESOURCE_coupon,
    .path = "/v1/coupons",
    .noun = "coupon",
    .path_param = "coupon",
    .events = "coupon",
    .id_form = ID_CODE,
    .operations = CREATE | RETRIEVE | UPDATE | DELETE | FILTER,
    .ids_return = true,
    .prepare = prepare,
    .check = check,
    .derive = derive,
};

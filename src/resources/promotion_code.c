/* Promotion codes. A code is unique, whatever its case, among the active codes that one customer
 * could use: an open code excludes all others of the same text, a restricted one those of its
 * customer. */
#include "resources/promotion_code.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/request.h"
#include "redemption/code_shapes.h"
#include "resources/coupon.h"
#include "resources/customer.h"
#include "resources/promotion_code_batch.h"
#include "resources/registry.h"
#include "resources/rules.h"

#include <assert.h>
#include <stddef.h>

#define GENERATED_CODE_LENGTH 8
#define GENERATED_CODE_ATTEMPTS 80
#define GENERATED_CODE_SHAPED 64 /* of them at one that is no exception to a check character */

static const char *const promotion_types[] = {"coupon", NULL};

/* What was never used has no counter. */
#define USES "COALESCE(u.times_redeemed, 0)"
#define COUPON_USES "COALESCE(cu.times_redeemed, 0)"

/* The effective value, as derive() computes it. */
#define IS_ACTIVE                                                                \
    "(o.enabled = 1 AND (o.expires_at IS NULL OR o.expires_at > @now)"           \
    " AND (o.max_redemptions IS NULL OR " USES " < o.max_redemptions)"           \
    " AND c.deleted_at IS NULL AND (c.redeem_by IS NULL OR c.redeem_by >= @now)" \
    " AND (c.max_redemptions IS NULL OR " COUPON_USES " < c.max_redemptions)"    \
    " AND (o.rules_starts_at IS NULL OR o.rules_starts_at <= @now)"              \
    " AND (c.rules_starts_at IS NULL OR c.rules_starts_at <= @now)"              \
    " AND (u.max_amount_off_total IS NULL"                                       \
    " OR u.amount_off_total < u.max_amount_off_total)"                           \
    " AND (cu.max_amount_off_total IS NULL"                                      \
    " OR cu.amount_off_total < cu.max_amount_off_total))"

#define THIS struct promotion
static const struct field promotion_fields[] = {
    FIELD(coupon, "The coupon.", .in = CREATE, .of = &coupon_resource.schema),
    FIELD(type, "What kind of promotion it is.", .in = CREATE, .is = REQUIRED,
          .values = promotion_types),
};
#undef THIS
const struct schema promotion_schema = SCHEMA(struct promotion, promotion_fields, "promotion");

#define THIS struct restriction_currency_option
static const struct field currency_option_fields[] = {
    FIELD(minimum_amount, "The least that the purchase must come to, in minor units.",
          .in = CREATE | UPDATE, .min = 1, .max = AMOUNT_MAX),
};
#undef THIS
static const struct schema currency_option_schema = SCHEMA(
    struct restriction_currency_option, currency_option_fields, "restriction_currency_option");

#define THIS struct restrictions
static const struct field restrictions_fields[] = {
    FIELD(currency_options, "Minimum amounts in other currencies.", .in = CREATE | UPDATE,
          .is = INCLUDABLE | WHEN_SET, .of = &currency_option_schema, .format = FORMAT_CURRENCY),
    FIELD(first_time_transaction, "Only for customers who never bought anything.", .in = CREATE),
    FIELD(max_redemptions_per_customer, "How often one customer or e-mail address can redeem it.",
          .in = CREATE, .is = WHEN_SET, .min = 1),
    FIELD(minimum_amount, "The least that the purchase must come to, in minor units.", .in = CREATE,
          .min = 1, .max = AMOUNT_MAX),
    FIELD(minimum_amount_currency, "Currency of `minimum_amount`.", .in = CREATE,
          .format = FORMAT_CURRENCY),
};
#undef THIS
const struct schema restrictions_schema =
    SCHEMA(struct restrictions, restrictions_fields, "restrictions");

#define THIS struct promotion_code
static const struct field promotion_code_fields[] = {
    FIELD_ID,
    FIELD(active, "Whether it can be redeemed now.", .in = CREATE | UPDATE | FILTER, .is = DERIVED,
          .where = IS_ACTIVE " = (? = 1)"),
    FIELD(batch, "The batch that it was made in.", .in = FILTER, .is = WHEN_SET,
          .of = &promotion_code_batch_resource.schema),
    FIELD(code, "What customers type; made up when there is none.", .in = CREATE | FILTER,
          .is = NOT_NULL | BLANK_IS_ABSENT | RARE, .max = CODE_CHARACTERS_MAX,
          .format = FORMAT_CODE, .where = "o.code_key = ?"),
    FIELD(promotion.coupon, "The coupon.", .as = "coupon", .in = CREATE, .is = REQUIRED | INLINED,
          .of = &coupon_resource.schema, .until = V_CLOVER),
    FIELD(promotion.coupon, "Only codes for this coupon.", .as = "coupon", .in = FILTER,
          .is = INPUT, .of = &coupon_resource.schema, .where = "o.promotion_coupon_seq = ?"),
    FIELD_CREATED,
    FIELD(customer, "The only customer who can use it.", .in = CREATE | FILTER,
          .of = &customer_resource.schema),
    FIELD(customer_account, "The account that is the only customer who can use it.",
          .in = CREATE | FILTER, .since = V_2025_12_15),
    FIELD(expires_at, "When it can no longer be redeemed; the coupon's `redeem_by` by default.",
          .in = CREATE),
    FIELD_LIVEMODE,
    FIELD(rules.max_amount_off_total, "What it may take off altogether, in minor units.",
          .as = "max_amount_off_total", .in = CREATE, .is = WHEN_SET, .min = 1,
          .max = AMOUNT_OFF_TOTAL_MAX),
    FIELD(rules.max_amount_off_total_currency,
          "Currency of `max_amount_off_total`; that of the coupon by default.",
          .as = "max_amount_off_total_currency", .in = CREATE, .is = WHEN_SET,
          .format = FORMAT_CURRENCY),
    FIELD(max_redemptions, "How often it can be redeemed.", .in = CREATE, .min = 1),
    FIELD_METADATA(.in = CREATE | UPDATE, .is = CLEARS_ON_UPDATE),
    HASH(promotion, promotion_schema, "What the code is for.", .in = CREATE, .is = REQUIRED,
         .since = V_CLOVER),
    FIELD(rules.release_policy,
          "Which redemptions can be cancelled: `held_only` by default, `anytime` or `none`.",
          .as = "release_policy", .in = CREATE | UPDATE, .is = WHEN_SET | CLEARS_ON_UPDATE,
          .values = release_policies),
    FIELD(rules.release_window,
          "For how many seconds after it was redeemed one can be cancelled, with `anytime`.",
          .as = "release_window", .in = CREATE | UPDATE, .is = WHEN_SET | CLEARS_ON_UPDATE,
          .min = 1),
    HASH(restrictions, restrictions_schema, "Who can redeem it, on what.", .in = CREATE | UPDATE),
    FIELD(rules.starts_at, "The first moment at which it can be redeemed.", .as = "starts_at",
          .in = CREATE, .is = WHEN_SET),
    FIELD(times_redeemed, "How often it was redeemed.", .column = USES),
    FIELD(enabled, "Whether it was not switched off.", .is = INTERNAL),
    FIELD(code_key, "The code in lower case.", .is = INTERNAL),
    FIELD(coupon_state.redeem_by, "Of the coupon.", .is = INTERNAL, .column = "c.redeem_by"),
    FIELD(coupon_state.max_redemptions, "Of the coupon.", .is = INTERNAL,
          .column = "c.max_redemptions"),
    FIELD(coupon_state.times_redeemed, "Of the coupon.", .is = INTERNAL, .column = COUPON_USES),
    FIELD(coupon_state.deleted_at, "Of the coupon.", .is = INTERNAL, .column = "c.deleted_at"),
    FIELD(coupon_state.starts_at, "Of the coupon.", .is = INTERNAL, .column = "c.rules_starts_at"),
    FIELD(coupon_state.max_amount_off_total, "Of the coupon.", .is = INTERNAL,
          .column = "c.rules_max_amount_off_total"),
    FIELD(coupon_state.amount_off_total, "Of the coupon.", .is = INTERNAL,
          .column = "COALESCE(cu.amount_off_total, 0)"),
    FIELD(amount_off_total, "What it took off.", .is = INTERNAL,
          .column = "COALESCE(u.amount_off_total, 0)"),
};
#undef THIS

STATEMENT(find_same_code, "SELECT seq, customer, customer_account FROM promotion_codes"
                          " WHERE tenant = $1 AND code_key = $2 AND enabled = 1");
STATEMENT(switch_code, "UPDATE promotion_codes SET enabled = $1 WHERE tenant = $2 AND seq = $3");

static bool has_started(const struct request *request, const struct opt_time *starts_at)
{
    return !starts_at->set || request->now >= starts_at->seconds;
}

static bool is_spent(const struct opt_int *max, int64_t amount)
{
    return max->set && amount >= max->value;
}

static bool coupon_is_over_for(const struct request *request, const struct coupon_state *coupon)
{
    return coupon->deleted_at.set ||
           (coupon->redeem_by.set && request->now > coupon->redeem_by.seconds) ||
           (coupon->max_redemptions.set &&
            coupon->times_redeemed >= coupon->max_redemptions.value) ||
           is_spent(&coupon->max_amount_off_total, coupon->amount_off_total);
}

static void derive(struct request *request, void *object)
{
    struct promotion_code *code = object;
    struct standing *standing = &code->standing;
    *standing = (struct standing){
        .not_started = !has_started(request, &code->rules.starts_at),
        .expired = code->expires_at.set && request->now >= code->expires_at.seconds,
        .used_up = code->max_redemptions.set && code->times_redeemed >= code->max_redemptions.value,
        .spent = is_spent(&code->rules.max_amount_off_total, code->amount_off_total),
    };
    code->over = !code->enabled || standing->expired || standing->used_up || standing->spent ||
                 coupon_is_over_for(request, &code->coupon_state);
    code->active = !code->over && !standing->not_started &&
                   has_started(request, &code->coupon_state.starts_at);
}

static void prepare(struct request *request, void *object)
{
    (void)request;
    struct promotion_code *code = object;
    code->active = true;
    code->promotion.type.value = PROMOTION_COUPON;
}

static void set_enabled(struct request *request, int64_t row, bool enabled)
{
    struct query query = db_query(request->db, &switch_code);
    db_bind_int(&query, enabled);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, row);
    db_run(&query);
}

/* Whether two codes of one text could both be meant by a customer. */
static bool scopes_meet(struct str customer, struct str other)
{
    return !customer.data || !other.data || str_equal(customer, other);
}

static struct str scope_of(const struct promotion_code *code)
{
    return code->customer.id.data ? code->customer.id : code->customer_account;
}

bool promotion_code_is_taken(struct request *request, const struct promotion_code *code)
{
    int64_t rivals[64];
    size_t count = 0;
    bool more = true;
    while (more) {
        struct query query = db_query(request->db, &find_same_code);
        db_bind_int(&query, request->tenant);
        db_bind_str(&query, code->code_key);
        for (count = 0; (more = db_row(&query)) && count < ARRAY_LENGTH(rivals);) {
            struct str customer = db_str(&query, db_is_null(&query, 1) ? 2 : 1);
            int64_t row = db_int(&query, 0);
            if (row != code->object.row && scopes_meet(scope_of(code), customer))
                rivals[count++] = row;
        }
        db_end(&query);
        for (size_t i = 0; i < count; i++) {
            const struct promotion_code *rival =
                resource_load(request, &promotion_code_resource, rivals[i]);
            if (rival && !rival->over)
                return true;
            set_enabled(request, rivals[i], false);
        }
    }
    return false;
}

bool promotion_code_check_free(struct request *request, const struct promotion_code *code)
{
    if (!code->active || !promotion_code_is_taken(request, code))
        return true;
    return fail(request, CODE_NONE, STR_NULL,
                "An active promotion code with `code: %.*s` already exists.", STR_FMT(code->code));
}

static bool generate_code(struct request *request, struct promotion_code *code)
{
    char *text = arena_alloc(request->arena, GENERATED_CODE_LENGTH + 1);
    for (int attempt = 0; attempt < GENERATED_CODE_ATTEMPTS; attempt++) {
        random_characters(request->random, ALPHABET_UPPER, text, GENERATED_CODE_LENGTH);
        code->code = (struct str){text, GENERATED_CODE_LENGTH};
        code->code_key = str_lower(request->arena, code->code);
        bool refused = code_shapes_refuse(request, code->code_key);
        if ((!refused || attempt >= GENERATED_CODE_SHAPED) &&
            !promotion_code_is_taken(request, code))
            return true;
    }
    return fail_with(request, 500, ERROR_API, CODE_NONE, "No free code was found.");
}

static bool check_restrictions(struct request *request, const struct restrictions *restrictions)
{
    if (restrictions->minimum_amount.set && !restrictions->minimum_amount_currency.data)
        return fail(request, CODE_NONE, STR("restrictions[minimum_amount_currency]"),
                    "You must pass minimum_amount_currency when passing minimum_amount");
    if (!restrictions->minimum_amount.set && restrictions->minimum_amount_currency.data)
        return fail(request, CODE_NONE, STR("restrictions[minimum_amount]"),
                    "You must pass minimum_amount when passing minimum_amount_currency");
    if (!check_currency_keys(request, "restrictions[currency_options]", &currency_option_schema,
                             &restrictions->currency_options))
        return false;
    const struct restriction_currency_option *options = restrictions->currency_options.items;
    for (size_t i = 0; i < restrictions->currency_options.count; i++)
        if (str_equal(options[i].currency, restrictions->minimum_amount_currency))
            return fail(request, CODE_NONE, STR("restrictions[currency_options]"),
                        "currency_options cannot contain minimum_amount_currency (%.*s).",
                        STR_FMT(options[i].currency));
    return true;
}

/* What the code may not exceed of its coupon. */
static bool check_caps(struct request *request, const struct promotion_code *code,
                       const struct coupon *coupon)
{
    if (code->expires_at.set && coupon->redeem_by.set &&
        code->expires_at.seconds > coupon->redeem_by.seconds)
        return fail(request, CODE_NONE, STR("expires_at"),
                    "expires_at cannot be after the coupon's redeem_by.");
    if (code->max_redemptions.set && coupon->max_redemptions.set &&
        code->max_redemptions.value > coupon->max_redemptions.value)
        return fail(request, CODE_NONE, STR("max_redemptions"),
                    "max_redemptions cannot be greater than the coupon's max_redemptions.");
    return true;
}

/* Both's rules hold, so that some cannot be kept together, by anybody, ever. */
static bool check_against_coupon(struct request *request, const struct promotion_code *code,
                                 const struct coupon *coupon)
{
    struct str currency = coupon->rules.max_amount_off_total_currency;
    const struct opt_time *starts_at = &coupon->rules.starts_at;
    if (code->rules.max_amount_off_total.set && currency.data &&
        !str_equal(code->rules.max_amount_off_total_currency, currency))
        return fail(request, CODE_NONE, STR("max_amount_off_total_currency"),
                    "The coupon has a max_amount_off_total_currency of %.*s: that of its codes has "
                    "to be the same.",
                    STR_FMT(currency));
    if (!coupon_check_budget(request, coupon, &code->rules))
        return false;
    return !code->expires_at.set || !starts_at->set ||
           code->expires_at.seconds > starts_at->seconds ||
           fail(request, CODE_NONE, STR("expires_at"),
                "expires_at must be after the coupon's starts_at (%lld).",
                (long long)starts_at->seconds);
}

static bool check_coupon(struct request *request, struct promotion_code *code)
{
    const struct coupon *coupon = code->promotion.coupon.object;
    if (!coupon)
        return fail(request, CODE_NONE, STR("promotion.coupon"),
                    "You must pass promotion.coupon when passing promotion");
    if (coupon_is_over(coupon))
        return fail(request, CODE_coupon_expired,
                    request->version < V_CLOVER ? STR("coupon") : STR("promotion[coupon]"),
                    "Coupon expired: %.*s", STR_FMT(coupon->object.id));
    if (!check_schedule(request, "expires_at", &code->expires_at) ||
        !check_caps(request, code, coupon))
        return false;
    if (!code->expires_at.set)
        code->expires_at = coupon->redeem_by;
    code->coupon_state = (struct coupon_state){
        .redeem_by = coupon->redeem_by,
        .max_redemptions = coupon->max_redemptions,
        .times_redeemed = coupon->times_redeemed,
        .starts_at = coupon->rules.starts_at,
        .max_amount_off_total = coupon->rules.max_amount_off_total,
        .amount_off_total = coupon->amount_off_total,
    };
    return check_redemption_rules(request, &code->rules, NULL, &code->expires_at,
                                  coupon->currency) &&
           check_against_coupon(request, code, coupon);
}

bool promotion_code_check_terms(struct request *request, struct promotion_code *code)
{
    return check_coupon(request, code) && check_restrictions(request, &code->restrictions);
}

static bool check_scope(struct request *request, const struct promotion_code *code)
{
    return !code->customer.id.data || !code->customer_account.data ||
           fail(request, CODE_NONE, STR("customer"),
                "You may only specify one of these parameters: customer, customer_account.");
}

bool promotion_code_check_brought(struct request *request, struct promotion_code *code,
                                  const struct coupon *coupon)
{
    code->code_key = str_lower(request->arena, code->code);
    code->enabled |= code->active;
    if (!check_scope(request, code) || !check_caps(request, code, coupon) ||
        !check_restrictions(request, &code->restrictions) ||
        !check_redemption_rules(request, &code->rules, NULL, &code->expires_at, coupon->currency))
        return false;
    if (!code->enabled || !promotion_code_is_taken(request, code))
        return true;
    code->enabled = false; /* of one that nobody can redeem anyway */
    return promotion_code_check_free(request, code);
}

static bool check_new(struct request *request, struct promotion_code *code)
{
    if (!check_scope(request, code) || !promotion_code_check_terms(request, code))
        return false;
    code->enabled = code->active;
    if (!code->code.data)
        return generate_code(request, code);
    code->code_key = str_lower(request->arena, code->code);
    return promotion_code_check_free(request, code);
}

static bool check_change(struct request *request, struct promotion_code *code,
                         const struct promotion_code *before)
{
    if (!check_restrictions(request, &code->restrictions) ||
        !check_redemption_rules(request, &code->rules, &before->rules, &code->expires_at, STR_NULL))
        return false;
    if (!parameter_given(request, &promotion_code_resource.schema,
                         offsetof(struct promotion_code, active)))
        return true;
    code->enabled = code->active;
    if (!code->enabled || before->active)
        return true;
    derive(request, code);
    if (code->over)
        return fail(request, CODE_NONE, STR("active"),
                    "This promotion code cannot be reactivated because it or its coupon is no "
                    "longer redeemable.");
    return promotion_code_check_free(request, code);
}

static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    struct promotion_code *code = object;
    if (operation == FILTER) {
        code->code = str_lower(request->arena, code->code);
        request->finds_nothing = code->code.data && code_shapes_refuse(request, code->code);
        return true;
    }
    return before ? check_change(request, code, before) : check_new(request, code);
}

static bool saved(struct request *request, void *object, const void *before)
{
    const struct promotion_code *code = object, *old = before;
    if (old) { /* what is not active anyway shows no change that would have been written */
        if (code->enabled != old->enabled)
            set_enabled(request, code->object.row, code->enabled);
        return true;
    }
    code_shapes_note(request, code->code_key);
    return true;
}

void promotion_code_store(struct request *request, struct promotion_code *code)
{
    struct object *base = &code->object;
    base->row = db_next_row(request->db, request->now);
    base->created.seconds = request->now;
    base->id = resource_ordered_id(request, &promotion_code_resource, base->row);
    code->enabled = code->active;
    enum db_result result = rows_insert(request, catalog_of(request, &promotion_code_resource),
                                        &promotion_code_resource.schema, code);
    assert(result != DB_CONFLICT);
    (void)!saved(request, code, NULL);
}

STATEMENT(find_anywhere, "SELECT seq FROM promotion_codes WHERE tenant = $1 AND code_key = $2"
                         " LIMIT 1");

static int64_t find_anyones(struct request *request, struct str key)
{
    struct query query = db_query(request->db, &find_anywhere);
    db_bind_int(&query, request->tenant);
    db_bind_str(&query, key);
    int64_t row = db_row(&query) ? db_int(&query, 0) : 0;
    if (row)
        db_end(&query);
    return row;
}

/* The enabled code of a text in one scope, or else one that was switched off. */
static struct promotion_code *find_in(struct request *request, struct str key, struct str scope)
{
    return resource_look_up(request, &promotion_code_resource, key, scope);
}

struct promotion_code *promotion_code_meant(struct request *request, struct str text,
                                            struct str customer, bool evenly)
{
    struct str key = str_lower(request->arena, text);
    bool refused = code_shapes_refuse(request, key);
    if (refused && !evenly)
        return NULL;
    struct promotion_code *own = customer.data ? find_in(request, key, customer) : NULL;
    if (own && own->enabled && !evenly)
        return own;
    struct promotion_code *open = find_in(request, key, STR(""));
    struct promotion_code *meant = own && (own->enabled || !open || !open->enabled) ? own : open;
    if (!meant || evenly) {
        int64_t row = find_anyones(request, key);
        void *anyones = resource_load(request, &promotion_code_resource, meant ? 0 : row);
        meant = meant ? meant : anyones;
    }
    return refused ? NULL : meant;
}

const struct resource promotion_code_resource = {
    .schema = SCHEMA(struct promotion_code, promotion_code_fields, "promotion_code",
                     .is_object = true, .referred_by_seq = true,
                     .help = "A code that customers type to get the discount of its coupon."),
    .table =
        {&promotion_code_resource.schema, "promotion_codes",
         " LEFT JOIN promotion_code_uses AS u ON u.tenant = o.tenant AND u.promotion_code = o.seq"
         " JOIN coupons AS c ON c.tenant = o.tenant AND c.seq = o.promotion_coupon_seq"
         " LEFT JOIN coupon_uses AS cu ON cu.tenant = c.tenant AND cu.coupon = c.seq",
         "o.code_key = $2 AND COALESCE(o.customer, o.customer_account, '') = $3"
         " ORDER BY CASE WHEN o.enabled = 1 THEN 0 ELSE o.seq END LIMIT 1"},
    .number = RESOURCE_promotion_code,
    .path = "/v1/promotion_codes",
    .noun = "promotion code",
    .path_param = "promotion_code",
    .events = "promotion_code",
    .id_prefix = "promo_",
    .id_form = ID_LONG,
    .operations = CREATE | RETRIEVE | UPDATE | FILTER,
    .prepare = prepare,
    .check = check,
    .derive = derive,
    .saved = saved,
};

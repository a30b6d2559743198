/* The calls about redemptions. What follows from one is redemption_entry.c. */
#include "resources/redemption.h"

#include "base/limits.h"
#include "base/request.h"
#include "resources/appraisal.h"
#include "resources/coupon.h"
#include "resources/customer.h"
#include "resources/discount.h"
#include "resources/promotion_code.h"
#include "resources/redemption_csv.h"
#include "resources/redemption_preview.h"
#include "resources/registry.h"
#include "resources/test_clock.h"

#include <stddef.h>

static const char *const statuses[] = {"canceled", "expired", "held", "redeemed", NULL};
static const char *const sources[] = {
    "api",          "checkout",     "customer",          "invoice",
    "invoice_item", "subscription", "subscription_item", NULL};
static const char *const capture_methods[] = {"automatic", "manual", NULL};

#define THIS struct redemption_line
static const struct field line_fields[] = {
    FIELD(amount, "What all of it costs, in minor units.", .in = CREATE | ACTION, .is = REQUIRED,
          .max = AMOUNT_MAX),
    FIELD(amount_discount, "What is taken off."),
    FIELD(amount_total, "What is left to pay."),
    FIELD(product, "Id of the product; coupons may be limited to some.", .in = CREATE | ACTION),
    FIELD(quantity, "How many of it; 1 by default.", .in = CREATE | ACTION, .is = NOT_NULL,
          .min = 1),
};
#undef THIS
const struct schema redemption_line_schema =
    SCHEMA(struct redemption_line, line_fields, "redemption_line");

#define THIS struct redemption_transitions
static const struct field transitions_fields[] = {
    FIELD(canceled_at, "When it was cancelled."),
    FIELD(expired_at, "When it expired while it was held."),
    FIELD(redeemed_at, "When it was redeemed or captured."),
};
#undef THIS
static const struct schema transitions_schema =
    SCHEMA(struct redemption_transitions, transitions_fields, "redemption_status_transitions");

#define THIS struct redemption
static const struct field redemption_fields[] = {
    FIELD_ID,
    FIELD(amount, "What the purchase came to, in minor units.", .in = CREATE | ACTION,
          .max = AMOUNT_MAX),
    FIELD(amount_discount, "What was taken off."),
    FIELD(amount_total, "What was left to pay.", .is = DERIVED),
    FIELD(capture_method, "With `manual` the use is held until it is captured.",
          .in = CREATE | ACTION, .is = INPUT, .values = capture_methods),
    FIELD(client_reference_id, "Your own reference, such as the number of an order.",
          .in = CREATE | ACTION | FILTER, .max = CLIENT_REFERENCE_CHARACTERS_MAX),
    FIELD(client_reference_id_unique,
          "Whether to refuse when the code or coupon was redeemed with the reference already.",
          .in = CREATE | ACTION, .is = INPUT),
    FIELD(code, "What the customer typed.", .in = CREATE | ACTION, .is = INPUT,
          .max = CODE_CHARACTERS_MAX),
    FIELD(coupon, "The coupon that was redeemed, or that of the code.",
          .in = CREATE | ACTION | FILTER, .is = NOT_NULL, .of = &coupon_resource.schema),
    FIELD_CREATED,
    FIELD(currency, "Currency of the amounts.", .in = CREATE | ACTION, .format = FORMAT_CURRENCY),
    FIELD(customer, "Who bought.", .in = CREATE | ACTION | FILTER, .of = &customer_resource.schema),
    FIELD(customer_email, "E-mail address of who bought."),
    FIELD(customer_email, "E-mail address of who buys, for those who are no customers.",
          .as = "email", .in = CREATE | ACTION, .is = INPUT, .max = EMAIL_CHARACTERS_MAX,
          .format = FORMAT_EMAIL),
    FIELD(discount, "The discount that was made, on other surfaces.",
          .of = &discount_resource.schema),
    FIELD(hold_expires_at,
          "When a held use is given back; 30 minutes from now by default, 7 days at most.",
          .in = CREATE | ACTION),
    FIELD(ip_address, "Address of the visitor, for whom guesses of codes are then counted.",
          .in = CREATE | ACTION, .is = INPUT),
    FIELD(line_items, "What was bought.", .in = CREATE | ACTION, .of = &redemption_line_schema),
    FIELD_LIVEMODE,
    FIELD_METADATA(.in = CREATE | ACTION),
    FIELD(promotion_code, "The promotion code that was redeemed.", .in = CREATE | ACTION | FILTER,
          .of = &promotion_code_resource.schema),
    FIELD(source, "Where it was redeemed.", .values = sources),
    FIELD(status, "What became of it; `held` and `redeemed` uses are counted.", .values = statuses),
    FIELD(status_filter, "Only those of the status.", .as = "status", .in = FILTER, .is = INPUT,
          .values = statuses),
    /* What is not redeemed has an index, which takes the condition in the words of it. */
    FIELD(other_filter, "The same.", .is = INPUT, .values = statuses,
          .where = "o.status = ? AND o.status <> 'redeemed'"),
    FIELD(redeemed_filter, "The same.", .is = INPUT, .values = statuses, .where = "o.status = ?"),
    HASH(status_transitions, transitions_schema, "When the status changed."),
    FIELD(email_key, "The address as it is compared.", .is = INTERNAL),
    FIELD(reference_key, "The reference while no other use may have it.", .is = INTERNAL),
};
#undef THIS

static void derive(struct request *request, void *object)
{
    struct redemption *redemption = object;
    (void)request;
    redemption->amount_total =
        (struct opt_int){redemption->amount.set && redemption->amount_discount.set,
                         redemption->amount.value - redemption->amount_discount.value};
}

static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    struct redemption *redemption = object;
    size_t filter = redemption->status_filter.value == REDEMPTION_REDEEMED
                        ? offsetof(struct redemption, redeemed_filter)
                        : offsetof(struct redemption, other_filter);
    (void)before;
    if (operation != FILTER || !redemption->status_filter.value)
        return true;
    redemption->other_filter = redemption->redeemed_filter = redemption->status_filter;
    parameter_give(request, &redemption_resource.schema, filter);
    return true;
}

struct str redemption_status_name(const struct redemption *redemption)
{
    return str_from(statuses[redemption->status.value - 1]);
}

struct str redemption_source_name(const struct redemption *redemption)
{
    return str_from(sources[redemption->source.value - 1]);
}

/* ---- redeeming ---- */

static bool check_hold(struct request *request, struct redemption *redemption)
{
    struct opt_time *expires_at = &redemption->hold_expires_at;
    bool held = redemption->capture_method.value == CAPTURE_MANUAL;
    redemption->status.value = held ? REDEMPTION_HELD : REDEMPTION_REDEEMED;
    if (!held && expires_at->set)
        return fail(request, CODE_NONE, STR("hold_expires_at"),
                    "hold_expires_at can only be set when capture_method is `manual`.");
    if (held && !expires_at->set)
        *expires_at = (struct opt_time){true, request->now + HOLD_SECONDS_DEFAULT};
    if (held && (expires_at->seconds <= request->now ||
                 expires_at->seconds > request->now + HOLD_SECONDS_MAX))
        return fail(request, CODE_NONE, STR("hold_expires_at"),
                    "Invalid timestamp: must be in the future, by no more than %d days.",
                    HOLD_SECONDS_MAX / 86400);
    return true;
}

static bool check_reference(struct request *request, struct redemption *redemption)
{
    if (!redemption->client_reference_id_unique)
        return true;
    if (!redemption->client_reference_id.data)
        return fail(request, CODE_parameter_missing, STR("client_reference_id"),
                    "Missing required param: %s.", "client_reference_id");
    redemption->reference_key = redemption->client_reference_id;
    return true;
}

static bool fail_with_reason(struct request *request, const struct appraisal *appraisal)
{
    bool failed = fail_refused(request, appraisal->refusals, &appraisal->offer,
                               &appraisal->purchase, appraisal->param);
    request->error.reason = str_from(refusal_reason(refusal_first(appraisal->refusals)));
    return failed;
}

bool redemption_appraise(struct request *request, const struct route *route,
                         struct redemption *redemption, struct appraisal *appraisal)
{
    if (!resource_parameters(request, route, redemption) ||
        !resource_resolve(request, route->parameters, redemption, route->in) ||
        !check_reference(request, redemption) || !appraisal_check(request, redemption, appraisal) ||
        !check_hold(request, redemption) || !appraisal_find(request, redemption, appraisal))
        return false;
    appraise(request, redemption, appraisal);
    if (appraisal->refusals)
        appraisal_note(request, redemption, appraisal, appraisal->refusals);
    return true;
}

static bool redeem(struct request *request, const struct route *route, struct answer *answer)
{
    struct redemption *redemption = resource_new(request, &redemption_resource);
    struct appraisal appraisal;
    if (!redemption_appraise(request, route, redemption, &appraisal))
        return false;
    if (appraisal.refusals)
        return fail_with_reason(request, &appraisal);
    redemption->source.value = SOURCE_API;
    if (!redemption_enter(request, redemption, appraisal.coupon, appraisal.code))
        return false;
    answer_object(answer, &redemption_resource, redemption);
    return true;
}

/* ---- what becomes of it ---- */

/* The redemption in the path. Later steps go by its customer's clock. */
static struct redemption *find(struct request *request, const struct route *route)
{
    struct str id = request->path_ids[0];
    if (!resource_parameters(request, route, NULL))
        return NULL;
    struct redemption *redemption = resource_find(request, &redemption_resource, id);
    if (!redemption) {
        (void)!fail_missing(request, STR("redemption"), redemption_resource.noun, id);
        return NULL;
    }
    const struct customer *customer =
        redemption->customer.id.data
            ? resource_follow(request, &customer_resource, &redemption->customer)
            : NULL;
    if (customer)
        test_clock_enter(request, &customer->test_clock);
    return redemption;
}

static bool fail_status(struct request *request, const struct redemption *redemption,
                        const char *verb)
{
    return fail(request, CODE_redemption_unexpected_state, STR_NULL,
                "You cannot %s this redemption because its status is `%s`.", verb,
                redemption_status_name(redemption).data);
}

static bool hold_is_over(const struct request *request, const struct redemption *redemption)
{
    return redemption->status.value == REDEMPTION_HELD &&
           request->now >= redemption->hold_expires_at.seconds;
}

static bool capture(struct request *request, const struct route *route, struct answer *answer)
{
    struct redemption *redemption = find(request, route);
    if (!redemption)
        return false;
    if (hold_is_over(request, redemption)) /* and only not yet noticed */
        redemption->status.value = REDEMPTION_EXPIRED;
    if (redemption->status.value != REDEMPTION_HELD)
        return fail_status(request, redemption, "capture");
    redemption_capture(request, redemption);
    answer_object(answer, &redemption_resource, redemption);
    return true;
}

/* The rules of the code about giving uses back, or else those of its coupon. */
static const struct redemption_rules *rules_of(struct request *request,
                                               const struct redemption *redemption)
{
    static const struct redemption_rules none;
    if (redemption->promotion_code.row) {
        const struct promotion_code *code =
            resource_follow(request, &promotion_code_resource, &redemption->promotion_code);
        if (code && code->rules.release_policy.value)
            return &code->rules;
    }
    const struct coupon *coupon = resource_follow(request, &coupon_resource, &redemption->coupon);
    return coupon ? &coupon->rules : &none;
}

static bool check_release(struct request *request, const struct redemption *redemption)
{
    const struct redemption_rules *rules = rules_of(request, redemption);
    bool held = redemption->status.value == REDEMPTION_HELD;
    int policy = rules->release_policy.value ? rules->release_policy.value : RELEASE_HELD_ONLY;
    if (redemption->source.value != SOURCE_API)
        return fail(request, CODE_redemption_not_releasable, STR_NULL,
                    "You cannot cancel this redemption because it was not made by the "
                    "redemptions API.");
    if (!held && redemption->status.value != REDEMPTION_REDEEMED)
        return fail_status(request, redemption, "cancel");
    if (policy == RELEASE_NONE || (policy == RELEASE_HELD_ONLY && !held))
        return fail(request, CODE_redemption_not_releasable, STR_NULL,
                    "You cannot cancel this redemption because the release_policy is `%s`.",
                    release_policies[policy - 1]);
    if (!held && rules->release_window.set &&
        request->now >
            redemption->status_transitions.redeemed_at.seconds + rules->release_window.value)
        return fail(request, CODE_redemption_not_releasable, STR_NULL,
                    "You cannot cancel this redemption because its release_window of %lld seconds "
                    "is over.",
                    (long long)rules->release_window.value);
    return true;
}

static bool cancel(struct request *request, const struct route *route, struct answer *answer)
{
    struct redemption *redemption = find(request, route);
    if (!redemption)
        return false;
    if (hold_is_over(request, redemption))
        redemption->status.value = REDEMPTION_EXPIRED;
    if (!check_release(request, redemption))
        return false;
    redemption_release(request, redemption, REDEMPTION_CANCELED);
    answer_object(answer, &redemption_resource, redemption);
    return true;
}

static const struct route routes[] = {
    {.method = "POST",
     .path = "/v1/redemptions/preview",
     .handler = redemption_preview,
     .resource = &redemption_preview_resource,
     .parameters = &redemption_resource.schema,
     .in = ACTION,
     .looks = true,
     .name = "PostRedemptionsPreview",
     .summary = "Find out what a redemption would do; nothing is redeemed"},
    {.method = "POST",
     .path = "/v1/redemptions",
     .handler = redeem,
     .resource = &redemption_resource,
     .parameters = &redemption_resource.schema,
     .in = CREATE,
     .name = "PostRedemptions",
     .summary = "Redeem a code or coupon, or hold a use of it"},
    {.method = "GET",
     .path = "/v1/redemptions.csv",
     .handler = redemptions_csv,
     .resource = &redemption_resource,
     .form = ANSWER_CSV,
     .parameters = &redemption_resource.schema,
     .in = FILTER,
     .name = "GetRedemptionsCsv",
     .summary = "List redemptions as CSV, the newest first",
     .no_expand = true},
    {.method = "POST",
     .path = "/v1/redemptions/:id/capture",
     .handler = capture,
     .resource = &redemption_resource,
     .name = "PostRedemptionsRedemptionCapture",
     .summary = "Redeem a use that is held"},
    {.method = "POST",
     .path = "/v1/redemptions/:id/cancel",
     .handler = cancel,
     .resource = &redemption_resource,
     .name = "PostRedemptionsRedemptionCancel",
     .summary = "Give a use back"},
};

const struct resource redemption_resource = {
    .schema = SCHEMA(struct redemption, redemption_fields, "redemption", .is_object = true,
                     .help = "A use of a coupon or promotion code, on whatever surface."),
    .table = {&redemption_resource.schema, "redemption_records", NULL},
    .number = RESOURCE_redemption,
    .path = "/v1/redemptions",
    .noun = "redemption",
    .path_param = "redemption",
    .id_prefix = "rdm_",
    .id_form = ID_LONG,
    .operations = RETRIEVE | FILTER,
    .routes = routes,
    .route_count = ARRAY_LENGTH(routes),
    .lists_past = true,
    .check = check,
    .derive = derive,
};

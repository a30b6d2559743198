/* Sessions of the billing portal: a link that lets one customer in for a while. */
#include "base/arena.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/request.h"
#include "resources/coupon.h"
#include "resources/customer.h"
#include "resources/portal.h"
#include "resources/price.h"
#include "resources/promotion_code.h"
#include "resources/registry.h"
#include "resources/subscription.h"
#include "resources/test_clock.h"

#include <sodium.h>

#define TOKEN_CHARACTERS 43 /* 256 bits */
#define HASH_BYTES 32

static const char *const flow_types[] = {"subscription_cancel", "subscription_update",
                                         "subscription_update_confirm", NULL};
static const char *const completion_types[] = {"hosted_confirmation", "portal_homepage", "redirect",
                                               NULL};
static const char *const retention_types[] = {"coupon_offer", NULL};
static const char *const locales[] = {
    "auto",  "bg",    "cs",    "da",    "de", "el",     "en",    "en-AU", "en-CA", "en-GB",
    "en-IE", "en-IN", "en-NZ", "en-SG", "es", "es-419", "et",    "fi",    "fil",   "fr",
    "fr-CA", "hr",    "hu",    "id",    "it", "ja",     "ko",    "lt",    "lv",    "ms",
    "mt",    "nb",    "nl",    "pl",    "pt", "pt-BR",  "ro",    "ru",    "sk",    "sl",
    "sv",    "th",    "tr",    "vi",    "zh", "zh-HK",  "zh-TW", NULL};

#define THIS struct portal_confirmation
static const struct field confirmation_fields[] = {
    FIELD(custom_message, "What is said.", .in = CREATE, .max = 500),
};
#undef THIS
static const struct schema confirmation_schema =
    SCHEMA(struct portal_confirmation, confirmation_fields, "portal_hosted_confirmation");

#define THIS struct portal_redirect
static const struct field redirect_fields[] = {
    FIELD(return_url, "Where to.", .in = CREATE, .is = REQUIRED | NOT_NULL, .format = FORMAT_URL),
};
#undef THIS
static const struct schema redirect_schema =
    SCHEMA(struct portal_redirect, redirect_fields, "portal_redirect");

#define THIS struct portal_completion
static const struct field completion_fields[] = {
    OPT_HASH(hosted_confirmation, confirmation_schema, "A page that says so.", .in = CREATE),
    OPT_HASH(redirect, redirect_schema, "Another address.", .in = CREATE),
    FIELD(type, "What comes afterwards.", .in = CREATE, .is = REQUIRED, .values = completion_types),
};
#undef THIS
static const struct schema completion_schema =
    SCHEMA(struct portal_completion, completion_fields, "portal_after_completion");

#define THIS struct portal_coupon_offer
static const struct field coupon_offer_fields[] = {
    FIELD(coupon, "The coupon.", .in = CREATE, .is = REQUIRED | NOT_NULL),
};
#undef THIS
static const struct schema coupon_offer_schema =
    SCHEMA(struct portal_coupon_offer, coupon_offer_fields, "portal_coupon_offer");

#define THIS struct portal_retention
static const struct field retention_fields[] = {
    HASH(coupon_offer, coupon_offer_schema, "A coupon for those who stay.", .in = CREATE,
         .is = REQUIRED),
    FIELD(type, "What is offered.", .in = CREATE, .is = REQUIRED, .values = retention_types),
};
#undef THIS
static const struct schema retention_schema =
    SCHEMA(struct portal_retention, retention_fields, "portal_retention");

#define THIS struct portal_flow_cancel
static const struct field flow_cancel_fields[] = {
    OPT_HASH(retention, retention_schema, "What is offered to those who stay.", .in = CREATE),
    FIELD(subscription, "The subscription.", .in = CREATE, .is = REQUIRED | NOT_NULL),
};
#undef THIS
static const struct schema flow_cancel_schema =
    SCHEMA(struct portal_flow_cancel, flow_cancel_fields, "portal_flow_subscription_cancel");

#define THIS struct portal_flow_update
static const struct field flow_update_fields[] = {
    FIELD(subscription, "The subscription.", .in = CREATE, .is = REQUIRED | NOT_NULL),
};
#undef THIS
static const struct schema flow_update_schema =
    SCHEMA(struct portal_flow_update, flow_update_fields, "portal_flow_subscription_update");

#define THIS struct portal_flow_discount
static const struct field flow_discount_fields[] = {
    FIELD(coupon, "The coupon.", .in = CREATE),
    FIELD(promotion_code, "The promotion code.", .in = CREATE),
};
#undef THIS
static const struct schema flow_discount_schema =
    SCHEMA(struct portal_flow_discount, flow_discount_fields, "portal_flow_discount");

#define THIS struct portal_flow_item
static const struct field flow_item_fields[] = {
    FIELD(id, "The item.", .in = CREATE, .is = REQUIRED | NOT_NULL),
    FIELD(price, "Its new price.", .in = CREATE),
    FIELD(quantity, "How many.", .in = CREATE, .min = 1),
};
#undef THIS
static const struct schema flow_item_schema =
    SCHEMA(struct portal_flow_item, flow_item_fields, "portal_flow_item");

#define THIS struct portal_flow_confirm
static const struct field flow_confirm_fields[] = {
    FIELD(discounts, "A discount that comes with it; one at most.", .in = CREATE,
          .of = &flow_discount_schema, .max = 1),
    FIELD(items, "What changes: one item.", .in = CREATE, .is = REQUIRED, .of = &flow_item_schema,
          .max = 1),
    FIELD(subscription, "The subscription.", .in = CREATE, .is = REQUIRED | NOT_NULL),
};
#undef THIS
static const struct schema flow_confirm_schema = SCHEMA(
    struct portal_flow_confirm, flow_confirm_fields, "portal_flow_subscription_update_confirm");

#define THIS struct portal_flow
static const struct field flow_fields[] = {
    HASH(after_completion, completion_schema, "What comes afterwards.", .in = CREATE),
    OPT_HASH(subscription_cancel, flow_cancel_schema, "Cancelling.", .in = CREATE),
    CONSTANT("subscription_pause", "null", "Not supported.", .since = V_ENDIVE),
    OPT_HASH(subscription_update, flow_update_schema, "Changing.", .in = CREATE),
    OPT_HASH(subscription_update_confirm, flow_confirm_schema, "Agreeing to a change.",
             .in = CREATE),
    FIELD(type, "What the customer comes for.", .in = CREATE, .is = REQUIRED, .values = flow_types),
};
#undef THIS
static const struct schema flow_schema = SCHEMA(struct portal_flow, flow_fields, "portal_flow");

#define THIS struct portal_session
static const struct field session_fields[] = {
    FIELD_ID,
    CONSTANT("after_expiration", "null", "Not supported.", .since = V_ENDIVE),
    FIELD(configuration, "What the customer can do.", .in = CREATE,
          .of = &portal_configuration_resource.schema),
    FIELD(object.created, "When the object was created.", .as = "created", .is = DERIVED),
    FIELD(customer, "Who comes in.", .in = CREATE, .is = REQUIRED | NOT_NULL,
          .of = &customer_resource.schema),
    CONSTANT("customer_account", "null", "Not supported.", .since = V_2025_12_15),
    OPT_HASH(flow, flow_schema, "What the customer comes for.", .as = "flow_data", .in = CREATE,
             .is = INPUT),
    OPT_HASH(flow, flow_schema, "What the customer comes for.", .since = V_2023_08_16),
    FIELD_LIVEMODE,
    FIELD(locale, "Language; the pages are in English.", .in = CREATE, .is = NULL_WHEN_EMPTY,
          .values = locales),
    CONSTANT("on_behalf_of", "null", "Not supported."),
    FIELD(return_url, "Where the pages lead back to.", .in = CREATE, .format = FORMAT_URL),
    FIELD(url, "Where the customer comes in, within five minutes.", .is = DERIVED),
    FIELD(token_hash, "Of the token in the URL.", .is = INTERNAL),
    FIELD(used_at, "When it was last used.", .is = INTERNAL),
    FIELD(refused_codes, "Codes refused lately.", .is = INTERNAL),
    FIELD(refused_at, "Since when they are counted.", .is = INTERNAL),
};
#undef THIS

/* ---- tokens ---- */

/* The token is as long as a key, so that nobody finds it by its hash. */
static struct str hash_token(struct request *request, struct str token)
{
    unsigned char hash[HASH_BYTES];
    char *hexadecimal = arena_alloc(request->arena, 2 * HASH_BYTES + 1);
    crypto_generichash(hash, sizeof(hash), (const unsigned char *)token.data, token.length, NULL,
                       0);
    sodium_bin2hex(hexadecimal, 2 * HASH_BYTES + 1, hash, sizeof(hash));
    return (struct str){hexadecimal, 2 * HASH_BYTES};
}

STATEMENT(find_token, "SELECT tenant, seq FROM portal_sessions WHERE token_hash = $1");

static bool has_ended(const struct request *request, const struct portal_session *session)
{
    if (session->used_at.set)
        return request->now >= session->used_at.seconds + PORTAL_IDLE_SECONDS;
    return request->now >= session->object.created.seconds + PORTAL_ENTER_SECONDS;
}

static void enter_clock(struct request *request, const struct portal_session *session)
{
    const struct customer *customer =
        resource_follow(request, &customer_resource, &session->customer);
    if (customer)
        test_clock_enter(request, &customer->test_clock);
}

struct portal_session *portal_session_enter(struct request *request, struct str token)
{
    struct query query = db_query(request->db, &find_token);
    db_bind_str(&query, hash_token(request, token));
    if (!db_row(&query))
        return NULL;
    int64_t row = db_int(&query, 1);
    request->tenant = db_int(&query, 0);
    request->livemode = request->tenant & 1;
    db_end(&query);
    struct portal_session *session = resource_load(request, &portal_session_resource, row);
    if (!session)
        return NULL;
    enter_clock(request, session);
    if (has_ended(request, session))
        return NULL;
    session->used_at = (struct opt_time){true, request->now};
    portal_session_save(request, session);
    return session;
}

void portal_session_save(struct request *request, const struct portal_session *session)
{
    rows_update(request, catalog_of(request, &portal_session_resource),
                &portal_session_resource.schema, session);
}

struct subscription *portal_subscription(struct request *request,
                                         const struct portal_session *session, struct str id)
{
    struct subscription *subscription =
        id.data ? resource_find(request, &subscription_resource, id) : NULL;
    return subscription && !subscription->ended_at.set &&
                   str_equal(subscription->customer.id, session->customer.id)
               ? subscription
               : NULL;
}

/* ---- rules ---- */

#define FLOW "flow_data"

static bool fail_flow(struct request *request, const char *param, const char *problem)
{
    return fail(request, CODE_NONE, str_from(param), "%s", problem);
}

static bool check_subscription(struct request *request, const struct portal_session *session,
                               struct str id, const char *param, struct subscription **found)
{
    *found = portal_subscription(request, session, id);
    return *found || fail(request, CODE_resource_missing, str_from(param),
                          "No such subscription: '%.*s'", STR_FMT(id));
}

static bool check_retention(struct request *request, const struct portal_retention *retention)
{
    const struct coupon *coupon =
        retention ? resource_find(request, &coupon_resource, retention->coupon_offer.coupon) : NULL;
    const char *param = FLOW "[subscription_cancel][retention][coupon_offer][coupon]";
    if (!retention)
        return true;
    if (!coupon)
        return fail(request, CODE_resource_missing, str_from(param), "No such coupon: '%.*s'",
                    STR_FMT(retention->coupon_offer.coupon));
    return coupon->valid || fail(request, CODE_coupon_expired, str_from(param),
                                 "Coupon expired: %.*s", STR_FMT(coupon->object.id));
}

static bool check_discount(struct request *request,
                           const struct portal_configuration *configuration,
                           const struct portal_flow_confirm *confirm)
{
    const struct portal_flow_discount *discount = confirm->discounts.items;
    if (confirm->discounts.count == 0 || !discount)
        return true;
    if (!portal_allows(configuration, "promotion_code"))
        return fail_flow(request, FLOW "[subscription_update_confirm][discounts]",
                         "The portal configuration's `features[subscription_update]"
                         "[default_allowed_updates]` does not include `promotion_code`.");
    if ((discount->coupon.data != NULL) == (discount->promotion_code.data != NULL))
        return fail_flow(request, FLOW "[subscription_update_confirm][discounts][0]",
                         "You must specify exactly one of coupon and promotion_code.");
    if (discount->coupon.data && !resource_find(request, &coupon_resource, discount->coupon))
        return fail(request, CODE_resource_missing,
                    STR(FLOW "[subscription_update_confirm][discounts][0][coupon]"),
                    "No such coupon: '%.*s'", STR_FMT(discount->coupon));
    if (discount->promotion_code.data &&
        !resource_find(request, &promotion_code_resource, discount->promotion_code))
        return fail(request, CODE_resource_missing,
                    STR(FLOW "[subscription_update_confirm][discounts][0][promotion_code]"),
                    "No such promotion code: '%.*s'", STR_FMT(discount->promotion_code));
    return true;
}

static bool check_confirm(struct request *request, const struct portal_configuration *configuration,
                          const struct subscription *subscription,
                          const struct portal_flow_confirm *confirm)
{
    const struct portal_flow_item *change = confirm->items.items;
    const struct subscription_item *items = subscription->items.items, *item = NULL;
    for (size_t i = 0; i < subscription->items.count; i++)
        if (str_equal(items[i].object.id, change->id))
            item = &items[i];
    if (!item)
        return fail(request, CODE_resource_missing,
                    STR(FLOW "[subscription_update_confirm][items][0][id]"),
                    "No such subscription_item: '%.*s'", STR_FMT(change->id));
    if (change->price.data && !str_equal(change->price, item->price.id) &&
        !(portal_allows(configuration, "price") && portal_offers(configuration, change->price)))
        return fail_flow(request, FLOW "[subscription_update_confirm][items][0][price]",
                         "The portal configuration does not offer this price.");
    if (change->quantity.set && change->quantity.value != item->quantity.value &&
        !portal_allows(configuration, "quantity"))
        return fail_flow(request, FLOW "[subscription_update_confirm][items][0][quantity]",
                         "The portal configuration's `features[subscription_update]"
                         "[default_allowed_updates]` does not include `quantity`.");
    return check_discount(request, configuration, confirm);
}

static bool check_completion(struct request *request, struct portal_completion *after)
{
    if (!after->type.value)
        after->type.value = AFTER_HOMEPAGE;
    return after->type.value != AFTER_REDIRECT || after->redirect ||
           fail(request, CODE_parameter_missing, STR(FLOW "[after_completion][redirect]"),
                "Missing required param: " FLOW "[after_completion][redirect].");
}

/* The hash that belongs to the type, and no other, is there. */
static bool check_type(struct request *request, const struct portal_flow *flow)
{
    const void *const hashes[] = {flow->subscription_cancel, flow->subscription_update,
                                  flow->subscription_update_confirm};
    for (size_t i = 0; i < ARRAY_LENGTH(hashes); i++) {
        bool wanted = flow->type.value == (int)i + 1;
        struct str param = str_format(request->arena, FLOW "[%s]", flow_types[i]);
        if (wanted && !hashes[i])
            return fail(request, CODE_parameter_missing, param, "Missing required param: %.*s.",
                        STR_FMT(param));
        if (!wanted && hashes[i])
            return fail(request, CODE_NONE, param, "It does not go with the type `%s`.",
                        flow_types[flow->type.value - 1]);
    }
    return true;
}

static bool check_flow(struct request *request, const struct portal_session *session,
                       const struct portal_configuration *configuration)
{
    struct portal_flow *flow = session->flow;
    struct subscription *subscription;
    if (!flow)
        return true;
    if (!check_type(request, flow) || !check_completion(request, &flow->after_completion))
        return false;
    if (flow->type.value == FLOW_SUBSCRIPTION_CANCEL) {
        if (!configuration->features->subscription_cancel.enabled)
            return fail_flow(request, FLOW "[type]",
                             "Cancelling is disabled in the portal configuration.");
        return check_subscription(request, session, flow->subscription_cancel->subscription,
                                  FLOW "[subscription_cancel][subscription]", &subscription) &&
               check_retention(request, flow->subscription_cancel->retention);
    }
    if (!configuration->features->subscription_update.enabled)
        return fail_flow(request, FLOW "[type]",
                         "Changing subscriptions is disabled in the portal configuration.");
    if (flow->type.value == FLOW_SUBSCRIPTION_UPDATE)
        return check_subscription(request, session, flow->subscription_update->subscription,
                                  FLOW "[subscription_update][subscription]", &subscription);
    return check_subscription(request, session, flow->subscription_update_confirm->subscription,
                              FLOW "[subscription_update_confirm][subscription]", &subscription) &&
           subscription &&
           check_confirm(request, configuration, subscription, flow->subscription_update_confirm);
}

static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    struct portal_session *session = object;
    (void)before;
    (void)operation;
    enter_clock(request, session);
    if (!session->configuration.id.data && !portal_default(request, &session->configuration))
        return false;
    const struct portal_configuration *configuration =
        resource_follow(request, &portal_configuration_resource, &session->configuration);
    if (!configuration)
        return true; /* the database has failed, which the transaction will notice */
    if (!configuration->active)
        return fail(request, CODE_NONE, STR("configuration"),
                    "The configuration is not active and cannot be used for sessions.");
    if (!session->return_url.data)
        session->return_url = configuration->default_return_url;
    char *token = arena_alloc(request->arena, TOKEN_CHARACTERS + 1);
    random_characters(request->random, ALPHABET_BASE62, token, TOKEN_CHARACTERS);
    session->token = (struct str){token, TOKEN_CHARACTERS};
    session->token_hash = hash_token(request, session->token);
    return check_flow(request, session, configuration);
}

/* The address is told to the caller alone: the event does not have it, nor does the database. */
static bool create(struct request *request, const struct route *route, struct answer *answer)
{
    if (!resource_create(request, route, answer))
        return false;
    struct portal_session *session = (struct portal_session *)(uintptr_t)answer->object;
    session->url = str_format(request->arena, "%.*s/p/session/%.*s", STR_FMT(request->origin),
                              STR_FMT(session->token));
    return true;
}

static const struct route routes[] = {
    {.method = "POST",
     .path = "/v1/billing_portal/sessions",
     .handler = create,
     .resource = &portal_session_resource,
     .parameters = &portal_session_resource.schema,
     .in = CREATE,
     .name = "PostBillingPortalSessions",
     .summary = "Create a session of the billing portal"},
};

const struct resource portal_session_resource = {
    .schema =
        SCHEMA(struct portal_session, session_fields, "billing_portal.session", .is_object = true,
               .help = "A link that lets a customer into the billing portal."),
    .table = {&portal_session_resource.schema, "portal_sessions", NULL},
    .number = RESOURCE_portal_session,
    .path = "/v1/billing_portal/sessions",
    .noun = "session",
    .path_param = "session",
    .events = "billing_portal.session",
    .id_prefix = "bps_",
    .id_form = ID_LONG,
    .stays = true,
    .routes = routes,
    .route_count = ARRAY_LENGTH(routes),
    .check = check,
};

/* Configurations of the billing portal. */
#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "resources/portal.h"
#include "resources/price.h"
#include "resources/product.h"
#include "resources/registry.h"
#include "resources/subscription.h"

#include <stddef.h>

#define V_2025_02_24 20250224

static const char *const cancel_modes[] = {"at_period_end", "immediately", NULL};
static const char *const anchors[] = {"now", "unchanged", NULL};
static const char *const trial_behaviors[] = {"continue_trial", "end_trial", NULL};
static const char *const condition_types[] = {"decreasing_item_amount", "shortening_interval",
                                              NULL};
static const char *const customer_updates[] = {"address",  "email",  "name", "phone",
                                               "shipping", "tax_id", NULL};
static const char *const updates[] = {"price", "promotion_code", "quantity", NULL};
/* In the order of the feedback that subscriptions keep. */
static const char *const reasons[] = {
    "customer_service", "low_quality",   "missing_features", "other", "switched_service",
    "too_complex",      "too_expensive", "unused",           NULL};
static const char *const reason_words[] = {"The customer service was not good enough",
                                           "The quality was not good enough",
                                           "Something is missing",
                                           "Another reason",
                                           "I have changed to another service",
                                           "It is too complicated",
                                           "It is too expensive",
                                           "I do not use it enough"};

enum {
    TRIAL_ENDS = 2
};

#define BOTH (CREATE | UPDATE)

#define THIS struct portal_enabled
static const struct field enabled_fields[] = {
    FIELD(enabled, "Whether customers can do it.", .in = BOTH, .is = REQUIRED),
};
static const struct field payment_method_update_fields[] = {
    FIELD(enabled, "Whether customers can do it.", .in = BOTH, .is = REQUIRED),
    CONSTANT("payment_method_configuration", "null", "Not supported.", .since = V_2025_08_27),
};
static const struct field pause_fields[] = {
    CONSTANT("duration", "null", "Not supported."),
    FIELD(enabled, "Only false.", .in = BOTH),
};
static const struct field login_page_fields[] = {
    FIELD(enabled, "Only false.", .in = BOTH, .is = REQUIRED),
    CONSTANT("url", "null", "Not supported."),
};
#undef THIS
static const struct schema enabled_schema =
    SCHEMA(struct portal_enabled, enabled_fields, "portal_enabled");
static const struct schema payment_method_update_schema =
    SCHEMA(struct portal_enabled, payment_method_update_fields, "portal_payment_method_update");
static const struct schema pause_schema =
    SCHEMA(struct portal_enabled, pause_fields, "portal_subscription_pause");
static const struct schema login_page_schema =
    SCHEMA(struct portal_enabled, login_page_fields, "portal_login_page");

#define THIS struct portal_customer_update
static const struct field customer_update_fields[] = {
    FIELD(allowed_updates, "What customers can change of themselves.", .in = BOTH,
          .is = CLEARS_ON_UPDATE),
    FIELD(enabled, "Whether they can.", .in = BOTH, .is = REQUIRED),
};
#undef THIS
static const struct schema customer_update_schema =
    SCHEMA(struct portal_customer_update, customer_update_fields, "portal_customer_update");

#define THIS struct portal_cancellation_reason
static const struct field cancellation_reason_fields[] = {
    FIELD(enabled, "Whether customers are asked why.", .in = BOTH, .is = REQUIRED),
    FIELD(options, "What they can answer.", .in = BOTH, .is = CLEARS_ON_UPDATE),
};
#undef THIS
static const struct schema cancellation_reason_schema = SCHEMA(
    struct portal_cancellation_reason, cancellation_reason_fields, "portal_cancellation_reason");

#define THIS struct portal_cancel
static const struct field cancel_fields[] = {
    HASH(cancellation_reason, cancellation_reason_schema, "Whether customers are asked why.",
         .in = BOTH),
    FIELD(enabled, "Whether customers can cancel.", .in = BOTH, .is = REQUIRED),
    FIELD(mode, "When that takes effect.", .in = BOTH, .values = cancel_modes),
    FIELD(proration_behavior, "Whether unused time is given back.", .in = BOTH,
          .values = proration_behaviors),
};
#undef THIS
static const struct schema cancel_schema =
    SCHEMA(struct portal_cancel, cancel_fields, "portal_subscription_cancel");

#define THIS struct portal_product
static const struct field product_quantity_fields[] = {
    CONSTANT("enabled", "false", "Not supported."),
    CONSTANT("maximum", "null", "Not supported."),
    CONSTANT("minimum", "1", "Not supported."),
};
static const struct schema product_quantity_schema =
    SCHEMA(struct portal_product, product_quantity_fields, "portal_adjustable_quantity");
static const struct field product_fields[] = {
    HASH(prices, product_quantity_schema, "Not supported.", .as = "adjustable_quantity",
         .since = V_DAHLIA),
    FIELD(prices, "The prices.", .in = BOTH, .is = REQUIRED),
    FIELD(product, "The product.", .in = BOTH, .is = REQUIRED | NOT_NULL),
};
#undef THIS
static const struct schema product_schema =
    SCHEMA(struct portal_product, product_fields, "portal_product");

#define THIS struct portal_condition
static const struct field condition_fields[] = {
    FIELD(type, "Which changes wait.", .in = BOTH, .is = REQUIRED, .values = condition_types),
};
#undef THIS
static const struct schema condition_schema =
    SCHEMA(struct portal_condition, condition_fields, "portal_condition");

#define THIS struct portal_schedule
static const struct field schedule_fields[] = {
    FIELD(conditions, "Which changes wait for the end of the period.", .in = BOTH,
          .is = CLEARS_ON_UPDATE, .of = &condition_schema),
};
#undef THIS
static const struct schema schedule_schema =
    SCHEMA(struct portal_schedule, schedule_fields, "portal_schedule_at_period_end");

#define THIS struct portal_update
static const struct field update_fields[] = {
    FIELD(billing_cycle_anchor, "Whether a change begins a new period.", .in = BOTH,
          .is = NULL_WHEN_EMPTY, .values = anchors, .since = V_DAHLIA),
    FIELD(default_allowed_updates,
          "What customers can change: `price`, `promotion_code`, "
          "`quantity`.",
          .in = BOTH, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(enabled, "Whether they can.", .in = BOTH, .is = REQUIRED),
    FIELD(products, "What they can change to.", .in = BOTH,
          .is = INCLUDABLE | CLEARS_ON_CREATE | CLEARS_ON_UPDATE, .of = &product_schema,
          .max = PORTAL_PRODUCTS_MAX),
    FIELD(proration_behavior, "Whether unused time is given back.", .in = BOTH,
          .values = proration_behaviors),
    HASH(schedule_at_period_end, schedule_schema, "Accepted without effect.", .in = BOTH,
         .since = V_2025_02_24),
    FIELD(trial_update_behavior, "Whether a change ends a trial.", .in = BOTH,
          .values = trial_behaviors, .since = V_CLOVER),
};
#undef THIS
static const struct schema update_schema =
    SCHEMA(struct portal_update, update_fields, "portal_subscription_update");

#define THIS struct portal_features
static const struct field features_fields[] = {
    HASH(customer_update, customer_update_schema, "Changing one's own data.", .in = BOTH),
    HASH(invoice_history, enabled_schema, "Looking at invoices.", .in = BOTH),
    HASH(payment_method_update, payment_method_update_schema, "Changing the card.", .in = BOTH),
    HASH(subscription_cancel, cancel_schema, "Cancelling subscriptions.", .in = BOTH),
    HASH(subscription_pause, pause_schema, "Not supported.", .in = BOTH, .since = V_ENDIVE),
    HASH(subscription_update, update_schema, "Changing subscriptions.", .in = BOTH),
};
#undef THIS
static const struct schema features_schema =
    SCHEMA(struct portal_features, features_fields, "portal_features");

#define THIS struct portal_business_profile
static const struct field business_profile_fields[] = {
    FIELD(headline, "What stands at the top.", .in = BOTH,
          .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE, .max = HEADLINE_CHARACTERS_MAX),
    FIELD(privacy_policy_url, "A link at the foot.", .in = BOTH, .format = FORMAT_URL),
    FIELD(terms_of_service_url, "A link at the foot.", .in = BOTH, .format = FORMAT_URL),
};
#undef THIS
static const struct schema business_profile_schema =
    SCHEMA(struct portal_business_profile, business_profile_fields, "portal_business_profile");

#define THIS struct portal_configuration
static const struct field configuration_fields[] = {
    FIELD_ID,
    FIELD(active, "Whether sessions can use it.", .in = UPDATE | FILTER),
    CONSTANT("application", "null", "Not supported."),
    HASH(business_profile, business_profile_schema, "What is said of the seller.", .in = BOTH),
    FIELD(object.created, "When the object was created.", .as = "created", .is = DERIVED),
    FIELD(default_return_url, "Where customers go back to.", .in = BOTH,
          .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE, .format = FORMAT_URL),
    OPT_HASH(features, features_schema, "What customers can do.", .in = BOTH,
             .is = REQUIRED | NOT_NULL),
    FIELD(is_default, "Whether sessions use it that name none.", .in = FILTER),
    FIELD_LIVEMODE,
    HASH(login_page, login_page_schema, "Not supported.", .in = BOTH, .since = V_2022_11_15),
    FIELD_METADATA(.in = BOTH, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(name, "What only you see.", .in = BOTH, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE,
          .since = V_2025_08_27),
    FIELD(updated, "When it was last changed."),
};
#undef THIS

static void prepare(struct request *request, void *object)
{
    struct portal_configuration *configuration = object;
    struct portal_features *features = ARENA_NEW(request->arena, struct portal_features);
    configuration->active = true;
    configuration->features = features;
    features->subscription_cancel.mode.value = CANCEL_AT_PERIOD_END;
    features->subscription_cancel.proration_behavior.value = PRORATION_NONE;
    features->subscription_update.proration_behavior.value = PRORATION_NONE;
    features->subscription_update.trial_update_behavior.value = TRIAL_ENDS;
}

/* ---- rules ---- */

static bool is_one_of(struct str value, const char *const *values)
{
    for (size_t i = 0; values[i]; i++)
        if (str_is(value, values[i]))
            return true;
    return false;
}

static bool check_values(struct request *request, const char *param, const struct strings *strings,
                         const char *const *values)
{
    for (size_t i = 0; i < strings->count; i++)
        if (!is_one_of(strings->items[i], values))
            return fail(request, CODE_NONE, str_format(request->arena, "%s[%zu]", param, i),
                        "Invalid %s[%zu]: there is no value '%.*s'", param, i,
                        STR_FMT(strings->items[i]));
    return true;
}

static bool check_prices(struct request *request, const struct portal_product *product, size_t n)
{
    const char *path = "features[subscription_update][products]";
    if (!resource_find(request, &product_resource, product->product))
        return fail(request, CODE_resource_missing,
                    str_format(request->arena, "%s[%zu][product]", path, n),
                    "No such product: '%.*s'", STR_FMT(product->product));
    for (size_t i = 0; i < product->prices.count; i++) {
        struct str param = str_format(request->arena, "%s[%zu][prices][%zu]", path, n, i);
        const struct price *price =
            resource_find(request, &price_resource, product->prices.items[i]);
        if (!price)
            return fail(request, CODE_resource_missing, param, "No such price: '%.*s'",
                        STR_FMT(product->prices.items[i]));
        if (!str_equal(price->product.id, product->product) ||
            price->type.value != PRICE_RECURRING || !price->active)
            return fail(request, CODE_NONE, param,
                        "The price `%.*s` must be an active, recurring price of the product "
                        "`%.*s`.",
                        STR_FMT(price->object.id), STR_FMT(product->product));
    }
    return true;
}

static bool fail_lacks(struct request *request, const char *param)
{
    return fail(request, CODE_parameter_missing, str_from(param), "Missing required param: %s.",
                param);
}

static bool check_update(struct request *request, const struct portal_update *update)
{
    const struct portal_product *products = update->products.items;
    if (!check_values(request, "features[subscription_update][default_allowed_updates]",
                      &update->default_allowed_updates, updates))
        return false;
    for (size_t i = 0; i < update->products.count; i++)
        if (!check_prices(request, &products[i], i))
            return false;
    if (!update->enabled)
        return true;
    if (!update->default_allowed_updates.count)
        return fail_lacks(request, "features[subscription_update][default_allowed_updates]");
    return update->products.count || fail_lacks(request, "features[subscription_update][products]");
}

static bool check_features(struct request *request, const struct portal_features *features)
{
    const struct portal_customer_update *customer = &features->customer_update;
    if (!check_values(request, "features[customer_update][allowed_updates]",
                      &customer->allowed_updates, customer_updates) ||
        !check_values(request, "features[subscription_cancel][cancellation_reason][options]",
                      &features->subscription_cancel.cancellation_reason.options, reasons))
        return false;
    if (customer->enabled && !customer->allowed_updates.count)
        return fail_lacks(request, "features[customer_update][allowed_updates]");
    if (features->subscription_pause.enabled)
        return fail(request, CODE_NONE, STR("features[subscription_pause][enabled]"),
                    "Pausing subscriptions is not supported.");
    return check_update(request, &features->subscription_update);
}

static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    struct portal_configuration *configuration = object;
    if (operation == FILTER)
        return true;
    if (configuration->login_page.enabled)
        return fail(request, CODE_NONE, STR("login_page[enabled]"),
                    "Login pages are not supported.");
    if (before && configuration->is_default && !configuration->active)
        return fail(request, CODE_NONE, STR("active"),
                    "You cannot deactivate the default configuration.");
    configuration->updated.seconds = request->now;
    return check_features(request, configuration->features);
}

bool portal_allows(const struct portal_configuration *configuration, const char *update)
{
    const struct portal_update *allowed = &configuration->features->subscription_update;
    for (size_t i = 0; allowed->enabled && i < allowed->default_allowed_updates.count; i++)
        if (str_is(allowed->default_allowed_updates.items[i], update))
            return true;
    return false;
}

bool portal_offers(const struct portal_configuration *configuration, struct str price)
{
    const struct list *products = &configuration->features->subscription_update.products;
    for (size_t i = 0; i < products->count; i++) {
        const struct strings *prices = &((const struct portal_product *)products->items)[i].prices;
        for (size_t j = 0; j < prices->count; j++)
            if (str_equal(prices->items[j], price))
                return true;
    }
    return false;
}

const char *portal_reason(size_t n)
{
    return n < ARRAY_LENGTH(reason_words) ? reasons[n] : NULL;
}

const char *portal_reason_words(size_t n)
{
    return n < ARRAY_LENGTH(reason_words) ? reason_words[n] : NULL;
}

STATEMENT(find_default, "SELECT id, seq FROM portal_configurations WHERE tenant = $1"
                        " AND is_default = 1");

bool portal_default(struct request *request, struct ref *ref)
{
    struct query query = db_query(request->db, &find_default);
    db_bind_int(&query, request->tenant);
    if (db_row(&query)) {
        *ref = (struct ref){str_copy(request->arena, db_str(&query, 0)), db_int(&query, 1), NULL};
        db_end(&query);
        return true;
    }
    struct portal_configuration *made = resource_new(request, &portal_configuration_resource);
    prepare(request, made);
    made->is_default = true;
    made->updated.seconds = request->now;
    made->features->invoice_history.enabled = true;
    made->features->payment_method_update.enabled = true;
    made->features->subscription_cancel.enabled = true;
    if (!resource_insert(request, &portal_configuration_resource, made))
        return false;
    *ref = (struct ref){made->object.id, made->object.row, NULL};
    return true;
}

const struct resource portal_configuration_resource = {
    .schema =
        SCHEMA(struct portal_configuration, configuration_fields, "billing_portal.configuration",
               .is_object = true, .help = "What customers can do in the billing portal."),
    .table = {&portal_configuration_resource.schema, "portal_configurations", NULL},
    .number = RESOURCE_portal_configuration,
    .path = "/v1/billing_portal/configurations",
    .noun = "configuration",
    .path_param = "configuration",
    .events = "billing_portal.configuration",
    .id_prefix = "bpc_",
    .id_form = ID_LONG,
    .operations = CREATE | RETRIEVE | UPDATE | FILTER,
    .prepare = prepare,
    .check = check,
};

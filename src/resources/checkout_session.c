/* Checkout Sessions: their tables and calls. */
#include "resources/checkout_session.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/request.h"
#include "resources/checkout_parts.h"
#include "resources/coupon.h"
#include "resources/customer.h"
#include "resources/discount.h"
#include "resources/event.h"
#include "resources/list.h"
#include "resources/payment_intent.h"
#include "resources/promotion_code.h"
#include "resources/registry.h"
#include "resources/subscription.h"
#include "resources/test_clock.h"
#include "resources/timer.h"
#include "schema/expansion.h"

#include <string.h>

#define V_2025_02_24 20250224

#define ID_RANDOM_CHARACTERS 58
#define ITEMS_SHOWN_MAX 10 /* inside the session */

static const char *const whens[] = {"always", "if_required", NULL};
static const char *const address_collections[] = {"auto", "required", NULL};
static const char *const locales[] = {
    "auto", "bg",  "cs", "da",    "de",    "el", "en", "en-GB", "es",    "es-419", "et",
    "fi",   "fil", "fr", "fr-CA", "hi-IN", "hr", "hu", "id",    "it",    "ja",     "ko",
    "lt",   "lv",  "ms", "mt",    "nb",    "nl", "pl", "pt",    "pt-BR", "ro",     "ru",
    "sk",   "sl",  "sv", "th",    "tr",    "vi", "zh", "zh-HK", "zh-TW", NULL};
static const char *const modes[] = {"payment", "setup", "subscription", NULL};
static const char *const payment_statuses[] = {"no_payment_required", "paid", "unpaid", NULL};
static const char *const statuses[] = {"complete", "expired", "open", NULL};
static const char *const submit_types[] = {"auto", "book", "donate", "pay", "subscribe", NULL};
static const char *const old_ui_modes[] = {"hosted", NULL};
static const char *const ui_modes[] = {"hosted_page", NULL};

/* A hash of nothing but constants needs no member of its own. */
#define PLACEHOLDER(wire_name, schema, help, ...) \
    HASH(object, schema, help, .as = wire_name, __VA_ARGS__)
#define NOTHING(name) CONSTANT(name, "null", "Not supported.")

#define THIS struct checkout_session
static const struct field session_fields[] = {
    FIELD_ID,
    HASH(adaptive_pricing, checkout_optional_enabled_schema, "Accepted without effect.",
         .in = CREATE, .since = V_2025_02_24),
    OPT_HASH(after_expiration, checkout_after_expiration_schema,
             "What could happen once it has expired.", .in = CREATE),
    FIELD(allow_promotion_codes, "Whether the page takes promotion codes.", .in = CREATE),
    FIELD(payment_method_types, "Kinds of methods; only `card`.", .in = CREATE,
          .is = NULL_WHEN_EMPTY, .as = "allowed_payment_method_types", .since = V_ENDIVE),
    FIELD(amount_subtotal, "What it costs before the discount, in minor units."),
    FIELD(amount_total, "What is to be paid."),
    HASH(automatic_tax, checkout_automatic_tax_schema, "Taxes, of which there are none.",
         .in = CREATE),
    FIELD(billing_address_collection, "Accepted without effect.", .in = CREATE,
          .is = NULL_WHEN_EMPTY, .values = address_collections),
    PLACEHOLDER("branding_settings", checkout_branding_schema, "Look of the page.",
                .since = V_CLOVER),
    FIELD(cancel_url, "Where the page leads back to.", .in = CREATE, .format = FORMAT_URL),
    FIELD(client_reference_id, "Your own reference.", .in = CREATE,
          .max = CLIENT_REFERENCE_CHARACTERS_MAX),
    CONSTANT("client_secret", "null", "Not supported.", .since = V_2023_10_16),
    PLACEHOLDER("collected_information", checkout_collected_schema, "Not supported.",
                .since = V_2025_02_24),
    NOTHING("consent"),
    NOTHING("consent_collection"),
    FIELD_CREATED,
    FIELD(currency, "Currency; that of the first price by default.", .in = CREATE,
          .format = FORMAT_CURRENCY, .since = V_2022_08_01),
    FIELD(currency, "Currency.", .until = V_2022_08_01),
    CONSTANT("currency_conversion", "null", "Not supported.", .since = V_2023_08_16),
    CONSTANT("custom_fields", "[]", "Not supported.", .since = V_2023_08_16),
    PLACEHOLDER("custom_text", checkout_custom_text_schema, "Not supported.",
                .since = V_2023_08_16),
    FIELD(customer, "Who buys.", .in = CREATE | FILTER, .of = &customer_resource.schema),
    CONSTANT("customer_account", "null", "Not supported.", .since = V_2025_12_15),
    FIELD(customer_creation, "Whether buying makes a customer.", .in = CREATE,
          .is = NULL_WHEN_EMPTY, .values = whens),
    HASH(customer_details, checkout_customer_details_schema, "What is known of the buyer.",
         .in = FILTER, .is = NULL_WHEN_EMPTY),
    FIELD(customer_email, "E-mail address of the buyer.", .in = CREATE, .max = EMAIL_CHARACTERS_MAX,
          .format = FORMAT_EMAIL),
    HASH(customer_update, checkout_customer_update_schema, "Accepted without effect.", .in = CREATE,
         .is = INPUT),
    FIELD(offers, "The coupon or promotion code; one at most.", .in = CREATE, .is = INPUT,
          .as = "discounts", .of = &checkout_offer_schema, .max = 1),
    FIELD(discounts, "The coupon or promotion code.", .is = DERIVED, .of = &checkout_offer_schema,
          .since = V_2025_02_24),
    FIELD(expires_at, "When it expires; after 24 hours by default.", .in = CREATE),
    CONSTANT("integration_identifier", "null", "Not supported.", .since = V_DAHLIA),
    FIELD(invoice, "The invoice that it made.", .of = &invoice_resource.schema,
          .since = V_2023_08_16),
    HASH(invoice_creation, checkout_invoice_creation_schema, "The invoice that it makes.",
         .in = CREATE, .is = NULL_WHEN_EMPTY, .since = V_2023_08_16),
    FIELD(lines, "What is bought.", .in = CREATE, .is = INPUT | REQUIRED, .as = "line_items",
          .of = &checkout_line_schema),
    FIELD(line_items, "What is bought.", .is = INCLUDABLE | DERIVED,
          .of = &checkout_item_resource.schema),
    FIELD_LIVEMODE,
    FIELD(locale, "Language; the page is in English.", .in = CREATE, .is = NULL_WHEN_EMPTY,
          .values = locales),
    CONSTANT("managed_payments", "null", "Not supported.", .since = V_ENDIVE),
    FIELD_METADATA(.in = CREATE | UPDATE, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(mode, "What buying leads to: `payment` or `subscription`.", .in = CREATE, .is = REQUIRED,
          .values = modes),
    CONSTANT("origin_context", "null", "Not supported.", .since = V_2025_08_27),
    FIELD(payment_intent, "The payment.", .in = FILTER, .of = &payment_intent_resource.schema),
    OPT_HASH(payment_intent_data, checkout_payment_intent_data_schema, "What the payment has.",
             .in = CREATE, .is = INPUT),
    OPT_HASH(payment_intent_data, checkout_payment_intent_data_schema, "What the payment has.",
             .is = INTERNAL),
    NOTHING("payment_link"),
    FIELD(payment_method_collection, "Whether a card is asked for when nothing is to be paid.",
          .in = CREATE, .values = whens, .since = V_2022_11_15),
    CONSTANT("payment_method_configuration_details", "null", "Not supported.",
             .since = V_2023_10_16),
    CONSTANT("payment_method_options", "{}", "Not supported."),
    FIELD(payment_method_types, "Kinds of methods; only `card`.", .in = CREATE, .is = INPUT,
          .until = V_ENDIVE),
    CONSTANT("payment_method_types", "[\"card\"]", "Kinds of methods."),
    FIELD(payment_status, "Whether it was paid.", .values = payment_statuses),
    CONSTANT("permissions", "null", "Not supported.", .since = V_BASIL),
    HASH(phone_number_collection, checkout_enabled_schema, "Accepted without effect.",
         .in = CREATE),
    NOTHING("recovered_from"),
    PLACEHOLDER("saved_payment_method_options", checkout_saved_methods_schema, "Not supported.",
                .since = V_2024_06_20),
    NOTHING("setup_intent"),
    CONSTANT("shipping", "null", "Not supported.", .until = V_2022_08_01),
    NOTHING("shipping_address_collection"),
    CONSTANT("shipping_cost", "null", "Not supported.", .since = V_2022_08_01),
    CONSTANT("shipping_details", "null", "Not supported.", .since = V_2022_08_01, .until = V_BASIL),
    CONSTANT("shipping_options", "[]", "Not supported."),
    CONSTANT("shipping_rate", "null", "Not supported.", .until = V_2022_08_01),
    FIELD(status, "How far it is.", .in = FILTER, .values = statuses),
    FIELD(submit_type, "What the button says.", .in = CREATE, .is = NULL_WHEN_EMPTY,
          .values = submit_types),
    FIELD(subscription, "The subscription that it made.", .in = FILTER,
          .of = &subscription_resource.schema),
    OPT_HASH(subscription_data, checkout_subscription_data_schema, "What the subscription has.",
             .in = CREATE, .is = INPUT),
    OPT_HASH(subscription_data, checkout_subscription_data_schema, "What the subscription has.",
             .is = INTERNAL),
    FIELD(success_url, "Where the buyer goes after buying; {CHECKOUT_SESSION_ID} is replaced.",
          .in = CREATE, .is = REQUIRED, .format = FORMAT_URL),
    HASH(total_details, checkout_total_details_schema, "What the total is made of."),
    FIELD(ui_mode, "Only the hosted page.", .in = CREATE, .is = INPUT, .values = old_ui_modes,
          .since = V_2023_10_16, .until = V_DAHLIA),
    FIELD(ui_mode, "Only the hosted page.", .in = CREATE, .is = INPUT, .values = ui_modes,
          .since = V_DAHLIA),
    CONSTANT("ui_mode", "\"hosted\"", "Only the hosted page.", .since = V_2023_10_16,
             .until = V_DAHLIA),
    CONSTANT("ui_mode", "\"hosted_page\"", "Only the hosted page.", .since = V_DAHLIA),
    FIELD(url, "The page, as long as it is open.", .is = DERIVED),
    CONSTANT("wallet_options", "null", "Not supported.", .since = V_2025_08_27),
    FIELD(items, "The lines.", .is = INTERNAL, .of = &checkout_item_resource.schema),
    FIELD(coupon, "Of the discount.", .is = INTERNAL, .of = &coupon_resource.schema),
    FIELD(promotion_code, "Of the discount.", .is = INTERNAL,
          .of = &promotion_code_resource.schema),
    FIELD(discount, "The discount.", .is = INTERNAL, .of = &discount_resource.schema),
    FIELD(refused_codes, "Codes refused lately.", .is = INTERNAL),
    FIELD(refused_at, "Since when they are counted.", .is = INTERNAL),
};
#undef THIS

/* ---- what follows from what is stored ---- */

static void derive_offer(struct request *request, struct checkout_session *session)
{
    struct checkout_offer *offer = ARENA_NEW(request->arena, struct checkout_offer);
    *offer = (struct checkout_offer){.promotion_code = session->promotion_code};
    if (!session->promotion_code.row)
        offer->coupon = session->coupon;
    session->discounts = (struct list){offer, session->coupon.row ? 1 : 0};
}

/* What each line, or all of them, owes to the discount. */
static struct list list_discount(struct request *request, const struct discount *discount,
                                 int64_t amount)
{
    struct checkout_discount *entry = ARENA_NEW(request->arena, struct checkout_discount);
    if (!discount || amount == 0)
        return (struct list){0};
    *entry =
        (struct checkout_discount){amount, {discount->object.id, discount->object.row, discount}};
    return (struct list){entry, 1};
}

static void derive_items(struct request *request, struct checkout_session *session)
{
    const struct discount *discount = checkout_discount_find(request, session);
    for (size_t i = 0; i < session->items.count; i++) {
        struct checkout_item *item = checkout_item_at(session, i);
        item->discounts = list_discount(request, discount, item->amount_discount);
    }
    bool more = session->items.count > ITEMS_SHOWN_MAX;
    session->line_items = (struct embedded){
        .items = session->items.items,
        .count = more ? ITEMS_SHOWN_MAX : session->items.count,
        .has_more = more,
        .total_count = -1,
        .url = str_format(request->arena, "/v1/checkout/sessions/%.*s/line_items",
                          STR_FMT(session->object.id)),
    };
}

static void derive(struct request *request, void *object)
{
    struct checkout_session *session = object;
    struct checkout_total_details *details = &session->total_details;
    derive_offer(request, session);
    session->url = STR_NULL;
    if (session->status.value == CHECKOUT_OPEN && request->origin.data)
        session->url = str_format(request->arena, "%.*s/c/pay/%.*s", STR_FMT(request->origin),
                                  STR_FMT(session->object.id));
    if (expansion_child(request->expansion, STR("line_items")))
        derive_items(request, session);
    if (expansion_child(request->expansion, STR("total_details"))) {
        details->breakdown = ARENA_NEW(request->arena, struct checkout_breakdown);
        details->breakdown->discounts = list_discount(
            request, checkout_discount_find(request, session), details->amount_discount);
    }
}

/* ---- rules ---- */

static void prepare(struct request *request, void *object)
{
    struct checkout_session *session = object;
    char random[ID_RANDOM_CHARACTERS];
    random_characters(request->random, ALPHABET_BASE62, random, sizeof(random));
    session->object.id =
        str_format(request->arena, "cs_%s_a1%.*s", request->livemode ? "live" : "test",
                   (int)sizeof(random), random);
    session->adaptive_pricing.enabled = true;
    session->payment_status.value = CHECKOUT_UNPAID;
    session->status.value = CHECKOUT_OPEN;
}

static bool fail_exclusive(struct request *request, const char *first, const char *second)
{
    return fail(request, CODE_NONE, str_from(first),
                "You may only specify one of these parameters: %s, %s.", first, second);
}

static bool check_parameters(struct request *request, const struct checkout_session *session)
{
    if (session->mode.value == MODE_SETUP)
        return fail(request, CODE_NONE, STR("mode"), "Setup mode is not supported.");
    if (session->automatic_tax.enabled)
        return fail(request, CODE_NONE, STR("automatic_tax[enabled]"),
                    "Automatic tax is not supported.");
    if (session->customer.id.data && session->customer_email.data)
        return fail_exclusive(request, "customer", "customer_email");
    if (session->customer.id.data && session->customer_creation.value)
        return fail_exclusive(request, "customer", "customer_creation");
    if (session->allow_promotion_codes.set && session->offers.count)
        return fail_exclusive(request, "allow_promotion_codes", "discounts");
    if (check_payment_method_types(request, &session->payment_method_types))
        return true;
    if (request->version >= V_ENDIVE)
        request->error.param = STR("allowed_payment_method_types");
    return false;
}

/* What can be said in one mode only. */
static bool check_mode(struct request *request, const struct checkout_session *session)
{
    bool pays = session->mode.value == MODE_PAYMENT;
    const struct {
        const char *param;
        bool given;
        bool of_payment;
    } bound[] = {
        {"customer_creation", session->customer_creation.value != 0, true},
        {"invoice_creation", session->invoice_creation.enabled.set, true},
        {"payment_intent_data", session->payment_intent_data != NULL, true},
        {"payment_method_collection", session->payment_method_collection.value != 0, false},
        {"subscription_data", session->subscription_data != NULL, false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bound); i++)
        if (bound[i].given && bound[i].of_payment != pays)
            return fail(request, CODE_NONE, str_from(bound[i].param),
                        "You can not pass `%s` in `%s` mode.", bound[i].param,
                        modes[session->mode.value - 1]);
    return true;
}

static bool check_trial(struct request *request, const struct checkout_session *session)
{
    const struct checkout_subscription_data *data = session->subscription_data;
    if (!data || !data->trial_end.set)
        return true;
    if (data->trial_period_days.set)
        return fail_exclusive(request, "subscription_data[trial_end]",
                              "subscription_data[trial_period_days]");
    return data->trial_end.seconds >= request->now + TRIAL_SECONDS_MIN ||
           fail(request, CODE_NONE, STR("subscription_data[trial_end]"),
                "The `trial_end` date has to be at least 2 days in the future.");
}

static bool check_expiry(struct request *request, struct checkout_session *session)
{
    int64_t *expires_at = &session->expires_at.seconds;
    if (*expires_at == 0)
        *expires_at = request->now + CHECKOUT_SECONDS_MAX;
    if (*expires_at < request->now + CHECKOUT_SECONDS_MIN)
        return fail(request, CODE_NONE, STR("expires_at"),
                    "The `expires_at` timestamp must be at least 30 minutes from Checkout Session "
                    "creation.");
    if (*expires_at > request->now + CHECKOUT_SECONDS_MAX)
        return fail(request, CODE_NONE, STR("expires_at"),
                    "The `expires_at` timestamp must be less than 24 hours from Checkout Session "
                    "creation.");
    return true;
}

static void set_defaults(struct request *request, struct checkout_session *session)
{
    const struct customer *customer = session->customer.object;
    bool pays = session->mode.value == MODE_PAYMENT;
    if (pays && !session->invoice_creation.enabled.set)
        session->invoice_creation.enabled.set = true;
    if (pays && !customer && !session->customer_creation.value)
        session->customer_creation.value =
            request->version < V_2022_08_01 ? WHEN_ALWAYS : WHEN_REQUIRED;
    if (!session->payment_method_collection.value)
        session->payment_method_collection.value = pays ? WHEN_REQUIRED : WHEN_ALWAYS;
    if (customer)
        session->customer_details = (struct checkout_customer_details){
            .email = customer->email,
            .name = customer->name,
            .phone = customer->phone,
            .tax_exempt = STR("none"),
        };
    else
        session->customer_details.email = session->customer_email;
}

static bool check_currency(struct request *request, const struct checkout_session *session)
{
    const struct customer *customer = session->customer.object;
    if (session->mode.value != MODE_SUBSCRIPTION || !customer || !customer->currency.data ||
        str_equal(customer->currency, session->currency))
        return true;
    return fail(request, CODE_NONE, STR("line_items"),
                "Can't combine currencies on a single customer. This customer has had a "
                "subscription, coupon, or invoice item with currency %.*s",
                STR_FMT(customer->currency));
}

static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    struct checkout_session *session = object;
    if (operation != CREATE)
        return true;
    const struct customer *customer = session->customer.object;
    (void)before;
    if (customer)
        test_clock_enter(request, &customer->test_clock);
    if (!check_parameters(request, session) || !check_mode(request, session) ||
        !check_trial(request, session) || !check_expiry(request, session))
        return false;
    set_defaults(request, session);
    return checkout_items_make(request, session) && check_currency(request, session) &&
           checkout_offer_take(request, session);
}

static bool saved(struct request *request, void *object, const void *before)
{
    const struct checkout_session *session = object;
    if (!before)
        timer_set(request, TIMER_checkout_session, session->object.row,
                  session->expires_at.seconds);
    return true;
}

/* ---- calls ---- */

static struct checkout_session *find(struct request *request)
{
    struct str id = request->path_ids[0];
    struct checkout_session *session = resource_find(request, &checkout_session_resource, id);
    if (!session)
        (void)!fail_missing(request, STR("session"), checkout_session_resource.noun, id);
    return session;
}

static bool expire(struct request *request, const struct route *route, struct answer *answer)
{
    struct checkout_session *session;
    if (!resource_parameters(request, route, NULL) || !(session = find(request)))
        return false;
    if (session->status.value != CHECKOUT_OPEN)
        return fail(request, CODE_NONE, STR_NULL,
                    "Only Checkout Sessions with a status in [\"open\"] can be expired. This "
                    "Checkout Session has a status of \"%s\".",
                    statuses[session->status.value - 1]);
    checkout_session_expire(request, session);
    answer_object(answer, &checkout_session_resource, session);
    return true;
}

static bool list_items(struct request *request, const struct route *route, struct answer *answer)
{
    struct checkout_session *session;
    struct page page = {0};
    if (!list_read_page(request, route, resource_new(request, route->resource), &page) ||
        !(session = find(request)))
        return false;
    derive_items(request, session);
    return list_page_of(request, &page, route->resource, session->items.items, session->items.count,
                        session->line_items.url, answer);
}

static const struct route routes[] = {
    {.method = "POST",
     .path = "/v1/checkout/sessions/:id/expire",
     .handler = expire,
     .resource = &checkout_session_resource,
     .name = "PostCheckoutSessionsSessionExpire",
     .summary = "Expire a Checkout Session"},
    {.method = "GET",
     .path = "/v1/checkout/sessions/:id/line_items",
     .handler = list_items,
     .resource = &checkout_item_resource,
     .form = ANSWER_LIST,
     .parameters = &checkout_item_resource.schema,
     .in = FILTER,
     .name = "GetCheckoutSessionsSessionLineItems",
     .summary = "List what is bought in a Checkout Session"},
};

const struct resource checkout_session_resource = {
    .schema = SCHEMA(struct checkout_session, session_fields, "checkout.session", .is_object = true,
                     .help = "Something to be bought on a hosted page."),
    .table = {&checkout_session_resource.schema, "checkout_sessions", NULL},
    .number = RESOURCE_checkout_session,
    .path = "/v1/checkout/sessions",
    .noun = "checkout.session",
    .path_param = "session",
    .id_prefix = "cs_",
    .id_form = ID_LONG,
    .operations = CREATE | RETRIEVE | UPDATE | FILTER,
    .routes = routes,
    .route_count = ARRAY_LENGTH(routes),
    .prepare = prepare,
    .check = check,
    .derive = derive,
    .saved = saved,
};

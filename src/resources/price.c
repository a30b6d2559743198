/* Prices. */
#include "resources/price.h"

#include "base/amount.h"
#include "base/arena.h"
#include "base/date.h"
#include "base/limits.h"
#include "base/request.h"
#include "money/calendar.h"
#include "resources/event.h"
#include "resources/registry.h"
#include "resources/rules.h"
#include "resources/search.h"
#include "schema/form.h"
#include "schema/json.h"

#include <stddef.h>
#include <string.h>

#define PERIOD_DAYS_MAX (3 * 366)

static const char *const billing_schemes[] = {"per_unit", "tiered", NULL};
static const char *const intervals[] = {"day", "month", "week", "year", NULL};
const char *const tax_behaviors[] = {"exclusive", "inclusive", "unspecified", NULL};
static const char *const types[] = {"one_time", "recurring", NULL};
static const char *const usage_types[] = {"licensed", "metered", NULL};

enum {
    SCHEME_PER_UNIT = 1
};
enum {
    TAX_UNSPECIFIED = 3
};
enum {
    USAGE_LICENSED = 1
};

#define THIS struct recurring
static const struct field recurring_fields[] = {
    CONSTANT("aggregate_usage", "null", "Not supported.", .until = V_BASIL),
    FIELD(interval, "How the period is counted.", .in = CREATE | UPDATE | ACTION | FILTER,
          .is = REQUIRED, .values = intervals),
    FIELD(interval_count, "How many of them a period has; three years at most.",
          .in = CREATE | UPDATE | ACTION, .min = 1, .max = PERIOD_DAYS_MAX),
    FIELD(meter, "Refused: there are no meters.", .in = CREATE | UPDATE | ACTION | FILTER,
          .since = V_2024_04_10),
    FIELD(trial_period_days, "Days of trial of subscriptions that ask for the price's.",
          .in = CREATE | UPDATE | ACTION, .min = 1, .max = 730),
    FIELD(usage_type, "How the quantity is known; only `licensed`.",
          .in = CREATE | UPDATE | ACTION | FILTER, .values = usage_types),
};
#undef THIS
const struct schema recurring_schema = SCHEMA(struct recurring, recurring_fields, "recurring");

#define THIS struct price_currency_option
static const struct field currency_option_fields[] = {
    CONSTANT("custom_unit_amount", "null", "Not supported."),
    FIELD(tax_behavior, "Whether the amount contains tax.", .in = CREATE | UPDATE,
          .values = tax_behaviors),
    FIELD(unit_amount, "Price of one, in minor units.", .in = CREATE | UPDATE, .max = AMOUNT_MAX),
    FIELD(unit_amount_decimal, "The same with up to twelve decimal places.", .in = CREATE | UPDATE),
};
#undef THIS
static const struct schema price_currency_option_schema =
    SCHEMA(struct price_currency_option, currency_option_fields, "price_currency_option");

#define THIS struct product_data
static const struct field product_data_fields[] = {
    FIELD(active, "Whether it can be bought.", .in = CREATE),
    FIELD(id, "Your own identifier.", .in = CREATE),
    FIELD(metadata, "Pairs of your own.", .in = CREATE),
    FIELD(name, "What customers see.", .in = CREATE, .is = REQUIRED),
    FIELD(statement_descriptor, "What appears on a card statement.", .in = CREATE, .max = 22),
    FIELD(tax_code, "The tax code.", .in = CREATE),
    OPT_HASH(tax_details, tax_details_schema, "How it is taxed.", .in = CREATE, .since = V_ENDIVE),
    FIELD(unit_label, "What one of it is called.", .in = CREATE, .max = 12),
};
#undef THIS
const struct schema product_data_schema =
    SCHEMA(struct product_data, product_data_fields, "product_data");

#define THIS struct price
static const struct field price_fields[] = {
    FIELD_ID,
    FIELD(active, "Whether it can be used for new purchases.", .in = CREATE | UPDATE | FILTER),
    FIELD(billing_scheme, "How the amount is found; only `per_unit`.", .in = CREATE,
          .values = billing_schemes),
    FIELD_CREATED,
    FIELD(currency, "Currency.", .in = CREATE | FILTER, .is = REQUIRED | NOT_NULL,
          .format = FORMAT_CURRENCY),
    FIELD(currency_options, "The price in other currencies.", .in = CREATE | UPDATE,
          .is = INCLUDABLE | CLEARS_ON_UPDATE, .of = &price_currency_option_schema,
          .format = FORMAT_CURRENCY, .since = V_2022_08_01),
    CONSTANT("custom_unit_amount", "null", "Not supported.", .since = V_2022_08_01),
    FIELD_LIVEMODE,
    FIELD(lookup_key, "A name of your own to find it by.", .in = CREATE | UPDATE,
          .max = LOOKUP_KEY_CHARACTERS_MAX),
    FIELD(lookup_keys, "Only prices with these.", .in = FILTER, .is = INPUT,
          .where = "o.lookup_key = ?"),
    FIELD_METADATA(.in = CREATE | UPDATE, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(nickname, "What only you see.", .in = CREATE | UPDATE, .is = CLEARS_ON_UPDATE),
    FIELD(product, "What it is a price of.", .in = CREATE | FILTER, .is = NOT_NULL,
          .of = &product_resource.schema),
    OPT_HASH(product_data, product_data_schema, "A product to make with it.", .in = CREATE,
             .is = INPUT),
    HASH(recurring, recurring_schema, "How often it is paid; absent: once.", .in = CREATE | FILTER,
         .is = NULL_WHEN_EMPTY),
    FIELD(tax_behavior, "Whether the amount contains tax.", .in = CREATE | UPDATE,
          .values = tax_behaviors),
    CONSTANT("tiers_mode", "null", "Not supported."),
    FIELD(transfer_lookup_key, "Take the lookup key from the price that has it.",
          .in = CREATE | UPDATE, .is = INPUT),
    CONSTANT("transform_quantity", "null", "Not supported."),
    FIELD(type, "Whether it is paid once or every period.", .in = FILTER, .values = types),
    FIELD(unit_amount, "Price of one, in minor units; null when it has decimals.", .in = CREATE,
          .max = AMOUNT_MAX),
    FIELD(unit_amount_decimal, "The same with up to twelve decimal places.", .in = CREATE),
};
#undef THIS

#define THIS struct default_price_data
static const struct field default_price_data_fields[] = {
    FIELD(currency, "Currency.", .in = CREATE, .is = REQUIRED, .format = FORMAT_CURRENCY),
    FIELD(currency_options, "The price in other currencies.", .in = CREATE,
          .of = &price_currency_option_schema, .since = V_2022_08_01),
    FIELD(metadata, "Pairs of your own.", .in = CREATE),
    HASH(recurring, recurring_schema, "How often it is paid; absent: once.", .in = CREATE),
    FIELD(tax_behavior, "Whether the amount contains tax.", .in = CREATE, .values = tax_behaviors),
    FIELD(unit_amount, "Price of one, in minor units.", .in = CREATE, .max = AMOUNT_MAX),
    FIELD(unit_amount_decimal, "The same with up to twelve decimal places.", .in = CREATE),
};
#undef THIS
const struct schema default_price_data_schema =
    SCHEMA(struct default_price_data, default_price_data_fields, "default_price_data");

#define THIS struct plan
static const struct field plan_fields[] = {
    FIELD_ID,
    FIELD(active, "Whether it can be used for new purchases."),
    CONSTANT("aggregate_usage", "null", "Not supported.", .until = V_BASIL),
    FIELD(amount, "Price of one, in minor units."),
    FIELD(amount_decimal, "The same with decimals."),
    FIELD(billing_scheme, "How the amount is found.", .values = billing_schemes),
    FIELD(object.created, "When the object was created.", .as = "created"),
    FIELD(currency, "Currency.", .is = NOT_NULL),
    FIELD(interval, "How the period is counted.", .values = intervals),
    FIELD(interval_count, "How many of them a period has."),
    FIELD_LIVEMODE,
    FIELD(object.metadata, "Pairs of your own.", .as = "metadata"),
    CONSTANT("meter", "null", "Not supported.", .since = V_2024_04_10),
    FIELD(nickname, "What only you see."),
    FIELD(product, "What it is a price of.", .of = &product_resource.schema),
    CONSTANT("tiers_mode", "null", "Not supported."),
    CONSTANT("transform_usage", "null", "Not supported."),
    FIELD(trial_period_days, "Days of trial."),
    FIELD(usage_type, "How the quantity is known.", .values = usage_types),
};
#undef THIS

const struct resource plan_resource = {
    .schema = SCHEMA(struct plan, plan_fields, "plan", .is_object = true,
                     .help = "A recurring price under its older name."),
    .number = RESOURCE_plan,
    .noun = "plan",
};

struct plan *price_plan(struct request *request, const struct price *price)
{
    struct plan *plan = ARENA_NEW(request->arena, struct plan);
    *plan = (struct plan){
        .object = price->object,
        .active = price->active,
        .amount = price->unit_amount,
        .amount_decimal = price->unit_amount_decimal,
        .billing_scheme = price->billing_scheme,
        .currency = price->currency,
        .interval = price->recurring.interval,
        .interval_count = price->recurring.interval_count,
        .nickname = price->nickname,
        .product = price->product,
        .trial_period_days = price->recurring.trial_period_days,
        .usage_type = price->recurring.usage_type,
    };
    return plan;
}

static const struct price_currency_option *find_option(const struct price *price,
                                                       struct str currency)
{
    const struct price_currency_option *options = price->currency_options.items;
    for (size_t i = 0; i < price->currency_options.count; i++)
        if (str_equal(options[i].currency, currency))
            return &options[i];
    return NULL;
}

struct str price_unit_decimal(const struct price *price, struct str currency)
{
    if (str_equal(price->currency, currency))
        return price->unit_amount_decimal;
    const struct price_currency_option *option = find_option(price, currency);
    return option ? option->unit_amount_decimal : STR_NULL;
}

bool price_amount(const struct price *price, struct str currency, int64_t quantity, int64_t *amount)
{
    int64_t whole, fraction;
    struct str unit = price_unit_decimal(price, currency);
    if (!unit.data || !unit_decimal_parse(unit, &whole, &fraction))
        return false;
    *amount = unit_decimal_times(whole, fraction, quantity);
    return true;
}

int64_t price_period_end(const struct price *price, int64_t anchor, int64_t start)
{
    int64_t count = price->recurring.interval_count;
    int64_t days = price->recurring.interval.value == INTERVAL_DAY    ? count
                   : price->recurring.interval.value == INTERVAL_WEEK ? 7 * count
                                                                      : 0;
    if (days)
        return start + days * SECONDS_PER_DAY;
    int64_t months = price->recurring.interval.value == INTERVAL_YEAR ? 12 * count : count;
    /* From the anchor, so that the 31st comes back after a short month. */
    for (int64_t n = months;; n += months) {
        int64_t end = calendar_add_months(anchor, n);
        if (end > start)
            return end;
    }
}

/* ---- rules ---- */

static void prepare(struct request *request, void *object)
{
    struct price *price = object;
    (void)request;
    price->active = true;
    price->billing_scheme.value = SCHEME_PER_UNIT;
    price->tax_behavior.value = TAX_UNSPECIFIED;
}

/* Brings an amount and its decimal form into agreement. */
static bool check_unit(struct request *request, const char *prefix, struct opt_int *amount,
                       struct str *decimal)
{
    int64_t whole, fraction;
    const char *open = *prefix ? "[" : "", *close = *prefix ? "]" : "";
    if (amount->set && decimal->data)
        return fail(request, CODE_NONE,
                    str_format(request->arena, "%s%sunit_amount%s", prefix, open, close),
                    "You may only specify one of these parameters: unit_amount, "
                    "unit_amount_decimal.");
    if (amount->set) {
        *decimal = unit_decimal_write(request->arena, amount->value, 0);
        return true;
    }
    if (!decimal->data)
        return fail(request, CODE_parameter_missing,
                    str_format(request->arena, "%s%sunit_amount%s", prefix, open, close),
                    "Missing required param: %s%sunit_amount%s.", prefix, open, close);
    if (!unit_decimal_parse(*decimal, &whole, &fraction))
        return fail(request, CODE_NONE,
                    str_format(request->arena, "%s%sunit_amount_decimal%s", prefix, open, close),
                    "Invalid decimal: %.*s; must be at least 0 and have at most %d decimal "
                    "places.",
                    STR_FMT(*decimal), UNIT_DECIMAL_PLACES);
    *decimal = unit_decimal_write(request->arena, whole, fraction);
    if (fraction == 0)
        *amount = (struct opt_int){true, whole};
    return true;
}

/* Of an option that is changed only one of the two amounts is new. */
static void drop_old_amount(struct price_currency_option *option,
                            const struct price_currency_option *old)
{
    if (!old || !option->unit_amount.set || !option->unit_amount_decimal.data)
        return;
    if (str_equal(option->unit_amount_decimal, old->unit_amount_decimal))
        option->unit_amount_decimal = STR_NULL;
    else if (old->unit_amount.set && option->unit_amount.value == old->unit_amount.value)
        option->unit_amount.set = false;
}

/* The options have the price's own currency among them. */
static void add_own_currency(struct request *request, struct price *price)
{
    const struct price_currency_option *options = price->currency_options.items;
    size_t count = price->currency_options.count, length = 0;
    struct price_currency_option *all =
        ARENA_ARRAY(request->arena, struct price_currency_option, count + 1);
    struct price_currency_option own = {price->currency, price->tax_behavior, price->unit_amount,
                                        price->unit_amount_decimal};
    bool added = false;
    for (size_t i = 0; i < count; i++) {
        bool same = str_equal(options[i].currency, own.currency);
        if (!added && (same || strcmp(options[i].currency.data, own.currency.data) > 0)) {
            all[length++] = own;
            added = true;
        }
        if (!same)
            all[length++] = options[i];
    }
    if (!added)
        all[length++] = own;
    price->currency_options = (struct dictionary){all, length};
}

void price_complete(struct request *request, struct price *price)
{
    struct recurring *recurring = &price->recurring;
    if (price->unit_amount.set)
        price->unit_amount_decimal =
            unit_decimal_write(request->arena, price->unit_amount.value, 0);
    if (price->currency.data) /* without one it is refused */
        add_own_currency(request, price);
    price->type.value = recurring->interval.value ? PRICE_RECURRING : PRICE_ONE_TIME;
    if (price->type.value == PRICE_ONE_TIME)
        return;
    if (!recurring->interval_count)
        recurring->interval_count = 1;
    if (!recurring->usage_type.value)
        recurring->usage_type.value = USAGE_LICENSED;
}

static bool check_currency_options(struct request *request, struct price *price,
                                   const struct price *before)
{
    struct price_currency_option *options = price->currency_options.items;
    if (!check_currency_keys(request, "currency_options", &price_currency_option_schema,
                             &price->currency_options))
        return false;
    for (size_t i = 0; i < price->currency_options.count; i++) {
        struct str prefix =
            str_format(request->arena, "currency_options[%.*s]", STR_FMT(options[i].currency));
        if (!options[i].tax_behavior.value)
            options[i].tax_behavior.value = TAX_UNSPECIFIED;
        if (before)
            drop_old_amount(&options[i], find_option(before, options[i].currency));
        if (!check_unit(request, prefix.data, &options[i].unit_amount,
                        &options[i].unit_amount_decimal))
            return false;
    }
    return true;
}

static bool check_recurring(struct request *request, struct price *price)
{
    static const int64_t days[] = {0, 1, 30, 7, 365};
    const struct recurring *recurring = &price->recurring;
    if (price->type.value == PRICE_ONE_TIME)
        return true;
    if (recurring->usage_type.value != USAGE_LICENSED)
        return fail(request, CODE_NONE, STR("recurring[usage_type]"),
                    "Metered prices are not supported.");
    if (recurring->meter.data)
        return fail(request, CODE_resource_missing, STR("recurring[meter]"),
                    "No such meter: '%.*s'", STR_FMT(recurring->meter));
    if (recurring->interval_count * days[recurring->interval.value] > PERIOD_DAYS_MAX)
        return fail(request, CODE_NONE, STR("recurring[interval_count]"),
                    "Invalid interval_count: a period can have at most three years.");
    return true;
}

/* The product of a new price: one that is there, or one that is made with it. */
static bool check_product(struct request *request, struct price *price)
{
    const struct product_data *data = price->product_data;
    if (price->product.id.data && data)
        return fail(request, CODE_NONE, STR("product"),
                    "You may only specify one of these parameters: product, product_data.");
    if (price->product.id.data)
        return true;
    if (!data)
        return fail(request, CODE_parameter_missing, STR("product"),
                    "Missing required param: product.");
    struct product *product = resource_new(request, &product_resource);
    product_resource.prepare(request, product);
    product->object.id = data->id;
    product->object.metadata = data->metadata;
    if (data->active.set)
        product->active = data->active.value;
    product->name = data->name;
    product->statement_descriptor = data->statement_descriptor;
    product->tax_code = data->tax_code;
    product->tax_details = data->tax_details;
    product->unit_label = data->unit_label;
    if (!resource_insert(request, &product_resource, product))
        return false;
    price->product = (struct ref){product->object.id, product->object.row, NULL};
    return true;
}

STATEMENT(find_lookup_key, "SELECT seq FROM prices WHERE tenant = $1 AND lookup_key = $2");

/* A lookup key belongs to one price. */
static bool check_lookup_key(struct request *request, const struct price *price)
{
    if (!price->lookup_key.data)
        return true;
    struct query query = db_query(request->db, &find_lookup_key);
    db_bind_int(&query, request->tenant);
    db_bind_str(&query, price->lookup_key);
    int64_t holder = db_row(&query) ? db_int(&query, 0) : 0;
    db_end(&query);
    if (!holder || holder == price->object.row)
        return true;
    if (!price->transfer_lookup_key)
        return fail(request, CODE_resource_already_exists, STR("lookup_key"),
                    "A price already uses that lookup key.");
    struct price *loser = resource_load(request, &price_resource, holder);
    if (!loser)
        return true; /* the database has failed, which the transaction will notice */
    struct price *before = resource_new(request, &price_resource);
    *before = *loser;
    loser->lookup_key = STR_NULL;
    return resource_change(request, &price_resource, loser, before);
}

static bool check_archiving(struct request *request, const struct price *price)
{
    const struct product *product =
        price->active ? NULL : resource_load(request, &product_resource, price->product.row);
    return !product || !str_equal(product->default_price.id, price->object.id) ||
           fail(request, CODE_NONE, STR("active"),
                "This price cannot be archived because it is the default price of its product.");
}

static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    struct price *price = object;
    if (price->lookup_keys.count > LOOKUP_KEYS_MAX)
        return fail(request, CODE_NONE, STR("lookup_keys"),
                    "Array lookup_keys exceeded maximum %d allowed elements.", LOOKUP_KEYS_MAX);
    if (operation == FILTER)
        return true;
    if (price->billing_scheme.value != SCHEME_PER_UNIT)
        return fail(request, CODE_NONE, STR("billing_scheme"), "Tiered prices are not supported.");
    const bool amounts =
        before || check_unit(request, "", &price->unit_amount, &price->unit_amount_decimal);
    if (!amounts || !check_currency_options(request, price, before) ||
        !check_lookup_key(request, price))
        return false;
    price_complete(request, price);
    return before ? check_archiving(request, price)
                  : check_recurring(request, price) && check_product(request, price);
}

static bool saved(struct request *request, void *object, const void *before)
{
    const struct price *price = object;
    if (price->type.value != PRICE_RECURRING)
        return true;
    const struct schema *schema = &plan_resource.schema;
    const struct plan *plan = price_plan(request, price);
    const struct plan *old = before ? price_plan(request, before) : NULL;
    if (!old || json_differs(schema, old, plan, V_NEWEST))
        event_record(request, "plan", old ? "updated" : "created", schema, plan, old);
    return true;
}

bool price_create_part(struct request *request, struct price *price, struct str param)
{
    if (check(request, price, NULL, CREATE) && resource_insert(request, &price_resource, price))
        return true;
    request->error.param = form_inner(request, param, request->error.param);
    return false;
}

bool price_create_default(struct request *request, const struct default_price_data *data,
                          const struct product *product, struct ref *ref)
{
    struct price *price = resource_new(request, &price_resource);
    prepare(request, price);
    price->object.metadata = data->metadata;
    price->currency = data->currency;
    price->currency_options = data->currency_options;
    price->product = (struct ref){product->object.id, product->object.row, NULL};
    price->recurring = data->recurring;
    if (data->tax_behavior.value)
        price->tax_behavior = data->tax_behavior;
    price->unit_amount = data->unit_amount;
    price->unit_amount_decimal = data->unit_amount_decimal;
    if (!price_create_part(request, price, STR("default_price_data")))
        return false;
    *ref = (struct ref){price->object.id, price->object.row, price};
    return true;
}

static const struct route routes[] = {
    {.method = "GET",
     .path = "/v1/prices/search",
     .handler = search_objects,
     .resource = &price_resource,
     .form = ANSWER_SEARCH,
     .parameters = &search_schema,
     .in = ACTION,
     .name = "GetPricesSearch",
     .summary = "Search prices by some of their fields or metadata"},
};

const struct resource price_resource = {
    .schema = SCHEMA(struct price, price_fields, "price", .is_object = true,
                     .help = "What one of a product costs, once or per period."),
    .table = {&price_resource.schema, "prices", NULL},
    .number = RESOURCE_price,
    .path = "/v1/prices",
    .noun = "price",
    .path_param = "price",
    .events = "price",
    .id_prefix = "price_",
    .id_form = ID_LONG,
    .operations = CREATE | RETRIEVE | UPDATE | FILTER,
    .routes = routes,
    .route_count = ARRAY_LENGTH(routes),
    .prepare = prepare,
    .check = check,
    .saved = saved,
};

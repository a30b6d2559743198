/* Invoice items. */
#include "resources/invoice_item.h"

#include "base/amount.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "money/discount.h"
#include "resources/event.h"
#include "resources/invoice_life.h"
#include "resources/registry.h"
#include "resources/subscription.h"
#include "resources/test_clock.h"
#include "schema/json.h"

#include <stddef.h>

static const char *const parent_types[] = {"subscription_details", NULL};

#define THIS struct invoice_item_parent_details
static const struct field details_fields[] = {
    FIELD(subscription, "The subscription.", .is = NOT_NULL | DECIDES),
    FIELD(subscription_item, "The subscription item.", .is = WHEN_SET),
};
#undef THIS
static const struct schema details_schema =
    SCHEMA(struct invoice_item_parent_details, details_fields, "invoice_item_subscription_details");

#define THIS struct invoice_item_parent
static const struct field parent_fields[] = {
    HASH(subscription_details, details_schema, "The subscription.",
         .is = NULL_WHEN_EMPTY | DECIDES),
    FIELD(type, "What it belongs to.", .values = parent_types),
};
#undef THIS
static const struct schema parent_schema =
    SCHEMA(struct invoice_item_parent, parent_fields, "invoice_item_parent");

#define THIS struct pricing_input
static const struct field pricing_input_fields[] = {
    FIELD(price, "The price.", .in = CREATE | UPDATE, .of = &price_resource.schema),
};
#undef THIS
static const struct schema pricing_input_schema =
    SCHEMA(struct pricing_input, pricing_input_fields, "pricing_input");

#define THIS struct invoice_item
static const struct field invoice_item_fields[] = {
    FIELD_ID,
    FIELD(amount, "The amount before discounts, in minor units.", .in = CREATE | UPDATE,
          .is = NOT_NULL, .min = -AMOUNT_MAX, .max = AMOUNT_MAX),
    FIELD(object.created, "When it was made.", .as = "created", .in = FILTER,
          .is = INTERNAL | DERIVED),
    FIELD(currency, "Currency.", .in = CREATE, .is = NOT_NULL, .format = FORMAT_CURRENCY),
    FIELD(customer, "Who pays.", .in = CREATE | FILTER, .is = NOT_NULL | REQUIRED,
          .of = &customer_resource.schema),
    CONSTANT("customer_account", "null", "Not supported.", .since = V_2025_12_15),
    FIELD(date, "When it was made."),
    FIELD(description, "What it is for.", .in = CREATE | UPDATE, .is = CLEARS_ON_UPDATE),
    FIELD(discountable, "Whether discounts apply.", .in = CREATE | UPDATE, .is = NOT_NULL),
    FIELD(discount_entries, "The coupons, codes and discounts that it has.", .as = "discounts",
          .in = CREATE | UPDATE, .is = INPUT | CLEARS_ON_CREATE | CLEARS_ON_UPDATE,
          .of = &discount_entry_schema),
    FIELD(discounts, "Its discounts.", .of = &discount_resource.schema),
    FIELD(invoice, "The invoice that it is on; null: it waits for one.", .in = CREATE | FILTER,
          .of = &invoice_resource.schema),
    FIELD_LIVEMODE,
    FIELD_METADATA(.in = CREATE | UPDATE, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(net_amount, "The amount of a proration after discounts.", .is = WHEN_SET,
          .since = V_CLOVER),
    HASH(parent, parent_schema, "What it came with.", .is = NULL_WHEN_EMPTY, .since = V_BASIL),
    FIELD(pending, "Only those that wait for an invoice, or not.", .in = FILTER, .is = INPUT,
          .where = "(CASE WHEN o.invoice IS NULL THEN 1 ELSE 0 END) = ?"),
    HASH(period, period_schema, "What it is for.", .in = CREATE | UPDATE),
    OPT_HASH(plan, plan_resource.schema, "The plan.", .until = V_BASIL),
    FIELD(price, "The price.", .in = CREATE | UPDATE, .is = INPUT, .of = &price_resource.schema,
          .until = V_BASIL),
    FIELD(pricing.price_details.price, "The price.", .as = "price", .is = INLINED,
          .of = &price_resource.schema, .until = V_BASIL),
    OPT_HASH(price_data, price_data_schema, "A price to make with it.", .in = CREATE | UPDATE,
             .is = INPUT),
    HASH(pricing_input, pricing_input_schema, "The price.", .as = "pricing", .in = CREATE | UPDATE,
         .is = INPUT, .since = V_BASIL),
    HASH(pricing, pricing_schema, "What one costs.", .since = V_BASIL),
    FIELD(proration, "Whether it is for a part of a period."),
    FIELD(quantity, "How many.", .in = CREATE | UPDATE),
    FIELD(quantity_decimal, "The same as a decimal.", .is = DERIVED, .since = V_DAHLIA),
    FIELD(subscription, "The subscription whose next invoice it waits for.", .in = CREATE,
          .is = INPUT, .of = &subscription_resource.schema),
    FIELD(parent.subscription_details.subscription, "The subscription.", .as = "subscription",
          .until = V_BASIL),
    FIELD(parent.subscription_details.subscription_item, "The subscription item.",
          .as = "subscription_item", .is = WHEN_SET, .until = V_BASIL),
    CONSTANT("tax_rates", "[]", "Not supported."),
    FIELD(test_clock, "The test clock that the customer lives by.",
          .of = &test_clock_resource.schema),
    FIELD(unit_amount, "What one costs, in minor units.", .in = CREATE | UPDATE, .is = INPUT,
          .min = -AMOUNT_MAX, .max = AMOUNT_MAX, .until = V_BASIL),
    FIELD(unit_amount, "What one costs, in minor units.", .is = DERIVED, .until = V_BASIL),
    FIELD(unit_amount_decimal, "What one costs, with up to twelve decimal places.",
          .in = CREATE | UPDATE, .is = INPUT),
    FIELD(pricing.unit_amount_decimal, "What one costs.", .as = "unit_amount_decimal",
          .until = V_BASIL),
};
#undef THIS

static void prepare(struct request *request, void *object)
{
    (void)request;
    ((struct invoice_item *)object)->quantity = 1;
}

/* A decimal that may be negative: *sign is 1 or -1. */
static bool parse_unit(struct str text, int64_t *sign, int64_t *whole, int64_t *fraction)
{
    bool negative = text.length && text.data[0] == '-';
    *sign = negative ? -1 : 1;
    return unit_decimal_parse((struct str){text.data + negative, text.length - negative}, whole,
                              fraction);
}

static void older(struct request *request, void *object)
{
    struct invoice_item *item = object;
    int64_t sign, whole, fraction;
    if (item->pricing.unit_amount_decimal.data &&
        parse_unit(item->pricing.unit_amount_decimal, &sign, &whole, &fraction) && !fraction)
        item->unit_amount = (struct opt_int){true, sign * whole};
    if (request->version >= V_BASIL)
        return;
    const struct price *price =
        resource_follow(request, &price_resource, &item->pricing.price_details.price);
    if (price && price->type.value == PRICE_RECURRING)
        item->plan = price_plan(request, price);
}

static void derive(struct request *request, void *object)
{
    struct invoice_item *item = object;
    item->quantity_decimal = unit_decimal_write(request->arena, item->quantity, 0);
    older(request, item);
}

/* ---- the amount ---- */

static void set_price(struct invoice_item *item, const struct price *price, struct str unit)
{
    item->pricing.type.value = 1;
    item->pricing.price_details.price = (struct ref){price->object.id, price->object.row, NULL};
    item->pricing.price_details.product = price->product.id;
    item->pricing.unit_amount_decimal = unit;
}

static bool check_size(struct request *request, int64_t amount)
{
    return (amount <= MONEY_AMOUNT_MAX && amount >= -MONEY_AMOUNT_MAX) ||
           fail(request, CODE_amount_too_large, STR("quantity"), "The amount must be at most %lld.",
                (long long)MONEY_AMOUNT_MAX);
}

static bool multiply(struct request *request, struct invoice_item *item, const struct price *price,
                     struct str param)
{
    int64_t amount;
    if (price->type.value == PRICE_RECURRING)
        return fail(request, CODE_NONE, param,
                    "The price specified is set to `type=recurring` but this field only accepts "
                    "prices with `type=one_time`.");
    if (!price_amount(price, item->currency, item->quantity, &amount))
        return fail(request, CODE_NONE, param, "The price has no amount in %.*s.",
                    STR_FMT(item->currency));
    if (!check_size(request, amount))
        return false;
    item->amount = (struct opt_int){true, amount};
    set_price(item, price, price_unit_decimal(price, item->currency));
    return true;
}

/* An amount, or one per unit, that was named without a price. */
static bool take_amount(struct request *request, struct invoice_item *item)
{
    struct price *price;
    int64_t sign = item->unit_amount.value < 0 ? -1 : 1;
    int64_t whole = sign * item->unit_amount.value, fraction = 0;
    struct str unit = item->unit_amount_decimal;
    if (unit.data && !parse_unit(unit, &sign, &whole, &fraction))
        return fail(request, CODE_NONE, STR("unit_amount_decimal"), "Invalid decimal: %.*s",
                    STR_FMT(unit));
    if (unit.data || item->unit_amount.set)
        item->amount =
            (struct opt_int){true, sign * unit_decimal_times(whole, fraction, item->quantity)};
    if (!check_size(request, item->amount.value))
        return false;
    int64_t each = item->quantity ? item->amount.value / item->quantity : 0;
    if (!unit.data && item->unit_amount.set)
        unit = str_format(request->arena, "%lld", (long long)item->unit_amount.value);
    if (!unit.data)
        unit = str_format(request->arena, "%lld", (long long)each);
    if (!price_of_amount(request, item->currency, each, &price))
        return false;
    set_price(item, price, unit);
    return true;
}

static bool was_given(const struct request *request, size_t offset)
{
    return parameter_given(request, &invoice_item_resource.schema, offset);
}

/* Which of the ways to say what it costs the call uses: one at most. */
static bool set_amount(struct request *request, struct invoice_item *item, bool is_new)
{
    bool amount =
        is_new ? item->amount.set : was_given(request, offsetof(struct invoice_item, amount));
    if (!is_new && !was_given(request, offsetof(struct invoice_item, unit_amount)))
        item->unit_amount = (struct opt_int){0};
    const struct price *price =
        item->price.object ? item->price.object : item->pricing_input.price.object;
    int ways = amount + (price != NULL) + (item->price_data != NULL) + item->unit_amount.set +
               (item->unit_amount_decimal.data != NULL);
    struct price *made;
    if (ways > 1)
        return fail(request, CODE_NONE, STR("amount"),
                    "You may only specify one of these parameters: amount, price, price_data, "
                    "unit_amount, unit_amount_decimal.");
    if (price)
        return multiply(request, item, price,
                        item->price.object ? STR("price") : STR("pricing[price]"));
    if (item->price_data)
        return price_create_inline(request, item->price_data, STR("price_data"), &made) &&
               multiply(request, item, made, STR("price_data"));
    if (ways == 1)
        return take_amount(request, item);
    if (is_new)
        return fail(request, CODE_parameter_missing, STR("amount"),
                    "Missing required param: amount.");
    if (!was_given(request, offsetof(struct invoice_item, quantity)))
        return true;
    item->unit_amount_decimal = item->pricing.unit_amount_decimal;
    const struct price *old =
        resource_follow(request, &price_resource, &item->pricing.price_details.price);
    return old && old->active ? multiply(request, item, old, STR("quantity"))
                              : take_amount(request, item);
}

/* ---- rules ---- */

static bool set_discounts(struct request *request, struct invoice_item *item)
{
    if (!item->discount_entries.count && !item->discounts.count)
        return true; /* most items: what the customer bought before is not asked */
    const struct discount on = {.customer = item->customer, .invoice_item = item->object.id};
    const struct purchase purchase = {
        .surface = SURFACE_INVOICE_ITEM,
        .customer = item->customer.id,
        .customer_is_new = customer_is_new(request, item->customer.id, STR_NULL),
        .currency = item->currency,
        .amount = item->amount,
    };
    const struct refs had = item->discounts;
    const struct discounts_change change = {
        .entries = &item->discount_entries,
        .param = STR("discounts"),
        .had = &had,
        .on = &on,
        .purchase = &purchase,
    };
    return discounts_set(request, &change, &item->discounts);
}

static bool fail_not_editable(struct request *request)
{
    return fail(request, CODE_invoice_not_editable, STR_NULL,
                "This invoice is no longer editable because it has been finalized.");
}

/* Where it goes: the invoice it names, or the next one. */
static bool check_place(struct request *request, struct invoice_item *item)
{
    const struct customer *customer = item->customer.object;
    const struct invoice *invoice = item->invoice.object;
    const struct subscription *subscription = item->subscription.object;
    const struct price *price =
        item->price.object ? item->price.object : item->pricing_input.price.object;
    if (invoice && !str_equal(invoice->customer.id, customer->object.id))
        return fail(request, CODE_resource_missing, STR("invoice"), "No such invoice: '%.*s'",
                    STR_FMT(invoice->object.id));
    if (invoice && invoice->status.value != INVOICE_DRAFT)
        return fail_not_editable(request);
    if (subscription && !str_equal(subscription->customer.id, customer->object.id))
        return fail(request, CODE_resource_missing, STR("subscription"),
                    "No such subscription: '%.*s'", STR_FMT(subscription->object.id));
    if (subscription) {
        item->parent.type.value = 1;
        item->parent.subscription_details.subscription = subscription->object.id;
    }
    if (!item->currency.data)
        item->currency = invoice                   ? invoice->currency
                         : item->price_data        ? item->price_data->currency
                         : price                   ? price->currency
                         : customer->currency.data ? customer->currency
                                                   : STR("usd");
    if (invoice && !str_equal(invoice->currency, item->currency))
        return fail(request, CODE_NONE, STR("currency"),
                    "The currency of an invoice item must be that of its invoice (%.*s).",
                    STR_FMT(invoice->currency));
    return true;
}

bool invoice_item_check(struct request *request, struct invoice_item *item)
{
    const struct customer *customer = item->customer.object;
    test_clock_enter(request, &customer->test_clock);
    item->test_clock = customer->test_clock;
    item->date.seconds = request->now;
    item->object.id = resource_new_id(request, &invoice_item_resource);
    if (!item->period.start.seconds && !item->period.end.seconds)
        item->period = (struct period){{request->now}, {request->now}};
    if (!check_place(request, item) || !set_amount(request, item, true))
        return false;
    if (!item->discountable.set)
        item->discountable = (struct opt_bool){true, item->amount.value >= 0};
    return set_discounts(request, item);
}

static bool check_change(struct request *request, struct invoice_item *item)
{
    const struct invoice *invoice =
        item->invoice.id.data ? resource_follow(request, &invoice_resource, &item->invoice) : NULL;
    test_clock_enter(request, &item->test_clock);
    if (invoice && invoice->status.value != INVOICE_DRAFT)
        return fail_not_editable(request);
    if (!set_amount(request, item, false))
        return false;
    return !was_given(request, offsetof(struct invoice_item, discount_entries)) ||
           set_discounts(request, item);
}

static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    if (operation == FILTER)
        return true;
    return before ? check_change(request, object) : invoice_item_check(request, object);
}

/* ---- its line ---- */

static bool put_line(struct request *request, struct invoice *invoice,
                     const struct invoice_item *item)
{
    const struct price *price =
        resource_follow(request, &price_resource, &item->pricing.price_details.price);
    const struct line_source source = {
        .price = price,
        .unit_amount_decimal = item->pricing.unit_amount_decimal,
        .quantity = item->quantity,
        .amount = item->amount.value,
        .description = item->description,
        .start = item->period.start.seconds,
        .end = item->period.end.seconds,
        .discounts = item->discounts,
        .not_discountable = !item->discountable.value,
        .proration = item->proration,
        .invoice_item = item->object.id,
        .subscription = item->parent.subscription_details.subscription,
        .metadata = item->object.metadata,
    };
    return price && invoice_put_line(request, invoice, &source);
}

static void record(struct request *request, const char *verb, const struct invoice_item *item,
                   const void *before)
{
    event_record(request, invoice_item_resource.events, verb, &invoice_item_resource.schema, item,
                 before);
}

/* What happened to the item is told before what it does to its invoice. */
static bool saved(struct request *request, void *object, const void *before)
{
    struct invoice_item *item = object;
    if (!before && !customer_bill_in(request, &item->customer, item->currency))
        return false;
    derive(request, item);
    if (!before)
        record(request, "created", item, NULL);
    else if (json_differs(&invoice_item_resource.schema, before, item, V_NEWEST))
        record(request, "updated", item, before);
    if (!item->invoice.id.data)
        return true;
    struct invoice *invoice = resource_follow(request, &invoice_resource, &item->invoice);
    if (!invoice)
        return true; /* the database has failed, which the transaction will notice */
    struct invoice *old = invoice_copy(request, invoice);
    if (!put_line(request, invoice, item))
        return false;
    invoice_compute(request, invoice);
    return invoice_change(request, invoice, old);
}

static bool deleted(struct request *request, void *object)
{
    struct invoice_item *item = object;
    const struct discount on = {.customer = item->customer, .invoice_item = item->object.id};
    test_clock_enter(request, &item->test_clock);
    struct invoice *invoice =
        item->invoice.id.data ? resource_follow(request, &invoice_resource, &item->invoice) : NULL;
    if (invoice && invoice->status.value != INVOICE_DRAFT)
        return fail_not_editable(request);
    record(request, "deleted", item, NULL);
    discounts_end(request, &item->discounts, &on);
    if (!invoice || invoice->object.deleted)
        return true;
    struct invoice *before = invoice_copy(request, invoice);
    invoice_drop_line(invoice, item->object.id);
    invoice_compute(request, invoice);
    return invoice_change(request, invoice, before);
}

const struct resource invoice_item_resource = {
    .schema = SCHEMA(struct invoice_item, invoice_item_fields, "invoiceitem", .is_object = true,
                     .help = "Something to be on an invoice, now or with the next one."),
    .table = {&invoice_item_resource.schema, "invoice_items", NULL},
    .number = RESOURCE_invoice_item,
    .path = "/v1/invoiceitems",
    .noun = "invoiceitem",
    .path_param = "invoiceitem",
    .events = "invoiceitem",
    .hooks_make_events = true,
    .id_prefix = "ii_",
    .id_form = ID_LONG,
    .operations = CREATE | RETRIEVE | UPDATE | DELETE | FILTER,
    .prepare = prepare,
    .check = check,
    .derive = derive,
    .older = older,
    .saved = saved,
    .deleted = deleted,
};

/* ---- for invoices and subscriptions ---- */

STATEMENT(find_pending,
          "SELECT seq FROM invoice_items WHERE tenant = $1 AND customer = $2 AND invoice IS NULL"
          " AND deleted_at IS NULL AND currency = $3"
          " AND (parent_subscription_details_subscription IS NULL"
          " OR parent_subscription_details_subscription = $4) ORDER BY seq LIMIT $5");
STATEMENT(find_on_invoice, "SELECT seq FROM invoice_items WHERE tenant = $1 AND invoice = $2"
                           " AND deleted_at IS NULL ORDER BY seq");

static size_t read_rows(struct query *query, int64_t *rows, size_t most)
{
    size_t count = 0;
    while (count < most && db_row(query))
        rows[count++] = db_int(query, 0);
    db_end(query);
    return count;
}

bool invoice_items_take(struct request *request, struct invoice *invoice, struct str subscription)
{
    int64_t rows[INVOICE_LINES_MAX];
    struct query query = db_query(request->db, &find_pending);
    db_bind_int(&query, request->tenant);
    db_bind_str(&query, invoice->customer.id);
    db_bind_str(&query, invoice->currency);
    db_bind_str(&query, subscription.data ? subscription : STR(""));
    db_bind_int(&query, INVOICE_LINES_MAX);
    size_t count = read_rows(&query, rows, INVOICE_LINES_MAX);
    for (size_t i = 0; i < count; i++) {
        struct invoice_item *item = resource_load(request, &invoice_item_resource, rows[i]);
        if (!item || !put_line(request, invoice, item))
            return false;
        item->invoice = (struct ref){invoice->object.id, invoice->object.row, NULL};
        rows_update(request, catalog_of(request, &invoice_item_resource),
                    &invoice_item_resource.schema, item);
    }
    return true;
}

bool invoice_items_remove(struct request *request, struct str invoice)
{
    int64_t rows[INVOICE_LINES_MAX];
    struct query query = db_query(request->db, &find_on_invoice);
    db_bind_int(&query, request->tenant);
    db_bind_str(&query, invoice);
    size_t count = read_rows(&query, rows, INVOICE_LINES_MAX);
    for (size_t i = 0; i < count; i++) {
        struct invoice_item *item = resource_load(request, &invoice_item_resource, rows[i]);
        if (!item || !resource_remove(request, &invoice_item_resource, item))
            return false;
    }
    return true;
}

bool invoice_item_prorate(struct request *request, const struct customer *customer,
                          struct str currency, const struct proration *proration)
{
    struct invoice_item *item = resource_new(request, &invoice_item_resource);
    *item = (struct invoice_item){
        .object = {.id = resource_new_id(request, &invoice_item_resource)},
        .amount = {true, proration->amount},
        .currency = currency,
        .customer = {customer->object.id, customer->object.row, customer},
        .date = {request->now},
        .description = proration->description,
        .discountable = {true, false},
        .net_amount = {true, proration->amount},
        .parent = {{proration->subscription, proration->subscription_item}, {1}},
        .period = {{proration->end}, {proration->start}},
        .proration = true,
        .quantity = proration->quantity,
        .test_clock = customer->test_clock,
    };
    set_price(item, proration->price, STR_NULL);
    return resource_insert(request, &invoice_item_resource, item);
}

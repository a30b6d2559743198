/* What a Checkout Session is about: lines, and prices that are made for them. */
#include "base/arena.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/request.h"
#include "resources/checkout_session.h"
#include "resources/coupon.h"
#include "resources/discount.h"
#include "resources/price.h"
#include "resources/product.h"
#include "resources/promotion_code.h"
#include "resources/registry.h"

static const char *const intervals[] = {"day", "month", "week", "year", NULL};

#define THIS struct adjustable_quantity
static const struct field adjustable_quantity_fields[] = {
    FIELD(enabled, "Whether the buyer could change it.", .in = CREATE, .is = REQUIRED),
    FIELD(maximum, "The most.", .in = CREATE, .min = 1, .max = CHECKOUT_QUANTITY_MAX),
    FIELD(minimum, "The least.", .in = CREATE, .max = CHECKOUT_QUANTITY_MAX),
};
#undef THIS
static const struct schema adjustable_quantity_schema =
    SCHEMA(struct adjustable_quantity, adjustable_quantity_fields, "checkout_adjustable_quantity");

#define THIS struct checkout_product_data
static const struct field product_data_fields[] = {
    FIELD(description, "What it is.", .in = CREATE),
    FIELD(images, "Addresses of pictures.", .in = CREATE),
    FIELD(metadata, "Pairs of your own.", .in = CREATE),
    FIELD(name, "What customers see.", .in = CREATE, .is = REQUIRED),
    FIELD(tax_code, "The tax code.", .in = CREATE),
    FIELD(unit_label, "What one of it is called.", .in = CREATE, .max = 12),
};
#undef THIS
static const struct schema line_product_data_schema =
    SCHEMA(struct checkout_product_data, product_data_fields, "checkout_product_data");

#define THIS struct checkout_recurring
static const struct field recurring_fields[] = {
    FIELD(interval, "How the period is counted.", .in = CREATE, .is = REQUIRED,
          .values = intervals),
    FIELD(interval_count, "How many of them a period has.", .in = CREATE, .min = 1),
};
#undef THIS
static const struct schema line_recurring_schema =
    SCHEMA(struct checkout_recurring, recurring_fields, "checkout_recurring");

#define THIS struct checkout_price_data
static const struct field price_data_fields[] = {
    FIELD(currency, "Currency.", .in = CREATE, .is = REQUIRED, .format = FORMAT_CURRENCY),
    FIELD(product, "What it is a price of.", .in = CREATE),
    OPT_HASH(product_data, line_product_data_schema, "A product to make with it.", .in = CREATE),
    OPT_HASH(recurring, line_recurring_schema, "How often it is paid; absent: once.", .in = CREATE),
    FIELD(tax_behavior, "Whether the amount contains tax.", .in = CREATE, .values = tax_behaviors),
    FIELD(unit_amount, "Price of one, in minor units.", .in = CREATE, .max = AMOUNT_MAX),
    FIELD(unit_amount_decimal, "The same with up to twelve decimal places.", .in = CREATE),
};
#undef THIS
static const struct schema line_price_data_schema =
    SCHEMA(struct checkout_price_data, price_data_fields, "checkout_price_data");

#define THIS struct checkout_line
static const struct field line_fields[] = {
    OPT_HASH(adjustable_quantity, adjustable_quantity_schema,
             "Whether the buyer could change the quantity; the page does not offer it.",
             .in = CREATE),
    FIELD(metadata, "Pairs of your own.", .in = CREATE, .since = V_DAHLIA),
    FIELD(price, "The price.", .in = CREATE),
    OPT_HASH(price_data, line_price_data_schema, "A price to make for it.", .in = CREATE),
    FIELD(quantity, "How many.", .in = CREATE, .min = 1, .max = CHECKOUT_QUANTITY_MAX),
};
#undef THIS
const struct schema checkout_line_schema =
    SCHEMA(struct checkout_line, line_fields, "checkout_line");

#define THIS struct checkout_offer
static const struct field offer_fields[] = {
    FIELD(coupon, "The coupon.", .in = CREATE, .of = &coupon_resource.schema),
    FIELD(promotion_code, "The promotion code.", .in = CREATE,
          .of = &promotion_code_resource.schema),
};
#undef THIS
const struct schema checkout_offer_schema =
    SCHEMA(struct checkout_offer, offer_fields, "checkout_offer");

#define THIS struct checkout_discount
static const struct field discount_fields[] = {
    FIELD(amount, "What it takes off."),
    FIELD(discount, "The discount.", .is = INLINED, .of = &discount_resource.schema),
};
#undef THIS
const struct schema checkout_discount_schema =
    SCHEMA(struct checkout_discount, discount_fields, "checkout_discount");

#define THIS struct checkout_item
static const struct field item_fields[] = {
    FIELD_ID,
    OPT_HASH(adjustable_quantity, adjustable_quantity_schema,
             "Whether the buyer could change the quantity.", .since = V_DAHLIA),
    FIELD(amount_discount, "What the discount takes off.", .since = V_2022_08_01),
    FIELD(amount_subtotal, "What it costs before the discount."),
    CONSTANT("amount_tax", "0", "Not supported.", .since = V_2022_08_01),
    FIELD(amount_total, "What is to be paid."),
    FIELD(currency, "Currency.", .is = NOT_NULL),
    FIELD(description, "What it is.", .is = NOT_NULL),
    FIELD(discounts, "What each discount takes off.", .is = INCLUDABLE | DERIVED,
          .of = &checkout_discount_schema),
    FIELD_METADATA(.since = V_DAHLIA),
    FIELD(price, "The price.", .is = INLINED, .of = &price_resource.schema),
    FIELD(quantity, "How many."),
    CONSTANT("taxes", "[]", "Not supported.", .is = INCLUDABLE),
};
#undef THIS

const struct resource checkout_item_resource = {
    .schema = SCHEMA(struct checkout_item, item_fields, "item", .is_object = true,
                     .help = "A line of a Checkout Session."),
    .number = RESOURCE_checkout_item,
    .noun = "item",
    .id_prefix = "li_",
    .id_form = ID_LONG,
};

struct checkout_item *checkout_item_at(const struct checkout_session *session, size_t n)
{
    return element_at(&checkout_item_resource.schema, session->items.items, n);
}

const struct price *checkout_item_price(struct request *request, struct checkout_item *item)
{
    if (!item->price.object)
        item->price.object = resource_find(request, &price_resource, item->price.id);
    return item->price.object;
}

/* ---- prices that come with their data ---- */

static bool make_product(struct request *request, const struct checkout_product_data *data,
                         struct ref *ref)
{
    struct product *product = resource_new(request, &product_resource);
    product_resource.prepare(request, product);
    product->object.metadata = data->metadata;
    product->description = data->description;
    product->images = data->images;
    product->name = data->name;
    product->tax_code = data->tax_code;
    product->unit_label = data->unit_label;
    if (!resource_insert(request, &product_resource, product))
        return false;
    *ref = (struct ref){product->object.id, product->object.row, NULL};
    return true;
}

static bool make_price(struct request *request, const struct checkout_price_data *data, size_t n,
                       struct price **price)
{
    struct str param = str_format(request->arena, "line_items[%zu][price_data]", n);
    struct price_data made = {
        .currency = data->currency,
        .product.id = data->product,
        .tax_behavior = data->tax_behavior,
        .unit_amount = data->unit_amount,
        .unit_amount_decimal = data->unit_amount_decimal,
    };
    if (data->recurring) {
        made.recurring.interval = data->recurring->interval;
        made.recurring.interval_count = data->recurring->interval_count;
    }
    if (data->product.data && data->product_data)
        return fail(request, CODE_NONE, str_format(request->arena, "%.*s[product]", STR_FMT(param)),
                    "You may only specify one of these parameters: product, product_data.");
    if (data->product_data && !make_product(request, data->product_data, &made.product))
        return false;
    return price_create_inline(request, &made, param, price);
}

/* ---- lines ---- */

static bool find_price(struct request *request, const struct checkout_line *line, size_t n,
                       struct price **price)
{
    struct str param = str_format(request->arena, "line_items[%zu][price]", n);
    if (line->price.data && line->price_data)
        return fail(request, CODE_NONE, param,
                    "You may only specify one of these parameters: price, price_data.");
    if (line->price_data)
        return make_price(request, line->price_data, n, price);
    if (!line->price.data)
        return fail(request, CODE_parameter_missing, param, "Missing required param: %.*s.",
                    STR_FMT(param));
    *price = resource_find(request, &price_resource, line->price);
    if (!*price)
        return fail(request, CODE_resource_missing, param, "No such price: '%.*s'",
                    STR_FMT(line->price));
    if (!(*price)->active)
        return fail(request, CODE_NONE, param,
                    "The price specified is inactive. This field only accepts active prices.");
    return true;
}

static bool check_price(struct request *request, const struct checkout_session *session,
                        const struct price *price, size_t n)
{
    struct str param = str_format(request->arena, "line_items[%zu]", n);
    if (session->mode.value == MODE_PAYMENT && price->type.value == PRICE_RECURRING)
        return fail(request, CODE_NONE, param,
                    "You specified `payment` mode but passed a recurring price. Either switch to "
                    "`subscription` mode or use only one-time prices.");
    if (!price_unit_decimal(price, session->currency).data)
        return fail(request, CODE_NONE, param,
                    "The price specified only supports `%.*s`. This doesn't match the expected "
                    "currency: `%.*s`.",
                    STR_FMT(price->currency), STR_FMT(session->currency));
    return true;
}

static bool fill(struct request *request, const struct checkout_line *line,
                 const struct checkout_session *session, const struct price *price,
                 struct checkout_item *item)
{
    const struct product *product = resource_follow(request, &product_resource, &price->product);
    item->object.id =
        id_long(request->random, request->arena, checkout_item_resource.id_prefix, request->now);
    item->object.metadata = line->metadata;
    item->adjustable_quantity = line->adjustable_quantity;
    item->currency = session->currency;
    item->description = product ? product->name : STR("");
    item->price.id = price->object.id;
    item->quantity = line->quantity.set ? line->quantity.value : 1;
    if (!price_amount(price, session->currency, item->quantity, &item->amount_subtotal))
        return false;
    if (price->type.value == PRICE_RECURRING && checkout_has_trial(session))
        item->amount_subtotal = 0;
    return true;
}

/* All recurring prices are paid at the same time. */
static bool check_period(struct request *request, const struct price *first,
                         const struct price *price)
{
    return first->recurring.interval.value == price->recurring.interval.value &&
                   first->recurring.interval_count == price->recurring.interval_count
               ? true
               : fail(request, CODE_NONE, STR("line_items"),
                      "Checkout does not support multiple prices with different billing "
                      "intervals.");
}

bool checkout_items_make(struct request *request, struct checkout_session *session)
{
    const struct checkout_line *lines = session->lines.items;
    size_t count = session->lines.count;
    const struct price *recurring = NULL;
    session->items = (struct list){ARENA_ARRAY(request->arena, struct checkout_item, count), count};
    for (size_t i = 0; i < count; i++) {
        struct price *price = NULL;
        struct checkout_item *item = checkout_item_at(session, i);
        if (!find_price(request, &lines[i], i, &price))
            return false;
        if (!session->currency.data)
            session->currency = price->currency;
        if (!check_price(request, session, price, i) ||
            !fill(request, &lines[i], session, price, item))
            return false;
        if (price->type.value == PRICE_RECURRING && !recurring)
            recurring = price;
        if (price->type.value == PRICE_RECURRING && !check_period(request, recurring, price))
            return false;
        session->amount_subtotal += item->amount_subtotal;
    }
    if (session->mode.value == MODE_SUBSCRIPTION && !recurring)
        return fail(request, CODE_NONE, STR("line_items"),
                    "You must provide at least one recurring price in `subscription` mode when "
                    "using prices.");
    return session->amount_subtotal <= AMOUNT_MAX ||
           fail(request, CODE_NONE, STR("line_items"),
                "The Checkout Session's total amount due must be at most %d in minor units.",
                AMOUNT_MAX);
}

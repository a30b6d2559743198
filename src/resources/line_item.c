/* Lines of invoices. They are kept with their invoice. */
#include "base/amount.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/request.h"
#include "money/discount.h"
#include "resources/invoice.h"
#include "resources/price.h"
#include "resources/registry.h"

#define LINE_ID_PREFIX "il_"

static const char *const pricing_types[] = {"price_details", NULL};
static const char *const parent_types[] = {"invoice_item_details", "subscription_item_details",
                                           NULL};
static const char *const legacy_types[] = {"invoiceitem", "subscription", NULL};

#define THIS struct period
static const struct field period_fields[] = {
    FIELD(end, "When it ends.", .in = CREATE | UPDATE | ACTION, .is = REQUIRED),
    FIELD(start, "When it begins.", .in = CREATE | UPDATE | ACTION, .is = REQUIRED),
};
#undef THIS
const struct schema period_schema = SCHEMA(struct period, period_fields, "period");

#define THIS struct discount_amount
static const struct field discount_amount_fields[] = {
    FIELD(amount, "What was taken off, in minor units."),
    FIELD(discount, "The discount that did it.", .is = NOT_NULL, .of = &discount_resource.schema),
};
static const struct field pretax_credit_fields[] = {
    FIELD(amount, "What was taken off, in minor units."),
    FIELD(discount, "The discount that did it.", .is = NOT_NULL, .of = &discount_resource.schema),
    CONSTANT("type", "\"discount\"", "Always a discount."),
};
#undef THIS
const struct schema discount_amount_schema =
    SCHEMA(struct discount_amount, discount_amount_fields, "discount_amount");
const struct schema pretax_credit_schema =
    SCHEMA(struct discount_amount, pretax_credit_fields, "pretax_credit_amount");

#define THIS struct price_details
static const struct field price_details_fields[] = {
    FIELD(price, "The price.", .is = NOT_NULL, .of = &price_resource.schema),
    FIELD(product, "Its product.", .is = NOT_NULL),
};
#undef THIS
static const struct schema price_details_schema =
    SCHEMA(struct price_details, price_details_fields, "price_details");

#define THIS struct pricing
static const struct field pricing_fields[] = {
    HASH(price_details, price_details_schema, "The price and its product."),
    FIELD(type, "Where the amount comes from.", .values = pricing_types),
    FIELD(unit_amount_decimal, "What one costs; null: it is a part of a period."),
};
#undef THIS
const struct schema pricing_schema = SCHEMA(struct pricing, pricing_fields, "pricing");

#define THIS struct invoice_item_details
static const struct field invoice_item_details_fields[] = {
    FIELD(invoice_item, "The invoice item.", .is = NOT_NULL | DECIDES),
    FIELD(proration, "Whether it is for a part of a period."),
    CONSTANT("proration_details", "{\"credited_items\": null}", "Not supported."),
    FIELD(subscription, "The subscription that it came with."),
};
#undef THIS
static const struct schema invoice_item_details_schema =
    SCHEMA(struct invoice_item_details, invoice_item_details_fields, "invoice_item_details");

#define THIS struct subscription_item_details
static const struct field subscription_item_details_fields[] = {
    FIELD(invoice_item, "The invoice item, if there is one."),
    FIELD(proration, "Whether it is for a part of a period."),
    CONSTANT("proration_details", "{\"credited_items\": null}", "Not supported."),
    FIELD(subscription, "The subscription."),
    FIELD(subscription_item, "The subscription item.", .is = NOT_NULL | DECIDES),
};
#undef THIS
static const struct schema subscription_item_details_schema =
    SCHEMA(struct subscription_item_details, subscription_item_details_fields,
           "subscription_item_details");

#define THIS struct line_parent
static const struct field line_parent_fields[] = {
    HASH(invoice_item_details, invoice_item_details_schema, "Of an invoice item.",
         .is = NULL_WHEN_EMPTY),
    HASH(subscription_item_details, subscription_item_details_schema, "Of a subscription item.",
         .is = NULL_WHEN_EMPTY),
    FIELD(type, "Which of them it is.", .values = parent_types),
};
#undef THIS
static const struct schema line_parent_schema =
    SCHEMA(struct line_parent, line_parent_fields, "line_parent");

#define THIS struct line_item
static const struct field line_item_fields[] = {
    FIELD_ID,
    FIELD(amount, "The amount before discounts, in minor units."),
    FIELD(amount, "The same.", .as = "amount_excluding_tax", .since = V_2022_11_15,
          .until = V_BASIL),
    FIELD(currency, "Currency.", .is = NOT_NULL),
    FIELD(description, "What it is for."),
    FIELD(discount_amounts, "What each discount took off.", .of = &discount_amount_schema),
    FIELD(discountable, "Whether discounts apply."),
    FIELD(discounts, "The discounts of the line itself.", .of = &discount_resource.schema),
    FIELD(invoice, "The invoice.", .since = V_2024_04_10),
    FIELD(parent.invoice_item_details.invoice_item, "The invoice item.", .as = "invoice_item",
          .is = WHEN_SET, .until = V_BASIL),
    FIELD_LIVEMODE,
    FIELD(object.metadata, "Pairs of your own.", .as = "metadata"),
    HASH(parent, line_parent_schema, "Where it comes from.", .since = V_2024_12_18),
    HASH(period, period_schema, "What it is for."),
    OPT_HASH(plan, plan_resource.schema, "The plan.", .until = V_BASIL),
    FIELD(discount_amounts, "What each discount took off.", .as = "pretax_credit_amounts",
          .of = &pretax_credit_schema, .since = V_ACACIA),
    FIELD(pricing.price_details.price, "The price.", .as = "price", .is = INLINED,
          .of = &price_resource.schema, .until = V_BASIL),
    HASH(pricing, pricing_schema, "What one costs.", .since = V_2024_12_18),
    FIELD(proration, "Whether it is for a part of a period.", .until = V_BASIL),
    CONSTANT("proration_details", "{\"credited_items\": null}", "Not supported.",
             .since = V_2022_11_15, .until = V_BASIL),
    FIELD(quantity, "How many."),
    FIELD(quantity_decimal, "The same as a decimal.", .since = V_DAHLIA),
    FIELD(subscription, "The subscription.", .until = V_BASIL),
    FIELD(parent.subscription_item_details.subscription_item, "The subscription item.",
          .as = "subscription_item", .is = WHEN_SET, .until = V_BASIL),
    FIELD(amount, "The amount before discounts and tax.", .as = "subtotal", .since = V_DAHLIA),
    CONSTANT("tax_amounts", "[]", "Not supported.", .until = V_BASIL),
    CONSTANT("tax_rates", "[]", "Not supported.", .until = V_BASIL),
    CONSTANT("taxes", "[]", "Not supported.", .since = V_2024_12_18),
    FIELD(parent.type, "Where it comes from.", .as = "type", .values = legacy_types,
          .until = V_BASIL),
    FIELD(pricing.unit_amount_decimal, "What one costs.", .as = "unit_amount_excluding_tax",
          .since = V_2022_11_15, .until = V_BASIL),
};
#undef THIS

const struct resource line_item_resource = {
    .schema = SCHEMA(struct line_item, line_item_fields, "line_item", .is_object = true,
                     .help = "A line of an invoice."),
    .number = RESOURCE_line_item,
    .noun = "line item",
};

/* One more element. */
static struct line_item *grow(struct request *request, struct list *lines)
{
    struct line_item *items = ARENA_ARRAY(request->arena, struct line_item, lines->count + 1);
    for (size_t i = 0; i < lines->count; i++)
        items[i] = ((const struct line_item *)lines->items)[i];
    lines->items = items;
    return &items[lines->count++];
}

static void set_parent(struct line_item *line, const struct line_source *source)
{
    if (source->invoice_item.data) {
        line->parent.type.value = LINE_OF_INVOICE_ITEM;
        line->parent.invoice_item_details = (struct invoice_item_details){
            source->invoice_item, source->proration, source->subscription};
        return;
    }
    line->parent.type.value = LINE_OF_SUBSCRIPTION_ITEM;
    line->parent.subscription_item_details = (struct subscription_item_details){
        .proration = source->proration,
        .subscription = source->subscription,
        .subscription_item = source->subscription_item,
    };
}

/* What the source says, in a line that keeps its id. */
static bool fill(struct request *request, const struct invoice *invoice,
                 const struct line_source *source, struct line_item *line)
{
    const struct price *price = source->price;
    if (source->amount > MONEY_AMOUNT_MAX || source->amount < -MONEY_AMOUNT_MAX)
        return fail(request, CODE_amount_too_large, STR_NULL,
                    "The amount of a line must be at most %lld.", (long long)MONEY_AMOUNT_MAX);
    *line = (struct line_item){
        .object =
            {
                .id = line->object.id,
                .livemode = request->livemode,
                .metadata = source->metadata,
            },
        .amount = source->amount,
        .currency = invoice->currency,
        .description = source->description,
        .discountable = !source->not_discountable,
        .discounts = source->discounts,
        .invoice = invoice->object.id,
        .period = {{source->end}, {source->start}},
        .quantity = {true, source->quantity},
        .quantity_decimal = unit_decimal_write(request->arena, source->quantity, 0),
    };
    line->pricing.type.value = 1;
    line->pricing.price_details.price = (struct ref){price->object.id, price->object.row, NULL};
    line->pricing.price_details.product = price->product.id;
    line->pricing.unit_amount_decimal = source->unit_amount_decimal;
    if (!source->unit_amount_decimal.data && !source->proration)
        line->pricing.unit_amount_decimal = price_unit_decimal(price, invoice->currency);
    set_parent(line, source);
    return true;
}

bool invoice_add_line(struct request *request, struct invoice *invoice,
                      const struct line_source *source)
{
    if (invoice->all_lines.count >= INVOICE_LINES_MAX)
        return fail(request, CODE_NONE, STR_NULL, "An invoice can have at most %d lines.",
                    INVOICE_LINES_MAX);
    struct line_item *line = grow(request, &invoice->all_lines);
    line->object.id = id_long(request->random, request->arena, LINE_ID_PREFIX, request->now);
    return fill(request, invoice, source, line);
}

bool invoice_put_line(struct request *request, struct invoice *invoice,
                      const struct line_source *source)
{
    struct line_item *lines = invoice->all_lines.items;
    for (size_t i = 0; i < invoice->all_lines.count; i++)
        if (str_equal(lines[i].parent.invoice_item_details.invoice_item, source->invoice_item))
            return fill(request, invoice, source, &lines[i]);
    return invoice_add_line(request, invoice, source);
}

void invoice_drop_line(struct invoice *invoice, struct str invoice_item)
{
    struct line_item *lines = invoice->all_lines.items;
    size_t count = 0;
    for (size_t i = 0; i < invoice->all_lines.count; i++)
        if (!str_equal(lines[i].parent.invoice_item_details.invoice_item, invoice_item))
            lines[count++] = lines[i];
    invoice->all_lines.count = count;
}

/* Prices that are made where they are used. */
#include "base/amount.h"
#include "base/limits.h"
#include "base/request.h"
#include "resources/price.h"
#include "schema/form.h"

#define THIS struct price_data
static const struct field price_data_fields[] = {
    FIELD(currency, "Currency.", .in = CREATE | UPDATE | ACTION, .is = REQUIRED,
          .format = FORMAT_CURRENCY),
    FIELD(product, "What it is a price of.", .in = CREATE | UPDATE | ACTION, .is = REQUIRED,
          .of = &product_resource.schema),
    FIELD(tax_behavior, "Whether the amount contains tax.", .in = CREATE | UPDATE | ACTION,
          .values = tax_behaviors),
    FIELD(unit_amount, "Price of one, in minor units.", .in = CREATE | UPDATE | ACTION,
          .max = AMOUNT_MAX),
    FIELD(unit_amount_decimal, "The same with up to twelve decimal places.",
          .in = CREATE | UPDATE | ACTION),
};
static const struct field recurring_price_data_fields[] = {
    FIELD(currency, "Currency.", .in = CREATE | UPDATE | ACTION, .is = REQUIRED,
          .format = FORMAT_CURRENCY),
    FIELD(product, "What it is a price of.", .in = CREATE | UPDATE | ACTION, .is = REQUIRED,
          .of = &product_resource.schema),
    HASH(recurring, recurring_schema, "How often it is paid.", .in = CREATE | UPDATE | ACTION,
         .is = REQUIRED),
    FIELD(tax_behavior, "Whether the amount contains tax.", .in = CREATE | UPDATE | ACTION,
          .values = tax_behaviors),
    FIELD(unit_amount, "Price of one, in minor units.", .in = CREATE | UPDATE | ACTION,
          .max = AMOUNT_MAX),
    FIELD(unit_amount_decimal, "The same with up to twelve decimal places.",
          .in = CREATE | UPDATE | ACTION),
};
static const struct field product_price_data_fields[] = {
    FIELD(currency, "Currency.", .in = CREATE | UPDATE | ACTION, .is = REQUIRED,
          .format = FORMAT_CURRENCY),
    FIELD(product, "What it is a price of.", .in = CREATE | UPDATE | ACTION,
          .of = &product_resource.schema),
    OPT_HASH(product_data, product_data_schema, "A product to make with it.", .in = CREATE),
    HASH(recurring, recurring_schema, "How often it is paid.", .in = CREATE | UPDATE | ACTION),
    FIELD(tax_behavior, "Whether the amount contains tax.", .in = CREATE | UPDATE | ACTION,
          .values = tax_behaviors),
    FIELD(unit_amount, "Price of one, in minor units.", .in = CREATE | UPDATE | ACTION,
          .max = AMOUNT_MAX),
    FIELD(unit_amount_decimal, "The same with up to twelve decimal places.",
          .in = CREATE | UPDATE | ACTION),
};
#undef THIS
const struct schema price_data_schema = SCHEMA(struct price_data, price_data_fields, "price_data");
const struct schema recurring_price_data_schema =
    SCHEMA(struct price_data, recurring_price_data_fields, "recurring_price_data");
const struct schema product_price_data_schema =
    SCHEMA(struct price_data, product_price_data_fields, "product_price_data");

bool price_create_inline(struct request *request, const struct price_data *data, struct str param,
                         struct price **made)
{
    struct price *price = resource_new(request, &price_resource);
    price_resource.prepare(request, price);
    price->active = false;
    price->currency = data->currency;
    price->product_data = data->product_data;
    price->recurring = data->recurring;
    price->unit_amount = data->unit_amount;
    price->unit_amount_decimal = data->unit_amount_decimal;
    if (data->tax_behavior.value)
        price->tax_behavior = data->tax_behavior;
    if (data->product.id.data) {
        const struct product *product = resource_find(request, &product_resource, data->product.id);
        if (!product)
            return fail(request, CODE_resource_missing, form_inner(request, param, STR("product")),
                        "No such product: '%.*s'", STR_FMT(data->product.id));
        price->product = (struct ref){product->object.id, product->object.row, product};
    }
    *made = price;
    return price_create_part(request, price, param);
}

bool price_of_amount(struct request *request, struct str currency, int64_t amount,
                     struct price **made)
{
    struct product_data product = {.name = STR("Invoice item"), .active = {true, false}};
    const struct price_data data = {
        .currency = currency,
        .product_data = &product,
        .unit_amount_decimal = unit_decimal_write(request->arena, amount < 0 ? 0 : amount, 0),
    };
    return price_create_inline(request, &data, STR("amount"), made);
}

/* What creating and changing a subscription share: its items, its discounts, what its next invoice
 * has in addition. */
#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "money/discount.h"
#include "resources/coupon.h"
#include "resources/event.h"
#include "resources/invoice_item.h"
#include "resources/invoice_life.h"
#include "resources/payment_intent.h"
#include "resources/payment_method.h"
#include "resources/promotion_code.h"
#include "resources/registry.h"
#include "resources/subscription_parts.h"
#include "resources/test_clock.h"
#include "resources/timer.h"

#include <stddef.h>
#include <string.h>

static struct subscription_item *items_of(const struct subscription *subscription)
{
    return subscription->items.items;
}

/* ---- items ---- */

static struct str item_param(struct request *request, size_t index, const char *name)
{
    return str_format(request->arena, "items[%zu][%s]", index, name);
}

/* The price that an element of items[] names, if it does. */
bool subscription_find_price(struct request *request, const struct item_input *input, size_t index,
                             const struct price **price)
{
    struct str id = input->price.id.data ? input->price.id : input->plan.id;
    struct str param = item_param(request, index, input->price.id.data ? "price" : "plan");
    struct price *made;
    *price = NULL;
    if (input->price_data) {
        if (!price_create_inline(request, input->price_data,
                                 item_param(request, index, "price_data"), &made))
            return false;
        *price = made;
        return true;
    }
    if (!id.data)
        return true;
    *price = input->price.object; /* was checked before, and may be for this purchase alone */
    if (*price)
        return true;
    *price = resource_find(request, &price_resource, id);
    if (!*price)
        return fail(request, CODE_resource_missing, param, "No such price: '%.*s'", STR_FMT(id));
    if ((*price)->type.value != PRICE_RECURRING)
        return fail(request, CODE_NONE, param,
                    "The price specified is set to `type=one_time` but this field only accepts "
                    "prices with `type=recurring`.");
    return (*price)->active || fail(request, CODE_NONE, param,
                                    "The price specified is inactive. This field only "
                                    "accepts active prices.");
}

/* All prices of a subscription have one currency and one interval. */
static bool check_match(struct request *request, struct subscription *subscription)
{
    const struct subscription_item *items = items_of(subscription);
    const struct price *first = subscription_item_price(request, &items[0]);
    for (size_t i = 0; i < subscription->items.count; i++) {
        const struct price *price = subscription_item_price(request, &items[i]);
        int64_t amount;
        if (!first || !price)
            return false;
        const char *field = NULL;
        if (price->recurring.interval.value != first->recurring.interval.value)
            field = "interval";
        else if (price->recurring.interval_count != first->recurring.interval_count)
            field = "interval_count";
        else if (!price_amount(price, subscription->currency, 1, &amount))
            field = "currency";
        if (field)
            return fail(request, CODE_NONE, STR_NULL,
                        "Currency and interval fields must match across all plans on this "
                        "subscription. Found mismatch in %s field.",
                        field);
        if (!price_amount(price, subscription->currency, items[i].quantity.value, &amount) ||
            amount > MONEY_AMOUNT_MAX)
            return fail(request, CODE_amount_too_large, item_param(request, i, "quantity"),
                        "The amount must be at most %lld.", (long long)MONEY_AMOUNT_MAX);
    }
    return true;
}

static struct subscription_item *add_item(struct request *request,
                                          struct subscription *subscription)
{
    size_t count = subscription->items.count;
    struct subscription_item *items =
        ARENA_ARRAY(request->arena, struct subscription_item, count + 1);
    if (count)
        memcpy(items, subscription->items.items, count * sizeof(*items));
    subscription->items.items = items;
    subscription->items.count = count + 1;
    subscription->items.total_count = (int64_t)count + 1;
    items[count] = (struct subscription_item){
        .object =
            {
                .id = resource_new_id(request, &subscription_item_resource),
                .created = {request->now},
            },
        .quantity = {true, 1},
        .subscription = {subscription->object.id, subscription->object.row, NULL},
    };
    return &items[count];
}

static void remove_item(struct subscription *subscription, size_t index)
{
    struct subscription_item *items = items_of(subscription);
    for (size_t i = index + 1; i < subscription->items.count; i++)
        items[i - 1] = items[i];
    subscription->items.count--;
    subscription->items.total_count--;
}

static bool find_item(struct request *request, const struct subscription *subscription,
                      const struct item_input *input, size_t index, size_t *place)
{
    const struct subscription_item *items = items_of(subscription);
    for (*place = 0; *place < subscription->items.count; ++*place)
        if (str_equal(items[*place].object.id, input->id))
            return true;
    return fail(request, CODE_resource_missing, item_param(request, index, "id"),
                "No such subscription_item: '%.*s'", STR_FMT(input->id));
}

static void merge_metadata(struct request *request, struct metadata *metadata,
                           const struct metadata *changes)
{
    struct metadata merged = {
        ARENA_ARRAY(request->arena, struct pair, metadata->count + changes->count + 1),
        metadata->count};
    if (metadata->count)
        memcpy(merged.items, metadata->items, metadata->count * sizeof(*merged.items));
    for (size_t i = 0; i < changes->count; i++) {
        size_t at = 0;
        while (at < merged.count && !str_equal(merged.items[at].key, changes->items[i].key))
            at++;
        merged.items[at] = changes->items[i];
        merged.count += at == merged.count;
    }
    *metadata = merged;
}

/* One element of items[]; *item is the one it is about, NULL when it was removed. */
static bool apply_input(struct request *request, struct subscription *subscription,
                        const struct item_input *input, size_t index,
                        struct subscription_item **item)
{
    const struct price *price;
    size_t place = subscription->items.count;
    *item = NULL;
    if (input->id.data && !find_item(request, subscription, input, index, &place))
        return false;
    if (input->deleted && input->id.data) {
        remove_item(subscription, place);
        return true;
    }
    if (!subscription_find_price(request, input, index, &price))
        return false;
    if (!input->id.data && !price)
        return fail(request, CODE_parameter_missing, item_param(request, index, "price"),
                    "Missing required param: items[%zu][price].", index);
    if (!input->id.data)
        add_item(request, subscription);
    *item = &items_of(subscription)[place];
    if (price) {
        (*item)->price = (struct ref){price->object.id, price->object.row, price};
        (*item)->plan = price_plan(request, price);
    }
    if (input->quantity.set)
        (*item)->quantity = input->quantity;
    if (input->metadata_is_whole)
        (*item)->object.metadata = input->metadata;
    else
        merge_metadata(request, &(*item)->object.metadata, &input->metadata);
    return true;
}

/* What the subscription costs in a period, before discounts. */
static int64_t gross(struct request *request, const struct subscription *subscription)
{
    const struct subscription_item *items = items_of(subscription);
    int64_t sum = 0, amount;
    for (size_t i = 0; i < subscription->items.count; i++) {
        const struct price *price = subscription_item_price(request, &items[i]);
        if (price && price_amount(price, subscription->currency, items[i].quantity.value, &amount))
            sum += amount;
    }
    return sum;
}

struct purchase subscription_purchase(struct request *request,
                                      const struct subscription *subscription, enum surface surface)
{
    return (struct purchase){
        .surface = surface,
        .customer = subscription->customer.id,
        .customer_is_new = customer_is_new(request, subscription->customer.id, STR_NULL),
        .currency = subscription->currency,
        .amount = {true, gross(request, subscription)},
    };
}

static struct discount owner_of(const struct subscription *subscription)
{
    return (struct discount){
        .customer = subscription->customer,
        .subscription = subscription->object.id,
        .starts = {subscription->backdate_start_date.set ? subscription->start_date.seconds : 0},
    };
}

static bool set_item_discounts(struct request *request, const struct subscription *subscription,
                               struct subscription_item *item, const struct item_input *input,
                               size_t index)
{
    struct discount on = owner_of(subscription);
    const struct purchase purchase =
        subscription_purchase(request, subscription, SURFACE_SUBSCRIPTION_ITEM);
    const struct refs had = item->discounts;
    on.subscription_item = item->object.id;
    const struct discounts_change change = {
        .entries = &input->discount_entries,
        .param = item_param(request, index, "discounts"),
        .had = &had,
        .on = &on,
        .purchase = &purchase,
    };
    return discounts_set(request, &change, &item->discounts);
}

bool subscription_apply_items(struct request *request, struct subscription *subscription)
{
    const struct item_input *inputs = subscription->item_inputs.items;
    size_t count = subscription->item_inputs.count;
    for (size_t i = 0; i < count; i++) {
        struct subscription_item *item;
        if (!apply_input(request, subscription, &inputs[i], i, &item))
            return false;
        bool given = inputs[i].discount_entries.items || inputs[i].discounts_given;
        if (item && given && !set_item_discounts(request, subscription, item, &inputs[i], i))
            return false;
    }
    if (subscription->items.count > SUBSCRIPTION_ITEMS_MAX)
        return fail(request, CODE_NONE, STR("items"),
                    "Array items exceeded maximum %d allowed elements.", SUBSCRIPTION_ITEMS_MAX);
    if (subscription->items.count == 0)
        return fail(request, CODE_NONE, STR("items"),
                    "A subscription must have at least one item.");
    return check_match(request, subscription);
}

/* The parameters plan and quantity of old stand for items[0]. */
void subscription_take_plan(struct request *request, struct subscription *subscription)
{
    struct item_input *input;
    if (subscription->item_inputs.count ||
        !(subscription->plan_input.id.data || subscription->quantity_input.set))
        return;
    input = ARENA_NEW(request->arena, struct item_input);
    input->price = subscription->plan_input;
    input->quantity = subscription->quantity_input;
    if (subscription->items.count == 1)
        input->id = items_of(subscription)[0].object.id;
    subscription->item_inputs = (struct list){input, 1};
}

void subscription_store_items(struct request *request, const struct subscription *subscription,
                              const struct subscription *before)
{
    const struct table_statements *statements = catalog_of(request, &subscription_item_resource);
    const struct schema *schema = &subscription_item_resource.schema;
    struct subscription_item *items = items_of(subscription);
    for (size_t i = 0; i < subscription->items.count; i++) {
        if (items[i].object.row) {
            rows_update(request, statements, schema, &items[i]);
            continue;
        }
        items[i].object.row = db_next_row(request->db, request->now);
        rows_insert(request, statements, schema, &items[i]);
    }
    for (size_t i = 0; before && i < before->items.count; i++) {
        const struct subscription_item *old = &items_of(before)[i];
        bool kept = false;
        for (size_t j = 0; j < subscription->items.count; j++)
            kept |= items[j].object.row == old->object.row;
        if (kept)
            continue;
        struct query query = db_query(request->db, &statements->mark_deleted);
        db_bind_int(&query, request->now);
        db_bind_int(&query, request->tenant);
        db_bind_int(&query, old->object.row);
        db_run(&query);
    }
}

/* ---- discounts ---- */

/* The parameters coupon and promotion_code of old stand for discounts[0]. */
static bool take_coupon(struct request *request, struct subscription *subscription)
{
    struct discount_entry *entry = ARENA_NEW(request->arena, struct discount_entry);
    struct str param = subscription->promotion_code.id.data ? STR("promotion_code") : STR("coupon");
    if (!subscription->coupon_given)
        return true;
    if (subscription->coupon.id.data && subscription->promotion_code.id.data)
        return fail(request, CODE_NONE, STR("coupon"),
                    "You may only specify one of these parameters: coupon, promotion_code.");
    if (subscription->discounts_given)
        return fail(request, CODE_NONE, param,
                    "You may only specify one of these parameters: coupon, promotion_code, "
                    "discounts.");
    if (subscription->discounts.count > 1)
        return fail(request, CODE_NONE, param,
                    "This subscription has more than one discount. Use `discounts` to change "
                    "them.");
    *entry = (struct discount_entry){.coupon = subscription->coupon,
                                     .promotion_code = subscription->promotion_code};
    bool any = entry->coupon.id.data || entry->promotion_code.id.data;
    subscription->discount_entries = (struct list){entry, any};
    return true;
}

bool subscription_set_discounts(struct request *request, struct subscription *subscription,
                                enum surface surface)
{
    if (!take_coupon(request, subscription))
        return false;
    if (!subscription->discounts_given && !subscription->coupon_given &&
        !subscription->discount_entries.count)
        return true;
    const struct discount on = owner_of(subscription);
    const struct purchase purchase = subscription_purchase(request, subscription, surface);
    const struct refs had = subscription->discounts;
    const struct discounts_change change = {
        .entries = &subscription->discount_entries,
        .param = STR("discounts"),
        .legacy = subscription->coupon_given,
        .had = &had,
        .on = &on,
        .purchase = &purchase,
    };
    subscription->suppresses_discounts =
        surface == SURFACE_SUBSCRIPTION && !subscription->discount_entries.count;
    return discounts_set(request, &change, &subscription->discounts);
}

/* ---- what the next invoice has in addition ---- */

static bool add_invoice_item(struct request *request, const struct subscription *subscription,
                             const struct customer *customer, const struct added_item *added,
                             size_t index)
{
    struct invoice_item *item = resource_new(request, &invoice_item_resource);
    struct price *made;
    const struct price *price = NULL;
    int64_t amount;
    struct str param = str_format(request->arena, "add_invoice_items[%zu][price]", index);
    if (added->price_data) {
        if (!price_create_inline(
                request, added->price_data,
                str_format(request->arena, "add_invoice_items[%zu][price_data]", index), &made))
            return false;
        price = made;
    } else {
        price = resource_find(request, &price_resource, added->price.id);
    }
    if (!price)
        return fail(request, CODE_resource_missing, param, "No such price: '%.*s'",
                    STR_FMT(added->price.id));
    int64_t quantity = added->quantity.set ? added->quantity.value : 1;
    if (price->type.value == PRICE_RECURRING)
        return fail(request, CODE_NONE, param,
                    "The price specified is set to `type=recurring` but this field only accepts "
                    "prices with `type=one_time`.");
    if (!price_amount(price, subscription->currency, quantity, &amount) ||
        amount > MONEY_AMOUNT_MAX)
        return fail(request, CODE_NONE, param, "The price has no amount in %.*s.",
                    STR_FMT(subscription->currency));
    *item = (struct invoice_item){
        .object = {.id = resource_new_id(request, &invoice_item_resource),
                   .metadata = added->metadata},
        .amount = {true, amount},
        .currency = subscription->currency,
        .customer = {customer->object.id, customer->object.row, customer},
        .date = {request->now},
        .discountable = {true, !added->discountable.set || added->discountable.value},
        .parent = {{subscription->object.id, STR_NULL}, {1}},
        .period = {{request->now}, {request->now}},
        .quantity = quantity,
        .test_clock = customer->test_clock,
    };
    item->pricing.type.value = 1;
    item->pricing.price_details.price = (struct ref){price->object.id, price->object.row, NULL};
    item->pricing.price_details.product = price->product.id;
    item->pricing.unit_amount_decimal = price_unit_decimal(price, subscription->currency);
    const struct discount on = {.customer = item->customer, .invoice_item = item->object.id};
    const struct purchase purchase =
        subscription_purchase(request, subscription, SURFACE_INVOICE_ITEM);
    const struct discounts_change change = {
        .entries = &added->discount_entries,
        .param = str_format(request->arena, "add_invoice_items[%zu][discounts]", index),
        .had = &item->discounts,
        .on = &on,
        .purchase = &purchase,
    };
    return discounts_set(request, &change, &item->discounts) &&
           resource_insert(request, &invoice_item_resource, item);
}

bool subscription_add_invoice_items(struct request *request,
                                    const struct subscription *subscription,
                                    const struct customer *customer)
{
    const struct added_item *added = subscription->added_items.items;
    if (subscription->added_items.count > SUBSCRIPTION_ITEMS_MAX)
        return fail(request, CODE_NONE, STR("add_invoice_items"),
                    "Array add_invoice_items exceeded maximum %d allowed elements.",
                    SUBSCRIPTION_ITEMS_MAX);
    for (size_t i = 0; i < subscription->added_items.count; i++)
        if (!add_invoice_item(request, subscription, customer, &added[i], i))
            return false;
    return true;
}

/* ---- settings ---- */

static bool was_given(const struct request *request, size_t offset)
{
    return parameter_given(request, &subscription_resource.schema, offset);
}

bool subscription_check_parameters(struct request *request, struct subscription *subscription)
{
    subscription->discounts_given =
        was_given(request, offsetof(struct subscription, discount_entries));
    subscription->coupon_given = was_given(request, offsetof(struct subscription, coupon)) ||
                                 was_given(request, offsetof(struct subscription, promotion_code));
    if (was_given(request, offsetof(struct subscription, cancel_at)) &&
        subscription->cancel_at.set && subscription->cancel_at_period_end)
        return fail(request, CODE_NONE, STR("cancel_at"),
                    "You may only specify one of these parameters: cancel_at, "
                    "cancel_at_period_end.");
    return true;
}

bool subscription_check_settings(struct request *request, struct subscription *subscription)
{
    if (subscription->automatic_tax.enabled)
        return fail(request, CODE_NONE, STR("automatic_tax[enabled]"),
                    "Automatic tax is not supported.");
    if (subscription->collection_method.value == SEND_INVOICE && !subscription->days_until_due.set)
        return fail(request, CODE_NONE, STR("days_until_due"),
                    "You must pass days_until_due when collection_method is `send_invoice`.");
    if (subscription->cancel_at.set && subscription->cancel_at.seconds <= request->now)
        return fail(request, CODE_NONE, STR("cancel_at"),
                    "Invalid cancel_at: it must be in the future.");
    if (subscription->default_payment_method.object &&
        !payment_method_belongs(request, &subscription->default_payment_method,
                                subscription->customer.id, STR("default_payment_method")))
        return false;
    return true;
}

void subscription_plan_end(const struct request *request, struct subscription *subscription,
                           const struct subscription *before)
{
    struct opt_time *end = &subscription->cancel_at;
    if (subscription->cancel_at_period_end)
        *end = (struct opt_time){true, subscription->current_period_end.seconds};
    else if (before && before->cancel_at_period_end && end->seconds == before->cancel_at.seconds)
        *end = (struct opt_time){0};
    if (!end->set)
        subscription->canceled_at = (struct opt_time){0};
    else if (!before || !before->cancel_at.set)
        subscription->canceled_at = (struct opt_time){true, request->now};
}

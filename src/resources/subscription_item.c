/* Subscription items: each price of a subscription with its quantity and discounts. */
#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "resources/event.h"
#include "resources/registry.h"
#include "resources/subscription.h"
#include "resources/test_clock.h"

#include <stddef.h>

const char *const proration_behaviors[] = {"always_invoice", "create_prorations", "none", NULL};
const char *const payment_behaviors[] = {"allow_incomplete", "default_incomplete",
                                         "error_if_incomplete", "pending_if_incomplete", NULL};

#define THIS struct item_input
static const struct field item_input_fields[] = {
    FIELD(clear_usage, "Accepted without effect.", .in = UPDATE | ACTION),
    FIELD(deleted, "Whether to remove the item.", .in = UPDATE | ACTION),
    FIELD(discount_entries, "The coupons, codes and discounts that it has.", .as = "discounts",
          .in = CREATE | UPDATE | ACTION, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE,
          .of = &discount_entry_schema, .since = V_2024_04_10),
    FIELD(id, "The item to change; absent: a new one.", .in = UPDATE | ACTION),
    FIELD(metadata, "Pairs of your own.", .in = CREATE | UPDATE | ACTION),
    FIELD(plan, "The price, by its older name.", .in = CREATE | UPDATE | ACTION,
          .of = &price_resource.schema),
    FIELD(price, "The price.", .in = CREATE | UPDATE | ACTION, .of = &price_resource.schema),
    OPT_HASH(price_data, recurring_price_data_schema, "A price to make with it.",
             .in = CREATE | UPDATE | ACTION),
    FIELD(quantity, "How many.", .in = CREATE | UPDATE | ACTION),
};
#undef THIS
const struct schema item_input_schema =
    SCHEMA(struct item_input, item_input_fields, "subscription_item_input");

#define THIS struct added_item
static const struct field added_item_fields[] = {
    FIELD(discountable, "Whether discounts apply.", .in = CREATE | UPDATE, .since = V_ENDIVE),
    FIELD(discount_entries, "The coupons and codes that it has.", .as = "discounts",
          .in = CREATE | UPDATE, .of = &discount_entry_schema, .since = V_2024_04_10),
    FIELD(metadata, "Pairs of your own.", .in = CREATE | UPDATE, .since = V_2025_08_27),
    FIELD(price, "A one-time price.", .in = CREATE | UPDATE, .of = &price_resource.schema),
    OPT_HASH(price_data, price_data_schema, "A price to make with it.", .in = CREATE | UPDATE),
    FIELD(quantity, "How many.", .in = CREATE | UPDATE),
};
#undef THIS
const struct schema added_item_schema =
    SCHEMA(struct added_item, added_item_fields, "added_invoice_item");

#define THIS struct subscription_item
static const struct field subscription_item_fields[] = {
    FIELD_ID,
    CONSTANT("billing_thresholds", "null", "Not supported."),
    FIELD(object.created, "When the object was created.", .as = "created", .is = DERIVED),
    FIELD(current_period_end, "End of the current period.", .is = DERIVED, .since = V_BASIL),
    FIELD(current_period_start, "Start of the current period.", .is = DERIVED, .since = V_BASIL),
    CONSTANT("current_trial", "null", "Not supported.", .since = V_ENDIVE),
    FIELD(discount_entries, "The coupons, codes and discounts that it has.", .as = "discounts",
          .in = CREATE | UPDATE, .is = INPUT | CLEARS_ON_CREATE | CLEARS_ON_UPDATE,
          .of = &discount_entry_schema, .since = V_2024_04_10),
    FIELD(discounts, "Its own discounts.", .of = &discount_resource.schema, .since = V_2024_04_10),
    FIELD_METADATA(.in = CREATE | UPDATE, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(off_session, "Accepted without effect.", .in = UPDATE, .is = INPUT),
    FIELD(payment_behavior, "What happens when it cannot be paid.", .in = CREATE | UPDATE,
          .is = INPUT, .values = payment_behaviors),
    OPT_HASH(plan, plan_resource.schema, "The price, by its older name.", .is = DERIVED),
    FIELD(plan_input, "The price, by its older name.", .as = "plan", .in = CREATE | UPDATE,
          .is = INPUT, .of = &price_resource.schema),
    FIELD(price, "The price.", .in = CREATE | UPDATE, .is = INLINED, .of = &price_resource.schema),
    OPT_HASH(price_data, recurring_price_data_schema, "A price to make with it.",
             .in = CREATE | UPDATE, .is = INPUT),
    FIELD(proration_behavior, "What happens to the rest of the period.", .in = CREATE | UPDATE,
          .is = INPUT, .values = proration_behaviors),
    FIELD(proration_date, "From when on it is prorated.", .in = CREATE | UPDATE, .is = INPUT),
    FIELD(quantity, "How many.", .in = CREATE | UPDATE, .is = NOT_NULL),
    FIELD(subscription, "The subscription.", .in = CREATE | FILTER, .is = NOT_NULL | REQUIRED,
          .of = &subscription_resource.schema),
    CONSTANT("tax_rates", "[]", "Not supported."),
};
#undef THIS

STATEMENT(find_items, "SELECT seq FROM subscription_items WHERE tenant = $1 AND subscription = $2"
                      " AND deleted_at IS NULL ORDER BY seq");

const struct price *subscription_item_price(struct request *request,
                                            const struct subscription_item *item)
{
    return item->price.object ? item->price.object
                              : resource_follow(request, &price_resource, &item->price);
}

static void complete(struct request *request, struct subscription_item *item,
                     const struct subscription *subscription)
{
    const struct price *price = subscription_item_price(request, item);
    item->price.object = price;
    item->plan = price ? price_plan(request, price) : NULL;
    item->current_period_start = subscription->current_period_start;
    item->current_period_end = subscription->current_period_end;
}

void subscription_load_items(struct request *request, struct subscription *subscription)
{
    int64_t rows[SUBSCRIPTION_ITEMS_MAX];
    size_t count = 0;
    struct query query = db_query(request->db, &find_items);
    db_bind_int(&query, request->tenant);
    db_bind_str(&query, subscription->object.id);
    while (count < SUBSCRIPTION_ITEMS_MAX && db_row(&query))
        rows[count++] = db_int(&query, 0);
    db_end(&query);
    struct subscription_item *items =
        ARENA_ARRAY(request->arena, struct subscription_item, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct query row =
            db_query(request->db, &catalog_of(request, &subscription_item_resource)->by_seq);
        db_bind_int(&row, request->tenant);
        db_bind_int(&row, rows[i]);
        if (!db_row(&row))
            break;
        rows_read(request, &row, &subscription_item_resource.schema, &items[i]);
        db_end(&row);
        complete(request, &items[i], subscription);
    }
    subscription->items = (struct embedded){
        .items = items,
        .count = count,
        .total_count = (int64_t)count,
        .url = str_format(request->arena, "/v1/subscription_items?subscription=%.*s",
                          STR_FMT(subscription->object.id)),
    };
}

static void derive(struct request *request, void *object)
{
    struct subscription_item *item = object;
    const struct subscription *subscription =
        resource_follow(request, &subscription_resource, &item->subscription);
    if (subscription)
        complete(request, item, subscription);
}

static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    const struct subscription_item *filter = object;
    (void)before;
    (void)operation; /* only lists come here */
    return filter->subscription.id.data ||
           fail(request, CODE_parameter_missing, STR("subscription"),
                "Missing required param: subscription.");
}

/* ---- calls: a change of the subscription that has one item in it ---- */

static struct subscription *load_subscription(struct request *request, struct str id)
{
    struct subscription *subscription = resource_find(request, &subscription_resource, id);
    if (subscription)
        test_clock_enter(request, &subscription->test_clock);
    return subscription;
}

static bool was_given(const struct request *request, size_t offset)
{
    return parameter_given(request, &subscription_item_resource.schema, offset);
}

/* What an error names as items[0][discounts][1] is discounts[1] here. Returns false. */
static bool name_parameter(struct request *request)
{
    struct str rest, *param = &request->error.param;
    if (!str_starts(*param, STR("items[")))
        return false;
    str_split(*param, '[', &rest);
    str_split(rest, '[', &rest);
    struct str name = str_split(rest, ']', &rest);
    *param = str_format(request->arena, "%.*s%.*s", STR_FMT(name), STR_FMT(rest));
    return false;
}

static bool change(struct request *request, struct subscription *subscription,
                   const struct subscription_item *wanted, struct item_input *input)
{
    const struct subscription *before = subscription_copy(request, subscription);
    input->metadata_is_whole = true;
    subscription->item_inputs = (struct list){input, 1};
    subscription->payment_behavior = wanted->payment_behavior;
    subscription->proration_behavior = wanted->proration_behavior;
    subscription->proration_date = wanted->proration_date;
    return subscription_update(request, subscription, before) || name_parameter(request);
}

static struct item_input input_of(const struct request *request,
                                  const struct subscription_item *item)
{
    return (struct item_input){
        .discount_entries = item->discount_entries,
        .discounts_given = was_given(request, offsetof(struct subscription_item, discount_entries)),
        .metadata = item->object.metadata,
        .plan = item->plan_input,
        .price_data = item->price_data,
        .quantity = item->quantity,
    };
}

static bool route_create(struct request *request, const struct route *route, struct answer *answer)
{
    struct subscription_item *item = resource_new(request, &subscription_item_resource);
    if (!resource_parameters(request, route, item) ||
        !resource_resolve(request, &subscription_item_resource.schema, item, CREATE))
        return false;
    struct subscription *subscription = load_subscription(request, item->subscription.id);
    struct item_input input = input_of(request, item);
    input.price.id = item->price.id;
    if (!subscription || !change(request, subscription, item, &input))
        return false;
    const struct subscription_item *items = subscription->items.items;
    answer_object(answer, &subscription_item_resource, &items[subscription->items.count - 1]);
    return true;
}

static bool route_update(struct request *request, const struct route *route, struct answer *answer)
{
    struct str id = request->path_ids[0];
    if (!resource_parameters(request, route, resource_new(request, &subscription_item_resource)))
        return false;
    struct subscription_item *item = resource_find(request, &subscription_item_resource, id);
    if (!item)
        return fail_missing(request, STR("id"), subscription_item_resource.noun, id);
    const struct ref old = item->price;
    if (!resource_parameters(request, route, item) ||
        !resource_resolve(request, &subscription_item_resource.schema, item, UPDATE))
        return false;
    struct subscription *subscription = load_subscription(request, item->subscription.id);
    struct item_input input = input_of(request, item);
    input.id = id;
    if (!str_equal(item->price.id, old.id))
        input.price.id = item->price.id;
    if (!subscription || !change(request, subscription, item, &input))
        return false;
    answer_object(answer, &subscription_item_resource,
                  resource_find(request, &subscription_item_resource, id));
    return true;
}

struct item_removal {
    bool clear_usage;
    struct choice payment_behavior;
    struct choice proration_behavior;
    struct opt_time proration_date;
};

#define THIS struct item_removal
static const struct field removal_fields[] = {
    FIELD(clear_usage, "Accepted without effect.", .in = ACTION),
    FIELD(payment_behavior, "What happens when it cannot be paid.", .in = ACTION,
          .values = payment_behaviors),
    FIELD(proration_behavior, "What happens to the rest of the period.", .in = ACTION,
          .values = proration_behaviors),
    FIELD(proration_date, "From when on it is prorated.", .in = ACTION),
};
#undef THIS
static const struct schema removal_schema =
    SCHEMA(struct item_removal, removal_fields, "subscription_item_removal");

static bool route_delete(struct request *request, const struct route *route, struct answer *answer)
{
    struct item_removal removal = {0};
    struct str id = request->path_ids[0];
    if (!resource_parameters(request, route, &removal))
        return false;
    struct subscription_item *item = resource_find(request, &subscription_item_resource, id);
    if (!item)
        return fail_missing(request, STR("id"), subscription_item_resource.noun, id);
    struct subscription *subscription = load_subscription(request, item->subscription.id);
    struct item_input input = {.id = id, .deleted = true};
    item->payment_behavior = removal.payment_behavior;
    item->proration_behavior = removal.proration_behavior;
    item->proration_date = removal.proration_date;
    if (!subscription || !change(request, subscription, item, &input))
        return false;
    *answer = (struct answer){
        .form = ANSWER_DELETED, .resource = &subscription_item_resource, .object = item};
    return true;
}

static const struct route routes[] = {
    {.method = "POST",
     .path = "/v1/subscription_items",
     .handler = route_create,
     .resource = &subscription_item_resource,
     .parameters = &subscription_item_resource.schema,
     .in = CREATE,
     .name = "PostSubscriptionItems",
     .summary = "Add an item to a subscription"},
    {.method = "POST",
     .path = "/v1/subscription_items/:id",
     .handler = route_update,
     .resource = &subscription_item_resource,
     .parameters = &subscription_item_resource.schema,
     .in = UPDATE,
     .name = "PostSubscriptionItemsItem",
     .summary = "Change an item of a subscription"},
    {.method = "DELETE",
     .path = "/v1/subscription_items/:id",
     .handler = route_delete,
     .resource = &subscription_item_resource,
     .form = ANSWER_DELETED,
     .parameters = &removal_schema,
     .in = ACTION,
     .name = "DeleteSubscriptionItemsItem",
     .summary = "Remove an item from a subscription",
     .no_expand = true},
};

const struct resource subscription_item_resource = {
    .schema = SCHEMA(struct subscription_item, subscription_item_fields, "subscription_item",
                     .is_object = true, .help = "A price of a subscription, with its quantity."),
    .table = {&subscription_item_resource.schema, "subscription_items", NULL},
    .number = RESOURCE_subscription_item,
    .path = "/v1/subscription_items",
    .noun = "subscription_item",
    .path_param = "id",
    .id_prefix = "si_",
    .id_form = ID_SHORT,
    .operations = RETRIEVE | FILTER,
    .routes = routes,
    .route_count = ARRAY_LENGTH(routes),
    .check = check,
    .derive = derive,
};

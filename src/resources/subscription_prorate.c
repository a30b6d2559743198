/* Prorations: when items change in the middle of a period, what was paid for the rest of it is
 * credited and what the rest costs now is charged, both after discounts. */
#include "base/request.h"
#include "resources/invoice_item.h"
#include "resources/registry.h"
#include "resources/subscription.h"

__extension__ typedef __int128 product;

/* The part of an amount that falls on the rest of the period, rounded half up. */
static int64_t rest_of(int64_t amount, int64_t rest, int64_t whole)
{
    bool negative = amount < 0;
    product scaled = (product)(negative ? -amount : amount) * rest * 2 + whole;
    int64_t part = (int64_t)(scaled / (2 * (product)whole));
    return negative ? -part : part;
}

/* What the item's line costs after discounts, on an invoice of one whole period. */
static int64_t net_of_item(const struct invoice *invoice, struct str item)
{
    const struct line_item *lines = invoice->all_lines.items;
    for (size_t i = 0; i < invoice->all_lines.count; i++) {
        const struct subscription_item_details *details =
            &lines[i].parent.subscription_item_details;
        if (!str_equal(details->subscription_item, item) || details->proration)
            continue;
        const struct discount_amount *amounts = lines[i].discount_amounts.items;
        int64_t net = lines[i].amount;
        for (size_t j = 0; j < lines[i].discount_amounts.count; j++)
            net -= amounts[j].amount;
        return net;
    }
    return 0;
}

/* An invoice of the current period that nobody sees. */
static struct invoice *price_period(struct request *request,
                                    const struct subscription *subscription,
                                    const struct customer *customer)
{
    struct invoice *invoice =
        subscription_draft(request, subscription, customer, REASON_SUBSCRIPTION_UPDATE);
    if (!subscription_add_lines(request, subscription, invoice,
                                subscription->current_period_start.seconds,
                                subscription->current_period_end.seconds, false))
        return NULL;
    invoice_compute(request, invoice);
    return invoice;
}

static const struct subscription_item *find_item(const struct subscription *subscription,
                                                 struct str id)
{
    const struct subscription_item *items = subscription->items.items;
    for (size_t i = 0; i < subscription->items.count; i++)
        if (str_equal(items[i].object.id, id))
            return &items[i];
    return NULL;
}

static bool is_same(const struct subscription_item *a, const struct subscription_item *b)
{
    return a && b && str_equal(a->price.id, b->price.id) && a->quantity.value == b->quantity.value;
}

struct part {
    const struct subscription *subscription;
    const struct customer *customer;
    int64_t time, end, whole;
};

static bool add(struct request *request, const struct part *part,
                const struct subscription_item *item, int64_t net, const char *what)
{
    const struct price *price = subscription_item_price(request, item);
    if (!price)
        return false;
    const struct proration proration = {
        .price = price,
        .quantity = item->quantity.value,
        .amount = rest_of(net, part->end - part->time, part->whole),
        .description = wording_of_proration(request, what, price, item->quantity.value, part->time),
        .start = part->time,
        .end = part->end,
        .subscription = part->subscription->object.id,
        .subscription_item = item->object.id,
    };
    return invoice_item_prorate(request, part->customer, part->subscription->currency, &proration);
}

bool subscription_prorate(struct request *request, const struct subscription *subscription,
                          const struct subscription *before, int64_t time)
{
    const struct customer *customer =
        resource_find(request, &customer_resource, subscription->customer.id);
    const struct invoice *old = customer ? price_period(request, before, customer) : NULL;
    const struct invoice *new = customer ? price_period(request, subscription, customer) : NULL;
    if (!old || !new)
        return false;
    /* What was paid counts, where the period has an invoice of its own. */
    const struct invoice *paid =
        resource_follow(request, &invoice_resource, &before->latest_invoice);
    const struct part part = {
        .subscription = subscription,
        .customer = customer,
        .time = time,
        .end = before->current_period_end.seconds,
        .whole = before->current_period_end.seconds - before->current_period_start.seconds,
    };
    const struct subscription_item *items = before->items.items;
    for (size_t i = 0; i < before->items.count; i++) {
        struct str id = items[i].object.id;
        if (is_same(&items[i], find_item(subscription, id)))
            continue;
        int64_t net = net_of_item(paid ? paid : old, id);
        if (!add(request, &part, &items[i], net ? -net : -net_of_item(old, id), "Unused"))
            return false;
    }
    items = subscription->items.items;
    bool same_period = subscription->current_period_end.seconds == part.end;
    for (size_t i = 0; same_period && i < subscription->items.count; i++) {
        struct str id = items[i].object.id;
        if (is_same(&items[i], find_item(before, id)))
            continue;
        if (!add(request, &part, &items[i], net_of_item(new, id), "Remaining"))
            return false;
    }
    return true;
}

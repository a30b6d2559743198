/* Prorations: when items change in the middle of a period, what was paid for the rest of it is
 * credited and what the rest costs now is charged, both after discounts. */
#include "base/request.h"
#include "resources/invoice_item.h"
#include "resources/registry.h"
#include "resources/subscription.h"

STATEMENT(find_bill,
          "SELECT seq FROM invoices WHERE tenant = $1"
          " AND parent_subscription_details_subscription = $2 AND seq < $3 AND created >= $4"
          " AND deleted_at IS NULL ORDER BY seq DESC LIMIT 1");
STATEMENT(find_change,
          "SELECT 1 FROM invoice_items WHERE tenant = $1 AND customer = $2"
          " AND parent_subscription_details_subscription_item = $3 AND period_start >= $4"
          " AND proration = 1 AND deleted_at IS NULL LIMIT 1");

static bool bills_period(const struct invoice *invoice, const struct subscription *subscription)
{
    const struct line_item *lines = invoice->all_lines.items;
    for (size_t i = 0; i < invoice->all_lines.count; i++)
        if (lines[i].parent.subscription_item_details.subscription_item.data &&
            !lines[i].parent.subscription_item_details.proration &&
            lines[i].period.start.seconds == subscription->current_period_start.seconds)
            return true;
    return false;
}

/* The invoice of the current period: the last one, unless changes were invoiced since. */
static const struct invoice *find_billed(struct request *request,
                                         const struct subscription *subscription)
{
    for (int64_t row = INT64_MAX;;) {
        struct query query = db_query(request->db, &find_bill);
        db_bind_int(&query, request->tenant);
        db_bind_str(&query, subscription->object.id);
        db_bind_int(&query, row);
        db_bind_int(&query, subscription->current_period_start.seconds);
        if (!db_row(&query))
            return NULL;
        row = db_int(&query, 0);
        db_end(&query);
        const struct invoice *invoice = resource_load(request, &invoice_resource, row);
        if (invoice && bills_period(invoice, subscription))
            return invoice;
    }
}

/* Whether the item was prorated in the current period: then that is what was charged last. */
static bool was_changed(struct request *request, const struct subscription *subscription,
                        const struct subscription_item *item)
{
    struct query query = db_query(request->db, &find_change);
    db_bind_int(&query, request->tenant);
    db_bind_str(&query, subscription->customer.id);
    db_bind_str(&query, item->object.id);
    db_bind_int(&query, subscription->current_period_start.seconds);
    bool found = db_row(&query);
    db_end(&query);
    return found;
}

/* What the item costs after discounts, as the invoice has it for the whole period. False: it does
 * not have the item as it is, for that period. */
static bool net_of_item(const struct invoice *invoice, const struct subscription_item *item,
                        const struct subscription *subscription, int64_t *net)
{
    const struct line_item *lines = invoice->all_lines.items;
    for (size_t i = 0; i < invoice->all_lines.count; i++) {
        const struct line_item *line = &lines[i];
        const struct subscription_item_details *details = &line->parent.subscription_item_details;
        if (!str_equal(details->subscription_item, item->object.id) || details->proration ||
            !str_equal(line->pricing.price_details.price.id, item->price.id) ||
            line->quantity.value != item->quantity.value ||
            line->period.start.seconds != subscription->current_period_start.seconds)
            continue;
        const struct discount_amount *amounts = line->discount_amounts.items;
        *net = line->amount;
        for (size_t j = 0; j < line->discount_amounts.count; j++)
            *net -= amounts[j].amount;
        return true;
    }
    return false;
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
        .amount = subscription_part_of(net, part->end - part->time, part->whole),
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
    const struct invoice *paid = find_billed(request, before);
    const struct subscription_item *items = before->items.items;
    const struct price *price = subscription_item_price(request, &items[0]);
    int64_t start = before->current_period_start.seconds, end = before->current_period_end.seconds;
    bool anchored = before->billing_cycle_anchor.seconds >= end; /* the period is a part of one */
    const struct part part = {
        .subscription = subscription,
        .customer = customer,
        .time = time,
        .end = end,
        .whole = (anchored && price ? price_period_end(price, start, start) : end) - start,
    };
    bool same_period = subscription->current_period_end.seconds == end;
    int64_t net;
    for (size_t i = 0; i < before->items.count; i++) {
        if (same_period && is_same(&items[i], find_item(subscription, items[i].object.id)))
            continue;
        if (!(paid && !was_changed(request, before, &items[i]) &&
              net_of_item(paid, &items[i], before, &net)) &&
            !net_of_item(old, &items[i], before, &net))
            return false;
        if (!add(request, &part, &items[i], -net, "Unused"))
            return false;
    }
    items = subscription->items.items;
    for (size_t i = 0; same_period && i < subscription->items.count; i++) {
        if (is_same(&items[i], find_item(before, items[i].object.id)))
            continue;
        if (!net_of_item(new, &items[i], subscription, &net) ||
            !add(request, &part, &items[i], net, "Remaining"))
            return false;
    }
    return true;
}

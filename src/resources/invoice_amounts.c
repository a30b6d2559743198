/* The amounts of an invoice: item-level discounts line by line, then those of the invoice, each on
 * what the ones before left. */
#include "base/arena.h"
#include "base/request.h"
#include "money/discount.h"
#include "resources/coupon.h"
#include "resources/invoice.h"

#include <string.h>

/* What was taken off, by which discount. */
struct tally {
    struct discount_amount *items;
    size_t count;
};

static void add(struct tally *tally, const struct discount *discount, int64_t amount)
{
    if (amount == 0)
        return;
    for (size_t i = 0; i < tally->count; i++) {
        if (!str_equal(tally->items[i].discount.id, discount->object.id))
            continue;
        tally->items[i].amount += amount;
        return;
    }
    tally->items[tally->count++] =
        (struct discount_amount){amount, {discount->object.id, discount->object.row, NULL}};
}

/* A discount with its coupon; *terms are what it takes off. False: nothing, in that currency. */
static const struct discount *load(struct request *request, const struct ref *ref,
                                   struct str currency, const struct coupon **coupon,
                                   struct discount_terms *terms)
{
    const struct discount *discount = resource_follow(request, &discount_resource, ref);
    if (!discount)
        return NULL;
    *coupon = resource_load(request, &coupon_resource, discount->source.coupon.row);
    return *coupon && coupon_terms(*coupon, currency, terms) ? discount : NULL;
}

/* Takes the line's own discounts off; returns how much. */
static int64_t discount_line(struct request *request, struct line_item *line, int64_t *remaining,
                             struct tally *on_line, struct tally *total)
{
    int64_t taken = 0;
    for (size_t i = 0; i < line->discounts.count; i++) {
        const struct coupon *coupon;
        struct discount_terms terms;
        const struct discount *discount =
            load(request, &line->discounts.items[i], line->currency, &coupon, &terms);
        if (!discount || !coupon_applies_to(coupon, line->pricing.price_details.product))
            continue;
        int64_t amount = discount_of_line(terms, *remaining);
        add(on_line, discount, amount);
        add(total, discount, amount);
        *remaining -= amount;
        taken += amount;
    }
    return taken;
}

/* The same for a discount of the whole invoice. */
static int64_t discount_invoice(struct request *request, const struct invoice *invoice,
                                const struct ref *ref, int64_t *remaining, struct tally *on_lines,
                                struct tally *total)
{
    const struct line_item *lines = invoice->all_lines.items;
    size_t count = invoice->all_lines.count;
    bool *applies = ARENA_ARRAY(request->arena, bool, count + 1);
    int64_t *taken = ARENA_ARRAY(request->arena, int64_t, count + 1);
    const struct coupon *coupon;
    struct discount_terms terms;
    const struct discount *discount = load(request, ref, invoice->currency, &coupon, &terms);
    if (!discount)
        return 0;
    for (size_t i = 0; i < count; i++)
        applies[i] =
            remaining[i] > 0 && coupon_applies_to(coupon, lines[i].pricing.price_details.product);
    int64_t sum = discount_of_lines(terms, count, applies, remaining, taken);
    for (size_t i = 0; i < count; i++)
        add(&on_lines[i], discount, taken[i]);
    add(total, discount, sum);
    return sum;
}

static void set_due(struct invoice *invoice)
{
    int64_t due = invoice->total + invoice->starting_balance;
    invoice->amount_due = invoice->total > 0 && due > 0 ? due : 0;
    invoice->amount_remaining = invoice->amount_due - invoice->amount_paid;
}

void invoice_compute(struct request *request, struct invoice *invoice)
{
    struct line_item *lines = invoice->all_lines.items;
    size_t count = invoice->all_lines.count, most = invoice->discounts.count;
    struct tally *on_lines = ARENA_ARRAY(request->arena, struct tally, count + 1);
    int64_t *remaining = ARENA_ARRAY(request->arena, int64_t, count + 1);
    for (size_t i = 0; i < count; i++)
        most += lines[i].discounts.count;
    struct tally total = {ARENA_ARRAY(request->arena, struct discount_amount, most + 1), 0};
    invoice->subtotal = 0;
    for (size_t i = 0; i < count; i++) {
        on_lines[i].items = ARENA_ARRAY(request->arena, struct discount_amount, most + 1);
        remaining[i] = lines[i].discountable && lines[i].amount > 0 ? lines[i].amount : 0;
        invoice->subtotal += lines[i].amount -
                             discount_line(request, &lines[i], &remaining[i], &on_lines[i], &total);
    }
    invoice->total = invoice->subtotal;
    for (size_t i = 0; i < invoice->discounts.count; i++)
        invoice->total -= discount_invoice(request, invoice, &invoice->discounts.items[i],
                                           remaining, on_lines, &total);
    for (size_t i = 0; i < count; i++)
        lines[i].discount_amounts = (struct list){on_lines[i].items, on_lines[i].count};
    invoice->total_discount_amounts = (struct list){total.items, total.count};
    set_due(invoice);
}

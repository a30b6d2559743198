/* Sets of discounts. */
#include "resources/discounts.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "resources/coupon.h"
#include "resources/customer.h"
#include "resources/event.h"
#include "resources/invoice_item.h"
#include "resources/promotion_code.h"
#include "resources/registry.h"

#define THIS struct discount_entry
static const struct field entry_fields[] = {
    FIELD(coupon, "A coupon to redeem.", .in = CREATE | UPDATE | ACTION,
          .of = &coupon_resource.schema),
    FIELD(discount, "A discount to keep.", .in = CREATE | UPDATE | ACTION,
          .of = &discount_resource.schema),
    FIELD(promotion_code, "A promotion code to redeem, by its id.", .in = CREATE | UPDATE | ACTION,
          .of = &promotion_code_resource.schema, .since = V_2024_04_10),
};
#undef THIS
const struct schema discount_entry_schema =
    SCHEMA(struct discount_entry, entry_fields, "discount_entry");

/* One entry with what it names. */
struct choice_made {
    const struct coupon *coupon;
    const struct promotion_code *code; /* NULL: the coupon itself */
    const struct discount *kept;       /* NULL: a new one */
    struct str param;
};

static void record(struct request *request, const char *verb, const struct discount *discount)
{
    event_record(request, discount_resource.events, verb, &discount_resource.schema, discount,
                 NULL);
}

static struct str entry_param(struct request *request, const struct discounts_change *change,
                              size_t index, const char *name)
{
    if (change->legacy)
        return str_from(name);
    return str_format(request->arena, "%.*s[%zu][%s]", STR_FMT(change->param), index, name);
}

static bool fail_unknown(struct request *request, struct str param, const struct resource *resource,
                         struct str id)
{
    return fail(request, CODE_resource_missing, param, "No such %s: '%.*s'", resource->noun,
                STR_FMT(id));
}

/* Whether what the discount is good for is behind it: its time, or the one invoice that it was put
 * on. */
static bool is_used_up(struct request *request, const struct discount *discount,
                       const struct coupon *coupon)
{
    struct ref invoice = {.id = discount->invoice};
    const struct ref item = {.id = discount->invoice_item};
    if (discount->ends.set && request->now >= discount->ends.seconds)
        return true;
    if (coupon->duration.value != DURATION_ONCE)
        return false;
    const struct invoice_item *of =
        item.id.data ? resource_follow(request, &invoice_item_resource, &item) : NULL;
    if (of)
        invoice.id = of->invoice.id;
    const struct invoice *on =
        invoice.id.data ? resource_follow(request, &invoice_resource, &invoice) : NULL;
    return on && on->status.value != INVOICE_DRAFT;
}

/* A discount can be named again by what belongs to the same customer; when it has ended or was used
 * up, only by what still has it. */
static bool find_kept(struct request *request, const struct discounts_change *change, struct str id,
                      struct choice_made *choice)
{
    const struct discount *discount = NULL;
    for (size_t i = 0; !discount && i < change->had->count; i++)
        if (str_equal(change->had->items[i].id, id))
            discount = resource_follow(request, &discount_resource, &change->had->items[i]);
    bool had = discount != NULL;
    if (!had)
        discount = resource_find(request, &discount_resource, id);
    if (!discount || !str_equal(discount->customer.id, change->on->customer.id))
        return fail_unknown(request, choice->param, &discount_resource, id);
    choice->kept = discount;
    choice->coupon = resource_load(request, &coupon_resource, discount->source.coupon.row);
    if (!choice->coupon)
        return false;
    return had || !is_used_up(request, discount, choice->coupon) ||
           fail(request, CODE_NONE, choice->param, "The discount %.*s has been used up.",
                STR_FMT(id));
}

static bool choose(struct request *request, const struct discounts_change *change, size_t index,
                   struct choice_made *choice)
{
    const struct discount_entry *entry =
        &((const struct discount_entry *)change->entries->items)[index];
    int named = (entry->coupon.id.data != NULL) + (entry->discount.id.data != NULL) +
                (entry->promotion_code.id.data != NULL);
    *choice = (struct choice_made){0};
    if (named != 1)
        return fail(request, CODE_NONE,
                    str_format(request->arena, "%.*s[%zu]", STR_FMT(change->param), index),
                    "Each of the discounts must have exactly one of coupon, discount and "
                    "promotion_code.");
    if (entry->discount.id.data) {
        choice->param = entry_param(request, change, index, "discount");
        return find_kept(request, change, entry->discount.id, choice);
    }
    if (entry->coupon.id.data) {
        choice->param = entry_param(request, change, index, "coupon");
        choice->coupon = resource_find(request, &coupon_resource, entry->coupon.id);
        return choice->coupon ||
               fail_unknown(request, choice->param, &coupon_resource, entry->coupon.id);
    }
    choice->param = entry_param(request, change, index, "promotion_code");
    choice->code = resource_find(request, &promotion_code_resource, entry->promotion_code.id);
    if (!choice->code)
        return fail_unknown(request, choice->param, &promotion_code_resource,
                            entry->promotion_code.id);
    choice->coupon = resource_load(request, &coupon_resource, choice->code->promotion.coupon.row);
    return choice->coupon != NULL;
}

static bool choose_all(struct request *request, const struct discounts_change *change,
                       struct choice_made *choices)
{
    size_t count = change->entries->count;
    if (count > DISCOUNTS_MAX)
        return fail(request, CODE_NONE, change->param,
                    "Array %.*s exceeded maximum %d allowed elements.", STR_FMT(change->param),
                    DISCOUNTS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!choose(request, change, i, &choices[i]))
            return false;
        for (size_t j = 0; j < i; j++)
            if (choices[j].coupon->object.row == choices[i].coupon->object.row)
                return fail(request, CODE_NONE, choices[i].param,
                            "The coupon %.*s is in the discounts more than once.",
                            STR_FMT(choices[i].coupon->object.id));
    }
    return true;
}

static bool is_named(const struct choice_made *choices, size_t count, int64_t row)
{
    for (size_t i = 0; i < count; i++)
        if (choices[i].kept && choices[i].kept->object.row == row)
            return true;
    return false;
}

static bool is_owned(const struct discount *discount, const struct discount *on)
{
    return str_equal(discount->customer.id, on->customer.id) &&
           str_equal(discount->invoice, on->invoice) &&
           str_equal(discount->invoice_item, on->invoice_item) &&
           str_equal(discount->subscription, on->subscription) &&
           str_equal(discount->subscription_item, on->subscription_item);
}

static void end_owned(struct request *request, const struct ref *ref, const struct discount *on)
{
    struct discount *discount = resource_follow(request, &discount_resource, ref);
    if (!discount || discount->object.deleted || !is_owned(discount, on))
        return;
    discount_end(request, discount);
    record(request, "deleted", discount);
}

bool discounts_set(struct request *request, const struct discounts_change *change, struct refs *now)
{
    size_t count = change->entries->count;
    struct choice_made *choices = ARENA_ARRAY(request->arena, struct choice_made, count + 1);
    struct refs made = {ARENA_ARRAY(request->arena, struct ref, count + 1), count};
    if (!choose_all(request, change, choices))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct choice_made *choice = &choices[i];
        struct discount *discount = (struct discount *)(uintptr_t)choice->kept;
        if (!discount) {
            if (!discount_redeem(request, change->purchase, change->on, choice->coupon,
                                 choice->code, choice->param, &discount))
                return false;
            record(request, "created", discount);
        }
        made.items[i] = (struct ref){discount->object.id, discount->object.row, discount};
    }
    for (size_t i = 0; i < change->had->count; i++) {
        const struct discount *had =
            resource_follow(request, &discount_resource, &change->had->items[i]);
        if (had && !is_named(choices, count, had->object.row))
            end_owned(request, &change->had->items[i], change->on);
    }
    *now = made;
    return true;
}

void discounts_end(struct request *request, const struct refs *discounts, const struct discount *on)
{
    for (size_t i = 0; i < discounts->count; i++)
        end_owned(request, &discounts->items[i], on);
}

struct refs discounts_without(struct request *request, const struct refs *discounts, int64_t row)
{
    struct refs rest = {ARENA_ARRAY(request->arena, struct ref, discounts->count + 1), 0};
    for (size_t i = 0; i < discounts->count; i++) {
        const struct discount *discount =
            resource_follow(request, &discount_resource, &discounts->items[i]);
        if (discount && discount->object.row != row)
            rest.items[rest.count++] = discounts->items[i];
    }
    return rest;
}

struct refs discounts_at(struct request *request, const struct refs *discounts, int64_t time)
{
    struct refs valid = {ARENA_ARRAY(request->arena, struct ref, discounts->count + 1), 0};
    for (size_t i = 0; i < discounts->count; i++) {
        const struct discount *discount =
            resource_follow(request, &discount_resource, &discounts->items[i]);
        if (discount && !discount->object.deleted &&
            (!discount->ends.set || time < discount->ends.seconds))
            valid.items[valid.count++] =
                (struct ref){discount->object.id, discount->object.row, discount};
    }
    return valid;
}

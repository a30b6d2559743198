/* Import of objects. What the API computes for new objects is taken from the line instead; uses
 * that happened elsewhere enter the ledger as one opening entry, so that it goes on to equal the
 * counters. */
#include "resources/import.h"

#include "base/arena.h"
#include "base/request.h"
#include "redemption/allowance.h"
#include "redemption/code_shapes.h"
#include "redemption/ledger.h"
#include "resources/charge.h"
#include "resources/coupon.h"
#include "resources/customer.h"
#include "resources/discount.h"
#include "resources/payment_method.h"
#include "resources/price.h"
#include "resources/promotion_code_batch.h"
#include "resources/registry.h"
#include "schema/parse.h"
#include "schema/scalar.h"

#include <string.h>

struct line {
    size_t number;
    struct str text;
};

static bool fail_line(struct request *request, const struct line *line, const char *problem)
{
    return fail(request, CODE_NONE, STR_NULL, "Line %zu: %s", line->number, problem);
}

/* The seq of an object that was created at another time: behind those of its second. */
static int64_t row_at(struct request *request, const struct resource *resource, int64_t created)
{
    if (created > request->now)
        return db_next_row(request->db, request->now);
    int64_t first = created << ROW_SECOND_BITS, last = (created + 1) << ROW_SECOND_BITS;
    struct str sql = str_format(request->arena,
                                "SELECT MAX(seq) FROM %s WHERE tenant = $1 AND seq >= $2 AND "
                                "seq < $3",
                                resource->table.name);
    struct query query = db_query_text(request->db, sql);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, first);
    db_bind_int(&query, last);
    int64_t row = first;
    if (db_row(&query) && !db_is_null(&query, 0))
        row = db_int(&query, 0) + 1;
    db_end(&query);
    if (created == request->now)
        db_raise_row(request->db, row);
    return row;
}

static bool import_object(struct request *request, const struct line *line,
                          const struct resource *resource, struct object *object,
                          const struct resource *inside);

/* What a product or a customer has for a default points back at them; so does the last charge of a
 * payment. */
static bool comes_later(const struct resource *importing, const struct resource *target)
{
    return (importing == &product_resource && target == &price_resource) ||
           (importing == &customer_resource && target == &payment_method_resource) ||
           (importing == &payment_intent_resource && target == &charge_resource);
}

/* Finds what the stored references point at. An object that is shown inside its owner comes with
 * it, and points back at an owner (`inside`) that is only coming. */
static bool find_references(struct request *request, const struct line *line,
                            const struct schema *schema, void *object,
                            const struct resource *importing, const struct resource *inside)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!field_is_stored(field))
            continue;
        if (field->kind == KIND_HASH) { /* as deep as the tables nest */
            if (!find_references(request, line, field->of, (char *)object + field->offset,
                                 importing, inside))
                return false;
            continue;
        }
        if (field->kind != KIND_REF || !field->of || field_is_empty(field, object))
            continue;
        struct ref *ref = MEMBER(field, object, struct ref);
        const struct resource *target = resource_of(field->of);
        if (target == inside)
            continue;
        if (ref->object && !import_object(request, line, target,
                                          (struct object *)(uintptr_t)ref->object, importing))
            return false;
        const struct object *found = resource_follow(request, target, ref);
        if (!found && comes_later(importing, target))
            continue;
        if (!found)
            return fail_line(request, line,
                             str_format(request->arena, "%s: no such %s: '%.*s'", field_name(field),
                                        target->noun, STR_FMT(ref->id))
                                 .data);
        ref->row = found->row;
    }
    return true;
}

static bool open_coupon(struct request *request, const struct coupon *coupon)
{
    const struct use use = {.uses = coupon->times_redeemed, .coupon = coupon->object.row};
    ledger_open_coupon(request, coupon->object.row, coupon->max_redemptions);
    if (coupon->rules.max_amount_off_total.set)
        allowance_open(request, (struct counted){.coupon = coupon->object.row},
                       coupon->rules.max_amount_off_total.value);
    return use.uses == 0 || ledger_redeem(request, &use) == LEDGER_DONE;
}

static bool open_code(struct request *request, const struct promotion_code *code)
{
    const struct use use = {.uses = code->times_redeemed, .promotion_code = code->object.row};
    ledger_open_promotion_code(request, code->object.row, code->max_redemptions);
    if (code->rules.max_amount_off_total.set)
        allowance_open(request, (struct counted){.promotion_code = code->object.row},
                       code->rules.max_amount_off_total.value);
    return use.uses == 0 || ledger_redeem(request, &use) == LEDGER_DONE;
}

static bool complete(struct request *request, const struct line *line,
                     const struct resource *resource, void *object)
{
    if (resource == &coupon_resource) {
        const struct coupon *coupon = object;
        return coupon->percent_off.set != (coupon->amount_off.set && coupon->currency.data) ||
               fail_line(request, line,
                         "a coupon has either percent_off or amount_off and "
                         "currency");
    }
    if (resource == &discount_resource && !((struct discount *)object)->source.type.value)
        discount_resource.prepare(request, object); /* shown inside its owner */
    if (resource == &price_resource)
        price_complete(request, object);
    if (resource == &promotion_code_batch_resource) {
        struct promotion_code_batch *batch = object;
        if (!batch->count || !batch->promotion.coupon.id.data)
            return fail_line(request, line, "a batch has a count and a coupon");
        promotion_code_batch_rest(batch);
    }
    if (resource == &promotion_code_resource) {
        struct promotion_code *code = object;
        if (!code->code.data || !is_code(code->code) || !code->promotion.coupon.id.data)
            return fail_line(request, line, "a promotion code has a code and a coupon");
        code->code_key = str_lower(request->arena, code->code);
        code->enabled = code->active;
        code_shapes_note(request, code->code_key);
        if (code->batch.id.data &&
            !resource_find(request, &promotion_code_batch_resource, code->batch.id))
            code->batch = (struct ref){0}; /* comes without it from another server */
        if (code->enabled && promotion_code_is_taken(request, code))
            return fail_line(request, line, "another active code has its text");
    }
    return true;
}

static bool insert(struct request *request, const struct line *line,
                   const struct resource *resource, struct object *object)
{
    bool counted = true;
    object->row = row_at(request, resource, object->created.seconds);
    if (rows_insert(request, catalog_of(request, resource), &resource->schema, object) != DB_DONE)
        return fail_line(request, line, "a field is missing, or the code is taken");
    if (resource == &coupon_resource)
        counted = open_coupon(request, (const struct coupon *)object);
    else if (resource == &promotion_code_resource)
        counted = open_code(request, (const struct promotion_code *)object);
    return counted || fail_line(request, line, "times_redeemed is above max_redemptions");
}

/* Counts what happened elsewhere since the object was last brought in. */
static bool recount(struct request *request, const struct line *line,
                    const struct resource *resource, const struct object *object,
                    const struct object *existing)
{
    struct use use = {0};
    bool counted = true;
    if (resource == &coupon_resource) {
        const struct coupon *now = (const void *)object, *before = (const void *)existing;
        use = (struct use){now->times_redeemed - before->times_redeemed, .coupon = object->row};
        counted = ledger_recap_coupon(request, object->row, now->max_redemptions);
    } else if (resource == &promotion_code_resource) {
        const struct promotion_code *now = (const void *)object, *before = (const void *)existing;
        use = (struct use){now->times_redeemed - before->times_redeemed,
                           .promotion_code = object->row};
        counted = ledger_recap_promotion_code(request, object->row, now->max_redemptions);
    }
    if (use.uses < 0)
        return fail_line(request, line, "times_redeemed is below what was counted here");
    if (counted && use.uses > 0)
        counted = ledger_redeem(request, &use) == LEDGER_DONE;
    return counted || fail_line(request, line, "times_redeemed is above max_redemptions");
}

static bool import_object(struct request *request, const struct line *line,
                          const struct resource *resource, struct object *object,
                          const struct resource *inside)
{
    if (!object->id.length)
        return fail_line(request, line, "it has no id");
    if (!object->created.seconds)
        object->created.seconds = request->now;
    const struct object *existing = resource_find(request, resource, object->id);
    if (existing && !existing->row)
        existing = NULL; /* a well-known one, which the line takes the place of */
    if (existing)
        object->row = existing->row;
    if (!complete(request, line, resource, object) ||
        !find_references(request, line, &resource->schema, object, resource, inside))
        return false;
    if (!existing)
        return insert(request, line, resource, object);
    if (rows_update(request, catalog_of(request, resource), &resource->schema, object) != DB_DONE)
        return fail_line(request, line, "it collides with another object");
    return recount(request, line, resource, object, existing);
}

/* An object that others still refer to. One of the same id may have taken its place. */
static bool import_deleted(struct request *request, const struct line *line,
                           const struct resource *resource, struct object *object)
{
    if (resource_find(request, resource, object->id) ||
        !import_object(request, line, resource, object, NULL))
        return request->error.type == ERROR_NONE;
    struct query query = db_query(request->db, &catalog_of(request, resource)->mark_deleted);
    db_bind_int(&query, request->now);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, object->row);
    db_do(&query);
    return true;
}

static bool import_line(struct request *request, const struct line *line)
{
    struct str problem;
    const struct resource *resource =
        resource_named(parse_string_member(request->arena, line->text, "object"));
    if (!resource || !resource->table.name || !resource->events)
        return fail_line(request, line,
                         "it is no JSON object with an `object` that can be "
                         "imported");
    struct object *object = resource_new(request, resource);
    if (resource->prepare)
        resource->prepare(request, object);
    if (!parse_object(request->arena, &resource->schema, line->text, object, &problem))
        return fail_line(request, line, problem.data);
    if (!parse_is_true(line->text, "deleted"))
        return import_object(request, line, resource, object, NULL);
    return resource_find_past(request, resource, object->id) ||
           import_deleted(request, line, resource, object);
}

bool import_lines(struct request *request, struct str lines, size_t first, size_t *count)
{
    *count = 0;
    for (struct line line = {.number = first}; lines.data; line.number++) {
        line.text = str_split(lines, '\n', &lines);
        if (line.text.length && line.text.data[line.text.length - 1] == '\r')
            line.text.length--;
        if (line.text.length == 0)
            continue;
        if (!import_line(request, &line))
            return false;
        ++*count;
    }
    return true;
}

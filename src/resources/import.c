/* Import of objects. What the API computes for new objects is taken from the line instead; uses
 * that happened elsewhere enter the ledger as one opening entry, so that it goes on to equal the
 * counters, and redemptions that come later take their place among those. */
#include "resources/import.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "redemption/code_shapes.h"
#include "redemption/ledger.h"
#include "resources/charge.h"
#include "resources/coupon.h"
#include "resources/customer.h"
#include "resources/discount.h"
#include "resources/import_timers.h"
#include "resources/invoice.h"
#include "resources/payment_method.h"
#include "resources/price.h"
#include "resources/promotion_code_batch.h"
#include "resources/redemption.h"
#include "resources/registry.h"
#include "schema/bounds.h"
#include "schema/parse.h"
#include "schema/scalar.h"

#include <string.h>

/* A line, and what it says of itself. */
struct line {
    size_t number;
    struct str text;
    struct str object; /* kind */
    struct str id;
    bool deleted;
    int64_t row; /* where it comes from, of what can be deleted and have its id again; 0: none */
};

#define THIS struct line
static const struct field line_fields[] = {
    FIELD(deleted, "Whether it was deleted."),
    FIELD(id, "Of the object."),
    FIELD(object, "Its kind."),
    FIELD(row, "Its row where it comes from."),
};
#undef THIS
static const struct schema line_schema = SCHEMA(struct line, line_fields, "line");

static bool fail_line(struct request *request, const char *param, const char *problem)
{
    return fail(request, CODE_NONE, param ? str_from(param) : STR_NULL, "%s", problem);
}

/* ---- places ---- */

/* The seq of an object that was created at another time: behind those of its second, or behind all
 * where a test clock was ahead, so that objects stay in the order in which they come. Timers know a
 * test clock by it alone, so that no other tenant has that of one. */
static int64_t row_at(struct request *request, const struct resource *resource, int64_t created)
{
    bool ahead = created > request->now;
    int64_t first = ahead ? 1 : created << ROW_SECOND_BITS;
    int64_t end = ahead ? INT64_MAX : (created + 1) << ROW_SECOND_BITS, row = first;
    const char *owner = resource == &test_clock_resource ? "$1 > 0" : "tenant = $1";
    struct str sql =
        str_format(request->arena, "SELECT MAX(seq) FROM %s WHERE %s AND seq >= $2 AND seq < $3",
                   resource->table.name, owner);
    struct query query = db_query_text(request->db, sql);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, first);
    db_bind_int(&query, end);
    if (db_row(&query) && !db_is_null(&query, 0))
        row = db_int(&query, 0) + 1;
    db_end(&query);
    db_raise_row(request->db, row); /* new objects come after it */
    return row;
}

/* What can be deleted and have its id again has the place that it had, by which others refer to it.
 * Where it comes from places may have been ahead of the clock, but hardly by much. */
static bool place(struct request *request, const struct line *line, const struct resource *resource,
                  struct object *object)
{
    bool free = resource->ids_return && line->row > 0 &&
                line->row >> ROW_SECOND_BITS <= request->now + PLACES_AHEAD_SECONDS_MAX &&
                !resource_load(request, resource, line->row);
    if (line->deleted && line->row && !free)
        return fail_line(request, "row", "Another object is in its place.");
    object->row = free ? line->row : row_at(request, resource, object->created.seconds);
    if (free)
        db_raise_row(request->db, line->row);
    return true;
}

static const struct object *find_existing(struct request *request, const struct line *line,
                                          const struct resource *resource, struct str id)
{
    const struct object *found = NULL;
    if (line->deleted && line->row) {
        found = resource_load(request, resource, line->row);
        return found && str_equal(found->id, id) ? found : NULL;
    }
    if (!line->deleted || !resource->ids_return)
        found = resource_find(request, resource, id);
    if (!found && line->deleted)
        found = resource_find_past(request, resource, id);
    return found && found->row ? found : NULL; /* lines take the place of well-known ones */
}

/* ---- references ---- */

static bool import_object(struct request *request, const struct line *line,
                          const struct resource *resource, struct object *object,
                          const struct resource *inside);

/* What a product or a customer has for a default points back at them; so does the last charge of a
 * payment. The discount of a Checkout Session is made when it is paid. */
static bool comes_later(const struct resource *importing, const struct resource *target)
{
    return (importing == &product_resource && target == &price_resource) ||
           (importing == &customer_resource && target == &payment_method_resource) ||
           (importing == &payment_intent_resource && target == &charge_resource) ||
           (importing == &checkout_session_resource && target == &discount_resource);
}

static const struct object *find_target(struct request *request, const struct resource *target,
                                        const struct ref *ref)
{
    const struct line past = {.deleted = true, .row = ref->row};
    return ref->row ? find_existing(request, &past, target, ref->id)
                    : resource_follow(request, target, ref);
}

static bool fail_unknown(struct request *request, const struct field *field,
                         const struct resource *target, struct str id)
{
    return fail(request, CODE_resource_missing, str_from(field_name(field)), "No such %s: '%.*s'",
                target->noun, STR_FMT(id));
}

static bool find_each(struct request *request, const struct field *field, const struct refs *refs)
{
    for (size_t i = 0; i < refs->count; i++)
        if (!resource_follow(request, resource_of(field->of), &refs->items[i]))
            return fail_unknown(request, field, resource_of(field->of), refs->items[i].id);
    return true;
}

static bool find_one(struct request *request, const struct field *field, struct ref *ref,
                     const struct resource *importing, const struct resource *inside)
{
    const struct line part = {0};
    const struct resource *target = resource_of(field->of);
    if (target == inside)
        return true;
    if (ref->object &&
        !import_object(request, &part, target, (struct object *)(uintptr_t)ref->object, importing))
        return false;
    const struct object *found = find_target(request, target, ref);
    if (!found)
        return comes_later(importing, target) || fail_unknown(request, field, target, ref->id);
    ref->row = found->row;
    return true;
}

/* Finds what the stored references point at. An object that is shown inside its owner comes with
 * it, and points back at an owner (`inside`) that is only coming. */
static bool find_references(struct request *request, const struct schema *schema, void *object,
                            const struct resource *importing, const struct resource *inside)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!field_is_stored(field) || !field->of || field_is_empty(field, object))
            continue;
        void *member = MEMBER(field, object, char);
        if ((field->kind == KIND_HASH && /* as deep as the tables nest */
             !find_references(request, field->of, member, importing, inside)) ||
            (field->kind == KIND_REFS && !find_each(request, field, member)) ||
            (field->kind == KIND_REF && !find_one(request, field, member, importing, inside)))
            return false;
    }
    return true;
}

/* ---- what each kind has of its own ---- */

static void drop_unknown(struct request *request, const struct resource *target, struct ref *ref)
{
    if (ref->id.data && !find_target(request, target, ref))
        *ref = (struct ref){0};
}

/* Lines are kept in their invoice as they are shown. */
static void move_lines(struct request *request, struct invoice *invoice)
{
    struct line_item *lines = invoice->all_lines.items;
    for (size_t i = 0; i < invoice->all_lines.count; i++)
        lines[i].object.livemode = request->livemode;
}

/* What the line does not say. From another server batches and discounts do not come along. */
static void complete(struct request *request, const struct resource *resource, void *object)
{
    if (resource == &invoice_resource)
        move_lines(request, object);
    if (resource == &discount_resource && !((struct discount *)object)->source.type.value)
        discount_resource.prepare(request, object); /* shown inside its owner */
    if (resource == &price_resource)
        price_complete(request, object);
    if (resource == &promotion_code_batch_resource)
        promotion_code_batch_rest(object);
    if (resource == &promotion_code_resource)
        drop_unknown(request, &promotion_code_batch_resource,
                     &((struct promotion_code *)object)->batch);
    if (resource == &redemption_resource)
        drop_unknown(request, &discount_resource, &((struct redemption *)object)->discount);
}

/* What is worked out may be more than what can be asked for. */
static int64_t amount_max(const struct resource *resource)
{
    bool asked_for = resource == &coupon_resource || resource == &price_resource ||
                     resource == &promotion_code_resource ||
                     resource == &promotion_code_batch_resource;
    return asked_for ? AMOUNT_MAX : MONEY_AMOUNT_MAX;
}

static bool check_count(struct request *request, int64_t times_redeemed)
{
    return (times_redeemed >= 0 && times_redeemed <= COUNT_MAX) ||
           fail_line(request, "times_redeemed", "It is no number of uses.");
}

static bool check_code(struct request *request, struct promotion_code *code)
{
    const struct coupon *coupon =
        resource_load(request, &coupon_resource, code->promotion.coupon.row);
    if (!coupon || !check_count(request, code->times_redeemed) ||
        !promotion_code_check_brought(request, code, coupon))
        return false;
    code_shapes_note(request, code->code_key);
    return true;
}

/* Rules across fields, where they matter to redemptions. */
static bool check(struct request *request, const struct resource *resource, void *object)
{
    if (resource == &coupon_resource)
        return check_count(request, ((struct coupon *)object)->times_redeemed) &&
               coupon_check_brought(request, object);
    if (resource == &promotion_code_batch_resource &&
        !((struct promotion_code_batch *)object)->count)
        return fail_line(request, "count", "A batch has a count.");
    if (resource == &promotion_code_resource && !((struct promotion_code *)object)->code.data)
        return fail_line(request, "code", "A promotion code has a code.");
    if ((resource == &promotion_code_batch_resource &&
         !((struct promotion_code_batch *)object)->promotion.coupon.row) ||
        (resource == &promotion_code_resource &&
         !((struct promotion_code *)object)->promotion.coupon.row))
        return fail_line(request, "promotion[coupon]", "It is of no coupon.");
    return resource != &promotion_code_resource || check_code(request, object);
}

/* ---- storing ---- */

static bool insert(struct request *request, const struct line *line,
                   const struct resource *resource, struct object *object)
{
    struct use use = {0};
    if (!place(request, line, resource, object))
        return false;
    if (rows_insert(request, catalog_of(request, resource), &resource->schema, object) != DB_DONE)
        return fail_line(request, NULL, "a field is missing, or the code or id is taken");
    if (resource == &coupon_resource)
        use = (struct use){((const struct coupon *)object)->times_redeemed, .coupon = object->row};
    else if (resource == &promotion_code_resource)
        use = (struct use){((const struct promotion_code *)object)->times_redeemed,
                           .promotion_code = object->row};
    return use.uses == 0 || ledger_bring(request, &use) == LEDGER_DONE ||
           fail_line(request, "times_redeemed", "times_redeemed is above max_redemptions");
}

static bool same_limits(struct opt_int per_customer, struct opt_int per_customer_before,
                        const struct redemption_rules *rules, const struct redemption_rules *before)
{
    return per_customer.set == per_customer_before.set &&
           per_customer.value == per_customer_before.value &&
           rules->max_amount_off_total.set == before->max_amount_off_total.set &&
           rules->max_amount_off_total.value == before->max_amount_off_total.value;
}

/* Counts what happened elsewhere since the object was last brought in. */
static bool recount(struct request *request, const struct resource *resource,
                    const struct object *object, const struct object *existing)
{
    struct use use = {0};
    bool counted = true, same = true;
    if (resource == &coupon_resource) {
        const struct coupon *now = (const void *)object, *before = (const void *)existing;
        use = (struct use){now->times_redeemed - before->times_redeemed, .coupon = object->row};
        counted = ledger_recap_coupon(request, object->row, now->max_redemptions);
        same = same_limits(now->restrictions.max_redemptions_per_customer,
                           before->restrictions.max_redemptions_per_customer, &now->rules,
                           &before->rules);
    } else if (resource == &promotion_code_resource) {
        const struct promotion_code *now = (const void *)object, *before = (const void *)existing;
        use = (struct use){now->times_redeemed - before->times_redeemed,
                           .promotion_code = object->row};
        counted = ledger_recap_promotion_code(request, object->row, now->max_redemptions);
        same = same_limits(now->restrictions.max_redemptions_per_customer,
                           before->restrictions.max_redemptions_per_customer, &now->rules,
                           &before->rules);
    }
    if (!same)
        return fail_line(request, NULL, "its limits per customer and on money cannot change");
    if (use.uses < 0)
        return fail_line(request, "times_redeemed",
                         "times_redeemed is below what was counted here");
    if (counted && use.uses > 0)
        counted = ledger_bring(request, &use) == LEDGER_DONE;
    return counted ||
           fail_line(request, "times_redeemed", "times_redeemed is above max_redemptions");
}

static bool store(struct request *request, const struct line *line, const struct resource *resource,
                  struct object *object, const struct object *existing)
{
    if (resource == &redemption_resource)
        return redemption_bring(request, (void *)object, (const void *)existing);
    if (!existing)
        return insert(request, line, resource, object);
    if (rows_update(request, catalog_of(request, resource), &resource->schema, object) != DB_DONE)
        return fail_line(request, NULL, "it collides with another object");
    return recount(request, resource, object, existing);
}

static bool import_object(struct request *request, const struct line *line,
                          const struct resource *resource, struct object *object,
                          const struct resource *inside)
{
    if (!is_code(object->id) || object->id.length > IMPORTED_ID_CHARACTERS_MAX)
        return fail(request, CODE_NONE, STR("id"),
                    "An id has 1 to %d letters, digits, `-` and `_`.", IMPORTED_ID_CHARACTERS_MAX);
    if (!object->created.seconds)
        object->created.seconds = request->now;
    const struct object *existing = find_existing(request, line, resource, object->id);
    if (existing)
        object->row = existing->row;
    complete(request, resource, object);
    if (!bounds_check(request, &resource->schema, object, amount_max(resource)) ||
        !find_references(request, &resource->schema, object, resource, inside) ||
        !check(request, resource, object) || !store(request, line, resource, object, existing))
        return false;
    object->deleted = line->deleted;
    if (resource == &promotion_code_batch_resource)
        promotion_code_batch_guard(request, (const void *)object);
    import_timers(request, resource, object);
    return true;
}

/* An object that others still refer to. */
static bool import_deleted(struct request *request, const struct line *line,
                           const struct resource *resource, struct object *object)
{
    if (!line->row && resource->ids_return && resource_find(request, resource, object->id))
        return true; /* one of the same id has taken its place */
    if (!import_object(request, line, resource, object, NULL))
        return false;
    struct query query = db_query(request->db, &catalog_of(request, resource)->mark_deleted);
    db_bind_int(&query, request->now);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, object->row);
    db_do(&query);
    return true;
}

/* In an export addresses as they are compared stand beside those that are shown. */
static void add_email_key(struct request *request, const struct line *line,
                          struct redemption *redemption)
{
    if (!parse_has_member(line->text, "email_key"))
        redemption_find_email_key(request, redemption);
}

static bool import_line(struct request *request, struct line *line)
{
    struct str problem;
    if (!parse_object(request->arena, &line_schema, line->text, line, &problem))
        return fail_line(request, NULL, problem.data);
    const struct resource *resource = resource_named(line->object);
    if (!resource || !resource->table.name || resource->stays)
        return fail_line(request, "object", "There are no such objects that can be imported.");
    struct object *object = resource_new(request, resource);
    if (resource->prepare)
        resource->prepare(request, object);
    if (!parse_exported(request->arena, &resource->schema, line->text, object, &problem))
        return fail_line(request, NULL, problem.data);
    if (resource == &redemption_resource)
        add_email_key(request, line, (void *)object);
    return line->deleted ? import_deleted(request, line, resource, object)
                         : import_object(request, line, resource, object, NULL);
}

/* Says where the mistake is. An id that would break the line is not repeated. */
static bool name_line(struct request *request, const struct line *line)
{
    struct error *error = &request->error;
    struct str id = line->id, param = error->param;
    for (size_t i = 0; i < id.length; i++)
        if ((unsigned char)id.data[i] < ' ')
            id = STR_NULL;
    error->message = str_format(request->arena, "Line %zu: %.*s%s%.*s%s%.*s", line->number,
                                STR_FMT(id), id.data ? ": " : "", STR_FMT(param),
                                param.data ? ": " : "", STR_FMT(error->message));
    return false;
}

bool import_lines(struct request *request, struct str lines, size_t first, size_t *count)
{
    *count = 0;
    for (struct line line = {.number = first}; lines.data; line.number++) {
        line = (struct line){.number = line.number};
        line.text = str_split(lines, '\n', &lines);
        if (line.text.length && line.text.data[line.text.length - 1] == '\r')
            line.text.length--;
        if (line.text.length == 0)
            continue;
        if (!import_line(request, &line))
            return name_line(request, &line);
        ++*count;
    }
    return true;
}

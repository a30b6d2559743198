/* Export. What others refer to comes before them. Where objects refer to each other, those that
 * come first come without the reference, and once more with it at the end. A deleted object that
 * others still refer to is shown in full too, with `deleted`. Where its id can be that of another
 * object by now, such objects have their row, and so have references to those that are deleted. */
#include "resources/export.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "base/text.h"
#include "resources/registry.h"
#include "schema/json.h"

#include <string.h>

#define OBJECTS_PER_PAGE 200

struct exporter {
    struct request *request;
    export_fn *each;
    void *context;
    size_t places[RESOURCE_COUNT]; /* in the order of export, from 1; 0: not yet placed */
    const struct resource *order[RESOURCE_COUNT];
    size_t count;
    const struct object *targets[RESOURCE_COUNT]; /* last of each that was referred to */
};

static bool is_exported(const struct resource *resource)
{
    return resource->table.name && !resource->stays;
}

/* ---- the order ---- */

static void place(struct exporter *exporter, const struct resource *resource);

static void place_references(struct exporter *exporter, const struct schema *schema)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!field_is_stored(field) || !field->of)
            continue;
        if (field->kind == KIND_HASH)
            place_references(exporter, field->of); /* as deep as the tables nest */
        else if (field->kind == KIND_REF)
            place(exporter, resource_of(field->of));
    }
}

static void place(struct exporter *exporter, const struct resource *resource)
{
    size_t *own = &exporter->places[resource->number];
    if (*own || !is_exported(resource))
        return;
    *own = SIZE_MAX; /* under way: what refers back to it comes before it */
    place_references(exporter, &resource->schema);
    exporter->order[exporter->count++] = resource;
    *own = exporter->count;
}

/* ---- lines ---- */

static const struct object *load_target(struct exporter *exporter, const struct resource *target,
                                        int64_t row)
{
    const struct object **last = &exporter->targets[target->number];
    if (!*last || (*last)->row != row)
        *last = resource_load(exporter->request, target, row);
    return *last;
}

/* Removes references to what comes later, and marks those to what is deleted. Returns whether one
 * came too early. */
static bool settle_references(struct exporter *exporter, const struct resource *resource,
                              const struct schema *schema, void *object, bool last)
{
    bool removed = false;
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!field_is_stored(field) || !field->of)
            continue;
        if (field->kind == KIND_HASH) /* as deep as the tables nest */
            removed |= settle_references(exporter, resource, field->of,
                                         (char *)object + field->offset, last);
        if (field->kind != KIND_REF || field_is_empty(field, object))
            continue;
        struct ref *ref = MEMBER(field, object, struct ref);
        const struct resource *target = resource_of(field->of);
        bool late = exporter->places[target->number] >= exporter->places[resource->number];
        ref->object = NULL; /* even where it is shown in full: it has a line of its own */
        if (target->ids_return && ref->row)
            ref->object = load_target(exporter, target, ref->row);
        if (late && !last)
            *ref = (struct ref){0};
        removed |= late;
    }
    return removed;
}

static bool write_line(const struct exporter *exporter, const struct resource *resource,
                       const struct object *object)
{
    static const struct view whole = {
        .version = V_NEWEST, .indent = JSON_COMPACT, .everything = true, .internal = true};
    struct text text;
    text_init(&text, exporter->request->arena, RESPONSE_BYTES_MAX);
    json_object(&text, &resource->schema, object, &whole, NULL);
    text.length--;
    if (object->deleted && resource != &discount_resource) /* whose rows say so */
        text_add_literal(&text, ",\"deleted\":true");
    if (resource->ids_return)
        text_addf(&text, ",\"row\":%lld", (long long)object->row);
    text_add_char(&text, '}');
    return exporter->each(exporter->context, text_str(&text));
}

static bool write_object(struct exporter *exporter, const struct resource *resource,
                         struct object *object, bool last)
{
    if (resource->derive)
        resource->derive(exporter->request, object);
    bool removed = settle_references(exporter, resource, &resource->schema, object, last);
    return (last && !removed) || write_line(exporter, resource, object);
}

/* The next page after the row. */
static bool write_page(struct exporter *exporter, const struct resource *resource, bool last,
                       int64_t *row, size_t *count)
{
    struct request *request = exporter->request;
    struct object *objects[OBJECTS_PER_PAGE];
    struct query query = db_query_text(
        request->db,
        str_format(request->arena, "%s WHERE o.tenant = $1 AND o.seq > $2 ORDER BY o.seq LIMIT $3",
                   catalog_of(request, resource)->select.data));
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, *row);
    db_bind_int(&query, OBJECTS_PER_PAGE);
    for (*count = 0; db_row(&query); ++*count) {
        objects[*count] = resource_new(request, resource);
        rows_read(request, &query, &resource->schema, objects[*count]);
        *row = objects[*count]->row;
    }
    db_end(&query);
    for (size_t i = 0; i < *count; i++)
        if (!write_object(exporter, resource, objects[i], last))
            return false;
    return db_failed(request->db) == DB_OK;
}

static bool write_all(struct exporter *exporter, const struct resource *resource, bool last)
{
    size_t count = OBJECTS_PER_PAGE;
    int64_t row = 0;
    while (count == OBJECTS_PER_PAGE) {
        struct arena_mark mark = arena_mark(exporter->request->arena);
        memset(exporter->targets, 0, sizeof(exporter->targets));
        if (!write_page(exporter, resource, last, &row, &count))
            return false;
        arena_rewind(exporter->request->arena, mark);
    }
    return true;
}

bool export_objects(struct request *request, export_fn *each, void *context)
{
    struct exporter exporter = {.request = request, .each = each, .context = context};
    /* Coupons name their products, though not as references. Codes come whole: one without its
     * customer would be for everybody. */
    place(&exporter, &price_resource);
    place(&exporter, &promotion_code_resource);
    for (size_t i = 0; i < RESOURCE_COUNT; i++)
        place(&exporter, resources[i]);
    for (int last = 0; last < 2; last++)
        for (size_t i = 0; i < exporter.count; i++)
            if (!write_all(&exporter, exporter.order[i], last))
                return false;
    return true;
}

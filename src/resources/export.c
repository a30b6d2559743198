/* Export. What others refer to comes before them. Where objects refer to each other, those that
 * come first come without the reference, and once more with it at the end. A deleted object that
 * others still refer to is shown in full too, with `deleted`. */
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
};

static bool is_exported(const struct resource *resource)
{
    return resource->table.name && resource->events;
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

/* Removes references to what comes later. Returns whether there was one. */
static bool remove_late(const struct exporter *exporter, const struct resource *resource,
                        const struct schema *schema, void *object)
{
    bool removed = false;
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!field_is_stored(field) || !field->of)
            continue;
        if (field->kind == KIND_HASH) /* as deep as the tables nest */
            removed |= remove_late(exporter, resource, field->of, (char *)object + field->offset);
        if (field->kind != KIND_REF || field_is_empty(field, object))
            continue;
        size_t place = exporter->places[resource_of(field->of)->number];
        if (place < exporter->places[resource->number])
            continue;
        *MEMBER(field, object, struct ref) = (struct ref){0};
        removed = true;
    }
    return removed;
}

static bool write_line(const struct exporter *exporter, const struct resource *resource,
                       const struct object *object)
{
    static const struct view whole = {
        .version = V_NEWEST, .indent = JSON_COMPACT, .everything = true};
    struct text text;
    text_init(&text, exporter->request->arena, RESPONSE_BYTES_MAX);
    json_object(&text, &resource->schema, object, &whole, NULL);
    if (object->deleted) {
        text.length--;
        text_add_literal(&text, ",\"deleted\":true}");
    }
    return exporter->each(exporter->context, text_str(&text));
}

static bool write_object(const struct exporter *exporter, const struct resource *resource,
                         struct object *object, bool last)
{
    void *reduced = resource_new(exporter->request, resource);
    if (resource->derive)
        resource->derive(exporter->request, object);
    memcpy(reduced, object, resource->schema.size);
    bool removed = remove_late(exporter, resource, &resource->schema, reduced);
    if (!last)
        return write_line(exporter, resource, reduced);
    return !removed || write_line(exporter, resource, object);
}

/* The next page after the row. */
static bool write_page(const struct exporter *exporter, const struct resource *resource, bool last,
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

static bool write_all(const struct exporter *exporter, const struct resource *resource, bool last)
{
    size_t count = OBJECTS_PER_PAGE;
    int64_t row = 0;
    while (count == OBJECTS_PER_PAGE) {
        struct arena_mark mark = arena_mark(exporter->request->arena);
        if (!write_page(exporter, resource, last, &row, &count))
            return false;
        arena_rewind(exporter->request->arena, mark);
    }
    return true;
}

bool export_objects(struct request *request, export_fn *each, void *context)
{
    struct exporter exporter = {.request = request, .each = each, .context = context};
    /* Codes come whole: one without its customer would be for everybody. */
    place(&exporter, &promotion_code_resource);
    for (size_t i = 0; i < RESOURCE_COUNT; i++)
        place(&exporter, resources[i]);
    for (int last = 0; last < 2; last++)
        for (size_t i = 0; i < exporter.count; i++)
            if (!write_all(&exporter, exporter.order[i], last))
                return false;
    return true;
}

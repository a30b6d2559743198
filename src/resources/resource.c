/* The regular operations on objects, the same for all of them. */
#include "resources/resource.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/request.h"
#include "resources/event.h"
#include "resources/registry.h"
#include "schema/expansion.h"
#include "schema/form.h"
#include "schema/json.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define CODE_ID_LENGTH 8

/* ---- expand[], which every call takes that answers with an object ---- */

struct common {
    struct strings expand;
};

#define THIS struct common
static const struct field common_fields[] = {
    FIELD(expand, "Which fields to expand in the answer.", .in = CREATE | UPDATE | FILTER | ACTION),
};
#undef THIS

static const struct schema common_schema = SCHEMA(struct common, common_fields, "common");

const struct resource *resource_of(const struct schema *schema)
{
    assert(schema->is_object);
    return (const struct resource *)schema;
}

bool resource_leaves_stubs(const struct resource *resource)
{
    for (size_t i = 0; i < resource->route_count; i++)
        if (resource->routes[i].form == ANSWER_DELETED)
            return true;
    return (resource->operations & DELETE) != 0;
}

void *resource_new(struct request *request, const struct resource *resource)
{
    return arena_alloc(request->arena, resource->schema.size);
}

/* ---- finding ---- */

static struct query begin(struct request *request, const struct statement *statement)
{
    struct query query = db_query(request->db, statement);
    db_remember(&query);
    db_bind_int(&query, request->tenant);
    return query;
}

static void *find(struct request *request, const struct resource *resource, struct query *query)
{
    if (!db_row(query))
        return NULL;
    struct object *object = resource_new(request, resource);
    rows_read(request, query, &resource->schema, object);
    db_end(query);
    if (resource->retention_seconds &&
        object->created.seconds <= request->now - resource->retention_seconds)
        return NULL; /* and only not yet removed */
    if (resource->derive)
        resource->derive(request, object);
    return object;
}

void *resource_find(struct request *request, const struct resource *resource, struct str id)
{
    struct query query = begin(request, &catalog_of(request, resource)->by_id);
    db_bind_str(&query, id);
    void *object = find(request, resource, &query);
    return object || !resource->well_known ? object : resource->well_known(request, id);
}

void *resource_find_past(struct request *request, const struct resource *resource, struct str id)
{
    struct query query = begin(request, &catalog_of(request, resource)->by_id_past);
    db_bind_str(&query, id);
    return find(request, resource, &query);
}

void *resource_load(struct request *request, const struct resource *resource, int64_t row)
{
    struct query query = begin(request, &catalog_of(request, resource)->by_seq);
    db_bind_int(&query, row);
    return find(request, resource, &query);
}

void *resource_look_up(struct request *request, const struct resource *resource, struct str first,
                       struct str second)
{
    struct query query = begin(request, &catalog_of(request, resource)->look_up);
    db_bind_str(&query, first);
    db_bind_str(&query, second);
    return find(request, resource, &query);
}

void *resource_follow(struct request *request, const struct resource *resource,
                      const struct ref *ref)
{
    if (ref->row)
        return resource_load(request, resource, ref->row);
    void *object = resource_find(request, resource, ref->id);
    return object ? object : resource_find_past(request, resource, ref->id);
}

/* ---- parameters ---- */

bool resource_parameters(struct request *request, const struct route *route, void *object)
{
    struct common common = {0};
    struct parameters tables[] = {
        {route->parameters, object, route->in},
        {&common_schema, &common, route->in ? route->in : ACTION},
    };
    size_t first = route->parameters ? 0 : 1;
    size_t count = (route->no_expand ? 1 : 2) - first;
    if (!decode_parameters(request, tables + first, count))
        return false;
    if (common.expand.count > EXPAND_PATHS_MAX)
        return fail(request, CODE_NONE, STR("expand"),
                    "Array expand exceeded maximum %d allowed elements.", EXPAND_PATHS_MAX);
    bool list = route->form == ANSWER_LIST || route->form == ANSWER_SEARCH;
    if (!expansion_read(request, &common.expand, &route->resource->schema, list))
        return false;
    request->began = true;
    return true;
}

static bool resolve(struct request *request, const struct schema *schema, void *object, unsigned in,
                    const struct form_node *node)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!(field->in & in) || !field_in_version(field, request->version))
            continue;
        const struct form_node *child = form_find(node, str_from(field_name(field)));
        if (!child)
            continue;
        if (field->kind == KIND_HASH) { /* as deep as the tables nest */
            if (!resolve(request, field->of, (char *)object + field->offset, in, child))
                return false;
            continue;
        }
        if (field->kind != KIND_REF || !field->of || field_is_empty(field, object))
            continue;
        struct ref *ref = MEMBER(field, object, struct ref);
        const struct resource *target = resource_of(field->of);
        bool past = in == FILTER && schema->is_object && resource_of(schema)->lists_past;
        const struct object *found =
            past ? resource_follow(request, target, &(struct ref){.id = ref->id})
                 : resource_find(request, target, ref->id);
        if (!found && in == FILTER && node != request->form)
            continue; /* a filter inside a hash: nothing is found */
        if (!found || (found->deleted && !past))
            return fail(request, CODE_resource_missing, form_path(request, child),
                        "No such %s: '%.*s'", target->noun, STR_FMT(ref->id));
        ref->row = found->row;
        ref->object = found;
    }
    return true;
}

bool resource_resolve(struct request *request, const struct schema *schema, void *object,
                      unsigned in)
{
    return resolve(request, schema, object, in, request->form);
}

static bool check(struct request *request, const struct resource *resource, void *object,
                  const void *before, unsigned operation)
{
    return resource_resolve(request, &resource->schema, object, operation) &&
           (!resource->check || resource->check(request, object, before, operation));
}

/* ---- operations ---- */

void answer_object(struct answer *answer, const struct resource *resource, const void *object)
{
    *answer = (struct answer){.form = ANSWER_OBJECT, .resource = resource, .object = object};
}

struct str resource_new_id(struct request *request, const struct resource *resource)
{
    char *code;
    switch (resource->id_form) {
    case ID_SHORT:
        return id_short(request->random, request->arena, resource->id_prefix);
    case ID_LONG:
        return id_long(request->random, request->arena, resource->id_prefix, request->now);
    case ID_CODE:
        break;
    }
    code = arena_alloc(request->arena, CODE_ID_LENGTH + 1);
    random_characters(request->random, ALPHABET_BASE62, code, CODE_ID_LENGTH);
    return (struct str){code, CODE_ID_LENGTH};
}

struct str resource_ordered_id(struct request *request, const struct resource *resource,
                               int64_t row)
{
    return id_ordered(request->random, request->arena, resource->id_prefix, row >> ROW_SECOND_BITS,
                      row % (INT64_C(1) << ROW_SECOND_BITS));
}

static bool fail_exists(struct request *request, const struct resource *resource)
{
    char noun[32];
    snprintf(noun, sizeof(noun), "%s", resource->noun);
    noun[0] = (char)(noun[0] - 'a' + 'A');
    return fail(request, CODE_resource_already_exists, STR_NULL, "%s already exists.", noun);
}

static bool makes_events(const struct resource *resource)
{
    return resource->events && !resource->hooks_make_events;
}

bool resource_insert(struct request *request, const struct resource *resource, void *object)
{
    struct object *base = object;
    bool own_id = base->id.data != NULL;
    if (!own_id)
        base->id = resource_new_id(request, resource);
    if (!base->created.seconds)
        base->created.seconds = request->now;
    if (!base->row)
        base->row = db_next_row(request->db, request->now);
    base->livemode = request->livemode;
    enum db_result result =
        rows_insert(request, catalog_of(request, resource), &resource->schema, object);
    if (result == DB_CONFLICT)
        return fail_exists(request, resource);
    if (resource->saved && !resource->saved(request, object, NULL))
        return false;
    if (resource->derive)
        resource->derive(request, object);
    if (makes_events(resource))
        event_record(request, resource->events, "created", &resource->schema, object, NULL);
    return true;
}

bool resource_create(struct request *request, const struct route *route, struct answer *answer)
{
    const struct resource *resource = route->resource;
    void *object = resource_new(request, resource);
    if (resource->prepare)
        resource->prepare(request, object);
    if (!resource_parameters(request, route, object) ||
        !check(request, resource, object, NULL, CREATE) ||
        !resource_insert(request, resource, object))
        return false;
    answer_object(answer, resource, object);
    return true;
}

bool resource_retrieve(struct request *request, const struct route *route, struct answer *answer)
{
    const struct resource *resource = route->resource;
    struct str id = request->path_ids[0];
    if (!resource_parameters(request, route, NULL))
        return false;
    void *object = resource_find(request, resource, id);
    if (object) {
        answer_object(answer, resource, object);
        return true;
    }
    if (resource->deleted_is_shown && (object = resource_find_past(request, resource, id))) {
        *answer = (struct answer){.form = ANSWER_DELETED, .resource = resource, .object = object};
        return true;
    }
    return fail_missing(request, str_from(resource->path_param), resource->noun, id);
}

bool resource_change(struct request *request, const struct resource *resource, void *object,
                     const void *before)
{
    bool changed = json_differs(&resource->schema, before, object, V_NEWEST);
    if (changed)
        rows_update(request, catalog_of(request, resource), &resource->schema, object);
    if (resource->saved && !resource->saved(request, object, before))
        return false;
    if (resource->derive)
        resource->derive(request, object);
    if (makes_events(resource) && json_differs(&resource->schema, before, object, V_NEWEST))
        event_record(request, resource->events, "updated", &resource->schema, object, before);
    return true;
}

bool resource_update(struct request *request, const struct route *route, struct answer *answer)
{
    const struct resource *resource = route->resource;
    /* The form is checked by itself first: a mistake in it is reported before a missing object. */
    if (!resource_parameters(request, route, resource_new(request, resource)))
        return false;
    void *object = resource_find(request, resource, request->path_ids[0]);
    if (!object)
        return fail_missing(request, str_from(resource->path_param), resource->noun,
                            request->path_ids[0]);
    void *before = resource_new(request, resource);
    memcpy(before, object, resource->schema.size);
    if (!resource_parameters(request, route, object) ||
        !check(request, resource, object, before, UPDATE) ||
        !resource_change(request, resource, object, before))
        return false;
    answer_object(answer, resource, object);
    return true;
}

bool resource_remove(struct request *request, const struct resource *resource, void *removed)
{
    struct object *object = removed;
    if (resource->deleted && !resource->deleted(request, object))
        return false;
    struct query query = db_query(request->db, &catalog_of(request, resource)->mark_deleted);
    db_bind_int(&query, request->now);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, object->row);
    db_run(&query);
    object->deleted = true;
    if (resource->derive)
        resource->derive(request, object);
    if (makes_events(resource))
        event_record(request, resource->events, "deleted", &resource->schema, object, NULL);
    return true;
}

bool resource_delete(struct request *request, const struct route *route, struct answer *answer)
{
    const struct resource *resource = route->resource;
    if (!resource_parameters(request, route, NULL))
        return false;
    struct object *object = resource_find(request, resource, request->path_ids[0]);
    if (!object)
        return fail_missing(request, str_from(resource->path_param), resource->noun,
                            request->path_ids[0]);
    if (!resource_remove(request, resource, object))
        return false;
    *answer = (struct answer){.form = ANSWER_DELETED, .resource = resource, .object = object};
    return true;
}

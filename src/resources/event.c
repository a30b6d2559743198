/* Events. What is kept is the object in the newest shape and what was different before; what is
 * shown of the difference, and the shape of an older version, is worked out when somebody reads
 * it. */
#include "resources/event.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "resources/outbox.h"
#include "resources/registry.h"
#include "schema/json.h"
#include "schema/parse.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define SNAPSHOT_BYTES_MAX (16 * 1024 * 1024) /* more than all rows of a table can hold */

struct event_data {
    struct snapshot object;
};

struct event_request {
    struct str id;
    struct str idempotency_key;
};

struct event {
    struct object object;
    struct str api_version;
    struct event_data data;
    bool delivery_success;
    struct event_request request;
    struct str type;
    struct strings types;
    int64_t pending_webhooks;
    struct str object_type;
    struct str snapshot;
    struct str previous;
};

#define THIS struct event_data
static const struct field data_fields[] = {
    FIELD(object, "The object after what happened."),
    FIELD(object, "What changed: the old values.", .as = "previous_attributes", .is = DIFFERENCE),
};
#undef THIS
static const struct schema data_schema = SCHEMA(struct event_data, data_fields, "event_data");

#define THIS struct event_request
static const struct field request_fields[] = {
    FIELD(id, "The request that made it happen; null: the service itself."),
    FIELD(idempotency_key, "The idempotency key of that request."),
};
#undef THIS
static const struct schema request_schema =
    SCHEMA(struct event_request, request_fields, "event_request");

#define MATCHES_TYPE "o.type LIKE ? ESCAPE '\\'"

#define THIS struct event
static const struct field event_fields[] = {
    FIELD_ID,
    FIELD(api_version, "The API version in whose shape the object is shown.", .is = DERIVED),
    FIELD_CREATED,
    HASH(data, data_schema, "What it happened to.", .is = DERIVED),
    FIELD(delivery_success, "Only events whose webhooks have all been delivered, or not.",
          .in = FILTER, .is = INPUT,
          .where = "(? = 1) = (NOT EXISTS (SELECT 1 FROM webhook_deliveries AS d"
                   " WHERE d.tenant = o.tenant AND d.event = o.seq))"),
    FIELD_LIVEMODE,
    FIELD(pending_webhooks, "How many endpoints have not yet acknowledged it.",
          .column = "(SELECT COUNT(*) FROM webhook_deliveries AS d"
                    " WHERE d.tenant = o.tenant AND d.event = o.seq)"),
    HASH(request, request_schema, "The request that made it happen."),
    FIELD(type, "What happened, such as `coupon.created`; as a filter also `coupon.*`.",
          .in = FILTER, .is = NOT_NULL, .where = MATCHES_TYPE),
    FIELD(types, "Only events of these types.", .in = FILTER, .is = INPUT, .where = MATCHES_TYPE),
    FIELD(object_type, "Kind of the object.", .is = INTERNAL),
    FIELD(snapshot, "The object in the newest shape, without what is empty.", .is = INTERNAL),
    FIELD(previous, "What it had instead before a change.", .is = INTERNAL),
};
#undef THIS

/* The type as a pattern: * stands for anything. */
static struct str type_pattern(struct request *request, struct str type)
{
    struct text text;
    text_init(&text, request->arena, STRING_CHARACTERS_MAX * 2);
    for (size_t i = 0; i < type.length; i++) {
        char c = type.data[i];
        if (c == '_' || c == '%' || c == '\\')
            text_add_char(&text, '\\');
        text_add_char(&text, c == '*' ? '%' : c);
    }
    return text_str(&text);
}

static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    (void)before;
    struct event *filter = object;
    if (operation != FILTER)
        return true;
    if (filter->type.data && filter->types.count)
        return fail(request, CODE_NONE, STR("type"),
                    "You may only specify one of these parameters: type, types.");
    if (filter->types.count > EVENT_TYPES_MAX)
        return fail(request, CODE_NONE, STR("types"),
                    "Array types exceeded maximum %d allowed elements.", EVENT_TYPES_MAX);
    if (filter->type.data)
        filter->type = type_pattern(request, filter->type);
    for (size_t i = 0; i < filter->types.count; i++)
        filter->types.items[i] = type_pattern(request, filter->types.items[i]);
    return true;
}

static void *read_snapshot(struct request *request, const struct resource *resource,
                           const void *over, struct str json)
{
    struct str problem;
    void *object = resource_new(request, resource);
    if (over)
        memcpy(object, over, resource->schema.size);
    bool parsed = parse_object(request->arena, &resource->schema, json, object, &problem);
    assert(parsed && "a stored snapshot is what the writer wrote");
    return object;
}

/* Events of earlier releases have all of the object before, with its kind, but what was empty. */
static void *read_previous(struct request *request, const struct resource *resource,
                           const void *after, struct str previous)
{
    if (!previous.data)
        return NULL;
    bool whole = parse_has_member(previous, "object");
    return read_snapshot(request, resource, whole ? NULL : after, previous);
}

/* The object as it was and as it had been, with what only older versions show of it. */
static void derive(struct request *request, void *object)
{
    struct event *event = object;
    const struct resource *resource = resource_named(event->object_type);
    assert(resource);
    void *after = read_snapshot(request, resource, NULL, event->snapshot);
    void *before = read_previous(request, resource, after, event->previous);
    if (resource->older) {
        resource->older(request, after);
        if (before)
            resource->older(request, before);
    }
    event->api_version = version_name(request->version);
    event->data.object = (struct snapshot){&resource->schema, after, before};
}

const struct resource event_resource = {
    .schema = SCHEMA(struct event, event_fields, "event", .is_object = true,
                     .help = "Something that happened to an object."),
    .table = {&event_resource.schema, "events", NULL},
    .number = RESOURCE_event,
    .path = "/v1/events",
    .noun = "event",
    .path_param = "id",
    .id_prefix = "evt_",
    .id_form = ID_LONG,
    .operations = RETRIEVE | FILTER,
    .stays = true,
    .check = check,
    .derive = derive,
};

static void embed_all(struct request *request, const struct schema *schema, const void *object,
                      bool live);

static void embed_items(struct request *request, const struct schema *of, const void *items,
                        size_t count, bool live)
{
    for (size_t i = 0; i < count; i++)
        embed_all(request, of, const_element_at(of, items, i), live);
}

static void embed_reference(struct request *request, const struct field *field, struct ref *ref,
                            bool live)
{
    struct object *found = resource_follow(request, resource_of(field->of), ref);
    if (!found)
        return;
    if (live)
        found->deleted = false;
    ref->object = found;
}

/* What the object always shows in full, wherever it does, has to be kept in full too. The state
 * before a change did not know yet that it would end. */
static void embed(struct request *request, const struct field *field, const void *object, bool live)
{
    void *member = (char *)(uintptr_t)object + field->offset;
    const struct embedded *embedded = member;
    const struct list *list = member;
    switch (field->kind) {
    case KIND_REF:
        if (field->is & INLINED)
            embed_reference(request, field, member, live);
        break;
    case KIND_HASH:
        embed_all(request, field->of, member, live);
        break;
    case KIND_OPT_HASH:
        embed_all(request, field->of, *(void **)member, live);
        break;
    case KIND_LIST:
        embed_items(request, field->of, list->items, list->count, live);
        break;
    case KIND_EMBEDDED:
        embed_items(request, field->of, embedded->items, embedded->count, live);
        break;
    default:
        break;
    }
}

static void embed_all(struct request *request, const struct schema *schema, const void *object,
                      bool live)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!field->until && !(field->is & (INPUT | INTERNAL)) && !field_is_empty(field, object))
            embed(request, field, object, live);
    }
}

static const struct view kept = {
    .version = V_NEWEST, .indent = JSON_COMPACT, .everything = true, .sparse = true};

/* Notes the values of the rows of the table. */
static struct str take_snapshot(struct request *request, const struct schema *schema,
                                const void *object, struct str *values)
{
    struct text text;
    embed_all(request, schema, object, false);
    text_init(&text, request->arena, SNAPSHOT_BYTES_MAX);
    json_object_noting(&text, schema, object, &kept, values);
    assert(!text.failed);
    return text_str(&text);
}

static struct str take_previous(struct request *request, const struct schema *schema,
                                const void *before, const void *after, const struct str *values)
{
    struct text text;
    embed_all(request, schema, before, true);
    text_init(&text, request->arena, SNAPSHOT_BYTES_MAX);
    json_undo(&text, schema, before, after, values, &kept);
    assert(!text.failed);
    return text_str(&text);
}

void event_record(struct request *request, const char *prefix, const char *verb,
                  const struct schema *schema, const void *object, const void *before)
{
    struct str *values = ARENA_ARRAY(request->arena, struct str, schema->count);
    struct str snapshot = take_snapshot(request, schema, object, values);
    int64_t row = db_next_row(request->db, request->now);
    const struct event event = {
        .object =
            {
                .id = resource_ordered_id(request, &event_resource, row),
                .row = row,
                .created = {request->now},
            },
        .request = {request->id, request->idempotency_key},
        .type = str_format(request->arena, "%s.%s", prefix, verb),
        .object_type = str_from(schema->name),
        .snapshot = snapshot,
        .previous = before ? take_previous(request, schema, before, object, values) : STR_NULL,
    };
    enum db_result result =
        rows_insert(request, catalog_of(request, &event_resource), &event_resource.schema, &event);
    assert(result != DB_CONFLICT);
    outbox_add(request, event.object.row, event.type);
}

/* Webhook endpoints. */
#include "resources/webhook_endpoint.h"

#include "base/address.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/request.h"
#include "base/seal.h"
#include "resources/event_types.h"
#include "resources/outbox.h"
#include "resources/registry.h"

#include <stddef.h>
#include <string.h>

#define SECRET_PREFIX "whsec_"
#define SECRET_RANDOM_CHARACTERS 32

static const char *const statuses[] = {"disabled", "enabled", NULL};

#define THIS struct webhook_endpoint
static const struct field webhook_endpoint_fields[] = {
    FIELD_ID,
    FIELD(api_version, "The API version in whose shape events are sent; null: the default.",
          .in = CREATE),
    CONSTANT("application", "null", "Not supported."),
    FIELD(connect, "Accepted without effect.", .in = CREATE, .is = INPUT),
    FIELD(object.created, "When the object was created.", .as = "created", .is = DERIVED),
    FIELD(description, "Anything about the endpoint.", .in = CREATE | UPDATE,
          .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(disabled, "Whether to stop sending to it.", .in = UPDATE, .is = INPUT),
    FIELD(enabled_events, "Types of events to send, or `*` for all.", .in = CREATE | UPDATE,
          .is = REQUIRED),
    FIELD_LIVEMODE,
    FIELD_METADATA(.in = CREATE | UPDATE, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(secret, "What deliveries are signed with; shown only when the endpoint is created.",
          .is = DERIVED | WHEN_SET),
    FIELD(signing_secret, "The same, sealed.", .is = INTERNAL),
    FIELD(status, "Whether events are sent.", .values = statuses),
    FIELD(url, "Where to send them.", .in = CREATE | UPDATE, .is = REQUIRED | NOT_NULL,
          .format = FORMAT_URL),
};
#undef THIS

STATEMENT(count_endpoints,
          "SELECT COUNT(*) FROM webhook_endpoints WHERE tenant = $1 AND deleted_at IS NULL");

static void prepare(struct request *request, void *object)
{
    struct webhook_endpoint *endpoint = object;
    size_t prefix = strlen(SECRET_PREFIX), length = prefix + SECRET_RANDOM_CHARACTERS;
    char *secret = arena_alloc(request->arena, length + 1);
    memcpy(secret, SECRET_PREFIX, prefix);
    random_characters(request->random, ALPHABET_BASE62, secret + prefix, SECRET_RANDOM_CHARACTERS);
    endpoint->secret = (struct str){secret, length};
    endpoint->signing_secret =
        seal(request->arena, request->random, request->sealing_key, endpoint->secret);
    request->shows_secret = true;
    endpoint->status.value = ENDPOINT_ENABLED;
}

static bool check_count(struct request *request)
{
    struct query query = db_query(request->db, &count_endpoints);
    db_bind_int(&query, request->tenant);
    int64_t count = db_row(&query) ? db_int(&query, 0) : 0;
    db_end(&query);
    return count < WEBHOOK_ENDPOINTS_MAX ||
           fail(request, CODE_NONE, STR_NULL,
                "You have reached the maximum of %d %s webhook endpoints.", WEBHOOK_ENDPOINTS_MAX,
                request->livemode ? "live" : "test");
}

static bool check_events(struct request *request, const struct strings *types)
{
    for (size_t i = 0; i < types->count; i++)
        if (!str_is(types->items[i], "*") && !event_type_is_known(types->items[i]))
            return fail(request, CODE_NONE, str_format(request->arena, "enabled_events[%zu]", i),
                        "Invalid enabled_events[%zu]: there are no events of the type '%.*s'.", i,
                        STR_FMT(types->items[i]));
    return true;
}

/* Newer versions than are known here cannot be rendered for years to come. */
static bool check_version(struct request *request, struct str wanted)
{
    int32_t version;
    struct str name;
    return !wanted.data || (version_parse(wanted, &version, &name) && str_equal(wanted, name)) ||
           fail(request, CODE_NONE, STR("api_version"), "Invalid api_version: %.*s",
                STR_FMT(wanted));
}

static bool check_url(struct request *request, struct str url)
{
    switch (url_reach(url)) {
    case URL_INVALID:
        return fail(request, CODE_url_invalid, STR("url"), "Not a valid URL");
    case URL_PRIVATE:
        if (!request->dev)
            return fail(request, CODE_url_invalid, STR("url"),
                        "Invalid URL: URL must be publicly accessible.");
        break;
    case URL_PUBLIC:
        break;
    }
    return !request->livemode || str_starts(url, STR("https://")) ||
           fail(request, CODE_url_invalid, STR("url"),
                "Invalid URL: in live mode it has to begin with https://.");
}

static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    struct webhook_endpoint *endpoint = object;
    if (operation == FILTER)
        return true;
    if (endpoint->disabled.set)
        endpoint->status.value = endpoint->disabled.value ? ENDPOINT_DISABLED : ENDPOINT_ENABLED;
    return check_events(request, &endpoint->enabled_events) &&
           check_version(request, endpoint->api_version) && check_url(request, endpoint->url) &&
           (before || check_count(request));
}

static bool saved(struct request *request, void *object, const void *before)
{
    const struct webhook_endpoint *endpoint = object;
    if (before && endpoint->status.value == ENDPOINT_DISABLED)
        outbox_drop(request, endpoint->object.row);
    return true;
}

static bool deleted(struct request *request, void *object)
{
    outbox_drop(request, ((const struct object *)object)->row);
    return true;
}

const struct resource webhook_endpoint_resource = {
    .schema = SCHEMA(struct webhook_endpoint, webhook_endpoint_fields, "webhook_endpoint",
                     .is_object = true, .help = "Somebody who is told of events."),
    .table = {&webhook_endpoint_resource.schema, "webhook_endpoints", NULL},
    .number = RESOURCE_webhook_endpoint,
    .path = "/v1/webhook_endpoints",
    .noun = "webhook endpoint",
    .path_param = "webhook_endpoint",
    .id_prefix = "we_",
    .id_form = ID_LONG,
    .operations = CREATE | RETRIEVE | UPDATE | DELETE | FILTER,
    .stays = true,
    .prepare = prepare,
    .check = check,
    .saved = saved,
    .deleted = deleted,
};

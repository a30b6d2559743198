/* OpenAPI 3.1 from the tables: what an answer may contain and what a call takes, for one API
 * version. */
#include "api/openapi.h"

#include "api/openapi_schema.h"
#include "api/router.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/request.h"
#include "base/text.h"
#include "base/version.h"
#include "resources/list.h"
#include "resources/registry.h"
#include "schema/expansion.h"
#include "schema/form.h"

#include <string.h>

#define DOCUMENT_BYTES_MAX (8 * 1024 * 1024)

static void add_deleted(struct json_scope *schemas, const struct schema *schema)
{
    struct json_scope scope = openapi_open_object(
        schemas, str_format(schemas->text->arena, "deleted_%s", schema->name).data);
    openapi_add_type(&scope, "object", false);
    openapi_add(&scope, "required", "[\"id\", \"object\", \"deleted\"]");
    struct json_scope members = openapi_open_object(&scope, "properties");
    openapi_add(&members, "id", "{\"type\": \"string\"}");
    json_key(&members, STR("object"));
    text_addf(members.text, "{\"const\": \"%s\"}", schema->name);
    openapi_add(&members, "deleted", "{\"const\": true}");
    json_end(&members);
    openapi_add(&scope, "additionalProperties", "false");
    json_end(&scope);
}

static const struct {
    const char *name;
    const char *schema;
} error_members[] = {
    {"code", "{\"type\": \"string\"}"},
    {"decline_code", "{\"type\": \"string\"}"},
    {"doc_url", "{\"type\": \"string\"}"},
    {"message", "{\"type\": \"string\"}"},
    {"param", "{\"type\": \"string\"}"},
    {"payment_intent", "{\"$ref\": \"#/components/schemas/payment_intent\"}"},
    {"payment_method", "{\"$ref\": \"#/components/schemas/payment_method\"}"},
    {"reason", "{\"type\": \"string\"}"},
    {"setup_intent", "{\"$ref\": \"#/components/schemas/setup_intent\"}"},
    {"type", "{\"enum\": [\"api_error\", \"card_error\", \"idempotency_error\", "
             "\"invalid_request_error\"]}"},
};

static void add_error(struct json_scope *schemas)
{
    struct json_scope scope = openapi_open_object(schemas, "error");
    openapi_add_type(&scope, "object", false);
    openapi_add(&scope, "required", "[\"error\"]");
    struct json_scope outer = openapi_open_object(&scope, "properties");
    struct json_scope error = openapi_open_object(&outer, "error");
    openapi_add_type(&error, "object", false);
    openapi_add(&error, "required", "[\"message\", \"type\"]");
    struct json_scope inner = openapi_open_object(&error, "properties");
    for (size_t i = 0; i < ARRAY_LENGTH(error_members); i++)
        openapi_add(&inner, error_members[i].name, error_members[i].schema);
    json_end(&inner);
    openapi_add(&error, "additionalProperties", "false");
    json_end(&error);
    json_end(&outer);
    openapi_add(&scope, "additionalProperties", "false");
    json_end(&scope);
}

static void add_components(struct json_scope *document, int32_t version)
{
    struct json_scope components = openapi_open_object(document, "components");
    struct json_scope schemas = openapi_open_object(&components, "schemas");
    for (size_t i = 0; i < RESOURCE_COUNT; i++) {
        const struct schema *schema = &resources[i]->schema;
        struct json_scope scope = openapi_open_object(&schemas, schema->name);
        openapi_add_string(&scope, "description", schema->help);
        openapi_add_hash(&scope, schema, false, version);
        json_end(&scope);
        if (resource_leaves_stubs(resources[i]))
            add_deleted(&schemas, schema);
    }
    add_error(&schemas);
    json_end(&schemas);
    struct json_scope security = openapi_open_object(&components, "securitySchemes");
    openapi_add(&security, "bearer", "{\"type\": \"http\", \"scheme\": \"bearer\"}");
    openapi_add(&security, "basic", "{\"type\": \"http\", \"scheme\": \"basic\"}");
    json_end(&security);
    json_end(&components);
}

/* ---- calls ---- */

#define EXPAND_SCHEMA "{\"type\": \"array\", \"maxItems\": 20, \"items\": {\"type\": \"string\"}}"

/* Whether there is anything that expand[] could name. */
static bool takes_expand(const struct route *route, int32_t version)
{
    const struct schema *schema = &route->resource->schema;
    for (size_t i = 0; i < schema->count && !route->no_expand; i++)
        if (field_is_expandable(&schema->fields[i], version))
            return true;
    return false;
}

static void add_form(struct json_scope *operation, const struct route *route, int32_t version)
{
    struct json_scope body = openapi_open_object(operation, "requestBody");
    struct json_scope content = openapi_open_object(&body, "content");
    struct json_scope type = openapi_open_object(&content, "application/x-www-form-urlencoded");
    struct json_scope scope = openapi_open_object(&type, "schema");
    openapi_add_type(&scope, "object", false);
    struct json_scope properties = openapi_open_object(&scope, "properties");
    if (route->parameters)
        openapi_add_parameter_properties(&properties, route->parameters, route->in, version);
    if (takes_expand(route, version))
        openapi_add(&properties, "expand", EXPAND_SCHEMA);
    json_end(&properties);
    if (route->parameters)
        openapi_add_required_parameters(&scope, route->parameters, route->in, version);
    openapi_add(&scope, "additionalProperties", "false");
    json_end(&scope);
    json_end(&type);
    json_end(&content);
    json_end(&body);
}

/* A body that is no form; the parameters are in the query. */
static void add_raw_body(struct json_scope *operation)
{
    struct json_scope body = openapi_open_object(operation, "requestBody");
    struct json_scope content = openapi_open_object(&body, "content");
    struct json_scope type = openapi_open_object(&content, "text/csv");
    openapi_add(&type, "schema", "{\"type\": \"string\"}");
    json_end(&type);
    json_end(&content);
    json_end(&body);
}

static void add_query(struct json_scope *parameters, const struct field *field, unsigned in,
                      int32_t version)
{
    struct json_scope parameter = openapi_open_item(parameters);
    openapi_add_string(&parameter, "name", field_name(field));
    openapi_add_string(&parameter, "in", "query");
    openapi_add_string(&parameter, "description", field->help);
    if (field->kind == KIND_TIME || field->kind == KIND_STRINGS || field->kind == KIND_METADATA ||
        field->kind == KIND_LIST) {
        openapi_add_string(&parameter, "style", "deepObject"); /* brackets */
        openapi_add(&parameter, "explode", "true");
    }
    if ((field->is & REQUIRED) && in == ACTION)
        openapi_add(&parameter, "required", "true");
    struct json_scope schema = openapi_open_object(&parameter, "schema");
    openapi_add_parameter_value(&schema, field, in, version);
    json_end(&schema);
    json_end(&parameter);
}

static void add_queries(struct json_scope *parameters, const struct schema *schema, unsigned in,
                        int32_t version)
{
    for (size_t i = 0; schema && i < schema->count; i++)
        if (openapi_is_taken(&schema->fields[i], in, version))
            add_query(parameters, &schema->fields[i], in, version);
}

/* What documents call the ids in a path. */
static const char *const id_names[PATH_IDS_MAX] = {"id", "inner_id"};

static void add_parameters(struct json_scope *operation, const struct route *route, int32_t version)
{
    struct json_scope parameters = openapi_open_array(operation, "parameters");
    const char *rest = route->path;
    for (size_t i = 0; (rest = strstr(rest, ":id")); i++, rest += strlen(":id")) {
        struct json_scope id = openapi_open_item(&parameters);
        openapi_add_string(&id, "name", id_names[i]);
        openapi_add_string(&id, "in", "path");
        openapi_add(&id, "required", "true");
        openapi_add(&id, "schema", "{\"type\": \"string\"}");
        json_end(&id);
    }
    if (strcmp(route->method, "POST") != 0 || route->raw_body) {
        add_queries(&parameters, route->parameters, route->in, version);
        if (route->handler == resource_list) {
            add_queries(&parameters,
                        takes_expand(route, version) ? &page_schema : &plain_page_schema, FILTER,
                        version);
        } else if (takes_expand(route, version)) {
            struct json_scope expand = openapi_open_item(&parameters);
            openapi_add_string(&expand, "name", "expand");
            openapi_add_string(&expand, "in", "query");
            openapi_add_string(&expand, "style", "deepObject");
            openapi_add(&expand, "explode", "true");
            openapi_add(&expand, "schema", EXPAND_SCHEMA);
            json_end(&expand);
        }
    }
    json_end(&parameters);
}

/* ---- what calls answer ---- */

static void add_collection(struct json_scope *schema, const struct route *route)
{
    bool search = route->form == ANSWER_SEARCH;
    openapi_add_type(schema, "object", false);
    openapi_add(schema, "required",
                search ? "[\"object\", \"data\", \"has_more\", \"next_page\", \"url\"]"
                       : "[\"object\", \"data\", \"has_more\", \"url\"]");
    struct json_scope members = openapi_open_object(schema, "properties");
    openapi_add(&members, "object",
                search ? "{\"const\": \"search_result\"}" : "{\"const\": \"list\"}");
    struct json_scope data = openapi_open_object(&members, "data");
    openapi_add_type(&data, "array", false);
    struct json_scope items = openapi_open_object(&data, "items");
    json_key(&items, STR("$ref"));
    text_addf(items.text, "\"#/components/schemas/%s\"", route->resource->schema.name);
    json_end(&items);
    json_end(&data);
    openapi_add(&members, "has_more", "{\"type\": \"boolean\"}");
    if (search)
        openapi_add(&members, "next_page", "{\"type\": [\"string\", \"null\"]}");
    openapi_add(&members, "url", "{\"type\": \"string\"}");
    json_end(&members);
    openapi_add(schema, "additionalProperties", "false");
}

static void add_answer(struct json_scope *schema, const struct route *route)
{
    const char *name = route->resource->schema.name;
    if (route->form == ANSWER_LIST || route->form == ANSWER_SEARCH) {
        add_collection(schema, route);
        return;
    }
    struct json_scope any = openapi_open_array(schema, "anyOf");
    bool retrieves = strcmp(route->method, "GET") == 0;
    if (route->form == ANSWER_OBJECT)
        openapi_add_reference_item(&any, "", name);
    if (route->form == ANSWER_DELETED ||
        (retrieves && route->parameters == NULL && route->resource->deleted_is_shown))
        openapi_add_reference_item(&any, "deleted_", name);
    json_end(&any);
}

static void add_response(struct json_scope *responses, const char *status, const char *meaning,
                         const struct route *route)
{
    struct json_scope response = openapi_open_object(responses, status);
    openapi_add_string(&response, "description", meaning);
    struct json_scope content = openapi_open_object(&response, "content");
    bool csv = route && route->form == ANSWER_CSV;
    struct json_scope type = openapi_open_object(&content, csv ? "text/csv" : "application/json");
    struct json_scope schema = openapi_open_object(&type, "schema");
    if (csv)
        openapi_add_type(&schema, "string", false);
    else if (route)
        add_answer(&schema, route);
    else
        openapi_add(&schema, "$ref", "\"#/components/schemas/error\"");
    json_end(&schema);
    json_end(&type);
    json_end(&content);
    json_end(&response);
}

static void add_operation(struct json_scope *path, const struct route *route, int32_t version)
{
    char method[8] = {0};
    for (size_t i = 0; route->method[i] && i < sizeof(method) - 1; i++)
        method[i] = (char)(route->method[i] - 'A' + 'a');
    struct json_scope operation = openapi_open_object(path, method);
    openapi_add_string(&operation, "operationId", route->name);
    openapi_add_string(&operation, "summary", route->summary);
    if (route->resource->is_own)
        openapi_add(&operation, "x-coupond", "true");
    add_parameters(&operation, route, version);
    if (route->raw_body)
        add_raw_body(&operation);
    else if (strcmp(route->method, "POST") == 0)
        add_form(&operation, route, version);
    struct json_scope responses = openapi_open_object(&operation, "responses");
    add_response(&responses, "200", "Success.", route);
    add_response(&responses, "default", "Failure.", NULL);
    json_end(&responses);
    json_end(&operation);
}

/* /v1/coupons/:id → /v1/coupons/{id} */
static struct str template_of(struct arena *arena, const char *path)
{
    struct text text;
    struct str rest = str_from(path);
    text_init(&text, arena, DOCUMENT_BYTES_MAX);
    for (size_t i = 0; rest.data; i++) {
        text_add(&text, str_split(rest, ':', &rest));
        if (!rest.data)
            break;
        text_addf(&text, "{%s}", id_names[i]);
        rest = (struct str){rest.data + strlen("id"), rest.length - strlen("id")};
    }
    return text_str(&text);
}

static bool is_in_version(const struct route *route, int32_t version)
{
    return !route->until || version < route->until;
}

static void add_paths(struct json_scope *document, const struct router *router, int32_t version)
{
    struct arena *arena = document->text->arena;
    struct json_scope paths = openapi_open_object(document, "paths");
    const struct route *route, *other;
    for (size_t i = 0; (route = router_route(router, i)); i++) {
        bool listed =
            route->form == ANSWER_TEXT /* only in development */ || !is_in_version(route, version);
        for (size_t j = 0; j < i && !listed; j++)
            listed = is_in_version(router_route(router, j), version) &&
                     strcmp(router_route(router, j)->path, route->path) == 0;
        if (listed)
            continue;
        struct json_scope path = openapi_open_object(&paths, template_of(arena, route->path).data);
        for (size_t j = i; (other = router_route(router, j)); j++)
            if (strcmp(other->path, route->path) == 0 && is_in_version(other, version))
                add_operation(&path, other, version);
        json_end(&path);
    }
    json_end(&paths);
}

static void add_error_codes(struct json_scope *document)
{
    struct json_scope codes = openapi_open_array(document, "x-coupond-error-codes");
    for (enum error_code code = CODE_NONE + 1; code < CODE_COUNT; code++) {
        json_item(&codes);
        json_string(codes.text, str_from(error_code_name(code)));
    }
    json_end(&codes);
}

void openapi_write(struct request *request, const struct router *router, struct text *text)
{
    struct json_scope document = json_begin_object(text, 0);
    openapi_add_string(&document, "openapi", "3.1.0");
    struct json_scope info = openapi_open_object(&document, "info");
    openapi_add_string(&info, "title", "coupond");
    openapi_add_string(
        &info, "description",
        "Coupons and promotion codes, self-hosted, over Stripe's wire API. Not affiliated "
        "with Stripe.");
    json_key(&info, STR("version"));
    json_string(text, version_name(request->version));
    json_end(&info);
    openapi_add(&document, "security", "[{\"bearer\": []}, {\"basic\": []}]");
    add_paths(&document, router, request->version);
    add_components(&document, request->version);
    add_error_codes(&document);
    json_end(&document);
    text_add_char(text, '\n');
}

bool openapi_for(struct request *request, const struct router *router, struct str query,
                 struct str *document)
{
    struct str name;
    struct text text;
    request->version = V_NEWEST;
    if (!form_parse(request, query, STR_NULL))
        return false;
    const struct form_node *wanted = form_find(request->form, STR("version"));
    if (wanted && (wanted->first || !version_parse(wanted->value, &request->version, &name)))
        return fail(request, CODE_NONE, STR("version"), "Invalid Stripe API version: %.*s",
                    STR_FMT(wanted->value));
    text_init(&text, request->arena, DOCUMENT_BYTES_MAX);
    openapi_write(request, router, &text);
    *document = text_str(&text);
    return true;
}

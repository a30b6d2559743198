/* OpenAPI 3.1 from the tables: what an answer may contain and what a call takes, for one API
 * version. */
#include "api/openapi.h"

#include "api/router.h"
#include "base/arena.h"
#include "base/decimal.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/request.h"
#include "base/text.h"
#include "base/version.h"
#include "resources/list.h"
#include "resources/registry.h"
#include "schema/form.h"
#include "schema/json.h"

#include <string.h>

#define DOCUMENT_BYTES_MAX (8 * 1024 * 1024)

/* ---- small pieces ---- */

static void add(struct json_scope *scope, const char *key, const char *json)
{
    json_key(scope, str_from(key));
    text_add(scope->text, str_from(json));
}

static void add_string(struct json_scope *scope, const char *key, const char *value)
{
    json_key(scope, str_from(key));
    json_string(scope->text, str_from(value));
}

static void add_int(struct json_scope *scope, const char *key, int64_t value)
{
    json_key(scope, str_from(key));
    text_add_int64(scope->text, value);
}

static struct json_scope open_object(struct json_scope *scope, const char *key)
{
    json_key(scope, str_from(key));
    return json_begin_object(scope->text, json_inner(scope));
}

static struct json_scope open_array(struct json_scope *scope, const char *key)
{
    json_key(scope, str_from(key));
    return json_begin_array(scope->text, json_inner(scope));
}

static struct json_scope open_item(struct json_scope *scope)
{
    json_item(scope);
    return json_begin_object(scope->text, json_inner(scope));
}

static void add_reference_item(struct json_scope *array, const char *prefix, const char *name)
{
    struct json_scope item = open_item(array);
    json_key(&item, STR("$ref"));
    text_addf(item.text, "\"#/components/schemas/%s%s\"", prefix, name);
    json_end(&item);
}

static void add_type_item(struct json_scope *array, const char *type)
{
    struct json_scope item = open_item(array);
    add_string(&item, "type", type);
    json_end(&item);
}

static void add_type(struct json_scope *scope, const char *type, bool nullable)
{
    json_key(scope, STR("type"));
    text_addf(scope->text, nullable ? "[\"%s\", \"null\"]" : "\"%s\"", type);
}

/* ---- what answers contain ---- */

static bool is_null_possible(const struct field *field)
{
    return (field->nullable && !(field->is & (NOT_NULL | WHEN_SET | INCLUDABLE))) ||
           (field->is & NULL_WHEN_EMPTY);
}

static void add_members(struct json_scope *scope, const struct schema *schema, int32_t version);

static void add_hash(struct json_scope *scope, const struct schema *schema, bool nullable,
                     int32_t version)
{
    add_type(scope, "object", nullable);
    add_members(scope, schema, version);
}

static void add_reference(struct json_scope *scope, const struct field *field)
{
    struct json_scope any = open_array(scope, "anyOf");
    if (!(field->is & INLINED))
        add_type_item(&any, "string");
    if (field->of) {
        add_reference_item(&any, "", field->of->name);
        if (!field->of->tombstones_are_shown && !(field->is & INLINED) &&
            (resource_of(field->of)->operations & DELETE))
            add_reference_item(&any, "deleted_", field->of->name);
    }
    if (is_null_possible(field))
        add_type_item(&any, "null");
    json_end(&any);
}

static void add_values(struct json_scope *scope, const struct field *field)
{
    add_type(scope, "string", false);
    struct json_scope values = open_array(scope, "enum");
    for (size_t i = 0; field->values[i]; i++) {
        json_item(&values);
        json_string(values.text, str_from(field->values[i]));
    }
    json_end(&values);
}

/* The members of a schema that an answer's value has to fit. */
static void add_answer_value(struct json_scope *scope, const struct field *field, int32_t version)
{
    bool nullable = is_null_possible(field);
    struct json_scope inner;
    switch (field->kind) {
    case KIND_STRING:
        add_type(scope, "string", nullable);
        break;
    case KIND_BOOL:
        add_type(scope, "boolean", nullable);
        break;
    case KIND_INTEGER:
    case KIND_TIME:
        add_type(scope, "integer", nullable);
        break;
    case KIND_PERCENT:
        add_type(scope, "number", nullable);
        break;
    case KIND_CHOICE:
        add_values(scope, field);
        break;
    case KIND_REF:
        add_reference(scope, field);
        break;
    case KIND_METADATA:
        add_type(scope, "object", false);
        inner = open_object(scope, "additionalProperties");
        add_type(&inner, "string", false);
        json_end(&inner);
        break;
    case KIND_STRINGS:
        add_type(scope, "array", nullable);
        inner = open_object(scope, "items");
        add_type(&inner, "string", false);
        json_end(&inner);
        break;
    case KIND_HASH:
    case KIND_OPT_HASH:
        add_hash(scope, field->of, nullable, version);
        break;
    case KIND_LIST:
        add_type(scope, "array", nullable);
        inner = open_object(scope, "items");
        add_hash(&inner, field->of, false, version);
        json_end(&inner);
        break;
    case KIND_DICTIONARY:
        add_type(scope, "object", false);
        inner = open_object(scope, "additionalProperties");
        add_hash(&inner, field->of, false, version);
        json_end(&inner);
        break;
    case KIND_SNAPSHOT:
        add_type(scope, "object", false);
        break;
    case KIND_CONSTANT:
        add(scope, "const", field->literal);
        break;
    }
}

static bool is_shown(const struct field *field, int32_t version)
{
    return !(field->is & (INPUT | INTERNAL)) && field_in_version(field, version);
}

static void add_members(struct json_scope *scope, const struct schema *schema, int32_t version)
{
    struct json_scope members = open_object(scope, "properties");
    if (schema->is_object) {
        struct json_scope object = open_object(&members, "object");
        add_string(&object, "const", schema->name);
        json_end(&object);
    }
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!is_shown(field, version))
            continue;
        struct json_scope member = open_object(&members, field_name(field));
        add_string(&member, "description", field->help);
        add_answer_value(&member, field, version);
        json_end(&member);
    }
    json_end(&members);
    struct json_scope required = open_array(scope, "required");
    if (schema->is_object) {
        json_item(&required);
        json_string(required.text, STR("object"));
    }
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!is_shown(field, version) ||
            (field->is & (INCLUDABLE | WHEN_SET | DIFFERENCE | LIVE_ONLY)))
            continue;
        json_item(&required);
        json_string(required.text, str_from(field_name(field)));
    }
    json_end(&required);
    add(scope, "additionalProperties", "false");
}

static void add_deleted(struct json_scope *schemas, const struct schema *schema)
{
    struct json_scope scope =
        open_object(schemas, str_format(schemas->text->arena, "deleted_%s", schema->name).data);
    add_type(&scope, "object", false);
    add(&scope, "required", "[\"id\", \"object\", \"deleted\"]");
    struct json_scope members = open_object(&scope, "properties");
    add(&members, "id", "{\"type\": \"string\"}");
    json_key(&members, STR("object"));
    text_addf(members.text, "{\"const\": \"%s\"}", schema->name);
    add(&members, "deleted", "{\"const\": true}");
    json_end(&members);
    add(&scope, "additionalProperties", "false");
    json_end(&scope);
}

static void add_error(struct json_scope *schemas)
{
    static const char *const members[] = {"code", "doc_url", "message", "param", "type"};
    struct json_scope scope = open_object(schemas, "error");
    add_type(&scope, "object", false);
    add(&scope, "required", "[\"error\"]");
    struct json_scope outer = open_object(&scope, "properties");
    struct json_scope error = open_object(&outer, "error");
    add_type(&error, "object", false);
    add(&error, "required", "[\"message\", \"type\"]");
    struct json_scope inner = open_object(&error, "properties");
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++)
        add(&inner, members[i],
            strcmp(members[i], "type") == 0
                ? "{\"enum\": [\"api_error\", \"idempotency_error\", \"invalid_request_error\"]}"
                : "{\"type\": \"string\"}");
    json_end(&inner);
    add(&error, "additionalProperties", "false");
    json_end(&error);
    json_end(&outer);
    add(&scope, "additionalProperties", "false");
    json_end(&scope);
}

static void add_components(struct json_scope *document, int32_t version)
{
    struct json_scope components = open_object(document, "components");
    struct json_scope schemas = open_object(&components, "schemas");
    for (size_t i = 0; i < RESOURCE_COUNT; i++) {
        const struct schema *schema = &resources[i]->schema;
        struct json_scope scope = open_object(&schemas, schema->name);
        add_string(&scope, "description", schema->help);
        add_hash(&scope, schema, false, version);
        json_end(&scope);
        if (resources[i]->operations & DELETE)
            add_deleted(&schemas, schema);
    }
    add_error(&schemas);
    json_end(&schemas);
    struct json_scope security = open_object(&components, "securitySchemes");
    add(&security, "bearer", "{\"type\": \"http\", \"scheme\": \"bearer\"}");
    add(&security, "basic", "{\"type\": \"http\", \"scheme\": \"basic\"}");
    json_end(&security);
    json_end(&components);
}

/* ---- what calls take ---- */

static void add_parameters_hash(struct json_scope *scope, const struct schema *schema, unsigned in,
                                int32_t version);

static void add_bounds(struct json_scope *scope, const struct field *field)
{
    if (field->kind == KIND_PERCENT) {
        struct text *text = scope->text;
        json_key(scope, STR("minimum"));
        decimal_write(text, field->min);
        json_key(scope, STR("maximum"));
        decimal_write(text, field->max);
        return;
    }
    if (field->min != INT64_MIN)
        add_int(scope, "minimum", field->min);
    if (field->max != INT64_MAX)
        add_int(scope, "maximum",
                field->max                 ? field->max
                : field->kind == KIND_TIME ? TIMESTAMP_MAX
                                           : COUNT_MAX);
}

static void add_range(struct json_scope *scope)
{
    static const char *const bounds[] = {"gt", "gte", "lt", "lte"};
    struct json_scope any = open_array(scope, "anyOf");
    add_type_item(&any, "integer");
    struct json_scope hash = open_item(&any);
    add_type(&hash, "object", false);
    struct json_scope members = open_object(&hash, "properties");
    for (size_t i = 0; i < ARRAY_LENGTH(bounds); i++)
        add(&members, bounds[i], "{\"type\": \"integer\"}");
    json_end(&members);
    add(&hash, "additionalProperties", "false");
    json_end(&hash);
    json_end(&any);
}

static void add_parameter_value(struct json_scope *scope, const struct field *field, unsigned in,
                                int32_t version)
{
    struct json_scope inner;
    switch (field->kind) {
    case KIND_STRING:
    case KIND_REF:
        add_type(scope, "string", false);
        add_int(scope, "maxLength", field->max ? field->max : STRING_CHARACTERS_MAX);
        break;
    case KIND_BOOL:
        add_type(scope, "boolean", false);
        break;
    case KIND_TIME:
        if (in == FILTER) {
            add_range(scope);
            break;
        }
        /* fall through */
    case KIND_INTEGER:
        add_type(scope, "integer", false);
        add_bounds(scope, field);
        break;
    case KIND_PERCENT:
        add_type(scope, "number", false);
        add_bounds(scope, field);
        break;
    case KIND_CHOICE:
        add_values(scope, field);
        break;
    case KIND_METADATA:
        add_type(scope, "object", false);
        add(scope, "additionalProperties", "{\"type\": \"string\"}");
        break;
    case KIND_STRINGS:
        add_type(scope, "array", false);
        add(scope, "items", "{\"type\": \"string\"}");
        break;
    case KIND_HASH:
    case KIND_OPT_HASH:
        add_parameters_hash(scope, field->of, in, version);
        break;
    case KIND_LIST:
    case KIND_DICTIONARY:
        add_type(scope, field->kind == KIND_LIST ? "array" : "object", false);
        inner = open_object(scope, field->kind == KIND_LIST ? "items" : "additionalProperties");
        add_parameters_hash(&inner, field->of, in, version);
        json_end(&inner);
        break;
    case KIND_SNAPSHOT:
    case KIND_CONSTANT:
        break;
    }
}

static bool is_taken(const struct field *field, unsigned in, int32_t version)
{
    return (field->in & in) && field_in_version(field, version);
}

static void add_required_parameters(struct json_scope *scope, const struct schema *schema,
                                    unsigned in, int32_t version)
{
    struct json_scope required = open_array(scope, "required");
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!is_taken(field, in, version) || !(field->is & REQUIRED) ||
            (in != CREATE && in != ACTION))
            continue;
        json_item(&required);
        json_string(required.text, str_from(field_name(field)));
    }
    json_end(&required);
}

/* A parameter that may be unset takes an empty value too. */
static void add_parameter(struct json_scope *scope, const struct field *field, unsigned in,
                          int32_t version)
{
    unsigned clears = in == CREATE ? CLEARS_ON_CREATE : in == UPDATE ? CLEARS_ON_UPDATE : 0;
    if (!(field->is & (clears | BLANK_IS_ABSENT))) {
        add_parameter_value(scope, field, in, version);
        return;
    }
    struct json_scope any = open_array(scope, "anyOf");
    struct json_scope value = open_item(&any);
    add_parameter_value(&value, field, in, version);
    json_end(&value);
    struct json_scope empty = open_item(&any);
    add(&empty, "const", "\"\"");
    json_end(&empty);
    json_end(&any);
}

static void add_parameter_properties(struct json_scope *properties, const struct schema *schema,
                                     unsigned in, int32_t version)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!is_taken(field, in, version))
            continue;
        struct json_scope member = open_object(properties, field_name(field));
        add_string(&member, "description", field->help);
        add_parameter(&member, field, in, version);
        json_end(&member);
    }
}

static void add_parameters_hash(struct json_scope *scope, const struct schema *schema, unsigned in,
                                int32_t version)
{
    add_type(scope, "object", false);
    struct json_scope properties = open_object(scope, "properties");
    add_parameter_properties(&properties, schema, in, version);
    json_end(&properties);
    add_required_parameters(scope, schema, in, version);
    add(scope, "additionalProperties", "false");
}

#define EXPAND_SCHEMA "{\"type\": \"array\", \"maxItems\": 20, \"items\": {\"type\": \"string\"}}"

static void add_form(struct json_scope *operation, const struct route *route, int32_t version)
{
    struct json_scope body = open_object(operation, "requestBody");
    struct json_scope content = open_object(&body, "content");
    struct json_scope type = open_object(&content, "application/x-www-form-urlencoded");
    struct json_scope scope = open_object(&type, "schema");
    add_type(&scope, "object", false);
    struct json_scope properties = open_object(&scope, "properties");
    if (route->parameters)
        add_parameter_properties(&properties, route->parameters, route->in, version);
    if (!route->no_expand)
        add(&properties, "expand", EXPAND_SCHEMA);
    json_end(&properties);
    if (route->parameters)
        add_required_parameters(&scope, route->parameters, route->in, version);
    add(&scope, "additionalProperties", "false");
    json_end(&scope);
    json_end(&type);
    json_end(&content);
    json_end(&body);
}

static void add_query(struct json_scope *parameters, const struct field *field, unsigned in,
                      int32_t version)
{
    struct json_scope parameter = open_item(parameters);
    add_string(&parameter, "name", field_name(field));
    add_string(&parameter, "in", "query");
    add_string(&parameter, "description", field->help);
    if (field->kind == KIND_TIME || field->kind == KIND_STRINGS || field->kind == KIND_METADATA) {
        add_string(&parameter, "style", "deepObject"); /* brackets */
        add(&parameter, "explode", "true");
    }
    if ((field->is & REQUIRED) && in == ACTION)
        add(&parameter, "required", "true");
    struct json_scope schema = open_object(&parameter, "schema");
    add_parameter_value(&schema, field, in, version);
    json_end(&schema);
    json_end(&parameter);
}

static void add_queries(struct json_scope *parameters, const struct schema *schema, unsigned in,
                        int32_t version)
{
    for (size_t i = 0; schema && i < schema->count; i++)
        if (is_taken(&schema->fields[i], in, version))
            add_query(parameters, &schema->fields[i], in, version);
}

static void add_parameters(struct json_scope *operation, const struct route *route, int32_t version)
{
    struct json_scope parameters = open_array(operation, "parameters");
    if (strstr(route->path, ":id")) {
        struct json_scope id = open_item(&parameters);
        add_string(&id, "name", "id");
        add_string(&id, "in", "path");
        add(&id, "required", "true");
        add(&id, "schema", "{\"type\": \"string\"}");
        json_end(&id);
    }
    if (strcmp(route->method, "POST") != 0) {
        add_queries(&parameters, route->parameters, route->in, version);
        if (route->form == ANSWER_LIST) {
            add_queries(&parameters, &page_schema, FILTER, version);
        } else if (!route->no_expand) {
            struct json_scope expand = open_item(&parameters);
            add_string(&expand, "name", "expand");
            add_string(&expand, "in", "query");
            add_string(&expand, "style", "deepObject");
            add(&expand, "explode", "true");
            add(&expand, "schema", EXPAND_SCHEMA);
            json_end(&expand);
        }
    }
    json_end(&parameters);
}

/* ---- what calls answer ---- */

static void add_collection(struct json_scope *schema, const struct route *route)
{
    bool search = route->form == ANSWER_SEARCH;
    add_type(schema, "object", false);
    add(schema, "required",
        search ? "[\"object\", \"data\", \"has_more\", \"next_page\", \"url\"]"
               : "[\"object\", \"data\", \"has_more\", \"url\"]");
    struct json_scope members = open_object(schema, "properties");
    add(&members, "object", search ? "{\"const\": \"search_result\"}" : "{\"const\": \"list\"}");
    struct json_scope data = open_object(&members, "data");
    add_type(&data, "array", false);
    struct json_scope items = open_object(&data, "items");
    json_key(&items, STR("$ref"));
    text_addf(items.text, "\"#/components/schemas/%s\"", route->resource->schema.name);
    json_end(&items);
    json_end(&data);
    add(&members, "has_more", "{\"type\": \"boolean\"}");
    if (search)
        add(&members, "next_page", "{\"type\": [\"string\", \"null\"]}");
    add(&members, "url", "{\"type\": \"string\"}");
    json_end(&members);
    add(schema, "additionalProperties", "false");
}

static void add_answer(struct json_scope *schema, const struct route *route)
{
    const char *name = route->resource->schema.name;
    if (route->form == ANSWER_LIST || route->form == ANSWER_SEARCH) {
        add_collection(schema, route);
        return;
    }
    struct json_scope any = open_array(schema, "anyOf");
    bool retrieves = strcmp(route->method, "GET") == 0;
    if (route->form == ANSWER_OBJECT)
        add_reference_item(&any, "", name);
    if (route->form == ANSWER_DELETED ||
        (retrieves && route->parameters == NULL && route->resource->deleted_is_shown))
        add_reference_item(&any, "deleted_", name);
    json_end(&any);
}

static void add_response(struct json_scope *responses, const char *status, const char *meaning,
                         const struct route *route)
{
    struct json_scope response = open_object(responses, status);
    add_string(&response, "description", meaning);
    struct json_scope content = open_object(&response, "content");
    struct json_scope type = open_object(&content, "application/json");
    struct json_scope schema = open_object(&type, "schema");
    if (route)
        add_answer(&schema, route);
    else
        add(&schema, "$ref", "\"#/components/schemas/error\"");
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
    struct json_scope operation = open_object(path, method);
    add_string(&operation, "operationId", route->name);
    add_string(&operation, "summary", route->summary);
    add_parameters(&operation, route, version);
    if (strcmp(route->method, "POST") == 0)
        add_form(&operation, route, version);
    struct json_scope responses = open_object(&operation, "responses");
    add_response(&responses, "200", "Success.", route);
    add_response(&responses, "default", "Failure.", NULL);
    json_end(&responses);
    json_end(&operation);
}

/* /v1/coupons/:id → /v1/coupons/{id} */
static struct str template_of(struct arena *arena, const char *path)
{
    struct text text;
    text_init(&text, arena, DOCUMENT_BYTES_MAX);
    const char *id = strstr(path, ":id");
    if (!id)
        return str_from(path);
    text_add(&text, (struct str){path, (size_t)(id - path)});
    text_add_literal(&text, "{id}");
    text_add(&text, str_from(id + strlen(":id")));
    return text_str(&text);
}

static void add_paths(struct json_scope *document, const struct router *router, int32_t version)
{
    struct arena *arena = document->text->arena;
    struct json_scope paths = open_object(document, "paths");
    const struct route *route, *other;
    for (size_t i = 0; (route = router_route(router, i)); i++) {
        bool listed = route->form == ANSWER_TEXT; /* only in development */
        for (size_t j = 0; j < i && !listed; j++)
            listed = strcmp(router_route(router, j)->path, route->path) == 0;
        if (listed)
            continue;
        struct json_scope path = open_object(&paths, template_of(arena, route->path).data);
        for (size_t j = i; (other = router_route(router, j)); j++)
            if (strcmp(other->path, route->path) == 0)
                add_operation(&path, other, version);
        json_end(&path);
    }
    json_end(&paths);
}

static void add_error_codes(struct json_scope *document)
{
    struct json_scope codes = open_array(document, "x-coupond-error-codes");
    for (enum error_code code = CODE_NONE + 1; code < CODE_COUNT; code++) {
        json_item(&codes);
        json_string(codes.text, str_from(error_code_name(code)));
    }
    json_end(&codes);
}

void openapi_write(struct request *request, const struct router *router, struct text *text)
{
    struct json_scope document = json_begin_object(text, 0);
    add_string(&document, "openapi", "3.1.0");
    struct json_scope info = open_object(&document, "info");
    add_string(&info, "title", "coupond");
    add_string(&info, "description",
               "Coupons and promotion codes, self-hosted, over Stripe's wire API. Not affiliated "
               "with Stripe.");
    json_key(&info, STR("version"));
    json_string(text, version_name(request->version));
    json_end(&info);
    add(&document, "security", "[{\"bearer\": []}, {\"basic\": []}]");
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

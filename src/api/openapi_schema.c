/* Schemas of values for the OpenAPI document, from the rows of the tables. */
#include "api/openapi_schema.h"

#include "base/decimal.h"
#include "base/limits.h"
#include "resources/resource.h"

/* ---- small pieces ---- */

void openapi_add(struct json_scope *scope, const char *key, const char *json)
{
    json_key(scope, str_from(key));
    text_add(scope->text, str_from(json));
}

void openapi_add_string(struct json_scope *scope, const char *key, const char *value)
{
    json_key(scope, str_from(key));
    json_string(scope->text, str_from(value));
}

void openapi_add_int(struct json_scope *scope, const char *key, int64_t value)
{
    json_key(scope, str_from(key));
    text_add_int64(scope->text, value);
}

struct json_scope openapi_open_object(struct json_scope *scope, const char *key)
{
    json_key(scope, str_from(key));
    return json_begin_object(scope->text, json_inner(scope));
}

struct json_scope openapi_open_array(struct json_scope *scope, const char *key)
{
    json_key(scope, str_from(key));
    return json_begin_array(scope->text, json_inner(scope));
}

struct json_scope openapi_open_item(struct json_scope *scope)
{
    json_item(scope);
    return json_begin_object(scope->text, json_inner(scope));
}

void openapi_add_reference_item(struct json_scope *array, const char *prefix, const char *name)
{
    struct json_scope item = openapi_open_item(array);
    json_key(&item, STR("$ref"));
    text_addf(item.text, "\"#/components/schemas/%s%s\"", prefix, name);
    json_end(&item);
}

void openapi_add_type_item(struct json_scope *array, const char *type)
{
    struct json_scope item = openapi_open_item(array);
    openapi_add_string(&item, "type", type);
    json_end(&item);
}

void openapi_add_type(struct json_scope *scope, const char *type, bool nullable)
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

void openapi_add_hash(struct json_scope *scope, const struct schema *schema, bool nullable,
                      int32_t version)
{
    openapi_add_type(scope, "object", nullable);
    add_members(scope, schema, version);
}

static void add_reference(struct json_scope *scope, const struct field *field)
{
    struct json_scope any = openapi_open_array(scope, "anyOf");
    if (!(field->is & INLINED))
        openapi_add_type_item(&any, "string");
    if (field->of) {
        openapi_add_reference_item(&any, "", field->of->name);
        if (!field->of->tombstones_are_shown && !(field->is & INLINED) &&
            resource_leaves_stubs(resource_of(field->of)))
            openapi_add_reference_item(&any, "deleted_", field->of->name);
    }
    if (is_null_possible(field))
        openapi_add_type_item(&any, "null");
    json_end(&any);
}

static void add_embedded(struct json_scope *scope, const struct field *field)
{
    openapi_add_type(scope, "object", false);
    openapi_add(scope, "required", "[\"object\", \"data\", \"has_more\", \"url\"]");
    struct json_scope members = openapi_open_object(scope, "properties");
    openapi_add(&members, "object", "{\"const\": \"list\"}");
    struct json_scope data = openapi_open_object(&members, "data");
    openapi_add_type(&data, "array", false);
    struct json_scope items = openapi_open_object(&data, "items");
    json_key(&items, STR("$ref"));
    text_addf(items.text, "\"#/components/schemas/%s\"", field->of->name);
    json_end(&items);
    json_end(&data);
    openapi_add(&members, "has_more", "{\"type\": \"boolean\"}");
    openapi_add(&members, "total_count", "{\"type\": \"integer\"}");
    openapi_add(&members, "url", "{\"type\": \"string\"}");
    json_end(&members);
    openapi_add(scope, "additionalProperties", "false");
}

static void add_values(struct json_scope *scope, const struct field *field, bool nullable)
{
    openapi_add_type(scope, "string", nullable);
    struct json_scope values = openapi_open_array(scope, "enum");
    for (size_t i = 0; field->values[i]; i++) {
        json_item(&values);
        json_string(values.text, str_from(field->values[i]));
    }
    if (nullable) {
        json_item(&values);
        text_add_literal(values.text, "null");
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
        openapi_add_type(scope, "string", nullable);
        break;
    case KIND_BOOL:
        openapi_add_type(scope, "boolean", nullable);
        break;
    case KIND_INTEGER:
    case KIND_TIME:
        openapi_add_type(scope, "integer", nullable);
        break;
    case KIND_PERCENT:
        openapi_add_type(scope, "number", nullable);
        break;
    case KIND_CHOICE:
        add_values(scope, field, nullable);
        break;
    case KIND_REF:
        add_reference(scope, field);
        break;
    case KIND_REFS:
        openapi_add_type(scope, "array", false);
        inner = openapi_open_object(scope, "items");
        add_reference(&inner, field);
        json_end(&inner);
        break;
    case KIND_EMBEDDED:
        add_embedded(scope, field);
        break;
    case KIND_METADATA:
        openapi_add_type(scope, "object", false);
        inner = openapi_open_object(scope, "additionalProperties");
        openapi_add_type(&inner, "string", false);
        json_end(&inner);
        break;
    case KIND_STRINGS:
        openapi_add_type(scope, "array", nullable);
        inner = openapi_open_object(scope, "items");
        openapi_add_type(&inner, "string", false);
        json_end(&inner);
        break;
    case KIND_HASH:
    case KIND_OPT_HASH:
        openapi_add_hash(scope, field->of, nullable, version);
        break;
    case KIND_LIST:
        openapi_add_type(scope, "array", nullable);
        inner = openapi_open_object(scope, "items");
        openapi_add_hash(&inner, field->of, false, version);
        json_end(&inner);
        break;
    case KIND_DICTIONARY:
        openapi_add_type(scope, "object", false);
        inner = openapi_open_object(scope, "additionalProperties");
        openapi_add_hash(&inner, field->of, false, version);
        json_end(&inner);
        break;
    case KIND_SNAPSHOT:
        openapi_add_type(scope, "object", false);
        break;
    case KIND_CONSTANT:
        openapi_add(scope, "const", field->literal);
        break;
    }
}

static bool is_shown(const struct field *field, int32_t version)
{
    return !(field->is & (INPUT | INTERNAL)) && field_in_version(field, version);
}

static void add_members(struct json_scope *scope, const struct schema *schema, int32_t version)
{
    struct json_scope members = openapi_open_object(scope, "properties");
    if (schema->is_object) {
        struct json_scope object = openapi_open_object(&members, "object");
        openapi_add_string(&object, "const", schema->name);
        json_end(&object);
    }
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!is_shown(field, version))
            continue;
        struct json_scope member = openapi_open_object(&members, field_name(field));
        openapi_add_string(&member, "description", field->help);
        add_answer_value(&member, field, version);
        json_end(&member);
    }
    json_end(&members);
    struct json_scope required = openapi_open_array(scope, "required");
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
    openapi_add(scope, "additionalProperties", "false");
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
        openapi_add_int(scope, "minimum", field->min);
    if (field->max != INT64_MAX)
        openapi_add_int(scope, "maximum",
                        field->max                 ? field->max
                        : field->kind == KIND_TIME ? TIMESTAMP_MAX
                                                   : COUNT_MAX);
}

static void add_range(struct json_scope *scope)
{
    static const char *const bounds[] = {"gt", "gte", "lt", "lte"};
    struct json_scope any = openapi_open_array(scope, "anyOf");
    openapi_add_type_item(&any, "integer");
    struct json_scope hash = openapi_open_item(&any);
    openapi_add_type(&hash, "object", false);
    struct json_scope members = openapi_open_object(&hash, "properties");
    for (size_t i = 0; i < ARRAY_LENGTH(bounds); i++)
        openapi_add(&members, bounds[i], "{\"type\": \"integer\"}");
    json_end(&members);
    openapi_add(&hash, "additionalProperties", "false");
    json_end(&hash);
    json_end(&any);
}

void openapi_add_parameter_value(struct json_scope *scope, const struct field *field, unsigned in,
                                 int32_t version)
{
    struct json_scope inner;
    switch (field->kind) {
    case KIND_STRING:
    case KIND_REF:
        openapi_add_type(scope, "string", false);
        openapi_add_int(scope, "maxLength", field->max ? field->max : STRING_CHARACTERS_MAX);
        break;
    case KIND_BOOL:
        openapi_add_type(scope, "boolean", false);
        break;
    case KIND_TIME:
        if (in == FILTER) {
            add_range(scope);
            break;
        }
        /* fall through */
    case KIND_INTEGER:
        openapi_add_type(scope, "integer", false);
        add_bounds(scope, field);
        break;
    case KIND_PERCENT:
        openapi_add_type(scope, "number", false);
        add_bounds(scope, field);
        break;
    case KIND_CHOICE:
        add_values(scope, field, false);
        break;
    case KIND_METADATA:
        openapi_add_type(scope, "object", false);
        openapi_add(scope, "additionalProperties", "{\"type\": \"string\"}");
        break;
    case KIND_STRINGS:
        openapi_add_type(scope, "array", false);
        openapi_add(scope, "items", "{\"type\": \"string\"}");
        break;
    case KIND_HASH:
    case KIND_OPT_HASH:
        add_parameters_hash(scope, field->of, in, version);
        break;
    case KIND_LIST:
    case KIND_DICTIONARY:
        openapi_add_type(scope, field->kind == KIND_LIST ? "array" : "object", false);
        inner =
            openapi_open_object(scope, field->kind == KIND_LIST ? "items" : "additionalProperties");
        add_parameters_hash(&inner, field->of, in, version);
        json_end(&inner);
        break;
    case KIND_REFS:
    case KIND_EMBEDDED:
    case KIND_SNAPSHOT:
    case KIND_CONSTANT:
        break;
    }
}

bool openapi_is_taken(const struct field *field, unsigned in, int32_t version)
{
    return (field->in & in) && field_in_version(field, version);
}

void openapi_add_required_parameters(struct json_scope *scope, const struct schema *schema,
                                     unsigned in, int32_t version)
{
    struct json_scope required = openapi_open_array(scope, "required");
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!openapi_is_taken(field, in, version) || !(field->is & REQUIRED) ||
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
    unsigned clears = in == CREATE ? CLEARS_ON_CREATE : in == FILTER ? 0 : CLEARS_ON_UPDATE;
    if (!(field->is & (clears | BLANK_IS_ABSENT))) {
        openapi_add_parameter_value(scope, field, in, version);
        return;
    }
    struct json_scope any = openapi_open_array(scope, "anyOf");
    struct json_scope value = openapi_open_item(&any);
    openapi_add_parameter_value(&value, field, in, version);
    json_end(&value);
    struct json_scope empty = openapi_open_item(&any);
    openapi_add(&empty, "const", "\"\"");
    json_end(&empty);
    json_end(&any);
}

void openapi_add_parameter_properties(struct json_scope *properties, const struct schema *schema,
                                      unsigned in, int32_t version)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!openapi_is_taken(field, in, version))
            continue;
        struct json_scope member = openapi_open_object(properties, field_name(field));
        openapi_add_string(&member, "description", field->help);
        add_parameter(&member, field, in, version);
        json_end(&member);
    }
}

static void add_parameters_hash(struct json_scope *scope, const struct schema *schema, unsigned in,
                                int32_t version)
{
    openapi_add_type(scope, "object", false);
    struct json_scope properties = openapi_open_object(scope, "properties");
    openapi_add_parameter_properties(&properties, schema, in, version);
    json_end(&properties);
    openapi_add_required_parameters(scope, schema, in, version);
    openapi_add(scope, "additionalProperties", "false");
}

#pragma once
/* The schemas inside the OpenAPI document: what values look like, and the pieces that documents are
 * put together from. */
#include "schema/field.h"
#include "schema/json.h"

/* key: JSON as it is, a string, a number. */
void openapi_add(struct json_scope *scope, const char *key, const char *json);
void openapi_add_string(struct json_scope *scope, const char *key, const char *value);
void openapi_add_int(struct json_scope *scope, const char *key, int64_t value);

/* Containers under a key, or as the next item; each is closed with json_end(). */
struct json_scope openapi_open_object(struct json_scope *scope, const char *key);
struct json_scope openapi_open_array(struct json_scope *scope, const char *key);
struct json_scope openapi_open_item(struct json_scope *scope);

/* {"$ref": …} with the component prefix + name, and {"type": …}, as items. */
void openapi_add_reference_item(struct json_scope *array, const char *prefix, const char *name);
void openapi_add_type_item(struct json_scope *array, const char *type);
void openapi_add_type(struct json_scope *scope, const char *type, bool nullable);

/* An object or hash as answers show it: type, properties, what is required, nothing else. */
void openapi_add_hash(struct json_scope *scope, const struct schema *schema, bool nullable,
                      int32_t version);

/* Whether a row is a parameter of the operations in this version. */
bool openapi_is_taken(const struct field *field, unsigned in, int32_t version);

/* The value of a parameter; the parameters of a table as properties; which of them are required. */
void openapi_add_parameter_value(struct json_scope *scope, const struct field *field, unsigned in,
                                 int32_t version);
void openapi_add_parameter_properties(struct json_scope *properties, const struct schema *schema,
                                      unsigned in, int32_t version);
void openapi_add_required_parameters(struct json_scope *scope, const struct schema *schema,
                                     unsigned in, int32_t version);

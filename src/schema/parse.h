#pragma once
/* JSON to struct by table: what was kept as JSON in the database, and objects in the API's own
 * shape that are brought in from elsewhere. */
#include "schema/field.h"

struct arena;

/* Fills `object` from JSON text in the shape of any API version: names of the table that are not
 * there leave their member, null empties it. Includables and references to whole objects are
 * understood. False: the text is no JSON object, or a value has the wrong type; *problem says
 * which. */
bool parse_object(struct arena *arena, const struct schema *schema, struct str json, void *object,
                  struct str *problem) MUST_CHECK;

/* The same for a line of an export, which has the INTERNAL rows too. References to what is deleted
 * have the row that it had. */
bool parse_exported(struct arena *arena, const struct schema *schema, struct str json, void *object,
                    struct str *problem) MUST_CHECK;

/* The same for the value of one member, as json_value() wrote it. */
bool parse_value(struct arena *arena, const struct field *field, struct str json,
                 void *object) MUST_CHECK;

/* The string under `key` of a JSON object; null when there is none. */
struct str parse_string_member(struct arena *arena, struct str json, const char *key);

/* Whether the JSON object has the key at all. */
bool parse_has_member(struct str json, const char *key);

/* Whether the value under `key` of a JSON object is true. */
bool parse_is_true(struct str json, const char *key);

/* The items of the array under `key` of a JSON object, each as JSON on one line. False: there is
 * none.
 */
bool parse_items(struct arena *arena, struct str json, const char *key,
                 struct strings *items) MUST_CHECK;

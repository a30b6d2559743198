#pragma once
/* JSON as a second implementation reads it, to judge ours by. In a file of its own because jansson
 * and schema/json.h use some of the same names. */
#include "base/str.h"

struct arena;

/* Whether the text is JSON, with no key twice in any object. */
bool document_is_valid(struct str json);

/* Number of members of a JSON object; -1: it is none. */
int64_t document_members(struct str json);

/* Whether a JSON object has the key, whatever its value. */
bool document_has(struct str json, const char *key);

/* The string at a path of keys ("error.type"); null when there is none. */
struct str document_string(struct arena *arena, struct str json, const char *path);

/* The integer at such a path; -1 when there is none. */
int64_t document_int(struct str json, const char *path);

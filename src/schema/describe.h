#pragma once
/* Tables in words, for people. */
#include "schema/field.h"

struct text;

/* One line per row: name, type, nullability, versions, operations, description. Rows of hashes are
 * indented below theirs. */
void describe_schema(struct text *text, const struct schema *schema);

/* "a" or "an". */
const char *describe_article(const char *noun);

/* "string", "integer", "enum (a, b)", "list of …": the type of a row in a few words. */
struct str describe_type(struct arena *arena, const struct field *field);

/* "since 2025-09-30.clover", "until …" or nothing. */
struct str describe_versions(struct arena *arena, const struct field *field);

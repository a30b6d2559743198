#pragma once
/* Writes objects as JSON, straight from struct and table into a buffer: the API's key order (id,
 * object, then alphabetical), its two-space indentation, its spelling of numbers. Nothing is parsed
 * here and no tree is built. */
#include "base/text.h"
#include "schema/field.h"

struct expansion;

/* How to look at an object. */
struct view {
    int32_t version;
    int64_t indent;  /* levels before the first line; JSON_COMPACT: all on one line */
    bool everything; /* includables too and references as ids: what can be read back in */
    bool sparse;   /* of that only what a new object does not have: what is kept in the database */
    bool internal; /* INTERNAL rows too, and the rows of what is deleted: what exports carry */
};

#define JSON_COMPACT (-1)

/* One object or hash. `expansion` may be NULL. */
void json_object(struct text *text, const struct schema *schema, const void *object,
                 const struct view *view, const struct expansion *expansion);

/* The value of one member. */
void json_value(struct text *text, const struct field *field, const void *object,
                const struct view *view, const struct expansion *expansion);

/* What changed: the old values of the members of `before` that differ in `after`; nested hashes and
 * metadata with their changed keys only (a key that is new was null before). */
void json_difference(struct text *text, const struct schema *schema, const void *before,
                     const void *after, const struct view *view);

/* As json_object(), and says where the value of each row of the table is; null: not shown. */
void json_object_noting(struct text *text, const struct schema *schema, const void *object,
                        const struct view *view, struct str *values);

/* The members of `before` that are written differently after a change, whole, and null for those
 * that were not there: what parse_object() turns the object after it back with. `values`: of
 * `after`, as json_object_noting() noted them in the same view. */
void json_undo(struct text *text, const struct schema *schema, const void *before,
               const void *after, const struct str *values, const struct view *view);

/* Whether a difference that a caller of this version would see exists. */
bool json_differs(const struct schema *schema, const void *before, const void *after,
                  int32_t version);

/* The stub that stands for a deleted object. */
void json_deleted(struct text *text, const struct schema *schema, struct str id, int64_t indent);

/* ---- pieces, for the few documents that no table describes ---- */

/* A string in quotes; null when the view is null. */
void json_string(struct text *text, struct str value);

/* An open container: counts its members and knows its depth. */
struct json_scope {
    struct text *text;
    int64_t indent;
    size_t count;
    char close;
};

struct json_scope json_begin_object(struct text *text, int64_t indent);
struct json_scope json_begin_array(struct text *text, int64_t indent);
void json_key(struct json_scope *scope, struct str key);
void json_item(struct json_scope *scope);
void json_end(struct json_scope *scope);
/* Indentation for what is inside the scope. */
int64_t json_inner(const struct json_scope *scope);

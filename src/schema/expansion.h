#pragma once
/* What a request wants expanded: the paths of expand[] as a tree of segments, checked against the
 * tables before anything is loaded. */
#include "schema/field.h"

struct request;

struct expansion {
    struct str name;
    struct expansion *first;
    struct expansion *next;
};

/* The child of that name; NULL when there is none or `expansion` is NULL. */
const struct expansion *expansion_child(const struct expansion *expansion, struct str name);

/* Checks the paths for an answer of this schema and puts the tree into request->expansion. In a
 * list, paths start with `data`. False: not expandable, too deep or too many. */
bool expansion_read(struct request *request, const struct strings *paths,
                    const struct schema *schema, bool list) MUST_CHECK;

/* Whether expand[] may name the row. */
bool field_is_expandable(const struct field *field, int32_t version);

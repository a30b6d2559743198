#pragma once
/* Decoding of query strings and bodies:
 *
 *     pair := name [ '=' value ]
 *     name := key ( '[' key? ']' )*
 *
 * The result is a tree of names. Whether a node is a hash, a list or a scalar is decided when a
 * table reads it; only here is it decided what is no form at all. */
#include "base/str.h"

struct request;

struct form_node {
    struct str name;  /* one segment; "" for [] */
    struct str value; /* null: has children instead */
    struct form_node *parent;
    struct form_node *first;
    struct form_node *last;
    struct form_node *next;
};

/* Reads the query, then the body (either may be null) into request->form. False: malformed or over
 * a limit, with the error set. */
bool form_parse(struct request *request, struct str query, struct str body) MUST_CHECK;

const struct form_node *form_find(const struct form_node *parent, struct str name);

/* The node's name in bracket notation, a[b][0]; list items are numbered by position. */
struct str form_path(struct request *request, const struct form_node *node);

/* That path with one more segment. */
struct str form_path_of(struct request *request, const struct form_node *parent, const char *name);

/* The tree below the node in one canonical order and spelling: equal for requests that say the
 * same. */
struct str form_canonical(struct request *request, const struct form_node *node);

/* Percent-decodes `text`; with `plus`, a plus sign is a space. False: broken escape or no valid
 * text. */
bool form_unescape(struct arena *arena, struct str text, bool plus, struct str *result) MUST_CHECK;

/* The name of a parameter inside another: b in a is a[b], b[c] in a is a[b][c]. */
struct str form_inner(struct request *request, struct str outer, struct str inner);

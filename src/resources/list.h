#pragma once
/* Lists with cursors and filters: GET on a collection. */
#include "resources/resource.h"

struct text;

/* The regular list. */
handler_fn resource_list;

/* The list of those that meet a condition too, in which ? is the value. */
bool resource_list_of(struct request *request, const struct route *route, struct answer *answer,
                      const char *condition, struct str value) MUST_CHECK;

/* The parameters that every list takes: limit, starting_after, ending_before. */
extern const struct schema page_schema;

/* The list's statement with every filter that the table offers, each on its own and all together,
 * one per line: for trying them on a database. */
void list_statements(struct request *request, const struct resource *resource, struct text *text);

#pragma once
/* GET /v1/customers/search, /v1/prices/search and /v1/products/search. */
#include "resources/resource.h"

struct text;

extern const struct schema search_schema;

handler_fn search_objects;

/* Their statements with every kind of condition, for trying them on a database. */
void search_statements(struct request *request, struct text *text);

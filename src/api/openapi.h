#pragma once
/* The API's description of itself, made from the tables. */
#include "base/str.h"

struct request;
struct router;
struct text;

/* Writes the OpenAPI 3.1 document for request->version. */
void openapi_write(struct request *request, const struct router *router, struct text *text);

/* The document for the version that the query names (`version=…`, the newest when absent). False:
 * no such version, with the error set. */
bool openapi_for(struct request *request, const struct router *router, struct str query,
                 struct str *document) MUST_CHECK;

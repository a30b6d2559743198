#pragma once
/* All objects of a tenant as lines of JSON, in an order in which they can be imported. */
#include "base/str.h"

struct request;

/* Called with each line, without its end. False: stop. */
typedef bool export_fn(void *context, struct str line);

/* False: stopped, or the database failed. */
bool export_objects(struct request *request, export_fn *each, void *context) MUST_CHECK;

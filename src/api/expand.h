#pragma once
/* Loads what an answer shows in full: references named by expand[], and those that an API version
 * always embeds. */
#include "schema/expansion.h"

struct request;

void expand_object(struct request *request, const struct schema *schema, const void *object,
                   const struct expansion *expansion);

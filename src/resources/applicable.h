#pragma once
/* Which codes a customer could use for a purchase. */
#include "resources/resource.h"

extern const struct resource applicable_promotion_code_resource;

/* Parameters of the call. */
extern const struct schema applicable_query_schema;

handler_fn applicable_promotion_codes;

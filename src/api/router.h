#pragma once
/* Method and path to call. */
#include "resources/resource.h"

#define PATH_IDS_MAX 2

struct router;

/* All routes; with `dev`, those too that exist only in development. Lives as long as the arena. */
struct router *router_build(struct arena *arena, bool dev);

/* The route for a raw path (still percent-encoded, because an id may contain an encoded slash),
 * with the decoded ids it contains; NULL: there is none. */
const struct route *router_find(const struct router *router, struct arena *arena, struct str method,
                                struct str path, struct str ids[PATH_IDS_MAX]);

/* The n-th route, for documentation; NULL: no more. */
const struct route *router_route(const struct router *router, size_t n);

/* The calls that exist only in development. */
extern const struct route dev_routes[];
extern const size_t dev_route_count;

/* Routes: the regular ones that a resource's operations stand for, and the hand-written ones. */
#include "api/router.h"

#include "base/arena.h"
#include "resources/list.h"
#include "resources/registry.h"
#include "schema/describe.h"
#include "schema/form.h"

#include <string.h>

/* What a regular operation looks like on any resource. */
static const struct regular {
    unsigned operation;
    const char *method;
    bool has_id;
    handler_fn *handler;
    enum answer_form form;
    const char *verb;
    bool no_expand;
} regulars[] = {
    {CREATE, "POST", false, resource_create, ANSWER_OBJECT, "Create", false},
    {FILTER, "GET", false, resource_list, ANSWER_LIST, "List", false},
    {RETRIEVE, "GET", true, resource_retrieve, ANSWER_OBJECT, "Retrieve", false},
    {UPDATE, "POST", true, resource_update, ANSWER_OBJECT, "Update", false},
    {DELETE, "DELETE", true, resource_delete, ANSWER_DELETED, "Delete", true},
};

struct router {
    struct route *routes;
    size_t *literals; /* how many bytes of each path stand before its first id */
    size_t count;
};

/* coupons → Coupons, checkout/sessions → CheckoutSessions */
static struct str camel_case(struct arena *arena, const char *words)
{
    char *name = arena_alloc(arena, strlen(words) + 1);
    size_t length = 0;
    bool start = true;
    for (const char *c = words; *c; c++) {
        if (*c == '_' || *c == '/') {
            start = true;
            continue;
        }
        name[length++] = start ? (char)(*c - 'a' + 'A') : *c;
        start = false;
    }
    return (struct str){name, length};
}

/* promotion_code_batch → List promotion code batches, invoice → Create an invoice */
static const char *summary_of(struct arena *arena, const struct resource *resource,
                              const struct regular *regular)
{
    const char *dot = strrchr(resource->schema.name, '.');
    struct str noun = str_format(arena, "%s", dot ? dot + 1 : resource->schema.name);
    for (char *c = (char *)(uintptr_t)noun.data; *c; c++)
        *c = *c == '_' ? ' ' : *c;
    if (regular->has_id || regular->operation == CREATE)
        return str_format(arena, "%s %s %s", regular->verb, describe_article(noun.data), noun.data)
            .data;
    const char *plural = str_ends(noun, STR("ch")) ? "es" : "s";
    return str_format(arena, "%s %s%s", regular->verb, noun.data, plural).data;
}

static struct route make_route(struct arena *arena, const struct resource *resource,
                               const struct regular *regular)
{
    const char *dot = strrchr(resource->schema.name, '.');
    struct str collection = camel_case(arena, resource->path + strlen("/v1/"));
    struct str single = camel_case(arena, dot ? dot + 1 : resource->schema.name);
    bool takes_rows = regular->operation & (CREATE | UPDATE | FILTER);
    return (struct route){
        .method = regular->method,
        .path = str_format(arena, "%s%s", resource->path, regular->has_id ? "/:id" : "").data,
        .handler = regular->handler,
        .resource = resource,
        .form = regular->form,
        .parameters = takes_rows ? &resource->schema : NULL,
        .in = takes_rows ? regular->operation : 0,
        .name =
            str_format(arena, "%c%s%.*s%.*s", regular->method[0],
                       strcmp(regular->method, "POST") == 0  ? "ost"
                       : strcmp(regular->method, "GET") == 0 ? "et"
                                                             : "elete",
                       STR_FMT(collection), regular->has_id ? (int)single.length : 0, single.data)
                .data,
        .summary = summary_of(arena, resource, regular),
        .no_expand = regular->no_expand,
    };
}

struct router *router_build(struct arena *arena, bool dev)
{
    struct router *router = ARENA_NEW(arena, struct router);
    size_t count = dev_route_count;
    for (size_t i = 0; i < RESOURCE_COUNT; i++)
        count += ARRAY_LENGTH(regulars) + resources[i]->route_count;
    router->routes = ARENA_ARRAY(arena, struct route, count);
    for (size_t i = 0; i < RESOURCE_COUNT; i++) {
        const struct resource *resource = resources[i];
        for (size_t j = 0; j < resource->route_count; j++) /* before the regular `:id` */
            router->routes[router->count++] = resource->routes[j];
        for (size_t j = 0; j < ARRAY_LENGTH(regulars); j++)
            if (resource->operations & regulars[j].operation)
                router->routes[router->count++] = make_route(arena, resource, &regulars[j]);
    }
    for (size_t i = 0; dev && i < dev_route_count; i++)
        router->routes[router->count++] = dev_routes[i];
    router->literals = ARENA_ARRAY(arena, size_t, router->count);
    for (size_t i = 0; i < router->count; i++)
        router->literals[i] = strcspn(router->routes[i].path, ":");
    return router;
}

const struct route *router_route(const struct router *router, size_t n)
{
    return n < router->count ? &router->routes[n] : NULL;
}

/* Whether the route can be meant; tells nearly all others from it by a length and a byte. */
static bool may_match(const struct router *router, size_t n, struct str path)
{
    size_t last = router->literals[n] - 1;
    return last < path.length && path.data[last] == router->routes[n].path[last];
}

/* Compares segment by segment; what stands where the pattern has `:id` goes into ids, still
 * encoded. */
static bool matches(const char *pattern, struct str path, struct str ids[PATH_IDS_MAX])
{
    size_t id_count = 0, i = 0;
    for (; *pattern; i++) {
        if (i >= path.length)
            return false;
        if (*pattern != ':') {
            if (*pattern++ != path.data[i])
                return false;
            continue;
        }
        size_t start = i;
        while (i < path.length && path.data[i] != '/')
            i++;
        if (i == start)
            return false;
        ids[id_count++] = (struct str){path.data + start, i - start};
        pattern += strlen(":id");
        i--;
    }
    return i == path.length;
}

const struct route *router_find(const struct router *router, struct arena *arena, struct str method,
                                struct str path, struct str ids[PATH_IDS_MAX])
{
    for (size_t i = 0; i < router->count; i++) {
        const struct route *route = &router->routes[i];
        if (!may_match(router, i, path))
            continue;
        ids[0] = ids[1] = STR_NULL;
        if (!matches(route->path, path, ids) || !str_is(method, route->method))
            continue;
        for (size_t j = 0; j < PATH_IDS_MAX; j++)
            if (ids[j].data && !form_unescape(arena, ids[j], false, &ids[j]))
                return NULL;
        return route;
    }
    return NULL;
}

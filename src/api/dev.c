/* Calls that exist only in development: emptying an account and filling it with objects. */
#include "api/router.h"
#include "base/request.h"
#include "base/text.h"
#include "redemption/code_shapes.h"
#include "resources/import.h"
#include "resources/registry.h"
#include "store/tenant.h"

static bool reset(struct request *request, const struct route *route, struct answer *answer)
{
    (void)route;
    request->began = true;
    code_shapes_forget(request);
    tenant_empty(request->db, request->tenant);
    *answer = (struct answer){.form = ANSWER_TEXT, .text = STR("{\n  \"object\": \"reset\"\n}")};
    return true;
}

static bool seed(struct request *request, const struct route *route, struct answer *answer)
{
    (void)route;
    size_t count;
    request->began = true;
    if (!import_lines(request, request->body, 1, &count))
        return false;
    *answer = (struct answer){
        .form = ANSWER_TEXT,
        .text =
            str_format(request->arena, "{\n  \"object\": \"seed\",\n  \"objects\": %zu\n}", count),
    };
    return true;
}

const struct route dev_routes[] = {
    {.method = "POST",
     .path = "/_dev/reset",
     .handler = reset,
     .resource = &account_resource,
     .form = ANSWER_TEXT,
     .name = "PostDevReset",
     .summary = "Empty the account of the key",
     .raw_body = true},
    {.method = "POST",
     .path = "/_dev/seed",
     .handler = seed,
     .resource = &account_resource,
     .form = ANSWER_TEXT,
     .name = "PostDevSeed",
     .summary = "Put objects into the account, one line of JSON each, as the API shows them",
     .raw_body = true},
};
const size_t dev_route_count = ARRAY_LENGTH(dev_routes);

/* The list of resources and their generated statements. */
#include "resources/registry.h"

#include "base/request.h"

#define RESOURCE_ENTRY(name) [RESOURCE_##name] = &name##_resource,
const struct resource *const resources[RESOURCE_COUNT] = {RESOURCES(RESOURCE_ENTRY)};
#undef RESOURCE_ENTRY

void catalog_build(struct arena *arena, struct catalog *catalog)
{
    for (size_t i = 0; i < RESOURCE_COUNT; i++)
        if (resources[i]->table.name)
            table_statements_build(arena, &resources[i]->table, &catalog->of[i]);
}

const struct table_statements *catalog_of(const struct request *request,
                                          const struct resource *resource)
{
    return &request->catalog->of[resource->number];
}

const struct resource *resource_named(struct str name)
{
    for (size_t i = 0; i < RESOURCE_COUNT; i++)
        if (str_is(name, resources[i]->schema.name))
            return resources[i];
    return NULL;
}

/* Following references before an answer is written. */
#include "api/expand.h"

#include "base/request.h"
#include "resources/resource.h"

static void expand_reference(struct request *request, const struct field *field, struct ref *ref,
                             const struct expansion *expansion)
{
    if (!field->of || !ref->id.data || !(expansion || (field->is & INLINED)))
        return;
    if (!ref->object)
        ref->object = resource_follow(request, resource_of(field->of), ref);
    if (ref->object)
        expand_object(request, field->of, ref->object, expansion);
}

static void expand_items(struct request *request, const struct schema *of, const void *items,
                         size_t count, const struct expansion *expansion)
{
    for (size_t i = 0; i < count; i++)
        expand_object(request, of, const_element_at(of, items, i), expansion);
}

static void expand_member(struct request *request, const struct field *field, void *member,
                          const struct expansion *expansion)
{
    switch (field->kind) {
    case KIND_REF:
        expand_reference(request, field, member, expansion);
        break;
    case KIND_REFS:
        for (size_t i = 0; i < ((struct refs *)member)->count; i++)
            expand_reference(request, field, &((struct refs *)member)->items[i], expansion);
        break;
    case KIND_HASH:
        expand_object(request, field->of, member, expansion);
        break;
    case KIND_OPT_HASH:
        if (*(void **)member)
            expand_object(request, field->of, *(void **)member, expansion);
        break;
    case KIND_LIST:
        expand_items(request, field->of, ((struct list *)member)->items,
                     ((struct list *)member)->count, expansion);
        break;
    case KIND_EMBEDDED:
        expand_items(request, field->of, ((struct embedded *)member)->items,
                     ((struct embedded *)member)->count, expansion_child(expansion, STR("data")));
        break;
    case KIND_SNAPSHOT: {
        const struct snapshot *snapshot = member;
        if (snapshot->object)
            expand_object(request, snapshot->schema, snapshot->object, NULL);
        if (snapshot->before)
            expand_object(request, snapshot->schema, snapshot->before, NULL);
        break;
    }
    default:
        break;
    }
}

/* The depth is bounded: tables nest as they were compiled, expansion is at most EXPAND_DEPTH_MAX
 * deep, and no object embeds another of its own kind. */
void expand_object(struct request *request, const struct schema *schema, const void *object,
                   const struct expansion *expansion)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (field_in_version(field, request->version) && !(field->is & (INPUT | INTERNAL)))
            expand_member(request, field, (char *)(uintptr_t)object + field->offset,
                          expansion_child(expansion, str_from(field_name(field))));
    }
}

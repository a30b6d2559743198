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

/* The depth is bounded: tables nest as they were compiled, expansion is at most EXPAND_DEPTH_MAX
 * deep, and no object embeds another of its own kind. */
void expand_object(struct request *request, const struct schema *schema, const void *object,
                   const struct expansion *expansion)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (field->kind != KIND_REF && field->kind != KIND_HASH && field->kind != KIND_LIST &&
            field->kind != KIND_SNAPSHOT)
            continue;
        if (!field_in_version(field, request->version) || (field->is & (INPUT | INTERNAL)))
            continue;
        const struct expansion *child = expansion_child(expansion, str_from(field_name(field)));
        void *member = (char *)(uintptr_t)object + field->offset;
        if (field->kind == KIND_REF) {
            expand_reference(request, field, member, child);
        } else if (field->kind == KIND_HASH) {
            expand_object(request, field->of, member, child);
        } else if (field->kind == KIND_LIST) {
            const struct list *list = member;
            for (size_t j = 0; j < list->count; j++)
                expand_object(request, field->of, const_element_at(field->of, list->items, j),
                              child);
        } else {
            const struct snapshot *snapshot = member;
            if (snapshot->object)
                expand_object(request, snapshot->schema, snapshot->object, NULL);
            if (snapshot->before)
                expand_object(request, snapshot->schema, snapshot->before, NULL);
        }
    }
}

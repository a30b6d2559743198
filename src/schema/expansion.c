/* expand[] paths: checked and turned into a tree. */
#include "schema/expansion.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"

const struct expansion *expansion_child(const struct expansion *expansion, struct str name)
{
    if (!expansion)
        return NULL;
    for (const struct expansion *child = expansion->first; child; child = child->next)
        if (str_equal(child->name, name))
            return child;
    return NULL;
}

bool field_is_expandable(const struct field *field, int32_t version)
{
    if ((field->is & (INPUT | INTERNAL)) || !field_in_version(field, version))
        return false;
    if (field->kind == KIND_REF || field->kind == KIND_REFS || field->kind == KIND_EMBEDDED ||
        (field->is & (INCLUDABLE | EXPANDABLE | INLINED)))
        return true;
    if (field->kind != KIND_HASH && field->kind != KIND_OPT_HASH && field->kind != KIND_LIST)
        return false;
    for (size_t i = 0; i < field->of->count; i++) /* as deep as the tables nest */
        if (field_is_expandable(&field->of->fields[i], version))
            return true;
    return false;
}

static bool is_expandable(const struct schema *schema, struct str name, int32_t version)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (str_is(name, field_name(field)) && field_is_expandable(field, version))
            return true;
    }
    return false;
}

static struct expansion *add_child(struct request *request, struct expansion *parent,
                                   struct str name)
{
    for (struct expansion *child = parent->first; child; child = child->next)
        if (str_equal(child->name, name))
            return child;
    struct expansion *child = ARENA_NEW(request->arena, struct expansion);
    *child = (struct expansion){.name = name, .next = parent->first};
    parent->first = child;
    return child;
}

/* Splits at dots. False: more than EXPAND_DEPTH_MAX segments. */
static bool split(struct str path, struct str segments[EXPAND_DEPTH_MAX], size_t *count)
{
    *count = 0;
    while (path.data) {
        if (*count == EXPAND_DEPTH_MAX)
            return false;
        segments[(*count)++] = str_split(path, '.', &path);
    }
    return true;
}

static bool check(struct request *request, struct str path, struct str first, bool list,
                  const struct schema *schema)
{
    bool expandable = is_expandable(schema, first, request->version);
    if (expandable && !list)
        return true;
    if (list && str_is(first, "total_count"))
        return fail(request, CODE_NONE, STR("expand"), "This property cannot be included (%.*s)",
                    STR_FMT(path));
    if (expandable)
        return fail(request, CODE_NONE, STR("expand"),
                    "This property cannot be expanded (%.*s). You may want to try expanding "
                    "'data.%.*s' instead.",
                    STR_FMT(path), STR_FMT(path));
    return fail(request, CODE_NONE, STR("expand"), "This property cannot be expanded (%.*s).",
                STR_FMT(path));
}

static bool add_path(struct request *request, struct str path, const struct schema *schema,
                     bool list)
{
    struct str segments[EXPAND_DEPTH_MAX];
    size_t count;
    if (!split(path, segments, &count))
        return fail(request, CODE_property_expansion_max_depth, STR("expand"),
                    "You cannot expand more than %d levels of a property. Property: %.*s",
                    EXPAND_DEPTH_MAX, STR_FMT(path));
    size_t start = list && str_is(segments[0], "data") ? 1 : 0;
    if (start == count)
        return true; /* `data` alone is there anyway */
    if (!check(request, path, segments[start], list && start == 0, schema))
        return false;
    if (!request->expansion)
        request->expansion = ARENA_NEW(request->arena, struct expansion);
    struct expansion *node = request->expansion;
    for (size_t i = start; i < count; i++)
        node = add_child(request, node, segments[i]);
    return true;
}

bool expansion_read(struct request *request, const struct strings *paths,
                    const struct schema *schema, bool list)
{
    for (size_t i = 0; i < paths->count; i++)
        if (!add_path(request, paths->items[i], schema, list))
            return false;
    return true;
}

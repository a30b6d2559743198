/* Bounds and formats, row by row. */
#include "schema/bounds.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "schema/decode.h"
#include "schema/scalar.h"

struct checker {
    struct request *request;
    int64_t amount_max;
};

static bool check_members(const struct checker *checker, const struct schema *schema, void *object,
                          struct str prefix);

static struct str path_of(struct request *request, struct str prefix, struct str name)
{
    return prefix.data ? str_format(request->arena, "%.*s[%.*s]", STR_FMT(prefix), STR_FMT(name))
                       : name;
}

static bool check_strings(struct request *request, const struct field *field, struct str path,
                          const struct strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        if (!scalar_check_string(request, field,
                                 str_format(request->arena, "%.*s[%zu]", STR_FMT(path), i),
                                 &strings->items[i]))
            return false;
    return true;
}

static bool check_metadata(struct request *request, struct str path,
                           const struct metadata *metadata)
{
    for (size_t i = 0; i < metadata->count; i++)
        if (!decode_check_pair(request, path_of(request, path, metadata->items[i].key),
                               metadata->items[i]))
            return false;
    return decode_check_pairs(request, path, metadata->count);
}

static bool check_elements(const struct checker *checker, const struct field *field,
                           struct str path, const struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        void *element = element_at(field->of, list->items, i);
        struct str name = field->kind == KIND_DICTIONARY
                              ? *(struct str *)element
                              : str_format(checker->request->arena, "%zu", i);
        if (!check_members(checker, field->of, element, path_of(checker->request, path, name)))
            return false;
    }
    return true;
}

static bool check_number(const struct checker *checker, const struct field *field, struct str path,
                         const void *member)
{
    int64_t value =
        field->nullable ? ((const struct opt_int *)member)->value : *(const int64_t *)member;
    int64_t max = field->max ? field->max : field->kind == KIND_TIME ? TIMESTAMP_MAX : COUNT_MAX;
    int64_t min = field->min == -AMOUNT_MAX ? -checker->amount_max : field->min;
    return scalar_check_bounds(checker->request, path, value, min,
                               max == AMOUNT_MAX ? checker->amount_max : max);
}

static bool check_member(const struct checker *checker, const struct field *field, void *object,
                         struct str path)
{
    struct request *request = checker->request;
    void *member = MEMBER(field, object, char);
    switch (field->kind) {
    case KIND_STRING:
        return scalar_check_string(request, field, path, member);
    case KIND_INTEGER:
    case KIND_TIME:
        return check_number(checker, field, path, member);
    case KIND_PERCENT:
        return scalar_check_bounds(request, path, ((struct opt_percent *)member)->hundredths,
                                   field->min, field->max);
    case KIND_METADATA:
        return check_metadata(request, path, member);
    case KIND_STRINGS:
        return check_strings(request, field, path, member);
    case KIND_HASH:
        return check_members(checker, field->of, member, path);
    case KIND_OPT_HASH:
        return check_members(checker, field->of, *(void **)member, path);
    case KIND_LIST:
    case KIND_DICTIONARY:
        return check_elements(checker, field, path, member);
    case KIND_BOOL:
    case KIND_CHOICE:
    case KIND_REF:
    case KIND_REFS:
    case KIND_EMBEDDED:
    case KIND_SNAPSHOT:
    case KIND_CONSTANT:
        break;
    }
    return true;
}

/* As deep as the tables nest, which is fixed when compiled. */
static bool check_members(const struct checker *checker, const struct schema *schema, void *object,
                          struct str prefix)
{
    struct request *request = checker->request;
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        struct str path = path_of(request, prefix, str_from(field_name(field)));
        bool parameter = field->in & (CREATE | UPDATE);
        bool looked_at = parameter || field->kind == KIND_TIME || field->kind == KIND_HASH;
        if ((field->is & INPUT) || field->until || !looked_at)
            continue;
        if (field_is_empty(field, object)) {
            if ((field->is & REQUIRED) && (field->in & CREATE) && !prefix.data)
                return fail(request, CODE_parameter_missing, path, "Missing required param: %.*s.",
                            STR_FMT(path));
        } else if (!check_member(checker, field, object, path)) {
            return false;
        }
    }
    return true;
}

bool bounds_check(struct request *request, const struct schema *schema, void *object,
                  int64_t amount_max)
{
    const struct checker checker = {request, amount_max};
    return check_members(&checker, schema, object, STR_NULL);
}

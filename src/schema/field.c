/* Questions about rows and the members they describe. */
#include "schema/field.h"

#include <string.h>

const char *field_name(const struct field *field)
{
    return field->as ? field->as : field->name;
}

bool field_in_version(const struct field *field, int32_t version)
{
    return version >= field->since && (field->until == 0 || version < field->until);
}

const struct field *schema_parameter(const struct schema *schema, struct str name,
                                     unsigned operations, int32_t version)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if ((field->in & operations) && field_in_version(field, version) &&
            str_is(name, field_name(field)))
            return field;
    }
    return NULL;
}

bool field_is_stored(const struct field *field)
{
    /* A row that newer versions no longer have is another view of a member that they do have. */
    return field->kind != KIND_CONSTANT && !(field->is & (DERIVED | INPUT)) && field->until == 0;
}

/* Of a hash that can be null: whether the member that decides it, or its first required one, is. */
static bool hash_is_empty(const struct schema *schema, const void *hash)
{
    for (size_t i = 0; i < schema->count; i++)
        if (schema->fields[i].is & (REQUIRED | DECIDES))
            return field_is_empty(&schema->fields[i], hash);
    return false;
}

bool field_is_empty(const struct field *field, const void *object)
{
    const void *member = (const char *)object + field->offset;
    switch (field->kind) {
    case KIND_STRING:
    case KIND_REF: /* the id is its first member */
        return ((const struct str *)member)->data == NULL;
    case KIND_BOOL:
        return field->nullable && !((const struct opt_bool *)member)->set;
    case KIND_INTEGER:
        return field->nullable && !((const struct opt_int *)member)->set;
    case KIND_TIME:
        return field->nullable && !((const struct opt_time *)member)->set;
    case KIND_PERCENT:
        return !((const struct opt_percent *)member)->set;
    case KIND_CHOICE:
        return ((const struct choice *)member)->value == 0;
    case KIND_REFS:
        return ((const struct refs *)member)->count == 0;
    case KIND_EMBEDDED:
        return ((const struct embedded *)member)->count == 0;
    case KIND_METADATA:
        return ((const struct metadata *)member)->count == 0;
    case KIND_STRINGS:
        return ((const struct strings *)member)->count == 0;
    case KIND_LIST:
        return ((const struct list *)member)->count == 0;
    case KIND_DICTIONARY:
        return ((const struct dictionary *)member)->count == 0;
    case KIND_OPT_HASH:
        return *(void *const *)member == NULL;
    case KIND_SNAPSHOT:
        return ((const struct snapshot *)member)->object == NULL;
    case KIND_HASH:
        return (field->is & NULL_WHEN_EMPTY) && hash_is_empty(field->of, member);
    case KIND_CONSTANT:
        return false;
    }
    return false;
}

bool field_is_default(const struct field *field, const void *object)
{
    const void *member = (const char *)object + field->offset;
    if (field->kind == KIND_EMBEDDED) /* has a URL even when it is empty */
        return false;
    if (field->kind == KIND_BOOL && !field->nullable)
        return !*(const bool *)member;
    return field_is_empty(field, object);
}

size_t field_size(const struct field *field)
{
    static const size_t sizes[] = {
        [KIND_STRING] = sizeof(struct str),
        [KIND_BOOL] = sizeof(bool),
        [KIND_INTEGER] = sizeof(int64_t),
        [KIND_TIME] = sizeof(struct timestamp),
        [KIND_PERCENT] = sizeof(struct opt_percent),
        [KIND_CHOICE] = sizeof(struct choice),
        [KIND_REF] = sizeof(struct ref),
        [KIND_REFS] = sizeof(struct refs),
        [KIND_EMBEDDED] = sizeof(struct embedded),
        [KIND_METADATA] = sizeof(struct metadata),
        [KIND_STRINGS] = sizeof(struct strings),
        [KIND_OPT_HASH] = sizeof(void *),
        [KIND_LIST] = sizeof(struct list),
        [KIND_DICTIONARY] = sizeof(struct dictionary),
        [KIND_SNAPSHOT] = sizeof(struct snapshot),
    };
    if (field->kind == KIND_HASH)
        return field->of->size;
    if (field->nullable && field->kind == KIND_BOOL)
        return sizeof(struct opt_bool);
    if (field->nullable && (field->kind == KIND_INTEGER || field->kind == KIND_TIME))
        return sizeof(struct opt_int);
    return sizes[field->kind];
}

void *element_at(const struct schema *of, void *items, size_t index)
{
    return (char *)items + of->size * index;
}

const void *const_element_at(const struct schema *of, const void *items, size_t index)
{
    return (const char *)items + of->size * index;
}

/* As deep as the tables nest, which is fixed when compiled. What is only a parameter is not kept.
 */
/* Rows that only older versions have follow from the others. */
static bool hash_equal(const struct schema *schema, const void *a, const void *b)
{
    for (size_t i = 0; i < schema->count; i++)
        if (!(schema->fields[i].is & INPUT) && !schema->fields[i].until &&
            !field_equal(&schema->fields[i], a, b))
            return false;
    return true;
}

static bool metadata_equal(const struct metadata *a, const struct metadata *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!str_equal(a->items[i].key, b->items[i].key) ||
            !str_equal(a->items[i].value, b->items[i].value))
            return false;
    return true;
}

static bool strings_equal(const struct strings *a, const struct strings *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!str_equal(a->items[i], b->items[i]))
            return false;
    return true;
}

static bool list_equal(const struct schema *of, const struct list *a, const struct list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!hash_equal(of, const_element_at(of, a->items, i), const_element_at(of, b->items, i)))
            return false;
    return true;
}

static bool refs_equal(const struct refs *a, const struct refs *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!str_equal(a->items[i].id, b->items[i].id))
            return false;
    return true;
}

static bool embedded_equal(const struct schema *of, const struct embedded *a,
                           const struct embedded *b)
{
    const struct list left = {a->items, a->count}, right = {b->items, b->count};
    return a->total_count == b->total_count && list_equal(of, &left, &right);
}

static bool dictionary_equal(const struct schema *of, const struct dictionary *a,
                             const struct dictionary *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct str *key_a = const_element_at(of, a->items, i);
        const struct str *key_b = const_element_at(of, b->items, i);
        if (!str_equal(*key_a, *key_b) || !hash_equal(of, key_a, key_b))
            return false;
    }
    return true;
}

bool field_equal(const struct field *field, const void *a, const void *b)
{
    if (field->kind == KIND_CONSTANT)
        return true;
    if (field->kind == KIND_HASH)
        return hash_equal(field->of, (const char *)a + field->offset,
                          (const char *)b + field->offset);
    bool empty = field_is_empty(field, a);
    if (empty || field_is_empty(field, b))
        return empty == field_is_empty(field, b);
    const void *left = (const char *)a + field->offset, *right = (const char *)b + field->offset;
    switch (field->kind) {
    case KIND_STRING:
    case KIND_REF:
        return str_equal(*(const struct str *)left, *(const struct str *)right);
    case KIND_BOOL:
        return field->nullable ? ((const struct opt_bool *)left)->value ==
                                     ((const struct opt_bool *)right)->value
                               : *(const bool *)left == *(const bool *)right;
    case KIND_INTEGER:
        return field->nullable
                   ? ((const struct opt_int *)left)->value == ((const struct opt_int *)right)->value
                   : *(const int64_t *)left == *(const int64_t *)right;
    case KIND_TIME:
        return field->nullable ? ((const struct opt_time *)left)->seconds ==
                                     ((const struct opt_time *)right)->seconds
                               : ((const struct timestamp *)left)->seconds ==
                                     ((const struct timestamp *)right)->seconds;
    case KIND_PERCENT:
        return ((const struct opt_percent *)left)->hundredths ==
               ((const struct opt_percent *)right)->hundredths;
    case KIND_CHOICE:
        return ((const struct choice *)left)->value == ((const struct choice *)right)->value;
    case KIND_REFS:
        return refs_equal(left, right);
    case KIND_EMBEDDED:
        return embedded_equal(field->of, left, right);
    case KIND_METADATA:
        return metadata_equal(left, right);
    case KIND_STRINGS:
        return strings_equal(left, right);
    case KIND_LIST:
        return list_equal(field->of, left, right);
    case KIND_DICTIONARY:
        return dictionary_equal(field->of, left, right);
    case KIND_OPT_HASH:
        return hash_equal(field->of, *(void *const *)left, *(void *const *)right);
    case KIND_SNAPSHOT:
    case KIND_HASH:
    case KIND_CONSTANT:
        return true;
    }
    return true;
}

/* Form to struct, row by row. */
#include "schema/decode.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "base/text.h"
#include "schema/form.h"
#include "schema/scalar.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_INDEX_MAX (FORM_ITEMS_MAX - 1)

static const char *const range_names[] = {"gt", "gte", "lt", "lte"};

/* ---- collections ---- */

bool decode_check_pair(struct request *request, struct str path, struct pair pair)
{
    size_t key = str_characters(pair.key), value = str_characters(pair.value);
    if (key == 0)
        return fail(request, CODE_NONE, path, "Metadata keys must not be empty.");
    if (key > METADATA_KEY_CHARACTERS_MAX)
        return fail(request, CODE_NONE, path,
                    "Metadata keys can have up to %d characters, but you passed in a key that "
                    "is %zu characters. Invalid key: %.*s",
                    METADATA_KEY_CHARACTERS_MAX, key, STR_FMT(pair.key));
    return value <= METADATA_VALUE_CHARACTERS_MAX ||
           fail(request, CODE_NONE, path,
                "Metadata values can have up to %d characters, but you passed in a value "
                "that is %zu characters. Invalid value: %.*s",
                METADATA_VALUE_CHARACTERS_MAX, value, STR_FMT(pair.value));
}

bool decode_check_pairs(struct request *request, struct str path, size_t count)
{
    return count <= METADATA_KEYS_MAX ||
           fail(request, CODE_NONE, path, "Metadata can have up to %d keys, but you've set %zu.",
                METADATA_KEYS_MAX, count);
}

static bool read_metadata(struct request *request, const struct form_node *node,
                          struct metadata *target)
{
    if (!node->first)
        return fail(request, CODE_NONE, form_path(request, node), "Invalid object");
    size_t count = target->count;
    for (const struct form_node *child = node->first; child; child = child->next)
        count++;
    struct metadata merged = {ARENA_ARRAY(request->arena, struct pair, count), target->count};
    if (target->count)
        memcpy(merged.items, target->items, sizeof(struct pair) * target->count);
    for (const struct form_node *child = node->first; child; child = child->next) {
        struct str path = form_path(request, child);
        size_t i = 0;
        if (!scalar_require(request, child))
            return false;
        if (!decode_check_pair(request, path, (struct pair){child->name, child->value}))
            return false;
        while (i < merged.count && !str_equal(merged.items[i].key, child->name))
            i++;
        if (child->value.length) {
            merged.items[i] = (struct pair){child->name, child->value};
            merged.count += i == merged.count;
        } else if (i < merged.count) {
            merged.count--;
            memmove(&merged.items[i], &merged.items[i + 1],
                    sizeof(struct pair) * (merged.count - i));
        }
    }
    *target = merged;
    return decode_check_pairs(request, form_path(request, node), merged.count);
}

/* The items of a list in the order of their indices; those without stay where they are. */
static bool list_items(struct request *request, const struct field *field,
                       const struct form_node *node, const struct form_node ***items, size_t *count)
{
    struct str path = form_path(request, node);
    size_t max = field->max && field->kind == KIND_LIST ? (size_t)field->max : FORM_ITEMS_MAX;
    int64_t *indices;
    *count = 0;
    if (!node->first)
        return fail(request, CODE_NONE, path, "Invalid array");
    for (const struct form_node *child = node->first; child; child = child->next)
        (*count)++;
    if (*count > max)
        return fail(request, CODE_NONE, path, "Array %.*s exceeded maximum %zu allowed elements.",
                    STR_FMT(path), max);
    *items = ARENA_ARRAY(request->arena, const struct form_node *, *count);
    indices = ARENA_ARRAY(request->arena, int64_t, *count);
    size_t filled = 0;
    for (const struct form_node *child = node->first; child; child = child->next, filled++) {
        int64_t index = filled ? indices[filled - 1] : 0;
        if (child->name.length &&
            (!str_to_int64(child->name, &index) || index < 0 || index > ARRAY_INDEX_MAX))
            return fail(request, CODE_NONE, path, "Invalid array");
        size_t at = filled;
        for (; at > 0 && indices[at - 1] > index; at--) {
            indices[at] = indices[at - 1];
            (*items)[at] = (*items)[at - 1];
        }
        indices[at] = index;
        (*items)[at] = child;
    }
    return true;
}

static bool read_strings(struct request *request, const struct field *field,
                         const struct form_node *node, struct strings *target)
{
    const struct form_node **items;
    size_t count;
    if (!list_items(request, field, node, &items, &count))
        return false;
    struct strings strings = {ARENA_ARRAY(request->arena, struct str, count), count};
    for (size_t i = 0; i < count; i++) {
        if (!items[i]->first && items[i]->value.length == 0)
            return fail_empty_value(request, form_path(request, items[i]));
        if (!scalar_string(request, field, items[i], &strings.items[i]))
            return false;
    }
    *target = strings;
    return true;
}

static bool read_hash(struct request *request, const struct schema *schema,
                      const struct form_node *node, void *object, unsigned in);

static bool read_list(struct request *request, const struct field *field,
                      const struct form_node *node, struct list *target, unsigned in)
{
    const struct form_node **items;
    size_t count;
    if (!list_items(request, field, node, &items, &count))
        return false;
    struct list list = {arena_alloc(request->arena, field->of->size * count), count};
    for (size_t i = 0; i < count; i++)
        if (!read_hash(request, field->of, items[i], element_at(field->of, list.items, i), in))
            return false;
    *target = list;
    return true;
}

static int compare_keys(const void *a, const void *b)
{
    const struct str *left = a, *right = b;
    size_t shorter = left->length < right->length ? left->length : right->length;
    int order = memcmp(left->data, right->data, shorter);
    return order ? order : (left->length > right->length) - (left->length < right->length);
}

static bool read_dictionary(struct request *request, const struct field *field,
                            const struct form_node *node, struct dictionary *target, unsigned in)
{
    size_t count = target->count;
    if (!node->first)
        return fail(request, CODE_NONE, form_path(request, node), "Invalid object");
    for (const struct form_node *child = node->first; child; child = child->next)
        count++;
    struct dictionary merged = {arena_alloc(request->arena, field->of->size * count),
                                target->count};
    if (target->count)
        memcpy(merged.items, target->items, field->of->size * target->count);
    for (const struct form_node *child = node->first; child; child = child->next) {
        size_t i = 0;
        while (i < merged.count &&
               !str_equal(*(struct str *)element_at(field->of, merged.items, i), child->name))
            i++;
        void *element = element_at(field->of, merged.items, i);
        *(struct str *)element = child->name;
        if (!read_hash(request, field->of, child, element, in))
            return false;
        merged.count += i == merged.count;
    }
    /* Hashes are shown in the order of the alphabet. */
    qsort(merged.items, merged.count, field->of->size, compare_keys);
    *target = merged;
    return true;
}

/* ---- rows and tables ---- */

static bool read_optional_hash(struct request *request, const struct field *field,
                               const struct form_node *node, void **target, unsigned in)
{
    void *fresh = arena_alloc(request->arena, field->of->size);
    if (*target)
        memcpy(fresh, *target, field->of->size); /* the state before the change stays as it is */
    if (!read_hash(request, field->of, node, fresh, in))
        return false;
    *target = fresh;
    return true;
}

static bool read_number(struct request *request, const struct field *field,
                        const struct form_node *node, void *member)
{
    int64_t max = field->max ? field->max : field->kind == KIND_TIME ? TIMESTAMP_MAX : COUNT_MAX;
    int64_t value;
    if (!scalar_integer(request, node, field->min, max, &value))
        return false;
    if (!field->nullable)
        *(int64_t *)member = value;
    else
        *(struct opt_int *)member = (struct opt_int){true, value};
    return true;
}

static bool read_value(struct request *request, const struct field *field,
                       const struct form_node *node, void *member, unsigned in)
{
    switch (field->kind) {
    case KIND_STRING: {
        struct field looked_for = *field;
        if (in == FILTER && field->format != FORMAT_CURRENCY)
            looked_for.format = FORMAT_ANY; /* what cannot be is not found */
        return scalar_string(request, &looked_for, node, member);
    }
    case KIND_BOOL: {
        bool value;
        if (!scalar_bool(request, node, &value))
            return false;
        if (field->nullable)
            *(struct opt_bool *)member = (struct opt_bool){true, value};
        else
            *(bool *)member = value;
        return true;
    }
    case KIND_INTEGER:
    case KIND_TIME:
        return read_number(request, field, node, member);
    case KIND_PERCENT:
        return scalar_percent(request, node, field->min, field->max, member);
    case KIND_CHOICE:
        return scalar_choice(request, field, node, member);
    case KIND_REF:
        *(struct ref *)member = (struct ref){0};
        return scalar_string(request, field, node, &((struct ref *)member)->id);
    case KIND_METADATA:
        return read_metadata(request, node, member);
    case KIND_STRINGS:
        return read_strings(request, field, node, member);
    case KIND_HASH:
        return read_hash(request, field->of, node, member, in);
    case KIND_OPT_HASH:
        return read_optional_hash(request, field, node, member, in);
    case KIND_LIST:
        return read_list(request, field, node, member, in);
    case KIND_DICTIONARY:
        return read_dictionary(request, field, node, member, in);
    case KIND_REFS:
    case KIND_EMBEDDED:
    case KIND_SNAPSHOT:
    case KIND_CONSTANT:
        break;
    }
    assert(!"a row of this kind cannot be a parameter");
    return false;
}

static bool read_row(struct request *request, const struct field *field,
                     const struct form_node *node, void *object, unsigned in)
{
    void *member = (char *)object + field->offset;
    if (!node->first && node->value.length == 0) {
        unsigned clears = in == CREATE ? CLEARS_ON_CREATE : in == FILTER ? 0 : CLEARS_ON_UPDATE;
        if ((field->is & BLANK_IS_ABSENT) && in != FILTER)
            return true;
        if (!(field->is & clears))
            return fail_empty_value(request, form_path(request, node));
        memset(member, 0, field_size(field));
        if (field->kind == KIND_LIST)
            ((struct list *)member)->items = member; /* cleared, unlike one that is not given */
        return true;
    }
    if (field->kind == KIND_CONSTANT)
        return true; /* accepted for the sake of callers that send it */
    if (in == FILTER && field->kind == KIND_TIME) {
        struct range ignored; /* the list itself reads it again, as conditions */
        return decode_range(request, node, &ignored);
    }
    return read_value(request, field, node, member, in);
}

static bool is_missing(const struct field *field, unsigned in)
{
    return (field->is & REQUIRED) && (in == CREATE || in == ACTION);
}

static bool read_hash(struct request *request, const struct schema *schema,
                      const struct form_node *node, void *object, unsigned in)
{
    if (!node->first)
        return fail(request, CODE_NONE, form_path(request, node), "Invalid object");
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!(field->in & in) || !field_in_version(field, request->version))
            continue;
        const struct form_node *child = form_find(node, str_from(field_name(field)));
        if (child && !read_row(request, field, child, object, in))
            return false;
        if (!child && (field->is & REQUIRED) && in != FILTER) {
            struct str path = form_path_of(request, node, field_name(field));
            return fail(request, CODE_parameter_missing, path, "Missing required param: %.*s.",
                        STR_FMT(path));
        }
    }
    return true;
}

/* Adds the paths below `node` that the table does not accept. */
static void find_unknown(struct request *request, const struct form_node *node,
                         const struct field *field, unsigned in, struct text *unknown,
                         struct str *first);

static void note_unknown(struct request *request, const struct form_node *node,
                         struct text *unknown, struct str *first)
{
    struct str path = form_path(request, node);
    if (first->data)
        text_add_literal(unknown, ", ");
    else
        *first = path;
    text_add(unknown, path);
}

static void find_unknown_in_hash(struct request *request, const struct form_node *node,
                                 const struct schema *schema, unsigned in, struct text *unknown,
                                 struct str *first)
{
    for (const struct form_node *child = node->first; child; child = child->next) {
        const struct field *field = schema_parameter(schema, child->name, in, request->version);
        if (field)
            find_unknown(request, child, field, in, unknown, first);
        else
            note_unknown(request, child, unknown, first);
    }
}

static void find_unknown(struct request *request, const struct form_node *node,
                         const struct field *field, unsigned in, struct text *unknown,
                         struct str *first)
{
    if (field->kind == KIND_HASH || field->kind == KIND_OPT_HASH) {
        find_unknown_in_hash(request, node, field->of, in, unknown, first);
    } else if (field->kind == KIND_LIST || field->kind == KIND_DICTIONARY) {
        for (const struct form_node *child = node->first; child; child = child->next)
            find_unknown_in_hash(request, child, field->of, in, unknown, first);
    } else if (field->kind == KIND_TIME && in == FILTER) {
        for (const struct form_node *child = node->first; child; child = child->next) {
            bool known = false;
            for (size_t i = 0; i < ARRAY_LENGTH(range_names); i++)
                known |= str_is(child->name, range_names[i]);
            if (!known)
                note_unknown(request, child, unknown, first);
        }
    }
}

static bool refuse_unknown(struct request *request, const struct parameters *tables, size_t count)
{
    struct text unknown;
    struct str first = STR_NULL;
    text_init(&unknown, request->arena, SIZE_MAX / 2);
    for (const struct form_node *node = request->form->first; node; node = node->next) {
        const struct field *field = NULL;
        for (size_t i = 0; i < count && !field; i++) {
            field = schema_parameter(tables[i].schema, node->name, tables[i].in, request->version);
            if (field)
                find_unknown(request, node, field, tables[i].in, &unknown, &first);
        }
        if (!field)
            note_unknown(request, node, &unknown, &first);
    }
    if (!first.data)
        return true;
    struct str names = text_str(&unknown);
    return fail(request, CODE_parameter_unknown, first, "Received unknown parameter%s: %.*s",
                names.length > first.length ? "s" : "", STR_FMT(names));
}

static bool read_table(struct request *request, const struct parameters *table, bool notes_given)
{
    const struct schema *schema = table->schema;
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!(field->in & table->in) || !field_in_version(field, request->version))
            continue;
        const struct form_node *node = form_find(request->form, str_from(field_name(field)));
        if (!node && is_missing(field, table->in)) {
            struct str name = str_from(field_name(field));
            return fail(request, CODE_parameter_missing, name, "Missing required param: %.*s.",
                        STR_FMT(name));
        }
        if (!node)
            continue;
        if (!read_row(request, field, node, table->object, table->in))
            return false;
        assert(i < ARRAY_LENGTH(request->given) * 64);
        if (notes_given)
            request->given[i / 64] |= UINT64_C(1) << i % 64;
    }
    return true;
}

bool decode_parameters(struct request *request, const struct parameters *tables, size_t count)
{
    if (!refuse_unknown(request, tables, count))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!read_table(request, &tables[i], i == 0))
            return false;
    return true;
}

bool row_given(const struct request *request, size_t row)
{
    return request->given[row / 64] >> row % 64 & 1;
}

bool parameter_given(const struct request *request, const struct schema *schema, size_t offset)
{
    for (size_t i = 0; i < schema->count; i++)
        if (schema->fields[i].offset == offset && row_given(request, i))
            return true;
    return false;
}

void parameter_give(struct request *request, const struct schema *schema, size_t offset)
{
    for (size_t i = 0; i < schema->count; i++)
        if (schema->fields[i].offset == offset)
            request->given[i / 64] |= UINT64_C(1) << i % 64;
}

bool decode_range(struct request *request, const struct form_node *node, struct range *range)
{
    *range = (struct range){0};
    struct opt_time *bounds[] = {&range->gt, &range->gte, &range->lt, &range->lte};
    if (!node->first) {
        range->equal.set = true;
        return scalar_integer(request, node, 0, TIMESTAMP_MAX, &range->equal.seconds);
    }
    for (const struct form_node *child = node->first; child; child = child->next) {
        for (size_t i = 0; i < ARRAY_LENGTH(range_names); i++) {
            if (!str_is(child->name, range_names[i]))
                continue;
            if (!child->first && child->value.length == 0)
                return fail_empty_value(request, form_path(request, child));
            bounds[i]->set = true;
            if (!scalar_integer(request, child, 0, TIMESTAMP_MAX, &bounds[i]->seconds))
                return false;
        }
    }
    return true;
}

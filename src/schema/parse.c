/* JSON to struct. jansson parses; the tables say where values go. Bounds of parameters do not
 * matter here: what is worked out may be more than what can be asked for. */
#include "schema/parse.h"

#include "base/arena.h"
#include "base/decimal.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define PARSE_FLAGS (JSON_REJECT_DUPLICATES | JSON_DECODE_ANY)
#define DECIMAL_DIGITS 32
#define ROUNDING 1e-6

struct parser {
    struct arena *arena;
    unsigned hidden; /* rows that are not read */
    struct str problem;
};

static bool wrong(struct parser *parser, const struct field *field, const char *expected)
{
    if (!parser->problem.data)
        parser->problem = str_format(parser->arena, "%s: expected %s", field_name(field), expected);
    return false;
}

static struct str copy_string(struct parser *parser, const json_t *value)
{
    return str_copy(parser->arena,
                    (struct str){json_string_value(value), json_string_length(value)});
}

static bool read_object(struct parser *parser, const struct schema *schema, const json_t *json,
                        void *object);

static bool read_integer(struct parser *parser, const struct field *field, const json_t *json,
                         void *member)
{
    if (!json_is_integer(json))
        return wrong(parser, field, "an integer");
    if (field->nullable)
        *(struct opt_int *)member = (struct opt_int){true, json_integer_value(json)};
    else
        *(int64_t *)member = json_integer_value(json);
    return true;
}

static bool read_percent(struct parser *parser, const struct field *field, const json_t *json,
                         struct opt_percent *member)
{
    /* A number with at most two places is the nearest double to its decimal form; printing it with
     * two places gives that form back exactly. */
    char digits[DECIMAL_DIGITS];
    int64_t hundredths;
    if (!json_is_number(json))
        return wrong(parser, field, "a number");
    double number = json_number_value(json);
    if (!(number >= 0 && number <= (double)field->max / 100))
        return wrong(parser, field, "a smaller number");
    int length = snprintf(digits, sizeof(digits), "%.2f", number);
    if (decimal_parse((struct str){digits, (size_t)length}, &hundredths) != DECIMAL_OK ||
        number * 100 - (double)hundredths > ROUNDING ||
        (double)hundredths - number * 100 > ROUNDING)
        return wrong(parser, field, "a decimal with at most two places");
    *member = (struct opt_percent){true, hundredths};
    return true;
}

static bool read_choice(struct parser *parser, const struct field *field, const json_t *json,
                        struct choice *member)
{
    for (int i = 0; json_is_string(json) && field->values[i]; i++) {
        if (strcmp(field->values[i], json_string_value(json)) == 0) {
            member->value = i + 1;
            return true;
        }
    }
    return wrong(parser, field, "one of the values of the API");
}

/* An id, or the object itself. Where objects are always shown in full, the object is kept as it
 * was. */
static bool read_reference(struct parser *parser, const struct field *field, const json_t *json,
                           struct ref *member)
{
    const json_t *id = json_is_object(json) ? json_object_get(json, "id") : json;
    if (!json_is_string(id))
        return wrong(parser, field, "an id");
    *member = (struct ref){
        .id = copy_string(parser, id),
        .row = parser->hidden & INTERNAL ? 0 : json_integer_value(json_object_get(json, "row"))};
    if (!json_is_object(json) || !(field->is & INLINED) || field->until || member->row)
        return true;
    void *object = arena_alloc(parser->arena, field->of->size);
    member->object = object;
    return read_object(parser, field->of, json, object);
}

static bool read_references(struct parser *parser, const struct field *field, const json_t *json,
                            struct refs *member)
{
    size_t index;
    json_t *value;
    if (!json_is_array(json))
        return wrong(parser, field, "an array");
    *member = (struct refs){ARENA_ARRAY(parser->arena, struct ref, json_array_size(json)), 0};
    json_array_foreach(json, index, value)
    {
        if (!read_reference(parser, field, value, &member->items[member->count++]))
            return false;
    }
    return true;
}

static bool read_metadata(struct parser *parser, const struct field *field, json_t *json,
                          struct metadata *member)
{
    const char *key;
    json_t *value;
    if (!json_is_object(json))
        return wrong(parser, field, "an object");
    *member = (struct metadata){ARENA_ARRAY(parser->arena, struct pair, json_object_size(json)), 0};
    json_object_foreach(json, key, value)
    {
        if (!json_is_string(value))
            return wrong(parser, field, "strings as values");
        member->items[member->count++] =
            (struct pair){str_copy(parser->arena, str_from(key)), copy_string(parser, value)};
    }
    return true;
}

static bool read_strings(struct parser *parser, const struct field *field, const json_t *json,
                         struct strings *member)
{
    size_t index;
    json_t *value;
    if (!json_is_array(json))
        return wrong(parser, field, "an array");
    *member = (struct strings){ARENA_ARRAY(parser->arena, struct str, json_array_size(json)), 0};
    json_array_foreach(json, index, value)
    {
        if (!json_is_string(value))
            return wrong(parser, field, "strings");
        member->items[member->count++] = copy_string(parser, value);
    }
    return true;
}

static bool read_list(struct parser *parser, const struct field *field, const json_t *json,
                      struct list *member)
{
    size_t index;
    json_t *value;
    if (!json_is_array(json))
        return wrong(parser, field, "an array");
    *member = (struct list){arena_alloc(parser->arena, field->of->size * json_array_size(json)), 0};
    json_array_foreach(json, index, value)
    {
        if (!read_object(parser, field->of, value,
                         element_at(field->of, member->items, member->count++)))
            return wrong(parser, field, "objects");
    }
    return true;
}

/* A list object: what it shows of its items. */
static bool read_embedded(struct parser *parser, const struct field *field, const json_t *json,
                          struct embedded *member)
{
    struct list list;
    const json_t *url = json_object_get(json, "url");
    const json_t *total = json_object_get(json, "total_count");
    if (!read_list(parser, field, json_object_get(json, "data"), &list))
        return false;
    *member = (struct embedded){
        .items = list.items,
        .count = list.count,
        .has_more = json_is_true(json_object_get(json, "has_more")),
        .total_count = json_is_integer(total) ? json_integer_value(total) : -1,
        .url = json_is_string(url) ? copy_string(parser, url) : STR_NULL,
    };
    return true;
}

static bool read_dictionary(struct parser *parser, const struct field *field, json_t *json,
                            struct dictionary *member)
{
    const char *key;
    json_t *value;
    if (!json_is_object(json))
        return wrong(parser, field, "an object");
    *member = (struct dictionary){
        arena_alloc(parser->arena, field->of->size * json_object_size(json)), 0};
    json_object_foreach(json, key, value)
    {
        void *element = element_at(field->of, member->items, member->count++);
        *(struct str *)element = str_copy(parser->arena, str_from(key));
        if (!read_object(parser, field->of, value, element))
            return wrong(parser, field, "objects as values");
    }
    return true;
}

static bool read_value(struct parser *parser, const struct field *field, json_t *json, void *object)
{
    void *member = (char *)object + field->offset;
    if (json_is_null(json))
        return true;
    switch (field->kind) {
    case KIND_STRING:
        if (!json_is_string(json))
            return wrong(parser, field, "a string");
        *(struct str *)member = copy_string(parser, json);
        return true;
    case KIND_BOOL:
        if (!json_is_boolean(json))
            return wrong(parser, field, "true or false");
        if (field->nullable)
            *(struct opt_bool *)member = (struct opt_bool){true, json_is_true(json)};
        else
            *(bool *)member = json_is_true(json);
        return true;
    case KIND_INTEGER:
    case KIND_TIME:
        return read_integer(parser, field, json, member);
    case KIND_PERCENT:
        return read_percent(parser, field, json, member);
    case KIND_CHOICE:
        return read_choice(parser, field, json, member);
    case KIND_REF:
        return read_reference(parser, field, json, member);
    case KIND_REFS:
        return read_references(parser, field, json, member);
    case KIND_EMBEDDED:
        return read_embedded(parser, field, json, member);
    case KIND_METADATA:
        return read_metadata(parser, field, json, member);
    case KIND_STRINGS:
        return read_strings(parser, field, json, member);
    case KIND_HASH:
        return read_object(parser, field->of, json, member);
    case KIND_OPT_HASH:
        *(void **)member = arena_alloc(parser->arena, field->of->size);
        return read_object(parser, field->of, json, *(void **)member);
    case KIND_LIST:
        return read_list(parser, field, json, member);
    case KIND_DICTIONARY:
        return read_dictionary(parser, field, json, member);
    case KIND_SNAPSHOT:
    case KIND_CONSTANT:
        return true;
    }
    return true;
}

static bool read_object(struct parser *parser, const struct schema *schema, const json_t *json,
                        void *object)
{
    if (!json_is_object(json))
        return false;
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        json_t *value = json_object_get(json, field_name(field));
        if (value && !(field->is & parser->hidden) && !read_value(parser, field, value, object))
            return wrong(parser, field, "an object");
    }
    return true;
}

/* Empties the members that the document has. */
static void clear_members(const struct schema *schema, const json_t *json, void *object)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (field->kind != KIND_CONSTANT && !(field->is & (INPUT | INTERNAL)) &&
            json_object_get(json, field_name(field)))
            memset((char *)object + field->offset, 0, field_size(field));
    }
}

static bool parse(struct parser parser, const struct schema *schema, struct str json, void *object,
                  struct str *problem)
{
    json_error_t error;
    json_t *root = json_loadb(json.data, json.length, PARSE_FLAGS, &error);
    if (json_is_object(root))
        clear_members(schema, root, object);
    bool good = json_is_object(root) && read_object(&parser, schema, root, object);
    if (!good)
        *problem = parser.problem.data ? parser.problem
                   : root              ? STR("not a JSON object")
                                       : str_format(parser.arena, "not JSON: %s", error.text);
    json_decref(root);
    return good;
}

bool parse_object(struct arena *arena, const struct schema *schema, struct str json, void *object,
                  struct str *problem)
{
    return parse((struct parser){.arena = arena, .hidden = INPUT | INTERNAL}, schema, json, object,
                 problem);
}

bool parse_exported(struct arena *arena, const struct schema *schema, struct str json, void *object,
                    struct str *problem)
{
    return parse((struct parser){.arena = arena, .hidden = INPUT}, schema, json, object, problem);
}

bool parse_value(struct arena *arena, const struct field *field, struct str json, void *object)
{
    struct parser parser = {.arena = arena, .hidden = INPUT | INTERNAL};
    json_t *root = json_loadb(json.data, json.length, PARSE_FLAGS, NULL);
    bool good = root && read_value(&parser, field, root, object);
    json_decref(root);
    return good;
}

struct str parse_string_member(struct arena *arena, struct str json, const char *key)
{
    json_t *root = json_loadb(json.data, json.length, PARSE_FLAGS, NULL);
    const json_t *value = json_object_get(root, key);
    struct str result = STR_NULL;
    if (json_is_string(value))
        result = str_copy(arena, (struct str){json_string_value(value), json_string_length(value)});
    json_decref(root);
    return result;
}

bool parse_has_member(struct str json, const char *key)
{
    json_t *root = json_loadb(json.data, json.length, PARSE_FLAGS, NULL);
    bool result = json_object_get(root, key) != NULL;
    json_decref(root);
    return result;
}

bool parse_is_true(struct str json, const char *key)
{
    json_t *root = json_loadb(json.data, json.length, PARSE_FLAGS, NULL);
    bool result = json_is_true(json_object_get(root, key));
    json_decref(root);
    return result;
}

bool parse_items(struct arena *arena, struct str json, const char *key, struct strings *items)
{
    json_t *root = json_loadb(json.data, json.length, PARSE_FLAGS, NULL);
    const json_t *array = json_object_get(root, key);
    bool found = json_is_array(array);
    *items = (struct strings){ARENA_ARRAY(arena, struct str, json_array_size(array)), 0};
    for (size_t i = 0; i < json_array_size(array); i++) {
        char *text = json_dumps(json_array_get(array, i), JSON_COMPACT | JSON_ENCODE_ANY);
        items->items[items->count++] = str_copy(arena, str_from(text));
        free(text);
    }
    json_decref(root);
    return found;
}

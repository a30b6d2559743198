/* JSON writer. */
#include "schema/json.h"

#include "base/decimal.h"
#include "schema/expansion.h"

#include <string.h>

/* ---- pieces ---- */

/* Breaks the line, in what is not written on one. Returns where the next line's text goes. */
static char *break_line(char *room, int64_t indent)
{
    if (indent < 0)
        return room;
    *room = '\n';
    memset(room + 1, ' ', (size_t)indent * 2);
    return room + 1 + indent * 2;
}

static size_t break_bytes(int64_t indent)
{
    return indent < 0 ? 0 : 1 + (size_t)indent * 2;
}

int64_t json_inner(const struct json_scope *scope)
{
    return scope->indent < 0 ? scope->indent : scope->indent + 1;
}

struct json_scope json_begin_object(struct text *text, int64_t indent)
{
    text_add_char(text, '{');
    return (struct json_scope){text, indent, 0, '}'};
}

struct json_scope json_begin_array(struct text *text, int64_t indent)
{
    text_add_char(text, '[');
    return (struct json_scope){text, indent, 0, ']'};
}

/* Begins an item with so many bytes to follow at once, and returns where they go; NULL: there is no
 * room. */
static char *begin_item(struct json_scope *scope, size_t bytes)
{
    int64_t inner = json_inner(scope);
    char *room = text_reserve(scope->text, strlen(",") + break_bytes(inner) + bytes), *end = room;
    if (!room)
        return NULL;
    if (scope->count++)
        *end++ = ',';
    end = break_line(end, inner);
    scope->text->length += (size_t)(end - room);
    return end;
}

void json_item(struct json_scope *scope)
{
    (void)begin_item(scope, 0);
}

/* A key without anything to escape. */
static void add_name(struct json_scope *scope, struct str name)
{
    const struct str close = scope->indent < 0 ? STR("\":") : STR("\": ");
    size_t bytes = 1 + name.length + close.length;
    char *room = begin_item(scope, bytes);
    if (!room)
        return;
    room[0] = '"';
    memcpy(room + 1, name.data, name.length);
    memcpy(room + 1 + name.length, close.data, close.length);
    scope->text->length += bytes;
}

void json_key(struct json_scope *scope, struct str key)
{
    json_item(scope);
    json_string(scope->text, key);
    if (scope->indent < 0)
        text_add_char(scope->text, ':');
    else
        text_add_literal(scope->text, ": ");
}

void json_end(struct json_scope *scope)
{
    char *room = text_reserve(scope->text, break_bytes(scope->indent) + 1), *end = room;
    if (!room)
        return;
    if (scope->count)
        end = break_line(end, scope->indent);
    *end++ = scope->close;
    scope->text->length += (size_t)(end - room);
}

static void add_escape(struct text *text, unsigned char c)
{
    switch (c) {
    case '"':
        text_add_literal(text, "\\\"");
        break;
    case '\\':
        text_add_literal(text, "\\\\");
        break;
    case '\n':
        text_add_literal(text, "\\n");
        break;
    case '\r':
        text_add_literal(text, "\\r");
        break;
    case '\t':
        text_add_literal(text, "\\t");
        break;
    default:
        text_addf(text, "\\u%04x", c);
    }
}

static void add_escaped(struct text *text, struct str value)
{
    for (size_t i = 0; i < value.length; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if (c < 0x20 || c == '"' || c == '\\')
            add_escape(text, c);
        else
            text_add_char(text, (char)c);
    }
    text_add_char(text, '"');
}

void json_string(struct text *text, struct str value)
{
    if (!value.data) {
        text_add_literal(text, "null");
        return;
    }
    char *room = text_reserve(text, value.length + 2);
    if (!room)
        return;
    *room++ = '"';
    size_t i = 0;
    for (; i < value.length; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if (c < 0x20 || c == '"' || c == '\\')
            break;
        room[i] = (char)c;
    }
    text->length += 1 + i;
    if (i < value.length) {
        add_escaped(text, (struct str){value.data + i, value.length - i});
        return;
    }
    room[i] = '"';
    text->length++;
}

static void add_bool(struct text *text, bool value)
{
    if (value)
        text_add_literal(text, "true");
    else
        text_add_literal(text, "false");
}

/* ---- values by kind ---- */

static void add_metadata(struct text *text, const struct metadata *metadata, int64_t indent)
{
    struct json_scope scope = json_begin_object(text, indent);
    for (size_t i = 0; i < metadata->count; i++) {
        json_key(&scope, metadata->items[i].key);
        json_string(text, metadata->items[i].value);
    }
    json_end(&scope);
}

static void add_strings(struct text *text, const struct strings *strings, int64_t indent)
{
    struct json_scope scope = json_begin_array(text, indent);
    for (size_t i = 0; i < strings->count; i++) {
        json_item(&scope);
        json_string(text, strings->items[i]);
    }
    json_end(&scope);
}

static void add_list(struct text *text, const struct schema *of, const struct list *list,
                     const struct view *view, const struct expansion *expansion)
{
    struct json_scope scope = json_begin_array(text, view->indent);
    struct view inner = *view;
    inner.indent = json_inner(&scope);
    for (size_t i = 0; i < list->count; i++) {
        json_item(&scope);
        json_object(text, of, const_element_at(of, list->items, i), &inner, expansion);
    }
    json_end(&scope);
}

static void add_dictionary(struct text *text, const struct schema *of,
                           const struct dictionary *dictionary, const struct view *view)
{
    struct json_scope scope = json_begin_object(text, view->indent);
    struct view inner = *view;
    inner.indent = json_inner(&scope);
    for (size_t i = 0; i < dictionary->count; i++) {
        const struct str *key = const_element_at(of, dictionary->items, i);
        json_key(&scope, *key);
        json_object(text, of, key, &inner, NULL);
    }
    json_end(&scope);
}

/* Others may have the id too. */
static void add_past_reference(struct text *text, const struct ref *ref, const struct view *view)
{
    struct json_scope scope = json_begin_object(text, view->indent);
    add_name(&scope, STR("id"));
    json_string(text, ref->id);
    add_name(&scope, STR("row"));
    text_add_int64(text, ref->row);
    json_end(&scope);
}

static void add_reference(struct text *text, const struct field *field, const struct ref *ref,
                          const struct view *view, const struct expansion *expansion)
{
    const struct object *object = ref->object;
    bool shown = object && ((field->is & INLINED) || (expansion && !view->everything));
    if (view->internal && object && object->deleted)
        add_past_reference(text, ref, view);
    else if (!shown)
        json_string(text, ref->id);
    else if (object->deleted && !(field->is & INLINED) && !field->of->tombstones_are_shown)
        json_deleted(text, field->of, ref->id, view->indent);
    else
        json_object(text, field->of, object, view, expansion);
}

/* `expansion` is of the row itself: asking for the row asks for each of its objects. */
static void add_references(struct text *text, const struct field *field, const struct refs *refs,
                           const struct view *view, const struct expansion *expansion)
{
    struct json_scope scope = json_begin_array(text, view->indent);
    struct view inner = *view;
    inner.indent = json_inner(&scope);
    for (size_t i = 0; i < refs->count; i++) {
        json_item(&scope);
        add_reference(text, field, &refs->items[i], &inner, expansion);
    }
    json_end(&scope);
}

static void add_embedded(struct text *text, const struct field *field,
                         const struct embedded *embedded, const struct view *view,
                         const struct expansion *expansion)
{
    struct json_scope scope = json_begin_object(text, view->indent);
    struct view inner = *view;
    const struct list list = {embedded->items, embedded->count};
    inner.indent = json_inner(&scope);
    add_name(&scope, STR("object"));
    text_add_literal(text, "\"list\"");
    add_name(&scope, STR("data"));
    add_list(text, field->of, &list, &inner, expansion_child(expansion, STR("data")));
    add_name(&scope, STR("has_more"));
    add_bool(text, embedded->has_more);
    if (embedded->total_count >= 0) {
        add_name(&scope, STR("total_count"));
        text_add_int64(text, embedded->total_count);
    }
    add_name(&scope, STR("url"));
    json_string(text, embedded->url);
    json_end(&scope);
}

static void add_number(struct text *text, const struct field *field, const void *member)
{
    switch (field->kind) {
    case KIND_INTEGER:
        text_add_int64(text, field->nullable ? ((const struct opt_int *)member)->value
                                             : *(const int64_t *)member);
        break;
    case KIND_TIME:
        text_add_int64(text, field->nullable ? ((const struct opt_time *)member)->seconds
                                             : ((const struct timestamp *)member)->seconds);
        break;
    case KIND_BOOL:
        add_bool(text, field->nullable ? ((const struct opt_bool *)member)->value
                                       : *(const bool *)member);
        break;
    default:
        decimal_write(text, ((const struct opt_percent *)member)->hundredths);
    }
}

void json_value(struct text *text, const struct field *field, const void *object,
                const struct view *view, const struct expansion *expansion)
{
    const void *member = (const char *)object + field->offset;
    bool nullable = field->nullable || field->kind == KIND_CHOICE || (field->is & NULL_WHEN_EMPTY);
    if (nullable && field_is_empty(field, object)) {
        text_add_literal(text, "null");
        return;
    }
    switch (field->kind) {
    case KIND_STRING:
        json_string(text, *(const struct str *)member);
        break;
    case KIND_BOOL:
    case KIND_INTEGER:
    case KIND_TIME:
    case KIND_PERCENT:
        add_number(text, field, member);
        break;
    case KIND_CHOICE:
        json_string(text, str_from(field->values[((const struct choice *)member)->value - 1]));
        break;
    case KIND_REF:
        add_reference(text, field, member, view, expansion);
        break;
    case KIND_REFS:
        add_references(text, field, member, view, expansion);
        break;
    case KIND_EMBEDDED:
        add_embedded(text, field, member, view, expansion);
        break;
    case KIND_METADATA:
        add_metadata(text, member, view->indent);
        break;
    case KIND_STRINGS:
        add_strings(text, member, view->indent);
        break;
    case KIND_HASH:
        json_object(text, field->of, member, view, expansion);
        break;
    case KIND_OPT_HASH:
        json_object(text, field->of, *(void *const *)member, view, expansion);
        break;
    case KIND_LIST:
        add_list(text, field->of, member, view, expansion);
        break;
    case KIND_DICTIONARY:
        add_dictionary(text, field->of, member, view);
        break;
    case KIND_SNAPSHOT: {
        const struct snapshot *snapshot = member;
        if (field->is & DIFFERENCE)
            json_difference(text, snapshot->schema, snapshot->before, snapshot->object, view);
        else
            json_object(text, snapshot->schema, snapshot->object, view, NULL);
        break;
    }
    case KIND_CONSTANT:
        text_add(text, str_from(field->literal));
        break;
    }
}

static bool is_shown(const struct field *field, const void *object, const struct view *view,
                     const struct expansion *expansion)
{
    if (view->sparse && field_is_default(field, object))
        return false;
    if (view->everything && (field->is & KEPT))
        return true;
    if (view->internal && (field->is & INTERNAL) && field_is_stored(field) && !field->column)
        return true;
    if ((field->is & (INPUT | INTERNAL)) || !field_in_version(field, view->version))
        return false;
    if (view->everything)
        return field->until == 0 && field->kind != KIND_CONSTANT &&
               !((field->is & INCLUDABLE) && field_is_empty(field, object));
    if ((field->is & INCLUDABLE) && !expansion)
        return false;
    if ((field->is & DIFFERENCE) && !CONST_MEMBER(field, object, struct snapshot)->before)
        return false;
    if ((field->is & LIVE_ONLY) && ((const struct object *)object)->deleted)
        return false;
    if (!(field->is & WHEN_SET))
        return true;
    return field->kind == KIND_BOOL && !field->nullable ? *CONST_MEMBER(field, object, bool)
                                                        : !field_is_empty(field, object);
}

static void add_object(struct text *text, const struct schema *schema, const void *object,
                       const struct view *view, const struct expansion *expansion,
                       struct str *values)
{
    struct json_scope scope = json_begin_object(text, view->indent);
    struct view inner = *view;
    struct str id = STR_NULL;
    inner.indent = json_inner(&scope);
    if (schema->is_object) {
        add_name(&scope, STR("id"));
        size_t start = text->length;
        json_string(text, ((const struct object *)object)->id);
        id = (struct str){text->data + start, text->length - start};
        add_name(&scope, STR("object"));
        json_string(text, str_from(schema->name));
    }
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        const char *name = field_name(field);
        const struct expansion *child = expansion_child(expansion, str_from(name));
        if (field->offset == 0 && schema->is_object && strcmp(name, "id") == 0) {
            if (values)
                values[i] = id;
            continue;
        }
        if (values)
            values[i] = STR_NULL;
        if (!is_shown(field, object, view, child))
            continue;
        add_name(&scope, str_from(name));
        size_t start = text->length;
        json_value(text, field, object, &inner, child);
        if (values)
            values[i] = (struct str){text->data + start, text->length - start};
    }
    json_end(&scope);
}

void json_object(struct text *text, const struct schema *schema, const void *object,
                 const struct view *view, const struct expansion *expansion)
{
    add_object(text, schema, object, view, expansion, NULL);
}

void json_object_noting(struct text *text, const struct schema *schema, const void *object,
                        const struct view *view, struct str *values)
{
    add_object(text, schema, object, view, NULL, values);
}

void json_deleted(struct text *text, const struct schema *schema, struct str id, int64_t indent)
{
    struct json_scope scope = json_begin_object(text, indent);
    add_name(&scope, STR("id"));
    json_string(text, id);
    add_name(&scope, STR("object"));
    json_string(text, str_from(schema->name));
    add_name(&scope, STR("deleted"));
    add_bool(text, true);
    json_end(&scope);
}

/* ---- differences ---- */

static struct str metadata_value(const struct metadata *metadata, struct str key)
{
    for (size_t i = 0; i < metadata->count; i++)
        if (str_equal(metadata->items[i].key, key))
            return metadata->items[i].value;
    return STR_NULL;
}

static void add_metadata_difference(struct text *text, const struct metadata *before,
                                    const struct metadata *after, int64_t indent)
{
    struct json_scope scope = json_begin_object(text, indent);
    for (size_t i = 0; i < before->count; i++) {
        if (str_equal(metadata_value(after, before->items[i].key), before->items[i].value))
            continue;
        json_key(&scope, before->items[i].key);
        json_string(text, before->items[i].value);
    }
    for (size_t i = 0; i < after->count; i++) {
        if (metadata_value(before, after->items[i].key).data)
            continue;
        json_key(&scope, after->items[i].key);
        text_add_literal(text, "null");
    }
    json_end(&scope);
}

static bool difference_shows(const struct field *field, const void *before, const void *after,
                             int32_t version)
{
    return !(field->is & (INPUT | INTERNAL)) && field_in_version(field, version) &&
           !field_equal(field, before, after);
}

bool json_differs(const struct schema *schema, const void *before, const void *after,
                  int32_t version)
{
    for (size_t i = 0; i < schema->count; i++)
        if (difference_shows(&schema->fields[i], before, after, version))
            return true;
    return false;
}

void json_difference(struct text *text, const struct schema *schema, const void *before,
                     const void *after, const struct view *view)
{
    struct json_scope scope = json_begin_object(text, view->indent);
    struct view inner = *view;
    inner.indent = json_inner(&scope);
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!difference_shows(field, before, after, view->version))
            continue;
        add_name(&scope, str_from(field_name(field)));
        if (field->kind == KIND_METADATA)
            add_metadata_difference(text, CONST_MEMBER(field, before, struct metadata),
                                    CONST_MEMBER(field, after, struct metadata), inner.indent);
        else if (field->kind == KIND_HASH)
            json_difference(text, field->of, (const char *)before + field->offset,
                            (const char *)after + field->offset, &inner);
        else
            json_value(text, field, before, &inner, NULL);
    }
    json_end(&scope);
}

/* Whether the member's bytes say all that is written of it. */
static bool is_plain(const struct field *field)
{
    switch (field->kind) {
    case KIND_STRING:
    case KIND_BOOL:
    case KIND_INTEGER:
    case KIND_TIME:
    case KIND_PERCENT:
    case KIND_CHOICE:
        return true;
    default:
        return false;
    }
}

void json_undo(struct text *text, const struct schema *schema, const void *before,
               const void *after, const struct str *values, const struct view *view)
{
    struct json_scope scope = json_begin_object(text, view->indent);
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        const char *old = (const char *)before + field->offset;
        if (is_plain(field) &&
            memcmp(old, (const char *)after + field->offset, field_size(field)) == 0)
            continue;
        const struct json_scope unchanged = scope;
        size_t length = text->length;
        add_name(&scope, str_from(field_name(field)));
        size_t start = text->length;
        if (is_shown(field, before, view, NULL))
            json_value(text, field, before, view, NULL);
        else
            text_add_literal(text, "null");
        struct str value = {text->data + start, text->length - start};
        if (!str_equal(value, values[i].data ? values[i] : STR("null")))
            continue;
        text->length = length;
        scope = unchanged;
    }
    json_end(&scope);
}

/* Structs to rows and back. A hash inside an object is flattened into columns, other collections
 * are kept as JSON (NULL when empty), a reference to objects whose ids can be used again keeps the
 * id for showing and the seq for finding. */
#include "store/rows.h"

#include "base/arena.h"
#include "base/request.h"
#include "schema/json.h"
#include "schema/parse.h"

#include <assert.h>
#include <string.h>

#define SQL_BYTES_MAX 16384
#define STORED_JSON_BYTES_MAX (16 * 1024 * 1024) /* more than a request can bring */

static const struct view stored_view = {
    .version = V_NEWEST, .indent = JSON_COMPACT, .everything = true, .sparse = true};

static bool is_json(enum kind kind)
{
    return kind == KIND_METADATA || kind == KIND_REFS || kind == KIND_STRINGS ||
           kind == KIND_OPT_HASH || kind == KIND_LIST || kind == KIND_DICTIONARY;
}

static bool has_two_columns(const struct field *field)
{
    return field->kind == KIND_REF && field->of && field->of->referred_by_seq;
}

/* ---- columns ---- */

struct str column_name(struct arena *arena, const char *prefix, const struct field *field)
{
    struct str member = str_from(field->name);
    if (str_starts(member, STR("object.")))
        member = (struct str){member.data + strlen("object."), member.length - strlen("object.")};
    char *name = (char *)(uintptr_t)str_format(arena, "%s%.*s", prefix, STR_FMT(member)).data;
    for (char *dot = strchr(name, '.'); dot; dot = strchr(dot, '.'))
        *dot = '_';
    return str_from(name);
}

/* How a row of columns is written out: with a separator, each column as `before` name `after`. */
struct writer {
    struct text *text;
    const char *before;
    bool joined;     /* columns from other tables too */
    bool assign;     /* name = $n */
    bool parameters; /* $n instead of names */
    int number;      /* of the next parameter */
};

static void add_column(struct writer *writer, struct str name)
{
    struct text *text = writer->text;
    if (text->length && text->data[text->length - 1] != ' ' && text->data[text->length - 1] != '(')
        text_add_literal(text, ", ");
    if (!writer->parameters)
        text_addf(text, "%s%.*s", writer->before, STR_FMT(name));
    if (writer->assign)
        text_add_literal(text, " = ");
    if (writer->assign || writer->parameters)
        text_addf(text, "$%d", writer->number++);
}

static void add_columns(struct writer *writer, const struct schema *schema, const char *prefix)
{
    struct arena *arena = writer->text->arena;
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (field->column) {
            if (writer->joined)
                text_addf(writer->text, ", %s", field->column);
            continue;
        }
        if (!field_is_stored(field))
            continue;
        struct str name = column_name(arena, prefix, field);
        if (field->kind == KIND_HASH) { /* as deep as the tables nest */
            add_columns(writer, field->of, str_format(arena, "%.*s_", STR_FMT(name)).data);
            continue;
        }
        add_column(writer, name);
        if (has_two_columns(field))
            add_column(writer, str_format(arena, "%.*s_seq", STR_FMT(name)));
    }
}

static struct str build_select(struct arena *arena, const struct table *table)
{
    struct text text;
    text_init(&text, arena, SQL_BYTES_MAX);
    text_add_literal(&text, "SELECT o.seq, o.id, o.created, o.deleted_at");
    struct writer writer = {.text = &text, .before = "o.", .joined = true};
    add_columns(&writer, table->schema, "");
    text_addf(&text, " FROM %s AS o%s", table->name, table->joins ? table->joins : "");
    return text_str(&text);
}

static struct str build_insert(struct arena *arena, const struct table *table)
{
    struct text text;
    text_init(&text, arena, SQL_BYTES_MAX);
    text_addf(&text, "INSERT INTO %s (tenant, seq, id, created", table->name);
    struct writer names = {.text = &text, .before = ""};
    add_columns(&names, table->schema, "");
    text_add_literal(&text, ") VALUES ($1, $2, $3, $4");
    struct writer values = {.text = &text, .parameters = true, .number = 5};
    add_columns(&values, table->schema, "");
    text_add_literal(&text, ")");
    return text_str(&text);
}

static struct str build_update(struct arena *arena, const struct table *table)
{
    struct text text;
    text_init(&text, arena, SQL_BYTES_MAX);
    text_addf(&text, "UPDATE %s SET ", table->name);
    struct writer writer = {.text = &text, .before = "", .assign = true, .number = 1};
    add_columns(&writer, table->schema, "");
    text_addf(&text, " WHERE tenant = $%d AND seq = $%d", writer.number, writer.number + 1);
    return text_str(&text);
}

void table_statements_build(struct arena *arena, const struct table *table,
                            struct table_statements *statements)
{
    struct str select = build_select(arena, table);
    *statements = (struct table_statements){
        .select = select,
        .by_id = {str_format(arena, "%s WHERE o.tenant = $1 AND o.id = $2 AND o.deleted_at IS NULL",
                             select.data)
                      .data},
        .by_id_past = {str_format(arena,
                                  "%s WHERE o.tenant = $1 AND o.id = $2 AND o.deleted_at IS NOT "
                                  "NULL ORDER BY o.seq DESC LIMIT 1",
                                  select.data)
                           .data},
        .by_seq = {str_format(arena, "%s WHERE o.tenant = $1 AND o.seq = $2", select.data).data},
        .look_up = {table->look_up ? str_format(arena, "%s WHERE o.tenant = $1 AND %s", select.data,
                                                table->look_up)
                                         .data
                                   : NULL},
        .insert = {build_insert(arena, table).data},
        .update = {build_update(arena, table).data},
        .mark_deleted = {str_format(arena,
                                    "UPDATE %s SET deleted_at = $1 WHERE tenant = $2 AND seq = $3",
                                    table->name)
                             .data},
    };
}

/* ---- structs to rows ---- */

static void bind_json(struct request *request, struct query *query, const struct field *field,
                      const void *object)
{
    if (field_is_empty(field, object)) {
        db_bind_null(query);
        return;
    }
    struct text text;
    text_init(&text, request->arena, STORED_JSON_BYTES_MAX);
    json_value(&text, field, object, &stored_view, NULL);
    assert(!text.failed);
    db_bind_str(query, text_str(&text));
}

static void bind_number(struct query *query, const struct field *field, const void *member)
{
    switch (field->kind) {
    case KIND_BOOL:
        db_bind_int(query, field->nullable ? ((const struct opt_bool *)member)->value
                                           : *(const bool *)member);
        break;
    case KIND_PERCENT:
        db_bind_int(query, ((const struct opt_percent *)member)->hundredths);
        break;
    default:
        db_bind_int(query, field->nullable ? ((const struct opt_int *)member)->value
                                           : *(const int64_t *)member);
    }
}

static void bind_columns(struct request *request, struct query *query, const struct schema *schema,
                         const void *object)
{
    for (size_t i = 0; i < schema->count; i++)
        if (field_is_stored(&schema->fields[i]) && !schema->fields[i].column)
            rows_bind(request, query, &schema->fields[i], object);
}

void rows_bind(struct request *request, struct query *query, const struct field *field,
               const void *object)
{
    const void *member = (const char *)object + field->offset;
    if (field->kind == KIND_HASH) {
        bind_columns(request, query, field->of, member); /* as deep as the tables nest */
    } else if (is_json(field->kind)) {
        bind_json(request, query, field, object);
    } else if (field_is_empty(field, object)) {
        db_bind_null(query);
        if (has_two_columns(field))
            db_bind_null(query);
    } else if (field->kind == KIND_STRING) {
        db_bind_str(query, *(const struct str *)member);
    } else if (field->kind == KIND_REF) {
        const struct ref *ref = member;
        db_bind_str(query, ref->id);
        if (has_two_columns(field))
            db_bind_int(query, ref->row);
    } else if (field->kind == KIND_CHOICE) {
        db_bind_str(query, str_from(field->values[((const struct choice *)member)->value - 1]));
    } else {
        bind_number(query, field, member);
    }
}

enum db_result rows_insert(struct request *request, const struct table_statements *statements,
                           const struct schema *schema, const void *object)
{
    const struct object *base = object;
    struct query query = db_query(request->db, &statements->insert);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, base->row);
    db_bind_str(&query, base->id);
    db_bind_int(&query, base->created.seconds);
    bind_columns(request, &query, schema, object);
    return db_run(&query);
}

enum db_result rows_update(struct request *request, const struct table_statements *statements,
                           const struct schema *schema, const void *object)
{
    struct query query = db_query(request->db, &statements->update);
    bind_columns(request, &query, schema, object);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, ((const struct object *)object)->row);
    return db_run(&query);
}

/* ---- rows to structs ---- */

static void read_choice(struct query *query, int column, const struct field *field,
                        struct choice *member)
{
    struct str value = db_str(query, column);
    for (int i = 0; field->values[i]; i++)
        if (str_is(value, field->values[i]))
            member->value = i + 1;
}

static void read_json(struct request *request, struct query *query, int column,
                      const struct field *field, void *object)
{
    bool parsed = parse_value(request->arena, field, db_str(query, column), object);
    assert(parsed && "stored JSON is what the writer wrote");
}

static void read_number(struct query *query, int column, const struct field *field, void *member)
{
    int64_t value = db_int(query, column);
    if (field->kind == KIND_BOOL && field->nullable)
        *(struct opt_bool *)member = (struct opt_bool){true, value != 0};
    else if (field->kind == KIND_BOOL)
        *(bool *)member = value != 0;
    else if (field->kind == KIND_PERCENT)
        *(struct opt_percent *)member = (struct opt_percent){true, value};
    else if (field->nullable)
        *(struct opt_int *)member = (struct opt_int){true, value};
    else
        *(int64_t *)member = value;
}

static int read_columns(struct request *request, struct query *query, int column,
                        const struct schema *schema, void *object)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        void *member = (char *)object + field->offset;
        if (!field->column && !field_is_stored(field))
            continue;
        if (field->kind == KIND_HASH) { /* as deep as the tables nest */
            column = read_columns(request, query, column, field->of, member);
            continue;
        }
        if (!db_is_null(query, column)) {
            if (is_json(field->kind))
                read_json(request, query, column, field, object);
            else if (field->kind == KIND_STRING || field->kind == KIND_REF)
                *(struct str *)member = str_copy(request->arena, db_str(query, column));
            else if (field->kind == KIND_CHOICE)
                read_choice(query, column, field, member);
            else
                read_number(query, column, field, member);
        }
        column++;
        if (has_two_columns(field))
            ((struct ref *)member)->row = db_int(query, column++);
    }
    return column;
}

void rows_read(struct request *request, struct query *query, const struct schema *schema,
               void *object)
{
    struct object *base = object;
    base->row = db_int(query, 0);
    base->id = str_copy(request->arena, db_str(query, 1));
    base->created.seconds = db_int(query, 2);
    base->deleted = !db_is_null(query, 3);
    base->livemode = request->livemode;
    read_columns(request, query, 4, schema, object);
}

/* Lists: filters and cursors to one SELECT, newest first. */
#include "resources/list.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "base/text.h"
#include "resources/registry.h"
#include "schema/expansion.h"
#include "schema/form.h"

#include <assert.h>
#include <string.h>

#define LIST_SQL_BYTES_MAX 16384
#define ONE_OR_MORE " LIMIT 2"
#define LIST_VALUES_MAX 160 /* a list parameter may have FORM_ITEMS_MAX values */

#define THIS struct page
static const struct field page_fields[] = {
    FIELD(expand, "Which fields to expand, each path starting with `data`.", .in = FILTER),
    FIELD(ending_before, "Shows what is newer than the object with this id.", .in = FILTER),
    FIELD(limit, "How many objects at most, 1 to 100; 10 by default.", .in = FILTER,
          .min = INT64_MIN, .max = INT64_MAX),
    FIELD(starting_after, "Shows what is older than the object with this id.", .in = FILTER),
};
#undef THIS

const struct schema page_schema = SCHEMA(struct page, page_fields, "page");
const struct schema plain_page_schema = {
    .name = "page",
    .fields = page_fields + 1,
    .count = ARRAY_LENGTH(page_fields) - 1,
    .size = sizeof(struct page),
};

/* A SELECT under construction: the condition's parameters with their values. */
struct selection {
    struct request *request;
    struct text sql;
    int parameters;
    bool rare; /* mostly at most one object is found */
    size_t count;
    struct value {
        const struct field *field; /* NULL: the text or the number below */
        const void *object;
        struct str text;
        int64_t number;
    } values[LIST_VALUES_MAX];
};

static struct value *add_value(struct selection *selection)
{
    assert(selection->count < LIST_VALUES_MAX);
    return &selection->values[selection->count++];
}

static void add_number(struct selection *selection, const char *condition, int64_t number)
{
    text_addf(&selection->sql, " AND %s $%d", condition, ++selection->parameters);
    add_value(selection)->number = number;
}

/* A condition of the table: ? is the value, @now the time. */
static void add_condition(struct selection *selection, const char *condition, struct value value)
{
    struct text *sql = &selection->sql;
    for (const char *c = condition; *c; c++) {
        if (*c == '?') {
            text_addf(sql, "$%d", ++selection->parameters);
            *add_value(selection) = value;
        } else if (strncmp(c, "@now", strlen("@now")) == 0) {
            text_addf(sql, "$%d", ++selection->parameters);
            add_value(selection)->number = selection->request->now;
            c += strlen("@now") - 1;
        } else {
            text_add_char(sql, *c);
        }
    }
}

/* The row's own condition; of several values one has to meet it. */
static void add_own_condition(struct selection *selection, const struct field *field,
                              const void *object)
{
    text_add_literal(&selection->sql, " AND (");
    if (field->kind == KIND_STRINGS) {
        const struct strings *strings = CONST_MEMBER(field, object, struct strings);
        for (size_t i = 0; i < strings->count; i++) {
            text_add(&selection->sql, i ? STR(" OR ") : STR(""));
            add_condition(selection, field->where, (struct value){.text = strings->items[i]});
        }
    } else if (field->kind == KIND_REF && field->of && field->of->referred_by_seq) {
        const struct ref *ref = CONST_MEMBER(field, object, struct ref);
        add_condition(selection, field->where, (struct value){.number = ref->row});
    } else {
        add_condition(selection, field->where, (struct value){.field = field, .object = object});
    }
    text_add_char(&selection->sql, ')');
}

static void add_range(struct selection *selection, const char *column, const struct range *range)
{
    const struct {
        const char *comparison;
        const struct opt_time *bound;
    } bounds[] = {{"=", &range->equal},
                  {">", &range->gt},
                  {">=", &range->gte},
                  {"<", &range->lt},
                  {"<=", &range->lte}};
    for (size_t i = 0; i < ARRAY_LENGTH(bounds); i++)
        if (bounds[i].bound->set)
            add_number(
                selection,
                str_format(selection->request->arena, "o.%s %s", column, bounds[i].comparison).data,
                bounds[i].bound->seconds);
}

/* Filters inside a hash: equality with the columns that it is kept in. */
static bool add_nested_filters(struct selection *selection, const struct field *field,
                               const void *object, const struct form_node *node)
{
    struct arena *arena = selection->request->arena;
    struct str prefix = str_format(arena, "%.*s_", STR_FMT(column_name(arena, "", field)));
    for (size_t i = 0; i < field->of->count; i++) {
        const struct field *inner = &field->of->fields[i];
        if (!(inner->in & FILTER) || (node && !form_find(node, str_from(field_name(inner)))))
            continue;
        struct str column = column_name(arena, prefix.data, inner);
        text_addf(&selection->sql, " AND o.%.*s = $%d", STR_FMT(column), ++selection->parameters);
        *add_value(selection) =
            (struct value){.field = inner, .object = (const char *)object + field->offset};
    }
    return true;
}

static bool add_filter(struct selection *selection, const struct field *field, const void *object,
                       const struct form_node *node)
{
    struct request *request = selection->request;
    struct str column = column_name(request->arena, "", field);
    if (field->kind == KIND_TIME) {
        struct range range;
        if (!decode_range(request, node, &range))
            return false;
        add_range(selection, column.data, &range);
    } else if (field->kind == KIND_HASH) {
        return add_nested_filters(selection, field, object, node);
    } else if (field->where) {
        add_own_condition(selection, field, object);
    } else if (field->kind == KIND_REF && field->of && field->of->referred_by_seq) {
        add_number(selection, str_format(request->arena, "o.%s_seq =", column.data).data,
                   CONST_MEMBER(field, object, struct ref)->row);
    } else {
        text_addf(&selection->sql, " AND o.%s = $%d", column.data, ++selection->parameters);
        *add_value(selection) = (struct value){.field = field, .object = object};
    }
    return true;
}

static bool add_filters(struct selection *selection, const struct schema *schema,
                        const void *object)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if ((field->is & INPUT) && !field->where)
            continue; /* the check has dealt with it */
        if (!row_given(selection->request, i))
            continue;
        if (!add_filter(selection, field, object,
                        form_find(selection->request->form, str_from(field_name(field)))))
            return false;
        selection->rare |= (field->is & RARE) != 0;
    }
    return true;
}

static void begin(struct selection *selection, struct request *request,
                  const struct resource *resource)
{
    *selection = (struct selection){.request = request};
    text_init(&selection->sql, request->arena, LIST_SQL_BYTES_MAX);
    text_add(&selection->sql, catalog_of(request, resource)->select);
    text_add_literal(&selection->sql, " WHERE o.tenant = $1 AND o.deleted_at IS NULL");
    selection->parameters = 1;
    add_value(selection)->number = request->tenant;
    if (resource->retention_seconds) /* what is older is only not yet removed */
        add_number(selection, "o.created >", request->now - resource->retention_seconds);
}

static void end(struct selection *selection, bool newer, int64_t limit)
{
    text_addf(&selection->sql, " ORDER BY o.seq %s LIMIT $%d", newer ? "ASC" : "DESC",
              ++selection->parameters);
    add_value(selection)->number = limit;
}

/* `one`: mostly one row is found at most. */
static struct query run(struct selection *selection, bool one)
{
    struct request *request = selection->request;
    struct query query = db_query_text(request->db, text_str(&selection->sql));
    if (one)
        db_remember(&query);
    for (size_t i = 0; i < selection->count; i++) {
        const struct value *value = &selection->values[i];
        if (value->field)
            rows_bind(request, &query, value->field, value->object);
        else if (value->text.data)
            db_bind_str(&query, value->text);
        else
            db_bind_int(&query, value->number);
    }
    return query;
}

/* The row of the object that a cursor names, live or deleted. */
static bool find_cursor(struct request *request, const struct resource *resource, const char *name,
                        struct str id, int64_t *row)
{
    *row = 0;
    if (!id.data)
        return true;
    const struct ref ref = {.id = id};
    const struct object *object = resource_follow(request, resource, &ref);
    if (!object)
        return fail(request, CODE_resource_missing, str_from(name), "No such %s: '%.*s'",
                    resource->noun, STR_FMT(id));
    *row = object->row;
    return true;
}

/* Asked after both were found. */
static bool check_one_cursor(struct request *request, const struct page *page)
{
    return !page->starting_after.data || !page->ending_before.data ||
           fail(request, CODE_NONE, STR_NULL,
                "Received both starting_after and ending_before parameters. Please pass in only "
                "one.");
}

static bool read_page(struct request *request, const struct route *route,
                      struct parameters parameters, struct page *page)
{
    struct parameters tables[] = {parameters, {&page_schema, page, FILTER}};
    page->limit = LIST_LIMIT_DEFAULT;
    if (!decode_parameters(request, tables, ARRAY_LENGTH(tables)))
        return false;
    page->limit = page->limit < 1 ? 1 : page->limit > LIST_LIMIT_MAX ? LIST_LIMIT_MAX : page->limit;
    if (page->expand.count > EXPAND_PATHS_MAX)
        return fail(request, CODE_NONE, STR("expand"),
                    "Array expand exceeded maximum %d allowed elements.", EXPAND_PATHS_MAX);
    if (!expansion_read(request, &page->expand, &route->resource->schema, true))
        return false;
    request->began = true;
    return true;
}

bool list_read_page(struct request *request, const struct route *route, void *filter,
                    struct page *page)
{
    return read_page(request, route, (struct parameters){&route->resource->schema, filter, FILTER},
                     page);
}

bool list_read_page_with(struct request *request, const struct route *route, void *parameters,
                         struct page *page)
{
    return read_page(request, route, (struct parameters){route->parameters, parameters, route->in},
                     page);
}

static void read_items(struct request *request, struct query *query,
                       const struct resource *resource, int64_t limit, bool newer,
                       struct answer *answer)
{
    answer->items = ARENA_ARRAY(request->arena, const void *, (size_t)limit);
    while (db_row(query)) {
        if (answer->count == (size_t)limit) {
            answer->has_more = true;
            break;
        }
        void *object = resource_new(request, resource);
        rows_read(request, query, &resource->schema, object);
        answer->items[answer->count++] = object;
    }
    db_end(query);
    for (size_t i = 0; newer && i < answer->count / 2; i++) { /* newest first, either way */
        const void *swapped = answer->items[i];
        answer->items[i] = answer->items[answer->count - 1 - i];
        answer->items[answer->count - 1 - i] = swapped;
    }
    for (size_t i = 0; i < answer->count && resource->derive; i++)
        resource->derive(request, (void *)(uintptr_t)answer->items[i]);
}

/* Reads what is found where that is at most one object. To ask for the order takes SQLite as long
 * as to find it. */
static bool read_one(struct request *request, struct selection *selection,
                     const struct resource *resource, struct answer *answer)
{
    size_t length = selection->sql.length;
    struct answer one = *answer;
    text_add_literal(&selection->sql, ONE_OR_MORE);
    struct query query = run(selection, true);
    read_items(request, &query, resource, 1, false, &one);
    selection->sql.length = length;
    if (!one.has_more)
        *answer = one;
    return !one.has_more;
}

bool resource_list(struct request *request, const struct route *route, struct answer *answer)
{
    return resource_list_of(request, route, answer, NULL, STR_NULL);
}

bool resource_list_of(struct request *request, const struct route *route, struct answer *answer,
                      const char *condition, struct str value)
{
    const struct resource *resource = route->resource;
    void *filter = resource_new(request, resource);
    struct page page = {0};
    int64_t after, before;
    if (!list_read_page(request, route, filter, &page) ||
        !resource_resolve(request, &resource->schema, filter, FILTER) ||
        (resource->check && !resource->check(request, filter, NULL, FILTER)) ||
        !find_cursor(request, resource, "starting_after", page.starting_after, &after) ||
        !find_cursor(request, resource, "ending_before", page.ending_before, &before))
        return false;
    if (!check_one_cursor(request, &page))
        return false;
    struct selection selection;
    begin(&selection, request, resource);
    if (!add_filters(&selection, &resource->schema, filter))
        return false;
    if (condition) {
        text_add_literal(&selection.sql, " AND ");
        add_condition(&selection, condition, (struct value){.text = value});
    }
    bool newer = page.ending_before.data != NULL;
    if (newer)
        add_number(&selection, "o.seq >", before);
    if (page.starting_after.data)
        add_number(&selection, "o.seq <", after);
    *answer =
        (struct answer){.form = ANSWER_LIST, .resource = resource, .url = str_from(route->path)};
    if (request->finds_nothing ||
        (selection.rare && read_one(request, &selection, resource, answer)))
        return true;
    end(&selection, newer, page.limit + 1);
    struct query query = run(&selection, false);
    read_items(request, &query, resource, page.limit, newer, answer);
    return true;
}

bool list_older(struct request *request, const struct resource *resource, int64_t below,
                int64_t limit, struct answer *answer)
{
    void *filter = resource_new(request, resource);
    struct parameters table = {&resource->schema, filter, FILTER};
    if (!decode_parameters(request, &table, 1) ||
        !resource_resolve(request, &resource->schema, filter, FILTER) ||
        (resource->check && !resource->check(request, filter, NULL, FILTER)))
        return false;
    struct selection selection;
    begin(&selection, request, resource);
    if (!add_filters(&selection, &resource->schema, filter))
        return false;
    if (below)
        add_number(&selection, "o.seq <", below);
    end(&selection, false, limit);
    *answer = (struct answer){0};
    struct query query = run(&selection, false);
    read_items(request, &query, resource, limit, false, answer);
    return true;
}

/* Where an id stands among the objects. */
static bool find_place(struct request *request, const struct resource *resource, const void *items,
                       size_t count, const char *name, struct str id, size_t *place)
{
    for (*place = 0; *place < count; ++*place) {
        const struct object *object = const_element_at(&resource->schema, items, *place);
        if (str_equal(object->id, id))
            return true;
    }
    return !id.data || fail(request, CODE_resource_missing, str_from(name), "No such %s: '%.*s'",
                            resource->noun, STR_FMT(id));
}

bool list_page_of(struct request *request, const struct page *page, const struct resource *resource,
                  const void *items, size_t count, struct str url, struct answer *answer)
{
    size_t after, before, limit = (size_t)page->limit;
    if (!find_place(request, resource, items, count, "starting_after", page->starting_after,
                    &after) ||
        !find_place(request, resource, items, count, "ending_before", page->ending_before,
                    &before) ||
        !check_one_cursor(request, page))
        return false;
    size_t first = page->starting_after.data ? after + 1 : 0, end = count;
    if (page->ending_before.data) {
        first = before > limit ? before - limit : 0;
        end = before;
    }
    size_t shown = end - first < limit ? end - first : limit;
    *answer =
        (struct answer){.form = ANSWER_LIST,
                        .resource = resource,
                        .items = ARENA_ARRAY(request->arena, const void *, shown + 1),
                        .count = shown,
                        .has_more = page->ending_before.data ? first > 0 : first + shown < end,
                        .url = url};
    for (size_t i = 0; i < shown; i++)
        answer->items[i] = const_element_at(&resource->schema, items, first + i);
    return true;
}

void list_statements(struct request *request, const struct resource *resource, struct text *text)
{
    const struct schema *schema = &resource->schema;
    void *filter = resource_new(request, resource);
    struct str value = STR("x"); /* of lists, which have as many conditions as values */
    const struct range every = {{true, 0}, {true, 0}, {true, 0}, {true, 0}, {true, 0}};
    struct selection all, one;
    begin(&all, request, resource);
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (field->is & INPUT ? !field->where : !(field->in & FILTER))
            continue;
        begin(&one, request, resource);
        struct selection *selections[] = {&one, &all};
        for (size_t j = 0; j < ARRAY_LENGTH(selections); j++) {
            if (field->kind == KIND_STRINGS)
                *MEMBER(field, filter, struct strings) = (struct strings){&value, 1};
            if (field->kind == KIND_TIME)
                add_range(selections[j], column_name(request->arena, "", field).data, &every);
            else
                (void)!add_filter(selections[j], field, filter, NULL);
        }
        if (field->is & RARE)
            text_addf(text, "%.*s" ONE_OR_MORE "\n", STR_FMT(text_str(&one.sql)));
        end(&one, false, 1);
        text_addf(text, "%.*s\n", STR_FMT(text_str(&one.sql)));
    }
    end(&all, true, 1);
    text_addf(text, "%.*s\n", STR_FMT(text_str(&all.sql)));
}

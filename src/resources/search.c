/* Search: a query of clauses joined by AND or by OR becomes one SELECT. Understood are some fields
 * and metadata["key"], with : (equal), ~ (contains) and a leading minus for negation; values match
 * without regard to case. Answers are up to date at once. */
#include "resources/search.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "base/text.h"
#include "resources/customer.h"
#include "resources/invoice.h"
#include "resources/price.h"
#include "resources/product.h"
#include "resources/registry.h"
#include "schema/json.h"

#include <string.h>

#define SEARCH_SQL_BYTES_MAX 16384
#define CLAUSES_MAX 10
#define SUBSTRING_CHARACTERS_MIN 3

#define FIELDS_MAX 6

/* The fields that can be looked for, besides metadata. */
static const struct searchable {
    const struct resource *resource;
    const char *fields[FIELDS_MAX];
    const char *names; /* for error messages */
} searchables[] = {
    {&customer_resource, {"email", "name"}, "email, name, metadata"},
    {&invoice_resource,
     {"currency", "customer", "number", "status"},
     "currency, customer, metadata, number, status"},
    {&price_resource,
     {"active", "currency", "lookup_key", "product", "type"},
     "active, currency, lookup_key, metadata, product, type"},
    {&product_resource,
     {"active", "description", "name", "shippable", "url"},
     "active, description, metadata, name, shippable, url"},
};

struct search {
    int64_t limit;
    struct str page;
    struct str query;
};

#define THIS struct search
static const struct field search_fields[] = {
    FIELD(limit, "How many objects at most, 1 to 100; 10 by default.", .in = ACTION,
          .min = INT64_MIN, .max = INT64_MAX),
    FIELD(page, "The `next_page` of the page before.", .in = ACTION),
    FIELD(query, "Clauses such as name:\"Ann\" or name~\"ann\" or metadata[\"k\"]:\"v\".",
          .in = ACTION, .is = REQUIRED),
};
#undef THIS

const struct schema search_schema = SCHEMA(struct search, search_fields, "search");

struct clause {
    const char *field; /* NULL: metadata */
    struct str key;    /* of metadata */
    struct str value;
    bool negated;
    bool contains;
    bool is_null;
};

struct scanner {
    struct request *request;
    const struct searchable *searchable;
    struct str rest;
};

static bool fail_query(struct request *request, const char *problem)
{
    return fail(request, CODE_NONE, STR("query"),
                "We were unable to parse your search query: %s. Use clauses such as "
                "name:\"Ann\", name~\"ann\" or metadata[\"key\"]:\"value\", joined by AND or by "
                "OR.",
                problem);
}

static bool skip(struct scanner *scanner, const char *token)
{
    struct str expected = str_from(token);
    if (!str_starts(scanner->rest, expected))
        return false;
    scanner->rest.data += expected.length;
    scanner->rest.length -= expected.length;
    return true;
}

static void skip_spaces(struct scanner *scanner)
{
    while (skip(scanner, " ")) {
    }
}

/* A string in double or single quotes with backslash escapes. */
static bool scan_string(struct scanner *scanner, struct str *value)
{
    char quote = scanner->rest.length ? scanner->rest.data[0] : '\0';
    if (quote != '"' && quote != '\'')
        return fail_query(scanner->request, "a value in quotes is missing");
    char *copy = arena_alloc(scanner->request->arena, scanner->rest.length);
    size_t length = 0, i = 1;
    for (; i < scanner->rest.length && scanner->rest.data[i] != quote; i++) {
        if (scanner->rest.data[i] == '\\' && i + 1 < scanner->rest.length)
            i++;
        copy[length++] = scanner->rest.data[i];
    }
    if (i == scanner->rest.length)
        return fail_query(scanner->request, "a closing quote is missing");
    *value = (struct str){copy, length};
    scanner->rest = (struct str){scanner->rest.data + i + 1, scanner->rest.length - i - 1};
    return true;
}

static bool scan_field(struct scanner *scanner, struct clause *clause)
{
    const struct searchable *searchable = scanner->searchable;
    for (size_t i = 0; i < FIELDS_MAX && searchable->fields[i]; i++) {
        if (skip(scanner, searchable->fields[i])) {
            clause->field = searchable->fields[i];
            return true;
        }
    }
    if (!skip(scanner, "metadata["))
        return fail_query(
            scanner->request,
            str_format(scanner->request->arena, "the field is not one of %s", searchable->names)
                .data);
    if (!scan_string(scanner, &clause->key))
        return false;
    return skip(scanner, "]") || fail_query(scanner->request, "a closing bracket is missing");
}

static bool scan_clause(struct scanner *scanner, struct clause *clause)
{
    *clause = (struct clause){.negated = skip(scanner, "-")};
    if (!scan_field(scanner, clause))
        return false;
    clause->contains = skip(scanner, "~");
    if (clause->contains && clause->key.data)
        return fail_query(scanner->request, "metadata can only be compared with :");
    if (!clause->contains && !skip(scanner, ":"))
        return fail_query(scanner->request, "an operator is missing");
    if (!clause->contains && skip(scanner, "null")) {
        clause->is_null = true;
        return true;
    }
    if (!scan_string(scanner, &clause->value))
        return false;
    if (clause->contains && str_characters(clause->value) < SUBSTRING_CHARACTERS_MIN)
        return fail_query(scanner->request, "a substring needs at least three characters");
    return true;
}

/* All clauses; `any`: joined by OR. */
static bool scan_query(struct request *request, const struct searchable *searchable,
                       struct str query, struct clause clauses[CLAUSES_MAX], size_t *count,
                       bool *any)
{
    struct scanner scanner = {request, searchable, query};
    bool all = *any = false;
    *count = 0;
    skip_spaces(&scanner);
    do {
        if (*count == CLAUSES_MAX)
            return fail_query(request, "there are more than ten clauses");
        if (!scan_clause(&scanner, &clauses[(*count)++]))
            return false;
        skip_spaces(&scanner);
        if (scanner.rest.length == 0)
            break;
        if (skip(&scanner, "OR ") || skip(&scanner, "or "))
            *any = true;
        else if (skip(&scanner, "AND ") || skip(&scanner, "and ") || *count > 0)
            all = true; /* a space alone means AND */
        skip_spaces(&scanner);
    } while (true);
    return !(*any && all) || fail_query(request, "AND and OR cannot be mixed");
}

/* A LIKE pattern that matches `text` literally. */
static void add_literally(struct text *pattern, struct str text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '%' || text.data[i] == '_' || text.data[i] == '\\')
            text_add_char(pattern, '\\');
        text_add_char(pattern, text.data[i]);
    }
}

/* What a clause compares with. Metadata is kept as compact JSON, in which the pair stands as
 * "key":"value" and quotes inside strings are escaped, so that nothing else looks like it. */
static struct str pattern_of(struct request *request, const struct clause *clause)
{
    struct text pattern, pair;
    text_init(&pattern, request->arena, SEARCH_SQL_BYTES_MAX);
    if (!clause->key.data) {
        text_add(&pattern, clause->contains ? STR("%") : STR(""));
        add_literally(&pattern, clause->value);
        text_add(&pattern, clause->contains ? STR("%") : STR(""));
        return text_str(&pattern);
    }
    text_init(&pair, request->arena, SEARCH_SQL_BYTES_MAX);
    json_string(&pair, clause->key);
    text_add_char(&pair, ':');
    text_add_char(&pattern, '%');
    if (clause->is_null) {
        add_literally(&pattern, text_str(&pair));
    } else {
        json_string(&pair, clause->value);
        add_literally(&pattern, text_str(&pair));
    }
    text_add_char(&pattern, '%');
    return text_str(&pattern);
}

/* The column as text. */
static struct str column_of(struct request *request, const struct resource *resource,
                            const char *name)
{
    for (size_t i = 0; i < resource->schema.count; i++)
        if (resource->schema.fields[i].kind == KIND_BOOL &&
            strcmp(resource->schema.fields[i].name, name) == 0)
            return str_format(request->arena,
                              "CASE o.%s WHEN 1 THEN 'true' WHEN 0 THEN 'false' END", name);
    return str_format(request->arena, "o.%s", name);
}

static void add_clause(struct request *request, struct text *sql, const struct resource *resource,
                       const struct clause *clause, int number)
{
    bool negated = clause->negated;
    struct str column = column_of(request, resource, clause->field ? clause->field : "metadata");
    if (clause->is_null && !clause->key.data) {
        text_addf(sql, "%.*s IS %sNULL", STR_FMT(column), negated ? "NOT " : "");
        return;
    }
    if (clause->is_null)
        negated = !negated; /* the pattern finds those that have the key */
    text_addf(sql, "%sLOWER(COALESCE(%.*s, '')) LIKE LOWER($%d) ESCAPE '\\'", negated ? "NOT " : "",
              STR_FMT(column), number);
}

static struct str build_sql(struct request *request, const struct resource *resource,
                            const struct clause *clauses, size_t count, bool any)
{
    struct text sql;
    int parameters = 2;
    text_init(&sql, request->arena, SEARCH_SQL_BYTES_MAX);
    text_add(&sql, catalog_of(request, resource)->select);
    text_add_literal(&sql, " WHERE o.tenant = $1 AND o.deleted_at IS NULL AND o.seq < $2 AND (");
    for (size_t i = 0; i < count; i++) {
        text_add(&sql, i == 0 ? STR("") : any ? STR(" OR ") : STR(" AND "));
        bool bound = !(clauses[i].is_null && !clauses[i].key.data);
        parameters += bound;
        add_clause(request, &sql, resource, &clauses[i], parameters);
    }
    text_addf(&sql, ") ORDER BY o.seq DESC LIMIT $%d", parameters + 1);
    return text_str(&sql);
}

void search_statements(struct request *request, struct text *text)
{
    struct clause clauses[FIELDS_MAX + 2] = {
        {.key = STR("k"), .value = STR("a")},
        {.key = STR("k"), .value = STR("a"), .negated = true},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(searchables); i++) {
        size_t count = 2;
        for (size_t j = 0; j < FIELDS_MAX && searchables[i].fields[j]; j++)
            clauses[count++] =
                (struct clause){.field = searchables[i].fields[j], .is_null = j % 2 == 1};
        struct str sql = build_sql(request, searchables[i].resource, clauses, count, false);
        text_addf(text, "%.*s\n", STR_FMT(sql));
    }
}

static void read_objects(struct request *request, struct query *query, int64_t limit,
                         struct answer *answer)
{
    const struct resource *resource = answer->resource;
    int64_t last = 0;
    answer->items = ARENA_ARRAY(request->arena, const void *, (size_t)limit);
    while (db_row(query)) {
        if (answer->count == (size_t)limit) {
            answer->has_more = true;
            answer->next_page = str_format(request->arena, "%lld", (long long)last);
            break;
        }
        struct object *object = resource_new(request, resource);
        rows_read(request, query, &resource->schema, object);
        last = object->row;
        answer->items[answer->count++] = object;
    }
    db_end(query);
    for (size_t i = 0; i < answer->count && resource->derive; i++)
        resource->derive(request, (void *)(uintptr_t)answer->items[i]);
}

/* The cursor is the row of the last object shown. */
static bool read_cursor(struct request *request, struct str page, int64_t *row)
{
    *row = INT64_MAX;
    if (!page.data)
        return true;
    return (str_to_int64(page, row) && *row > 0) ||
           fail(request, CODE_NONE, STR("page"), "Invalid page: %.*s", STR_FMT(page));
}

static const struct searchable *find_searchable(const struct resource *resource)
{
    const struct searchable *searchable = searchables;
    while (searchable->resource != resource)
        searchable++;
    return searchable;
}

bool search_objects(struct request *request, const struct route *route, struct answer *answer)
{
    struct search search = {.limit = LIST_LIMIT_DEFAULT};
    struct clause clauses[CLAUSES_MAX];
    size_t count;
    bool any;
    int64_t before;
    if (!resource_parameters(request, route, &search) ||
        !read_cursor(request, search.page, &before) ||
        !scan_query(request, find_searchable(route->resource), search.query, clauses, &count, &any))
        return false;
    int64_t limit = search.limit < 1                ? 1
                    : search.limit > LIST_LIMIT_MAX ? LIST_LIMIT_MAX
                                                    : search.limit;
    struct query query =
        db_query_text(request->db, build_sql(request, route->resource, clauses, count, any));
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, before);
    for (size_t i = 0; i < count; i++)
        if (!(clauses[i].is_null && !clauses[i].key.data))
            db_bind_str(&query, pattern_of(request, &clauses[i]));
    db_bind_int(&query, limit + 1);
    *answer = (struct answer){
        .form = ANSWER_SEARCH, .resource = route->resource, .url = str_from(route->path)};
    read_objects(request, &query, limit, answer);
    return true;
}

#pragma once
/* Structs to rows and back, by table. */
#include "schema/field.h"
#include "store/db.h"

struct arena;
struct request;

/* A database table of objects. */
struct table {
    const struct schema *schema;
    const char *name;
    const char *joins;   /* " JOIN … ON …" for columns from elsewhere; the table itself is o */
    const char *look_up; /* the condition of finding one in another way, with $2 and $3 */
};

/* The statements that a table gives rise to. Parameters of the finders: tenant, then id or seq. */
struct table_statements {
    struct str select;           /* SELECT … FROM …, up to WHERE */
    struct statement by_id;      /* not deleted */
    struct statement by_id_past; /* the one deleted last */
    struct statement by_seq;     /* deleted or not */
    struct statement look_up;    /* by the table's own condition; NULL: it has none */
    struct statement insert;
    struct statement update;
    struct statement mark_deleted;
};

void table_statements_build(struct arena *arena, const struct table *table,
                            struct table_statements *statements);

/* Reads the current row into a zeroed object. Strings are copied into the request's arena. */
void rows_read(struct request *request, struct query *query, const struct schema *schema,
               void *object);

enum db_result rows_insert(struct request *request, const struct table_statements *statements,
                           const struct schema *schema, const void *object);
enum db_result rows_update(struct request *request, const struct table_statements *statements,
                           const struct schema *schema, const void *object);

/* Binds the value of one row of the table, as its column keeps it. */
void rows_bind(struct request *request, struct query *query, const struct field *field,
               const void *object);

/* Name of the column of a top-level row. */
struct str column_name(struct arena *arena, const char *prefix, const struct field *field);

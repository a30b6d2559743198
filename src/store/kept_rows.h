#pragma once
/* Rows that a connection keeps in memory, so that what is asked for often is found without a
 * search. All of them are of one state of the database: whoever sees another one forgets them
 * first. */
#include "base/str.h"

#define ROW_KEY_BYTES_MAX 128
#define KEPT_ROWS_MAX 4096
#define KEPT_ROW_BYTES_MAX 2112 /* an odd number of 64: spreads them over the processor cache */
/* What a row takes of these, besides its key and its texts. */
#define KEPT_ROW_OWN_BYTES 8
#define KEPT_COLUMN_BYTES 9

struct kept_row;
struct kept_rows;

/* What was asked: a statement and its parameters. */
struct row_key {
    size_t length; /* more than the most: what was asked is not kept */
    char bytes[ROW_KEY_BYTES_MAX];
};

void row_key_begin(struct row_key *key, uint64_t statement);
void row_key_add_null(struct row_key *key);
void row_key_add_int(struct row_key *key, int64_t value);
void row_key_add_str(struct row_key *key, struct str value);

struct kept_rows *kept_rows_new(void);
void kept_rows_free(struct kept_rows *rows); /* NULL: nothing happens */
void kept_rows_forget(struct kept_rows *rows);

/* The row that was kept for it; NULL: none was. Valid until the next one is added. */
const struct kept_row *kept_rows_find(const struct kept_rows *rows, const struct row_key *key);

/* Adds a row of nulls in place of what was kept for the key; no column: that there is no row. NULL:
 * it is too large to be kept. */
struct kept_row *kept_rows_add(struct kept_rows *rows, const struct row_key *key, int columns);
void kept_row_set_int(struct kept_row *row, int column, int64_t value);
/* False: the row has become too large, and is to be dropped. */
bool kept_row_set_str(struct kept_row *row, int column, struct str value) MUST_CHECK;
void kept_rows_drop(struct kept_rows *rows, const struct kept_row *row);

/* Values are not converted: they are asked for as what they are, or are null. */
int kept_row_columns(const struct kept_row *row);
bool kept_row_is_null(const struct kept_row *row, int column);
int64_t kept_row_int(const struct kept_row *row, int column);
struct str kept_row_str(const struct kept_row *row, int column);

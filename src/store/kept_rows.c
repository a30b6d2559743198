/* Rows in sets of a few; where a set is full, its rows are replaced in turn. Each row is one piece
 * of memory: the values, what they are, the key, texts. Marks of the keys stand apart, so that
 * mostly a row is only looked at when it is the one. */
#include "store/kept_rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_PER_SET 4
#define SETS (KEPT_ROWS_MAX / ROWS_PER_SET) /* a power of two */

enum kind {
    NOTHING,
    NUMBER,
    TEXT
};

union value {
    int64_t number;
    struct {
        uint32_t offset, length;
    } text;
};

struct kept_row {
    uint32_t length; /* bytes that are in use */
    uint16_t key_length;
    uint16_t columns;
    union value values[];
};
_Static_assert(sizeof(struct kept_row) == KEPT_ROW_OWN_BYTES, "see kept_rows.h");
_Static_assert(sizeof(union value) + 1 == KEPT_COLUMN_BYTES, "see kept_rows.h");

struct kept_rows {
    uint32_t marks[SETS][ROWS_PER_SET]; /* 0: no row */
    unsigned char next[SETS];
    char *rows;
};

/* ---- keys ---- */

static void add(struct row_key *key, const void *bytes, size_t length)
{
    if (key->length + length <= sizeof(key->bytes))
        memcpy(key->bytes + key->length, bytes, length);
    key->length += length;
}

static void add_kind(struct row_key *key, enum kind kind)
{
    char byte = (char)kind;
    add(key, &byte, sizeof(byte));
}

void row_key_begin(struct row_key *key, uint64_t statement)
{
    key->length = 0;
    add(key, &statement, sizeof(statement));
}

void row_key_add_null(struct row_key *key)
{
    add_kind(key, NOTHING);
}

void row_key_add_int(struct row_key *key, int64_t value)
{
    add_kind(key, NUMBER);
    add(key, &value, sizeof(value));
}

void row_key_add_str(struct row_key *key, struct str value)
{
    add_kind(key, TEXT);
    add(key, &value.length, sizeof(value.length));
    add(key, value.data, value.length);
}

static bool is_kept(const struct row_key *key)
{
    return key->length <= sizeof(key->bytes);
}

static uint64_t hash_of(const struct row_key *key)
{
    return str_hash((struct str){key->bytes, key->length});
}

/* Where a key belongs, and how it is told from most others that belong there. */
static size_t set_of(uint64_t hash)
{
    return hash % SETS;
}

static uint32_t mark_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32) | 1;
}

/* ---- rows ---- */

struct kept_rows *kept_rows_new(void)
{
    struct kept_rows *rows = calloc(1, sizeof(*rows));
    if (!rows || !(rows->rows = aligned_alloc(64, (size_t)KEPT_ROWS_MAX * KEPT_ROW_BYTES_MAX)))
        abort();
    return rows;
}

void kept_rows_free(struct kept_rows *rows)
{
    if (rows)
        free(rows->rows);
    free(rows);
}

void kept_rows_forget(struct kept_rows *rows)
{
    memset(rows->marks, 0, sizeof(rows->marks));
}

static struct kept_row *row_at(const struct kept_rows *rows, size_t set, size_t place)
{
    char *bytes = rows->rows + (set * ROWS_PER_SET + place) * KEPT_ROW_BYTES_MAX;
    return (struct kept_row *)(void *)bytes;
}

static unsigned char *kinds_of(const struct kept_row *row)
{
    return (unsigned char *)(uintptr_t)(row->values + row->columns);
}

static char *key_of(const struct kept_row *row)
{
    return (char *)kinds_of(row) + row->columns;
}

/* Where the key's row is in its set; ROWS_PER_SET: there is none. */
static size_t place_of(const struct kept_rows *rows, const struct row_key *key, uint64_t hash)
{
    size_t place = 0;
    for (; place < ROWS_PER_SET; place++) {
        if (rows->marks[set_of(hash)][place] != mark_of(hash))
            continue;
        const struct kept_row *row = row_at(rows, set_of(hash), place);
        if (row->key_length == key->length && memcmp(key_of(row), key->bytes, key->length) == 0)
            break;
    }
    return place;
}

const struct kept_row *kept_rows_find(const struct kept_rows *rows, const struct row_key *key)
{
    if (!is_kept(key))
        return NULL;
    uint64_t hash = hash_of(key);
    size_t place = place_of(rows, key, hash);
    return place < ROWS_PER_SET ? row_at(rows, set_of(hash), place) : NULL;
}

struct kept_row *kept_rows_add(struct kept_rows *rows, const struct row_key *key, int columns)
{
    size_t length = KEPT_ROW_OWN_BYTES + (size_t)columns * KEPT_COLUMN_BYTES;
    if (!is_kept(key) || length + key->length > KEPT_ROW_BYTES_MAX)
        return NULL;
    uint64_t hash = hash_of(key);
    size_t set = set_of(hash), place = place_of(rows, key, hash);
    for (size_t i = 0; i < ROWS_PER_SET && place == ROWS_PER_SET; i++)
        if (!rows->marks[set][i])
            place = i;
    if (place == ROWS_PER_SET)
        place = rows->next[set]++ % ROWS_PER_SET;
    struct kept_row *row = row_at(rows, set, place);
    *row = (struct kept_row){.length = (uint32_t)(length + key->length),
                             .key_length = (uint16_t)key->length,
                             .columns = (uint16_t)columns};
    memset(kinds_of(row), NOTHING, (size_t)columns);
    memcpy(key_of(row), key->bytes, key->length);
    rows->marks[set][place] = mark_of(hash);
    return row;
}

void kept_rows_drop(struct kept_rows *rows, const struct kept_row *row)
{
    size_t number = (size_t)((const char *)row - rows->rows) / KEPT_ROW_BYTES_MAX;
    rows->marks[number / ROWS_PER_SET][number % ROWS_PER_SET] = 0;
}

/* ---- columns ---- */

void kept_row_set_int(struct kept_row *row, int column, int64_t value)
{
    kinds_of(row)[column] = NUMBER;
    row->values[column].number = value;
}

bool kept_row_set_str(struct kept_row *row, int column, struct str value)
{
    if (value.length > KEPT_ROW_BYTES_MAX - row->length)
        return false;
    kinds_of(row)[column] = TEXT;
    row->values[column].text.offset = row->length;
    row->values[column].text.length = (uint32_t)value.length;
    if (value.length)
        memcpy((char *)row + row->length, value.data, value.length);
    row->length += (uint32_t)value.length;
    return true;
}

int kept_row_columns(const struct kept_row *row)
{
    return row->columns;
}

static enum kind kind_of(const struct kept_row *row, int column)
{
    assert(column < row->columns);
    return (enum kind)kinds_of(row)[column];
}

bool kept_row_is_null(const struct kept_row *row, int column)
{
    return kind_of(row, column) == NOTHING;
}

int64_t kept_row_int(const struct kept_row *row, int column)
{
    assert(kind_of(row, column) != TEXT);
    return kind_of(row, column) == NUMBER ? row->values[column].number : 0;
}

struct str kept_row_str(const struct kept_row *row, int column)
{
    assert(kind_of(row, column) != NUMBER);
    if (kind_of(row, column) == NOTHING)
        return STR_NULL;
    return (struct str){(const char *)row + row->values[column].text.offset,
                        row->values[column].text.length};
}

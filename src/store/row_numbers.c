/* Row numbers. Only the end of what is reserved is written, about once a minute. */
#include "store/row_numbers.h"

#include "store/db.h"

#define RESERVE_SECONDS 60
/* How many where they are ahead of the clock, because those that were reserved are lost with each
 * start, or because later ones were brought in. */
#define RESERVE_AHEAD (INT64_C(1) << 21)

STATEMENT(find_reserved, "SELECT reserved FROM row_numbers");
STATEMENT(set_reserved, "UPDATE row_numbers SET reserved = $1");

void db_take_rows(struct db *db)
{
    struct query query = db_query(db, &find_reserved);
    if (!db_row(&query))
        return;
    db_row_numbers(db)->last = db_int(&query, 0);
    db_end(&query);
}

static void reserve(struct db *db, int64_t end)
{
    db_row_numbers(db)->reserved = end;
    struct query query = db_query(db, &set_reserved);
    db_bind_int(&query, end);
    db_run(&query);
}

void db_reserve_rows(struct db *db, int64_t now)
{
    struct row_numbers *numbers = db_row_numbers(db);
    int64_t first = now << ROW_SECOND_BITS;
    int64_t next = numbers->last + 1 > first ? numbers->last + 1 : first;
    int64_t with_time = first + ((int64_t)RESERVE_SECONDS << ROW_SECOND_BITS);
    if (numbers->reserved - next <= RESERVE_AHEAD / 2)
        reserve(db, with_time > next + RESERVE_AHEAD ? with_time : next + RESERVE_AHEAD);
}

int64_t db_next_row(struct db *db, int64_t now)
{
    struct row_numbers *numbers = db_row_numbers(db);
    int64_t first = now << ROW_SECOND_BITS;
    bool ahead = first > numbers->last && first < numbers->reserved;
    numbers->last = ahead ? first : numbers->last + 1;
    if (numbers->last >= numbers->reserved)
        reserve(db, numbers->last + RESERVE_AHEAD);
    return numbers->last;
}

void db_raise_row(struct db *db, int64_t row)
{
    struct row_numbers *numbers = db_row_numbers(db);
    if (numbers->last < row)
        numbers->last = row;
}

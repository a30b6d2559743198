#pragma once
/* What a bare redemption costs in two layouts: find the code, check and move two counters, write a
 * ledger entry and an event. No idempotency, no stored answer, nothing to list by.
 *
 * `lean`: integer keys, counters apart from wide rows, everything else appended. `obvious`: text
 * keys, counters in the wide rows, the ledger indexed by code and customer. */
#include "loop.h"

#define EVENT_BYTES 500

/* A layout's statements; ?1 is always the code, ?2 the number of the entry. */
struct layout {
    const char *name, *schema;
    const char *code; /* inserts code number ?1 with the text ?2 */
    const char *find, *take_coupon, *take_code, *enter, *event;
};

static const struct layout layouts[] = {
    {.name = "lean",
     .schema = "CREATE TABLE codes (id INTEGER PRIMARY KEY, code TEXT UNIQUE, coupon INTEGER,"
               " active INTEGER, expires_at INTEGER, details TEXT);"
               "CREATE TABLE code_uses (code INTEGER PRIMARY KEY, times INTEGER, cap INTEGER,"
               " last INTEGER);"
               "CREATE TABLE coupon_uses (coupon INTEGER PRIMARY KEY, times INTEGER, cap INTEGER);"
               "CREATE TABLE ledger (seq INTEGER PRIMARY KEY, code INTEGER, ordinal INTEGER,"
               " previous INTEGER, created INTEGER);"
               "CREATE TABLE events (seq INTEGER PRIMARY KEY, body TEXT);"
               "INSERT INTO coupon_uses VALUES (1, 0, NULL);"
               "CREATE TRIGGER open AFTER INSERT ON codes BEGIN"
               " INSERT INTO code_uses VALUES (NEW.id, 0, NULL, NULL); END;",
     .code = "INSERT INTO codes VALUES (?1, ?2, 1, 1, NULL, hex(zeroblob(60)))",
     .find = "SELECT c.id, c.active, c.expires_at, u.times, u.last FROM codes AS c"
             " JOIN code_uses AS u ON u.code = c.id WHERE c.code = ?3",
     .take_coupon = "UPDATE coupon_uses SET times = times + 1 WHERE coupon = 1"
                    " AND (cap IS NULL OR times < cap)",
     .take_code = "UPDATE code_uses SET times = times + 1, last = ?2 WHERE code = ?1"
                  " AND (cap IS NULL OR times < cap)",
     .enter = "INSERT INTO ledger VALUES (?2, ?1, ?4, ?5, ?6)",
     .event = "INSERT INTO events VALUES (?2, ?7)"},
    {.name = "obvious",
     .schema = "CREATE TABLE codes (id TEXT PRIMARY KEY, code TEXT UNIQUE, coupon TEXT,"
               " active INTEGER, expires_at INTEGER, details TEXT, times INTEGER, cap INTEGER);"
               "CREATE TABLE coupons (id TEXT PRIMARY KEY, details TEXT, times INTEGER,"
               " cap INTEGER);"
               "CREATE TABLE ledger (id TEXT PRIMARY KEY, code TEXT, customer TEXT,"
               " ordinal INTEGER, created INTEGER);"
               "CREATE INDEX ledger_code ON ledger (code, created);"
               "CREATE INDEX ledger_customer ON ledger (customer, created);"
               "CREATE TABLE events (id TEXT PRIMARY KEY, body TEXT);"
               "INSERT INTO coupons VALUES ('coupon', hex(zeroblob(100)), 0, NULL);",
     .code = "INSERT INTO codes VALUES ('promo_' || lower(hex(randomblob(12))), ?2, 'coupon', 1,"
             " NULL, hex(zeroblob(60)), 0, NULL)",
     .find = "SELECT id, active, expires_at, times, 0 FROM codes WHERE code = ?3",
     .take_coupon = "UPDATE coupons SET times = times + 1 WHERE id = 'coupon'"
                    " AND (cap IS NULL OR times < cap)",
     .take_code = "UPDATE codes SET times = times + 1 WHERE id = ?1"
                  " AND (cap IS NULL OR times < cap)",
     .enter = "INSERT INTO ledger VALUES ('rdm_' || lower(hex(randomblob(12))), ?1,"
              " 'cus_' || lower(hex(randomblob(7))), ?4, ?6)",
     .event = "INSERT INTO events VALUES ('evt_' || lower(hex(randomblob(12))), ?7)"},
};

static struct {
    const struct layout *layout;
    uint64_t codes;
    sqlite3_stmt *find, *take_coupon, *take_code, *enter, *event;
    char event_body[EVENT_BYTES + 1];
} of;

/* Scattered over the index, as codes are. */
static void code_text(uint64_t number, char text[TEXT_BYTES])
{
    snprintf(text, TEXT_BYTES, "SAVE%08llX",
             (unsigned long long)(number * UINT64_C(2654435761) & UINT32_MAX));
}

static void make_database(struct loop *loop, const char *path)
{
    char text[TEXT_BYTES];
    check(loop, sqlite3_open(path, &loop->db) == SQLITE_OK);
    if (sqlite3_table_column_metadata(loop->db, NULL, "codes", NULL, NULL, NULL, NULL, NULL,
                                      NULL) == SQLITE_OK)
        return;
    check(loop, sqlite3_exec(loop->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK &&
                    sqlite3_exec(loop->db, of.layout->schema, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_stmt *insert = prepare(loop, of.layout->code);
    for (uint64_t i = 0; i < of.codes; i++) {
        code_text(i, text);
        sqlite3_bind_int64(insert, 1, (int64_t)i + 1);
        sqlite3_bind_text(insert, 2, text, -1, SQLITE_STATIC);
        run(loop, insert);
    }
    sqlite3_finalize(insert);
    check(loop, sqlite3_exec(loop->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
}

static void prepare_all(struct loop *loop)
{
    of.find = prepare(loop, of.layout->find);
    of.take_coupon = prepare(loop, of.layout->take_coupon);
    of.take_code = prepare(loop, of.layout->take_code);
    of.enter = prepare(loop, of.layout->enter);
    of.event = prepare(loop, of.layout->event);
    memset(of.event_body, 'e', EVENT_BYTES);
    sqlite3_bind_text(of.event, 7, of.event_body, EVENT_BYTES, SQLITE_STATIC);
    sqlite3_stmt *last = prepare(loop, "SELECT COUNT(*) FROM events");
    check(loop, sqlite3_step(last) == SQLITE_ROW);
    loop->seq = sqlite3_column_int64(last, 0);
    sqlite3_finalize(last);
}

/* The columns of the code that was found, to where other statements take them from. */
static void take_found(struct loop *loop)
{
    sqlite3_stmt *const users[] = {of.take_code, of.enter};
    check(loop, sqlite3_step(of.find) == SQLITE_ROW && sqlite3_column_int(of.find, 1));
    for (size_t i = 0; i < 2; i++)
        sqlite3_bind_value(users[i], 1, sqlite3_column_value(of.find, 0));
    sqlite3_bind_int64(of.enter, 4, sqlite3_column_int64(of.find, 3) + 1);
    sqlite3_bind_value(of.enter, 5, sqlite3_column_value(of.find, 4));
    sqlite3_reset(of.find);
}

static void step(struct loop *loop, int64_t date)
{
    char text[TEXT_BYTES];
    int64_t entry = ++loop->seq;
    code_text(next_random(loop) % of.codes, text);
    sqlite3_bind_text(of.find, 3, text, -1, SQLITE_STATIC);
    take_found(loop);
    run(loop, of.take_coupon);
    sqlite3_bind_int64(of.take_code, 2, entry);
    run(loop, of.take_code);
    check(loop, sqlite3_changes(loop->db) == 1);
    sqlite3_bind_int64(of.enter, 2, entry);
    sqlite3_bind_int64(of.enter, 6, date / 1000000000);
    run(loop, of.enter);
    sqlite3_bind_int64(of.event, 2, entry);
    run(loop, of.event);
}

/* Opens the database in the layout of that name, made if it is not there, with so many codes.
 * False: there is no such layout. */
static bool open_layout(struct loop *loop, const char *name, const char *path, const char *codes)
{
    for (size_t i = 0; i < sizeof(layouts) / sizeof(*layouts); i++)
        if (strcmp(name, layouts[i].name) == 0)
            of.layout = &layouts[i];
    if (!of.layout)
        return false;
    of.codes = strtoul(codes, NULL, 10);
    make_database(loop, path);
    sqlite3_close(loop->db);
    open_database(loop, path);
    prepare_all(loop);
    return true;
}

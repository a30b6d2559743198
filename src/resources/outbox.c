/* The outbox of webhook deliveries. */
#include "resources/outbox.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "store/db.h"

#include <string.h>

STATEMENT(find_endpoints, "SELECT seq, enabled_events FROM webhook_endpoints"
                          " WHERE tenant = $1 AND deleted_at IS NULL AND status = 'enabled'");
STATEMENT(add_entry, "INSERT INTO webhook_deliveries (tenant, event, endpoint, attempts, next_try)"
                     " VALUES ($1, $2, $3, 0, $4) ON CONFLICT (tenant, event, endpoint)"
                     " DO UPDATE SET attempts = 0, next_try = excluded.next_try");
STATEMENT(find_event, "SELECT e.tenant, e.seq, e.type FROM accounts AS a JOIN events AS e"
                      " ON e.tenant IN (2 * a.number, 2 * a.number + 1) AND e.id = $1");
STATEMENT(find_endpoint, "SELECT seq FROM webhook_endpoints WHERE tenant = $1 AND id = $2"
                         " AND deleted_at IS NULL AND status = 'enabled'");
STATEMENT(drop_entries, "DELETE FROM webhook_deliveries WHERE tenant = $1 AND endpoint = $2"
                        " AND next_try IS NOT NULL");
/* Jumps from one endpoint to the next, however much waits for each. */
STATEMENT(next_endpoint, "SELECT tenant, endpoint FROM webhook_deliveries"
                         " WHERE (tenant, endpoint) > ($1, $2) AND next_try IS NOT NULL"
                         " ORDER BY tenant, endpoint LIMIT 1");
STATEMENT(find_entries, "SELECT event, attempts, next_try FROM webhook_deliveries"
                        " WHERE tenant = $1 AND endpoint = $2 AND next_try IS NOT NULL"
                        " ORDER BY next_try, event LIMIT $3");
STATEMENT(delete_entry,
          "DELETE FROM webhook_deliveries WHERE tenant = $1 AND event = $2 AND endpoint = $3");
STATEMENT(keep_failure, "UPDATE webhook_deliveries SET attempts = $1, next_try = $2,"
                        " last_status = $3 WHERE tenant = $4 AND event = $5 AND endpoint = $6");

/* Types are made of letters, dots and underscores, so that the stored JSON can be looked through
 * as it is. */
static bool wants(struct str enabled_events, struct str quoted_type)
{
    return memmem(enabled_events.data, enabled_events.length, "\"*\"", 3) ||
           memmem(enabled_events.data, enabled_events.length, quoted_type.data, quoted_type.length);
}

size_t outbox_add(struct request *request, int64_t event, struct str type)
{
    int64_t endpoints[WEBHOOK_ENDPOINTS_MAX];
    size_t count = 0;
    struct str quoted = STR_NULL;
    struct query query = db_query(request->db, &find_endpoints);
    db_bind_int(&query, request->tenant);
    while (db_row(&query)) {
        if (!quoted.data)
            quoted = str_format(request->arena, "\"%.*s\"", STR_FMT(type));
        if (count < WEBHOOK_ENDPOINTS_MAX && wants(db_str(&query, 1), quoted))
            endpoints[count++] = db_int(&query, 0);
    }
    db_end(&query);
    for (size_t i = 0; i < count; i++)
        outbox_add_for(request, event, endpoints[i]);
    return count;
}

void outbox_add_for(struct request *request, int64_t event, int64_t endpoint)
{
    struct query query = db_query(request->db, &add_entry);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, event);
    db_bind_int(&query, endpoint);
    db_bind_int(&query, request->clock ? 0 : request->now); /* deliveries go by no test clock */
    db_do(&query);
    request->added_deliveries = true;
}

bool outbox_find_event(struct request *request, struct str id, int64_t *event, struct str *type)
{
    struct query query = db_query(request->db, &find_event);
    db_bind_str(&query, id);
    if (!db_row(&query))
        return false;
    request->tenant = db_int(&query, 0);
    *event = db_int(&query, 1);
    *type = str_copy(request->arena, db_str(&query, 2));
    db_end(&query);
    return true;
}

int64_t outbox_find_endpoint(struct request *request, struct str id)
{
    struct query query = db_query(request->db, &find_endpoint);
    db_bind_int(&query, request->tenant);
    db_bind_str(&query, id);
    int64_t endpoint = db_row(&query) ? db_int(&query, 0) : 0;
    db_end(&query);
    return endpoint;
}

void outbox_drop(struct request *request, int64_t endpoint)
{
    struct query query = db_query(request->db, &drop_entries);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, endpoint);
    db_do(&query);
}

bool outbox_next_endpoint(struct db *db, int64_t *tenant, int64_t *endpoint)
{
    struct query query = db_query(db, &next_endpoint);
    db_bind_int(&query, *tenant);
    db_bind_int(&query, *endpoint);
    if (!db_row(&query))
        return false;
    *tenant = db_int(&query, 0);
    *endpoint = db_int(&query, 1);
    db_end(&query);
    return true;
}

size_t outbox_waiting(struct db *db, int64_t tenant, int64_t endpoint, struct delivery *entries,
                      size_t max)
{
    size_t count = 0;
    struct query query = db_query(db, &find_entries);
    db_bind_int(&query, tenant);
    db_bind_int(&query, endpoint);
    db_bind_int(&query, (int64_t)max);
    while (db_row(&query))
        entries[count++] = (struct delivery){
            .tenant = tenant,
            .event = db_int(&query, 0),
            .endpoint = endpoint,
            .attempts = db_int(&query, 1),
            .next_try = db_int(&query, 2),
        };
    db_end(&query);
    return count;
}

static void bind_entry(struct query *query, const struct delivery *entry)
{
    db_bind_int(query, entry->tenant);
    db_bind_int(query, entry->event);
    db_bind_int(query, entry->endpoint);
}

void outbox_delivered(struct db *db, const struct delivery *entry)
{
    struct query query = db_query(db, &delete_entry);
    bind_entry(&query, entry);
    db_do(&query);
}

void outbox_failed(struct db *db, const struct delivery *entry, int64_t status)
{
    struct query query = db_query(db, &keep_failure);
    db_bind_int(&query, entry->attempts);
    if (entry->next_try)
        db_bind_int(&query, entry->next_try);
    else
        db_bind_null(&query);
    db_bind_int(&query, status);
    bind_entry(&query, entry);
    db_do(&query);
}

#pragma once
/* The outbox: which events have still to be delivered to which webhook endpoints. An entry is made
 * in the transaction of the event and goes when the endpoint has acknowledged it. */
#include "base/str.h"

struct db;
struct request;

struct delivery {
    int64_t tenant;
    int64_t event;    /* seq */
    int64_t endpoint; /* seq */
    int64_t attempts; /* that failed */
    int64_t next_try; /* unix seconds; 0: given up */
};

/* Puts the event in for every endpoint of the tenant that wants events of this type. Answers for
 * how many. What is in already is due at once again. */
size_t outbox_add(struct request *request, int64_t event, struct str type);

/* The same for one endpoint, whatever it wants. */
void outbox_add_for(struct request *request, int64_t event, int64_t endpoint);

/* Finds an event by its id, whoever it belongs to, and turns the request to its tenant. */
bool outbox_find_event(struct request *request, struct str id, int64_t *event, struct str *type);

/* The tenant's endpoint of that id that is not disabled; 0: there is none. */
int64_t outbox_find_endpoint(struct request *request, struct str id);

/* Forgets what the endpoint has not got yet. */
void outbox_drop(struct request *request, int64_t endpoint);

/* Moves on to the next endpoint for which something waits, in the order of tenant and seq. False:
 * there is none. */
bool outbox_next_endpoint(struct db *db, int64_t *tenant, int64_t *endpoint);

/* What waits for the endpoint, up to `max` entries, the earliest first. Answers how many. */
size_t outbox_waiting(struct db *db, int64_t tenant, int64_t endpoint, struct delivery *entries,
                      size_t max);

/* The endpoint has acknowledged it. */
void outbox_delivered(struct db *db, const struct delivery *entry);

/* It has not: attempts and next_try are to be kept. `status`: of HTTP, 0: there was no answer. */
void outbox_failed(struct db *db, const struct delivery *entry, int64_t status);

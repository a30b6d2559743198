#pragma once
/* A whole service without sockets, for C tests: a fresh database, a clock that the test sets,
 * everything that a request needs. */
#include "api/exchange.h"
#include "api/service.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/request.h"
#include "store/db.h"

#define WORLD_NOW INT64_C(1790000000)
#define WORLD_TENANT 2

struct world {
    struct arena arena; /* lives as long as the world */
    char directory[64];
    struct str path; /* of the database */
    struct db *db;   /* the writing connection */
    struct clock clock;
    int64_t now; /* what the clock says */
    struct service service;
    struct random random;
    struct arena request_arena;
    struct request request;
};

void world_open(struct world *world);
void world_close(struct world *world);

/* Opens another connection that only reads. */
struct db *world_reader(struct world *world);

/* A fresh request of the newest version for WORLD_TENANT, on the writing connection. The one before
 * is gone. */
struct request *world_request(struct world *world);

/* A fresh request of that version with that form, which has to be well-formed. */
struct request *world_form(struct world *world, int32_t version, const char *form);

/* Runs one call through prepare and run, in a transaction of its own, and leaves the answer in
 * `exchange`, whose request has to be filled in. The arena of the exchange is the caller's. */
void world_exchange(struct world *world, struct exchange *exchange);

/* Runs one statement that is put together at run time, and has to succeed. */
void world_sql(struct world *world, const char *sql);

/* First column of the first row of a query; -1: no row. */
int64_t world_int(struct world *world, const char *sql);

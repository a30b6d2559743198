#pragma once
/* One request from bytes to bytes. It is prepared where it arrives (who, which version, which
 * call), then run in a transaction: at once on a reading connection, or with others on the writing
 * one. */
#include "base/arena.h"
#include "base/request.h"
#include "base/str.h"
#include "redemption/guesses.h"
#include "resources/resource.h"
#include "store/accounts.h"

#define EXCHANGE_HEADERS_MAX 12

struct auth_memo;
struct page;
struct random;
struct route;
struct service;

struct header {
    const char *name;
    const char *value;
};

enum exchange_next {
    EXCHANGE_ANSWERED, /* there is nothing to run */
    EXCHANGE_READS,
    EXCHANGE_WRITES,
};

struct exchange {
    struct arena arena;

    /* The request, as received. */
    struct str method;
    struct str path;  /* raw */
    struct str query; /* raw; null: none */
    struct str body;
    struct str authorization;
    struct str content_type;
    struct str host;
    struct str origin;     /* of the page that sent it */
    struct str fetch_site; /* how that page is related to this one, says the browser */
    struct str version_header;
    struct str account_header;
    struct str idempotency_key;
    struct str address;          /* of the client */
    struct auth_memo *auth_memo; /* of the connection; NULL: none */

    /* What preparing found out. */
    struct request prepared;
    const struct route *route;
    const struct page *page; /* instead of a route: a page for people */
    struct str key_to_admit; /* a development key that has no account yet */
    struct str key_hash;
    bool opened; /* an account, in the last run */
    struct account_row opened_account;
    struct key_row opened_key;
    struct str version_name;
    struct arena_mark ready; /* the arena as preparing left it, to run again from */
    size_t prepared_header_count;
    struct request request; /* of the last run */
    struct guess guess;     /* of all runs: what is counted in memory is counted once */
    bool is_answered;       /* by a reading run; a writing one only keeps the attempt */

    /* The answer. */
    int status;
    struct str answer;
    struct csv csv; /* `next` is set: the answer comes in pieces */
    const char *content_type_out;
    struct header headers[EXCHANGE_HEADERS_MAX];
    size_t header_count;
    bool no_request_id;
};

/* Pages for people, to which no key belongs. What makes them is built upon the API, which knows no
 * more of it than this. */
struct site {
    /* The same as exchange_prepare(), for what is a page; false: it is none. */
    bool (*prepare)(const struct service *service, struct exchange *exchange,
                    enum exchange_next *next);
    /* The same as exchange_run(). */
    void (*run)(const struct service *service, struct exchange *exchange);
    /* The same as exchange_fail(). */
    void (*fail)(const struct service *service, struct exchange *exchange, int status);
};

/* For a site: the answer, and a header of it. */
void exchange_answer(struct exchange *exchange, int status, const char *content_type,
                     struct str body);
void exchange_add_header(struct exchange *exchange, const char *name, struct str value);

/* Makes a pooled exchange ready for its next request. The arena is kept. */
void exchange_reset(struct exchange *exchange);

/* Steps that need no transaction. */
enum exchange_next exchange_prepare(const struct service *service, struct exchange *exchange,
                                    struct random *random);

/* Runs the call in the transaction that is open on `db` and makes the answer. May be called again
 * with the same exchange, should the transaction have to be repeated; and with a writing connection
 * after a reading one, to keep the attempt that was refused. */
void exchange_run(const struct service *service, struct exchange *exchange, struct db *db,
                  struct random *random);

/* What other requests may know once the transaction of the last run is committed. To be called
 * before the answer leaves. */
void exchange_committed(const struct service *service, struct exchange *exchange);

/* The next piece of an answer that comes in pieces, in the arena; empty: there is none. `db` is in
 * a transaction. */
struct str exchange_next_piece(struct exchange *exchange, struct db *db);

/* Replaces the answer by a failure of the service. */
void exchange_fail(const struct service *service, struct exchange *exchange, int status,
                   const char *message);

#pragma once
/* What every step of answering one request shares. It lives in the request's arena; handlers own
 * nothing of it. */
#include "base/error.h"
#include "base/str.h"

struct arena;
struct catalog;
struct code_shapes;
struct db;
struct expansion;
struct form_node;
struct guess;
struct guesses;
struct random;
struct redemption_attempt;
struct schema;

struct request {
    struct arena *arena;
    struct db *db;                 /* the connection it runs on */
    const struct catalog *catalog; /* generated statements */
    struct random *random;

    struct str id;              /* req_… */
    struct str idempotency_key; /* null: none */
    int64_t now;                /* unix seconds, read once; a test clock's where that counts */
    int64_t clock;              /* row of that test clock; 0: real time */
    int64_t started;    /* the same by no test clock, even where something was due earlier */
    int32_t version;    /* date of the API version, 20261028 */
    int64_t tenant;     /* account and mode */
    struct str account; /* acct_… */
    bool livemode;
    bool dev; /* the server is for development: private addresses may be delivered to */

    const unsigned char *sealing_key; /* for secrets in the database */

    struct str origin;            /* scheme and host of links to hosted pages */
    struct str body;              /* as it came, for the few calls that take no form */
    const struct form_node *form; /* decoded parameters, query and body together */
    struct str path_ids[2];       /* ids in the path, decoded */
    struct expansion *expansion;  /* what expand[] asks for; NULL: nothing */
    const struct schema *table;   /* of the call's parameters */
    uint64_t given[2];            /* which of its rows the form named, a bit each */

    struct str address;              /* of the client; null: not known */
    struct guesses *guesses;         /* failed look-ups of codes; NULL: they are not counted */
    struct guess *guess;             /* that this request is, in all of its runs */
    struct code_shapes *code_shapes; /* by which codes are refused; NULL: none is */

    bool timer_set;        /* something may be due earlier than the scheduler expects */
    bool guards_shape;     /* once it is committed, code_shapes have a new one */
    bool finds_nothing;    /* the check knows that no object meets the filters of a list */
    bool began;            /* past the static checks: the answer is kept under the key */
    bool shows_secret;     /* the answer is kept sealed */
    bool added_deliveries; /* there is something for webhook endpoints */
    struct redemption_attempt *attempt; /* what was refused; kept in any case; NULL: nothing */
    struct error error;                 /* type ERROR_NONE: no failure */
};

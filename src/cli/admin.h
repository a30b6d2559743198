#pragma once
/* What the command line does to a database: by itself when no server runs on the data directory,
 * else through the server, which alone may write. */
#include "base/str.h"

struct arena;
struct catalog;
struct code_shapes;
struct db;
struct random;

/* One thing to do, as words: "keys", "create", then name=value pairs. */
struct admin_request {
    struct str words[8];
    size_t count;
};

struct admin_context {
    struct arena *arena;
    struct db *db;
    struct random *random;
    const struct catalog *catalog;
    const unsigned char *pepper;
    struct code_shapes *code_shapes; /* NULL: no server runs */
    int64_t now;
};

/* What came of it. */
struct admin_result {
    int status;        /* exit status */
    struct str output; /* for standard output */
    struct str error;  /* for standard error; null: none */
    bool keys_changed;
    bool added_deliveries;
    bool timer_set;
};

/* Whether the request only reads. */
bool admin_reads(const struct admin_request *request);

void admin_run(const struct admin_context *context, const struct admin_request *request,
               struct admin_result *result);

/* Runs the request on the data directory, wherever that has to happen. Returns 0 when *result is
 * what came of it, else, after saying why, the exit status. */
int admin_ask(struct arena *arena, const char *command, const char *data,
              const struct admin_request *request, struct admin_result *result);

/* The same for the whole of a command: prints what came of it and returns the exit status. */
int admin_execute(const char *command, const char *data, const struct admin_request *request);

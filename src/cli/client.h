#pragma once
/* Calls of a server's API over HTTP: this program's, or another that speaks the same. */
#include "base/text.h"

#include <stdio.h>

#define DEFAULT_URL "http://" DEFAULT_LISTEN

struct client;

struct client_call {
    const char *method;
    struct str path; /* with the query */
    struct str body;
    const char *content_type;
    FILE *target;  /* where a successful answer goes; NULL: into `answer` */
    bool optional; /* a server that does not know the path is no failure: `answer` is null */
    struct str answer;
};

/* `command`: for messages. `key` may be NULL: that of COUPOND_API_KEY. NULL: there is none, said.
 */
struct client *client_open(const char *command, const char *url, const char *key);
void client_close(struct client *client);

/* Makes a call; the answer is in the arena. Returns 0 or, after saying what went wrong, the exit
 * status for it. */
int client_run(struct client *client, struct arena *arena, struct client_call *call);

/* Adds a parameter to a query or form, percent-encoded. */
void client_add(struct text *form, const char *name, struct str value);

#pragma once
/* The way out: POST requests to addresses that customers chose, several at once. A redirect is not
 * followed, a proxy not asked, and unless private addresses are allowed, no connection is opened to
 * one, whatever a name resolves to at that moment. */
#include "base/str.h"

#include <curl/curl.h>

struct sender;

/* One request. Belongs to the caller; the sender fills it in. */
struct transfer {
    CURL *handle;
    struct curl_slist *headers;
    size_t received; /* bytes of the answer's body */
    int64_t status;  /* of HTTP, once it has ended; 0: there was no answer */
    const char *problem;
    void *context; /* the caller's */
};

struct sender *sender_new(bool private_allowed);
void sender_free(struct sender *sender);

/* Begins a request. `url`, `body` and the transfer have to stay as they are until it has ended. */
void sender_begin(struct sender *sender, struct transfer *transfer, const char *url,
                  struct str signature, struct str body);

/* Breaks it off. */
void sender_abort(struct sender *sender, struct transfer *transfer);

/* Moves all on. Answers one that has ended; NULL: none. */
struct transfer *sender_ended(struct sender *sender);

/* Waits until something can be moved on, `wakeup` can be read, or the time is over. */
void sender_wait(struct sender *sender, int wakeup, int64_t milliseconds);

#pragma once
/* HTTP: bytes on sockets to exchanges and back. */
#include "base/str.h"

struct executor;
struct server;
struct service;

/* Listens on address:port (port 0: a free one). NULL: failed, logged. */
struct server *server_start(const struct service *service, struct executor *executor,
                            const char *address, uint16_t port, unsigned threads);

uint16_t server_port(const struct server *server);

/* Accepts no more connections and no more writes, and waits, DRAIN_SECONDS at most, for the answers
 * that are under way. */
void server_drain(struct server *server);

/* Closes what is still open. Nothing may be queued on the executor any more. */
void server_stop(struct server *server);

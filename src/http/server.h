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

/* Accepts no more connections, waits for answers that are under way, then closes. */
void server_stop(struct server *server);

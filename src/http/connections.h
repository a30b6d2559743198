#pragma once
/* Deadlines of connections. The HTTP library only knows how long nothing came; here it is bounded
 * how long a whole request head, body or pause may take, so that slow clients cannot hold a
 * connection. */
#include <microhttpd.h>
#include <stdint.h>

struct auth_memo;
struct connections;

struct connections *connections_new(void);
void connections_free(struct connections *connections);

/* For MHD_OPTION_NOTIFY_CONNECTION, with the connections as its context. */
void connections_notify(void *context, struct MHD_Connection *connection, void **socket_context,
                        enum MHD_ConnectionNotificationCode code);

/* What the connection remembers for its next request. */
struct auth_memo *connection_auth_memo(struct MHD_Connection *connection);

/* What the connection is doing from now on. */
void connection_waits(struct MHD_Connection *connection);
/* Returns how many requests the connection has had, this one included. */
int64_t connection_reads_head(struct MHD_Connection *connection);
void connection_reads_body(struct MHD_Connection *connection);
void connection_runs(struct MHD_Connection *connection);
void connection_writes(struct MHD_Connection *connection, size_t bytes);

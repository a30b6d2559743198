#pragma once
/* The sockets of the HTTP library: what arrives on them is scanned before the library sees it. */

#include "http/framing.h"

/* Scans what is received on `socket` from now on with `framing`, which must stay until it is
 * forgotten. For a fresh connection. */
void socket_watch(int socket, struct framing *framing);
void socket_forget(int socket);

/* Answers that the request cannot be read, and ends the connection when the client is done or late.
 * The library gets nothing more of it. */
void socket_refuse(int socket, struct framing_problem problem);

/* The same for a bad request that stood behind one that has been answered now, if there was one. */
void socket_refuse_held(int socket);

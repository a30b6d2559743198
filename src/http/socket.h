#pragma once
/* The sockets of the HTTP library: what arrives on them is scanned before the library sees it. */

struct framing;

/* Scans what is received on `socket` from now on with `framing`, which must stay until it is
 * forgotten. For a fresh connection. */
void socket_watch(int socket, struct framing *framing);
void socket_forget(int socket);

#pragma once
/* The sockets of the HTTP library: what arrives on them is scanned before the library sees it. */

#include "http/framing.h"

struct watched_socket {
    struct framing framing;      /* of what arrives */
    struct framing_problem held; /* to be reported when what stands before it was answered */
    bool refused;                /* was answered; what follows is not looked at */
    bool runs; /* a request, and until it is answered the library is not told that the client has
                * closed its side: it would close the other one */
};

/* Scans what is received on `socket` from now on. `watched` must stay until it is forgotten. For a
 * fresh connection. */
void socket_watch(int socket, struct watched_socket *watched);
void socket_forget(int socket);

/* Answers that the request cannot be read, and ends the connection when the client is done or late.
 * The library gets nothing more of it. */
void socket_refuse(int socket, struct framing_problem problem);

/* The same for a bad request that stood behind one that has been answered now, if there was one. */
void socket_refuse_held(int socket);

#pragma once
/* Which network addresses belong to somebody out there, and which to this machine or the networks
 * around it. */
#include "base/str.h"

struct arena;
struct sockaddr;

/* False for loopback, private, link-local, multicast, translated and reserved addresses, and for
 * everything that is not IP. */
bool address_is_public(const struct sockaddr *address);

/* Who is behind an address, as far as it says: an IPv4 address, or the /64 network of an IPv6 one,
 * in the one spelling that each has. Null: it is neither. */
struct str address_group(struct arena *arena, struct str text);

enum url_reach {
    URL_INVALID, /* not http(s)://host[:port][/…], or with a user in it */
    URL_PRIVATE, /* an address that is not public, a name that only means something here, or an
                    unusual port */
    URL_PUBLIC,  /* as far as can be seen without resolving the name */
};

enum url_reach url_reach(struct str url);

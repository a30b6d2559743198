#pragma once
/* What all requests share: made at start, then only read. */
#include "base/clock.h"
#include "base/seal.h"
#include "resources/registry.h"
#include "store/accounts.h"

struct bell;
struct code_shapes;
struct guesses;
struct keyring;
struct router;
struct site;

struct service {
    struct catalog catalog;
    struct keyring *keyring;
    struct router *router;
    const struct site *site; /* NULL: there are no pages */
    const struct clock *clock;
    struct guesses *guesses;         /* failed look-ups of codes; NULL: they are not counted */
    struct code_shapes *code_shapes; /* by which codes are refused; NULL: none is */
    struct bell *due;                /* wakes the scheduler */
    unsigned char pepper[PEPPER_BYTES];
    unsigned char sealing_key[SEAL_KEY_BYTES]; /* made of the pepper */
    struct str public_url;   /* where pages are reached, without a slash at the end; null: where
                                the request came to */
    bool dev;                /* any sk_test_ key opens an account of its own */
    int32_t default_version; /* of requests that name none */
    int wakeup;              /* an eventfd: there is something to deliver */
};

#pragma once
/* Webhook endpoints: who is told of events, of which, and in the shape of which API version. */
#include "resources/resource.h"

enum {
    ENDPOINT_DISABLED = 1,
    ENDPOINT_ENABLED = 2,
};

struct webhook_endpoint {
    struct object object;
    struct str api_version; /* null: the default of the service */
    bool connect;
    struct str description;
    struct opt_bool disabled;
    struct strings enabled_events;
    struct str secret; /* as it is shown, once */
    struct str signing_secret;
    struct choice status;
    struct str url;
};

extern const struct resource webhook_endpoint_resource;

#pragma once
/* The pages of the service: where they are, and how a request gets to one. */
#include "base/str.h"

#define STYLE_PATH "/c/style.css"

struct site;

extern const struct site web_site;

/* The origin of an http or https address, https://host:port; null: there is none that could stand
 * in a header. */
struct str site_origin_of(struct str url);

/* Whether the address is an origin and nothing more. */
bool site_is_origin(struct str url);

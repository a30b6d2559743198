#pragma once
/* The event log: what happened to which object. Events are kept in the newest shape and shown in
 * the shape of whoever asks. */
#include "schema/field.h"

struct request;

/* Records `prefix.verb` in the transaction of the request. `before`: the state before an update,
 * NULL for others. */
void event_record(struct request *request, const char *prefix, const char *verb,
                  const struct schema *schema, const void *object, const void *before);

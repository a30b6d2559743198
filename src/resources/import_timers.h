#pragma once
/* What is due some time, of objects that were brought in. */
#include "resources/resource.h"

struct request;

/* Sets the timers that the object has where it comes from, by the clock of its customer, or clears
 * them. */
void import_timers(struct request *request, const struct resource *resource, const void *object);

#pragma once
/* Previews: invoices that are worked out as if they were real, and then forgotten. */
#include "resources/invoice.h"

extern const struct schema preview_schema;  /* parameters of create_preview */
extern const struct schema upcoming_schema; /* of the older calls */

/* To be undone when the answer is written. */
handler_fn invoice_route_preview, invoice_route_upcoming_lines;

#pragma once
/* What a redemption would do. */
#include "resources/resource.h"

extern const struct resource redemption_preview_resource;

handler_fn redemption_preview;

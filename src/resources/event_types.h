#pragma once
/* The types of events that webhook endpoints can ask for. */
#include "base/str.h"

bool event_type_is_known(struct str type);

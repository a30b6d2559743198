#pragma once
/* What a receiver tells our deliveries from others' by. */
#include "base/str.h"

struct arena;

/* The value of the Stripe-Signature header: the time and an HMAC-SHA256, in hexadecimal, over time,
 * dot and body. The key is the secret as it was shown, its prefix included. */
struct str signature_make(struct arena *arena, struct str secret, int64_t seconds, struct str body);

#pragma once
/* The page on which a Checkout Session is paid. */

struct visit;

void checkout_page(struct visit *visit);

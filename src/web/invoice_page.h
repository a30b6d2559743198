#pragma once
/* The page on which an invoice can be seen by whoever has its address. */

struct visit;

void invoice_page(struct visit *visit);

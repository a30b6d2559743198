#pragma once
/* How often codes were looked up that do not exist: by a key's account, by a customer, from an
 * address. The counts are those of one process and are forgotten with it; the table is bounded, and
 * who guessed longest ago makes room. A window slides: what the one before had counts in proportion
 * to how much of it still lies within reach. */
#include "base/str.h"

struct guesses;

enum guesser {
    GUESSER_KEY,
    GUESSER_CUSTOMER,
    GUESSER_ADDRESS,
};

struct guesses *guesses_new(void);
void guesses_free(struct guesses *guesses);

/* Whether a look-up may be made: none of its budgets is used up. A null `who` is nobody. */
bool guesses_allow(struct guesses *guesses, int64_t tenant, enum guesser guesser, struct str who,
                   int64_t now);

/* Counts a look-up that failed. True: it used up a budget, for the first time in a while. */
bool guesses_count(struct guesses *guesses, int64_t tenant, enum guesser guesser, struct str who,
                   int64_t now);

#pragma once
/* How often codes were looked up that do not exist: by a key's account, by a customer, from an
 * address. The counts are those of one process and are forgotten with it; the table is bounded, and
 * who guessed longest ago makes room. A window slides: what the one before had counts in proportion
 * to how much of it still lies within reach. */
#include "base/str.h"

struct guesses;
struct request;

enum guesser {
    GUESSER_KEY,
    GUESSER_CUSTOMER,
    GUESSER_ADDRESS,
    GUESSER_COUNT
};

/* Who looks a code up, in each of these ways; null: nobody. */
struct guessers {
    struct str who[GUESSER_COUNT];
};

/* What a request was told. Should its transaction be run again it is told the same. */
struct guess {
    bool asked;
    bool allowed;
    bool first;
    bool counted;
    bool burst;
};

struct guesses *guesses_new(void);
void guesses_free(struct guesses *guesses);

/* Whether a look-up may be made: none of the budgets is used up. When one is, *first says whether
 * none of those who used theirs up was refused in the last GUESS_REFUSAL_SECONDS. */
bool guesses_allow(struct guesses *guesses, int64_t tenant, const struct guessers *guessers,
                   int64_t now, bool *first);

/* Counts a look-up that failed. True: it used up a budget, for the first time in a while. */
bool guesses_count(struct guesses *guesses, int64_t tenant, const struct guessers *guessers,
                   int64_t now);

/* The same two for a request, whose guess that is; where none are counted all are allowed. */
bool guess_allow(const struct request *request, const struct guessers *guessers, bool *first);
bool guess_count(const struct request *request, const struct guessers *guessers);

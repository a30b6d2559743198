/* A table of counters, looked up by a keyed hash, so that nobody can choose whose counter is
 * hit. Two guessers with the same hash share their budget. */
#include "redemption/guesses.h"

#include "base/limits.h"
#include "base/request.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#define WAYS 8 /* places that a hash may have */
#define WINDOWS 2

/* One window's length with what it and the one before had. */
struct window {
    int64_t number;
    int64_t count;
    int64_t before;
};

struct guesses_of {
    uint64_t hash; /* 0: free */
    int64_t last;
    int64_t refused; /* the last time that it began a stretch of refusals */
    bool reported;
    struct window windows[WINDOWS];
};

struct guesses {
    pthread_mutex_t lock;
    unsigned char key[crypto_shorthash_KEYBYTES];
    struct guesses_of table[GUESSERS_MAX];
};

static const int64_t lengths[WINDOWS] = {60, 86400};
static const int64_t budgets[][WINDOWS] = {
    [GUESSER_KEY] = {GUESSES_PER_KEY_MINUTE, GUESSES_PER_KEY_DAY},
    [GUESSER_CUSTOMER] = {GUESSES_PER_CUSTOMER_MINUTE, GUESSES_PER_CUSTOMER_DAY},
    [GUESSER_ADDRESS] = {GUESSES_PER_ADDRESS_MINUTE, GUESSES_PER_ADDRESS_DAY},
};

struct guesses *guesses_new(void)
{
    struct guesses *guesses = calloc(1, sizeof(*guesses));
    if (!guesses)
        abort();
    pthread_mutex_init(&guesses->lock, NULL);
    crypto_shorthash_keygen(guesses->key);
    return guesses;
}

void guesses_free(struct guesses *guesses)
{
    pthread_mutex_destroy(&guesses->lock);
    free(guesses);
}

static uint64_t hash_of(const struct guesses *guesses, int64_t tenant, enum guesser guesser,
                        struct str who)
{
    unsigned char key[crypto_shorthash_KEYBYTES], hash[crypto_shorthash_BYTES];
    uint64_t value = 0;
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (unsigned char)(guesses->key[i] ^ (i < 8 ? tenant >> 8 * i : 0));
    key[sizeof(key) - 1] = (unsigned char)(key[sizeof(key) - 1] ^ guesser);
    crypto_shorthash(hash, (const unsigned char *)who.data, who.length, key);
    for (size_t i = 0; i < sizeof(hash); i++)
        value = value << 8 | hash[i];
    return value ? value : 1;
}

/* The guesser's place; `make`: one is made where there is none. */
static struct guesses_of *find(struct guesses *guesses, uint64_t hash, bool make)
{
    struct guesses_of *places = &guesses->table[hash % (GUESSERS_MAX / WAYS) * WAYS];
    struct guesses_of *oldest = places;
    for (size_t i = 0; i < WAYS; i++) {
        if (places[i].hash == hash)
            return &places[i];
        if (places[i].last < oldest->last)
            oldest = &places[i];
    }
    if (!make)
        return NULL;
    *oldest = (struct guesses_of){.hash = hash};
    return oldest;
}

static void slide(struct window *window, int64_t length, int64_t now)
{
    int64_t number = now / length;
    if (number == window->number)
        return;
    window->before = number == window->number + 1 ? window->count : 0;
    window->count = 0;
    window->number = number;
}

static bool is_used_up(struct guesses_of *of, enum guesser guesser, int64_t now)
{
    bool used_up = false;
    for (size_t i = 0; i < WINDOWS; i++) {
        struct window *window = &of->windows[i];
        slide(window, lengths[i], now);
        int64_t left = lengths[i] - now % lengths[i];
        used_up |= window->count + window->before * left / lengths[i] >= budgets[guesser][i];
    }
    return used_up;
}

bool guesses_allow(struct guesses *guesses, int64_t tenant, const struct guessers *guessers,
                   int64_t now, bool *first)
{
    bool allowed = true;
    *first = true;
    pthread_mutex_lock(&guesses->lock);
    for (enum guesser i = 0; i < GUESSER_COUNT; i++) {
        struct str who = guessers->who[i];
        struct guesses_of *of =
            who.data ? find(guesses, hash_of(guesses, tenant, i, who), false) : NULL;
        if (!of || !is_used_up(of, i, now))
            continue;
        bool again = now - of->refused < GUESS_REFUSAL_SECONDS;
        of->refused = again ? of->refused : now;
        *first &= !again;
        allowed = false;
    }
    pthread_mutex_unlock(&guesses->lock);
    return allowed;
}

static bool count(struct guesses *guesses, int64_t tenant, enum guesser guesser, struct str who,
                  int64_t now)
{
    struct guesses_of *of = find(guesses, hash_of(guesses, tenant, guesser, who), true);
    if (!is_used_up(of, guesser, now))
        of->reported = false;
    for (size_t i = 0; i < WINDOWS; i++)
        of->windows[i].count++;
    of->last = now;
    bool burst = is_used_up(of, guesser, now) && !of->reported;
    of->reported |= burst;
    return burst;
}

bool guesses_count(struct guesses *guesses, int64_t tenant, const struct guessers *guessers,
                   int64_t now)
{
    bool burst = false;
    pthread_mutex_lock(&guesses->lock);
    for (enum guesser i = 0; i < GUESSER_COUNT; i++)
        if (guessers->who[i].data)
            burst |= count(guesses, tenant, i, guessers->who[i], now);
    pthread_mutex_unlock(&guesses->lock);
    return burst;
}

/* ---- of a request ---- */

bool guess_allow(const struct request *request, const struct guessers *guessers, bool *first)
{
    struct guess *guess = request->guess;
    *first = false;
    if (!request->guesses)
        return true;
    if (!guess->asked)
        guess->allowed = guesses_allow(request->guesses, request->tenant, guessers,
                                       request->started, &guess->first);
    guess->asked = true;
    *first = guess->first;
    return guess->allowed;
}

bool guess_count(const struct request *request, const struct guessers *guessers)
{
    struct guess *guess = request->guess;
    if (!request->guesses)
        return false;
    if (!guess->counted)
        guess->burst = guesses_count(request->guesses, request->tenant, guessers, request->started);
    guess->counted = true;
    return guess->burst;
}

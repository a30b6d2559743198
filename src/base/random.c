/* Random characters without bias, and object identifiers in the API's forms. */
#include "base/random.h"

#include "base/arena.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#define SHORT_RANDOM_CHARACTERS 14
#define LONG_TIME_CHARACTERS 6
#define LONG_RANDOM_CHARACTERS 17
#define LONG_TICKS_PER_SECOND 16
#define ORDERED_CHARACTERS 5

void random_init(struct random *random)
{
    *random = (struct random){.fill = randombytes_buf};
}

static unsigned char next_byte(struct random *random)
{
    if (random->left == 0) {
        random->fill(random->buffer, sizeof(random->buffer));
        random->left = sizeof(random->buffer);
    }
    return random->buffer[--random->left];
}

unsigned random_below(struct random *random, unsigned below)
{
    assert(below > 0 && below <= 256);
    unsigned usable = 256 - 256 % below; /* bytes from here on would favour small results */
    for (;;) {
        unsigned byte = next_byte(random);
        if (byte < usable)
            return byte % below;
    }
}

void random_characters(struct random *random, const char *alphabet, char *target, size_t count)
{
    unsigned letters = (unsigned)strlen(alphabet);
    for (size_t i = 0; i < count; i++)
        target[i] = alphabet[random_below(random, letters)];
}

struct str id_short(struct random *random, struct arena *arena, const char *prefix)
{
    size_t before = strlen(prefix);
    char *id = arena_alloc(arena, before + SHORT_RANDOM_CHARACTERS + 1);
    memcpy(id, prefix, before);
    random_characters(random, ALPHABET_BASE62, id + before, SHORT_RANDOM_CHARACTERS);
    return (struct str){id, before + SHORT_RANDOM_CHARACTERS};
}

struct str id_long(struct random *random, struct arena *arena, const char *prefix, int64_t now)
{
    size_t before = strlen(prefix);
    size_t length = before + 1 + LONG_TIME_CHARACTERS + LONG_RANDOM_CHARACTERS;
    char *id = arena_alloc(arena, length + 1);
    memcpy(id, prefix, before);
    id[before] = '1';
    uint64_t ticks = (uint64_t)now * LONG_TICKS_PER_SECOND;
    for (size_t i = LONG_TIME_CHARACTERS; i > 0; i--, ticks /= 62)
        id[before + i] = ALPHABET_BASE62[ticks % 62];
    random_characters(random, ALPHABET_BASE62, id + before + 1 + LONG_TIME_CHARACTERS,
                      LONG_RANDOM_CHARACTERS);
    return (struct str){id, length};
}

struct str id_ordered(struct random *random, struct arena *arena, const char *prefix, int64_t now,
                      int64_t place)
{
    struct str id = id_long(random, arena, prefix, now);
    char *ordered = (char *)(uintptr_t)id.data + id.length - LONG_RANDOM_CHARACTERS;
    for (size_t i = ORDERED_CHARACTERS; i > 0; i--, place /= 62)
        ordered[i - 1] = ALPHABET_BASE62[place % 62];
    return id;
}

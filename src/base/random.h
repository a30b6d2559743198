#pragma once
/* Unpredictable bytes and the identifiers made of them. A struct random belongs to one thread at a
 * time; it asks the system for many bytes at once because each question is a system call. */
#include "base/str.h"

#define RANDOM_BUFFER_BYTES 1024

struct random {
    void (*fill)(void *bytes, size_t count); /* libsodium's generator, or a test's */
    size_t left;
    unsigned char buffer[RANDOM_BUFFER_BYTES];
};

void random_init(struct random *random);

/* Uniform in 0 … below-1; below ≤ 256. */
unsigned random_below(struct random *random, unsigned below);

/* `count` characters drawn from the alphabet. */
void random_characters(struct random *random, const char *alphabet, char *target, size_t count);

/* prefix + 14 base-62 characters: cus_…, prod_…, req_…. */
struct str id_short(struct random *random, struct arena *arena, const char *prefix);

/* prefix + 24 characters: a 1, six that grow with time (so that an index over ids is appended to,
 * not dirtied all over), 17 random ones (101 bits). `now`: unix seconds. */
struct str id_long(struct random *random, struct arena *arena, const char *prefix, int64_t now);

/* The same for many objects of one second: five of the random characters grow with `place`, the
 * object's place in its second, so that 12 (71 bits) are random. */
struct str id_ordered(struct random *random, struct arena *arena, const char *prefix, int64_t now,
                      int64_t place);

#define ALPHABET_BASE62 "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define ALPHABET_UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

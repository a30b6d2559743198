#pragma once
/* Secrets that have to be known again, as they lie in the database: encrypted under a key that does
 * not. */
#include "base/str.h"

#define SEAL_KEY_BYTES 32

struct random;

/* The key for sealing, of the secret beside the database. */
void seal_key_make(unsigned char key[SEAL_KEY_BYTES], const unsigned char secret[SEAL_KEY_BYTES]);

struct str seal(struct arena *arena, struct random *random, const unsigned char *key,
                struct str text);

/* What was sealed; null if it was changed since, or sealed under another key. Text that was never
 * sealed is answered as it is. */
struct str unseal(struct arena *arena, const unsigned char *key, struct str text);

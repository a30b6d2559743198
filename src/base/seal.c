/* libsodium's secret boxes: a nonce and the box behind it, in base 64, behind a prefix. */
#include "base/seal.h"

#include "base/arena.h"
#include "base/random.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#define PREFIX "sealed:"
#define OVERHEAD (crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)
#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

static_assert(SEAL_KEY_BYTES == crypto_secretbox_KEYBYTES && SEAL_KEY_BYTES == crypto_kdf_KEYBYTES,
              "one size of keys");

void seal_key_make(unsigned char key[SEAL_KEY_BYTES], const unsigned char secret[SEAL_KEY_BYTES])
{
    crypto_kdf_derive_from_key(key, SEAL_KEY_BYTES, 1, "sealing_", secret);
}

struct str seal(struct arena *arena, struct random *random, const unsigned char *key,
                struct str text)
{
    size_t length = text.length + OVERHEAD;
    unsigned char *bytes = arena_alloc(arena, length);
    for (size_t i = 0; i < crypto_secretbox_NONCEBYTES; i++)
        bytes[i] = (unsigned char)random_below(random, 256);
    crypto_secretbox_easy(bytes + crypto_secretbox_NONCEBYTES, (const unsigned char *)text.data,
                          text.length, bytes, key);
    size_t room = sodium_base64_encoded_len(length, VARIANT);
    char *base64 = arena_alloc(arena, room);
    sodium_bin2base64(base64, room, bytes, length, VARIANT);
    return str_format(arena, PREFIX "%s", base64);
}

struct str unseal(struct arena *arena, const unsigned char *key, struct str text)
{
    size_t prefix = strlen(PREFIX), length;
    if (!str_starts(text, STR(PREFIX)))
        return text;
    unsigned char *bytes = arena_alloc(arena, text.length);
    if (sodium_base642bin(bytes, text.length, text.data + prefix, text.length - prefix, NULL,
                          &length, NULL, VARIANT) != 0 ||
        length < OVERHEAD)
        return STR_NULL;
    char *opened = arena_alloc(arena, length - OVERHEAD + 1);
    if (crypto_secretbox_open_easy((unsigned char *)opened, bytes + crypto_secretbox_NONCEBYTES,
                                   length - crypto_secretbox_NONCEBYTES, bytes, key) != 0)
        return STR_NULL;
    opened[length - OVERHEAD] = '\0';
    return (struct str){opened, length - OVERHEAD};
}

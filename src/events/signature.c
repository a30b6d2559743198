/* Signatures of deliveries. */
#include "events/signature.h"

#include "base/arena.h"

#include <sodium.h>

struct str signature_make(struct arena *arena, struct str secret, int64_t seconds, struct str body)
{
    crypto_auth_hmacsha256_state state;
    unsigned char digest[crypto_auth_hmacsha256_BYTES];
    char hex[2 * sizeof(digest) + 1];
    struct str prefix = str_format(arena, "%lld.", (long long)seconds);
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret.data, secret.length);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)prefix.data, prefix.length);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body.data, body.length);
    crypto_auth_hmacsha256_final(&state, digest);
    sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest));
    return str_format(arena, "t=%lld,v1=%s", (long long)seconds, hex);
}

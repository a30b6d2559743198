/* Bearer and Basic keys, the account a key may act for, and the accounts that development keys
 * open. */
#include "api/auth.h"

#include "api/exchange.h"
#include "api/keyring.h"
#include "api/service.h"
#include "base/arena.h"
#include "base/random.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

#define KEY_BYTES_MAX 255
#define DEV_KEY_PREFIX "sk_test_"

static bool has_scheme(struct str header, const char *scheme, size_t length)
{
    return header.length > length && strncasecmp(header.data, scheme, length) == 0;
}

/* The key of an Authorization header; null when there is none. */
static struct str read_key(struct arena *arena, struct str header)
{
    static const size_t bearer = sizeof("Bearer ") - 1, basic = sizeof("Basic ") - 1;
    if (!header.data)
        return STR_NULL;
    if (has_scheme(header, "Bearer ", bearer))
        return (struct str){header.data + bearer, header.length - bearer};
    if (!has_scheme(header, "Basic ", basic))
        return STR_NULL;
    size_t length = 0;
    unsigned char *decoded = arena_alloc(arena, header.length + 1);
    if (sodium_base642bin(decoded, header.length, header.data + basic, header.length - basic, NULL,
                          &length, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
        return STR_NULL;
    struct str password;
    struct str user = str_split((struct str){(char *)decoded, length}, ':', &password);
    return user.length ? user : STR_NULL;
}

static bool fail_key(struct request *request, const char *problem, struct str key)
{
    return fail_with(request, 401, ERROR_INVALID_REQUEST, CODE_NONE, "%s: %.*s", problem,
                     STR_FMT(key_hint(request->arena, key)));
}

static bool fail_account(struct request *request, struct str key, struct str wanted)
{
    return fail_with(request, 403, ERROR_INVALID_REQUEST, CODE_account_invalid,
                     "The provided key '%.*s' does not have access to account '%.*s' (or that "
                     "account does not exist). Application access may have been revoked.",
                     STR_FMT(key_hint(request->arena, key)), STR_FMT(wanted));
}

static bool is_dev_key(struct str key)
{
    struct str prefix = STR(DEV_KEY_PREFIX);
    if (!str_starts(key, prefix) || key.length == prefix.length || key.length > KEY_BYTES_MAX)
        return false;
    for (size_t i = prefix.length; i < key.length; i++) {
        char c = key.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_'))
            return false;
    }
    return true;
}

static bool check_key(struct request *request, struct str key)
{
    if (!key.length)
        return fail_with(
            request, 401, ERROR_INVALID_REQUEST, CODE_NONE,
            "You did not provide an API key. You need to provide your API key in the Authorization "
            "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
            "https://stripe.com/docs/api#authentication for details, or we can help at "
            "https://support.stripe.com/.");
    if (str_starts(key, STR("pk_")))
        return fail_with(
            request, 401, ERROR_INVALID_REQUEST, CODE_NONE,
            "This API call cannot be made with a publishable API key. Please use a secret API key. "
            "You can find a list of your API keys at "
            "https://dashboard.stripe.com/account/apikeys.");
    return true;
}

static void use_credential(struct exchange *exchange, const struct credential *credential)
{
    struct request *request = &exchange->prepared;
    request->tenant = TENANT_OF(credential->account, credential->livemode);
    request->account = credential->account_id;
    request->livemode = credential->livemode;
}

static struct str remembered_hash(const struct service *service, struct exchange *exchange,
                                  struct str key)
{
    struct auth_memo *memo = exchange->auth_memo;
    struct str header = exchange->authorization;
    if (memo && memo->length == header.length &&
        memcmp(memo->header, header.data, header.length) == 0)
        return (struct str){memo->hash, KEY_HASH_CHARACTERS};
    struct str hash = key_hash(&exchange->arena, service->pepper, key);
    if (memo && header.length <= sizeof(memo->header)) {
        memcpy(memo->header, header.data, header.length);
        memo->length = header.length;
        memcpy(memo->hash, hash.data, KEY_HASH_CHARACTERS);
    }
    return hash;
}

bool authenticate(const struct service *service, struct exchange *exchange)
{
    struct request *request = &exchange->prepared;
    struct str key = read_key(&exchange->arena, exchange->authorization);
    struct str wanted = exchange->account_header;
    struct credential credential;
    if (!check_key(request, key))
        return false;
    exchange->key_hash = remembered_hash(service, exchange, key);
    switch (keyring_find(service->keyring, &exchange->arena, exchange->key_hash, &credential)) {
    case KEY_IN_FORCE:
        break;
    case KEY_REVOKED:
        return fail_key(request, "Expired API Key provided", key);
    case KEY_UNKNOWN:
        if (!service->dev || !is_dev_key(key))
            return fail_key(request, "Invalid API Key provided", key);
        if (wanted.data) /* a new account has no other */
            return fail_account(request, key, wanted);
        exchange->key_to_admit = key;
        return true;
    }
    if (wanted.data && !keyring_act_for(service->keyring, &exchange->arena, wanted, &credential))
        return fail_account(request, key, wanted);
    use_credential(exchange, &credential);
    return true;
}

/* Opens an account for the development key. It becomes known to other requests when it is
 * committed. */
static bool open_account(struct exchange *exchange, struct db *db, struct random *random,
                         int64_t now)
{
    struct arena *arena = &exchange->arena;
    struct account_row *account = &exchange->opened_account;
    *account =
        (struct account_row){.created = now, .name = key_hint(arena, exchange->key_to_admit)};
    if (!accounts_add(arena, db, random, account))
        return false;
    exchange->opened_key = (struct key_row){
        .id = id_short(random, arena, "key_"),
        .hash = exchange->key_hash,
        .account = account->number,
        .name = STR("development"),
        .hint = account->name,
        .created = now,
    };
    exchange->opened = keys_add(db, &exchange->opened_key);
    return exchange->opened;
}

bool admit(const struct service *service, struct exchange *exchange, struct db *db,
           struct random *random)
{
    struct account_row account;
    int64_t now = service->clock->seconds(service->clock->context);
    exchange->opened = false;
    if (!accounts_of_key(&exchange->arena, db, exchange->key_hash, &account)) {
        if (!open_account(exchange, db, random, now))
            return false;
        account = exchange->opened_account;
    }
    const struct credential credential = {account.number, account.id, false};
    use_credential(exchange, &credential);
    return true;
}

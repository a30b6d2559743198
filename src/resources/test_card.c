/* The well-known test cards. */
#include "resources/test_card.h"

#include "base/arena.h"
#include "base/random.h"
#include "base/request.h"

#include <string.h>

#define FINGERPRINT_CHARACTERS 16
#define LAST4 4

#define ACCEPTED .can_be_saved = true
#define DECLINED(reason) \
    .code = CODE_card_declined, .decline_code = reason, .message = "Your card was declined."

static const struct test_card cards[] = {
    {"visa", "4242424242424242", "visa", "credit", ACCEPTED},
    {"visa_debit", "4000056655665556", "visa", "debit", ACCEPTED},
    {"mastercard", "5555555555554444", "mastercard", "credit", ACCEPTED},
    {"mastercard_debit", "5200828282828210", "mastercard", "debit", ACCEPTED},
    {"mastercard_prepaid", "5105105105105100", "mastercard", "prepaid", ACCEPTED},
    {"amex", "378282246310005", "amex", "credit", ACCEPTED},
    {"discover", "6011111111111117", "discover", "credit", ACCEPTED},
    {"diners", "3056930009020004", "diners", "credit", ACCEPTED},
    {"jcb", "3566002020360505", "jcb", "credit", ACCEPTED},
    {"unionpay", "6200000000000005", "unionpay", "credit", ACCEPTED},
    {"chargeDeclined", "4000000000000002", "visa", "credit", DECLINED("generic_decline")},
    {"chargeDeclinedInsufficientFunds", "4000000000009995", "visa", "credit",
     .code = CODE_card_declined, .decline_code = "insufficient_funds",
     .message = "Your card has insufficient funds."},
    {"chargeDeclinedLostCard", "4000000000009987", "visa", "credit", DECLINED("lost_card")},
    {"chargeDeclinedStolenCard", "4000000000009979", "visa", "credit", DECLINED("stolen_card")},
    {"chargeDeclinedExpiredCard", "4000000000000069", "visa", "credit", .code = CODE_expired_card,
     .decline_code = "expired_card", .message = "Your card has expired."},
    {"chargeDeclinedIncorrectCvc", "4000000000000127", "visa", "credit", .code = CODE_incorrect_cvc,
     .decline_code = "incorrect_cvc", .message = "Your card's security code is incorrect."},
    {"chargeDeclinedProcessingError", "4000000000000119", "visa", "credit",
     .code = CODE_processing_error, .decline_code = "processing_error",
     .message = "An error occurred while processing your card. Try again in a little bit."},
    {"chargeCustomerFail", "4000000000000341", "visa", "credit", DECLINED("generic_decline"),
     .can_be_saved = true},
};

/* The cards that fail are known with and without the brand: visa_chargeDeclined. */
const struct test_card *test_card_named(struct str name)
{
    const struct str brand = STR("visa_");
    if (str_starts(name, STR("visa_charge")))
        name = (struct str){name.data + brand.length, name.length - brand.length};
    for (size_t i = 0; i < ARRAY_LENGTH(cards); i++)
        if (str_is(name, cards[i].name))
            return &cards[i];
    return NULL;
}

const struct test_card *test_card_numbered(struct str number)
{
    for (size_t i = 0; i < ARRAY_LENGTH(cards); i++)
        if (str_is(number, cards[i].number))
            return &cards[i];
    return NULL;
}

bool fail_card(struct request *request, const struct test_card *card)
{
    bool failed = fail_with(request, 402, ERROR_CARD, card->code, "%s", card->message);
    request->error.decline_code = str_from(card->decline_code);
    return failed;
}

struct str test_card_fingerprint(struct arena *arena, const struct test_card *card)
{
    char *text = arena_alloc(arena, FINGERPRINT_CHARACTERS + 1);
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < FINGERPRINT_CHARACTERS; i++) {
        for (const char *digit = card->number; *digit; digit++)
            hash = (hash ^ (unsigned char)*digit) * UINT64_C(1099511628211);
        text[i] = ALPHABET_BASE62[(hash >> 32) % strlen(ALPHABET_BASE62)];
    }
    return (struct str){text, FINGERPRINT_CHARACTERS};
}

struct str test_card_last4(const struct test_card *card)
{
    return str_from(card->number + strlen(card->number) - LAST4);
}

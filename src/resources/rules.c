/* Rules that several objects share. */
#include "resources/rules.h"

#include "base/currency.h"
#include "base/limits.h"
#include "base/request.h"
#include "money/calendar.h"

const char *const release_policies[] = {"anytime", "held_only", "none", NULL};

bool check_redemption_rules(struct request *request, struct redemption_rules *rules,
                            const struct redemption_rules *before, const struct opt_time *end,
                            struct str currency)
{
    bool is_policy_new = before && rules->release_policy.value != before->release_policy.value;
    if (is_policy_new && rules->release_policy.value != RELEASE_ANYTIME &&
        rules->release_window.value == before->release_window.value)
        rules->release_window = (struct opt_int){0}; /* goes with the policy */
    if (rules->max_amount_off_total.set && !rules->max_amount_off_total_currency.data)
        rules->max_amount_off_total_currency = currency;
    if (rules->max_amount_off_total.set && !rules->max_amount_off_total_currency.data)
        return fail(request, CODE_NONE, STR("max_amount_off_total_currency"),
                    "You must pass max_amount_off_total_currency when passing "
                    "max_amount_off_total");
    if (!rules->max_amount_off_total.set && rules->max_amount_off_total_currency.data)
        return fail(request, CODE_NONE, STR("max_amount_off_total"),
                    "You must pass max_amount_off_total when passing "
                    "max_amount_off_total_currency");
    if (rules->release_window.set && rules->release_policy.value != RELEASE_ANYTIME)
        return fail(request, CODE_NONE, STR("release_window"),
                    "release_window can only be set when release_policy is `anytime`.");
    if (!rules->starts_at.set)
        return true;
    if (end->set && rules->starts_at.seconds >= end->seconds)
        return fail(request, CODE_NONE, STR("starts_at"),
                    "starts_at must be before the last moment of redemption.");
    if (rules->starts_at.seconds > calendar_add_months(request->now, 12 * SCHEDULE_YEARS_MAX))
        return fail(request, CODE_NONE, STR("starts_at"),
                    "Invalid timestamp: can be no more than five years in the future.");
    return true;
}

bool check_schedule(struct request *request, const char *name, const struct opt_time *time)
{
    if (!time->set)
        return true;
    if (time->seconds <= request->now)
        return fail(request, CODE_NONE, str_from(name),
                    "The parameter `%s` expects a unix timestamp representing a date and time in "
                    "the future. You specified the value `%lld` which is in the past.",
                    name, (long long)time->seconds);
    if (time->seconds > calendar_add_months(request->now, 12 * SCHEDULE_YEARS_MAX))
        return fail(request, CODE_NONE, str_from(name),
                    "Invalid timestamp: can be no more than five years in the future.");
    return true;
}

static bool check_currency_key(struct request *request, const char *name, struct str key)
{
    if (currency_is_listed(currency_key_list, key))
        return true;
    struct str lower = str_lower(request->arena, key);
    if (currency_is_listed(currency_key_list, lower))
        return fail(request, CODE_NONE, str_from(name),
                    "Currencies must be lowercase when used as keys in a map. Use `%.*s` instead "
                    "of `%.*s`.",
                    STR_FMT(lower), STR_FMT(key));
    return fail(request, CODE_NONE, str_from(name),
                "Invalid currency: %.*s. Stripe currently supports these currencies: %s.",
                STR_FMT(key), currency_key_list);
}

bool check_currency_keys(struct request *request, const char *name, const struct schema *of,
                         const struct dictionary *dictionary)
{
    for (size_t i = 0; i < dictionary->count; i++) {
        const struct str *key = const_element_at(of, dictionary->items, i);
        if (!check_currency_key(request, name, *key))
            return false;
    }
    return true;
}

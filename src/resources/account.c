/* The account that a key belongs to: GET /v1/account, which SDKs call to see whether they are let
 * in. Accounts are made on the command line; their table has no tenant. */
#include "base/request.h"
#include "resources/registry.h"
#include "store/accounts.h"

struct account_dashboard {
    struct str display_name;
    struct str timezone;
};

struct account_settings {
    struct account_dashboard dashboard;
};

struct account {
    struct object object;
    struct str default_currency;
    struct account_settings settings;
};

#define THIS struct account_dashboard
static const struct field dashboard_fields[] = {
    FIELD(display_name, "Name of the account."),
    FIELD(timezone, "Time zone.", .is = NOT_NULL),
};
#undef THIS
static const struct schema dashboard_schema =
    SCHEMA(struct account_dashboard, dashboard_fields, "account_dashboard");

#define THIS struct account_settings
static const struct field settings_fields[] = {
    HASH(dashboard, dashboard_schema, "What people see."),
};
#undef THIS
static const struct schema settings_schema =
    SCHEMA(struct account_settings, settings_fields, "account_settings");

#define THIS struct account
static const struct field account_fields[] = {
    FIELD_ID,
    CONSTANT("business_profile", "null", "Not supported."),
    CONSTANT("business_type", "null", "Not supported."),
    CONSTANT("capabilities", "{}", "Not supported."),
    CONSTANT("charges_enabled", "false", "coupond charges nobody."),
    CONSTANT("country", "\"US\"", "Country of the account."),
    FIELD(object.created, "When the account was created.", .as = "created"),
    FIELD(default_currency, "Currency of the account.", .is = NOT_NULL),
    CONSTANT("details_submitted", "true", "Always true."),
    CONSTANT("email", "null", "Not supported."),
    CONSTANT("metadata", "{}", "Not supported."),
    CONSTANT("payouts_enabled", "false", "coupond pays nobody out."),
    HASH(settings, settings_schema, "Settings."),
    CONSTANT("type", "\"standard\"", "Always standard."),
};
#undef THIS

static bool retrieve(struct request *request, const struct route *route, struct answer *answer)
{
    struct account *account = resource_new(request, &account_resource);
    struct account_row row;
    if (!resource_parameters(request, route, NULL))
        return false;
    if (!accounts_find(request->arena, request->db, request->account, &row))
        return fail_missing(request, STR("id"), "account", request->account);
    account->object.id = row.id;
    account->object.created.seconds = row.created;
    account->default_currency = STR("usd");
    account->settings.dashboard = (struct account_dashboard){row.name, STR("Etc/UTC")};
    answer_object(answer, &account_resource, account);
    return true;
}

static const struct route routes[] = {
    {.method = "GET",
     .path = "/v1/account",
     .handler = retrieve,
     .resource = &account_resource,
     .name = "GetAccount",
     .summary = "Retrieve the account that the key belongs to"},
};

const struct resource account_resource = {
    .schema = SCHEMA(struct account, account_fields, "account", .is_object = true,
                     .help = "Whose data it is."),
    .number = RESOURCE_account,
    .noun = "account",
    .path_param = "id",
    .routes = routes,
    .route_count = ARRAY_LENGTH(routes),
};

/* coupond keys create|list|revoke, coupond accounts create|list, coupond events resend, coupond
 * verify. */
#include "cli/admin.h"
#include "cli/cli.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

struct options {
    const char *data;
    struct admin_request request;
    char words[8][512];
};

enum {
    OPTION_ACCOUNT = 1,
    OPTION_ENDPOINT,
    OPTION_MODE,
    OPTION_NAME,
    OPTION_PARENT
};

/* The request's words: the command, the verb (which may stand behind options), then name=value. */
enum {
    WORD_COMMAND,
    WORD_VERB,
    WORD_FIRST_OPTION
};

static void set_word(struct options *options, size_t n, const char *text)
{
    snprintf(options->words[n], sizeof(options->words[n]), "%s", text);
    options->request.words[n] = str_from(options->words[n]);
}

static void add_option(struct options *options, const char *name, const char *value)
{
    size_t n = options->request.count;
    if (n == sizeof(options->words) / sizeof(options->words[0]))
        return;
    snprintf(options->words[n], sizeof(options->words[n]), "%s=%s", name, value);
    options->request.words[options->request.count++] = str_from(options->words[n]);
}

static bool has_verb(const struct options *options)
{
    return options->request.words[WORD_VERB].length > 0;
}

static error_t parse_common(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'd':
        options->data = argument;
        return 0;
    case OPTION_ACCOUNT:
        add_option(options, "account", argument);
        return 0;
    case OPTION_ENDPOINT:
        add_option(options, "endpoint", argument);
        return 0;
    case OPTION_MODE:
        if (strcmp(argument, "test") != 0 && strcmp(argument, "live") != 0)
            argp_error(state, "--mode is test or live");
        add_option(options, "mode", argument);
        return 0;
    case OPTION_NAME:
        add_option(options, "name", argument);
        return 0;
    case OPTION_PARENT:
        add_option(options, "parent", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The verb, then what only `revoke` takes: the id. */
static error_t parse_keys(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    if (key == ARGP_KEY_END && !has_verb(options))
        argp_error(state, "say create, list or revoke ID");
    if (key == ARGP_KEY_END && str_is(options->request.words[WORD_VERB], "revoke") &&
        state->arg_num < 2)
        argp_error(state, "revoke which key? `coupond keys list` shows their ids");
    if (key != ARGP_KEY_ARG)
        return key == ARGP_KEY_END ? 0 : parse_common(key, argument, state);
    if (state->arg_num == 0 && (strcmp(argument, "create") == 0 || strcmp(argument, "list") == 0 ||
                                strcmp(argument, "revoke") == 0))
        set_word(options, WORD_VERB, argument);
    else if (state->arg_num == 1 && str_is(options->request.words[WORD_VERB], "revoke"))
        add_option(options, "id", argument);
    else
        argp_error(state, "unexpected argument \"%s\"", argument);
    return 0;
}

static error_t parse_accounts(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    if (key == ARGP_KEY_END && !has_verb(options))
        argp_error(state, "say create or list");
    if (key != ARGP_KEY_ARG)
        return key == ARGP_KEY_END ? 0 : parse_common(key, argument, state);
    if (state->arg_num == 0 && (strcmp(argument, "create") == 0 || strcmp(argument, "list") == 0))
        set_word(options, WORD_VERB, argument);
    else
        argp_error(state, "unexpected argument \"%s\"", argument);
    return 0;
}

static error_t parse_events(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    if (key == ARGP_KEY_END && state->arg_num < 2)
        argp_error(state, "say resend ID");
    if (key != ARGP_KEY_ARG)
        return key == ARGP_KEY_END ? 0 : parse_common(key, argument, state);
    if (state->arg_num == 0 && strcmp(argument, "resend") == 0)
        set_word(options, WORD_VERB, argument);
    else if (state->arg_num == 1)
        add_option(options, "id", argument);
    else
        argp_error(state, "unexpected argument \"%s\"", argument);
    return 0;
}

static error_t parse_verify(int key, char *argument, struct argp_state *state)
{
    if (key == ARGP_KEY_ARG)
        argp_error(state, "unexpected argument \"%s\"", argument);
    return key == ARGP_KEY_ARG ? 0 : parse_common(key, argument, state);
}

#define DATA_OPTION                                                                          \
    {                                                                                        \
        .name = "data", .key = 'd', .arg = "DIR", .doc = "data directory (" DEFAULT_DATA ")" \
    }
#define NAME_OPTION                                                                      \
    {                                                                                    \
        .name = "name", .key = OPTION_NAME, .arg = "TEXT", .doc = "a name to tell it by" \
    }

static int execute(const char *command, char *title, const struct argp *argp, int argc, char **argv)
{
    struct options options = {.data = DEFAULT_DATA};
    set_word(&options, WORD_COMMAND, command);
    set_word(&options, WORD_VERB, "");
    options.request.count = WORD_FIRST_OPTION;
    argv[0] = title;
    argp_parse(argp, argc, argv, 0, NULL, &options);
    return admin_execute(command, options.data, &options.request);
}

int keys_command(int argc, char **argv)
{
    static const struct argp_option options[] = {
        DATA_OPTION,
        NAME_OPTION,
        {.name = "account",
         .key = OPTION_ACCOUNT,
         .arg = "ID",
         .doc = "create: the account (the oldest, made when there is none)"},
        {.name = "mode", .key = OPTION_MODE, .arg = "test|live", .doc = "create: the mode (test)"},
        {0},
    };
    static const struct argp argp = {options,
                                     parse_keys,
                                     "create | list | revoke ID",
                                     "API keys. A new key is printed on standard output, once; "
                                     "only a keyed hash of it is stored.",
                                     NULL,
                                     NULL,
                                     NULL};
    static char title[] = "coupond keys";
    return execute("keys", title, &argp, argc, argv);
}

int accounts_command(int argc, char **argv)
{
    static const struct argp_option options[] = {
        DATA_OPTION,
        NAME_OPTION,
        {.name = "parent",
         .key = OPTION_PARENT,
         .arg = "ID",
         .doc = "create: the account whose keys may act for this one with Stripe-Account"},
        {0},
    };
    static const struct argp argp = {options,
                                     parse_accounts,
                                     "create | list",
                                     "Accounts: each has data of its own, in test and live mode.",
                                     NULL,
                                     NULL,
                                     NULL};
    static char title[] = "coupond accounts";
    return execute("accounts", title, &argp, argc, argv);
}

int events_command(int argc, char **argv)
{
    static const struct argp_option options[] = {
        DATA_OPTION,
        {.name = "endpoint",
         .key = OPTION_ENDPOINT,
         .arg = "ID",
         .doc = "resend: to this endpoint only, even if the event is of no type that it asked for"},
        {0},
    };
    static const struct argp argp = {
        options,
        parse_events,
        "resend ID",
        "Sends an event to the webhook endpoints of its account again, "
        "whether they have acknowledged it or not.",
        NULL,
        NULL,
        NULL};
    static char title[] = "coupond events";
    return execute("events", title, &argp, argc, argv);
}

int verify_command(int argc, char **argv)
{
    static const struct argp_option options[] = {DATA_OPTION, {0}};
    static const struct argp argp = {options,
                                     parse_verify,
                                     NULL,
                                     "Recomputes every counter from the ledger and checks what "
                                     "must hold between rows. Exit status 0: all is well, 1: not.",
                                     NULL,
                                     NULL,
                                     NULL};
    static char title[] = "coupond verify";
    return execute("verify", title, &argp, argc, argv);
}

/* The HTTP client, by libcurl. */
#include "cli/client.h"

#include "base/arena.h"
#include "cli/cli.h"
#include "schema/parse.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define ANSWER_BYTES_MAX (64 * 1024 * 1024)
#define CONNECT_SECONDS 10L
#define STALL_SECONDS 60L

struct client {
    const char *command;
    struct str url; /* without a slash at its end */
    CURL *curl;
};

/* Where an answer goes while it arrives. */
struct receiver {
    CURL *curl;
    FILE *target;
    struct text text;
};

struct failure {
    struct str code;
    struct str message;
    struct str param;
};

struct failed_answer {
    struct failure error;
};

#define THIS struct failure
static const struct field failure_fields[] = {
    FIELD(code, "Kind of mistake."),
    FIELD(message, "What went wrong."),
    FIELD(param, "Where."),
};
#undef THIS
static const struct schema failure_schema = SCHEMA(struct failure, failure_fields, "error");

#define THIS struct failed_answer
static const struct field answer_fields[] = {
    HASH(error, failure_schema, "What went wrong."),
};
#undef THIS
static const struct schema answer_schema = SCHEMA(struct failed_answer, answer_fields, "answer");

struct client *client_open(const char *command, const char *url, const char *key)
{
    if (!key)
        key = getenv("COUPOND_API_KEY");
    if (!key || !*key) {
        cli_error(0, command, "there is no API key: say --api-key, or set COUPOND_API_KEY");
        return NULL;
    }
    struct client *client = calloc(1, sizeof(*client));
    if (!client || curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || !(client->curl = curl_easy_init()))
        abort();
    client->command = command;
    client->url = str_from(url);
    if (str_ends(client->url, STR("/")))
        client->url.length--;
    curl_easy_setopt(client->curl, CURLOPT_USERNAME, key);
    curl_easy_setopt(client->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(client->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
    curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
    return client;
}

void client_close(struct client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    curl_global_cleanup();
    free(client);
}

void client_add(struct text *form, const char *name, struct str value)
{
    if (form->length)
        text_add_char(form, '&');
    text_add(form, str_from(name));
    text_add_char(form, '=');
    for (size_t i = 0; i < value.length; i++)
        text_addf(form, "%%%02X", (unsigned)(unsigned char)value.data[i]);
}

/* A failure is kept, whatever its answer is for: it has a message. */
static size_t receive(char *data, size_t size, size_t count, void *context)
{
    struct receiver *receiver = context;
    long status = 0;
    curl_easy_getinfo(receiver->curl, CURLINFO_RESPONSE_CODE, &status);
    if (receiver->target && status == 200)
        return fwrite(data, 1, size * count, receiver->target);
    text_add(&receiver->text, (struct str){data, size * count});
    return receiver->text.failed ? 0 : size * count;
}

static int exit_status(long http_status)
{
    switch (http_status) {
    case 401:
    case 403:
        return EX_NOPERM;
    case 429:
    case 503:
        return EX_TEMPFAIL;
    default:
        return http_status < 500 ? EX_DATAERR : EXIT_FAILURE;
    }
}

static int judge(const struct client *client, struct arena *arena, struct client_call *call)
{
    struct failed_answer failed = {0};
    struct str problem;
    long status = 0;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200)
        return 0;
    if (status == 404 && call->optional) {
        call->answer = STR_NULL;
        return 0;
    }
    if (parse_object(arena, &answer_schema, call->answer, &failed, &problem) &&
        failed.error.message.data)
        return cli_error(exit_status(status), client->command, "%.*s%s%.*s",
                         STR_FMT(failed.error.param), failed.error.param.data ? ": " : "",
                         STR_FMT(failed.error.message));
    return cli_error(exit_status(status), client->command, "%.*s answered with status %ld",
                     STR_FMT(client->url), status);
}

int client_run(struct client *client, struct arena *arena, struct client_call *call)
{
    CURL *curl = client->curl;
    struct receiver receiver = {.curl = curl, .target = call->target};
    struct curl_slist *headers = NULL;
    bool post = strcmp(call->method, "POST") == 0;
    text_init(&receiver.text, arena, ANSWER_BYTES_MAX);
    curl_easy_setopt(curl, CURLOPT_URL,
                     str_format(arena, "%.*s%.*s", STR_FMT(client->url), STR_FMT(call->path)).data);
    curl_easy_setopt(curl, post ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
    if (post) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body.data);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.length);
        headers = curl_slist_append(headers,
                                    str_format(arena, "Content-Type: %s", call->content_type).data);
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &receiver);
    CURLcode code = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    call->answer = text_str(&receiver.text);
    if (code == CURLE_WRITE_ERROR && call->target)
        return cli_error(EX_IOERR, client->command, "what was received could not be written");
    if (code != CURLE_OK)
        return cli_error(EX_UNAVAILABLE, client->command, "%.*s: %s", STR_FMT(client->url),
                         curl_easy_strerror(code));
    return judge(client, arena, call);
}

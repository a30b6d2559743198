/* Deliveries with libcurl. */
#include "events/sender.h"

#include "base/address.h"
#include "base/limits.h"

#include <stdlib.h>
#include <sys/socket.h>

struct sender {
    CURLM *multi;
    bool private_allowed;
};

struct sender *sender_new(bool private_allowed)
{
    struct sender *sender = calloc(1, sizeof(*sender));
    if (!sender || curl_global_init(CURL_GLOBAL_DEFAULT) != 0 ||
        !(sender->multi = curl_multi_init()))
        abort();
    sender->private_allowed = private_allowed;
    return sender;
}

void sender_free(struct sender *sender)
{
    curl_multi_cleanup(sender->multi);
    curl_global_cleanup();
    free(sender);
}

/* The address is that of the connection itself: between a check of the name and its use nothing can
 * change. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    const struct sender *sender = context;
    (void)purpose;
    if (!sender->private_allowed && !address_is_public(&address->addr))
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* What the receiver has to say is of no interest, and must not become much. */
static size_t count_bytes(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    (void)data;
    transfer->received += size * count;
    return transfer->received <= DELIVERY_ANSWER_BYTES_MAX ? size * count : CURL_WRITEFUNC_ERROR;
}

static struct curl_slist *make_headers(struct str signature)
{
    char line[256];
    const char *const lines[] = {line, "Content-Type: application/json; charset=utf-8",
                                 "Cache-Control: no-cache", "Accept: */*; q=0.5, application/xml",
                                 "Expect:"}; /* no waiting for 100 Continue */
    struct curl_slist *headers = NULL;
    snprintf(line, sizeof(line), "Stripe-Signature: %.*s", STR_FMT(signature));
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        struct curl_slist *longer = curl_slist_append(headers, lines[i]);
        if (!longer)
            abort();
        headers = longer;
    }
    return headers;
}

void sender_begin(struct sender *sender, struct transfer *transfer, const char *url,
                  struct str signature, struct str body)
{
    CURL *handle = curl_easy_init();
    if (!handle)
        abort();
    transfer->handle = handle;
    transfer->headers = make_headers(signature);
    transfer->received = 0;
    curl_easy_setopt(handle, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(handle, CURLOPT_URL, url);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_PROXY, ""); /* nor one from the environment */
    curl_easy_setopt(handle, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L); /* no waiting for a name that is given up */
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, sender);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)DELIVERY_CONNECT_MS_MAX);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)DELIVERY_MS_MAX);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "Stripe/1.0 (+https://stripe.com/docs/webhooks)");
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, transfer->headers);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.length);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.data);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, count_bytes);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, transfer);
    curl_multi_add_handle(sender->multi, handle);
}

void sender_abort(struct sender *sender, struct transfer *transfer)
{
    curl_multi_remove_handle(sender->multi, transfer->handle);
    curl_easy_cleanup(transfer->handle);
    curl_slist_free_all(transfer->headers);
    transfer->handle = NULL;
    transfer->headers = NULL;
}

struct transfer *sender_ended(struct sender *sender)
{
    int count;
    CURLMsg *message;
    curl_multi_perform(sender->multi, &count);
    while ((message = curl_multi_info_read(sender->multi, &count))) {
        struct transfer *transfer;
        long status = 0;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
        /* An answer that became too long was an answer. */
        bool answered = result == CURLE_OK || transfer->received > DELIVERY_ANSWER_BYTES_MAX;
        transfer->status = answered ? status : 0;
        transfer->problem = answered ? NULL : curl_easy_strerror(result);
        sender_abort(sender, transfer);
        return transfer;
    }
    return NULL;
}

void sender_wait(struct sender *sender, int wakeup, int64_t milliseconds)
{
    struct curl_waitfd extra = {.fd = wakeup, .events = CURL_WAIT_POLLIN};
    curl_multi_poll(sender->multi, &extra, 1, (int)milliseconds, NULL);
}

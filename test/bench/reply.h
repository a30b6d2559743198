#pragma once
/* libmicrohttpd as src/http/server.c starts it, and an answer of 600 bytes of JSON. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_BYTES 600
#define CONNECTION_MEMORY_BYTES (48 * 1024)
#define THREADS_MIN 2
#define THREADS_MAX 16

static char answer[ANSWER_BYTES];

static enum MHD_Result reply(struct MHD_Connection *connection)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(sizeof(answer), answer, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", "application/json");
    enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static void fill_answer(void)
{
    static const char begin[] = "{\"text\": \"redeemed\", \"rest\": \"", end[] = "\"}\n";
    memset(answer, 'x', sizeof(answer));
    memcpy(answer, begin, sizeof(begin) - 1);
    memcpy(answer + sizeof(answer) - (sizeof(end) - 1), end, sizeof(end) - 1);
}

static unsigned thread_count(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < THREADS_MIN   ? THREADS_MIN
           : processors > THREADS_MAX ? THREADS_MAX
                                      : (unsigned)processors;
}

/* Prints its port and serves until its standard input ends. */
static int serve(MHD_AccessHandlerCallback handle, MHD_RequestCompletedCallback completed)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char byte;
    fill_answer();
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0,
                         NULL, NULL, handle, NULL, MHD_OPTION_SOCK_ADDR,
                         (struct sockaddr *)&address, MHD_OPTION_THREAD_POOL_SIZE, thread_count(),
                         MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                         (size_t)CONNECTION_MEMORY_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, 75U,
                         MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_END);
    if (!daemon) {
        fputs("cannot listen\n", stderr);
        return EXIT_FAILURE;
    }
    printf("%u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    MHD_stop_daemon(daemon);
    return EXIT_SUCCESS;
}

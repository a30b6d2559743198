#pragma once
/* A running server takes administration requests on a socket in its data directory, which only its
 * own user can reach. */
#include "base/str.h"

struct admin_request;
struct admin_result;
struct arena;
struct control;
struct executor;
struct service;

/* Serves `path`. NULL: failed, logged. */
struct control *control_start(const struct service *service, struct executor *executor,
                              const char *path);
void control_stop(struct control *control);

/* Sends a request to the server at `path`. False: it does not answer. */
bool control_call(struct arena *arena, const char *path, const struct admin_request *request,
                  struct admin_result *result) MUST_CHECK;

/* The baseline: every request is answered with the same, from the thread that read it. */
#include "reply.h"

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *length, void **seen)
{
    (void)context;
    (void)url;
    (void)method;
    (void)version;
    (void)data;
    if (!*seen) {
        *seen = answer; /* the head; the answer comes with the end of the body */
        return MHD_YES;
    }
    if (*length) {
        *length = 0;
        return MHD_YES;
    }
    return reply(connection);
}

int main(void)
{
    return serve(handle, NULL);
}

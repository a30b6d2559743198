/* Filling in the error of a request. Rendering it is api/answer.c. */
#include "base/error.h"

#include "base/arena.h"
#include "base/request.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define DOCUMENTATION "https://stripe.com/docs/error-codes/"

#define CODE_NAME(name, documented) [CODE_##name] = #name,
static const char *const code_names[] = {ERROR_CODES(CODE_NAME)};
#undef CODE_NAME

#define CODE_DOCUMENTED(name, documented) [CODE_##name] = documented,
static const bool code_documented[] = {ERROR_CODES(CODE_DOCUMENTED)};
#undef CODE_DOCUMENTED

const char *error_code_name(enum error_code code)
{
    return code_names[code];
}

static bool is_documented(struct str name)
{
    for (size_t code = 1; code < CODE_COUNT; code++)
        if (str_is(name, code_names[code]))
            return code_documented[code];
    return false;
}

struct str error_code_documentation(struct arena *arena, struct str name)
{
    if (!is_documented(name))
        return STR_NULL;
    struct str address = str_format(arena, DOCUMENTATION "%.*s", STR_FMT(name));
    /* The documentation writes codes with hyphens. */
    for (char *c = (char *)(uintptr_t)address.data; *c; c++)
        *c = *c == '_' ? '-' : *c;
    return address;
}

const char *error_type_name(enum error_type type)
{
    static const char *const names[] = {
        [ERROR_NONE] = "",
        [ERROR_API] = "api_error",
        [ERROR_CARD] = "card_error",
        [ERROR_IDEMPOTENCY] = "idempotency_error",
        [ERROR_INVALID_REQUEST] = "invalid_request_error",
    };
    return names[type];
}

static bool set(struct request *request, int status, enum error_type type, enum error_code code,
                struct str param, const char *format, va_list arguments)
{
    struct error *error = &request->error;
    if (error->type != ERROR_NONE)
        return false;
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    assert(length >= 0);
    char *message = arena_alloc(request->arena, (size_t)length + 1);
    vsnprintf(message, (size_t)length + 1, format, again);
    va_end(again);
    *error = (struct error){
        .type = type,
        .status = status,
        .code = str_from(code_names[code]),
        .param = param,
        .message = {message, (size_t)length},
    };
    return false;
}

bool fail(struct request *request, enum error_code code, struct str param, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set(request, 400, ERROR_INVALID_REQUEST, code, param, format, arguments);
    va_end(arguments);
    return false;
}

bool fail_with(struct request *request, int status, enum error_type type, enum error_code code,
               const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set(request, status, type, code, STR_NULL, format, arguments);
    va_end(arguments);
    return false;
}

bool fail_missing(struct request *request, struct str param, const char *noun, struct str id)
{
    bool result =
        fail(request, CODE_resource_missing, param, "No such %s: '%.*s'", noun, STR_FMT(id));
    request->error.status = 404;
    return result;
}

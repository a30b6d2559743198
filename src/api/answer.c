/* Answers and errors as bytes: objects, lists, the error object. */
#include "api/answer.h"

#include "api/expand.h"
#include "base/limits.h"
#include "base/request.h"
#include "resources/resource.h"
#include "schema/json.h"

static void render_items(struct request *request, const struct answer *answer,
                         struct json_scope *envelope)
{
    const struct schema *schema = &answer->resource->schema;
    struct text *text = envelope->text;
    json_key(envelope, STR("data"));
    struct json_scope items = json_begin_array(text, json_inner(envelope));
    const struct view view = {.version = request->version, .indent = json_inner(&items)};
    for (size_t i = 0; i < answer->count; i++) {
        expand_object(request, schema, answer->items[i], request->expansion);
        json_item(&items);
        json_object(text, schema, answer->items[i], &view, request->expansion);
    }
    json_end(&items);
}

static void render_list(struct request *request, const struct answer *answer, struct text *text)
{
    bool search = answer->form == ANSWER_SEARCH;
    struct json_scope envelope = json_begin_object(text, 0);
    json_key(&envelope, STR("object"));
    json_string(text, search ? STR("search_result") : STR("list"));
    render_items(request, answer, &envelope);
    json_key(&envelope, STR("has_more"));
    text_add(text, answer->has_more ? STR("true") : STR("false"));
    if (search) {
        json_key(&envelope, STR("next_page"));
        json_string(text, answer->next_page);
    }
    json_key(&envelope, STR("url"));
    json_string(text, answer->url);
    json_end(&envelope);
}

struct str answer_render(struct request *request, const struct answer *answer)
{
    struct text text;
    text_init(&text, request->arena, RESPONSE_BYTES_MAX);
    const struct view view = {.version = request->version, .indent = 0};
    const struct object *object = answer->object;
    switch (answer->form) {
    case ANSWER_OBJECT:
        expand_object(request, &answer->resource->schema, object, request->expansion);
        json_object(&text, &answer->resource->schema, object, &view, request->expansion);
        break;
    case ANSWER_DELETED:
        json_deleted(&text, &answer->resource->schema, object->id, 0);
        break;
    case ANSWER_LIST:
    case ANSWER_SEARCH:
        render_list(request, answer, &text);
        break;
    case ANSWER_TEXT:
        text_add(&text, answer->text);
        break;
    case ANSWER_CSV:
        return STR(""); /* comes in pieces */
    }
    text_add_char(&text, '\n');
    return text_str(&text);
}

struct str error_render(const struct request *request)
{
    const struct error *error = &request->error;
    struct text text;
    text_init(&text, request->arena, RESPONSE_BYTES_MAX);
    struct json_scope body = json_begin_object(&text, 0);
    json_key(&body, STR("error"));
    struct json_scope scope = json_begin_object(&text, json_inner(&body));
    if (error->code.data) {
        json_key(&scope, STR("code"));
        json_string(&text, error->code);
    }
    if (error->decline_code.data) {
        json_key(&scope, STR("decline_code"));
        json_string(&text, error->decline_code);
    }
    struct str documentation = error_code_documentation(request->arena, error->code);
    if (documentation.data) {
        json_key(&scope, STR("doc_url"));
        json_string(&text, documentation);
    }
    json_key(&scope, STR("message"));
    json_string(&text, str_make_text(request->arena, error->message)); /* may echo anything */
    if (error->param.data) {
        json_key(&scope, STR("param"));
        json_string(&text, str_make_text(request->arena, error->param));
    }
    const struct view view = {.version = request->version, .indent = json_inner(&scope)};
    for (size_t i = 0; i < ARRAY_LENGTH(error->objects); i++) {
        if (!error->objects[i].schema)
            continue;
        json_key(&scope, str_from(error->objects[i].schema->name));
        json_object(&text, error->objects[i].schema, error->objects[i].object, &view, NULL);
    }
    if (error->reason.data) {
        json_key(&scope, STR("reason"));
        json_string(&text, error->reason);
    }
    json_key(&scope, STR("type"));
    json_string(&text, str_from(error_type_name(error->type)));
    json_end(&scope);
    json_end(&body);
    text_add_char(&text, '\n');
    return text_str(&text);
}

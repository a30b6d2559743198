/* jansson reads what our writer wrote. */
#include "lib/document.h"

#include "base/arena.h"

#include <jansson.h>

static json_t *load(struct str json)
{
    return json_loadb(json.data, json.length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
}

bool document_is_valid(struct str json)
{
    json_t *root = load(json);
    json_decref(root);
    return root != NULL;
}

int64_t document_members(struct str json)
{
    json_t *root = load(json);
    int64_t count = json_is_object(root) ? (int64_t)json_object_size(root) : -1;
    json_decref(root);
    return count;
}

bool document_has(struct str json, const char *key)
{
    json_t *root = load(json);
    bool found = json_object_get(root, key) != NULL;
    json_decref(root);
    return found;
}

static const json_t *follow(const json_t *node, const char *path)
{
    char name[64];
    struct str rest = str_from(path);
    while (rest.data) {
        struct str key = str_split(rest, '.', &rest);
        snprintf(name, sizeof(name), "%.*s", STR_FMT(key));
        node = json_object_get(node, name);
    }
    return node;
}

struct str document_string(struct arena *arena, struct str json, const char *path)
{
    json_t *root = load(json);
    const json_t *value = follow(root, path);
    struct str result = STR_NULL;
    if (json_is_string(value))
        result = str_copy(arena, (struct str){json_string_value(value), json_string_length(value)});
    json_decref(root);
    return result;
}

int64_t document_int(struct str json, const char *path)
{
    json_t *root = load(json);
    const json_t *value = follow(root, path);
    int64_t result = json_is_integer(value) ? json_integer_value(value) : -1;
    json_decref(root);
    return result;
}

#include <string.h>

#include "common/http_inner.h"

const char *http_query(const struct http_request *request, const char *name) {
    const char *value = NULL;

    if (MHD_lookup_connection_value_n(request->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), &value, NULL) !=
        MHD_YES)
        return NULL;
    return value == NULL ? "" : value; /* "?open" without an equals sign */
}

static bool holds(const char *names, const char *name) {
    size_t size = strlen(name);
    for (names += strspn(names, " "); *names != '\0'; names += strspn(names, " ")) {
        size_t word = strcspn(names, " ");
        if (word == size && memcmp(names, name, size) == 0)
            return true;
        names += word;
    }
    return false;
}

struct look {
    const char *names;
    const char *unknown; /* the first that is none of them */
};

static enum MHD_Result look_at(void *context, enum MHD_ValueKind kind, const char *name, const char *value) {
    struct look *look = context;
    (void)kind;
    (void)value;
    if (holds(look->names, name))
        return MHD_YES;
    look->unknown = name;
    return MHD_NO;
}

bool http_query_fits(struct http_request *request, const struct http_route *route) {
    struct look look = {route->query, NULL};
    struct reason why;
    if (route->query == NULL)
        return true;
    MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, look_at, &look);
    if (look.unknown == NULL)
        return true;
    if (*route->query == '\0')
        refuse(&why, look.unknown, "there is no such parameter here; leave it out");
    else
        refuse(&why, look.unknown, "there is no such parameter here; there are: %s", route->query);
    http_refuse(request, MHD_HTTP_BAD_REQUEST, &why);
    return false;
}

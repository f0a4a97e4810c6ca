#include "common/http_guard.h"

#include <string.h>
#include <strings.h>

#define LENGTH_DIGITS_MAX 18 /* fits 64 bits without a further check */

/* tchar of RFC 9110, 5.6.2 */
static bool is_token(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return size > 0;
}

/* Bytes above 0x7f are allowed in a value (obs-text); control bytes but the tab are not. */
static bool is_value(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static bool is_host(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (text[i] <= ' ' || text[i] == 0x7f || strchr("/\\?#@,\"<>", text[i]) != NULL)
            return false;
    return size > 0;
}

bool http_guard_target(const char *target, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (target[i] <= ' ' || target[i] == 0x7f || target[i] == '#')
            return false;
    return size > 0 && (target[0] == '/' || (size == 1 && target[0] == '*'));
}

static int check_line(const struct http_guard_head *head, struct reason *why) {
    if (!is_token(head->method, strlen(head->method)))
        return refuse(why, "request line", "the method is not a token");
    if (!head->target_clean)
        return refuse(why, "request line", "the path must begin with a slash and be visible ASCII; escape the rest");
    if (strcmp(head->version, "HTTP/1.1") != 0 && strcmp(head->version, "HTTP/1.0") != 0)
        return refuse(why, "request line", "the version must be HTTP/1.1 or HTTP/1.0");
    return 0;
}

static bool all_nul(const char *from, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (from[i] != '\0')
            return false;
    return true;
}

/* Each piece must begin where the one before ended: one space in the request line, CR LF after a line. What a NUL, a
 * bare line feed or a folded line hides shows as a gap of another size, or one that holds more than what was CR and
 * LF. Only NUL LF passes for CR LF: no more than a NUL can hide there. Trailing blanks belong to the value. */
static int check_layout(const struct http_guard_head *head, struct reason *why) {
    const char *at = head->version + strlen(head->version) + 2;
    const char *const broken = "holds a NUL byte, a folded line or a line that does not end in CR LF";

    if (head->target != head->method + strlen(head->method) + 1 ||
        head->version != head->target + head->target_size + 1)
        return refuse(why, "request line", "must be method, path and version with one space between");
    for (size_t i = 0; i < head->field_count; i++) {
        const struct http_guard_field *field = &head->fields[i];
        if (field->name != at || field->value <= field->name + field->name_size || !all_nul(at - 2, 2))
            return refuse(why, "head", "%s", broken);
        for (const char *blank = field->name + field->name_size + 1; blank < field->value; blank++)
            if (*blank != ' ' && *blank != '\t')
                return refuse(why, "head", "holds a NUL byte");
        at = field->value + field->value_size + 2;
    }
    if (head->end != at + 2 || !all_nul(at - 2, 4))
        return refuse(why, "head", "%s", broken);
    return 0;
}

static bool is_called(const struct http_guard_field *field, const char *name) {
    return field->name_size == strlen(name) && strncasecmp(field->name, name, field->name_size) == 0;
}

/* The one header of that name; *found is NULL when there is none. */
static int find_once(const struct http_guard_field **found, const struct http_guard_head *head, const char *name,
                     struct reason *why) {
    *found = NULL;
    for (size_t i = 0; i < head->field_count; i++) {
        if (!is_called(&head->fields[i], name))
            continue;
        if (*found != NULL)
            return refuse(why, name, "stands twice");
        *found = &head->fields[i];
    }
    return 0;
}

/* Without the blanks at the end, which libmicrohttpd leaves on. */
static size_t trimmed_size(const struct http_guard_field *field) {
    size_t size = field->value_size;

    while (size > 0 && (field->value[size - 1] == ' ' || field->value[size - 1] == '\t'))
        size--;
    return size;
}

static int check_host(const struct http_guard_head *head, struct reason *why) {
    const struct http_guard_field *host;

    if (find_once(&host, head, "Host", why) != 0)
        return -1;
    if (host == NULL)
        return strcmp(head->version, "HTTP/1.1") == 0 ? refuse(why, "Host", "is missing") : 0;
    if (!is_host(host->value, trimmed_size(host)))
        return refuse(why, "Host", "is not a host name with an optional port");
    return 0;
}

/* How long the body is: the one question on which two readers must never differ (RFC 9112, 6.3). */
static int check_body(const struct http_guard_head *head, uint64_t *body_bytes, struct reason *why) {
    const struct http_guard_field *length, *coding;
    uint64_t bytes = 0;

    if (find_once(&length, head, "Content-Length", why) != 0 || find_once(&coding, head, "Transfer-Encoding", why) != 0)
        return -1;
    if (length != NULL && coding != NULL)
        return refuse(why, "Content-Length", "stands beside Transfer-Encoding");
    if (coding != NULL &&
        (coding->value_size != strlen("chunked") || strncasecmp(coding->value, "chunked", coding->value_size) != 0))
        return refuse(why, "Transfer-Encoding", "must be chunked and nothing else");
    if (coding != NULL && strcmp(head->version, "HTTP/1.1") != 0)
        return refuse(why, "Transfer-Encoding", "needs HTTP/1.1");
    if (length != NULL && (length->value_size == 0 || length->value_size > LENGTH_DIGITS_MAX))
        return refuse(why, "Content-Length", "must be 1 to %d digits", LENGTH_DIGITS_MAX);
    for (size_t i = 0; length != NULL && i < length->value_size; i++) {
        if (length->value[i] < '0' || length->value[i] > '9')
            return refuse(why, "Content-Length", "must be 1 to %d digits", LENGTH_DIGITS_MAX);
        bytes = bytes * 10 + (uint64_t)(length->value[i] - '0');
    }
    *body_bytes = bytes;
    return 0;
}

int http_guard_check(const struct http_guard_head *head, uint64_t *body_bytes, struct reason *why) {
    const struct http_guard_field *type;

    if (check_line(head, why) != 0)
        return -1;
    if (head->field_count > HTTP_GUARD_FIELDS_MAX)
        return refuse(why, "head", "has more than %d headers", HTTP_GUARD_FIELDS_MAX);
    if (head->end != NULL && check_layout(head, why) != 0)
        return -1;
    for (size_t i = 0; i < head->field_count; i++) {
        if (!is_token(head->fields[i].name, head->fields[i].name_size))
            return refuse(why, "head", "a header's name is not a token (is there a space before the colon?)");
        if (!is_value(head->fields[i].value, head->fields[i].value_size))
            return refuse(why, "head", "a header's value holds a control byte");
    }
    if (check_host(head, why) != 0 || find_once(&type, head, "Content-Type", why) != 0)
        return -1;
    return check_body(head, body_bytes, why);
}

/* Cuts the input into a head the way libmicrohttpd 0.9.75 does (NUL over line ends and colons, C strings after that)
 * and asks the guard. What it lets pass must hold, read from the untouched bytes by a second, plain reader. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/http_guard.h"

#define HEAD_BYTES_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct cut {
    char bytes[HEAD_BYTES_MAX];
    struct http_guard_head head;
    struct http_guard_field fields[HTTP_GUARD_FIELDS_MAX + 1];
};

/* Ends the line at `at` as libmicrohttpd does; returns where the next begins, 0 when there is no line end. */
static size_t end_line(char *bytes, size_t at, size_t size) {
    for (size_t i = at; i < size; i++) {
        if (bytes[i] == '\r' && i + 1 < size && bytes[i + 1] == '\n') {
            bytes[i] = bytes[i + 1] = '\0';
            return i + 2;
        }
        if (bytes[i] == '\n') {
            bytes[i] = '\0';
            return i + 1;
        }
    }
    return 0;
}

static bool cut_request_line(struct cut *cut, size_t size) {
    char *line = cut->bytes;
    char *target = memchr(line, ' ', size);
    char *version = memrchr(line, ' ', size);

    if (target == NULL || version == target)
        return false;
    *target++ = '\0';
    *version++ = '\0';
    cut->head.method = line;
    cut->head.target = target;
    cut->head.target_size = strlen(target);
    cut->head.target_clean = http_guard_target(target, strlen(target));
    cut->head.version = version;
    return true;
}

static bool cut_head(struct cut *cut, size_t size) {
    size_t next = end_line(cut->bytes, 0, size);

    if (next < 2 || !cut_request_line(cut, next - 1))
        return false;
    for (;;) {
        char *line = cut->bytes + next;
        if ((next = end_line(cut->bytes, next, size)) == 0)
            return false;
        if (line[0] == '\0')
            break;
        char *colon = strchr(line, ':');
        if (colon == NULL || cut->head.field_count > HTTP_GUARD_FIELDS_MAX)
            return false;
        *colon++ = '\0';
        colon += strspn(colon, " \t");
        cut->fields[cut->head.field_count++] = (struct http_guard_field){
            .name = line, .value = colon, .name_size = strlen(line), .value_size = strlen(colon)};
    }
    cut->head.fields = cut->fields;
    cut->head.end = cut->bytes + next;
    return true;
}

/* Bytes of the line at the start without its end. NUL before a line end is part of it here: libmicrohttpd writes NUL
 * over the line end, so nobody can tell afterwards. */
static size_t line_size(const char *line, const char *feed) {
    size_t size = (size_t)(feed - line);

    if (size > 0 && line[size - 1] == '\r')
        size--;
    while (size > 0 && line[size - 1] == '\0')
        size--;
    return size;
}

/* The plain reader: no control byte stands anywhere, no line is folded, and the headers that decide about the body
 * stand once. */
static bool is_sound(const char *bytes, size_t size, uint64_t body_bytes) {
    int deciding = 0;
    uint64_t length = 0;

    for (size_t at = 0; at < size;) {
        const char *line = bytes + at;
        const char *feed = memchr(line, '\n', size - at);
        if (feed == NULL || line[0] == ' ' || line[0] == '\t')
            return false;
        for (size_t i = 0; i < line_size(line, feed); i++)
            if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
                return false;
        if (strncasecmp(line, "content-length:", 15) == 0) {
            deciding++;
            length = strtoull(line + 15, NULL, 10);
        }
        deciding += strncasecmp(line, "transfer-encoding:", 18) == 0;
        at = (size_t)(feed - bytes) + 1;
    }
    return deciding <= 1 && length == body_bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct cut cut;
    struct reason why;
    uint64_t body_bytes = 0;

    if (size >= HEAD_BYTES_MAX)
        return 0;
    memset(&cut.head, 0, sizeof cut.head);
    memcpy(cut.bytes, data, size);
    cut.bytes[size] = '\0';
    if (!cut_head(&cut, size) || http_guard_check(&cut.head, &body_bytes, &why) != 0)
        return 0;
    char whole[HEAD_BYTES_MAX] = {0};
    size_t head_size = (size_t)(cut.head.end - cut.bytes);
    memcpy(whole, data, head_size);
    if (!is_sound(whole, head_size, body_bytes))
        abort();
    return 0;
}

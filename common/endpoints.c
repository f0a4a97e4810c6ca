#include "common/endpoints.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/key_file.h"

static bool is_endpoint(const char *name) {
    const char *colon = strrchr(name, ':');
    char *end;
    if (strncmp(name, "tcp://", 6) != 0 || colon == NULL || colon <= name + 6)
        return false;
    long port = strtol(colon + 1, &end, 10);
    return end != colon + 1 && *end == '\0' && port > 0 && port < 65536;
}

int endpoints_read(struct endpoints *endpoints, const char *text, struct reason *why) {
    struct endpoints read = {0};
    for (const char *at = text; *(at += strspn(at, ", ")) != '\0'; at += strcspn(at, ", ")) {
        size_t size = strcspn(at, ", ");
        if (read.count == ENDPOINTS_MAX)
            return refuse(why, "endpoint", "at most %d endpoints", ENDPOINTS_MAX);
        if (size > ENDPOINT_TEXT_MAX)
            return refuse(why, "endpoint", "is longer than %d bytes", ENDPOINT_TEXT_MAX);
        memcpy(read.names[read.count], at, size);
        read.names[read.count][size] = '\0';
        if (!is_endpoint(read.names[read.count]))
            return refuse(why, "endpoint", "%s is not tcp://HOST:PORT", read.names[read.count]);
        read.count++;
    }
    if (read.count == 0)
        return refuse(why, "endpoint", "is missing: tcp://HOST:PORT, several separated by commas");
    *endpoints = read;
    return 0;
}

int server_key_read(char key[WIRE_KEY_SIZE], const char *path, struct reason *why) {
    struct wire_keys read;
    if (key_file_read(&read, path, why) != 0)
        return -1;
    if (read.public_key[0] == '\0')
        return refuse(why, path, "must hold the line `public KEY`, as `zhitong keys` writes it");
    memcpy(key, read.public_key, WIRE_KEY_SIZE);
    return 0;
}

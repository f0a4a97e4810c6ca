#include "common/endpoints.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return refuse(why, path, "cannot read the server's key: %s", strerror(errno));
    char name[16], value[64], found[WIRE_KEY_SIZE] = "";
    while (fscanf(file, "%15s %63s", name, value) == 2)
        if (strcmp(name, "public") == 0 && strlen(value) == WIRE_KEY_SIZE - 1)
            memcpy(found, value, WIRE_KEY_SIZE);
    fclose(file);
    if (found[0] == '\0')
        return refuse(why, path, "must hold the line `public KEY`, as `zhitong keys` writes it");
    memcpy(key, found, WIRE_KEY_SIZE);
    return 0;
}

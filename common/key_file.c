#include "common/key_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES_MAX 256

int key_file_read(struct wire_keys *found, const char *path, struct reason *why) {
    char line[LINE_BYTES_MAX], name[16], value[64];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return refuse(why, path, "cannot read the key file: %s", strerror(errno));
    *found = (struct wire_keys){0};
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%15s %63s", name, value) != 2 || strlen(value) != WIRE_KEY_SIZE - 1)
            continue;
        if (strcmp(name, "public") == 0)
            memcpy(found->public_key, value, WIRE_KEY_SIZE);
        if (strcmp(name, "secret") == 0)
            memcpy(found->secret_key, value, WIRE_KEY_SIZE);
    }
    fclose(file);
    return 0;
}

#include "zhitong_keys.h"

#include <stdio.h>
#include <string.h>

#define LINE_BYTES_MAX 256

int zhitong_keys_read(const char *path, char public_key[ZHITONG_CURVE_KEY_SIZE],
                      char secret_key[ZHITONG_CURVE_KEY_SIZE]) {
    char line[LINE_BYTES_MAX], name[16], value[64];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return -1;
    public_key[0] = '\0';
    if (secret_key != NULL)
        secret_key[0] = '\0';
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%15s %63s", name, value) != 2 || strlen(value) != ZHITONG_CURVE_KEY_SIZE - 1)
            continue;
        char *to = strcmp(name, "public") == 0 ? public_key : strcmp(name, "secret") == 0 ? secret_key : NULL;
        if (to != NULL)
            memcpy(to, value, ZHITONG_CURVE_KEY_SIZE);
    }
    fclose(file);
    return public_key[0] != '\0' && (secret_key == NULL || secret_key[0] != '\0') ? 0 : -1;
}

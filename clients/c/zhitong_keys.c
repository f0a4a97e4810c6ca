#include "zhitong_keys.h"

#include <stdio.h>
#include <string.h>

#define LINE_BYTES_MAX 256

int zhitong_keys_read(const char *path, char public_key[ZHITONG_CURVE_KEY_SIZE],
                      char secret_key[ZHITONG_CURVE_KEY_SIZE]) {
    char line[LINE_BYTES_MAX], name[16], value[ZHITONG_CURVE_KEY_SIZE];
    int found = 0;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return -1;
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%15s %40s", name, value) != 2)
            continue;
        char *to = strcmp(name, "public") == 0 ? public_key : strcmp(name, "secret") == 0 ? secret_key : NULL;
        if (to == NULL)
            continue;
        memcpy(to, value, sizeof value);
        found++;
    }
    fclose(file);
    return found == (secret_key != NULL ? 2 : 1) ? 0 : -1;
}

/* zt-describe messages|life|lock [LOCK]: writes PROTOCOL.md, CASE_LIFE.md or messages.lock to standard output. With the
 * present LOCK as second argument it refuses to write a lock that breaks a promise of the present one. */
#include "proto/describe.h"

#include <stdlib.h>
#include <string.h>

#include "proto/lock.h"

static int fail(const char *field, const char *text) {
    fprintf(stderr, "zt-describe: %s: %s\n", field, text);
    return EXIT_FAILURE;
}

static int lock(const char *path) {
    if (path) {
        FILE *present = fopen(path, "r");
        if (!present)
            return fail(path, "cannot be opened");
        struct reason why;
        int broken = lock_keeps(present, &why);
        fclose(present);
        if (broken)
            return fail(why.field, why.text);
    }
    lock_write(stdout);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    int status = EXIT_SUCCESS;
    if (strcmp(what, "messages") == 0 && argc == 2)
        describe_messages(stdout);
    else if (strcmp(what, "life") == 0 && argc == 2)
        describe_life(stdout);
    else if (strcmp(what, "lock") == 0 && argc <= 3)
        status = lock(argc == 3 ? argv[2] : NULL);
    else
        return fail("usage", "zt-describe messages | life | lock [LOCK]");
    if (fflush(stdout) || ferror(stdout))
        return fail("standard output", "cannot be written");
    return status;
}

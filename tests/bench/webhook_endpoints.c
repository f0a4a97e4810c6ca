/* Many endpoints for measuring, as rows for COPY: name, unit, carrier, sealed, shown, allow_private.
 *
 *     zt-bench-webhook_endpoints KEYRING PREFIX UNIT ADDRESS COUNT     {} in UNIT and ADDRESS becomes the number, from 1 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/notification/destination.h"

static void fill(char *out, size_t room, const char *form, int nth) {
    const char *place = strstr(form, "{}");
    if (place == NULL)
        snprintf(out, room, "%s", form);
    else
        snprintf(out, room, "%.*s%d%s", (int)(place - form), form, nth, place + 2);
}

int main(int argc, char **argv) {
    struct secret_keys *keys;
    struct reason why;
    if (argc != 6 || sodium_init() < 0 || secret_keys_open(&keys, argv[1], &why) != 0) {
        fprintf(stderr, "usage: KEYRING PREFIX UNIT ADDRESS COUNT\n");
        return 2;
    }
    for (int nth = 1; nth <= atoi(argv[5]); nth++) {
        static struct destination to;
        char name[80], unit[80], secret[CARRIER_SECRET_MAX + 1];
        struct bytes sealed = {0};
        memset(&to, 0, sizeof to);
        snprintf(name, sizeof name, "%s%d", argv[2], nth);
        fill(unit, sizeof unit, argv[3], nth);
        fill(to.address, sizeof to.address, argv[4], nth);
        destination_make_secret(secret);
        destination_add_secret(&to, secret);
        destination_seal(keys, name, &to, &sealed);
        printf("%s\t%s\twebhook\t\\\\x", name, unit);
        for (size_t i = 0; i < sealed.size; i++)
            printf("%02x", sealed.data[i]);
        printf("\t%s\ttrue\n", to.address);
        bytes_close(&sealed);
    }
    secret_keys_close(&keys);
    return 0;
}

/* zhitong keys …: CURVE key pairs of services, departments and clients. The public key of a department or client goes
 * into mesh.access, where it opens the door; a secret key stands only in the file written here. */
#ifndef ZHITONG_KEYS_H
#define ZHITONG_KEYS_H

#include <stdbool.h>

int keys_service_command(int argc, char **argv);
int keys_department_command(int argc, char **argv);
int keys_client_command(int argc, char **argv);
int keys_list_command(int argc, char **argv);
int keys_revoke_command(int argc, char **argv);

struct client_giving { /* borrowed */
    const char *url;   /* of the database; NULL: from the environment */
    const char *name, *out;
    bool force;    /* an older file of that name may go */
    bool replaces; /* the key that the name has now ends with the same commit; refused when it has none */
};
/* `zhitong keys client` for others: makes the pair, its file and its row, all or nothing. An exit code; says what it did. */
int keys_give_client(const struct client_giving *giving);

#endif

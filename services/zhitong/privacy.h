/* zhitong people …: the personal data of reporters, for the operator: other keys, erasure, and who looked. */
#ifndef ZHITONG_PRIVACY_H
#define ZHITONG_PRIVACY_H

#include "common/db.h"

extern const struct db_query privacy_queries[];

int people_rekey_command(int argc, char **argv); /* privacy_rekey.c */
int people_erase_command(int argc, char **argv);
int people_forget_command(int argc, char **argv);
int people_looks_command(int argc, char **argv);

/* The keyring that the option, or ZHITONG_SECRET_KEYS, names. Says on stderr what is wrong and returns NULL; the caller closes it. */
struct secret_keys;
struct secret_keys *privacy_keys(const char *command, const char *path);

#endif

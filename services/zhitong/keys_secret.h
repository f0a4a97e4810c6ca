/* zhitong keys secret: the keyring file of common/secret_keys.h. */
#ifndef ZHITONG_KEYS_SECRET_H
#define ZHITONG_KEYS_SECRET_H

int keys_secret_command(int argc, char **argv);

#endif

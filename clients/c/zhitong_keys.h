/* CURVE keys of a client, as the files of `zhitong keys` hold them. Shared by libzhitong-submit and libzhitong-follow. */
#ifndef ZHITONG_CLIENT_KEYS_H
#define ZHITONG_CLIENT_KEYS_H

#ifdef __cplusplus
extern "C" {
#endif

#define ZHITONG_ENDPOINTS_MAX 16
#define ZHITONG_CURVE_KEY_SIZE 41 /* Z85 and a NUL */

/* Reads a key file of `zhitong keys department add`, `zhitong keys source add CODE --kind curve`, or of a service: then only its
 * `public` line is wanted, and secret_key may be NULL. 0, or -1: it cannot be read or holds no such key. */
int zhitong_keys_read(const char *path, char public_key[ZHITONG_CURVE_KEY_SIZE],
                      char secret_key[ZHITONG_CURVE_KEY_SIZE]);

#ifdef __cplusplus
}
#endif

#endif

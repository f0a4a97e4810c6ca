/* zhitong password: the password of a service's database role. It leaves this process only as a SCRAM-SHA-256 verifier
 * (RFC 5802, RFC 7677), so that neither the server's log nor anybody on the way can read it. */
#ifndef ZHITONG_PASSWORD_H
#define ZHITONG_PASSWORD_H

int password_command(int argc, char **argv);

#endif

/* zhitong keys …: CURVE key pairs of services, departments and clients. The public key of a department or client goes
 * into mesh.access, where it opens the door; a secret key stands only in the file written here. */
#ifndef ZHITONG_KEYS_H
#define ZHITONG_KEYS_H

int keys_service_command(int argc, char **argv);
int keys_department_command(int argc, char **argv);
int keys_client_command(int argc, char **argv);
int keys_list_command(int argc, char **argv);
int keys_revoke_command(int argc, char **argv);

#endif

/* zhitong endpoints …: who is told besides the followers: webhooks and people. */
#ifndef ZHITONG_ENDPOINTS_H
#define ZHITONG_ENDPOINTS_H

#include "services/zhitong/endpoints_people.h"

#define ENDPOINTS_ADD_USAGE \
    "NAME --unit UNIT --carrier CARRIER --address ADDRESS [--secret-out FILE | --secret-file FILE] [--filter FILTER] " \
    "[--from SEQ|begin|end] [--announce NAME] [--allow-private] [--secret-keys FILE] [--force] " ENDPOINTS_PEOPLE_USAGE

/* All return the exit code. */
int endpoints_add_command(int argc, char **argv);
int endpoints_rotate_command(int argc, char **argv);
int endpoints_remove_secret_command(int argc, char **argv);
int endpoints_list_command(int argc, char **argv);
int endpoints_show_command(int argc, char **argv);
int endpoints_enable_command(int argc, char **argv);
int endpoints_disable_command(int argc, char **argv);
int endpoints_remove_command(int argc, char **argv);
int endpoints_test_command(int argc, char **argv);

#endif

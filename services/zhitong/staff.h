/* Who may sign in at desk, and as what. */
#ifndef ZHITONG_STAFF_H
#define ZHITONG_STAFF_H

int staff_add_command(int argc, char **argv);
int staff_password_command(int argc, char **argv);
int staff_disable_command(int argc, char **argv);
int staff_enable_command(int argc, char **argv);
int staff_post_command(int argc, char **argv);
int staff_list_command(int argc, char **argv);

#endif

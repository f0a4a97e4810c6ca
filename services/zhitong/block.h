/* `zhitong block …`: who may not report for a while, and what they say against it. */
#ifndef ZHITONG_ZHITONG_BLOCK_H
#define ZHITONG_ZHITONG_BLOCK_H

#define BLOCK_ADD_USAGE \
    "(--source CODE | --address ADDRESS | --phone NUMBER | --email ADDRESS) --reason TEXT [--days N] [--by NAME] " \
    "[--secret-keys FILE]"

int block_add_command(int argc, char **argv);
int block_list_command(int argc, char **argv);
int block_remove_command(int argc, char **argv);
int block_keep_command(int argc, char **argv);
int block_appeals_command(int argc, char **argv);

#endif

/* zhitong follow --unit CODE …: a department's stream, one JSON line an entry. */
#ifndef ZHITONG_FOLLOW_COMMAND_H
#define ZHITONG_FOLLOW_COMMAND_H

int follow_command(int argc, char **argv);

#endif

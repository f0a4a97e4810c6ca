/* zhitong case: the way of one case through the services, from what they keep of it. */
#ifndef ZHITONG_CASE_COMMAND_H
#define ZHITONG_CASE_COMMAND_H

int case_command(int argc, char **argv);

#endif

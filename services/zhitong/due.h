/* `zhitong due`: when is this due, and why? Answered from a city's folder, without a database. */
#ifndef ZHITONG_DUE_H
#define ZHITONG_DUE_H

int due_command(int argc, char **argv);

#endif
